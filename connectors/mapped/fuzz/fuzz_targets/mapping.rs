//! Any text at all, as a mapping: read, or refused with something to do.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mapped::Mapping;

fuzz_target!(|text: &str| {
    match Mapping::parse(text) {
        Ok(checked) => assert!(!checked.mapping.told().about.is_empty()),
        Err(unusable) => assert!(unusable.problems.iter().all(|problem| !problem.what.is_empty())),
    }
});
