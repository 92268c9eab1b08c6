//! What the invented child health service writes as FHIR is read by its connector: every record has an outcome, what was made wrong on
//! purpose is found, corrections stand in either order, and nobody but a child of the truth is told of.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use connector_kit::Collected;
use health_fhir::Fhir;
use proto::events::event::Kind;
use proto::events::{FindingCode, Scheme};
use serde_json::Value;
use synthetic_authority::{ChildHealthSummary, Settings, write_child_health};

type Files = BTreeMap<String, Vec<u8>>;

fn written(folder: &Path) -> (ChildHealthSummary, Files) {
    let settings = Settings { children: 300, seed: 5, ..Settings::default() };
    let summary = write_child_health(&settings, folder).unwrap();
    let of = |path: &Path| {
        let files = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        files
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
            .collect::<Files>()
    };
    let mut files = of(&folder.join("health-fhir"));
    files.extend(of(folder));
    (summary, files)
}

fn said(files: &Files, name: &str) -> Collected {
    // A page of what was put right has no patients in it, who would say whose records they are.
    Collected::of(&Fhir { organisation: Some("ods-ryx".to_owned()) }, &[(name, &files[name])])
}

fn lines(files: &Files, name: &str) -> Vec<Value> {
    let text = std::str::from_utf8(&files[name]).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_record_has_its_outcome_and_dirt_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, files) = written(folder.path());
    assert!(summary.immunisations > 300 && summary.corrections > 3 && summary.births > 2, "{summary:?}");
    let first = said(&files, "child-health-1.json");
    assert_eq!((first.rejections.len(), first.records), (0, summary.patients + summary.immunisations));
    let count = |kinds: fn(&Kind) -> bool| {
        first.drafts.iter().filter(|draft| draft.event.kind.as_ref().is_some_and(kinds)).count() as u64
    };
    assert_eq!(count(|kind| matches!(kind, Kind::PersonDescribed(_))), summary.patients);
    let given = |kind: &Kind| matches!(kind, Kind::ImmunisationGiven(_) | Kind::ImmunisationNotGiven(_));
    assert_eq!(count(given), summary.immunisations);
    let known: BTreeSet<String> = lines(&files, "child-health-truth.jsonl")
        .iter()
        .flat_map(|line| line["subjects"].as_array().unwrap().clone())
        .map(|subject| format!("{} {}", subject["issuer"].as_str().unwrap(), subject["value"].as_str().unwrap()))
        .collect();
    for draft in &first.drafts {
        assert!(known.contains(&format!("{} {}", draft.subject.issuer, draft.subject.value)), "{:?}", draft.subject);
    }
    for dirt in lines(&files, "child-health-dirt.jsonl") {
        let whom = dirt["record"]["value"].as_str().unwrap();
        let code = FindingCode::from_str_name(&format!("FINDING_CODE_{}", dirt["finding"].as_str().unwrap())).unwrap();
        let mut of_them = first.drafts.iter().filter(|draft| draft.subject.value == whom);
        assert!(of_them.any(|draft| draft.findings.iter().any(|found| found.code() == code)), "{dirt}");
    }
}

#[test]
fn corrections_stand_in_either_order() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, files) = written(folder.path());
    let stands = |names: [&str; 2]| {
        let mut newest: BTreeMap<(String, u32), (i64, u64, String)> = BTreeMap::new();
        for draft in names.into_iter().flat_map(|name| said(&files, name).drafts) {
            let version = draft.version.unwrap();
            let state = (version.as_of_us, version.sequence, format!("{:?}", draft.event));
            let held = newest.entry((draft.record_key, draft.ordinal)).or_insert_with(|| state.clone());
            *held = held.clone().max(state);
        }
        newest
    };
    let (one, two) = ("child-health-1.json", "child-health-2.json");
    let stood = stands([one, two]);
    assert_eq!(stood, stands([two, one]));
    // With a record that is taken back goes whatever of it was kept whole.
    let is_kept = |(key, _): &(String, u32)| key.ends_with("/kept");
    let is_correction = |said: &str| said.contains("EntryRetracted") || said.contains("L200");
    let corrected = stood.iter().filter(|(key, (.., said))| !is_kept(key) && is_correction(said)).count();
    assert_eq!(corrected as u64, summary.corrections);
}

#[test]
fn a_birth_is_the_babys_and_the_mother_is_told_of_as_the_mother() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, files) = written(folder.path());
    let births: Vec<&String> = files.keys().filter(|name| name.starts_with("birth-")).collect();
    assert_eq!(births.len() as u64, summary.births);
    for name in births {
        let said = said(&files, name);
        let mut kinds: Vec<&str> = said.drafts.iter().map(|draft| draft.event.kind_number().unwrap().name()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["BirthNotified", "PersonDescribed", "RelationshipRecorded"]);
        assert!(said.drafts.iter().all(|draft| draft.subject.scheme() == Scheme::NhsNumber), "{name}");
    }
}
