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
use connector_kit::redrive::Workplace;
use connector_kit::run::SourceCounts;
use connector_kit::spool::Spool;
use connector_kit::{Connector as _, Descriptor};
use event_log::seal::{Keyring, PseudonymKey};
use event_log::{EventId, EventLog};
use projection::serve::admin::{Operations, OperationsError};
use proto::admin::SourceStatus;
use proto::quarantine::{Handled, Item};
use runtime::metrics;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Tasks;
use super::watched::WatchedLog;
use super::ways_in;
use crate::connectors;
use crate::settings::{ConnectorSettings, LogSettings, Settings};
use crate::vault::Vault;

/// The longest wait between two tries at a database that does not answer.
const POLL_BACKOFF_MAX: std::time::Duration = std::time::Duration::from_secs(300);

/// How long a status waits until what waits in quarantine is counted.
const ASK_MAX: std::time::Duration = std::time::Duration::from_secs(2);

/// The process's sources, which may be none.
pub(crate) struct Sources {
    log: Arc<WatchedLog>,
    keyring: Arc<Keyring>,
    counts: Vec<Counted>,
    workplaces: Vec<Workplace>,
    /// The sources of which a mapping file says what their rows become.
    mapped: Vec<MappedBy>,
    /// How many items wait, and whether it was told that they could not be counted.
    waiting: tokio::sync::Mutex<(quarantine::Count, bool)>,
}

/// A source's mapping as it runs, and the file that it was read from.
struct MappedBy {
    source: &'static str,
    revision: u32,
    file: PathBuf,
}

/// What one source gave, and where its files wait.
#[derive(Clone)]
struct Counted {
    source: String,
    counts: Arc<SourceCounts>,
    folder: Option<PathBuf>,
}

impl Counted {
    /// Measures what is pending for as long as the source runs.
    fn measure(&self) {
        let (alive, source, folder) = (Arc::downgrade(&self.counts), self.source.clone(), self.folder.clone());
        metrics::PENDING.watch([&self.source], move || {
            let counted = Self { source: source.clone(), counts: alive.upgrade()?, folder: folder.clone() };
            u32::try_from(counted.pending()).ok().map(f64::from)
        });
    }

    /// Files that nobody has looked at yet and submissions in hand, as the folder shows them: a source that has just
    /// started, or is between the two, has counted neither. `incoming` is read first, because files move on from there.
    fn pending(&self) -> u64 {
        let Some(folder) = &self.folder else { return self.counts.pending.load(Ordering::Relaxed) };
        let count = |within: &str, wanted: fn(&Path) -> bool| {
            let entries = std::fs::read_dir(folder.join(within)).into_iter().flatten().flatten();
            entries.filter(|entry| wanted(&entry.path())).count() as u64
        };
        count("incoming", Path::is_file) + count("spooled", Path::is_dir) + count("working", Path::is_dir)
    }
}

impl Sources {
    /// Opens these sources and starts them.
    pub(crate) async fn open(
        settings: &Settings,
        connectors: &[ConnectorSettings],
        vault: &Vault,
        watched: &Arc<WatchedLog>,
        keyring: &Arc<Keyring>,
        stop: &CancellationToken,
        tasks: &mut Tasks,
    ) -> anyhow::Result<Self> {
        let log: &Arc<dyn EventLog> = &(watched.clone() as Arc<dyn EventLog>);
        let (mut counts, mut workplaces, mut mapped) = (Vec::new(), Vec::new(), Vec::new());
        for connector in connectors {
            // One for all the ways in which the source's records arrive.
            let publisher = publisher(settings, vault, log, connector).await?;
            let (following, stopped) = (publisher.clone(), stop.clone());
            tasks.spawn(async move {
                following.follow_keys(stopped).await;
                Ok(())
            });
            let mut desk = None;
            if let Some(folder) = &connector.drop_folder {
                if let (Some(mapping), Some(sql)) = (&connector.mapping, &connector.sql) {
                    let options = mapped::sql::Options {
                        connection: sql.connection.clone(),
                        folder: folder.clone(),
                        state: settings.connector_dir(&connector.name).join("sql"),
                        poll: sql.poll,
                        backoff_max: POLL_BACKOFF_MAX,
                        rows_max: sql.rows_max,
                        settle: sql.settle,
                    };
                    let (mapping, stop) = (mapping.clone(), stop.clone());
                    tasks.spawn(async move {
                        mapped::sql::run(&mapping, options, stop).await;
                        Ok(())
                    });
                }
                let spool = ways_in::start(settings, connector, folder, stop, tasks).await?;
                let opened = open_folder(settings, vault, log, connector, (folder, &spool), publisher.clone()).await?;
                counts.push(Counted {
                    source: connector.name.clone(),
                    counts: opened.counts(),
                    folder: Some(folder.clone()),
                });
                desk = Some(opened.desk());
                let stop = stop.clone();
                tasks.spawn(async move { Ok(opened.run(stop).await?) });
            }
            let known = connectors::of(connector).context("the connector is not of this build")?;
            let (log, wrapping) = (Arc::clone(log), Arc::clone(&vault.wrapping));
            if let Some(file) = &connector.mapping_file {
                let Descriptor { name: source, mapping_revision: revision, .. } = known.descriptor();
                mapped.push(MappedBy { source, revision, file: file.clone() });
            }
            workplaces.push(Workplace::new(known, publisher.clone(), log, wrapping, desk));
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
                let door = mllp::Door::open(listener, connector.mllp_tls.clone())
                    .with_context(|| format!("the files of `connectors.{}.mllp_certificate`", connector.name))?;
                if connector.mllp_tls.is_none() && !address.ip().is_loopback() {
                    tracing::warn!(
                        source = connector.name,
                        "MLLP is listened for without TLS, and not on this machine alone"
                    );
                }
                tasks.spawn(async move { Ok(mllp::serve(door, feed, publisher, options, counted, stop).await?) });
            }
        }
        metrics::watch_disk("data", settings.data.clone());
        counts.iter().for_each(Counted::measure);
        let waiting = tokio::sync::Mutex::default();
        Ok(Self { log: Arc::clone(watched), keyring: Arc::clone(keyring), counts, workplaces, mapped, waiting })
    }
}

async fn publisher(
    settings: &Settings,
    vault: &Vault,
    log: &Arc<dyn EventLog>,
    connector: &ConnectorSettings,
) -> anyhow::Result<SharedPublisher> {
    let known = connectors::of(connector).context("the connector is not of this build")?;
    let credentials = Credentials { controllers: connector.controllers.clone(), home: connector.organisation.clone() };
    let pseudonyms = PseudonymKey::load(&settings.keys.folder.join("pseudonym.key"))?;
    let wrapping = Arc::clone(&vault.wrapping);
    let publisher = Publisher::open(Arc::clone(log), pseudonyms, wrapping, credentials, known.descriptor()).await?;
    Ok(publisher.labelled(known.labels()).into())
}

async fn open_folder(
    settings: &Settings,
    vault: &Vault,
    log: &Arc<dyn EventLog>,
    connector: &ConnectorSettings,
    (folder, spool): (&Path, &Spool),
    publisher: SharedPublisher,
) -> anyhow::Result<DropFolder> {
    let known = connectors::of(connector).context("the connector is not of this build")?;
    let pseudonyms = PseudonymKey::load(&settings.keys.folder.join("pseudonym.key"))?;
    let baselines = Baselines::open(&settings.connector_dir(&connector.name), pseudonyms)?;
    // On Kafka another process may have worked for this connector since these baselines were written.
    let was_another = settings.log != LogSettings::Embedded;
    let callers = connector.receive.iter().flat_map(|receive| &receive.callers);
    let callers = callers.map(|caller| (caller.name.clone(), caller.controllers.clone()));
    let options = drop_folder::Options {
        poll: connector.poll,
        keep_done: connector.keep_done,
        reports: Some(settings.submissions_dir(&connector.name)),
        was_another,
        woken: spool.grown(),
        callers: callers.collect(),
        ..drop_folder::Options::of(folder)
    };
    Ok(DropFolder::open(known, publisher, Arc::clone(log), Arc::clone(&vault.wrapping), baselines, options).await?)
}

impl Sources {
    /// None: a process that only serves.
    pub(crate) fn none(watched: &Arc<WatchedLog>, keyring: &Arc<Keyring>) -> Self {
        Self {
            log: Arc::clone(watched),
            keyring: Arc::clone(keyring),
            counts: Vec::new(),
            workplaces: Vec::new(),
            mapped: Vec::new(),
            waiting: tokio::sync::Mutex::default(),
        }
    }

    /// Where the quarantine of each is worked.
    pub(crate) fn workplaces(&self) -> &[Workplace] {
        &self.workplaces
    }

    /// Whether the source's mapping file says something else by now than what runs: a redrive would read by what nobody means any
    /// more. A file that cannot be read, or used, is not what runs either.
    pub(crate) fn is_remapped(&self, source: &str) -> bool {
        let by = self.mapped.iter().find(|by| by.source == source);
        by.is_some_and(|by| {
            let parsed = std::fs::read_to_string(&by.file).ok().and_then(|text| mapped::Mapping::parse(&text).ok());
            parsed.is_none_or(|checked| checked.mapping.descriptor().mapping_revision != by.revision)
        })
    }

    /// Why the log took nothing the last time it was tried.
    pub(crate) fn refusing(&self) -> Option<String> {
        self.log.refused()
    }

    /// What each gave so far.
    pub(crate) fn gave(&self) -> Vec<SourceStatus> {
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
}

#[async_trait]
impl Operations for Sources {
    fn sources(&self) -> Vec<SourceStatus> {
        self.gave()
    }

    fn not_accepting(&self) -> Option<String> {
        self.refusing()
    }

    async fn quarantine_waiting(&self) -> Option<u64> {
        let (count, is_told) = &mut *self.waiting.lock().await;
        let asked = tokio::time::timeout(ASK_MAX, count.waiting(self.log.as_ref(), &self.keyring)).await;
        let failed = match asked {
            Ok(Ok(waiting)) => {
                *is_told = false;
                return Some(waiting);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("not done within {} seconds: it goes on when it is asked again", ASK_MAX.as_secs()),
        };
        if !std::mem::replace(is_told, true) {
            tracing::warn!(error = failed, "what waits in quarantine could not be counted");
        }
        None
    }

    async fn quarantined(&self, with_dealt_with: bool) -> Result<Vec<(Item, Option<Handled>)>, OperationsError> {
        let listed = quarantine::list(self.log.as_ref(), &self.keyring).await?;
        let wanted = listed.into_iter().rev().filter(|listed| {
            with_dealt_with || quarantine::standing(&listed.handled) != quarantine::Standing::DealtWith
        });
        Ok(wanted.filter_map(|mut listed| Some((readable(listed.state)?, listed.handled.pop()))).collect())
    }

    fn tries_max(&self) -> u32 {
        quarantine::TRIES_MAX
    }

    async fn quarantine_item(&self, id: [u8; 16]) -> Result<Option<Item>, OperationsError> {
        let found = quarantine::show(self.log.as_ref(), &self.keyring, EventId(id)).await?;
        let mut item = found.and_then(|listed| readable(listed.state));
        // A row says little without the names of its columns.
        if let Some(item) = &mut item {
            let place = self.workplaces.iter().find(|place| place.connector().descriptor().name == item.source);
            item.header = place.and_then(|place| place.header_of(item)).unwrap_or_default();
        }
        Ok(item)
    }
}

fn readable(state: Readable) -> Option<Item> {
    match state {
        Readable::Item(item) => Some(*item),
        Readable::Parked(_) | Readable::Discarded | Readable::Damaged => None,
    }
}

#[cfg(test)]
mod tests;
