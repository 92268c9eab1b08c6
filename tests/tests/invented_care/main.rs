//! What the invented authority writes for social care is read by the connector of each format: every record has an outcome,
//! what was made wrong on purpose is found, and the same files again add nothing.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use connector_kit::conformance::History;
use connector_kit::{Collected, Connector, Draft};
use proto::events::{FindingCode, Scheme};
use serde_json::Value;
use social_care_annex_a::AnnexA;
use social_care_dfe_api::ChildrenSocialCare;
use social_care_ssda903::Ssda903;
use synthetic_authority::{Settings, generate};

type Files = Vec<(String, Vec<u8>)>;

fn files(folder: &Path) -> Files {
    let mut files: Files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn borrowed(files: &Files) -> Vec<(&str, &[u8])> {
    files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect()
}

/// What each submission of a folder says.
fn said(connector: &dyn Connector, files: &Files) -> Vec<Collected> {
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let groups = connector.submissions(&names);
    groups
        .iter()
        .map(|group| {
            let of_group: Files = files.iter().filter(|(name, _)| group.contains(name)).cloned().collect();
            Collected::of(connector, &borrowed(&of_group))
        })
        .collect()
}

#[test]
fn what_is_generated_of_social_care_is_read_whole() {
    let out = tempfile::tempdir().unwrap();
    let settings = Settings { children: 4_000, ..Settings::default() };
    let summary = generate(&settings, out.path(), &mut |_, _| {}).unwrap();
    let truth: Vec<Value> = std::fs::read_to_string(out.path().join("truth.jsonl"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let known: BTreeSet<String> = truth
        .iter()
        .flat_map(|line| line["subjects"].as_array().unwrap().clone())
        .filter(|subject| subject["scheme"] == "LA_CHILD_ID")
        .map(|subject| subject["value"].as_str().unwrap().to_owned())
        .collect();
    let connectors: [&dyn Connector; 3] = [&Ssda903::ANY, &AnnexA::ANY, &ChildrenSocialCare::ANY];
    for connector in connectors {
        let name = connector.descriptor().name;
        let files = files(&out.path().join(name));
        let said = said(connector, &files);
        let mut found: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
        for said in &said {
            assert!(said.rejections.is_empty(), "{name}: {:?}", said.rejections.first());
            // Somebody who would adopt is no child.
            let of_children = |draft: &&Draft| draft.table != "feed" && draft.subject.scheme() != Scheme::ThirdParty;
            for draft in said.drafts.iter().filter(of_children) {
                // Nobody is told of whom the truth does not know.
                assert!(known.contains(&draft.subject.value), "{name}: {}", draft.table);
                let codes = draft.findings.iter().map(|one| FindingCode::try_from(one.code).unwrap().as_str_name());
                found.entry(&draft.subject.value).or_default().extend(codes);
            }
        }
        let drafts: usize = said.iter().map(|said| said.drafts.len()).sum();
        assert!(drafts > 100, "{name}: {drafts}");
        let dirt = std::fs::read_to_string(out.path().join("dirt.jsonl")).unwrap();
        for line in dirt.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            let (Some(finding), true) = (line["finding"].as_str(), line["file"].as_str().unwrap().starts_with(name))
            else {
                continue;
            };
            let child = line["record"]["value"].as_str().unwrap();
            let expected = format!("FINDING_CODE_{finding}");
            assert!(found.get(child).is_some_and(|codes| codes.contains(expected.as_str())), "{name}: {line}");
        }
        let mut history = History::default();
        assert!(!history.submit(connector, &borrowed(&files)).is_empty());
        assert!(history.submit(connector, &borrowed(&files)).is_empty(), "{name} sent again");
    }
    assert!(summary.looked_after_children > 0 && summary.annex_a_rows > 0 && summary.care_data_children > 0);
}
