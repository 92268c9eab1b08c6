//! Where each record stands in the journal: in memory, made anew at each start, eight bytes a record.

use crate::position::{Offset, PARTITIONS, Partition, Topic};

const PARTITIONS_IN_ALL: usize = Topic::ALL.len() * PARTITIONS as usize;

/// A place in the journal. Ordered as the journal is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Location(u64);

impl Location {
    pub(super) fn new(segment: u32, byte: u32) -> Self {
        Self(u64::from(segment) << 32 | u64::from(byte))
    }

    pub(super) fn segment(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(super) fn byte(self) -> u64 {
        self.0 & u64::from(u32::MAX)
    }
}

/// Locations by topic, partition and offset.
#[derive(Clone, Debug)]
pub(super) struct Index(Vec<Vec<Location>>);

impl Default for Index {
    fn default() -> Self {
        Self(vec![Vec::new(); PARTITIONS_IN_ALL])
    }
}

impl Index {
    pub(super) fn of(&self, topic: Topic, partition: Partition) -> &[Location] {
        self.0.get(slot(topic, partition)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn end(&self, topic: Topic, partition: Partition) -> Offset {
        self.of(topic, partition).len() as Offset
    }

    pub(super) fn push(&mut self, topic: Topic, partition: Partition, location: Location) {
        if let Some(locations) = self.0.get_mut(slot(topic, partition)) {
            locations.push(location);
        }
    }
}

/// A number for each partition, for instance its next offset.
#[derive(Clone, Copy, Debug)]
pub(super) struct PerPartition<T>([T; PARTITIONS_IN_ALL]);

impl<T: Copy + Default> Default for PerPartition<T> {
    fn default() -> Self {
        Self([T::default(); PARTITIONS_IN_ALL])
    }
}

impl<T: Copy + Default> PerPartition<T> {
    /// Puts in what `next` makes of it and gives what was there.
    pub(super) fn replace(&mut self, topic: Topic, partition: Partition, next: impl FnOnce(T) -> T) -> T {
        self.0.get_mut(slot(topic, partition)).map_or_else(T::default, |value| {
            let before = *value;
            *value = next(before);
            before
        })
    }
}

fn slot(topic: Topic, partition: Partition) -> usize {
    (topic as usize - 1) * usize::from(PARTITIONS) + usize::from(partition.number())
}
