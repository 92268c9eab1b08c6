//! kill -9 at many moments of taking in: nothing is lost, nothing is told twice, and the store is what the log gives.

use std::fs;

use proto::sharing::Purpose;
use proto::timeline::GetTimelineResponse;

use crate::harness::{Child, Place, asks, child, line_with};

const CHILDREN: u32 = 200;
const PSEUDONYM_KEY: &str = "here/data/keys/pseudonym.key";

/// How much of an uninterrupted run has been read when the plug is pulled, in hundredths. The moment within a batch is
/// whatever it happens to be.
const PULLED_AT: [u64; 6] = [0, 2, 5, 15, 40, 75];

/// What readers see of the first children of the authority. When a source that states no date of its own was read is
/// another moment in each run, and is left out.
fn timelines(place: &Place) -> Vec<String> {
    let scheme = |scheme: &str| -> Vec<Child> {
        let lines = place.json_lines("truth.jsonl");
        let subjects = lines.iter().flat_map(|line| line["subjects"].as_array().unwrap().clone());
        subjects.filter(|subject| subject["scheme"] == scheme).take(15).map(|subject| child(&subject)).collect()
    };
    let mut seen = Vec::new();
    for (role, by, purpose) in [
        ("socialCare", "LA_CHILD_ID", Purpose::ChildProtection),
        ("hospital", "NHS_NUMBER", Purpose::DirectCare),
        ("school", "UPN", Purpose::EducationProvision),
    ] {
        let answers = asks(place, &place.demo_organisation(role), &scheme(by), purpose);
        assert!(answers.iter().any(|answer| !answer.entries.is_empty()), "{role} sees nobody");
        for answer in answers.into_iter().map(without_time_of_reading) {
            seen.extend(answer.entries.iter().map(|entry| format!("{role}: {entry:?}")));
            seen.extend(answer.existence.iter().map(|line| format!("{role}: {line:?}")));
            seen.push(format!("{role}: {}", answer.entries.len()));
        }
    }
    seen
}

fn without_time_of_reading(mut answer: GetTimelineResponse) -> GetTimelineResponse {
    for entry in &mut answer.entries {
        entry.known_as_at = None;
    }
    answer
}

/// Events on the timelines so far, when the process answers at all.
fn events(place: &Place) -> Option<u64> {
    let config = place.config();
    let answer = place.run(&["status", "--json", "--config", config.to_str().unwrap()]);
    let status: serde_json::Value = serde_json::from_slice(&answer.stdout).ok()?;
    status["events"].as_u64()
}

#[test]
fn pulling_the_plug_at_any_moment_changes_no_timeline() {
    let whole = Place::new(CHILDREN, 2);
    let running = whole.up();
    whole.record_facts();
    whole.drop_authority();
    let all = whole.settle()["events"].as_u64().unwrap();
    let expected = timelines(&whole);
    running.stop();

    // Under the same key, so that entries of one day stand in the same order.
    let place = Place::new(CHILDREN, 2);
    fs::copy(whole.path(PSEUDONYM_KEY), place.path(PSEUDONYM_KEY)).unwrap();
    let running = place.up();
    place.record_facts();
    let facts = place.settle()["events"].as_u64().unwrap();
    running.kill();
    place.drop_authority();
    let mut met = Vec::new();
    for hundredths in PULLED_AT {
        let mut running = place.begin();
        let wanted = facts + (all - facts) * hundredths / 100;
        // Each turn asks a process, which takes its time: that is the pause between two looks.
        let reached = loop {
            assert!(running.is_alive());
            if let Some(reached) = events(&place).filter(|reached| *reached >= wanted) {
                break reached;
            }
        };
        running.kill();
        met.push(reached);
    }
    let in_the_middle = |reached: &&u64| (facts + 1..all).contains(*reached);
    assert!(met.iter().any(|reached| in_the_middle(&reached)), "the plug was pulled too late: {met:?} of {all}");
    let running = place.up();
    let found = timelines(&place);
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
    running.stop();
    line_with(&place.ours(&["verify"]), "verify: ok");
}
