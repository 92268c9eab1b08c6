//! Where each record stands in the journal: in memory, made anew at each start, some four bytes a record.

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

/// The locations of one partition's records, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Locations(Vec<InSegment>);

/// Those within one segment.
#[derive(Clone, Debug)]
struct InSegment {
    segment: u32,
    /// The offset of its first record.
    first: usize,
    bytes: Vec<u32>,
}

impl InSegment {
    fn end(&self) -> usize {
        self.first + self.bytes.len()
    }

    fn from(&self, offset: usize) -> impl Iterator<Item = Location> + '_ {
        let bytes = self.bytes.get(offset.saturating_sub(self.first)..).unwrap_or_default();
        bytes.iter().map(|byte| Location::new(self.segment, *byte))
    }
}

impl Locations {
    pub(super) fn len(&self) -> usize {
        self.0.last().map_or(0, InSegment::end)
    }

    /// From this offset on.
    pub(super) fn from(&self, offset: usize) -> impl Iterator<Item = Location> + '_ {
        let before = self.0.partition_point(|within| within.end() <= offset);
        self.0.iter().skip(before).flat_map(move |within| within.from(offset))
    }

    pub(super) fn last(&self) -> Option<Location> {
        self.0.last().and_then(|within| Some(Location::new(within.segment, *within.bytes.last()?)))
    }

    fn push(&mut self, location: Location) {
        let (segment, byte, first) = (location.segment(), location.0 as u32, self.len());
        match self.0.last_mut() {
            Some(within) if within.segment == segment => within.bytes.push(byte),
            last => {
                // Nothing more comes into the segment before.
                last.into_iter().for_each(|within| within.bytes.shrink_to_fit());
                self.0.push(InSegment { segment, first, bytes: vec![byte] });
            }
        }
    }
}

/// Locations by topic, partition and offset.
#[derive(Clone, Debug)]
pub(super) struct Index(Vec<Locations>);

impl Default for Index {
    fn default() -> Self {
        Self(vec![Locations::default(); PARTITIONS_IN_ALL])
    }
}

impl Index {
    pub(super) fn of(&self, topic: Topic, partition: Partition) -> &Locations {
        static NONE: Locations = Locations(Vec::new());
        self.0.get(slot(topic, partition)).unwrap_or(&NONE)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_found_by_offset_over_all_segments() {
        let all: Vec<Location> = [(1, 9), (1, 12), (2, 9), (4, u32::MAX), (4, 9), (7, 9)]
            .map(|(segment, byte)| Location::new(segment, byte))
            .to_vec();
        let mut locations = Locations::default();
        assert_eq!((locations.len(), locations.last(), locations.from(0).next()), (0, None, None));
        for (count, location) in all.iter().enumerate() {
            assert_eq!(locations.len(), count);
            locations.push(*location);
            assert_eq!(locations.last(), Some(*location));
        }
        for offset in 0..=all.len() {
            assert_eq!(locations.from(offset).collect::<Vec<_>>(), all[offset..]);
        }
        assert_eq!(locations.from(usize::MAX).next(), None);
    }
}
