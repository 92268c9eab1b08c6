//! The bargain that every connector holds.
#![cfg(test)]

use connector_kit::conformance::{self, Sample};
use social_care_dfe_api::ChildrenSocialCare;

#[test]
fn holds_the_bargain() {
    let children =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/children/878_children.json")).unwrap();
    let canaries = ["2234", "B801200005001", "Inventia", "Madeup", "ZZ14", "X3323345"];
    conformance::check(&ChildrenSocialCare::ANY, &Sample::new(&[("878_children.json", &children)]).canaries(&canaries));
}

#[test]
fn sendings_that_overlap_come_to_one_timeline_in_any_order() {
    let first = r#"[{"la_child_id":"C1","child_details":{"date_of_birth":"2012-06-14","sex":"F"},"social_care_episodes":[
        {"social_care_episode_id":"1","referral_date":"2024-05-01","referral_source":"6","child_protection_plans":[
        {"child_protection_plan_id":"P1","start_date":"2024-06-01"}]}]},{"la_child_id":"C2","child_details":{"date_of_birth":"2015-01-02"}}]"#;
    let second = r#"[{"la_child_id":"C1","social_care_episodes":[{"social_care_episode_id":"1","child_protection_plans":[
        {"child_protection_plan_id":"P1","start_date":"2024-06-03","end_date":"2025-01-10"}]}]}]"#;
    let third = r#"[{"la_child_id":"C1","child_details":{"date_of_birth":"2012-06-15","sex":"F"}},
        {"la_child_id":"C2","child_details":{"date_of_birth":"2015-01-02","postcode":"ZZ1 1AA"}}]"#;
    conformance::check_overlapping(
        &ChildrenSocialCare::ANY,
        &[
            &[("878_2025-11-20.json", first.as_bytes())],
            &[("878_2025-11-21.json", second.as_bytes())],
            &[("878_2025-11-22.json", third.as_bytes())],
        ],
    );
}
