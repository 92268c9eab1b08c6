//! The life of a connector that is a process of its own: stand by, take over, run, stop; and stand by again when the log
//! says that another has taken over.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use event_log::kafka::lease::{Lease, LeaseOptions, LeasedLog};
use event_log::{LogError, begun};
use projection::serve::listen;
use runtime::health::Health;
use runtime::metrics;
use tokio_util::sync::CancellationToken;

use super::log::{OpenLog, topics_of};
use super::operator::ConnectorOperator;
use super::patience::patiently;
use super::sources::Sources;
use super::watched::WatchedLog;
use super::workbench::Bench;
use super::{Frame, Tasks, all_ended, ended};
use crate::settings::{ConnectorSettings, KafkaSettings, LogSettings, Settings};
use crate::vault::Vault;

/// How long it waits before it asks again whether the log has begun.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Lives until told to stop.
pub(crate) async fn live(settings: &Settings, name: &str, frame: Frame) -> anyhow::Result<()> {
    let connector = settings.connector(name).context("the configuration has no such connector")?;
    let vault = Vault::of(settings)?;
    vault.can_seal_for(&connector.organisation)?;
    let operator = ConnectorOperator::new(name, frame.health.clone());
    let closing = CancellationToken::new();
    let (socket, answers, close) = (connector.admin_socket.clone(), operator.clone(), closing.clone());
    let bench = Bench::of(operator.sources());
    let mut answering = tokio::spawn(async move {
        listen::serve_operator(&socket, answers, None, (None, None), (None, None), bench, close).await
    });
    let lived = tokio::select! {
        lived = turns(settings, connector, &vault, &operator, &frame) => lived,
        ended = &mut answering => return Err(ended?.err().map_or_else(|| anyhow::anyhow!("the admin socket closed"), Into::into)),
    };
    closing.cancel();
    answering.await??;
    tracing::info!(connector = name, "the connector is down");
    lived
}

/// Turn after turn at the connector's work, with standing by in between.
async fn turns(
    settings: &Settings,
    connector: &ConnectorSettings,
    vault: &Vault,
    operator: &ConnectorOperator,
    frame: &Frame,
) -> anyhow::Result<()> {
    let Frame { told, health } = frame;
    let LogSettings::Kafka(cluster) = &settings.log else { anyhow::bail!("`log.kind` must be `kafka`") };
    health.starting("opening the log");
    let opening = async || Ok(OpenLog::open(settings, &topics_of(&connector.name)).await?);
    let Some(open) = patiently(told, "opening the log", opening).await? else { return Ok(()) };
    health.starting("waiting for the log to be begun: the first `throughline serve` does that");
    if !has_begun(&open, vault, frame).await? {
        return Ok(());
    }
    let ended = loop {
        health.starting("asking for the connector's lease");
        metrics::LEASE_HELD.set(0.0, [&connector.name]);
        tracing::info!(connector = connector.name, "asking for the lease");
        let lease = claim(cluster, connector);
        operator.waits_for(Some(lease.standing()));
        let held = tokio::select! {
            held = lease.held() => held,
            never = says_who_works(&lease, health) => never,
            () = told.cancelled() => break Ok(()),
        };
        operator.waits_for(None);
        held?;
        metrics::LEASE_HELD.set(1.0, [&connector.name]);
        health.starting("reading what was published before");
        let watched = Arc::new(WatchedLog::new(Arc::new(LeasedLog::new(open.shared(), lease.clone()))));
        let (mut tasks, intake) = (Tasks::new(), CancellationToken::new());
        let opened = patiently(told, "opening the sources", async || {
            // What a try before this one had started.
            tasks.shutdown().await;
            let keyring = vault.keyring();
            let only = std::slice::from_ref(connector);
            Sources::open(settings, only, vault, &watched, &keyring, &intake, &mut tasks).await
        });
        let opened = tokio::select! {
            opened = opened => opened?,
            () = lease.lost() => continue,
        };
        let Some(sources) = opened else { break Ok(()) };
        operator.runs(Some(Arc::new(sources)));
        health.started();
        tracing::info!(connector = connector.name, "the connector is up");
        let ended = tokio::select! {
            ended = ended(told, &mut tasks) => Some(ended),
            () = lease.lost() => None,
        };
        intake.cancel();
        all_ended(tasks).await;
        operator.runs(None);
        drop(watched);
        match ended {
            Some(ended) => {
                lease.release().await;
                break ended;
            }
            None => tracing::error!(
                connector = connector.name,
                "the lease is lost: the log cannot be reached, or another process works for this connector now"
            ),
        }
    };
    open.close().await;
    ended
}

/// While another process works, standing by is being ready; while nobody can say who does, it is not.
async fn says_who_works(lease: &Lease, health: &Health) -> Result<(), LogError> {
    let mut standing = lease.standing();
    loop {
        if standing.borrow_and_update().holder.is_some() {
            health.standing_by("another process works for this connector");
        }
        if standing.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn claim(cluster: &KafkaSettings, connector: &ConnectorSettings) -> Lease {
    let options = LeaseOptions { prefix: cluster.prefix.clone(), ..LeaseOptions::default() };
    Lease::claim(&cluster.connection, &connector.name, &options)
}

/// Whether the log has begun, and under this pseudonym key: waits until it has. `false` when told to stop meanwhile.
async fn has_begun(open: &OpenLog, vault: &Vault, frame: &Frame) -> anyhow::Result<bool> {
    let log = open.shared();
    let mut said = false;
    loop {
        let ask = async || Ok(begun::begun(log.as_ref(), &vault.pseudonyms).await?);
        match patiently(&frame.told, "asking which log it is", ask).await? {
            None => return Ok(false),
            Some(Some(_)) => return Ok(true),
            Some(None) if !said => {
                tracing::warn!("the log has not begun: waiting for the first `throughline serve`");
                said = true;
            }
            Some(None) => {}
        }
        tokio::select! {
            () = frame.told.cancelled() => return Ok(false),
            () = tokio::time::sleep(ASK_AGAIN) => {}
        }
    }
}
