//! Items of the quarantine, worked: read again by the connector as it is now, published, and put on record.
//!
//! An item is read again from where it came: the submission's own files, as long as they are kept, so that header, neighbours
//! and scope are as they were; or its own raw record, where that stands alone. Of what is read only what stood at the items'
//! places counts, and it goes the source's own way: screened, compared with what its scope holds as a part of that very
//! submission, sealed, appended. A part says nothing by what it does not hold, so nothing is retracted by it. Wherever a process
//! dies, the same again gives the same events.

mod desk;
mod header;
mod proof;
mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use event_log::seal::{Keyring, WrappingKeys};
use event_log::{EntryId, EventLog, LogError, Pseudonym};
use proto::quarantine::handled::Outcome;
use proto::quarantine::{Handled, Item, Reason};

use crate::body::entry_id;
use crate::connector::{Connector, Draft, Rejection, Scope};
use crate::drop_folder::{IntakeError, Received};
use crate::publish::{PublishError, SharedPublisher, is_of_the_future};
use crate::quarantine::{self, Listed, QuarantineError, Readable};

pub use desk::Desk;
pub(crate) use desk::{Asked, Asks};
pub use proof::Proof;
pub use reading::{Became, ReadAgain, Together};

/// Raw records held at a time, in bytes.
const RAW_BYTES_HELD: usize = 64 << 20;

/// Why items could not be worked.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The quarantine could not be read.
    #[error(transparent)]
    Quarantine(#[from] QuarantineError),
    /// It could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The source could not take it in.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The source is not running.
    #[error("the source is stopping: say it again once it runs")]
    Stopping,
}

/// An item that waits, and what was done about it before.
#[derive(Clone, PartialEq, Debug)]
pub struct Waiting {
    /// With its raw record only where that is read again.
    pub item: Item,
    /// In order.
    pub handled: Vec<Handled>,
}

impl Waiting {
    /// How often it was read again.
    pub fn tries(&self) -> u32 {
        self.handled.iter().map(|handled| handled.tries).max().unwrap_or_default()
    }
}

/// What became of one item.
#[derive(Clone, PartialEq, Debug)]
pub struct Done {
    /// The item.
    pub item: Item,
    /// What was put on record about it.
    pub handled: Handled,
}

/// A source, as its quarantine is worked.
#[derive(Clone)]
pub struct Workplace {
    connector: Arc<dyn Connector>,
    publisher: SharedPublisher,
    log: Arc<dyn EventLog>,
    wrapping: Arc<WrappingKeys>,
    /// Of its drop folder, who takes in what is of a scope.
    desk: Option<Desk>,
}

impl Workplace {
    /// Of this source; `desk` where files are dropped for it.
    pub fn new(
        connector: Arc<dyn Connector>,
        publisher: SharedPublisher,
        log: Arc<dyn EventLog>,
        wrapping: Arc<WrappingKeys>,
        desk: Option<Desk>,
    ) -> Self {
        Self { connector, publisher, log, wrapping, desk }
    }

    /// The connector that runs.
    pub fn connector(&self) -> &Arc<dyn Connector> {
        &self.connector
    }

    /// Items of this source that `wanted` takes, oldest first, with those raw records that are to be read again.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn items(&self, wanted: impl Fn(&Item) -> bool + Send + Sync) -> Result<Vec<Waiting>, RedriveError> {
        let keyring = self.keyring().await?;
        let name = self.connector.descriptor().name;
        let held = std::sync::atomic::AtomicUsize::new(0);
        let keeps_raw = |item: &Item| {
            let reads_it = item.source == name && wanted(item) && self.connector.raw_stands_alone();
            let room = |held: usize| (held < RAW_BYTES_HELD).then_some(held + item.raw.len());
            reads_it && self.files_of(item).is_none() && {
                let order = std::sync::atomic::Ordering::Relaxed;
                held.fetch_update(order, order, room).is_ok()
            }
        };
        let listed = quarantine::list_keeping(self.log.as_ref(), &keyring, keeps_raw).await?;
        let waiting = listed.into_iter().filter_map(|Listed { state, handled, .. }| match state {
            Readable::Item(item) if item.source == name => Some(Waiting { item: *item, handled }),
            _ => None,
        });
        Ok(waiting.filter(|waiting| wanted(&waiting.item)).collect())
    }

    /// Those that are read again together, oldest first.
    pub fn together(&self, items: Vec<Waiting>) -> Vec<Together> {
        let mut together: Vec<Together> = Vec::new();
        let mut at = BTreeMap::new();
        for waiting in items {
            let from = match self.files_of(&waiting.item) {
                Some(folder) => reading::From::Files(folder),
                None => reading::From::Raw(waiting.item.id.clone()),
            };
            let at = *at.entry(from.clone()).or_insert(together.len());
            match together.get_mut(at) {
                Some(same) => same.items.push(waiting),
                None => together.push(Together { from, items: vec![waiting] }),
            }
        }
        together
    }

    /// What each item would be, read by this connector. Nothing is sealed, and nothing sent.
    ///
    /// # Errors
    /// When the process ends meanwhile.
    pub async fn read_again(
        &self,
        connector: &Arc<dyn Connector>,
        together: Together,
        now_us: i64,
    ) -> Result<ReadAgain, RedriveError> {
        // What was posted says no more of anybody now than its caller may.
        let received = match (&self.desk, &together.from) {
            (Some(desk), reading::From::Files(folder)) => Received::of(&desk.options, folder)?,
            _ => None,
        };
        let mut again = reading::read(Arc::clone(connector), together).await?;
        again.screen(&*self.publisher.lock().await, received, now_us);
        Ok(again)
    }

    /// Publishes what was read again, and puts on record what became of each item. `by` is a staff reference. Gives what
    /// became of them, and the entries that are on the log of them.
    ///
    /// # Errors
    /// When the log does not take it: the same again then says the same.
    pub async fn put(&self, read: ReadAgain, by: &str, now_us: i64) -> Result<Put, RedriveError> {
        let ReadAgain { scopes, parts, mut drafts, items, others, picked_up_us, .. } = read;
        let source = self.connector.descriptor().name;
        let mut loose = Vec::new();
        let mut by_scope: BTreeMap<String, Vec<Draft>> = BTreeMap::new();
        let mut refused: Vec<Rejection> = Vec::new();
        drafts.retain(|_, draft| draft.scope_key.is_none() || scopes.iter().any(|scope| is_scope_of(scope, draft)));
        for draft in drafts.values() {
            match &draft.scope_key {
                None => loose.push(draft.clone()),
                Some(key) => by_scope.entry(key.clone()).or_default().push(draft.clone()),
            }
        }
        if !loose.is_empty() {
            self.publisher.lock().await.publish_feed(loose, picked_up_us).await?;
        }
        for scope in scopes {
            let Some(drafts) = by_scope.remove(&scope.key) else { continue };
            let names_parts = parts.contains(&scope.key);
            let Some(desk) = &self.desk else { continue };
            refused.extend(desk.put(Asks { scope, drafts, names_parts, picked_up_us }).await?);
        }
        let mut publisher = self.publisher.lock().await;
        // What is new at these places waits as any other rejection does; what is known adds nothing.
        publisher.quarantine(&others, picked_up_us).await?;
        let mut put = Put::default();
        let mut noted = Vec::new();
        for (waiting, became) in items {
            let again = refused.iter().find(|rejection| reading::stands_at(&waiting.item, &rejection.place));
            let again = again.map(|rejection| (rejection.reason, rejection.message.clone()));
            let mut of_item = BTreeSet::new();
            for draft in became.drafts.iter().filter_map(|at| drafts.get(at)) {
                let entry =
                    (publisher.pseudonyms().of(&draft.subject), entry_id(publisher.pseudonyms(), source, draft));
                of_item.insert(entry);
            }
            let refused = became.refused.or(again);
            let outcome = match (&refused, of_item.is_empty()) {
                (Some(_), _) => Outcome::StillRefused,
                (None, false) => Outcome::Redriven,
                (None, true) => Outcome::PassedOver,
            };
            let (reason, message) = refused.unwrap_or((Reason::Unspecified, String::new()));
            let handled = Handled {
                outcome: outcome.into(),
                tries: waiting.tries() + 1,
                mapping_revision: self.connector.descriptor().mapping_revision,
                entries: u32::try_from(of_item.len()).unwrap_or(u32::MAX),
                reason: reason.into(),
                message,
                by: by.to_owned(),
                at_us: now_us,
            };
            put.rows += u64::from(!of_item.is_empty());
            put.entries.extend(of_item);
            noted.push((waiting.item.clone(), handled.clone(), waiting.handled.len()));
            put.done.push(Done { item: waiting.item, handled });
        }
        publisher.note(noted).await?;
        Ok(put)
    }

    /// Puts on record that nothing is to come of these items, why, and who says so.
    ///
    /// # Errors
    /// When the log does not take it.
    pub async fn set_aside(&self, items: Vec<Waiting>, why: &str, by: &str, now_us: i64) -> Result<(), RedriveError> {
        let handled = |waiting: &Waiting| Handled {
            outcome: Outcome::SetAside.into(),
            tries: waiting.tries(),
            message: why.to_owned(),
            by: by.to_owned(),
            at_us: now_us,
            ..Handled::default()
        };
        let noted = items.into_iter().map(|waiting| {
            let (handled, number) = (handled(&waiting), waiting.handled.len());
            (waiting.item, handled, number)
        });
        Ok(self.publisher.lock().await.note(noted.collect()).await?)
    }

    /// Counts on the log what these entries are there as.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn proof(&self, entries: &BTreeSet<(Pseudonym, EntryId)>, rows: u64) -> Result<Proof, RedriveError> {
        let keyring = self.keyring().await?;
        let topic = self.publisher.lock().await.topic();
        Ok(proof::count(self.log.as_ref(), topic, &keyring, entries, rows).await?)
    }

    async fn keyring(&self) -> Result<Keyring, LogError> {
        let keyring = Keyring::new(Arc::clone(&self.wrapping));
        crate::keys::read(self.log.as_ref(), |key| keyring.absorb(key)).await?;
        Ok(keyring)
    }

    /// The folder of the submission that the item came in, while its file is kept there.
    fn files_of(&self, item: &Item) -> Option<PathBuf> {
        let root = &self.desk.as_ref()?.options.root;
        crate::drop_folder::submission_of(root, item.quarantined_at_us, &item.place.as_ref()?.file)
    }
}

/// What publishing came to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Put {
    /// What became of each item.
    pub done: Vec<Done>,
    /// Items that became something.
    pub rows: u64,
    /// Whose, and which entries.
    pub entries: BTreeSet<(Pseudonym, EntryId)>,
}

fn is_scope_of(scope: &Scope, draft: &Draft) -> bool {
    draft.scope_key.as_deref() == Some(&scope.key)
}

#[cfg(test)]
mod tests;
