//! Records that the serving organisation itself writes: decisions and commands, sealed under its own keys.

use std::sync::{Arc, Mutex, PoisonError};

use event_log::seal::{DataKeys, PseudonymKey, SealError, WrappingKeys, decode_key_record};
use event_log::{Appended, EventId, EventLog, LogError, Partition, Pseudonym, Record, Topic};
use proto::events::Family;

const KEY_RECORDS_A_READ: usize = 10_000;

/// Writes to the log under one organisation's keys for one source.
pub struct OwnRecords {
    log: Arc<dyn EventLog>,
    /// The key of pseudonyms and ids.
    pub pseudonyms: Arc<PseudonymKey>,
    /// The organisation.
    pub organisation: String,
    keys: Mutex<Keys>,
    /// Held while new keys are put on the log, so that no body overtakes the key that seals it.
    keys_first: tokio::sync::Mutex<()>,
}

struct Keys {
    held: DataKeys,
    /// Made, and not yet acknowledged.
    pending: Vec<Record>,
}

/// One record to write.
#[derive(Clone)]
pub struct Own {
    /// Its topic.
    pub topic: Topic,
    /// Its subject.
    pub subject: Pseudonym,
    /// Its event id.
    pub event_id: EventId,
    /// Its family.
    pub family: Family,
    /// The message to seal.
    pub plaintext: Vec<u8>,
}

/// A record could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The log's.
    #[error(transparent)]
    Log(#[from] LogError),
    /// It could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl RecordError {
    /// The log takes nothing for now, and goes on by itself.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Log(error) if error.is_transient())
    }
}

impl OwnRecords {
    /// Reads the source's keys from the log.
    ///
    /// # Errors
    /// When the keys topic cannot be read, or holds a record of this source that is none.
    pub async fn open(
        log: Arc<dyn EventLog>,
        pseudonyms: Arc<PseudonymKey>,
        wrapping: Arc<WrappingKeys>,
        organisation: &str,
        source: &str,
    ) -> Result<Self, RecordError> {
        let mut keys = DataKeys::new(source, wrapping);
        for partition in Partition::all() {
            let mut from = 0;
            loop {
                let records = log.read(Topic::Keys, partition, from, KEY_RECORDS_A_READ).await?;
                let Some(last) = records.last() else { break };
                from = last.position.offset + 1;
                // A record that is no key's, or contradicts one, is the consumer's to put in quarantine: it stops nobody.
                for key in records.iter().filter_map(|record| decode_key_record(record).ok()) {
                    let _passed_over = keys.absorb(&key);
                }
            }
        }
        let keys = Mutex::new(Keys { held: keys, pending: Vec::new() });
        let keys_first = tokio::sync::Mutex::default();
        Ok(Self { log, pseudonyms, organisation: organisation.to_owned(), keys, keys_first })
    }

    /// The log that it writes to.
    pub(crate) fn log(&self) -> &dyn EventLog {
        self.log.as_ref()
    }

    /// Seals and writes the records; returns once all are durable. Keys that are new are durable before what they seal.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn write(&self, records: Vec<Own>) -> Result<Appended, RecordError> {
        let sealed = self.seal(records)?;
        self.put_keys_first().await?;
        Ok(self.log.append(sealed).await?)
    }

    fn seal(&self, records: Vec<Own>) -> Result<Vec<Record>, RecordError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sealed = Vec::with_capacity(records.len());
        for Own { topic, subject, event_id, family, plaintext } in records {
            let (key_id, new_key) = keys.held.for_subject(subject, &self.organisation)?;
            keys.pending.extend(new_key);
            let value = keys.held.seal(key_id, event_id, subject, family, &plaintext)?;
            sealed.push(Record { topic, partition: subject.partition(), key: subject.0, value });
        }
        Ok(sealed)
    }

    /// Puts the keys that were made on the log. Those that it does not take wait for the next to write, which may be sealed
    /// with one of them.
    async fn put_keys_first(&self) -> Result<(), LogError> {
        let _in_turn = self.keys_first.lock().await;
        let pending = self.keys.lock().unwrap_or_else(PoisonError::into_inner).pending.clone();
        if !pending.is_empty() {
            let count = pending.len();
            self.log.append(pending).await?;
            self.keys.lock().unwrap_or_else(PoisonError::into_inner).pending.drain(..count);
        }
        Ok(())
    }
}
