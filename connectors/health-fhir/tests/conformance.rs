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
