//! Whether every wrapping key that the log needs is here: without one, what it wraps is parked, restrictions included.

use std::collections::{BTreeMap, BTreeSet};

use event_log::seal::{KeyState, Keyring, decode_key_record, wrapping_folder};
use event_log::{EventLog, KeyId, LogError, Partition, Topic};
use proto::keys::key_record::State;

const KEY_RECORDS_A_READ: usize = 10_000;

/// The wrapping keys that the log needs and that are not here: organisation (and vault, after a `/`) and epoch. Of a key that is wrapped
/// by several, one is enough: the others are destroyed once something was erased.
///
/// # Errors
/// The log's.
pub async fn missing(log: &dyn EventLog, keyring: &Keyring) -> Result<BTreeSet<(String, u32)>, LogError> {
    let mut missing = BTreeSet::new();
    for partition in Partition::all() {
        let mut from = 0;
        // By key, the newest that wraps it: what comes later may wrap it anew, or destroy it.
        let mut unknown: BTreeMap<KeyId, (String, u32)> = BTreeMap::new();
        loop {
            let records = log.read(Topic::Keys, partition, from, KEY_RECORDS_A_READ).await?;
            let Some(last) = records.last() else { break };
            from = last.position.offset + 1;
            for key in records.iter().filter_map(|record| decode_key_record(record).ok()) {
                let Some(key_id) = KeyId::from_slice(&key.key_id) else { continue };
                let _conflict_is_the_consumers_to_report = keyring.absorb(&key);
                if keyring.state(key_id) != KeyState::Unknown {
                    unknown.remove(&key_id);
                } else if key.state == i32::from(State::Live) {
                    let folder = wrapping_folder(&key);
                    unknown.insert(key_id, (folder, key.wrapping_epoch));
                }
            }
        }
        missing.extend(unknown.into_values());
    }
    Ok(missing)
}
