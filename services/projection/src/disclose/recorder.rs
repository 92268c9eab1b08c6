//! Writes decisions to the log.

use std::time::Instant;

use event_log::{EventId, Topic};
use prost::Message;
use proto::disclosure::Disclosure;
use proto::events::{Family, Scheme};
use runtime::{metrics, trace};
use tracing::Instrument as _;

use crate::own_records::{Own, OwnRecords, RecordError};

/// Records decisions. What stands in clear names no child: an organisation keeps sixteen books, and a child's decisions all
/// go to one of them.
pub struct Recorder(OwnRecords);

impl Recorder {
    /// The source of disclosures, as their keys name it.
    pub const SOURCE: &str = "disclosure";

    /// Records through these.
    pub fn new(records: OwnRecords) -> Self {
        metrics::RECORD_FAILURES.add(0, []);
        Self(records)
    }

    /// Records a decision; returns once it is durable.
    ///
    /// # Errors
    /// [`RecordError`]: it may or may not be on the log, and nothing may be released.
    pub async fn record(&self, disclosure: &Disclosure) -> Result<(), RecordError> {
        let child = disclosure.subjects.first().and_then(|id| id.first()).copied().unwrap_or_default();
        let book = format!("{}/disclosures/{:02}", self.0.organisation, child % event_log::PARTITIONS);
        let own = Own {
            topic: Topic::Disclosure,
            subject: self.0.pseudonyms.pseudonym(Scheme::Organisation, "throughline", &book),
            event_id: EventId::from_slice(&disclosure.decision_id).unwrap_or(EventId([0; 16])),
            family: Family::Disclosure,
            plaintext: disclosure.encode_to_vec(),
        };
        let began = Instant::now();
        let span = tracing::info_span!(target: trace::TARGET, "record");
        let recorded = self.0.write(vec![own]).instrument(span).await;
        match &recorded {
            Ok(_) => metrics::RECORD.record(began.elapsed(), []),
            Err(_) => metrics::RECORD_FAILURES.add(1, []),
        }
        recorded.map(drop)
    }
}
