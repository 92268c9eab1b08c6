//! `throughline translate`

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use connector_kit::Rejection;
use connector_kit::run::{Translated, translate_only};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use proto::events::{Body, Event};
use serde::Serialize;

use crate::{connectors, output};

/// Show what a file or folder would become, without publishing anything
///
/// Needs no key and touches no log. Rejected records are listed with where and why.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The connector, such as social-care-cin-census. A name that there is not is answered with all that there are.
    connector: String,
    /// Files and folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Who answers for what does not say so itself, as a section's `controllers` would name it: ods-rh8, la-878-social-care
    #[arg(long)]
    organisation: Option<String>,
    /// One event a line, in JSON, as it would be sealed; what was rejected goes to standard error, one JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Some(connector) = connectors::named_of(&arguments.connector, arguments.organisation.as_deref()) else {
        let names: Vec<&str> = connectors::all().iter().map(|connector| connector.descriptor().name).collect();
        bail!("there is no connector `{}`; there are: {}", arguments.connector, names.join(", "));
    };
    let pool = DescriptorPool::decode(proto::DESCRIPTORS)?;
    let mut kinds: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut failed = None;
    let totals = translate_only(connector.as_ref(), &arguments.paths, &mut |translated| {
        if failed.is_some() {
            return;
        }
        let told = match &translated {
            Translated::Event(body) => {
                let kind = body.event.as_ref().and_then(Event::kind_number).map_or("", |kind| kind.name());
                *kinds.entry(kind).or_default() += 1;
                if arguments.json { event_json(&pool, body).and_then(|line| output::line(&line)) } else { Ok(()) }
            }
            Translated::Rejected(rejection) if arguments.json => {
                output::note(&rejected_json(rejection).to_string());
                Ok(())
            }
            Translated::Rejected(rejection) => output::line(&rejected_line(rejection)),
        };
        failed = told.err();
    })
    .with_context(|| "the files could not be read".to_owned())?;
    if let Some(error) = failed {
        return Err(error);
    }
    if !arguments.json {
        let mut table = output::table(&["event", "how many"]);
        for (kind, count) in kinds {
            table.add_row([kind.to_owned(), count.to_string()]);
        }
        output::print(&table)?;
    }
    output::line(&format!(
        "translated: records={} events={} findings={} rejected={}",
        totals.records, totals.events, totals.findings, totals.rejected
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// An event as protobuf JSON with the field names of the contract.
fn event_json(pool: &DescriptorPool, body: &Body) -> anyhow::Result<String> {
    let message = pool.get_message_by_name("throughline.events.v1.Body").context("the contract has no body")?;
    let read = DynamicMessage::decode(message, prost::Message::encode_to_vec(body).as_slice())?;
    let options = SerializeOptions::new().use_proto_field_name(true);
    let mut line = Vec::new();
    read.serialize_with_options(&mut serde_json::Serializer::new(&mut line), &options)?;
    Ok(String::from_utf8(line)?)
}

#[derive(Serialize)]
struct RejectedJson<'a> {
    rejected: &'a str,
    file: &'a str,
    line: u64,
    record: u64,
    byte_offset: u64,
    field: &'a str,
    message: &'a str,
}

fn rejected_json(rejection: &Rejection) -> serde_json::Value {
    let place = &rejection.place;
    serde_json::to_value(RejectedJson {
        rejected: rejection.reason.as_str_name().trim_start_matches("REASON_"),
        file: &place.file,
        line: place.line,
        record: place.record,
        byte_offset: place.byte_offset,
        field: &place.field,
        message: &rejection.message,
    })
    .unwrap_or_default()
}

fn rejected_line(rejection: &Rejection) -> String {
    let place = &rejection.place;
    let reason = rejection.reason.as_str_name().trim_start_matches("REASON_");
    let at = match (place.line, place.record) {
        (0, 0) => format!("byte {}", place.byte_offset),
        (0, record) => format!("record {record}"),
        (line, _) => format!("line {line}"),
    };
    let field = if place.field.is_empty() { String::new() } else { format!(", {}", place.field) };
    format!("rejected {reason} at {} {at}{field}: {}", place.file, rejection.message)
}
