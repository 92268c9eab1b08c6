//! A destroyed key takes what it sealed out of the store, as a rebuild from the log would leave it out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use event_log::{EventId, KeyId, Offset, Position, Pseudonym, StoredRecord, Topic};

use super::{ConsumeError, Consumer};
use crate::linking;
use crate::project::{Note, Projected};
use crate::row;
use crate::store::keys::{self, Parsed};
use crate::store::{Batch, Key, Shards, StoreError};

const RECORDS_A_READ: usize = 4_096;

/// What the log says of one subject, as far as it was read.
#[derive(Default)]
struct Subject {
    rows: BTreeMap<Key, Vec<u8>>,
    claims: BTreeSet<Key>,
    /// Records that gave a row, or repeat one.
    placed: Vec<Position>,
    parked: Vec<(KeyId, Position, Vec<u8>)>,
    noted: Vec<(Position, Note)>,
}

/// What the store holds of one subject.
#[derive(Default)]
struct Held {
    rows: Vec<Key>,
    claims: Vec<Key>,
}

impl Consumer {
    /// Places everything of the key's subject anew, once for each key. Not only the key's own rows can change: a record that
    /// was refused because one of them stood before it takes its place. To be called when every key is read: what is sealed
    /// by a key that is not is parked.
    pub(super) async fn erase(&mut self, key_id: KeyId, subject: Pseudonym) -> Result<(), ConsumeError> {
        let shard = Shards::from(key_id.partition());
        let erased = keys::key_record(key_id);
        if self.store.read(shard, |view| Ok(view.get(&erased)?.is_some()))? {
            return Ok(());
        }
        let said = self.read_again(subject).await?;
        let held = self.held(subject)?;
        let mut batch = Batch::new();
        if held.claims.iter().any(|key| linking::waits(key).is_some()) {
            batch.put(keys::waiting(subject, EventId(key_id.0)), Vec::new());
        }
        held.rows.into_iter().filter(|key| !said.rows.contains_key(key)).for_each(|key| batch.delete(key));
        held.claims.into_iter().filter(|key| !said.claims.contains(key)).for_each(|key| batch.delete(key));
        said.rows.into_iter().for_each(|(key, value)| batch.put(key, value));
        said.placed.into_iter().for_each(|at| batch.delete(keys::noted(at)));
        said.noted.into_iter().for_each(|(at, note)| batch.put(keys::noted(at), [note as u8]));
        for (waits_for, at, value) in said.parked {
            self.parked.add(waits_for, at.partition);
            batch.put(keys::parked(waits_for, at), value);
        }
        batch.put(erased, Vec::new());
        Ok(self.store.commit(&batch)?)
    }

    /// Every record of a subject that was read before, projected with the keys that there are now.
    async fn read_again(&self, subject: Pseudonym) -> Result<Subject, ConsumeError> {
        let partition = subject.partition();
        let mut records: Vec<StoredRecord> = Vec::new();
        for topic in Topic::EVENTS {
            let end = self.store.read(partition.into(), |view| view.offset(topic, partition))?;
            let mut from: Offset = 0;
            while from < end {
                let wanted = usize::try_from(end - from).unwrap_or(RECORDS_A_READ).min(RECORDS_A_READ);
                let read = self.log.read(topic, partition, from, wanted).await?;
                let Some(last) = read.last() else { break };
                from = last.position.offset + 1;
                records.extend(read.into_iter().filter(|record| record.key == subject.0));
            }
        }
        // The first of two with one key stands.
        records.sort_by_key(|record| (record.published_at_us, record.position.topic, record.position.offset));
        let mut said = Subject::default();
        for record in records {
            let at = record.position;
            match self.projector.project(&record) {
                Projected::Row { key, value, claims } => {
                    said.claims.extend(claims);
                    let standing = said.rows.entry(key).or_insert_with(|| value.clone());
                    if row::envelope(standing) == row::envelope(&value) {
                        said.placed.push(at);
                    } else {
                        said.noted.push((at, Note::Quarantined));
                    }
                }
                Projected::Parked(waits_for) => said.parked.push((waits_for, at, row::write(&record))),
                Projected::Noted(note) => said.noted.push((at, note)),
                Projected::Refused(..) => said.noted.push((at, Note::Quarantined)),
            }
        }
        Ok(said)
    }

    fn held(&self, subject: Pseudonym) -> Result<Held, StoreError> {
        self.store.read(Shards::ALL, |view| {
            let mut held = Held::default();
            let mut row = |key: &[u8], _: &[u8]| {
                if let Some(Parsed::Row { subject: of, .. } | Parsed::Registry { subject: of, .. }) = keys::parse(key)
                    && of == subject
                {
                    held.rows.extend(Key::from_bytes(key));
                }
                ControlFlow::Continue(())
            };
            view.scan_prefix(&keys::row_prefix(subject), &mut row)?;
            view.scan_prefix(&keys::registry_prefix(), &mut row)?;
            view.scan_prefix(&keys::described_prefix(subject), |key, _| {
                held.claims.extend(Key::from_bytes(key));
                ControlFlow::Continue(())
            })?;
            for shard in Shards::ALL.iter() {
                for index in [keys::claims(shard), keys::kin_all(shard)] {
                    view.scan_prefix(&index, |key, _| {
                        if let Some(Parsed::Claim { local: of, .. } | Parsed::Kin { child: of, .. }) = keys::parse(key)
                            && of == subject
                        {
                            held.claims.extend(Key::from_bytes(key));
                        }
                        ControlFlow::Continue(())
                    })?;
                }
            }
            Ok(held)
        })
    }
}
