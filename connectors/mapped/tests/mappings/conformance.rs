//! The bargain that every connector holds, held by every worked mapping.

use connector_kit::conformance::{self, Sample};

use crate::worked::{WORKED, mapping, sample};

#[test]
fn every_worked_mapping_holds_the_bargain() {
    // Rows of one child are described together, so what stood well before a cut is still said; a table does not say where it
    // ends.
    for (name, sample_name) in WORKED.into_iter().filter(|(_, sample_name)| !sample_name.ends_with("xlsx")) {
        let bytes = sample(sample_name);
        let files = [(sample_name, bytes.as_slice())];
        let canaries = [
            "9990000107",
            "E878900021000",
            "Ada",
            "Ben",
            "ZZ99",
            "R-5001",
            "SP1",
            "01632",
            "9276308686",
            "An invented account",
        ];
        conformance::check(&mapping(name), &Sample::new(&files).canaries(&canaries).end_is_not_marked());
    }
}
