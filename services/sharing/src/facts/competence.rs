//! Whether the child decides for themself, decision by decision.

use std::collections::BTreeMap;

use jiff::civil::Date;
use proto::events::event::Kind;
use proto::sharing::DecisionKind;

use crate::days::first_day;
use crate::facts::age::Births;
use crate::facts::versions::Stated;

/// Whether the child decides for themself in one matter. Neither is known when no birth date is recorded, when birth dates put
/// the child on both sides of sixteen, when assessments contradict, or when one that settles nothing contradicts the default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Competence {
    pub(crate) competent: bool,
    pub(crate) lacking: bool,
}

/// In each matter that was assessed, and in all others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Competences {
    assessed: BTreeMap<DecisionKind, Competence>,
    otherwise: Competence,
    maybe_past_compulsory_school_age: bool,
}

/// Ordered by when it was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Assessment {
    on: Date,
    position: (i64, u64),
    competent: bool,
}

impl Competences {
    /// By default: not under sixteen, and from sixteen on. An assessment of a matter, by somebody named, overrides the default in
    /// that matter; one made before sixteen says nothing from sixteen on, when only a recorded lack of capacity counts. One that
    /// does not say of which matter, or by whom, settles nothing.
    pub(crate) fn fold(stated: &[Stated], births: &Births, valid_on: Date) -> Self {
        let mut latest: BTreeMap<(DecisionKind, [u8; 16]), Assessment> = BTreeMap::new();
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
            let named = !assessed.assessed_by().trim().is_empty();
            let decision = if named { assessed.decision() } else { DecisionKind::Unspecified };
            let assessment = Assessment { on, position: event.position, competent };
            let newest = latest.entry((decision, event.subject)).or_insert(assessment);
            *newest = (*newest).max(assessment);
        }
        let mut answers: BTreeMap<DecisionKind, Vec<bool>> = BTreeMap::new();
        for ((decision, _), newest) in latest {
            answers.entry(decision).or_default().push(newest.competent);
        }
        let unsettled = answers.remove(&DecisionKind::Unspecified).unwrap_or_default();
        let default =
            Competence { competent: births.surely_aged(16, valid_on), lacking: !births.maybe_aged(16, valid_on) };
        let contradicted = unsettled.iter().any(|competent| *competent != default.competent);
        Self {
            assessed: answers.into_iter().map(|(decision, answers)| (decision, Competence::of(&answers))).collect(),
            otherwise: if contradicted { Competence::default() } else { default },
            maybe_past_compulsory_school_age: births.maybe_past_compulsory_school_age(valid_on),
        }
    }

    /// In this matter.
    pub(crate) fn of(&self, decision: DecisionKind) -> Competence {
        self.assessed.get(&decision).copied().unwrap_or_else(|| {
            // In education a young person decides from the end of compulsory school age: of somebody born in the summer that is
            // before sixteen, and then only a recorded lack of capacity counts.
            let decides = decision == DecisionKind::Education && self.maybe_past_compulsory_school_age;
            Competence { lacking: self.otherwise.lacking && !decides, ..self.otherwise }
        })
    }
}

impl Competence {
    /// As all of these say, where they agree.
    fn of(answers: &[bool]) -> Self {
        let says = |competent: bool| answers.iter().all(|answer| *answer == competent);
        Self { competent: says(true), lacking: says(false) }
    }
}
