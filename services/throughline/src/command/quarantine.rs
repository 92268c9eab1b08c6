//! `throughline quarantine`

mod choosing;
mod working;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use proto::admin::{ListQuarantineRequest, ListQuarantineResponse, ShowQuarantineRequest};
use proto::quarantine::{Handled, Item, Place, Reason};

use crate::command::{ConfigFile, block_on};
use crate::output::Usage;
use crate::{admin_client, output};
use choosing::Choosing;

/// Work on records that could not be translated, or were not their sender's to say
///
/// See what waits (`list`), what one is and what to do about it (`show`, `explain`), what would become of it now (`try`); then
/// publish it (`redrive`), or say that nothing is to come of it (`leave`). Each reason has a heading in docs/OPERATING.md.
/// Looking and deciding are put on record.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline quarantine list\n  throughline quarantine list --items --reason DATE_MISSING\n  \
    throughline quarantine try --source health-visits --mapping visits.toml\n  \
    throughline quarantine redrive --source health-visits --reason DATE_MISSING --by staff-17\n  \
    throughline quarantine leave 0f3c... --by staff-17 --because \"the school has withdrawn the row\""
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// List what waits: by reason, source and field, with how long; or item by item, newest first
    List {
        #[command(flatten)]
        file: ConfigFile,
        #[command(flatten)]
        choosing: Choosing,
        /// Item by item.
        #[arg(long)]
        items: bool,
        /// Those that were dealt with too.
        #[arg(long)]
        all: bool,
        /// How many items at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// One JSON object a line, item by item.
        #[arg(long)]
        json: bool,
    },
    /// Show one item: its record as it came, and beside it what would be made of it now
    Show {
        #[command(flatten)]
        file: ConfigFile,
        /// The item's id, from the list.
        id: String,
        /// A mapping file, in place of the one that runs: what would be made of it by that.
        #[arg(long)]
        mapping: Option<PathBuf>,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Say what a reason means and what to do: of a reason by its code, or of an item
    Explain {
        #[command(flatten)]
        file: ConfigFile,
        /// A reason, such as DATE_MISSING; or an item's id.
        what: String,
    },
    /// Say what would become of items now, or by another mapping. Sends nothing
    Try(working::Try),
    /// Publish items as their source would, each once, at a bounded rate; and print the proof
    Redrive(working::Redrive),
    /// Say that nothing is to come of items, why, and who says so
    Leave(working::Leave),
}

/// Bytes of an item's id.
const ID_BYTES: usize = 16;
const DAY_US: i64 = 86_400_000_000;
/// What each reason means.
const OPERATING: &str = include_str!("../../../../docs/OPERATING.md");

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::List { file, choosing, items, all, limit, json } => {
            list(file, choosing, (*items, *all), *limit, *json)?
        }
        Command::Show { file, id, mapping, json } => show(file, id, mapping.as_deref(), *json)?,
        Command::Explain { file, what } => explain(file, what)?,
        Command::Try(arguments) => working::try_items(arguments)?,
        Command::Redrive(arguments) => return working::redrive(arguments),
        Command::Leave(arguments) => working::leave(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(
    file: &ConfigFile,
    choosing: &Choosing,
    (items, all): (bool, bool),
    limit: u32,
    json: bool,
) -> anyhow::Result<()> {
    let selection = Some(choosing.selection()?);
    let answer = block_on(async {
        let mut client = admin_client::connect(&file.config).await?;
        let asked = client.list_quarantine(ListQuarantineRequest { limit, selection, with_dealt_with: all }).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    let each = || answer.items.iter().zip(&answer.handled);
    if json {
        for (item, handled) in each() {
            output::line(&as_json(item, Some(handled), false).to_string())?;
        }
        return Ok(());
    }
    if items {
        let mut table = output::table(&["id", "reason", "source", "where", "stands", "what"]);
        for (item, handled) in each() {
            let (reason, stands) = (item.reason().name().to_owned(), stands(handled));
            output::add_row(
                &mut table,
                [hex::encode(&item.id), reason, item.source.clone(), place(item), stands, item.message.clone()],
            );
        }
        output::print(&table)?;
    } else {
        groups(&answer)?;
    }
    let shown = if items { answer.items.len() } else { 0 };
    let told = if items { format!(", {shown} shown") } else { String::new() };
    output::line(&format!("quarantine: {} item(s){told}", answer.total))
}

fn groups(answer: &ListQuarantineResponse) -> anyhow::Result<()> {
    let mut table = output::table(&["reason", "source", "field", "items", "oldest", "newest", "for a person"]);
    let now_us = jiff::Timestamp::now().as_microsecond();
    for group in &answer.groups {
        let reason = Reason::try_from(group.reason).unwrap_or_default().name().to_owned();
        let field = if group.field.is_empty() { "-".to_owned() } else { group.field.clone() };
        let numbers = [group.items.to_string(), age(now_us, group.oldest_us), age(now_us, group.newest_us)];
        let cells = [reason, group.source.clone(), field].into_iter().chain(numbers);
        output::add_row(&mut table, cells.chain([group.for_a_person.to_string()]));
    }
    output::print(&table)
}

/// How long ago: "3 d", "5 h", "2 min".
fn age(now_us: i64, at_us: i64) -> String {
    let ago = now_us.saturating_sub(at_us).max(0);
    match (ago / DAY_US, ago / 3_600_000_000, ago / 60_000_000) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (days, ..) => format!("{days} d"),
    }
}

/// What was done about an item, in words.
fn stands(handled: &Handled) -> String {
    use proto::quarantine::handled::Outcome;
    let tries = handled.tries;
    match handled.outcome() {
        Outcome::Unspecified => "waits".to_owned(),
        Outcome::Redriven => format!("redriven, {} entries", handled.entries),
        Outcome::StillRefused => format!("refused {tries} of {} times", connector_kit::quarantine::TRIES_MAX),
        Outcome::PassedOver => "passed over".to_owned(),
        Outcome::SetAside => "set aside".to_owned(),
    }
}

fn show(file: &ConfigFile, id: &str, mapping: Option<&Path>, json: bool) -> anyhow::Result<()> {
    let id = id_of(id)?;
    let by = mapping.map(working::text_of).transpose()?;
    let (item, tried) = block_on(async {
        let mut client = admin_client::connect(&file.config).await?;
        let asked = client.show_quarantine(ShowQuarantineRequest { id: id.clone() }).await;
        let item = asked.map_err(|status| admin_client::refusal(&status))?.into_inner();
        let tried = working::tried(file, &item.source, id, by.clone().unwrap_or_default()).await;
        Ok((item, tried))
    })?;
    // A mapping that was named is not passed over in silence.
    let tried = if by.is_some() { Ok(tried?) } else { tried };
    let tried = tried.ok().and_then(|answer| answer.items.into_iter().next());
    if json {
        let mut value = as_json(&item, None, true);
        if let (Some(object), Some(tried)) = (value.as_object_mut(), &tried) {
            object.insert("now".to_owned(), working::tried_json(tried)?);
        }
        return output::line(&value.to_string());
    }
    let told = [("reason", item.reason().name().to_owned()), ("source", item.source.clone()), ("where", place(&item))];
    for (name, what) in told.into_iter().chain([("what", item.message.clone())]) {
        output::line(&format!("{name:<8} {}", output::plain(&what)))?;
    }
    output::line("record")?;
    let raw = String::from_utf8_lossy(&item.raw);
    let as_it_came = [item.header.as_str(), &raw].into_iter().filter(|text| !text.is_empty()).map(str::to_owned);
    let by_cell = cells(&item.header, &raw, item.place.as_ref().map_or("", |place| &place.field));
    for text in as_it_came.chain(by_cell) {
        output::line(output::plain(&text).trim_end_matches('\n'))?;
    }
    match tried {
        Some(tried) => working::print_mapped(&tried),
        // It was dealt with, or its source is another process's.
        None => {
            output::line("now\n  nothing is made of it here: it was dealt with, or its source runs in another process")
        }
    }
}

/// A row of a table under its header, cell by cell; the one that the reason is about is pointed at.
fn cells(header: &str, row: &str, field: &str) -> Vec<String> {
    let read = |line: &str, delimiter: u8| -> Option<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.has_headers(false).delimiter(delimiter).from_reader(line.as_bytes());
        Some(reader.records().next()?.ok()?.iter().map(str::to_owned).collect())
    };
    let both = b",;\t|".iter().filter_map(|by| read(header, *by).zip(read(row, *by)));
    let Some((names, cells)) = both
        .filter(|(names, cells)| names.len() > 1 && names.len() == cells.len())
        .max_by_key(|(names, _)| names.len())
    else {
        return Vec::new();
    };
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let line = |(name, cell): (&String, &String)| {
        let points = if !field.is_empty() && name.trim().eq_ignore_ascii_case(field) { "   <-- here" } else { "" };
        format!("  {name:<width$}  {cell}{points}").trim_end().to_owned()
    };
    names.iter().zip(&cells).map(line).collect()
}

fn explain(file: &ConfigFile, what: &str) -> anyhow::Result<()> {
    if let Some(reason) = Reason::all().find(|reason| reason.name() == what.to_ascii_uppercase()) {
        return output::line(passage(reason.name()).context("the reason has no heading")?);
    }
    let id = id_of(what).map_err(|_| {
        let names: Vec<&str> = Reason::all().map(Reason::name).collect();
        Usage(format!("neither an item's id nor a reason; the reasons are {}", names.join(", ")))
    })?;
    let item = block_on(async {
        let mut client = admin_client::connect(&file.config).await?;
        let asked = client.show_quarantine(ShowQuarantineRequest { id }).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    output::line(&format!("{}: {}\n", output::plain(&place(&item)), output::plain(&item.message)))?;
    output::line(passage(item.reason().name()).context("the reason has no heading")?)
}

/// What docs/OPERATING.md says under this heading.
fn passage(heading: &str) -> Option<&'static str> {
    let start = OPERATING.find(&format!("\n### {heading}\n"))? + 1;
    let text = OPERATING.get(start..)?;
    let end = text.match_indices("\n#").map(|(at, _)| at).find(|at| *at > 0).unwrap_or(text.len());
    text.get(..end).map(str::trim_end)
}

fn id_of(id: &str) -> anyhow::Result<Vec<u8>> {
    Ok(hex::decode(id).ok().filter(|id| id.len() == ID_BYTES).ok_or_else(|| {
        Usage("an item's id is 32 hexadecimal digits, as `throughline quarantine list --items` prints them".to_owned())
    })?)
}

fn place(item: &Item) -> String {
    where_at(item.place.as_ref())
}

fn where_at(place: Option<&Place>) -> String {
    let Place { file, line, record, byte_offset, field } = place.cloned().unwrap_or_default();
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

fn as_json(item: &Item, handled: Option<&Handled>, with_raw: bool) -> serde_json::Value {
    let mut value = serde_json::json!({
        "id": hex::encode(&item.id), "reason": item.reason().name(), "source": item.source, "controller": item.controller,
        "where": place(item), "what": item.message, "quarantined_at_us": item.quarantined_at_us,
    });
    if let Some(object) = value.as_object_mut() {
        if with_raw {
            object.insert("raw".to_owned(), String::from_utf8_lossy(&item.raw).into());
            if !item.header.is_empty() {
                object.insert("header".to_owned(), item.header.clone().into());
            }
        }
        if let Some(handled) = handled {
            object.insert("stands".to_owned(), stands(handled).into());
            object.insert("tries".to_owned(), handled.tries.into());
            object.insert("by".to_owned(), handled.by.clone().into());
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_shown_by_its_header_and_by_nothing_else() {
        for (header, row) in [("id;from", "1;\"a\nb\"\r\n"), ("id\tfrom", "1\t\"a\nb\"")] {
            assert_eq!(cells(header, row, "from"), ["  id    1", "  from  a\nb   <-- here"]);
        }
        // Two lines of a message are no row under a header.
        assert!(cells("", "PID|1|2\nPV1|1|2", "").is_empty());
        assert!(cells("id;from", "1;2;3", "").is_empty());
    }

    #[test]
    fn every_reason_is_explained_by_its_own_passage_alone() {
        for reason in Reason::all() {
            let passage = passage(reason.name()).unwrap_or_else(|| panic!("{}", reason.name()));
            assert!(passage.starts_with(&format!("### {}", reason.name())), "{passage}");
            assert!(passage.contains("*What to do:*") && passage.matches("### ").count() == 1, "{passage}");
        }
    }

    #[test]
    fn ages_are_told_by_their_largest_part() {
        let told =
            [0, 61_000_000, 3 * 3_600_000_000, 50 * 3_600_000_000].map(|ago| age(DAY_US * 100, DAY_US * 100 - ago));
        assert_eq!(told, ["0 min", "1 min", "3 h", "2 d"]);
    }
}
