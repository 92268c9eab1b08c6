//! What `up`, `serve` and `connect` are put together from.

pub(crate) mod connecting;
pub(crate) mod follower;
pub(crate) mod ledger;
pub(crate) mod log;
pub(crate) mod operator;
pub(crate) mod patience;
pub(crate) mod premises;
pub(crate) mod service;
pub(crate) mod serving;
pub(crate) mod sources;
pub(crate) mod watched;
mod ways_in;
pub(crate) mod workbench;

use std::process::ExitCode;

use runtime::health::Health;
use runtime::{http, shutdown, telemetry};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::output;

/// The parts of a process that run until it is told to stop.
pub(crate) type Tasks = JoinSet<anyhow::Result<()>>;

/// What every process has around it.
#[derive(Clone)]
pub(crate) struct Frame {
    /// Cancelled when the process is told to stop.
    pub(crate) told: CancellationToken,
    /// Whether it lives and is ready.
    pub(crate) health: Health,
}

/// Runs a process: telemetry first, then its life, and its health can be asked until the end of that.
pub(crate) fn run(
    settings: &telemetry::Settings,
    role: &str,
    life: impl AsyncFnOnce(Frame) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    let _until_the_end = telemetry::start(settings, env!("CARGO_PKG_VERSION"), role)?;
    telemetry::tell_of_panics_without_data();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let told = shutdown::on_signal()?;
        let health = Health::new();
        let last = CancellationToken::new();
        let pages = match settings.listen {
            Some(address) => Some(tokio::spawn(http::serve(http::bind(address).await?, health.clone(), last.clone()))),
            None => None,
        };
        let ended = tokio::select! {
            ended = life(Frame { told: told.clone(), health: health.clone() }) => ended,
            never = says_when_stopping(&told, &health) => never,
        };
        last.cancel();
        if let Some(pages) = pages {
            pages.await??;
        }
        ended
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn says_when_stopping(told: &CancellationToken, health: &Health) -> anyhow::Result<()> {
    told.cancelled().await;
    health.stopping();
    std::future::pending().await
}

/// Until told to stop, or until a part ends that should not.
pub(crate) async fn ended(told: &CancellationToken, tasks: &mut Tasks) -> anyhow::Result<()> {
    tokio::select! {
        () = told.cancelled() => Ok(()),
        ended = tasks.join_next() => match ended {
            Some(Ok(Ok(()))) | None => Err(anyhow::anyhow!("a part of the process ended by itself")),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(error)) => Err(error.into()),
        },
    }
}

/// Waits for every part to end, and says of each that ends badly.
pub(crate) async fn all_ended(mut tasks: Tasks) {
    while let Some(ended) = tasks.join_next().await {
        if let Ok(Err(error)) = ended {
            output::note(&format!("throughline: while stopping: {error:#}"));
        }
    }
}
