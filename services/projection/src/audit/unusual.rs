//! What is out of the ordinary in how records were asked for: facts for a person to look into, each in words. No number is put on
//! anybody, and nothing is said of any child.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use proto::audit::{Unusual, UnusualKind};
use proto::disclosure::Disclosure;
use serde::Deserialize;
use sharing::{Engine, Obligation, RuleBits};

use super::england;

/// From when on something is told of. Each is a setting, because what is usual differs from one organisation to the next.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Children in one day, at the least.
    pub children_a_day: u32,
    /// And so many times what is usual for a person of the same organisation, on a day on which they ask at all.
    pub times_the_usual: u32,
    /// Hours of work, from Monday to Friday: the first, and the first after.
    pub hours: [i8; 2],
    /// Requests outside of these.
    pub out_of_hours: u32,
    /// Children of whom nothing could be shown.
    pub children_not_shown: u32,
    /// Times that the glass was broken.
    pub glass_broken: u32,
    /// Days on which one child was asked about, by one person.
    pub days_of_one_child: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            children_a_day: 25,
            times_the_usual: 4,
            hours: [7, 20],
            out_of_hours: 5,
            children_not_shown: 5,
            glass_broken: 3,
            days_of_one_child: 15,
        }
    }
}

/// What one person asked.
#[derive(Default)]
struct Asked<'d> {
    all: Vec<(i64, &'d Disclosure)>,
}

type Id<'d> = &'d [u8];

/// What is out of the ordinary among some decisions, in order of organisation and person. Each a decision with when it was recorded,
/// microseconds since 1970, oldest first. An operator's looks and refusals are not counted.
///
/// That a person looks for somebody of their own name cannot be known from these records, and is left out.
pub fn unusual(engine: &Engine, decisions: &[(i64, Disclosure)], thresholds: &Thresholds) -> Vec<Unusual> {
    let mut by_person: BTreeMap<(&str, &str), Asked<'_>> = BTreeMap::new();
    for (at_us, decision) in decisions {
        let counts =
            decision.operator_command.is_empty() && decision.part_of.is_empty() && !decision.subjects.is_empty();
        if counts {
            let who = (decision.organisation.as_str(), decision.person.as_str());
            by_person.entry(who).or_default().all.push((*at_us, decision));
        }
    }
    let mut usual: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for ((organisation, _), asked) in &by_person {
        usual.entry(organisation).or_default().extend(asked.children_by_day().values().map(BTreeSet::len));
    }
    let median = |organisation: &str| {
        let mut days = usual.get(organisation).cloned().unwrap_or_default();
        days.sort_unstable();
        days.get(days.len() / 2).copied().unwrap_or_default()
    };
    let mut found = Vec::new();
    for ((organisation, person), asked) in &by_person {
        let facts = [
            asked.volume(median(organisation), thresholds),
            asked.out_of_hours(thresholds),
            asked.not_shown(thresholds),
            asked.glass_broken(engine, thresholds),
            asked.one_child(thresholds),
        ];
        found.extend(facts.into_iter().flatten().map(|fact| Unusual {
            organisation: (*organisation).to_owned(),
            person: (*person).to_owned(),
            ..fact
        }));
    }
    found
}

impl<'d> Asked<'d> {
    fn children_by_day(&self) -> BTreeMap<Date, BTreeSet<Id<'d>>> {
        let mut days: BTreeMap<Date, BTreeSet<Id<'d>>> = BTreeMap::new();
        for (at_us, decision) in &self.all {
            if let (Some(at), Some(child)) = (england(*at_us), decision.subjects.first()) {
                days.entry(at.date()).or_default().insert(child);
            }
        }
        days
    }

    fn volume(&self, usual: usize, thresholds: &Thresholds) -> Option<Unusual> {
        let (day, children) = self.children_by_day().into_iter().max_by_key(|(_, children)| children.len())?;
        let (count, usual) = (number(children.len()), number(usual));
        let out_of_ordinary =
            count >= thresholds.children_a_day && count >= usual.saturating_mul(thresholds.times_the_usual);
        let of = self.all.iter().filter(|(at_us, _)| england(*at_us).is_some_and(|at| at.date() == day));
        out_of_ordinary.then(|| {
            let says = format!(
                "asked about {count} children on {day}; {usual} a day is usual for a person of that organisation"
            );
            fact(UnusualKind::Volume, count, says, of.copied())
        })
    }

    fn out_of_hours(&self, thresholds: &Thresholds) -> Option<Unusual> {
        let [first, after] = thresholds.hours;
        let outside = |at: jiff::civil::DateTime| {
            let weekend = matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday);
            weekend || !(first..after).contains(&at.hour())
        };
        let of: Vec<_> = self.all.iter().filter(|(at_us, _)| england(*at_us).is_some_and(outside)).copied().collect();
        let count = number(of.len());
        (count >= thresholds.out_of_hours && count > 0).then(|| {
            let all = self.all.len();
            let says = format!("{count} of {all} requests at a weekend, before {first:02}:00 or from {after:02}:00 on");
            fact(UnusualKind::OutOfHours, count, says, of.into_iter())
        })
    }

    fn not_shown(&self, thresholds: &Thresholds) -> Option<Unusual> {
        let nothing = |decision: &Disclosure| {
            decision.entries_released == 0 && decision.lines_released == 0 && decision.explained.is_empty()
        };
        let given: BTreeSet<Id<'_>> =
            self.all.iter().filter(|(_, decision)| !nothing(decision)).filter_map(|(_, of)| child(of)).collect();
        let of: Vec<_> = self
            .all
            .iter()
            .filter(|(_, decision)| nothing(decision) && child(decision).is_some_and(|child| !given.contains(child)))
            .copied()
            .collect();
        let children: BTreeSet<Id<'_>> = of.iter().filter_map(|(_, decision)| child(decision)).collect();
        let count = number(children.len());
        (count >= thresholds.children_not_shown && count > 0).then(|| {
            let says = format!("asked about {count} children of whom nothing could be shown to them, at any time");
            fact(UnusualKind::NoInvolvement, count, says, of.into_iter())
        })
    }

    fn glass_broken(&self, engine: &Engine, thresholds: &Thresholds) -> Option<Unusual> {
        let broke = |decision: &Disclosure| {
            engine.rules_of(RuleBits::told(decision)).any(|rule| rule.obligations.contains(&Obligation::Review72h))
        };
        let of: Vec<_> = self.all.iter().filter(|(_, decision)| broke(decision)).copied().collect();
        let count = number(of.len());
        (count >= thresholds.glass_broken && count > 0).then(|| {
            let says = format!("{count} of {} answers in an emergency, as they said", self.all.len());
            fact(UnusualKind::BreakGlass, count, says, of.into_iter())
        })
    }

    fn one_child(&self, thresholds: &Thresholds) -> Option<Unusual> {
        let mut days: BTreeMap<Id<'_>, BTreeSet<Date>> = BTreeMap::new();
        for (day, children) in self.children_by_day() {
            for child in children {
                days.entry(child).or_default().insert(day);
            }
        }
        let (of_child, days) = days.into_iter().max_by_key(|(_, days)| days.len())?;
        let count = number(days.len());
        let of = self.all.iter().filter(|(_, decision)| child(decision) == Some(of_child));
        (count >= thresholds.days_of_one_child && count > 0)
            .then(|| fact(UnusualKind::OneChild, count, format!("asked about one child on {count} days"), of.copied()))
    }
}

fn child(decision: &Disclosure) -> Option<&[u8]> {
    decision.subjects.first().map(Vec::as_slice)
}

fn fact<'d>(kind: UnusualKind, count: u32, says: String, of: impl Iterator<Item = (i64, &'d Disclosure)>) -> Unusual {
    let ids: Vec<&Vec<u8>> = of.map(|(_, decision)| &decision.decision_id).collect();
    let id = |id: Option<&&Vec<u8>>| id.map(|id| (*id).clone()).unwrap_or_default();
    Unusual { kind: kind.into(), says, count, first: id(ids.first()), last: id(ids.last()), ..Unusual::default() }
}

fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
    }

    fn asked(person: &str, at_us: i64, child: u8, entries: u32) -> (i64, Disclosure) {
        let decision = Disclosure {
            decision_id: vec![child; 16],
            organisation: "school-8789001".into(),
            person: person.into(),
            subjects: vec![vec![child; 16]],
            entries_released: entries,
            ..Disclosure::default()
        };
        (at_us, decision)
    }

    fn found(decisions: &[(i64, Disclosure)]) -> Vec<(String, UnusualKind, u32)> {
        let engine = Engine::load().unwrap();
        let thresholds = Thresholds { children_a_day: 6, ..Thresholds::default() };
        unusual(&engine, decisions, &thresholds)
            .into_iter()
            .map(|of| (of.person.clone(), of.kind(), of.count))
            .collect()
    }

    #[test]
    fn what_everybody_does_is_not_told_of() {
        let noon = at("2026-03-02T12:00:00Z");
        let day: Vec<_> =
            (0..4).flat_map(|person| (0..8).map(move |child| asked(&format!("p{person}"), noon, child, 1))).collect();
        assert_eq!(found(&day), []);
    }

    #[test]
    fn each_of_the_five_is_told_of_and_of_whom() {
        let noon = at("2026-03-02T12:00:00Z");
        let mut all: Vec<_> = (0..9).map(|person| asked(&format!("usual{person}"), noon, 1, 1)).collect();
        all.extend((0..8).map(|child| asked("many", noon, child, 1)));
        all.extend((0..5).map(|_| asked("night", at("2026-03-02T23:00:00Z"), 1, 1)));
        all.extend((0..5).map(|_| asked("saturday", at("2026-03-07T12:00:00Z"), 1, 1)));
        all.extend((0..5).map(|child| asked("stranger", noon, child, 0)));
        all.extend((0..15).map(|day| asked("one", noon + day * 86_400_000_000, 7, 1)));
        let found = found(&all);
        let of = |person: &str| {
            found.iter().filter(|(of, ..)| of == person).map(|(_, kind, count)| (*kind, *count)).collect::<Vec<_>>()
        };
        assert_eq!(of("many"), [(UnusualKind::Volume, 8)]);
        assert_eq!(of("night"), [(UnusualKind::OutOfHours, 5)]);
        assert_eq!(of("saturday"), [(UnusualKind::OutOfHours, 5)]);
        assert_eq!(of("stranger"), [(UnusualKind::NoInvolvement, 5)]);
        assert!(of("one").contains(&(UnusualKind::OneChild, 15)));
        assert!(!found.iter().any(|(person, ..)| person.starts_with("usual")));
    }

    #[test]
    fn a_child_who_was_shown_at_another_time_is_not_a_stranger() {
        let noon = at("2026-03-02T12:00:00Z");
        let mut all: Vec<_> = (0..5).map(|child| asked("reader", noon, child, 0)).collect();
        all.push(asked("reader", noon, 3, 1));
        assert_eq!(found(&all), []);
    }
}
