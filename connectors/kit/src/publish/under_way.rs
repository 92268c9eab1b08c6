//! One append, on its way while more is sealed.

use std::sync::Arc;
use std::time::Instant;

use event_log::{EventLog, LogError, Record};
use tokio::task::JoinHandle;

/// An append that goes on whether or not anybody waits for it.
pub(super) struct UnderWay {
    appending: JoinHandle<Ended>,
    pub(super) began: Instant,
}

/// What became of it.
pub(super) struct Ended {
    /// Keys that the log has acknowledged, the first so many of those given.
    pub(super) keys_taken: usize,
    /// How many records it has.
    pub(super) appended: Result<u64, LogError>,
}

impl UnderWay {
    /// Appends the keys, and the records once the keys are acknowledged.
    pub(super) fn begin(log: Arc<dyn EventLog>, keys: Vec<Record>, records: Vec<Record>) -> Self {
        let appending = async move {
            let keys_taken = keys.len();
            if !keys.is_empty()
                && let Err(error) = log.append(keys).await
            {
                return Ended { keys_taken: 0, appended: Err(error) };
            }
            if records.is_empty() {
                return Ended { keys_taken, appended: Ok(0) };
            }
            let appended = log.append(records).await.map(|appended| appended.positions.len() as u64);
            Ended { keys_taken, appended }
        };
        Self { appending: tokio::spawn(appending), began: Instant::now() }
    }

    /// Waits for its end; may be asked again when it was dropped before that.
    pub(super) async fn ended(&mut self) -> Ended {
        // A process that is stopping ends its tasks: nothing is known of what they did.
        (&mut self.appending).await.unwrap_or(Ended { keys_taken: 0, appended: Err(LogError::Closed) })
    }
}
