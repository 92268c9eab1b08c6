//! Pairs of worlds, made for one reader each: in one of the two something more, or other, is said of the child, all of which
//! the rules hide from that reader.

use std::collections::BTreeSet;

use jiff::civil::Date;
use projection::serve::caller::{Caller, Standing};
use proto::admin::Fact;
use proto::events::event::Kind;
use proto::events::{self as e, Body, Cause, Event, Subject, Version, When, when};
use proto::sharing as s;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use sharing::{Category, Purpose, RoleGroup};

use super::authority::{AUTHORITY, BaseChild, PORTAL, SOURCES};
use super::oracle::{Oracle, Seen};
use crate::harness::sayings::{self, day, fact};

/// What is said of a child in one world: by their sources, and by people.
#[derive(Clone, Default)]
pub struct Told {
    pub bodies: Vec<Body>,
    pub facts: Vec<Fact>,
}

/// Who asks, and for what.
#[derive(Clone, Debug)]
pub struct Asking {
    pub reader: Caller,
    /// The number by which they ask.
    pub child: Subject,
    pub purpose: Purpose,
    pub categories: Vec<Category>,
    pub days: Option<(Date, Date)>,
    pub valid_on: Option<Date>,
    pub page_size: u32,
}

/// How the two worlds differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Difference {
    /// The one says nothing of what is hidden.
    Without,
    /// The other says more of it.
    More,
    /// The other says it otherwise.
    Otherwise,
    /// Of a child of whom this reader may see nothing, the one says nothing at all.
    Unknown,
}

/// A pair of worlds that differ in what their reader may not see.
pub struct Pair {
    pub number: usize,
    pub asking: Asking,
    pub worlds: [Told; 2],
    /// What happens later: something for everybody in both, and more that is hidden in one.
    pub later: [Told; 2],
    pub difference: Difference,
    /// Entries that are hidden, in each.
    pub hidden: [usize; 2],
    /// Something is shown of it.
    pub shows: bool,
}

const TRIES: usize = 12;
/// Readers who are tried until one is shown something.
const READERS_TRIED: usize = 24;

impl Pair {
    /// The pair of this number, unless what was made for it changes what its reader may see.
    pub fn of(number: usize, oracle: &Oracle) -> Option<Self> {
        let mut dice = StdRng::seed_from_u64(number as u64);
        let base = AUTHORITY.children.choose(&mut dice).unwrap();
        let renamed = Renamed { suffix: format!("W{number}") };
        let subjects: Vec<Subject> = base.subjects.iter().map(|subject| renamed.subject(subject)).collect();
        let mut told = Told { bodies: said(base, &renamed, &mut dice), facts: facts(&subjects, &mut dice) };
        told.bodies.extend(extra(&subjects, &renamed, "base", &mut dice));
        // Of a world of which its reader is shown nothing there is little to leak: one in five may be so.
        let any = number.is_multiple_of(5);
        let (asking, told) = (0..READERS_TRIED).find_map(|_| {
            let (asking, mut told) = (asking(&told, &subjects, &mut dice), told.clone());
            if asking.reader.standing != Standing::Staff {
                told.facts.extend(of_family(&subjects, &asking.reader, &mut dice));
            }
            (any || !oracle.seen(&asking, &told).shows_nothing()).then_some((asking, told))
        })?;
        (0..TRIES).find_map(|_| Self::varied(number, &asking, &told, &subjects, oracle, &mut dice))
    }

    fn varied(
        number: usize,
        asking: &Asking,
        told: &Told,
        subjects: &[Subject],
        oracle: &Oracle,
        dice: &mut StdRng,
    ) -> Option<Self> {
        let renamed = Renamed { suffix: format!("W{number}") };
        let before = oracle.seen(asking, told);
        let (difference, mut other) = varied(told, &before, subjects, &renamed, dice)?;
        let after = oracle.seen(asking, &other);
        if !before.is_the_same_to_the_reader(&after) {
            return None;
        }
        let hidden = [before.hidden.len(), after.hidden.len()];
        let mut worlds = [told.clone(), std::mem::take(&mut other)];
        let mut later = [Told::default(), Told::default()];
        if difference != Difference::Unknown {
            let news = told.bodies.choose(dice).map(|body| renamed.again(body, "later"));
            later.iter_mut().for_each(|told| told.bodies.extend(news.clone()));
            let unseen = extra(subjects, &renamed, "later", dice);
            let whole = |told: &Told, later: &Told, more: &[Body]| Told {
                bodies: told.bodies.iter().chain(&later.bodies).chain(more).cloned().collect(),
                facts: told.facts.clone(),
            };
            let with = oracle.seen(asking, &whole(&worlds[1], &later[1], &unseen));
            let without = oracle.seen(asking, &whole(&worlds[0], &later[0], &[]));
            match without.is_the_same_to_the_reader(&with) {
                true => later[1].bodies.extend(unseen),
                false
                    if !without.is_the_same_to_the_reader(&oracle.seen(asking, &whole(&worlds[1], &later[1], &[]))) =>
                {
                    later = [Told::default(), Told::default()];
                }
                false => {}
            }
        }
        // Neither world is always the fuller.
        let (mut hidden, mut later) = (hidden, later);
        if dice.random_bool(0.5) {
            worlds.reverse();
            later.reverse();
            hidden.reverse();
        }
        let asking = asking.clone();
        Some(Self { number, asking, worlds, later, difference, hidden, shows: !before.shows_nothing() })
    }
}

/// The other world of a pair.
fn varied(
    told: &Told,
    seen: &Seen,
    subjects: &[Subject],
    renamed: &Renamed,
    dice: &mut StdRng,
) -> Option<(Difference, Told)> {
    let hidden = |body: &Body| seen.hidden.contains(&body.entry_id) && !says_who_is_who(body);
    if seen.shows_nothing() && dice.random_bool(0.5) {
        return Some((Difference::Unknown, Told::default()));
    }
    let mut other = told.clone();
    let choice = dice.random_range(0..3);
    if choice == 0 && !seen.hidden.is_empty() {
        let all = dice.random_bool(0.5);
        other.bodies.retain(|body| !hidden(body) || (!all && dice.random_bool(0.5)));
        return (other.bodies.len() < told.bodies.len()).then_some((Difference::Without, other));
    }
    if choice == 1 && !seen.hidden.is_empty() {
        // Later, or with another's words.
        for body in other.bodies.iter_mut().filter(|body| hidden(body)) {
            let on = day(2025, dice.random_range(1..10), dice.random_range(1..28));
            body.effective = Some(When { when: Some(when::When::On(on)) });
            body.findings.clear();
        }
        return Some((Difference::Otherwise, other));
    }
    for again in 0..dice.random_range(1..4) {
        other.bodies.extend(extra(subjects, renamed, &format!("more{again}"), dice));
    }
    // How many of them there are may not be known either of those that only exist.
    let exists = |body: &Body| seen.exist.contains(&body.entry_id);
    let twice: Vec<Body> = told.bodies.iter().filter(|body| hidden(body) || exists(body)).cloned().collect();
    if let Some(body) = twice.choose(dice) {
        other.bodies.push(renamed.again(body, "twice"));
    }
    other.facts.extend(facts_of_others(subjects, dice));
    (other.bodies.len() > told.bodies.len() || other.facts.len() > told.facts.len())
        .then_some((Difference::More, other))
}

/// What a source says of its own numbers and of whose its entries are is no record that a reader may see or not: two worlds that
/// differ in it have other children, and have their entries elsewhere.
fn says_who_is_who(body: &Body) -> bool {
    let kind = body.event.as_ref().and_then(Event::kind_number);
    kind.is_some_and(|kind| matches!(kind.0, 11..100))
}

/// What is said of a base child, as the pair of this suffix has it.
pub fn renamed(body: &Body, suffix: &str) -> Body {
    Renamed { suffix: suffix.to_owned() }.body(body)
}

/// Another child than any other pair's, with another family and another home.
struct Renamed {
    suffix: String,
}

impl Renamed {
    fn subject(&self, subject: &Subject) -> Subject {
        Subject { value: format!("{}{}", subject.value, self.suffix), ..subject.clone() }
    }

    fn body(&self, body: &Body) -> Body {
        let mut body = body.clone();
        body.subject = body.subject.as_ref().map(|subject| self.subject(subject));
        body.record_key = format!("{}/{}", body.record_key, self.suffix);
        let address = |address: &mut e::Address| {
            address.lines.iter_mut().for_each(|line| line.push_str(&self.suffix));
            address.uprn = address.uprn.take().map(|uprn| uprn + &self.suffix);
        };
        let rename = |of: &mut Option<Subject>| *of = of.as_ref().map(|subject| self.subject(subject));
        match body.event.as_mut().and_then(|event| event.kind.as_mut()) {
            Some(Kind::PersonDescribed(person)) => {
                person.identifiers.iter_mut().for_each(|identifier| rename(&mut identifier.subject));
                person.addresses.iter_mut().for_each(address);
            }
            Some(Kind::RelationshipRecorded(recorded)) => {
                rename(&mut recorded.related);
                recorded.address.iter_mut().for_each(address);
            }
            Some(Kind::IdentifierSuperseded(replaced)) => rename(&mut replaced.superseded),
            Some(Kind::EntryReassigned(moved)) => rename(&mut moved.from),
            _ => {}
        }
        named(body)
    }

    /// The same of another record.
    fn again(&self, body: &Body, key: &str) -> Body {
        named(Body { record_key: format!("{}/{key}", body.record_key), ..body.clone() })
    }
}

/// With the id of its entry, and its place among other events.
fn named(mut body: Body) -> Body {
    let key = event_log::seal::PseudonymKey::from_bytes([7; 32]);
    let id = key.entry_id(&body.controller, &body.source, &body.record_key, body.ordinal);
    body.entry_id = id.0.to_vec();
    body
}

fn said(base: &BaseChild, renamed: &Renamed, dice: &mut StdRng) -> Vec<Body> {
    let part = dice.random_range(0.4..1.0);
    let describes = |body: &Body| {
        matches!(body.event.as_ref().and_then(|event| event.kind.as_ref()), Some(Kind::PersonDescribed(_)))
    };
    let some: Vec<&Body> = base.said.iter().filter(|body| describes(body) || dice.random_bool(part)).collect();
    some.into_iter().map(|body| renamed.body(body)).collect()
}

/// What an authority seldom says, and what is mostly hidden.
fn extra(subjects: &[Subject], renamed: &Renamed, key: &str, dice: &mut StdRng) -> Vec<Body> {
    let count = dice.random_range(0..3);
    (0..count).map(|n| one_extra(subjects, renamed, &format!("{key}/{n}"), dice)).collect()
}

fn one_extra(subjects: &[Subject], renamed: &Renamed, key: &str, dice: &mut StdRng) -> Body {
    let (source, controller, event): (usize, &str, Event) = match dice.random_range(0..9) {
        // Clinics: sexual health, child psychiatry, eyes.
        0..3 => (2, sayings::HOSPITAL, clinic(["360", "711", "130"].choose(dice).unwrap(), dice)),
        3 => (2, "ods-rh8cm", clinic("711", dice)),
        4 => (0, "school-8799001", enrolled("school-8799001")),
        5 => (0, "school-8799001", attended(dice)),
        6 => (1, "la-878-social-care", kept()),
        7 => (0, "la-878-send", kept()),
        _ => (1, "la-878-social-care", referred(dice)),
    };
    let subject = subjects.choose(dice).unwrap().clone();
    let on = day(2025, dice.random_range(1..10), dice.random_range(1..28));
    named(Body {
        subject: Some(subject),
        controller: controller.to_owned(),
        source: SOURCES[source].to_owned(),
        record_key: format!("extra/{key}/{}", renamed.suffix),
        version: Some(Version { as_of_us: 1_700_000_000_000_000, sequence: 1, mapping_revision: 1 }),
        effective: Some(When { when: Some(when::When::On(on)) }),
        cause: Cause::Started.into(),
        event: Some(event),
        ..Body::default()
    })
}

fn clinic(specialty: &str, dice: &mut StdRng) -> Event {
    // Between a year before the readers' day and a little after it.
    let seconds = 1_759_276_800 + dice.random_range(-31_000_000..2_000_000);
    let starts_at = Some(prost_types::Timestamp { seconds, nanos: 0 });
    e::AppointmentBooked { starts_at, service: sayings::coded(specialty), ..Default::default() }.into()
}

fn enrolled(school: &str) -> Event {
    let entry_on = Some(day(2024, 9, 1));
    e::EnrolmentStarted { school: Some(school.into()), entry_on, ..Default::default() }.into()
}

fn attended(dice: &mut StdRng) -> Event {
    e::AttendanceSummarised { school_year: Some(dice.random_range(2020..2026)), ..Default::default() }.into()
}

fn kept() -> Event {
    e::SourceRecordKept { content: Some("an invented record".into()), ..Default::default() }.into()
}

fn referred(dice: &mut StdRng) -> Event {
    let received_on = Some(day(2025, dice.random_range(1..10), 3));
    e::ReferralReceived { received_on, ..Default::default() }.into()
}

/// That the numbers are one child's, and what people recorded of the child.
fn facts(subjects: &[Subject], dice: &mut StdRng) -> Vec<Fact> {
    let first = &subjects[0];
    let mut facts: Vec<Fact> = subjects.iter().skip(1).map(|other| sayings::linked(first, other)).collect();
    let mut sometimes = |chance: f64, make: &mut dyn FnMut(&mut StdRng) -> Fact| {
        if dice.random_bool(chance) {
            facts.push(make(dice));
        }
    };
    use s::statutory_status_changed::Status;
    for status in [Status::ProtectionPlan, Status::ChildInNeed, Status::LookedAfter, Status::EhcPlan] {
        sometimes(0.15, &mut |_| status_open(first, status));
    }
    sometimes(0.3, &mut |dice| {
        use s::consent_recorded::State;
        let state = *[State::Given, State::Refused, State::Withdrawn].choose(dice).unwrap();
        sayings::consent(first, "consent", state, day(2025, 2, 1))
    });
    use s::restriction::Kind as Restriction;
    for kind in [Restriction::ProtectedAddress, Restriction::Court, Restriction::SeriousHarm, Restriction::Detriment] {
        sometimes(0.08, &mut |dice| {
            let category = *CATEGORIES.choose(dice).unwrap();
            let set = s::RestrictionSet {
                id: Some(format!("restriction/{kind:?}")),
                kind: Some(kind.into()),
                from: Some(day(2025, 1, 1)),
                categories: if kind == Restriction::ProtectedAddress { vec![] } else { vec![category.into()] },
                ..Default::default()
            };
            fact(first, set)
        });
    }
    facts
}

fn status_open(child: &Subject, status: s::statutory_status_changed::Status) -> Fact {
    let mut changed = s::StatutoryStatusChanged { open: Some(true), on: Some(day(2025, 9, 28)), ..Default::default() };
    changed.set_status(status);
    fact(child, changed)
}

/// What people recorded of others than this reader, which tells the rules nothing of this one.
fn facts_of_others(subjects: &[Subject], dice: &mut StdRng) -> Vec<Fact> {
    let first = &subjects[0];
    let mut facts = Vec::new();
    if dice.random_bool(0.3) {
        let granted = s::AccessGranted {
            id: Some("grant/other".into()),
            person: Some("somebody.else".into()),
            organisation: Some("police-878".into()),
            scope: Some(s::access_granted::Scope::Address.into()),
            from: Some(day(2025, 1, 1)),
            to: Some(day(2030, 1, 1)),
            purposes: vec![Purpose::ChildProtection.into()],
            ..Default::default()
        };
        facts.push(fact(first, granted));
    }
    if dice.random_bool(0.3) {
        let process = s::LegalProcessRecorded {
            id: Some("process/other".into()),
            kind: Some(s::legal_process_recorded::Kind::CourtOrderServed.into()),
            recipient: Some("audit-878".into()),
            from: Some(day(2025, 1, 1)),
            to: Some(day(2030, 1, 1)),
            ..Default::default()
        };
        facts.push(fact(first, process));
    }
    facts
}

/// That this reader is the child, a parent or a carer; and mostly that a parent's responsibility was looked at.
fn of_family(subjects: &[Subject], reader: &Caller, dice: &mut StdRng) -> Vec<Fact> {
    use s::family_person_recognised::Relation;
    let person = || Some(s::NamedPerson { issuer: Some(PORTAL.1.into()), person: Some(reader.person.clone()) });
    let mut recognised = s::FamilyPersonRecognised {
        id: Some("family".into()),
        person: person(),
        evidence: Some("an invented passport".into()),
        recognised_by: Some("an invented clerk".into()),
        on: Some(day(2024, 1, 5)),
        ..Default::default()
    };
    recognised
        .set_relation(*[Relation::Subject, Relation::Parent, Relation::Parent, Relation::Carer].choose(dice).unwrap());
    let by_another =
        s::FamilyPersonRecognised { recognised_by: Some("another invented clerk".into()), ..recognised.clone() };
    let mut facts = vec![fact(&subjects[0], recognised), fact(&subjects[0], by_another)];
    if dice.random_bool(0.8) {
        let verified = s::ParentalResponsibilityVerified {
            person: person(),
            evidence: Some("an invented birth certificate".into()),
            verified_by: Some("another invented clerk".into()),
            on: Some(day(2024, 1, 5)),
        };
        facts.push(fact(&subjects[0], verified));
    }
    facts
}

const CATEGORIES: [Category; 8] = [
    Category::Attendance,
    Category::SocialCareCase,
    Category::ChildProtection,
    Category::Hospital,
    Category::MentalHealth,
    Category::Immunisation,
    Category::Send,
    Category::Identity,
];

const PURPOSES: [Purpose; 8] = [
    Purpose::DirectCare,
    Purpose::EducationProvision,
    Purpose::SendAssessment,
    Purpose::EarlyHelp,
    Purpose::ChildInNeed,
    Purpose::ChildProtection,
    Purpose::ChildProtection,
    Purpose::LookedAfter,
];

/// A reader of any organisation, mostly one that knows the child, of any roles, for any purpose.
fn asking(told: &Told, subjects: &[Subject], dice: &mut StdRng) -> Asking {
    let organisation = match told.bodies.choose(dice) {
        Some(body) if dice.random_bool(0.8) => body.controller.clone(),
        _ => AUTHORITY.organisations.choose(dice).unwrap().id().to_owned(),
    };
    let purpose = match dice.random_bool(0.9) {
        true => *PURPOSES.choose(dice).unwrap(),
        false => Purpose::try_from(dice.random_range(1..15)).unwrap_or(Purpose::EarlyHelp),
    };
    let roles: Vec<RoleGroup> = (1..=11).filter_map(|number| RoleGroup::try_from(number).ok()).collect();
    let mut has = vec![*roles[..6].choose(dice).unwrap()];
    if dice.random_bool(0.4) {
        has.push(*roles[..6].choose(dice).unwrap());
    }
    if dice.random_bool(0.08) {
        has.push(*roles.choose(dice).unwrap());
    }
    let today = AUTHORITY.today;
    let is_family = dice.random_bool(0.06);
    let purpose = match is_family {
        true => *[Purpose::SubjectAccess, Purpose::FamilyParticipation].choose(dice).unwrap(),
        false => purpose,
    };
    let organisation = if is_family { PORTAL.0.to_owned() } else { organisation };
    let reader = Caller {
        person: format!("somebody.at.{organisation}"),
        organisation,
        standing: if is_family { Standing::Family { issuer: PORTAL.1.to_owned() } } else { Standing::Staff },
        roles: if is_family { BTreeSet::new() } else { has.into_iter().collect() },
        active: dice.random_bool(0.98),
        trained: dice.random_bool(0.98),
    };
    let categories = match dice.random_bool(0.2) {
        true => vec![*CATEGORIES.choose(dice).unwrap(), *CATEGORIES.choose(dice).unwrap()],
        false => Vec::new(),
    };
    let back = |days: i64| today.checked_sub(jiff::Span::new().days(days)).unwrap();
    Asking {
        reader,
        child: subjects.choose(dice).unwrap().clone(),
        purpose,
        categories,
        days: dice.random_bool(0.2).then(|| (back(700), back(dice.random_range(0..600)))),
        valid_on: dice.random_bool(0.2).then(|| back(dice.random_range(1..400))),
        page_size: *[1, 2, 3, 5, 500].choose(dice).unwrap(),
    }
}
