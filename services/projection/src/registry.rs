//! The organisations and agreements, kept in memory as the store has them.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock};

use proto::events::Body;
use sharing::{FactEvent, Registry};

use crate::child::ChildError;
use crate::disclose::digest;
use crate::project::Projector;
use crate::replay::Past;
use crate::row;
use crate::store::Store;
use crate::store::keys::{self, Parsed};

/// The registry, read again whenever the consumer says that it changed.
pub struct Registries {
    store: Store,
    projector: Projector,
    held: RwLock<(u64, Arc<Registry>, Mark)>,
    /// No more shows than this.
    past: Option<Arc<Past>>,
}

/// Which records of organisations and agreements a registry was folded from: the oldest, so many.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Mark {
    pub(crate) count: usize,
    /// Over their ids, oldest first.
    pub(crate) digest: [u8; 16],
}

/// One record of an organisation or an agreement.
struct Said {
    published_at_us: i64,
    offset: u64,
    subject: [u8; 16],
    body: Body,
}

impl Registries {
    /// Nothing read yet.
    pub fn new(store: Store, projector: Projector) -> Self {
        Self { store, projector, held: RwLock::default(), past: None }
    }

    /// As they were known then.
    pub(crate) fn of_past(store: Store, projector: Projector, past: Arc<Past>) -> Self {
        Self { past: Some(past), ..Self::new(store, projector) }
    }

    /// The registry of this generation or a later one.
    ///
    /// # Errors
    /// [`ChildError`], as for reading a child.
    pub fn current(&self, generation: u64) -> Result<Arc<Registry>, ChildError> {
        Ok(self.marked(generation)?.0)
    }

    /// The registry as it was last read.
    pub(crate) fn held(&self) -> Arc<Registry> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// As [`Self::current`], with what it was folded from.
    pub(crate) fn marked(&self, generation: u64) -> Result<(Arc<Registry>, Mark), ChildError> {
        {
            let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
            if held.0 >= generation {
                return Ok((Arc::clone(&held.1), held.2));
            }
        }
        let (read, mark) = self.read(None)?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.0 < generation {
            *held = (generation, Arc::new(read), mark);
        }
        Ok((Arc::clone(&held.1), held.2))
    }

    /// The registry as it was known at a time.
    ///
    /// # Errors
    /// [`ChildError`].
    pub fn known_at(&self, known_at_us: i64) -> Result<Registry, ChildError> {
        Ok(self.read(Some(known_at_us))?.0)
    }

    fn read(&self, known_at_us: Option<i64>) -> Result<(Registry, Mark), ChildError> {
        let mut rows = Vec::new();
        self.store.read(keys::registry_shard().into(), |view| {
            rows.clear();
            view.scan_prefix(&keys::registry_prefix(), |key, value| {
                if let Some(Parsed::Registry { event, .. }) = keys::parse(key) {
                    rows.extend(row::read(value).map(|row| (event.0, row)));
                }
                ControlFlow::Continue(())
            })
        })?;
        rows.sort_by_key(|(event, row)| (row.published_at_us, row.offset, *event));
        let count = self.past.as_ref().and_then(|past| past.registry());
        rows.truncate(count.unwrap_or(usize::MAX));
        let mark = Mark { count: rows.len(), digest: digest::sixteen(rows.iter().map(|(event, _)| event)) };
        let mut said: Vec<Said> = Vec::new();
        for (_, row) in rows {
            if let Some(checked) = self.projector.open(row.envelope)? {
                let (subject, body) = (checked.header.subject.0, checked.body);
                said.push(Said { published_at_us: row.published_at_us, offset: row.offset, subject, body });
            }
        }
        let drafts = self.past.iter().flat_map(|past| &past.drafts).zip(0_u64..);
        let facts = said.iter().map(|said| FactEvent {
            subject: said.subject,
            published_at_us: said.published_at_us,
            sequence: said.offset,
            body: &said.body,
        });
        // A draft counts as recorded last, whatever is asked of the past.
        let last_us = known_at_us.unwrap_or(i64::MAX);
        let drafts =
            drafts.map(|(body, sequence)| FactEvent { subject: [0; 16], published_at_us: last_us, sequence, body });
        Ok((Registry::fold(facts.chain(drafts), known_at_us), mark))
    }
}
