//! One append, on its way while more is sealed.

use std::sync::Arc;
use std::time::Instant;

use event_log::{EventLog, LogError, Record};
use runtime::metrics;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::measured::Measured;

/// An append that goes on whether or not anybody waits for it.
pub(super) struct UnderWay(JoinHandle<usize>);

/// Tells whoever handed an append over what became of it: how many records the log has.
pub(super) struct Receipt(oneshot::Receiver<Result<u64, LogError>>);

/// What one caller has handed over and does not know of yet. Nothing that rests on it may be done before
/// [`super::Publisher::acknowledged`] has said that the log has it.
pub(crate) struct OnItsWay {
    pub(super) receipt: Option<Receipt>,
    pub(super) measured: Measured,
}

impl UnderWay {
    /// Appends the keys, and the records once the keys are acknowledged.
    pub(super) fn begin(
        log: Arc<dyn EventLog>,
        source: &'static str,
        keys: Vec<Record>,
        records: Vec<Record>,
    ) -> (Self, Receipt) {
        let (tell, told) = oneshot::channel();
        let appending = async move {
            let began = Instant::now();
            let count = keys.len();
            let (keys_taken, appended) = match append(log.as_ref(), keys).await {
                Ok(_) => (count, append(log.as_ref(), records).await),
                Err(error) => (0, Err(error)),
            };
            match &appended {
                Ok(0) => {}
                Ok(_) => metrics::PUBLISH.record(began.elapsed(), [source]),
                Err(_) => metrics::PUBLISH_FAILURES.add(1, [source]),
            }
            // Whoever handed it over may have gone: then it was never acknowledged to anybody, and comes again.
            let _gone = tell.send(appended);
            keys_taken
        };
        (Self(tokio::spawn(appending)), Receipt(told))
    }

    /// Waits for its end, and gives how many of the keys the log has, the first so many of those given; may be asked again when it
    /// was dropped before that.
    pub(super) async fn ended(&mut self) -> usize {
        // A process that is stopping ends its tasks: nothing is known of what they did.
        (&mut self.0).await.unwrap_or(0)
    }
}

impl Receipt {
    /// What became of it, once it ended.
    pub(super) async fn outcome(self) -> Result<u64, LogError> {
        self.0.await.unwrap_or(Err(LogError::Closed))
    }
}

async fn append(log: &dyn EventLog, records: Vec<Record>) -> Result<u64, LogError> {
    if records.is_empty() {
        return Ok(0);
    }
    Ok(log.append(records).await?.positions.len() as u64)
}
