//! Which rules can fire at all, when of a question no more is known than who asks, for what action and for what purpose.

use serde_json::Value;

use crate::prove::evaluate::{Reader, Setting, Truth, Variable, World, not_known};
use crate::prove::schema::Domains;

/// What the schema says that it takes to tell.
#[derive(Clone, Debug)]
pub(crate) struct Reach(Domains);

impl Reach {
    pub(crate) fn of(schema: &Value) -> Self {
        Self(Domains::of(schema))
    }

    /// Whether this rule may fire, or fail to evaluate, for some question of such a reader (staff or not), action and purpose. Where it
    /// cannot be told, it may.
    pub(crate) fn may_fire(&self, rule: &Value, staff: bool, action: &str, purpose: &str) -> bool {
        // What is not evaluated here may fail there, before it comes to the purpose.
        if not_known(rule).is_some() {
            return true;
        }
        let reader = if staff { Reader::Staff } else { Reader::Person };
        let mut world = World::new(&self.0, reader);
        world.set(&Variable::of("context.purpose"), Setting::Word(purpose.to_owned()));
        self.0.in_scope(rule, reader, action) && world.conditions(rule) != Truth::False
    }

    /// Whether this rule is about such a reader (staff or not) and action, whatever its conditions are.
    pub(crate) fn is_in_scope(&self, rule: &Value, staff: bool, action: &str) -> bool {
        self.0.in_scope(rule, if staff { Reader::Staff } else { Reader::Person }, action)
    }
}
