//! `throughline identity evaluate`

mod of_authority;

use std::path::PathBuf;
use std::process::ExitCode;

use identity::linker::{AtThreshold, Parameters, Thresholds, estimate, evaluate};

use super::labelled::{Labelled, Settings};
use crate::output;

/// Link records of which it is known whose they are, and count what came out right
///
/// The parameters are estimated from the records themselves; the labels are looked at only to count. A pair counts as linked
/// when its two records end in one cluster. The records are those of CSV files with a label in each line, or, with `--truth`,
/// what the connectors make of a generated authority.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Which columns say what: `deploy/identity/febrl.toml` is one that is commented.
    #[arg(long, short, required_unless_present = "truth", conflicts_with = "truth")]
    config: Option<PathBuf>,
    /// The truth file that `throughline generate` wrote; the sources' folders stand beside it.
    #[arg(long)]
    truth: Option<PathBuf>,
    /// CSV files, each with a header line.
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

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match (&arguments.truth, &arguments.config) {
        (Some(truth), _) => of_authority::run(truth, arguments),
        (None, Some(config)) => of_files(config, arguments),
        (None, None) => Err(output::Usage("give --config or --truth".to_owned()).into()),
    }
}

fn of_files(config: &std::path::Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(config)?;
    let labelled = settings.records(&arguments.files)?;
    let bar = output::progress(2, "estimating");
    let parameters = estimate(&settings.schema, &labelled.records)?;
    bar.inc(1);
    bar.set_message("linking");
    let automatic = settings.thresholds.automatic;
    let thresholds = thresholds_with(settings.thresholds);
    let evaluated = evaluate(&parameters, settings.guards, &labelled.records, &labelled.labels, &thresholds);
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
        labelled.records.len(),
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

fn said(mistake: &identity::linker::Mistake, labelled: &Labelled) -> String {
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
        "records": labelled.records.len(),
        "thresholds": all.iter().map(one).collect::<Vec<_>>(),
        "best": best.map(one),
        "automatic": automatic.map(one),
        "mistakes": mistakes,
    })
}
