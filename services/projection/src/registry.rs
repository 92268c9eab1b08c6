//! The organisations and agreements, kept in memory as the store has them.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock};

use proto::events::Body;
use sharing::{FactEvent, Registry};

use crate::child::ChildError;
use crate::project::Projector;
use crate::row;
use crate::store::Store;
use crate::store::keys;

/// The registry, read again whenever the consumer says that it changed.
pub struct Registries {
    store: Store,
    projector: Projector,
    held: RwLock<(u64, Arc<Registry>)>,
}

impl Registries {
    /// Nothing read yet.
    pub fn new(store: Store, projector: Projector) -> Self {
        Self { store, projector, held: RwLock::new((0, Arc::new(Registry::default()))) }
    }

    /// The registry of this generation or a later one.
    ///
    /// # Errors
    /// [`ChildError`], as for reading a child.
    pub fn current(&self, generation: u64) -> Result<Arc<Registry>, ChildError> {
        {
            let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
            if held.0 >= generation {
                return Ok(Arc::clone(&held.1));
            }
        }
        let read = Arc::new(self.read(None)?);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.0 < generation {
            *held = (generation, read);
        }
        Ok(Arc::clone(&held.1))
    }

    /// The registry as it was known at a time.
    ///
    /// # Errors
    /// [`ChildError`].
    pub fn known_at(&self, known_at_us: i64) -> Result<Registry, ChildError> {
        self.read(Some(known_at_us))
    }

    fn read(&self, known_at_us: Option<i64>) -> Result<Registry, ChildError> {
        let mut rows = Vec::new();
        self.store.read(keys::registry_shard().into(), |view| {
            rows.clear();
            view.scan_prefix(&keys::registry_prefix(), |_, value| {
                rows.extend(row::read(value));
                ControlFlow::Continue(())
            })
        })?;
        let mut said: Vec<(i64, u64, [u8; 16], Body)> = Vec::new();
        for row in rows {
            if let Some(checked) = self.projector.open(row.envelope)? {
                said.push((row.published_at_us, row.offset, checked.header.subject.0, checked.body));
            }
        }
        let facts = said.iter().map(|(published_at_us, sequence, subject, body)| FactEvent {
            subject: *subject,
            published_at_us: *published_at_us,
            sequence: *sequence,
            body,
        });
        Ok(Registry::fold(facts, known_at_us))
    }
}
