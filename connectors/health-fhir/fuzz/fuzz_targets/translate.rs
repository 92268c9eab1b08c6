//! FHIR in any form: no bytes bring the reader down, and none are passed over in silence but those of a resource that tells of nobody.
#![no_main]

use connector_kit::Collected;
use health_fhir::Fhir;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let connector = Fhir { organisation: Some("ods-rz99".to_owned()) };
    for name in ["fuzz.json", "fuzz.ndjson"] {
        let said = Collected::of(&connector, &[(name, bytes)]);
        let blank = bytes.trim_ascii().is_empty();
        let is_resource = bytes.windows(12).any(|part| part == b"resourceType") || bytes.contains(&b'<');
        assert!(blank || is_resource || said.records > 0 || !said.rejections.is_empty() || !said.drafts.is_empty());
    }
});
