//! The same on a generated authority, whose children have been made hard to tell.

use std::path::Path;
use std::process::ExitCode;

use identity::linker::{AtThreshold, Guards, Mistake, Thresholds, children, estimate, evaluate};
use serde_json::json;

use super::super::authority::Authority;
use super::{Arguments, thresholds_with};
use crate::output;

/// What came of it at one threshold. Pairs that share nothing usable are counted apart: nobody could tell them.
struct Counted<'a> {
    at: &'a AtThreshold,
    nothing_shared: u64,
}

impl<'a> Counted<'a> {
    fn of(at: &'a AtThreshold, authority: &Authority) -> Self {
        let missed = at.mistakes.iter().filter(|mistake| !mistake.linked);
        let nothing = missed.filter(|mistake| !authority.share_something(mistake.pair.0, mistake.pair.1));
        Self { at, nothing_shared: nothing.count() as u64 }
    }

    fn missed(&self) -> u64 {
        self.at.missed - self.nothing_shared
    }

    fn recall(&self) -> f64 {
        let of_one = self.at.right + self.missed();
        if of_one == 0 { 1.0 } else { self.at.right as f64 / of_one as f64 }
    }

    fn f1(&self) -> f64 {
        let (precision, recall) = (self.at.precision(), self.recall());
        if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
    }

    fn line(&self) -> String {
        format!(
            "threshold={} precision={:.4} recall={:.4} f1={:.4} wrong={} missed={} kept_apart={}",
            self.at.threshold,
            self.at.precision(),
            self.recall(),
            self.f1(),
            self.at.wrong,
            self.missed(),
            self.at.kept_apart
        )
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "threshold": self.at.threshold, "precision": self.at.precision(), "recall": self.recall(), "f1": self.f1(),
            "wrong": self.at.wrong, "missed": self.missed(), "kept_apart": self.at.kept_apart,
            "nothing_shared": self.nothing_shared,
        })
    }
}

pub(super) fn run(truth: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let bar = output::progress(5, "reading");
    let authority = Authority::read(truth, |source| {
        bar.set_message(source.to_owned());
        bar.inc(1);
    })?;
    bar.set_message("estimating");
    let parameters = estimate(children::schema(), authority.records())?;
    bar.inc(1);
    bar.set_message("linking");
    let named = Thresholds::default();
    let thresholds = thresholds_with(named);
    let labels = &authority.labelled.labels;
    let evaluated = evaluate(&parameters, Guards::default(), authority.records(), labels, &thresholds);
    bar.finish_and_clear();
    let counted: Vec<Counted<'_>> = evaluated.at.iter().map(|at| Counted::of(at, &authority)).collect();
    let best = counted.iter().max_by(|a, b| a.f1().total_cmp(&b.f1()).then(a.at.threshold.total_cmp(&b.at.threshold)));
    let automatic = counted.iter().find(|counted| counted.at.threshold >= named.automatic);
    let wrong = |pairs: &std::collections::BTreeSet<(String, String)>| {
        let linked = automatic.into_iter().flat_map(|counted| &counted.at.mistakes).filter(|mistake| mistake.linked);
        linked.filter(|mistake| pairs.contains(&labels_of(mistake, labels))).count()
    };
    let nothing_shared = automatic.map_or(0, |counted| counted.nothing_shared);
    let (twins, adopted) = (wrong(&authority.twins), wrong(&authority.adopted));
    if arguments.json {
        let mistakes = automatic.into_iter().flat_map(|counted| &counted.at.mistakes);
        let mistakes = mistakes.filter(|mistake| counts(mistake, &authority)).take(arguments.mistakes);
        let mistakes: Vec<_> = mistakes
            .map(|mistake| {
                let place = |at: usize| authority.labelled.places.get(at);
                json!({
                    "one": place(mistake.pair.0), "other": place(mistake.pair.1), "linked": mistake.linked,
                    "probability": mistake.probability, "of": authority.notes.get(mistake.pair.0),
                })
            })
            .collect();
        let line = json!({
            "version": hex::encode(parameters.version()), "records": authority.records().len(),
            "pairs_of_one": evaluated.pairs_of_one, "pairs_compared": evaluated.pairs_compared,
            "nothing_shared": nothing_shared,
            "twins": {"pairs": authority.twins.len(), "linked": twins},
            "adoptions": {"pairs": authority.adopted.len(), "linked": adopted},
            "thresholds": counted.iter().map(Counted::json).collect::<Vec<_>>(),
            "best": best.map(Counted::json), "automatic": automatic.map(Counted::json), "mistakes": mistakes,
        });
        output::line(&line.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!(
        "linker: version={} records={} pairs_of_one={} pairs_compared={}",
        hex::encode(parameters.version()),
        authority.records().len(),
        evaluated.pairs_of_one,
        evaluated.pairs_compared
    ))?;
    for counted in &counted {
        output::line(&counted.line())?;
    }
    if let Some(best) = best {
        output::line(&format!("best: {}", best.line()))?;
    }
    if let Some(automatic) = automatic {
        output::line(&format!("false links at automatic threshold: {}", automatic.at.wrong))?;
        output::line(&format!("twins: pairs={} linked={twins}", authority.twins.len()))?;
        output::line(&format!("adoptions: pairs={} linked={adopted}", authority.adopted.len()))?;
        output::line(&format!(
            "pairs of one child that share nothing usable, counted in no recall above: {nothing_shared}"
        ))?;
        let mistakes: Vec<&Mistake> =
            automatic.at.mistakes.iter().filter(|mistake| counts(mistake, &authority)).collect();
        for mistake in mistakes.iter().take(arguments.mistakes) {
            let of = |at: usize| authority.notes.get(at).map(String::as_str).filter(|notes| !notes.is_empty());
            let said = super::said(mistake, &authority.labelled);
            output::line(&format!("{said}{}", of(mistake.pair.0).map_or(String::new(), |notes| format!(" {notes}"))))?;
        }
        let more = mistakes.len().saturating_sub(arguments.mistakes);
        if more > 0 {
            output::note(&format!("{more} more: `--mistakes {}` lists them all", mistakes.len()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn labels_of(mistake: &Mistake, labels: &[String]) -> (String, String) {
    let label = |at: usize| labels.get(at).cloned().unwrap_or_default();
    let (one, other) = (label(mistake.pair.0), label(mistake.pair.1));
    if one <= other { (one, other) } else { (other, one) }
}

/// A false link, or a pair of one child that could have been told.
fn counts(mistake: &Mistake, authority: &Authority) -> bool {
    mistake.linked || authority.share_something(mistake.pair.0, mistake.pair.1)
}
