//! `throughline disclosures`

use std::process::ExitCode;

use proto::admin::{ListDisclosuresRequest, RecordedDisclosure};
use proto::sharing::DenialReason;

use crate::command::{ConfigFile, block_on};
use crate::{admin_client, output};

/// List the disclosures on record: who asked, for what, and how much was released
///
/// Newest first, with how many classes of record were shown whole, in part, as a service's existence, or not at all. Never
/// what was shown. Listing is put on record too.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// How many at most.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let answer = block_on(async {
        let mut client = admin_client::connect(&arguments.file.config).await?;
        let asked = client.list_disclosures(ListDisclosuresRequest { limit: arguments.limit }).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    let head = [
        "decision",
        "recorded",
        "organisation",
        "person",
        "purpose",
        "full",
        "redacted",
        "existence",
        "hidden",
        "released",
    ];
    let mut table = output::table(&head);
    for recorded in &answer.disclosures {
        if arguments.json {
            output::line(&as_json(recorded).to_string())?;
        } else {
            table.add_row(row(recorded));
        }
    }
    if !arguments.json {
        output::line(&table.to_string())?;
        output::line(&format!("disclosures: {} on record, {} shown", answer.total, answer.disclosures.len()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(recorded: &RecordedDisclosure) -> Vec<String> {
    let value = as_json(recorded);
    [
        "decision",
        "recorded_at",
        "organisation",
        "person",
        "purpose",
        "full",
        "redacted",
        "existence",
        "hidden",
        "released",
    ]
    .iter()
    .map(|key| match value.get(*key) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    })
    .collect()
}

fn as_json(recorded: &RecordedDisclosure) -> serde_json::Value {
    let disclosure = recorded.disclosure.clone().unwrap_or_default();
    let at = recorded.recorded_at.and_then(|at| jiff::Timestamp::new(at.seconds, at.nanos).ok());
    let denied = disclosure.denied();
    let purpose = disclosure.purpose().as_str_name().trim_start_matches("PURPOSE_").to_lowercase();
    let what = match (disclosure.operator_command.as_str(), denied) {
        ("", DenialReason::Unspecified) => purpose,
        ("", denied) => format!("denied: {}", denied.as_str_name().trim_start_matches("DENIAL_REASON_")),
        (command, _) => format!("operator: {command}"),
    };
    serde_json::json!({
        "decision": hex::encode(&disclosure.decision_id),
        "recorded_at": at.map(|at| format!("{at:.0}")),
        "organisation": disclosure.organisation,
        "person": disclosure.person,
        "purpose": what,
        "full": disclosure.classes_full,
        "redacted": disclosure.classes_redacted,
        "existence": disclosure.classes_existence,
        "hidden": disclosure.classes_hidden,
        "released": disclosure.entries_released + disclosure.lines_released,
    })
}
