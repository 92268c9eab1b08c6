#![cfg(test)]
//! The embedded log: the suite that every log holds, and what only this one promises.

use std::fs::{self, OpenOptions};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use event_log::conformance::{self, Backend};
use event_log::embedded::{Disk, Options};
use event_log::{EmbeddedLog, EventLog, LogError, Partition, Record, StoredRecord, Topic};

const SEGMENT_HEADER: u64 = 48;
const RECORD_HEADER: u64 = 44;

fn small() -> Options {
    Options { segment_bytes_max: 2_000, ..Options::default() }
}

fn record(n: u64) -> Record {
    let topic = Topic::ALL[n as usize % Topic::ALL.len()];
    let partition = Partition::new((n % 3) as u8).unwrap();
    Record { topic, partition, key: [n as u8; 16], value: Bytes::from(vec![n as u8; 20 + n as usize % 50]) }
}

/// Everything that the log holds, in its own order.
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

async fn filled(dir: &Path, options: Options, appends: u64) -> Vec<StoredRecord> {
    let log = EmbeddedLog::open(dir, options).unwrap();
    for n in 0..appends {
        log.append(vec![record(2 * n), record(2 * n + 1)]).await.unwrap();
    }
    log.close().await;
    all(&log)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn flip(path: &Path, byte: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut one = [0];
    file.read_exact_at(&mut one, byte).unwrap();
    file.write_all_at(&[one[0] ^ 0x10], byte).unwrap();
}

/// A disk that says at once that it synced: for cases that open a log hundreds of times and pull no plug.
struct Hasty;

impl Disk for Hasty {
    fn sync(&self, _file: &fs::File) -> std::io::Result<()> {
        Ok(())
    }
}

fn hasty(dir: &Path) -> EmbeddedLog {
    EmbeddedLog::open_on(dir, Options::default(), Arc::new(Hasty)).unwrap()
}

fn segment(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("journal-{number:06}.log"))
}

/// Why the log refuses to start: the place and what was found.
fn refusal(dir: &Path) -> (String, String) {
    let written = EmbeddedLog::open(dir, small());
    let read = EmbeddedLog::open_read_only(dir);
    match (written, read) {
        (Err(LogError::Damaged { place, what }), Err(LogError::Damaged { .. })) => (place, what),
        (written, read) => panic!("did not refuse: {written:?}, reading only: {read:?}"),
    }
}

struct Folders {
    options: Options,
    current: tempfile::TempDir,
}

#[async_trait::async_trait]
impl Backend for Folders {
    type Log = EmbeddedLog;

    async fn begin(&mut self) -> Result<EmbeddedLog, LogError> {
        self.current = tempfile::tempdir().unwrap();
        self.reopen().await
    }

    async fn reopen(&mut self) -> Result<EmbeddedLog, LogError> {
        EmbeddedLog::open(self.current.path(), self.options)
    }

    fn refuses_second_writer(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn holds_what_every_log_holds() {
    let mut backend = Folders { options: Options::default(), current: tempfile::tempdir().unwrap() };
    conformance::run(&mut backend).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn holds_it_over_many_small_segments_and_groups() {
    let options = Options { segment_bytes_max: 500, group_bytes_max: 300 };
    let mut backend = Folders { options, current: tempfile::tempdir().unwrap() };
    conformance::run(&mut backend).await.unwrap();
}

#[tokio::test]
async fn a_scan_gives_the_order_in_which_the_log_took_them() {
    let dir = tempfile::tempdir().unwrap();
    let stored = filled(dir.path(), small(), 100).await;
    assert!(segment(dir.path(), 5).exists(), "the segments did not roll");
    assert_eq!(stored.len(), 200);
    for (n, stored) in (0..).zip(&stored) {
        assert_eq!((stored.key, &stored.value), (record(n).key, &record(n).value));
    }
    let log = EmbeddedLog::open(dir.path(), small()).unwrap();
    assert_eq!(all(&log), stored);
    let from = |topic, partition: Partition| u64::from(topic == Topic::Health) + u64::from(partition.number()) * 2;
    let mut later = Vec::new();
    log.scan(from, |s| {
        later.push(s);
        ControlFlow::Continue(())
    })
    .unwrap();
    let wanted = |s: &&StoredRecord| s.position.offset >= from(s.position.topic, s.position.partition);
    assert_eq!(later, stored.iter().filter(wanted).cloned().collect::<Vec<_>>());
    let mut taken = 0;
    log.scan(
        |_, _| 0,
        |_| {
            taken += 1;
            if taken == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    )
    .unwrap();
    assert_eq!(taken, 7);
}

#[tokio::test]
async fn reading_only_changes_nothing_and_waits_for_no_writer() {
    let dir = tempfile::tempdir().unwrap();
    let stored = filled(dir.path(), small(), 20).await;
    let log = EmbeddedLog::open_read_only(dir.path()).unwrap();
    assert_eq!(all(&log), stored);
    assert!(matches!(log.append(vec![record(1)]).await, Err(LogError::ReadOnly)));
    EmbeddedLog::open_read_only(dir.path()).unwrap();
    assert!(matches!(EmbeddedLog::open(dir.path(), small()), Err(LogError::Locked(_))));
    drop(log);
    let writer = EmbeddedLog::open(dir.path(), small()).unwrap();
    assert!(matches!(EmbeddedLog::open_read_only(dir.path()), Err(LogError::Locked(_))));
    drop(writer);
    let nothing = tempfile::tempdir().unwrap();
    assert!(EmbeddedLog::open_read_only(nothing.path()).is_err());
}

#[tokio::test]
async fn a_closed_log_accepts_nothing_and_wakes_its_followers() {
    let dir = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(dir.path(), small()).unwrap();
    let long = std::time::Duration::from_secs(30);
    let (grown, ()) = tokio::join!(log.grown(&[Topic::Health], 0, long), log.close());
    assert!(matches!(grown, Err(LogError::Closed)));
    assert!(matches!(log.append(vec![record(0)]).await, Err(LogError::Closed)));
}

#[tokio::test]
async fn a_flipped_byte_anywhere_refuses_to_start_and_names_the_place() {
    let whole = tempfile::tempdir().unwrap();
    let stored = filled(whole.path(), small(), 30).await;
    let third_at = SEGMENT_HEADER + stored[..2].iter().map(|s| RECORD_HEADER + s.value.len() as u64).sum::<u64>();
    let third = stored[2].position;
    let classes = [
        ("segment header", 3, "journal-000001.log byte 0".to_owned()),
        ("checksum", third_at, format!("{third}, journal-000001.log byte {third_at}")),
        ("length", third_at + 4, format!("{third}, journal-000001.log byte {third_at}")),
        ("long length", third_at + 7, format!("{third}, journal-000001.log byte {third_at}")),
        ("topic", third_at + 8, format!("journal-000001.log byte {third_at}")),
        ("partition", third_at + 9, format!("journal-000001.log byte {third_at}")),
        ("reserved", third_at + 10, format!("journal-000001.log byte {third_at}")),
        ("offset", third_at + 12, format!("journal-000001.log byte {third_at}")),
        ("time", third_at + 20, format!("{third}, journal-000001.log byte {third_at}")),
        ("key", third_at + 28, format!("{third}, journal-000001.log byte {third_at}")),
        ("value", third_at + 44, format!("{third}, journal-000001.log byte {third_at}")),
    ];
    for (class, byte, expected) in classes {
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        flip(&segment(dir.path(), 1), byte);
        let (place, what) = refusal(dir.path());
        assert_eq!(place, expected, "{class}: {what}");
    }
}

#[tokio::test]
async fn every_byte_of_an_acknowledged_journal_is_guarded() {
    let whole = tempfile::tempdir().unwrap();
    filled(whole.path(), Options { segment_bytes_max: 400, ..small() }, 5).await;
    let mut files = 0;
    for number in (1..).take_while(|number| segment(whole.path(), *number).exists()) {
        files += 1;
        for byte in 0..fs::metadata(segment(whole.path(), number)).unwrap().len() {
            let dir = tempfile::tempdir().unwrap();
            copy(whole.path(), dir.path());
            flip(&segment(dir.path(), number), byte);
            let (place, _) = refusal(dir.path());
            assert!(place.contains("journal-"), "{place}");
        }
    }
    assert!(files > 2);
}

#[tokio::test]
async fn a_byte_flipped_while_the_log_is_open_is_found_by_the_read() {
    let dir = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(dir.path(), Options::default()).unwrap();
    let positions = log.append((0..9).map(record).collect()).await.unwrap().positions;
    let at: u64 = SEGMENT_HEADER + (0..4).map(|n| RECORD_HEADER + record(n).value.len() as u64).sum::<u64>();
    flip(&segment(dir.path(), 1), at + 50);
    let bad = positions[4];
    for position in positions {
        let read = log.read(position.topic, position.partition, position.offset, 1).await;
        match read {
            Err(LogError::Damaged { place, .. }) => {
                assert_eq!(position, bad);
                assert_eq!(place, format!("{bad}, journal-000001.log byte {at}"));
            }
            read => assert!(position != bad && read.unwrap().len() == 1),
        }
    }
    assert!(log.scan(|_, _| 0, |_| ControlFlow::Continue(())).is_err());
}

#[tokio::test]
async fn a_cut_below_the_mark_refuses_wherever_it_falls() {
    let whole = tempfile::tempdir().unwrap();
    filled(whole.path(), Options::default(), 10).await;
    let length = fs::metadata(segment(whole.path(), 1)).unwrap().len();
    for end in (0..length).rev().take(400).chain([0, 10, SEGMENT_HEADER]) {
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        OpenOptions::new().write(true).open(segment(dir.path(), 1)).unwrap().set_len(end).unwrap();
        let (place, _) = refusal(dir.path());
        assert!(place.contains("journal-000001.log byte "), "{place}");
    }
}

#[tokio::test]
async fn a_missing_file_refuses() {
    let whole = tempfile::tempdir().unwrap();
    filled(whole.path(), small(), 60).await;
    let last = (1..).take_while(|number| segment(whole.path(), *number).exists()).last().unwrap();
    assert!(last > 3);
    for gone in [segment(Path::new(""), 1), segment(Path::new(""), 2), segment(Path::new(""), last), "mark".into()] {
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        fs::remove_file(dir.path().join(&gone)).unwrap();
        let (place, _) = refusal(dir.path());
        assert_eq!(Path::new(&place), gone);
    }
    // A closed segment that lost its last record, whole: every checksum still holds.
    let dir = tempfile::tempdir().unwrap();
    copy(whole.path(), dir.path());
    let (first, second) = (segment(dir.path(), 1), segment(dir.path(), 2));
    let bytes = fs::read(&first).unwrap();
    let mut begins = vec![SEGMENT_HEADER as usize];
    while let Some(length) = bytes.get(begins[begins.len() - 1] + 4..).and_then(|rest| rest.first_chunk()) {
        begins.push(begins[begins.len() - 1] + RECORD_HEADER as usize + u32::from_le_bytes(*length) as usize);
    }
    assert_eq!(begins.pop(), Some(bytes.len()));
    fs::write(&first, &bytes[..begins[begins.len() - 1]]).unwrap();
    let (place, what) = refusal(dir.path());
    assert_eq!(place, "journal-000002.log byte 0");
    assert_eq!(what, "the file before it is not as long as when it was closed");
    // Two segments of one log in each other's place.
    let dir = tempfile::tempdir().unwrap();
    copy(whole.path(), dir.path());
    fs::copy(segment(whole.path(), 3), dir.path().join(second.file_name().unwrap())).unwrap();
    refusal(dir.path());
}

#[tokio::test]
async fn another_logs_segment_refuses() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    filled(one.path(), Options::default(), 10).await;
    filled(other.path(), Options::default(), 10).await;
    fs::copy(segment(other.path(), 1), segment(one.path(), 1)).unwrap();
    let (_, what) = refusal(one.path());
    assert_eq!(what, "the file belongs to another log");
}

/// An older mark over a longer journal is what a crash between the two syncs leaves.
#[tokio::test]
async fn above_the_mark_whole_records_are_kept_and_the_torn_rest_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let kept = filled(dir.path(), Options::default(), 4).await;
    let mark = fs::read(dir.path().join("mark")).unwrap();
    let acknowledged = fs::metadata(segment(dir.path(), 1)).unwrap().len();
    let log = EmbeddedLog::open(dir.path(), Options::default()).unwrap();
    log.append(vec![record(8), record(9), record(10)]).await.unwrap();
    let stored = all(&log);
    drop(log);
    let ends: Vec<u64> = stored
        .iter()
        .scan(SEGMENT_HEADER, |end, s| {
            *end += RECORD_HEADER + s.value.len() as u64;
            Some(*end)
        })
        .collect();
    let length = fs::metadata(segment(dir.path(), 1)).unwrap().len();
    assert_eq!(ends.last(), Some(&length));
    for cut in acknowledged..=length {
        for damage in ["cut", "flipped"] {
            let torn = tempfile::tempdir().unwrap();
            copy(dir.path(), torn.path());
            fs::write(torn.path().join("mark"), &mark).unwrap();
            if damage == "cut" {
                OpenOptions::new().write(true).open(segment(torn.path(), 1)).unwrap().set_len(cut).unwrap();
            } else if cut < length {
                flip(&segment(torn.path(), 1), cut);
            }
            let whole = ends.iter().filter(|end| **end <= cut).count();
            let expected = &stored[..whole.max(kept.len())];
            assert_eq!(all(&EmbeddedLog::open_read_only(torn.path()).unwrap()), expected, "{damage} at {cut}");
            let log = hasty(torn.path());
            assert_eq!(all(&log), expected, "{damage} at {cut}");
            log.append(vec![record(11)]).await.unwrap();
            drop(log);
            let log = hasty(torn.path());
            assert_eq!(all(&log).len(), expected.len() + 1, "{damage} at {cut}");
        }
    }
}

#[tokio::test]
async fn one_slot_of_the_mark_may_break_off_and_no_more() {
    let whole = tempfile::tempdir().unwrap();
    let stored = filled(whole.path(), Options::default(), 7).await;
    for slot in [0, 4096] {
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        flip(&dir.path().join("mark"), slot + 30);
        let log = EmbeddedLog::open(dir.path(), Options::default()).unwrap();
        assert_eq!(all(&log), stored);
        drop(log);
        flip(&dir.path().join("mark"), 4096 - slot + 30);
        let log = EmbeddedLog::open(dir.path(), Options::default()).unwrap();
        assert_eq!(all(&log), stored, "opening did not mend the slot");
    }
    for slot in [0, 4096] {
        // The newest slot lost and the journal shorter than it said: not what a crash leaves.
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        flip(&dir.path().join("mark"), slot + 30);
        let length = fs::metadata(segment(dir.path(), 1)).unwrap().len();
        OpenOptions::new().write(true).open(segment(dir.path(), 1)).unwrap().set_len(length - 1).unwrap();
        refusal(dir.path());
    }
    let dir = tempfile::tempdir().unwrap();
    copy(whole.path(), dir.path());
    flip(&dir.path().join("mark"), 30);
    flip(&dir.path().join("mark"), 4096 + 30);
    assert_eq!(refusal(dir.path()).0, "mark");
}

/// A new log's making breaks off at each of its steps: the next start begins it again.
#[tokio::test]
async fn a_log_whose_making_broke_off_is_begun_again() {
    for (name, bytes) in [("lock", 0), ("journal-000001.log", 0), ("journal-000001.log", 20), ("mark.new", 100)] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), vec![0; bytes]).unwrap();
        let log = EmbeddedLog::open(dir.path(), small()).unwrap();
        log.append(vec![record(0)]).await.unwrap();
        drop(log);
        assert_eq!(all(&EmbeddedLog::open(dir.path(), small()).unwrap()).len(), 1, "{name}");
    }
}
