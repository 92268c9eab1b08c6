//! The store made again from Kafka, beside the bare consumer reading the same topics.

use std::path::Path;
use std::time::Instant;

use anyhow::ensure;
use event_log::Topic;
use projection::store::Engine;

use super::bare;
use crate::report::Figure;
use crate::stores;

pub(crate) fn figures(dir: &Path, engine: Engine) -> anyhow::Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(dir, engine))
}

async fn measure(dir: &Path, engine: Engine) -> anyhow::Result<Vec<Figure>> {
    let house = super::house(dir)?;
    let log = super::log().await?;
    let mut topics = Topic::EVENTS.to_vec();
    topics.push(Topic::Keys);
    let ends = super::ends(log.as_ref(), &topics).await?;
    let (read, floor) = bare::consume(&super::connection()?, &ends)?;
    let folder = house.at(&format!("rebuilt-{engine}"));
    let begun = Instant::now();
    let options = stores::options(engine);
    let (store, rebuilt) = projection::rebuild::rebuild(log, house.projector(), &folder, &options, |_, _| {}).await?;
    let took = begun.elapsed();
    // Both engines are to hold the same.
    let state = house.at("state");
    match std::fs::read(&state) {
        Ok(other) => ensure!(other == store.state_hash()?, "the two engines' stores differ"),
        Err(_) => std::fs::write(&state, store.state_hash()?)?,
    }
    let name = format!("kafka: {engine}: rebuild, {} events, {read} records", rebuilt.records);
    Ok(vec![
        Figure::rate(name, rebuilt.records, took, "events/s")
            .floor("bare consumer, records", read as f64 / floor.as_secs_f64()),
    ])
}
