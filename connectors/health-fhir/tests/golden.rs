//! What invented resources become, to the letter. `UPDATE_GOLDEN=1 cargo test --workspace --test golden` writes the expected
//! files anew.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use std::path::Path;

use health_fhir::Fhir;

#[test]
fn every_golden_file_becomes_what_it_became() {
    support::check_golden(&Fhir::default(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
}
