//! An answer is answered for: who saw it, made again by what made it, the timeline as it stood; and the rules it was made by, approved,
//! read as a page, and held to a draft.

use std::fs;

use proto::sharing::Purpose;
use serde_json::Value;

use crate::harness::{Place, ask, line_with, number_in};

const READERS: [&str; 2] = ["--readers", "here/readers"];

#[test]
fn an_answer_is_found_made_again_and_held_to_a_draft() {
    let place = Place::new(60, 1);
    let running = place.up();
    let facts = place.path("here/facts.jsonl");
    place.ours(&["facts", "record", facts.to_str().unwrap()]);
    let (school, child) = (place.demo_organisation("school"), place.demo_child("UPN"));
    let approve =
        |who: &'static str| place.must(&[&["sharing", "approve", "--as", who, "--yes"], &READERS[..]].concat());
    let early = ask(&place, &school, &child, Purpose::EducationProvision).unwrap_err();
    assert!(format!("{early:?}").contains("POLICY_NOT_APPROVED"), "no rules decide that nobody approved: {early:?}");
    assert!(approve("approver-1").contains("by=1 needed=2"));
    assert!(approve("approver-2").contains("by=2 needed=2"));
    place.drop_authority();
    place.settle();

    let answer = ask(&place, &school, &child, Purpose::EducationProvision).unwrap();
    assert!(!answer.entries.is_empty());
    let decision = hex::encode(&answer.decision_id);
    let of_child = format!("UPN:{}:{}", child.issuer, child.value);
    let saw = place.ours(&["audit", "who-saw", &of_child]);
    assert!(saw.contains(&school) && number_in(line_with(&saw, "audit who-saw:"), "decisions") != "0", "{saw}");
    let named = child.value.as_str();
    let each = place.listed(&["audit", "who-saw", &of_child]);
    assert!(each.iter().any(|access| access.to_string().contains(&school)), "{each:?}");
    assert!(!each.iter().any(|access| access.to_string().contains(named)), "children stand in it as pseudonyms");

    let again = place.ours(&["audit", "explain", &decision]);
    assert!(line_with(&again, "audit explain:").contains("same"), "{again}");
    let stood = place.ours(&["audit", "replay", &of_child, "--at", &decision]);
    assert_ne!(number_in(line_with(&stood, "audit replay:"), "entries"), "0", "{stood}");

    let council = place.demo_organisation("socialCare");
    let page = ["sharing", "page", &of_child, "--for", "lead", "--purpose", "child_protection", "--as", &council];
    let html = place.must(&[&page[..], &READERS].concat());
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("</html>"), "{html}");
    let text = place.must(&[&page[..], &["--text"], &READERS].concat());
    assert!(text.contains("held by") && text.contains("P01-own-record"), "{text}");
    running.stop();

    let draft = place.path("draft");
    fs::create_dir(&draft).unwrap();
    let rules = include_str!("../../../services/sharing/rules/share.cedar");
    let without = rules.split("\n\n").filter(|rule| !rule.contains("@id(\"P06-existence\")"));
    fs::write(draft.join("share.cedar"), without.collect::<Vec<_>>().join("\n\n")).unwrap();
    let draft = draft.to_str().unwrap();
    let lines = place.listed(&["sharing", "simulate", "--rules", draft, "--days", "1"]);
    let (sums, lines) = lines.split_last().unwrap();
    let lost = |line: &&Value| line["organisation"] == school.as_str() && line["became"] == "newly_denied";
    assert!(
        lines.iter().any(|line| lost(&line)),
        "that other services are involved it knew by the rule that is gone: {lines:?}"
    );
    assert!(sums["changed"].as_u64() > Some(0) && sums["unlike_recorded"] == 0, "{sums}");
    let config = place.config();
    let diff = ["sharing", "diff", "built-in", draft, "--recorded", "1", "--config", config.to_str().unwrap()];
    let differs = place.run(&diff);
    let printed = String::from_utf8(differs.stdout).unwrap();
    assert_eq!(differs.status.code(), Some(4), "{printed}");
    let on_record = line_with(&printed, "sharing diff, of what is on record:");
    assert_ne!(number_in(on_record, "newly_denied"), "0", "{printed}");
    line_with(&place.ours(&["verify"]), "verify: ok");
}
