//! The log of a process.

use std::sync::Arc;

use event_log::authority::{sector_of, sector_topic};
use event_log::embedded::{self, EmbeddedLog};
use event_log::kafka::{KafkaLog, KafkaOptions};
use event_log::{EventLog, LogError, Topic};

use super::watched::WatchedLog;
use crate::settings::{KafkaSettings, LogSettings, Settings};

/// The log, open.
pub(crate) struct OpenLog {
    log: Arc<dyn EventLog>,
    embedded: Option<Arc<EmbeddedLog>>,
}

impl OpenLog {
    /// Opens the log that the settings name, for writing to these topics.
    pub(crate) async fn open(settings: &Settings, topics: &[Topic]) -> Result<Self, LogError> {
        match &settings.log {
            LogSettings::Embedded => {
                let log = Arc::new(EmbeddedLog::open(&settings.log_dir(), embedded::Options::default())?);
                Ok(Self { log: log.clone(), embedded: Some(log) })
            }
            LogSettings::Kafka(settings) => Ok(Self { log: kafka(settings, topics).await?, embedded: None }),
        }
    }

    pub(crate) fn shared(&self) -> Arc<dyn EventLog> {
        Arc::clone(&self.log)
    }

    /// With what the operator is told of it.
    pub(crate) fn watched(&self) -> Arc<WatchedLog> {
        Arc::new(WatchedLog::new(self.shared()))
    }

    /// Lets what is in hand be written, and lets go of it.
    pub(crate) async fn close(self) {
        if let Some(embedded) = self.embedded {
            embedded.close().await;
        }
    }
}

/// The log on a cluster.
pub(crate) async fn kafka(settings: &KafkaSettings, topics: &[Topic]) -> Result<Arc<dyn EventLog>, LogError> {
    let options = KafkaOptions { topics: topics.to_vec(), prefix: settings.prefix.clone(), ..KafkaOptions::default() };
    Ok(Arc::new(KafkaLog::open(settings.connection.clone(), options).await?))
}

/// What a connector uses: its sector's topic, the keys, the quarantine, and what tells which log it is. It needs rights on no
/// other.
pub(crate) fn topics_of(connector: &str) -> Vec<Topic> {
    let own = sector_of(connector).and_then(sector_topic);
    own.into_iter().chain([Topic::Keys, Topic::Quarantine, Topic::Reference]).collect()
}
