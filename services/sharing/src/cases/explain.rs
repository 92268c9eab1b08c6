//! Why a case comes out as it does: every rung of the ladder, the facts that were used with their values, and what one
//! fact more or less would change.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cases::Case;
use crate::cases::format::Line;
use crate::cases::judge::{Decided, outcome_word};
use crate::cases::keys::{Key, Takes};
use crate::decide::{Asked, may_read_decisions};
use crate::engine::{Engine, Rule};
use crate::vocabulary::FieldGroup;

/// The views from the fullest down, as the rules name them and as a person does.
const LADDER: [(&str, &str); 3] =
    [("ViewFull", "the whole record"), ("ViewRedacted", "the record in part"), ("ViewExistence", "that there is one")];

/// Why a case comes out as it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// How much the reader gets: full, redacted, existence or hide.
    pub outcome: &'static str,
    /// What is taken out.
    pub withheld: Vec<&'static str>,
    /// Every rung of the ladder, the fullest first.
    pub rungs: Vec<Rung>,
    /// The facts that the deciding rules read, each with its value, by name.
    pub facts: Vec<(String, String)>,
    /// Why the request was refused as a whole, before any rule, where it was.
    pub refused: Option<&'static str>,
    /// Breaking the glass would show more.
    pub break_glass_would_help: bool,
    /// The reader may read the record of decisions.
    pub audit_meta: bool,
}

/// One view of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rung {
    /// The view, as the rules name it.
    pub view: &'static str,
    /// The view, as a person does.
    pub means: &'static str,
    /// What came of it.
    pub answer: Answer,
    /// The rules that allowed it or stopped it.
    pub rules: Vec<Cited>,
}

/// What came of asking for a view.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is what the reader gets.
    Allowed,
    /// Rules stopped it.
    Stopped,
    /// No rule allows it.
    NothingPermits,
    /// A fuller view is given.
    NotNeeded,
}

/// A rule, as it is quoted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cited {
    /// Its id.
    pub id: String,
    /// What it says.
    pub says: String,
    /// The law or the basis that it rests on.
    pub law: String,
}

/// One fact changed, with what would come of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Away {
    /// The key of the case.
    pub key: String,
    /// What stands there now.
    pub from: Value,
    /// What would.
    pub to: Value,
    /// How much the reader would get.
    pub outcome: &'static str,
    /// What would be taken out.
    pub withheld: Vec<&'static str>,
    /// Whether that is more than now; otherwise it is less.
    pub more: bool,
}

impl Case {
    /// Explains the case by these rules.
    pub fn explain(&self, engine: &Engine) -> Account {
        let decided = self.line.decide(engine);
        let Decided { request, facts, registry, class, decision } = &decided;
        let record = decision.class_record(class);
        let (allowed_by, stopped_by) =
            record.as_ref().map(|record| (record.allowed_by.clone(), record.stopped_by.clone())).unwrap_or_default();
        let mut given = false;
        let rungs = LADDER.map(|(view, means)| {
            let (answer, ids) = match stopped_by.get(view) {
                Some(ids) if ids.is_empty() => (Answer::NothingPermits, Vec::new()),
                Some(ids) => (Answer::Stopped, ids.clone()),
                None if given || allowed_by.is_empty() => (Answer::NotNeeded, Vec::new()),
                None => (Answer::Allowed, allowed_by.clone()),
            };
            given |= answer == Answer::Allowed;
            let rules = ids.iter().filter_map(|id| engine.rule(id)).map(cited).collect();
            Rung { view, means, answer, rules }
        });
        let question = Asked::of(request, facts, registry).ok().and_then(|asked| asked.about(class));
        let used = record.map(|record| record.facts_used).unwrap_or_default();
        let (outcome, withheld) = seen(&decided);
        Account {
            outcome,
            withheld,
            rungs: rungs.into(),
            facts: question.map(|question| engine.values(&question, &used)).unwrap_or_default(),
            refused: decision.denied().map(|reason| reason.as_str_name()),
            break_glass_would_help: decision.break_glass_would_help(),
            audit_meta: may_read_decisions(engine, request, registry),
        }
    }

    /// How much the reader gets by these rules, and what is taken out of it.
    pub fn shown(&self, engine: &Engine) -> (&'static str, Vec<&'static str>) {
        seen(&self.line.decide(engine))
    }

    /// The organisation whose people ask, or whom of the family it is; and what the record is of.
    pub fn about(&self) -> (&str, &str) {
        let Line { principal, resource, .. } = &self.line;
        let family = principal.person.as_deref().unwrap_or(&principal.kind);
        (if self.line.is_staff() { &principal.org } else { family }, &resource.category)
    }

    /// Every key of the reader, of the child and of the facts whose one change would show more or less, with what it would
    /// show: more first.
    pub fn one_fact_away(&self, engine: &Engine) -> Vec<Away> {
        let now = seen(&self.line.decide(engine));
        let whole = self.whole();
        let mut found = Vec::new();
        for key in Line::KEYS.keys {
            let Takes::Section(section) = key.takes else { continue };
            // What the record is of is no fact that could be otherwise.
            if !["principal", "child", "facts"].contains(&key.name) {
                continue;
            }
            for fact in section.keys {
                let key = format!("{}.{}", key.name, fact.name);
                let from = whole.pointer(&format!("/{}", key.replace('.', "/"))).cloned().unwrap_or_default();
                for to in others(fact, &from) {
                    let Ok(changed) = self.with(&key, to.clone()) else { continue };
                    let then = seen(&changed.line.decide(engine));
                    if then != now {
                        let more = amount(&then) > amount(&now);
                        let (outcome, withheld) = then;
                        found.push(Away { key: key.clone(), from: from.clone(), to, outcome, withheld, more });
                    }
                }
            }
        }
        found.sort_by_key(|away| std::cmp::Reverse((away.more, amount(&(away.outcome, away.withheld.clone())))));
        found
    }

    /// The case with another value at a key: "facts.consent".
    ///
    /// # Errors
    /// Every problem of it, as [`Case::of`] gives them.
    pub fn with(&self, key: &str, value: Value) -> Result<Self, Vec<String>> {
        let mut whole = self.whole();
        super::leave_out_nulls(&mut whole);
        set(&mut whole, key, value);
        Self::of(whole)
    }
}

/// Puts a value at a key of sections within sections.
pub(super) fn set(case: &mut Value, key: &str, value: Value) {
    let (first, rest) = key.split_once('.').map_or((key, None), |(first, rest)| (first, Some(rest)));
    if !case.is_object() {
        *case = json!({});
    }
    let Some(object) = case.as_object_mut() else { return };
    match rest {
        Some(rest) => set(object.entry(first).or_insert_with(|| json!({})), rest, value),
        None => drop(object.insert(first.to_owned(), value)),
    }
}

/// What else could stand at a key, where that is a short list.
fn others(key: &Key, now: &Value) -> Vec<Value> {
    match key.takes {
        Takes::Flag => [false, true].map(Value::from).into_iter().filter(|other| other != now).collect(),
        Takes::Word(words) if !["org", "kind", "person"].contains(&key.name) => {
            words().into_iter().map(Value::from).filter(|other| other != now).collect()
        }
        Takes::Words(words) => {
            let held: BTreeSet<String> =
                now.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
            let toggled = |word: &String| {
                let mut others = held.clone();
                if !others.remove(word) {
                    others.insert(word.clone());
                }
                Value::from(others.into_iter().collect::<Vec<_>>())
            };
            words().iter().map(toggled).collect()
        }
        _ => Vec::new(),
    }
}

/// How much a reader gets.
type Seen = (&'static str, Vec<&'static str>);

fn seen(decided: &Decided) -> Seen {
    let permit = decided.decision.permit(&decided.class);
    let withheld = permit.map(|permit| permit.withheld().iter().map(|group| FieldGroup::name(*group)).collect());
    (outcome_word(decided.decision.outcome(&decided.class)), withheld.unwrap_or_default())
}

/// Greater for more.
fn amount((outcome, withheld): &Seen) -> (usize, std::cmp::Reverse<usize>) {
    let rung = ["hide", "existence", "redacted", "full"].iter().position(|word| word == outcome);
    (rung.unwrap_or_default(), std::cmp::Reverse(withheld.len()))
}

fn cited(rule: &Rule) -> Cited {
    Cited { id: rule.id.clone(), says: rule.say.clone(), law: rule.law.clone() }
}
