//! Records that the serving organisation itself writes: decisions and commands, sealed under its own keys.

mod read_here;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use event_log::envelope::Sealed;
use event_log::seal::{DataKeys, PseudonymKey, SealError, WrappingKeys, decode_key_record};
use event_log::{Appended, EventId, EventLog, LogError, Offset, Partition, Pseudonym, Record, Topic};
use proto::events::Family;
use tokio::sync::watch;

use crate::consume::Progress;
use crate::store::Store;
use read_here::ReadHere;

const KEY_RECORDS_A_READ: usize = 10_000;

/// Writes to the log under one organisation's keys for one source.
pub struct OwnRecords {
    log: Arc<dyn EventLog>,
    /// The key of pseudonyms and ids.
    pub pseudonyms: Arc<PseudonymKey>,
    /// The organisation.
    pub organisation: String,
    keys: Mutex<Keys>,
    /// How far the keys topic is read.
    keys_read: tokio::sync::Mutex<BTreeMap<Partition, Offset>>,
    /// Held while new keys are put on the log, so that no body overtakes the key that seals it.
    keys_first: tokio::sync::Mutex<()>,
    read_here: Option<ReadHere>,
    /// The keys are read to their end before each write: one that is destroyed seals nothing more.
    reads_keys_first: bool,
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
    /// It is on the log, and this process has not read it yet.
    #[error("it is recorded, and this node has not read it yet: say it again shortly, which changes nothing")]
    NotReadHere,
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
        let keys = Mutex::new(Keys { held: DataKeys::new(source, wrapping), pending: Vec::new() });
        let (keys_read, keys_first) = Default::default();
        let own = Self {
            log,
            pseudonyms,
            organisation: organisation.to_owned(),
            keys,
            keys_read,
            keys_first,
            read_here: None,
            reads_keys_first: false,
        };
        own.read_keys().await?;
        Ok(own)
    }

    /// What is written is acknowledged once this process has read it too, and answers by it.
    #[must_use]
    pub fn acknowledged_once_read(self, store: Store, progress: watch::Receiver<Progress>) -> Self {
        Self { read_here: Some(ReadHere::new(store, progress)), ..self }
    }

    /// For what is written of children: reads the keys to their end before each write.
    #[must_use]
    pub fn reading_keys_first(self) -> Self {
        Self { reads_keys_first: true, ..self }
    }

    /// Reads on in the keys topic to its end: another node makes keys of this source too.
    async fn read_keys(&self) -> Result<(), LogError> {
        let mut read = self.keys_read.lock().await;
        for ((_, partition), end) in self.log.ends(&[Topic::Keys]).await? {
            let from = read.entry(partition).or_default();
            while *from < end {
                let records = self.log.read(Topic::Keys, partition, *from, KEY_RECORDS_A_READ).await?;
                let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
                // A record that is no key's, or contradicts one, is the consumer's to put in quarantine: it stops nobody.
                for key in records.iter().filter_map(|record| decode_key_record(record).ok()) {
                    let _passed_over = keys.held.absorb(&key);
                }
                // Nothing is left of a partition whose last records were replaced by later ones: it is read to its end.
                *from = records.last().map_or(end, |last| last.position.offset + 1);
            }
        }
        Ok(())
    }

    /// Which of these envelopes were sealed by this source, on whichever node: what stands on an envelope in clear anybody can
    /// write.
    pub(crate) async fn sealed_here(&self, envelopes: Vec<Sealed>) -> Result<Vec<Sealed>, LogError> {
        let sort = |envelopes: Vec<Sealed>| {
            let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            let (mut own, mut unsure) = (Vec::new(), Vec::new());
            for envelope in envelopes {
                match keys.held.sealed(&envelope) {
                    Some(true) => own.push(envelope),
                    Some(false) => {}
                    None => unsure.push(envelope),
                }
            }
            (own, unsure)
        };
        let (mut own, unsure) = sort(envelopes);
        if !unsure.is_empty() {
            self.read_keys().await?;
            own.extend(sort(unsure).0);
        }
        Ok(own)
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
        if self.reads_keys_first {
            self.read_keys().await?;
        }
        let sealed = match self.seal(records.clone()) {
            // Wrapped by a key that is destroyed since: wrapped anew, it is on the log.
            Err(RecordError::Seal(SealError::WrappingKeyMissing { .. })) => {
                self.read_keys().await?;
                self.seal(records)?
            }
            sealed => sealed?,
        };
        self.put_keys_first().await?;
        let appended = self.log.append(sealed).await?;
        match &self.read_here {
            Some(here) if !here.has_read(&appended.positions).await => Err(RecordError::NotReadHere),
            _ => Ok(appended),
        }
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
