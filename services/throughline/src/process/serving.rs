//! The life of a process that serves: open, start, run, drain, close. `up` runs the connectors beside it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use event_log::{EventLog, Topic};
use projection::freshness;
use projection::linking::Linking;
use projection::serve::{expiry, listen};
use runtime::metrics;
use sharing::Engine;
use tokio_util::sync::CancellationToken;

use super::follower::Follower;
use super::ledger::{self, OpenLedger};
use super::log::OpenLog;
use super::patience::patiently;
use super::premises::OwnPremises;
use super::service::{self, OwnNames, Service};
use super::sources::Sources;
use super::{Frame, Tasks, all_ended, ended};
use crate::settings::{ConnectorSettings, LogSettings, Settings};
use crate::vault::{self, Vault};

/// How long it waits before it looks again for a key that is missing.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What runs beside the service.
pub(crate) enum Beside<'a> {
    /// These connectors: all in one process, on one machine.
    Connectors(&'a [ConnectorSettings]),
    /// Nothing: other nodes may serve the same log.
    Nothing,
}

/// Lives until told to stop.
pub(crate) async fn live(settings: &Settings, beside: Beside<'_>, frame: Frame) -> anyhow::Result<()> {
    let Frame { told, health } = &frame;
    let serve = settings.serve()?;
    let vault = Vault::of(settings)?;
    vault.can_seal_for(&serve.organisation)?;
    let engine = Arc::new(Engine::load().context("the sharing rules do not load")?);
    let listener = listen::bind(serve.listen).await?;
    health.starting("opening the log");
    let opening = async || Ok(OpenLog::open(settings, &Topic::ALL).await?);
    let Some(open) = patiently(told, "opening the log", opening).await? else { return Ok(()) };
    let watched = open.watched();
    let log: Arc<dyn EventLog> = watched.clone();
    if settings.log == LogSettings::Embedded {
        vault.belongs_to(&settings.log_dir())?;
    }
    let begin = async || service::begin(&vault, log.as_ref()).await;
    let Some(log_id) = patiently(told, "asking which log it is", begin).await? else { return Ok(()) };
    health.starting("opening the store");
    let store = service::open_store(settings, log_id)?;
    let projector = vault.projector(serve);
    health.starting("reading the keys");
    let waits = matches!(beside, Beside::Nothing);
    if !every_key_is_here(&frame, log.as_ref(), &projector, settings, waits).await? {
        return Ok(());
    }
    let own = async || OwnNames::open(serve, &vault, &log).await;
    let Some(own) = patiently(told, "reading its own keys", own).await? else { return Ok(()) };
    let opening = async || OpenLedger::open(settings, Arc::clone(&log), log_id).await;
    let Some(signer) = patiently(told, "opening the ledger", opening).await? else { return Ok(()) };
    let connectors_here = match &beside {
        Beside::Connectors(connectors) => connectors,
        Beside::Nothing => [].as_slice(),
    };
    let premises = OwnPremises::of(settings, connectors_here);
    let (keyring, linked) = (Arc::clone(&projector.keyring), projector.clone());
    let (service, consumer) =
        Service::new(serve, &vault, Arc::clone(&log), store.clone(), projector, own, (engine, premises))?;
    tokio::spawn(service::discard_set_aside(store.clone(), service.progress.clone()));

    let mut tasks = Tasks::new();
    let (intake, following, serving) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
    freshness::measure(&service.progress);
    freshness::must_be_fresh(health, &service.progress, serve.facts_lag_max);
    metrics::watch_disk("store", settings.store_dir());
    for (of, file) in [("serve.certificate", &serve.certificate), ("serve.client_ca", &serve.client_ca)] {
        expiry::measure(of, file.clone());
    }
    let linking = Linking::new(store.clone(), linked);
    let follower = Follower::start(consumer, health, following.clone());
    let linker = Follower::link(linking, service.progress.clone(), following.clone());
    let (process, sources, drain) = match beside {
        Beside::Connectors(connectors) => {
            let sources = Sources::open(settings, connectors, &vault, &watched, &keyring, &intake, &mut tasks).await?;
            ("up", sources, Duration::ZERO)
        }
        Beside::Nothing => ("serve", Sources::none(&watched, &keyring), serve.drain),
    };
    let (signing, asked) = (CancellationToken::new(), signer.as_ref().map(|signer| signer.asked.clone()));
    let mut signer = signer.map(|signer| signer.start(signing.clone()));
    let options = listen::Options { concurrent_max: usize::try_from(serve.concurrent_max)?, drain };
    service.start(listener, (Arc::new(sources), asked), (process, health), options, &mut tasks, &serving);
    health.started();
    tracing::info!(listen = %serve.listen, "throughline is up");

    let ended = tokio::select! {
        ended = ended(told, &mut tasks) => ended,
        () = follower.ended() => Err(anyhow::anyhow!("the projection stopped")),
        () = linker.ended() => Err(anyhow::anyhow!("the linker stopped")),
        error = ledger::ended(&mut signer) => Err(error),
    };
    // Stops taking in, then answering, then following, then signing: what was taken in is published, committed and signed.
    intake.cancel();
    serving.cancel();
    all_ended(tasks).await;
    following.cancel();
    follower.join().await?;
    linker.join().await?;
    signing.cancel();
    if let Some(signer) = signer {
        signer.await??;
    }
    drop(store);
    drop((log, watched));
    open.close().await;
    tracing::info!("throughline is down");
    ended
}

/// Whether every wrapping key is here: without one, what it wraps could not be read, restrictions included. A process that is
/// one of several waits for what is missing, and answers nobody meanwhile; `false` when told to stop.
async fn every_key_is_here(
    frame: &Frame,
    log: &dyn EventLog,
    projector: &projection::project::Projector,
    settings: &Settings,
    waits: bool,
) -> anyhow::Result<bool> {
    let mut said = None;
    loop {
        let look = async || Ok(projection::keys_held::missing(log, &projector.keyring).await?);
        let Some(missing) = patiently(&frame.told, "reading the keys", look).await? else { return Ok(false) };
        let (missing, never) = settings.keys.never.part(missing);
        if missing.is_empty() {
            vault::tell_never_made(&never);
            return Ok(true);
        }
        let problem = vault::keys_missing(&missing);
        anyhow::ensure!(waits, problem);
        frame.health.starting("waiting for a wrapping key that is not here");
        if said.as_ref() != Some(&problem) {
            tracing::error!("{problem}; readers are answered once they are here");
            said = Some(problem);
        }
        tokio::select! {
            () = frame.told.cancelled() => return Ok(false),
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}
