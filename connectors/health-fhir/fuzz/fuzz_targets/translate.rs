//! FHIR in any form: no bytes bring the reader down, none are passed over in silence, and what is kept is kept as it came.
#![no_main]

use connector_kit::Collected;
use health_fhir::Fhir;
use libfuzzer_sys::fuzz_target;
use proto::events::event::Kind;

/// What says nothing by design: that a search found nothing, somebody told of as themselves, the envelope of a birth.
const SAY_NOTHING: &[&[u8]] = &[b"searchset", b"history", b"ONESELF", b"Communication"];
/// How a word may be written so that it is not found by its letters.
const ESCAPES: &[&[u8]] = &[b"\\u", b"&#"];

fuzz_target!(|bytes: &[u8]| {
    let connector = Fhir { organisation: Some("ods-rz99".to_owned()) };
    // Of text in sixteen bits the letters alone.
    let letters: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    let holds = |word: &&[u8]| letters.windows(word.len()).any(|part| part == *word);
    let may_say_nothing = SAY_NOTHING.iter().chain(ESCAPES).any(holds);
    for name in ["fuzz.json", "fuzz.xml", "fuzz.ndjson"] {
        let said = Collected::of(&connector, &[(name, bytes)]);
        assert!(may_say_nothing || !said.rejections.is_empty() || !said.drafts.is_empty());
        assert!(said.rejections.iter().all(|rejection| !rejection.message.is_empty()));
        for draft in &said.drafts {
            if let Some(Kind::SourceRecordKept(kept)) = &draft.event.kind {
                assert!(kept.content.as_ref().is_some_and(|content| !content.is_empty()));
            }
        }
    }
});
