//! Records of the log that the consumer refuses, put in quarantine under the serving organisation's own keys.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use event_log::{EventId, LogError, Offset, Partition, Topic, envelope};
use prost::Message;
use proto::events::{Family, Scheme, Version};
use proto::quarantine::{Item, Place, Reason};
use runtime::metrics;
use tokio::sync::Mutex;

use crate::consume::{RefusalError, Refusals, Refused};
use crate::own_records::{Own, OwnRecords, RecordError};
use crate::serve::timelines::now;

/// Most of a refused record that is kept.
const RAW_BYTES_MAX: usize = 900 * 1024;
const RECORDS_A_READ: usize = 200;

/// Puts refused records in quarantine.
pub struct OwnRefusals {
    records: OwnRecords,
    known: Mutex<Known>,
}

/// Items of the quarantine, as far as it was read: another node refuses the same records, and so does this one whenever its
/// store is filled anew.
#[derive(Default)]
struct Known {
    ids: HashSet<EventId>,
    read: BTreeMap<Partition, Offset>,
}

impl OwnRefusals {
    /// The source of these items, as their keys name it.
    pub const SOURCE: &str = "projection";

    /// Through these.
    pub fn new(records: OwnRecords) -> Self {
        // Known from the start: a counter that nobody has seen cannot be seen not to grow.
        Reason::all().for_each(|reason| metrics::QUARANTINED.add(0, [Self::SOURCE, reason.name()]));
        Self { records, known: Mutex::default() }
    }

    /// Reads the quarantine's partition to its end.
    async fn read(&self, known: &mut Known, partition: Partition) -> Result<(), LogError> {
        loop {
            let from = known.read.get(&partition).copied().unwrap_or_default();
            let records = self.records.log().read(Topic::Quarantine, partition, from, RECORDS_A_READ).await?;
            let Some(last) = records.last() else { return Ok(()) };
            known.read.insert(partition, last.position.offset + 1);
            let sealed = records.into_iter().filter_map(|record| envelope::decode(record.value).ok());
            known.ids.extend(sealed.map(|sealed| sealed.header.event_id));
        }
    }
}

#[async_trait]
impl Refusals for OwnRefusals {
    async fn refuse(&self, refused: Refused) -> Result<(), RefusalError> {
        let position = refused.position.to_string();
        // One position is one item, however often the log is read.
        let id = self.records.pseudonyms.event_id("quarantine", Self::SOURCE, &position, &Version::default(), 0);
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
            subject: self.records.pseudonyms.pseudonym(Scheme::QuarantineItem, Self::SOURCE, &id.to_string()),
            event_id: id,
            family: Family::Quarantine,
            plaintext: item.encode_to_vec(),
        };
        let reason = refused.reason;
        let mut known = self.known.lock().await;
        self.read(&mut known, own.subject.partition()).await.map_err(RecordError::from)?;
        if !known.ids.contains(&id) {
            self.records.write(vec![own]).await?;
            known.ids.insert(id);
            metrics::QUARANTINED.add(1, [Self::SOURCE, reason.name()]);
        }
        Ok(())
    }
}
