//! Linking by what records say, by the commands: nothing until parameters are adopted, and then as their preview said.

use serde_json::Value;

use crate::harness::{Place, line_with, number_in};

/// How many of a source's records are linked with another sector's, as the report rounds it.
fn linked(place: &Place, source: &str) -> i64 {
    let report = place.listed(&["identity", "report"]).remove(0);
    let sources = report["sources"].as_array().cloned().unwrap_or_default();
    let of_source = sources.iter().find(|one| one["source"] == source);
    of_source.and_then(|one| one["linked"].as_i64()).unwrap_or_default()
}

fn in_force(place: &Place) -> Vec<Value> {
    let versions = place.listed(&["identity", "parameters"]);
    versions.into_iter().filter(|version| version["state"] == "in force").collect()
}

#[test]
fn records_are_linked_by_what_they_say_once_a_person_adopts_what_was_estimated_from_them() {
    let place = Place::new(200, 3);
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    let before = linked(&place, "education-school-census");
    assert!(in_force(&place).is_empty());

    let file = place.path("parameters.bin");
    let file = file.to_str().unwrap();
    let estimated = place.ours(&["identity", "estimate", "--out", file]);
    assert!(line_with(&estimated, " nhs_number").contains("exact"), "{estimated}");
    let adopt = |more: &[&str]| {
        place.ours(&[&["identity", "adopt", file, "--decided-by", "an invented reviewer"], more].concat())
    };
    let told = adopt(&["--dry-run"]);
    let told = line_with(&told, "adopt: nothing was adopted");
    assert_eq!(place.listed(&["identity", "parameters"]), Vec::<Value>::new(), "a preview adopts nothing");
    let done = adopt(&[]);
    let done = line_with(&done, "adopt: ok");
    for count in ["version", "records", "links_gained", "links_lost", "for_review"] {
        assert_eq!(number_in(done, count), number_in(told, count), "what was said beforehand");
    }

    // Readers are answered by the new version once everything is linked by it.
    while in_force(&place).is_empty() {}
    assert_eq!(in_force(&place)[0]["version"], number_in(done, "version"));
    let after = linked(&place, "education-school-census");
    assert!(after > before + 50, "of 200 children {before} were linked before, and {after} after");
    running.kill();

    let running = place.up();
    place.settle();
    assert_eq!(linked(&place, "education-school-census"), after, "after a crash as before it");
    running.stop();
    line_with(&place.ours(&["verify"]), "verify: ok");
    assert!(!place.told().contains("an invented reviewer"), "who decided is in the process's own log");
}
