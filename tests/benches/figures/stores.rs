//! Committing live and rebuilding, beside each engine's own sorted insert of the same rows.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use event_log::{EventLog, Partition};
use projection::consume::{Consumer, RefusalError, Refusals, Refused};
use projection::store::{Engine, Key, Options, Prefix, Shards, Store, keys};
use tokio_util::sync::CancellationToken;

use crate::house::{House, bytes_under};
use crate::report::{Bar, Figure};

/// Nothing of the invented authority is refused: a bench that measured refusing would measure something else.
pub(crate) struct NoRefusals;

#[async_trait::async_trait]
impl Refusals for NoRefusals {
    async fn refuse(&self, refused: Vec<Refused>) -> Result<(), RefusalError> {
        let first = refused.first().map(|refused| format!("{}: {}", refused.position, refused.message));
        Err(first.unwrap_or_default().into())
    }
}

pub(crate) fn options(engine: Engine) -> Options {
    Options { engine, ..Options::default() }
}

type Row = (Key, Vec<u8>);

/// Every row of a store, in order of key.
fn rows(store: &Store) -> anyhow::Result<Vec<Row>> {
    let mut tables: Vec<Prefix> = Vec::new();
    tables.extend(Partition::all().map(keys::claims));
    tables.extend(Partition::all().map(keys::rows));
    tables.push(keys::registry_prefix());
    tables.extend(Partition::all().map(keys::noted_all));
    tables.extend(Partition::all().map(keys::offsets));
    tables.extend(Partition::all().map(keys::parked_all));
    Ok(store.read(Shards::ALL, |view| {
        let mut rows = Vec::new();
        for table in &tables {
            view.scan_prefix(table, |key, value| {
                rows.extend(Key::from_bytes(key).map(|key| (key, value.to_vec())));
                ControlFlow::Continue(())
            })?;
        }
        Ok(rows)
    })?)
}

/// Follows the log from its start into an empty store.
pub(crate) fn commit(dir: &Path, engine: Engine, children: u32) -> anyhow::Result<Vec<Figure>> {
    let house = House::open(dir)?;
    let log: Arc<dyn EventLog> = house.log()?;
    let folder = house.at(&format!("live-{engine}"));
    let store = Store::open(&folder, &options(engine))?.store;
    let (mut consumer, progress) = Consumer::new(log, store.clone(), house.projector(), Arc::new(NoRefusals))?;
    // As a running process has it: a thread with a runtime of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begun = Instant::now();
    runtime.block_on(consumer.catch_up(&CancellationToken::new()))?;
    store.durable()?;
    let took = begun.elapsed();
    let events = progress.borrow().records;
    let rows = rows(&store)?;
    let hash = store.state_hash()?;
    std::fs::write(house.at(&format!("state-{engine}")), hash)?;
    drop((consumer, store));
    let disk = bytes_under(&folder)? as f64;
    let count = rows.len() as u64;
    let floor = bare(engine, &house.at(&format!("bare-live-{engine}")), rows)?;
    Ok(vec![
        Figure::rate(format!("{engine}: commit live, {events} events, {count} rows"), events, took, "events/s")
            .floor(format!("{engine} sorted insert"), floor),
        Figure::new(format!("{engine}: store on disk after it"), disk / f64::from(children), "B/child"),
    ])
}

/// Makes the store again from the log alone, and holds it against the one that followed live.
pub(crate) fn rebuild(dir: &Path, engine: Engine, children: u32) -> anyhow::Result<Vec<Figure>> {
    let house = House::open(dir)?;
    let log: Arc<dyn EventLog> = house.log()?;
    let folder = house.at(&format!("rebuilt-{engine}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let begun = Instant::now();
    let options = options(engine);
    let rebuilding = projection::rebuild::rebuild(log, house.projector(), &folder, &options, |_, _| {});
    let (store, rebuilt) = runtime.block_on(rebuilding)?;
    let took = begun.elapsed();
    let events = rebuilt.records;
    if let Ok(live) = std::fs::read(house.at(&format!("state-{engine}"))) {
        ensure!(live == store.state_hash()?, "the rebuilt store is not the one that followed live");
    }
    let rows = rows(&store)?;
    drop(store);
    let disk = bytes_under(&folder)? as f64;
    let count = rows.len() as u64;
    let floor = bare(engine, &house.at(&format!("bare-{engine}")), rows)?;
    let bar = match engine {
        Engine::Sled => Bar::OfFloor(0.6),
        Engine::Fjall => Bar::AtLeast(250_000.0),
    };
    Ok(vec![
        Figure::rate(format!("{engine}: rebuild, {events} events, {count} rows"), events, took, "events/s")
            .floor(format!("{engine} sorted insert"), floor)
            .bar(bar),
        Figure::new(format!("{engine}: store on disk after it"), disk / f64::from(children), "B/child"),
    ])
}

/// The engine's own sorted insert of these rows, durable at the end. Rows a second.
fn bare(engine: Engine, dir: &Path, rows: Vec<Row>) -> anyhow::Result<f64> {
    let (count, begun) = (rows.len() as f64, Instant::now());
    match engine {
        Engine::Sled => {
            let db = sled::Config::new().path(dir).cache_capacity(Options::default().cache_bytes).open()?;
            for (key, value) in rows {
                db.insert(key.as_ref(), value)?;
            }
            db.flush()?;
        }
        Engine::Fjall => {
            let db = fjall::Database::builder(dir).cache_size(Options::default().cache_bytes).open()?;
            let table = db.keyspace("rows", fjall::KeyspaceCreateOptions::default)?;
            let mut ingestion = table.start_ingestion()?;
            for (key, value) in rows {
                ingestion.write(key.as_ref(), value)?;
            }
            ingestion.finish()?;
            db.persist(fjall::PersistMode::SyncAll)?;
        }
    }
    let rate = count / begun.elapsed().as_secs_f64();
    std::fs::remove_dir_all(dir)?;
    Ok(rate)
}
