//! Where the records of a log went in a store.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use event_log::{Partition, Position};
use projection::row;
use projection::store::keys::{self, Parsed};
use projection::store::{Shards, Store};

/// Where each record of the log went.
#[derive(Default, Debug)]
pub struct Places {
    pub rows: BTreeMap<Position, Vec<u8>>,
    pub parked: BTreeSet<Position>,
    pub noted: BTreeMap<Position, u8>,
}

pub fn places(store: &Store) -> Places {
    store
        .read(Shards::ALL, |view| {
            let mut found = Places::default();
            let mut row = |key: &[u8], value: &[u8]| {
                let (Some(Parsed::Row { subject, .. } | Parsed::Registry { subject, .. }), Some(row)) =
                    (keys::parse(key), row::read(value))
                else {
                    panic!("a row that cannot be read")
                };
                let at = Position { topic: row.topic, partition: subject.partition(), offset: row.offset };
                found.rows.insert(at, row.envelope.to_vec());
                ControlFlow::Continue(())
            };
            for shard in Partition::all() {
                view.scan_prefix(&keys::rows(shard), &mut row)?;
            }
            view.scan_prefix(&keys::registry_prefix(), &mut row)?;
            for shard in Partition::all() {
                view.scan_prefix(&keys::parked_all(shard), |key, _| {
                    let Some(Parsed::Parked { at, .. }) = keys::parse(key) else { panic!("a parked record's key") };
                    found.parked.insert(at);
                    ControlFlow::Continue(())
                })?;
                view.scan_prefix(&keys::noted_all(shard), |key, value| {
                    let Some(Parsed::Noted(at)) = keys::parse(key) else { panic!("a noted record's key") };
                    found.noted.insert(at, value[0]);
                    ControlFlow::Continue(())
                })?;
            }
            Ok(found)
        })
        .unwrap()
}
