//! What follows the log, each on a thread of its own: it decodes and commits, and on the runtime's own threads it would hold up
//! answers.

use std::time::Duration;

use anyhow::Context;
use projection::consume::{Consumer, Progress};
use projection::linking::Linking;
use runtime::health::Health;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long it may hold its thread without a pause: a commit takes milliseconds, and a store that is busy takes seconds.
const STILL_MAX: Duration = Duration::from_secs(120);

/// A thread that follows.
pub(crate) struct Follower {
    what: &'static str,
    thread: std::thread::JoinHandle<anyhow::Result<()>>,
    ended: watch::Receiver<bool>,
}

impl Follower {
    /// Starts the consumer.
    pub(crate) fn start(consumer: Consumer, health: &Health, stop: CancellationToken) -> Self {
        let part = health.part("projection", STILL_MAX);
        Self::on_a_thread("the projection", async move || {
            tokio::select! {
                ran = consumer.run(stop) => ran.context("the projection stopped"),
                never = part.keep_pulse() => never,
            }
        })
    }

    /// Starts the linker behind it.
    pub(crate) fn link(linking: Linking, progress: watch::Receiver<Progress>, stop: CancellationToken) -> Self {
        Self::on_a_thread("the linker", async move || linking.run(progress, stop).await.context("the linker stopped"))
    }

    fn on_a_thread(what: &'static str, run: impl AsyncFnOnce() -> anyhow::Result<()> + Send + 'static) -> Self {
        let (tell, ended) = watch::channel(false);
        let thread = std::thread::spawn(move || {
            let ran = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .context("a runtime does not start")
                .and_then(|runtime| runtime.block_on(run()));
            tell.send_replace(true);
            ran
        });
        Self { what, thread, ended }
    }

    /// Returns once it has ended.
    pub(crate) async fn ended(&self) {
        let mut ended = self.ended.clone();
        let _sender_gone_means_ended = ended.wait_for(|ended| *ended).await;
    }

    /// How it ended.
    pub(crate) async fn join(self) -> anyhow::Result<()> {
        let joined = tokio::task::spawn_blocking(move || self.thread.join()).await?;
        joined.unwrap_or_else(|_| Err(anyhow::anyhow!("{} failed", self.what)))
    }
}
