//! What the rules know of a child on one day, folded from the events of every linked subject as one stream.
//!
//! A restriction recorded of any subject binds. Involvement, status, grants, consent and competence hold from whichever
//! subject records them. Only recorded facts of one kind and scope that contradict resolve to the more restrictive;
//! absence contradicts nothing.

mod age;
mod consent;
mod grant;
mod restriction;
mod status;
pub(crate) mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use proto::event::KindNumber;
use proto::events::Body;

use crate::classify::RecordClass;
use crate::derive::Telling;
use crate::engine::Engine;
use crate::facts::age::{Births, Competence};
use crate::facts::consent::Consents;
pub(crate) use crate::facts::consent::Scope as ConsentScope;
use crate::facts::grant::Grants;
use crate::facts::restriction::Restrictions;
use crate::facts::status::Statuses;
use crate::facts::versions::Stated;
use crate::vocabulary::Involvement;

/// One event of a child's stream.
#[derive(Clone, Copy, Debug)]
pub struct FactEvent<'a> {
    /// Whose: the pseudonym in the envelope.
    pub subject: [u8; 16],
    /// The log record's own timestamp, microseconds since 1970.
    pub published_at_us: i64,
    /// The order among events published in one moment; any number that does not change when the log is read again.
    pub sequence: u64,
    /// What the envelope sealed.
    pub body: &'a Body,
}

/// From where in time the facts are seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AsOf {
    /// The day at which they are judged: ages, expiries.
    pub valid_on: Date,
    /// Only what was published by then counts, microseconds since 1970; `None` is everything.
    pub known_at_us: Option<i64>,
}

impl AsOf {
    /// This day, with all that is known.
    pub fn day(valid_on: Date) -> Self {
        Self { valid_on, known_at_us: None }
    }
}

/// What the rules know of one child on one day.
#[derive(Clone, Debug)]
pub struct ChildFacts {
    valid_on: Date,
    births: Births,
    competence: Competence,
    statuses: Statuses,
    restrictions: Restrictions,
    consents: Consents,
    grants: Grants,
    involvement: BTreeMap<String, Involvement>,
    tellings: Arc<[Telling]>,
}

impl ChildFacts {
    /// Folds a child's facts. The events may be of any kind and in any order, and may repeat: what is no fact is passed
    /// over, and versions of one entry are folded here.
    pub fn fold<'a>(engine: &Engine, events: impl IntoIterator<Item = FactEvent<'a>>, as_of: &AsOf) -> Self {
        let read = events.into_iter().filter(|event| {
            let kind = event.body.event.as_ref().and_then(proto::events::Event::kind_number);
            kind.is_some_and(|kind| engine.reads_as_fact(kind))
        });
        let stated = versions::stand(read, as_of);
        let births = Births::fold(&stated);
        let competence = Competence::fold(&stated, &births, as_of.valid_on);
        let tellings = engine.involvement().tellings(&stated);
        let works = engine.involvement().derive(tellings.iter().map(|(_, telling)| telling), as_of.valid_on);
        let mut facts = Self {
            valid_on: as_of.valid_on,
            competence,
            statuses: Statuses::fold(&stated, as_of.valid_on),
            restrictions: Restrictions::fold(&stated, as_of.valid_on),
            consents: Consents::fold(&stated, as_of.valid_on),
            grants: Grants::fold(&stated, as_of.valid_on),
            involvement: works.into_iter().map(|(id, works)| (id, works.involvement)).collect(),
            tellings: Arc::default(),
            births,
        };
        let classed =
            tellings.into_iter().filter_map(|(index, telling)| facts.classed(engine, stated.get(index)?, telling));
        facts.tellings = classed.collect();
        facts
    }

    /// Puts a telling under its classes.
    fn classed(&self, engine: &Engine, stated: &Stated, telling: Telling) -> Option<Telling> {
        let body = Body { event: Some(stated.event.clone()), ..Body::default() };
        let class = engine.classify(&body, self);
        let of = |organisation: &str| RecordClass { source_org: organisation.to_owned(), ..class.clone() };
        let mut classes = vec![of(telling.organisation())];
        let own = stated.controller == telling.organisation();
        if !own && !engine.involvement().is_recorded_of_the_organisation(telling.kind()) {
            classes.push(of(&stated.controller));
        }
        Some(telling.of(classes))
    }

    /// The day at which the facts were judged.
    pub fn valid_on(&self) -> Date {
        self.valid_on
    }

    /// How closely this organisation works with the child.
    pub fn involvement(&self, organisation: &str) -> Involvement {
        self.involvement.get(organisation).copied().unwrap_or(Involvement::None)
    }

    /// Every organisation that works, or lately worked, with the child.
    pub fn organisations(&self) -> impl Iterator<Item = (&str, Involvement)> {
        self.involvement.iter().map(|(id, involvement)| (id.as_str(), *involvement))
    }

    /// What each event tells of who works with the child.
    pub(crate) fn tellings(&self) -> &[Telling] {
        &self.tellings
    }

    pub(crate) fn births(&self) -> &Births {
        &self.births
    }

    pub(crate) fn competence(&self) -> Competence {
        self.competence
    }

    pub(crate) fn statuses(&self) -> &Statuses {
        &self.statuses
    }

    pub(crate) fn restrictions(&self) -> &Restrictions {
        &self.restrictions
    }

    pub(crate) fn consents(&self) -> &Consents {
        &self.consents
    }

    pub(crate) fn grants(&self) -> &Grants {
        &self.grants
    }
}

impl Engine {
    /// Whether events of this kind can change what the rules know of a child: the kinds that a fold of facts needs, and
    /// those that can take the place of one as a newer state of its entry.
    pub fn reads_as_fact(&self, kind: KindNumber) -> bool {
        // Identity, sealing and every recorded fact about a child; the rest by the table of involvement.
        matches!(kind.0, 500 | 505 | 602 | 603 | 605..=611) || self.involvement().reads(kind)
    }
}
