//! Items tried, redriven, and left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::admin::workbench_client::WorkbenchClient;
use proto::admin::{
    QuarantineSelection, RedriveItemsRequest, RedriveItemsResponse, SetItemsAsideRequest, TriedItem, TryItemsRequest,
    TryItemsResponse,
};
use proto::events::Event;
use proto::quarantine::handled::Outcome;
use serde_json::{Value, json};

use super::choosing::Choosing;
use super::where_at;
use crate::command::{ConfigFile, block_on};
use crate::output::Usage;
use crate::{admin_client, output};

/// Arguments of `quarantine try`.
#[derive(clap::Args, Debug)]
pub(super) struct Try {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    choosing: Choosing,
    /// A mapping file, in place of the one that runs; with --source.
    #[arg(long, requires = "source")]
    mapping: Option<PathBuf>,
    /// How many items at most.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Item by item, in place of how many of each kind.
    #[arg(long)]
    items: bool,
    /// One JSON object a line, item by item.
    #[arg(long)]
    json: bool,
}

/// Arguments of `quarantine redrive`.
#[derive(clap::Args, Debug)]
pub(super) struct Redrive {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    choosing: Choosing,
    /// Everything that waits.
    #[arg(long)]
    everything: bool,
    /// No more items than this.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    cap: u32,
    /// No more items a second than this.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Who does it: a staff reference, which stays on record.
    #[arg(long)]
    by: String,
    /// What is still refused item by item, in place of how many of each kind.
    #[arg(long)]
    items: bool,
    /// The end as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Arguments of `quarantine leave`.
#[derive(clap::Args, Debug)]
pub(super) struct Leave {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    choosing: Choosing,
    /// Why, at most 500 characters. It stays on record: name nobody.
    #[arg(long)]
    because: String,
    /// Who says so: a staff reference, which stays on record.
    #[arg(long)]
    by: String,
    /// How many items at most: where there are more, none is left.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

type Client = WorkbenchClient<tonic::transport::Channel>;

async fn client(file: &ConfigFile) -> anyhow::Result<Client> {
    Ok(WorkbenchClient::new(admin_client::channel(&file.config, None).await?).max_decoding_message_size(64 << 20))
}

/// What would become of this item, with its events; `mapping` in place of the one that runs, unless it is empty.
pub(super) async fn tried(
    file: &ConfigFile,
    source: &str,
    id: Vec<u8>,
    mapping: String,
) -> anyhow::Result<TryItemsResponse> {
    let source = source.to_owned();
    let selection = Some(QuarantineSelection { ids: vec![id], source, ..QuarantineSelection::default() });
    let request = TryItemsRequest { selection, limit: 1, mapping, with_events: true };
    let asked = client(file).await?.try_items(request).await;
    Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
}

/// A mapping file's text.
pub(super) fn text_of(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("could not read `{}`", path.display()))
}

pub(super) fn try_items(arguments: &Try) -> anyhow::Result<()> {
    let selection = Some(arguments.choosing.selection()?);
    let mapping = arguments.mapping.as_deref().map(text_of).transpose()?.unwrap_or_default();
    let request = TryItemsRequest { selection, limit: arguments.limit, mapping, with_events: false };
    let answer = block_on(async {
        let asked = client(&arguments.file).await?.try_items(request).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    if arguments.json {
        for item in &answer.items {
            output::line(&tried_json(item)?.to_string())?;
        }
    } else {
        told_of(&answer.items, arguments.items)?;
    }
    let count = |outcome: Outcome| answer.items.iter().filter(|item| item.outcome() == outcome).count();
    output::line(&format!(
        "tried: items={} of {} would_redrive={} still_refused={} passed_over={}; nothing was sent",
        answer.items.len(),
        answer.total,
        count(Outcome::Redriven),
        count(Outcome::StillRefused),
        count(Outcome::PassedOver)
    ))
}

/// Item by item, or how many of each kind.
fn told_of(items: &[TriedItem], each: bool) -> anyhow::Result<()> {
    if each {
        return table_of(items);
    }
    let mut kinds: BTreeMap<_, (usize, String)> = BTreeMap::new();
    for item in items {
        let refused = item.outcome() == Outcome::StillRefused;
        let reason = if refused { item.reason().name() } else { "" };
        let field = item.place.as_ref().map(|place| place.field.clone()).filter(|_| refused).unwrap_or_default();
        let (message, events) = (if refused { item.message.clone() } else { String::new() }, item.kinds.join(", "));
        let kind = (word(item.outcome()), item.source.clone(), reason, field, events, message);
        kinds.entry(kind).or_insert_with(|| (0, where_at(item.place.as_ref()))).0 += 1;
    }
    let mut table = output::table(&["outcome", "items", "source", "field", "events or reason", "the first"]);
    for ((outcome, source, reason, field, events, message), (count, first)) in kinds {
        let what = if reason.is_empty() { events } else { format!("{reason}: {message}") };
        output::add_row(&mut table, [outcome.to_owned(), count.to_string(), source, field, what, first]);
    }
    output::print(&table)
}

fn table_of(items: &[TriedItem]) -> anyhow::Result<()> {
    let mut table = output::table(&["id", "where", "outcome", "events", "findings and reasons"]);
    for item in items {
        let refused =
            (item.outcome() == Outcome::StillRefused).then(|| format!("{}: {}", item.reason().name(), item.message));
        let remarks: Vec<String> = item.findings.iter().cloned().chain(refused).collect();
        let (events, remarks) = (item.kinds.join(", "), remarks.join("\n"));
        let cells =
            [hex::encode(&item.id), where_at(item.place.as_ref()), word(item.outcome()).to_owned(), events, remarks];
        output::add_row(&mut table, cells);
    }
    output::print(&table)
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Redriven => "would be redriven",
        Outcome::StillRefused => "still refused",
        Outcome::PassedOver => "passed over",
        Outcome::SetAside => "set aside",
        Outcome::Unspecified => "waits",
    }
}

/// What is made of an item, field by field.
pub(super) fn print_mapped(item: &TriedItem) -> anyhow::Result<()> {
    output::line(&format!("now      {}", word(item.outcome())))?;
    for body in &item.events {
        let kind = body.event.as_ref().and_then(Event::kind_number).map_or("", |kind| kind.name());
        output::line(&format!("  {kind}"))?;
        if let Value::Object(fields) = event_json(body.event.as_ref())? {
            for (name, value) in fields.values().filter_map(Value::as_object).flatten() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                output::line(&format!("    {name}: {}", output::plain(&value)))?;
            }
        }
    }
    for finding in &item.findings {
        output::line(&format!("  finding {finding}"))?;
    }
    if item.outcome() == Outcome::StillRefused {
        output::line(&format!("  refused {}: {}", item.reason().name(), output::plain(&item.message)))?;
    }
    Ok(())
}

fn event_json(event: Option<&Event>) -> anyhow::Result<Value> {
    let Some(event) = event else { return Ok(Value::Null) };
    let pool = DescriptorPool::decode(proto::DESCRIPTORS)?;
    let message = pool.get_message_by_name("throughline.events.v1.Event").context("the contract has no event")?;
    let read = DynamicMessage::decode(message, prost::Message::encode_to_vec(event).as_slice())?;
    Ok(serde_json::to_value(&read)?)
}

pub(super) fn tried_json(item: &TriedItem) -> anyhow::Result<Value> {
    let events: anyhow::Result<Vec<Value>> = item.events.iter().map(|body| event_json(body.event.as_ref())).collect();
    let refused = item.outcome() == Outcome::StillRefused;
    Ok(json!({
        "id": hex::encode(&item.id), "source": item.source, "where": where_at(item.place.as_ref()),
        "outcome": item.outcome().as_str_name().trim_start_matches("OUTCOME_"), "kinds": item.kinds, "findings": item.findings,
        "reason": refused.then(|| item.reason().name()), "what": item.message, "events": events?,
    }))
}

pub(super) fn redrive(arguments: &Redrive) -> anyhow::Result<ExitCode> {
    if arguments.choosing.is_everything() != arguments.everything {
        let what =
            "say which items: by id, --reason, --source, --field or --submission; or --everything, and none of these";
        return Err(Usage(what.to_owned()).into());
    }
    let (cap, rate, by) = (arguments.cap, arguments.rate, arguments.by.clone());
    let request = RedriveItemsRequest { selection: Some(arguments.choosing.selection()?), cap, rate, by };
    let (last, refused) = block_on(async {
        let asked = client(&arguments.file).await?.redrive_items(request).await;
        let mut steps = asked.map_err(|status| admin_client::refusal(&status))?.into_inner();
        let (mut last, mut refused, bar) =
            (RedriveItemsResponse::default(), Vec::new(), output::progress(0, "redriving"));
        while let Some(mut step) = steps.message().await.map_err(|status| broke_off(&status))? {
            bar.set_length(step.chosen);
            bar.set_position(step.done);
            refused.append(&mut step.refused);
            last = step;
        }
        bar.finish_and_clear();
        Ok((last, refused))
    })?;
    let proof =
        last.proof.context("the process broke off before the proof: say it again, and it goes on from there")?;
    let holds = proof.on_log == proof.entries && proof.differing == 0;
    if arguments.json {
        output::line(
            &json!({
                "chosen": last.chosen, "redriven": last.redriven, "still_refused": last.still_refused,
                "passed_over": last.passed_over, "for_a_person": last.for_a_person, "beyond_cap": last.beyond_cap,
                "proof": { "rows": proof.rows, "entries": proof.entries, "on_log": proof.on_log, "event_ids": proof.event_ids,
                    "repeats": proof.repeats, "differing": proof.differing, "holds": holds },
            })
            .to_string(),
        )?;
    } else {
        if !refused.is_empty() {
            told_of(&refused, arguments.items)?;
        }
        output::line(&format!(
            "redrive: chosen={} redriven={} still_refused={} passed_over={} for_a_person={} beyond_cap={}",
            last.chosen, last.redriven, last.still_refused, last.passed_over, last.for_a_person, last.beyond_cap
        ))?;
        output::line(&format!(
            "proof: {} rows={} entries={} on_log={} event_ids={} repeats={} differing={}",
            if holds { "ok" } else { "FAILED" },
            proof.rows,
            proof.entries,
            proof.on_log,
            proof.event_ids,
            proof.repeats,
            proof.differing
        ))?;
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(output::DIFFERS) })
}

/// A process that ends in the middle says nothing of it.
fn broke_off(status: &tonic::Status) -> anyhow::Error {
    match status.code() {
        tonic::Code::Unknown | tonic::Code::Internal | tonic::Code::Cancelled => {
            anyhow!("the process broke off: what is done is on record, and the same again goes on from there")
        }
        _ => admin_client::refusal(status),
    }
}

pub(super) fn leave(arguments: &Leave) -> anyhow::Result<()> {
    if arguments.choosing.is_everything() {
        let what = "say which items are left: by id, --reason, --source, --field or --submission";
        return Err(Usage(what.to_owned()).into());
    }
    let request = SetItemsAsideRequest {
        selection: Some(arguments.choosing.selection()?),
        limit: arguments.limit,
        reason: arguments.because.clone(),
        by: arguments.by.clone(),
    };
    let answer = block_on(async {
        let asked = client(&arguments.file).await?.set_items_aside(request).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    output::line(&format!("quarantine: {} item(s) set aside", answer.set_aside))
}
