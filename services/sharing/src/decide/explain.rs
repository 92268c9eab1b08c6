//! What a reader is told of a decision, and what an auditor reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::classify::RecordClass;
use crate::decide::{Decided, Decision};
use crate::engine::{Rule, RuleBits, RuleNumber};
use crate::vocabulary::{FieldGroup, Outcome};

/// Why a reader gets less than the whole of a class.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Explanation {
    /// The groups of fields taken out.
    pub withheld: BTreeSet<FieldGroup>,
    /// One sentence for each rule below; to the child or a parent in plain English.
    pub reasons: Vec<String>,
    /// Ids of the rules that withheld, so far as this reader may be told of them.
    pub rules: Vec<String>,
}

/// One class of a decision, for the auditor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassRecord {
    /// How much was shown.
    pub outcome: Outcome,
    /// The groups of fields taken out.
    pub withheld: BTreeSet<FieldGroup>,
    /// Ids of the permits that fired.
    pub allowed_by: Vec<String>,
    /// By view refused, ids of the restrictions that fired; empty where nothing permitted it.
    pub stopped_by: BTreeMap<&'static str, Vec<String>>,
    /// The facts that those rules read.
    pub facts_used: BTreeSet<String>,
    /// The rules could not be evaluated.
    pub failed: bool,
}

impl ClassRecord {
    /// Ids of every rule that decided, those that permitted and those that stopped.
    pub fn rules(&self) -> BTreeSet<String> {
        self.stopped_by.values().flatten().chain(&self.allowed_by).cloned().collect()
    }
}

/// What an answer told of how it was decided: what its record keeps, and an explanation gives again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// The rules, by letter and number.
    pub rules: RuleBits,
    /// The groups of fields taken out.
    pub withheld: BTreeSet<FieldGroup>,
}

impl Decision {
    /// What an answer that showed these classes may tell of how it was decided: the permits that let the reader in and the
    /// rules that withheld, so far as this reader may be told of the facts that they speak of. Nothing of a class that is
    /// hidden, nor of a labelled one of which only the existence is shown.
    pub fn told<'c>(&self, shown: impl IntoIterator<Item = &'c RecordClass>) -> Told {
        let mut told = Told::default();
        for class in shown {
            let Some(decided) = self.classes.get(class) else { continue };
            let ruling = &decided.ruling;
            if ruling.outcome < Outcome::Existence || (ruling.outcome == Outcome::Existence && decided.labelled) {
                continue;
            }
            told.withheld.extend(&ruling.withheld);
            let permits = ruling.allowed_by.iter().filter_map(|id| self.rules.get(id));
            let withholding = if ruling.outcome == Outcome::Full { Vec::new() } else { self.withholding(decided) };
            for rule in permits.chain(withholding) {
                if rule.facts_told.iter().all(|fact| self.may_be_told(fact, ruling.outcome)) {
                    RuleNumber::of(&rule.id).into_iter().for_each(|number| told.rules.insert(number));
                }
            }
        }
        told
    }

    /// Why the reader gets less than the whole of this class: nothing of a class that is shown whole, and nothing at all
    /// of one that is hidden. A sentence that tells of a fact is given only to who may see what the fact is about.
    pub fn explanation(&self, class: &RecordClass) -> Option<Explanation> {
        let decided = self.classes.get(class)?;
        let ruling = &decided.ruling;
        if !matches!(ruling.outcome, Outcome::Redacted | Outcome::Existence) {
            return None;
        }
        let mut explanation = Explanation { withheld: ruling.withheld.clone(), ..Explanation::default() };
        // That a labelled service is involved is all that may be told of it.
        if ruling.outcome == Outcome::Existence && decided.labelled {
            return Some(explanation);
        }
        for rule in self.withholding(decided) {
            if rule.facts_told.iter().all(|fact| self.may_be_told(fact, ruling.outcome)) {
                explanation.reasons.push(if self.for_family { rule.plain.clone() } else { rule.say.clone() });
                explanation.rules.push(rule.id.clone());
            }
        }
        Some(explanation)
    }

    /// The whole of a class's decision.
    pub fn class_record(&self, class: &RecordClass) -> Option<ClassRecord> {
        let ruling = &self.classes.get(class)?.ruling;
        let mut ids: BTreeSet<&String> = ruling.stopped_by.values().flatten().collect();
        ids.extend(&ruling.allowed_by);
        Some(ClassRecord {
            outcome: ruling.outcome,
            withheld: ruling.withheld.clone(),
            allowed_by: ruling.allowed_by.clone(),
            stopped_by: ruling.stopped_by.clone(),
            facts_used: ids
                .into_iter()
                .filter_map(|id| self.rules.get(id))
                .flat_map(|rule| rule.facts_used.iter().cloned())
                .collect(),
            failed: ruling.failed,
        })
    }

    /// The restrictions that stopped a fuller view; where none did, the limited permits, or nothing permits more.
    fn withholding(&self, decided: &Decided) -> Vec<&Rule> {
        let ruling = &decided.ruling;
        let ids: BTreeSet<&String> = ruling.stopped_by.values().flatten().collect();
        let mut rules: Vec<&Rule> = ids.into_iter().filter_map(|id| self.rules.get(id)).collect();
        let permits: Vec<&Rule> = ruling.allowed_by.iter().filter_map(|id| self.rules.get(id)).collect();
        if permits.iter().all(|rule| rule.limited) || rules.is_empty() {
            rules.extend(permits);
        }
        rules
    }
}
