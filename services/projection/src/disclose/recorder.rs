//! Writes decisions to the log, sealed under the serving organisation's own key.

use std::sync::{Arc, Mutex, PoisonError};

use event_log::seal::{DataKeys, PseudonymKey, WrappingKeys, decode_key_record};
use event_log::{EventId, EventLog, LogError, Partition, Record, Topic};
use prost::Message;
use proto::disclosure::Disclosure;
use proto::events::{Family, Scheme};

use super::RecordError;

/// The source of disclosures, as their keys name it.
const SOURCE: &str = "disclosure";

/// Records decisions. What stands in clear names no child: an organisation keeps sixteen books, and a child's decisions all
/// go to one of them.
pub struct Recorder {
    log: Arc<dyn EventLog>,
    pseudonyms: Arc<PseudonymKey>,
    organisation: String,
    keys: Mutex<DataKeys>,
}

impl Recorder {
    /// A recorder for the organisation that serves.
    ///
    /// # Errors
    /// When the keys topic cannot be read, or the organisation's wrapping key is not there and cannot be made.
    pub async fn open(
        log: Arc<dyn EventLog>,
        pseudonyms: Arc<PseudonymKey>,
        wrapping: Arc<WrappingKeys>,
        organisation: &str,
    ) -> Result<Self, RecordError> {
        let mut keys = DataKeys::new(SOURCE, wrapping);
        for partition in Partition::all() {
            let mut from = 0;
            loop {
                let records = log.read(Topic::Keys, partition, from, 10_000).await?;
                let Some(last) = records.last() else { break };
                from = last.position.offset + 1;
                for key in records.iter().filter_map(|record| decode_key_record(record).ok()) {
                    keys.absorb(&key)?;
                }
            }
        }
        Ok(Self { log, pseudonyms, organisation: organisation.to_owned(), keys: Mutex::new(keys) })
    }

    /// Records a decision; returns once it is durable.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn record(&self, disclosure: &Disclosure) -> Result<(), RecordError> {
        let child = disclosure.subjects.first().and_then(|id| id.first()).copied().unwrap_or_default();
        let book = format!("{}/disclosures/{:02}", self.organisation, child % event_log::PARTITIONS);
        let book = self.pseudonyms.pseudonym(Scheme::Organisation, "throughline", &book);
        let decision_id = EventId::from_slice(&disclosure.decision_id).unwrap_or(EventId([0; 16]));
        let (new_key, value) = {
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            let (key_id, new_key) = keys.for_subject(book, &self.organisation)?;
            let sealed = keys.seal(key_id, decision_id, book, Family::Disclosure, &disclosure.encode_to_vec())?;
            (new_key, sealed)
        };
        if let Some(new_key) = new_key {
            self.log.append(vec![new_key]).await?;
        }
        let record = Record { topic: Topic::Disclosure, partition: book.partition(), key: book.0, value };
        self.log.append(vec![record]).await.map(drop).map_err(|error: LogError| error.into())
    }
}
