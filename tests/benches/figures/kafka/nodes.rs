//! Reads of one node and of two, decisions recorded on Kafka. Nodes and readers are in one process here, so that two nodes have
//! the same processors as one: what the second shows is what it costs, and not what a second machine would bring.

use std::path::Path;

use projection::store::Engine;
use tokio_util::sync::CancellationToken;

use crate::reads;
use crate::report::Figure;

pub(crate) fn figures(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(dir))
}

async fn measure(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let house = super::house(dir)?;
    let papers = serde_json::from_slice(&std::fs::read(house.at("papers.json"))?)?;
    let (log, stop) = (super::log().await?, CancellationToken::new());
    // Each node has a store of its own; the second makes its from the log, as a new node would.
    let second = house.at("rebuilt-fjall-2");
    let options = crate::stores::options(Engine::Fjall);
    let rebuilding =
        projection::rebuild::rebuild(std::sync::Arc::clone(&log), house.projector(), &second, &options, |_, _| {});
    drop(rebuilding.await?);
    let mut nodes = vec![reads::node(&house, &papers, &house.at("rebuilt-fjall"), Engine::Fjall, &log, &stop).await?];
    let mut figures = reads::beside_echo("kafka: 1 node: ", &papers, &nodes, &stop).await?;
    nodes.push(reads::node(&house, &papers, &second, Engine::Fjall, &log, &stop).await?);
    figures.extend(reads::beside_echo("kafka: 2 nodes: ", &papers, &nodes, &stop).await?);
    stop.cancel();
    Ok(figures)
}
