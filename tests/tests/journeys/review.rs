//! A reviewer's day, by the commands: what waits, a pair side by side, two people for one link, a crash between them, and undoing it.

use serde_json::Value;

use crate::harness::{Place, line_with};

const READERS: [&str; 2] = ["--readers", "here/readers"];

fn asking<'a>(as_whom: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    [&["identity"], arguments, &["--as", as_whom], &READERS].concat()
}

/// The queue, once everything is looked through.
fn queue(place: &Place) -> Vec<Value> {
    loop {
        let printed = place.must(&asking("reviewer-1", &["queue", "--json"]));
        let answer: Value = serde_json::from_str(&printed).unwrap();
        if answer["complete"] == true {
            return answer["items"].as_array().cloned().unwrap_or_default();
        }
    }
}

/// The first eight digits of an item's id, and of what a reviewer saw of it now.
fn shown(place: &Place, item: &str) -> (Value, String) {
    let answer: Value = serde_json::from_str(&place.must(&asking("reviewer-1", &["show", item, "--json"]))).unwrap();
    let seen = short(&answer["seen"]);
    (answer, seen)
}

fn short(base64: &Value) -> String {
    use base64::Engine as _;
    hex::encode(&base64::engine::general_purpose::STANDARD.decode(base64.as_str().unwrap()).unwrap()[..4])
}

fn decide(place: &Place, as_whom: &str, verdict: &str, item: &str, seen: &str) -> Result<String, String> {
    let output = place.run(&asking(as_whom, &[verdict, item, "--seen", seen, "--because", "an invented reason"]));
    match output.status.code() {
        Some(0) => Ok(String::from_utf8(output.stdout).unwrap()),
        Some(3) => Err(String::from_utf8(output.stderr).unwrap()),
        other => panic!("{other:?}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
fn two_people_link_a_contested_pair_across_a_crash_and_undo_it() {
    let place = Place::new(200, 3);
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    let waiting = queue(&place);
    assert!(!waiting.is_empty(), "two pupils of the invented authority go by one number");
    let item = short(&waiting[0]["item"]);
    let listed = place.must(&asking("reviewer-1", &["queue"]));
    assert!(listed.contains(&item) && listed.contains("two people"), "{listed}");

    let text = place.must(&asking("reviewer-1", &["show", &item]));
    let decide_by = line_with(&text, "to decide");
    let (answer, seen) = shown(&place, &item);
    assert!(decide_by.contains(&item) && decide_by.contains(&seen), "{decide_by}");
    assert!(answer["fields"].as_array().is_some_and(|fields| fields.len() >= 4), "{answer}");
    let proposed = decide(&place, "reviewer-1", "link", &item, &seen).unwrap();
    assert!(proposed.starts_with("proposed: another person must confirm it"), "{proposed}");
    let (_, seen) = shown(&place, &item);
    let refused = decide(&place, "reviewer-1", "link", &item, &seen).unwrap_err();
    assert!(refused.contains("SECOND_PERSON_NEEDED"), "{refused}");
    running.kill();

    let running = place.up();
    place.settle();
    let still = queue(&place);
    let of_item = |items: &[Value]| items.iter().find(|one| short(&one["item"]) == item).cloned();
    assert_eq!(of_item(&still).unwrap()["standing"], "STANDING_PROPOSED");
    let (_, seen) = shown(&place, &item);
    let linked = decide(&place, "reviewer-2", "link", &item, &seen).unwrap();
    assert!(linked.starts_with("linked event="), "{linked}");
    assert!(of_item(&queue(&place)).is_none());
    let history = place.must(&asking("reviewer-2", &["show", &item]));
    assert!(history.contains("linked by reviewer-2 at throughline-local-hub, as reviewer-1 proposed"), "{history}");

    let (_, seen) = shown(&place, &item);
    assert!(decide(&place, "reviewer-2", "unlink", &item, &seen).unwrap().starts_with("proposed"));
    let (_, seen) = shown(&place, &item);
    let unlinked = decide(&place, "reviewer-1", "unlink", &item, &seen).unwrap();
    let event = line_with(&unlinked, "unlinked event=").trim_start_matches("unlinked event=");
    let given = place.must(&asking("reviewer-1", &["disclosures", "--event", event]));
    assert!(given.starts_with("disclosures: 0 under the link from "), "{given}");
    let counted = place.must(&asking("reviewer-2", &["statistics"]));
    assert!(line_with(&counted, "review:").contains("linked=1 unlinked=1 overturned=1"), "{counted}");

    let school = place.demo_organisation("school");
    assert_eq!(place.must(&asking(&school, &["queue"])).trim(), "queue: 0 item(s)");
    let refused = place.run(&asking(&school, &["show", &item]));
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("NO_SUCH_ITEM"));
    running.stop();
    line_with(&place.ours(&["verify"]), "verify: ok");
    let told = place.told();
    let name = answer["fields"][0]["one"][0]["value"].as_str().unwrap();
    assert!(
        !told.contains(name) && !told.contains("an invented reason"),
        "a name or a reason is in the process's own log"
    );
}
