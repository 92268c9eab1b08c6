//! The keys topic: destroyed keys said so, and every other key of their vaults wrapped by the next epoch.

use std::collections::HashMap;

use event_log::seal::{self, KeyState, decode_key_record};
use event_log::{KeyId, Partition, Record, Topic};
use proto::keys::KeyRecord;
use proto::sharing::ErasureBegun;

use super::{Eraser, ErasureError, Last, key_ids, last_of};

const RECORDS_A_READ: usize = 10_000;
/// Records said at a time.
const BATCH: usize = 2_000;

/// What the topic last said of a key, and every wrapping key under which it was ever written.
pub(super) struct Said {
    pub(super) last: KeyRecord,
    pub(super) written_under: Vec<(Option<u8>, u32)>,
}

impl Eraser {
    /// What the keys topic says of the keys of one partition, as far as it is believed: what contradicts, or was not made with the
    /// wrapping key that it names, is passed over.
    pub(super) async fn said_of_keys(&self, partition: Partition) -> Result<HashMap<KeyId, Said>, ErasureError> {
        let mut keys: HashMap<KeyId, Said> = HashMap::new();
        let mut from = 0;
        loop {
            let records = self.log.read(Topic::Keys, partition, from, RECORDS_A_READ).await?;
            let Some(last) = records.last() else { return Ok(keys) };
            from = last.position.offset + 1;
            for record in records.iter().filter_map(|record| decode_key_record(record).ok()) {
                let Some(key_id) = KeyId::from_slice(&record.key_id) else { continue };
                if self.projector.keyring.absorb(&record).is_err() {
                    continue;
                }
                let under = (vault_of(&record), record.wrapping_epoch);
                let said =
                    keys.entry(key_id).or_insert_with(|| Said { last: record.clone(), written_under: Vec::new() });
                if !said.written_under.contains(&under) {
                    said.written_under.push(under);
                }
                said.last = record;
            }
        }
    }

    /// Says of each key that is to go that it is gone, proven under the new epoch of its vault.
    pub(super) async fn destroy_keys(&self, begun: &ErasureBegun) -> Result<(), ErasureError> {
        for partition in Partition::all() {
            let of_partition: Vec<KeyId> = key_ids(begun).filter(|key_id| key_id.partition() == partition).collect();
            if of_partition.is_empty() {
                continue;
            }
            let said = self.said_of_keys(partition).await?;
            let mut records = Vec::new();
            for key_id in of_partition {
                let Some(said) = said.get(&key_id) else { continue };
                if self.projector.keyring.state(key_id) == KeyState::Destroyed {
                    continue;
                }
                if let Some(epoch) = self.newest_epoch(&said.last)? {
                    let under = KeyRecord { wrapping_epoch: epoch, of_vault: true, ..said.last.clone() };
                    records.push(seal::destruction(self.wrapping(), &under)?);
                }
            }
            self.append(records).await?;
        }
        Ok(())
    }

    /// Wraps every other key of these vaults by their next epoch, and says of what is destroyed again that it is; gives how many it
    /// found that were not.
    pub(super) async fn rewrap(&self, begun: &ErasureBegun) -> Result<usize, ErasureError> {
        let last = last_of(begun);
        let mut found = 0;
        for partition in Partition::all() {
            let mut records = Vec::new();
            for (key_id, said) in self.said_of_keys(partition).await? {
                if !is_to_be_wrapped_again(&said.last, &last) {
                    continue;
                }
                let Some(epoch) = self.newest_epoch(&said.last)? else { continue };
                let state = self.projector.keyring.state(key_id);
                // Nobody here can open it, before or after: its wrapping key was never here, or was never made.
                if state == KeyState::Unknown {
                    continue;
                }
                if let Some(record) = self.again(&said.last, state, epoch)? {
                    records.push(record);
                }
            }
            found += records.len();
            self.append(records).await?;
        }
        Ok(found)
    }

    fn again(&self, last: &KeyRecord, state: KeyState, epoch: u32) -> Result<Option<Record>, ErasureError> {
        let is_live = last.state() == proto::keys::key_record::State::Live;
        match state {
            // The last that was said of it is not what is believed of it: it is not said again.
            KeyState::Live if !is_live => Ok(None),
            KeyState::Destroyed if is_live => {
                let under = KeyRecord { wrapping_epoch: epoch, of_vault: true, ..last.clone() };
                Ok(Some(seal::destruction(self.wrapping(), &under)?))
            }
            _ => Ok(seal::rewrapped(self.wrapping(), last, epoch)?),
        }
    }

    /// Says of each destroyed key that its subject may be sealed for again.
    pub(super) async fn readmit_keys(&self, begun: &ErasureBegun) -> Result<(), ErasureError> {
        for partition in Partition::all() {
            let mut records = Vec::new();
            let said = self.said_of_keys(partition).await?;
            for key_id in key_ids(begun).filter(|key_id| key_id.partition() == partition) {
                let is_destroyed = self.projector.keyring.state(key_id) == KeyState::Destroyed;
                if let Some(said) = said.get(&key_id).filter(|_| is_destroyed)
                    && said.last.state() != proto::keys::key_record::State::Readmitted
                {
                    records.push(seal::readmission(self.wrapping(), &said.last)?);
                }
            }
            self.append(records).await?;
        }
        Ok(())
    }

    /// The newest epoch of the vault of this record's subject.
    fn newest_epoch(&self, record: &KeyRecord) -> Result<Option<u32>, ErasureError> {
        let Some(vault) = record.subject.first().copied() else { return Ok(None) };
        Ok(self.wrapping().newest_in(&record.controller, Some(vault))?)
    }

    async fn append(&self, records: Vec<Record>) -> Result<(), ErasureError> {
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            self.log.append(records.by_ref().take(BATCH).collect()).await?;
        }
        Ok(())
    }
}

pub(super) fn vault_of(record: &KeyRecord) -> Option<u8> {
    record.subject.first().copied().filter(|_| record.of_vault)
}

/// Whether the wrapping key of this record goes.
fn is_to_be_wrapped_again(record: &KeyRecord, last: &Last) -> bool {
    let Some(vault) = record.subject.first().copied() else { return false };
    let of_vault = last.get(&(record.controller.clone(), Some(vault)));
    of_vault.is_some_and(|last| !record.of_vault || record.wrapping_epoch <= *last)
}
