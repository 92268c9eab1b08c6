//! The facts on record of a child: which of them a caller may see, and whether they may record another.

mod rights;

use std::collections::BTreeSet;

use event_log::Pseudonym;
use event_log::authority::COMMAND;
use prost::Message as _;
use proto::disclosure::Disclosure;
use proto::events::{Body, RecordedBy, Subject, event::Kind};
use proto::sharing::OrganisationRecorded;
use proto::sharing::{Call, DenialReason, FactOnRecord, ListFactsResponse, Outcome};
use sharing::{
    ChildFacts, Decision, FactKind, FieldGroup, MayRecord, Principal, RecordClass, Recordable, Recording, Registry,
    Request,
};
use timeline::{Entry, Said};

use super::{Account, Ask, Discloser, Grounds, Outcomes, Undisclosed, day_number, decision_id, digest, record};
use crate::child::{Child, ChildError};

/// The facts of a child that a caller may see.
pub struct PermittedFacts {
    answer: ListFactsResponse,
    /// Of whom each was recorded, in the same order.
    subjects: Vec<Option<Subject>>,
}

impl PermittedFacts {
    /// The answer.
    pub fn into_answer(self) -> ListFactsResponse {
        self.answer
    }

    /// The only fact shown whose id begins so, that stands, and of whom it was recorded.
    pub(crate) fn named(&self, prefix: &[u8]) -> Option<(&FactOnRecord, &Subject)> {
        let stands = |fact: &FactOnRecord| fact.id.starts_with(prefix) && !fact.ended;
        let mut found = self.answer.facts.iter().zip(&self.subjects).filter(|(fact, _)| stands(fact));
        let (fact, subject) = found.next().filter(|_| found.next().is_none())?;
        Some((fact, subject.as_ref()?))
    }
}

/// What somebody would record.
pub(crate) struct Proposed {
    pub(crate) call: Call,
    pub(crate) kind: Kind,
    /// The id that its entry has, or would have.
    pub(crate) entry_id: [u8; 16],
    /// Their organisation runs the service.
    pub(crate) runs_service: bool,
    /// What would be sealed, where it seals an identity.
    pub(crate) sealed: Vec<Pseudonym>,
}

/// What the rules say of it, and what is on record already.
pub(crate) struct Weighing {
    pub(crate) decision: MayRecord,
    /// The same fact, of the same person, is the last word on the thing.
    pub(crate) stands_already: bool,
    /// It ends something, and that is on record and has not ended.
    pub(crate) has_what_it_ends: bool,
    /// It sets or changes by what an organisation is known to this service.
    pub(crate) changes_who_is_known: bool,
    /// What is wrong with it, where that shows only beside what is on record.
    pub(crate) problem: Option<&'static str>,
    /// The record of the decision.
    pub(crate) record: Disclosure,
}

/// Whether it would set or change by what an organisation, or its people, are known: its certificate, its tokens.
fn changes_who_is_known(kind: &Kind, registry: &Registry) -> bool {
    let Kind::OrganisationRecorded(said) = kind else { return false };
    let known_by = |of: &OrganisationRecorded| {
        let names = [of.certificate_name(), of.token_issuer(), of.token_key_pem()].map(str::to_owned);
        (names, of.vouches_for_people())
    };
    let stands = registry.organisation(said.id()).map(known_by);
    known_by(said) != stands.unwrap_or_default()
}

/// A fact as it stands on record.
struct Standing<'c> {
    entry: &'c Entry,
    said: &'c Said,
    recordable: Recordable<'c>,
}

impl Standing<'_> {
    fn by(&self) -> Option<&RecordedBy> {
        self.said.body.recorded_by.as_ref()
    }

    /// Whether it says this. The entry of a relation is that of the two people, whatever is said of them; of the rest it is of what
    /// is said.
    fn is_said(&self, kind: &Kind) -> bool {
        !matches!(kind, Kind::RelationshipRecorded(_)) || self.entry.event.kind.as_ref() == Some(kind)
    }

    fn when(&self) -> (i64, [u8; 16]) {
        (self.said.published_at_us, self.said.event_id)
    }
}

/// Whether it proposes to seal just these, by somebody who is named.
fn proposes(stands: &Standing<'_>, sealed: &[Pseudonym]) -> bool {
    let Some(Kind::SealProposed(said)) = &stands.entry.event.kind else { return false };
    let proposed: BTreeSet<&[u8]> = said.sealed_subjects.iter().map(Vec::as_slice).collect();
    stands.by().is_some() && proposed == sealed.iter().map(|subject| subject.0.as_slice()).collect()
}

/// What people recorded of a child, in the order in which the log took the last word on each.
fn standing(child: &Child) -> Vec<Standing<'_>> {
    let of_entry = |entry: &Entry| {
        let said = child.said.iter().map(|(_, said)| said).filter(move |said| said.body.entry_id == entry.entry_id);
        said.max_by_key(|said| (said.published_at_us, said.event_id))
    };
    let mut found: Vec<Standing<'_>> = child
        .entries
        .iter()
        .filter(|entry| entry.source == COMMAND)
        .filter_map(|entry| {
            let recordable = entry.event.kind.as_ref().and_then(sharing::recordable)?;
            Some(Standing { entry, said: of_entry(entry)?, recordable })
        })
        .collect();
    found.sort_by_key(Standing::when);
    found
}

impl Discloser {
    /// Reads what is on record of the child, and decides of each fact whether this caller may see it: as a record of what it is about.
    ///
    /// # Errors
    /// [`ChildError`]: nothing was decided.
    pub fn decide_facts(&self, ask: &Ask) -> Result<Undisclosed<PermittedFacts>, ChildError> {
        let child = self.children.read_kept(ask.child, None)?;
        let (registry, mark) = self.registries.marked(ask.registry_generation)?;
        let grounds = Grounds::new(mark, &self.hub_contact).and(&child);
        let on_day = self.on_day(&child, ask.valid_on);
        let standing = standing(&child);
        let classes_of = |stands: &Standing<'_>| {
            let body = Body { event: Some(stands.entry.event.clone()), ..stands.said.body.clone() };
            sharing::fact_classes(&self.engine, &body, &on_day.facts, &registry)
        };
        let classes: Vec<Vec<RecordClass>> = standing.iter().map(classes_of).collect();
        let decision = self.judge(ask, ask.valid_on, &on_day.facts, &registry, classes.iter().flatten());
        let reader = Reader::of(ask.caller.principal(), &on_day.facts);
        if decision.failed() {
            crate::disclose::rules_failed();
        }
        let shown: Vec<(&Standing<'_>, FactOnRecord)> = standing
            .iter()
            .zip(&classes)
            .filter(|(stands, _)| reader.is_told_of(stands))
            .filter_map(|(stands, classes)| Some((stands, shown(stands, classes, &decision, &reader)?)))
            .collect();
        let ends: BTreeSet<(&str, (i64, [u8; 16]))> = shown
            .iter()
            .filter(|(stands, _)| stands.recordable.ends)
            .map(|(stands, _)| (stands.recordable.thing.as_str(), stands.when()))
            .collect();
        let facts = shown.iter().rev().map(|(stands, fact)| {
            let ended = ends.iter().any(|(thing, when)| *thing == stands.recordable.thing && *when > stands.when());
            FactOnRecord { ended, ..fact.clone() }
        });
        let subjects = shown.iter().rev().map(|(stands, _)| stands.said.body.subject.clone()).collect();
        let mut answer = ListFactsResponse { facts: facts.collect(), decision_id: Vec::new() };
        let told: BTreeSet<&RecordClass> =
            classes.iter().flatten().filter(|class| decision.outcome(class) >= Outcome::Redacted).collect();
        let decision_id = decision_id::new(&self.children.projector.pseudonyms, ask.book());
        let account = Account {
            call: Call::ListFacts,
            entries: answer.facts.len(),
            lines: 0,
            answer_digest: digest::sixteen([answer.encode_to_vec()]),
            categories: 0,
            told: decision.told(told),
            pinned_at_us: ask.asked_at_us.max(child.newest_us()),
        };
        answer.decision_id = decision_id.to_vec();
        let outcomes = Outcomes {
            counts: decision.counts(),
            digest: decision.outcomes_digest(),
            policy_hash: *decision.policy_hash(),
            denied: decision.denied(),
        };
        let record = record(ask, &outcomes, (&child, &grounds), decision_id, &account);
        Ok(Undisclosed::new(record, PermittedFacts { answer, subjects }))
    }

    /// Puts to the rules whether this caller may record it, beside what is on record. Nothing is recorded by it.
    ///
    /// # Errors
    /// [`ChildError`]: nothing was decided.
    pub(crate) fn weigh_recording(&self, ask: &Ask, proposed: &Proposed) -> Result<Option<Weighing>, ChildError> {
        let Some(recordable) = sharing::recordable(&proposed.kind) else { return Ok(None) };
        let child = self.children.read_kept(ask.child, None)?;
        let registry = self.registries.current(ask.registry_generation)?;
        let on_day = self.on_day(&child, ask.valid_on);
        let standing = standing(&child);
        let of_thing: Vec<&Standing<'_>> =
            standing.iter().filter(|stands| stands.recordable.thing == recordable.thing).collect();
        let set = of_thing.iter().rev().find(|stands| !stands.recordable.ends).copied();
        let last = of_thing.last().copied();
        let is_caller = |by: Option<&RecordedBy>| {
            by.is_some_and(|by| by.organisation == ask.caller.organisation && by.person == ask.caller.person)
        };
        let own_act = match recordable.fact {
            // Sealed by two: nobody seals what somebody else has not proposed.
            FactKind::Seal => {
                !standing.iter().any(|stands| proposes(stands, &proposed.sealed) && !is_caller(stands.by()))
            }
            _ => recordable.ends && set.is_some_and(|set| is_caller(set.by())),
        };
        // Whoever else has spoken of it contests what its setter said.
        let contested = recordable.ends && set.is_some_and(|set| of_thing.iter().any(|other| other.by() != set.by()));
        let (organisation, person) = (&ask.caller.organisation, &ask.caller.person);
        let opens_for_self = match &proposed.kind {
            Kind::ConsentRecorded(said) => sharing::consent_opens_for(organisation, said, &self.engine, &on_day.facts),
            _ => recordable.opens_for(organisation, person),
        };
        let recording = Recording {
            // What is lifted or revoked is of the kind that it was set or granted as.
            fact: set.filter(|_| recordable.ends).map_or(recordable.fact, |set| set.recordable.fact),
            ends: recordable.ends,
            contested,
            opens_for_self,
            of_another: rights::of_another(&child, &proposed.kind, set.and_then(Standing::by), organisation),
        };
        let mut request = Request::new(ask.caller.principal(), ask.purpose, ask.valid_on);
        request.asked_at_us = Some(ask.asked_at_us);
        request.runs_service = proposed.runs_service;
        request.own_act = own_act;
        // One id may have been set as several kinds, and what ends it ends them all: it must be theirs to end of each.
        let of_kinds: BTreeSet<_> = of_thing.iter().map(|stands| stands.recordable.fact).collect();
        let kinds = if set.is_some() && recordable.ends { of_kinds } else { [recording.fact].into() };
        let weigh = |fact| {
            let recording = Recording { fact, ..recording };
            sharing::may_record(&self.engine, &request, &on_day.facts, &registry, recording)
        };
        let mut decision = weigh(recording.fact);
        if decision.may {
            decision = kinds.into_iter().map(weigh).find(|decision| !decision.may).unwrap_or(decision);
        }
        if matches!(recordable.fact, FactKind::Seal | FactKind::SealProposal) {
            // Nobody seals another child by way of one that is theirs to seal.
            let of_child = |subject: &Pseudonym| child.resolution.subjects.contains(&subject.0);
            let is_childs = proposed.sealed.contains(&ask.child) && proposed.sealed.iter().all(of_child);
            decision.may &= is_childs;
            decision.second_person_needed &= is_childs;
        }
        let record = self.record_of_recording(ask, proposed, &child, &decision);
        Ok(Some(Weighing {
            stands_already: last
                .is_some_and(|last| last.entry.entry_id == proposed.entry_id && last.is_said(&proposed.kind)),
            has_what_it_ends: last.is_some_and(|last| !last.recordable.ends && last.entry.subject == ask.child.0),
            changes_who_is_known: changes_who_is_known(&proposed.kind, &registry),
            problem: rights::problem(&child, &proposed.kind),
            decision,
            record,
        }))
    }

    fn record_of_recording(&self, ask: &Ask, proposed: &Proposed, child: &Child, decision: &MayRecord) -> Disclosure {
        let subjects = &child.resolution.subjects;
        let denied = match (decision.may, decision.denied) {
            (true, _) => 0,
            (false, Some(reason)) => reason.into(),
            (false, None) if decision.second_person_needed => DenialReason::SecondPersonNeeded.into(),
            (false, None) => DenialReason::NotYoursToRecord.into(),
        };
        let sealed = proposed.sealed.iter().filter(|subject| **subject != ask.child);
        let mut record = Disclosure {
            decision_id: decision_id::new(&self.children.projector.pseudonyms, ask.book()).to_vec(),
            organisation: ask.caller.organisation.clone(),
            person: ask.caller.person.clone(),
            roles: ask.caller.roles.iter().map(|role| (*role).into()).collect(),
            purpose: ask.purpose.into(),
            subjects: [ask.child].iter().chain(sealed).map(|subject| subject.0.to_vec()).collect(),
            subjects_digest: digest::sixteen(subjects.iter()).to_vec(),
            policy_hash: self.engine.policy_hash().to_vec(),
            valid_day: day_number(ask.valid_on),
            known_at_us: ask.asked_at_us,
            outcomes_digest: decision.digest.to_vec(),
            // Which fact it was about: nothing is shown by recording.
            answer_digest: proposed.entry_id.to_vec(),
            request_digest: ask.request_digest.to_vec(),
            denied,
            call: proposed.call.into(),
            ..Disclosure::default()
        };
        decision.rules.write_told(&mut record);
        record
    }
}

/// Who reads what is on record, as far as it matters beyond the rules.
enum Reader {
    StaffOf(String),
    Family { is_subject: bool },
}

impl Reader {
    fn of(principal: Principal, facts: &ChildFacts) -> Self {
        match principal {
            Principal::Staff { organisation, .. } => Self::StaffOf(organisation),
            Principal::Person { issuer, person, .. } => Self::Family { is_subject: facts.is_subject(&issuer, &person) },
        }
    }

    /// That an address is protected, and since when, is told to no member of the family: it may be from them that it is.
    fn is_told_of(&self, stands: &Standing<'_>) -> bool {
        let protects = stands.recordable.thing.starts_with("restriction/");
        match self {
            Self::StaffOf(_) => true,
            Self::Family { is_subject } => *is_subject || !protects,
        }
    }

    /// Whether they may be told who recorded it and where its evidence is: staff of the organisation that did, and staff who may
    /// read all of it.
    fn may_see_source(&self, by: &RecordedBy, outcome: Outcome) -> bool {
        match self {
            Self::StaffOf(own) => outcome == Outcome::Full || by.organisation == *own,
            Self::Family { .. } => false,
        }
    }
}

/// A fact as far as it may be shown: under every one of its classes.
fn shown(stands: &Standing<'_>, classes: &[RecordClass], decision: &Decision, reader: &Reader) -> Option<FactOnRecord> {
    let mut event = stands.entry.event.clone();
    let mut withheld: BTreeSet<FieldGroup> = BTreeSet::new();
    let mut outcome = Outcome::Full;
    for class in classes {
        let permit = decision.permit(class)?;
        event = permit.apply(&event)?;
        withheld.extend(permit.withheld().iter().copied());
        outcome = outcome.min(permit.outcome());
    }
    let says_where =
        classes.iter().all(|class| decision.may_name_source(class)) && !withheld.contains(&FieldGroup::Location);
    let by = stands.by();
    let told = by.filter(|by| reader.may_see_source(by, outcome));
    let published_at_us = stands.said.published_at_us;
    Some(FactOnRecord {
        id: stands.entry.entry_id.to_vec(),
        fact: Some(event),
        organisation: by.filter(|_| says_where).map(|by| by.organisation.clone()).unwrap_or_default(),
        recorded_by: told
            .filter(|_| !withheld.contains(&FieldGroup::ThirdParty))
            .map(|by| by.person.clone())
            .unwrap_or_default(),
        recorded_at: Some(prost_types::Timestamp {
            seconds: published_at_us.div_euclid(1_000_000),
            nanos: i32::try_from(published_at_us.rem_euclid(1_000_000) * 1_000).unwrap_or_default(),
        }),
        effective: Some(stands.entry.effective),
        evidence: told
            .filter(|_| !withheld.contains(&FieldGroup::Narrative))
            .map(|by| by.evidence.clone())
            .unwrap_or_default(),
        outcome: outcome.into(),
        ended: false,
    })
}
