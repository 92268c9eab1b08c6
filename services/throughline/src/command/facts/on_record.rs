//! `throughline facts list`, `withdraw`, `lift`, `revoke` and `end`

use std::process::ExitCode;

use jiff::civil::Date;
use proto::events::When;
use proto::events::when;
use proto::sharing::{EndFactRequest, FactOnRecord, ListFactsRequest, Outcome};

use super::saying::{date, day, print};
use crate::command::asking::{AboutChild, AskingAs, as_json_of, refused};
use crate::command::block_on;
use crate::command::identity::review::{digits, moment};
use crate::output;

/// List the facts on record of a child that you may see
///
/// Each is decided by itself, as a record of what it is about: an enquiry under section 47 is shown to whoever may see child protection
/// records, and a restriction to whoever recorded it. A child of whom you may see no fact and one who is not known look the same.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline facts list UPN:dfe:B801200005001 --as school-8784001 --purpose early_help"
)]
pub(crate) struct List {
    #[command(flatten)]
    about: AboutChild,
    #[command(flatten)]
    asking: AskingAs,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

/// End a fact that is on record, by the id that `throughline facts list` gives
///
/// `withdraw` a consent, `lift` a restriction, `revoke` a grant, `end` a status, a process, an organisation's work with the child or
/// what a person was recognised as: all four do what the kind of the fact takes. A restriction that somebody contests is lifted by
/// somebody other than who set it.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline facts withdraw UPN:dfe:B801200005001 4c1fa09e --because \"the mother rang\" --purpose early_help --as school-8784001\n  \
    throughline facts lift LA_CHILD_ID:878:12345 77ab01c9 --because \"order discharged\" --purpose child_protection --as la-878-social-care"
)]
pub(crate) struct End {
    #[command(flatten)]
    about: AboutChild,
    /// The fact's id, or the first eight digits of it.
    fact: String,
    /// Why, for whoever looks at it later. At most 500 characters.
    #[arg(long)]
    because: String,
    /// From which day it no longer holds, or the last on which it does. Left out: today.
    #[arg(long, value_parser = day)]
    on: Option<Date>,
    /// Ask whether it may be ended, and end nothing. That you asked is on record.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    asking: AskingAs,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    let (child, purpose) = (arguments.about.child()?, arguments.about.purpose()?);
    let request = ListFactsRequest { child: Some(child), purpose: purpose.into() };
    block_on(async {
        let mut client = arguments.asking.facts().await?;
        let answer = client.list(request).await.map_err(|status| refused(&status))?.into_inner();
        if arguments.json {
            output::line(&as_json_of("throughline.sharing.v1.ListFactsResponse", &answer)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = output::table(&["id", "what", "says", "from", "recorded", "by", "evidence", ""]);
        for fact in &answer.facts {
            output::add_row(&mut table, row(fact)?);
        }
        if !answer.facts.is_empty() {
            output::print(&table)?;
        }
        let decision = hex::encode(&answer.decision_id);
        output::line(&format!("facts: shown={} decision={decision}", answer.facts.len()))?;
        Ok(ExitCode::SUCCESS)
    })
}

pub(super) fn end(arguments: &End) -> anyhow::Result<ExitCode> {
    let request = EndFactRequest {
        about: Some(arguments.about.child()?),
        purpose: arguments.about.purpose()?.into(),
        fact: digits(&arguments.fact, "a fact's id", 4)?,
        on: date(arguments.on),
        reason: arguments.because.clone(),
        dry_run: arguments.dry_run,
    };
    block_on(async {
        let mut client = arguments.asking.facts().await?;
        let answer = client.end(request).await.map_err(|status| refused(&status))?.into_inner();
        print(&answer, arguments.json)?;
        Ok(ExitCode::SUCCESS)
    })
}

fn row(fact: &FactOnRecord) -> anyhow::Result<Vec<String>> {
    let event = fact.fact.clone().unwrap_or_default();
    let kind = event.kind_number().map_or("", |kind| kind.name());
    let by = match (fact.recorded_by.as_str(), fact.organisation.as_str()) {
        ("", organisation) => organisation.to_owned(),
        (person, "") => person.to_owned(),
        (person, organisation) => format!("{person}, {organisation}"),
    };
    let mark = match (fact.ended, fact.outcome()) {
        (true, _) => "ended",
        (false, Outcome::Redacted) => "in part",
        (false, _) => "",
    };
    Ok(vec![
        hex::encode(fact.id.get(..4).unwrap_or(&fact.id)),
        kind.to_owned(),
        said(&event)?,
        fact.effective.as_ref().map(from).unwrap_or_default(),
        moment(fact.recorded_at.as_ref()),
        by,
        fact.evidence.clone(),
        mark.to_owned(),
    ])
}

/// What it says, field by field, without what is empty.
fn said(event: &proto::events::Event) -> anyhow::Result<String> {
    let json: serde_json::Value = serde_json::from_str(&as_json_of("throughline.events.v1.Event", event)?)?;
    let fields = json.as_object().and_then(|object| object.values().next()).and_then(|fields| fields.as_object());
    let fields = fields.into_iter().flatten().map(|(name, value)| format!("{name}={}", plainly(value)));
    Ok(fields.collect::<Vec<_>>().join(" "))
}

fn plainly(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(plainly).collect::<Vec<_>>().join(","),
        Value::Object(object) => match (object.get("year"), object.get("month"), object.get("day")) {
            (Some(year), month, day) => {
                let parts = [Some(year), month, day].into_iter().flatten();
                parts.map(|part| format!("{:0>2}", plainly(part))).collect::<Vec<_>>().join("-")
            }
            _ => object.values().map(plainly).collect::<Vec<_>>().join("/"),
        },
        other => other.to_string(),
    }
}

fn from(when: &When) -> String {
    match &when.when {
        Some(when::When::On(day)) => {
            format!("{:04}-{:02}-{:02}", day.year, day.month.unwrap_or_default(), day.day.unwrap_or_default())
        }
        Some(when::When::At(at)) => moment(Some(at)),
        None => String::new(),
    }
}
