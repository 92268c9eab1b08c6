//! One connector for each source: whoever holds the source's lease, and nobody else.
//!
//! A lease is a consumer group of Kafka's own, `throughline.lease.<source>`, as brokers keep it for any group: they know who
//! belongs to it, and put out whoever is not heard from within the session. Its members share no partitions. They share one
//! thing, which the first of them holds for as long as it is heard from, and another gets once it leaves or falls silent.
//!
//! A holder counts its session from when it *asked*, and a broker from when it *heard*: so a holder that hears nothing stops
//! before anybody else begins, and a process that was held still and wakes finds its lease lapsed before it asks anybody. What
//! stays possible: it is held still between looking and appending, and appends after another began. That loses nothing and
//! doubles nothing: the same record is the same event id. Sealed under the same key it is byte-identical, and the fold takes it
//! once; sealed under another, the second is put in quarantine as `EVENT_ID_REUSED`. This clock stands still while a whole
//! machine sleeps, so do not let one sleep that runs a connector.

mod group;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Connection;
use crate::log::{Appended, Ends, EventLog, LogError, Record, StoredRecord};
use crate::position::{Offset, Partition, Topic};
use group::Member;

/// What is not about reaching the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaseOptions {
    /// Before the name of the group, as before those of topics.
    pub prefix: String,
    /// How long a holder that is not heard from holds, and so how long another waits for one that was killed. Brokers take 6 s
    /// to 30 minutes unless told otherwise.
    pub session: Duration,
}

impl Default for LeaseOptions {
    fn default() -> Self {
        Self { prefix: String::new(), session: Duration::from_secs(10) }
    }
}

/// Where a lease stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// Until when this process holds it, if it does.
    until: Option<Instant>,
    /// Who holds it, by their client id, as far as this process was told.
    pub holder: Option<String>,
    /// Why the cluster refuses this process, if it does.
    pub refused: Option<String>,
}

impl Standing {
    /// Whether this process holds it, now.
    pub fn is_held(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }
}

/// A claim to a source's lease, kept up until this is dropped. Clones are the same claim.
#[derive(Clone)]
pub struct Lease {
    source: Arc<str>,
    standing: watch::Receiver<Standing>,
    _claimed: Arc<DropGuard>,
    left: watch::Receiver<bool>,
}

impl Lease {
    /// Asks for the lease of this source, and goes on asking.
    pub fn claim(connection: &Connection, source: &str, options: &LeaseOptions) -> Self {
        let (tell, standing) = watch::channel(Standing::default());
        let (has_left, left) = watch::channel(false);
        let stop = CancellationToken::new();
        let group = format!("{}throughline.lease.{source}", options.prefix);
        let member = Member::new(connection.clone(), group, options.session, tell);
        let stopped = stop.clone();
        tokio::spawn(async move {
            member.attend(stopped).await;
            // Nobody may wait for it.
            let _ = has_left.send(true);
        });
        Self { source: source.into(), standing, _claimed: Arc::new(stop.drop_guard()), left }
    }

    /// Asks for the lease of this source and waits until this process holds it.
    ///
    /// # Errors
    /// [`LogError::Refused`] when this principal has no right to the group.
    pub async fn take(connection: &Connection, source: &str, options: &LeaseOptions) -> Result<Self, LogError> {
        let lease = Self::claim(connection, source, options);
        lease.held().await?;
        Ok(lease)
    }

    /// Returns once this process holds it.
    ///
    /// # Errors
    /// [`LogError::Refused`] when this principal has no right to the group.
    pub async fn held(&self) -> Result<(), LogError> {
        let mut standing = self.standing.clone();
        let ended = standing.wait_for(|standing| standing.is_held() || standing.refused.is_some()).await;
        match ended.map(|standing| standing.refused.clone()) {
            Ok(None) => Ok(()),
            Ok(Some(because)) => Err(LogError::Refused { because }),
            Err(_) => Err(LogError::Closed),
        }
    }

    /// Whether this process holds it, now.
    pub fn is_held(&self) -> bool {
        self.standing.borrow().is_held()
    }

    /// Returns once this process does not hold it: it was told so, or it was told nothing for a session.
    pub async fn lost(&self) {
        let mut standing = self.standing.clone();
        loop {
            let until = standing.borrow_and_update().until.filter(|until| Instant::now() < *until);
            let Some(until) = until else { return };
            // Either way it is looked again: it may have been prolonged.
            let _ = tokio::time::timeout_at(until.into(), standing.changed()).await;
        }
    }

    /// Who holds it, and whether the cluster refuses this process; changes as it does. That a holder was not heard from for a
    /// session is no change that this tells: ask [`Standing::is_held`], or wait for [`Self::lost`].
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// Gives it back, so that another need not wait out the session, and returns once the cluster knows or was told in vain.
    /// Other clones of this claim lose it too when the last of them is dropped, and not before.
    pub async fn release(self) {
        let Self { _claimed, mut left, .. } = self;
        drop(_claimed);
        // The task is gone, if this fails.
        let _ = left.wait_for(|left| *left).await;
    }

    fn not_held(&self) -> LogError {
        let holder = self.standing.borrow().holder.clone();
        let by = holder.map_or_else(String::new, |holder| format!(": `{holder}` has it"));
        LogError::Unavailable { because: format!("this process does not hold the lease of `{}`{by}", self.source) }
    }
}

/// A log to which only the holder of a lease appends.
#[derive(Clone)]
pub struct LeasedLog {
    log: Arc<dyn EventLog>,
    lease: Lease,
}

impl LeasedLog {
    /// `log`, for whoever holds `lease`.
    pub fn new(log: Arc<dyn EventLog>, lease: Lease) -> Self {
        Self { log, lease }
    }
}

#[async_trait]
impl EventLog for LeasedLog {
    /// As the log's, but [`LogError::Unavailable`] while the lease is not held.
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        if !self.lease.is_held() {
            return Err(self.lease.not_held());
        }
        self.log.append(records).await
    }

    async fn read(
        &self,
        topic: Topic,
        partition: Partition,
        from: Offset,
        records_max: usize,
    ) -> Result<Vec<StoredRecord>, LogError> {
        self.log.read(topic, partition, from, records_max).await
    }

    async fn end(&self, topic: Topic, partition: Partition) -> Result<Offset, LogError> {
        self.log.end(topic, partition).await
    }

    async fn ends(&self, topics: &[Topic]) -> Result<Ends, LogError> {
        self.log.ends(topics).await
    }

    async fn grown(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        self.log.grown(topics, seen, at_most).await
    }
}
