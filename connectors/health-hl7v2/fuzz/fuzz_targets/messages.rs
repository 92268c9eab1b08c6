//! Any bytes as a file of messages, and as a message to answer: `cargo +nightly fuzz run messages`.

#![no_main]

use connector_kit::Collected;
use connector_kit::mllp::Answer;
use health_hl7v2::{Hl7V2, acknowledge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let said = Collected::of(&Hl7V2::default(), &[("fuzz", bytes)]);
    assert!(said.records > 0 || !said.rejections.is_empty());
    acknowledge(bytes, Answer::Reject, "refused");
});
