//! How many items wait, counted on as the log grows.

use std::collections::{BTreeMap, HashMap};

use event_log::envelope::{Opened, decode};
use event_log::seal::{KeyState, Keyring};
use event_log::{EventId, EventLog, KeyId, Offset, Partition, Topic};
use prost::Message as _;
use proto::quarantine::Item;

use super::{QuarantineError, READ_RECORDS, SealedBy, Standing, standing};

/// The items that were read so far, and how each stands. Some hundred bytes for each that was ever quarantined.
#[derive(Default)]
pub struct Count {
    next: BTreeMap<Partition, Offset>,
    items: HashMap<EventId, Counted>,
}

struct Counted {
    key_id: KeyId,
    sealed: SealedBy,
    standing: Standing,
}

impl Count {
    /// How many items are there of which something is still to become, for whom their key is here: what `list` lists. Reads
    /// what came since it was asked before.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn waiting(&mut self, log: &dyn EventLog, keyring: &Keyring) -> Result<u64, QuarantineError> {
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
        let mut from = self.next.get(&partition).copied().unwrap_or_default();
        let mut first_parked = None;
        loop {
            let records = log.read(Topic::Quarantine, partition, from, READ_RECORDS).await?;
            let Some(last) = records.last() else { break };
            from = last.position.offset + 1;
            for record in records {
                let at = record.position.offset;
                let Ok(sealed) = decode(record.value) else { continue };
                match sealed.open(keyring) {
                    Ok(Opened::Plain(plain)) => {
                        let Ok(item) = Item::decode(plain.bytes.as_slice()) else { continue };
                        let by = SealedBy { subject: sealed.header.subject, source: plain.key_of.source.clone() };
                        self.take(sealed.header.event_id, sealed.header.key_id, &item, by);
                    }
                    // Its key may only be late.
                    Ok(Opened::Parked(_)) => first_parked = first_parked.or(Some(at)),
                    Ok(Opened::Erased(_)) | Err(_) => {}
                }
            }
        }
        self.next.insert(partition, first_parked.unwrap_or(from));
        Ok(())
    }

    /// What was done about an item stands after it, and counts when it was said under its own key.
    fn take(&mut self, id: EventId, key_id: KeyId, item: &Item, sealed: SealedBy) {
        match &item.handled {
            None => {
                let standing = Standing::Waiting;
                self.items.entry(id).or_insert(Counted { key_id, sealed, standing });
            }
            Some(handled) => {
                let of = EventId::from_slice(&item.id).and_then(|of| self.items.get_mut(&of));
                if let Some(of) = of.filter(|of| of.sealed == sealed) {
                    of.standing = standing(std::slice::from_ref(handled));
                }
            }
        }
    }
}
