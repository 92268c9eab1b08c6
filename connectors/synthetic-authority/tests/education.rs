//! What else education systems tell of the same lives: every subject is in the truth, and the same settings give the same bytes.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use synthetic_authority::{EducationSummary, Settings, write_education};

fn written(settings: &Settings) -> (EducationSummary, BTreeMap<String, String>) {
    fn read(folder: &Path, under: &str, files: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{under}{}", path.file_name().unwrap().to_string_lossy());
            if path.is_dir() {
                read(&path, &format!("{name}/"), files);
            } else {
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let out = tempfile::tempdir().unwrap();
    let summary = write_education(settings, out.path()).unwrap();
    let mut files = BTreeMap::new();
    read(out.path(), "", &mut files);
    (summary, files)
}

fn settings(seed: u64) -> Settings {
    Settings { children: 400, seed, ..Settings::default() }
}

#[test]
fn the_same_settings_give_the_same_bytes() {
    assert_eq!(written(&settings(3)), written(&settings(3)));
    assert_ne!(written(&settings(3)).1, written(&settings(4)).1);
}

#[test]
fn every_upn_that_a_file_uses_is_of_a_child_of_the_truth() {
    let (summary, files) = written(&settings(1));
    assert!(summary.sen2_persons > 3 && summary.transfer_files > 3 && summary.marks > 1_000, "{summary:?}");
    let lines = |name: &str| files[name].lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let known: BTreeSet<String> = lines("education-truth.jsonl")
        .flat_map(|line| line["subjects"].as_array().unwrap().clone())
        .map(|subject| subject["value"].as_str().unwrap().to_owned())
        .collect();
    let mut used = BTreeSet::new();
    for (name, text) in &files {
        used.extend(text.split("<UPN>").skip(1).map(|rest| rest[..13].to_owned()));
        if name.ends_with(".csv") {
            used.extend(text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()));
        }
    }
    assert!(!used.is_empty() && used.is_subset(&known), "{:?}", used.difference(&known).collect::<Vec<_>>());
    assert_eq!(lines("education-dirt.jsonl").count() as u64, summary.dirtied);
}

#[test]
fn days_are_sent_again_and_some_marks_have_become_others() {
    let (_, files) = written(&settings(1));
    let feeds: Vec<&String> =
        files.iter().filter(|(name, _)| name.starts_with("education-attendance/")).map(|(_, text)| text).collect();
    let marks = |text: &str| -> BTreeMap<String, String> {
        let row = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[..4].join(","), cells[4].to_owned())
        };
        text.lines().skip(1).map(row).collect()
    };
    let (before, after) = (marks(feeds[0]), marks(feeds[1]));
    let both: Vec<_> = before.iter().filter_map(|(key, mark)| Some((mark, after.get(key)?))).collect();
    assert!(both.len() > before.len() / 2, "most days are sent again");
    assert!(both.iter().any(|(was, is)| was != is) && both.iter().any(|(was, is)| was == is));
}
