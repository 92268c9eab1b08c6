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
    let plain = World::new(&engine, 10, 1);
    let size = format!("{CLASSES} classes of {ENTRIES} entries, explained");
    let (cold, cached) = plain.measured(&engine, CLASSES, ENTRIES);
    let (one_cold, one_cached) = plain.measured(&engine, 1, 1);
    let mut figures = vec![
        Figure::micros("load the rules", loaded),
        Figure::micros(format!("decide {size}, cold"), cold).bar(Bar::AtMost(5_000.0)),
        Figure::micros(format!("decide {size}, cached"), cached).bar(Bar::AtMost(50.0)),
        Figure::micros("decide one class, explained, cold", one_cold),
        Figure::micros("decide one class, explained, cached", one_cached),
    ];
    for (entries, agreements, subjects) in [(5_000, 10, 1), (ENTRIES, 1_000, 1), (ENTRIES, 10, 5)] {
        let (cold, cached) = World::new(&engine, agreements, subjects).measured(&engine, CLASSES, entries);
        let of = format!("{entries} entries, {agreements} agreements, {subjects} linked");
        figures.push(Figure::micros(format!("decide {of}, cold"), cold));
        figures.push(Figure::micros(format!("decide {of}, cached"), cached));
    }
    figures.push(Figure::micros(
        format!("the same {ENTRIES} entries, asked of Cedar one by one"),
        plain.one_by_one(&engine),
    ));
    figures
        .push(Figure::new("answers of an invented day at hand", a_days_hit_rate(&engine), "%").bar(Bar::AtLeast(99.0)));
    Ok(figures)
}

/// A child as the rules see them, and a social worker who asks.
struct World {
    request: Request,
    facts: ChildFacts,
    registry: Registry,
    classes: Vec<RecordClass>,
}

impl World {
    fn new(engine: &Engine, agreements: usize, subjects: u8) -> Self {
        let today = date(2025, 10, 1);
        let said: Vec<Body> = (0..subjects).flat_map(|_| facts()).collect();
        let each = u8::try_from(facts().len()).unwrap_or(u8::MAX);
        let events = (0..).zip(&said).map(|(at, body)| {
            let subject = u8::try_from(at).unwrap_or_default() / each + 1;
            FactEvent { subject: [subject; 16], published_at_us: at, sequence: 0, body }
        });
        Self {
            request: Request::new(reader(RoleGroup::Safeguarding), Purpose::ChildProtection, today),
            facts: ChildFacts::fold(engine, events, &AsOf::day(today)),
            registry: Registry::fold(stream(&organisations(agreements)), None),
            classes: classes(),
        }
    }

    /// The median of deciding and explaining, with nothing at hand and with everything.
    fn measured(&self, engine: &Engine, classes: usize, entries: usize) -> (Duration, Duration) {
        let decide = |cache: &DecisionCache| {
            let begun = Instant::now();
            let each = self.classes.iter().take(classes).cycle().take(entries);
            let decision = sharing::decide_cached(engine, cache, &self.request, &self.facts, &self.registry, each);
            for class in self.classes.iter().take(classes) {
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
        (cold, median((0..TIMES).map(|_| decide(&cache)).collect()))
    }

    /// What it would take without classes: every entry is a question of its own.
    fn one_by_one(&self, engine: &Engine) -> Duration {
        let begun = Instant::now();
        for class in self.classes.iter().cycle().take(ENTRIES) {
            let decision = sharing::decide(engine, &self.request, &self.facts, &self.registry, [class]);
            std::hint::black_box(decision.explanation(class));
        }
        begun.elapsed()
    }
}

fn reader(role: RoleGroup) -> Principal {
    Principal::Staff {
        organisation: "la-878-social-care".into(),
        person: "invented.reader".into(),
        roles: BTreeSet::from([role, RoleGroup::CaseHolding]),
        active: true,
        trained: true,
    }
}

/// Of a day's questions to the rules, how many of a hundred were asked before. The day is invented: 20,000 requests about 4,000 children,
/// one in ten of whom has a status, a consent or a restriction, by the usual readers of three organisations for their usual purposes, half of the requests about a
/// twentieth of the children; and it begins with nothing at hand.
fn a_days_hit_rate(engine: &Engine) -> f64 {
    const CHILDREN: u64 = 4_000;
    const REQUESTS: u64 = 20_000;
    let today = date(2025, 10, 1);
    let (cache, registry, classes) =
        (DecisionCache::new(100_000), Registry::fold(stream(&organisations(10)), None), classes());
    let mut state = 7_u64;
    let mut pick = |of: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % of
    };
    // What each organisation's people are, and what they ask for.
    let readers = [
        ([RoleGroup::Safeguarding, RoleGroup::CaseHolding], [Purpose::ChildProtection, Purpose::ChildInNeed]),
        ([RoleGroup::SchoolPastoral, RoleGroup::SchoolPastoral], [Purpose::EducationProvision, Purpose::EarlyHelp]),
        ([RoleGroup::Clinical, RoleGroup::Clinical], [Purpose::DirectCare, Purpose::ChildProtection]),
    ];
    for _ in 0..REQUESTS {
        let child = if pick(2) == 0 { pick(CHILDREN / 20) } else { pick(CHILDREN) };
        // What is known of a child does not change with who asks.
        let of = |what: u64, of: u64| (child.wrapping_mul(2_654_435_761).wrapping_add(what * 40_503) >> 7) % of == 0;
        let all = facts();
        let mut said: Vec<Body> = vec![described(2_006 + i32::try_from(child % 18).unwrap_or_default())];
        said.extend(
            all.into_iter()
                .filter(|body| !is_description(body))
                .zip(1..)
                .filter(|(_, what)| of(*what, 10))
                .map(|(body, _)| body),
        );
        let facts = ChildFacts::fold(engine, stream(&said), &AsOf::day(today));
        let which = usize::try_from(pick(3)).unwrap_or_default();
        let (Some((organisation, _)), Some((roles, purposes))) = (ORGANISATIONS.get(which), readers.get(which)) else {
            continue;
        };
        let principal = Principal::Staff {
            organisation: (*organisation).to_owned(),
            person: "invented.reader".into(),
            roles: BTreeSet::from(*roles),
            active: true,
            trained: true,
        };
        let purpose = if pick(4) > 0 { purposes[0] } else { purposes[1] };
        let request = Request::new(principal, purpose, today);
        // A child is known to some of the organisations, by some kinds of record.
        let own = classes.iter().skip(usize::try_from(child % 5).unwrap_or_default() * 3).take(12);
        std::hint::black_box(sharing::decide_cached(engine, &cache, &request, &facts, &registry, own));
    }
    let (hits, misses) = cache.hits_and_misses();
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
    let rate = 100.0 * hits as f64 / (hits + misses).max(1) as f64;
    rate
}

fn described(birth: i32) -> Body {
    body(e::PersonDescribed { birth_on: day(birth), ..Default::default() })
}

fn is_description(body: &Body) -> bool {
    matches!(body.event.as_ref().and_then(|event| event.kind.as_ref()), Some(e::event::Kind::PersonDescribed(_)))
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
        described(2012),
        body(restriction),
    ]
}

const ORGANISATIONS: [(&str, Sector); 3] =
    [("la-878-social-care", Sector::SocialCare), ("school-8784001", Sector::Education), ("ods-rh8", Sector::Health)];

fn organisations(agreements: usize) -> Vec<Body> {
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
    // One of all three, and one of the council with each of so many schools.
    for number in 0..agreements {
        let all = || ORGANISATIONS.iter().map(|(id, _)| (*id).to_owned()).collect();
        let other = || vec!["la-878-social-care".to_owned(), format!("school-8785{number:03}")];
        bodies.push(body(s::AgreementRecorded {
            id: Some(format!("agreement-{number:04}")),
            parties: if number == 0 { all() } else { other() },
            from: day(2020),
            to: day(2030),
            ..Default::default()
        }));
    }
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
