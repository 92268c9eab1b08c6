//! What a row says beside its marks, and which mark takes it: what none takes is kept.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use connector_kit::{attendance, reading};
use proto::events::Date;

use super::{Mark, Session};
use crate::fields::Field;
use crate::rows::Row;

/// What goes with one mark of a row.
#[derive(Default)]
pub(super) struct Beside<'r> {
    pub(super) minutes: &'r str,
    pub(super) comment: &'r str,
    /// What no mark takes, under the name by which it is kept: told with this one, and once of a row.
    pub(super) left: Vec<(&'r str, &'r str)>,
}

/// What a row says of one session under names of its own.
struct Half<'r> {
    session: Session,
    /// None where the row is not of this session at all; blank, or a dash, where it says that there is no mark.
    code: Option<&'r str>,
    is_marked: bool,
    minutes: (&'static str, &'r str),
    comment: (&'static str, &'r str),
}

impl<'r> Half<'r> {
    fn of(row: &'r Row, session: Session, code: Option<&'r str>, on: &Date) -> Self {
        let is_marked = code.is_some_and(|code| attendance::mark(code, on, "", &mut Vec::new()).is_some());
        let (minutes, comment) = match session {
            Session::Morning => (("am_minutes_late", Field::MorningMinutesLate), ("am_comment", Field::MorningComment)),
            Session::Afternoon => {
                (("pm_minutes_late", Field::AfternoonMinutesLate), ("pm_comment", Field::AfternoonComment))
            }
        };
        let said = |(name, field)| (name, row.get(field));
        Self { session, code, is_marked, minutes: said(minutes), comment: said(comment) }
    }

    fn is_late(&self) -> bool {
        self.code.is_some_and(|code| matches!(code.trim(), "L" | "l" | "U" | "u"))
    }
}

/// What goes with the first of the marks of a session: what one of the same code and time leaves blank another says, and what the
/// others say that it does not is left.
pub(super) fn of_all<'r>(marks: &[Mark<'r>], session: Session, on: &Date) -> Beside<'r> {
    let mut of_each: Vec<(&Mark<'r>, Beside<'r>)> =
        marks.iter().map(|mark| (mark, of(mark.row, session, on))).collect();
    // In the same order wherever they stand in the file.
    of_each.sort_by(|a, b| {
        let order = |(mark, said): &(&Mark<'r>, Beside<'r>)| {
            let filled = |text: &'r str| (text.is_empty(), text);
            (Reverse(mark.changed_at_us), mark.code, filled(said.comment), filled(said.minutes))
        };
        order(a).cmp(&order(b))
    });
    let mut of_each = of_each.into_iter();
    let Some((counts, mut said)) = of_each.next() else { return Beside::default() };
    let mut others = BTreeSet::new();
    for (mark, other) in of_each {
        if (mark.changed_at_us, mark.code) == (counts.changed_at_us, counts.code) {
            said.minutes = if said.minutes.is_empty() { other.minutes } else { said.minutes };
            said.comment = if said.comment.is_empty() { other.comment } else { said.comment };
        }
        let of_mark = [("code", mark.code), ("minutes_late", other.minutes), ("comment", other.comment)];
        others.extend(of_mark.into_iter().chain(other.left).filter(|(name, text)| !is_nothing(name, text)));
    }
    for told in [("code", counts.code), ("minutes_late", said.minutes), ("comment", said.comment)] {
        others.remove(&told);
    }
    said.left.iter().for_each(|left| {
        others.remove(left);
    });
    said.left.extend(others);
    said
}

/// Whether it says nothing: that nobody was late is not said.
fn is_nothing(name: &str, text: &str) -> bool {
    text.is_empty() || name.ends_with("minutes_late") && reading::integer(text, "").value == Some(0)
}

/// What goes with the mark that a row has of this session.
fn of<'r>(row: &'r Row, session: Session, on: &Date) -> Beside<'r> {
    const CODES: [(Session, Field); 2] =
        [(Session::Morning, Field::MorningCode), (Session::Afternoon, Field::AfternoonCode)];
    let by_session = CODES.iter().any(|(_, code)| row.says(*code));
    let halves = CODES.map(|(of, code)| {
        let code = match by_session {
            true => row.says(code).then(|| row.get(code)),
            false => (of == session).then(|| row.get(Field::Code)),
        };
        Half::of(row, of, code, on)
    });
    let is_of_both = halves.iter().all(|half| half.code.is_some());
    // Beside the marks of both sessions one number is the late one's, where it is clear which that is.
    let is_clear =
        halves.iter().filter(|half| half.is_late()).count() == 1 && halves.iter().all(|half| half.minutes.1.is_empty());
    let (minutes, comment) = (row.get(Field::MinutesLate), row.get(Field::Comment));
    let minutes_of = |half: &Half<'r>| match half {
        half if !half.is_marked => "",
        half if !half.minutes.1.is_empty() => half.minutes.1,
        half if !is_of_both || is_clear && half.is_late() => minutes,
        _ => "",
    };
    let comment_of = |half: &Half<'r>| match half {
        half if !half.is_marked => "",
        half if half.comment.1.is_empty() => comment,
        half => half.comment.1,
    };
    let first = halves.iter().find(|half| half.code.is_some()).map_or(session, |half| half.session);
    let mut beside = Beside::default();
    for half in &halves {
        if half.session == session {
            (beside.minutes, beside.comment) = (minutes_of(half), comment_of(half));
        }
        let told_with = if half.code.is_some() { half.session } else { first };
        if told_with == session && !half.is_marked {
            beside.left.extend([half.minutes, half.comment]);
        }
    }
    if session == first {
        if halves.iter().all(|half| minutes_of(half) != minutes) {
            beside.left.push(("minutes_late", minutes));
        }
        if halves.iter().all(|half| comment_of(half) != comment) {
            beside.left.push(("comment", comment));
        }
        if by_session {
            // Of which session the row is its marks say: by these it is not read. What stands around many rows is not said of one.
            let own = |(name, field)| row.said.get(&field).map(|said| (name, said.as_str()));
            let others = [("session", Field::Session), ("period", Field::Period), ("code", Field::Code)];
            beside.left.extend(others.into_iter().filter_map(own));
        }
    }
    beside.left.retain(|(name, text)| !is_nothing(name, text));
    let rest = row.rest.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    beside.left = rest.chain(beside.left).collect();
    beside
}
