//! What each shard should hold: how many rows, and the sum of their digests, kept beside them in every commit.
//!
//! Both engines, opening a log with damage in it, may take the damage for an end and go on behind it: rows are gone, and
//! the offset that says they were read is not. A restriction lost like that would fail open. The tally of the shard
//! shows it.

use std::ops::ControlFlow;

use event_log::{PARTITIONS, Partition};
use sha2::{Digest, Sha256};

use super::engine::Rows;
use super::{Shards, StoreError, keys};

const BYTES: usize = 24;

/// Of one shard.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    rows: u64,
    sum: u128,
}

impl Tally {
    fn add(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_add(1);
        self.sum = self.sum.wrapping_add(digest(key, value));
    }

    fn take(&mut self, key: &[u8], value: &[u8]) {
        self.rows = self.rows.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(digest(key, value));
    }

    fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let (rows, sum) = bytes.split_at_mut(8);
        rows.copy_from_slice(&self.rows.to_be_bytes());
        sum.copy_from_slice(&self.sum.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (rows, sum) = bytes.split_first_chunk()?;
        Some(Self { rows: u64::from_be_bytes(*rows), sum: u128::from_be_bytes(sum.try_into().ok()?) })
    }
}

fn digest(key: &[u8], value: &[u8]) -> u128 {
    let mut hash = Sha256::new();
    hash.update((key.len() as u64).to_be_bytes());
    hash.update(key);
    hash.update(value);
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk().map_or(0, |half| u128::from_be_bytes(*half))
}

/// Of every shard.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Tallies([Tally; PARTITIONS as usize]);

impl Tallies {
    /// Those that the store keeps.
    pub(super) fn kept(rows: &dyn Rows) -> Result<Self, StoreError> {
        let mut kept = Self::default();
        for (tally, shard) in kept.0.iter_mut().zip(Partition::all()) {
            if let Some(value) = rows.get(&keys::tally(shard))? {
                *tally = Tally::from_bytes(&value).ok_or(StoreError::BadValue("tally"))?;
            }
        }
        Ok(kept)
    }

    /// Those of the rows that the store holds: reads all of them.
    pub(super) fn counted(rows: &dyn Rows) -> Result<Self, StoreError> {
        let mut counted = Self::default();
        rows.scan(&[], &mut |key, value| {
            if keys::is_tally(key) {
                return ControlFlow::Break(());
            }
            counted.add(key, value);
            ControlFlow::Continue(())
        })?;
        Ok(counted)
    }

    /// A row that is new.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        if let Some(tally) = self.of(key) {
            tally.add(key, value);
        }
    }

    /// A change to what `rows` hold.
    pub(super) fn change(&mut self, rows: &dyn Rows, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        if let Some(tally) = self.of(key) {
            if let Some(before) = rows.get(key)? {
                tally.take(key, &before);
            }
            if let Some(value) = value {
                tally.add(key, value);
            }
        }
        Ok(())
    }

    /// The rows that keep these, in order of key.
    pub(super) fn rows(&self, shards: Shards) -> impl Iterator<Item = ([u8; 2], [u8; BYTES])> {
        let of_all = Partition::all().zip(&self.0);
        of_all
            .filter(move |(shard, _)| shards.contains(*shard))
            .map(|(shard, tally)| (keys::tally(shard), tally.to_bytes()))
    }

    fn of(&mut self, key: &[u8]) -> Option<&mut Tally> {
        keys::shard_of(key).and_then(|shard| self.0.get_mut(usize::from(shard.number())))
    }
}
