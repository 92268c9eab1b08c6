//! `throughline sharing diff`

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use projection::replay::{Rules, With};
use sharing::Engine;
use sharing::cases::Case;

use super::{cases, rules, shown, simulate};
use crate::command::ConfigFile;
use crate::output::{self, DIFFERS};

/// Compare two sets of rules: what one shows and the other does not
///
/// Over the cases: of each whose answer differs, what either set shows, and counts by the organisation that asks and the
/// category of the record. With --recorded also over the requests for timelines on record in the last days, each decided again by
/// either set with the facts that it was decided with: counts, and nobody by name. That reads the log of a process that is stopped, or a
/// copy of one. The exit code is 4 where anything differs, so that a change can be held to what was meant.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline sharing diff built-in my-rules/\n  throughline sharing diff last-year/ built-in --cases my-cases.jsonl --json\n  \
    throughline sharing diff built-in my-rules/ --recorded 30 --config copy.toml"
)]
pub(crate) struct Arguments {
    /// The rules as they are: a folder as --rules takes it elsewhere, or `built-in`.
    before: PathBuf,
    /// The rules as they would be.
    after: PathBuf,
    /// Files of cases, in place of those of this build.
    #[arg(long = "cases", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Also over the recorded requests of so many days up to now.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3_660))]
    recorded: Option<u32>,
    #[command(flatten)]
    file: ConfigFile,
    /// One JSON object a case that differs; of recorded requests, as `sharing simulate` has it.
    #[arg(long)]
    json: bool,
}

/// What became of an answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Became {
    /// Something is shown where nothing was.
    NewlyAllowed,
    /// Nothing is shown where something was.
    NewlyDenied,
    /// More is shown than was.
    More,
    /// Less is shown than was.
    Less,
}

impl Became {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NewlyAllowed => "newly allowed",
            Self::NewlyDenied => "newly denied",
            Self::More => "shows more",
            Self::Less => "shows less",
        }
    }
}

type Seen = (&'static str, Vec<&'static str>);

/// How much an answer shows: greater for more.
fn amount((outcome, withheld): &Seen) -> (usize, std::cmp::Reverse<usize>) {
    let rung = ["hide", "existence", "redacted", "full"].iter().position(|word| word == outcome);
    (rung.unwrap_or_default(), std::cmp::Reverse(withheld.len()))
}

fn became(before: &Seen, after: &Seen) -> Option<Became> {
    match (before.0, after.0) {
        _ if before == after => None,
        ("hide", _) => Some(Became::NewlyAllowed),
        (_, "hide") => Some(Became::NewlyDenied),
        _ if amount(after) > amount(before) => Some(Became::More),
        _ => Some(Became::Less),
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let cases = cases::of(&arguments.files)?;
    let (before, after) = (Arc::new(rules::named(&arguments.before)?), Arc::new(rules::named(&arguments.after)?));
    let mut table = output::table(&["case", "situation", "before", "after", "became"]);
    let mut counts: BTreeMap<(&str, &str, Became), usize> = BTreeMap::new();
    for case in &cases {
        let (was, is) = (case.shown(&before), case.shown(&after));
        let Some(became) = became(&was, &is) else { continue };
        let (organisation, category) = case.about();
        *counts.entry((organisation, category, became)).or_default() += 1;
        if arguments.json {
            output::line(&as_json(case, &was, &is, became).to_string())?;
        } else {
            let (was, is) = (shown(was.0, &was.1), shown(is.0, &is.1));
            output::add_row(
                &mut table,
                [case.id().to_owned(), case.title().to_owned(), was, is, became.name().to_owned()],
            );
        }
    }
    let differ: usize = counts.values().sum();
    if !arguments.json {
        if differ > 0 {
            output::print(&table)?;
            output::line("")?;
            let mut table = output::table(&["organisation", "category", "became", "cases"]);
            for ((organisation, category, became), count) in &counts {
                let cells = [*organisation, *category, became.name()].map(str::to_owned);
                output::add_row(&mut table, cells.into_iter().chain([count.to_string()]));
            }
            output::print(&table)?;
        }
        let count =
            |of: Became| counts.iter().filter(|((_, _, became), _)| *became == of).map(|(_, n)| n).sum::<usize>();
        output::line(&format!(
            "sharing diff: cases={} differ={differ} newly_allowed={} newly_denied={} more={} less={}",
            cases.len(),
            count(Became::NewlyAllowed),
            count(Became::NewlyDenied),
            count(Became::More),
            count(Became::Less),
        ))?;
    }
    let on_record = match arguments.recorded {
        Some(days) => of_recorded(arguments, days, before, after)?,
        None => 0,
    };
    Ok(if differ == 0 && on_record == 0 { ExitCode::SUCCESS } else { ExitCode::from(DIFFERS) })
}

/// How many recorded requests come out otherwise.
fn of_recorded(arguments: &Arguments, days: u32, before: Arc<Engine>, after: Arc<Engine>) -> anyhow::Result<u64> {
    let by = |rules| With { rules: Rules::Given(rules), ..With::recorded() };
    let found = simulate::compare(&arguments.file, days, &by(before), &by(after))?;
    if found.decided == 0 && found.cannot.is_empty() {
        return Err(simulate::nothing(days));
    }
    simulate::print(&found, "sharing diff, of what is on record", days, arguments.json)?;
    Ok(found.changed)
}

fn as_json(case: &Case, was: &Seen, is: &Seen, became: Became) -> serde_json::Value {
    let (organisation, category) = case.about();
    let seen = |seen: &Seen| serde_json::json!({ "outcome": seen.0, "withheld": seen.1 });
    serde_json::json!({
        "id": case.id(), "title": case.title(), "organisation": organisation, "category": category,
        "before": seen(was), "after": seen(is), "became": became.name().replace(' ', "_"),
    })
}
