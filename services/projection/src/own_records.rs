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
    keys: Mutex<DataKeys>,
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
                for key in records.iter().filter_map(|record| decode_key_record(record).ok()) {
                    keys.absorb(&key)?;
                }
            }
        }
        Ok(Self { log, pseudonyms, organisation: organisation.to_owned(), keys: Mutex::new(keys) })
    }

    /// Seals and writes the records; returns once all are durable. Keys that are new are durable before what they seal.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn write(&self, records: Vec<Own>) -> Result<Appended, RecordError> {
        let (new_keys, sealed) = {
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            let mut new_keys = Vec::new();
            let mut sealed = Vec::with_capacity(records.len());
            for Own { topic, subject, event_id, family, plaintext } in records {
                let (key_id, new_key) = keys.for_subject(subject, &self.organisation)?;
                new_keys.extend(new_key);
                let value = keys.seal(key_id, event_id, subject, family, &plaintext)?;
                sealed.push(Record { topic, partition: subject.partition(), key: subject.0, value });
            }
            (new_keys, sealed)
        };
        if !new_keys.is_empty() {
            self.log.append(new_keys).await?;
        }
        Ok(self.log.append(sealed).await?)
    }
}
