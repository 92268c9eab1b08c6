//! Decisions: a timeline of five hundred entries in twenty-four classes, cold and cached.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::civil::date;
use proto::events::{self as e, Body, Date, Event};
use proto::sharing as s;
use sharing::{
    AsOf, Category, ChildFacts, DecisionCache, Engine, FactEvent, Principal, Purpose, RecordClass, Registry, Request,
    RoleGroup, Sector,
};

use crate::report::{Bar, Figure, percentile};

const ENTRIES: usize = 500;
const CLASSES: usize = 24;
const TIMES: usize = 200;

pub(crate) fn figures() -> anyhow::Result<Vec<Figure>> {
    let begun = Instant::now();
    let engine = Engine::load()?;
    let loaded = begun.elapsed();
    let today = date(2025, 10, 1);
    let principal = Principal::Staff {
        organisation: "la-878-social-care".into(),
        person: "invented.reader".into(),
        roles: BTreeSet::from([RoleGroup::Safeguarding, RoleGroup::CaseHolding]),
        active: true,
        trained: true,
    };
    let request = Request::new(principal, Purpose::ChildProtection, today);
    let facts = ChildFacts::fold(&engine, stream(&facts()), &AsOf::day(today));
    let registry = Registry::fold(stream(&organisations()), None);
    let classes = classes();
    let decide = |cache: &DecisionCache| {
        let begun = Instant::now();
        let each = classes.iter().cycle().take(ENTRIES);
        let decision = sharing::decide_cached(&engine, cache, &request, &facts, &registry, each);
        for class in &classes {
            std::hint::black_box(decision.explanation(class));
        }
        begun.elapsed()
    };
    let median = |mut took: Vec<Duration>| {
        took.sort_unstable();
        percentile(&took, 0.5)
    };
    let cold = median((0..TIMES).map(|_| decide(&DecisionCache::new(1_000))).collect());
    let cache = DecisionCache::new(1_000);
    decide(&cache);
    let cached = median((0..TIMES).map(|_| decide(&cache)).collect());
    let size = format!("{CLASSES} classes of {ENTRIES} entries, explained");
    Ok(vec![
        Figure::micros("load the rules", loaded),
        Figure::micros(format!("decide {size}, cold"), cold).bar(Bar::AtMost(5_000.0)),
        Figure::micros(format!("decide {size}, cached"), cached).bar(Bar::AtMost(50.0)),
    ])
}

fn body(event: impl Into<Event>) -> Body {
    Body { controller: "la-878-social-care".into(), event: Some(event.into()), ..Body::default() }
}

fn stream(bodies: &[Body]) -> impl Iterator<Item = FactEvent<'_>> {
    (0..).zip(bodies).map(|(at, body)| FactEvent { subject: [1; 16], published_at_us: at, sequence: 0, body })
}

fn day(year: i32) -> Option<Date> {
    Some(Date { year, month: Some(3), day: Some(1), estimated: false })
}

/// A child on a plan, who lives where not everybody may know.
fn facts() -> Vec<Body> {
    let mut restriction = s::RestrictionSet { id: Some("figures".into()), ..Default::default() };
    restriction.set_kind(s::restriction::Kind::ProtectedAddress);
    vec![
        body(e::ReferralReceived { received_on: day(2025), ..Default::default() }),
        body(e::ProtectionPlanStarted { start_on: day(2025), ..Default::default() }),
        body(e::PersonDescribed { birth_on: day(2012), ..Default::default() }),
        body(restriction),
    ]
}

const ORGANISATIONS: [(&str, Sector); 3] =
    [("la-878-social-care", Sector::SocialCare), ("school-8784001", Sector::Education), ("ods-rh8", Sector::Health)];

fn organisations() -> Vec<Body> {
    let mut bodies: Vec<Body> = ORGANISATIONS
        .into_iter()
        .map(|(id, sector)| {
            let mut organisation = s::OrganisationRecorded {
                id: Some(id.into()),
                designated: Some(true),
                from: day(2014),
                ..Default::default()
            };
            organisation.set_sector(sector);
            body(organisation)
        })
        .collect();
    bodies.push(body(s::AgreementRecorded {
        id: Some("figures".into()),
        parties: ORGANISATIONS.iter().map(|(id, _)| (*id).to_owned()).collect(),
        from: day(2020),
        to: day(2030),
        ..Default::default()
    }));
    bodies
}

/// Eight categories of three organisations each, half of them with a place in them.
fn classes() -> Vec<RecordClass> {
    let categories = (1..).filter_map(|number| Category::try_from(number).ok()).take(CLASSES / ORGANISATIONS.len());
    let of = |category| {
        ORGANISATIONS.into_iter().map(move |(source, _)| RecordClass {
            source_org: source.to_owned(),
            category,
            labels: BTreeSet::new(),
            third_parties: BTreeSet::new(),
            has_third_party: false,
            unnamed_third_party: false,
            has_location: i32::from(category) % 2 == 0,
            retention_expired: false,
        })
    };
    categories.flat_map(of).collect()
}
