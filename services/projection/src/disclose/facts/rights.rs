//! What an organisation records of its own records because of whoever they are about: put right, restricted, kept.

use event_log::Pseudonym;
use event_log::authority::COMMAND;
use prost::Message as _;
use proto::events::event::Kind;
use proto::events::{EntryRectified, Event, RecordedBy, Subject};
use proto::sharing::restriction;
use timeline::Entry;

use crate::child::{Child, ChildError};
use crate::disclose::Discloser;

impl Discloser {
    /// By which number of the child an entry was said, and by which source; nothing where there is no such entry.
    ///
    /// # Errors
    /// [`ChildError`]: nothing was read.
    pub(crate) fn said_of_entry(
        &self,
        child: Pseudonym,
        entry_id: &[u8],
    ) -> Result<Option<(Subject, String)>, ChildError> {
        let child = self.children.read_kept(child, None)?;
        // Read from what was said, and not from what stands: an entry that was taken out can be put right too.
        let said = child.said.iter().map(|(_, said)| said);
        let said = said.filter(|said| said.body.source != COMMAND && said.body.entry_id == entry_id);
        Ok(said.filter_map(|said| Some((said.body.subject.clone()?, said.body.source.clone()))).next())
    }
}

/// Whether what would be recorded is about a record that another organisation answers for: as is one that there is not.
pub(super) fn of_another(child: &Child, kind: &Kind, set_by: Option<&RecordedBy>, organisation: &str) -> bool {
    let is_own = |entry: &&Entry| entry.controller == organisation && entry.source != COMMAND;
    let own = || child.entries.iter().filter(is_own);
    let is_theirs = match kind {
        Kind::EntryRectified(said) => own().any(|entry| is_of(entry, said)),
        Kind::RestrictionSet(set) if set.kind() == restriction::Kind::Processing => match set.entry_ids.as_slice() {
            [] => own().next().is_some(),
            entries => entries.iter().all(|id| own().any(|entry| entry.entry_id == id.as_slice())),
        },
        Kind::RetentionDecided(_) => own().next().is_some(),
        Kind::RectificationWithdrawn(_) => set_by.is_some_and(|by| by.organisation == organisation),
        Kind::RestrictionLifted(_) => set_by.is_none_or(|by| by.organisation == organisation),
        // Of all else the word is the actor's own.
        _ => true,
    };
    !is_theirs
}

fn is_of(entry: &Entry, said: &EntryRectified) -> bool {
    entry.entry_id == said.entry_id() && entry.source == said.source()
}

/// What is wrong with a rectification beside the entry that it is of.
pub(super) fn problem(child: &Child, kind: &Kind) -> Option<&'static str> {
    let Kind::EntryRectified(said) = kind else { return None };
    let entry = child.entries.iter().find(|entry| is_of(entry, said))?;
    let stands = match said.stands() {
        [] => None,
        bytes => Some(Event::decode(bytes).ok().and_then(|event| event.kind_number())),
    };
    match stands {
        Some(kind) if kind != entry.kind() => Some("puts right in `stands` an entry of another kind than this one is"),
        _ => None,
    }
}
