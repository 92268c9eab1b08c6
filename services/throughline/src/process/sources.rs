//! Where the process meets its sources, and what the operator is told of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Context;
use async_trait::async_trait;
use connector_kit::differ::Baselines;
use connector_kit::drop_folder::{self, DropFolder};
use connector_kit::mllp;
use connector_kit::publish::{Credentials, Publisher, SharedPublisher};
use connector_kit::quarantine::{self, Readable};
use connector_kit::run::SourceCounts;
use event_log::seal::{Keyring, PseudonymKey};
use event_log::{EventId, EventLog};
use projection::consume::Consumer;
use projection::serve::admin::{Operations, OperationsError};
use proto::admin::SourceStatus;
use proto::quarantine::Item;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::room::WatchedLog;
use crate::connectors;
use crate::settings::{ConnectorSettings, Settings};
use crate::vault::Vault;

/// The consumer, on a thread of its own.
pub(super) struct Follower {
    thread: std::thread::JoinHandle<anyhow::Result<()>>,
    ended: watch::Receiver<bool>,
}

/// Starts the consumer. It decodes and commits: on the runtime's own threads it would hold up answers.
pub(super) fn follow(consumer: Consumer, stop: CancellationToken) -> Follower {
    let (tell, ended) = watch::channel(false);
    let thread = std::thread::spawn(move || {
        let ran = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("the projection's runtime does not start")
            .and_then(|runtime| runtime.block_on(consumer.run(stop)).context("the projection stopped"));
        tell.send_replace(true);
        ran
    });
    Follower { thread, ended }
}

impl Follower {
    /// Returns once the consumer has ended.
    pub(super) async fn ended(&self) {
        let mut ended = self.ended.clone();
        let _sender_gone_means_ended = ended.wait_for(|ended| *ended).await;
    }

    /// How it ended.
    pub(super) async fn join(self) -> anyhow::Result<()> {
        let joined = tokio::task::spawn_blocking(move || self.thread.join()).await?;
        joined.unwrap_or_else(|_| Err(anyhow::anyhow!("the projection failed")))
    }
}

/// The process's sources.
pub(super) struct Edges {
    log: Arc<WatchedLog>,
    keyring: Arc<Keyring>,
    counts: Vec<Counted>,
}

/// What one source gave, and where its files wait.
struct Counted {
    source: String,
    counts: Arc<SourceCounts>,
    folder: Option<PathBuf>,
}

impl Counted {
    /// Files that nobody has looked at yet and submissions in hand, as the folder shows them: a source that has just
    /// started, or is between the two, has counted neither. `incoming` is read first, because files move on from there.
    fn pending(&self) -> u64 {
        let Some(folder) = &self.folder else { return self.counts.pending.load(Ordering::Relaxed) };
        let count = |within: &str, wanted: fn(&Path) -> bool| {
            let entries = std::fs::read_dir(folder.join(within)).into_iter().flatten().flatten();
            entries.filter(|entry| wanted(&entry.path())).count() as u64
        };
        count("incoming", Path::is_file) + count("working", Path::is_dir)
    }
}

impl Edges {
    /// Opens every source of the configuration and starts it.
    pub(super) async fn open(
        settings: &Settings,
        vault: &Vault,
        watched: &Arc<WatchedLog>,
        keyring: &Arc<Keyring>,
        stop: &CancellationToken,
        tasks: &mut JoinSet<anyhow::Result<()>>,
    ) -> anyhow::Result<Self> {
        let log: &Arc<dyn EventLog> = &(watched.clone() as Arc<dyn EventLog>);
        let mut counts = Vec::new();
        for connector in &settings.connectors {
            // One for all the ways in which the source's records arrive.
            let publisher = publisher(settings, vault, log, connector).await?;
            if let Some(folder) = &connector.drop_folder {
                let opened = open_folder(settings, vault, log, connector, folder, publisher.clone()).await?;
                counts.push(Counted {
                    source: connector.name.clone(),
                    counts: opened.counts(),
                    folder: Some(folder.clone()),
                });
                let stop = stop.clone();
                tasks.spawn(async move { Ok(opened.run(stop).await?) });
            }
            if let Some(address) = connector.mllp_listen {
                let feed = connectors::acknowledging(&connector.name)
                    .with_context(|| format!("`{}` does not speak MLLP", connector.name))?;
                let listener = TcpListener::bind(address).await.with_context(|| {
                    format!("MLLP cannot listen on {address} (`connectors.{}.mllp_listen`)", connector.name)
                })?;
                let counted = Arc::new(SourceCounts::default());
                let source = format!("{} (mllp)", connector.name);
                counts.push(Counted { source, counts: Arc::clone(&counted), folder: None });
                let options = mllp::Options::of(&connector.name);
                let stop = stop.clone();
                tasks.spawn(async move {
                    mllp::serve(listener, feed, publisher, options, counted, stop).await;
                    Ok(())
                });
            }
        }
        Ok(Self { log: Arc::clone(watched), keyring: Arc::clone(keyring), counts })
    }
}

async fn publisher(
    settings: &Settings,
    vault: &Vault,
    log: &Arc<dyn EventLog>,
    connector: &ConnectorSettings,
) -> anyhow::Result<SharedPublisher> {
    let known = connectors::named(&connector.name).context("the connector is not of this build")?;
    let credentials =
        Credentials { controllers: connector.controllers.clone(), home: settings.serve.organisation.clone() };
    let pseudonyms = PseudonymKey::load(&settings.keys_dir().join("pseudonym.key"))?;
    let wrapping = Arc::clone(&vault.wrapping);
    Ok(Publisher::open(Arc::clone(log), pseudonyms, wrapping, credentials, known.descriptor()).await?.into())
}

async fn open_folder(
    settings: &Settings,
    vault: &Vault,
    log: &Arc<dyn EventLog>,
    connector: &ConnectorSettings,
    folder: &std::path::Path,
    publisher: SharedPublisher,
) -> anyhow::Result<DropFolder> {
    let known = connectors::shared(&connector.name).context("the connector is not of this build")?;
    let pseudonyms = PseudonymKey::load(&settings.keys_dir().join("pseudonym.key"))?;
    let baselines = Baselines::open(&settings.connector_dir(&connector.name), pseudonyms)?;
    let options = drop_folder::Options { poll: connector.poll, ..drop_folder::Options::of(folder) };
    Ok(DropFolder::open(known, publisher, Arc::clone(log), Arc::clone(&vault.wrapping), baselines, options).await?)
}

#[async_trait]
impl Operations for Edges {
    fn sources(&self) -> Vec<SourceStatus> {
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        self.counts
            .iter()
            .map(|source| SourceStatus {
                source: source.source.clone(),
                records: read(&source.counts.records),
                events: read(&source.counts.events),
                findings: read(&source.counts.findings),
                rejected: read(&source.counts.rejected),
                pending: source.pending(),
            })
            .collect()
    }

    fn not_accepting(&self) -> Option<String> {
        self.log.refused()
    }

    async fn quarantined(&self) -> Result<Vec<Item>, OperationsError> {
        let listed = quarantine::list(self.log.as_ref(), &self.keyring).await?;
        Ok(listed.into_iter().rev().filter_map(|listed| readable(listed.state)).collect())
    }

    async fn quarantine_item(&self, id: [u8; 16]) -> Result<Option<Item>, OperationsError> {
        let found = quarantine::show(self.log.as_ref(), &self.keyring, EventId(id)).await?;
        Ok(found.and_then(|listed| readable(listed.state)))
    }
}

fn readable(state: Readable) -> Option<Item> {
    match state {
        Readable::Item(item) => Some(*item),
        Readable::Parked(_) | Readable::Discarded | Readable::Damaged => None,
    }
}
