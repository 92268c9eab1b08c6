//! The fold.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use prost::Message;
use proto::event::KindNumber;
use proto::events::event::Kind;
use proto::events::{Body, Event, Finding, Version, When};
use proto::wire;

use crate::rectify::{Rectified, rectifications};
use crate::when::sort_key_us;

/// An event as it was said: opened, checked, and placed in the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Said {
    /// The envelope's event id.
    pub event_id: [u8; 16],
    /// The envelope's subject.
    pub subject: [u8; 16],
    /// When the log took it, microseconds since 1970.
    pub published_at_us: i64,
    /// What it says.
    pub body: Body,
}

/// One entry of a timeline, as it now stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// What its versions are states of.
    pub entry_id: [u8; 16],
    /// The subject it was said of.
    pub subject: [u8; 16],
    /// The organisation that answers for it.
    pub controller: String,
    /// The connector that read it.
    pub source: String,
    /// When it happened.
    pub effective: When,
    /// The event, its fields each from the highest version that says anything of them.
    pub event: Event,
    /// What the latest version's data say of their own quality.
    pub findings: Vec<Finding>,
    /// Pseudonyms of the other people that it tells of, of every version that still contributes; sorted.
    pub third_parties: Vec<[u8; 16]>,
    /// What its source put on it that makes it more private, of every version that still contributes: numbers of the contract's
    /// labels, sorted.
    pub labels: Vec<i32>,
    /// When the source stood so, microseconds since 1970.
    pub known_as_at_us: i64,
    /// That a person put it right.
    pub rectified: Option<Rectified>,
}

impl Entry {
    /// Which kind of event.
    pub fn kind(&self) -> Option<KindNumber> {
        self.event.kind_number()
    }
}

/// A child's timeline.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Timeline {
    /// Newest first; entries of one moment in order of entry id.
    pub entries: Vec<Entry>,
}

/// An event that cannot be folded. Envelopes are checked when they are opened, so this means a defect and not bad data.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FoldError {
    /// No version, entry id, effective date or kind.
    #[error("an event lacks its {0}")]
    Incomplete(&'static str),
    /// The event's own encoding does not hold.
    #[error(transparent)]
    Malformed(#[from] wire::Malformed),
    /// Fields that were each well-formed are not together.
    #[error("the folded fields are no event")]
    NotAnEvent,
}

/// Folds events into a timeline. Events published after `known_at_us` are left out.
///
/// # Errors
/// [`FoldError`] on an event that was not checked before.
pub fn fold(said: impl IntoIterator<Item = Said>, known_at_us: Option<i64>) -> Result<Timeline, FoldError> {
    let known = said.into_iter().filter(|event| known_at_us.is_none_or(|limit| event.published_at_us <= limit));
    let mut said: Vec<Said> = known.collect();
    let mut marks = BTreeMap::new();
    for rectification in rectifications(&said)? {
        marks.insert(EntryKey::of(&rectification.says)?, rectification.mark);
        said.push(rectification.says);
    }
    let mut states: BTreeMap<EntryKey, Vec<Said>> = BTreeMap::new();
    for event in said {
        states.entry(EntryKey::of(&event)?).or_default().push(event);
    }
    let mut entries = Vec::with_capacity(states.len());
    for (key, versions) in states {
        let rectified = marks.remove(&key);
        entries.extend(stand(key, versions)?.map(|entry| Entry { rectified, ..entry }));
    }
    sort(&mut entries);
    Ok(Timeline { entries })
}

/// Puts entries in the order of a timeline: newest first, and those of one moment in order of entry id and subject.
pub fn sort(entries: &mut [Entry]) {
    entries.sort_by_cached_key(|entry| (Reverse(sort_key_us(&entry.effective)), entry.entry_id, entry.subject));
}

/// Nobody but the organisation and source that said an entry can say anything more of it.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
pub(crate) struct EntryKey {
    pub(crate) subject: [u8; 16],
    pub(crate) controller: String,
    pub(crate) source: String,
    pub(crate) entry_id: [u8; 16],
}

impl EntryKey {
    pub(crate) fn of(said: &Said) -> Result<Self, FoldError> {
        let entry_id = said.body.entry_id.as_slice().try_into().map_err(|_| FoldError::Incomplete("entry id"))?;
        Ok(Self {
            subject: said.subject,
            controller: said.body.controller.clone(),
            source: said.body.source.clone(),
            entry_id,
        })
    }
}

/// How two states of one entry are ordered: by version, and by event id only when all its parts are equal.
pub(crate) fn rank(said: &Said) -> Result<(i64, u64, u32, [u8; 16]), FoldError> {
    let Version { as_of_us, sequence, mapping_revision } = said.body.version.ok_or(FoldError::Incomplete("version"))?;
    Ok((as_of_us, sequence, mapping_revision, said.event_id))
}

/// The entry as its versions leave it, whoever put it right; `None` when the last word is that it is gone.
pub(crate) fn stand(key: EntryKey, versions: Vec<Said>) -> Result<Option<Entry>, FoldError> {
    let mut ranked =
        versions.into_iter().map(|said| Ok((rank(&said)?, said))).collect::<Result<Vec<_>, FoldError>>()?;
    ranked.sort_by_key(|version| version.0);
    ranked.dedup_by_key(|version| version.0);
    // Only what came after the last retraction, and is of the kind that the entry now has, still says anything.
    let live_from = ranked.iter().rposition(|(_, said)| is_gone(&said.body)).map_or(0, |last_gone| last_gone + 1);
    let live = ranked.split_off(live_from);
    let Some((_, last)) = live.last() else { return Ok(None) };
    let kind = last.body.event.as_ref().and_then(Event::kind_number).ok_or(FoldError::Incomplete("kind"))?;
    let effective = last.body.effective.ok_or(FoldError::Incomplete("effective date"))?;
    let known_as_at_us = last.body.version.ok_or(FoldError::Incomplete("version"))?.as_of_us;
    let findings = last.body.findings.clone();
    let mut contributing: Vec<Said> = live
        .into_iter()
        .map(|(_, said)| said)
        .filter(|said| said.body.event.as_ref().and_then(Event::kind_number) == Some(kind))
        .collect();
    let mut third_parties: Vec<[u8; 16]> = contributing
        .iter()
        .flat_map(|said| &said.body.third_parties)
        .filter_map(|bytes| bytes.as_slice().try_into().ok())
        .collect();
    third_parties.sort_unstable();
    third_parties.dedup();
    let mut labels: Vec<i32> = contributing.iter().flat_map(|said| &said.body.labels).copied().collect();
    labels.sort_unstable();
    labels.dedup();
    let event = if contributing.len() == 1 {
        contributing.pop().and_then(|said| said.body.event).ok_or(FoldError::Incomplete("kind"))?
    } else {
        fold_fields(kind, &contributing)?
    };
    let EntryKey { subject, controller, source, entry_id } = key;
    let rectified = None;
    Ok(Some(Entry {
        entry_id,
        subject,
        controller,
        source,
        effective,
        event,
        findings,
        third_parties,
        labels,
        known_as_at_us,
        rectified,
    }))
}

fn is_gone(body: &Body) -> bool {
    matches!(body.event.as_ref().and_then(|e| e.kind.as_ref()), Some(Kind::EntryRetracted(_) | Kind::EntryCorrected(_)))
}

/// Puts an event together from its versions, lowest first: for each field the last that asserts or empties it.
fn fold_fields(kind: KindNumber, versions: &[Said]) -> Result<Event, FoldError> {
    let encoded: Vec<Vec<u8>> =
        versions.iter().map(|said| said.body.event.as_ref().map(Message::encode_to_vec).unwrap_or_default()).collect();
    let mut standing: BTreeMap<u32, Vec<&[u8]>> = BTreeMap::new();
    for (said, bytes) in versions.iter().zip(&encoded) {
        for number in &said.body.clears {
            standing.remove(number);
        }
        let outer = wire::fields(bytes)?;
        let message = outer.iter().find(|f| f.number == kind.0).ok_or(FoldError::Incomplete("kind"))?;
        let mut asserted: BTreeMap<u32, Vec<&[u8]>> = BTreeMap::new();
        for field in wire::fields(message.content)? {
            asserted.entry(field.number).or_default().push(field.whole);
        }
        standing.append(&mut asserted);
    }
    let message: Vec<u8> = standing.into_values().flatten().flatten().copied().collect();
    let mut event = Vec::with_capacity(message.len() + 8);
    prost::encoding::encode_key(kind.0, prost::encoding::WireType::LengthDelimited, &mut event);
    prost::encoding::encode_varint(message.len() as u64, &mut event);
    event.extend_from_slice(&message);
    Event::decode(event.as_slice()).map_err(|_| FoldError::NotAnEvent)
}

#[cfg(test)]
mod tests;
