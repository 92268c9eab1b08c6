//! What a reader may know in a world, by the rules alone: which classes they may know of at all, how each was decided, and
//! the entries of them. It shares nothing with the service but the rules.

use std::collections::{BTreeMap, BTreeSet};

use event_log::seal::PseudonymKey;
use jiff::civil::Date;
use projection::child::is_shown;
use projection::disclose::day_number;
use proto::events::event::Kind;
use proto::events::{Body, Version};
use sharing::{
    AsOf, ChildFacts, Decision, DecisionCache, Engine, FactEvent, Outcome, RecordClass, Registry, Request,
    decide_cached,
};
use timeline::Said;

use super::authority::AUTHORITY;
use super::worlds::{Asking, Told};

pub struct Oracle {
    engine: Engine,
    cache: DecisionCache,
    registry: Registry,
    pseudonyms: PseudonymKey,
}

/// What a reader may know.
pub struct Seen {
    /// On the day of asking, and on the day asked for.
    days: Vec<OnDay>,
    /// Ids of the entries of which nothing may be known on any of these days.
    pub hidden: BTreeSet<Vec<u8>>,
    /// Of those of which no more may be known than that their service is involved.
    pub exist: BTreeSet<Vec<u8>>,
}

struct OnDay {
    /// Of the classes that may be known of, and of nothing else: every attribute that the rules read of them is in it.
    decision: Decision,
    /// The entries of which some content may be known.
    entries: BTreeMap<Vec<u8>, (Outcome, Body)>,
    exist: BTreeSet<Vec<u8>>,
}

impl Oracle {
    pub fn new() -> Self {
        let bodies: Vec<Body> = AUTHORITY
            .facts()
            .into_iter()
            .map(|fact| Body { event: fact.event, subject: fact.subject, ..Body::default() })
            .collect();
        let events = bodies.iter().zip(1..).map(|(body, at)| FactEvent {
            subject: [0; 16],
            published_at_us: at,
            sequence: 0,
            body,
        });
        Self {
            engine: Engine::load().unwrap(),
            cache: DecisionCache::new(200_000),
            registry: Registry::fold(events, None),
            pseudonyms: PseudonymKey::from_bytes([7; 32]),
        }
    }

    pub fn seen(&self, asking: &Asking, told: &Told) -> Seen {
        let said = self.said(told);
        let mut days = vec![self.on_day(asking, &said, AUTHORITY.today)];
        days.extend(asking.valid_on.map(|day| self.on_day(asking, &said, day)));
        let all: BTreeSet<Vec<u8>> = told.bodies.iter().map(|body| body.entry_id.clone()).collect();
        let shown: BTreeSet<Vec<u8>> = days.iter().flat_map(|day| day.entries.keys().cloned()).collect();
        let exist: BTreeSet<Vec<u8>> = days.iter().flat_map(|day| day.exist.iter().cloned()).collect();
        let shown = &shown - &exist;
        Seen { days, hidden: &(&all - &shown) - &exist, exist }
    }

    /// All that is said of the child, as events.
    fn said(&self, told: &Told) -> Vec<Said> {
        let facts = told.facts.iter().zip(0..).map(|(fact, at): (_, u64)| Body {
            subject: fact.subject.clone(),
            source: event_log::authority::COMMAND.into(),
            entry_id: self.pseudonyms.digest("fact", &at.to_be_bytes()).to_vec(),
            version: Some(Version { as_of_us: 1_700_000_000_000_000, sequence: 1, mapping_revision: 1 }),
            effective: told.bodies.first().and_then(|body| body.effective),
            event: fact.event.clone(),
            ..Body::default()
        });
        let all = told.bodies.iter().cloned().chain(facts).zip(1..);
        all.map(|(body, at)| Said {
            event_id: self.pseudonyms.digest("event", &u64::to_be_bytes(at)),
            subject: body.subject.as_ref().map(|subject| self.pseudonyms.of(subject).0).unwrap_or_default(),
            published_at_us: i64::try_from(at).unwrap(),
            body,
        })
        .collect()
    }

    fn tells_of_work_or_family(&self, body: &Body) -> bool {
        let event = body.event.as_ref();
        event.and_then(proto::events::Event::kind_number).is_some_and(|kind| self.engine.reads_as_fact(kind))
            || matches!(event.and_then(|event| event.kind.as_ref()), Some(Kind::RelationshipRecorded(_)))
    }

    fn on_day(&self, asking: &Asking, said: &[Said], valid_on: Date) -> OnDay {
        let events = said.iter().zip(0..).map(|(said, sequence)| FactEvent {
            subject: said.subject,
            published_at_us: said.published_at_us,
            sequence,
            body: &said.body,
        });
        let facts = ChildFacts::fold(&self.engine, events, &AsOf { valid_on, known_at_us: None });
        let shown = said.iter().filter(|said| said.body.event.as_ref().is_some_and(is_shown));
        let classed: Vec<(RecordClass, &Body)> =
            shown.map(|said| (self.engine.classify(&said.body, &facts), &said.body)).collect();
        let decide = |classes: &[&RecordClass]| {
            let mut request = Request::new(asking.reader.principal(), asking.purpose, valid_on);
            request.asked_at_us = Some(1_760_000_000_000_000 + i64::from(day_number(valid_on)));
            decide_cached(&self.engine, &self.cache, &request, &facts, &self.registry, classes.iter().copied())
        };
        let all = decide(&classed.iter().map(|(class, _)| class).collect::<Vec<_>>());
        let known: Vec<&(RecordClass, &Body)> =
            classed.iter().filter(|(class, _)| all.outcome(class) >= Outcome::Existence).collect();
        let decision = decide(&known.iter().map(|(class, _)| class).collect::<Vec<_>>());
        let (mut entries, mut exist) = (BTreeMap::new(), BTreeSet::new());
        for (class, body) in known {
            match all.outcome(class) {
                Outcome::Existence => {
                    exist.insert(body.entry_id.clone());
                    // Nothing may be known but its class, which is in the decision; and whose work or family it tells of.
                    if self.tells_of_work_or_family(body) {
                        entries.insert(body.entry_id.clone(), (Outcome::Existence, Body::clone(body)));
                    }
                }
                outcome => drop(entries.insert(body.entry_id.clone(), (outcome, Body::clone(body)))),
            }
        }
        OnDay { decision, entries, exist }
    }
}

impl Seen {
    pub fn shows_nothing(&self) -> bool {
        self.days.iter().all(|day| day.entries.is_empty() && day.exist.is_empty())
    }

    /// The same classes may be known of, on the same facts, with the same entries.
    pub fn is_the_same_to_the_reader(&self, other: &Self) -> bool {
        self.days.len() == other.days.len()
            && self
                .days
                .iter()
                .zip(&other.days)
                .all(|(one, two)| one.decision == two.decision && one.entries == two.entries)
    }
}
