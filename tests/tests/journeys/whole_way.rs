//! One record of each sector the whole way: file, event, log, timeline, decision, disclosure, answer.

use std::collections::BTreeSet;
use std::fs;

use proto::events::{Scheme, Subject};
use proto::sharing::{Outcome, Purpose};
use proto::timeline::GetTimelineResponse;

use crate::harness::{Place, ask, canonical, line_with, number_in};

/// Who looks at the demo child, and what for.
const READERS: [(&str, Purpose); 5] = [
    ("socialCare", Purpose::ChildProtection),
    ("school", Purpose::EducationProvision),
    ("hospital", Purpose::DirectCare),
    ("practice", Purpose::DirectCare),
    ("unrelated", Purpose::EarlyHelp),
];

fn as_all(place: &Place) -> Vec<GetTimelineResponse> {
    let child = place.demo_child("UPN");
    let asks = READERS.iter().map(|(role, purpose)| ask(place, &place.demo_organisation(role), &child, *purpose));
    asks.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_child_is_seen_differently_by_each_reader_on_the_record_and_the_same_after_a_rebuild() {
    let place = Place::new(120, 1);
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    let status = place.settle();
    assert!(status["events"].as_u64().unwrap() > 1_000, "{status}");
    assert_eq!((status["parked"].as_u64(), status["accepting"].as_bool()), (Some(0), Some(true)), "{status}");

    let answers = as_all(&place);
    let seen: Vec<_> = answers.iter().map(canonical).collect();
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), READERS.len(), "two readers see the same");
    let [social_care, school, hospital, _, unrelated] = answers.as_slice() else { panic!() };
    assert!(social_care.entries.len() > school.entries.len(), "the case holder sees most");
    assert!(!school.entries.is_empty() && !hospital.entries.is_empty());
    assert!(unrelated.entries.is_empty() && unrelated.existence.is_empty());
    let withheld = |answer: &GetTimelineResponse| {
        answer.existence.len() + answer.entries.iter().filter(|e| e.outcome() == Outcome::Redacted).count()
    };
    assert!(withheld(school) > 0, "a school is told that something is withheld, and whom to ask");

    let nobody = Subject { scheme: Scheme::Upn.into(), issuer: "dfe".into(), value: "Z999999999999".into() };
    let unknown = ask(&place, &place.demo_organisation("unrelated"), &nobody, Purpose::EarlyHelp).unwrap();
    assert_eq!(canonical(&unknown), canonical(unrelated), "a hidden child and one who is not known look the same");
    assert_ne!(unknown.decision_id, unrelated.decision_id);

    let listed = place.listed(&["disclosures", "--limit", "1000"]);
    let on_record: BTreeSet<&str> = listed.iter().map(|one| one["decision"].as_str().unwrap()).collect();
    for (answer, (role, _)) in answers.iter().zip(READERS) {
        let id = hex::encode(&answer.decision_id);
        assert!(on_record.contains(id.as_str()), "the answer to {role} is not on record");
        let recorded = listed.iter().find(|one| one["decision"] == *id).unwrap();
        assert_eq!(recorded["organisation"], place.demo_organisation(role).as_str());
        let held = [answer.entries.len(), answer.existence.len()].map(|held| Some(held as u64));
        assert_eq!([recorded["entries"].as_u64(), recorded["lines"].as_u64()], held, "{recorded}");
    }

    running.stop();
    let verified = place.ours(&["verify"]);
    let state = number_in(line_with(&verified, "verify: ok"), "state");
    fs::remove_dir_all(place.path("here/data/store")).unwrap();
    let rebuilt = place.ours(&["rebuild"]);
    assert_eq!(number_in(line_with(&rebuilt, "rebuilt:"), "state"), state);

    let running = place.up();
    assert_eq!(as_all(&place).iter().map(canonical).collect::<Vec<_>>(), seen);
    running.stop();
    line_with(&place.ours(&["verify"]), "verify: ok");
}
