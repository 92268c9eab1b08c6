//! A subject's rows, and what they become.

mod care;
mod need;

use connector_kit::dates;
use connector_kit::reading::finding;
use proto::events::{Coded, Date, DisabilityRecorded, FindingCode, PersonDescribed, SocialWorkerAllocated};

use crate::codes;
use crate::say::{At, Reader, Voice, date};
use crate::submission::{PERSON, told_on};

/// Says all that a subject's rows say.
pub(crate) fn say(voice: &mut Voice<'_>, rows: &[At<'_>], is_adopter: bool) {
    let of_list = |at: &At<'_>| at.sheet.columns.list.number;
    let same = |a: &At<'_>, b: &At<'_>| of_list(a) == of_list(b) && a.row.cells == b.row.cells;
    let (rows, empty): (Vec<At<'_>>, Vec<At<'_>>) = rows.iter().copied().partition(At::says_something);
    for at in empty {
        voice.says_nothing(at);
    }
    let rows = rows.as_slice();
    if is_adopter {
        for repeated in rows.chunk_by(|a, b| same(a, b)) {
            if let Some(at) = repeated.first() {
                adopter(voice, *at);
            }
        }
        return;
    }
    describe(voice, rows);
    for repeated in rows.chunk_by(|a, b| same(a, b)) {
        let Some(at) = repeated.first() else { continue };
        let mut reader = Reader::of(*at);
        if repeated.len() > 1 {
            reader.findings.push(finding(FindingCode::RecordRepeated, ""));
        }
        match of_list(at) {
            1 => need::contact(voice, reader),
            2 => need::help_assessment(voice, reader),
            3 => need::referral(voice, reader),
            4 => need::assessment(voice, reader),
            5 => need::enquiry(voice, reader),
            6 => need::in_need(voice, reader),
            7 => need::protection(voice, reader),
            8 => care::looked_after(voice, reader),
            9 => care::leaver(voice, reader),
            _ => care::adoption(voice, reader),
        }
    }
}

/// What the lists say of who a child is, once: the first of them that says something. Lists that differ are told.
fn describe(voice: &mut Voice<'_>, rows: &[At<'_>]) {
    let Some(first) = rows.first() else { return };
    let mut described = PersonDescribed::default();
    let mut disability: Option<Coded> = None;
    let mut findings = Vec::new();
    let told = told_on(voice.of);
    for at in rows {
        let mut reader = Reader::of(*at);
        let (birth_on, expected_on) = born(&mut reader, told);
        let sex = reader.code(&codes::GENDER, "gender");
        let ethnicity = reader.code(&codes::ETHNICITY, "ethnicity");
        let stated = reader.code(&codes::YES_NO, "disability");
        let mut differs = |field: &str| findings.push(finding(FindingCode::FieldsContradict, field));
        if described.birth_on.is_some() && birth_on.is_some() && described.birth_on != birth_on {
            differs("birth");
        }
        let code = |coded: &Option<Coded>| coded.as_ref().map(|coded| coded.code.clone());
        for (known, now, field) in [
            (&described.sex, &sex, "gender"),
            (&described.ethnicity, &ethnicity, "ethnicity"),
            (&disability, &stated, "disability"),
        ] {
            if known.is_some() && now.is_some() && code(known) != code(now) {
                differs(field);
            }
        }
        described.birth_on = described.birth_on.or(birth_on);
        described.expected_birth_on = described.expected_birth_on.or(expected_on);
        described.sex = described.sex.take().or(sex);
        described.ethnicity = described.ethnicity.take().or(ethnicity);
        disability = disability.or(stated);
        findings.append(&mut reader.findings);
    }
    findings.sort_by(|a, b| (&a.field, a.code).cmp(&(&b.field, b.code)));
    findings.dedup();
    if described
        .birth_on
        .as_ref()
        .and_then(dates::day)
        .is_some_and(|birth| dates::day(&told).is_some_and(|told| birth > told))
    {
        findings.push(finding(FindingCode::DateImplausible, "birth"));
    }
    if described != PersonDescribed::default() {
        let key = voice.key("person");
        let on = described.birth_on.or(described.expected_birth_on).unwrap_or(told);
        voice.say(*first, PERSON, (&key, 0), on, findings, described);
    }
    if let Some(stated) = disability.filter(|stated| stated.code != "unknown") {
        let key = voice.key("disability");
        let disabilities = vec![Coded { code_set: "annex-a.disability".to_owned(), ..stated }];
        voice.say(*first, PERSON, (&key, 0), told, Vec::new(), DisabilityRecorded { disabilities });
    }
}

/// When a child was born, or is to be: there the lists have the day that is expected, which is after their own by less than a year.
fn born(reader: &mut Reader<'_>, told: Date) -> (Option<Date>, Option<Date>) {
    const EXPECTED: [&str; 4] = ["edd", "expected", "due", "unborn"];
    let text = reader.at.get("birth");
    let (word, day) = text.split_at(text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let is_said = EXPECTED.iter().any(|expected| word.eq_ignore_ascii_case(expected));
    let day = if is_said { day.trim_matches(|c: char| !c.is_ascii_digit()) } else { text };
    let on = date(day, "birth").keep(&mut reader.findings);
    let ahead = on.as_ref().and_then(dates::day).zip(dates::day(&told)).map(|(on, told)| on - told);
    let is_near = ahead.is_some_and(|ahead| (1..=DAYS_TO_A_BIRTH).contains(&ahead.get_days()));
    if is_said || is_near { (None, on) } else { (on, None) }
}

/// So far ahead may a birth lie that is expected.
const DAYS_TO_A_BIRTH: i32 = 300;

/// Which dates of a row could not be read. Asked when all of them were: what one of them said before is not gone.
fn unread_dates(voice: &mut Voice<'_>, reader: &Reader<'_>) {
    let is_of_date = |code| matches!(code, FindingCode::DateUnreadable | FindingCode::DateImplausible);
    for found in reader.findings.iter().filter(|found| is_of_date(found.code())) {
        voice.cannot_date(reader.at, &found.field);
    }
}

/// Who is allocated, what of the row is of no event, and which of its dates could not be read: all else of it was read. An age is
/// left out where a birth date says it.
fn finish(voice: &mut Voice<'_>, reader: &Reader<'_>, key: &str, on: Date) {
    let at = reader.at;
    unread_dates(voice, reader);
    let (worker, team) = (at.text("worker"), at.text("team"));
    let list = at.sheet.columns.list.name;
    if worker.is_some() || team.is_some() {
        let event =
            SocialWorkerAllocated { worker, team, role: role("social_worker"), ..SocialWorkerAllocated::default() };
        voice.say(at, list, (&format!("{key}/worker"), 0), on, Vec::new(), event);
    }
    let age = Some(("Age", at.get("age"))).filter(|_| at.get("birth").is_empty());
    voice.keep(at, key, on, age.into_iter().chain(reader.left.iter().copied()).chain(at.further()));
}

fn role(code: &str) -> Option<Coded> {
    Some(Coded { code: code.to_owned(), code_set: "annex-a.role".to_owned(), text: None })
}

/// A prospective adopter is no child: the row is kept whole, under a subject of its own that links to nobody.
fn adopter(voice: &mut Voice<'_>, at: At<'_>) {
    let key = voice.key("adopter");
    let on = told_on(voice.of);
    voice.keep(at, &key, on, at.further());
}
