//! The bargain that every connector holds.
#![cfg(test)]

use connector_kit::conformance::{self, Sample};
use health_fhir::Fhir;

const PAGE: &[u8] = include_bytes!("golden/server/page.json");
const BULK: &[u8] = include_bytes!("golden/bulk/Patient.ndjson");
const MESSAGE: &[u8] = include_bytes!("golden/messages/01-vaccinated.json");
const BIRTH: &[u8] = include_bytes!("golden/births/birth.xml");
const CANARIES: &[&str] = &["Inventia", "Tansy", "Marigold", "999012345", "01632", "ZZ99 3WZ", "M-0042", "Madeup"];

#[test]
fn a_page_of_a_search_holds_the_bargain() {
    let connector = Fhir { organisation: Some("ods-rz99".to_owned()) };
    conformance::check(&connector, &Sample::new(&[("page.json", PAGE)]).canaries(CANARIES));
}

#[test]
fn a_bulk_file_holds_the_bargain() {
    let sample = Sample::new(&[("Patient.ndjson", BULK)]).canaries(CANARIES).end_is_not_marked();
    conformance::check(&Fhir::default(), &sample);
}

#[test]
fn messages_hold_the_bargain() {
    for (name, bytes) in [("message.json", MESSAGE), ("birth.xml", BIRTH)] {
        conformance::check(&Fhir::default(), &Sample::new(&[(name, bytes)]).canaries(CANARIES));
    }
}

/// The page as the server gives it a week later: everything changed since, one thing corrected.
fn later() -> String {
    let page = std::str::from_utf8(PAGE).unwrap();
    let later =
        page.replace("2026-04-02T10:00:00Z", "2026-04-09T10:00:00Z").replace("\"value\": 92,", "\"value\": 93,");
    assert!(later != page);
    later
}

#[test]
fn pages_and_messages_that_overlap_end_at_one_standing() {
    let connector = Fhir { organisation: Some("ods-rz99".to_owned()) };
    let later = later();
    conformance::check_overlapping(&connector, &[&[("page.json", PAGE)], &[("page.json", later.as_bytes())]]);
    let said = std::str::from_utf8(MESSAGE).unwrap();
    let corrected = said.replace("2026-03-02", "2026-03-28").replace("LOT7", "LOT8");
    let files: [&[(&str, &[u8])]; 2] = [&[("said.json", MESSAGE)], &[("corrected.json", corrected.as_bytes())]];
    conformance::check_overlapping(&Fhir::default(), &files);
}
