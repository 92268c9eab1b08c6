//! The bargain that every connector holds.
#![cfg(test)]

mod support;

use std::path::Path;

use connector_kit::conformance::{self, History, Sample};
use proto::events::Cause;
use social_care_ssda903::Ssda903;

const CANARIES: [&str; 6] = ["900101", "B801200005001", "SW000001", "ZZ2 2BB", "1234567", "remark"];

#[test]
fn holds_the_bargain_as_csv() {
    let files = support::files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/2025"));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    conformance::check(&Ssda903::ANY, &Sample::new(&files).canaries(&CANARIES).end_is_not_marked());
}

#[test]
fn holds_the_bargain_as_xml() {
    let files = support::files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/2025-xml"));
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    conformance::check(&Ssda903::ANY, &Sample::new(&files).canaries(&CANARIES));
}

const HEADER: &str = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n1,F,14/06/2012,WBRI,UN4,0,\n";
const COLUMNS: &str = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n";
const OPEN: &str = "1,03/05/2023,S,C2,N1,U6,PR1,,,,ZZ1 1AA,ZZ2 2BB,1234567\n";
const MOVED: &str = "1,03/05/2023,S,C2,N1,U6,PR1,20/09/2024,X1,CARPL,ZZ1 1AA,ZZ2 2BB,1234567\n";
const AFTER: &str = "1,20/09/2024,P,C2,N1,K2,PR4,,,,ZZ1 1AA,ZZ3 3CC,SC999999\n";

/// The files of a return of this year.
struct Return([(String, String); 2]);

impl Return {
    fn of(year: &str, episodes: &[&str]) -> Self {
        let episodes = format!("{COLUMNS}{}", episodes.concat());
        Self([(format!("878_{year}_header.csv"), HEADER.to_owned()), (format!("878_{year}_episodes.csv"), episodes)])
    }

    fn files(&self) -> [(&str, &[u8]); 2] {
        [0, 1].map(|at| (self.0[at].0.as_str(), self.0[at].1.as_bytes()))
    }
}

#[test]
fn returns_that_overlap_come_to_one_timeline_in_any_order() {
    let right = |row: &str| row.replace("20/09/2024", "27/09/2024");
    let returns = [
        Return::of("2024", &[OPEN]),
        Return::of("2025_2025-05-01", &[MOVED, AFTER]),
        Return::of("2025_2025-06-01", &[&right(MOVED), &right(AFTER)]),
    ];
    let files = returns.each_ref().map(Return::files);
    conformance::check_overlapping(&Ssda903::ANY, &files.each_ref().map(|files| files.as_slice()));
}

#[test]
fn a_repair_takes_the_place_of_what_was_said_with_its_cause() {
    let mut history = History::default();
    history.submit(&Ssda903::ANY, &Return::of("2024", &[OPEN]).files());
    // The year after has the child's next placement, and the same episode still open: the published repair ends it.
    let (before, after) = (Return::of("2024", &[OPEN]), Return::of("2025", &[OPEN, AFTER]));
    let added = history.submit(&Ssda903::ANY, &[before.files(), after.files()].concat());
    let told: Vec<(Cause, Vec<&str>)> = added
        .iter()
        .map(|statement| {
            (statement.body.cause(), statement.body.findings.iter().filter_map(|found| found.rule.as_deref()).collect())
        })
        .collect();
    assert!(told.iter().any(|(_, rules)| rules.contains(&"ssda903-repair/1")), "{told:?}");
    assert!(!told.iter().any(|(cause, _)| *cause == Cause::Retracted), "{told:?}");
}
