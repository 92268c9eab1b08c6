//! What invented children become, to the letter. `UPDATE_GOLDEN=1 cargo test --workspace --test golden` writes the expected
//! files anew.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use std::path::Path;

use social_care_dfe_api::ChildrenSocialCare;

#[test]
fn every_golden_file_becomes_what_it_became() {
    support::check_golden(&ChildrenSocialCare::ANY, &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
}
