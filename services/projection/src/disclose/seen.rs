//! To whom something of a child was given, as the child or who asks for them may know it.

use std::collections::BTreeSet;

use proto::audit::Seen;
use proto::disclosure::Disclosure;
use proto::sharing::{Call, Obligation};
use sharing::{Category, Given, Outcome, RecordClass, RuleBits};

use super::{Ask, Discloser};
use crate::audit::timestamp;
use crate::child::ChildError;
use crate::replay::RulesByHash;

impl Discloser {
    /// Of decisions about a child, those by which something of the record was given and of which this reader may know: each is put to
    /// the rules as a record of the organisation that was given it, of what it was given and what for. Newest first.
    ///
    /// # Errors
    /// [`ChildError`]: nothing was decided.
    pub(crate) fn decide_seen(
        &self,
        ask: &Ask,
        decisions: &[(i64, Disclosure)],
        rules: &dyn RulesByHash,
    ) -> Result<Vec<Seen>, ChildError> {
        let child = self.children.read_kept(ask.child, None)?;
        let registry = self.registries.current(ask.registry_generation)?;
        let facts = &self.on_day(&child, ask.valid_on).facts;
        let given = decisions.iter().filter(|(_, of)| is_content(of)).map(|(at_us, of)| {
            let given =
                Given { organisation: &of.organisation, purpose: of.purpose(), to_family: is_to_another(ask, of) };
            let purpose = given.purpose(facts, &registry);
            let of_category = |category| (category, given.of(category, facts, &registry));
            (*at_us, of, purpose, categories(of).map(of_category).collect::<Vec<(Category, RecordClass)>>())
        });
        let given: Vec<_> = given.collect();
        let classes =
            given.iter().flat_map(|(_, _, purpose, of)| purpose.iter().chain(of.iter().map(|(_, class)| class)));
        let decision = self.judge(ask, ask.valid_on, facts, &registry, classes);
        if decision.failed() {
            super::rules_failed();
        }
        let may_know =
            |class: &RecordClass| decision.outcome(class) == Outcome::Full && decision.may_name_source(class);
        let told = given.iter().rev().filter(|(_, _, purpose, _)| purpose.as_ref().is_none_or(may_know));
        let seen = told.filter_map(|(at_us, of, _, categories)| {
            let known: Vec<Category> =
                categories.iter().filter(|(_, class)| may_know(class)).map(|(category, _)| *category).collect();
            // What let them in says what the rest was.
            let whole = known.len() == categories.len();
            let organisation = registry.organisation(&of.organisation);
            (!known.is_empty()).then(|| Seen {
                at: Some(timestamp(*at_us)),
                organisation: of.organisation.clone(),
                name: organisation.map(|organisation| organisation.name().to_owned()).unwrap_or_default(),
                purpose: of.purpose,
                categories: known.into_iter().map(Into::into).collect(),
                because: if whole { because(of, rules) } else { Vec::new() },
                emergency: of.obligations >> (Obligation::Justify as u32) & 1 == 1,
            })
        });
        Ok(seen.collect())
    }
}

/// Whether something of a child's record was given by it.
fn is_content(of: &Disclosure) -> bool {
    let gave = of.entries_released > 0 || of.lines_released > 0;
    let reads = matches!(
        of.call(),
        Call::Unspecified
            | Call::GetTimeline
            | Call::WatchTimeline
            | Call::GetInvolvement
            | Call::GetFamily
            | Call::ListFacts
            | Call::ShowItem
    );
    gave && reads && of.denied == 0 && of.operator_command.is_empty()
}

/// To somebody of the family other than the reader.
fn is_to_another(ask: &Ask, of: &Disclosure) -> bool {
    let is_family = of.basis.as_ref().is_some_and(|basis| !basis.issuer.is_empty());
    is_family && (of.organisation != ask.caller.organisation || of.person != ask.caller.person)
}

/// What it was of; where its record names none, who the child is.
fn categories(of: &Disclosure) -> impl Iterator<Item = Category> {
    let named = (0..u64::BITS).filter(|bit| of.categories_given >> bit & 1 == 1);
    let named: BTreeSet<Category> = named.filter_map(|bit| Category::try_from(i32::try_from(bit).ok()?).ok()).collect();
    let none = named.is_empty().then_some(Category::Identity);
    named.into_iter().chain(none)
}

/// The permits by which it was given, in the words of their time.
fn because(of: &Disclosure, rules: &dyn RulesByHash) -> Vec<String> {
    let engine = of.policy_hash.as_slice().try_into().ok().and_then(|hash| rules.engine(&hash));
    let Some(engine) = engine else { return Vec::new() };
    let permits = engine.rules_of(RuleBits::told(of)).filter(|rule| rule.id.starts_with('P'));
    permits.map(|rule| rule.plain.clone()).filter(|plain| !plain.is_empty()).collect()
}
