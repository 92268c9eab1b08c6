//! The bargain that every connector holds.
#![cfg(test)]

use connector_kit::conformance::{self, Sample};
use social_care_cin_census::CinCensus;

#[test]
fn it_holds_the_bargain() {
    let file = include_bytes!("golden/whole-return.xml");
    let canaries =
        ["inv-000101", "INV000101", "INV000102", "B801200005001", "W80120000001A", "2014-05-09", "2026-05-30"];
    conformance::check(&CinCensus, &Sample::new(&[("whole-return.xml", file)]).canaries(&canaries));
}
