//! Every format that is read here is written by the invented authority, of the same children: each submission becomes exactly what
//! their lives say, nothing waits in quarantine but what was made wrong, what was made wrong is found, and nobody is told of whom
//! the truth does not know.
#![cfg(test)]

mod read;

use std::collections::{BTreeMap, BTreeSet};

use connector_kit::conformance::History;
use connector_kit::{Connector, Delivery, Draft};
use proto::events::event::Kind;
use proto::events::{FindingCode, Scheme};
use proto::quarantine::Reason;
use read::authority;

/// What was made wrong and is not said to be, by these connectors: folder, field, and what is wrong with it. Each is a known limit.
const NOT_SAID: [(&str, &str, &str); 3] = [
    ("education-school-census", "language", "unknown code"),
    ("education-school-census", "sex", "missing"),
    ("health-hl7v2", "PID-7", "in the future"),
];

/// The formats that councils really have: each is written, and each folder that is written is read. A connector that is new needs no
/// writer.
const WRITTEN: [&str; 28] = [
    "education-attendance",
    "education-ctf",
    "education-ehc-system",
    "education-participation",
    "education-school-census",
    "education-sen2",
    "health-camhs-mhsds",
    "health-community-csds",
    "health-fhir",
    "health-hl7v2",
    "health-therapy-waits",
    "social-care-annex-a",
    "social-care-cin-census",
    "social-care-cpis-access-notices",
    "social-care-dfe-api",
    "social-care-early-help-episodes",
    "social-care-early-help-module",
    "social-care-equipment-panel",
    "social-care-family-support",
    "social-care-housing-duties",
    "social-care-personal-budgets",
    "social-care-police-notifications",
    "social-care-portage",
    "social-care-short-breaks",
    "social-care-ssda903",
    "social-care-team-around-child",
    "social-care-young-carers",
    "social-care-youth-justice",
];

#[test]
fn every_format_is_written_and_every_folder_is_read() {
    let authority = authority();
    assert_eq!(authority.folders(), WRITTEN);
    assert_eq!(authority.connectors.keys().collect::<Vec<_>>(), WRITTEN.iter().collect::<Vec<_>>());
    for name in WRITTEN {
        assert!(!authority.all_said(name).is_empty(), "nothing of `{name}` is read");
    }
}

#[test]
fn each_submission_becomes_what_the_lives_say() {
    let authority = authority();
    let mut wrong = Vec::new();
    let outcomes = authority.lines("outcomes.jsonl");
    for outcome in &outcomes {
        let name = outcome["connector"].as_str().unwrap();
        let files: Vec<String> = serde_json::from_value(outcome["files"].clone()).unwrap();
        let said = authority.said(name, &files);
        let passed_by: BTreeSet<String> =
            serde_json::from_value(outcome.get("not_counted").cloned().unwrap_or_default()).unwrap_or_default();
        let mut events: BTreeMap<String, u64> = BTreeMap::new();
        for draft in &said.drafts {
            let kind = draft.event.kind_number().unwrap().name().to_owned();
            if !passed_by.contains(&kind) {
                *events.entry(kind).or_default() += 1;
            }
        }
        let expected: BTreeMap<String, u64> = serde_json::from_value(outcome["events"].clone()).unwrap();
        if events != expected {
            let kept = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
                Some(Kind::SourceRecordKept(kept)) => kept.record_type.as_deref(),
                _ => None,
            });
            let kept: BTreeSet<&str> = kept.collect();
            wrong.push(format!("{name} {files:?}: events {events:?} (kept: {kept:?}), of {expected:?}"));
        }
        if outcome.get("records").is_some_and(|records| records.as_u64() != Some(said.records)) {
            wrong.push(format!("{name} {files:?}: {} records, of {}", said.records, outcome["records"]));
        }
        if Some(said.rejections.len() as u64) != outcome["quarantined"].as_u64() {
            let first: Vec<_> =
                said.rejections.iter().take(3).map(|one| (&one.reason, &one.message, &one.place)).collect();
            wrong.push(format!(
                "{name} {files:?}: {} rejected, of {}: {first:?}",
                said.rejections.len(),
                outcome["quarantined"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nobody_is_told_of_whom_the_truth_does_not_know() {
    let authority = authority();
    let known = authority.subjects();
    for name in authority.connectors.keys() {
        for said in &authority.all_said(name) {
            // What is told of an authority or of somebody who would adopt is told of no child.
            let of_children = |draft: &&Draft| draft.table != "feed" && draft.subject.scheme() != Scheme::ThirdParty;
            for draft in said.drafts.iter().filter(of_children) {
                assert!(known.contains(&read::subject_of(draft)), "{name}: {:?} in {:?}", draft.subject, draft.place);
            }
        }
    }
}

#[test]
fn what_was_made_wrong_is_found_and_nothing_else_waits() {
    let authority = authority();
    let mut missed = Vec::new();
    for name in authority.connectors.keys() {
        let planted = authority.dirt(name);
        let said = authority.all_said(name);
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for draft in said.iter().flat_map(|said| &said.drafts) {
            let codes =
                draft.findings.iter().map(|one| FindingCode::try_from(one.code).unwrap().as_str_name().to_owned());
            found.entry(draft.subject.value.clone()).or_default().extend(codes);
        }
        let mut waiting: Vec<(String, Option<String>)> = Vec::new();
        for rejection in said.iter().flat_map(|said| &said.rejections) {
            let whom = rejection.subject.as_ref().map(|subject| subject.value.clone());
            let reason = rejection.reason.as_str_name().trim_start_matches("REASON_").to_owned();
            waiting.push((reason, whom));
        }
        for line in &planted {
            let whom = line["record"]["value"].as_str().unwrap();
            let not_said = NOT_SAID
                .iter()
                .any(|(of, field, what)| *of == name && line["field"] == *field && line["what"] == *what);
            if let Some(finding) = line["finding"].as_str().filter(|_| !not_said) {
                let code = format!("FINDING_CODE_{finding}");
                if !found.get(whom).is_some_and(|codes| codes.contains(&code)) {
                    missed.push(format!("not found: {line}"));
                }
            }
            if let Some(reason) = line["reason"].as_str() {
                assert!(Reason::from_str_name(&format!("REASON_{reason}")).is_some(), "{reason}");
                let place =
                    waiting.iter().position(|(of, by)| of == reason && by.as_deref().is_none_or(|by| by == whom));
                match place {
                    Some(place) => drop(waiting.swap_remove(place)),
                    None => missed.push(format!("not quarantined: {line}")),
                }
            }
        }
        if !waiting.is_empty() {
            missed.push(format!("{name}: in quarantine, and nothing was wrong: {waiting:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn the_same_files_again_add_nothing() {
    let authority = authority();
    for (name, connector) in &authority.connectors {
        let mut history = History::default();
        let files = authority.files(name);
        let groups = connector.submissions(&files);
        let mut first = 0;
        for again in [false, true] {
            for group in &groups {
                let submitted = authority.borrowed(name, group);
                let said = history.submit(connector.as_ref(), &submitted).len();
                if !again {
                    first += said;
                }
            }
            if !again {
                assert!(first > 0, "{name}");
            }
        }
        // The last submission of each scope, sent once more.
        if let Some(last) = groups.last() {
            let submitted = authority.borrowed(name, last);
            let more = history.submit(connector.as_ref(), &submitted);
            assert!(more.is_empty(), "{name}: {last:?} sent again: {}", more.len());
        }
    }
}

/// A kind of dirt that no file shows would be dirt that no test is held to.
#[test]
fn every_connector_is_given_something_wrong() {
    let authority = authority();
    let without: Vec<&String> = authority.connectors.keys().filter(|name| authority.dirt(name).is_empty()).collect();
    assert!(without.is_empty(), "nothing is wrong in {without:?}");
}

/// The case system's changes as a database would be given them are those of its table, row by row.
#[test]
fn the_case_systems_statements_say_what_its_tables_say() {
    let authority = authority();
    let mut rows = 0;
    for name in authority.files("education-ehc-system").iter().filter(|name| name.ends_with(".csv")) {
        let statements = authority.text("education-ehc-system", &name.replace(".csv", ".sql"));
        let table = authority.text("education-ehc-system", name);
        let mut table = csv::Reader::from_reader(table.as_bytes());
        let columns: Vec<String> = table.headers().unwrap().iter().map(str::to_owned).collect();
        let mut expected = Vec::new();
        for row in table.records() {
            let quoted = |cell: &str| match cell {
                "" => "null".to_owned(),
                cell => format!("'{}'", cell.replace('\'', "''")),
            };
            let values: Vec<String> = row.unwrap().iter().map(quoted).collect();
            expected.push(format!("insert into ehc_cases ({}) values ({});", columns.join(", "), values.join(", ")));
        }
        let said: Vec<&str> = statements.lines().filter(|line| line.starts_with("insert")).collect();
        assert_eq!(said, expected, "{name}");
        rows += expected.len();
    }
    assert!(rows > 10, "{rows}");
}

/// Between the two days of an extract little happens: the second says what is new and put right, and not everything again.
#[test]
fn a_second_extract_adds_what_changed() {
    let authority = authority();
    let snapshot = |connector: &dyn Connector| connector.descriptor().delivery == Delivery::Snapshot;
    let mapped = authority.connectors.iter().filter(|(name, _)| authority.is_mapped(name));
    for (name, connector) in mapped.filter(|(_, connector)| snapshot(connector.as_ref())) {
        let files = authority.files(name);
        let [first, second] = files.as_slice() else { panic!("{name}: {files:?}") };
        let submit = |history: &mut History, file: &String| {
            history.submit(connector.as_ref(), &authority.borrowed(name, std::slice::from_ref(file))).len()
        };
        let mut history = History::default();
        let (before, after) = (submit(&mut history, first), submit(&mut history, second));
        let alone = submit(&mut History::default(), second);
        assert!(alone > 0 && (before == 0 || after < alone), "{name}: {before}, then {after} of {alone}");
    }
}
