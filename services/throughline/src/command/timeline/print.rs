//! A timeline for a person at a terminal.

use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::events::{Date, Event, When, when};
use proto::sharing::{Category, Outcome};
use proto::timeline::{Entry, Erased, GetTimelineResponse, Withheld};

use crate::output;

/// One page: entries, and on the first page what is withheld as a whole.
pub(super) fn page(answer: &GetTimelineResponse, first: bool) -> anyhow::Result<()> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS)?;
    let mut table = output::table(&["when", "what", "by", "shown", "content"]);
    for entry in &answer.entries {
        output::add_row(&mut table, row(&pool, entry)?);
    }
    if !answer.entries.is_empty() {
        output::print(&table)?;
    }
    if first {
        for erased in &answer.erased {
            say(&erased_line(erased))?;
        }
        for line in &answer.existence {
            let service = if line.organisation.is_empty() { "a service" } else { line.organisation.as_str() };
            say(&format!("also working with this child: {service}. Ask: {}", line.ask))?;
            for reason in &line.reasons {
                say(&format!("  because: {reason}"))?;
            }
        }
    }
    let mut told: Vec<&Withheld> = Vec::new();
    for withheld in answer.entries.iter().filter_map(|entry| entry.withheld.as_ref()) {
        if !told.contains(&withheld) {
            told.push(withheld);
        }
    }
    for withheld in told {
        let rules = withheld.rules.join(", ");
        say(&format!("left out: {}. Ask: {}", withheld.field_groups.join(", "), or_the_hub(&withheld.ask)))?;
        for reason in &withheld.reasons {
            say(&format!("  because: {reason} ({rules})"))?;
        }
    }
    Ok(())
}

/// After the last page.
pub(super) fn end(answer: &GetTimelineResponse, printed: usize, in_part: usize) -> anyhow::Result<()> {
    if answer.break_glass_would_help {
        output::line("an emergency access (`throughline break-glass assert --help`) would show more of this child")?;
    }
    output::line(&format!(
        "timeline: entries={printed} in_part={in_part} services_withheld={} decision={}",
        answer.existence.len(),
        hex::encode(&answer.decision_id)
    ))
}

/// A line of what organisations wrote.
fn say(text: &str) -> anyhow::Result<()> {
    output::line(&output::plain(text))
}

fn row(pool: &DescriptorPool, entry: &Entry) -> anyhow::Result<Vec<String>> {
    let kind = entry.event.as_ref().and_then(Event::kind_number).map_or("", |kind| kind.name());
    let category = Category::try_from(entry.category).unwrap_or_default();
    let shown = match Outcome::try_from(entry.outcome).unwrap_or_default() {
        Outcome::Full => "all",
        Outcome::Redacted => "in part",
        _ => "",
    };
    Ok(vec![
        entry.effective.as_ref().map(time).unwrap_or_default(),
        format!("{kind} ({})", category.as_str_name().trim_start_matches("CATEGORY_").to_lowercase()),
        entry.organisation.clone(),
        shown.to_owned(),
        content(pool, entry)?,
    ])
}

/// When an entry happened, what it is, and what it says.
pub(in crate::command) fn cells(entry: &Entry) -> anyhow::Result<[String; 3]> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS)?;
    let kind = entry.event.as_ref().and_then(Event::kind_number).map_or("", |kind| kind.name());
    Ok([entry.effective.as_ref().map(time).unwrap_or_default(), kind.to_owned(), content(&pool, entry)?])
}

fn or_the_hub(ask: &str) -> &str {
    if ask.is_empty() { "the information hub" } else { ask }
}

/// The event's own fields, in protobuf JSON without what it is wrapped in.
fn content(pool: &DescriptorPool, entry: &Entry) -> anyhow::Result<String> {
    let Some(event) = &entry.event else { return Ok(String::new()) };
    let message =
        pool.get_message_by_name("throughline.events.v1.Event").ok_or_else(|| anyhow::anyhow!("no events"))?;
    let read = DynamicMessage::decode(message, prost::Message::encode_to_vec(event).as_slice())?;
    let value = serde_json::to_value(&read)?;
    let inner = value.as_object().and_then(|object| object.values().next()).cloned().unwrap_or_default();
    let mut parts = Vec::new();
    flatten("", &inner, &mut parts);
    Ok(parts.join("; "))
}

fn flatten(name: &str, value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) if fields.contains_key("codeSet") => {
            let code = fields.get("code").and_then(|code| code.as_str()).unwrap_or_default();
            let text =
                fields.get("text").and_then(|text| text.as_str()).map(|text| format!(" {text}")).unwrap_or_default();
            into.push(format!("{name}: {}", format!("{code}{text}").trim_start()));
        }
        serde_json::Value::Object(fields) if fields.contains_key("scheme") => {
            let part = |key: &str| fields.get(key).and_then(|part| part.as_str()).unwrap_or_default();
            into.push(format!("{} {}", part("scheme").trim_start_matches("SCHEME_"), part("value")));
        }
        serde_json::Value::Object(fields) if fields.contains_key("year") => {
            let part = |key: &str| fields.get(key).and_then(serde_json::Value::as_i64);
            let mut text = format!("{}", part("year").unwrap_or_default());
            for number in [part("month"), part("day")].into_iter().flatten() {
                text.push_str(&format!("-{number:02}"));
            }
            into.push(format!("{name}: {text}"));
        }
        serde_json::Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(key, value, into)),
        serde_json::Value::Array(items) if items.iter().all(serde_json::Value::is_string) => {
            let texts: Vec<&str> = items.iter().filter_map(|item| item.as_str()).collect();
            into.push(format!("{name}: {}", texts.join(", ")));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| flatten(name, item, into)),
        serde_json::Value::String(text) => into.push(format!("{name}: {text}")),
        other => into.push(format!("{name}: {other}")),
    }
}

fn time(when: &When) -> String {
    match &when.when {
        Some(when::When::On(Date { year, month, day, estimated })) => {
            let mut text = format!("{year:04}");
            for part in [month, day].into_iter().flatten() {
                text.push_str(&format!("-{part:02}"));
            }
            if *estimated { text + " (estimated)" } else { text }
        }
        Some(when::When::At(at)) => {
            jiff::Timestamp::new(at.seconds, 0).map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
        }
        None => String::new(),
    }
}

/// That something was erased, when and under what authority.
pub(crate) fn erased_line(erased: &Erased) -> String {
    let at = erased.at.as_ref().and_then(|at| jiff::Timestamp::new(at.seconds, 0).ok());
    let authority = erased.authority().as_str_name().trim_start_matches("ERASURE_AUTHORITY_").to_lowercase();
    format!(
        "erased: {} under {} {}{} ({})",
        at.map(|at| at.to_string()).unwrap_or_default(),
        authority.replace('_', " "),
        erased.authority_reference,
        if erased.certified { ", certified" } else { "" },
        hex::encode(&erased.erasure_id),
    )
}
