//! Baselines out of the log, when their folder is lost or damaged.
//!
//! Submissions that changed nothing left no trace in the log, and neither did what could not be read; so after a rebuild a
//! submission older than the newest one may be published where it would have been left out, until the next whole one.

use std::collections::BTreeMap;
use std::sync::Arc;

use event_log::envelope::{CheckedBody, Opened, decode};
use event_log::seal::{Keyring, PseudonymKey, WrappingKeys};
use event_log::{EventLog, LogError, Partition, Topic};

use super::baseline::{Baseline, digest};
use super::not_held;

const BATCH_RECORDS: usize = 1_000;

/// Why baselines could not be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The log could not be read.
    #[error("the log could not be read")]
    Log(#[from] LogError),
}

/// Reads the connector's own topic from its beginning: the baseline of each scope, by its key. What other sources said, and
/// what is sealed with keys that are not this connector's, is passed over.
///
/// # Errors
/// When the log or a key cannot be read.
pub async fn rebuild(
    log: &dyn EventLog,
    topic: Topic,
    source: &str,
    pseudonyms: &PseudonymKey,
    wrapping: Arc<WrappingKeys>,
) -> Result<BTreeMap<String, Baseline>, RebuildError> {
    let keyring = Keyring::new(wrapping);
    crate::keys::read(log, |key| keyring.absorb(key)).await?;
    let mut baselines = BTreeMap::<String, Baseline>::new();
    for partition in Partition::all() {
        let mut from = 0;
        loop {
            let records = log.read(topic, partition, from, BATCH_RECORDS).await?;
            let Some(last) = records.last() else { break };
            from = last.position.offset + 1;
            for record in records {
                let Ok(sealed) = decode(record.value) else { continue };
                let Ok(Opened::Plain(plain)) = sealed.open(&keyring) else { continue };
                if plain.key_of.source != source {
                    continue;
                }
                // What does not hold is on no timeline, and so not in what the source last said.
                let checked = CheckedBody::check(&sealed.header, &plain, pseudonyms);
                let Ok(CheckedBody { header, body, entry_id, version, .. }) = checked else { continue };
                if body.scope.is_empty() {
                    continue;
                }
                let (third_parties, labels) = (body.third_parties.clone(), body.labels.clone());
                let (effective, event) = (body.effective.as_ref(), body.event.as_ref());
                let in_part = body.clears.is_empty() && event.is_some_and(|event| !not_held(event).is_empty());
                let digest = digest(pseudonyms, (effective, in_part), &body.findings, third_parties, labels, event);
                let baseline = baselines.entry(body.scope.clone()).or_default();
                baseline.absorb(header.subject, entry_id, version, &body, digest, pseudonyms);
            }
        }
    }
    for baseline in baselines.values_mut() {
        baseline.prune();
    }
    Ok(baselines)
}
