//! What a read sees.

use std::fmt;
use std::ops::{ControlFlow, Deref};

use event_log::{Offset, Partition, Topic};

use super::engine::{EachRow, Rows};
use super::keys::{self, Key, Prefix};
use super::read_to::ReadTo;
use super::{Shards, StoreError};

/// The named shards at one point in time.
pub struct View<'a> {
    pub(super) rows: &'a dyn Rows,
    pub(super) shards: Shards,
}

impl View<'_> {
    /// The value of a key.
    ///
    /// # Errors
    /// [`StoreError::ShardNotNamed`]; the engine's.
    pub fn get(&self, key: &Key) -> Result<Option<Value>, StoreError> {
        self.named(key.as_ref())?;
        self.rows.get(key.as_ref())
    }

    /// How far a partition has been read: the next offset to read.
    ///
    /// # Errors
    /// [`StoreError::ShardNotNamed`]; [`StoreError::BadValue`]; the engine's.
    pub fn offset(&self, topic: Topic, partition: Partition) -> Result<Offset, StoreError> {
        self.read_to(topic, partition).map(|read_to| read_to.next)
    }

    /// How far a partition has been read, and what its last record was.
    ///
    /// # Errors
    /// As [`Self::offset`].
    pub fn read_to(&self, topic: Topic, partition: Partition) -> Result<ReadTo, StoreError> {
        let Some(value) = self.get(&keys::offset(topic, partition))? else { return Ok(ReadTo::default()) };
        ReadTo::from_bytes(&value).ok_or(StoreError::BadValue("offset"))
    }

    /// Gives `f` each row under a prefix, in order of key, until it breaks.
    ///
    /// # Errors
    /// [`StoreError::ShardNotNamed`]; the engine's.
    pub fn scan_prefix(
        &self,
        prefix: &Prefix,
        mut f: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let prefix = prefix.as_ref();
        self.named(prefix)?;
        self.rows.scan(prefix, &mut |key, value| {
            if key.starts_with(prefix) { f(key, value) } else { ControlFlow::Break(()) }
        })
    }

    /// Gives `f` each row of one table and shard from `from` up to and not including `to`, in order of key, until it
    /// breaks. Either may be a [`Key`] or a [`Prefix`].
    ///
    /// # Errors
    /// [`StoreError::ShardNotNamed`], also when the two are not of one table and shard; the engine's.
    pub fn scan_range(
        &self,
        from: &impl AsRef<[u8]>,
        to: &impl AsRef<[u8]>,
        mut f: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let (from, to) = (from.as_ref(), to.as_ref());
        self.named(from)?;
        if from.get(..2) != to.get(..2) {
            return Err(StoreError::ShardNotNamed);
        }
        self.rows.scan(from, &mut |key, value| if key < to { f(key, value) } else { ControlFlow::Break(()) })
    }

    pub(super) fn has_rows(&self, prefix: &Prefix) -> Result<bool, StoreError> {
        let mut any = false;
        self.scan_prefix(prefix, |_, _| {
            any = true;
            ControlFlow::Break(())
        })?;
        Ok(any)
    }

    pub(super) fn scan_everything(&self, f: &mut EachRow<'_>) -> Result<(), StoreError> {
        self.rows.scan(&[], &mut |key, value| {
            if keys::is_tally(key) { ControlFlow::Break(()) } else { f(key, value) }
        })
    }

    fn named(&self, key: &[u8]) -> Result<(), StoreError> {
        let shard = keys::shard_of(key).ok_or(StoreError::ShardNotNamed)?;
        if self.shards.contains(shard) { Ok(()) } else { Err(StoreError::ShardNotNamed) }
    }
}

/// A value as the engine holds it, without a copy.
#[derive(Clone)]
pub struct Value(pub(super) Held);

#[derive(Clone)]
pub(super) enum Held {
    Sled(sled::IVec),
    Fjall(fjall::Slice),
}

impl Deref for Value {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Held::Sled(value) => value,
            Held::Fjall(value) => value,
        }
    }
}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}
