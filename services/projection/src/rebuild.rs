//! The store from the log alone. A rebuild reads everything, so it sorts before it writes.

mod runs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use event_log::seal::{KeyState, decode_key_record};
use event_log::{EventLog, KeyId, LogError, Offset, Partition, StoredRecord, Topic};
use proto::keys::key_record::State;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::project::{Note, Projected, Projector};
use crate::row;
use crate::store::keys::{self, Parsed};
use crate::store::{Key, Options, ReadTo, Shards, Store, StoreError};
use runs::{Runs, RunsError};

const RECORDS_A_READ: usize = 8_192;
const READS_AT_ONCE: usize = 8;
/// Memory that sorted rows take before they go to disk, for each worker.
const RUN_BYTES_MAX: usize = 256 << 20;

/// What a rebuild read.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Rebuilt {
    /// Records of the event topics.
    pub records: u64,
    /// Rows that they became.
    pub rows: u64,
    /// Records that wait for their key.
    pub parked: u64,
    /// Records that gave no row.
    pub noted: u64,
}

/// Why a rebuild stopped. The store that was there still is.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rows could not be sorted.
    #[error(transparent)]
    Runs(#[from] RunsError),
    /// A worker stopped.
    #[error("a worker of the rebuild stopped before its end")]
    Worker,
}

/// Reads the keys topic into the keyring; gives the keys that are destroyed.
///
/// # Errors
/// The log's. A record that is no key record is passed over: the live consumer puts it in quarantine.
pub async fn read_keys(log: &Arc<dyn EventLog>, projector: &Projector) -> Result<BTreeSet<KeyId>, RebuildError> {
    let ends: Vec<_> = log.ends(&[Topic::Keys]).await?.into_iter().map(|((t, p), end)| (t, p, end)).collect();
    let (mut batches, mut reading) = read_all(log, &ends);
    let mut destroyed = BTreeSet::new();
    while let Some(records) = batches.recv().await {
        for key in records.iter().filter_map(|record| decode_key_record(record).ok()) {
            // A record that contradicts another is the consumer's to report.
            let taken = projector.keyring.absorb(&key).is_ok();
            let key_id = KeyId::from_slice(&key.key_id).filter(|_| taken && key.state() != State::Live);
            destroyed.extend(key_id.filter(|id| projector.keyring.state(*id) == KeyState::Destroyed));
        }
    }
    while let Some(ended) = reading.join_next().await {
        ended.map_err(|_| RebuildError::Worker)??;
    }
    Ok(destroyed)
}

/// How far each partition of the event topics is read: the next offset of each.
pub type Offsets = BTreeMap<(Topic, Partition), Offset>;

/// The ends of the event topics.
///
/// # Errors
/// The log's.
pub async fn ends(log: &dyn EventLog) -> Result<Offsets, LogError> {
    log.ends(&Topic::EVENTS).await
}

/// How far a store has read.
///
/// # Errors
/// The store's.
pub fn offsets(store: &Store) -> Result<Offsets, StoreError> {
    store.read(Shards::ALL, |view| {
        let each =
            Topic::EVENTS.into_iter().flat_map(|topic| Partition::all().map(move |partition| (topic, partition)));
        each.map(|(topic, partition)| Ok(((topic, partition), view.offset(topic, partition)?))).collect()
    })
}

/// Rebuilds the store in `dir` from the whole log.
///
/// # Errors
/// As [`rebuild_up_to`].
pub async fn rebuild(
    log: Arc<dyn EventLog>,
    projector: Projector,
    dir: &Path,
    options: &Options,
    progress: impl FnMut(u64, u64) + Send,
) -> Result<(Store, Rebuilt), RebuildError> {
    let ends = ends(log.as_ref()).await?;
    rebuild_up_to(log, projector, dir, options, &ends, progress).await
}

/// Rebuilds the store in `dir` from the log up to `upto`, telling `progress` how many records are read of how many. Puts nothing in
/// quarantine: what the live consumer refused is there already.
///
/// # Errors
/// [`RebuildError`]; what stood in `dir` is then as it was.
pub async fn rebuild_up_to(
    log: Arc<dyn EventLog>,
    projector: Projector,
    dir: &Path,
    options: &Options,
    upto: &Offsets,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<(Store, Rebuilt), RebuildError> {
    let destroyed = read_keys(&log, &projector).await?;
    let ends: Vec<(Topic, Partition, Offset)> =
        upto.iter().map(|((topic, partition), end)| (*topic, *partition, *end)).collect();
    let total: u64 = ends.iter().map(|(_, _, end)| end).sum();
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (send, receive) = std::sync::mpsc::sync_channel::<Vec<StoredRecord>>(workers * 2);
    let receive = Arc::new(std::sync::Mutex::new(receive));
    let folder = dir.parent().unwrap_or(dir).to_owned();
    let threads: Vec<_> = (0..workers)
        .map(|_| {
            let (receive, projector, folder) = (Arc::clone(&receive), projector.clone(), folder.clone());
            std::thread::spawn(move || work(&receive, &projector, &folder))
        })
        .collect();
    let (mut batches, mut reading) = read_all(&log, &ends);
    let mut read = 0;
    let mut read_to: BTreeMap<(Topic, Partition), ReadTo> = BTreeMap::new();
    while let Some(records) = batches.recv().await {
        read += records.len() as u64;
        if let Some(last) = records.last() {
            read_to.insert((last.position.topic, last.position.partition), ReadTo::with(last));
        }
        if send.send(records).is_err() {
            break;
        }
        progress(read, total);
    }
    drop((send, batches));
    while let Some(ended) = reading.join_next().await {
        ended.map_err(|_| RebuildError::Worker)??;
    }
    let mut runs = Runs::new(&folder, RUN_BYTES_MAX);
    let mut counted = Rebuilt { records: read, ..Rebuilt::default() };
    for thread in threads {
        let (sorted, part) = thread.join().map_err(|_| RebuildError::Worker)??;
        runs.append(sorted);
        counted.parked += part.parked;
        counted.noted += part.noted;
    }
    for ((topic, partition), read_to) in read_to {
        runs.push(keys::offset(topic, partition), read_to.to_bytes().to_vec())?;
    }
    for key_id in destroyed {
        runs.push(keys::key_record(key_id), Vec::new())?;
    }
    let rows = runs.ascending(one_of_equals)?;
    let (dir, options) = (dir.to_owned(), options.clone());
    let written = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counter = Arc::clone(&written);
    let counting = rows.inspect(move |row| {
        if row.as_ref().is_ok_and(|(key, _)| matches!(keys::parse(key.as_ref()), Some(Parsed::Row { .. }))) {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    });
    let store = tokio::task::spawn_blocking(move || {
        Store::rebuild(&dir, &options, counting.map(|row| row.map_err(|error| Box::new(error).into())))
    })
    .await
    .map_err(|_| RebuildError::Worker)??;
    counted.rows = written.load(std::sync::atomic::Ordering::Relaxed);
    Ok((store, counted))
}

/// Reads everything before these ends, some partitions at a time: over a network one alone waits more than it reads.
fn read_all(log: &Arc<dyn EventLog>, ends: &[(Topic, Partition, Offset)]) -> (Read, JoinSet<Result<(), LogError>>) {
    let (give, batches) = mpsc::channel(READS_AT_ONCE);
    let (places, mut reading) = (Arc::new(Semaphore::new(READS_AT_ONCE)), JoinSet::new());
    for (topic, partition, end) in ends.iter().copied() {
        let (log, give, places) = (Arc::clone(log), give.clone(), Arc::clone(&places));
        reading.spawn(async move {
            let _place = places.acquire().await;
            let mut from = 0;
            while from < end {
                // Never fewer: a log may read ahead for whoever reads much.
                let mut records = log.read(topic, partition, from, RECORDS_A_READ).await?;
                records.retain(|record| record.position.offset < end);
                let Some(last) = records.last() else { break };
                from = last.position.offset + 1;
                if give.send(records).await.is_err() {
                    break;
                }
            }
            Ok(())
        });
    }
    (batches, reading)
}

type Read = mpsc::Receiver<Vec<StoredRecord>>;
type Batches = std::sync::Mutex<std::sync::mpsc::Receiver<Vec<StoredRecord>>>;

/// Projects batches until there are no more.
fn work(batches: &Batches, projector: &Projector, folder: &Path) -> Result<(Runs, Rebuilt), RebuildError> {
    let mut runs = Runs::new(folder, RUN_BYTES_MAX);
    let mut counted = Rebuilt::default();
    loop {
        let next = batches.lock().map_err(|_| RebuildError::Worker)?.recv();
        let Ok(records) = next else { return Ok((runs.sorted(), counted)) };
        for record in records {
            match projector.project(&record) {
                Projected::Row { key, value, claims } => {
                    for claim in claims {
                        runs.push(claim, Vec::new())?;
                    }
                    runs.push(key, value)?;
                }
                Projected::Parked(key_id) => {
                    counted.parked += 1;
                    runs.push(keys::parked(key_id, record.position), row::write(&record))?;
                }
                Projected::Noted(note) => {
                    counted.noted += 1;
                    runs.push(keys::noted(record.position), vec![note as u8])?;
                }
                Projected::Refused(..) => {
                    counted.noted += 1;
                    runs.push(keys::noted(record.position), vec![Note::Quarantined as u8])?;
                }
            }
        }
    }
}

/// Rows of one key come as the log took them, since that is how their values begin: the first stands, as it does for the
/// live consumer, and a later one with other bytes is noted where it stood.
fn one_of_equals(key: &Key, first: &[u8], later: &[u8]) -> Option<(Key, Vec<u8>)> {
    let (Parsed::Row { subject, .. } | Parsed::Registry { subject, .. }) = keys::parse(key.as_ref())? else {
        return None;
    };
    let at = row::record(later, subject.0, subject.partition())?.position;
    let reused = row::envelope(first) != row::envelope(later);
    reused.then(|| (keys::noted(at), vec![Note::Quarantined as u8]))
}
