//! The keys topic, read from its beginning to its end.

use std::collections::BTreeMap;

use event_log::seal::{SealError, decode_key_record};
use event_log::{EventLog, LogError, Offset, Partition, Topic};
use proto::keys::KeyRecord;

const READ_RECORDS: usize = 1_000;

/// Gives every key record to `absorb`. One that is no key's, or contradicts one, is the consumer's to put in quarantine: it
/// is told, passed over, and stops nobody.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn read(
    log: &dyn EventLog,
    absorb: impl FnMut(&KeyRecord) -> Result<(), SealError> + Send,
) -> Result<(), LogError> {
    read_on(log, &mut BTreeMap::new(), absorb).await
}

/// As [`read`], from where it was read to before.
///
/// # Errors
/// When the log cannot be read; what was read by then is not read again.
pub(crate) async fn read_on(
    log: &dyn EventLog,
    read_to: &mut BTreeMap<Partition, Offset>,
    mut absorb: impl FnMut(&KeyRecord) -> Result<(), SealError> + Send,
) -> Result<(), LogError> {
    for ((_, partition), end) in log.ends(&[Topic::Keys]).await? {
        let from = read_to.entry(partition).or_default();
        while *from < end {
            let records = log.read(Topic::Keys, partition, *from, READ_RECORDS).await?;
            // Nothing is left of a partition whose last records were replaced by later ones: it is read to its end.
            *from = records.last().map_or(end, |last| last.position.offset + 1);
            for record in &records {
                if let Err(error) = decode_key_record(record).and_then(|key| absorb(&key)) {
                    tracing::error!(position = %record.position, %error, "a record of the keys topic is passed over");
                }
            }
        }
    }
    Ok(())
}
