//! What holds of what is sent of a child, one sending after another.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use connector_kit::conformance::History;
use proptest::prelude::*;
use serde_json::{Value, json};
use social_care_dfe_api::ChildrenSocialCare;
use support::{Told as _, translate};

fn golden() -> Value {
    let text = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/children/878_children.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn child() -> Value {
    golden()[0].clone()
}

/// The kinds that stand after these sendings, and how many events the last added.
fn standing(sendings: &[Value]) -> (Vec<String>, usize) {
    let mut history = History::default();
    let mut added = 0;
    for sending in sendings {
        added = history.submit(&ChildrenSocialCare::ANY, &[("878.json", sending.to_string().as_bytes())]).len();
    }
    let mut kinds: Vec<String> = history
        .stands()
        .into_values()
        .map(|body| body.event.unwrap().kind_number().unwrap().name().to_owned())
        .collect();
    kinds.sort();
    (kinds, added)
}

fn count(kinds: &[String], kind: &str) -> usize {
    kinds.iter().filter(|known| *known == kind).count()
}

#[test]
fn sent_again_it_adds_nothing_and_left_out_it_says_nothing() {
    let (all, _) = standing(&[child()]);
    assert_eq!(standing(&[child(), child()]), (all.clone(), 0));
    let mut less = child();
    less.as_object_mut().unwrap().remove("health_and_wellbeing");
    less["social_care_episodes"][0].as_object_mut().unwrap().remove("section_47_assessments");
    less["social_care_episodes"][0].as_object_mut().unwrap().remove("referral_date");
    assert_eq!(standing(&[child(), less]), (all.clone(), 0));
    assert_eq!(standing(&[child(), json!({"la_child_id": "C2234"})]), (all.clone(), 0));
    // Null is no list, and one that cannot all be read does not say what is gone.
    for health in [json!(null), json!("none"), json!([5])] {
        let sending = json!({"la_child_id": "C2234", "health_and_wellbeing": {"sdq_assessments": health}});
        assert_eq!(standing(&[child(), sending.clone()]), (all.clone(), 0), "{sending}");
    }
    let mut unread = child();
    unread["social_care_episodes"][0]["care_worker_details"][1] = json!("Y2234567");
    assert_eq!(standing(&[child(), unread]), (all, 0));
}

#[test]
fn purge_takes_back_at_every_level_and_nothing_beside() {
    let (all, _) = standing(&[child()]);
    let episode = |content: Value| {
        let mut episode = json!({"social_care_episode_id": "13423"});
        episode.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        json!({"la_child_id": "C-2234", "social_care_episodes": [episode]})
    };
    let left = |sending: Value| standing(&[child(), sending]).0;
    let gone = |sending: Value| {
        let left = left(sending);
        let mut gone = all.clone();
        for kind in left {
            let at = gone.iter().position(|known| *known == kind).unwrap();
            gone.remove(at);
        }
        gone
    };
    assert_eq!(left(json!({"la_child_id": "C-2234", "purge": true})), [""; 0]);
    assert_eq!(left(json!([{"la_child_id": "c2234", "purge": "true"}])), [""; 0]);
    assert_eq!(
        gone(json!({"la_child_id": "C-2234", "child_details": {"purge": true}})),
        ["DisabilityRecorded", "PersonDescribed"]
    );
    assert_eq!(
        gone(json!({"la_child_id": "C-2234", "health_and_wellbeing": {"purge": true}})),
        ["StrengthsDifficultiesScored"]
    );
    assert_eq!(
        gone(
            json!({"la_child_id": "C-2234", "education_health_care_plans": [{"education_health_care_plan_id": "E1", "purge": true}]})
        ),
        ["SourceRecordKept"]
    );
    let episode_purged = left(episode(json!({"purge": true})));
    assert_eq!(
        episode_purged,
        ["DisabilityRecorded", "PersonDescribed", "SourceRecordKept", "StrengthsDifficultiesScored"]
    );
    let of = |name: &str, id: &str, value: &str| episode(json!({name: [{id: value, "purge": true}]}));
    assert_eq!(
        gone(of("child_and_family_assessments", "child_and_family_assessment_id", "A1")),
        ["AssessmentCompleted", "AssessmentStarted", "FactorIdentified", "FactorIdentified", "FactorIdentified"]
    );
    assert_eq!(
        gone(of("section_47_assessments", "section_47_assessment_id", "S1")),
        ["ConferenceHeld", "Section47EnquiryEnded", "Section47EnquiryStarted"]
    );
    assert_eq!(gone(of("child_protection_plans", "child_protection_plan_id", "K1")), ["ProtectionPlanStarted"]);
    assert_eq!(
        gone(of("child_looked_after_placements", "child_looked_after_placement_id", "L1")),
        ["LookedAfterPeriodStarted", "PlacementChanged"]
    );
    assert_eq!(gone(episode(json!({"adoption": {"purge": true}}))), ["AdoptionDecided", "AdoptionMatched"]);
    assert_eq!(gone(episode(json!({"care_leavers": {"purge": true}}))), ["CareLeaverContacted"]);
}

#[test]
fn a_block_told_again_is_told_whole() {
    let mut changed = child();
    changed["social_care_episodes"][0]["child_and_family_assessments"][0]["factors"] = json!(["3B"]);
    changed["social_care_episodes"][0]["care_leavers"]["contact_date"] = json!("2025-01-15");
    changed["social_care_episodes"][0]["child_protection_plans"][0]["end_date"] = json!("2025-01-10");
    let (kinds, _) = standing(&[child(), changed.clone()]);
    assert_eq!(count(&kinds, "FactorIdentified"), 1);
    assert_eq!(count(&kinds, "CareLeaverContacted"), 2);
    assert_eq!(count(&kinds, "ProtectionPlanEnded"), 1);
    // A date that is put right is the same record.
    changed["social_care_episodes"][0]["section_47_assessments"][0]["start_date"] = json!("2024-04-03");
    let (kinds, added) = standing(&[child(), changed]);
    assert_eq!((count(&kinds, "Section47EnquiryStarted"), added > 0), (1, true));
    // A date that cannot be read takes nothing back, neither its own event nor another.
    let mut unread = child();
    unread["social_care_episodes"][0]["section_47_assessments"][0]["end_date"] = json!("soon");
    unread["social_care_episodes"][0]["care_worker_details"][0]["start_date"] = json!("soon");
    let (kinds, _) = standing(&[child(), unread]);
    assert_eq!((count(&kinds, "Section47EnquiryEnded"), count(&kinds, "SocialWorkerAllocated")), (1, 2));
    let unread = json!({"la_child_id": "C2234", "social_care_episodes": [{"social_care_episode_id": "13423",
        "child_protection_plans": [{"child_protection_plan_id": "K1", "start_date": "soon"}]}]});
    assert_eq!(count(&standing(&[child(), unread]).0, "ProtectionPlanStarted"), 1);
}

#[test]
fn a_list_with_its_day_confirms_the_feed_when_all_of_it_was_taken() {
    let confirmed = |name: &str, text: &str| {
        let said = translate(&ChildrenSocialCare::ANY, &[(name, text)]);
        said.of_kind("FeedConfirmed").into_iter().map(|(_, event)| event["confirmedAt"].clone()).collect::<Vec<_>>()
    };
    let good = json!([golden()[2]]).to_string();
    assert_eq!(confirmed("878_2025-11-22.json", "[]"), ["2025-11-22T00:00:00Z"]);
    assert_eq!(confirmed("878_2025-11-22.json", &good), ["2025-11-22T00:00:00Z"]);
    let nothing: [Value; 0] = [];
    assert_eq!(confirmed("878.json", &good), nothing);
    assert_eq!(confirmed("878_2025-11-22.json", &golden()[2].to_string()), nothing);
    assert_eq!(confirmed("878_2025-11-22.json", &golden().to_string()), nothing);
    assert_eq!(confirmed("878_2025-11-22.json", &good[..good.len() - 1]), nothing);
}

#[test]
fn every_shape_of_file_says_the_same() {
    let children = json!([child(), golden()[2]]);
    let said = |text: &str| translate(&ChildrenSocialCare::ANY, &[("878.json", text)]);
    let expected = said(&children.to_string()).sayings();
    assert!(!expected.is_empty());
    assert_eq!(said(&json!({"children": children}).to_string()).sayings(), expected);
    assert_eq!(said(&format!("{}\n{}\n", child(), golden()[2])).sayings(), expected);
    assert_eq!(said(&format!("\u{feff} {children:#} \r\n")).sayings(), expected);
    for (text, reason) in [
        ("", "REASON_FILE_UNREADABLE"),
        ("[", "REASON_FILE_UNREADABLE"),
        ("[] x", "REASON_FILE_UNREADABLE"),
        ("7", "REASON_RECORD_MALFORMED"),
        ("{\"children\": 7}", "REASON_RECORD_MALFORMED"),
    ] {
        assert_eq!(said(text).reasons(), [reason], "{text}");
    }
    assert_eq!(said("[]").rejections, []);
    assert_eq!(translate(&ChildrenSocialCare::ANY, &[("x.json", "[]")]).reasons(), ["REASON_SUBJECT_MISSING"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let said = translate(&ChildrenSocialCare::ANY, &[("878.json", &bytes)]);
        prop_assert!(!said.drafts.is_empty() || !said.rejections.is_empty());
    }

    #[test]
    fn a_file_with_bytes_put_wrong_never_panics(at in 0usize..5_000, byte in any::<u8>()) {
        let mut bytes = golden().to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let said = translate(&ChildrenSocialCare::ANY, &[("878.json", &bytes)]);
        prop_assert!(said.rejections.iter().all(|rejection| !rejection.message.is_empty()));
    }
}
