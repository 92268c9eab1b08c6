//! Facts that no decision case reaches: lifting, revoking, expiry, retraction, and what the fold does not depend on.

#![cfg(test)]

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use proptest::prelude::*;
use proto::events::{self as e, Body, Event};
use proto::sharing as s;
use sharing::{
    AsOf, Category, ChildFacts, Engine, FactEvent, Outcome, Principal, Purpose, RecordClass, Registry, Request,
    RoleGroup, decide,
};

fn on(day: Date) -> Option<e::Date> {
    Some(e::Date {
        year: day.year().into(),
        month: Some(day.month() as u32),
        day: Some(day.day() as u32),
        estimated: false,
    })
}

fn body(event: impl Into<Event>) -> Body {
    Body { controller: "csc".into(), entry_id: vec![1; 16], event: Some(event.into()), ..Body::default() }
}

fn fact(subject: u8, at: i64, body: &Body) -> FactEvent<'_> {
    FactEvent { subject: [subject; 16], published_at_us: at, sequence: 0, body }
}

fn registry() -> Registry {
    let mut hospital =
        s::OrganisationRecorded { id: Some("hospital".into()), designated: Some(true), ..Default::default() };
    hospital.set_sector(sharing::Sector::Health);
    let body = body(hospital);
    Registry::fold([fact(0, 0, &body)], None)
}

/// Whether a clinician reads the whole of their own hospital's record that tells where the child is.
fn withholds_location(events: &[(u8, i64, Body)], day: Date) -> bool {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load().unwrap());
    let engine = &*ENGINE;
    let mut works = e::InvolvementStarted {
        organisation: Some("hospital".into()),
        start_on: on(date(2020, 1, 1)),
        ..Default::default()
    };
    works.set_kind(e::involvement::Kind::Targeted);
    let works = body(works);
    let stream = events.iter().map(|(subject, at, body)| fact(*subject, *at, body)).chain([fact(9, 0, &works)]);
    let facts = ChildFacts::fold(engine, stream, &AsOf::day(day));
    let reader = Principal::Staff {
        organisation: "hospital".into(),
        person: "reader".into(),
        roles: [RoleGroup::Clinical].into(),
        active: true,
        trained: true,
    };
    let class = RecordClass {
        source_org: "hospital".into(),
        category: Category::Hospital,
        labels: [].into(),
        third_parties: [].into(),
        has_third_party: false,
        unnamed_third_party: false,
        has_location: true,
        retention_expired: false,
    };
    let decision = decide(engine, &Request::new(reader, Purpose::DirectCare, day), &facts, &registry(), [&class]);
    match decision.outcome(&class) {
        Outcome::Full => false,
        Outcome::Redacted => true,
        other => panic!("{other:?}"),
    }
}

fn set(id: &str, from: Option<e::Date>) -> Body {
    let mut set = s::RestrictionSet { id: Some(id.into()), from, ..Default::default() };
    set.set_kind(s::restriction::Kind::ProtectedAddress);
    body(set)
}

fn lifted(id: &str, by: &str, day: Date) -> Body {
    body(s::RestrictionLifted { id: Some(id.into()), lifted_by: Some(by.into()), on: on(day) })
}

#[test]
fn a_restriction_is_lifted_by_name_of_its_own_subject_and_by_nothing_else() {
    let today = date(2026, 6, 1);
    let day = date(2026, 5, 1);
    assert!(!withholds_location(&[], today));
    assert!(withholds_location(&[(1, 1, set("a", None))], today));
    assert!(!withholds_location(&[(1, 1, set("a", None)), (1, 2, lifted("a", "manager", day))], today));
    for (what, events) in [
        ("by nobody named", vec![(1, 1, set("a", None)), (1, 2, lifted("a", "", day))]),
        ("under another id", vec![(1, 1, set("a", None)), (1, 2, lifted("b", "manager", day))]),
        ("of another subject", vec![(1, 1, set("a", None)), (2, 2, lifted("a", "manager", day))]),
        ("in the future", vec![(1, 1, set("a", None)), (1, 2, lifted("a", "manager", date(2026, 6, 2)))]),
        (
            "and set again",
            vec![(1, 1, set("a", None)), (1, 2, lifted("a", "manager", day)), (1, 3, set("a", on(date(2026, 5, 2))))],
        ),
        ("without an id", vec![(1, 1, set("", None)), (1, 2, lifted("", "manager", day))]),
        ("by retraction", vec![(1, 1, set("a", None)), (1, 2, body(e::EntryRetracted::default()))]),
    ] {
        assert!(withholds_location(&events, today), "{what}");
    }
    assert!(!withholds_location(&[(1, 1, set("a", on(date(2026, 6, 2))))], today), "from tomorrow");
}

#[test]
fn of_one_day_a_restriction_ends_by_what_was_recorded_last() {
    let (day, today) = (date(2026, 5, 1), date(2026, 6, 1));
    let (sets, lifts) = (|| set("a", on(day)), || lifted("a", "manager", day));
    assert!(!withholds_location(&[(1, 1, sets()), (1, 2, lifts())], today), "set by mistake, and lifted the same day");
    assert!(!withholds_location(&[(1, 1, sets()), (1, 2, lifts())], day), "on that very day too");
    assert!(withholds_location(&[(1, 1, lifts()), (1, 2, sets())], today), "lifted, and set again the same day");
    assert!(withholds_location(&[(1, 1, sets()), (1, 2, lifts()), (1, 3, sets())], today));
    // Said later of an earlier day: it lifts nothing that began after that day.
    assert!(withholds_location(&[(1, 1, sets()), (1, 2, lifted("a", "manager", date(2026, 4, 30)))], today));
}

#[test]
fn a_grant_is_for_a_named_person_until_its_day_or_until_revoked() {
    let today = date(2026, 6, 1);
    let granted = |person: &str, by: &str, to: Option<e::Date>| {
        let mut granted = s::AccessGranted {
            id: Some("g".into()),
            person: Some(person.into()),
            organisation: Some("hospital".into()),
            to,
            granted_by: Some(by.into()),
            purposes: vec![Purpose::DirectCare.into()],
            ..Default::default()
        };
        granted.set_scope(s::access_granted::Scope::Address);
        body(granted)
    };
    let revoked = body(s::AccessRevoked { id: Some("g".into()), ..Default::default() });
    let with = |grants: Vec<Body>| {
        let mut events = vec![(1, 1, set("a", None))];
        events.extend(grants.into_iter().enumerate().map(|(at, grant)| (2, at as i64 + 2, grant)));
        withholds_location(&events, today)
    };
    assert!(!with(vec![granted("reader", "manager", on(today))]));
    assert!(with(vec![granted("reader", "manager", on(date(2026, 5, 31)))]), "its last day is over");
    assert!(with(vec![granted("reader", "manager", None)]), "it has no last day");
    assert!(with(vec![granted("somebody else", "manager", on(today))]));
    assert!(with(vec![granted("reader", "", on(today))]), "nobody granted it");
    assert!(with(vec![granted("reader", "manager", on(today)), revoked]));
}

fn approved_by(by: &str, id: Option<&str>, source: &str, to: Date) -> Body {
    let mut process = s::LegalProcessRecorded {
        id: id.map(str::to_owned),
        recipient: Some("police".into()),
        source: Some(source.into()),
        to: on(to),
        approved_by: Some("controller".into()),
        ..Default::default()
    };
    process.set_kind(s::legal_process_recorded::Kind::CrimeRequestApproved);
    Body { controller: by.into(), ..body(process) }
}

/// What police read of a hospital's record by a crime request that this organisation approved, naming this source or none.
fn police_read(by: &str, source: &str) -> Outcome {
    police_read_by(&[(1, approved_by(by, None, source, date(2026, 6, 1)))])
}

/// By what was recorded of processes, each of this subject, in this order.
fn police_read_by(processes: &[(u8, Body)]) -> Outcome {
    let engine = Engine::load().unwrap();
    let today = date(2026, 6, 1);
    let organisation = |id: &str, sector| {
        let mut organisation = s::OrganisationRecorded { id: Some(id.into()), ..Default::default() };
        organisation.set_sector(sector);
        body(organisation)
    };
    let recorded = [organisation("hospital", sharing::Sector::Health), organisation("police", sharing::Sector::Police)];
    let registry = Registry::fold(recorded.iter().map(|body| fact(0, 0, body)), None);
    let events = (1..).zip(processes).map(|(at, (subject, body))| fact(*subject, at, body));
    let facts = ChildFacts::fold(&engine, events, &AsOf::day(today));
    let reader = Principal::Staff {
        organisation: "police".into(),
        person: "reader".into(),
        roles: [RoleGroup::CaseHolding].into(),
        active: true,
        trained: true,
    };
    let class = RecordClass {
        source_org: "hospital".into(),
        category: Category::Hospital,
        labels: [].into(),
        third_parties: [].into(),
        has_third_party: false,
        unnamed_third_party: false,
        has_location: false,
        retention_expired: false,
    };
    let request = Request::new(reader, Purpose::CrimePrevention, today);
    decide(&engine, &request, &facts, &registry, [&class]).outcome(&class)
}

#[test]
fn a_crime_request_opens_the_records_of_the_organisation_that_it_names_or_that_approved_it() {
    assert_eq!(police_read("council", "hospital"), Outcome::Redacted);
    assert_eq!(police_read("council", "school"), Outcome::Hide);
    assert_eq!(police_read("hospital", ""), Outcome::Redacted, "of its own");
    assert_eq!(police_read("council", ""), Outcome::Hide, "of its own, which this is not");
}

#[test]
fn the_last_word_on_a_process_stands_and_ends_no_other() {
    let (until_today, ended) = (date(2026, 6, 1), date(2026, 5, 31));
    let said = |id: Option<&str>, to| approved_by("hospital", id, "hospital", to);
    assert_eq!(police_read_by(&[(1, said(Some("p"), until_today))]), Outcome::Redacted);
    assert_eq!(police_read_by(&[(1, said(Some("p"), until_today)), (1, said(Some("p"), ended))]), Outcome::Hide);
    assert_eq!(police_read_by(&[(1, said(Some("p"), ended)), (1, said(Some("p"), until_today))]), Outcome::Redacted);
    for (what, ends) in [
        ("another process", (1, said(Some("q"), ended))),
        ("one of another record of the child", (2, said(Some("p"), ended))),
        ("one without an id", (1, said(None, ended))),
    ] {
        assert_eq!(police_read_by(&[(1, said(Some("p"), until_today)), ends]), Outcome::Redacted, "{what} ended");
    }
    let by_nobody = s::LegalProcessRecorded { approved_by: None, ..unapproved() };
    assert_eq!(police_read_by(&[(1, body(by_nobody))]), Outcome::Hide, "nobody approved it");
}

fn unapproved() -> s::LegalProcessRecorded {
    let Some(e::event::Kind::LegalProcessRecorded(process)) =
        approved_by("hospital", Some("p"), "hospital", date(2026, 6, 1)).event.and_then(|event| event.kind)
    else {
        panic!()
    };
    process
}

#[test]
fn a_limit_on_a_parent_binds_who_is_named_by_their_issuer() {
    const ISSUER: &str = "https://families.invalid";
    let engine = Engine::load().unwrap();
    let today = date(2026, 6, 1);
    let named =
        |issuer: &str, person: &str| s::NamedPerson { issuer: Some(issuer.into()), person: Some(person.into()) };
    let mut school = s::OrganisationRecorded { id: Some("school".into()), ..Default::default() };
    school.set_sector(sharing::Sector::Education);
    let mut portal = s::OrganisationRecorded {
        id: Some("portal".into()),
        token_issuer: Some(ISSUER.into()),
        vouches_for_people: Some(true),
        ..Default::default()
    };
    portal.set_sector(sharing::Sector::SocialCare);
    let recorded = [body(school), body(portal)];
    let registry = Registry::fold(recorded.iter().map(|body| fact(0, 0, body)), None);
    let reads = |limit: Option<s::RestrictionSet>| {
        let mut recognised = s::FamilyPersonRecognised {
            id: Some("p".into()),
            person: Some(named(ISSUER, "mother")),
            evidence: Some("seen".into()),
            recognised_by: Some("clerk".into()),
            on: on(date(2026, 1, 1)),
            ..Default::default()
        };
        recognised.set_relation(s::family_person_recognised::Relation::Parent);
        let verified = s::ParentalResponsibilityVerified {
            person: Some(named(ISSUER, "mother")),
            evidence: Some("seen".into()),
            verified_by: Some("another".into()),
            on: on(date(2026, 1, 1)),
        };
        let born = e::PersonDescribed { birth_on: on(date(2018, 1, 1)), ..Default::default() };
        let mut said = vec![body(recognised), body(verified), body(born)];
        said.extend(limit.map(|mut limit| {
            limit.set_kind(s::restriction::Kind::ParentalResponsibility);
            body(s::RestrictionSet { id: Some("r".into()), ..limit })
        }));
        let events = (1..).zip(&said).map(|(at, body)| fact(1, at, body));
        let facts = ChildFacts::fold(&engine, events, &AsOf::day(today));
        let reader =
            Principal::Person { organisation: "portal".into(), issuer: ISSUER.into(), person: "mother".into() };
        let class = RecordClass {
            source_org: "school".into(),
            category: Category::Attendance,
            labels: [].into(),
            third_parties: [].into(),
            has_third_party: false,
            unnamed_third_party: false,
            has_location: false,
            retention_expired: false,
        };
        let request = Request::new(reader, Purpose::SubjectAccess, today);
        decide(&engine, &request, &facts, &registry, [&class]).outcome(&class) > Outcome::Hide
    };
    let adult =
        |issuer: &str, person: &str| s::RestrictionSet { adult: Some(named(issuer, person)), ..Default::default() };
    let called = |person: &str| s::RestrictionSet { person: Some(person.into()), ..Default::default() };
    assert!(reads(None));
    for (what, limit, may) in [
        ("this one of this issuer", adult(ISSUER, "mother"), false),
        ("one of the same name at another issuer", adult("https://elsewhere.invalid", "mother"), true),
        ("another of this issuer", adult(ISSUER, "father"), true),
        ("whoever is called so", called("mother"), false),
        ("whoever is called so, at no issuer", adult("", "mother"), false),
        ("another", called("father"), true),
        ("nobody by name: every adult", s::RestrictionSet::default(), false),
        ("nobody whom a token could name: every adult", adult(ISSUER, ""), false),
    ] {
        assert_eq!(reads(Some(limit)), may, "{what}");
    }
}

#[test]
fn an_organisation_out_of_force_or_unknown_reads_nothing() {
    let engine = Engine::load().unwrap();
    let today = date(2026, 6, 1);
    let facts = ChildFacts::fold(&engine, [], &AsOf::day(today));
    let reader = |organisation: &str| Principal::Staff {
        organisation: organisation.into(),
        person: "reader".into(),
        roles: [RoleGroup::Clinical].into(),
        active: true,
        trained: true,
    };
    let denied = |request: &Request, registry: &Registry| decide(&engine, request, &facts, registry, []).denied();
    let unknown = Request::new(reader("nobody"), Purpose::DirectCare, today);
    assert_eq!(denied(&unknown, &registry()), Some(sharing::DenialReason::UnknownOrganisation));
    let known = Request::new(reader("hospital"), Purpose::DirectCare, today);
    assert_eq!(denied(&known, &registry()), None);
    let other_day = Request::new(reader("hospital"), Purpose::DirectCare, date(2026, 6, 2));
    assert_eq!(denied(&other_day, &registry()), Some(sharing::DenialReason::FactsStale));
    let mut closed =
        s::OrganisationRecorded { id: Some("hospital".into()), to: on(date(2026, 5, 31)), ..Default::default() };
    closed.set_sector(sharing::Sector::Health);
    let closed = body(closed);
    let registry = Registry::fold([fact(0, 0, &closed)], None);
    assert_eq!(denied(&known, &registry), Some(sharing::DenialReason::UnknownOrganisation));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Neither the order nor the repetition of events matters.
    #[test]
    fn the_fold_depends_on_what_was_said_and_not_on_when_it_arrived(
        steps in prop::collection::vec((0u8..3, 0u8..3, 0i64..40, any::<bool>()), 0..8),
        order in any::<prop::sample::Index>(),
    ) {
        let events: Vec<(u8, i64, Body)> = steps
            .iter()
            .enumerate()
            .map(|(at, (subject, id, day, sets))| {
                let day = jiff::ToSpan::days(*day);
                let day = date(2026, 5, 1).saturating_add(day);
                let id = ["a", "b", "c"][usize::from(*id)];
                let body = if *sets { set(id, on(day)) } else { lifted(id, "manager", day) };
                (*subject, at as i64, body)
            })
            .collect();
        let mut shuffled = events.clone();
        shuffled.extend(events.iter().take(3).cloned());
        if !shuffled.is_empty() {
            let by = order.index(shuffled.len());
            shuffled.rotate_left(by);
        }
        let today = date(2026, 5, 20);
        prop_assert_eq!(withholds_location(&events, today), withholds_location(&shuffled, today));
    }
}
