//! How soon a withdrawal is enforced where facts travel by Kafka: said, durable at the broker, read by the node's consumer, denied.

use std::path::Path;
use std::sync::Arc;

use super::{house, make_topics, open};
use crate::hidden;
use crate::report::Figure;

/// Before the names of topics of its own.
const PREFIX: &str = "withdrawal-";

pub(crate) fn figures(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let house = house(dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        make_topics(PREFIX).await?;
        hidden::withdrawal_on(&house, Arc::new(open(PREFIX).await?)).await
    })
}
