//! What answers readers and the operator: the store that the log is read into, and the two services over it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use event_log::EventLog;
use event_log::authority::COMMAND;
use event_log::begun::{self, LogId};
use projection::child::Children;
use projection::command::Commands;
use projection::consume::{Consumer, Progress};
use projection::disclose::{Discloser, Recorder};
use projection::erasure::{Eraser, Premises};
use projection::identities::{self, Queue};
use projection::notices::Noticed;
use projection::own_records::OwnRecords;
use projection::project::Projector;
use projection::refuse::OwnRefusals;
use projection::registry::Registries;
use projection::replay::{Replayer, RulesKept};
use projection::serve::admin::{AdminService, Operations};
use projection::serve::audits::AuditService;
use projection::serve::erasures::ErasureService;
use projection::serve::facts::FactsService;
use projection::serve::identities::IdentityService;
use projection::serve::limits::Limits;
use projection::serve::linker::LinkerService;
use projection::serve::listen::{self, Answering, Tls};
use projection::serve::page::PageTokens;
use projection::serve::policies::PolicyService;
use projection::serve::protection::ProtectionService;
use projection::serve::safeguards::SafeguardService;
use projection::serve::stream::Watches;
use projection::serve::timelines::TimelineService;
use projection::store::{Fresh, Opened, Store};
use runtime::health::Health;
use runtime::metrics;
use sharing::{DecisionCache, Engine};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::sources::Sources;
use super::workbench::Bench;
use super::{Tasks, ledger};
use crate::settings::{Serve, Settings};
use crate::vault::Vault;

/// Decisions kept: a day's distinct questions of a large authority, a few hundred bytes each.
const DECISIONS_KEPT: usize = 100_000;
/// In the store's folder: which log it was filled from.
const OF_LOG: &str = "of-log";

/// What the service writes to the log in its own name, each under its own keys.
pub(crate) struct OwnNames {
    refusals: OwnRecords,
    decisions: OwnRecords,
    commands: OwnRecords,
}

impl OwnNames {
    /// Reads their keys from the log.
    pub(crate) async fn open(settings: &Serve, vault: &Vault, log: &Arc<dyn EventLog>) -> anyhow::Result<Self> {
        let open = async |source: &str| {
            let (pseudonyms, wrapping) = (Arc::clone(&vault.pseudonyms), Arc::clone(&vault.wrapping));
            OwnRecords::open(Arc::clone(log), pseudonyms, wrapping, &settings.organisation, source).await
        };
        Ok(Self {
            refusals: open(OwnRefusals::SOURCE).await?,
            decisions: open(Recorder::SOURCE).await?,
            commands: open(COMMAND).await?,
        })
    }
}

/// The service, put together and not yet answering.
pub(crate) struct Service {
    readers: TimelineService,
    pub(crate) progress: watch::Receiver<Progress>,
    recorder: Arc<Recorder>,
    commands: Arc<Commands>,
    queue: Arc<Queue>,
    noticed: Arc<Noticed>,
    log: Arc<dyn EventLog>,
    projector: Projector,
    premises: Arc<dyn Premises>,
    settings: Serve,
}

impl Service {
    /// Puts it together over a store; and the consumer that fills that store.
    pub(crate) fn new(
        settings: &Serve,
        vault: &Vault,
        log: Arc<dyn EventLog>,
        store: Store,
        projector: Projector,
        own: OwnNames,
        (engine, premises): (Arc<Engine>, Arc<dyn Premises>),
    ) -> anyhow::Result<(Self, Consumer)> {
        let refusals = Arc::new(OwnRefusals::new(own.refusals));
        let (consumer, progress) = Consumer::new(Arc::clone(&log), store.clone(), projector.clone(), refusals)?;
        let recorder = Arc::new(Recorder::new(own.decisions));
        let commands = own.commands.reading_keys_first().acknowledged_once_read(store.clone(), progress.clone());
        let queue = Queue::over(&store);
        let discloser = Arc::new(Discloser {
            children: Children::new(store.clone(), projector.clone()),
            engine,
            cache: DecisionCache::new(DECISIONS_KEPT),
            registries: Registries::new(store, projector.clone()),
            hub_contact: settings.hub_contact.clone(),
        });
        let noticed = Noticed::new(Arc::clone(&log), projector.clone());
        let noticed = Arc::new(noticed.keeping(settings.notices_kept).pointing_out(settings.glass_often));
        let watches = Watches::new();
        let open = watches.clone();
        metrics::STREAMS.watch([], move || u32::try_from(open.open_count()).ok().map(f64::from));
        let readers = TimelineService {
            discloser,
            recorder: Arc::clone(&recorder),
            pseudonyms: Arc::clone(&vault.pseudonyms),
            progress: progress.clone(),
            facts_lag_max: settings.facts_lag_max,
            limits: Limits::new(settings.requests_per_second_max),
            tokens: Arc::default(),
            pages: PageTokens::new(&vault.pseudonyms),
            watches,
            noticed: Some(Arc::clone(&noticed)),
        };
        let commands = Arc::new(Commands::new(commands));
        let settings = settings.clone();
        Ok((
            Self { readers, progress, recorder, commands, queue, noticed, log, projector, premises, settings },
            consumer,
        ))
    }

    /// Answers readers and the operator until told to stop; then readers for as long as `drain` says.
    pub(crate) fn start(
        self,
        listener: TcpListener,
        (sources, ledger): (Arc<Sources>, Option<ledger::Asked>),
        (process, health): (&str, &Health),
        options: listen::Options,
        tasks: &mut Tasks,
        stop: &CancellationToken,
    ) {
        let log = Arc::clone(&self.log);
        let ledger = ledger.map(|asked| asked.service(Arc::clone(&self.log), Arc::clone(&self.recorder)));
        let discloser = &self.readers.discloser;
        let (running, store) = (Arc::clone(&discloser.engine), discloser.children.store.clone());
        let rules = RulesKept::new(running, store, self.projector.clone());
        let replayer = Replayer::new(
            discloser.children.store.clone(),
            self.projector.clone(),
            Arc::clone(&discloser.engine),
            discloser.hub_contact.clone(),
            Arc::new(rules),
        );
        let linker = LinkerService {
            children: self.readers.discloser.children.clone(),
            commands: Arc::clone(&self.commands),
            recorder: Arc::clone(&self.recorder),
        };
        let policies = PolicyService::beside(
            &self.readers,
            Arc::clone(&self.commands),
            Limits::new(self.settings.requests_per_second_max),
        );
        policies.must_be_approved(health);
        let policies = Arc::new(policies);
        let (keeping, progress, stopped) = (Arc::clone(&policies), self.progress.clone(), stop.clone());
        tasks.spawn(async move {
            keeping.keep(progress, stopped.clone()).await;
            stopped.cancelled().await;
            Ok(())
        });
        let protection = ProtectionService {
            discloser: Arc::clone(&self.readers.discloser),
            recorder: Arc::clone(&self.recorder),
            rules: policies.standing(),
            progress: self.progress.clone(),
        };
        let linking = (Some(linker), Some(protection));
        let bench = Bench::serving(Arc::clone(&sources), Arc::clone(&self.recorder));
        let operator = AdminService {
            log: self.log,
            keyring: self.projector.keyring,
            recorder: self.recorder,
            commands: Arc::clone(&self.commands),
            children: self.readers.discloser.children.clone(),
            noticed: Some(Arc::clone(&self.noticed)),
            rules: policies.standing(),
            progress: self.progress,
            operations: Arc::clone(&sources) as Arc<dyn Operations>,
            process: process.to_owned(),
            health: health.clone(),
        };
        let Serve { certificate, key, client_ca, admin_socket, .. } = self.settings;
        let tls = Tls { certificate, key, client_ca };
        let limits = Limits::new(self.settings.requests_per_second_max);
        let facts = FactsService::beside(
            &self.readers,
            Arc::clone(&self.commands),
            Limits::new(self.settings.requests_per_second_max),
        );
        let (safeguarding, erasing) = (Arc::clone(&self.commands), Arc::clone(&self.commands));
        let identities = IdentityService::beside(&self.readers, Arc::clone(&self.queue), self.commands, limits);
        let audits = AuditService::beside(
            &self.readers,
            Arc::clone(&log),
            Arc::new(replayer),
            Limits::new(self.settings.requests_per_second_max),
            self.settings.unusual.clone(),
        );
        let safeguards = SafeguardService::beside(
            &self.readers,
            Arc::clone(&self.noticed),
            safeguarding,
            Limits::new(self.settings.requests_per_second_max),
        );
        let (noticed, stopped) = (self.noticed, stop.clone());
        tasks.spawn(async move {
            noticed.follow(stopped).await;
            Ok(())
        });
        let eraser =
            Eraser::new(Arc::clone(&log), self.readers.discloser.children.clone(), Arc::clone(&erasing), self.premises);
        let erasures = ErasureService::beside(
            &self.readers,
            erasing,
            Arc::new(eraser),
            Limits::new(self.settings.requests_per_second_max),
            self.settings.erasure_cooling_off_hours,
        );
        let for_operator = (Some(audits.for_operator()), Some(erasures.for_operator()));
        let (permitting, queue, stopped) = (identities.permitting(), self.queue, stop.clone());
        tasks.spawn(async move {
            identities::follow(queue, permitting, log, stopped).await;
            Ok(())
        });
        let answering = Answering {
            timelines: self.readers,
            identities: Some(identities),
            facts: Some(facts),
            audits: Some(audits),
            safeguards: Some(safeguards),
            policies: Some(policies),
            erasures: Some(erasures),
        };
        let stopped = stop.clone();
        tasks.spawn(async move { Ok(listen::serve_readers(listener, tls, answering, options, stopped).await?) });
        let stopped = stop.clone();
        tasks.spawn(async move {
            Ok(listen::serve_operator(&admin_socket, operator, ledger, linking, for_operator, bench, stopped).await?)
        });
    }
}

/// Which log this is; begins it when it is empty. Nothing is read from, or written to, another key's log.
pub(crate) async fn begin(vault: &Vault, log: &dyn EventLog) -> anyhow::Result<LogId> {
    Ok(begun::begin(log, &vault.pseudonyms).await?)
}

/// Opens the store, and holds it to the log that it was filled from.
pub(crate) fn open_store(settings: &Settings, log: LogId) -> anyhow::Result<Store> {
    let dir = settings.store_dir();
    let Opened { store, fresh } = Store::open(&dir, &settings.store)?;
    if let Err(error) = store.check() {
        tracing::error!("the store does not hold what it says it holds: {error}");
        // The check left word of it: opened again, the store is set aside and filled from the log.
        drop(store);
        let store = Store::open(&dir, &settings.store)?.store;
        note_log(&dir, log)?;
        return Ok(store);
    }
    match fresh {
        Fresh::Existing if of_log(&dir, log)? => {}
        Fresh::Existing => note_log(&dir, log)?,
        Fresh::New => {
            tracing::info!("the store is new: it is filled from the log");
            note_log(&dir, log)?;
        }
        Fresh::Anew { because } => {
            tracing::info!(because, "the store is filled anew from the log, as was asked");
            note_log(&dir, log)?;
        }
        Fresh::SetAside { moved_to, because } => {
            tracing::error!(moved_to = %moved_to.display(), because, "the store did not open: it is filled from the log");
            note_log(&dir, log)?;
        }
    }
    Ok(store)
}

/// Whether a store says that it was filled from this log; `false` when it does not say. One that another log filled would
/// leave out what this one holds.
pub(crate) fn of_log(dir: &Path, log: LogId) -> anyhow::Result<bool> {
    match std::fs::read_to_string(dir.join(OF_LOG)) {
        Ok(noted) if noted.trim() == log.to_string() => Ok(true),
        Ok(_) => anyhow::bail!(
            "the store in `{}` was filled from another log: delete that folder, and it is filled from this one",
            dir.display()
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("`{}` cannot be read", dir.join(OF_LOG).display())),
    }
}

/// Notes which log a store is filled from.
pub(crate) fn note_log(dir: &Path, log: LogId) -> anyhow::Result<()> {
    let note = dir.join(OF_LOG);
    std::fs::write(&note, log.to_string()).with_context(|| format!("`{}` cannot be written", note.display()))
}

/// A store that was set aside still holds what an erasure must be able to destroy: once the log has been read again, it goes.
pub(crate) async fn discard_set_aside(store: Store, mut progress: watch::Receiver<Progress>) {
    if progress.wait_for(|progress| progress.caught_up).await.is_ok()
        && let Err(error) = store.discard_set_aside()
    {
        tracing::error!("a store that was set aside could not be deleted: {error}");
    }
}
