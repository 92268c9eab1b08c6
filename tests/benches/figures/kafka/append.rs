//! Appending in batches, beside the bare producer sending the same number of the same records as fast as it can.

use std::sync::Arc;
use std::time::Instant;

use event_log::kafka::KafkaLog;
use event_log::{EventLog, Record};
use tokio::task::JoinSet;

use super::bare;
use crate::append::{VALUE_BYTES, record};
use crate::report::{Bar, Figure};

pub(crate) fn figures() -> anyhow::Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> anyhow::Result<Vec<Figure>> {
    let (ours, theirs) = ("append.", "append-bare.");
    super::make_topics(ours).await?;
    super::make_topics(theirs).await?;
    let log = Arc::new(super::open(ours).await?);
    let connection = super::connection()?;
    // Each once, unmeasured.
    append(&log, 1, 100, 20).await?;
    bare::produce(&connection, theirs, &(0..2_000).map(|n| record(9, n)).collect::<Vec<_>>())?;
    let mut figures = Vec::new();
    for (callers, batch, appends) in [(1, 1, 500), (8, 1, 250), (1, 100, 500), (1, 1_000, 200), (4, 1_000, 50)] {
        let records: Vec<Record> =
            (0..callers).flat_map(|caller| (0..batch * appends).map(move |n| record(caller, n))).collect();
        let count = records.len() as u64;
        let floor = bare::produce(&connection, theirs, &records)?;
        let begun = Instant::now();
        append(&log, callers, batch, appends).await?;
        let took = begun.elapsed();
        let who = if callers == 1 { "one caller".to_owned() } else { format!("{callers} callers") };
        let megabytes = count as f64 * VALUE_BYTES as f64 / 1e6 / took.as_secs_f64();
        let name = format!("kafka: append {batch} at a time, {who}, {VALUE_BYTES} B ({megabytes:.1} MB/s)");
        let figure = Figure::rate(name, count, took, "records/s")
            .floor("bare producer, unhindered", count as f64 / floor.as_secs_f64());
        figures.push(if callers * batch >= 1_000 { figure.bar(Bar::OfFloor(0.9)) } else { figure });
    }
    Ok(figures)
}

async fn append(log: &Arc<KafkaLog>, callers: u64, batch: u64, appends: u64) -> anyhow::Result<()> {
    let mut running = JoinSet::new();
    for caller in 0..callers {
        let log = Arc::clone(log);
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
