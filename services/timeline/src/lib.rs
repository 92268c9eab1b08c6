//! Events in, a child's timeline out: pure, and the same whatever order the events come in and however often.
//!
//! Events with one entry id (of one subject, organisation and source) are states of one entry. An event asserts the
//! fields that it holds and empties those that it lists; for each field the highest version that says anything of it
//! wins. A retraction empties the entry; a later version brings it back with only what that version asserts.

mod fold;
mod rectify;
mod when;

pub use fold::{Entry, FoldError, Said, Timeline, fold, sort};
pub use rectify::{Rectification, Rectified, rectifications};
pub use when::{day_number, sort_key_us};
