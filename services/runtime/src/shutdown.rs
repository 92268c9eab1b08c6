//! How a process is told to stop: once politely, twice at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled at the first SIGTERM or SIGINT. At the second the process exits at once with status 130.
///
/// # Errors
/// When the system will not let the process listen for signals.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let told = token.clone();
    tokio::spawn(async move {
        for asked in 0.. {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if asked > 0 {
                std::process::exit(130);
            }
            tracing::info!("told to stop: finishing what is in hand");
            told.cancel();
        }
    });
    Ok(token)
}
