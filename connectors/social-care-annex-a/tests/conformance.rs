//! The bargain that every connector holds.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use std::path::Path;

use connector_kit::conformance::{self, History, Sample};
use proto::events::Cause;
use social_care_annex_a::AnnexA;

const CANARIES: [&str; 6] = ["910001", "910004", "Invented Person", "ZZ28 2WB", "14159183", "Home Town"];

#[test]
fn holds_the_bargain() {
    let mut files = support::files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/2025"));
    // Lists 1, 8 and 10: each is cut and spoilt at many places, and the others are read as these are.
    files.retain(|(name, _)| ["_a.csv", "_h.csv", "_j.csv"].iter().any(|end| name.ends_with(end)));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    conformance::check(&AnnexA::ANY, &Sample::new(&files).canaries(&CANARIES).end_is_not_marked());
}

const CONTACTS: &str = "Child Unique ID,Gender,Ethnicity,Date of Birth,Age of Child (Years),Date of Contact,Contact Source\n\
    910001,a) Male,a) White,01/02/2015,10,03/02/2025,g) Police\n910002,b) Female,b) Mixed,05/06/2018,6,04/02/2025,b) Schools\n";
const PLANS: &str = "Child Unique ID,Child Protection Plan Start Date,Initial Category of Abuse,Child Protection Plan End Date\n\
    910001,05/02/2025,a) Neglect,\n910003,10/01/2025,d) Emotional Abuse,\n";

#[test]
fn lists_that_overlap_come_to_one_timeline_in_any_order() {
    // As of another day of the month: a contact is gone, a plan has ended; and as of another month.
    let (later, ended) = (
        CONTACTS.replace("910002,b) Female,b) Mixed,05/06/2018,6,04/02/2025,b) Schools\n", ""),
        PLANS.replace("Neglect,", "Neglect,03/03/2025"),
    );
    let of = |day: &str| (format!("878_{day}_contacts.csv"), format!("878_{day}_plans.csv"));
    let names = [of("2025-03-04"), of("2025-03-20"), of("2025-04-02")];
    let first: [(&str, &[u8]); 2] = [(&names[0].0, CONTACTS.as_bytes()), (&names[0].1, PLANS.as_bytes())];
    let second: [(&str, &[u8]); 2] = [(&names[1].0, later.as_bytes()), (&names[1].1, ended.as_bytes())];
    let third: [(&str, &[u8]); 2] = [(&names[2].0, CONTACTS.as_bytes()), (&names[2].1, ended.as_bytes())];
    conformance::check_overlapping(&AnnexA::ANY, &[&first, &second, &third]);
}

#[test]
fn a_date_put_right_is_a_correction_and_no_retraction() {
    let mut history = History::default();
    history.submit(&AnnexA::ANY, &[("878_2025-03-04_plans.csv", PLANS.as_bytes())]);
    let corrected = PLANS.replace("10/01/2025", "13/01/2025");
    let added = history.submit(&AnnexA::ANY, &[("878_2025-03-20_plans.csv", corrected.as_bytes())]);
    let causes: Vec<Cause> = added.iter().map(|statement| statement.body.cause()).collect();
    assert!(causes.contains(&Cause::Corrected) && !causes.contains(&Cause::Retracted), "{causes:?}");
}
