use proptest::prelude::*;
use proto::events::{Date, EnrolmentStarted, RecordedBy, RectificationWithdrawn, Version};

use super::*;
use crate::fold;

const SCHOOL: &str = "school-8784001";
const CENSUS: &str = "education-school-census";

fn on(year: i32) -> Date {
    Date { year, month: Some(1), day: Some(1), estimated: false }
}

fn said(entry: u8, as_of: i64, event: impl Into<Event>) -> Said {
    Said {
        event_id: [u8::try_from(as_of).unwrap(); 16],
        subject: [1; 16],
        published_at_us: as_of,
        body: Body {
            controller: SCHOOL.into(),
            source: CENSUS.into(),
            entry_id: vec![entry; 16],
            version: Some(Version { as_of_us: as_of, sequence: 0, mapping_revision: 1 }),
            effective: Some(When { when: Some(when::When::On(on(2024))) }),
            event: Some(event.into()),
            ..Default::default()
        },
    }
}

fn by(organisation: &str, as_of: i64, event: impl Into<Event>) -> Said {
    let mut said = said(200 + u8::try_from(as_of).unwrap() % 50, as_of, event);
    said.body.controller = "la-878-information-hub".into();
    said.body.source = "command".into();
    let person = "i.lead".to_owned();
    said.body.recorded_by = Some(RecordedBy { organisation: organisation.into(), person, evidence: String::new() });
    said
}

fn enrolment(school: Option<&str>, part_time: Option<bool>) -> EnrolmentStarted {
    EnrolmentStarted { school: school.map(Into::into), part_time, ..Default::default() }
}

fn rectified(stands: EnrolmentStarted) -> EntryRectified {
    EntryRectified {
        id: Some("one".into()),
        entry_id: Some(vec![1; 16]),
        source: Some(CENSUS.into()),
        stands: Some(Event::from(stands).encode_to_vec()),
        ..Default::default()
    }
}

/// The enrolment as it stands, and the mark on it.
fn stands(said: &[Said]) -> Option<(EnrolmentStarted, Option<Rectified>)> {
    let timeline = fold(said.to_vec(), None).unwrap();
    timeline.entries.into_iter().find_map(|entry| match entry.event.kind {
        Some(Kind::EnrolmentStarted(enrolment)) => Some((*enrolment, entry.rectified)),
        _ => None,
    })
}

#[test]
fn what_was_put_right_stands_and_the_rest_is_the_sources() {
    let log = [said(1, 10, enrolment(Some("a"), Some(true))), by(SCHOOL, 20, rectified(enrolment(Some("b"), None)))];
    let mark = Rectified { at_us: 20, superseded: false };
    assert_eq!(stands(&log), Some((enrolment(Some("b"), Some(true)), Some(mark))));
}

#[test]
fn a_source_that_goes_on_saying_what_was_wrong_says_nothing_new() {
    let mut log = vec![
        said(1, 10, enrolment(Some("a"), Some(true))),
        by(SCHOOL, 20, rectified(enrolment(Some("b"), None))),
        said(1, 30, enrolment(Some("a"), Some(false))),
    ];
    assert_eq!(stands(&log).unwrap().0, enrolment(Some("b"), Some(false)));
    log.push(said(1, 40, enrolment(Some("c"), None)));
    let mark = Rectified { at_us: 20, superseded: true };
    assert_eq!(stands(&log), Some((enrolment(Some("c"), Some(false)), Some(mark))), "and a new word is one");
}

#[test]
fn a_field_is_emptied_and_a_day_is_put_right() {
    let wrong = EntryRectified {
        stands: None,
        clears: vec![1],
        happened_on: Some(on(2023)),
        ..rectified(EnrolmentStarted::default())
    };
    let log = [said(1, 10, enrolment(Some("a"), Some(true))), by(SCHOOL, 20, wrong)];
    let timeline = fold(log.to_vec(), None).unwrap();
    let entry = timeline.entries.iter().find(|entry| entry.source == CENSUS).unwrap();
    assert_eq!(entry.event, enrolment(None, Some(true)).into());
    assert_eq!(entry.effective, When { when: Some(when::When::On(on(2023))) });
}

#[test]
fn what_should_not_be_there_stays_gone_whatever_its_source_says_until_that_is_taken_back() {
    let gone = EntryRectified { removed: Some(true), stands: None, ..rectified(EnrolmentStarted::default()) };
    let mut log =
        vec![said(1, 10, enrolment(Some("a"), None)), by(SCHOOL, 20, gone), said(1, 30, enrolment(Some("b"), None))];
    assert_eq!(stands(&log), None);
    let ends = RectificationWithdrawn { id: Some("one".into()), ..Default::default() };
    log.push(by(SCHOOL, 40, ends));
    assert_eq!(stands(&log), Some((enrolment(Some("b"), None), None)));
}

#[test]
fn nobody_puts_right_or_takes_back_what_another_organisation_answers_for() {
    let other = "school-8784002";
    let ends = RectificationWithdrawn { id: Some("one".into()), ..Default::default() };
    let log = [said(1, 10, enrolment(Some("a"), None)), by(other, 20, rectified(enrolment(Some("b"), None)))];
    assert_eq!(stands(&log), Some((enrolment(Some("a"), None), None)));
    let log = [
        said(1, 10, enrolment(Some("a"), None)),
        by(SCHOOL, 20, rectified(enrolment(Some("b"), None))),
        by(other, 30, ends),
    ];
    assert_eq!(stands(&log).unwrap().0, enrolment(Some("b"), None));
}

proptest! {
    /// In whatever order they come and however often; and what is taken back leaves no trace.
    #[test]
    fn order_and_repetition_do_not_matter(shuffle in any::<u64>(), withdrawn in any::<bool>()) {
        let mut log = vec![
            said(1, 10, enrolment(Some("a"), Some(true))),
            by(SCHOOL, 20, rectified(enrolment(Some("b"), None))),
            said(1, 30, enrolment(Some("a"), Some(false))),
        ];
        if withdrawn {
            log.push(by(SCHOOL, 40, RectificationWithdrawn { id: Some("one".into()), ..Default::default() }));
        }
        let expected = stands(&log);
        let wanted = if withdrawn { "a" } else { "b" };
        prop_assert_eq!(expected.as_ref().unwrap().0.school(), wanted);
        prop_assert_eq!(expected.as_ref().unwrap().1.is_some(), !withdrawn);
        let mut mixed: Vec<Said> = log.iter().chain(&log).cloned().collect();
        mixed.sort_by_key(|said| (u64::from(said.event_id[0]).wrapping_mul(shuffle | 1)) ^ shuffle);
        prop_assert_eq!(stands(&mixed), expected);
    }
}
