//! The consumer, on a thread of its own: it decodes and commits, and on the runtime's own threads it would hold up answers.

use std::time::Duration;

use anyhow::Context;
use projection::consume::Consumer;
use runtime::health::Health;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How long it may hold its thread without a pause: a commit takes milliseconds, and a store that is busy takes seconds.
const STILL_MAX: Duration = Duration::from_secs(120);

/// The running consumer.
pub(crate) struct Follower {
    thread: std::thread::JoinHandle<anyhow::Result<()>>,
    ended: watch::Receiver<bool>,
}

impl Follower {
    /// Starts it.
    pub(crate) fn start(consumer: Consumer, health: &Health, stop: CancellationToken) -> Self {
        let (tell, ended) = watch::channel(false);
        let part = health.part("projection", STILL_MAX);
        let thread = std::thread::spawn(move || {
            let run = async {
                tokio::select! {
                    ran = consumer.run(stop) => ran,
                    never = part.keep_pulse() => never,
                }
            };
            let ran = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .context("the projection's runtime does not start")
                .and_then(|runtime| runtime.block_on(run).context("the projection stopped"));
            tell.send_replace(true);
            ran
        });
        Self { thread, ended }
    }

    /// Returns once the consumer has ended.
    pub(crate) async fn ended(&self) {
        let mut ended = self.ended.clone();
        let _sender_gone_means_ended = ended.wait_for(|ended| *ended).await;
    }

    /// How it ended.
    pub(crate) async fn join(self) -> anyhow::Result<()> {
        let joined = tokio::task::spawn_blocking(move || self.thread.join()).await?;
        joined.unwrap_or_else(|_| Err(anyhow::anyhow!("the projection failed")))
    }
}
