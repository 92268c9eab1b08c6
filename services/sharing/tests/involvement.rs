//! Who works with a child, derived: lives of a few events, and what each amounts to day by day.

#![cfg(test)]

use std::sync::LazyLock;

use jiff::civil::Date;
use proto::events::{self as e, Body, Event, Version};
use sharing::{AsOf, ChildFacts, Engine, FactEvent, Involvement};

fn date(text: &str) -> Option<e::Date> {
    let day: Date = text.parse().unwrap();
    Some(e::Date {
        year: day.year().into(),
        month: Some(day.month() as u32),
        day: Some(day.day() as u32),
        estimated: false,
    })
}

fn at(text: &str) -> Option<prost_types::Timestamp> {
    let at: jiff::Timestamp = format!("{text}T10:00:00Z").parse().unwrap();
    Some(prost_types::Timestamp { seconds: at.as_second(), nanos: 0 })
}

/// One version of an entry of a controller.
fn body(controller: &str, entry: u8, as_of_us: i64, event: impl Into<Event>) -> Body {
    Body {
        controller: controller.into(),
        entry_id: vec![entry; 16],
        version: Some(Version { as_of_us, ..Version::default() }),
        event: Some(event.into()),
        ..Body::default()
    }
}

fn on(bodies: &[Body], day: &str, organisation: &str) -> Involvement {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load().unwrap());
    let engine = &*ENGINE;
    let events = bodies.iter().enumerate().map(|(at, body)| FactEvent {
        // Versions of one entry are of one subject; entries may be of any that are linked.
        subject: [body.entry_id.first().copied().unwrap_or_default(); 16],
        published_at_us: at as i64,
        sequence: 0,
        body,
    });
    let forward = ChildFacts::fold(engine, events.clone(), &AsOf::day(day.parse().unwrap()));
    let backward = ChildFacts::fold(engine, events.rev(), &AsOf::day(day.parse().unwrap()));
    assert_eq!(forward.involvement(organisation), backward.involvement(organisation), "whatever the order");
    forward.involvement(organisation)
}

/// "2026-01-01 Universal" for each line.
fn check(bodies: &[Body], organisation: &str, expected: &[(&str, Involvement)]) {
    for (day, involvement) in expected {
        assert_eq!(on(bodies, day, organisation), *involvement, "{organisation} on {day}");
    }
}

use Involvement::{Former, Lead, None as Nothing, Statutory, Targeted, Universal};

#[test]
fn a_school_from_entry_to_leaving_and_four_weeks_of_grace() {
    let entered =
        e::EnrolmentStarted { school: Some("school-1".into()), entry_on: date("2024-09-02"), ..Default::default() };
    let left = e::EnrolmentEnded { school: Some("school-1".into()), leaving_on: date("2026-03-31") };
    let back =
        e::EnrolmentStarted { school: Some("school-1".into()), entry_on: date("2026-09-01"), ..Default::default() };
    let life = [body("council", 1, 1, entered), body("council", 2, 2, left), body("council", 3, 3, back)];
    check(
        &life,
        "school-1",
        &[
            ("2024-09-01", Nothing),
            ("2024-09-02", Universal),
            ("2026-03-31", Universal),
            ("2026-04-01", Former),
            ("2026-04-28", Former),
            ("2026-04-29", Nothing),
            ("2026-09-01", Universal),
            ("2030-01-01", Universal),
        ],
    );
    check(&life, "council", &[("2026-01-01", Nothing)]);
}

#[test]
fn an_enrolment_without_a_school_is_its_controllers() {
    let life = [body("school-2", 1, 1, e::EnrolmentStarted { entry_on: date("2024-09-02"), ..Default::default() })];
    check(&life, "school-2", &[("2026-01-01", Universal)]);
}

#[test]
fn a_referral_until_the_case_closes_unless_nothing_came_of_it() {
    let received = |nfa| e::ReferralReceived {
        received_on: date("2026-01-10"),
        no_further_action: Some(nfa),
        ..Default::default()
    };
    let closed = e::CaseClosed { closed_on: date("2026-05-01"), ..Default::default() };
    let life = [body("csc", 1, 1, received(false)), body("csc", 2, 2, closed)];
    check(
        &life,
        "csc",
        &[
            ("2026-01-09", Nothing),
            ("2026-01-10", Statutory),
            ("2026-05-01", Statutory),
            ("2026-05-29", Former),
            ("2026-05-30", Nothing),
        ],
    );
    check(&[body("csc", 1, 1, received(true))], "csc", &[("2026-02-01", Nothing)]);
    // A later version of the same entry says that nothing came of it after all.
    check(&[body("csc", 1, 1, received(false)), body("csc", 1, 2, received(true))], "csc", &[("2026-02-01", Nothing)]);
    // And one that is taken back was never there.
    check(
        &[body("csc", 1, 1, received(false)), body("csc", 1, 2, e::EntryRetracted::default())],
        "csc",
        &[("2026-02-01", Nothing)],
    );
}

#[test]
fn plans_and_enquiries_are_statutory() {
    let plan = [
        body("csc", 1, 1, e::ProtectionPlanStarted { start_on: date("2026-01-10"), ..Default::default() }),
        body("csc", 2, 2, e::ProtectionPlanEnded { end_on: date("2026-03-01") }),
    ];
    check(&plan, "csc", &[("2026-02-01", Statutory), ("2026-03-02", Former), ("2026-06-01", Nothing)]);
    // No return says when an enquiry ended: it runs out.
    let enquiry =
        [body("csc", 1, 1, e::Section47EnquiryStarted { start_on: date("2026-01-10"), ..Default::default() })];
    check(&enquiry, "csc", &[("2026-03-14", Statutory), ("2026-03-15", Former), ("2026-04-12", Nothing)]);
}

#[test]
fn the_practice_of_the_newest_description_that_names_one() {
    let described =
        |practice: Option<&str>| e::PersonDescribed { practice: practice.map(Into::into), ..Default::default() };
    let life = [
        body("hospital", 1, 10, described(Some("gp-old"))),
        body("clinic", 2, 20, described(Some("gp-new"))),
        body("school", 3, 30, described(None)),
    ];
    check(&life, "gp-new", &[("2026-01-01", Universal)]);
    check(&life, "gp-old", &[("2026-01-01", Nothing)]);
    check(&life, "school", &[("2026-01-01", Nothing)]);
}

#[test]
fn a_hospital_for_a_bounded_time() {
    let attended = [body("trust", 1, 1, e::AttendedEmergency { arrived_at: at("2026-01-10"), ..Default::default() })];
    check(
        &attended,
        "trust",
        &[
            ("2026-01-10", Targeted),
            ("2026-01-17", Targeted),
            ("2026-01-18", Former),
            ("2026-02-14", Former),
            ("2026-02-15", Nothing),
        ],
    );
    let admitted = [
        body("trust", 1, 1, e::AdmissionStarted { admitted_at: at("2026-01-10"), ..Default::default() }),
        body("trust", 2, 2, e::AdmissionEnded { discharged_at: at("2026-02-10"), ..Default::default() }),
    ];
    check(&admitted, "trust", &[("2026-02-10", Targeted), ("2026-02-11", Former), ("2026-03-11", Nothing)]);
    let booked = e::AppointmentBooked { starts_at: at("2026-06-10"), ..Default::default() };
    let life = [body("trust", 1, 1, booked)];
    check(
        &life,
        "trust",
        &[("2026-05-12", Nothing), ("2026-05-13", Targeted), ("2026-07-08", Targeted), ("2026-07-09", Former)],
    );
    let cancelled = [
        life[0].clone(),
        body("trust", 1, 2, e::AppointmentCancelled { starts_at: at("2026-06-10"), ..Default::default() }),
    ];
    check(&cancelled, "trust", &[("2026-06-10", Nothing)]);
}

#[test]
fn what_a_person_recorded_and_the_closest_of_several() {
    let mut lead = e::InvolvementStarted {
        organisation: Some("charity".into()),
        start_on: date("2026-01-01"),
        ..Default::default()
    };
    lead.set_kind(e::involvement::Kind::Lead);
    let mut targeted = lead.clone();
    targeted.set_kind(e::involvement::Kind::Targeted);
    check(&[body("x", 1, 1, targeted), body("x", 2, 2, lead)], "charity", &[("2026-02-01", Lead)]);
    let nobody = e::InvolvementStarted { start_on: date("2026-01-01"), ..Default::default() };
    check(&[body("x", 1, 1, nobody)], "x", &[("2026-02-01", Nothing)]);
}
