//! Any bytes as a file of the return: no panic, and the same bytes give the same.
#![no_main]

use connector_kit::Collected;
use libfuzzer_sys::fuzz_target;
use social_care_ssda903::Ssda903;

fuzz_target!(|bytes: &[u8]| {
    let said = || Collected::of(&Ssda903::ANY, &[("878_2025.csv", bytes)]);
    assert_eq!(said(), said());
});
