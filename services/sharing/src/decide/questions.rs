//! From a request, facts and organisations to the questions that the rules are asked.

use std::collections::BTreeSet;

use jiff::civil::Date;
use proto::sharing::access_granted::Scope as GrantScope;
use proto::sharing::statutory_status_changed::Status;
use proto::sharing::{DecisionKind, OrganisationRecorded};

use crate::classify::RecordClass;
use crate::decide::rests::ConsentMark;
use crate::decide::unconfirmed::Unconfirmed;
use crate::facts::{ChildFacts, ConsentRecipient, ConsentScope, Glass};
use crate::question::{Child, Class, Context, Organisation, Question, Reader};
use crate::registry::Registry;
use crate::request::{Principal, Request};
use crate::vocabulary::{
    Category, DenialReason, Involvement, Label, LooksAfter, PersonKind, Purpose, Sector, Standing,
};

/// What of a request holds for every class.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    request: &'a Request,
    facts: &'a ChildFacts,
    registry: &'a Registry,
    child: Child,
    /// Of staff: their organisation.
    organisation: Option<Organisation>,
    /// Of somebody who is not staff: whom they are to the child.
    person: PersonKind,
    involvement: Involvement,
    grants: BTreeSet<Label>,
    brokers_package: bool,
    address_cleared: bool,
    pr_restricted: bool,
    glass: Option<Glass>,
    looks_after: LooksAfter,
    standings: BTreeSet<Standing>,
}

impl<'a> Asked<'a> {
    /// What refuses the request as a whole, before any rule: facts that are stale or of another day, and an organisation
    /// that is not recorded.
    pub(crate) fn of(
        request: &'a Request,
        facts: &'a ChildFacts,
        registry: &'a Registry,
    ) -> Result<Self, DenialReason> {
        if request.facts_stale || request.valid_on != facts.valid_on() {
            return Err(DenialReason::FactsStale);
        }
        let mut asked = Self {
            request,
            facts,
            registry,
            child: child(facts, registry, request.valid_on),
            organisation: None,
            person: PersonKind::Unknown,
            involvement: Involvement::None,
            grants: BTreeSet::new(),
            brokers_package: false,
            address_cleared: false,
            pr_restricted: false,
            glass: None,
            looks_after: LooksAfter::No,
            standings: BTreeSet::new(),
        };
        match &request.principal {
            Principal::Staff { organisation: id, person, .. } => {
                let recorded = registry.organisation_on(id, request.valid_on);
                let organisation = recorded.and_then(organisation).ok_or(DenialReason::UnknownOrganisation)?;
                asked.organisation = Some(organisation);
                asked.involvement = facts.involvement(id, registry);
                asked.looks_after = looks_after(facts, registry, id);
                asked.standings = facts.standings((id, person), registry);
                let granted = |scope| facts.grants().granted(scope, id, person, request.purpose);
                if granted(GrantScope::PreAdoption) {
                    asked.grants.insert(Label::PreAdoption);
                }
                asked.address_cleared = granted(GrantScope::Address);
                asked.brokers_package = granted(GrantScope::Package);
                let open = |at| facts.open_glass(id, person, request.purpose, at);
                asked.glass = request.asked_at_us.and_then(open);
            }
            Principal::Person { organisation, issuer, person } => {
                if !registry.vouches_for_people(organisation, issuer, request.valid_on) {
                    return Err(DenialReason::UnknownOrganisation);
                }
                asked.person = facts.people().kind(issuer, person);
                asked.pr_restricted =
                    asked.person != PersonKind::Subject && facts.restrictions().parental_responsibility(issuer, person);
            }
        }
        Ok(asked)
    }

    /// What a break-glass of the reader opens.
    pub(crate) fn glass(&self) -> Option<Glass> {
        self.glass
    }

    /// The statuses that no source has confirmed for too long.
    pub(crate) fn unconfirmed(&self) -> BTreeSet<Unconfirmed> {
        let since = self.facts.statuses().unconfirmed(self.registry, self.request.valid_on);
        since.into_iter().map(|(status, confirmed_on)| Unconfirmed { status, confirmed_on }).collect()
    }

    /// The consents that stand for a class.
    pub(crate) fn consents(&self, class: &RecordClass) -> BTreeSet<ConsentMark> {
        self.facts.consents_standing(&self.consent_scope(class.category), &class.labels)
    }

    pub(crate) fn whereabouts_protected(&self) -> bool {
        self.child.protected_address && !self.address_cleared
    }

    /// The question about one class; `None` when nothing is recorded of its source, or it has no category.
    pub(crate) fn about(&self, class: &RecordClass) -> Option<Question> {
        let recorded = self.registry.organisation(&class.source_org)?;
        let source = organisation(recorded)?;
        let mut labels = class.labels.clone();
        // Whatever a sensitive service records tells that the child is known to it.
        if recorded.sensitive() {
            labels.insert(Label::RestrictedUnspecified);
        }
        if class.category == Category::Unspecified || class.labels.contains(&Label::Unspecified) {
            return None;
        }
        let purpose = self.request.purpose;
        let reader = match &self.request.principal {
            Principal::Staff { organisation: id, roles, active, trained, .. } => Reader::Staff {
                organisation: self.organisation?,
                own_record: *id == class.source_org,
                roles: roles.clone(),
                active: *active,
                trained: *trained,
            },
            Principal::Person { .. } => Reader::Person(self.person),
        };
        Some(Question {
            reader,
            source,
            child: self.child,
            class: Class {
                category: class.category,
                labels,
                third_party: class.has_third_party,
                location: class.has_location,
                retention_expired: class.retention_expired,
            },
            context: Context {
                purpose,
                involvement: self.involvement,
                consent: self.facts.consent_to(&self.consent_scope(class.category), &class.labels),
                agreement: self.agreement(class),
                processes: self
                    .request
                    .principal
                    .organisation()
                    .map(|id| self.facts.grants().processes(id, &class.source_org, class.category))
                    .unwrap_or_default(),
                grants: self.grants.clone(),
                address_cleared: self.address_cleared,
                third_party_involved: self.works_with_everybody_in(class),
                detriment: self.facts.restrictions().detriment(class.category, &class.source_org),
                pr_restricted: self.pr_restricted,
                break_glass: self.glass.is_some(),
                asked: self.request.family_of,
                runs_service: self.request.runs_service,
                part_of_pair: self.request.part_of_pair,
                brokers_package: self.brokers_package,
                stepped_up: self.request.stepped_up,
                own_act: false,
                recording: crate::decide::Recording::default(),
                looks_after: self.looks_after,
                standings: self.standings.clone(),
                duty_to_share_in_force: self.facts.duty_to_share_in_force(),
            },
        })
    }

    fn consent_scope(&self, category: Category) -> ConsentScope<'_> {
        let recipient = match &self.request.principal {
            Principal::Staff { organisation, .. } => ConsentRecipient::Organisation(organisation),
            Principal::Person { issuer, person, .. } => ConsentRecipient::Person { issuer, person },
        };
        ConsentScope { recipient, category, purpose: self.request.purpose }
    }

    fn agreement(&self, class: &RecordClass) -> bool {
        self.request.principal.organisation().is_some_and(|recipient| {
            self.registry.agreement_covers(
                &class.source_org,
                recipient,
                class.category,
                self.request.purpose,
                self.request.valid_on,
            )
        })
    }

    /// The reader's organisation works with every other person the class tells of, and knows who they all are.
    fn works_with_everybody_in(&self, class: &RecordClass) -> bool {
        !class.unnamed_third_party
            && !class.third_parties.is_empty()
            && class.third_parties.is_subset(&self.request.also_works_with)
    }
}

fn organisation(recorded: &OrganisationRecorded) -> Option<Organisation> {
    let sector = recorded.sector();
    (sector != Sector::Unspecified).then(|| Organisation { sector, designated: recorded.designated() })
}

fn child(facts: &ChildFacts, registry: &Registry, on: Date) -> Child {
    let births = facts.births();
    let statuses = facts.statuses();
    Child {
        maybe_adult: births.maybe_aged(18, on),
        maybe_25: births.maybe_aged(25, on),
        maybe_past_compulsory_school_age: births.maybe_past_compulsory_school_age(on),
        competent: facts.competence(DecisionKind::Information).competent,
        lacks_competence: facts.competence(DecisionKind::Information).lacking,
        lacks_capacity_for_education: facts.competence(DecisionKind::Education).lacking,
        ehcp: statuses.open(Status::EhcPlan, registry, on),
        ehc_request_open: statuses.open(Status::EhcRequest, registry, on),
        s47_open: statuses.open(Status::Section47, registry, on),
        cp_plan: statuses.open(Status::ProtectionPlan, registry, on),
        cin: statuses.open(Status::ChildInNeed, registry, on),
        protected_address: facts.restrictions().protected_address(),
        opted_out: facts.restrictions().opted_out(),
        deceased: facts.life().deceased(),
        unborn: facts.life().unborn,
    }
}

/// How this organisation itself looks after the child.
fn looks_after(facts: &ChildFacts, registry: &Registry, organisation: &str) -> LooksAfter {
    let under = [
        (Status::LookedAfter, LooksAfter::CareOrder),
        (Status::Accommodated, LooksAfter::Accommodated),
        (Status::Remand, LooksAfter::Remand),
        (Status::Emergency, LooksAfter::Emergency),
        (Status::ShortBreak, LooksAfter::ShortBreak),
    ];
    let of = |status| facts.statuses().open_of(status, organisation, registry, facts.valid_on());
    under.into_iter().find(|(status, _)| of(*status)).map_or(LooksAfter::No, |(_, looks_after)| looks_after)
}

/// What a reviewer of identity at this organisation may ask of the record of decisions.
pub(crate) fn releases_question(request: &Request, registry: &Registry) -> Option<Question> {
    let mut question = audit_question(request, registry)?;
    question.class.category = Category::Identity;
    question.context.runs_service = request.runs_service;
    question.context.part_of_pair = request.part_of_pair;
    if let Reader::Staff { own_record, .. } = &mut question.reader {
        *own_record = true;
    }
    Some(question)
}

/// What an auditor of this organisation may ask of the record of decisions.
pub(crate) fn audit_question(request: &Request, registry: &Registry) -> Option<Question> {
    let Principal::Staff { organisation: id, roles, active, trained, .. } = &request.principal else {
        return None;
    };
    let recorded = organisation(registry.organisation_on(id, request.valid_on)?)?;
    let mut question = crate::engine::own_record();
    question.reader = Reader::Staff {
        organisation: recorded,
        own_record: false,
        roles: roles.clone(),
        active: *active,
        trained: *trained,
    };
    question.context.purpose = request.purpose;
    question.context.involvement = Involvement::None;
    Some(question).filter(|_| request.purpose != Purpose::Unspecified && !request.facts_stale)
}
