#![cfg(test)]
//! Bad days of the embedded log: the disk fills, a sync fails, the process is killed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};

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

fn bytes_in(dir: &Path) -> u64 {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
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
        let bytes_before = bytes_in(dir.path());

        disk.bytes_left.store(bytes_left, Ordering::SeqCst);
        let refused = log.append((5..25).map(record).collect()).await;
        assert!(matches!(&refused, Err(LogError::Full(path)) if path == dir.path()), "{bytes_left}: {refused:?}");
        assert_eq!(all(&log), before);
        assert_eq!(bytes_in(dir.path()), bytes_before, "what did not fit still takes room");
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

/// Says what it was asked, and lets a test hold up its first sync.
#[derive(Default)]
struct Watched {
    asked: Mutex<Vec<(&'static str, u64)>>,
    held_up: Mutex<Option<mpsc::Receiver<()>>>,
}

impl Watched {
    fn ask(&self, what: &'static str, file: &File) {
        self.asked.lock().unwrap().push((what, file.metadata().unwrap().ino()));
    }

    fn take(&self) -> Vec<(&'static str, u64)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Disk for Watched {
    fn write_all_at(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        self.ask("write", file);
        RealDisk.write_all_at(file, bytes, at)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        if let Some(go) = self.held_up.lock().unwrap().take() {
            go.recv().unwrap();
        }
        self.ask("sync", file);
        RealDisk.sync(file)
    }
}

fn inode(dir: &Path, name: &str) -> u64 {
    fs::metadata(dir.join(name)).unwrap().ino()
}

#[tokio::test]
async fn an_acknowledged_record_and_then_the_mark_were_synced() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(Watched::default());
    let log = EmbeddedLog::open_on(dir.path(), options(), disk.clone()).unwrap();
    disk.take();
    log.append(vec![record(0), record(1)]).await.unwrap();
    let (journal, mark) = (inode(dir.path(), "journal-000001.log"), inode(dir.path(), "mark"));
    assert_eq!(disk.take(), [("write", journal), ("sync", journal), ("write", mark), ("sync", mark)]);
}

#[tokio::test]
async fn appends_that_wait_share_two_syncs() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(Watched::default());
    let log = Arc::new(EmbeddedLog::open_on(dir.path(), Options::default(), disk.clone()).unwrap());
    disk.take();
    let (go, held_up) = mpsc::channel();
    *disk.held_up.lock().unwrap() = Some(held_up);
    let mut appends = tokio::task::JoinSet::new();
    for n in 0..100 {
        let log = Arc::clone(&log);
        appends.spawn(async move { log.append(vec![record(n)]).await });
        // Each is handed to the writer before the next begins; the writer stands at the first one's sync.
        tokio::task::yield_now().await;
    }
    go.send(()).unwrap();
    while let Some(appended) = appends.join_next().await {
        appended.unwrap().unwrap();
    }
    let syncs = disk.take().iter().filter(|(what, _)| *what == "sync").count();
    assert!(syncs <= 4, "100 appends took {syncs} syncs");
}

/// Pulls the plug at every write: what was synced is there, and of the write itself any part.
struct Unplugged {
    dir: PathBuf,
    acked: Arc<AtomicU64>,
    crashes: Mutex<Vec<(tempfile::TempDir, u64)>>,
}

impl Disk for Unplugged {
    fn write_all_at(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        let written = file.metadata()?.ino();
        let length = bytes.len();
        for (kept, zeroes) in [(0, false), (1, false), (length / 2, false), (length / 2, true), (length - 1, true)] {
            let crash = tempfile::tempdir()?;
            for entry in fs::read_dir(&self.dir)? {
                let entry = entry?;
                let copy = crash.path().join(entry.file_name());
                fs::copy(entry.path(), &copy)?;
                if entry.metadata()?.ino() == written {
                    let copy = File::options().write(true).open(copy)?;
                    copy.write_all_at(&bytes[..kept], at)?;
                    // A file can be as long as it should be and hold zeroes where the bytes did not get to.
                    if zeroes && entry.file_name() != "mark" {
                        copy.set_len(at + length as u64)?;
                    }
                }
            }
            self.crashes.lock().unwrap().push((crash, self.acked.load(Ordering::SeqCst)));
        }
        RealDisk.write_all_at(file, bytes, at)
    }
}

#[tokio::test]
async fn a_plug_pulled_at_any_write_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    EmbeddedLog::open(dir.path(), options()).unwrap().close().await;
    let acked = Arc::new(AtomicU64::new(0));
    let disk = Unplugged { dir: dir.path().to_owned(), acked: Arc::clone(&acked), crashes: Mutex::default() };
    let disk = Arc::new(disk);
    let log = EmbeddedLog::open_on(dir.path(), options(), disk.clone()).unwrap();
    for n in 0..12 {
        log.append((n * 3..n * 3 + 3).map(record).collect()).await.unwrap();
        acked.store(n * 3 + 3, Ordering::SeqCst);
    }
    let stored = all(&log);
    drop(log);
    let crashes = std::mem::take(&mut *disk.crashes.lock().unwrap());
    assert!(crashes.len() > 100, "{} crashes", crashes.len());
    for (crash, acked) in crashes {
        let log = EmbeddedLog::open(crash.path(), options()).unwrap();
        let held = all(&log);
        assert!(held.len() as u64 >= acked, "{} records of {acked} acknowledged", held.len());
        assert_eq!(held, stored[..held.len()]);
    }
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
