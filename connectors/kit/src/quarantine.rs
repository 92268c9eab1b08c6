//! What could not be translated, kept until a person deals with it.
//!
//! An item is named by its source, its place and what stood there, so that the same bad file again adds nothing. Each is a
//! subject of its own, and so has a data key of its own: destroying that key discards the item.

use std::collections::HashSet;

use event_log::envelope::{EnvelopeError, Opened, decode};
use event_log::seal::{Keyring, PseudonymKey};
use event_log::{EventId, EventLog, KeyId, LogError, Partition, Position, Pseudonym, Topic};
use prost::Message as _;
use proto::events::{Scheme, Version};
use proto::quarantine::Item;

use crate::connector::Rejection;

/// Most of a raw record that is kept, in bytes: what an envelope holds, less the item's own words.
pub const RAW_BYTES_MAX: usize = 900 * 1024;

const MESSAGE_BYTES_MAX: usize = 2_000;
const READ_RECORDS: usize = 200;

/// A rejection as an item.
pub(crate) fn item(key: &PseudonymKey, source: &str, rejection: &Rejection, at_us: i64) -> Item {
    let mut message = rejection.message.clone();
    if let Some((at, _)) = message.char_indices().find(|(at, _)| *at > MESSAGE_BYTES_MAX) {
        message.truncate(at);
    }
    let kept = rejection.raw.len().min(RAW_BYTES_MAX);
    if kept < rejection.raw.len() {
        message.push_str(" (only the first part of the record is kept)");
    }
    Item {
        id: id(key, source, rejection).as_bytes().to_vec(),
        reason: rejection.reason.into(),
        source: source.to_owned(),
        controller: rejection.controller.clone().unwrap_or_default(),
        place: Some(rejection.place.clone()),
        message,
        raw: rejection.raw.get(..kept).unwrap_or_default().to_vec(),
        quarantined_at_us: at_us,
        about: rejection.subject.as_ref().map(|subject| key.of(subject).0.to_vec()).unwrap_or_default(),
    }
}

fn id(key: &PseudonymKey, source: &str, rejection: &Rejection) -> EventId {
    let place = rejection.place.encode_to_vec();
    let what = [
        key.digest("quarantine-place", &place),
        key.digest("quarantine-raw", &rejection.raw),
        key.digest("quarantine-reason", rejection.reason.as_str_name().as_bytes()),
    ];
    key.event_id("quarantine", source, &hex::encode(what.concat()), &Version::default(), 0)
}

/// Whose envelope an item's is: its own.
pub(crate) fn subject(key: &PseudonymKey, source: &str, id: EventId) -> Pseudonym {
    key.pseudonym(Scheme::QuarantineItem, source, &id.to_string())
}

/// An item as it stands in the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Listed {
    /// Its id.
    pub id: EventId,
    /// Where in the log.
    pub position: Position,
    /// When the log took it, microseconds since 1970.
    pub published_at_us: i64,
    /// What it holds, as far as it can be read.
    pub state: Readable,
}

/// What can be read of an item.
#[derive(Clone, PartialEq, Debug)]
pub enum Readable {
    /// All of it; without the raw record in a list.
    Item(Box<Item>),
    /// Its key is not here.
    Parked(KeyId),
    /// It was discarded.
    Discarded,
    /// Its bytes are not as they were sealed.
    Damaged,
}

/// Why the quarantine could not be read.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An envelope could not be opened.
    #[error("an item could not be opened")]
    Envelope(#[from] EnvelopeError),
}

/// The items of the quarantine, each once, without their raw records, in the order in which the log took them.
///
/// # Errors
/// When the log cannot be read.
pub async fn list(log: &dyn EventLog, keyring: &Keyring) -> Result<Vec<Listed>, QuarantineError> {
    let (mut items, mut ids) = (Vec::<Listed>::new(), HashSet::new());
    read(log, keyring, |mut listed| {
        if let Readable::Item(item) = &mut listed.state {
            item.raw.clear();
        }
        if ids.insert(listed.id) {
            items.push(listed);
        }
        true
    })
    .await?;
    items.sort_by_key(|listed| (listed.published_at_us, listed.position));
    Ok(items)
}

/// One item with its raw record; `None` when there is none of this id.
///
/// # Errors
/// When the log cannot be read.
pub async fn show(log: &dyn EventLog, keyring: &Keyring, id: EventId) -> Result<Option<Listed>, QuarantineError> {
    let mut found = None;
    read(log, keyring, |listed| {
        let is_it = listed.id == id;
        if is_it {
            found = Some(listed);
        }
        !is_it
    })
    .await?;
    Ok(found)
}

/// Gives every item to `each` until it says to stop.
async fn read(
    log: &dyn EventLog,
    keyring: &Keyring,
    mut each: impl FnMut(Listed) -> bool + Send,
) -> Result<(), QuarantineError> {
    for partition in Partition::all() {
        let mut from = 0;
        loop {
            let records = log.read(Topic::Quarantine, partition, from, READ_RECORDS).await?;
            let Some(last) = records.last() else { break };
            from = last.position.offset + 1;
            for record in records {
                let Ok(sealed) = decode(record.value) else { continue };
                let state = match sealed.open(keyring) {
                    Ok(Opened::Plain(plain)) => Item::decode(plain.bytes.as_slice())
                        .map_or(Readable::Damaged, |item| Readable::Item(Box::new(item))),
                    Ok(Opened::Parked(key_id)) => Readable::Parked(key_id),
                    Ok(Opened::Erased(_)) => Readable::Discarded,
                    Err(_) => Readable::Damaged,
                };
                let id = sealed.header.event_id;
                let listed = Listed { id, position: record.position, published_at_us: record.published_at_us, state };
                if !each(listed) {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
