//! The rules that can say anything of a question, by who asks for what and why: of a hundred rules a question meets some
//! thirty. What is left out could not have fired whatever else is so, so that every answer is the whole set's.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use cedar_policy::PolicySet;
use serde_json::Value;

use crate::engine::Action;
use crate::engine::{Engine, Rule};
use crate::prove::Reach;
use crate::question::{Question, Reader};
use crate::vocabulary::{Purpose, Vocabulary};

/// Purposes that there is room for; a question of a later one meets every rule.
const PURPOSES: usize = 32;
/// Staff, and the child or the family.
const READERS: usize = 2;

/// The slices of a set of rules, each made when it is first asked of.
#[derive(Debug)]
pub(super) struct Slices {
    pub(super) reach: Reach,
    /// Where one cannot be made, the whole set stands for it.
    made: Vec<OnceLock<Option<PolicySet>>>,
}

impl Slices {
    pub(super) fn of(schema: &Value) -> Self {
        let made = std::iter::repeat_with(OnceLock::new).take(READERS * Action::ALL.len() * PURPOSES).collect();
        Self { reach: Reach::of(schema), made }
    }

    /// None: every question meets the whole set, as it stands when it is asked.
    pub(super) fn none(&self) -> Self {
        Self { reach: self.reach.clone(), made: Vec::new() }
    }

    fn place(action: Action, staff: bool, purpose: Purpose) -> Option<usize> {
        let number = usize::from(purpose.number());
        (number < PURPOSES).then_some((usize::from(staff) * Action::ALL.len() + action as usize) * PURPOSES + number)
    }
}

impl Engine {
    /// The rules that can say anything of this action on this question.
    pub(super) fn slice(&self, action: Action, question: &Question) -> &PolicySet {
        self.slice_for(action, matches!(question.reader, Reader::Staff { .. }), question.context.purpose)
    }

    /// The rules that can say anything of this action, asked for by staff or by somebody else, for a purpose.
    pub(crate) fn slice_for(&self, action: Action, staff: bool, purpose: Purpose) -> &PolicySet {
        let made = Slices::place(action, staff, purpose).and_then(|place| self.slices.made.get(place));
        let slice = made.and_then(|made| made.get_or_init(|| self.make_slice(action, staff, purpose)).as_ref());
        slice.unwrap_or(&self.policies)
    }

    fn make_slice(&self, action: Action, staff: bool, purpose: Purpose) -> Option<PolicySet> {
        let purpose = purpose.word();
        let may_fire = |rule: &Rule| self.slices.reach.may_fire(&rule.json, staff, action.name(), &purpose);
        let cannot: BTreeSet<&str> = self.rules().filter(|rule| !may_fire(rule)).map(|rule| rule.id.as_str()).collect();
        let left = self.policies.policies().filter(|policy| !cannot.contains(AsRef::<str>::as_ref(policy.id())));
        PolicySet::from_policies(left.cloned()).ok()
    }

    /// The same rules, of which every question meets all.
    #[doc(hidden)]
    #[must_use]
    pub fn unsliced(mut self) -> Self {
        self.slices = self.slices.none();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_meets_less_than_half_of_the_rules() {
        let engine = Engine::load().unwrap();
        let (all, asked) = (engine.rules().count(), (Action::ViewFull, true, Purpose::DirectCare));
        let of = |engine: &Engine| engine.slice_for(asked.0, asked.1, asked.2).policies().count();
        let met = of(&engine);
        assert!(met > 10 && met * 2 < all, "{met} of {all}");
        assert_eq!(of(&engine.unsliced()), all);
    }
}
