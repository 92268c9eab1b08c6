//! Appending to the embedded log, beside writing and syncing the same bytes to one file.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use event_log::embedded::{EmbeddedLog, Options};
use event_log::{EventLog, Pseudonym, Record, Topic};
use tokio::task::JoinSet;

use crate::report::Figure;

/// Near the mean of the invented authority's envelopes.
pub(crate) const VALUE_BYTES: usize = 400;

pub(crate) fn figures(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut figures = Vec::new();
    for (callers, batch, appends) in [(1, 1, 2_000), (8, 1, 500), (1, 100, 500), (1, 1_000, 100)] {
        let folder = dir.join(format!("append-{callers}-{batch}"));
        let floor = bare(&folder.with_extension("bare"), batch, callers * appends)?;
        let log = Arc::new(EmbeddedLog::open(&folder, Options::default())?);
        let begun = Instant::now();
        runtime.block_on(append(log, callers, batch, appends))?;
        let took = begun.elapsed();
        let records = callers * appends * batch;
        let who = if callers == 1 { "one caller".to_owned() } else { format!("{callers} callers") };
        let megabytes = records as f64 * VALUE_BYTES as f64 / 1e6 / took.as_secs_f64();
        figures.push(
            Figure::rate(
                format!("append {batch} at a time, {who}, {VALUE_BYTES} B ({megabytes:.1} MB/s)"),
                records,
                took,
                "records/s",
            )
            .floor("write + fdatasync", floor),
        );
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(figures)
}

async fn append(log: Arc<EmbeddedLog>, callers: u64, batch: u64, appends: u64) -> anyhow::Result<()> {
    let mut running = JoinSet::new();
    for caller in 0..callers {
        let log = Arc::clone(&log);
        running.spawn(async move {
            for n in 0..appends {
                log.append((0..batch).map(|r| record(caller, n * batch + r)).collect()).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(())
}

pub(crate) fn record(caller: u64, n: u64) -> Record {
    let mut key = [0; 16];
    for (to, from) in key.iter_mut().zip(n.to_le_bytes().into_iter().chain(caller.to_le_bytes())) {
        *to = from;
    }
    let partition = Pseudonym(key).partition();
    Record { topic: Topic::Health, partition, key, value: Bytes::from(vec![7; VALUE_BYTES]) }
}

/// Records a second.
fn bare(path: &Path, batch: u64, writes: u64) -> anyhow::Result<f64> {
    let mut file = File::create(path)?;
    let bytes = vec![7; VALUE_BYTES * usize::try_from(batch)?];
    let begun = Instant::now();
    for _ in 0..writes {
        file.write_all(&bytes)?;
        file.sync_data()?;
    }
    let rate = (writes * batch) as f64 / begun.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(rate)
}
