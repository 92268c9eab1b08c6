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
