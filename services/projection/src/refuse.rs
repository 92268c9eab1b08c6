//! Records of the log that the consumer refuses, put in quarantine under the serving organisation's own keys.

use std::time::Duration;

use async_trait::async_trait;
use event_log::{LogError, Topic};
use prost::Message;
use proto::events::{Family, Scheme, Version};
use proto::quarantine::{Item, Place, Reason};
use runtime::metrics;

use crate::consume::{RefusalError, Refusals, Refused};
use crate::own_records::{Own, OwnRecords, RecordError};
use crate::serve::timelines::now;

/// Most of a refused record that is kept.
const RAW_BYTES_MAX: usize = 900 * 1024;
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Puts refused records in quarantine.
pub struct OwnRefusals(OwnRecords);

impl OwnRefusals {
    /// The source of these items, as their keys name it.
    pub const SOURCE: &str = "projection";

    /// Through these.
    pub fn new(records: OwnRecords) -> Self {
        // Known from the start: a counter that nobody has seen cannot be seen not to grow.
        Reason::all().for_each(|reason| metrics::QUARANTINED.add(0, [Self::SOURCE, reason.name()]));
        Self(records)
    }
}

#[async_trait]
impl Refusals for OwnRefusals {
    async fn refuse(&self, refused: Refused) -> Result<(), RefusalError> {
        let position = refused.position.to_string();
        // One position is one item, however often the log is read.
        let id = self.0.pseudonyms.event_id("quarantine", Self::SOURCE, &position, &Version::default(), 0);
        let item = Item {
            id: id.0.to_vec(),
            reason: refused.reason.into(),
            source: Self::SOURCE.to_owned(),
            controller: String::new(),
            place: Some(Place { file: position, ..Place::default() }),
            message: refused.message,
            raw: refused.raw.slice(..refused.raw.len().min(RAW_BYTES_MAX)).to_vec(),
            quarantined_at_us: now().0,
        };
        let own = Own {
            topic: Topic::Quarantine,
            subject: self.0.pseudonyms.pseudonym(Scheme::QuarantineItem, Self::SOURCE, &id.to_string()),
            event_id: id,
            family: Family::Quarantine,
            plaintext: item.encode_to_vec(),
        };
        let reason = refused.reason;
        // A full disk holds the consumer up and loses nothing: it goes on by itself when there is room.
        while let Err(error) = self.0.write(vec![own.clone()]).await {
            match error {
                RecordError::Log(LogError::Full(_)) => tokio::time::sleep(BETWEEN_TRIES).await,
                other => return Err(other.into()),
            }
        }
        metrics::QUARANTINED.add(1, [Self::SOURCE, reason.name()]);
        Ok(())
    }
}
