//! Any bytes at all, as a day's marks: no panic, and nothing said of nobody.
#![no_main]

use connector_kit::Collected;
use education_attendance::DailyAttendance;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let said = Collected::of(&DailyAttendance, &[("8784001.csv", bytes)]);
    assert!(said.drafts.iter().all(|draft| !draft.subject.value.is_empty() && draft.effective.when.is_some()));
    assert!(said.rejections.iter().all(|rejection| !rejection.message.is_empty()));
});
