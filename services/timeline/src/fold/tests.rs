use proptest::prelude::*;
use proto::events::{
    AttendanceSummarised, Coded, Date, EnrolmentStarted, EntryRetracted, PersonDescribed, PersonName, SessionCount,
    when,
};

use super::*;

fn on(year: i32) -> When {
    When { when: Some(when::When::On(Date { year, month: Some(1), day: Some(1), estimated: false })) }
}

fn said(entry: u8, as_of: i64, event_id: u8, event: impl Into<Event>) -> Said {
    Said {
        event_id: [event_id; 16],
        subject: [1; 16],
        published_at_us: as_of,
        body: Body {
            controller: "school-8784001".into(),
            source: "education-school-census".into(),
            entry_id: vec![entry; 16],
            version: Some(Version { as_of_us: as_of, sequence: 0, mapping_revision: 1 }),
            effective: Some(on(2024)),
            event: Some(event.into()),
            ..Default::default()
        },
    }
}

fn enrolment(school: Option<&str>, part_time: Option<bool>) -> EnrolmentStarted {
    EnrolmentStarted { school: school.map(Into::into), part_time, ..Default::default() }
}

fn only_event(said: Vec<Said>) -> Event {
    let timeline = fold(said, None).unwrap();
    assert_eq!(timeline.entries.len(), 1);
    timeline.entries[0].event.clone()
}

#[test]
fn each_field_stands_as_the_highest_version_that_says_anything_of_it_left_it() {
    let first = said(1, 10, 1, enrolment(Some("a"), Some(true)));
    let second = said(1, 20, 2, enrolment(Some("b"), None));
    assert_eq!(only_event(vec![second, first]), enrolment(Some("b"), Some(true)).into());
}

#[test]
fn a_cleared_field_is_empty_until_a_later_version_asserts_it() {
    let first = said(1, 10, 1, enrolment(Some("a"), Some(true)));
    let mut second = said(1, 20, 2, enrolment(None, None));
    second.body.clears = vec![1];
    assert_eq!(only_event(vec![first.clone(), second.clone()]), enrolment(None, Some(true)).into());
    let third = said(1, 30, 3, enrolment(Some("c"), None));
    assert_eq!(only_event(vec![third, second, first]), enrolment(Some("c"), Some(true)).into());
}

#[test]
fn a_retracted_entry_is_gone_and_comes_back_with_only_what_the_later_version_says() {
    let first = said(1, 10, 1, enrolment(Some("a"), Some(true)));
    let gone = said(1, 20, 2, EntryRetracted::default());
    assert!(fold(vec![gone.clone(), first.clone()], None).unwrap().entries.is_empty());
    let back = said(1, 30, 3, enrolment(Some("a"), None));
    assert_eq!(only_event(vec![back, gone, first]), enrolment(Some("a"), None).into());
}

#[test]
fn what_made_any_contributing_version_more_private_stays() {
    let mut first = said(1, 10, 1, enrolment(Some("a"), Some(true)));
    first.body.labels = vec![5, 2];
    let mut second = said(1, 20, 2, enrolment(Some("b"), None));
    second.body.labels = vec![2];
    let folded = |said: Vec<Said>| fold(said, None).unwrap().entries[0].labels.clone();
    assert_eq!(folded(vec![second.clone(), first.clone()]), [2, 5]);
    assert_eq!(
        folded(vec![first, said(1, 15, 3, EntryRetracted::default()), second]),
        [2],
        "what is gone says nothing"
    );
}

#[test]
fn a_repeated_field_is_replaced_whole() {
    let count = |code: &str, sessions| SessionCount {
        reason: Some(Coded { code: code.into(), code_set: "sc.attendance/2025".into(), text: None }),
        sessions,
    };
    let first = AttendanceSummarised { sessions: vec![count("I", 3), count("N", 1)], ..Default::default() };
    let second = AttendanceSummarised { sessions: vec![count("I", 4)], ..Default::default() };
    let event = only_event(vec![said(1, 10, 1, first), said(1, 20, 2, second.clone())]);
    assert_eq!(event, second.into());
}

#[test]
fn another_organisation_cannot_retract_an_entry() {
    let first = said(1, 10, 1, enrolment(Some("a"), None));
    let mut hostile = said(1, 20, 2, EntryRetracted::default());
    hostile.body.controller = "school-8784002".into();
    assert_eq!(only_event(vec![first, hostile]), enrolment(Some("a"), None).into());
}

#[test]
fn what_was_published_later_is_left_out() {
    let first = said(1, 10, 1, enrolment(Some("a"), None));
    let second = said(1, 20, 2, enrolment(Some("b"), None));
    let then = fold(vec![first, second], Some(15)).unwrap();
    assert_eq!(then.entries[0].event, enrolment(Some("a"), None).into());
}

#[test]
fn newest_first_and_entries_of_one_day_by_id() {
    let mut old = said(3, 10, 1, enrolment(Some("a"), None));
    old.body.effective = Some(on(2020));
    let timeline =
        fold(vec![old, said(2, 10, 2, enrolment(None, None)), said(1, 10, 3, enrolment(None, None))], None).unwrap();
    assert_eq!(timeline.entries.iter().map(|e| e.entry_id[0]).collect::<Vec<_>>(), [1, 2, 3]);
}

fn any_said() -> impl Strategy<Value = Said> {
    let event = prop_oneof![
        (proptest::option::of("[a-c]"), proptest::option::of(any::<bool>()))
            .prop_map(|(school, part)| Event::from(enrolment(school.as_deref(), part))),
        Just(Event::from(EntryRetracted::default())),
        "[a-c]".prop_map(|family| {
            let name = PersonName { family: Some(family), ..Default::default() };
            Event::from(PersonDescribed { names: vec![name], ..Default::default() })
        }),
    ];
    (0u8..3, 0i64..4, any::<u8>(), event, proptest::collection::vec(1u32..7, 0..2)).prop_map(
        |(entry, as_of, id, event, clears)| {
            let mut said = said(entry, as_of, id, event);
            said.body.clears = clears;
            said
        },
    )
}

proptest! {
    /// Invariant 3: a timeline does not depend on arrival order or repetition.
    #[test]
    fn order_and_repetition_do_not_matter(
        events in proptest::collection::vec(any_said(), 0..12).prop_map(|mut events| {
            // An event id names one event: keep the first of each.
            let mut seen = std::collections::BTreeSet::new();
            events.retain(|said| seen.insert(said.event_id));
            events
        }),
        seed in any::<u64>(),
    ) {
        let expected = fold(events.clone(), None).unwrap();
        let mut shuffled = events.clone();
        shuffled.extend(events.iter().take(3).cloned());
        let mut state = seed | 1;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        prop_assert_eq!(fold(shuffled, None).unwrap(), expected);
    }
}
