//! How old the child may be, and whether they decide for themself.

use std::collections::BTreeMap;

use jiff::civil::Date;
use proto::events::event::Kind;

use crate::days::{birthday, end_of_compulsory_school_age, first_day, last_day};
use crate::facts::versions::Stated;

/// The span of the recorded birth dates: the earliest and the latest day on which the child may have been born.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Births(Option<(Date, Date)>);

impl Births {
    pub(crate) fn fold(stated: &[Stated]) -> Self {
        let span = stated
            .iter()
            .filter_map(|event| match &event.event.kind {
                Some(Kind::PersonDescribed(person)) => person.birth_on.or(person.expected_birth_on),
                _ => None,
            })
            .filter_map(|date| Some((first_day(&date)?, last_day(&date)?)))
            .reduce(|span, next| (span.0.min(next.0), span.1.max(next.1)));
        Self(span)
    }

    /// Some recorded birth date puts the child at this age or over, or none is recorded.
    pub(crate) fn maybe_aged(&self, age: i64, on: Date) -> bool {
        self.0.is_none_or(|(earliest, _)| on >= birthday(earliest, age))
    }

    /// Every recorded birth date does.
    pub(crate) fn surely_aged(&self, age: i64, on: Date) -> bool {
        self.0.is_some_and(|(_, latest)| on >= birthday(latest, age))
    }

    /// Some recorded birth date puts the child past compulsory school age, or none is recorded.
    pub(crate) fn maybe_past_compulsory_school_age(&self, on: Date) -> bool {
        self.0.is_none_or(|(earliest, _)| on > end_of_compulsory_school_age(earliest))
    }
}

/// Whether the child decides for themself. Neither is known when no birth date is recorded, when birth dates put the
/// child on both sides of sixteen, or when assessments contradict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Competence {
    pub(crate) competent: bool,
    pub(crate) lacking: bool,
}

/// Ordered by when it was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Assessment {
    on: Date,
    position: (i64, u64),
    competent: bool,
}

impl Competence {
    /// By default: not under sixteen, and from sixteen on. An assessment overrides the default; one made before sixteen
    /// says nothing from sixteen on, when only a recorded lack of capacity counts.
    pub(crate) fn fold(stated: &[Stated], births: &Births, valid_on: Date) -> Self {
        let mut latest: BTreeMap<([u8; 16], &str), Assessment> = BTreeMap::new();
        for event in stated {
            let Some(Kind::CompetenceAssessed(assessed)) = &event.event.kind else {
                continue;
            };
            let on = assessed.on.as_ref().and_then(first_day).or(event.published_on);
            let (Some(on), Some(competent)) = (on.filter(|on| *on <= valid_on), assessed.competent) else {
                continue;
            };
            let outgrown = births.surely_aged(16, valid_on) && !births.surely_aged(16, on);
            if outgrown {
                continue;
            }
            let assessment = Assessment { on, position: event.position, competent };
            let newest = latest.entry((event.subject, assessed.decision_kind())).or_insert(assessment);
            *newest = (*newest).max(assessment);
        }
        let mut answers: Vec<bool> = latest.into_values().map(|newest| newest.competent).collect();
        answers.sort_unstable();
        answers.dedup();
        match answers.as_slice() {
            [competent] => Self { competent: *competent, lacking: !competent },
            [] => Self { competent: births.surely_aged(16, valid_on), lacking: !births.maybe_aged(16, valid_on) },
            _ => Self { competent: false, lacking: false },
        }
    }
}
