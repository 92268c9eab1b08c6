//! Every reason and every finding that leaves the process has a heading in docs/OPERATING.md that says what to do: who is given one
//! can look it up.

use connector_kit::receive::RefusalCode;
use prost::Message as _;
use prost_types::FileDescriptorSet;

use crate::{holds, root, sees};

const ENUMS: [(&str, &str); 3] =
    [("Reason", "REASON_"), ("DenialReason", "DENIAL_REASON_"), ("FindingCode", "FINDING_CODE_")];

/// The values of the contract's reasons, without their prefix, and the codes with which posts are refused.
fn reasons() -> Vec<String> {
    let contract = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
    let mut reasons = Vec::new();
    for (name, prefix) in ENUMS {
        let found = contract.file.iter().flat_map(|file| &file.enum_type).find(|one| one.name() == name).unwrap();
        let values = found.value.iter().map(|value| value.name().strip_prefix(prefix).unwrap().to_owned());
        reasons.extend(values.filter(|value| value != "UNSPECIFIED"));
    }
    reasons.extend(RefusalCode::ALL.map(|code| code.name().to_owned()));
    reasons
}

fn missing(reasons: &[String], page: &str) -> Vec<String> {
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).map(str::trim).collect();
    let headed = |reason: &&String| headings.iter().filter(|heading| **heading == **reason).count() == 1;
    reasons.iter().filter(|reason| !headed(reason)).map(|reason| format!("`### {reason}` stands not once")).collect()
}

/// What is under a heading does not say what happened, or what to do about it.
fn unhelpful(reasons: &[String], page: &str) -> Vec<String> {
    let under = |reason: &String| {
        let text = page.split_once(&format!("\n### {reason}\n"))?.1;
        Some(text.split("\n#").next().unwrap_or_default())
    };
    let parts = ["- *What happened:*", "- *What to do:*"];
    let lacking = |reason: &String| {
        let text = under(reason)?;
        parts.iter().find(|part| !text.contains(**part)).map(|part| format!("`### {reason}` lacks `{part}`"))
    };
    reasons.iter().filter_map(lacking).collect()
}

#[test]
fn every_reason_can_be_looked_up() {
    let page = std::fs::read_to_string(root().join("docs/OPERATING.md")).expect("docs/OPERATING.md is there");
    let reasons = reasons();
    assert!(reasons.len() >= 40);
    holds(&missing(&reasons, &page));
    holds(&unhelpful(&reasons, &page));
}

#[test]
fn a_reason_without_a_heading_is_seen() {
    let reasons = ["RECORD_MALFORMED".to_owned(), "FACTS_STALE".to_owned()];
    holds(&missing(&reasons, "# Operating\n### RECORD_MALFORMED\n### FACTS_STALE\n"));
    sees(&missing(&reasons, "### RECORD_MALFORMED\nFACTS_STALE\n"), "FACTS_STALE");
    sees(&missing(&reasons, "### FACTS_STALE\n### RECORD_MALFORMED_OR_NOT\n"), "RECORD_MALFORMED");
    let whole = "\n### FACTS_STALE\n\n- *What happened:* a\n- *What to do:* b\n\n### RECORD_MALFORMED\n\n- *What happened:* c\n\n## Next\n- *What to do:*\n";
    sees(&unhelpful(&reasons, whole), "`### RECORD_MALFORMED` lacks `- *What to do:*`");
    assert_eq!(unhelpful(&reasons, whole).len(), 1);
}
