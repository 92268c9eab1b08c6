//! `throughline up`

mod edges;
mod room;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use event_log::EventLog;
use event_log::authority::COMMAND;
use event_log::embedded::{self, EmbeddedLog};
use projection::child::Children;
use projection::command::Commands;
use projection::consume::{Consumer, Progress};
use projection::disclose::{Discloser, Recorder};
use projection::own_records::OwnRecords;
use projection::refuse::OwnRefusals;
use projection::registry::Registries;
use projection::serve::admin::AdminService;
use projection::serve::limits::Limits;
use projection::serve::listen::{self, Tls};
use projection::serve::page::PageTokens;
use projection::serve::timelines::TimelineService;
use projection::store::{Fresh, Opened, Store};
use sharing::{DecisionCache, Engine};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::command::ConfigFile;
use crate::output;
use crate::settings::Settings;
use crate::vault::{self, Vault};

/// Run everything in one process on one machine
///
/// Connectors, the embedded log, the projection and the service, by one configuration file. Stops at SIGTERM, once what is
/// in hand is published, committed and synced.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
}

/// Decisions kept: a day's distinct questions of a large authority, a few hundred bytes each.
const DECISIONS_KEPT: usize = 100_000;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(&arguments.file.config)?;
    runtime::telemetry::start(settings.log_format, &settings.log_level);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(live(settings))?;
    Ok(ExitCode::SUCCESS)
}

/// The life of the process: open, start, run, drain, close.
async fn live(settings: Settings) -> anyhow::Result<()> {
    let told = runtime::shutdown::on_signal()?;
    let vault = Vault::open(&settings.keys_dir())?;
    let engine = Arc::new(Engine::load().context("the sharing rules do not load")?);
    let listener = listen::bind(settings.serve.listen).await?;
    let embedded = Arc::new(EmbeddedLog::open(&settings.log_dir(), embedded::Options::default())?);
    let watched = Arc::new(room::WatchedLog::new(embedded.clone()));
    let log: Arc<dyn EventLog> = watched.clone();
    vault.belongs_to(&settings.log_dir())?;
    let store = open_store(&settings)?;
    let mut tasks: JoinSet<anyhow::Result<()>> = JoinSet::new();
    let (intake, following, serving) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());

    let projector = vault.projector();
    vault::every_key_is_here(log.as_ref(), &projector).await?;
    let keyring = Arc::clone(&projector.keyring);
    let own = async |source: &str| {
        let (pseudonyms, wrapping) = (Arc::clone(&vault.pseudonyms), Arc::clone(&vault.wrapping));
        OwnRecords::open(Arc::clone(&log), pseudonyms, wrapping, &settings.serve.organisation, source).await
    };
    let refusals = Arc::new(OwnRefusals::new(own(OwnRefusals::SOURCE).await?));
    let (consumer, progress) = Consumer::new(Arc::clone(&log), store.clone(), projector.clone(), refusals)?;
    let caught_up = progress.clone();
    let follower = edges::follow(consumer, following.clone());
    let recorder = Arc::new(Recorder::new(own(Recorder::SOURCE).await?));
    let edges = Arc::new(edges::Edges::open(&settings, &vault, &watched, &keyring, &intake, &mut tasks).await?);

    let children = Children::new(store.clone(), projector.clone());
    let discloser = Arc::new(Discloser {
        children,
        engine,
        cache: DecisionCache::new(DECISIONS_KEPT),
        registries: Registries::new(store.clone(), projector.clone()),
        hub_contact: settings.serve.hub_contact.clone(),
    });
    let readers = TimelineService {
        discloser,
        recorder: Arc::clone(&recorder),
        pseudonyms: Arc::clone(&vault.pseudonyms),
        progress: progress.clone(),
        facts_lag_max: settings.serve.facts_lag_max,
        limits: Limits::new(settings.serve.requests_per_second_max),
        pages: PageTokens::new(&vault.pseudonyms),
    };
    let operator = AdminService {
        log: Arc::clone(&log),
        keyring,
        recorder,
        commands: Commands::new(own(COMMAND).await?),
        progress,
        operations: edges,
        organisation: settings.serve.organisation.clone(),
    };
    let serve = settings.serve.clone();
    let stop = serving.clone();
    tasks.spawn(async move {
        let tls = Tls { certificate: serve.certificate, key: serve.key, client_ca: serve.client_ca };
        let concurrent_max = usize::try_from(serve.concurrent_max)?;
        Ok(listen::serve_readers(listener, &tls, readers, concurrent_max, stop).await?)
    });
    let (socket, stop) = (settings.serve.admin_socket.clone(), serving.clone());
    tasks.spawn(async move { Ok(listen::serve_operator(&socket, operator, stop).await?) });
    tokio::spawn(discard_set_aside(store.clone(), caught_up));
    tracing::info!(listen = %settings.serve.listen, "throughline is up");

    let ended = wait(&told, &mut tasks, &follower).await;
    drain(&intake, &following, &serving, tasks, follower).await?;
    drop(store);
    embedded.close().await;
    tracing::info!("throughline is down");
    ended
}

fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    let Opened { store, fresh } = Store::open(&settings.store_dir(), &settings.store)?;
    if let Err(error) = store.check() {
        tracing::error!("the store does not hold what it says it holds: {error}");
        // The check left word of it: opened again, the store is set aside and filled from the log.
        drop(store);
        return Ok(Store::open(&settings.store_dir(), &settings.store)?.store);
    }
    match fresh {
        Fresh::Existing => {}
        Fresh::New => tracing::info!("the store is new: it is filled from the log"),
        Fresh::SetAside { moved_to, because } => {
            tracing::error!(moved_to = %moved_to.display(), because, "the store did not open: it is filled from the log");
        }
    }
    Ok(store)
}

/// A store that was set aside still holds what an erasure must be able to destroy: once the log has been read again, it goes.
async fn discard_set_aside(store: Store, mut progress: watch::Receiver<Progress>) {
    if progress.wait_for(|progress| progress.caught_up).await.is_ok()
        && let Err(error) = store.discard_set_aside()
    {
        tracing::error!("a store that was set aside could not be deleted: {error}");
    }
}

/// Until told to stop, or something ends that should not.
async fn wait(
    told: &CancellationToken,
    tasks: &mut JoinSet<anyhow::Result<()>>,
    follower: &edges::Follower,
) -> anyhow::Result<()> {
    tokio::select! {
        () = told.cancelled() => Ok(()),
        () = follower.ended() => Err(anyhow::anyhow!("the projection stopped")),
        ended = tasks.join_next() => match ended {
            Some(Ok(Ok(()))) | None => Err(anyhow::anyhow!("a part of the process ended by itself")),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(error)) => Err(error.into()),
        },
    }
}

/// Stops taking in, then answering, then following: what was taken in is published and committed.
async fn drain(
    intake: &CancellationToken,
    following: &CancellationToken,
    serving: &CancellationToken,
    mut tasks: JoinSet<anyhow::Result<()>>,
    follower: edges::Follower,
) -> anyhow::Result<()> {
    intake.cancel();
    serving.cancel();
    while let Some(ended) = tasks.join_next().await {
        if let Ok(Err(error)) = ended {
            output::note(&format!("throughline: while stopping: {error:#}"));
        }
    }
    following.cancel();
    follower.join().await
}
