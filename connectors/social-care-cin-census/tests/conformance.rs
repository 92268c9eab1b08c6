//! The bargain that every connector holds.
#![cfg(test)]

use connector_kit::conformance::{self, History, Sample};
use proto::events::Cause;
use social_care_cin_census::CinCensus;

const RETURN: &str = include_str!("golden/whole-return.xml");

#[test]
fn it_holds_the_bargain() {
    let canaries =
        ["inv-000101", "INV000101", "INV000102", "B801200005001", "W80120000001A", "2014-05-09", "2026-05-30"];
    conformance::check(&CinCensus, &Sample::new(&[("whole-return.xml", RETURN.as_bytes())]).canaries(&canaries));
}

/// The return as it was sent again, with this in place of that.
fn again(serial: &str, on: &str, changes: &[(&str, &str)]) -> String {
    let text = RETURN.replace(">003<", &format!(">{serial}<")).replace("2026-06-02T10:15:00", on);
    changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

#[test]
fn returns_that_overlap_come_to_one_timeline_in_any_order() {
    let corrected = again("004", "2026-06-20T09:00:00", &[("2025-04-22", "2025-04-23"), (">NEG<", ">PHY<")]);
    let ended = again(
        "005",
        "2026-07-01T09:00:00",
        &[("2025-04-22", "2025-04-23"), ("<ReferralNFA>true</ReferralNFA>", "<ReferralNFA>false</ReferralNFA>")],
    );
    let next_year = again(
        "001",
        "2027-06-01T09:00:00",
        &[("<Year>2026<", "<Year>2027<"), ("2026-03-31", "2027-03-31"), (">RC7<", ">RC8<")],
    );
    conformance::check_overlapping(
        &CinCensus,
        &[
            &[("cin.xml", RETURN.as_bytes())],
            &[("cin.xml", corrected.as_bytes())],
            &[("cin.xml", ended.as_bytes())],
            &[("cin_2027.xml", next_year.as_bytes())],
        ],
    );
}

#[test]
fn a_date_put_right_is_a_correction_and_no_retraction() {
    let mut history = History::default();
    history.submit(&CinCensus, &[("cin.xml", RETURN.as_bytes())]);
    let corrected = again("004", "2026-06-20T09:00:00", &[("2025-04-22", "2025-04-23")]);
    let added = history.submit(&CinCensus, &[("cin.xml", corrected.as_bytes())]);
    let causes: Vec<Cause> = added.iter().map(|statement| statement.body.cause()).collect();
    assert!(causes.contains(&Cause::Corrected) && !causes.contains(&Cause::Retracted), "{causes:?}");
}
