//! Everybody whom the store knows, one after another: for what is counted, listed or told of all children.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use event_log::{Partition, Pseudonym};
use identity::Id;

use super::{Child, ChildError, Children};
use crate::linking;
use crate::store::keys::{self, Parsed};

/// Subjects that are looked up in one read of the store: commits may wait for it.
const SUBJECTS_A_READ: usize = 1_000;

impl Children {
    /// Every subject of a shard of whom the store holds something, described or not.
    pub(crate) fn subjects(&self, shard: Partition) -> Result<BTreeSet<Pseudonym>, ChildError> {
        let mut found = BTreeSet::new();
        self.store.read(shard.into(), |view| {
            found.clear();
            view.scan_prefix(&keys::rows(shard), |key, _| {
                if let Some(Parsed::Row { subject, .. }) = keys::parse(key) {
                    found.insert(subject);
                }
                ControlFlow::Continue(())
            })
        })?;
        Ok(found)
    }

    /// Gives every child who is described, once, as they stand now, with the subject by which they were found. Takes a while.
    pub(crate) fn each_described(
        &self,
        mut each: impl FnMut(Pseudonym, &Child) -> Result<(), ChildError>,
    ) -> Result<(), ChildError> {
        let mut seen: BTreeSet<Id> = BTreeSet::new();
        for shard in Partition::all() {
            let mut after = None;
            loop {
                let some = linking::described::some_after(&self.store, shard, after, SUBJECTS_A_READ)?;
                for subject in &some {
                    if !seen.contains(&subject.0) {
                        let child = self.read(*subject, None)?;
                        each(*subject, &child)?;
                        // Others are met again under their own numbers, which this child answers for.
                        seen.extend(&child.resolution.subjects);
                    }
                }
                match some.last() {
                    Some(last) if some.len() == SUBJECTS_A_READ => after = Some(*last),
                    _ => break,
                }
            }
        }
        Ok(())
    }
}
