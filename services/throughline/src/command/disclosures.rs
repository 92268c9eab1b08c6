//! `throughline disclosures`

use std::process::ExitCode;

use proto::admin::{ListDisclosuresRequest, RecordedDisclosure};
use proto::sharing::{Call, DenialReason, Purpose};

use crate::command::{ConfigFile, block_on};
use crate::{admin_client, output};

/// List the disclosures on record: who asked, for what, and how much was released
///
/// Newest first, and never what was shown. `full`, `redacted`, `existence` and `hidden` count classes of record of the child:
/// those that the rules give whole, in part, as a service's existence, or not at all; `entries` and `lines` are what this page
/// held. Listing is put on record too.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// How many at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// The table's columns, and each one's key in JSON.
const COLUMNS: [(&str, &str); 13] = [
    ("decision", "decision"),
    ("recorded", "recorded_at"),
    ("organisation", "organisation"),
    ("person", "person"),
    ("call", "call"),
    ("purpose", "purpose"),
    ("denied", "denied"),
    ("full", "full"),
    ("redacted", "redacted"),
    ("existence", "existence"),
    ("hidden", "hidden"),
    ("entries", "entries"),
    ("lines", "lines"),
];

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let answer = block_on(async {
        let mut client = admin_client::connect(&arguments.file.config).await?;
        let asked = client.list_disclosures(ListDisclosuresRequest { limit: arguments.limit }).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    let mut table = output::table(&COLUMNS.map(|(head, _)| head));
    for recorded in &answer.disclosures {
        if arguments.json {
            output::line(&as_json(recorded).to_string())?;
        } else {
            output::add_row(&mut table, row(recorded));
        }
    }
    if !arguments.json {
        output::print(&table)?;
        output::line(&format!("disclosures: {} on record, {} shown", answer.total, answer.disclosures.len()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(recorded: &RecordedDisclosure) -> [String; COLUMNS.len()] {
    let value = as_json(recorded);
    COLUMNS.map(|(_, key)| match value.get(key) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    })
}

fn as_json(recorded: &RecordedDisclosure) -> serde_json::Value {
    let disclosure = recorded.disclosure.clone().unwrap_or_default();
    let at = recorded.recorded_at.and_then(|at| jiff::Timestamp::new(at.seconds, at.nanos).ok());
    let denied = Some(disclosure.denied()).filter(|denied| *denied != DenialReason::Unspecified);
    let purpose = match (disclosure.operator_command.as_str(), disclosure.purpose()) {
        ("", Purpose::Unspecified) => None,
        ("", purpose) => Some(purpose.as_str_name().trim_start_matches("PURPOSE_").to_lowercase()),
        (command, _) => Some(format!("operator: {command}")),
    };
    // An operator's look is no call.
    let call = Some(disclosure.call()).filter(|call| *call != Call::Unspecified);
    serde_json::json!({
        "decision": hex::encode(&disclosure.decision_id),
        "recorded_at": at.map(|at| format!("{at:.0}")),
        "organisation": disclosure.organisation,
        "person": disclosure.person,
        "call": call.map(|call| call.as_str_name().trim_start_matches("CALL_").to_lowercase()),
        "purpose": purpose,
        "denied": denied.map(|denied| denied.as_str_name().trim_start_matches("DENIAL_REASON_")),
        "full": disclosure.classes_full,
        "redacted": disclosure.classes_redacted,
        "existence": disclosure.classes_existence,
        "hidden": disclosure.classes_hidden,
        "entries": disclosure.entries_released,
        "lines": disclosure.lines_released,
    })
}
