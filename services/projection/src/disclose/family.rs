//! The people around a child, and the other children of the family, decided: each of these children as a question of its
//! own, with a record of its own, and one of whom the reader may not know as if there were none.

mod people;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use event_log::Pseudonym;
use event_log::authority::COMMAND;
use identity::Id;
use identity::family::{Ground, Member, Record, Says, Tie, ties};
use prost::Message;
use proto::disclosure::Disclosure;
use proto::events::{Body, Subject};
use proto::sharing::Call;
use proto::timeline::{FamilyChild, FamilyGround, GetFamilyResponse};
use sharing::{
    ChildFacts, Counts, FamilyDecision, FamilyOf, InvolvementDecision, RecordClass, Registry, Request, Told,
};
use timeline::Entry;

use super::owed::{Owed, words};
use super::{
    Account, Ask, Discloser, Grounds, Outcomes, Undisclosed, day_number, decision_id, digest, involvement, record,
};
use crate::child::{Child, ChildError, OnDay};
use people::People;

/// Other children that an answer gives at most.
const CHILDREN_MAX: usize = 32;

/// Of a child's family what a reader may know.
pub struct PermittedFamily(GetFamilyResponse);

impl PermittedFamily {
    /// The answer.
    pub fn into_answer(self) -> GetFamilyResponse {
        self.0
    }
}

/// A record that tells of a family, and what it is made of.
struct Telling<'c> {
    record: Record,
    entry: &'c Entry,
}

/// Another child, with what the rules say of it.
struct Other {
    child: Arc<Child>,
    on_day: Arc<OnDay>,
    /// About this child: of its own records, and of those of the child asked about.
    decision: FamilyDecision,
    /// About the child asked about: of this child's records.
    of_asked: FamilyDecision,
    /// The records of the child asked about that the reader may know of as telling of this one too.
    asked: Member,
    member: Member,
    /// Under what each record is decided about this child.
    classes: BTreeMap<Record, RecordClass>,
}

/// One child of the answer, with its record.
struct Shown {
    answer: FamilyChild,
    record: Disclosure,
    owed: Owed,
    /// Whose records a break-glass opened of this child.
    opened: Vec<Disclosure>,
}

/// What all of an answer has in common.
struct Asking<'a> {
    ask: &'a Ask,
    registry: &'a Registry,
    request: Request,
    facts: &'a ChildFacts,
    decision_id: [u8; 16],
    grounds: Grounds,
}

impl Discloser {
    /// Reads the child and everybody to whom the child's records lead, and decides of whom of them the reader may know.
    ///
    /// # Errors
    /// [`ChildError`]: nothing was decided.
    pub fn decide_family(&self, ask: &Ask) -> Result<Undisclosed<PermittedFamily>, ChildError> {
        let child = self.children.read_kept(ask.child, None)?;
        let (registry, mark) = self.registries.marked(ask.registry_generation)?;
        let on_day = self.on_day(&child, ask.valid_on);
        let mut request = Request::new(ask.caller.principal(), ask.purpose, ask.valid_on);
        request.asked_at_us = Some(ask.asked_at_us);
        request.family_of = FamilyOf::child(&on_day.facts, &registry, &request.principal);
        let decision_id = decision_id::new(&self.children.projector.pseudonyms, ask.book());
        let kin = self.children.kin(&child)?;
        let grounds = Grounds::new(mark, &self.hub_contact).and(&child);
        let grounds = kin.children.iter().fold(grounds, |grounds, other| grounds.and(other));
        let asking = Asking { ask, registry: &registry, request, facts: &on_day.facts, decision_id, grounds };
        let tellings = self.tellings(&child);
        let people = People::decide(self, &asking, &child, &on_day);
        let own = self.classes(&tellings, &on_day.facts);
        let decision = self.family(&asking, &on_day.facts, own.values());
        let known: Vec<&Telling<'_>> = tellings
            .iter()
            .filter(|telling| own.get(&telling.record).is_some_and(|class| decision.permits(class)))
            .collect();
        let others = kin.children.iter().map(|other| self.other(&asking, &child, &known, other, &kin.sealed));
        let others: Vec<Other> = others.collect();
        let mut digests = vec![decision.outcomes_digest(), people.outcomes_digest()];
        digests.extend(
            others.iter().flat_map(|other| [other.decision.outcomes_digest(), other.of_asked.outcomes_digest()]),
        );
        let children = self.shown(&asking, &others);
        let mut answer = GetFamilyResponse { people: people.shown, ..GetFamilyResponse::default() };
        let mut owed = people.owed.if_told(!answer.people.is_empty());
        let mut parts = Vec::new();
        for shown in children {
            owed = owed.and_obligations(shown.owed.obligations());
            answer.children.push(shown.answer);
            parts.push(shown.record);
            parts.extend(shown.opened);
        }
        answer.obligations = words(owed.obligations());
        answer.owed = owed.on_answer();
        let account = Account {
            call: Call::GetFamily,
            entries: 0,
            lines: answer.people.len() + answer.children.len(),
            answer_digest: digest::sixteen([without_ids(&answer)]),
            told: people.told,
            categories: 0,
            pinned_at_us: ask.asked_at_us.max(child.newest_us()),
        };
        answer.decision_id = decision_id.to_vec();
        let outcomes = Outcomes {
            counts: others.iter().fold(decision.counts(), |sum, other| plus(sum, other.decision.counts())),
            digest: digest::sixteen(digests),
            policy_hash: *decision.policy_hash(),
            denied: decision.denied(),
        };
        let mut record = record(ask, &outcomes, (&child, &asking.grounds), decision_id, &account);
        parts.extend(owed.write(&mut record, &self.children.projector.pseudonyms));
        let all = kin.children.iter().chain([&child]);
        let rests_on = all.map(|child| child.standing.clone()).collect();
        Ok(Undisclosed { record, rests_on, parts, view: PermittedFamily(answer) })
    }

    /// The child's records that tell of the family.
    fn tellings<'c>(&self, child: &'c Child) -> Vec<Telling<'c>> {
        let told = child.entries.iter().filter_map(|entry| Some((entry, entry.event.kind.as_ref()?)));
        told.flat_map(|(entry, kind)| {
            self.children.projector.family(kind).into_iter().map(move |(says, days)| {
                let source = entry.controller.clone();
                let record = Record { subject: entry.subject, entry: entry.entry_id, source, days, says };
                Telling { record, entry }
            })
        })
        .collect()
    }

    /// Under what each of these records is decided about the child of these facts. An answer gives none of their fields: they
    /// tell a place only where that is what ties two children.
    fn classes<'t, 'c: 't>(
        &self,
        tellings: impl IntoIterator<Item = &'t Telling<'c>>,
        facts: &ChildFacts,
    ) -> BTreeMap<Record, RecordClass> {
        let class = |telling: &Telling<'_>| {
            let class = self.class_of(telling.entry, facts);
            match telling.record.says {
                Says::LivesAt(_) => class,
                Says::ParentIs(_) | Says::CarerIs(_) | Says::SiblingIs(_) => class.telling_no_place(),
            }
        };
        tellings.into_iter().map(|telling| (telling.record.clone(), class(telling))).collect()
    }

    /// The class of an entry of a child's, about the child of these facts.
    fn class_of(&self, entry: &Entry, facts: &ChildFacts) -> RecordClass {
        let body = Body {
            controller: entry.controller.clone(),
            third_parties: entry.third_parties.iter().map(|id| id.to_vec()).collect(),
            event: Some(entry.event.clone()),
            labels: entry.labels.clone(),
            ..Body::default()
        };
        let mut class = self.engine.classify(&body, facts);
        class.retention_expired = self.registries.held().past_retention(&class, &entry.effective, facts);
        class
    }

    fn family<'c>(
        &self,
        asking: &Asking<'_>,
        facts: &ChildFacts,
        classes: impl IntoIterator<Item = &'c RecordClass>,
    ) -> FamilyDecision {
        let decision =
            sharing::decide_family(&self.engine, &self.cache, &asking.request, facts, asking.registry, classes);
        if decision.failed() {
            crate::disclose::rules_failed();
        }
        decision
    }

    /// Decides of one other child: of each record of either child, about both.
    fn other(
        &self,
        asking: &Asking<'_>,
        asked: &Child,
        known: &[&Telling<'_>],
        child: &Arc<Child>,
        sealed: &[BTreeSet<Id>],
    ) -> Other {
        let on_day = self.on_day(child, asking.ask.valid_on);
        let theirs = self.tellings(child);
        let classes = self.classes(theirs.iter().chain(known.iter().copied()), &on_day.facts);
        let decision = self.family(asking, &on_day.facts, classes.values());
        let about_asked = self.classes(&theirs, asking.facts);
        let of_asked = self.family(asking, asking.facts, about_asked.values());
        let open = |record: &Record| classes.get(record).is_some_and(|class| decision.permits(class));
        let open_of_asked = |record: &Record| about_asked.get(record).is_some_and(|class| of_asked.permits(class));
        let records = known.iter().map(|telling| &telling.record).filter(|record| open(record));
        let member = |child: &Child, records: BTreeSet<Record>| Member {
            subjects: child.resolution.subjects.clone(),
            records,
            sealed: sealed.to_vec(),
        };
        let asked = member(asked, records.cloned().collect());
        let records = theirs.iter().map(|telling| &telling.record);
        let records = records.filter(|record| open(record) && open_of_asked(record));
        let member = member(child, records.cloned().collect());
        Other { child: Arc::clone(child), on_day, decision, of_asked, asked, member, classes }
    }

    /// Those of whom the reader may know, in an order that says nothing but what the answer itself says.
    fn shown(&self, asking: &Asking<'_>, others: &[Other]) -> Vec<Shown> {
        let members: Vec<Member> = others.iter().map(|other| other.member.clone()).collect();
        let day = i64::from(day_number(asking.ask.valid_on));
        let mut shown: Vec<Shown> = Vec::new();
        for (at, other) in others.iter().enumerate() {
            let tied = ties(&other.asked, &members, day).into_iter().nth(at).unwrap_or_default();
            if !tied.is_empty() {
                shown.push(self.tell_of(asking, other, &tied));
            }
        }
        shown.sort_by_cached_key(|shown| {
            FamilyChild { decision_id: Vec::new(), ..shown.answer.clone() }.encode_to_vec()
        });
        shown.truncate(CHILDREN_MAX);
        shown
    }

    /// What is told of one other child, and its record.
    fn tell_of(&self, asking: &Asking<'_>, other: &Other, tied: &[Tie]) -> Shown {
        let Asking { ask, registry, request, .. } = asking;
        let working = sharing::decide_involvement(&self.engine, &self.cache, request, &other.on_day.facts, registry);
        let given = involvement::answer(&working, registry, &self.hub_contact, ask.valid_on);
        let mut answer = FamilyChild {
            grounds: tied.iter().map(|tie| ground(tie.ground).into()).collect(),
            reference: own_reference(&other.child, &ask.caller.organisation),
            involved: given.involved,
            decision_id: Vec::new(),
        };
        let evidence = || tied.iter().flat_map(|tie| &tie.evidence).filter_map(|record| other.classes.get(record));
        let child = other.child.resolution.subjects.first().copied().map_or(ask.child, Pseudonym);
        let part = Ask { child, ..(*ask).clone() };
        let decision_id = decision_id::new(&self.children.projector.pseudonyms, part.book());
        let account = Account {
            call: Call::GetFamily,
            entries: 0,
            lines: 1 + answer.involved.len(),
            answer_digest: digest::sixteen([answer.encode_to_vec()]),
            told: both(other.decision.told(evidence()), working.told()),
            categories: 0,
            pinned_at_us: ask.asked_at_us.max(other.child.newest_us()),
        };
        answer.decision_id = decision_id.to_vec();
        let mut record =
            record(&part, &outcomes(other, &working), (&other.child, &asking.grounds), decision_id, &account);
        // What it rests on is what the whole answer rests on, and stands there.
        record.basis = None;
        record.part_of = asking.decision_id.to_vec();
        let owed = [&other.decision, &other.of_asked].into_iter().flat_map(FamilyDecision::obligations);
        let tied = Owed::of(
            owed,
            other.decision.rests_on(evidence().collect::<Vec<_>>()),
            other.decision.opened_by_glass(evidence().collect::<Vec<_>>()),
        );
        let owed = tied.and(&involvement::owed(&working));
        let opened = owed.write(&mut record, &self.children.projector.pseudonyms);
        Shown { answer, record, owed, opened }
    }
}

fn outcomes(other: &Other, working: &InvolvementDecision) -> Outcomes {
    let digests = [other.decision.outcomes_digest(), other.of_asked.outcomes_digest(), working.outcomes_digest()];
    Outcomes {
        counts: plus(other.decision.counts(), working.counts()),
        digest: digest::sixteen(digests),
        policy_hash: *other.decision.policy_hash(),
        denied: other.decision.denied(),
    }
}

/// The number by which an organisation knows a child, from its own records. A fact that it recorded by hand is none: it can be about
/// another's number.
pub(crate) fn own_reference(child: &Child, organisation: &str) -> Option<Subject> {
    own_references(child, organisation).map(|(_, subject)| subject).min_by_key(|subject| spelt(subject)).cloned()
}

/// The same number as a pseudonym's, where the organisation's own records are by it: not one that only a link leads to.
pub(crate) fn own_reference_of(child: &Child, organisation: &str, subject: [u8; 16]) -> Option<Subject> {
    own_references(child, organisation).find(|(of, _)| *of == subject).map(|(_, subject)| subject.clone())
}

fn own_references<'c>(child: &'c Child, organisation: &'c str) -> impl Iterator<Item = ([u8; 16], &'c Subject)> {
    let own = child
        .said
        .iter()
        .map(|(_, said)| said)
        .filter(move |said| said.body.controller == organisation && said.body.source != COMMAND);
    own.filter_map(|said| Some((said.subject, said.body.subject.as_ref()?)))
}

fn spelt(subject: &Subject) -> (i32, String, String) {
    (subject.scheme, subject.issuer.clone(), subject.value.clone())
}

fn without_ids(answer: &GetFamilyResponse) -> Vec<u8> {
    let mut answer = answer.clone();
    answer.children.iter_mut().for_each(|child| child.decision_id.clear());
    answer.encode_to_vec()
}

fn ground(ground: Ground) -> FamilyGround {
    match ground {
        Ground::Sibling => FamilyGround::Sibling,
        Ground::ParentOrCarer => FamilyGround::ParentOrCarer,
        Ground::Address => FamilyGround::Address,
    }
}

fn both(one: Told, other: Told) -> Told {
    Told { rules: one.rules | other.rules, withheld: &one.withheld | &other.withheld }
}

fn plus(one: Counts, other: Counts) -> Counts {
    Counts {
        full: one.full.saturating_add(other.full),
        redacted: one.redacted.saturating_add(other.redacted),
        existence: one.existence.saturating_add(other.existence),
        hidden: one.hidden.saturating_add(other.hidden),
    }
}
