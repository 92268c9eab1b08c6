//! From a connector to a reader, while other records come steadily: a draft is handed to the publisher, sealed, acknowledged by
//! Kafka, consumed, committed, and shown by a read over gRPC that is decided and recorded. Connector, consumer, service and
//! reader are in one process here; the broker is its own.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use connector_kit::publish::Publisher;
use event_log::EventLog;
use projection::store::Engine;
use prost::Message;
use proto::timeline::GetTimelineResponse;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::house::{self, House};
use crate::people;
use crate::reads;
use crate::report::{Bar, Figure, percentile};

/// Other events: so many at once, this often.
const AT_ONCE: u32 = 10;
const EVERY: Duration = Duration::from_millis(50);
/// Records that are followed all the way.
const FOLLOWED: u32 = 150;
const PATIENCE: Duration = Duration::from_secs(60);
const NOW_US: i64 = 1_760_000_000_000_000;

pub(crate) fn figures(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let house = super::house(dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(&house))
}

async fn measure(house: &House) -> anyhow::Result<Vec<Figure>> {
    let papers = serde_json::from_slice(&std::fs::read(house.at("papers.json"))?)?;
    let (log, stop) = (super::log().await?, CancellationToken::new());
    let store = house.at("rebuilt-fjall");
    let node = reads::node(house, &papers, &store, Engine::Fjall, &log, &stop).await?;
    let mut hospital = publisher(house, &log, "health-hl7v2").await?;
    let mut schools = publisher(house, &log, "education-school-census").await?;
    let others = {
        let stop = stop.clone();
        tokio::spawn(async move {
            let (mut sent, begun) = (0, Instant::now());
            let mut tick = tokio::time::interval(EVERY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while !stop.is_cancelled() {
                tick.tick().await;
                let drafts = (sent..sent + AT_ONCE).map(people::of_another).collect();
                schools.publish_feed(drafts, NOW_US).await?;
                sent += AT_ONCE;
            }
            anyhow::Ok(f64::from(sent) / begun.elapsed().as_secs_f64())
        })
    };
    let mut reader = node.client().await?;
    let mut shown = entries(&mut reader).await?;
    let (mut acknowledged, mut seen) = (Vec::new(), Vec::new());
    for n in 0..FOLLOWED {
        let handed = Instant::now();
        hospital.publish_feed(vec![people::one_more(n)], NOW_US).await?;
        acknowledged.push(handed.elapsed());
        let before = shown;
        while shown == before {
            shown = entries(&mut reader).await?;
            ensure!(handed.elapsed() < PATIENCE, "record {n} is not shown after {PATIENCE:?}");
        }
        seen.push(handed.elapsed());
    }
    stop.cancel();
    let rate = others.await??;
    acknowledged.sort_unstable();
    seen.sort_unstable();
    let mut figures = vec![Figure::new("kafka: other events meanwhile", rate, "events/s")];
    for (name, part) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        let figure = Figure::micros(
            format!("kafka: handed to the connector until a read shows it, {name}"),
            percentile(&seen, part),
        )
        .floor("acknowledged by Kafka", percentile(&acknowledged, part).as_secs_f64() * 1e6);
        figures.push(if name == "p95" { figure.bar(Bar::AtMost(2e6)) } else { figure });
    }
    Ok(figures)
}

async fn publisher(house: &House, log: &Arc<dyn EventLog>, source: &str) -> anyhow::Result<Publisher> {
    let connector = house::connectors().into_iter().find(|connector| connector.descriptor().name == source);
    let connector = anyhow::Context::context(connector, "there is no such connector")?;
    let wrapping = Arc::clone(&house.wrapping);
    Ok(Publisher::open(Arc::clone(log), House::key(), wrapping, house::credentials(), connector.descriptor()).await?)
}

/// How many entries of the child a reader is shown.
async fn entries(reader: &mut reads::Client) -> anyhow::Result<usize> {
    Ok(GetTimelineResponse::decode(reader.get().await?)?.entries.len())
}
