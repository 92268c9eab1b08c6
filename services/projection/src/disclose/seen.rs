//! To whom something of a child was given, as the child or who asks for them may know it.

use std::collections::BTreeSet;

use proto::audit::Seen;
use proto::disclosure::Disclosure;
use proto::sharing::{Call, Obligation};
use sharing::{Category, Given, Outcome, RecordClass};

use super::{Ask, Discloser};
use crate::audit::timestamp;
use crate::child::ChildError;
use crate::replay::{DecidedClass, RulesByHash};

/// A decision by which something was given.
pub(crate) struct Made {
    /// When, microseconds since 1970.
    pub(crate) at_us: i64,
    /// Its record.
    pub(crate) of: Disclosure,
    /// Of a timeline, what each class of the records came to, where that can be worked out again.
    pub(crate) classes: Option<Vec<DecidedClass>>,
}

/// One kind of record that was given by one decision.
struct Part {
    category: Category,
    /// The record's own class, and that something of it was given: whoever is to know of it must be shown both.
    record: Option<RecordClass>,
    given: RecordClass,
    /// The rules that let it through.
    rules: BTreeSet<String>,
}

impl Discloser {
    /// Of decisions about a child, those by which something of the record was given and of which this reader may know. Each kind of
    /// record that was given is put to the rules as that record, and as one of the organisation that was given it; what it was given
    /// for likewise. Of what they may not know nothing is told, and nothing that is told differs by it. Newest first.
    ///
    /// # Errors
    /// [`ChildError`]: nothing was decided.
    pub(crate) fn decide_seen(
        &self,
        ask: &Ask,
        decisions: &[Made],
        rules: &dyn RulesByHash,
    ) -> Result<Vec<Seen>, ChildError> {
        let child = self.children.read_kept(ask.child, None)?;
        let registry = self.registries.current(ask.registry_generation)?;
        let facts = &self.on_day(&child, ask.valid_on).facts;
        let given = decisions.iter().map(|made| {
            let of = &made.of;
            let to_family = is_to_another(ask, of);
            let given = Given { organisation: &of.organisation, purpose: of.purpose(), to_family };
            let of_category = |category| given.of(category, facts, &registry);
            (made, given.purpose(facts, &registry), parts(made, of_category))
        });
        let given: Vec<(&Made, Option<RecordClass>, Vec<Part>)> = given.collect();
        let classes = given.iter().flat_map(|(_, purpose, parts)| {
            purpose.iter().chain(parts.iter().flat_map(|part| part.record.iter().chain([&part.given])))
        });
        let decision = self.judge(ask, ask.valid_on, facts, &registry, classes);
        if decision.failed() {
            super::rules_failed();
        }
        let may_know =
            |class: &RecordClass| decision.outcome(class) == Outcome::Full && decision.may_name_source(class);
        let is_shown = |class: &RecordClass| decision.outcome(class) >= Outcome::Redacted;
        let told = given.iter().rev().filter(|(_, purpose, _)| purpose.as_ref().is_none_or(may_know));
        let seen = told.filter_map(|(Made { at_us, of, .. }, _, parts)| {
            let may_know = |part: &&Part| may_know(&part.given) && part.record.as_ref().is_none_or(is_shown);
            let known: Vec<&Part> = parts.iter().filter(may_know).collect();
            let categories: BTreeSet<Category> = known.iter().map(|part| part.category).collect();
            let organisation = registry.organisation(&of.organisation);
            (!known.is_empty()).then(|| Seen {
                at: Some(timestamp(*at_us)),
                organisation: of.organisation.clone(),
                name: organisation.map(|organisation| organisation.name().to_owned()).unwrap_or_default(),
                purpose: of.purpose,
                categories: categories.into_iter().map(Into::into).collect(),
                because: because(of, known.iter().flat_map(|part| &part.rules), rules),
                emergency: of.obligations >> (Obligation::Justify as u32) & 1 == 1,
            })
        });
        Ok(seen.collect())
    }
}

/// Whether something of a child's record was given by it.
pub(crate) fn is_content(of: &Disclosure) -> bool {
    let gave = of.entries_released > 0 || of.lines_released > 0;
    let reads = is_timeline(of)
        || matches!(of.call(), Call::GetInvolvement | Call::GetFamily | Call::ListFacts | Call::ShowItem);
    gave && reads && of.denied == 0 && of.operator_command.is_empty()
}

fn is_timeline(of: &Disclosure) -> bool {
    matches!(of.call(), Call::Unspecified | Call::GetTimeline | Call::WatchTimeline)
}

/// To somebody of the family other than the reader.
fn is_to_another(ask: &Ask, of: &Disclosure) -> bool {
    let is_family = of.basis.as_ref().is_some_and(|basis| !basis.issuer.is_empty());
    is_family && (of.organisation != ask.caller.organisation || of.person != ask.caller.person)
}

/// What kinds of record it gave.
fn parts(made: &Made, of_category: impl Fn(Category) -> RecordClass) -> Vec<Part> {
    let of = |category| Part { category, record: None, given: of_category(category), rules: BTreeSet::new() };
    match (&made.classes, made.of.call()) {
        (Some(classes), _) if is_timeline(&made.of) => {
            let given = classes.iter().filter(|decided| decided.outcome >= Outcome::Existence);
            let part = |decided: &DecidedClass| Part {
                record: Some(decided.class.clone()),
                rules: decided.rules.clone(),
                ..of(decided.class.category)
            };
            given.map(part).collect()
        }
        // It cannot be worked out again: as its record has it.
        (None, _) if is_timeline(&made.of) => categories(&made.of).map(of).collect(),
        // The same whatever stood in it.
        (_, Call::GetInvolvement) => vec![of(Category::SocialCareInvolvement)],
        _ => vec![of(Category::Identity)],
    }
}

/// What it was of, as its record has it.
fn categories(of: &Disclosure) -> impl Iterator<Item = Category> {
    let bits = (0..u64::BITS).filter(|bit| of.categories_given >> bit & 1 == 1);
    bits.filter_map(|bit| Category::try_from(i32::try_from(bit).ok()?).ok())
}

/// The permits among these rules, in the words of their time.
fn because<'r>(of: &Disclosure, ids: impl Iterator<Item = &'r String>, rules: &dyn RulesByHash) -> Vec<String> {
    let engine = of.policy_hash.as_slice().try_into().ok().and_then(|hash| rules.engine(&hash));
    let Some(engine) = engine else { return Vec::new() };
    let permits: BTreeSet<&String> = ids.filter(|id| id.starts_with('P')).collect();
    let plain = permits.into_iter().filter_map(|id| engine.rule(id)).map(|rule| rule.plain.clone());
    plain.filter(|plain| !plain.is_empty()).collect()
}
