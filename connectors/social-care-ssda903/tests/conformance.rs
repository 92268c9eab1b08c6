//! The bargain that every connector holds.
#![cfg(test)]

mod support;

use std::path::Path;

use connector_kit::conformance::{self, Sample};
use social_care_ssda903::Ssda903;

const CANARIES: [&str; 6] = ["900101", "B801200005001", "SW000001", "ZZ2 2BB", "1234567", "remark"];

#[test]
fn holds_the_bargain_as_csv() {
    let files = support::files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/2025"));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    conformance::check(&Ssda903::ANY, &Sample::new(&files).canaries(&CANARIES).end_is_not_marked());
}

#[test]
fn holds_the_bargain_as_xml() {
    let files = support::files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/2025-xml"));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    conformance::check(&Ssda903::ANY, &Sample::new(&files).canaries(&CANARIES));
}
