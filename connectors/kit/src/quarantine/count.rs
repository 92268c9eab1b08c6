//! How many items wait, counted on as the log grows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use event_log::envelope::{Opened, decode};
use event_log::seal::{KeyState, Keyring};
use event_log::{EventId, EventLog, KeyId, Offset, Partition, StoredRecord, Topic};
use prost::Message as _;
use proto::quarantine::Item;

use super::{QuarantineError, READ_RECORDS, SealedBy, Standing, standing};

/// The items that were read so far, and how each stands. Some hundred bytes for each that was ever quarantined.
#[derive(Default)]
pub struct Count {
    next: BTreeMap<Partition, Offset>,
    items: HashMap<EventId, Counted>,
    /// Records whose key was not here when they were read.
    parked: BTreeMap<(Partition, Offset), KeyId>,
}

struct Counted {
    key_id: KeyId,
    sealed: SealedBy,
    standing: Standing,
}

impl Count {
    /// How many items are there of which something is still to become, for whom their key is here: what `list` lists. Reads
    /// what came since it was asked before; dropped before its end, it goes on from there the next time.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn waiting(&mut self, log: &dyn EventLog, keyring: &Keyring) -> Result<u64, QuarantineError> {
        self.read_parked(log, keyring).await?;
        for partition in Partition::all() {
            self.read_on(log, keyring, partition).await?;
        }
        let waits =
            |item: &&Counted| item.standing != Standing::DealtWith && keyring.state(item.key_id) == KeyState::Live;
        Ok(self.items.values().filter(waits).count() as u64)
    }

    async fn read_on(
        &mut self,
        log: &dyn EventLog,
        keyring: &Keyring,
        partition: Partition,
    ) -> Result<(), QuarantineError> {
        loop {
            let from = self.next.get(&partition).copied().unwrap_or_default();
            let records = log.read(Topic::Quarantine, partition, from, READ_RECORDS).await?;
            let Some(last) = records.last() else { return Ok(()) };
            self.next.insert(partition, last.position.offset + 1);
            records.into_iter().for_each(|record| self.open(record, keyring));
        }
    }

    /// Reads what was parked and whose key is here by now, in order.
    async fn read_parked(&mut self, log: &dyn EventLog, keyring: &Keyring) -> Result<(), QuarantineError> {
        let is_here = |key_id: &KeyId| keyring.state(*key_id) != KeyState::Unknown;
        let mut here: BTreeSet<_> = self.parked.iter().filter(|(_, key)| is_here(key)).map(|(at, _)| *at).collect();
        while let Some((partition, from)) = here.pop_first() {
            let records = log.read(Topic::Quarantine, partition, from, READ_RECORDS).await?;
            if records.first().is_none_or(|record| record.position.offset != from) {
                // The log holds it no more.
                self.parked.remove(&(partition, from));
            }
            for record in records {
                let at = (partition, record.position.offset);
                here.remove(&at);
                if self.parked.remove(&at).is_some() {
                    self.open(record, keyring);
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, record: StoredRecord, keyring: &Keyring) {
        let at = (record.position.partition, record.position.offset);
        let Ok(sealed) = decode(record.value) else { return };
        match sealed.open(keyring) {
            Ok(Opened::Plain(plain)) => {
                let Ok(item) = Item::decode(plain.bytes.as_slice()) else { return };
                let by = SealedBy { subject: sealed.header.subject, source: plain.key_of.source.clone() };
                if !self.take(sealed.header.event_id, sealed.header.key_id, &item, by) {
                    // What it is about is parked, before it: both are looked at again.
                    self.parked.insert(at, sealed.header.key_id);
                }
            }
            // Its key may only be late.
            Ok(Opened::Parked(key_id)) => {
                self.parked.insert(at, key_id);
            }
            Ok(Opened::Erased(_)) | Err(_) => {}
        }
    }

    /// What was done about an item stands after it, and counts when it was said under its own key. False where that item is not
    /// known yet.
    fn take(&mut self, id: EventId, key_id: KeyId, item: &Item, sealed: SealedBy) -> bool {
        let Some(handled) = &item.handled else {
            let standing = Standing::Waiting;
            self.items.entry(id).or_insert(Counted { key_id, sealed, standing });
            return true;
        };
        let Some(of) = EventId::from_slice(&item.id).and_then(|of| self.items.get_mut(&of)) else {
            return self.parked.is_empty();
        };
        if of.sealed == sealed {
            of.standing = standing(std::slice::from_ref(handled));
        }
        true
    }
}
