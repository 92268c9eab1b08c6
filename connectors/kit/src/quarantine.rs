//! What could not be translated, kept until a person deals with it.
//!
//! An item is named by its source, its place and what stood there, so that the same bad file again adds nothing. Each is a
//! subject of its own, and so has a data key of its own: destroying that key discards the item.

mod count;

use std::collections::HashMap;

use event_log::envelope::{EnvelopeError, Opened, decode};
use event_log::seal::{Keyring, PseudonymKey};
use event_log::{EventId, EventLog, KeyId, LogError, Partition, Position, Pseudonym, Topic};
use prost::Message as _;
use proto::events::{Scheme, Version};
use proto::quarantine::handled::Outcome;
use proto::quarantine::{Handled, Item};

use crate::connector::Rejection;
pub use count::Count;

/// Most of a raw record that is kept, in bytes: what an envelope holds, less the item's own words.
pub const RAW_BYTES_MAX: usize = 900 * 1024;

/// How often an item may be read again and refused: then it is for a person.
pub const TRIES_MAX: u32 = 3;

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
        ..Item::default()
    }
}

/// What was done about an item, as the record that says so. The `number`th such record of the item has one id, whoever
/// writes it and whenever.
pub fn note(key: &PseudonymKey, of: &Item, handled: Handled, number: usize) -> (EventId, Item) {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    let version = Version { sequence: number, ..Version::default() };
    let id = key.event_id("quarantine-handled", &of.source, &hex::encode(&of.id), &version, 0);
    let said = Item {
        id: of.id.clone(),
        source: of.source.clone(),
        controller: of.controller.clone(),
        about: of.about.clone(),
        handled: Some(handled),
        ..Item::default()
    };
    (id, said)
}

/// The id that a rejection has as an item.
pub(crate) fn id(key: &PseudonymKey, source: &str, rejection: &Rejection) -> EventId {
    let place = rejection.place.encode_to_vec();
    let what = [
        key.digest("quarantine-place", &place),
        key.digest("quarantine-raw", &rejection.raw),
        key.digest("quarantine-reason", rejection.reason.as_str_name().as_bytes()),
    ];
    let digest = rejection.digest.as_slice();
    key.event_id("quarantine", source, &hex::encode([&what, digest].concat().concat()), &Version::default(), 0)
}

/// Whose envelope an item's is: its own.
pub fn subject(key: &PseudonymKey, source: &str, id: EventId) -> Pseudonym {
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
    /// What was done about it, in order.
    pub handled: Vec<Handled>,
}

/// Where an item stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It waits.
    Waiting,
    /// It was refused as often as it may be tried: a person puts it right at its source, or sets it aside.
    ForAPerson,
    /// It was dealt with.
    DealtWith,
}

/// Where an item stands of which this was done.
pub fn standing(handled: &[Handled]) -> Standing {
    let Some(last) = handled.last() else { return Standing::Waiting };
    match last.outcome() {
        Outcome::StillRefused if last.tries >= TRIES_MAX => Standing::ForAPerson,
        Outcome::StillRefused | Outcome::Unspecified => Standing::Waiting,
        Outcome::Redriven | Outcome::PassedOver | Outcome::SetAside => Standing::DealtWith,
    }
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

/// The items of the quarantine, each once, without their raw records, in the order in which they were quarantined, and within a
/// submission as they stood in it; with what was done about each.
///
/// # Errors
/// When the log cannot be read.
pub async fn list(log: &dyn EventLog, keyring: &Keyring) -> Result<Vec<Listed>, QuarantineError> {
    list_keeping(log, keyring, |_| false).await
}

/// As [`list`], with the raw records of those items that are to keep it.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn list_keeping(
    log: &dyn EventLog,
    keyring: &Keyring,
    keeps_raw: impl Fn(&Item) -> bool + Send + Sync,
) -> Result<Vec<Listed>, QuarantineError> {
    let mut items = Items::default();
    read(log, keyring, |mut listed, sealed| {
        if let Readable::Item(item) = &mut listed.state
            && !keeps_raw(item)
        {
            item.raw.clear();
        }
        items.take(listed, sealed);
    })
    .await?;
    let mut items = items.listed;
    // Those of one submission as they stood in it.
    items.sort_by_cached_key(|listed| match &listed.state {
        Readable::Item(item) => {
            let place = item.place.clone().unwrap_or_default();
            (item.quarantined_at_us, place.file, place.record, place.line, listed.position)
        }
        Readable::Parked(_) | Readable::Discarded | Readable::Damaged => {
            (listed.published_at_us, String::new(), 0, 0, listed.position)
        }
    });
    Ok(items)
}

/// One item with its raw record; `None` when there is none of this id.
///
/// # Errors
/// When the log cannot be read.
pub async fn show(log: &dyn EventLog, keyring: &Keyring, id: EventId) -> Result<Option<Listed>, QuarantineError> {
    let mut items = Items::default();
    read(log, keyring, |listed, sealed| {
        let is_about_it = match &listed.state {
            Readable::Item(item) => item.id == id.as_bytes(),
            Readable::Parked(_) | Readable::Discarded | Readable::Damaged => listed.id == id,
        };
        if is_about_it {
            items.take(listed, sealed);
        }
    })
    .await?;
    Ok(items.listed.into_iter().next())
}

/// Whose envelope a record came in, and the source of the key that sealed it.
#[derive(PartialEq, Eq)]
struct SealedBy {
    subject: Pseudonym,
    source: String,
}

/// Items as they are read. What was done about one stands after it, in its own partition.
#[derive(Default)]
struct Items {
    listed: Vec<Listed>,
    at: HashMap<EventId, (usize, SealedBy)>,
}

impl Items {
    fn take(&mut self, listed: Listed, sealed: SealedBy) {
        if self.at.contains_key(&listed.id) {
            return;
        }
        let said = match &listed.state {
            Readable::Item(item) => item.handled.clone().map(|handled| (EventId::from_slice(&item.id), handled)),
            Readable::Parked(_) | Readable::Discarded | Readable::Damaged => None,
        };
        let Some((of, handled)) = said else {
            self.at.insert(listed.id, (self.listed.len(), sealed));
            self.listed.push(listed);
            return;
        };
        // Anybody who may write here can name an item: what was done about it is said under its own key.
        let of = of.and_then(|of| self.at.get(&of)).filter(|(_, item)| *item == sealed).map(|(at, _)| *at);
        if let Some((at, item)) = of.and_then(|at| Some((at, self.listed.get_mut(at)?))) {
            item.handled.push(handled);
            self.at.insert(listed.id, (at, sealed));
        }
    }
}

/// Gives every record of the quarantine to `each`.
async fn read(
    log: &dyn EventLog,
    keyring: &Keyring,
    mut each: impl FnMut(Listed, SealedBy) + Send,
) -> Result<(), QuarantineError> {
    for partition in Partition::all() {
        let mut from = 0;
        loop {
            let records = log.read(Topic::Quarantine, partition, from, READ_RECORDS).await?;
            let Some(last) = records.last() else { break };
            from = last.position.offset + 1;
            for record in records {
                let Ok(sealed) = decode(record.value) else { continue };
                let mut source = String::new();
                let state = match sealed.open(keyring) {
                    Ok(Opened::Plain(plain)) => {
                        source.clone_from(&plain.key_of.source);
                        Item::decode(plain.bytes.as_slice())
                            .map_or(Readable::Damaged, |item| Readable::Item(Box::new(item)))
                    }
                    Ok(Opened::Parked(key_id)) => Readable::Parked(key_id),
                    Ok(Opened::Erased(_)) => Readable::Discarded,
                    Err(_) => Readable::Damaged,
                };
                let (id, published_at_us) = (sealed.header.event_id, record.published_at_us);
                let by = SealedBy { subject: sealed.header.subject, source };
                each(Listed { id, position: record.position, published_at_us, state, handled: Vec::new() }, by);
            }
        }
    }
    Ok(())
}
