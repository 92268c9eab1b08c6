//! The record of decisions, as an auditor reads it: metadata, and never content.

mod unusual;

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use proto::audit::{Access, Linked};
use proto::disclosure::Disclosure;
use proto::sharing::Call;
use sharing::{Category, Engine, FieldGroup, RuleBits};

use crate::disclose::group_bit;
use crate::replay::records;
pub use unusual::{Thresholds, unusual};

/// Whose decisions somebody may read of, and how much.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Of the organisation that runs the service: everybody's.
    Everybodys,
    /// Of another: those of its own people, and nothing that differs by what these were not shown.
    Own(String),
}

/// Days, each inclusive; all where none is said.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Days {
    /// The first.
    pub from: Option<Date>,
    /// The last.
    pub to: Option<Date>,
}

impl Days {
    /// When the first begins, microseconds since 1970.
    pub(crate) fn since_us(&self) -> Option<i64> {
        let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
        Some(self.from?.to_zoned(zone).ok()?.timestamp().as_microsecond())
    }

    /// Whether a moment, microseconds since 1970, is on one of them, in England.
    pub fn hold(&self, at_us: i64) -> bool {
        let Some(at) = england(at_us) else { return true };
        let day = at.date();
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// A moment, microseconds since 1970, on the clocks of England.
pub(crate) fn england(at_us: i64) -> Option<jiff::civil::DateTime> {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    jiff::Timestamp::from_microsecond(at_us).ok().map(|at| zone.to_datetime(at))
}

impl Scope {
    /// Whether they may read of this decision.
    pub fn holds(&self, decision: &Disclosure) -> bool {
        match self {
            Self::Everybodys => true,
            Self::Own(organisation) => decision.organisation == *organisation && decision.operator_command.is_empty(),
        }
    }

    /// Whether a decision was about a child, so far as they may know; `now` is who is held to be the child.
    /// To another organisation than the one that runs the service only what was asked for by the very number: a link is none of theirs.
    pub fn about(&self, decision: &Disclosure, child: [u8; 16], now: &BTreeSet<[u8; 16]>) -> Option<Linked> {
        match self {
            Self::Everybodys => linked(decision, child, now),
            Self::Own(_) => (decision.subjects.first()?.as_slice() == child).then_some(Linked::Unspecified),
        }
    }

    /// How many records were looked at, which tells how much others ask.
    pub(crate) fn looked_at(&self, records: u64) -> u64 {
        if *self == Self::Everybodys { records } else { 0 }
    }

    /// One decision, as they may read of it.
    pub fn access(&self, engine: &Engine, at_us: i64, of: &Disclosure, linked: Linked) -> Access {
        let gave = of.entries_released > 0 || of.lines_released > 0;
        let (rules, withheld) = if gave { (rules_told(engine, of), of.groups_withheld) } else { (Vec::new(), 0) };
        let categories = (0..u64::BITS).filter(|bit| gave && of.categories_given >> bit & 1 == 1);
        let categories = categories.filter_map(|bit| Category::try_from(i32::try_from(bit).ok()?).ok());
        let groups = [FieldGroup::Location, FieldGroup::ThirdParty, FieldGroup::Narrative];
        let groups = groups.into_iter().filter(|group| withheld & group_bit(*group) != 0);
        let releases = of.operator_command.is_empty() && of.denied == 0;
        Access {
            decision_id: of.decision_id.clone(),
            at: Some(timestamp(at_us)),
            organisation: of.organisation.clone(),
            person: of.person.clone(),
            roles: of.roles.clone(),
            purpose: of.purpose,
            // A record without one is from when there were timelines only.
            call: if of.call == 0 && releases { Call::GetTimeline.into() } else { of.call },
            denied: of.denied,
            denials_summed: of.denials_summed,
            operator_command: of.operator_command.clone(),
            classes_full: of.classes_full,
            classes_redacted: of.classes_redacted,
            classes_existence: of.classes_existence,
            classes_hidden: if *self == Self::Everybodys { of.classes_hidden } else { 0 },
            entries: of.entries_released,
            lines: of.lines_released,
            rules,
            categories: categories.map(Into::into).collect(),
            field_groups: groups.map(|group| group.name().to_owned()).collect(),
            linked: linked.into(),
            asked_by: of.subjects.first().cloned().unwrap_or_default(),
            part_of: of.part_of.clone(),
            policy_hash: of.policy_hash.clone(),
        }
    }
}

/// Rules of which an answer told: by id where they are those in force, else by letter and number.
pub(crate) fn rules_told(engine: &Engine, of: &Disclosure) -> Vec<String> {
    let told = RuleBits::told(of);
    if of.policy_hash == engine.policy_hash() {
        return engine.rules_of(told).map(|rule| rule.id.clone()).collect();
    }
    told.numbers().map(|number| number.to_string()).collect()
}

/// Whether a decision was about a child: as one who is known by these subjects now, and as was held then.
pub fn linked(decision: &Disclosure, child: [u8; 16], now: &BTreeSet<[u8; 16]>) -> Option<Linked> {
    let asked_by = <[u8; 16]>::try_from(decision.subjects.first()?.as_slice()).ok()?;
    let then = records::subjects(decision);
    match (then.contains(&child), now.contains(&asked_by)) {
        (true, true) => Some(Linked::NowAndThen),
        (true, false) => Some(Linked::Then),
        (false, true) => Some(Linked::Now),
        (false, false) => None,
    }
}

pub(crate) fn timestamp(us: i64) -> prost_types::Timestamp {
    let nanos = i32::try_from(us.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    prost_types::Timestamp { seconds: us.div_euclid(1_000_000), nanos }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(subjects: &[u8], resolved: &[u8]) -> Disclosure {
        let basis = proto::disclosure::Basis {
            subjects: resolved.iter().flat_map(|id| [*id; 16]).collect(),
            ..Default::default()
        };
        Disclosure {
            subjects: subjects.iter().map(|id| vec![*id; 16]).collect(),
            basis: Some(basis),
            ..Disclosure::default()
        }
    }

    #[test]
    fn who_was_asked_for_is_the_child_now_or_was_then_or_never() {
        let now = BTreeSet::from([[1; 16], [2; 16]]);
        let of = |subjects: &[u8], resolved: &[u8]| linked(&decision(subjects, resolved), [1; 16], &now);
        assert_eq!(of(&[1], &[]), Some(Linked::NowAndThen));
        assert_eq!(of(&[2, 1], &[]), Some(Linked::NowAndThen));
        assert_eq!(of(&[9, 1], &[]), Some(Linked::Then), "parted since");
        assert_eq!(of(&[9, 8, 7], &[1, 6, 7, 8, 9]), Some(Linked::Then), "beyond those that are named");
        assert_eq!(of(&[2], &[]), Some(Linked::Now), "joined since");
        assert_eq!(of(&[9], &[]), None);
        assert_eq!(of(&[], &[]), None);
    }

    #[test]
    fn to_another_organisation_a_decision_is_about_the_number_that_it_was_asked_by_and_no_other() {
        let now = BTreeSet::from([[1; 16], [2; 16]]);
        let own = Scope::Own("school-8789001".into());
        let of = |subjects: &[u8], resolved: &[u8]| own.about(&decision(subjects, resolved), [1; 16], &now);
        assert_eq!(of(&[1, 2], &[]), Some(Linked::Unspecified));
        assert_eq!(of(&[2], &[]), None, "linked now");
        assert_eq!(of(&[2, 1], &[1, 2]), None, "linked then");
        assert_eq!((own.looked_at(7), Scope::Everybodys.looked_at(7)), (0, 7));
    }

    #[test]
    fn a_day_is_englands() {
        let days = |from, to| Days { from, to };
        // Half past midnight on 1 July in England, half past eleven the day before elsewhere.
        let at_us = "2026-06-30T23:30:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let (june, july) = (jiff::civil::date(2026, 6, 30), jiff::civil::date(2026, 7, 1));
        assert!(days(Some(july), Some(july)).hold(at_us) && days(None, None).hold(at_us));
        assert!(!days(None, Some(june)).hold(at_us));
    }
}
