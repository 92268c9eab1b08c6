//! The ledger: signing while records come, holding a log to what was signed, and what it costs; beside bare SHA-256 of the same bytes.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use event_log::embedded::{EmbeddedLog, Options as LogOptions};
use event_log::{EventLog, Partition, Topic};
use projection::ledger::verify::{Said, verify_log};
use projection::ledger::{Folder, Keeper, KeyFolder, Options, bundle};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::append::{VALUE_BYTES, record};
use crate::report::{Bar, Figure};

const RECORDS: u64 = 400_000;
const RECORDS_QUICK: u64 = 100_000;
/// Of a large log, hashed by each of two threads.
const HASHED: u64 = 5_000_000;
/// Appended at a time by each of so many callers.
const BATCH: u64 = 500;
const CALLERS: u64 = 4;

/// `records`: so many are appended and signed; nothing for as many as is usual.
pub(crate) fn figures(dir: &Path, records: Option<u64>, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let whole = CALLERS * BATCH;
    let records = records.map(|records| records.max(whole) / whole * whole);
    let records = records.unwrap_or(if quick { RECORDS_QUICK } else { RECORDS });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut figures = Vec::new();
    let (alone, _) = runtime.block_on(ingest(&dir.join("ledger-alone"), records, false))?;
    let (took, signed) = runtime.block_on(ingest(&dir.join("ledger-kept"), records, true))?;
    figures.push(
        Figure::rate("ledger: appended, and every one signed, a statement a second", records, signed, "leaves/s")
            .floor("bare SHA-256 of the same bytes, one core", bare(records))
            .bar(Bar::AtLeast(20_000.0)),
    );
    figures.push(Figure::new(
        "ledger: appending with it, beside without it",
        alone.as_secs_f64() / took.as_secs_f64(),
        "of the rate",
    ));
    let kept = dir.join("ledger-kept");
    let files = bytes_under(&kept.join("ledger"))?;
    figures.push(
        Figure::new("ledger: all its files", files as f64 / records as f64, "bytes/event")
            .floor("a hash of 32 bytes for each event, and nothing else", 32.0),
    );

    let log = Arc::new(EmbeddedLog::open_read_only(&kept.join("log"))?);
    let (folder, keys) = (Folder::new(&kept.join("ledger")), KeyFolder::new(&kept.join("keys")));
    let said = Said::believed(&folder.statements()?, &keys.public()?, &[])?;
    let begun = Instant::now();
    let report = runtime.block_on(verify_log(log.clone(), folder.clone(), &said))?;
    ensure!(report.findings.is_empty() && report.records >= records, "the log is not what was signed");
    let verified = begun.elapsed();
    // As it is read where nobody verifies: every record, in order.
    let begun = Instant::now();
    let read = runtime.block_on(read_through(log.as_ref()))?;
    let floor = read as f64 / begun.elapsed().as_secs_f64();
    let name = format!("audit verify: a log of {} events, read and hashed", report.records);
    figures.push(
        Figure::rate(name, report.records, verified, "events/s")
            .floor("reading the same records, one after another", floor),
    );
    let out = dir.join("ledger-bundle");
    runtime.block_on(bundle::export(log.as_ref(), &folder, &out))?;
    let begun = Instant::now();
    let report = runtime.block_on(bundle::verify_bundle(&out, &said, &keys.public()?))?;
    ensure!(report.findings.is_empty() && report.records >= records, "the bundle is not what was signed");
    let name = format!("audit verify: a bundle of {} events", report.records);
    figures.push(
        Figure::rate(name, report.records, begun.elapsed(), "events/s")
            .floor("bare SHA-256 of an entry and a node, one core", bare_leaves()),
    );
    let each = if quick { records } else { HASHED.max(records / 2) };
    let name = format!("audit verify: hashes alone, a log of {} events, two threads", 2 * each);
    figures.push(
        Figure::rate(name, 2 * each, hashed_by_two(each), "events/s")
            .floor("bare SHA-256 of the same bytes, one core", bare(each))
            .bar(Bar::AtLeast(1_000_000.0)),
    );
    Ok(figures)
}

/// Reads every record of the log, and gives how many there were.
async fn read_through(log: &dyn EventLog) -> anyhow::Result<u64> {
    let mut count = 0;
    for topic in Topic::ALL {
        for partition in Partition::all() {
            let mut from = 0;
            loop {
                let records = log.read(topic, partition, from, 10_000).await?;
                let Some(last) = records.last() else { break };
                from = last.position.offset + 1;
                count += records.len() as u64;
                std::hint::black_box(&records);
            }
        }
    }
    Ok(count)
}

/// Leaves a second, of which each takes the hash of an entry and, in the tree, one of a node.
fn bare_leaves() -> f64 {
    let (begun, count) = (Instant::now(), 200_000);
    for _ in 0..count {
        std::hint::black_box(Sha256::digest([7; 82]));
        std::hint::black_box(Sha256::digest([7; 65]));
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// Appends so many records, with a keeper beside or without; gives when all were acknowledged, and when all were signed.
async fn ingest(dir: &Path, records: u64, keeps: bool) -> anyhow::Result<(Duration, Duration)> {
    let log = Arc::new(EmbeddedLog::open(&dir.join("log"), LogOptions::default())?);
    let keys = KeyFolder::new(&dir.join("keys"));
    keys.make("example.org/ledger", [1; 32])?;
    let stop = CancellationToken::new();
    let keeping = if keeps {
        let (keeper, _) = Keeper::open(log.clone(), &dir.join("ledger"), &keys, Options::default()).await?;
        Some(tokio::spawn(keeper.run(stop.clone())))
    } else {
        None
    };
    let begun = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let log = Arc::clone(&log);
        callers.spawn(async move {
            for n in 0..records / CALLERS / BATCH {
                log.append((0..BATCH).map(|r| record(caller, n * BATCH + r)).collect()).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    let appended = begun.elapsed();
    stop.cancel();
    if let Some(keeping) = keeping {
        keeping.await??;
    }
    let signed = begun.elapsed();
    log.close().await;
    Ok((appended, signed))
}

/// Records a second, of SHA-256 over key and value alone.
fn bare(records: u64) -> f64 {
    let sample = record(0, 0);
    let (begun, count) = (Instant::now(), records.min(200_000));
    for _ in 0..count {
        std::hint::black_box(Sha256::new().chain_update(sample.key).chain_update(&sample.value).finalize());
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

/// Leaf hashes and trees over records in memory, by two threads at once: nothing is read.
fn hashed_by_two(records: u64) -> Duration {
    let value = Bytes::from(vec![7; VALUE_BYTES]);
    let hash = |_| {
        let mut tree = ::ledger::Tree::new();
        for offset in 0..records {
            let key = offset.to_be_bytes();
            let leaf = ::ledger::Leaf { offset, published_at_us: 0, key: &key, value: &value };
            tree.append(leaf.hash());
        }
        tree.root()
    };
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let threads = [0, 1].map(|thread| scope.spawn(move || hash(thread)));
        threads.map(|thread| std::hint::black_box(thread.join().ok()))
    });
    begun.elapsed()
}

fn bytes_under(dir: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { bytes_under(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}
