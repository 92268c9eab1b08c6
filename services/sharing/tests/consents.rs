//! Consent and the family, over arbitrary histories: what their fold may not depend on, and in which direction each act moves it.

#![cfg(test)]

use std::sync::LazyLock;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use proto::events::{self as e, Body, Event};
use proto::sharing as s;
use proto::sharing::consent_recorded::{GivenBy, Kind, State};
use proto::sharing::family_person_recognised::Relation;
use sharing::{
    AsOf, Category, ChildFacts, Engine, FactEvent, Outcome, Principal, Purpose, RecordClass, Registry, Request,
    RoleGroup, decide,
};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load().unwrap());
const TODAY: Date = date(2026, 11, 22);
const ISSUER: &str = "https://families.invalid";

/// What was recorded: of which of the child's linked records, and in which place of the log.
type Said = (u8, i64, Body);

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

fn fold(said: &[Said]) -> ChildFacts {
    let mut works = e::InvolvementStarted {
        organisation: Some("school".into()),
        start_on: on(date(2020, 1, 1)),
        ..Default::default()
    };
    works.set_kind(e::involvement::Kind::Universal);
    let born = e::PersonDescribed { birth_on: on(date(2016, 1, 1)), ..Default::default() };
    let always = [(0, -2, body(works)), (0, -1, body(born))];
    let events = said.iter().chain(&always).map(|(subject, at, body)| FactEvent {
        subject: [*subject; 16],
        published_at_us: *at,
        sequence: 0,
        body,
    });
    ChildFacts::fold(&ENGINE, events, &AsOf::day(TODAY))
}

fn registry() -> Registry {
    let organisation = |id: &str, sector| {
        let mut organisation =
            s::OrganisationRecorded { id: Some(id.into()), designated: Some(true), ..Default::default() };
        organisation.set_sector(sector);
        organisation
    };
    let families = s::OrganisationRecorded {
        token_issuer: Some(ISSUER.into()),
        vouches_for_people: Some(true),
        ..organisation("families", s::Sector::SocialCare)
    };
    let agreement = s::AgreementRecorded {
        id: Some("agreement".into()),
        parties: vec!["school".into(), "csc".into()],
        from: on(date(2020, 1, 1)),
        to: on(date(2030, 1, 1)),
        ..Default::default()
    };
    let bodies = [
        body(organisation("school", s::Sector::Education)),
        body(organisation("csc", s::Sector::SocialCare)),
        body(families),
        body(agreement),
    ];
    let events = bodies.iter().map(|body| FactEvent { subject: [0; 16], published_at_us: 0, sequence: 0, body });
    Registry::fold(events, None)
}

fn class(category: Category) -> RecordClass {
    RecordClass {
        source_org: "csc".into(),
        category,
        labels: [].into(),
        third_parties: [].into(),
        has_third_party: false,
        unnamed_third_party: false,
        has_location: false,
        retention_expired: false,
    }
}

/// How far a class teacher reads a record of this category, and whether a refusal or a withdrawal is what stops them.
fn teacher(said: &[Said], category: Category) -> (Outcome, bool) {
    let reader = Principal::Staff {
        organisation: "school".into(),
        person: "t".into(),
        roles: [RoleGroup::SchoolPastoral].into(),
        active: true,
        trained: true,
    };
    let request = Request::new(reader, Purpose::EducationProvision, TODAY);
    let class = class(category);
    let decision = decide(&ENGINE, &request, &fold(said), &registry(), [&class]);
    let record = decision.class_record(&class).unwrap();
    assert!(!record.failed);
    let refused = record.stopped_by.values().flatten().any(|rule| rule.starts_with("R05-"));
    (decision.outcome(&class), refused)
}

/// How far somebody of the family reads.
fn parent(said: &[Said]) -> Outcome {
    let reader = Principal::Person { organisation: "families".into(), issuer: ISSUER.into(), person: "p".into() };
    let request = Request::new(reader, Purpose::SubjectAccess, TODAY);
    let class = class(Category::EarlyHelp);
    decide(&ENGINE, &request, &fold(said), &registry(), [&class]).outcome(&class)
}

#[derive(Clone, Copy, Debug)]
struct Act {
    subject: u8,
    day: i64,
    state: State,
    /// None, or which of two parents.
    holder: u8,
    /// Which of three consents it names; none for 0.
    id: u8,
    everything: bool,
}

fn act() -> impl Strategy<Value = Act> {
    let state = prop_oneof![Just(State::Given), Just(State::Refused), Just(State::Withdrawn)];
    (0..3u8, 0..30i64, state, 0..3u8, 0..3u8, any::<bool>())
        .prop_map(|(subject, day, state, holder, id, everything)| Act { subject, day, state, holder, id, everything })
}

fn recorded(at: i64, act: &Act, category: Category, kind: Kind) -> Said {
    let mut consent = s::ConsentRecorded {
        id: (act.id > 0).then(|| format!("{category:?}-{}", act.id)),
        holder: (act.holder > 0).then(|| format!("parent {}", act.holder)),
        from: on(date(2026, 1, 1).saturating_add(act.day.days())),
        ..Default::default()
    };
    if !act.everything {
        consent.categories = vec![category.into()];
    }
    consent.set_kind(kind);
    consent.set_state(act.state);
    consent.set_by(GivenBy::Parent);
    (act.subject, at, body(consent))
}

fn help(acts: &[Act]) -> Vec<Said> {
    (0..).zip(acts).map(|(at, act)| recorded(at, act, Category::EarlyHelp, Kind::Share)).collect()
}

fn about_help(said: &[Said]) -> (Outcome, bool) {
    teacher(said, Category::EarlyHelp)
}

/// What a feed refuses binds as what a person recorded does, and no word of the feed's own lifts it: neither that it was entered in error,
/// nor a later version that says something else. A person does.
#[test]
fn a_source_closes_and_does_not_open_what_it_closed() {
    let at = |as_of_us| Some(e::Version { as_of_us, ..e::Version::default() });
    let of_feed = |event: Event, as_of_us| Body {
        source: "health-fhir".into(),
        entry_id: vec![9; 16],
        version: at(as_of_us),
        event: Some(event),
        ..body(e::PersonDescribed::default())
    };
    let mut refused =
        s::ConsentRecorded { id: Some("fhir/Consent/1".into()), from: on(date(2026, 1, 1)), ..Default::default() };
    refused.set_kind(Kind::Share);
    refused.set_state(State::Refused);
    refused.set_by(GivenBy::Parent);
    let mut said = vec![(1, 10, of_feed(refused.clone().into(), 10))];
    let is_refused = |said: &[Said]| about_help(said).1;
    assert!(is_refused(&said), "it binds as it comes");
    said.push((1, 20, of_feed(e::EntryRetracted::default().into(), 20)));
    said.push((1, 30, of_feed(e::SourceRecordKept::default().into(), 30)));
    assert!(is_refused(&said), "and no later word of the feed lifts it");
    let mut given = s::ConsentRecorded { from: on(date(2026, 2, 1)), ..refused };
    given.set_state(State::Given);
    said.push((1, 40, body(given)));
    assert!(!is_refused(&said), "a person does");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn neither_the_order_nor_the_repetition_of_consents_matters(
        acts in prop::collection::vec(act(), 0..7),
        by in any::<prop::sample::Index>(),
    ) {
        let said = help(&acts);
        let mut other = said.clone();
        other.extend(said.iter().take(3).cloned());
        other.reverse();
        if !other.is_empty() {
            let by = by.index(other.len());
            other.rotate_left(by);
        }
        prop_assert_eq!(about_help(&said), about_help(&other));
    }

    /// Absence contradicts nothing: linked records that say nothing of sharing, however many, change nothing; nor does what is
    /// said of another category, or to something other than sharing.
    #[test]
    fn what_is_not_of_the_scope_changes_nothing(
        acts in prop::collection::vec(act(), 0..5),
        others in prop::collection::vec(act(), 1..5),
        kind in prop_oneof![Just(Kind::ServiceAgreement), Just(Kind::Assessment), Just(Kind::Treatment)],
    ) {
        let said = help(&acts);
        let before = about_help(&said);
        let mut more = said.clone();
        for (at, other) in (100..).zip(&others) {
            more.push((other.subject + 5, at, body(e::PersonDescribed::default())));
            more.push(recorded(at + 100, &Act { everything: false, ..*other }, Category::Send, Kind::Share));
            more.push(recorded(at + 200, other, Category::Send, kind));
        }
        prop_assert_eq!(before, about_help(&more));
    }

    /// A consent never shuts, a refusal or a withdrawal never opens.
    #[test]
    fn each_act_moves_one_way(acts in prop::collection::vec(act(), 0..5), last in act()) {
        let before = about_help(&help(&acts));
        let after = about_help(&help(&[acts, vec![last]].concat()));
        match last.state {
            State::Given => prop_assert!(after.0 >= before.0 && after.1 <= before.1, "{before:?}, {after:?}"),
            _ => prop_assert!(after.0 <= before.0 && after.1 >= before.1, "{before:?}, {after:?}"),
        }
    }

    /// Only what contradicts is settled by the more restrictive: consents that all say yes open, wherever each is recorded, and
    /// the same acts spread over linked records never open more than on one record.
    #[test]
    fn the_more_restrictive_stands_between_what_contradicts_and_nowhere_else(
        acts in prop::collection::vec(act(), 1..6),
    ) {
        let agreed: Vec<Act> = acts.iter().map(|act| Act { state: State::Given, ..*act }).collect();
        prop_assert_eq!(about_help(&help(&agreed)), (Outcome::Full, false));
        let together: Vec<Act> = acts.iter().map(|act| Act { subject: 0, ..*act }).collect();
        prop_assert!(about_help(&help(&acts)).0 <= about_help(&help(&together)).0);
    }

    /// Of a family's facts too: order and repetition do not matter, and what ends one never opens.
    #[test]
    fn who_is_a_parent_depends_on_what_was_said_alone(
        steps in prop::collection::vec((0..3u8, 0..10i64, 0..5u8), 0..7),
        by in any::<prop::sample::Index>(),
    ) {
        let said: Vec<Said> = (0..).zip(&steps).map(|(at, step)| family(at, *step)).collect();
        let mut other = said.clone();
        other.extend(said.iter().take(2).cloned());
        if !other.is_empty() {
            let by = by.index(other.len());
            other.rotate_left(by);
        }
        prop_assert_eq!(parent(&said), parent(&other));
        for ends in [1, 3] {
            let ended: Vec<Said> = said.iter().cloned().chain([family(99, (0, 9, ends))]).collect();
            prop_assert!(parent(&ended) <= parent(&said));
        }
    }
}

/// Recognised, ended, verified, lost, or recognised as the young person.
fn family(at: i64, (subject, day, step): (u8, i64, u8)) -> Said {
    let person = Some(s::NamedPerson { issuer: Some(ISSUER.into()), person: Some("p".into()) });
    let (by, on) = (Some("clerk".to_owned()), on(date(2026, 5, 1).saturating_add(day.days())));
    let recognised = |relation: Relation| {
        let mut recognised = s::FamilyPersonRecognised {
            id: Some(format!("{relation:?}")),
            person: person.clone(),
            evidence: Some("seen".into()),
            recognised_by: by.clone(),
            on,
            ..Default::default()
        };
        recognised.set_relation(relation);
        body(recognised)
    };
    let body = match step {
        0 => recognised(Relation::Parent),
        1 => body(s::FamilyPersonEnded { id: Some("Parent".into()), ended_by: by.clone(), on }),
        2 => body(s::ParentalResponsibilityVerified {
            person: person.clone(),
            evidence: Some("seen".into()),
            verified_by: Some("another clerk".into()),
            on,
        }),
        3 => body(s::ParentalResponsibilityEnded { person: person.clone(), ended_by: by.clone(), on }),
        _ => recognised(Relation::Subject),
    };
    (subject, at, body)
}

#[test]
fn the_family_of_the_property_does_read() {
    let said = [family(0, (1, 0, 0)), family(1, (2, 1, 2))];
    assert_eq!(parent(&said), Outcome::Full);
    assert_eq!(parent(&said[..1]), Outcome::Hide);
}

/// One signature, three children: each consent is the child's own from then on.
#[test]
fn a_whole_family_form_is_withdrawn_child_by_child() {
    let signed = Act { subject: 0, day: 0, state: State::Given, holder: 1, id: 1, everything: true };
    let children = [(); 3].map(|()| help(&[signed]));
    assert!(children.iter().all(|said| about_help(said) == (Outcome::Full, false)));
    let [mut one, two, three] = children;
    one.push(recorded(1, &Act { day: 5, state: State::Withdrawn, ..signed }, Category::EarlyHelp, Kind::Share));
    assert_eq!(about_help(&one), (Outcome::Existence, true));
    assert!([two, three].iter().all(|said| about_help(said) == (Outcome::Full, false)));
}
