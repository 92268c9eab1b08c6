//! What every connector must hold.

#![cfg(test)]

use connector_kit::conformance::{Sample, check};
use health_hl7v2::Hl7V2;

const DAY: &[u8] = include_bytes!("messages/day.hl7");
const OTHERS: &[u8] = include_bytes!("messages/others.hl7");

#[test]
fn the_connector_holds_the_bargain() {
    let files: [(&str, &[u8]); 1] = [("day.hl7", DAY)];
    let canaries = ["ASHDOWN", "Merrin", "9991110009", "Tansy", "ZZ99 3WZ", "01632"];
    check(&Hl7V2, &Sample::new(&files).canaries(&canaries).end_is_not_marked());
}

#[test]
fn it_holds_it_for_results_problems_documents_and_schedules_too() {
    let files: [(&str, &[u8]); 1] = [("others.hl7", OTHERS)];
    let canaries = ["ASHDOWN", "Merrin", "9991110003", "Chlamydia"];
    check(&Hl7V2, &Sample::new(&files).canaries(&canaries).end_is_not_marked());
}
