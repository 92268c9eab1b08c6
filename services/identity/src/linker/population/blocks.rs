//! Records by the keys that they share with others.

use hashbrown::HashTable;

use super::pages::{Full, Pages};

/// Those of one key: where they are, and how many.
#[derive(Clone, Copy, Debug)]
struct Block {
    key: u32,
    /// The one record's place, or where the run of several begins.
    at: u32,
    records: u32,
}

/// Blocks by key. A key is 32 bits of a hash that is the same everywhere, so that what two unlike keys share by chance they
/// share on every machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    blocks: HashTable<Block>,
    runs: Pages<u32>,
}

impl Blocks {
    /// Puts a record under a key. Gives how many stand there now.
    pub(super) fn insert(&mut self, key: u32, record: u32) -> Result<usize, Full> {
        let Self { blocks, runs } = self;
        let Some(block) = blocks.find_mut(spread(key), |block| block.key == key) else {
            blocks.insert_unique(spread(key), Block { key, at: record, records: 1 }, |block| spread(block.key));
            return Ok(1);
        };
        let length = count(block.records);
        if length == 1 {
            block.at = runs.put(&[block.at, record])?;
        } else if length == room(length) {
            let mut longer = runs.run(block.at, length).to_vec();
            longer.push(record);
            longer.resize(room(length + 1), 0);
            let at = runs.put(&longer)?;
            runs.take(block.at, length);
            block.at = at;
        } else if let Some(free) = runs.run_mut(block.at, room(length)).get_mut(length) {
            *free = record;
        }
        block.records += 1;
        Ok(length + 1)
    }

    /// Takes a record from under a key. Gives how many stand there still.
    pub(super) fn remove(&mut self, key: u32, record: u32) -> Result<usize, Full> {
        let Self { blocks, runs } = self;
        let Ok(mut entry) = blocks.find_entry(spread(key), |block| block.key == key) else { return Ok(0) };
        let block = entry.get_mut();
        let length = count(block.records);
        if length == 1 {
            entry.remove();
            return Ok(0);
        }
        let run = runs.run_mut(block.at, length);
        if let Some(place) = run.iter().position(|other| *other == record) {
            run.swap(place, length - 1);
        }
        block.records -= 1;
        let left = length - 1;
        let shorter = runs.run(block.at, left).to_vec();
        if let [only] = shorter.as_slice() {
            let at = block.at;
            block.at = *only;
            runs.take(at, room(length));
        } else if room(left) < room(length) {
            let at = runs.put(&shorter)?;
            runs.take(block.at, room(length));
            block.at = at;
        }
        Ok(left)
    }

    /// Calls with each record of a key, unless there are more than this: then it says so.
    pub(super) fn visit(&self, key: u32, records_max: usize, mut visit: impl FnMut(u32)) -> Result<(), TooMany> {
        let Some(block) = self.blocks.find(spread(key), |block| block.key == key) else { return Ok(()) };
        match count(block.records) {
            1 => visit(block.at),
            length if length > records_max => return Err(TooMany),
            length => self.runs.run(block.at, length).iter().copied().for_each(visit),
        }
        Ok(())
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.allocation_size() + self.runs.bytes()
    }
}

/// More records share the key than a key is worth following for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TooMany;

fn spread(key: u32) -> u64 {
    u64::from(key) << u32::BITS | u64::from(key)
}

fn count(records: u32) -> usize {
    usize::try_from(records).unwrap_or(usize::MAX)
}

/// The room of a run of so many: twice as much each time.
fn room(length: usize) -> usize {
    length.next_power_of_two()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Blocks hold what a map of sets holds.
        #[test]
        fn blocks_are_sets_by_key(steps in proptest::collection::vec((0_u32..4, 0_u32..40, any::<bool>()), 0..300)) {
            let (mut blocks, mut sets) = (Blocks::default(), BTreeMap::<u32, BTreeSet<u32>>::new());
            for (key, record, takes) in steps {
                let set = sets.entry(key).or_default();
                match (takes, set.contains(&record)) {
                    (true, true) => {
                        set.remove(&record);
                        prop_assert_eq!(blocks.remove(key, record), Ok(set.len()));
                    }
                    (false, false) => {
                        set.insert(record);
                        prop_assert_eq!(blocks.insert(key, record), Ok(set.len()));
                    }
                    _ => {}
                }
                let mut found = BTreeSet::new();
                prop_assert_eq!(blocks.visit(key, 1_000, |record| found.extend([record])), Ok(()));
                prop_assert_eq!(&found, &*set);
                prop_assert_eq!(blocks.visit(key, 1, |_| ()).is_err(), set.len() > 1);
            }
        }
    }
}
