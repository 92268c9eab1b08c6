//! Any bytes as a file of lists: no panic, and the same bytes give the same.
#![no_main]

use connector_kit::Collected;
use libfuzzer_sys::fuzz_target;
use social_care_annex_a::AnnexA;

fuzz_target!(|bytes: &[u8]| {
    let said = || Collected::of(&AnnexA::ANY, &[("878_2025-03-04.csv", bytes)]);
    assert_eq!(said(), said());
});
