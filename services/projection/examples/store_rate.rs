//! How fast a store takes rows: live batches, a sorted rebuild, and beside them the engine's own bare sorted insert, in
//! one run on one machine. Usage: `store_rate [ROWS] [DIR]`. Rows are invented: 300 bytes, half of them incompressible.

#![expect(clippy::print_stdout, clippy::indexing_slicing, reason = "a measurement, printed for a person to read")]

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use event_log::{EventId, Pseudonym, Topic};
use projection::store::{BATCH_ROWS_BEST, Batch, Engine, Key, Options, ReadTo, Shards, Store, keys};

const VALUE_BYTES: usize = 256;

/// A number spread over 64 bits.
fn spread(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn id(number: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&spread(number).to_be_bytes());
    id[8..].copy_from_slice(&spread(!number).to_be_bytes());
    id
}

/// The row of this number: one of fifty of its child.
fn row(number: u64, children: u64) -> (Key, Vec<u8>) {
    let subject = Pseudonym(id(number % children));
    let mut value = vec![b'x'; VALUE_BYTES];
    for (at, part) in value.chunks_mut(16).enumerate() {
        part[..8].copy_from_slice(&spread(number * 31 + at as u64).to_be_bytes());
    }
    (keys::row(subject, 1_600_000_000_000_000 + number.cast_signed() * 1_000_003, EventId(id(!number))), value)
}

fn sorted(rows: u64) -> Vec<(Key, Vec<u8>)> {
    let mut sorted: Vec<_> = (0..rows).map(|number| row(number, rows / 50)).collect();
    sorted.sort_unstable();
    sorted
}

fn rate(what: &str, rows: u64, took: Duration) {
    println!("{what:34} {:>12.0} rows/s", rows as f64 / took.as_secs_f64());
}

fn live(store: &Store, rows: u64) -> anyhow::Result<()> {
    // As the log gives them: a batch is of one partition.
    let mut waiting: [Batch; 16] = Default::default();
    let mut taken = [0; 16];
    let (began, mut durable_at) = (Instant::now(), Instant::now());
    for number in 0..rows {
        let (key, value) = row(number, rows / 50);
        let shard = key.shard();
        let at = usize::from(shard.number());
        taken[at] += 1;
        waiting[at].put(key, value);
        if waiting[at].len() == BATCH_ROWS_BEST {
            waiting[at].advance(Topic::Education, shard, ReadTo { next: taken[at], ..ReadTo::default() });
            store.commit(&std::mem::take(&mut waiting[at]))?;
        }
        if durable_at.elapsed() > Duration::from_millis(100) {
            store.durable()?;
            durable_at = Instant::now();
        }
    }
    waiting.iter().try_for_each(|batch| store.commit(batch))?;
    store.durable()?;
    rate("live batches, durable each 100 ms", rows, began.elapsed());
    Ok(())
}

fn timelines(store: &Store, rows: u64) -> anyhow::Result<()> {
    let mut took = Vec::new();
    for child in 0..2_000 {
        let subject = Pseudonym(id(spread(child) % (rows / 50)));
        let began = Instant::now();
        let bytes = store.read(Shards::from(subject.partition()), |view| {
            let mut bytes = 0;
            view.scan_prefix(&keys::row_prefix(subject), |_, value| {
                bytes += value.len();
                ControlFlow::Continue(())
            })?;
            Ok(bytes)
        })?;
        anyhow::ensure!(bytes > 0, "a timeline is empty");
        took.push(began.elapsed());
    }
    took.sort_unstable();
    println!("{:34} p50 {:?}, p99 {:?}", "a timeline of fifty rows", took[took.len() / 2], took[took.len() * 99 / 100]);
    Ok(())
}

fn bare(engine: Engine, dir: &Path, rows: Vec<(Key, Vec<u8>)>) -> anyhow::Result<()> {
    let (count, began) = (rows.len() as u64, Instant::now());
    match engine {
        Engine::Sled => {
            let db = sled::Config::new().path(dir).cache_capacity(256 << 20).open()?;
            for (key, value) in rows {
                db.insert(key.as_ref(), value)?;
            }
            db.flush()?;
        }
        Engine::Fjall => {
            let db = fjall::Database::builder(dir).cache_size(256 << 20).open()?;
            let rows_of = db.keyspace("rows", fjall::KeyspaceCreateOptions::default)?;
            let mut ingestion = rows_of.start_ingestion()?;
            for (key, value) in rows {
                ingestion.write(key.as_ref(), value)?;
            }
            ingestion.finish()?;
            db.persist(fjall::PersistMode::SyncAll)?;
        }
    }
    rate("the engine's bare sorted insert", count, began.elapsed());
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments.next().map_or(Ok(200_000), |rows| rows.parse())?;
    let dir = match arguments.next() {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    for engine in [Engine::Sled, Engine::Fjall] {
        println!("{engine}, {rows} rows");
        let options = Options { engine, ..Options::default() };
        let at = |name: &str| dir.path().join(format!("{engine}-{name}"));

        let store = Store::open(&at("live"), &options)?.store;
        live(&store, rows)?;
        timelines(&store, rows)?;
        println!("{:34} {:.2} of the rows' own", "on disk", store.bytes_on_disk() as f64 / (rows * 298) as f64);
        drop(store);

        bare(engine, &at("bare"), sorted(rows))?;
        let given = sorted(rows);
        let began = Instant::now();
        let store = Store::rebuild(&at("rebuilt"), &options, given.into_iter().map(Ok))?;
        rate("rebuild, durable and open", rows, began.elapsed());
        println!("{:34} {:.2} of the rows' own", "on disk", store.bytes_on_disk() as f64 / (rows * 298) as f64);
    }
    Ok(())
}
