#![cfg(test)]
//! Copies of a journal that is being written: each opens, and each is exactly what was acknowledged at one moment.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use event_log::embedded::{self, Disk, Options, RealDisk};
use event_log::{EmbeddedLog, EventLog, LogError, Partition, Record, StoredRecord, Topic};

const COPIES: usize = 40;

/// Small segments, so that one is closed and another begun while a copy is made.
fn small() -> Options {
    Options { segment_bytes_max: 20_000, ..Options::default() }
}

fn record(n: u64) -> Record {
    let topic = Topic::ALL[n as usize % Topic::ALL.len()];
    let partition = Partition::new((n % 16) as u8).unwrap();
    Record { topic, partition, key: [n as u8; 16], value: Bytes::from(vec![n as u8; 20 + n as usize % 900]) }
}

fn all(log: &EmbeddedLog) -> Vec<StoredRecord> {
    let mut found = Vec::new();
    let take = |stored| {
        found.push(stored);
        ControlFlow::Continue(())
    };
    log.scan(|_, _| 0, take).unwrap();
    found
}

/// A disk that every seventh time writes half and then has no room.
struct Filling(AtomicU64);

impl Disk for Filling {
    fn write_all_at(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        // Marks and headers are small: what fails is a group of records.
        if bytes.len() > 64 && self.0.fetch_add(1, Ordering::Relaxed) % 7 == 6 {
            file.write_all_at(&bytes[..bytes.len() / 2], at)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        file.write_all_at(bytes, at)
    }
}

/// Copies the log again and again while four writers append to it, and holds each copy to what the log is in the end.
fn copied_while_written(disk: Arc<dyn Disk>) {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("log");
    let log = Arc::new(EmbeddedLog::open_on(&dir, small(), disk).unwrap());
    let acknowledged = Arc::new(AtomicU64::new(0));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (log, acknowledged, stop) = (Arc::clone(&log), Arc::clone(&acknowledged), stop.clone());
            runtime.spawn(async move {
                let mut n = writer;
                while !stop.is_cancelled() {
                    match log.append(vec![record(n), record(n + 1)]).await {
                        Ok(appended) => {
                            acknowledged.fetch_add(appended.positions.len() as u64, Ordering::Relaxed);
                        }
                        Err(LogError::Full(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                    n += 4;
                }
            })
        })
        .collect();
    // However slow the writers are, copies are made until the log has grown under them, and into a second file.
    let mut copies: Vec<(PathBuf, u64)> = Vec::new();
    let grown = |copies: &[(PathBuf, u64)]| copies.first().map(|first| first.1) < copies.last().map(|last| last.1);
    while copies.len() < COPIES || !grown(&copies) || fs::read_dir(&dir).unwrap().count() <= 4 {
        assert!(writers.iter().all(|writer| !writer.is_finished()), "a writer has ended");
        let before = acknowledged.load(Ordering::Relaxed);
        let to = place.path().join(format!("copy-{}", copies.len()));
        let records = embedded::copy(&dir, &to).unwrap();
        assert!(records >= before, "{records} copied, {before} acknowledged before the copy was begun");
        copies.push((to, records));
    }
    stop.cancel();
    for writer in writers {
        runtime.block_on(writer).unwrap();
    }
    let whole = all(&log);
    for (to, records) in copies {
        let copy = all(&EmbeddedLog::open_read_only(&to).unwrap());
        assert_eq!(copy.len() as u64, records);
        assert!(whole.starts_with(&copy), "the copy is not how the log begins");
        // It is a log: it goes on.
        let again = EmbeddedLog::open(&to, small()).unwrap();
        runtime.block_on(again.append(vec![record(1)])).unwrap();
        assert_eq!(all(&again).len() as u64, records + 1);
    }
}

#[test]
fn a_copy_of_a_log_in_use_is_what_was_acknowledged_at_one_moment() {
    copied_while_written(Arc::new(RealDisk));
}

#[test]
fn what_a_full_disk_had_taken_back_is_in_no_copy() {
    copied_while_written(Arc::new(Filling(AtomicU64::new(0))));
}

fn three(dir: &Path) {
    let log = EmbeddedLog::open(dir, small()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(log.append((0..3).map(record).collect())).unwrap();
    runtime.block_on(log.close());
}

#[test]
fn a_copy_is_for_its_owner_only() {
    let place = tempfile::tempdir().unwrap();
    let (dir, to) = (place.path().join("log"), place.path().join("copy"));
    three(&dir);
    assert_eq!(embedded::copy(&dir, &to).unwrap(), 3);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&to), 0o700);
    for entry in fs::read_dir(&to).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_copy_goes_over_nothing_and_a_half_one_does_not_open() {
    let place = tempfile::tempdir().unwrap();
    let (dir, to) = (place.path().join("log"), place.path().join("copy"));
    three(&dir);
    embedded::copy(&dir, &to).unwrap();
    assert!(matches!(embedded::copy(&dir, &to), Err(LogError::Io { .. })));
    fs::remove_file(to.join("mark")).unwrap();
    assert!(matches!(EmbeddedLog::open(&to, small()), Err(LogError::Damaged { .. })));

    // A journal shorter than its mark is not copied as though it were whole.
    let file = File::options().write(true).open(dir.join("journal-000001.log")).unwrap();
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    assert!(matches!(embedded::copy(&dir, &place.path().join("short")), Err(LogError::Damaged { .. })));
}
