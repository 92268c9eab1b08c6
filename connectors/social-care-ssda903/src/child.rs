//! One child's rows, and what they become.

pub(crate) mod adoption;
pub(crate) mod episodes;
mod missing;
mod workers;
pub(crate) mod yearly;

use connector_kit::reading::finding;
use connector_kit::{dates, identifier};
use jiff::civil;
use proto::events::FindingCode::{
    DateImplausible, DatesOutOfOrder, FieldMissing, FieldsContradict, RecordRepeated, TextOdd,
};
use proto::events::{
    CareReviewed, DeprivationOfLibertyOrdered, ParenthoodRecorded, PersonDescribed, PreviousPermanenceRecorded, Scheme,
    UnaccompaniedChildRecorded, identifier::Standing,
};

use crate::codes;
use crate::held::Row;
use crate::reading::date;
use crate::say::{Findings, Voice, Year};
use crate::submission::Tables;
use crate::tables::Table;
use episodes::Episode;

/// What stands around a child.
pub(crate) struct Around<'a> {
    pub(crate) tables: &'a Tables,
    /// By file: bytes were not of its encoding.
    pub(crate) odd: &'a [bool],
}

/// A row with what is known of it before it is read.
#[derive(Clone, Copy)]
pub(crate) struct Given<'r> {
    pub(crate) row: &'r Row<'r>,
    pub(crate) year: Year,
    /// It stood in its file more than once.
    repeated: bool,
}

/// What all of a child's rows are read against.
pub(crate) struct Child<'r> {
    pub(crate) birth: Option<civil::Date>,
    rows: &'r [(Year, &'r Row<'r>, bool)],
    pub(crate) around: &'r Around<'r>,
}

impl<'r> Child<'r> {
    pub(crate) fn of(&self, table: Table) -> impl Iterator<Item = Given<'r>> + use<'r> {
        let rows = self.rows.iter().filter(move |(_, row, _)| row.table == table);
        rows.map(|(year, row, repeated)| Given { row, year: *year, repeated: *repeated })
    }

    fn header(&self, year: Year) -> Option<&'r Row<'r>> {
        self.of(Table::Header).find(|given| given.year == year).map(|given| given.row)
    }

    /// What is odd about any row, before it is read.
    pub(crate) fn begin(&self, voice: &Voice<'_>, given: Given<'_>) -> Findings {
        let Given { row, year, repeated } = given;
        let mut findings = Findings::default();
        if repeated {
            findings.0.push(finding(RecordRepeated, ""));
        }
        if self.around.odd.get(row.file) == Some(&true) {
            findings.0.push(finding(TextOdd, ""));
        }
        let once = match row.table {
            Table::Ad1 => "INT31",
            Table::Oc2 => "INT33",
            Table::Oc3 => "INT34",
            Table::PreviousPermanence => "INT35",
            Table::Uasc => "INT36",
            Table::Header => "INT32",
            _ => "",
        };
        if !once.is_empty() && self.of(row.table).filter(|other| other.year == year).count() > 1 {
            findings.broke(FieldsContradict, "CHILD", once);
        }
        let (missing, dob) = match row.table {
            Table::Ad1 => ("INT01", "INT11"),
            Table::Placed => ("INT02", "INT12"),
            Table::Episodes => ("INT03", ""),
            Table::Missing => ("INT04", "INT13"),
            Table::Oc2 => ("INT05", "INT14"),
            Table::Oc3 => ("INT06", "INT15"),
            Table::PreviousPermanence => ("INT07", "INT16"),
            Table::Reviews => ("INT08", "INT17"),
            Table::Uasc => ("INT09", "INT18"),
            Table::Header | Table::Workers | Table::Liberty => return findings,
        };
        match self.header(year) {
            None if self.around.tables.whole(voice.authority, year.number, Table::Header) => {
                findings.broke(FieldMissing, "CHILD", missing);
            }
            Some(header) => {
                let both = |column| (date(header.get(column), "").value, date(row.get(column), "").value);
                if let (Some(first), Some(second)) = both("dob")
                    && first != second
                {
                    findings.broke(FieldsContradict, "DOB", dob);
                }
                let sexes = (header.get("sex"), row.get("sex"));
                if row.table == Table::Uasc && !sexes.0.is_empty() && !sexes.1.is_empty() && sexes.0 != sexes.1 {
                    findings.broke(FieldsContradict, "SEX", "INT21");
                }
            }
            None => {}
        }
        findings
    }

    pub(crate) fn age_on(&self, on: civil::Date) -> Option<i16> {
        age(self.birth?, on)
    }
}

/// Whole years from one day to another.
pub(crate) fn age(birth: civil::Date, on: civil::Date) -> Option<i16> {
    let years = on.year() - birth.year();
    Some(years - i16::from((on.month(), on.day()) < (birth.month(), birth.day())))
}

/// Says all that a child's rows say.
pub(crate) fn say(mut voice: Voice<'_>, rows: &[(Year, &Row<'_>, bool)], around: &Around<'_>) {
    let (rows, empty): (Vec<_>, Vec<_>) = rows.iter().copied().partition(|(_, row, _)| row.says_something());
    for (year, row, _) in empty {
        voice.says_nothing((row, year));
    }
    let rows = rows.as_slice();
    let births = rows.iter().rev().filter_map(|(_, row, _)| dates::day(&date(row.get("dob"), "").value?));
    let child = Child { birth: births.into_iter().next(), rows, around };
    let episodes = episodes::read(&child, &mut voice);
    for given in child.of(Table::Header) {
        header(&child, &mut voice, given);
    }
    births_without_header(&child, &mut voice);
    for given in child.of(Table::Reviews) {
        review(&child, &mut voice, given, &episodes);
    }
    for given in child.of(Table::Uasc) {
        unaccompanied(&child, &mut voice, given);
    }
    for given in child.of(Table::PreviousPermanence) {
        permanence(&child, &mut voice, given);
    }
    missing::say(&child, &mut voice, &episodes);
    workers::say(&child, &mut voice, &episodes);
    for given in child.of(Table::Liberty) {
        liberty(&child, &mut voice, given);
    }
    yearly::say(&child, &mut voice, &episodes);
    adoption::say(&child, &mut voice, &episodes);
    episodes::say(episodes, &mut voice);
}

fn header(child: &Child<'_>, voice: &mut Voice<'_>, given: Given<'_>) {
    let Given { row, year, .. } = given;
    let mut findings = child.begin(voice, given);
    let birth_on = findings.date(row, "dob", "102");
    let sex = findings.code(&codes::SEX, year, row, "sex", "101");
    let ethnicity = findings.code(&codes::ETHNIC, year, row, "ethnic", "103");
    for (missing, field, rule) in
        [(birth_on.is_none(), "DOB", "102"), (sex.is_none(), "SEX", "101"), (ethnicity.is_none(), "ETHNIC", "103")]
    {
        if missing && row.get(&field.to_ascii_lowercase()).is_empty() {
            findings.broke(FieldMissing, field, rule);
        }
    }
    let birth = birth_on.as_ref().and_then(dates::day);
    if birth.is_some_and(|birth| birth > year.last) {
        findings.broke(DateImplausible, "DOB", "301");
    }
    if birth.and_then(|birth| age(birth, year.first)).is_some_and(|age| age > 25) {
        findings.broke(DateImplausible, "DOB", "351");
    }
    against_last_year(child, given, &mut findings);
    let (identifiers, upn_unknown) = pupil_number(row, year, birth, &mut findings);
    let key = voice.key(year, "person");
    let on = birth_on.unwrap_or(dates::date_on(year.last));
    voice.keep((row, year), &key, on);
    let described = PersonDescribed {
        birth_on,
        sex: sex.clone(),
        ethnicity,
        identifiers,
        upn_unknown,
        ..PersonDescribed::default()
    };
    let is_male = sex.is_some_and(|sex| matches!(sex.code.as_str(), "1" | "M"));
    mother(voice, given, birth, is_male, &mut findings);
    voice.say((row, year), (&key, 0), on, findings.0, described);
}

/// What the year before said of the same child.
fn against_last_year(child: &Child<'_>, given: Given<'_>, findings: &mut Findings) {
    let before = Year::of(given.year.number.saturating_sub(1));
    let Some(before) = child.header(before) else { return };
    let differ = |column: &str, same: &dyn Fn(&str) -> String| {
        let (then, now) = (same(before.get(column)), same(given.row.get(column)));
        !then.is_empty() && !now.is_empty() && then != now
    };
    let upper = |text: &str| text.to_ascii_uppercase();
    let day = |text: &str| date(text, "").value.as_ref().map(dates::key).unwrap_or_default();
    // The codes of a sex changed with 2025; a number that was not known is no other number.
    let sex = |text: &str| match text {
        "1" => "M".to_owned(),
        "2" => "F".to_owned(),
        other => upper(other),
    };
    let number = |text: &str| if upper(text).starts_with("UN") { String::new() } else { upper(text) };
    type Written<'a> = &'a dyn Fn(&str) -> String;
    let columns: [(&str, &str, Written<'_>); 4] =
        [("SEX", "202", &sex), ("DOB", "203", &day), ("ETHNIC", "204", &upper), ("UPN", "208", &number)];
    for (field, rule, same) in columns {
        if differ(&field.to_ascii_lowercase(), same) {
            findings.broke(FieldsContradict, field, rule);
        }
    }
}

fn pupil_number(
    row: &Row<'_>,
    year: Year,
    birth: Option<civil::Date>,
    findings: &mut Findings,
) -> (Vec<proto::events::Identifier>, Option<proto::events::Coded>) {
    let upn = row.get("upn");
    if upn.is_empty() {
        findings.broke(FieldMissing, "UPN", "442");
        return (Vec::new(), None);
    }
    if upn.to_ascii_uppercase().starts_with("UN") {
        let of_school_age = birth.is_some_and(|birth| (5..16).contains(&age(birth, year.last).unwrap_or_default()));
        if upn.eq_ignore_ascii_case("UN1") && of_school_age {
            findings.broke(FieldsContradict, "UPN", "209");
        }
        return (Vec::new(), findings.code(&codes::UPN_UNKNOWN, year, row, "upn", "168"));
    }
    let (identifier, found) = identifier::claim(Scheme::Upn, upn, Standing::Current, "UPN");
    findings.0.extend(found);
    (identifier.into_iter().collect(), None)
}

fn mother(voice: &mut Voice<'_>, given: Given<'_>, birth: Option<civil::Date>, is_male: bool, findings: &mut Findings) {
    let Given { row, year, .. } = given;
    let is_mother = findings.flag(row, "mother", "165");
    let first_child_born_on = findings.date(row, "mc_dob", "171");
    if is_male && is_mother == Some(true) {
        findings.broke(FieldsContradict, "MOTHER", "165");
    }
    if is_male && first_child_born_on.is_some() {
        findings.broke(FieldsContradict, "MC_DOB", "174");
    }
    match (is_mother, first_child_born_on) {
        (Some(true), None) => findings.broke(FieldMissing, "MC_DOB", "611"),
        (Some(false), Some(_)) => findings.broke(FieldsContradict, "MC_DOB", "612"),
        _ => {}
    }
    if is_mother != Some(true) && first_child_born_on.is_none() {
        if !row.get("mc_dob").is_empty() {
            voice.cannot_date((row, year), "mc_dob", "171");
        }
        return;
    }
    let born = first_child_born_on.as_ref().and_then(dates::day);
    if let Some(birth) = birth {
        if born.is_some_and(|born| born < birth) {
            findings.broke(DatesOutOfOrder, "MC_DOB", "621");
        } else if age(birth, born.unwrap_or(year.last)).is_some_and(|age| age < 11) {
            findings.broke(DateImplausible, "MOTHER", "620");
        }
    }
    let key = voice.key(year, "parenthood");
    let on = first_child_born_on.unwrap_or(dates::date_on(year.last));
    voice.say((row, year), (&key, 0), on, Vec::new(), ParenthoodRecorded { first_child_born_on });
}

/// Where there is no header of the child, what other tables say of its birth and its sex is all that describes it.
fn births_without_header(child: &Child<'_>, voice: &mut Voice<'_>) {
    let mut told = Vec::new();
    for (year, row, _) in child.rows.iter().filter(|(_, row, _)| row.table != Table::Header) {
        let tables = child.around.tables;
        let of_year = (voice.authority, year.number, Table::Header);
        let lacks = child.header(*year).is_none()
            && (!tables.has(of_year.0, of_year.1, of_year.2) || tables.whole(of_year.0, of_year.1, of_year.2));
        if !lacks || told.contains(&(*year, row.table)) {
            continue;
        }
        let birth_on = date(row.get("dob"), "").value;
        if birth_on.is_none() && !row.get("dob").is_empty() {
            voice.cannot_date((row, *year), "dob", "102");
        }
        let mut findings = Findings::default();
        let sex = findings.code(&codes::SEX, *year, row, "sex", "101");
        if birth_on.is_some() || sex.is_some() {
            told.push((*year, row.table));
            let key = voice.key(*year, &format!("person/{}", row.table.name()));
            let described = PersonDescribed { birth_on, sex, ..PersonDescribed::default() };
            let on = birth_on.unwrap_or(dates::date_on(year.last));
            voice.say((row, *year), (&key, 0), on, findings.0, described);
        }
    }
}

fn review(child: &Child<'_>, voice: &mut Voice<'_>, given: Given<'_>, episodes: &[Episode<'_>]) {
    let Given { row, year, .. } = given;
    let mut findings = child.begin(voice, given);
    let Some((reviewed_on, on)) = findings.day(row, "review", "166") else {
        return voice.cannot_place((row, year), "review", "166");
    };
    let participation = findings.code(&codes::REVIEW, year, row, "review_code", "167");
    match (&participation, child.age_on(on)) {
        (None, _) if row.get("review_code").is_empty() => findings.broke(FieldMissing, "REVIEW_CODE", "167"),
        (Some(code), Some(4..)) if code.code == "PN0" => findings.broke(FieldsContradict, "REVIEW_CODE", "440"),
        (Some(code), Some(..4)) if code.code != "PN0" => findings.broke(FieldsContradict, "REVIEW_CODE", "441"),
        _ => {}
    }
    let then = episodes.iter().find(|episode| episode.holds(on));
    if then.is_some_and(|episode| matches!(episode.legal_code(), "V3" | "V4")) {
        findings.broke(FieldsContradict, "REVIEW", "399");
    }
    let key = voice.key(year, &format!("review/{}", dates::key(&reviewed_on)));
    voice.keep((row, year), &key, reviewed_on);
    let event = CareReviewed { reviewed_on: Some(reviewed_on), participation };
    voice.say((row, year), (&key, 0), reviewed_on, findings.0, event);
}

fn unaccompanied(child: &Child<'_>, voice: &mut Voice<'_>, given: Given<'_>) {
    let Given { row, year, .. } = given;
    let mut findings = child.begin(voice, given);
    let ceased_on = findings.date(row, "duc", "104");
    if let (Some(ceased), Some(birth)) = (ceased_on.as_ref().and_then(dates::day), child.birth)
        && age(birth, ceased)
            .is_some_and(|age| age > 18 || age == 18 && (ceased.month(), ceased.day()) != (birth.month(), birth.day()))
    {
        findings.broke(DateImplausible, "DUC", "304");
    }
    let key = voice.key(year, "unaccompanied");
    let on = dates::date_on(year.last);
    voice.keep((row, year), &key, on);
    voice.say((row, year), (&key, 0), on, findings.0, UnaccompaniedChildRecorded { ceased_on });
}

fn permanence(child: &Child<'_>, voice: &mut Voice<'_>, given: Given<'_>) {
    let Given { row, year, .. } = given;
    let mut findings = child.begin(voice, given);
    let option = findings.code(&codes::PERMANENCE, year, row, "prev_perm", "631");
    let order_on = findings.date(row, "date_perm", "632");
    let arranged_by = connector_kit::codes::unlisted(row.get("la_perm"), &format!("ssda903.la_perm/{}", year.number));
    let none_before = option.as_ref().is_some_and(|option| option.code == "Z1");
    if none_before && (order_on.is_some() || arranged_by.is_some()) {
        findings.broke(FieldsContradict, "PREV_PERM", "635");
    }
    let key = voice.key(year, "previous-permanence");
    let on = order_on.unwrap_or(dates::date_on(year.last));
    voice.keep((row, year), &key, on);
    let event = PreviousPermanenceRecorded { option, arranged_by, order_on };
    voice.say((row, year), (&key, 0), on, findings.0, event);
}

fn liberty(child: &Child<'_>, voice: &mut Voice<'_>, given: Given<'_>) {
    let Given { row, year, .. } = given;
    let mut findings = child.begin(voice, given);
    let Some(start_on) = date(row.get("dolo_start"), "DOLO_START").value else {
        return voice.cannot_place((row, year), "dolo_start", "DoLo");
    };
    let until_on = date(row.get("dolo_end"), "DOLO_END").keep(&mut findings.0);
    if let (Some(start), Some(until)) = (dates::day(&start_on), until_on.as_ref().and_then(dates::day))
        && until < start
    {
        findings.0.push(finding(DatesOutOfOrder, "DOLO_END"));
    }
    let key = voice.key(year, &format!("deprivation-of-liberty/{}", dates::key(&start_on)));
    voice.keep((row, year), &key, start_on);
    let event = DeprivationOfLibertyOrdered { start_on: Some(start_on), until_on };
    voice.say((row, year), (&key, 0), start_on, findings.0, event);
}
