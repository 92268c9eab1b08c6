//! From dropped files to Kafka: translated, compared, sealed, acknowledged; beside the bare producer sending the same bytes.

use std::path::Path;
use std::time::Duration;

use event_log::{Record, Topic};

use super::bare;
use crate::intake;
use crate::report::{self, Bar, Figure};

pub(crate) fn figures(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(dir))
}

async fn measure(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let (house, theirs) = (super::house(dir)?, "publish-bare.");
    super::make_topics("").await?;
    super::make_topics(theirs).await?;
    let log = super::log().await?;
    let taken = intake::take_in(&house, &log).await?;
    // Before the floor holds every record in memory.
    let peak = report::peak_mebibytes("self")?;
    let mut figures = vec![Figure::new("kafka: peak memory of the connectors' process", peak, "MiB")];
    let mut sectors = (0, Duration::ZERO);
    for (topic, (source, events, took)) in [Topic::Education, Topic::SocialCare, Topic::Health].into_iter().zip(taken) {
        let stored = super::all(log.as_ref(), &[topic]).await?;
        let records: Vec<Record> = stored
            .into_iter()
            .map(|stored| Record { topic, partition: stored.position.partition, key: stored.key, value: stored.value })
            .collect();
        let floor = bare::produce(&super::connection()?, theirs, &records)?;
        let bytes: usize = records.iter().map(|record| record.value.len()).sum();
        let megabytes = bytes as f64 / 1e6 / took.as_secs_f64();
        let name = format!("kafka: {source}: dropped file to acknowledged, {events} events ({megabytes:.1} MB/s)");
        figures.push(
            Figure::rate(name, events, took, "events/s")
                .floor("bare producer, same bytes", records.len() as f64 / floor.as_secs_f64())
                .bar(Bar::OfFloor(0.9)),
        );
        sectors = (sectors.0 + events, sectors.1 + took);
    }
    figures.push(Figure::rate("kafka: all three connectors, one after another", sectors.0, sectors.1, "events/s"));
    Ok(figures)
}
