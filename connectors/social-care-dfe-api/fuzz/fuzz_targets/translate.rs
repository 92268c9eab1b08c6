//! Any bytes as a file of children: no panic, and the same bytes give the same.
#![no_main]

use connector_kit::Collected;
use libfuzzer_sys::fuzz_target;
use social_care_dfe_api::ChildrenSocialCare;

fuzz_target!(|bytes: &[u8]| {
    let said = || Collected::of(&ChildrenSocialCare::ANY, &[("878.json", bytes)]);
    assert_eq!(said(), said());
});
