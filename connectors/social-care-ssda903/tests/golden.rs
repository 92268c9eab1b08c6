//! What invented returns become, to the letter. `UPDATE_GOLDEN=1 cargo test --workspace --test golden` writes the expected
//! files anew.
#![cfg(test)]

mod support;

use std::path::Path;

use social_care_ssda903::Ssda903;

#[test]
fn every_golden_return_becomes_what_it_became() {
    support::check_golden(&Ssda903::ANY, &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
}
