//! `throughline status`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use proto::admin::{GetStatusRequest, GetStatusResponse};

use crate::command::{ConfigFile, block_on};
use crate::{admin_client, output};

/// Say where the running process stands
///
/// Which process it is and whether it is ready; how far it has read, what each source gave, what is in quarantine, and whether
/// the log takes records. Of a connector that is a process of its own: what it gave, or that it stands by and who works.
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
    /// The process of this connector, where the file is of more than one process.
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
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
    let mut waits_for = "the process to answer".to_owned();
    loop {
        let answer = match admin_client::connect_to(&arguments.file.config, arguments.connector.as_deref()).await {
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
            if status.caught_up && !is_taking_in(&status) {
                bar.finish_and_clear();
                return Ok(status);
            }
            bar.set_length(status.events + status.records_behind);
            bar.set_position(status.events);
            waits_for = what_is_left(&status);
        }
        if started.elapsed() > Duration::from_secs(wait) {
            bail!("not caught up after {wait} s: waiting for {waits_for}");
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

fn is_taking_in(status: &GetStatusResponse) -> bool {
    status.sources.iter().any(|source| source.pending > 0)
}

fn state(status: &GetStatusResponse) -> &'static str {
    match (is_taking_in(status), status.caught_up) {
        _ if !status.ready && status.process.starts_with("connect ") => "not working",
        (true, _) => "taking in",
        (false, true) => "caught up",
        (false, false) => "catching up",
    }
}

/// What keeps it from being caught up, for whoever has waited in vain.
fn what_is_left(status: &GetStatusResponse) -> String {
    let pending = status.sources.iter().filter(|source| source.pending > 0);
    let mut left: Vec<_> = pending.map(|source| format!("{} ({} pending)", source.source, source.pending)).collect();
    if !status.caught_up {
        left.push(format!("the timelines ({} records behind)", status.records_behind));
    }
    left.join(", ")
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
    output::print(&table)?;
    output::line(&format!(
        "process: {} {}",
        status.process,
        if status.ready { "ready" } else { status.not_ready_because.as_str() }
    ))?;
    output::line(&format!(
        "status: {} behind={} events={} parked={} quarantined={} disclosures={}",
        state(status),
        status.records_behind,
        status.events,
        status.parked,
        quarantined(status),
        status.disclosures
    ))?;
    // A connector has no rules.
    if !status.policy_hash.is_empty() {
        let hash = hex::encode(&status.policy_hash);
        let standing = if status.policy_approved { "approved" } else { "NOT APPROVED: readers are refused" };
        let hash = hash.get(..12).unwrap_or_default();
        output::line(&format!("rules: {hash} {standing} by={}", status.policy_approvals))?;
    }
    if status.break_glass_overdue + status.break_glass_alarms > 0 {
        output::line(&format!(
            "break-glass: overdue={} alarms={}: `throughline break-glass list`",
            status.break_glass_overdue, status.break_glass_alarms
        ))?;
    }
    if !status.accepting {
        output::line(&format!("not accepting: {}", status.not_accepting_because))?;
    }
    Ok(())
}

fn quarantined(status: &GetStatusResponse) -> String {
    status.quarantined.map_or_else(|| "unknown".to_owned(), |items| items.to_string())
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
        "process": status.process, "ready": status.ready, "not_ready_because": status.not_ready_because,
        "caught_up": status.caught_up, "records_behind": status.records_behind, "events": status.events,
        "parked": status.parked, "quarantined": status.quarantined, "disclosures": status.disclosures,
        "accepting": status.accepting, "not_accepting_because": status.not_accepting_because, "sources": sources,
        "policy_hash": hex::encode(&status.policy_hash), "policy_approved": status.policy_approved,
        "policy_approvals": status.policy_approvals,
        "break_glass_overdue": status.break_glass_overdue, "break_glass_alarms": status.break_glass_alarms,
    })
}

#[cfg(test)]
mod tests {
    use proto::admin::SourceStatus;

    use super::*;

    #[test]
    fn items_that_could_not_be_counted_are_not_none() {
        let unknown = GetStatusResponse::default();
        assert_eq!((quarantined(&unknown).as_str(), json(&unknown)["quarantined"].is_null()), ("unknown", true));
        let none = GetStatusResponse { quarantined: Some(0), ..unknown };
        assert_eq!((quarantined(&none).as_str(), json(&none)["quarantined"].as_u64()), ("0", Some(0)));
    }

    #[test]
    fn what_is_pending_is_named_and_is_not_caught_up() {
        let source = |source: &str, pending| SourceStatus { source: source.to_owned(), pending, ..Default::default() };
        let mut status = GetStatusResponse {
            caught_up: true,
            sources: vec![source("health-hl7v2", 0), source("social-care-cin-census", 2)],
            ..Default::default()
        };
        assert_eq!(
            (state(&status), what_is_left(&status).as_str()),
            ("taking in", "social-care-cin-census (2 pending)")
        );
        (status.caught_up, status.records_behind) = (false, 7);
        let told = "social-care-cin-census (2 pending), the timelines (7 records behind)";
        assert_eq!((state(&status), what_is_left(&status).as_str()), ("taking in", told));
        status.sources.clear();
        assert_eq!(
            (state(&status), what_is_left(&status).as_str()),
            ("catching up", "the timelines (7 records behind)")
        );
        status.caught_up = true;
        assert_eq!(state(&status), "caught up");
    }
}
