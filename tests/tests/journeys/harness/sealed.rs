//! The log of a stopped process, read with its own keys.

use std::sync::Arc;

use event_log::embedded::EmbeddedLog;
use event_log::envelope::{self, CheckedBody, Opened};
use event_log::seal::{Keyring, PseudonymKey, WrappingKeys, decode_key_record};
use event_log::{EventLog, Partition, Position, StoredRecord, Topic};

use super::Place;

/// A place's keys.
pub(crate) struct Vault {
    pub(crate) pseudonyms: PseudonymKey,
    pub(crate) wrapping: Arc<WrappingKeys>,
}

impl Vault {
    pub(crate) fn of(place: &Place) -> Self {
        let keys = place.path("here/data/keys");
        let wrapping = Arc::new(WrappingKeys::open(&keys.join("wrapping")).unwrap());
        Self { pseudonyms: PseudonymKey::load(&keys.join("pseudonym.key")).unwrap(), wrapping }
    }
}

/// Every record of some topics.
pub(crate) fn records(place: &Place, topics: &[Topic]) -> Vec<StoredRecord> {
    let log = EmbeddedLog::open_read_only(&place.path("here/data/log")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(records_on(&log, topics))
}

async fn records_on(log: &dyn EventLog, topics: &[Topic]) -> Vec<StoredRecord> {
    let mut found = Vec::new();
    for topic in topics {
        for partition in Partition::all() {
            let mut from = 0;
            loop {
                let records = log.read(*topic, partition, from, 10_000).await.unwrap();
                let Some(last) = records.last() else { break };
                from = last.position.offset + 1;
                found.extend(records);
            }
        }
    }
    found
}

/// Every event of the log that is one, with where it stands.
pub(crate) fn said(place: &Place) -> Vec<(Position, CheckedBody)> {
    let log = EmbeddedLog::open_read_only(&place.path("here/data/log")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(said_on(place, &log))
}

/// As [`said`], of whichever log: whatever opens with every key that the place has.
pub(crate) async fn said_on(place: &Place, log: &dyn EventLog) -> Vec<(Position, CheckedBody)> {
    let vault = Vault::of(place);
    let keyring = Keyring::new(Arc::clone(&vault.wrapping));
    for record in records_on(log, &[Topic::Keys]).await {
        let _an_older_wrapping = keyring.absorb(&decode_key_record(&record).unwrap());
    }
    let open = |record: StoredRecord| {
        let sealed = envelope::decode(record.value).ok()?;
        let Opened::Plain(plain) = sealed.open(&keyring).ok()? else { return None };
        Some((record.position, CheckedBody::check(&sealed.header, &plain, &vault.pseudonyms).ok()?))
    };
    records_on(log, &Topic::EVENTS).await.into_iter().filter_map(open).collect()
}
