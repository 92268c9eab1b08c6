//! The keys topic, read from its beginning to its end.

use event_log::seal::{SealError, decode_key_record};
use event_log::{EventLog, LogError, Partition, Topic};
use proto::keys::KeyRecord;

const READ_RECORDS: usize = 1_000;

/// Gives every key record to `absorb`. One that is no key's, or contradicts one, is the consumer's to put in quarantine: it
/// is told, passed over, and stops nobody.
///
/// # Errors
/// When the log cannot be read.
pub(crate) async fn read(
    log: &dyn EventLog,
    mut absorb: impl FnMut(&KeyRecord) -> Result<(), SealError> + Send,
) -> Result<(), LogError> {
    for partition in Partition::all() {
        let mut from = 0;
        loop {
            let records = log.read(Topic::Keys, partition, from, READ_RECORDS).await?;
            let Some(last) = records.last() else { break };
            from = last.position.offset + 1;
            for record in &records {
                if let Err(error) = decode_key_record(record).and_then(|key| absorb(&key)) {
                    tracing::error!(position = %record.position, %error, "a record of the keys topic is passed over");
                }
            }
        }
    }
    Ok(())
}
