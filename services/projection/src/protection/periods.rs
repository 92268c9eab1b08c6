//! When a child was on a plan or looked after, as one authority's live sources say it.

use jiff::ToSpan as _;
use jiff::civil::Date;
use proto::admin::ProtectionRow;
use proto::admin::left_out::Reason;
use proto::admin::protection_row::Plan;
use proto::events::event::Kind;
use proto::events::identifier::Standing;
use proto::events::relationship_recorded::Kind as Relation;
use proto::events::{Coded, Scheme};
use timeline::Entry;

use crate::child::Child;

/// What ended so long ago, or longer, is told no more.
const MONTHS_AFTER_END: i32 = 12;

/// Legal statuses under which a child is looked after and that the service is not told of: remand, emergency and police protection,
/// short breaks.
const NOT_IN_SCOPE: [&str; 8] = ["J1", "J2", "J3", "L1", "L2", "L3", "V3", "V4"];

/// One plan, or one time in care.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Period {
    looked_after: bool,
    start_on: Date,
    end_on: Option<Date>,
    /// The entries that say so.
    pub(super) rests_on: Vec<[u8; 16]>,
}

/// A day on which something began or ended.
type Day = (Date, [u8; 16]);

/// The periods that are told of on a day, and why others are not.
pub(super) fn periods<'e>(entries: impl Iterator<Item = &'e Entry>, on: Date) -> (Vec<Period>, Vec<Reason>) {
    let mut left_out = Vec::new();
    let [mut plans, mut plans_ended, mut care, mut care_ended]: [Vec<Day>; 4] = Default::default();
    let mut statuses: Vec<(Date, String)> = Vec::new();
    for entry in entries {
        let Some(kind) = &entry.event.kind else { continue };
        let (day, days) = match kind {
            Kind::ProtectionPlanStarted(started) => (started.start_on, &mut plans),
            Kind::ProtectionPlanEnded(ended) => (ended.end_on, &mut plans_ended),
            Kind::LookedAfterPeriodStarted(started) => {
                statuses.extend(status(started.start_on, &started.legal_status));
                (started.start_on, &mut care)
            }
            Kind::LookedAfterPeriodEnded(ended) => (ended.end_on, &mut care_ended),
            Kind::LegalStatusChanged(changed) => {
                statuses.extend(status(changed.changed_on, &changed.legal_status));
                continue;
            }
            _ => continue,
        };
        match day.and_then(whole) {
            Some(day) => days.push((day, entry.entry_id)),
            None => left_out.push(Reason::DayMissing),
        }
    }
    let mut found = paired(false, plans, &plans_ended, &mut left_out);
    found.extend(paired(true, care, &care_ended, &mut left_out));
    found.retain(|period| match period.outside(on, &statuses) {
        Some(Some(reason)) => {
            left_out.push(reason);
            false
        }
        Some(None) => false,
        None => true,
    });
    (found, left_out)
}

fn status(on: Option<proto::events::Date>, status: &Option<Coded>) -> Option<(Date, String)> {
    Some((on.and_then(whole)?, status.as_ref()?.code.trim().to_ascii_uppercase()))
}

/// Each start with the first end after it, unless another began before.
fn paired(looked_after: bool, mut starts: Vec<Day>, ends: &[Day], left_out: &mut Vec<Reason>) -> Vec<Period> {
    starts.sort_unstable();
    starts.dedup_by_key(|(day, _)| *day);
    let mut found: Vec<Period> = Vec::new();
    for (at, (start_on, id)) in starts.iter().enumerate() {
        let next = starts.get(at + 1).map(|(day, _)| *day);
        let end = ends
            .iter()
            .filter(|(end, _)| end >= start_on && next.is_none_or(|next| *end <= next))
            .min_by_key(|(end, _)| *end);
        if end.is_none() && next.is_some() {
            // One began while another was open: only the later is certain.
            left_out.push(Reason::EndMissing);
            continue;
        }
        let rests_on = std::iter::once(*id).chain(end.map(|(_, id)| *id)).collect();
        found.push(Period { looked_after, start_on: *start_on, end_on: end.map(|(end, _)| *end), rests_on });
    }
    found
}

impl Period {
    /// Whether it is not told of on a day, and why, where somebody should look: what ended long ago is nobody's work.
    fn outside(&self, on: Date, statuses: &[(Date, String)]) -> Option<Option<Reason>> {
        if self.start_on > on {
            return Some(Some(Reason::NotBegun));
        }
        let oldest = on.checked_sub(MONTHS_AFTER_END.months()).unwrap_or(Date::MIN);
        if self.end_on.is_some_and(|end| end < oldest) {
            return Some(None);
        }
        let until = self.end_on.unwrap_or(on);
        let within = statuses.iter().filter(|(day, _)| (self.start_on..=until).contains(day));
        let last = within.max_by_key(|(day, _)| *day).map(|(_, code)| code.as_str());
        let not_in_scope = self.looked_after && last.is_some_and(|code| NOT_IN_SCOPE.contains(&code));
        not_in_scope.then_some(Some(Reason::LegalStatus))
    }

    /// # Errors
    /// Why it cannot be told.
    pub(super) fn row(&self, person: &Person, nhs_number: String, on: Date) -> Result<ProtectionRow, Reason> {
        if person.died {
            return Err(Reason::Died);
        }
        let plan = match (self.looked_after, person.is_unborn()) {
            (true, _) => Plan::LookedAfter,
            (false, true) => Plan::UnbornChildProtection,
            (false, false) => Plan::ChildProtection,
        };
        let birth_on = match plan {
            // The number is the mother's, of whose birth a child's record does not tell.
            Plan::UnbornChildProtection => None,
            _ => Some(person.birth_on?),
        };
        let is_adult = |born: Date| born.checked_add(18.years()).is_ok_and(|birthday| birthday <= on);
        if birth_on.is_some_and(is_adult) {
            return Err(Reason::Adult);
        }
        Ok(ProtectionRow {
            nhs_number,
            birth_on: birth_on.map(said),
            plan: plan.into(),
            start_on: Some(said(self.start_on)),
            end_on: self.end_on.map(said),
        })
    }
}

/// Who the child is, as far as a row says it.
pub(super) struct Person {
    nhs_numbers: Vec<String>,
    mothers: Vec<String>,
    birth_on: Result<Date, Reason>,
    expected: bool,
    died: bool,
}

impl Person {
    /// From every source that knows the child; of the birth, what the authority itself says stands first.
    pub(super) fn read(child: &Child, authority: &str) -> Self {
        let (mut nhs_numbers, mut mothers) = (Vec::new(), Vec::new());
        let (mut own_births, mut births): (Vec<Date>, Vec<Date>) = Default::default();
        let (mut expected, mut died) = (false, false);
        for entry in &child.entries {
            match &entry.event.kind {
                Some(Kind::PersonDescribed(person)) => {
                    let usable =
                        person.identifiers.iter().filter(|claim| claim.usable && claim.standing() != Standing::Former);
                    nhs_numbers.extend(usable.filter_map(|claim| nhs_number(claim.subject.as_ref())));
                    let born = person.birth_on.and_then(whole);
                    births.extend(born);
                    own_births.extend(born.filter(|_| entry.controller == authority));
                    expected |= person.expected_birth_on.is_some();
                    died |= person.death_on.is_some() || person.has_died();
                }
                Some(Kind::DeathNotified(_)) => died = true,
                Some(Kind::RelationshipRecorded(related)) if is_mother(related.kind, &related.relationship) => {
                    mothers.extend(nhs_number(related.related.as_ref()));
                }
                _ => {}
            }
        }
        for numbers in [&mut nhs_numbers, &mut mothers] {
            numbers.sort_unstable();
            numbers.dedup();
        }
        let stated = if own_births.is_empty() { births } else { own_births };
        let birth_on = match stated.as_slice() {
            [] => Err(Reason::BirthMissing),
            [first, others @ ..] if others.iter().all(|other| other == first) => Ok(*first),
            _ => Err(Reason::BirthsDiffer),
        };
        Self { nhs_numbers, mothers, birth_on, expected, died }
    }

    fn is_unborn(&self) -> bool {
        self.expected && self.birth_on == Err(Reason::BirthMissing)
    }

    /// The child's own number; for a plan of a child who is not born, the mother's.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub(super) fn nhs_number(&self, of: &Period) -> Result<String, Reason> {
        let numbers = if !of.looked_after && self.is_unborn() { &self.mothers } else { &self.nhs_numbers };
        match numbers.as_slice() {
            [] => Err(Reason::NhsNumberMissing),
            [only] => Ok(only.clone()),
            _ => Err(Reason::NhsNumbersDiffer),
        }
    }
}

fn nhs_number(subject: Option<&proto::events::Subject>) -> Option<String> {
    subject.filter(|subject| subject.scheme() == Scheme::NhsNumber).map(|subject| subject.value.clone())
}

fn is_mother(kind: Option<i32>, relationship: &Option<Coded>) -> bool {
    let says = |coded: &Coded| {
        let words = coded.text.as_deref().unwrap_or_default().to_ascii_lowercase();
        ["MTH", "NMTH"].contains(&coded.code.as_str()) || words.split(' ').any(|word| word == "mother")
    };
    kind == Some(Relation::Parent.into()) && relationship.as_ref().is_some_and(says)
}

fn whole(date: proto::events::Date) -> Option<Date> {
    let part = |part: Option<u32>| i8::try_from(part?).ok();
    Date::new(i16::try_from(date.year).ok()?, part(date.month)?, part(date.day)?).ok()
}

fn said(date: Date) -> proto::events::Date {
    let part = |part: i8| u32::try_from(part).ok();
    proto::events::Date { year: date.year().into(), month: part(date.month()), day: part(date.day()), estimated: false }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proto::events as e;

    use super::*;

    fn entry(id: u8, event: impl Into<e::Event>) -> Entry {
        Entry {
            entry_id: [id; 16],
            subject: [1; 16],
            controller: "la-1".into(),
            source: "social-care-dfe-api".into(),
            effective: e::When::default(),
            event: event.into(),
            findings: Vec::new(),
            third_parties: Vec::new(),
            labels: Vec::new(),
            known_as_at_us: 0,
            rectified: None,
        }
    }

    fn started(id: u8, on: Date) -> Entry {
        entry(id, e::ProtectionPlanStarted { start_on: Some(said(on)), ..Default::default() })
    }

    fn ended(id: u8, on: Date) -> Entry {
        entry(id, e::ProtectionPlanEnded { end_on: Some(said(on)) })
    }

    fn care(id: u8, on: Date, status: &str) -> Entry {
        let legal_status = Some(Coded { code: status.into(), ..Coded::default() });
        entry(id, e::LookedAfterPeriodStarted { start_on: Some(said(on)), legal_status, ..Default::default() })
    }

    const TODAY: Date = date(2026, 11, 22);

    /// Whether looked after, and from when to when.
    type Told = (bool, Date, Option<Date>);

    fn told(entries: &[Entry]) -> (Vec<Told>, Vec<Reason>) {
        let (found, left_out) = periods(entries.iter(), TODAY);
        (found.into_iter().map(|period| (period.looked_after, period.start_on, period.end_on)).collect(), left_out)
    }

    #[test]
    fn a_plan_is_told_from_its_start_until_a_year_after_its_end() {
        let (open, over) = (date(2026, 5, 1), date(2025, 12, 1));
        let entries = [started(1, date(2025, 6, 1)), ended(2, over), started(3, open)];
        assert_eq!(told(&entries), (vec![(false, date(2025, 6, 1), Some(over)), (false, open, None)], vec![]));
        // In any order of arrival.
        let reversed: Vec<Entry> = entries.into_iter().rev().collect();
        assert_eq!(told(&reversed).0.len(), 2);
        let long_ago = [started(1, date(2024, 6, 1)), ended(2, date(2025, 11, 21))];
        assert_eq!(told(&long_ago), (vec![], vec![]));
        assert_eq!(told(&[started(1, date(2024, 6, 1)), ended(2, date(2025, 11, 22))]).0.len(), 1);
    }

    #[test]
    fn what_nobody_can_be_certain_of_is_left_out_and_said() {
        let twice = [started(1, date(2026, 1, 1)), started(2, date(2026, 3, 1))];
        assert_eq!(told(&twice), (vec![(false, date(2026, 3, 1), None)], vec![Reason::EndMissing]));
        assert_eq!(told(&[started(1, date(2026, 12, 1))]).1, [Reason::NotBegun]);
        let undated = entry(1, e::ProtectionPlanStarted::default());
        assert_eq!(told(&[undated]), (vec![], vec![Reason::DayMissing]));
        // Said twice, by two of the authority's systems: one plan.
        assert_eq!(told(&[started(1, date(2026, 1, 1)), started(2, date(2026, 1, 1))]).0.len(), 1);
    }

    #[test]
    fn a_time_in_care_counts_by_its_legal_status_as_it_came_to_be() {
        let on = date(2026, 2, 1);
        for (status, counts) in
            [("C1", true), ("V2", true), ("E1", true), ("", true), ("V4", false), ("J2", false), ("l1", false)]
        {
            assert_eq!(told(&[care(1, on, status)]).0.len(), usize::from(counts), "{status}");
        }
        let changed = |code: &str| {
            let legal_status = Some(Coded { code: code.into(), ..Coded::default() });
            entry(2, e::LegalStatusChanged { changed_on: Some(said(date(2026, 3, 1))), legal_status })
        };
        assert_eq!(told(&[care(1, on, "L1"), changed("C1")]).0.len(), 1);
        assert_eq!(told(&[care(1, on, "C1"), changed("V4")]).1, [Reason::LegalStatus]);
    }
}
