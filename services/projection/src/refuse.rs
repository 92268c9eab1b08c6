//! Records of the log that the consumer refuses, put in quarantine under the serving organisation's own keys.

use std::collections::{BTreeMap, BTreeSet, HashSet};

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
/// Bytes of items appended at a time, more or less.
const BATCH_BYTES: usize = 4 << 20;

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

    /// Reads these partitions of the quarantine to their ends.
    async fn read(&self, known: &mut Known, partitions: &BTreeSet<Partition>) -> Result<(), LogError> {
        let log = self.records.log();
        for ((topic, partition), end) in log.ends(&[Topic::Quarantine]).await? {
            let from = known.read.entry(partition).or_default();
            while partitions.contains(&partition) && *from < end {
                let records = log.read(topic, partition, *from, RECORDS_A_READ).await?;
                let Some(next) = records.last().map(|last| last.position.offset + 1) else { break };
                let items = records.into_iter().filter_map(|record| envelope::decode(record.value).ok()).collect();
                // An id stands in clear: whoever may write here could keep a record out of quarantine with it.
                let own = self.records.sealed_here(items).await?;
                known.ids.extend(own.into_iter().map(|item| item.header.event_id));
                *from = next;
            }
        }
        Ok(())
    }

    fn item(&self, refused: Refused) -> Own {
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
            about: Vec::new(),
            ..Item::default()
        };
        Own {
            topic: Topic::Quarantine,
            subject: self.records.pseudonyms.pseudonym(Scheme::QuarantineItem, Self::SOURCE, &id.to_string()),
            event_id: id,
            family: Family::Quarantine,
            plaintext: item.encode_to_vec(),
        }
    }

    async fn write(&self, known: &mut Known, items: &mut Vec<(Reason, Own)>) -> Result<(), RecordError> {
        let (reasons, items): (Vec<Reason>, Vec<Own>) = std::mem::take(items).into_iter().unzip();
        let ids: Vec<EventId> = items.iter().map(|item| item.event_id).collect();
        self.records.write(items).await?;
        known.ids.extend(ids);
        reasons.into_iter().for_each(|reason| metrics::QUARANTINED.add(1, [Self::SOURCE, reason.name()]));
        Ok(())
    }
}

#[async_trait]
impl Refusals for OwnRefusals {
    async fn refuse(&self, refused: Vec<Refused>) -> Result<(), RefusalError> {
        if refused.is_empty() {
            return Ok(());
        }
        let items: Vec<(Reason, Own)> =
            refused.into_iter().map(|refused| (refused.reason, self.item(refused))).collect();
        let partitions = items.iter().map(|(_, item)| item.subject.partition()).collect();
        let mut known = self.known.lock().await;
        self.read(&mut known, &partitions).await.map_err(RecordError::from)?;
        let (mut new, mut ids, mut bytes) = (Vec::new(), HashSet::new(), 0);
        for (reason, item) in items {
            if known.ids.contains(&item.event_id) || !ids.insert(item.event_id) {
                continue;
            }
            bytes += item.plaintext.len();
            new.push((reason, item));
            if bytes >= BATCH_BYTES {
                self.write(&mut known, &mut new).await?;
                bytes = 0;
            }
        }
        if !new.is_empty() {
            self.write(&mut known, &mut new).await?;
        }
        Ok(())
    }
}
