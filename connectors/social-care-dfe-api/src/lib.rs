//! The Department for Education's children's social care data: what a case system sends of each child as it changes, as JSON.
//!
//! **Files.** One child, an array of children, or `{"children": [...]}`; in the file's name stands whose they are
//! (`878_2025-11-22.json`), else they are of the authority that the connector answers for.
//!
//! **Posts.** As they are sent to the Department: see [`ChildrenEndpoint`].
//!
//! **A live feed.** Every block has an id of its own, so that keys are made of ids and not of dates: a date that is put right
//! is the same record. A block that is left out says nothing. One with the date by which it goes says all of itself; without, it
//! is only what changed of it, as some senders make it: that is said, and what it leaves out stands, blocks within it, events and
//! the fields of a description. `purge` takes back the
//! block and everything within it, at every level, and nobody has to confirm it.
//!
//! **Scopes.** One a child: `878/csc/CHILD2234`. It stood so when it was picked up or received.
//!
//! **Statuses.** What is said here of referrals, section 47 enquiries and protection plans opens and closes the statuses that
//! the sharing rules read, as long as it is fresh. It does not say under what a child is looked after, so that nothing opens
//! that status. A list whose file says its day, and of which everything was taken, confirms the feed: what it said before
//! still stands. A night in which nothing changed is an empty list. Education, health and care plans are not social care's to say:
//! they are kept whole.

mod child;
mod codes;
mod endpoint;
mod episode;
mod pieces;
mod say;
mod submission;

use connector_kit::file_name::Authority;
use connector_kit::{Connector, Delivery, Descriptor, Output, Registered, SourceFile, Whose};
pub use endpoint::ChildrenEndpoint;
use proto::events::Family;

/// What it is called: its events are this source's.
pub(crate) const NAME: &str = "social-care-dfe-api";

/// The connector.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChildrenSocialCare {
    /// Whose children are that do not say so.
    pub authority: Option<Authority>,
}

impl ChildrenSocialCare {
    /// For any authority: the files' names must say whose they are.
    pub const ANY: Self = Self { authority: None };
}

/// This connector, as it stands in the program.
pub fn connector(whose: &Whose) -> Registered {
    Registered::of(ChildrenSocialCare { authority: whose.authority }).receiving(ChildrenEndpoint)
}

impl Connector for ChildrenSocialCare {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: NAME,
            about: "The DfE's children's social care data (JSON): each child as the case system has it, as it changes",
            family: Family::SocialCare,
            delivery: Delivery::Snapshot,
            mapping_revision: 5,
        }
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        for file in files {
            submission::translate(self.authority, file, out);
        }
    }
}
