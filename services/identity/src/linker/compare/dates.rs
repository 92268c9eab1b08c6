//! Dates of birth, as [`normalise`](super::super::normalise) writes them.

use super::{Agreement, mistyped};
use crate::linker::normalise::ESTIMATED;

/// The day that is written for one that is not known. Source: CIN census guide, expected and estimated dates.
const ESTIMATED_DAY: &str = "15";
/// What a system, or an age assessment, makes of a year alone.
const FIRST_OF_JANUARY: &str = "0101";

/// A date in its parts, each as far as it is known.
struct Parts<'a> {
    estimated: bool,
    whole: &'a str,
    year: &'a str,
    month: Option<&'a str>,
    day: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(date: &'a str) -> Self {
        let (estimated, whole) = date.strip_prefix(ESTIMATED).map_or((false, date), |whole| (true, whole));
        Self { estimated, whole, year: whole.get(..4).unwrap_or(whole), month: whole.get(4..6), day: whole.get(6..8) }
    }

    /// Its day says nothing for sure.
    fn is_vague(&self) -> bool {
        self.estimated || self.day.is_none()
    }

    fn may_stand_for_a_year(&self) -> bool {
        self.is_vague() || self.whole.ends_with(FIRST_OF_JANUARY)
    }

    /// Days since some day, near enough to tell how far apart two dates are.
    fn days(&self) -> Option<i32> {
        let number = |part: Option<&str>| part.and_then(|part| part.parse::<i32>().ok());
        Some(number(Some(self.year))? * 365 + number(self.month)? * 30 + number(self.day)?)
    }
}

/// Exact: one known day. Variant: day and month in each other's place, or an estimate and what it may stand for. Close: one
/// digit. Near: two digits, or one year of which either may say no more (a first of January, an estimate).
pub(super) fn birth_dates(one: &str, other: &str) -> Agreement {
    let (ours, theirs) = (Parts::of(one), Parts::of(other));
    let vague = ours.is_vague() || theirs.is_vague();
    if !vague && one == other {
        return Agreement::Exact;
    }
    let same_year = ours.year == theirs.year;
    let same_month = same_year && ours.month == theirs.month && ours.month.is_some();
    let turned = same_year && !vague && ours.month == theirs.day && ours.day == theirs.month;
    let meant = [&ours, &theirs].iter().any(|date| date.is_vague() || date.day == Some(ESTIMATED_DAY));
    if turned || (same_month && meant) || (vague && is_within_a_month(&ours, &theirs)) {
        return Agreement::Variant;
    }
    let year_alone = |date: &Parts<'_>| date.may_stand_for_a_year();
    let near_by_year = same_year && (year_alone(&ours) || year_alone(&theirs));
    let typed = if vague { Agreement::Different } else { mistyped(ours.whole, theirs.whole) };
    if near_by_year { typed.min(Agreement::Near) } else { typed }
}

/// An expected date, or an estimate about the turn of a month.
fn is_within_a_month(ours: &Parts<'_>, theirs: &Parts<'_>) -> bool {
    const DAYS: i32 = 31;
    ours.days().zip(theirs.days()).is_some_and(|(ours, theirs)| (ours - theirs).abs() <= DAYS)
}
