//! The linker over the store: which records are probably of one child, by the parameters that stand adopted.
//!
//! A probable link is never written as a link. [`Linking`] goes behind the consumer: whoever was described anew is compared
//! with whoever shares a selective value, and a pair that is probable enough for a person to look at leaves an *edge* under
//! both subjects. An edge only leads, as a claim's key does. What it is worth is judged when a child is read
//! ([`crate::child`]): both are folded as they stood at the time that is asked about, weighed again by the parameters that
//! stood adopted then, and followed last, after all that is known. So an edge that is out of date links nobody, and what was
//! believed on a date can be had again.
//!
//! Nothing is lost between the two: the commit that brings a description also marks its subject as waiting, and the mark goes
//! in the commit that brings the edges. New parameters count from the commit that says that everything is linked by them.

mod adoptions;
pub(crate) mod described;
mod edge;
mod estimated;
mod population;
mod preview;
mod review;
mod stage;

use std::collections::BTreeSet;

use proto::events::event::Kind;

pub(crate) use adoptions::is_sound;
pub use adoptions::{Adopted, Adoptions, subject};
pub use edge::{Edge, Standing};
pub use estimated::{EstimateFailed, Estimated, estimate};
pub(crate) use preview::Tried;
pub use preview::{Counts, Preview, preview};
pub use review::{Contested, EdgesPage};
pub use stage::{Linking, Turn};

use crate::store::Key;
use crate::store::keys::{self, Parsed};

/// Whether an event may change what stands said of a person: a description, or what puts an entry right, of whichever kind.
pub(crate) fn bears_on_descriptions(event: Option<&Kind>) -> bool {
    matches!(
        event,
        Some(Kind::PersonDescribed(_) | Kind::EntryCorrected(_) | Kind::EntryRetracted(_) | Kind::EntryReassigned(_))
    )
}

/// The mark that a subject waits, from the key that says that an event bears on them.
pub(crate) fn waits(key: &Key) -> Option<Key> {
    match keys::parse(key.as_ref())? {
        Parsed::Described { subject, event, .. } => Some(keys::waiting(subject, event)),
        _ => None,
    }
}

/// Ids in ascending order, each once.
type Subjects = BTreeSet<event_log::Pseudonym>;
