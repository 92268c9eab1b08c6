//! Who works with a child, derived: lives of a few events, and what each amounts to day by day.

#![cfg(test)]

use std::sync::LazyLock;

use jiff::civil::Date;
use proto::events::{self as e, Body, Event, Version};
use sharing::{AsOf, ChildFacts, Engine, FactEvent, Involvement, Registry};

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
        source: "command".into(),
        entry_id: vec![entry; 16],
        version: Some(Version { as_of_us, ..Version::default() }),
        event: Some(event.into()),
        ..Body::default()
    }
}

fn on(bodies: &[Body], day: &str, organisation: &str) -> Involvement {
    confirmed(&Registry::default(), bodies, day, organisation)
}

/// As far as feeds confirm it.
fn confirmed(registry: &Registry, bodies: &[Body], day: &str, organisation: &str) -> Involvement {
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
    let works = |facts: &ChildFacts| facts.involvement(organisation, registry);
    assert_eq!(works(&forward), works(&backward), "whatever the order");
    works(&forward)
}

/// "2026-01-01 Universal" for each line.
fn check(bodies: &[Body], organisation: &str, expected: &[(&str, Involvement)]) {
    for (day, involvement) in expected {
        assert_eq!(on(bodies, day, organisation), *involvement, "{organisation} on {day}");
    }
}

use Involvement::{Former, Lead, None as Nothing, Statutory, Targeted, Universal};

#[test]
fn a_school_from_entry_to_leaving_and_until_the_file_is_sent() {
    let entered =
        e::EnrolmentStarted { school: Some("school-1".into()), entry_on: date("2024-09-02"), ..Default::default() };
    let left =
        e::EnrolmentEnded { school: Some("school-1".into()), leaving_on: date("2026-03-31"), ..Default::default() };
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
            ("2026-04-29", Former),
            ("2026-07-01", Former),
            // Nobody said that the file was sent: it is nobody's open door.
            ("2026-07-02", Nothing),
            ("2026-09-01", Universal),
            ("2030-01-01", Universal),
        ],
    );
    check(&life, "council", &[("2026-01-01", Nothing)]);
    let sent =
        e::TransferFileSent { school: Some("school-1".into()), sent_on: date("2026-04-10"), ..Default::default() };
    let sent = [life[0].clone(), life[1].clone(), body("school-1", 4, 4, sent)];
    check(&sent, "school-1", &[("2026-04-10", Former), ("2026-04-11", Nothing)]);
    // An end of which the beginning was never seen has the days of grace.
    check(&sent[1..2], "school-1", &[("2026-04-28", Former), ("2026-04-29", Nothing)]);
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

fn coded(code: &str) -> Option<e::Coded> {
    Some(e::Coded { code: code.into(), ..Default::default() })
}

fn org(id: &str) -> Option<String> {
    Some(id.into())
}

/// The same, said by a connector.
fn by(source: &str, mut body: Body) -> Body {
    body.source = source.into();
    body
}

#[test]
fn a_door_for_three_working_days() {
    // A Friday: Monday to Wednesday are the three.
    let came = e::EnquiryReceived { received_on: date("2026-11-20"), ..Default::default() };
    let contact = e::ContactReceived { received_on: date("2026-11-20"), ..Default::default() };
    for came in [body("mash", 1, 1, came.clone()), body("mash", 1, 1, contact)] {
        let days = [("2026-11-25", Targeted), ("2026-11-26", Former), ("2026-12-23", Former), ("2026-12-24", Nothing)];
        check(&[came], "mash", &days);
    }
    let decided = e::EnquiryDecided { decided_on: date("2026-11-23"), ..Default::default() };
    let life = [body("mash", 1, 1, came), body("mash", 2, 2, decided)];
    check(&life, "mash", &[("2026-11-23", Targeted), ("2026-11-24", Former)]);
}

#[test]
fn a_service_a_referral_and_a_help_assessment_each_until_its_own_end() {
    let started = |spell: &str| e::ServiceStarted {
        spell: org(spell),
        organisation: org("charity"),
        start_on: date("2026-01-05"),
        ..Default::default()
    };
    let ended = e::ServiceEnded {
        spell: org("one"),
        organisation: org("charity"),
        ended_on: date("2026-02-01"),
        ..Default::default()
    };
    let one = [body("council", 1, 1, started("one")), body("council", 2, 2, ended.clone())];
    check(&one, "charity", &[("2026-01-05", Targeted), ("2026-02-02", Former), ("2026-03-02", Nothing)]);
    let two = [one[0].clone(), one[1].clone(), body("council", 3, 3, started("two"))];
    check(&two, "charity", &[("2026-06-01", Targeted)]);

    let accepted = e::ReferralAccepted { service: coded("x"), accepted_on: date("2026-01-05") };
    let closed =
        |service: &str| e::ReferralClosed { service: coded(service), closed_on: date("2026-02-01"), reason: None };
    let of = |service: &str| [body("trust", 1, 1, accepted.clone()), body("trust", 2, 2, closed(service))];
    check(&of("x"), "trust", &[("2026-02-02", Former)]);
    check(&of("y"), "trust", &[("2026-06-01", Targeted)]);

    let assessed = e::HelpAssessmentStarted {
        form: coded("eha"),
        organisation: org("school"),
        start_on: date("2026-01-05"),
        ..Default::default()
    };
    let done = e::HelpAssessmentCompleted {
        form: coded("EHA"),
        organisation: org("school"),
        completed_on: date("2026-02-01"),
        ..Default::default()
    };
    let life = [body("school", 1, 1, assessed), body("school", 2, 2, done)];
    check(&life, "school", &[("2026-02-01", Targeted), ("2026-02-02", Former)]);
}

#[test]
fn whoever_leads_by_a_word_of_its_time_and_by_who_may_say_so() {
    let named = |role: &str, since: &str| e::WorkerNamed {
        role: coded(role),
        organisation: org("charity"),
        person: org("p1"),
        since_on: date(since),
        supervised_by: org("csc"),
        ..Default::default()
    };
    let on_day = [("2026-06-01", Lead)];
    check(&[body("council", 1, 1, named("Lead_Practitioner", "2026-01-05"))], "charity", &on_day);
    check(&[body("council", 1, 1, named("lead_professional", "2025-01-05"))], "charity", &on_day);
    check(&[body("council", 1, 1, named("lead_professional", "2026-01-05"))], "charity", &[("2026-06-01", Nothing)]);
    check(&[body("council", 1, 1, named("key_worker", "2026-01-05"))], "charity", &[("2026-06-01", Nothing)]);
    // Family Help: social care says so of a charity, and no charity's or school's system says it of itself.
    let family_help = body("charity", 1, 1, named("family_help_lead", "2026-01-05"));
    let at_work =
        |source: &str| Body { controller: "csc".into(), ..by(source, stood_so_on("2026-05-30", family_help.clone())) };
    check(&[at_work("social-care-case-system")], "charity", &on_day);
    check(&[by("education-school-census", family_help.clone())], "charity", &[("2026-06-01", Nothing)]);
    let unsupervised = e::WorkerNamed { supervised_by: None, ..named("family_help_lead", "2026-01-05") };
    check(&[body("csc", 1, 1, unsupervised)], "charity", &[("2026-06-01", Nothing)]);
    // The end of another's role ends nobody's but theirs.
    let ended = |person: &str| e::WorkerEnded {
        role: coded("family_help_lead"),
        organisation: org("charity"),
        person: org(person),
        ended_on: date("2026-05-01"),
        ..Default::default()
    };
    check(&[family_help.clone(), body("charity", 2, 2, ended("p2"))], "charity", &on_day);
    check(&[family_help, body("charity", 2, 2, ended("p1"))], "charity", &[("2026-05-02", Former)]);
}

#[test]
fn a_health_visitor_until_five() {
    let born = e::BirthNotified { born_on: date("2021-03-04"), health_visiting: org("hv") };
    let days = [("2021-03-03", Nothing), ("2026-03-03", Universal), ("2026-03-04", Former), ("2026-04-01", Nothing)];
    check(&[body("trust", 1, 1, born.clone())], "hv", &days);
    // Of a child of whom no birth date is known it is not known that they are under five.
    let named = e::WorkerNamed {
        role: coded("health_visitor"),
        organisation: org("hv"),
        since_on: date("2025-01-01"),
        ..Default::default()
    };
    check(&[body("trust", 1, 1, named.clone())], "hv", &[("2025-06-01", Nothing)]);
    let named = [body("trust", 1, 1, named), body("trust", 2, 2, e::BirthNotified { health_visiting: None, ..born })];
    check(&named, "hv", &[("2025-06-01", Universal)]);
}

#[test]
fn the_send_team_from_the_request_and_under_the_plan() {
    let asked = body("send", 1, 1, e::EhcAssessmentRequested { received_on: date("2026-01-05"), ..Default::default() });
    let decided = |agreed| {
        let decided =
            e::EhcAssessmentDecided { agreed: Some(agreed), decided_on: date("2026-02-10"), ..Default::default() };
        body("send", 2, 2, decided)
    };
    check(&[asked.clone(), decided(true)], "send", &[("2026-04-01", Targeted)]);
    check(&[asked.clone(), decided(false)], "send", &[("2026-02-10", Targeted), ("2026-02-11", Former)]);
    let issued = body("send", 3, 3, e::EhcPlanIssued { sent_on: date("2026-05-20"), ..Default::default() });
    let ceased = body("send", 4, 4, e::EhcPlanCeased { ceased_on: date("2027-05-20"), reason: None });
    let life = [asked, decided(true), issued, ceased];
    check(&life, "send", &[("2026-05-20", Statutory), ("2027-05-20", Statutory), ("2027-05-21", Former)]);
    let advice =
        e::EhcAdviceRequested { adviser: org("clinic"), requested_on: date("2026-02-12"), ..Default::default() };
    let came = e::EhcAdviceReceived { adviser: org("clinic"), received_on: date("2026-03-20"), ..Default::default() };
    let life = [body("send", 1, 1, advice), body("send", 2, 2, came)];
    check(&life, "clinic", &[("2026-02-12", Targeted), ("2026-03-20", Targeted), ("2026-03-21", Former)]);
    let consulted =
        e::EhcSettingConsulted { setting: org("school-9"), sent_on: date("2026-04-01"), ..Default::default() };
    check(&[body("send", 1, 1, consulted)], "school-9", &[("2026-04-02", Nothing), ("2026-04-25", Nothing)]);
}

#[test]
fn looked_after_is_statutory() {
    let began =
        e::LookedAfterPeriodStarted { start_on: date("2026-01-05"), legal_status: coded("V2"), ..Default::default() };
    let ended = e::LookedAfterPeriodEnded { end_on: date("2026-06-01"), reason: None };
    let life = [body("csc", 1, 1, began), body("csc", 2, 2, ended)];
    check(&life, "csc", &[("2026-05-01", Statutory), ("2026-06-02", Former), ("2026-06-30", Nothing)]);
}

#[test]
fn what_a_person_recorded_is_their_organisations() {
    let mut asked =
        body("service", 1, 1, e::EhcAssessmentRequested { received_on: date("2026-01-05"), ..Default::default() });
    asked.recorded_by = Some(e::RecordedBy { organisation: "send".into(), ..Default::default() });
    check(std::slice::from_ref(&asked), "send", &[("2026-02-01", Targeted)]);
    check(std::slice::from_ref(&asked), "service", &[("2026-02-01", Nothing)]);
    // A connector that writes such a name is not believed in it.
    let posing = by("education-ehc-system", stood_so_on("2026-01-31", asked));
    check(std::slice::from_ref(&posing), "send", &[("2026-02-01", Nothing)]);
    check(&[posing], "service", &[("2026-02-01", Targeted)]);
}

const CASES: &str = "social-care-case-system";
const RETURN: &str = "social-care-cin-census";

/// The same, of a source that stood so at noon of this day.
fn stood_so_on(day: &str, mut body: Body) -> Body {
    let as_of_us = at(day).map_or(0, |at| at.seconds * 1_000_000);
    body.version = Some(Version { as_of_us, ..Version::default() });
    body
}

/// A feed that was read whole on this day.
fn read_whole_on(day: &str) -> Registry {
    let confirmed = proto::sharing::FeedConfirmed { confirmed_at: at(day), ..Default::default() };
    let said = by(CASES, body("csc", 0, 0, confirmed));
    Registry::fold([FactEvent { subject: [0; 16], published_at_us: 0, sequence: 0, body: &said }], None)
}

#[test]
fn what_a_return_says_of_who_works_with_a_child_widens_nothing() {
    let day = date("2026-01-05");
    let said: [(&str, Event); 6] = [
        ("referral", e::ReferralReceived { received_on: day, ..Default::default() }.into()),
        ("assessment", e::AssessmentStarted { start_on: day, ..Default::default() }.into()),
        ("plan", e::ChildInNeedPlanStarted { start_on: day }.into()),
        ("enquiry", e::Section47EnquiryStarted { start_on: day, ..Default::default() }.into()),
        ("protection plan", e::ProtectionPlanStarted { start_on: day, ..Default::default() }.into()),
        ("care", e::LookedAfterPeriodStarted { start_on: day, ..Default::default() }.into()),
    ];
    for (what, event) in said {
        let began = stood_so_on("2026-01-10", body("csc", 1, 1, event));
        let (of_return, live) = ([by(RETURN, began.clone())], [by(CASES, began.clone())]);
        // Its own organisation goes on with its own records.
        for (day, expected) in [("2026-01-04", Nothing), ("2026-01-11", Former), ("2026-02-20", Former)] {
            assert_eq!(on(&of_return, day, "csc"), expected, "{what} of a return on {day}");
        }
        // A live source is believed for a week after it said so, and for a week after it was read whole.
        for (day, expected) in [("2026-01-11", Statutory), ("2026-01-17", Statutory), ("2026-01-18", Former)] {
            assert_eq!(on(&live, day, "csc"), expected, "{what} of a live source on {day}");
        }
        let read = read_whole_on("2026-02-10");
        assert_eq!(confirmed(&read, &live, "2026-02-17", "csc"), Statutory, "{what}");
        assert_eq!(confirmed(&read, &live, "2026-02-18", "csc"), Former, "{what}");
        assert_eq!(confirmed(&read, &of_return, "2026-02-17", "csc"), Former, "{what}: no return confirms anything");
        assert_eq!(on(&[began], "2026-02-20", "csc"), Statutory, "{what}, recorded by a person");
    }
    // The same of the SEND team, of a return of plans.
    let issued = stood_so_on("2026-01-10", body("send", 1, 1, e::EhcPlanIssued { sent_on: day, ..Default::default() }));
    assert_eq!(on(&[by("education-sen2", issued.clone())], "2026-01-12", "send"), Former);
    assert_eq!(on(&[by("education-ehc-system", issued)], "2026-01-12", "send"), Statutory);
}

#[test]
fn no_feed_makes_another_organisation_work_with_a_child() {
    let started = e::ServiceStarted { organisation: org("other"), start_on: date("2026-01-05"), ..Default::default() };
    let assessed =
        e::HelpAssessmentStarted { organisation: org("other"), start_on: date("2026-01-05"), ..Default::default() };
    let named = |role: &str| e::WorkerNamed {
        role: coded(role),
        organisation: org("other"),
        since_on: date("2026-01-05"),
        ..Default::default()
    };
    let born = e::PersonDescribed { birth_on: date("2024-01-01"), ..Default::default() };
    let said: [(&str, Event, Involvement); 6] = [
        (CASES, started.into(), Targeted),
        (CASES, assessed.into(), Targeted),
        (CASES, named("lead_practitioner").into(), Lead),
        (CASES, named("social_worker").into(), Lead),
        ("education-ehc-system", named("ehc_case_officer").into(), Lead),
        ("health-visiting", named("health_visitor").into(), Universal),
    ];
    for (source, event, involvement) in said {
        let of = |controller: &str| {
            let said = stood_so_on("2026-01-10", body(controller, 1, 1, event.clone()));
            [by(source, said), body("hospital", 2, 2, born.clone())]
        };
        check(&of("csc"), "other", &[("2026-01-12", Nothing)]);
        check(&of("other"), "other", &[("2026-01-12", involvement)]);
    }
    // And it is a year, unless somebody says that it goes on.
    let begun = e::ServiceStarted { organisation: org("csc"), start_on: date("2026-01-05"), ..Default::default() };
    let days = [("2027-01-05", Targeted), ("2027-01-06", Former), ("2027-02-03", Nothing)];
    check(&[by("social-care-early-help", body("csc", 1, 1, begun))], "csc", &days);
}

/// One event for each row of the table, with the organisation whose work it begins.
fn samples() -> Vec<(&'static str, &'static str, Event, &'static str)> {
    let day = date("2026-01-05");
    let named = |role: &str| -> Event {
        e::WorkerNamed {
            role: coded(role),
            organisation: org("other"),
            person: org("p1"),
            since_on: day,
            supervised_by: org("csc"),
            ..Default::default()
        }
        .into()
    };
    let mut stated = e::InvolvementStarted { organisation: org("other"), start_on: day, ..Default::default() };
    stated.set_kind(e::involvement::Kind::Lead);
    let started = e::ServiceStarted { organisation: org("other"), start_on: day, ..Default::default() };
    let assessed = e::HelpAssessmentStarted { organisation: org("other"), start_on: day, ..Default::default() };
    let consulted = e::EhcSettingConsulted { setting: org("other"), sent_on: day, ..Default::default() };
    let advice = e::EhcAdviceRequested { adviser: org("other"), requested_on: day, ..Default::default() };
    let moved = e::EhcPlanTransferred { to_authority: org("other"), transferred_on: day, ..Default::default() };
    let review = e::ChildDeathReviewStarted { organisation: org("other"), start_on: day };
    let roll = e::EnrolmentStarted { school: org("other"), entry_on: day, ..Default::default() };
    vec![
        ("EnrolmentStarted", "", roll.into(), "other"),
        ("BirthNotified", "", e::BirthNotified { born_on: day, health_visiting: org("other") }.into(), "other"),
        ("WorkerNamed", "health_visitor_role", named("health_visitor"), "other"),
        ("WorkerNamed", "lead_role", named("lead_practitioner"), "other"),
        ("WorkerNamed", "social_care_lead_role", named("social_worker"), "other"),
        ("WorkerNamed", "ehc_lead_role", named("ehc_case_officer"), "other"),
        ("WorkerNamed", "family_help_role", named("family_help_lead"), "other"),
        ("EnquiryReceived", "", e::EnquiryReceived { received_on: day, ..Default::default() }.into(), "own"),
        ("ContactReceived", "", e::ContactReceived { received_on: day, ..Default::default() }.into(), "own"),
        ("HelpAssessmentStarted", "", assessed.into(), "other"),
        ("ServiceStarted", "", started.into(), "other"),
        ("ReferralAccepted", "", e::ReferralAccepted { accepted_on: day, ..Default::default() }.into(), "own"),
        (
            "EhcAssessmentRequested",
            "",
            e::EhcAssessmentRequested { received_on: day, ..Default::default() }.into(),
            "own",
        ),
        ("EhcPlanIssued", "", e::EhcPlanIssued { sent_on: day, ..Default::default() }.into(), "own"),
        ("EhcPlanTransferred", "", moved.into(), "other"),
        ("EhcAdviceRequested", "", advice.into(), "other"),
        ("EhcSettingConsulted", "", consulted.into(), "other"),
        (
            "LookedAfterPeriodStarted",
            "",
            e::LookedAfterPeriodStarted { start_on: day, ..Default::default() }.into(),
            "own",
        ),
        ("ChildDeathReviewStarted", "", review.into(), "other"),
        ("PersonDescribed", "", e::PersonDescribed { practice: org("other"), ..Default::default() }.into(), "other"),
        ("ReferralReceived", "", e::ReferralReceived { received_on: day, ..Default::default() }.into(), "own"),
        ("AssessmentStarted", "", e::AssessmentStarted { start_on: day, ..Default::default() }.into(), "own"),
        ("ChildInNeedPlanStarted", "", e::ChildInNeedPlanStarted { start_on: day }.into(), "own"),
        (
            "Section47EnquiryStarted",
            "",
            e::Section47EnquiryStarted { start_on: day, ..Default::default() }.into(),
            "own",
        ),
        ("ProtectionPlanStarted", "", e::ProtectionPlanStarted { start_on: day, ..Default::default() }.into(), "own"),
        (
            "AttendedEmergency",
            "",
            e::AttendedEmergency { arrived_at: at("2026-01-05"), ..Default::default() }.into(),
            "own",
        ),
        (
            "AdmissionStarted",
            "",
            e::AdmissionStarted { admitted_at: at("2026-01-05"), ..Default::default() }.into(),
            "own",
        ),
        (
            "AppointmentBooked",
            "",
            e::AppointmentBooked { starts_at: at("2026-01-05"), ..Default::default() }.into(),
            "own",
        ),
        (
            "AppointmentMissed",
            "",
            e::AppointmentMissed { starts_at: at("2026-01-05"), ..Default::default() }.into(),
            "own",
        ),
        ("InvolvementStarted", "", stated.into(), "other"),
    ]
}

/// A row that gives what it says, of an event that says no more than it must; and no row without an event here.
#[test]
fn every_row_of_the_table_gives_what_it_says() {
    let table: toml::Table = include_str!("../rules/involvement.toml").parse().unwrap();
    let rows = table["spell"].as_array().unwrap();
    let samples = samples();
    assert_eq!(rows.len(), samples.len(), "as many events as rows");
    for row in rows {
        let kind = row["kind"].as_str().unwrap();
        let list = row.get("when").and_then(|when| when.get("list")).and_then(toml::Value::as_str).unwrap_or_default();
        let sample = samples.iter().find(|(of, by, ..)| (*of, *by) == (kind, list));
        let (.., event, organisation) = sample.unwrap_or_else(|| panic!("no event for {kind} {list}"));
        let expected = match row["involvement"].as_str().unwrap() {
            "none" => Nothing,
            "universal" => Universal,
            "targeted" => Targeted,
            "statutory" => Statutory,
            _ => Lead,
        };
        let born = e::PersonDescribed { birth_on: date("2025-12-01"), ..Default::default() };
        let said = [body("own", 1, 2, event.clone()), body("elsewhere", 2, 1, born)];
        assert_eq!(on(&said, "2026-01-06", organisation), expected, "{kind} {list}");
        let other = if *organisation == "own" { "other" } else { "own" };
        assert_eq!(on(&said, "2026-01-06", other), Nothing, "{kind} {list}: of nobody else");
    }
}
