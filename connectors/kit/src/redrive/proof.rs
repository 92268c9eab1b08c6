//! What the log holds of entries, counted on the log itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use event_log::envelope::{Opened, decode};
use event_log::seal::Keyring;
use event_log::{EntryId, EventId, EventLog, LogError, Partition, Pseudonym, Topic};
use prost::Message as _;
use proto::events::Body;

const READ_RECORDS: usize = 1_000;

/// How entries stand on the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Proof {
    /// Items that became something.
    pub rows: u64,
    /// Entries that they became.
    pub entries: u64,
    /// Of these, how many are on the log.
    pub on_log: u64,
    /// Distinct ids of the events that say them.
    pub event_ids: u64,
    /// Records that repeat one of these ids, to the byte.
    pub repeats: u64,
    /// Records that repeat one of these ids with other bytes: must be none.
    pub differing: u64,
}

impl Proof {
    /// Each entry is there, and nothing is there twice that is not the same.
    pub fn holds(&self) -> bool {
        self.on_log == self.entries && self.differing == 0
    }
}

/// Reads the partitions of these subjects from their beginning.
pub(super) async fn count(
    log: &dyn EventLog,
    topic: Topic,
    keyring: &Keyring,
    entries: &BTreeSet<(Pseudonym, EntryId)>,
    rows: u64,
) -> Result<Proof, LogError> {
    let subjects: BTreeSet<Pseudonym> = entries.iter().map(|(subject, _)| *subject).collect();
    let partitions: BTreeSet<Partition> = subjects.iter().map(|subject| subject.partition()).collect();
    let (mut seen, mut on_log) = (HashMap::<EventId, bytes::Bytes>::new(), BTreeMap::<EntryId, u64>::new());
    let mut proof = Proof { rows, entries: entries.len() as u64, ..Proof::default() };
    for partition in partitions {
        let mut from = 0;
        loop {
            let records = log.read(topic, partition, from, READ_RECORDS).await?;
            let Some(last) = records.last() else { break };
            from = last.position.offset + 1;
            for record in records {
                let Ok(sealed) = decode(record.value.clone()) else { continue };
                if !subjects.contains(&sealed.header.subject) {
                    continue;
                }
                let Ok(Opened::Plain(plain)) = sealed.open(keyring) else { continue };
                let Ok(body) = Body::decode(plain.bytes.as_slice()) else { continue };
                let Some(entry) = EntryId::from_slice(&body.entry_id) else { continue };
                if !entries.contains(&(sealed.header.subject, entry)) {
                    continue;
                }
                match seen.get(&sealed.header.event_id) {
                    None => {
                        seen.insert(sealed.header.event_id, record.value);
                        *on_log.entry(entry).or_default() += 1;
                    }
                    Some(first) if *first == record.value => proof.repeats += 1,
                    Some(_) => proof.differing += 1,
                }
            }
        }
    }
    (proof.on_log, proof.event_ids) = (on_log.len() as u64, seen.len() as u64);
    Ok(proof)
}
