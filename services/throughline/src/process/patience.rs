//! Starting while the log cannot be reached: a process that ended instead would only be started again.

use std::time::Duration;

use connector_kit::drop_folder::IntakeError;
use connector_kit::publish::PublishError;
use event_log::LogError;
use event_log::begun::BegunError;
use projection::ledger::LedgerError;
use projection::own_records::RecordError;
use tokio_util::sync::CancellationToken;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Does it, again and again while the log cannot be reached. `None` when told to stop meanwhile.
pub(crate) async fn patiently<T>(
    told: &CancellationToken,
    doing: &'static str,
    mut attempt: impl AsyncFnMut() -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    let mut wait = FIRST_WAIT;
    let mut said = false;
    loop {
        let tried = tokio::select! {
            () = told.cancelled() => return Ok(None),
            tried = attempt() => tried,
        };
        match tried {
            Ok(done) => {
                if said {
                    tracing::info!(doing, "the log can be reached again");
                }
                return Ok(Some(done));
            }
            Err(error) if passes(&error) => {
                if !said {
                    tracing::error!(doing, "{error:#}");
                    said = true;
                }
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = told.cancelled() => return Ok(None),
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
        }
    }
}

/// Whether the log alone is the cause, and waiting cures it.
fn passes(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let of_log = cause.downcast_ref::<LogError>().is_some_and(LogError::is_transient);
        let of_begun = matches!(cause.downcast_ref(), Some(BegunError::Log(error)) if error.is_transient());
        let of_records = cause.downcast_ref::<RecordError>().is_some_and(RecordError::is_transient);
        let of_publisher = cause.downcast_ref::<PublishError>().is_some_and(PublishError::is_transient);
        let of_intake = cause.downcast_ref::<IntakeError>().is_some_and(IntakeError::is_transient);
        let of_ledger = cause.downcast_ref::<LedgerError>().is_some_and(LedgerError::is_transient);
        of_log || of_ledger || of_begun || of_records || of_publisher || of_intake
    })
}
