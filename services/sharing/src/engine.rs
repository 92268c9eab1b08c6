//! The rules, loaded and checked once: parse, lint, strict validation, a self-test, and the hash that names them.

mod actions;
mod ask;
mod bits;
mod hash;
mod heard;
mod lint;
mod mutants;
mod rule;
mod set;
mod slices;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{Authorizer, PolicyId, PolicySet, Schema, SchemaFragment, ValidationMode, Validator};
use proto::sharing::RuleSet;

use crate::classify::{Classifier, TableUnusable};
use crate::counts::Counting;
use crate::derive::InvolvementTable;
use crate::engine::actions::Types;
pub(crate) use crate::engine::actions::{Action, Ladder};
pub(crate) use crate::engine::ask::{Ruling, own_record};
pub use crate::engine::bits::{RuleBits, RuleNumber};
use crate::engine::heard::Heard;
pub(crate) use crate::engine::heard::{Fires, Put};
pub use crate::engine::mutants::{Change, Mutant};
pub use crate::engine::rule::Rule;
pub(crate) use crate::engine::rule::attribute_path;
pub(crate) use crate::engine::set::Tables;
use crate::engine::slices::Slices;
use crate::facts::{ConsentForms, StatusTable};
use crate::statutes::Statutes;
use crate::terms::Terms;
use crate::vocabulary::Words;

/// The sharing rules, ready to decide by.
#[derive(Debug)]
pub struct Engine {
    schema: Schema,
    policies: PolicySet,
    /// For each question those of them that can say anything of it.
    slices: Slices,
    authorizer: Authorizer,
    /// Notes what is put to the rules, while somebody listens.
    heard: Option<Heard>,
    rules: Arc<BTreeMap<String, Rule>>,
    words: Words,
    types: Types,
    classifier: Classifier,
    terms: Terms,
    statutes: Statutes,
    statuses: StatusTable,
    involvement: InvolvementTable,
    consent_forms: ConsentForms,
    counting: Counting,
    set: RuleSet,
    /// Of a set that was kept: the attributes that its schema has, by entity type. Those that came later are not passed to it.
    known: Option<lint::Attributes>,
    policy_hash: [u8; 32],
}

/// What is asked of a set beside being readable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HeldTo {
    /// All that this build asks of its own.
    ThisBuild,
    /// Nothing more: it was run once, and was held to what was asked then.
    ItsTime,
}

/// Why the rules cannot be decided by. All of these are faults of the build, not of its input.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The schema does not parse.
    #[error("the schema of the rules does not parse: {0}")]
    Schema(String),
    /// The rules do not parse.
    #[error("the rules do not parse: {0}")]
    Policies(String),
    /// The rules do not satisfy the schema.
    #[error("the rules do not satisfy their schema: {0}")]
    Validation(String),
    /// The rules break one of our own requirements.
    #[error("rule {rule}: {problem}")]
    Lint {
        /// The rule's id.
        rule: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Something would be released whole that no rule takes out.
    #[error("the redactions are not complete: {0}")]
    Redaction(String),
    /// A table of the classifier or of involvement is unusable.
    #[error(transparent)]
    Table(#[from] TableUnusable),
    /// A question with a known answer was answered otherwise.
    #[error("the rules answer a known question wrongly: {0}")]
    SelfTest(&'static str),
}

impl Engine {
    /// Loads the rules that this build carries.
    ///
    /// # Errors
    /// When they do not parse, validate, pass the lint or answer the self-test.
    pub fn load() -> Result<Self, LoadError> {
        Self::of(set::of_this_build())
    }

    /// Loads another set as if this build carried it: a draft.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn of(set: RuleSet) -> Result<Self, LoadError> {
        let engine = Self::parse(set, HeldTo::ThisBuild)?;
        lint::redactions_are_complete(proto::fields::MESSAGES, engine.rules())?;
        engine.self_test()?;
        Ok(engine)
    }

    /// Loads a set that was kept when it was first run ([`Engine::rule_set`]), to run again what was decided by it. It is held to what it
    /// was held to then, and not to what is asked of a set today; facts of which it knew nothing are not passed to it.
    ///
    /// # Errors
    /// When this build cannot read it: then it takes the build of its time.
    pub fn from_stored(set: RuleSet) -> Result<Self, LoadError> {
        let mut engine = Self::parse(set, HeldTo::ItsTime)?;
        engine.known = Some(lint::Attributes::of_schema(&schema_of(&engine.set.schema)?.1));
        Ok(engine)
    }

    /// Whether decisions by this set are made as they were when it was run: by an engine of the same versions as this build's. Where
    /// not, what is run again is "by these rules, on the engine of today".
    pub fn evaluates_as_then(&self) -> bool {
        let now = set::of_this_build();
        let versions = |set: &RuleSet| {
            let texts = [&set.engine_version, &set.language_version].map(String::clone);
            (set.evaluation_revision, set.classifier_revision, texts)
        };
        versions(&self.set) == versions(&now)
    }

    /// The set as it is loaded: all that [`Engine::policy_hash`] is made from.
    pub fn rule_set(&self) -> &RuleSet {
        &self.set
    }

    /// Loads the rules of this build without those of these ids: what the mutation test calls, to see that each is missed.
    ///
    /// # Errors
    /// As [`Engine::load`]; also when one of the ids names no rule.
    #[doc(hidden)]
    pub fn load_without(ids: &[&str]) -> Result<Self, LoadError> {
        let mut engine = Self::parse(set::of_this_build(), HeldTo::ThisBuild)?;
        for id in ids {
            let missing = LoadError::Lint { rule: (*id).to_owned(), problem: "there is no such rule".to_owned() };
            Arc::make_mut(&mut engine.rules).remove(*id).ok_or(missing)?;
            engine.policies.remove_static(PolicyId::new(id)).map_err(|error| LoadError::Policies(error.to_string()))?;
        }
        Ok(engine)
    }

    fn parse(set: RuleSet, held: HeldTo) -> Result<Self, LoadError> {
        let (schema, schema_json) = schema_of(&set.schema)?;
        let parsed = PolicySet::from_str(&set.rules).map_err(|error| LoadError::Policies(error.to_string()))?;
        let mut policies = PolicySet::new();
        let mut rules = BTreeMap::new();
        let attributes = lint::Attributes::of_schema(&schema_json);
        for policy in parsed.policies() {
            let rule = Rule::of(policy)?;
            if held == HeldTo::ThisBuild {
                lint::check(&rule, &attributes)?;
            }
            policies
                .add(policy.new_id(PolicyId::new(&rule.id)))
                .map_err(|error| LoadError::Policies(error.to_string()))?;
            rules.insert(rule.id.clone(), rule);
        }
        let validation = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        let warnings = validation.validation_warnings().filter(|_| held == HeldTo::ThisBuild);
        let complaints: Vec<String> =
            validation.validation_errors().map(ToString::to_string).chain(warnings.map(ToString::to_string)).collect();
        if !complaints.is_empty() {
            return Err(LoadError::Validation(complaints.join("; ")));
        }
        let words = Words::new()?;
        let types = Types::new()?;
        let tables = Tables::of(&set);
        let classifier = Classifier::of(&tables)?;
        let terms = Terms::parse(tables.text("terms.toml"))?;
        let statutes = Statutes::parse(tables.text("statutes.toml"))?;
        let statuses = StatusTable::parse(tables.text("statuses.toml"), &terms)?;
        let involvement = InvolvementTable::parse(tables.text("involvement.toml"), &terms)?;
        let consent_forms = ConsentForms::parse(tables.text("consent_forms.toml"))?;
        let counting = Counting::parse(tables.text("counts.toml"))?;
        let policy_hash = hash::policy_hash(&set, rules.values());
        Ok(Self {
            schema,
            policies,
            slices: Slices::of(&schema_json),
            authorizer: Authorizer::new(),
            heard: None,
            rules: Arc::new(rules),
            words,
            types,
            classifier,
            terms,
            statutes,
            statuses,
            involvement,
            consent_forms,
            counting,
            set,
            known: None,
            policy_hash,
        })
    }

    /// SHA-256 over the versions of the engine, the schema, every rule and every table: the name of the rules that a decision was
    /// made by.
    pub fn policy_hash(&self) -> &[u8; 32] {
        &self.policy_hash
    }

    /// Every rule, in order of id.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// The rule of this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// The rules that a record names, in order of id.
    pub fn rules_of(&self, bits: RuleBits) -> impl Iterator<Item = &Rule> {
        self.rules().filter(move |rule| bits.has(rule))
    }

    /// What Cedar answers to a whole request, of every rule.
    pub(crate) fn cedar(
        &self,
        request: &cedar_policy::Request,
        entities: &cedar_policy::Entities,
    ) -> cedar_policy::Response {
        self.authorizer.is_authorized(request, &self.policies, entities)
    }

    /// What Cedar answers to it of a part of the rules.
    pub(crate) fn cedar_of(
        &self,
        rules: &PolicySet,
        request: &cedar_policy::Request,
        entities: &cedar_policy::Entities,
    ) -> cedar_policy::Response {
        self.authorizer.is_authorized(request, rules, entities)
    }

    pub(crate) fn shared_rules(&self) -> Arc<BTreeMap<String, Rule>> {
        Arc::clone(&self.rules)
    }

    pub(crate) fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// What the forms say that a source holds a tick of.
    pub(crate) fn consent_forms(&self) -> &ConsentForms {
        &self.consent_forms
    }

    /// How children are counted for whoever plans services.
    pub fn counting(&self) -> &Counting {
        &self.counting
    }

    /// Dated words of sources.
    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(crate) fn statutes(&self) -> &Statutes {
        &self.statutes
    }

    pub(crate) fn statuses(&self) -> &StatusTable {
        &self.statuses
    }

    pub(crate) fn involvement(&self) -> &InvolvementTable {
        &self.involvement
    }

    /// The words of each closed list that the rules compare with, by entity type.
    pub fn vocabulary(&self) -> BTreeMap<String, Vec<String>> {
        self.words.by_type()
    }

    /// The words of each closed list as the schema has them, by entity type.
    pub fn schema_vocabulary(&self) -> BTreeMap<String, BTreeSet<String>> {
        lint::enumerations(&self.set.schema)
    }
}

pub(crate) fn schema_of(text: &str) -> Result<(Schema, serde_json::Value), LoadError> {
    let (fragment, _) =
        SchemaFragment::from_cedarschema_str(text).map_err(|error| LoadError::Schema(error.to_string()))?;
    let json = fragment.clone().to_json_value().map_err(|error| LoadError::Schema(error.to_string()))?;
    let schema = Schema::from_schema_fragments([fragment]).map_err(|error| LoadError::Schema(error.to_string()))?;
    Ok((schema, json))
}
