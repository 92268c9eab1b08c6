#![cfg(test)]
//! Bad days of the embedded log: the disk fills, a sync fails, the process is killed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use event_log::embedded::{Disk, Options, RealDisk};
use event_log::{EmbeddedLog, EventLog, LogError, Partition, Record, StoredRecord, Topic};

/// A disk with so many bytes left, whose syncs can be made to fail. The write that does not fit leaves what does.
#[derive(Default)]
struct Failing {
    bytes_left: AtomicU64,
    sync_fails: AtomicBool,
}

impl Disk for Failing {
    fn write_all_at(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        let grows = (at + bytes.len() as u64).saturating_sub(file.metadata()?.len());
        let left = self.bytes_left.load(Ordering::SeqCst);
        let taken = self.bytes_left.fetch_sub(grows.min(left), Ordering::SeqCst);
        if grows <= taken {
            return file.write_all_at(bytes, at);
        }
        file.write_all_at(&bytes[..bytes.len() - (grows - taken) as usize], at)?;
        Err(io::ErrorKind::StorageFull.into())
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        if self.sync_fails.load(Ordering::SeqCst) { Err(io::Error::other("sync failed")) } else { RealDisk.sync(file) }
    }
}

fn record(n: u64) -> Record {
    let partition = Partition::new((n % 3) as u8).unwrap();
    Record { topic: Topic::Health, partition, key: [n as u8; 16], value: Bytes::from(n.to_be_bytes().repeat(8)) }
}

fn all(log: &EmbeddedLog) -> Vec<StoredRecord> {
    let mut found = Vec::new();
    log.scan(
        |_, _| 0,
        |stored| {
            found.push(stored);
            ControlFlow::Continue(())
        },
    )
    .unwrap();
    found
}

fn options() -> Options {
    Options { segment_bytes_max: 1_000, ..Options::default() }
}

/// Runs out at every byte of a group that spans segments: nothing of it is seen, and the log goes on once there is room.
#[tokio::test]
async fn a_full_disk_refuses_leaves_nothing_and_goes_on_by_itself() {
    for bytes_left in (0..1_900).step_by(97) {
        let dir = tempfile::tempdir().unwrap();
        let disk = Arc::new(Failing { bytes_left: 1_000_000.into(), ..Failing::default() });
        let log = EmbeddedLog::open_on(dir.path(), options(), disk.clone()).unwrap();
        log.append((0..5).map(record).collect()).await.unwrap();
        let before = all(&log);

        disk.bytes_left.store(bytes_left, Ordering::SeqCst);
        let refused = log.append((5..25).map(record).collect()).await;
        assert!(matches!(&refused, Err(LogError::Full(path)) if path == dir.path()), "{bytes_left}: {refused:?}");
        assert_eq!(all(&log), before);
        assert_eq!(log.end(Topic::Health, Partition::new(0).unwrap()).await.unwrap(), 2);

        disk.bytes_left.store(1_000_000, Ordering::SeqCst);
        let appended = log.append((5..25).map(record).collect()).await.unwrap();
        assert_eq!(appended.positions.len(), 20);
        let after = all(&log);
        drop(log);
        let log = EmbeddedLog::open(dir.path(), options()).unwrap();
        assert_eq!(all(&log), after);
        assert_eq!(after.len(), 25);
    }
}

/// The process ends while the disk is still full, with part of a group on it.
#[tokio::test]
async fn a_full_disk_loses_nothing_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(Failing { bytes_left: 1_000_000.into(), ..Failing::default() });
    let log = EmbeddedLog::open_on(dir.path(), options(), disk.clone()).unwrap();
    log.append((0..5).map(record).collect()).await.unwrap();
    let before = all(&log);
    disk.bytes_left.store(500, Ordering::SeqCst);
    log.append((5..25).map(record).collect()).await.unwrap_err();
    drop(log);
    assert_eq!(all(&EmbeddedLog::open(dir.path(), options()).unwrap()), before);
}

#[tokio::test]
async fn a_failed_sync_is_never_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(Failing { bytes_left: 1_000_000.into(), ..Failing::default() });
    let log = EmbeddedLog::open_on(dir.path(), options(), disk.clone()).unwrap();
    log.append((0..5).map(record).collect()).await.unwrap();
    let before = all(&log);
    disk.sync_fails.store(true, Ordering::SeqCst);
    assert!(matches!(log.append(vec![record(5)]).await, Err(LogError::Stopped(_))));
    disk.sync_fails.store(false, Ordering::SeqCst);
    assert!(matches!(log.append(vec![record(6)]).await, Err(LogError::Stopped(_))), "it must not trust the disk again");
    assert_eq!(all(&log), before, "what was acknowledged can still be read, and nothing else");
    drop(log);
    let log = EmbeddedLog::open(dir.path(), options()).unwrap();
    let found = all(&log);
    assert!(found.starts_with(&before) && found.len() <= before.len() + 1);
    log.append(vec![record(7)]).await.unwrap();
}

const CHILD_DIR: &str = "EVENT_LOG_TEST_CHILD_DIR";
const ROUNDS: u32 = 40;

/// The child of the next test: appends until it is killed, and says what was acknowledged. Passes at once elsewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_appends_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let log = Arc::new(EmbeddedLog::open(Path::new(&dir), options()).unwrap());
    let round = u64::from(std::process::id()) << 20;
    let appenders: Vec<_> = (0..3)
        .map(|appender| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                for n in 0.. {
                    let n = round + appender * 100_000 + n * 2;
                    let records = vec![record(n), record(n + 1)];
                    let appended = log.append(records).await.unwrap();
                    let lines: String =
                        appended.positions.iter().zip(n..).map(|(p, n)| format!("acked {p} {n} .\n")).collect();
                    io::stdout().write_all(lines.as_bytes()).unwrap();
                }
            })
        })
        .collect();
    for appender in appenders {
        appender.await.unwrap();
    }
}

#[test]
fn killed_at_any_moment_it_holds_everything_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut acked: BTreeMap<String, u64> = BTreeMap::new();
    let mut rounds_with_acks = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_appends_until_it_is_killed", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Killed after so many acknowledgements, the first rounds while the log is still being opened: a different moment
        // of the writer's round each time, and no clock to wait for.
        let kill_after = (round as usize * 7) % 61;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        if kill_after == 0 {
            child.kill().unwrap();
        }
        for line in lines {
            // What the child wrote before it died counts, however late it is read. A last line may be broken off.
            let line = line.unwrap();
            let whole = line.strip_prefix("acked ").and_then(|l| l.strip_suffix(" ."));
            if let Some((position, n)) = whole.and_then(|l| l.split_once(' ')) {
                acked.insert(position.to_owned(), n.parse().unwrap());
                seen += 1;
            }
            if seen == kill_after && kill_after > 0 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        rounds_with_acks += u32::from(seen > 0);
        let log = EmbeddedLog::open(dir.path(), options()).unwrap();
        let held: BTreeMap<String, Bytes> =
            all(&log).into_iter().map(|stored| (stored.position.to_string(), stored.value)).collect();
        for (position, n) in &acked {
            assert_eq!(held.get(position), Some(&record(*n).value), "round {round}: {position}");
        }
    }
    assert!(rounds_with_acks > ROUNDS / 2, "the child hardly ever got to append");
}
