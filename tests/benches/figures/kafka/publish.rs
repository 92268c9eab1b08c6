//! From dropped files to Kafka: translated, compared, sealed, acknowledged; beside the bare producer sending the same bytes. And
//! what of it is the publisher's: drafts handed to it, sealed, acknowledged; beside the same sealing with nothing sent.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use connector_kit::publish::Publisher;
use connector_kit::{Draft, Output, Rejection, Scope};
use event_log::{EventLog, Record, StoredRecord, Topic};

use super::bare;
use crate::house::{self, House};
use crate::intake;
use crate::report::{self, Bar, Figure};
use crate::translate::{self, Nowhere};

/// Drafts that are handed over at once.
const DRAFTS: usize = 50_000;
/// How often each is measured, by turns: the middle one counts.
const ROUNDS: usize = 5;

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
    let topics = [Topic::Education, Topic::SocialCare, Topic::Health];
    for ((topic, (source, events, took)), connector) in topics.into_iter().zip(taken).zip(house::connectors()) {
        let stored = super::all(log.as_ref(), &[topic]).await?;
        let records: Vec<Record> = stored.into_iter().map(sent_again).collect();
        let floor = bare::produce(&super::connection()?, theirs, &records)?;
        let bytes: usize = records.iter().map(|record| record.value.len()).sum();
        let megabytes = bytes as f64 / 1e6 / took.as_secs_f64();
        let name = format!("kafka: {source}: dropped file to acknowledged, {events} events ({megabytes:.1} MB/s)");
        figures.push(
            Figure::rate(name, events, took, "events/s")
                .floor("bare producer, same bytes", records.len() as f64 / floor.as_secs_f64())
                .bar(Bar::OfFloor(0.9)),
        );
        // What one core does of it with no broker beside: no file can come faster than it is read.
        let files = translate::files(&house.files(source))?;
        let (_, alone) = tokio::task::block_in_place(|| translate::sealed(connector.as_ref(), &files, &house))?;
        figures.push(
            Figure::rate(format!("kafka: {source}: the same"), events, took, "events/s")
                .floor("translated and sealed on one core", alone),
        );
        sectors = (sectors.0 + events, sectors.1 + took);
    }
    figures.push(Figure::rate("kafka: all three connectors, one after another", sectors.0, sectors.1, "events/s"));
    figures.extend(handed_over(&house, theirs).await?);
    Ok(figures)
}

/// A feed's drafts, handed to a publisher that has their keys: the state in which it is from the second day on.
async fn handed_over(house: &House, theirs: &str) -> anyhow::Result<Vec<Figure>> {
    let ours = "publish-ours.";
    super::make_topics(ours).await?;
    let [.., connector] = house::connectors();
    let mut drafts = Drafts::default();
    translate::translate(connector.as_ref(), &translate::files(&house.files("health-hl7v2"))?, &mut drafts)?;
    let drafts = drafts.0;
    let publisher = async |log: Arc<dyn EventLog>| {
        let wrapping = Arc::clone(&house.wrapping);
        Publisher::open(log, House::key(), wrapping, house::credentials(), connector.descriptor()).await
    };
    let log: Arc<dyn EventLog> = Arc::new(super::open(ours).await?);
    let mut sending = publisher(Arc::clone(&log)).await?;
    let mut sealing = publisher(Arc::new(Nowhere::default())).await?;
    // Once each, unmeasured: it makes the keys.
    let events = sending.publish_feed(drafts.clone(), 1).await?.events;
    sealing.publish_feed(drafts.clone(), 1).await?;
    let records: Vec<Record> = super::all(log.as_ref(), &[Topic::Health]).await?.into_iter().map(sent_again).collect();
    let (mut sent, mut sealed, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (publisher, took) in [(&mut sealing, &mut sealed), (&mut sending, &mut sent)] {
            let drafts = drafts.clone();
            let begun = Instant::now();
            publisher.publish_feed(drafts, 1).await?;
            took.push(begun.elapsed());
        }
        bare.push(bare::produce(&super::connection()?, theirs, &records)?);
    }
    let middle = |took: &mut Vec<Duration>| {
        took.sort_unstable();
        took.get(ROUNDS / 2).copied().context("nothing was measured")
    };
    let rate = |took: Duration| events as f64 / took.as_secs_f64();
    let (sent, sealed, bare) = (middle(&mut sent)?, middle(&mut sealed)?, middle(&mut bare)?);
    let figure = |what: &str| {
        Figure::rate(
            format!("kafka: {events} drafts handed over, sealed, acknowledged{what}"),
            events,
            sent,
            "events/s",
        )
    };
    Ok(vec![
        figure("").floor("sealed, nothing sent", rate(sealed)).bar(Bar::OfFloor(0.9)),
        figure(" (again)").floor("bare producer, same bytes", rate(bare)).bar(Bar::OfFloor(0.9)),
    ])
}

fn sent_again(stored: StoredRecord) -> Record {
    let StoredRecord { position, key, value, .. } = stored;
    Record { topic: position.topic, partition: position.partition, key, value }
}

/// The first so many drafts.
#[derive(Default)]
struct Drafts(Vec<Draft>);

impl Output for Drafts {
    fn scope(&mut self, _: Scope) {}
    fn record(&mut self) {}
    fn draft(&mut self, draft: Draft) {
        if self.0.len() < DRAFTS {
            self.0.push(draft);
        }
    }
    fn reject(&mut self, _: Rejection) {}
    fn whole(&mut self, _: &str) {}
}
