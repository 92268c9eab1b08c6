//! How far every partition of the event topics has been read, at hand without asking the engine: so that one node can say to
//! another what it had read when it answered.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use event_log::{Offset, PARTITIONS, Partition, Position, Topic};

use super::read_to::ReadTo;
use super::{Batch, StoreError, View, keys};

/// One for each partition of each event topic.
const PLACES: usize = Topic::EVENTS.len() * PARTITIONS as usize;
/// Enough for 280 million million records of a partition.
const OFFSET_BYTES: usize = 6;

/// The next offset to read of every partition of the event topics.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heights([Offset; PLACES]);

impl Heights {
    /// Bytes that they take, whatever they are.
    pub const BYTES: usize = PLACES * OFFSET_BYTES;

    /// Whether a store of these has read everything that one of the others had.
    pub fn cover(&self, others: &Self) -> bool {
        self.0.iter().zip(&others.0).all(|(own, other)| own >= other)
    }

    /// Of one partition.
    pub(crate) fn next(&self, topic: Topic, partition: Partition) -> Offset {
        place((topic, partition)).and_then(|place| self.0.get(place)).copied().unwrap_or_default()
    }

    /// Whether a store of these has read the record of this place, or it is of a topic that no store reads.
    pub(crate) fn hold(&self, position: &Position) -> bool {
        let height = place((position.topic, position.partition)).and_then(|place| self.0.get(place));
        height.is_none_or(|next| *next > position.offset)
    }

    /// Six bytes big-endian for each.
    pub fn to_bytes(&self) -> Vec<u8> {
        let six = |offset: &Offset| offset.to_be_bytes().into_iter().skip(size_of::<Offset>() - OFFSET_BYTES);
        self.0.iter().flat_map(six).collect()
    }

    /// Reads them back; `None` when they are not so many bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut heights = Self([0; PLACES]);
        for (height, six) in heights.0.iter_mut().zip(bytes.chunks_exact(OFFSET_BYTES)) {
            *height = six.iter().fold(0, |number, byte| number << 8 | Offset::from(*byte));
        }
        (bytes.len() == Self::BYTES).then_some(heights)
    }
}

/// The heights of a store, before and after the commit that may be under way.
pub(super) struct Climb {
    begun: [AtomicU64; PLACES],
    done: [AtomicU64; PLACES],
}

impl Climb {
    /// Those that a store has.
    pub(super) fn of(view: &View<'_>) -> Result<Self, StoreError> {
        let climb = Self {
            begun: std::array::from_fn(|_| AtomicU64::new(0)),
            done: std::array::from_fn(|_| AtomicU64::new(0)),
        };
        for topic in Topic::EVENTS {
            for partition in Partition::all() {
                let next = view.offset(topic, partition)?;
                set(&climb.begun, (topic, partition), next);
                set(&climb.done, (topic, partition), next);
            }
        }
        Ok(climb)
    }

    /// Before anything of a batch is visible.
    pub(super) fn begin(&self, batch: &Batch) {
        advances(batch).for_each(|(at, next)| set(&self.begun, at, next));
    }

    /// Once all of it is.
    pub(super) fn end(&self, batch: &Batch) {
        advances(batch).for_each(|(at, next)| set(&self.done, at, next));
    }

    /// What a read that has ended may have seen of the log, at most.
    pub(super) fn seen(&self) -> Heights {
        Heights(std::array::from_fn(|place| self.begun.get(place).map_or(0, |at| at.load(SeqCst))))
    }

    /// What a read that begins now sees of it, at least.
    pub(super) fn held(&self) -> Heights {
        Heights(std::array::from_fn(|place| self.done.get(place).map_or(0, |at| at.load(SeqCst))))
    }
}

fn place((topic, partition): (Topic, Partition)) -> Option<usize> {
    let row = Topic::EVENTS.iter().position(|of| *of == topic)?;
    Some(row * usize::from(PARTITIONS) + usize::from(partition.number()))
}

fn set(heights: &[AtomicU64; PLACES], at: (Topic, Partition), next: Offset) {
    if let Some(height) = place(at).and_then(|place| heights.get(place)) {
        height.store(next, SeqCst);
    }
}

fn advances(batch: &Batch) -> impl Iterator<Item = ((Topic, Partition), Offset)> {
    batch.changes().filter_map(|(key, value)| match keys::parse(key) {
        Some(keys::Parsed::Offset(topic, partition)) => Some(((topic, partition), ReadTo::from_bytes(value?)?.next)),
        _ => None,
    })
}
