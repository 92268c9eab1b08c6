//! What every connector must hold, as one call in its tests.
//!
//! ```text
//! let sample = Sample::new(&[("CIN_2025.xml", include_bytes!("golden/CIN_2025.xml"))]).canaries(&["Zebedee"]);
//! conformance::check(&CinCensus, &sample);
//! ```
//!
//! And of submissions that overlap, [`check_overlapping`].

mod history;
mod larger;
mod overlap;

use std::collections::BTreeSet;

use proto::events::when;

use crate::collected::Collected;
use crate::connector::{Connector, Delivery, Draft};
use crate::publish::is_organisation_id;

pub use history::History;
pub use larger::{Larger, LargerSubmission};
pub use overlap::{Files, check_overlapping, problems_of_overlapping};

/// At how many points each file of a sample is cut and spoilt.
const POINTS: usize = 64;

/// A submission to try a connector with: real records, all invented.
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    files: &'a [(&'a str, &'a [u8])],
    canaries: &'a [&'a str],
    end_is_marked: bool,
}

impl<'a> Sample<'a> {
    /// Files of one submission by name, all good.
    pub fn new(files: &'a [(&'a str, &'a [u8])]) -> Self {
        Self { files, canaries: &[], end_is_marked: true }
    }

    /// Values that stand in the files and must not come out in a finding or in the message of a rejection: names,
    /// identifiers.
    pub fn canaries(self, canaries: &'a [&'a str]) -> Self {
        Self { canaries, ..self }
    }

    /// For formats that do not say where they end (a table cut at a line's end is a smaller table): a cut there need not
    /// be noticed.
    pub fn end_is_not_marked(self) -> Self {
        Self { end_is_marked: false, ..self }
    }
}

/// Holds a connector to the bargain.
///
/// # Panics
/// When the connector does not hold it: this is for tests.
pub fn check(connector: &dyn Connector, sample: &Sample<'_>) {
    let problems = problems(connector, sample);
    assert!(problems.is_empty(), "{}: {}", connector.descriptor().name, problems.join("\n"));
}

/// What a connector does not hold; nothing when all is well.
pub fn problems(connector: &dyn Connector, sample: &Sample<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    let good = Collected::of(connector, sample.files);
    if good.drafts.is_empty() || good.records == 0 {
        problems.push("a good sample gives no drafts, or no records".to_owned());
    }
    if good != Collected::of(connector, sample.files) {
        problems.push("the same files give other drafts the second time".to_owned());
    }
    complete(connector, &good, "the sample", &mut problems);
    silent(sample, &good, "the sample", &mut problems);
    for (at, (name, bytes)) in sample.files.iter().enumerate() {
        for cut in points(bytes.len()) {
            let told = format!("{name} cut after {cut} bytes");
            let cut_off = replaced(connector, sample, at, bytes.get(..cut).unwrap_or_default());
            complete(connector, &cut_off, &told, &mut problems);
            silent(sample, &cut_off, &told, &mut problems);
            cut_loses_only_the_end(sample, &good, &cut_off, bytes, cut, &told, &mut problems);
        }
        for (told, spoilt) in spoilt(bytes) {
            let told = format!("{name} {told}");
            let spoilt = replaced(connector, sample, at, &spoilt);
            complete(connector, &spoilt, &told, &mut problems);
            silent(sample, &spoilt, &told, &mut problems);
        }
        let garbage = replaced(connector, sample, at, b"\x01\x02 nothing \xff\xfe of the kind <<< |,\r\n");
        let rejected = garbage.rejections.iter().any(|rejection| rejection.place.file == *name);
        if !rejected {
            problems.push(format!("{name} as garbage is not rejected with its place"));
        }
    }
    problems
}

fn replaced(connector: &dyn Connector, sample: &Sample<'_>, at: usize, bytes: &[u8]) -> Collected {
    let mut files = sample.files.to_vec();
    if let Some(file) = files.get_mut(at) {
        file.1 = bytes;
    }
    Collected::of(connector, &files)
}

/// Points spread over a file, its ends included but not the whole of it.
fn points(length: usize) -> BTreeSet<usize> {
    (0..POINTS).map(|point| length * point / POINTS).chain(length.checked_sub(1)).chain(length.checked_sub(2)).collect()
}

/// Copies with a run of bytes turned over, dropped or repeated.
fn spoilt(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut copies = Vec::new();
    for at in points(bytes.len()) {
        let (before, after) = bytes.split_at_checked(at).unwrap_or_default();
        let turned: Vec<u8> = after.iter().take(1).map(|byte| byte ^ 0x5f).collect();
        let next = after.get(turned.len()..).unwrap_or_default();
        copies.push((format!("with byte {at} changed"), [before, &turned, next].concat()));
        let beyond = after.get(after.len().min(7)..).unwrap_or_default();
        copies.push((format!("with bytes dropped at {at}"), [before, beyond].concat()));
        copies.push((format!("with high bytes put in at {at}"), [before, b"\xff\xc3\x28\0", after].concat()));
    }
    copies
}

/// Every draft says whom, whose, when, which and what; every rejection says where; no scope is drafted into unopened.
fn complete(connector: &dyn Connector, said: &Collected, told: &str, problems: &mut Vec<String>) {
    let scopes: BTreeSet<&str> = said.scopes.iter().map(|scope| scope.key.as_str()).collect();
    let is_snapshot = connector.descriptor().delivery == Delivery::Snapshot;
    for draft in &said.drafts {
        let key = draft.table;
        for (wrong, what) in [
            (draft.subject.issuer.is_empty() || draft.subject.value.is_empty(), "no subject"),
            (draft.subject.scheme == 0, "no scheme"),
            (draft.controller.is_empty(), "no controller"),
            (!is_organisation_id(&draft.controller), "a controller that is no organisation id"),
            (draft.record_key.is_empty() || draft.record_key.len() > 1024, "no record key, or too long a one"),
            (draft.effective.when.as_ref().is_none_or(is_empty), "no effective time"),
            (draft.event.kind.is_none(), "no event"),
            (is_snapshot && draft.scope_key.is_none(), "no scope, in a snapshot"),
            (!is_snapshot && draft.version.is_none(), "no version, on a feed"),
            (draft.scope_key.as_deref().is_some_and(|key| !scopes.contains(key)), "a scope that was not opened"),
        ] {
            if wrong {
                problems.push(format!("{told}: a draft of table `{key}` has {what}"));
            }
        }
    }
    for rejection in &said.rejections {
        if rejection.place.file.is_empty() || rejection.message.is_empty() || rejection.reason as i32 == 0 {
            problems.push(format!("{told}: a rejection lacks its file, its message or its reason"));
        }
    }
    if let Some(key) = said.whole.iter().find(|key| !scopes.contains(key.as_str())) {
        problems.push(format!("{told}: scope `{key}` is whole and was not opened"));
    }
}

fn is_empty(when: &when::When) -> bool {
    matches!(when, when::When::On(date) if date.year == 0)
}

/// Findings and messages name fields, never values.
fn silent(sample: &Sample<'_>, said: &Collected, told: &str, problems: &mut Vec<String>) {
    let findings = said.drafts.iter().flat_map(|draft| &draft.findings);
    let texts = findings.flat_map(|finding| [finding.field.as_str(), finding.rule.as_deref().unwrap_or_default()]);
    let texts = texts.chain(said.rejections.iter().flat_map(|r| [r.message.as_str(), r.place.field.as_str()]));
    for text in texts {
        if let Some(at) = sample.canaries.iter().position(|canary| text.contains(canary)) {
            problems.push(format!("{told}: canary {at} stands in a finding or a rejection"));
        }
    }
}

/// What stood whole before the cut is still drafted, and absence past it means nothing.
fn cut_loses_only_the_end(
    sample: &Sample<'_>,
    good: &Collected,
    cut_off: &Collected,
    bytes: &[u8],
    cut: usize,
    told: &str,
    problems: &mut Vec<String>,
) {
    // A message that breaks off is another state of its source; what it still says is not lost.
    let of_no_version = |draft: &Draft| Draft { version: None, ..draft.clone() };
    let said: Vec<Draft> = cut_off.drafts.iter().map(of_no_version).collect();
    let lost: Vec<&Draft> = good.drafts.iter().filter(|draft| !said.contains(&of_no_version(draft))).collect();
    let missing = !lost.is_empty();
    let only_space_cut = bytes.get(cut..).unwrap_or_default().iter().all(u8::is_ascii_whitespace);
    let at_line_end = bytes.get(..cut).unwrap_or_default().ends_with(b"\n");
    let may_be_whole = only_space_cut || (!sample.end_is_marked && at_line_end);
    if missing && !may_be_whole && good.whole.iter().all(|key| cut_off.whole.contains(key)) && !good.whole.is_empty() {
        problems.push(format!("{told}: drafts are missing and every scope is still whole"));
    }
    // A record at the cut may be lost with its neighbours of one child; what began and ended well before may not.
    if sample.files.len() == 1 {
        let early = lost.iter().filter(|draft| {
            let next_begins = next_record_after(good, draft);
            next_begins.is_some_and(|begins| begins < cut as u64)
        });
        let count = early.count();
        if count > 0 {
            problems.push(format!("{told}: {count} drafts of records that stood before the cut are lost"));
        }
    }
}

/// Where the second record after this draft's begins, where places tell: by then the draft's own had surely ended.
fn next_record_after(good: &Collected, draft: &Draft) -> Option<u64> {
    let begins: BTreeSet<u64> = good.drafts.iter().map(|other| other.place.byte_offset).collect();
    begins.range(draft.place.byte_offset + 1..).nth(1).copied()
}

#[cfg(test)]
mod tests;
