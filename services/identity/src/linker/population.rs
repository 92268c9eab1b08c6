//! Everybody who is described, held so that whoever may be the same child as a new record is found in milliseconds.

mod blocks;
mod pages;
mod values;

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroUsize;
use std::sync::Arc;

use hashbrown::HashTable;

use self::blocks::Blocks;
use self::pages::{Full, Pages};
use self::values::{Value, Values};
use super::block::keys;
use super::parameters::{Asking, Parameters};
use super::schema::{Record, Says};

pub(super) use self::values::FIELDS_MAX;

/// Records by key, of which those that may be one child are found under frozen parameters.
///
/// What is found is a function of the records that stand in it, and of nothing else: not of the order in which they came, of
/// what stood there before, or of the machine.
#[derive(Clone, Debug)]
pub struct Population<K> {
    parameters: Arc<Parameters>,
    entries: Vec<Entry<K>>,
    free: Vec<u32>,
    /// Entries by their keys.
    places: HashTable<u32>,
    hasher: RandomState,
    values: Values,
    said: Pages<Value>,
    blocks: Blocks,
}

/// A record: whose, and what it says.
#[derive(Clone, Copy, Debug)]
struct Entry<K> {
    /// `None`: nobody's, and free.
    key: Option<K>,
    at: u32,
    values: u16,
}

/// A pair that was compared.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Edge<K> {
    /// One record.
    pub one: K,
    /// The other.
    pub other: K,
    /// The sum of the weights.
    pub weight: f64,
}

/// A record that may be the same child.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Likely<K> {
    /// Whose.
    pub key: K,
    /// The sum of the weights, natural logarithm.
    pub weight: f64,
    /// The probability that both are one child.
    pub probability: f64,
}

/// Who may be the same child as a record.
#[derive(Clone, PartialEq, Debug)]
pub struct Found<K> {
    /// Heaviest first, then by key.
    pub likely: Vec<Likely<K>>,
    /// So many records were compared.
    pub compared: usize,
    /// So many values, or pairs of values, of the record are shared by more records than are looked through, or are more than a
    /// record is looked for by: nobody was looked for by them.
    pub passed_over: usize,
}

/// Records whose edges are to be found anew, besides that which was put or removed: a value that they share has come to be
/// shared by too many to look through, or no longer is.
pub type Again<K> = BTreeSet<K>;

/// Why a record could not be put.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the population is full: its values are told apart by 27 bits, its texts and records found by 32")]
pub struct PopulationFull;

impl From<Full> for PopulationFull {
    fn from(Full: Full) -> Self {
        Self
    }
}

impl<K: Copy + Ord + Hash> Population<K> {
    /// Nobody yet.
    pub fn new(parameters: Arc<Parameters>) -> Self {
        Self {
            parameters,
            entries: Vec::new(),
            free: Vec::new(),
            places: HashTable::new(),
            hasher: RandomState::new(),
            values: Values::default(),
            said: Pages::default(),
            blocks: Blocks::default(),
        }
    }

    /// Under which records are found and weighed.
    pub fn parameters(&self) -> &Arc<Parameters> {
        &self.parameters
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a record, in place of the one that has its key.
    ///
    /// # Errors
    /// [`PopulationFull`]: the record does not stand in it, or is not found by all that it says.
    pub fn put(&mut self, key: K, record: &Record) -> Result<Again<K>, PopulationFull> {
        u32::try_from(self.entries.len()).map_err(|_| PopulationFull)?;
        let entry = self.packed(key, record)?;
        let mut again = self.remove(&key);
        let free = self.free.pop();
        let at = free.or_else(|| u32::try_from(self.entries.len()).ok()).ok_or(PopulationFull)?;
        match self.entries.get_mut(index(at)) {
            Some(free) => *free = entry,
            None => self.entries.push(entry),
        }
        let Self { places, entries, hasher, .. } = self;
        let hash_of = |at: &u32| hasher.hash_one(entries.get(index(*at)).and_then(|entry| entry.key));
        places.insert_unique(hasher.hash_one(Some(key)), at, hash_of);
        for shared in keys(self.parameters.rules(), record).0 {
            let records = self.blocks.insert(shared, at)?;
            if records == self.parameters.block_records_max + 1 {
                self.collect(shared, &mut again);
            }
        }
        again.remove(&key);
        Ok(again)
    }

    /// Takes a record away.
    pub fn remove(&mut self, key: &K) -> Again<K> {
        let mut again = Again::new();
        let Some(at) = self.place(key) else { return again };
        let Some(entry) = self.entries.get(index(at)).copied() else { return again };
        for shared in keys(self.parameters.rules(), &self.packed_at(at)).0 {
            if self.blocks.remove(shared, at) == Ok(self.parameters.block_records_max) {
                self.collect(shared, &mut again);
            }
        }
        let said = self.said.run(entry.at, usize::from(entry.values)).to_vec();
        said.into_iter().for_each(|value| self.values.release(value));
        self.said.take(entry.at, usize::from(entry.values));
        if let Ok(place) = self.places.find_entry(self.hasher.hash_one(Some(*key)), |other| *other == at) {
            place.remove();
        }
        if let Some(entry) = self.entries.get_mut(index(at)) {
            *entry = Entry { key: None, at: 0, values: 0 };
        }
        self.free.push(at);
        again
    }

    /// Who may be the same child as this record with at least this probability, but for the record of this key: its own.
    pub fn find(&self, record: &Record, own: Option<&K>, probability_min: f64) -> Found<K> {
        let own = own.and_then(|key| self.place(key));
        let mut found = Found { likely: Vec::new(), compared: 0, passed_over: 0 };
        let asking = self.parameters.asking(record, probability_min);
        let candidates = self.candidates(record, &mut found.passed_over);
        for at in candidates.into_iter().filter(|at| Some(*at) != own) {
            found.compared += 1;
            found.likely.extend(self.weigh(record, at, &asking));
        }
        found.likely.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.key.cmp(&b.key)));
        found
    }

    /// Every pair that may be one child with at least this probability, in the order of their keys: the batch.
    pub fn edges(&self, probability_min: f64) -> Vec<Edge<K>> {
        self.edges_of_part(probability_min, 0, NonZeroUsize::MIN)
    }

    /// One of so many parts of [`Self::edges`], the first of which is part 0. No pair is in two of them, so that each can be found
    /// on a core of its own.
    pub fn edges_of_part(&self, probability_min: f64, part: usize, parts: NonZeroUsize) -> Vec<Edge<K>> {
        let mut edges = Vec::new();
        // Neighbouring records are alike in how much they share: every so-manieth is taken, and not every one of a run.
        for at in (part..self.entries.len()).step_by(parts.get()) {
            self.edges_of(at, probability_min, &mut edges);
        }
        edges.sort_unstable_by_key(|edge| (edge.one, edge.other));
        edges
    }

    /// The pairs of a record with those at later places.
    fn edges_of(&self, at: usize, probability_min: f64, edges: &mut Vec<Edge<K>>) {
        let (Some(Entry { key: Some(key), .. }), Ok(at)) = (self.entries.get(at), u32::try_from(at)) else { return };
        let record = self.packed_at(at);
        let asking = self.parameters.asking(&record, probability_min);
        for other in self.candidates(&record, &mut 0).into_iter().filter(|other| *other > at) {
            if let Some(likely) = self.weigh(&record, other, &asking) {
                let (one, other) = (*key.min(&likely.key), *key.max(&likely.key));
                edges.push(Edge { one, other, weight: likely.weight });
            }
        }
    }

    /// Bytes held, without those of the parameters.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry<K>>()
            + self.free.capacity() * size_of::<u32>()
            + self.places.allocation_size()
            + self.values.bytes()
            + self.said.bytes()
            + self.blocks.bytes()
    }

    fn candidates(&self, record: &impl Says, passed_over: &mut usize) -> Vec<u32> {
        let mut candidates = Vec::new();
        let (keys, left_out) = keys(self.parameters.rules(), record);
        *passed_over += left_out;
        for key in keys {
            let visited = self.blocks.visit(key, self.parameters.block_records_max, |at| candidates.push(at));
            *passed_over += usize::from(visited.is_err());
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }

    fn weigh(&self, record: &impl Says, at: u32, asking: &Asking) -> Option<Likely<K>> {
        let key = self.entries.get(index(at))?.key?;
        let (weight, probability) = self.parameters.weight(record, &self.packed_at(at), asking)?;
        Some(Likely { key, weight, probability })
    }

    fn place(&self, key: &K) -> Option<u32> {
        let is = |at: &u32| self.entries.get(index(*at)).is_some_and(|entry| entry.key == Some(*key));
        self.places.find(self.hasher.hash_one(Some(*key)), is).copied()
    }

    fn collect(&self, shared: u32, again: &mut Again<K>) {
        let collect = |at| again.extend(self.entries.get(index(at)).and_then(|entry| entry.key));
        let _all_are_visited = self.blocks.visit(shared, usize::MAX, collect);
    }

    fn packed(&mut self, key: K, record: &Record) -> Result<Entry<K>, PopulationFull> {
        let mut said = Vec::new();
        let fields = 0..self.parameters.schema().fields().len();
        let all = fields.flat_map(|field| record.values(field).iter().map(move |text| (field, text)));
        let pack = || {
            for (field, text) in all {
                said.push(self.values.hold(field, text)?);
            }
            Ok::<_, Full>((self.said.put(&said)?, u16::try_from(said.len()).map_err(|_| Full)?))
        };
        match pack() {
            Ok((at, values)) => Ok(Entry { key: Some(key), at, values }),
            Err(full) => {
                said.into_iter().for_each(|value| self.values.release(value));
                Err(PopulationFull::from(full))
            }
        }
    }

    fn packed_at(&self, at: u32) -> Packed<'_> {
        let entry = self.entries.get(index(at)).map(|entry| (entry.at, usize::from(entry.values)));
        let (at, values) = entry.unwrap_or_default();
        Packed { values: &self.values, said: self.said.run(at, values) }
    }
}

/// What a record of the population says.
struct Packed<'a> {
    values: &'a Values,
    said: &'a [Value],
}

impl Says for Packed<'_> {
    fn said(&self, field: usize) -> impl Iterator<Item = &str> + Clone {
        self.said.iter().filter(move |value| value.field() == field).map(|value| self.values.text(*value))
    }
}

fn index(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
