//! What is committed together, and which shards it touches.

use std::collections::BTreeMap;

use event_log::{PARTITIONS, Partition, Topic};

use super::keys::{self, Key};
use super::read_to::ReadTo;

/// A set of shards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shards(u16);

impl Shards {
    /// No shard.
    pub const NONE: Self = Self(0);
    /// Every shard.
    pub const ALL: Self = Self(u16::MAX);

    /// These, and one more.
    #[must_use]
    pub fn with(self, shard: Partition) -> Self {
        Self(self.0 | 1 << shard.number())
    }

    /// Whether this one is among them.
    pub fn contains(self, shard: Partition) -> bool {
        self.0 & 1 << shard.number() != 0
    }

    /// Them, in order.
    pub fn iter(self) -> impl Iterator<Item = Partition> {
        Partition::all().filter(move |shard| self.contains(*shard))
    }
}

const _: () = assert!(PARTITIONS as u32 == u16::BITS, "a set of shards is one bit for each");

impl From<Partition> for Shards {
    fn from(shard: Partition) -> Self {
        Self::NONE.with(shard)
    }
}

impl FromIterator<Partition> for Shards {
    fn from_iter<I: IntoIterator<Item = Partition>>(shards: I) -> Self {
        shards.into_iter().fold(Self::NONE, Self::with)
    }
}

/// The rows of a batch that suit both engines best: a sled reader waits for the rest of a batch, 1.7 ms at a hundred rows
/// and 15 ms at a thousand, and neither engine gains from more.
pub const BATCH_ROWS_BEST: usize = 200;

/// Changes that are made together or not at all. Of two changes to one key the later stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Batch {
    changes: BTreeMap<Key, Option<Vec<u8>>>,
    shards: Shards,
}

impl Batch {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a row. Keep values under 4 kB: sled writes a larger one to a file of its own.
    pub fn put(&mut self, key: Key, value: impl Into<Vec<u8>>) {
        self.change(key, Some(value.into()));
    }

    /// Takes a row away. Its bytes stay on disk until the engine reuses the space, so erasure rests on destroyed keys.
    pub fn delete(&mut self, key: Key) {
        self.change(key, None);
    }

    /// Puts how far a partition has been read.
    pub fn advance(&mut self, topic: Topic, partition: Partition, read_to: ReadTo) {
        self.put(keys::offset(topic, partition), read_to.to_bytes());
    }

    /// How many rows it changes.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The shards it changes.
    pub fn shards(&self) -> Shards {
        self.shards
    }

    /// The rows it puts, by key.
    pub fn puts(&self) -> impl Iterator<Item = (&Key, &[u8])> {
        self.changes.iter().filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }

    fn change(&mut self, key: Key, value: Option<Vec<u8>>) {
        self.shards = self.shards.with(key.shard());
        self.changes.insert(key, value);
    }

    /// The changes, by key; no value is a deletion.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.changes.iter().map(|(key, value)| (key.as_ref(), value.as_deref()))
    }
}
