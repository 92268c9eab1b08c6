//! `throughline retention`

use std::process::ExitCode;

use jiff::civil::Date;
use proto::audit::{Due, ListDueRequest};
use proto::sharing::retention_decided::Outcome;
use proto::sharing::{Category, Purpose, RetentionDecided, RetentionScheduleRecorded};

use crate::command::asking::{AskingAs, as_json_of, refused, spelt};
use crate::command::facts::saying::{CategoryWord, Saying, day};
use crate::command::{block_on, facts};
use crate::output;

/// See which of your organisation's records are past their schedule, and decide of each
///
/// Nothing is destroyed because it is old. `propose` lists what is past the schedule that your authority recorded, and by which
/// schedule; a person decides of each to keep it, with a reason and until when, or to have it erased, which then goes the way of every
/// erasure: a second person, time to think again, and a certificate. Until somebody decides, what is past its schedule is shown to
/// nobody.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    Propose(Propose),
    Keep(Keep),
    Erase(Erase),
}

/// List what is past its schedule, with the schedule that says so. It changes nothing
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  throughline retention propose --as la-878-information-governance")]
pub(crate) struct Propose {
    #[command(flatten)]
    asking: AskingAs,
    /// What will be past its schedule on this day. Left out: today.
    #[arg(long)]
    on: Option<Date>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Keep records all the same, for a reason, until a day; then they are proposed again
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline retention keep LA_CHILD_ID:878:12345 social_care_case --until 2031-12-31 --because \"inquiry open\" --as la-878-information-governance"
)]
pub(crate) struct Keep {
    #[command(flatten)]
    of: Of,
    /// The last day until which they are not proposed again.
    #[arg(long, value_parser = day)]
    until: Date,
    #[command(flatten)]
    saying: Saying,
}

/// Say that records are to be erased. Nothing is erased by it: it says what to do next
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline retention erase LA_CHILD_ID:878:12345 social_care_case --because \"past 75 years\" --as la-878-information-governance"
)]
pub(crate) struct Erase {
    #[command(flatten)]
    of: Of,
    #[command(flatten)]
    saying: Saying,
}

/// Which records, and why.
#[derive(clap::Args, Debug)]
struct Of {
    /// The child, as `propose` names them.
    child: String,
    /// Of what.
    #[arg(value_delimiter = ',', required = true)]
    category: Vec<CategoryWord>,
    /// Why.
    #[arg(long)]
    because: String,
    /// The schedule that they were due by, as `propose` says it.
    #[arg(long)]
    schedule: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Propose(arguments) => propose(arguments),
        Command::Keep(arguments) => decide(&arguments.of, &arguments.saying, Outcome::Kept, Some(arguments.until)),
        Command::Erase(arguments) => {
            let decided = decide(&arguments.of, &arguments.saying, Outcome::Erase, None)?;
            output::note(
                "nothing is erased yet: ask for the erasure with `throughline erasure propose`, which a second person confirms",
            );
            Ok(decided)
        }
    }
}

fn propose(arguments: &Propose) -> anyhow::Result<ExitCode> {
    let request = ListDueRequest { on: arguments.on.map(output::date) };
    let answer = block_on(async {
        let mut client = arguments.asking.reader()?.connect_to_audit().await?;
        Ok(client.list_due(request).await.map_err(|status| refused(&status))?.into_inner())
    })?;
    if arguments.json {
        for due in &answer.due {
            output::line(&as_json_of("throughline.audit.v1.Due", due)?)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !answer.due.is_empty() {
        let mut table = output::table(&["child", "of", "entries", "from", "to", "kept until", "published", "before"]);
        answer.due.iter().for_each(|due| output::add_row(&mut table, row(due)));
        output::print(&table)?;
    }
    output::line(&format!(
        "retention propose: due={} entries={} looked_at={} on_record={}",
        answer.due.len(),
        answer.due.iter().map(|due| due.entries).sum::<u32>(),
        answer.looked_at,
        hex::encode(&answer.audit_id)
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn row(due: &Due) -> [String; 8] {
    let child = due.child.as_ref().map(|child| {
        format!("{}:{}:{}", child.scheme().as_str_name().trim_start_matches("SCHEME_"), child.issuer, child.value)
    });
    let day = |date: &Option<proto::events::Date>| {
        let part = |part: Option<u32>| part.map(|part| format!("-{part:02}")).unwrap_or_default();
        date.map(|date| format!("{}{}{}", date.year, part(date.month), part(date.day))).unwrap_or_default()
    };
    let schedule = due.schedule.clone().unwrap_or_default();
    let before = due.decided.as_ref().map(|decided| spelt(decided.outcome().as_str_name(), "OUTCOME_"));
    [
        child.unwrap_or_default(),
        spelt(Category::try_from(due.category).unwrap_or_default().as_str_name(), "CATEGORY_"),
        due.entries.to_string(),
        day(&due.first),
        day(&due.last),
        terms(&schedule),
        schedule.citation().to_owned(),
        before.unwrap_or_default(),
    ]
}

/// How long a schedule keeps what it is of, in words.
fn terms(schedule: &RetentionScheduleRecorded) -> String {
    let years = |years: Option<u32>, of: &str| years.map(|years| format!("{years} years from {of}"));
    let terms = [
        years(schedule.years_from_birth, "birth"),
        years(schedule.years_from_entry, "the entry"),
        years(schedule.years_from_death, "the death"),
    ];
    terms.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn decide(of: &Of, saying: &Saying, outcome: Outcome, until: Option<Date>) -> anyhow::Result<ExitCode> {
    let categories: Vec<i32> = of.category.iter().map(|category| category.0).collect();
    let names = categories.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
    let decided = RetentionDecided {
        // One decision for these categories: the next takes its place.
        id: Some(format!("retention-{names}")),
        categories,
        outcome: Some(outcome.into()),
        reason: Some(of.because.clone()),
        citation: of.schedule.clone(),
        until: until.map(output::date),
        decided_by: None,
    };
    saying.record(facts::child_of(&of.child)?, Purpose::Audit, decided.into())
}
