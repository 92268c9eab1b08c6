//! What a decision gives out, and to whom: permits, explanations, digests, the cache.

#![cfg(test)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use proptest::prelude::*;
use proto::events::{self as e, Body, Event};
use proto::sharing as s;
use sharing::{
    AsOf, Category, ChildFacts, DecisionCache, Engine, FactEvent, FieldGroup, Label, Outcome, Principal, Purpose,
    RecordClass, Registry, Request, RoleGroup, Sector, decide, decide_cached,
};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load().unwrap());
const ISSUER: &str = "https://families.invalid";
const TODAY: Date = date(2026, 11, 22);
const ORGANISATIONS: [(&str, Sector); 4] =
    [("school", Sector::Education), ("csc", Sector::SocialCare), ("gp", Sector::Health), ("police", Sector::Police)];

fn on(day: Date) -> Option<e::Date> {
    Some(e::Date {
        year: day.year().into(),
        month: Some(day.month() as u32),
        day: Some(day.day() as u32),
        estimated: false,
    })
}

fn body(event: impl Into<Event>) -> Body {
    Body { controller: "csc".into(), event: Some(event.into()), ..Body::default() }
}

fn fold(bodies: &[Body]) -> ChildFacts {
    let events = bodies.iter().enumerate().map(|(at, body)| FactEvent {
        subject: [1; 16],
        published_at_us: at as i64,
        sequence: 0,
        body,
    });
    ChildFacts::fold(&ENGINE, events, &AsOf::day(TODAY))
}

fn registry() -> Registry {
    let mut bodies: Vec<Body> = ORGANISATIONS
        .iter()
        .map(|(id, sector)| {
            let mut organisation =
                s::OrganisationRecorded { id: Some((*id).into()), designated: Some(true), ..Default::default() };
            organisation.set_sector(*sector);
            body(organisation)
        })
        .collect();
    let mut families = s::OrganisationRecorded {
        id: Some("families".into()),
        token_issuer: Some(ISSUER.into()),
        vouches_for_people: Some(true),
        ..Default::default()
    };
    families.set_sector(Sector::SocialCare);
    bodies.push(body(families));
    bodies.push(body(s::AgreementRecorded {
        id: Some("all".into()),
        parties: ORGANISATIONS.iter().map(|(id, _)| (*id).to_owned()).collect(),
        from: on(date(2020, 1, 1)),
        to: on(date(2030, 1, 1)),
        ..Default::default()
    }));
    let events: Vec<_> =
        bodies.iter().map(|body| FactEvent { subject: [0; 16], published_at_us: 0, sequence: 0, body }).collect();
    Registry::fold(events, None)
}

fn works(organisation: &str, kind: e::involvement::Kind) -> Body {
    let mut started = e::InvolvementStarted {
        organisation: Some(organisation.into()),
        start_on: on(date(2026, 1, 1)),
        ..Default::default()
    };
    started.set_kind(kind);
    body(started)
}

fn staff(organisation: &str, roles: &[RoleGroup]) -> Principal {
    Principal::Staff {
        organisation: organisation.into(),
        person: "reader".into(),
        roles: roles.iter().copied().collect(),
        active: true,
        trained: true,
    }
}

fn class(source: &str, category: Category, labels: &[Label]) -> RecordClass {
    RecordClass {
        source_org: source.into(),
        category,
        labels: labels.iter().copied().collect(),
        third_parties: BTreeSet::new(),
        has_third_party: false,
        unnamed_third_party: false,
        has_location: false,
        retention_expired: false,
    }
}

fn restriction(kind: s::restriction::Kind) -> Body {
    let mut set = s::RestrictionSet { id: Some("r".into()), ..Default::default() };
    set.set_kind(kind);
    body(set)
}

#[test]
fn a_permit_gives_out_no_more_than_its_outcome() {
    let mut located = class("gp", Category::GpSummary, &[]);
    located.has_location = true;
    let hidden = class("csc", Category::SocialCareCase, &[Label::CourtRestricted]);
    let existing = class("csc", Category::SocialCareCase, &[]);
    let whole = class("gp", Category::Immunisation, &[]);
    let facts =
        fold(&[works("gp", e::involvement::Kind::Universal), restriction(s::restriction::Kind::ProtectedAddress)]);
    let request = Request::new(staff("gp", &[RoleGroup::Clinical]), Purpose::DirectCare, TODAY);
    let classes = [&located, &hidden, &existing, &whole];
    let decision = decide(&ENGINE, &request, &facts, &registry(), classes);
    let event: Event = e::AdmissionStarted {
        place: Some("Ward 7".into()),
        specialty: Some(e::Coded { code: "420".into(), ..Default::default() }),
        ..Default::default()
    }
    .into();
    let applied = |class: &RecordClass| decision.permit(class).and_then(|permit| permit.apply(&event));

    let redacted: Event = e::AdmissionStarted {
        specialty: Some(e::Coded { code: "420".into(), ..Default::default() }),
        ..Default::default()
    }
    .into();
    assert_eq!(applied(&located), Some(redacted));
    assert!(decision.permit(&located).unwrap().withholds(FieldGroup::Location));
    assert_eq!(applied(&whole), Some(event.clone()));
    assert_eq!(decision.permit(&existing).map(|permit| permit.outcome()), Some(Outcome::Existence));
    assert_eq!(applied(&existing), None);
    assert!(decision.permit(&hidden).is_none());
    // A source's name is an address; one's own is no news.
    assert!(!decision.may_name_source(&existing));
    assert!(decision.may_name_source(&whole));
    let never_asked = class("school", Category::Attendance, &[]);
    assert!(decision.permit(&never_asked).is_none());
    assert_eq!(decision.outcome(&never_asked), Outcome::Hide);
    let counts = decision.counts();
    assert_eq!((counts.full, counts.redacted, counts.existence, counts.hidden), (1, 1, 1, 1));
    assert!(!decision.failed());
}

#[test]
fn a_reader_is_told_only_what_they_may_know() {
    let request = Request::new(staff("gp", &[RoleGroup::Clinical]), Purpose::DirectCare, TODAY);
    let plain = class("csc", Category::SocialCareCase, &[]);
    let sensitive = class("csc", Category::SocialCareCase, &[Label::DomesticAbuse]);
    let hidden = class("csc", Category::SocialCareCase, &[Label::CourtRestricted]);
    let mut located = class("gp", Category::GpSummary, &[]);
    located.has_location = true;
    let mut refusal = s::ConsentRecorded { from: on(date(2026, 2, 1)), ..Default::default() };
    refusal.set_kind(s::consent_recorded::Kind::Share);
    refusal.set_state(s::consent_recorded::State::Refused);
    refusal.set_by(s::consent_recorded::GivenBy::Parent);
    refusal.categories = vec![Category::SocialCareCase.into()];
    let facts = fold(&[
        works("gp", e::involvement::Kind::Universal),
        restriction(s::restriction::Kind::ProtectedAddress),
        body(refusal),
    ]);
    let decision = decide(&ENGINE, &request, &facts, &registry(), [&plain, &sensitive, &hidden, &located]);

    // Not that it was refused: that is a fact about what they may not see.
    let existence = decision.explanation(&plain).unwrap();
    assert!(!existence.rules.iter().any(|id| id.starts_with("R05")), "{existence:?}");
    assert!(decision.class_record(&plain).unwrap().stopped_by["ViewFull"].iter().any(|id| id.starts_with("R05")));
    // Of a sensitive service, nothing but that there is one.
    assert!(decision.explanation(&sensitive).unwrap().reasons.is_empty());
    assert!(decision.explanation(&sensitive).unwrap().rules.is_empty());
    assert_eq!(decision.explanation(&hidden), None);
    // That something is withheld, and not that the address is protected.
    let redacted = decision.explanation(&located).unwrap();
    assert_eq!(redacted.withheld, [FieldGroup::Location].into());
    assert!(!redacted.rules.iter().any(|id| id.starts_with("R01")), "{redacted:?}");
    // The auditor reads it all, with the facts that the rules used.
    let record = decision.class_record(&located).unwrap();
    assert!(record.stopped_by["ViewFull"].iter().any(|id| id.starts_with("R01")));
    assert!(record.facts_used.contains("resource.child.protectedAddress"));
}

#[test]
fn a_reader_who_sees_the_class_is_told_why_some_of_it_is_missing() {
    let mut class = class("csc", Category::ChildProtection, &[]);
    class.has_third_party = true;
    let mut opened = s::StatutoryStatusChanged { open: Some(true), on: on(date(2026, 11, 1)), ..Default::default() };
    opened.set_status(s::statutory_status_changed::Status::Section47);
    let facts = fold(&[works("school", e::involvement::Kind::Universal), body(opened)]);
    let request = Request::new(staff("school", &[RoleGroup::Safeguarding]), Purpose::ChildProtection, TODAY);
    let decision = decide(&ENGINE, &request, &facts, &registry(), [&class]);
    let explanation = decision.explanation(&class).unwrap();
    assert_eq!(explanation.rules, ["R02-third-party", "P04-s47-designated-safeguarding-lead"]);
    assert_eq!(explanation.reasons.first().map(String::as_str), Some("contains another person's data"));
}

#[test]
fn break_glass_obliges_and_runs_out() {
    let hidden = class("csc", Category::SocialCareCase, &[]);
    let asserted = s::BreakGlassAsserted {
        id: Some(vec![0x9a; 16]),
        person: Some("reader".into()),
        organisation: Some("gp".into()),
        reason: Some("a reason".into()),
        asserted_at: Some(prost_types::Timestamp { seconds: 1_000, nanos: 0 }),
        minutes: Some(600),
        purpose: Some(Purpose::DirectCare.into()),
    };
    let facts = fold(&[body(asserted)]);
    let at = |seconds: i64| {
        let mut request = Request::new(staff("gp", &[RoleGroup::Clinical]), Purpose::DirectCare, TODAY);
        request.asked_at_us = Some(seconds * 1_000_000);
        decide(&ENGINE, &request, &facts, &registry(), [&hidden])
    };
    assert_eq!(at(1_000).outcome(&hidden), Outcome::Full);
    let owed: Vec<String> = at(1_000).obligations().map(sharing::obligation_word).collect();
    assert_eq!(owed, ["justify", "notify-caldicott-guardian", "review-72h"]);
    assert!(!at(1_000).break_glass_would_help());
    // Sixty minutes at most, whatever was asked for.
    assert_eq!(at(1_000 + 3_600 - 1).outcome(&hidden), Outcome::Full);
    assert_eq!(at(1_000 + 3_600).outcome(&hidden), Outcome::Hide);
    assert_eq!(at(999).outcome(&hidden), Outcome::Hide);
    assert!(at(999).break_glass_would_help());
    assert_eq!(at(999).obligations().count(), 0);
}

#[test]
fn what_a_sensitive_service_records_is_sensitive() {
    let clinic_class = class("clinic", Category::GpSummary, &[]);
    let facts = fold(&[works("gp", e::involvement::Kind::Universal)]);
    let request = Request::new(staff("gp", &[RoleGroup::Clinical]), Purpose::DirectCare, TODAY);
    let outcome = |sensitive: bool| {
        let mut clinic = s::OrganisationRecorded {
            id: Some("clinic".into()),
            designated: Some(true),
            sensitive: Some(sensitive),
            ..Default::default()
        };
        clinic.set_sector(Sector::Health);
        let agreement = s::AgreementRecorded {
            id: Some("clinic".into()),
            parties: vec!["clinic".into(), "gp".into()],
            from: on(date(2020, 1, 1)),
            to: on(date(2030, 1, 1)),
            ..Default::default()
        };
        let mut gp = s::OrganisationRecorded { id: Some("gp".into()), designated: Some(true), ..Default::default() };
        gp.set_sector(Sector::Health);
        let bodies = [body(clinic), body(agreement), body(gp)];
        let events = bodies.iter().map(|body| FactEvent { subject: [0; 16], published_at_us: 0, sequence: 0, body });
        let registry = Registry::fold(events, None);
        let decision = decide(&ENGINE, &request, &facts, &registry, [&clinic_class]);
        (decision.outcome(&clinic_class), decision.explanation(&clinic_class).map(|told| told.reasons))
    };
    assert_eq!(outcome(false), (Outcome::Full, None));
    assert_eq!(outcome(true), (Outcome::Existence, Some(Vec::new())));
}

#[test]
fn no_day_can_be_chosen_before_a_withdrawal() {
    let consented = class("school", Category::Attendance, &[]);
    let own = class("gp", Category::GpSummary, &[]);
    let consent = |state, day| {
        let mut consent = s::ConsentRecorded { from: on(day), ..Default::default() };
        consent.set_kind(s::consent_recorded::Kind::Share);
        consent.set_state(state);
        consent.set_by(s::consent_recorded::GivenBy::Parent);
        body(consent)
    };
    let bodies = [
        works("gp", e::involvement::Kind::Universal),
        body(e::PersonDescribed { birth_on: on(date(2016, 1, 1)), ..Default::default() }),
        consent(s::consent_recorded::State::Given, date(2026, 2, 1)),
        consent(s::consent_recorded::State::Withdrawn, date(2026, 6, 1)),
    ];
    let judged = |day: Date| {
        let events = bodies.iter().enumerate().map(|(at, body)| FactEvent {
            subject: [1; 16],
            published_at_us: at as i64,
            sequence: 0,
            body,
        });
        let facts = ChildFacts::fold(&ENGINE, events, &AsOf::day(day));
        let request = Request::new(staff("gp", &[RoleGroup::Clinical]), Purpose::DirectCare, day);
        decide(&ENGINE, &request, &facts, &registry(), [&consented, &own])
    };
    let before = date(2026, 5, 1);
    assert_eq!(judged(before).outcome(&consented), Outcome::Full);
    let both = judged(before).and(&judged(TODAY));
    assert_eq!(both.outcome(&consented), Outcome::Existence);
    assert_eq!(both.outcome(&own), Outcome::Full);
    assert_eq!(judged(TODAY).and(&judged(before)).outcome(&consented), Outcome::Existence);
    let mut protected = class("gp", Category::Hospital, &[]);
    protected.has_location = true;
    assert_eq!(both.outcome(&protected), Outcome::Hide, "never asked about");
}

fn arbitrary_class() -> impl Strategy<Value = RecordClass> {
    let label = prop::sample::subsequence(
        vec![Label::SexualHealth, Label::MentalHealth, Label::SeriousHarm, Label::PreAdoption, Label::PoliceIntel],
        0..2,
    );
    (0usize..4, 1i32..22, label, any::<[bool; 4]>()).prop_map(|(source, category, labels, flags)| RecordClass {
        third_parties: if flags[0] { [[5; 16]].into() } else { BTreeSet::new() },
        has_third_party: flags[0] || flags[1],
        unnamed_third_party: flags[1],
        has_location: flags[2],
        retention_expired: flags[3] && category == 3,
        ..class(ORGANISATIONS[source].0, Category::try_from(category).unwrap(), &labels)
    })
}

fn arbitrary_request() -> impl Strategy<Value = Request> {
    let roles = prop::sample::subsequence((1..13).map(|n| RoleGroup::try_from(n).unwrap()).collect::<Vec<_>>(), 0..3);
    (0usize..5, roles, 0i32..18, any::<bool>()).prop_map(|(who, roles, purpose, knows)| {
        let principal = match ORGANISATIONS.get(who) {
            Some((id, _)) => staff(id, &roles),
            None => {
                Principal::Person { organisation: "families".into(), issuer: ISSUER.into(), person: "reader".into() }
            }
        };
        let mut request = Request::new(principal, Purpose::try_from(purpose).unwrap(), TODAY);
        if knows {
            request.also_works_with.insert([5; 16]);
        }
        request
    })
}

fn arbitrary_facts() -> impl Strategy<Value = Vec<Body>> {
    let fact = prop_oneof![
        (0usize..4, 1i32..5)
            .prop_map(|(who, kind)| works(ORGANISATIONS[who].0, e::involvement::Kind::try_from(kind).unwrap())),
        (1i32..6).prop_map(|status| body(s::StatutoryStatusChanged {
            status: Some(status),
            open: Some(true),
            on: on(date(2026, 11, 2)),
            ..Default::default()
        })),
        (1i32..4, any::<bool>()).prop_map(|(relation, verified)| {
            let person = Some(s::NamedPerson { issuer: Some(ISSUER.into()), person: Some("reader".into()) });
            let (seen, by) = (Some("seen".to_owned()), Some("clerk".to_owned()));
            if verified {
                let verified = s::ParentalResponsibilityVerified {
                    person,
                    evidence: seen,
                    verified_by: Some("another clerk".to_owned()),
                    on: on(date(2026, 1, 1)),
                };
                return body(verified);
            }
            body(s::FamilyPersonRecognised {
                id: Some("p".into()),
                person,
                relation: Some(relation),
                evidence: seen,
                recognised_by: by,
                on: on(date(2026, 1, 1)),
            })
        }),
        (1i32..6).prop_map(|kind| restriction(s::restriction::Kind::try_from(kind).unwrap())),
        (1i32..4, 1i32..3).prop_map(|(state, by)| body(s::ConsentRecorded {
            kind: Some(1),
            state: Some(state),
            by: Some(by),
            from: on(date(2026, 3, 1)),
            ..Default::default()
        })),
        (2000i16..2026)
            .prop_map(|year| body(e::PersonDescribed { birth_on: on(date(year, 3, 4)), ..Default::default() })),
    ];
    prop::collection::vec(fact, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A cached answer is the answer; in whatever order the classes come; and no rule fails to evaluate.
    #[test]
    fn cached_and_uncached_decisions_are_one(
        request in arbitrary_request(),
        facts in arbitrary_facts(),
        classes in prop::collection::vec(arbitrary_class(), 1..6),
    ) {
        static CACHE: LazyLock<DecisionCache> = LazyLock::new(|| DecisionCache::new(64));
        let facts = fold(&facts);
        let registry = registry();
        let fresh = decide(&ENGINE, &request, &facts, &registry, &classes);
        let cached = decide_cached(&ENGINE, &CACHE, &request, &facts, &registry, classes.iter().rev());
        let again = decide_cached(&ENGINE, &CACHE, &request, &facts, &registry, &classes);
        prop_assert!(!fresh.failed());
        for class in &classes {
            prop_assert_eq!(fresh.class_record(class), cached.class_record(class));
            prop_assert_eq!(fresh.class_record(class), again.class_record(class));
            // Nobody with no involvement learns anything of a child from another's record.
            let stranger = request.principal.organisation().is_some_and(|id| {
                facts.involvement(id, &registry) == sharing::Involvement::None
            });
            prop_assert!(!stranger || fresh.outcome(class) == Outcome::Hide);
        }
        prop_assert_eq!(fresh.outcomes_digest(), cached.outcomes_digest());
        prop_assert_eq!(fresh.break_glass_would_help(), cached.break_glass_would_help());
        prop_assert_eq!(fresh.break_glass_would_help(), again.break_glass_would_help());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// One more restriction, or a refusal, of any linked subject never shows anybody more.
    #[test]
    fn a_restriction_never_shows_more(
        request in arbitrary_request(),
        facts in arbitrary_facts(),
        class in arbitrary_class(),
        kind in 1i32..7,
        refusal in any::<bool>(),
    ) {
        let registry = registry();
        let without = decide(&ENGINE, &request, &fold(&facts), &registry, [&class]);
        let mut refused = s::ConsentRecorded { from: on(date(2026, 10, 1)), ..Default::default() };
        refused.set_kind(s::consent_recorded::Kind::Share);
        refused.set_state(s::consent_recorded::State::Refused);
        refused.set_by(s::consent_recorded::GivenBy::Subject);
        let added =
            if refusal { body(refused) } else { restriction(s::restriction::Kind::try_from(kind).unwrap()) };
        let events = facts
            .iter()
            .map(|body| ([1; 16], body))
            .chain([([2; 16], &added)])
            .enumerate()
            .map(|(at, (subject, body))| FactEvent { subject, published_at_us: at as i64, sequence: 0, body });
        let with = decide(&ENGINE, &request, &ChildFacts::fold(&ENGINE, events, &AsOf::day(TODAY)), &registry, [&class]);
        prop_assert!(with.outcome(&class) <= without.outcome(&class));
        if let (Some(with), Some(without)) = (with.permit(&class), without.permit(&class)) {
            let same = with.outcome() == without.outcome();
            prop_assert!(!same || with.withheld().is_superset(without.withheld()));
        }
    }
}

/// Printed, not judged: run with `--nocapture`.
#[test]
fn a_timeline_of_twenty_four_classes_is_decided() {
    let facts = fold(&[works("csc", e::involvement::Kind::Lead)]);
    let classes: Vec<RecordClass> = (1..9)
        .flat_map(|category| {
            ["school", "gp", "csc"].map(|source| class(source, Category::try_from(category).unwrap(), &[]))
        })
        .collect();
    assert_eq!(classes.len(), 24);
    let registry = registry();
    let social_worker = staff("csc", &[RoleGroup::Safeguarding, RoleGroup::CaseHolding]);
    let stranger = staff("gp", &[RoleGroup::Clinical]);
    for (reader, purpose) in [(social_worker, Purpose::ChildProtection), (stranger, Purpose::DirectCare)] {
        measure(&Request::new(reader, purpose, TODAY), &facts, &registry, &classes);
    }
}

fn measure(request: &Request, facts: &ChildFacts, registry: &Registry, classes: &[RecordClass]) {
    let cache = DecisionCache::new(1_000);
    let mut digests = BTreeSet::new();
    for round in 0..3 {
        let start = std::time::Instant::now();
        let fresh = decide(&ENGINE, request, facts, registry, classes);
        let cold = start.elapsed();
        let start = std::time::Instant::now();
        let cached = decide_cached(&ENGINE, &cache, request, facts, registry, classes);
        println!("round {round}: uncached {cold:?}, through the cache {:?}", start.elapsed());
        digests.extend([fresh.outcomes_digest(), cached.outcomes_digest()]);
    }
    assert_eq!(digests.len(), 1);
    let (hits, misses) = cache.hits_and_misses();
    assert!(hits >= 2 * 24 && misses < 100, "{hits} hits, {misses} misses");
}

#[test]
fn an_issuer_of_tokens_that_two_organisations_claim_vouches_for_nobody() {
    let portal = |id: &str, issuer: &str, to: Option<e::Date>| {
        body(s::OrganisationRecorded {
            id: Some(id.into()),
            sector: Some(Sector::SocialCare.into()),
            token_issuer: Some(issuer.into()),
            vouches_for_people: Some(true),
            to,
            ..Default::default()
        })
    };
    let vouches = |bodies: &[Body]| {
        let events = bodies.iter().map(|body| FactEvent { subject: [0; 16], published_at_us: 0, sequence: 0, body });
        Registry::fold(events, None).vouches_for_people("families", ISSUER, TODAY)
    };
    let own = portal("families", ISSUER, None);
    assert!(vouches(std::slice::from_ref(&own)));
    assert!(vouches(&[own.clone(), portal("other", "https://other.invalid", None)]));
    assert!(!vouches(&[own.clone(), portal("other", ISSUER, None)]));
    assert!(!vouches(&[own.clone(), portal("other", &ISSUER.to_uppercase(), None)]));
    assert!(vouches(&[own, portal("other", ISSUER, on(date(2026, 1, 1)))]), "it has ended");
}
