//! Statutory statuses, by the rules that read them: lives of a few events from live systems and returns, day by day. And that
//! neither order nor repetition matters.

#![cfg(test)]

use std::sync::LazyLock;

use jiff::civil::Date;
use proptest::prelude::*;
use proto::events::{self as e, Body, Event, Version};
use proto::sharing as s;
use proto::sharing::statutory_status_changed::Status;
use sharing::{
    AsOf, Category, ChildFacts, Engine, FactEvent, Outcome, Principal, Purpose, RecordClass, Registry, Request,
    RoleGroup, Sector, decide,
};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load().unwrap());
const CASES: &str = "social-care-case-system";
const EHC: &str = "education-ehc-system";

fn date(text: &str) -> Option<e::Date> {
    let day: Date = text.parse().unwrap();
    Some(e::Date {
        year: day.year().into(),
        month: Some(day.month() as u32),
        day: Some(day.day() as u32),
        estimated: false,
    })
}

fn noon_us(day: Date) -> i64 {
    day.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_microsecond()
}

/// One event of a council's system, which stood so on that day.
fn said(source: &str, controller: &str, entry: u8, as_of: &str, event: impl Into<Event>) -> Body {
    Body {
        controller: controller.into(),
        source: source.into(),
        entry_id: vec![entry; 16],
        version: Some(Version { as_of_us: noon_us(as_of.parse().unwrap()), ..Version::default() }),
        event: Some(event.into()),
        ..Body::default()
    }
}

/// The council, its SEND team, a school whose records they ask for, and a confirmation of the feeds on a day.
fn registry(confirmed: Option<&str>) -> Registry {
    let mut bodies: Vec<Body> = Vec::new();
    for (id, sector) in [
        ("csc", Sector::SocialCare),
        ("csc-2", Sector::SocialCare),
        ("send", Sector::Education),
        ("school", Sector::Education),
    ] {
        let mut organisation =
            s::OrganisationRecorded { id: Some(id.into()), designated: Some(true), ..Default::default() };
        organisation.set_sector(sector);
        bodies.push(Body { event: Some(organisation.into()), ..Body::default() });
    }
    let agreement = s::AgreementRecorded {
        id: Some("all".into()),
        parties: ["csc", "csc-2", "send", "school"].map(str::to_owned).into(),
        from: date("2020-01-01"),
        to: date("2030-01-01"),
        ..Default::default()
    };
    bodies.push(Body { event: Some(agreement.into()), ..Body::default() });
    if let Some(confirmed) = confirmed {
        let seconds = noon_us(confirmed.parse().unwrap()) / 1_000_000;
        let confirmed_at = Some(prost_types::Timestamp { seconds, nanos: 0 });
        // A connector speaks of its own feed, whatever it writes.
        let own = s::FeedConfirmed { organisation: Some("csc-2".into()), source: Some("other".into()), confirmed_at };
        let by = |controller: &str, source: &str| Body {
            controller: controller.into(),
            source: source.into(),
            event: Some(own.clone().into()),
            ..Body::default()
        };
        bodies.extend([by("csc", CASES), by("send", EHC)]);
    }
    Registry::fold(
        bodies.iter().map(|body| FactEvent { subject: [0; 16], published_at_us: 0, sequence: 0, body }),
        None,
    )
}

/// What this council's worker, for whom the status alone decides, may see of the school's record.
fn sees(bodies: &[Body], registry: &Registry, status: Status, by: &str, day: &str) -> bool {
    let (purpose, roles, category) = match status {
        Status::EhcPlan | Status::EhcRequest => {
            (Purpose::SendAssessment, [RoleGroup::SendTeam].into(), Category::Therapy)
        }
        Status::Section47 => (Purpose::ChildProtection, [RoleGroup::Safeguarding].into(), Category::Attendance),
        Status::ChildInNeed => (Purpose::ChildInNeed, [RoleGroup::CaseHolding].into(), Category::Attendance),
        _ => (Purpose::LookedAfter, [RoleGroup::CaseHolding].into(), Category::Attendance),
    };
    let mut works =
        e::InvolvementStarted { organisation: Some(by.into()), start_on: date("2020-01-01"), ..Default::default() };
    works.set_kind(e::involvement::Kind::Statutory);
    let works = Body { source: "command".into(), entry_id: vec![99; 16], event: Some(works.into()), ..Body::default() };
    let born = e::PersonDescribed { birth_on: date("2016-01-01"), ..Default::default() };
    let born = Body { controller: "csc".into(), entry_id: vec![98; 16], event: Some(born.into()), ..Body::default() };
    let events = bodies.iter().chain([&works, &born]).enumerate().map(|(at, body)| FactEvent {
        subject: [1; 16],
        published_at_us: at as i64,
        sequence: 0,
        body,
    });
    let day: Date = day.parse().unwrap();
    let facts = ChildFacts::fold(&ENGINE, events, &AsOf::day(day));
    let reader =
        Principal::Staff { organisation: by.into(), person: "reader".into(), roles, active: true, trained: true };
    let class = RecordClass {
        source_org: "school".into(),
        category,
        labels: [].into(),
        third_parties: [].into(),
        has_third_party: false,
        unnamed_third_party: false,
        has_location: false,
        retention_expired: false,
    };
    let decision = decide(&ENGINE, &Request::new(reader, purpose, day), &facts, registry, [&class]);
    let outcome = decision.outcome(&class);
    // For child protection the duty to share gives the redacted view anyway: the enquiry gives the whole.
    outcome >= if status == Status::Section47 { Outcome::Full } else { Outcome::Redacted }
}

fn check(bodies: &[Body], status: Status, by: &str, days: &[(&str, bool)]) {
    // Confirmed throughout: what is tested here is what opens and closes.
    let registry = registry(Some("2030-01-01"));
    for (day, open) in days {
        assert_eq!(sees(bodies, &registry, status, by, day), *open, "{status:?} of {by} on {day}");
        let backwards: Vec<Body> = bodies.iter().rev().cloned().collect();
        assert_eq!(sees(&backwards, &registry, status, by, day), *open, "{status:?} of {by} on {day}, backwards");
    }
}

fn coded(code: &str) -> Option<e::Coded> {
    Some(e::Coded { code: code.into(), ..Default::default() })
}

#[test]
fn an_enquiry_until_the_first_of_what_can_end_it() {
    let enquiry = |source| {
        said(
            source,
            "csc",
            1,
            "2026-03-02",
            e::Section47EnquiryStarted { start_on: date("2026-03-02"), ..Default::default() },
        )
    };
    let began = enquiry(CASES);
    // 45 working days from a Monday: nine weeks.
    check(
        std::slice::from_ref(&began),
        Status::Section47,
        "csc",
        &[("2026-03-01", false), ("2026-03-02", true), ("2026-05-04", true), ("2026-05-05", false)],
    );
    check(&[enquiry("social-care-cin-census")], Status::Section47, "csc", &[("2026-03-03", false)]);
    for end in [
        Event::from(e::Section47EnquiryEnded { ended_on: date("2026-03-20"), outcome: None }),
        e::ConferenceHeld { held_on: date("2026-03-20"), ..Default::default() }.into(),
        e::CaseClosed { closed_on: date("2026-03-20"), ..Default::default() }.into(),
    ] {
        let ended = said(CASES, "csc", 2, "2026-03-20", end.clone());
        check(&[began.clone(), ended], Status::Section47, "csc", &[("2026-03-19", true), ("2026-03-20", false)]);
        // Nobody else's end ends it, and a return's neither.
        let elsewhere = said(CASES, "csc-2", 2, "2026-03-20", end.clone());
        check(&[began.clone(), elsewhere], Status::Section47, "csc", &[("2026-03-21", true)]);
        let returned = said("social-care-cin-census", "csc", 2, "2026-03-20", end);
        check(&[began.clone(), returned], Status::Section47, "csc", &[("2026-03-21", true)]);
    }
    // The same enquiry, of which it is now said that no conference is required.
    let not_required = e::Section47EnquiryStarted {
        start_on: date("2026-03-02"),
        conference_not_required: Some(true),
        ..Default::default()
    };
    let closed = said(CASES, "csc", 1, "2026-03-15", not_required);
    check(&[began.clone(), closed], Status::Section47, "csc", &[("2026-03-16", false)]);
    // Affirmed by a person: open for another 45 working days.
    let mut affirmed = s::StatutoryStatusChanged {
        open: Some(true),
        on: date("2026-05-04"),
        organisation: Some("csc".into()),
        ..Default::default()
    };
    affirmed.set_status(Status::Section47);
    let affirmed = said("command", "service", 3, "2026-05-04", affirmed);
    check(
        &[began, affirmed],
        Status::Section47,
        "csc",
        &[("2026-05-05", true), ("2026-07-06", true), ("2026-07-07", false)],
    );
}

#[test]
fn a_child_in_need_from_an_accepted_referral_to_the_closing_of_the_case() {
    let referral = |nfa| {
        let received =
            e::ReferralReceived { received_on: date("2026-03-02"), no_further_action: nfa, ..Default::default() };
        said(CASES, "csc", 1, "2026-03-02", received)
    };
    check(&[referral(Some(false))], Status::ChildInNeed, "csc", &[("2026-03-01", false), ("2027-03-02", true)]);
    check(&[referral(Some(true))], Status::ChildInNeed, "csc", &[("2026-03-03", false)]);
    // Not decided yet is not accepted.
    check(&[referral(None)], Status::ChildInNeed, "csc", &[("2026-03-03", false)]);
    let closed =
        said(CASES, "csc", 2, "2026-09-01", e::CaseClosed { closed_on: date("2026-09-01"), ..Default::default() });
    check(&[referral(Some(false)), closed], Status::ChildInNeed, "csc", &[("2026-08-31", true), ("2026-09-01", false)]);
}

#[test]
fn a_request_until_refused_withdrawn_or_a_plan_and_a_plan_until_ceased_or_gone() {
    let asked = said(
        EHC,
        "send",
        1,
        "2026-01-05",
        e::EhcAssessmentRequested { received_on: date("2026-01-05"), ..Default::default() },
    );
    let decided =
        |agreed| e::EhcAssessmentDecided { agreed: Some(agreed), decided_on: date("2026-02-10"), ..Default::default() };
    let at = |entry, event: Event| said(EHC, "send", entry, "2026-02-10", event);
    check(std::slice::from_ref(&asked), Status::EhcRequest, "send", &[("2026-01-04", false), ("2026-06-01", true)]);
    check(&[asked.clone(), at(2, decided(true).into())], Status::EhcRequest, "send", &[("2026-06-01", true)]);
    check(
        &[asked.clone(), at(2, decided(false).into())],
        Status::EhcRequest,
        "send",
        &[("2026-02-09", true), ("2026-02-10", false)],
    );
    let withdrawn = e::EhcRequestWithdrawn { withdrawn_on: date("2026-02-10"), ..Default::default() };
    check(&[asked.clone(), at(2, withdrawn.into())], Status::EhcRequest, "send", &[("2026-02-10", false)]);
    let issued = at(3, e::EhcPlanIssued { sent_on: date("2026-05-20"), ..Default::default() }.into());
    let ceased = at(4, e::EhcPlanCeased { ceased_on: date("2027-05-20"), reason: None }.into());
    check(
        &[asked, issued.clone(), ceased],
        Status::EhcPlan,
        "send",
        &[("2026-05-20", true), ("2027-05-19", true), ("2027-05-20", false)],
    );
    let moved = e::EhcPlanTransferred {
        from_authority: Some("send".into()),
        to_authority: Some("send-2".into()),
        transferred_on: date("2026-09-01"),
        ..Default::default()
    };
    // The old authority's word ends its plan; it does not begin the new one's.
    let said_by_old = at(5, moved.clone().into());
    check(&[issued.clone(), said_by_old], Status::EhcPlan, "send", &[("2026-08-31", true), ("2026-09-01", false)]);
    let said_by_new = said(EHC, "send-2", 5, "2026-09-01", moved);
    check(&[issued, said_by_new], Status::EhcPlan, "send", &[("2026-09-01", true)]);
}

#[test]
fn looked_after_under_one_legal_status_at_a_time_and_by_one_council() {
    let began = |code| {
        let period = e::LookedAfterPeriodStarted {
            start_on: date("2026-01-05"),
            legal_status: coded(code),
            ..Default::default()
        };
        said(CASES, "csc", 1, "2026-01-05", period)
    };
    let order = Status::LookedAfter;
    for (code, opens) in [
        ("C1", true),
        ("c2", true),
        ("E1", true),
        ("D1", false),
        ("V2", true),
        ("J1", true),
        ("J2", true),
        ("J3", true),
        ("L1", true),
        ("L2", true),
        ("L3", true),
        ("V3", false),
        ("V4", false),
        ("X9", false),
        ("", false),
    ] {
        check(&[began(code)], order, "csc", &[("2026-01-04", false), ("2026-01-05", opens)]);
        check(&[began(code)], order, "csc-2", &[("2026-01-06", false)]);
    }
    // A series of short breaks takes the place of the order that went before, and is nothing.
    let changed = e::LegalStatusChanged { changed_on: date("2026-03-01"), legal_status: coded("V4") };
    let changed = said(CASES, "csc", 2, "2026-03-01", changed);
    check(&[began("C2"), changed.clone()], order, "csc", &[("2026-02-28", true), ("2026-03-01", false)]);
    let again = e::LegalStatusChanged { changed_on: date("2026-04-01"), legal_status: coded("C2") };
    let again = said(CASES, "csc", 3, "2026-04-01", again);
    let ended =
        said(CASES, "csc", 4, "2026-05-01", e::LookedAfterPeriodEnded { end_on: date("2026-05-01"), reason: None });
    let life = [began("C2"), changed, again, ended];
    check(&life, order, "csc", &[("2026-03-31", false), ("2026-04-01", true), ("2026-04-30", true)]);
}

#[test]
fn a_setting_is_consulted_until_it_answers_or_for_twenty_days_and_reads_the_draft() {
    let sent =
        e::EhcSettingConsulted { setting: Some("school".into()), sent_on: date("2026-04-01"), ..Default::default() };
    let asked = e::EhcAssessmentRequested { received_on: date("2026-01-05"), ..Default::default() };
    let asked = said(EHC, "send", 1, "2026-01-05", asked);
    let replied = e::EhcSettingConsulted { replied_on: date("2026-04-10"), ..sent.clone() };
    let by = |source, event: e::EhcSettingConsulted| [asked.clone(), said(source, "send", 2, "2026-04-01", event)];
    let reads = |bodies: &[Body], category, day: &str| {
        let events = bodies.iter().enumerate().map(|(at, body)| FactEvent {
            subject: [1; 16],
            published_at_us: at as i64,
            sequence: 0,
            body,
        });
        let born = e::PersonDescribed { birth_on: date("2016-01-01"), ..Default::default() };
        let born = Body { event: Some(born.into()), ..Body::default() };
        let born = FactEvent { subject: [1; 16], published_at_us: 99, sequence: 0, body: &born };
        let day: Date = day.parse().unwrap();
        let facts = ChildFacts::fold(&ENGINE, events.chain([born]), &AsOf::day(day));
        let roles = [RoleGroup::SchoolPastoral].into();
        let reader = Principal::Staff {
            organisation: "school".into(),
            person: "reader".into(),
            roles,
            active: true,
            trained: true,
        };
        let class = RecordClass {
            source_org: "send".into(),
            category,
            labels: [].into(),
            third_parties: [].into(),
            has_third_party: false,
            unnamed_third_party: false,
            has_location: false,
            retention_expired: false,
        };
        let registry = registry(Some("2030-01-01"));
        decide(&ENGINE, &Request::new(reader, Purpose::SendAssessment, day), &facts, &registry, [&class])
            .outcome(&class)
    };
    let draft = Category::EhcDraft;
    for (day, outcome) in [
        ("2026-03-31", Outcome::Hide),
        ("2026-04-01", Outcome::Redacted),
        ("2026-04-21", Outcome::Redacted),
        ("2026-04-22", Outcome::Hide),
    ] {
        assert_eq!(reads(&by(EHC, sent.clone()), draft, day), outcome, "{day}");
    }
    assert_eq!(reads(&by(EHC, replied.clone()), draft, "2026-04-10"), Outcome::Redacted);
    assert_eq!(reads(&by(EHC, replied), draft, "2026-04-11"), Outcome::Hide);
    assert_eq!(reads(&by(EHC, sent.clone()), Category::Ehcp, "2026-04-02"), Outcome::Hide);
    // Of a sector's source that is not believed in it.
    assert_eq!(reads(&by("health-hl7v2", sent), draft, "2026-04-02"), Outcome::Hide);
}

#[test]
fn a_feed_that_falls_silent_opens_nothing_after_seven_days() {
    let began = said(
        CASES,
        "csc",
        1,
        "2026-03-02",
        e::Section47EnquiryStarted { start_on: date("2026-03-02"), ..Default::default() },
    );
    let silent = registry(None);
    let open = |registry: &Registry, day| sees(std::slice::from_ref(&began), registry, Status::Section47, "csc", day);
    assert!(open(&silent, "2026-03-09") && !open(&silent, "2026-03-10"));
    let heard = registry(Some("2026-03-20"));
    assert!(open(&heard, "2026-03-10") && open(&heard, "2026-03-27") && !open(&heard, "2026-03-28"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Neither the order nor the repetition of what was said matters.
    #[test]
    fn statuses_depend_on_what_was_said_and_not_on_when_it_arrived(
        steps in prop::collection::vec((0u8..5, 1i8..28, 0u8..4, any::<bool>()), 0..8),
        by in any::<prop::sample::Index>(),
    ) {
        let events: Vec<([u8; 16], i64, Body)> = steps.iter().enumerate().map(|(at, (what, day, entry, person))| {
            let text = format!("2026-03-{day:02}");
            let on = date(&text);
            let event: Event = match what {
                0 => e::LookedAfterPeriodStarted { start_on: on, legal_status: coded("C2"), ..Default::default() }.into(),
                1 => e::LegalStatusChanged { changed_on: on, legal_status: coded("V2") }.into(),
                2 => e::LegalStatusChanged { changed_on: on, legal_status: coded("V3") }.into(),
                3 => e::LookedAfterPeriodEnded { end_on: on, reason: None }.into(),
                _ => {
                    let mut changed = s::StatutoryStatusChanged { open: Some(*person), on, organisation: Some("csc".into()), ..Default::default() };
                    changed.set_status(Status::LookedAfter);
                    changed.into()
                }
            };
            let source = if *what == 4 { "command" } else { CASES };
            ([entry % 2; 16], at as i64, said(source, "csc", *entry, &text, event))
        }).collect();
        let fold = |events: &[([u8; 16], i64, Body)]| {
            let facts = events.iter().map(|(subject, at, body)| FactEvent { subject: *subject, published_at_us: *at, sequence: 0, body });
            let facts = ChildFacts::fold(&ENGINE, facts, &AsOf::day("2026-03-20".parse().unwrap()));
            format!("{facts:?}")
        };
        let mut shuffled = events.clone();
        shuffled.extend(events.iter().take(3).cloned());
        if !shuffled.is_empty() {
            let by = by.index(shuffled.len());
            shuffled.rotate_left(by);
        }
        prop_assert_eq!(fold(&events), fold(&shuffled));
    }
}
