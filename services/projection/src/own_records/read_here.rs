//! What a process records it acknowledges once it has read it too: from then on no answer of its is made without it.

use std::time::Duration;

use event_log::Position;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use crate::consume::Progress;
use crate::store::Store;

/// How long a process may take to read what it has written itself.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// How long the consumer may take from a commit to saying so.
const TOLD_WITHIN: Duration = Duration::from_millis(10);

/// What this process has read of the log.
pub(super) struct ReadHere {
    store: Store,
    progress: watch::Receiver<Progress>,
}

impl ReadHere {
    pub(super) fn new(store: Store, progress: watch::Receiver<Progress>) -> Self {
        Self { store, progress }
    }

    /// Waits until these are read; false where they are not in time.
    pub(super) async fn has_read(&self, positions: &[Position]) -> bool {
        let (mut progress, until) = (self.progress.clone(), Instant::now() + READ_WITHIN);
        loop {
            // Before it is looked: what is read in between counts as a change.
            progress.mark_unchanged();
            let held = self.store.heights_held();
            if positions.iter().all(|position| held.hold(position)) {
                // What was committed is told to whoever answers a moment later: that organisations changed among it.
                let _told = timeout(TOLD_WITHIN, progress.changed()).await;
                return true;
            }
            if !matches!(timeout_at(until, progress.changed()).await, Ok(Ok(()))) {
                return false;
            }
        }
    }
}
