//! What is past the schedule of its authority; and a record that waits for a birth.

#![cfg(test)]

use std::sync::LazyLock;

use jiff::civil::Date;
use proto::events::{self as e, Body, Event, When, when};
use proto::sharing as s;
use sharing::{
    AsOf, Category, ChildFacts, Engine, FactEvent, Outcome, Principal, Purpose, RecordClass, Registry, Request,
    RoleGroup, Sector, decide,
};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load().unwrap());

fn date(text: &str) -> e::Date {
    let day: Date = text.parse().unwrap();
    e::Date { year: day.year().into(), month: Some(day.month() as u32), day: Some(day.day() as u32), estimated: false }
}

fn body(event: impl Into<Event>) -> Body {
    Body { controller: "school".into(), source: "command".into(), event: Some(event.into()), ..Body::default() }
}

fn facts(bodies: &[Body], day: &str) -> ChildFacts {
    let events = bodies.iter().enumerate().map(|(at, body)| FactEvent {
        // Each of a subject of its own: the facts of all that are linked are one stream.
        subject: [at as u8; 16],
        published_at_us: at as i64,
        sequence: 0,
        body,
    });
    ChildFacts::fold(&ENGINE, events, &AsOf::day(day.parse().unwrap()))
}

fn registry(schedules: &[s::RetentionScheduleRecorded]) -> Registry {
    let mut bodies: Vec<Body> =
        [("school", "878", Sector::Education), ("gp", "878", Sector::Health), ("away", "999", Sector::Education)]
            .map(|(id, authority, sector)| {
                let mut organisation = s::OrganisationRecorded {
                    id: Some(id.into()),
                    authority: Some(authority.into()),
                    designated: Some(true),
                    ..Default::default()
                };
                organisation.set_sector(sector);
                body(organisation)
            })
            .into();
    bodies.extend(schedules.iter().cloned().map(body));
    let agreement = s::AgreementRecorded {
        id: Some("all".into()),
        parties: vec!["school".into(), "gp".into()],
        from: Some(date("2020-01-01")),
        to: Some(date("2090-01-01")),
        ..Default::default()
    };
    bodies.push(body(agreement));
    let events = bodies.iter().enumerate().map(|(at, body)| FactEvent {
        subject: [0; 16],
        published_at_us: at as i64,
        sequence: 0,
        body,
    });
    Registry::fold(events, None)
}

fn schedule(birth: Option<u32>, entry: Option<u32>, death: Option<u32>) -> s::RetentionScheduleRecorded {
    s::RetentionScheduleRecorded {
        authority: Some("878".into()),
        categories: vec![Category::Attendance.into()],
        years_from_birth: birth,
        years_from_entry: entry,
        years_from_death: death,
        approved_by: Some("records manager".into()),
        ..Default::default()
    }
}

fn class(source: &str, category: Category) -> RecordClass {
    RecordClass {
        source_org: source.into(),
        category,
        labels: [].into(),
        third_parties: [].into(),
        has_third_party: false,
        unnamed_third_party: false,
        has_location: false,
        retention_expired: false,
    }
}

#[test]
fn a_record_is_past_the_later_of_its_terms_and_kept_where_anything_is_not_known() {
    let born = |day: &str| body(e::PersonDescribed { birth_on: Some(date(day)), ..Default::default() });
    let child = [born("2000-05-01")];
    let entry = When { when: Some(when::When::On(date("2012-09-01"))) };
    let of_school = class("school", Category::Attendance);
    let past = |schedules: &[s::RetentionScheduleRecorded], bodies: &[Body], class: &RecordClass, day: &str| {
        registry(schedules).past_retention(class, &entry, &facts(bodies, day))
    };
    let birth = [schedule(Some(25), None, None)];
    assert!(!past(&birth, &child, &of_school, "2025-04-30") && past(&birth, &child, &of_school, "2025-05-01"));
    let later = [schedule(Some(25), Some(15), None)];
    assert!(!past(&later, &child, &of_school, "2027-08-31") && past(&later, &child, &of_school, "2027-09-01"));
    for (what, schedules, bodies, class) in [
        ("there is no schedule", vec![], child.to_vec(), of_school.clone()),
        ("it has no term", vec![schedule(None, None, None)], child.to_vec(), of_school.clone()),
        ("it is of another category", birth.to_vec(), child.to_vec(), class("school", Category::Send)),
        ("it is of another authority", birth.to_vec(), child.to_vec(), class("away", Category::Attendance)),
        ("no birth date is known", birth.to_vec(), vec![], of_school.clone()),
        (
            "another record has them born later",
            birth.to_vec(),
            vec![child[0].clone(), born("2030-01-01")],
            of_school.clone(),
        ),
        (
            "nobody approved it",
            vec![s::RetentionScheduleRecorded { approved_by: None, ..birth[0].clone() }],
            child.to_vec(),
            of_school.clone(),
        ),
        (
            "it is over",
            vec![s::RetentionScheduleRecorded { to: Some(date("2040-01-01")), ..birth[0].clone() }],
            child.to_vec(),
            of_school.clone(),
        ),
        (
            "a later one takes its place",
            vec![birth[0].clone(), schedule(Some(75), None, None)],
            child.to_vec(),
            of_school.clone(),
        ),
    ] {
        assert!(!past(&schedules, &bodies, &class, "2050-01-01"), "{what}");
    }
    // A child who died is kept by the term of a death, an adult by the others.
    let death = [schedule(Some(75), None, Some(15))];
    let died = |day: &str| [child[0].clone(), body(e::DeathNotified { died_on: Some(date(day)) })];
    assert!(past(&death, &died("2010-01-01"), &of_school, "2025-01-01"));
    assert!(!past(&death, &died("2010-01-01"), &of_school, "2024-12-31"));
    assert!(!past(&death, &died("2020-01-01"), &of_school, "2050-01-01"));
}

/// The record of a child who is expected opens when any linked record tells of the birth, and not before.
#[test]
fn a_birth_that_is_notified_of_one_linked_record_opens_the_others() {
    let expected = body(e::PersonDescribed { expected_birth_on: Some(date("2026-06-01")), ..Default::default() });
    let born = body(e::BirthNotified { born_on: Some(date("2026-06-05")), ..Default::default() });
    let mut works = e::InvolvementStarted {
        organisation: Some("gp".into()),
        start_on: Some(date("2026-01-01")),
        ..Default::default()
    };
    works.set_kind(e::involvement::Kind::Targeted);
    let of_school = class("school", Category::SocialCareCase);
    let outcome = |bodies: &[Body], day: &str| {
        let reader = Principal::Staff {
            organisation: "gp".into(),
            person: "reader".into(),
            roles: [RoleGroup::Safeguarding].into(),
            active: true,
            trained: true,
        };
        let request = Request::new(reader, Purpose::ChildProtection, day.parse().unwrap());
        decide(&ENGINE, &request, &facts(bodies, day), &registry(&[]), [&of_school]).outcome(&of_school)
    };
    let before = [expected, body(works)];
    assert_eq!(outcome(&before, "2026-07-01"), Outcome::Existence);
    let after = [before[0].clone(), before[1].clone(), born];
    assert_eq!(outcome(&after, "2026-06-04"), Outcome::Existence);
    assert_eq!(outcome(&after, "2026-06-05"), Outcome::Redacted);
}
