//! Proof that the rules have the properties of `rules/properties.cedar`, whatever the facts.
//!
//! A property says what is never allowed, as a restriction of the rules' own language. The rules are evaluated with nothing
//! known; where the outcome depends on an attribute, every value that the schema gives it is tried in turn, and so on until
//! each way ends in a denial (the property is proved) or one in an allowance (a counterexample). So an attribute costs nothing
//! where no rule that could matter reads it, and one that is added to the schema is covered by itself. Cedar's own
//! type-aware partial evaluation takes a context that is wholly known or wholly unknown; this takes it attribute by attribute,
//! and is held to Cedar: by a test over many whole requests, and by asking Cedar about each counterexample.

mod case;
mod concrete;
mod evaluate;
mod property;
mod reach;
mod schema;

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Decision, Response, Schema};

use crate::engine::{Action, Engine, LoadError, Rule};
use crate::prove::evaluate::{Reader, Setting, Truth, Variable, World};
pub use crate::prove::property::Property;
use crate::prove::property::{Change, Form};
pub(crate) use crate::prove::reach::Reach;
use crate::prove::schema::Domains;
use crate::vocabulary::{Purpose, Vocabulary};

/// Ways that are tried for one property, at most: a set of rules that takes more is not proved.
const WAYS_MAX: u64 = 2_000_000;

/// How a property stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// "I1-sexual-health-and-schools"
    pub id: String,
    /// The property, in a sentence.
    pub says: String,
    /// In how many ways the attributes were taken to be, each for all that it leaves open.
    pub ways: u64,
    /// A situation in which it does not hold, as a line of a file of cases; `None` where it is proved.
    pub counterexample: Option<serde_json::Value>,
}

/// Why nothing is proved.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The properties or the rules cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A rule uses what the prover does not know of.
    #[error("{of}: the prover cannot evaluate {what}")]
    Unknown {
        /// The rule or property.
        of: String,
        /// The part of it.
        what: String,
    },
    /// Too many ways.
    #[error("property {0}: not proved in two million ways; name more of what it is about")]
    TooMany(String),
    /// The prover and Cedar answer a question differently: a fault of the prover.
    #[error("property {0}: the prover finds a counterexample that Cedar denies")]
    Disagrees(String),
}

/// Proves the properties of this build of a set of rules, each whatever became of the others.
///
/// # Errors
/// [`ProveError`].
pub fn prove(engine: &Engine) -> Result<Vec<Proof>, ProveError> {
    prove_those(engine, |_| true)
}

/// Proves the properties whose id is asked for.
///
/// # Errors
/// [`ProveError`].
pub fn prove_those(engine: &Engine, asked: impl Fn(&str) -> bool) -> Result<Vec<Proof>, ProveError> {
    let prover = Prover::new(engine)?;
    prover.properties.iter().filter(|property| asked(&property.id)).map(|property| prover.prove(property)).collect()
}

/// Whether the prover and Cedar answer alike every action of one whole request, made by picking of each attribute one of its
/// values: `pick` is given how many there are. What the tests hold the prover to.
///
/// # Errors
/// [`ProveError`].
#[doc(hidden)]
pub fn agrees_with_cedar(engine: &Engine, pick: impl FnMut(usize) -> usize) -> Result<bool, ProveError> {
    let prover = Prover::new(engine)?;
    let world = prover.whole(pick);
    for action in prover.domains.actions_of(world.reader()) {
        let Some((request, entities)) = concrete::request(&world, action, &prover.schema) else { return Ok(false) };
        let response = engine.cedar(&request, &entities);
        let allowed = response.decision() == Decision::Allow;
        let determining: BTreeSet<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        let fires = |rule: &&Rule| rule.permits == allowed && prover.fires(&world, rule, action) == Truth::True;
        let ours: BTreeSet<String> = engine.rules().filter(fires).map(|rule| rule.id.clone()).collect();
        let alike = prover.allowed(&world, action) == if allowed { Truth::True } else { Truth::False };
        if !alike || ours != determining {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the rules that a question meets answer it as all of them do, with the same ones, for every action of one whole request,
/// made as [`agrees_with_cedar`] makes it.
///
/// # Errors
/// [`ProveError`].
#[doc(hidden)]
pub fn slices_agree(engine: &Engine, pick: impl FnMut(usize) -> usize) -> Result<bool, ProveError> {
    let prover = Prover::new(engine)?;
    let world = prover.whole(pick);
    let purpose = match world.get(&Variable::of("context.purpose")) {
        Some(Setting::Word(word)) => Purpose::members().into_iter().find(|purpose| purpose.word() == *word),
        _ => None,
    };
    for name in prover.domains.actions_of(world.reader()) {
        let action = Action::ALL.into_iter().find(|action| action.name() == name);
        let (Some(action), Some(purpose)) = (action, purpose) else { return Ok(false) };
        let Some((request, entities)) = concrete::request(&world, name, &prover.schema) else { return Ok(false) };
        let slice = engine.slice_for(action, world.reader() == Reader::Staff, purpose);
        let (of_slice, of_all) = (engine.cedar_of(slice, &request, &entities), engine.cedar(&request, &entities));
        let determining = |of: &Response| of.diagnostics().reason().cloned().collect::<BTreeSet<_>>();
        if of_slice.decision() != of_all.decision() || determining(&of_slice) != determining(&of_all) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A set of rules, and the properties that it is to have.
struct Prover<'e> {
    engine: &'e Engine,
    schema: Schema,
    domains: Domains,
    properties: Vec<Property>,
}

impl<'e> Prover<'e> {
    fn new(engine: &'e Engine) -> Result<Self, ProveError> {
        let (schema, json) = crate::engine::schema_of(&engine.rule_set().schema)?;
        let domains = Domains::of(&json);
        let properties = property::of_this_build(&schema, &domains)?;
        let prover = Self { engine, schema, domains, properties };
        prover.everything_can_be_evaluated()?;
        Ok(prover)
    }

    /// Everything that a request says, of each attribute one of its values: `pick` is given how many there are.
    fn whole(&self, mut pick: impl FnMut(usize) -> usize) -> World<'_> {
        let reader = if pick(2) == 0 { Reader::Staff } else { Reader::Person };
        let mut world = World::new(&self.domains, reader);
        for variable in self.domains.variables(reader) {
            let values = self.domains.values(&variable);
            let which = pick(values.len());
            if let Some(value) = values.into_iter().nth(which) {
                world.set(&variable, value);
            }
        }
        world
    }

    /// What the evaluator does not know would otherwise count as never settled.
    fn everything_can_be_evaluated(&self) -> Result<(), ProveError> {
        let rules = self.engine.rules().map(|rule| (&rule.id, &rule.json));
        let properties = self.properties.iter().map(|property| (&property.id, &property.json));
        for (id, json) in rules.chain(properties) {
            if let Some(what) = evaluate::not_known(json) {
                return Err(ProveError::Unknown { of: id.clone(), what });
            }
        }
        Ok(())
    }

    fn prove(&self, property: &Property) -> Result<Proof, ProveError> {
        let mut ways = 0;
        let proof =
            |ways, counterexample| Proof { id: property.id.clone(), says: property.says.clone(), ways, counterexample };
        for reader in [Reader::Staff, Reader::Person] {
            for action in self.domains.actions_of(reader) {
                if !self.domains.in_scope(&property.json, reader, action) {
                    continue;
                }
                for (change, by) in self.variants(property) {
                    let mut world = World::new(&self.domains, reader);
                    let violated = |world: &World<'_>| self.violated(property, change.as_ref().zip(by), action, world);
                    if self.search(property, &mut world, &violated, &mut ways)? {
                        let shown =
                            change.map_or_else(|| world.clone(), |change| world.with(&change.variable, &change.after));
                        if !self.cedar_allows(&shown, action) {
                            return Err(ProveError::Disagrees(property.id.clone()));
                        }
                        return Ok(proof(ways, Some(case::line(property, action, &shown))));
                    }
                }
            }
        }
        Ok(proof(ways, None))
    }

    /// What a property is tried with, one after the other: each change it speaks of, with each rule by which it could fail. A change
    /// matters only to the rules that read what changes.
    fn variants(&self, property: &Property) -> Vec<(Option<Change>, Option<&'e Rule>)> {
        let mut variants = Vec::new();
        for change in property.changes(&self.domains) {
            let Some(change) = change else {
                variants.push((None, None));
                continue;
            };
            let could_fail = |rule: &&Rule| match &property.form {
                Form::StaysClosed { by } => !rule.permits && rule.id.starts_with(by.as_str()),
                Form::Never | Form::Narrows => reads(rule, &change.variable),
            };
            variants.extend(self.engine.rules().filter(could_fail).map(|rule| (Some(change.clone()), Some(rule))));
        }
        variants
    }

    /// Whether there is a way in which the property is violated: then the world is left as it is there.
    fn search(
        &self,
        property: &Property,
        world: &mut World<'_>,
        violated: &dyn Fn(&World<'_>) -> Truth,
        ways: &mut u64,
    ) -> Result<bool, ProveError> {
        let open = match violated(world) {
            Truth::True => {
                *ways += 1;
                return Ok(true);
            }
            Truth::False | Truth::Error => {
                *ways += 1;
                return Ok(false);
            }
            Truth::Open(variable) => variable,
        };
        if *ways > WAYS_MAX {
            return Err(ProveError::TooMany(property.id.clone()));
        }
        for value in self.domains.values(&open) {
            world.set(&open, value);
            if self.search(property, world, violated, ways)? {
                return Ok(true);
            }
        }
        world.unset(&open);
        Ok(false)
    }

    fn violated(&self, property: &Property, by: Option<(&Change, &Rule)>, action: &str, world: &World<'_>) -> Truth {
        let premise = world.conditions(&property.json);
        let Some((change, rule)) = by.filter(|_| premise != Truth::False) else {
            return if premise == Truth::False { premise } else { premise.and(self.allowed(world, action)) };
        };
        let (before, after) =
            (world.with(&change.variable, &change.before), world.with(&change.variable, &change.after));
        let fires = |world: &World<'_>| self.fires(world, rule, action);
        let turns = match (&property.form, rule.permits) {
            (Form::StaysClosed { .. }, _) => fires(&before),
            (_, true) => fires(&after).and(fires(&before).not()),
            (_, false) => fires(&before).and(fires(&after).not()),
        };
        let mut found = premise.and(turns);
        if found != Truth::False {
            found = found.and(self.allowed(&after, action));
        }
        if found != Truth::False && property.form == Form::Narrows {
            found = found.and(self.allowed(&before, action).not());
        }
        found
    }

    fn fires(&self, world: &World<'_>, rule: &Rule, action: &str) -> Truth {
        if self.domains.in_scope(&rule.json, world.reader(), action) {
            world.conditions(&rule.json)
        } else {
            Truth::False
        }
    }

    /// Whether the rules allow an action, as the engine has it: a rule that fails to evaluate denies.
    fn allowed(&self, world: &World<'_>, action: &str) -> Truth {
        let mut asked: BTreeMap<_, usize> = BTreeMap::new();
        let (mut permitted, mut may_be_permitted, mut may_be_stopped) = (false, false, false);
        for rule in self.engine.rules() {
            match self.fires(world, rule, action) {
                Truth::Error => return Truth::False,
                Truth::True if !rule.permits => return Truth::False,
                Truth::True => permitted = true,
                Truth::False => {}
                Truth::Open(variable) => {
                    let open = if rule.permits { &mut may_be_permitted } else { &mut may_be_stopped };
                    *open = true;
                    *asked.entry(variable).or_default() += 1;
                }
            }
        }
        if !permitted && !may_be_permitted {
            return Truth::False;
        }
        if permitted && !may_be_stopped {
            return Truth::True;
        }
        // The one on which most rules wait.
        let most = asked.into_iter().max_by(|one, other| one.1.cmp(&other.1).then_with(|| other.0.cmp(&one.0)));
        most.map_or(Truth::Error, |(variable, _)| Truth::Open(variable))
    }

    fn cedar_allows(&self, world: &World<'_>, action: &str) -> bool {
        let Some((request, entities)) = concrete::request(world, action, &self.schema) else { return false };
        let response = self.engine.cedar(&request, &entities);
        response.decision() == Decision::Allow && response.diagnostics().errors().next().is_none()
    }
}

/// Whether a rule could tell one value of a variable from another.
fn reads(rule: &Rule, variable: &Variable) -> bool {
    let text = rule.json.to_string();
    let names = |word: &String| text.contains(&format!("\"{word}\"")) || text.contains("isEmpty");
    rule.facts_used.contains(&variable.path) && variable.word.as_ref().is_none_or(names)
}
