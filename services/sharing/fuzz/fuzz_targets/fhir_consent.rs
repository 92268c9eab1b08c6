//! FHIR Consent: no bytes bring the reader down, and whatever it reads and can write, it reads again as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sharing::fhir::{read, write};

fuzz_target!(|bytes: &[u8]| {
    let Ok(first) = std::str::from_utf8(bytes).map_err(drop).and_then(|text| read(text).map_err(drop)) else { return };
    for fact in &first.facts {
        if let Ok(written) = write(fact) {
            let again = read(&written.to_string()).expect("what is written is read");
            assert_eq!(again.facts, [fact.clone()]);
        }
    }
});
