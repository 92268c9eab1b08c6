//! `throughline quarantine`

use std::process::ExitCode;

use proto::admin::{ListQuarantineRequest, ShowQuarantineRequest};
use proto::quarantine::{Item, Place};

use crate::command::{ConfigFile, block_on};
use crate::output::Usage;
use crate::{admin_client, output};

/// Look at records that could not be translated, or were not their sender's to say
///
/// Each reason has a heading in docs/OPERATING.md. Looking is put on record.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List the items, newest first, without their records.
    List {
        #[command(flatten)]
        file: ConfigFile,
        /// How many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Show one item with its record as it came.
    Show {
        #[command(flatten)]
        file: ConfigFile,
        /// The item's id, from the list.
        id: String,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
}

/// Bytes of an item's id.
const ID_BYTES: usize = 16;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::List { file, limit, json } => list(file, *limit, *json)?,
        Command::Show { file, id, json } => show(file, id, *json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(file: &ConfigFile, limit: u32, json: bool) -> anyhow::Result<()> {
    let answer = block_on(async {
        let mut client = admin_client::connect(&file.config).await?;
        let asked = client.list_quarantine(ListQuarantineRequest { limit, ..ListQuarantineRequest::default() }).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    let mut table = output::table(&["id", "reason", "source", "where", "what"]);
    for item in &answer.items {
        if json {
            output::line(&as_json(item, false).to_string())?;
        }
        let cells = [hex::encode(&item.id), reason(item), item.source.clone(), place(item), item.message.clone()];
        output::add_row(&mut table, cells);
    }
    if !json {
        output::print(&table)?;
        output::line(&format!("quarantine: {} item(s), {} shown", answer.total, answer.items.len()))?;
    }
    Ok(())
}

fn show(file: &ConfigFile, id: &str, json: bool) -> anyhow::Result<()> {
    let id = hex::decode(id).ok().filter(|id| id.len() == ID_BYTES).ok_or_else(|| {
        Usage("an item's id is 32 hexadecimal digits, as `throughline quarantine list` prints them".to_owned())
    })?;
    let item = block_on(async {
        let mut client = admin_client::connect(&file.config).await?;
        let asked = client.show_quarantine(ShowQuarantineRequest { id }).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    if json {
        return output::line(&as_json(&item, true).to_string());
    }
    let told = [("reason", reason(&item)), ("source", item.source.clone()), ("where", place(&item))];
    for (name, what) in told.into_iter().chain([("what", item.message.clone())]) {
        output::line(&format!("{name:<8} {}", output::plain(&what)))?;
    }
    output::line("record")?;
    output::line(output::plain(&String::from_utf8_lossy(&item.raw)).trim_end_matches('\n'))
}

fn reason(item: &Item) -> String {
    item.reason().as_str_name().trim_start_matches("REASON_").to_owned()
}

fn place(item: &Item) -> String {
    let Place { file, line, record, byte_offset, field } = item.place.clone().unwrap_or_default();
    let mut parts = vec![file];
    for (name, number) in [("line", line), ("record", record), ("byte", byte_offset)] {
        if number > 0 {
            parts.push(format!("{name} {number}"));
        }
    }
    if !field.is_empty() {
        parts.push(field);
    }
    parts.join(", ")
}

fn as_json(item: &Item, with_raw: bool) -> serde_json::Value {
    let mut value = serde_json::json!({
        "id": hex::encode(&item.id), "reason": reason(item), "source": item.source, "controller": item.controller,
        "where": place(item), "what": item.message, "quarantined_at_us": item.quarantined_at_us,
    });
    if with_raw && let Some(object) = value.as_object_mut() {
        object.insert("raw".to_owned(), String::from_utf8_lossy(&item.raw).into());
    }
    value
}
