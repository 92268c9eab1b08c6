//! `throughline status`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use proto::admin::{GetStatusRequest, GetStatusResponse};

use crate::command::{ConfigFile, block_on};
use crate::{admin_client, output};

/// Say where the running process stands
///
/// How far it has read, what each source gave, what is in quarantine, and whether the log takes records.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Wait until every source is taken in and every event is on the timelines, at most this many seconds.
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
}

const ASK_AGAIN: Duration = Duration::from_millis(200);

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let status = block_on(ask(arguments))?;
    if arguments.json {
        output::line(&json(&status).to_string())?;
    } else {
        print(&status)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn ask(arguments: &Arguments) -> anyhow::Result<GetStatusResponse> {
    let started = Instant::now();
    let bar = output::progress(0, "taking in");
    loop {
        let answer = match admin_client::connect(&arguments.file.config).await {
            Ok(mut client) => Some(
                client
                    .get_status(GetStatusRequest {})
                    .await
                    .map_err(|status| admin_client::refusal(&status))?
                    .into_inner(),
            ),
            // While waiting, a process that is still starting is not an error.
            Err(error) if arguments.wait.is_none() || error.is::<runtime::config::Problems>() => return Err(error),
            Err(_) => None,
        };
        let Some(wait) = arguments.wait else { return answer.ok_or_else(|| anyhow::anyhow!("no answer")) };
        if let Some(status) = answer {
            let pending: u64 = status.sources.iter().map(|source| source.pending).sum();
            if status.caught_up && pending == 0 {
                bar.finish_and_clear();
                return Ok(status);
            }
            bar.set_length(status.events + status.records_behind);
            bar.set_position(status.events);
        }
        if started.elapsed() > Duration::from_secs(wait) {
            bail!("not caught up after {wait} s: `throughline status` says where it stands");
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

fn print(status: &GetStatusResponse) -> anyhow::Result<()> {
    let mut table = output::table(&["source", "records", "events", "findings", "rejected", "pending"]);
    for source in &status.sources {
        table.add_row([
            source.source.clone(),
            source.records.to_string(),
            source.events.to_string(),
            source.findings.to_string(),
            source.rejected.to_string(),
            source.pending.to_string(),
        ]);
    }
    output::line(&table.to_string())?;
    let state = if status.caught_up { "caught up" } else { "catching up" };
    output::line(&format!(
        "status: {state} behind={} events={} parked={} quarantined={} disclosures={}",
        status.records_behind, status.events, status.parked, status.quarantined, status.disclosures
    ))?;
    if !status.accepting {
        output::line(&format!("not accepting: {}", status.not_accepting_because))?;
    }
    Ok(())
}

fn json(status: &GetStatusResponse) -> serde_json::Value {
    let sources: Vec<_> = status
        .sources
        .iter()
        .map(|source| {
            serde_json::json!({
                "source": source.source, "records": source.records, "events": source.events,
                "findings": source.findings, "rejected": source.rejected, "pending": source.pending,
            })
        })
        .collect();
    serde_json::json!({
        "caught_up": status.caught_up, "records_behind": status.records_behind, "events": status.events,
        "parked": status.parked, "quarantined": status.quarantined, "disclosures": status.disclosures,
        "accepting": status.accepting, "not_accepting_because": status.not_accepting_because, "sources": sources,
    })
}
