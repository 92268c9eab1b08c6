//! One question put to the rules: the ladder of views, walked down to the first that is allowed.
//!
//! The only constructor of entities and requests in this crate is here, and it always passes the schema: entities built
//! without it lack the hierarchy of actions, and then restrictions silently do not fire.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cedar_policy::{
    Context as CedarContext, Decision as CedarDecision, Entities, Entity, EntityUid, Request, RestrictedExpression,
    Schema,
};

use crate::decide::Act;
use crate::engine::actions::{Action, Ladder};
use crate::engine::{Engine, LoadError};
use crate::question::{Class, Organisation, Question, Reader};
use crate::vocabulary::{Category, FieldGroup, Involvement, Label, Outcome, Purpose, RoleGroup, Sector, Vocabulary};

/// The answer to a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ruling {
    pub(crate) outcome: Outcome,
    /// Groups to take out, when the outcome is redacted.
    pub(crate) withheld: BTreeSet<FieldGroup>,
    /// The existence is told by permits alone that leave out where somebody can be found: whose it is would tell that.
    pub(crate) withholds_source: bool,
    /// Ids of the permits that fired at the outcome.
    pub(crate) allowed_by: Vec<String>,
    /// By view refused, ids of the restrictions that fired; empty where nothing permitted it.
    pub(crate) stopped_by: BTreeMap<&'static str, Vec<String>>,
    /// The rules could not be evaluated, so everything is hidden: an alarm.
    pub(crate) failed: bool,
}

impl Ruling {
    /// Nothing, without having asked.
    pub(crate) fn refused() -> Self {
        Self::hidden(BTreeMap::new(), false)
    }

    /// The lesser of two answers about one class, without what either withholds.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let (lesser, fuller) = if self.outcome <= other.outcome { (self, other) } else { (other, self) };
        let mut both = lesser.clone();
        both.failed |= fuller.failed;
        both.withholds_source |= fuller.withholds_source || fuller.withheld.contains(&FieldGroup::Location);
        if lesser.outcome == Outcome::Redacted {
            both.withheld.extend(fuller.withheld.iter().copied());
        }
        both
    }

    fn hidden(stopped_by: BTreeMap<&'static str, Vec<String>>, failed: bool) -> Self {
        Self {
            outcome: Outcome::Hide,
            withheld: BTreeSet::new(),
            withholds_source: false,
            allowed_by: Vec::new(),
            stopped_by,
            failed,
        }
    }
}

/// The question could not be put, or the rules did not evaluate.
#[derive(Debug)]
pub(super) struct Unanswerable;

/// One view, allowed or not, with the rules that determined it.
struct Answer {
    allowed: bool,
    rules: Vec<String>,
}

impl Engine {
    /// Walks the ladder down. Anything that goes wrong hides.
    pub(crate) fn ask(&self, ladder: Ladder, question: &Question) -> Ruling {
        self.walk(ladder, question).unwrap_or_else(|Unanswerable| Ruling::hidden(BTreeMap::new(), true))
    }

    fn walk(&self, ladder: Ladder, question: &Question) -> Result<Ruling, Unanswerable> {
        let entities = self.entities(question)?;
        let context = self.context(question)?;
        let mut stopped_by = BTreeMap::new();
        for (action, outcome) in ladder.views().iter().copied() {
            // The views of a ladder differ by nothing but the action: what the schema says of the first it says of the rest.
            let schema = stopped_by.is_empty().then_some(&self.schema);
            let request = self.request(action, question, context.clone(), schema)?;
            let answer = self.authorize(action, question, &request, &entities)?;
            if !answer.allowed {
                stopped_by.insert(action.name(), answer.rules);
                continue;
            }
            let withheld = match outcome {
                Outcome::Redacted => self.withheld(&answer.rules, &stopped_by)?,
                _ => BTreeSet::new(),
            };
            let withholds_source = outcome == Outcome::Existence && self.leave_out_location(&answer.rules);
            return Ok(Ruling {
                outcome,
                withheld,
                withholds_source,
                allowed_by: answer.rules,
                stopped_by,
                failed: false,
            });
        }
        Ok(Ruling::hidden(stopped_by, false))
    }

    /// What cures the restrictions that stopped the full view, and what limited permits leave out when only such fired.
    fn withheld(
        &self,
        permits: &[String],
        stopped_by: &BTreeMap<&'static str, Vec<String>>,
    ) -> Result<BTreeSet<FieldGroup>, Unanswerable> {
        let mut groups = BTreeSet::new();
        // What stopped the full view of whichever ladder this is.
        let full = [Action::ViewFull, Action::ReviewFull].map(Action::name);
        for id in full.iter().filter_map(|view| stopped_by.get(view)).flatten() {
            groups.extend(self.rule(id).ok_or(Unanswerable)?.groups.iter().copied());
        }
        let permits: Vec<_> = permits.iter().filter_map(|id| self.rule(id)).collect();
        if permits.iter().all(|rule| rule.limited) {
            groups.extend(permits.iter().flat_map(|rule| rule.groups.iter().copied()));
        }
        // A redacted view that takes nothing out would be a full one that the rules refused.
        if groups.is_empty() { Err(Unanswerable) } else { Ok(groups) }
    }

    /// Whether these are limited permits only, and one of them leaves out where somebody can be found.
    fn leave_out_location(&self, permits: &[String]) -> bool {
        let mut permits = permits.iter().filter_map(|id| self.rule(id));
        permits.clone().all(|rule| rule.limited) && permits.any(|rule| rule.groups.contains(&FieldGroup::Location))
    }

    pub(crate) fn may_break_glass(&self, question: &Question) -> bool {
        matches!(question.reader, Reader::Staff { .. }) && self.allows(Action::InvokeBreakGlass, question)
    }

    pub(crate) fn may_act(&self, act: Act, question: &Question) -> bool {
        let action = match act {
            Act::AssertBreakGlass => Action::InvokeBreakGlass,
            Act::ReadNotices => Action::ReadNotices,
            Act::ReviewBreakGlass => Action::ReviewBreakGlass,
            Act::RecordRefusal => Action::RecordRefusal,
            Act::ReadRefusals => Action::ReadRefusals,
            Act::PrepareAccess => Action::PrepareAccess,
            Act::ProposeErasure => Action::ProposeErasure,
            Act::ConfirmErasure => Action::ConfirmErasure,
            Act::ReadErasures => Action::ReadErasures,
            Act::CountChildren => Action::CountChildren,
            Act::AskWhoCanSee => Action::AskWhoCanSee,
            Act::TellRegister => Action::TellRegister,
        };
        matches!(question.reader, Reader::Staff { .. }) && self.allows(action, question)
    }

    /// Whether the fact of this question may be recorded, with the rules that decided. Anything that goes wrong is a no.
    pub(crate) fn record_fact(&self, question: &Question) -> (bool, BTreeSet<String>) {
        let answer = self.entities(question).and_then(|entities| {
            let request = self.request(Action::RecordFact, question, self.context(question)?, Some(&self.schema))?;
            self.authorize(Action::RecordFact, question, &request, &entities)
        });
        answer.map_or_else(|_| (false, BTreeSet::new()), |answer| (answer.allowed, answer.rules.into_iter().collect()))
    }

    pub(crate) fn may_read_decisions(&self, question: &Question) -> bool {
        self.allows(Action::ReadAuditMeta, question)
    }

    pub(crate) fn may_read_releases(&self, question: &Question) -> bool {
        self.allows(Action::ReadReleases, question)
    }

    /// Whether this action is allowed outside the ladder. Anything that goes wrong is a no.
    fn allows(&self, action: Action, question: &Question) -> bool {
        let answer = self.entities(question).and_then(|entities| {
            let request = self.request(action, question, self.context(question)?, Some(&self.schema))?;
            self.authorize(action, question, &request, &entities)
        });
        answer.is_ok_and(|answer| answer.allowed)
    }

    fn request(
        &self,
        action: Action,
        question: &Question,
        context: CedarContext,
        schema: Option<&Schema>,
    ) -> Result<Request, Unanswerable> {
        let action = self.types.actions.get(&action).ok_or(Unanswerable)?.clone();
        Request::new(self.principal(question).clone(), action, self.types.class.clone(), context, schema)
            .map_err(|_| Unanswerable)
    }

    fn authorize(
        &self,
        action: Action,
        question: &Question,
        request: &Request,
        entities: &Entities,
    ) -> Result<Answer, Unanswerable> {
        if let Some(heard) = &self.heard {
            heard.note(action, question, request, entities);
        }
        let response = self.authorizer.is_authorized(request, self.slice(action, question), entities);
        // A rule that fails to evaluate is skipped, a restriction included.
        if response.diagnostics().errors().next().is_some() {
            return Err(Unanswerable);
        }
        let mut rules: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        rules.sort();
        Ok(Answer { allowed: response.decision() == CedarDecision::Allow, rules })
    }

    /// Who asks.
    pub(super) fn principal(&self, question: &Question) -> &EntityUid {
        match question.reader {
            Reader::Staff { .. } => &self.types.staff,
            Reader::Person(_) => &self.types.person,
        }
    }

    /// What is asked about.
    pub(super) fn resource(&self) -> &EntityUid {
        &self.types.class
    }

    pub(super) fn entities(&self, question: &Question) -> Result<Entities, Unanswerable> {
        let types = &self.types;
        let mut entities = Vec::with_capacity(5);
        let source = match &question.reader {
            Reader::Staff { organisation, own_record, roles, active, trained } => {
                let parents = roles
                    .iter()
                    .map(|role| self.words.uid(*role).ok_or(Unanswerable))
                    .collect::<Result<HashSet<_>, _>>()?;
                let attributes = [
                    ("org", uid(types.reader_organisation.clone())),
                    ("active", flag(*active)),
                    ("trained", flag(*trained)),
                ];
                entities.push(self.entity(types.staff.clone(), attributes, parents)?);
                entities.push(self.organisation(&types.reader_organisation, *organisation)?);
                if *own_record { &types.reader_organisation } else { &types.source_organisation }
            }
            Reader::Person(kind) => {
                let attributes = [("kind", self.word(*kind)?)];
                entities.push(self.entity(types.person.clone(), attributes, HashSet::new())?);
                &types.source_organisation
            }
        };
        if source == &types.source_organisation {
            entities.push(self.organisation(source, question.source)?);
        }
        entities.push(self.child(question)?);
        entities.push(self.class(&question.class, source)?);
        Entities::from_entities(entities, Some(&self.schema)).map_err(|_| Unanswerable)
    }

    fn organisation(&self, id: &EntityUid, organisation: Organisation) -> Result<Entity, Unanswerable> {
        let attributes = [("sector", self.word(organisation.sector)?), ("designated", flag(organisation.designated))];
        self.entity(id.clone(), attributes, HashSet::new())
    }

    fn child(&self, question: &Question) -> Result<Entity, Unanswerable> {
        let child = &question.child;
        let attributes = [
            ("maybeAdult", flag(child.maybe_adult)),
            ("maybe25", flag(child.maybe_25)),
            ("maybePastCompulsorySchoolAge", flag(child.maybe_past_compulsory_school_age)),
            ("competent", flag(child.competent)),
            ("lacksCompetence", flag(child.lacks_competence)),
            ("lacksCapacityForEducation", flag(child.lacks_capacity_for_education)),
            ("ehcp", flag(child.ehcp)),
            ("s47Open", flag(child.s47_open)),
            ("cpPlan", flag(child.cp_plan)),
            ("cin", flag(child.cin)),
            ("ehcRequestOpen", flag(child.ehc_request_open)),
            ("deceased", flag(child.deceased)),
            ("unborn", flag(child.unborn)),
            ("protectedAddress", flag(child.protected_address)),
            ("optedOut", flag(child.opted_out)),
        ];
        self.entity(self.types.child.clone(), attributes, HashSet::new())
    }

    fn class(&self, class: &Class, source: &EntityUid) -> Result<Entity, Unanswerable> {
        let attributes = [
            ("child", uid(self.types.child.clone())),
            ("source", uid(source.clone())),
            ("category", self.word(class.category)?),
            ("labels", self.set(&class.labels)?),
            ("thirdParty", flag(class.third_party)),
            ("location", flag(class.location)),
            ("retentionExpired", flag(class.retention_expired)),
        ];
        self.entity(self.types.class.clone(), attributes, HashSet::new())
    }

    pub(super) fn context(&self, question: &Question) -> Result<CedarContext, Unanswerable> {
        let context = &question.context;
        let pairs = [
            ("purpose", self.word(context.purpose)?),
            ("involvement", self.word(context.involvement)?),
            ("consent", self.word(context.consent)?),
            ("dsa", flag(context.agreement)),
            ("processes", self.set(&context.processes)?),
            ("grants", self.set(&context.grants)?),
            ("addressCleared", flag(context.address_cleared)),
            ("thirdPartyInvolved", flag(context.third_party_involved)),
            ("detriment", flag(context.detriment)),
            ("prRestricted", flag(context.pr_restricted)),
            ("breakGlass", flag(context.break_glass)),
            ("askedInvolvement", self.word(context.asked.involvement)?),
            ("askedS47Open", flag(context.asked.s47_open)),
            ("askedCpPlan", flag(context.asked.cp_plan)),
            ("askedCin", flag(context.asked.cin)),
            ("runsService", flag(context.runs_service)),
            ("partOfPair", flag(context.part_of_pair)),
            ("brokersPackage", flag(context.brokers_package)),
            ("steppedUp", flag(context.stepped_up)),
            ("ownAct", flag(context.own_act)),
            ("fact", self.word(context.recording.fact)?),
            ("endsFact", flag(context.recording.ends)),
            ("contestedFact", flag(context.recording.contested)),
            ("opensForSelf", flag(context.recording.opens_for_self)),
            ("looksAfter", self.word(context.looks_after)?),
            ("standings", self.set(&context.standings)?),
            ("dutyToShareInForce", flag(context.duty_to_share_in_force)),
        ];
        CedarContext::from_pairs(self.known_of(pairs)).map_err(|_| Unanswerable)
    }

    /// An entity with the attributes that the schema of these rules has: of a set that was kept, not what came later.
    fn entity<const N: usize>(
        &self,
        id: EntityUid,
        attributes: [(&str, RestrictedExpression); N],
        parents: HashSet<EntityUid>,
    ) -> Result<Entity, Unanswerable> {
        let attributes: HashMap<_, _> = self.known_of(attributes).collect();
        Entity::new(id, attributes, parents).map_err(|_| Unanswerable)
    }

    fn known_of<const N: usize>(
        &self,
        attributes: [(&str, RestrictedExpression); N],
    ) -> impl Iterator<Item = (String, RestrictedExpression)> {
        let known = |name: &str| self.known.as_ref().is_none_or(|known| known.has(name));
        attributes.into_iter().filter(move |(name, _)| known(name)).map(|(name, value)| (name.to_owned(), value))
    }

    fn word<V: Vocabulary>(&self, member: V) -> Result<RestrictedExpression, Unanswerable> {
        self.words.uid(member).map(uid).ok_or(Unanswerable)
    }

    fn set<V: Vocabulary>(&self, members: &BTreeSet<V>) -> Result<RestrictedExpression, Unanswerable> {
        let members = members.iter().map(|member| self.word(*member)).collect::<Result<Vec<_>, _>>()?;
        Ok(RestrictedExpression::new_set(members))
    }

    /// Questions whose answers are known, denials before all: that each of these is hidden by the gate that says so shows that
    /// restrictions fire, by break-glass too; and that an organisation sees its own record, that permits do.
    pub(crate) fn self_test(&self) -> Result<(), LoadError> {
        let denials: [Denial; 5] = [
            ("G01-", "a request without a purpose is not hidden", |question| {
                question.context.purpose = Purpose::Unspecified;
            }),
            ("G02-", "staff whose training has lapsed are not refused", |question| {
                if let Reader::Staff { trained, .. } = &mut question.reader {
                    *trained = false;
                }
            }),
            ("G03-", "a record past its retention is not hidden", |question| question.class.retention_expired = true),
            ("G04-", "a break-glass opens a sealed record", |question| {
                question.class.labels = BTreeSet::from([Label::PreAdoption]);
                question.context.break_glass = true;
            }),
            ("G08-", "an auditor sees a record", |question| {
                if let Reader::Staff { roles, .. } = &mut question.reader {
                    *roles = BTreeSet::from([RoleGroup::Auditor]);
                }
            }),
        ];
        for (gate, problem, change) in denials {
            let mut question = own_record();
            change(&mut question);
            let ruling = self.ask(Ladder::Records, &question);
            let fired = ruling.stopped_by.values().all(|rules| rules.iter().any(|id| id.starts_with(gate)));
            if ruling.failed || ruling.outcome != Outcome::Hide || ruling.stopped_by.len() != 3 || !fired {
                return Err(LoadError::SelfTest(problem));
            }
        }
        if self.ask(Ladder::Records, &own_record()).outcome != Outcome::Full {
            return Err(LoadError::SelfTest("an organisation does not see its own record"));
        }
        Ok(())
    }
}

/// The rule that must hide, what it means when it does not, and how the question comes to be one that it hides.
type Denial = (&'static str, &'static str, fn(&mut Question));

/// A school reads its own attendance record of a child on its roll.
pub(crate) fn own_record() -> Question {
    let school = Organisation { sector: Sector::Education, designated: true };
    Question {
        reader: Reader::Staff {
            organisation: school,
            own_record: true,
            roles: BTreeSet::from([RoleGroup::SchoolPastoral]),
            active: true,
            trained: true,
        },
        source: school,
        child: crate::question::Child::default(),
        class: Class {
            category: Category::Attendance,
            labels: BTreeSet::<Label>::new(),
            third_party: false,
            location: false,
            retention_expired: false,
        },
        context: crate::question::Context {
            purpose: Purpose::EducationProvision,
            involvement: Involvement::Universal,
            consent: crate::vocabulary::ConsentState::None,
            agreement: false,
            processes: BTreeSet::new(),
            grants: BTreeSet::new(),
            address_cleared: false,
            third_party_involved: false,
            detriment: false,
            pr_restricted: false,
            break_glass: false,
            asked: crate::request::FamilyOf::default(),
            runs_service: false,
            part_of_pair: false,
            brokers_package: false,
            stepped_up: false,
            own_act: false,
            recording: crate::decide::Recording::default(),
            looks_after: crate::vocabulary::LooksAfter::No,
            standings: BTreeSet::new(),
            duty_to_share_in_force: false,
        },
    }
}

fn flag(value: bool) -> RestrictedExpression {
    RestrictedExpression::new_bool(value)
}

fn uid(uid: EntityUid) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only the first view of a ladder is held to the schema: so whatever fits it must fit the others.
    #[test]
    fn the_schema_has_every_view_of_a_ladder_for_the_same_readers() {
        let engine = Engine::load().unwrap();
        for reader in [own_record().reader, Reader::Person(crate::vocabulary::PersonKind::Subject)] {
            let question = Question { reader, ..own_record() };
            for ladder in [Ladder::Records, Ladder::Involvement, Ladder::Family, Ladder::Review] {
                for (action, _) in ladder.views() {
                    let context = engine.context(&question).unwrap();
                    assert!(engine.request(*action, &question, context, Some(&engine.schema)).is_ok(), "{action:?}");
                }
            }
        }
    }
}
