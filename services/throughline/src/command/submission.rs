//! `throughline submission`

mod page;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use comfy_table::Table;
use connector_kit::submission::{Counted, Outcome, Report, Tally};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::command::ConfigFile;
use crate::output;
use crate::settings::Settings;

/// What became of each submission: counts, findings, quarantine, and what changed since the last one
///
/// Read from what the connectors wrote down on this machine. It holds counts, names of fields, codes and scopes: nothing of a child,
/// and no file names.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline submission list\n  throughline submission show last --connector education-sen2\n  \
    throughline submission report last --connector education-school-census --of school-8784001 --out 8784001.html"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Submissions, the latest first
    List {
        #[command(flatten)]
        of: Which,
    },
    /// What became of one
    Show {
        /// Its id, from the list, or `last`.
        id: String,
        #[command(flatten)]
        of: Which,
        /// Of this organisation's records only: school-8784001.
        #[arg(long = "of", value_name = "ORGANISATION")]
        organisation: Option<String>,
    },
    /// One page about one, with charts, for whoever sent it
    ///
    /// One HTML file that needs nothing beside itself, opens in any browser and prints on paper. With --of it is of one
    /// organisation's records and of no other's: what a data manager sends to a school.
    Report {
        /// Its id, from the list, or `last`.
        id: String,
        #[command(flatten)]
        of: Which,
        /// Of this organisation's records only: school-8784001.
        #[arg(long = "of", value_name = "ORGANISATION")]
        organisation: Option<String>,
        /// Into this file, in place of standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Of which connectors, and how it is told.
#[derive(clap::Args, Debug)]
struct Which {
    #[command(flatten)]
    file: ConfigFile,
    /// Of this connector only.
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
    /// JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.action {
        Action::List { of } => list(of)?,
        Action::Show { id, of, organisation } => {
            let (report, _) = one(id, of)?;
            let tally = tally(&report, organisation.as_deref())?;
            if of.json {
                output::line(&as_json(&report, &tally, organisation.as_deref()).to_string())?
            } else {
                show(&report, &tally)?
            }
        }
        Action::Report { id, of, organisation, out } => {
            let (report, before) = one(id, of)?;
            let tally = tally(&report, organisation.as_deref())?;
            let before = before.and_then(|before| tally_of(&before, organisation.as_deref()));
            let text = match of.json {
                true => as_json(&report, &tally, organisation.as_deref()).to_string() + "\n",
                false => page::written(&page::Page {
                    report: &report,
                    tally: &tally,
                    before,
                    organisation: organisation.as_deref(),
                }),
            };
            match out {
                Some(path) => {
                    std::fs::write(path, text).with_context(|| format!("{} could not be written", path.display()))?
                }
                None => output::line(text.trim_end())?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Every submission of these connectors, the latest first.
fn all(of: &Which) -> anyhow::Result<Vec<Report>> {
    let settings = Settings::load(&of.file.config)?;
    let names: Vec<&str> = settings.connectors.iter().map(|connector| connector.name.as_str()).collect();
    if let Some(wanted) = of.connector.as_deref().filter(|wanted| !names.contains(wanted)) {
        bail!("the configuration has no connector `{wanted}`; it has: {}", names.join(", "));
    }
    let mut reports = Vec::new();
    for name in names.into_iter().filter(|name| of.connector.as_deref().is_none_or(|wanted| wanted == *name)) {
        let folder = settings.submissions_dir(name);
        reports.extend(Report::load_all(&folder).context("what became of the submissions could not be read")?);
    }
    reports.sort_by_key(|report| (std::cmp::Reverse(report.picked_up_us), report.source.clone()));
    Ok(reports)
}

/// The submission of this id, and the one before it of the same source that states one of the same scopes.
fn one(id: &str, of: &Which) -> anyhow::Result<(Report, Option<Report>)> {
    let reports = all(of)?;
    let at = match id {
        "last" if reports.is_empty() => {
            bail!("there is no submission yet: drop a file into the connector's `incoming` folder")
        }
        "last" => Some(0),
        id => reports.iter().position(|report| report.picked_up_us.to_string() == id),
    };
    let at = at.with_context(|| format!("there is no submission `{id}`: `throughline submission list` has them"))?;
    let mut reports = reports.into_iter().skip(at);
    let report = reports.next().context("there is no such submission")?;
    let shares = |other: &Report| other.scopes.iter().any(|scope| report.scopes.iter().any(|own| own.key == scope.key));
    let before = reports.find(|other| other.source == report.source && shares(other));
    Ok((report, before))
}

fn tally(report: &Report, organisation: Option<&str>) -> anyhow::Result<Tally> {
    tally_of(report, organisation).with_context(|| {
        let known: Vec<&str> = report.organisations.keys().map(String::as_str).filter(|id| !id.is_empty()).collect();
        format!("the submission has nothing of that organisation; it has: {}", known.join(", "))
    })
}

fn tally_of(report: &Report, organisation: Option<&str>) -> Option<Tally> {
    match organisation {
        None => Some(report.total()),
        Some(id) => report.organisations.get(id).cloned(),
    }
}

fn list(of: &Which) -> anyhow::Result<()> {
    let reports = all(of)?;
    if of.json {
        let listed: Vec<Value> = reports.iter().map(|report| as_json(report, &report.total(), None)).collect();
        return output::line(&Value::from(listed).to_string());
    }
    if reports.is_empty() {
        return output::line("there is no submission yet");
    }
    let mut table = output::table(&[
        "id",
        "connector",
        "picked up",
        "records",
        "published",
        "with findings",
        "unchanged",
        "retracted",
        "quarantined",
        "held",
    ]);
    for report in &reports {
        let total = report.total();
        let count = |outcome| total.outcomes.get(&outcome).copied().unwrap_or_default().to_string();
        let held: usize = report.scopes.iter().map(|scope| scope.retractions_held).sum();
        table.add_row([
            report.picked_up_us.to_string(),
            report.source.clone(),
            time(report.picked_up_us),
            report.records.to_string(),
            count(Outcome::Published),
            count(Outcome::PublishedWithFindings),
            count(Outcome::Unchanged),
            count(Outcome::Retracted),
            count(Outcome::Quarantined),
            held.to_string(),
        ]);
    }
    output::print(&table)
}

fn show(report: &Report, tally: &Tally) -> anyhow::Result<()> {
    output::line(&format!(
        "{} {}: picked up {}, {} files, {} records\n",
        report.source,
        report.picked_up_us,
        time(report.picked_up_us),
        report.files,
        report.records
    ))?;
    let mut outcomes = output::table(&["outcome", "entries"]);
    for outcome in Outcome::ALL {
        outcomes.add_row([
            outcome.name().to_owned(),
            tally.outcomes.get(&outcome).copied().unwrap_or_default().to_string(),
        ]);
    }
    output::print(&outcomes)?;
    let children = tally.children;
    if children.described() > 0 {
        output::line(&format!(
            "\nchildren described: {}; with a national number that can link them {}, with one that cannot {}, with none {}",
            children.described(),
            children.usable,
            children.unusable,
            children.without
        ))?;
    }
    if !tally.changes.is_empty() {
        let mut changes = output::table(&["what changed", "cause", "entries"]);
        for (kind, causes) in &tally.changes {
            for (cause, count) in causes {
                changes.add_row([kind.clone(), cause.clone(), count.to_string()]);
            }
        }
        print_apart(&changes)?;
    }
    counted("finding", "rule", &tally.findings)?;
    counted("in quarantine", "what to do", &tally.quarantined)?;
    let mut scopes = output::table(&["scope", "as of", "whole", "standing", "held", "superseded"]);
    for scope in &report.scopes {
        scopes.add_row([
            scope.key.clone(),
            time(scope.as_of_us),
            if scope.whole { "yes" } else { "no" }.to_owned(),
            scope.standing.to_string(),
            scope.retractions_held.to_string(),
            scope.superseded.to_string(),
        ]);
    }
    if report.scopes.is_empty() { Ok(()) } else { print_apart(&scopes) }
}

fn counted(what: &str, says: &str, list: &[Counted]) -> anyhow::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    let mut table = output::table(&[what, "field", "how often", says]);
    for one in list {
        output::add_row(&mut table, [one.code.clone(), one.field.clone(), one.count.to_string(), one.says.clone()]);
    }
    print_apart(&table)
}

/// Apart from what stands above it.
fn print_apart(table: &Table) -> anyhow::Result<()> {
    output::line("")?;
    output::print(table)
}

/// The submission, or one organisation's part of it.
fn as_json(report: &Report, tally: &Tally, organisation: Option<&str>) -> Value {
    let outcomes =
        Outcome::ALL.map(|outcome| (outcome.name(), tally.outcomes.get(&outcome).copied().unwrap_or_default()));
    let counted = |list: &[Counted], says: &str| -> Vec<Value> {
        list.iter()
            .map(|one| json!({"code": one.code, "field": one.field, "count": one.count, says: one.says}))
            .collect()
    };
    let mut said = json!({
        "id": report.picked_up_us.to_string(),
        "connector": report.source,
        "picked_up_at": time(report.picked_up_us),
        "outcomes": outcomes.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "children": {
            "described": tally.children.described(),
            "linkable": tally.children.usable,
            "number_unusable": tally.children.unusable,
            "without_number": tally.children.without,
        },
        "changes": tally.changes,
        "findings": counted(&tally.findings, "rule"),
        "quarantined": counted(&tally.quarantined, "message"),
    });
    let rest = match organisation {
        // What the rest of the submission held is no business of one organisation's.
        Some(id) => json!({"organisation": id}),
        None => json!({
            "files": report.files,
            "records": report.records,
            "records_that_say_nothing_by_themselves": report.silent,
            "scopes": report.scopes,
            "organisations": report.organisations.keys().filter(|id| !id.is_empty()).collect::<Vec<_>>(),
        }),
    };
    if let (Value::Object(said), Value::Object(rest)) = (&mut said, rest) {
        said.extend(rest);
    }
    said
}

/// To the second, in UTC.
fn time(at_us: i64) -> String {
    Timestamp::from_microsecond(at_us)
        .map_or_else(|_| "-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}
