//! What a store must hold after the first so many batches: a pure function, so that any prefix can be recomputed.

#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use event_log::{EventId, KeyId, PARTITIONS, Partition, Position, Pseudonym, Topic};
use projection::store::{Batch, Engine, Key, Options, ReadTo, Shards, Store, StoreError, View, keys};
use sha2::{Digest, Sha256};

pub const TOPIC: Topic = Topic::Education;
pub type Rows = BTreeMap<Key, Vec<u8>>;

pub fn options(engine: Engine) -> Options {
    Options { engine, cache_bytes: 8 << 20 }
}

pub fn shard(number: u8) -> Partition {
    Partition::new(number).unwrap()
}

/// An id of this shard, spread over the key space.
pub fn id(shard: Partition, number: u64) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(number.to_be_bytes()).into();
    let mut id: [u8; 16] = digest[..16].try_into().unwrap();
    id[0] = id[0] / PARTITIONS * PARTITIONS + shard.number();
    id
}

pub fn batch_partition(batch: u64) -> Partition {
    shard((batch % u64::from(PARTITIONS)) as u8)
}

/// Records in a batch: not all alike.
fn records(batch: u64) -> u64 {
    3 + batch * 7 % 40
}

/// A batch of records of one partition, with its offset; its claims lie in the next shard, and it takes away the row that
/// the partition's last batch parked.
pub fn batch(number: u64) -> Batch {
    let mut batch = Batch::new();
    let partition = batch_partition(number);
    let next_shard = shard((partition.number() + 1) % PARTITIONS);
    for record in 0..records(number) {
        let seed = number * 100 + record;
        let subject = Pseudonym(id(partition, seed % 997));
        let value: Vec<u8> = id(partition, seed).iter().cycle().take(20 + (seed % 200) as usize).copied().collect();
        batch.put(keys::row(subject, seed as i64 * 1_000, EventId(id(partition, seed))), value);
    }
    let (identifier, local) = (Pseudonym(id(next_shard, number)), Pseudonym(id(partition, number)));
    batch.put(keys::claim(identifier, local), number.to_be_bytes());
    let parked = |number| {
        let at = Position { topic: TOPIC, partition, offset: offset_after(number, partition) };
        keys::parked(KeyId(id(partition, number)), at)
    };
    batch.put(parked(number), number.to_be_bytes());
    if let Some(last) = number.checked_sub(u64::from(PARTITIONS)) {
        batch.delete(parked(last));
    }
    batch.advance(TOPIC, partition, ReadTo { next: offset_after(number, partition), last: id(partition, number) });
    batch
}

/// A partition's offset once this batch and all before it are in.
pub fn offset_after(batch: u64, partition: Partition) -> u64 {
    (0..=batch).filter(|b| batch_partition(*b) == partition).map(records).sum()
}

/// The offset of each partition.
pub fn offsets_in(view: &View<'_>) -> Result<Vec<u64>, StoreError> {
    Partition::all().map(|partition| view.offset(TOPIC, partition)).collect()
}

/// What those of the first `batches` leave that these offsets cover.
pub fn expected_at(offsets: &[u64], batches: u64) -> Rows {
    let mut rows = Rows::new();
    for number in 0..batches {
        let partition = batch_partition(number);
        if offset_after(number, partition) <= offsets[usize::from(partition.number())] {
            apply(&mut rows, number);
        }
    }
    rows
}

/// Adds a batch to what is expected.
pub fn apply(rows: &mut Rows, number: u64) {
    let partition = batch_partition(number);
    if let Some(last) = number.checked_sub(u64::from(PARTITIONS)) {
        let at = Position { topic: TOPIC, partition, offset: offset_after(last, partition) };
        rows.remove(&keys::parked(KeyId(id(partition, last)), at));
    }
    rows.extend(batch(number).puts().map(|(key, value)| (key.clone(), value.to_vec())));
}

/// What the first `batches` leave.
pub fn expected(batches: u64) -> Rows {
    let mut rows = Rows::new();
    (0..batches).for_each(|number| apply(&mut rows, number));
    rows
}

/// Everything that a store holds, and how many batches its offsets say are in it.
pub fn held(store: &Store) -> (Rows, u64) {
    store.read(Shards::ALL, |view| Ok((rows_in(view)?, batches_in(view)?))).unwrap()
}

/// Everything in view.
pub fn rows_in(view: &View<'_>) -> Result<Rows, StoreError> {
    let tables = [keys::rows, keys::claims, keys::key_records, keys::offsets, keys::parked_all, keys::noted_all];
    let mut rows = Rows::new();
    for prefix in Partition::all().flat_map(|shard| tables.map(|table| table(shard))).chain([keys::registry_prefix()]) {
        view.scan_prefix(&prefix, |key, value| {
            rows.insert(Key::from_bytes(key).expect("a key of the layout"), value.to_vec());
            ControlFlow::Continue(())
        })?;
    }
    Ok(rows)
}

/// How many batches the offsets say are in; panics when no number of whole batches gives these offsets.
pub fn batches_in(view: &View<'_>) -> Result<u64, StoreError> {
    let offsets = offsets_in(view)?;
    let mut so_far = vec![0; usize::from(PARTITIONS)];
    let mut batches = 0;
    while so_far != offsets {
        so_far[usize::from(batch_partition(batches).number())] += records(batches);
        batches += 1;
        assert!(so_far.iter().zip(&offsets).all(|(so_far, offset)| so_far <= offset), "torn offsets: {offsets:?}");
    }
    Ok(batches)
}

/// The documented formula of the state hash.
pub fn hash(rows: &Rows) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (key, value) in rows {
        for part in [key.as_ref(), value] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}
