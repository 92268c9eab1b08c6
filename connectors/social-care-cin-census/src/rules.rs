//! What is odd about a child's values together.
//!
//! These are the published record rules of the census as far as one child's own record decides them. A broken rule rejects
//! nothing: it is a finding on the event that it is about. The rules on a whole return are in [`whole`].

use jiff::{ToSpan, civil};
use proto::events::FindingCode::{
    DateImplausible, DatesOutOfOrder, FieldMissing, FieldsContradict, RecordRepeated, ValueMalformed,
};
use proto::events::{Coded, Finding};

use crate::child::referral::Referral;
use crate::child::{Child, Dated};
use crate::header::Return;
use crate::tag::Tag;

mod parts;
mod plans;
mod referral;
pub(crate) mod whole;

/// Longest LAchildID that the census takes.
const LA_CHILD_ID_CHARS_MAX: usize = 20;
/// Weeks before birth before which nobody can be referred.
const PREGNANCY_WEEKS_MAX: i64 = 40;
/// Ages between which a child is in school.
const SCHOOL_AGES: (i16, i16) = (5, 16);
/// Age past which nobody is in the census.
const AGE_MAX: i16 = 25;

/// Checks a child, and puts what is found on the events that it is about.
pub(crate) fn check(child: &mut Child<'_>, of: &Return) {
    identity(child, of);
    birth_and_death(child, of);
    disabilities(child);
    numbers(child, of);
    referral::check(child, of);
    plans::check(child);
}

fn identity(child: &mut Child<'_>, of: &Return) {
    let id = child.la_child_id.map_or("", |id| id.text());
    let unborn = child.birth_on.is_none() && child.expected_birth_on.is_some();
    let notes = &mut child.notes;
    notes.findings.extend(of.findings.iter().cloned());
    if id.chars().count() > LA_CHILD_ID_CHARS_MAX {
        notes.broke(ValueMalformed, Tag::LaChildId, "cin/1570");
    }
    if !id.chars().all(char::is_alphanumeric) {
        notes.broke(ValueMalformed, Tag::LaChildId, "cin/1580");
    }
    match &child.sex {
        None => notes.broke(FieldMissing, Tag::Sex, "cin/4180"),
        // Before 2025 the sex that is not known yet was 0 or 9.
        Some(sex) if unborn && !matches!(sex.code.as_str(), "U" | "0" | "9") => {
            notes.broke(FieldsContradict, Tag::Sex, "cin/8750");
        }
        Some(_) => {}
    }
    if child.ethnicity.is_none() {
        notes.broke(FieldMissing, Tag::Ethnicity, "cin/4220");
    }
    if child.referrals.is_empty() && child.undated.is_empty() {
        notes.broke(FieldMissing, Tag::CinDetails, "cin/8590");
    }
}

fn birth_and_death(child: &mut Child<'_>, of: &Return) {
    let (birth, expected, death) = (child.birth_on, child.expected_birth_on, child.death_on);
    let leaves = child.referrals.iter().map(|referral| referral.closed_on).collect::<Option<Vec<_>>>();
    let notes = &mut child.notes;
    match (birth, expected) {
        (Some(_), Some(_)) => notes.broke(FieldsContradict, Tag::ExpectedPersonBirthDate, "cin/8525Q"),
        (None, None) => notes.broke(FieldMissing, Tag::PersonBirthDate, "cin/8525Q"),
        _ => {}
    }
    if day(birth).is_some_and(|birth| birth > of.period.1) {
        notes.broke(DateImplausible, Tag::PersonBirthDate, "cin/8520");
    }
    let due = (civil::Date::new(of.period.1.year(), 3, 1), civil::Date::new(of.period.1.year(), 12, 31));
    if let (Some(expected), (Ok(first), Ok(last))) = (day(expected), due)
        && !(first..=last).contains(&expected)
    {
        notes.broke(DateImplausible, Tag::ExpectedPersonBirthDate, "cin/8530Q");
    }
    if before(death, birth) {
        notes.broke(DatesOutOfOrder, Tag::PersonDeathDate, "cin/8535Q");
    }
    if outside(death, of) {
        notes.broke(DateImplausible, Tag::PersonDeathDate, "cin/8545Q");
    }
    let last_seen = leaves.and_then(|closed| closed.into_iter().filter_map(|on| on.day).max()).unwrap_or(of.period.1);
    if day(birth).is_some_and(|birth| birth.saturating_add(AGE_MAX.years()) < last_seen) {
        notes.broke(DateImplausible, Tag::PersonBirthDate, "cin/8775Q");
    }
}

fn disabilities(child: &mut Child<'_>) {
    let goes_on = child.referrals.iter().any(goes_on);
    if child.disabilities.is_empty() && child.birth_on.is_some() && goes_on {
        child.notes.broke(FieldMissing, Tag::Disability, "cin/8540");
    }
    let mut seen: Vec<Coded> = Vec::with_capacity(child.disabilities.len());
    for disability in child.disabilities.drain(..) {
        if seen.contains(&disability) {
            child.disability_findings.push(broken(RecordRepeated, Tag::Disability, "cin/8794"));
        } else {
            seen.push(disability);
        }
    }
    // Their order in the file means nothing.
    seen.sort_unstable_by(|a, b| a.code.cmp(&b.code));
    child.disabilities = seen;
    if child.disabilities.len() > 1 && child.disabilities.iter().any(|disability| disability.code == "NONE") {
        child.disability_findings.push(broken(FieldsContradict, Tag::Disability, "cin/8790"));
    }
}

fn numbers(child: &mut Child<'_>, of: &Return) {
    let stated = child.identifiers.iter().any(|upn| upn.standing() == proto::events::identifier::Standing::Current);
    let of_school_age = day(child.birth_on).is_some_and(|birth| {
        birth.saturating_add(SCHOOL_AGES.0.years()) <= of.period.1
            && birth.saturating_add(SCHOOL_AGES.1.years()) > of.period.1
    });
    let unknown = child.upn_unknown.as_ref().map(|unknown| unknown.code.as_str());
    match unknown {
        None if of_school_age && !stated => child.notes.broke(FieldMissing, Tag::Upn, "cin/8770Q"),
        Some("UN1") if of_school_age && !stated => child.notes.broke(FieldsContradict, Tag::UpnUnknown, "cin/8770Q"),
        Some("UN7") if child.referrals.iter().any(goes_on) => {
            child.notes.broke(FieldsContradict, Tag::UpnUnknown, "cin/8772");
        }
        _ => {}
    }
}

/// Whether a referral led to something, as far as it says.
fn goes_on(referral: &Referral<'_>) -> bool {
    referral.no_further_action != Some(true)
}

fn broken(code: proto::events::FindingCode, field: Tag, rule: &str) -> Finding {
    connector_kit::reading::finding_of_rule(code, field.name(), rule)
}

/// The day of a date that is known to the day.
fn day(on: Option<Dated>) -> Option<civil::Date> {
    on?.day
}

/// Whether both are known to the day and the first is before the second.
fn before(first: Option<Dated>, second: Option<Dated>) -> bool {
    matches!((day(first), day(second)), (Some(first), Some(second)) if first < second)
}

fn same(first: Option<Dated>, second: Option<Dated>) -> bool {
    matches!((day(first), day(second)), (Some(first), Some(second)) if first == second)
}

/// Whether a date is known to lie outside the year of the return.
fn outside(on: Option<Dated>, of: &Return) -> bool {
    day(on).is_some_and(|on| on < of.period.0 || on > of.period.1)
}

fn after_the_year(on: Option<Dated>, of: &Return) -> bool {
    day(on).is_some_and(|on| on > of.period.1)
}

fn weekend(on: Option<Dated>) -> bool {
    day(on).is_some_and(|on| matches!(on.weekday(), civil::Weekday::Saturday | civil::Weekday::Sunday))
}

/// A stretch of time: from a day up to, without, another, or still going on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stretch {
    from: civil::Date,
    to: Option<civil::Date>,
}

impl Stretch {
    /// `None` where the start is not known to the day.
    fn of(from: Dated, to: Option<Dated>) -> Option<Self> {
        Some(Self { from: from.day?, to: day(to) })
    }

    fn holds(self, on: civil::Date) -> bool {
        self.from <= on && self.to.is_none_or(|to| on < to)
    }

    /// Whether the other began while this one went on.
    fn saw_start_of(self, other: Self) -> bool {
        self.holds(other.from)
    }
}
