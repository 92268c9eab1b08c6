//! An emergency, by the commands: the glass is broken, what it opened is told to whose it was, and somebody else reviews it.

use proto::sharing::Purpose;
use serde_json::Value;

use crate::harness::{Place, ask, line_with, number_in};

const READERS: [&str; 2] = ["--readers", "here/readers"];
const REASON: &str = "invented: arrived alone, and nobody knows who may collect the child";

fn asking<'a>(as_whom: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &["--as", as_whom], &READERS].concat()
}

fn notices(place: &Place, as_whom: &str) -> Vec<Value> {
    let printed = place.must(&asking(as_whom, &["notices", "list", "--json"]));
    let answer: Value = serde_json::from_str(&printed).unwrap();
    answer["notices"].as_array().cloned().unwrap_or_default()
}

#[test]
fn the_glass_is_broken_told_of_and_reviewed_by_somebody_else() {
    let place = Place::new(60, 1);
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    let (reader, council) = (place.demo_organisation("unrelated"), place.demo_organisation("socialCare"));
    let child = place.demo_child("UPN");
    let of_child = format!("UPN:{}:{}", child.issuer, child.value);
    let look = || ask(&place, &reader, &child, Purpose::ChildProtection).unwrap();
    assert!(look().entries.is_empty(), "they do not work with the child");
    assert!(notices(&place, &council).is_empty());

    let assert = ["break-glass", "assert", &of_child, "--purpose", "child_protection", "--minutes", "30"];
    let short = place.run(&asking(&reader, &[&assert[..], &["--reason", "why not"]].concat()));
    assert!(!short.status.success(), "a reason is said in ten characters at least");
    let said = place.must(&asking(&reader, &[&assert[..], &["--reason", REASON]].concat()));
    let broken = line_with(&said, "break-glass:");
    let id = broken.split_whitespace().nth(1).unwrap().to_owned();
    assert!(said.contains("you owe: review 72h"), "{said}");
    let opened = look();
    assert!(!opened.entries.is_empty() && opened.owed.len() >= 2, "it opens, for something in return");

    let told = notices(&place, &council);
    assert!(told.iter().any(|notice| notice["kind"] == "KIND_BREAK_GLASS_OPENED_YOURS"), "{told:?}");
    assert!(!told.iter().any(|notice| notice.to_string().contains(REASON)), "what another wrote is not told");

    let own = place.run(&asking(&reader, &review(&id)));
    assert_eq!(own.status.code(), Some(3), "nobody reviews their own");
    let out = place.path("here");
    let token =
        ["dev", "token", "--out", out.to_str().unwrap(), "--organisation", &reader, "--person", "another.reader"];
    place.must(&[&token[..], &["--roles", "safeguarding", "--name", "reviewing"]].concat());
    let listed = place.must(&asking("reviewing", &["break-glass", "list"]));
    assert!(listed.contains(&id) && line_with(&listed, "break-glass:").contains("listed=1 overdue=0"), "{listed}");
    place.must(&asking("reviewing", &review(&id)));
    let twice = place.run(&asking("reviewing", &review(&id)));
    assert!(String::from_utf8_lossy(&twice.stderr).contains("REVIEWED_ALREADY"), "the first review stands");
    let listed = place.must(&asking("reviewing", &["break-glass", "list", "--json"]));
    assert!(listed.contains("OUTCOME_JUSTIFIED") || listed.contains("\"JUSTIFIED\""), "{listed}");
    assert!(!look().entries.is_empty(), "a review ends nothing");

    // A child who is not known is answered alike.
    let nobody =
        ["break-glass", "assert", "UPN:dfe:Z999999999999", "--purpose", "child_protection", "--reason", REASON];
    let blind = place.must(&asking(&reader, &nobody));
    assert_eq!(blind.lines().count(), said.lines().count());
    assert_eq!(number_in(line_with(&blind, "break-glass:"), "decision").len(), 32);

    running.stop();
    line_with(&place.ours(&["verify"]), "verify: ok");
    assert!(!place.told().contains(REASON), "a reason is in the process's own log");
}

fn review(id: &str) -> Vec<&str> {
    vec!["break-glass", "review", id, "--outcome", "justified", "--words", "seen with the ward"]
}
