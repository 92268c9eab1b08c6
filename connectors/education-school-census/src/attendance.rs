//! A term's or a year's sessions, one summary for each child.
//!
//! A summary is drawn from many rows, so a row that is lost makes it wrong and not merely absent. Where the tables were not
//! read whole, the child of the last row read, the children of rows that could not be read, and the children of whom no
//! row was read get no summary; what their rows say of sessions is then kept, here and on the rolls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use connector_kit::reading::{finding, finding_of_rule};
use proto::events::{AttendanceSummarised, Coded, Finding, FindingCode, SessionCount};

use crate::children::{SESSIONS, count};
use crate::codes;
use crate::kept;
use crate::period::{Attended, Span};
use crate::pupils::reference_on;
use crate::roll::{Person, Roll, session_columns};
use crate::rows::{OfChild, OfGroup, Stood, cells, cells_after};
use crate::rules;
use crate::say::{Ordinals, Said, Speaker, key_part};

/// Codes of sessions that are not possible ones: elsewhere registered, not required, not yet on roll, closed.
const NOT_POSSIBLE: [&str; 4] = ["D", "X", "Z", "#"];

/// How many cells of a row stand before those of no place: the roll, the row key, and [`SESSIONS`].
const CELLS_MAPPED: usize = SESSIONS.len() + 2;

/// What was read of the session tables.
pub(crate) struct Sessions<'r> {
    pub(crate) span: Span,
    pub(crate) group: &'static str,
    pub(crate) rows: &'r OfGroup,
    /// By file: the columns of no place.
    pub(crate) unmapped: &'r HashMap<u32, Vec<String>>,
    /// Which rolls' tables were read: current, left.
    pub(crate) rolls_read: [bool; 2],
    pub(crate) whole: bool,
    /// Children some of whose rows are lost.
    pub(crate) incomplete: BTreeSet<u32>,
}

/// Drafts the summaries, or breaks off when the disk does not give the rows back.
pub(crate) fn say(speaker: &mut Speaker<'_>, sessions: &Sessions<'_>) -> io::Result<()> {
    let mut children = sessions.rows.children();
    let mut next = children.next()?;
    let count = u32::try_from(speaker.roll.persons.len()).unwrap_or(u32::MAX);
    for at in 0..count {
        let of_child = match next.take_if(|of_child| of_child.owner == at) {
            Some(of_child) => {
                next = children.next()?;
                of_child
            }
            None => OfChild::default(),
        };
        speaker.too_many(sessions.group, &of_child);
        let OfChild { rows, left_out, .. } = of_child;
        let may_lack = sessions.incomplete.contains(&at) || left_out > 0 || (rows.is_empty() && !sessions.whole);
        let summary = if may_lack { None } else { summary(speaker, sessions, at, &rows) };
        keep(speaker, sessions, at, &rows, summary.is_some());
        match summary {
            Some((row, said)) => speaker.say(at, sessions.group, &row, said),
            None => keep_stated(speaker, sessions, at),
        }
    }
    Ok(())
}

/// Keeps what of a child's rows has no place, each with the reason that it is of: where no summary counts them, their sessions too.
fn keep(speaker: &mut Speaker<'_>, sessions: &Sessions<'_>, at: u32, rows: &[(Stood, String)], is_counted: bool) {
    let Some(on) = speaker.roll.person(at).map(|person| reference_on(speaker, person)) else { return };
    let rest = |(row, text): &(Stood, String)| -> (String, Vec<(String, String)>, Stood) {
        let [_, _, reason, count] = cells(text);
        let names = sessions.unmapped.get(&row.file).into_iter().flatten();
        let count = Some(("sessions", count)).filter(|_| !is_counted);
        let rest = count.into_iter().chain(names.map(String::as_str).zip(cells_after(text, CELLS_MAPPED)));
        let rest = rest.filter(|(_, cell)| !cell.is_empty());
        (reason.to_owned(), rest.map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect(), *row)
    };
    let mut kept: Vec<_> = rows.iter().map(rest).filter(|(_, rest, _)| !rest.is_empty()).collect();
    // Row keys, by which they come, are others in the next export.
    kept.sort_by(|(reason, rest, _), (other, than, _)| (reason, rest).cmp(&(other, than)));
    let mut ordinals = Ordinals::default();
    for (reason, rest, row) in kept {
        let key = format!("{}/{}/{}/kept", sessions.group, speaker.period, key_part(&reason));
        let rest = rest.iter().map(|(name, cell)| (name.as_str(), cell.as_str()));
        let columns = std::iter::once(("attendancereason", reason.as_str())).chain(rest);
        if let Some(said) = kept::said(sessions.group, ordinals.tell_apart(key), on, columns) {
            speaker.say(at, sessions.group, &row, said);
        }
    }
}

/// Keeps what a child's rows on the rolls say of sessions. Of a roll without a table of them that is kept with the pupil.
fn keep_stated(speaker: &mut Speaker<'_>, sessions: &Sessions<'_>, at: u32) {
    let Some(person) = speaker.roll.person(at) else { return };
    let (on, [current_read, left_read]) = (reference_on(speaker, person), sessions.rolls_read);
    let mut ordinals = Ordinals::default();
    let kept = person.spells.iter().filter_map(|spell_at| {
        let (row, spell) = (speaker.roll.held(*spell_at)?.0, speaker.roll.spell(*spell_at));
        let stated = session_columns(sessions.span).into_iter().zip(spell.sessions(sessions.span));
        let key = format!("{}/{}/kept", sessions.group, speaker.period);
        let has_table = if spell.left { left_read } else { current_read };
        let mut said = kept::said(sessions.group, key, on, stated).filter(|_| has_table)?;
        said.key = ordinals.tell_apart(said.key);
        Some((*row, said))
    });
    for (row, said) in kept.collect::<Vec<_>>() {
        speaker.say(at, sessions.group, &row, said);
    }
}

fn summary(speaker: &Speaker<'_>, sessions: &Sessions<'_>, at: u32, rows: &[(Stood, String)]) -> Option<(Stood, Said)> {
    let roll = &speaker.roll;
    let person = roll.person(at)?;
    let [current_read, left_read] = sessions.rolls_read;
    if person.spells.iter().any(|at| if roll.spell(*at).left { !left_read } else { !current_read }) {
        return None;
    }
    let attended = speaker.period.attended(sessions.span);
    let mut findings = Vec::new();
    let [possible, absences_authorised, absences_unauthorised] = stated(sessions.span, roll, person, &mut findings);
    let left = person.spells.iter().all(|at| roll.spell(*at).left);
    if possible.is_none() && left && findings.is_empty() && sessions.span == Span::Term {
        findings.push(finding_of_rule(FindingCode::FieldMissing, "termlysessionspossible", rules::LEAVER_SESSIONS));
    }
    if rows.is_empty() && possible.or(absences_authorised).or(absences_unauthorised).is_none() {
        return None;
    }
    let counts = by_code(rows, &attended, &mut findings);
    let told: u64 =
        counts.iter().filter(|(code, _)| !NOT_POSSIBLE.contains(&code.as_str())).map(|(_, (_, n))| u64::from(*n)).sum();
    if possible.is_some_and(|possible| told > possible.into()) {
        findings.push(finding(FindingCode::FieldsContradict, "sessions"));
    }
    let event = AttendanceSummarised {
        school_year: Some(attended.school_year.into()),
        term: attended.term.map(|code| Coded {
            code: code.to_owned(),
            code_set: format!("school-census.term/{}", attended.school_year),
            text: (sessions.span == Span::SecondHalf).then(|| "second half".to_owned()),
        }),
        sessions_possible: possible,
        sessions: counts
            .into_values()
            .map(|(reason, sessions)| SessionCount { reason: Some(reason), sessions })
            .collect(),
        absences_authorised,
        absences_unauthorised,
        ..AttendanceSummarised::default()
    };
    let (table, key) = match sessions.span {
        Span::Term => ("attendance", format!("attendance/{}", speaker.period)),
        Span::SecondHalf => ("half-term-attendance", format!("half-term-attendance/{}", speaker.period)),
        // Whichever of its collections a school says it in.
        Span::Year => ("annual-attendance", format!("annual-attendance/{}", attended.school_year)),
    };
    let of_roll = || roll.held(*person.spells.first()?).map(|(row, _)| row);
    let row = rows.first().map(|(row, _)| row).or_else(of_roll)?;
    Some((*row, Said { table, key, events: vec![(attended.last_day, event.into())], findings }))
}

/// What the child's rows on the rolls say of sessions, all together; `None` where none says it.
fn stated(span: Span, roll: &Roll, person: &Person, findings: &mut Vec<Finding>) -> [Option<u32>; 3] {
    let mut stated = [None; 3];
    for at in &person.spells {
        let said = session_columns(span).into_iter().zip(roll.spell(*at).sessions(span));
        for (sum, (field, text)) in stated.iter_mut().zip(said) {
            if let Some(sessions) = count(text, field, findings) {
                *sum = Some(sum.unwrap_or(0u32).saturating_add(sessions));
            }
        }
    }
    stated
}

/// Sessions by code. Rows under one pupil row state each code once; a second row that says the same counts once, one that
/// says otherwise counts where it is greater, and the rows under a child's several pupil rows add up.
fn by_code(
    rows: &[(Stood, String)],
    attended: &Attended,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, (Coded, u32)> {
    let mut stated: BTreeMap<(&str, &str, String), (Coded, Option<u32>)> = BTreeMap::new();
    for (_, text) in rows {
        let [roll, row_key, reason, sessions] = cells(text);
        let mut odd = Vec::new();
        let reason = codes::ATTENDANCE.keep(reason, attended.school_year, "attendancereason", &mut odd);
        let sessions = if sessions.is_empty() {
            odd.push(finding(FindingCode::FieldMissing, "sessions"));
            None
        } else {
            count(sessions, "sessions", &mut odd)
        };
        let Some(reason) = reason else { continue };
        match stated.entry((roll, row_key, reason.code.clone())) {
            std::collections::btree_map::Entry::Vacant(new) => {
                new.insert((reason, sessions));
            }
            std::collections::btree_map::Entry::Occupied(mut held) => {
                let (_, known) = held.get_mut();
                let code = if *known == sessions { FindingCode::RecordRepeated } else { FindingCode::FieldsContradict };
                odd.push(finding(code, "attendancereason"));
                *known = (*known).max(sessions);
            }
        }
        for odd in odd {
            if !findings.contains(&odd) {
                findings.push(odd);
            }
        }
    }
    let mut counts: BTreeMap<String, (Coded, u32)> = BTreeMap::new();
    for ((_, _, code), (reason, sessions)) in stated {
        // A code without a count is told of by the finding alone.
        if let Some(sessions) = sessions {
            let (_, sum) = counts.entry(code).or_insert((reason, 0));
            *sum = sum.saturating_add(sessions);
        }
    }
    counts
}
