//! The same on a generated authority, whose children have been made hard to tell.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use identity::linker::{Guards, Record, Thresholds, children, estimate};
use identity::{AtThreshold, Evaluated, Mistake, evaluate};
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

/// A generated authority's records, linked.
struct Measured {
    authority: Authority,
    version: [u8; 16],
    evaluated: Evaluated,
}

impl Measured {
    fn of(truth: &Path, mut progress: impl FnMut(&str)) -> anyhow::Result<Self> {
        let mut authority = Authority::read(truth, &mut progress)?;
        progress("estimating");
        let members = std::mem::take(&mut authority.labelled.members);
        let records: Vec<Record> = members.iter().map(|member| member.record.clone()).collect();
        let parameters = Arc::new(estimate(children::schema(), &records)?);
        progress("linking");
        let (labels, thresholds) = (&authority.labelled.labels, thresholds_with(Thresholds::default()));
        let at = (thresholds.as_slice(), Thresholds::default().review);
        let evaluated = evaluate(&parameters, Guards::default(), members, labels, at, |_, _| true);
        Ok(Self { version: parameters.version(), authority, evaluated })
    }

    fn counted(&self) -> Vec<Counted<'_>> {
        self.evaluated.at.iter().map(|at| Counted::of(at, &self.authority)).collect()
    }

    fn automatic(&self) -> Option<Counted<'_>> {
        self.counted().into_iter().find(|counted| counted.at.threshold >= Thresholds::default().automatic)
    }

    fn best(&self) -> Option<Counted<'_>> {
        let order = |a: &Counted<'_>, b: &Counted<'_>| {
            a.f1().total_cmp(&b.f1()).then(a.at.threshold.total_cmp(&b.at.threshold))
        };
        self.counted().into_iter().max_by(order)
    }

    /// How many of these pairs of children were linked at the automatic threshold.
    fn linked(&self, pairs: &BTreeSet<(String, String)>) -> usize {
        let mistakes = self.automatic().map_or(&[][..], |counted| &counted.at.mistakes);
        let labels = &self.authority.labelled.labels;
        mistakes.iter().filter(|mistake| mistake.linked && pairs.contains(&labels_of(mistake, labels))).count()
    }

    /// What came out wrong at the automatic threshold, and could have been told.
    fn mistakes(&self) -> Vec<&Mistake> {
        let mistakes = self.automatic().map_or(&[][..], |counted| &counted.at.mistakes);
        mistakes.iter().filter(|mistake| counts(mistake, &self.authority)).collect()
    }

    fn json(&self, mistakes_max: usize) -> serde_json::Value {
        let place = |at: usize| self.authority.labelled.places.get(at);
        let mistakes: Vec<_> = self
            .mistakes()
            .into_iter()
            .take(mistakes_max)
            .map(|mistake| {
                json!({
                    "one": place(mistake.pair.0), "other": place(mistake.pair.1), "linked": mistake.linked,
                    "probability": mistake.probability, "of": self.authority.notes.get(mistake.pair.0),
                })
            })
            .collect();
        let (twins, adopted) = (&self.authority.twins, &self.authority.adopted);
        json!({
            "version": hex::encode(self.version), "records": self.authority.labelled.labels.len(),
            "pairs_of_one": self.evaluated.pairs_of_one, "pairs_compared": self.evaluated.pairs_compared,
            "twins": {"pairs": twins.len(), "linked": self.linked(twins)},
            "adoptions": {"pairs": adopted.len(), "linked": self.linked(adopted)},
            "thresholds": self.counted().iter().map(Counted::json).collect::<Vec<_>>(),
            "best": self.best().map(|counted| counted.json()),
            "automatic": self.automatic().map(|counted| counted.json()),
            "mistakes": mistakes,
        })
    }

    fn lines(&self) -> Vec<String> {
        let (twins, adopted) = (&self.authority.twins, &self.authority.adopted);
        let mut lines = vec![format!(
            "linker: version={} records={} pairs_of_one={} pairs_compared={}",
            hex::encode(self.version),
            self.authority.labelled.labels.len(),
            self.evaluated.pairs_of_one,
            self.evaluated.pairs_compared
        )];
        lines.extend(self.counted().iter().map(Counted::line));
        lines.extend(self.best().map(|best| format!("best: {}", best.line())));
        if let Some(automatic) = self.automatic() {
            lines.extend([
                format!("false links at automatic threshold: {}", automatic.at.wrong),
                format!("twins: pairs={} linked={}", twins.len(), self.linked(twins)),
                format!("adoptions: pairs={} linked={}", adopted.len(), self.linked(adopted)),
                format!(
                    "pairs of one child that share nothing usable, in no recall above: {}",
                    automatic.nothing_shared
                ),
            ]);
        }
        lines
    }

    fn said(&self, mistake: &Mistake) -> String {
        let notes = self.authority.notes.get(mistake.pair.0).map_or("", String::as_str);
        format!("{} {notes}", super::said(mistake, &self.authority.labelled)).trim_end().to_owned()
    }
}

pub(super) fn run(truth: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let bar = output::progress(5, "reading");
    let measured = Measured::of(truth, |what| {
        bar.set_message(what.to_owned());
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    if arguments.json {
        output::line(&measured.json(arguments.mistakes).to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    measured.lines().iter().try_for_each(|line| output::line(line))?;
    let mistakes = measured.mistakes();
    for mistake in mistakes.iter().take(arguments.mistakes) {
        output::line(&measured.said(mistake))?;
    }
    let more = mistakes.len().saturating_sub(arguments.mistakes);
    if more > 0 {
        output::note(&format!("{more} more: `--mistakes {}` lists them all", mistakes.len()));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An English authority of three sectors, whose children are renamed, mistyped, moved and mixed up as often as
    /// `synthetic-authority/src/rates.rs` says. `make linking` does the same with 20,000.
    #[test]
    fn an_authoritys_children_are_found_and_nobody_is_linked_with_another() {
        let folder = tempfile::tempdir().unwrap();
        let settings = synthetic_authority::Settings { children: 4_000, seed: 7, ..Default::default() };
        synthetic_authority::generate(&settings, folder.path(), &mut |_, _| {}).unwrap();
        let measured = Measured::of(&folder.path().join("truth.jsonl"), |_| {}).unwrap();
        let told = [measured.lines(), measured.mistakes().iter().map(|mistake| measured.said(mistake)).collect()];
        let told = told.concat().join("\n");
        println!("{told}");
        let automatic = measured.automatic().unwrap();
        let (twins, adopted) = (&measured.authority.twins, &measured.authority.adopted);
        assert!(measured.evaluated.pairs_of_one > 4_000 && twins.len() > 30 && adopted.len() >= 2, "{told}");
        assert_eq!(automatic.at.wrong, 0, "{told}");
        assert_eq!((measured.linked(twins), measured.linked(adopted)), (0, 0), "{told}");
        assert!(automatic.recall() >= RECALL_MIN, "{told}");
        // What nobody could tell is little, and is not hidden in the recall.
        assert!((automatic.nothing_shared as f64) < 0.03 * measured.evaluated.pairs_of_one as f64, "{told}");
    }

    const RECALL_MIN: f64 = 0.98;
}
