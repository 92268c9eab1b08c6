//! What a replay and a decision made again came to, in the words of the contract.

use proto::audit::{Access, ClassDecided, ReplayResponse, ReplayedEntry, RerunResponse, RerunVerdict};
use proto::disclosure::Disclosure;

use crate::audit::{rules_told, timestamp};
use crate::replay::{DecidedClass, Verdict};

/// A timeline as it stood, as it is told.
pub fn replay_answer(replayed: crate::replay::Replayed) -> ReplayResponse {
    let entry = |entry: crate::replay::ReplayedEntry| ReplayedEntry {
        effective: Some(entry.effective),
        organisation: entry.organisation,
        category: entry.category.into(),
        kind: entry.kind.to_owned(),
        known_as_at: Some(timestamp(entry.known_as_at_us)),
        entry_id: entry.entry_id.to_vec(),
    };
    ReplayResponse {
        subjects: u32::try_from(replayed.subjects).unwrap_or(u32::MAX),
        entries: replayed.entries.into_iter().map(entry).collect(),
        audit_id: Vec::new(),
        events_erased: u32::try_from(replayed.gone.events).unwrap_or(u32::MAX),
        erased: replayed.gone.by,
    }
}

/// What came of making a decision again, as it is told.
pub fn rerun_answer(engine: &sharing::Engine, recorded: Access, rerun: crate::replay::Rerun) -> RerunResponse {
    let none = Disclosure::default();
    let record = rerun.record.as_ref().unwrap_or(&none);
    let (facts, facts_erased) = (rerun.gone.of, u32::try_from(rerun.gone.events).unwrap_or(u32::MAX));
    let (verdict, what, was, is) = match rerun.verdict {
        Verdict::Same => (RerunVerdict::Same, String::new(), String::new(), String::new()),
        Verdict::Differs(difference) => {
            (RerunVerdict::Differs, difference.what.to_owned(), difference.was, difference.is)
        }
        Verdict::Erased { digest_matches } => {
            let verdict = match digest_matches {
                Some(false) => RerunVerdict::ErasedDigestDiffers,
                Some(true) | None => RerunVerdict::Erased,
            };
            (verdict, in_words((facts_erased, facts), digest_matches), String::new(), String::new())
        }
        Verdict::CannotSay(why) => (RerunVerdict::CannotSay, why.says().to_owned(), String::new(), String::new()),
    };
    let class = |decided: DecidedClass| ClassDecided {
        organisation: decided.class.source_org,
        category: decided.class.category.into(),
        outcome: decided.outcome.into(),
        rules: decided.rules.into_iter().collect(),
    };
    RerunResponse {
        recorded: Some(recorded),
        verdict: verdict.into(),
        what,
        was,
        is,
        classes_full: record.classes_full,
        classes_redacted: record.classes_redacted,
        classes_existence: record.classes_existence,
        classes_hidden: record.classes_hidden,
        entries: record.entries_released,
        lines: record.lines_released,
        rules: rules_told(engine, record),
        policy_hash: record.policy_hash.clone(),
        classes: rerun.classes.into_iter().map(class).collect(),
        audit_id: Vec::new(),
        erased: rerun.gone.by,
        facts,
        facts_erased,
    }
}

/// What can no longer be shown of a decision of which facts were erased, and what of it is still known.
fn in_words((erased, facts): (u32, u32), digest_matches: Option<bool>) -> String {
    let what = format!(
        "{erased} of the {facts} events that it was made from are erased: what they said, and what was given of them, nobody can be shown again"
    );
    let left = match digest_matches {
        Some(true) => "that these are the events is shown by their ids, which the log still has",
        Some(false) => "and the ids that the log still has are not those that it was made from",
        None => {
            "it rested on several children, so whether the ids that the log still has are those cannot be worked out"
        }
    };
    format!("{what}; {left}")
}
