//! The mock cluster of librdkafka, which lives in a client that asks for it.

use anyhow::{Context, Result};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::util::get_rdkafka_version;

pub(crate) struct Mock(BaseProducer);

impl Mock {
    pub(crate) fn start(nodes: u16) -> Result<Self> {
        let client = ClientConfig::new()
            .set("bootstrap.servers", "127.0.0.1:1")
            .set("test.mock.num.brokers", nodes.to_string())
            .create()
            .context("the mock cluster")?;
        Ok(Self(client))
    }

    pub(crate) fn bootstrap(&self) -> Result<String> {
        Ok(self.0.client().mock_cluster().context("the mock cluster is not there")?.bootstrap_servers())
    }

    pub(crate) fn topic(&self, name: &str, partitions: i32) -> Result<()> {
        let mock = self.0.client().mock_cluster().context("the mock cluster is not there")?;
        mock.create_topic(name, partitions, 1).context("a topic of the mock cluster")
    }

    #[expect(clippy::unused_self, reason = "there is a version to speak of only where there is a mock cluster")]
    pub(crate) fn version(&self) -> String {
        get_rdkafka_version().1
    }
}
