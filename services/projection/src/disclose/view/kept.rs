//! Views made before, each with all that it was made from. A view is a function of the child's entries, the decision, the
//! organisations' names and contacts, and the part that was asked for: where all of these are the same, what comes of them is,
//! whoever asks. The decision is made each time, for whoever asks, and compared whole; no part of it is taken from here.
//!
//! They are kept with the entries they are of ([`crate::child::OnDay`]), and go when these do: with the first commit that
//! touches the child, with the day, with a key that is destroyed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use sharing::{Category, Decision, Principal, Purpose, Registry};

use super::Rendered;
use crate::disclose::Ask;

/// Views of one child on one day: the oldest goes first.
const VIEWS_MAX: usize = 4;

/// The views of one child on one day.
#[derive(Default)]
pub(crate) struct KeptViews(Mutex<VecDeque<Made>>);

/// A view, and what it was made from besides the entries.
struct Made {
    decision: Arc<Decision>,
    registry: Arc<Registry>,
    part: Part,
    hub_contact: String,
    /// Who was shown it first: see [`KeptViews::was_shown`].
    shown_to: (Principal, Purpose),
    rendered: Arc<Rendered>,
}

/// The part of a timeline that is asked for.
#[derive(PartialEq, Eq)]
struct Part {
    days: (Option<i64>, Option<i64>),
    categories: Vec<Category>,
    skip: usize,
    page_size: usize,
}

impl Part {
    fn is_of(&self, ask: &Ask) -> bool {
        self.days == (ask.from_day, ask.to_day)
            && self.categories == ask.categories
            && (self.skip, self.page_size) == (ask.skip, ask.page_size)
    }
}

impl KeptViews {
    /// The view that this decision gives, made now unless it was made before.
    pub(super) fn view(
        &self,
        ask: &Ask,
        decision: &Arc<Decision>,
        registry: &Arc<Registry>,
        hub_contact: &str,
        make: impl FnOnce() -> Rendered,
    ) -> Arc<Rendered> {
        let is_it = |made: &&Made| {
            made.part.is_of(ask)
                && Arc::ptr_eq(&made.registry, registry)
                && made.hub_contact == hub_contact
                && made.decision == *decision
        };
        if let Some(made) = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().find(is_it) {
            return Arc::clone(&made.rendered);
        }
        // Not under the lock: two may make the same.
        let rendered = Arc::new(make());
        let made = Made {
            decision: Arc::clone(decision),
            registry: Arc::clone(registry),
            part: Part {
                days: (ask.from_day, ask.to_day),
                categories: ask.categories.clone(),
                skip: ask.skip,
                page_size: ask.page_size,
            },
            hub_contact: hub_contact.to_owned(),
            shown_to: (ask.caller.principal(), ask.purpose),
            rendered: Arc::clone(&rendered),
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= VIEWS_MAX {
            kept.pop_front();
        }
        kept.push_back(made);
        rendered
    }

    /// Whether this reader was shown this part before, so that deciding again asks the rules nothing new and makes no view.
    /// Only how long it takes goes by this, never what is shown.
    pub(crate) fn was_shown(&self, ask: &Ask, principal: &Principal) -> bool {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().any(|made| made.part.is_of(ask) && made.shown_to.1 == ask.purpose && made.shown_to.0 == *principal)
    }
}

impl std::fmt::Debug for KeptViews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptViews")
    }
}
