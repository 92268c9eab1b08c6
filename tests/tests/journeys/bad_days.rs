//! Input as it comes on a bad day: each file gives its good records, and says of the rest where and why; nobody is linked
//! wrongly, and nothing is taken back by accident.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use proto::events::{Cause, event::Kind};
use proto::sharing::Purpose;

use crate::harness::{CONNECTORS, Place, asks, child, line_with, said};

/// Each bad file: what it must say of itself, and whether some of it is good and new: three of the census files say what the
/// UTF-16 one said before them.
const FILES: [(&str, &[&str], bool); 19] = [
    ("social-care-cin-census/truncated.xml", &["FILE_UNREADABLE"], true),
    ("social-care-cin-census/not-xml.xml", &["FILE_UNREADABLE"], false),
    ("social-care-cin-census/empty.xml", &["FILE_UNREADABLE"], false),
    ("social-care-cin-census/wrong-collection.xml", &["FILE_UNREADABLE"], false),
    ("social-care-cin-census/no-header.xml", &["SUBJECT_MISSING"], false),
    ("social-care-cin-census/one-bad-child.xml", &["SUBJECT_MISSING"], true),
    ("education-school-census/2025_spring_pupilonroll_utf16.csv", &[], true),
    ("education-school-census/2025_spring_pupilonroll_bom.csv", &[], false),
    ("education-school-census/2025_spring_pupilonroll_no_header.csv", &["HEADER_MISSING"], false),
    ("education-school-census/2025_spring_pupilonroll_ragged.csv", &["RECORD_MALFORMED"], false),
    ("education-school-census/2025_spring_pupilonroll_cut.csv", &["RECORD_MALFORMED"], false),
    ("education-school-census/2025_spring_pupilonroll_dates.csv", &[], true),
    ("education-school-census/2025_spring_pupilonroll_latin1.csv", &[], true),
    ("health-hl7v2/stops-mid-frame.hl7", &["RECORD_MALFORMED"], true),
    ("health-hl7v2/dates.hl7", &[], true),
    ("health-hl7v2/no-msh.hl7", &["FILE_UNREADABLE"], false),
    ("health-hl7v2/no-pid.hl7", &["SUBJECT_MISSING"], false),
    ("health-hl7v2/unknown-trigger.hl7", &[], true),
    ("health-hl7v2/mixed-line-ends.hl7", &[], true),
];

/// What stands in the bad files, and in nothing that is said of them.
const VALUES: [&str; 9] =
    ["B0000001", "B0000002", "Łucja", "Shape", "zz/03/2015", "42067", "20150304", "B300002", "2015-Mar"];

/// What readers see of every child of the authority.
fn timelines(place: &Place) -> BTreeSet<String> {
    let lines = place.json_lines("truth.jsonl");
    let mut seen = BTreeSet::new();
    for (role, by, purpose) in [
        ("socialCare", "LA_CHILD_ID", Purpose::ChildProtection),
        ("hospital", "PROVIDER_PERSON", Purpose::DirectCare),
        ("school", "UPN", Purpose::EducationProvision),
    ] {
        let subjects = lines.iter().flat_map(|line| line["subjects"].as_array().unwrap());
        let children: Vec<_> = subjects.filter(|subject| subject["scheme"] == by).map(child).collect();
        for (of, answer) in children.iter().zip(asks(place, &place.demo_organisation(role), &children, purpose)) {
            seen.extend(answer.entries.iter().map(|entry| format!("{role} {} {entry:?}", of.value)));
        }
    }
    assert!(seen.len() > 200);
    seen
}

/// What is in quarantine: reason and where, by the file's name.
fn held(place: &Place) -> BTreeMap<String, Vec<serde_json::Value>> {
    let mut held: BTreeMap<String, Vec<serde_json::Value>> = BTreeMap::new();
    for item in place.listed(&["quarantine", "list", "--limit", "10000"]) {
        let file = item["where"].as_str().unwrap().split(',').next().unwrap().to_owned();
        held.entry(file).or_default().push(item);
    }
    held
}

fn events(place: &Place) -> u64 {
    place.settle()["events"].as_u64().unwrap()
}

#[test]
fn a_bad_day_costs_only_what_is_bad() {
    let place = Place::new(60, 8);
    synthetic_authority::write_bad_files(&place.path("bad")).unwrap();
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    let before = timelines(&place);

    let mut problems = Vec::new();
    for (file, reasons, some_good) in FILES {
        let (connector, name) = file.split_once('/').unwrap();
        let events_before = events(&place);
        place.drop_bytes(connector, name, &fs::read(place.path("bad").join(file)).unwrap());
        let gave = events(&place) - events_before;
        if (gave > 0) != some_good {
            problems.push(format!("{file}: gave {gave} events"));
        }
        let held = held(&place);
        let items = held.get(name).map_or(&[][..], Vec::as_slice);
        let said: BTreeSet<&str> = items.iter().map(|item| item["reason"].as_str().unwrap()).collect();
        if said != reasons.iter().copied().collect() {
            problems.push(format!("{file}: {said:?}, not {reasons:?}: {items:?}"));
        }
        for item in items {
            let told =
                format!("{} {}", item["what"].as_str().unwrap(), item["where"].as_str().unwrap().replace(name, ""));
            assert!(!told.trim().is_empty(), "{file}");
            problems.extend(
                VALUES
                    .iter()
                    .filter(|value| told.contains(**value))
                    .map(|value| format!("{file}: `{value}` in `{told}`")),
            );
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));

    // An item can be looked at, as it came.
    let item = held(&place)["no-pid.hl7"][0].clone();
    let shown = place.ours(&["quarantine", "show", item["id"].as_str().unwrap()]);
    assert!(shown.contains("reason   SUBJECT_MISSING") && shown.contains("B300002"), "{shown}");

    // Yesterday's files after today's, and half a return.
    for connector in CONNECTORS {
        let mut files: Vec<_> =
            fs::read_dir(place.path("authority").join(connector)).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        if connector != "education-school-census" {
            files.truncate(2);
        }
        for file in files {
            place.drop_bytes(connector, file.file_name().unwrap().to_str().unwrap(), &fs::read(&file).unwrap());
        }
    }
    place.settle();
    assert_same(&timelines(&place), &before, "yesterday's files");
    let mut returns: Vec<_> =
        fs::read_dir(place.path("authority/social-care-cin-census")).unwrap().map(|e| e.unwrap().path()).collect();
    returns.sort();
    let latest = fs::read(returns.last().unwrap()).unwrap();
    place.drop_bytes("social-care-cin-census", "half.xml", &latest[..latest.len() / 2]);
    place.settle();
    assert_same(&timelines(&place), &before, "half a return");
    assert_eq!(held(&place)["half.xml"][0]["reason"], "FILE_UNREADABLE");
    running.stop();
    nobody_is_linked_by_what_is_bad(&place);
    line_with(&place.ours(&["verify"]), "verify: ok");
}

fn assert_same(found: &BTreeSet<String>, before: &BTreeSet<String>, after: &str) {
    let gone: Vec<_> = before.difference(found).take(3).collect();
    let new: Vec<_> = found.difference(before).take(3).collect();
    assert!(gone.is_empty() && new.is_empty(), "after {after}\ngone: {gone:#?}\nnew: {new:#?}");
}

/// On the log itself: nothing was taken back that a source did not take back, and no identifier that is none is a claim.
fn nobody_is_linked_by_what_is_bad(place: &Place) {
    let said = said(place);
    for (position, body) in &said {
        if body.body.source != "health-hl7v2" {
            assert_ne!(body.body.cause(), Cause::Retracted, "{position}");
        }
        if let Some(Kind::PersonDescribed(person)) = body.event() {
            for claim in person.identifiers.iter().filter(|identifier| identifier.usable) {
                let value = &claim.subject.as_ref().unwrap().value;
                let placeholder =
                    value.starts_with("UN") || value.bytes().all(|byte| Some(&byte) == value.as_bytes().first());
                assert!(!placeholder, "{position}: a placeholder is a claim");
            }
        }
    }
}
