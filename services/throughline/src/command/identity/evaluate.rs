//! `throughline identity evaluate`

mod of_authority;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use identity::linker::{Parameters, Record, Thresholds, estimate};
use identity::{AtThreshold, evaluate};

use super::labelled::{Labelled, Settings};
use crate::output;

/// Link records of which it is known whose they are, and count what came out right
///
/// Links are decided as the running service decides them: by what the parameters make probable, by numbers that both state (NHS
/// number, UPN, ULN), by what no weight overcomes (twins, two NHS numbers) and, below 0.999, only where all who are linked
/// already bear it out. The parameters are estimated from the records themselves; the labels are looked at only to count. The
/// records are those of CSV files with a label in each line, or, with `--truth`, what the connectors make of a generated
/// authority.
///
/// Pairs are counted, of records: of the pairs that are one child's in the end `precision` is the share whose labels are one, and
/// of the pairs whose labels are one `recall` is the share that is one child's in the end. Three records of one child are three
/// pairs, also when the first and the last are linked only through the second. `kept_apart` are pairs that wait for a person.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "A configuration names the column of the label, and for each field its kind and its columns:\n\n  \
    [label]\n  column = \"cluster\"\n\n  [fields.name]\n  kind = \"given_name\"\n  columns = [\"first_name\"]\n\n  \
    [fields.born]\n  kind = \"birth_date\"\n  columns = [\"dob\"]\n  order = \"month_first\"\n\n\
    Kinds: given_name, middle_names, surname, birth_date, sex, postcode, address, house, number, code, identifier, nhs_number, \
    upn, uln.\nAlso: [label] part, parted_by, empty_is_alone; [files] unique = true where each of two files names everybody \
    once;\n[guards] twins = false for adults, identifiers; [thresholds] automatic, review. deploy/identity/febrl.toml is one \
    that is commented.\n\nExample:\n  throughline identity evaluate --config deploy/identity/febrl.toml dataset3.csv"
)]
pub(crate) struct Arguments {
    /// Which columns say what: see below.
    #[arg(long, short, required_unless_present = "truth", conflicts_with = "truth")]
    config: Option<PathBuf>,
    /// The truth file that `throughline generate` wrote; the sources' folders stand beside it.
    #[arg(long)]
    truth: Option<PathBuf>,
    /// CSV files, each with a header line; commas, semicolons, tabs or bars between cells.
    #[arg(required_unless_present = "truth", conflicts_with = "truth")]
    files: Vec<PathBuf>,
    /// List at most this many pairs that came out wrong at the automatic threshold, by file and line.
    #[arg(long, default_value_t = 20)]
    mistakes: usize,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Beside the two that the configuration names.
const THRESHOLDS: [f64; 11] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 0.97, 0.99, 0.999];

const TOO_FEW: &str = "parameters are estimated from records that look alike in most fields: give more records, or more fields that \
                       two records of one person agree in";

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match (&arguments.truth, &arguments.config) {
        (Some(truth), _) => of_authority::run(truth, arguments),
        (None, Some(config)) => of_files(config, arguments),
        (None, None) => Err(output::Usage("give --config or --truth".to_owned()).into()),
    }
}

fn of_files(config: &std::path::Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(config)?;
    let (schema, mut labelled) = settings.records(&arguments.files)?;
    let bar = output::progress(2, "estimating");
    let records: Vec<Record> = labelled.members.iter().map(|member| member.record.clone()).collect();
    let parameters = estimate(&schema, &records).context(TOO_FEW)?;
    bar.inc(1);
    bar.set_message("linking");
    let automatic = settings.thresholds.automatic;
    let (parameters, thresholds) = (Arc::new(parameters), thresholds_with(settings.thresholds));
    let members = std::mem::take(&mut labelled.members);
    let at = (thresholds.as_slice(), settings.thresholds.review);
    let counts = |one: usize, other: usize| labelled.counts(one, other);
    let evaluated = evaluate(&parameters, settings.guards, members, &labelled.labels, at, counts);
    bar.finish_and_clear();
    let best = evaluated.at.iter().max_by(|a, b| a.f1().total_cmp(&b.f1()).then(a.threshold.total_cmp(&b.threshold)));
    let at_automatic = evaluated.at.iter().find(|at| at.threshold >= automatic);
    if arguments.json {
        let line = json(&parameters, &labelled, &evaluated.at, best, at_automatic, arguments.mistakes);
        output::line(&line.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!(
        "linker: version={} records={} pairs_of_one={} pairs_compared={}",
        hex::encode(parameters.version()),
        labelled.labels.len(),
        evaluated.pairs_of_one,
        evaluated.pairs_compared
    ))?;
    for at in &evaluated.at {
        output::line(&line_of(at))?;
    }
    if let Some(best) = best {
        output::line(&format!("best: {}", line_of(best)))?;
    }
    if let Some(at) = at_automatic {
        output::line(&format!("false links at automatic threshold: {}", at.wrong))?;
        for mistake in at.mistakes.iter().take(arguments.mistakes) {
            output::line(&said(mistake, &labelled))?;
        }
        let more = at.mistakes.len().saturating_sub(arguments.mistakes);
        if more > 0 {
            output::note(&format!("{more} more: `--mistakes {}` lists them all", at.mistakes.len()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Ascending, those by which links are made among them.
fn thresholds_with(named: Thresholds) -> Vec<f64> {
    let mut thresholds = THRESHOLDS.to_vec();
    thresholds.extend([named.automatic, named.review]);
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    thresholds
}

fn line_of(at: &AtThreshold) -> String {
    format!(
        "threshold={} precision={:.4} recall={:.4} f1={:.4} wrong={} missed={} kept_apart={}",
        at.threshold,
        at.precision(),
        at.recall(),
        at.f1(),
        at.wrong,
        at.missed,
        at.kept_apart
    )
}

fn said(mistake: &identity::Mistake, labelled: &Labelled) -> String {
    let place = |at: usize| labelled.places.get(at).map_or("", String::as_str);
    let what = if mistake.linked { "linked, and are two" } else { "not linked, and are one" };
    format!("  {} and {}: {what} (p={:.4})", place(mistake.pair.0), place(mistake.pair.1), mistake.probability)
}

fn json(
    parameters: &Parameters,
    labelled: &Labelled,
    all: &[AtThreshold],
    best: Option<&AtThreshold>,
    automatic: Option<&AtThreshold>,
    mistakes_max: usize,
) -> serde_json::Value {
    let one = |at: &AtThreshold| {
        serde_json::json!({
            "threshold": at.threshold, "precision": at.precision(), "recall": at.recall(), "f1": at.f1(),
            "wrong": at.wrong, "missed": at.missed, "kept_apart": at.kept_apart,
        })
    };
    let place = |at: usize| labelled.places.get(at);
    let mistakes = automatic.into_iter().flat_map(|at| at.mistakes.iter().take(mistakes_max));
    let mistakes: Vec<_> = mistakes
        .map(|mistake| {
            serde_json::json!({
                "one": place(mistake.pair.0), "other": place(mistake.pair.1),
                "linked": mistake.linked, "probability": mistake.probability,
            })
        })
        .collect();
    serde_json::json!({
        "version": hex::encode(parameters.version()),
        "records": labelled.labels.len(),
        "thresholds": all.iter().map(one).collect::<Vec<_>>(),
        "best": best.map(one),
        "automatic": automatic.map(one),
        "mistakes": mistakes,
    })
}
