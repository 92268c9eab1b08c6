//! What the rules know of a child on one day, folded from the events of every linked subject as one stream.
//!
//! A restriction recorded of any subject binds. Involvement, status, grants, consent and competence hold from whichever
//! subject records them. Only recorded facts of one kind and scope that contradict resolve to the more restrictive;
//! absence contradicts nothing.

pub(crate) mod age;
mod competence;
mod consent;
pub(crate) mod feed;
mod forms;
mod glass;
mod grant;
mod life;
mod people;
mod restriction;
mod retention;
mod status;
pub(crate) mod versions;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use proto::event::KindNumber;
use proto::events::Body;
use proto::sharing::DecisionKind;

use crate::classify::RecordClass;
use crate::derive::{Involved, Standings, Telling};
use crate::engine::Engine;
use crate::facts::age::Births;
use crate::facts::competence::{Competence, Competences};
use crate::facts::consent::Consents;
pub(crate) use crate::facts::consent::{Recipient as ConsentRecipient, Scope as ConsentScope};
pub(crate) use crate::facts::forms::ConsentForms;
use crate::facts::glass::BrokenGlass;
pub use crate::facts::glass::{BREAK_GLASS_MINUTES_MAX, Glass};
use crate::facts::grant::Grants;
use crate::facts::life::Life;
use crate::facts::people::People;
use crate::facts::restriction::Restrictions;
pub(crate) use crate::facts::status::StatusTable;
use crate::facts::status::Statuses;
use crate::facts::versions::Stated;
use crate::registry::Registry;
use crate::statutes::DUTY_TO_SHARE;
use crate::vocabulary::{Involvement, PersonKind, Standing};

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
    competence: Competences,
    people: People,
    statuses: Statuses,
    restrictions: Restrictions,
    consents: Consents,
    grants: Grants,
    broken_glass: BrokenGlass,
    involvement: Involved,
    life: Life,
    kept: retention::Kept,
    standings: Standings,
    duty_to_share_in_force: bool,
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
        let births = Births::fold(&stated, as_of.valid_on);
        let competence = Competences::fold(&stated, &births, as_of.valid_on);
        let tellings = engine.involvement().tellings(&stated, (engine.terms(), engine.statuses()), &births);
        let (involvement, standings) =
            engine.involvement().derive(tellings.iter().map(|(_, telling)| telling), as_of.valid_on);
        let mut facts = Self {
            valid_on: as_of.valid_on,
            competence,
            people: People::fold(&stated, as_of.valid_on),
            statuses: Statuses::fold(&stated, engine.statuses(), engine.terms(), as_of.valid_on),
            life: Life::fold(&stated, as_of.valid_on),
            kept: retention::Kept::fold(&stated),
            duty_to_share_in_force: engine.statutes().in_force(DUTY_TO_SHARE, as_of.valid_on),
            standings,
            restrictions: Restrictions::fold(&stated, as_of.valid_on),
            consents: Consents::fold(&stated, engine.consent_forms(), as_of.valid_on),
            grants: Grants::fold(&stated, as_of.valid_on),
            broken_glass: BrokenGlass::fold(&stated),
            involvement,
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
        let (event, labels) = (Some(stated.event.clone()), stated.labels.clone());
        let body = Body { event, labels, ..Body::default() };
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

    /// Whether this person, as their issuer names them, is the child.
    pub fn is_subject(&self, issuer: &str, person: &str) -> bool {
        self.people().kind(issuer, person) == PersonKind::Subject
    }

    /// How closely this organisation works with the child, as far as live sources confirm it.
    pub fn involvement(&self, organisation: &str, registry: &Registry) -> Involvement {
        self.involvement.of(organisation, registry, self.valid_on)
    }

    /// What each event tells of who works with the child.
    pub(crate) fn tellings(&self) -> &[Telling] {
        &self.tellings
    }

    pub(crate) fn births(&self) -> &Births {
        &self.births
    }

    pub(crate) fn competence(&self, decision: DecisionKind) -> Competence {
        self.competence.of(decision)
    }

    pub(crate) fn people(&self) -> &People {
        &self.people
    }

    /// Whether the organisation that answers for them decided to keep records of this class past their schedule.
    pub(crate) fn keeps(&self, class: &RecordClass) -> bool {
        self.kept.has(class, self.valid_on)
    }

    pub(crate) fn life(&self) -> Life {
        self.life
    }

    /// What this organisation, or this person of it, was named as for the child.
    pub(crate) fn standings(&self, (organisation, person): (&str, &str), registry: &Registry) -> BTreeSet<Standing> {
        self.standings.of(organisation, person, (registry, self.valid_on))
    }

    /// The organisations that were named for the child in anything that opens a record, and people of them by name.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.standings.named().chain(self.grants.named()).chain(self.broken_glass.named())
    }

    pub(crate) fn duty_to_share_in_force(&self) -> bool {
        self.duty_to_share_in_force
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

    pub(crate) fn broken_glass(&self) -> &BrokenGlass {
        &self.broken_glass
    }
}

impl Engine {
    /// Whether events of this kind can change what the rules know of a child: the kinds that a fold of facts needs, and
    /// those that can take the place of one as a newer state of its entry.
    pub fn reads_as_fact(&self, kind: KindNumber) -> bool {
        // Identity, birth, death, sealing and every recorded fact about a child; the rest by the tables.
        matches!(kind.0, 310 | 311 | 500 | 505 | 602 | 603 | 605..=615 | 660 | 661 | 664)
            || self.involvement().reads(kind)
            || self.statuses().reads(kind)
    }
}
