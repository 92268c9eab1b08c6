//! The seeds of the fuzz target, in every run of the tests.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use std::path::Path;

use social_care_dfe_api::ChildrenSocialCare;

#[test]
fn every_seed_of_the_fuzz_target_is_translated() {
    let seeds = support::files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/translate"));
    assert!(seeds.len() >= 3);
    for (name, seed) in seeds {
        let said = support::translate(&ChildrenSocialCare::ANY, &[("878.json", &seed)]);
        assert!(!said.drafts.is_empty() || !said.rejections.is_empty(), "{name}");
    }
}
