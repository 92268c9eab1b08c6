//! The first record of a log: which log it is, and under which pseudonym key its subjects are named.
//!
//! It stands at the beginning of the reference topic, whose first partition takes nothing before it. Under another
//! pseudonym key every child would be somebody else, and a store that was filled from another log would answer for children
//! that this one does not know: whoever opens a log or a store asks first.

use bytes::Bytes;

use crate::log::{EventLog, LogError, Record, StoredRecord};
use crate::position::{Partition, Topic};
use crate::seal::{PseudonymKey, SealError, random};

const LABEL: &[u8] = b"throughline.log-begun.v1\0";
const ID_BYTES: usize = 16;

/// Which log it is: random, the same for every process, and carried along when the log is copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogId(pub [u8; ID_BYTES]);

/// Why a log is not this process's.
#[derive(Debug, thiserror::Error)]
pub enum BegunError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log's subjects are named under another key.
    #[error(
        "the pseudonym key is not the one that this log was written under: put the log's own key back, or begin a new log"
    )]
    AnotherKey,
    /// What stands first is nothing that a log begins with.
    #[error("the log does not begin as a log does: its reference topic holds something else before anything")]
    Malformed,
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] SealError),
}

/// Which log this is, if it has begun.
///
/// # Errors
/// [`BegunError::AnotherKey`] when its subjects are named under another key.
pub async fn begun(log: &dyn EventLog, key: &PseudonymKey) -> Result<Option<LogId>, BegunError> {
    let Some(partition) = Partition::new(0) else { return Ok(None) };
    let first = log.read(Topic::Reference, partition, 0, 1).await?;
    first.first().map(|record| read(record, key)).transpose()
}

/// Which log this is; begins it when nobody has. Of two processes that begin it at once one is first, and both say so.
///
/// # Errors
/// As [`begun`].
pub async fn begin(log: &dyn EventLog, key: &PseudonymKey) -> Result<LogId, BegunError> {
    if let Some(id) = begun(log, key).await? {
        return Ok(id);
    }
    let partition = Partition::new(0).ok_or(BegunError::Malformed)?;
    let id = random()?;
    let value: Bytes = LABEL.iter().chain(id.iter().take(ID_BYTES)).copied().collect();
    log.append(vec![Record { topic: Topic::Reference, partition, key: key.check_value(), value }]).await?;
    begun(log, key).await?.ok_or(BegunError::Malformed)
}

fn read(record: &StoredRecord, key: &PseudonymKey) -> Result<LogId, BegunError> {
    let id = record.value.strip_prefix(LABEL).and_then(|id| id.try_into().ok()).ok_or(BegunError::Malformed)?;
    if record.key == key.check_value() { Ok(LogId(id)) } else { Err(BegunError::AnotherKey) }
}

impl std::fmt::Display for LogId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
