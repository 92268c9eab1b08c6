use proto::audit::{CameFrom, Seen, SubjectAccessResponse};
use proto::events::{self as e, Event, When, when};
use proto::sharing::{Category, Purpose};
use proto::timeline::{Entry, Rectified};

use super::document::{MAY_NOT_BE_HERE, written};
use super::plain::sentence;
use crate::command::audit::accesses::tests::golden;

fn day(year: i32, month: u32, day: u32) -> e::Date {
    e::Date { year, month: Some(month), day: Some(day), estimated: false }
}

fn entry(id: u8, category: Category, on: e::Date, event: impl Into<Event>) -> Entry {
    Entry {
        effective: Some(When { when: Some(when::When::On(on)) }),
        organisation: "school-8784001".into(),
        category: category.into(),
        event: Some(event.into()),
        entry_id: vec![id; 16],
        ..Entry::default()
    }
}

fn coded(code: &str, text: Option<&str>) -> Option<e::Coded> {
    Some(e::Coded { code: code.into(), code_set: "school-census.sentype/2026".into(), text: text.map(Into::into) })
}

/// A document of invented entries: one of each thing that a document can hold.
fn answer() -> SubjectAccessResponse {
    let enrolment = e::EnrolmentStarted {
        school: Some("school-8784001".into()),
        entry_on: Some(day(2021, 9, 1)),
        part_time: Some(false),
        ..Default::default()
    };
    let attendance =
        e::AttendanceSummarised { school_year: Some(2025), sessions_possible: Some(120), ..Default::default() };
    let missed = e::AppointmentMissed {
        starts_at: Some(prost_types::Timestamp { seconds: 1_793_183_400, nanos: 0 }),
        service: coded("711", Some("Child and Adolescent Psychiatry")),
        ..Default::default()
    };
    let mut contested = entry(3, Category::Hospital, day(2026, 10, 28), missed);
    contested.organisation = "ods-rh8".into();
    contested.processing_restricted = true;
    let mut right = entry(2, Category::Attendance, day(2025, 7, 1), attendance);
    right.rectified = Some(Rectified { on: Some(day(2026, 11, 3)), superseded: false });
    let need = e::SenNeedRecorded { need: coded("ASD", None), rank: Some(1), since_on: None, until_on: None };
    let of = |organisation: &str, name: &str, categories: &[Category], entries| CameFrom {
        organisation: organisation.into(),
        name: name.into(),
        contact: "Information desk, 01632 960000".into(),
        categories: categories.iter().map(|category| (*category).into()).collect(),
        entries,
    };
    let seen = |seconds, organisation: &str, name: &str, purpose: Purpose, category: Category| Seen {
        at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        organisation: organisation.into(),
        name: name.into(),
        purpose: purpose.into(),
        categories: vec![category.into()],
        because: vec!["They wrote this record themselves, and they work with you.".into()],
        emergency: false,
    };
    let school = ("school-8784001", "An invented school");
    let mut emergency =
        seen(1_793_800_000, "ods-rh8", "An invented hospital", Purpose::DirectCare, Category::Attendance);
    emergency.because = vec!["There was an emergency.".into()];
    emergency.emergency = true;
    SubjectAccessResponse {
        prepared_at: Some(prost_types::Timestamp { seconds: 1_795_354_009, nanos: 0 }),
        child: Some(e::Subject { scheme: e::Scheme::Upn.into(), issuer: "dfe".into(), value: "B801200005001".into() }),
        for_the_child: false,
        entries: vec![
            contested,
            right,
            entry(1, Category::Attendance, day(2021, 9, 1), enrolment),
            entry(4, Category::Send, day(2022, 1, 10), need),
        ],
        came_from: vec![
            of("ods-rh8", "An invented hospital", &[Category::Hospital], 1),
            of(school.0, school.1, &[Category::Attendance, Category::Send], 3),
        ],
        seen: vec![
            emergency,
            seen(1_793_700_000, school.0, school.1, Purpose::EducationProvision, Category::Attendance),
            seen(1_793_500_000, school.0, school.1, Purpose::EducationProvision, Category::Send),
        ],
        service: "The information hub (invented)".into(),
        ask: "The information hub, 01632 960999".into(),
        decision_id: vec![1; 16],
        audit_id: vec![2; 16],
    }
}

#[test]
fn the_document_is_this() {
    golden("subject-access.html", &written(&answer()).unwrap());
    let child = SubjectAccessResponse { for_the_child: true, ..answer() };
    golden("subject-access-child.html", &written(&child).unwrap());
}

#[test]
fn an_empty_document_says_the_same_general_words_and_nothing_of_anybody() {
    let full = written(&answer()).unwrap();
    let empty = SubjectAccessResponse { entries: vec![], came_from: vec![], seen: vec![], ..answer() };
    let empty = written(&empty).unwrap();
    for said in MAY_NOT_BE_HERE {
        assert!(full.contains(said) && empty.contains(said));
    }
    let from = "<h2>4. What may not be here</h2>";
    assert_eq!(full.split_once(from).unwrap().1, empty.split_once(from).unwrap().1);
    assert!(!empty.contains("school") && !empty.contains("hospital"));
}

/// What an organisation or a source calls itself or writes cannot become a part of the page.
#[test]
fn nothing_that_somebody_wrote_is_markup() {
    let mut answer = answer();
    answer.came_from[0].name = "<script>alert(1)</script>".into();
    answer.seen[0].because = vec!["<img src=x onerror=alert(1)>".into()];
    let page = written(&answer).unwrap();
    assert!(!page.contains("<script") && !page.contains("<img"));
}

#[test]
fn names_of_the_contract_are_words() {
    let cases = [
        ("AppointmentMissed", "Appointment missed"),
        ("startsAt", "Starts at"),
        ("EhcPlanIssued", "EHC plan issued"),
        ("SenNeedRecorded", "SEN need recorded"),
        ("Section47EnquiryStarted", "Section 47 enquiry started"),
    ];
    for (name, words) in cases {
        assert_eq!(sentence(name), words);
    }
}

/// What was cut until nothing is left of it shows no heading either.
#[test]
fn an_entry_that_says_nothing_is_not_there() {
    let nothing = entry(9, Category::Identity, day(2024, 1, 1), e::RelationshipRecorded::default());
    let mut more = answer();
    more.entries.push(nothing);
    assert_eq!(written(&more).unwrap(), written(&answer()).unwrap());
}

#[test]
fn a_code_is_in_words_or_stands_as_it_is() {
    use super::codes::word;
    assert_eq!(word("school-census.sentype/2026", "SLCN", ""), "speech, language and communication needs");
    assert_eq!(word("school-census.sentype/2026", "XX", ""), "code XX");
    assert_eq!(word("hl7v2.hospital_service", "420", "Paediatrics"), "Paediatrics");
}
