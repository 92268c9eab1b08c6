//! Who may record what: a fact about a child, or about organisations, put to the rules before anything is recorded.

use std::collections::BTreeSet;

use proto::events::Body;
use proto::events::event::Kind;
use proto::sharing::ConsentRecorded;
use proto::sharing::access_granted::Scope as GrantScope;
use proto::sharing::consent_recorded::State;
use proto::sharing::restriction::Kind as RestrictionKind;
use proto::sharing::statutory_status_changed::Status;
use sha2::{Digest, Sha256};

use crate::classify::RecordClass;
use crate::days::last_day;
use crate::decide::questions::{Asked, audit_question};
use crate::decide::seen::confided;
use crate::engine::{Engine, RuleBits, RuleNumber};
use crate::facts::{ChildFacts, ConsentRecipient as Recipient, ConsentScope as Scope};
use crate::question::{Question, Reader};
use crate::registry::Registry;
use crate::request::{Principal, Request};
use crate::vocabulary::{Category, ConsentState, DenialReason, FactKind, Label, Purpose, Vocabulary as _};

/// What is to be recorded, as far as the rules read it. Whether the actor set what is ended is `own_act` of the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recording {
    /// What it is.
    pub fact: FactKind,
    /// It ends one that is on record.
    pub ends: bool,
    /// Somebody other than who set what is ended said something else of it.
    pub contested: bool,
    /// Whom it lets in is the actor, or the actor's own organisation; of a consent, see [`consent_opens_for`].
    pub opens_for_self: bool,
    /// It is about a record that another organisation answers for.
    pub of_another: bool,
}

impl Default for Recording {
    fn default() -> Self {
        Self { fact: FactKind::None, ends: false, contested: false, opens_for_self: false, of_another: false }
    }
}

/// Whether somebody may record it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MayRecord {
    /// They may.
    pub may: bool,
    /// They may not, and another person of the same standing might.
    pub second_person_needed: bool,
    /// The rules that decided, by letter and number.
    pub rules: RuleBits,
    /// Their ids.
    pub decided_by: BTreeSet<String>,
    /// Sixteen bytes over what was asked and how it was decided.
    pub digest: [u8; 16],
    /// Why nothing was asked, where nothing was.
    pub denied: Option<DenialReason>,
}

/// A kind of fact that a person records through the service: one line of the table below.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recordable<'k> {
    /// What it is to the rules.
    pub fact: FactKind,
    /// It ends one that is on record.
    pub ends: bool,
    /// What names the thing that it is about: a later fact of the same thing takes the place of what was said before, or ends it.
    pub thing: String,
    /// Organisations that it lets in.
    pub organisations: Vec<&'k str>,
    /// People whom it lets in.
    pub people: Vec<&'k str>,
    /// It is of an organisation, and not of a child.
    pub of_organisation: bool,
}

impl<'k> Recordable<'k> {
    fn of(fact: FactKind, group: &str, name: &str) -> Self {
        let (organisations, people) = (Vec::new(), Vec::new());
        let of_organisation = fact == FactKind::Register;
        Self { fact, ends: false, thing: format!("{group}/{name}"), organisations, people, of_organisation }
    }

    fn ends(self) -> Self {
        Self { ends: true, ..self }
    }

    fn ends_if(self, ends: bool) -> Self {
        Self { ends, ..self }
    }

    fn lets_in(self, organisation: &'k str) -> Self {
        Self { organisations: vec![organisation], ..self }
    }

    /// A grant is to one person of an organisation: a colleague may give it, and not they themselves.
    fn lets_in_person(self, person: &'k str) -> Self {
        Self { people: vec![person], ..self }
    }

    /// Whether it lets in this person, or their organisation as a whole. One that names no organisation is of whoever says it.
    pub fn opens_for(&self, organisation: &str, person: &str) -> bool {
        let own = |named: &&str| named.trim().is_empty() || *named == organisation;
        self.organisations.iter().any(own) || self.people.contains(&person)
    }
}

/// The table: what a person records through the service of facts. `None` of what comes from a source, of what has a command and a
/// service of its own (break-glass and its review, decisions not to share, decisions about identity) and of what the operator alone
/// records.
pub fn recordable(kind: &Kind) -> Option<Recordable<'_>> {
    use FactKind as F;
    let of = |fact, group, name: &str| Some(Recordable::of(fact, group, name));
    match kind {
        Kind::OrganisationRecorded(said) => of(F::Register, "organisation", said.id()),
        Kind::AgreementRecorded(said) => of(F::Register, "agreement", said.id()).map(|r| r.ends_if(said.suspended())),
        Kind::RetentionScheduleRecorded(said) => of(F::Register, "retention", said.authority()),

        Kind::ConsentRecorded(said) => {
            of(F::Consent, "consent", said.id()).map(|r| r.ends_if(said.state() == State::Withdrawn))
        }
        Kind::CompetenceAssessed(said) => of(F::Competence, "competence", said.decision().as_str_name()),
        Kind::FamilyPersonRecognised(said) => of(F::Family, "person", said.id()),
        Kind::FamilyPersonEnded(said) => of(F::Family, "person", said.id()).map(Recordable::ends),
        Kind::ParentalResponsibilityVerified(said) => of(F::Family, "responsibility", &named(&said.person)),
        Kind::ParentalResponsibilityEnded(said) => {
            of(F::Family, "responsibility", &named(&said.person)).map(Recordable::ends)
        }
        Kind::RelationshipRecorded(said) => of(F::Family, "relation", &related(said.related.as_ref())),
        Kind::AgeDisputed(_) => of(F::Age, "age", ""),
        Kind::AgeAssessed(_) => of(F::Age, "age", "").map(Recordable::ends),

        Kind::InvolvementStarted(said) => {
            of(F::Involvement, "involvement", said.organisation()).map(|r| r.lets_in(said.organisation()))
        }
        Kind::InvolvementEnded(said) => of(F::Involvement, "involvement", said.organisation()).map(Recordable::ends),
        // Whoever is supervised may lead Family Help by it: that is social care's to say.
        Kind::WorkerNamed(said) => {
            let fact = if said.supervised_by().trim().is_empty() { F::Involvement } else { F::FamilyHelpLead };
            let thing = worker(said.organisation(), said.role.as_ref());
            of(fact, "worker", &thing).map(|r| r.lets_in(said.organisation()))
        }
        Kind::WorkerEnded(said) => {
            of(F::Involvement, "worker", &worker(said.organisation(), said.role.as_ref())).map(Recordable::ends)
        }

        Kind::StatutoryStatusChanged(said) => {
            let education = matches!(said.status(), Status::EhcPlan | Status::EhcRequest);
            let fact = if education { F::EducationStatus } else { F::SocialCareStatus };
            of(fact, "status", said.status().as_str_name()).map(|r| r.ends_if(!said.open()))
        }

        Kind::EhcAssessmentRequested(_) => of(F::EducationStatus, "ehc_request", ""),
        Kind::EhcAssessmentDecided(said) => {
            of(F::EducationStatus, "ehc_request", "").map(|r| r.ends_if(said.agreed == Some(false)))
        }
        Kind::EhcRequestWithdrawn(_) => of(F::EducationStatus, "ehc_request", "").map(Recordable::ends),
        Kind::EhcAdviceRequested(said) => {
            of(F::EducationStatus, "ehc_advice", said.adviser()).map(|r| r.lets_in(said.adviser()))
        }
        Kind::EhcAdviceReceived(said) => of(F::EducationStatus, "ehc_advice", said.adviser()).map(Recordable::ends),
        Kind::EhcSettingConsulted(said) => {
            of(F::EducationStatus, "ehc_consulted", said.setting()).map(|r| r.lets_in(said.setting()))
        }
        Kind::EhcPlanDrafted(_) => of(F::EducationStatus, "ehc_draft", ""),
        Kind::EhcPlanIssued(_) => of(F::EducationStatus, "ehc_plan", ""),
        Kind::EhcPlanCeased(_) => of(F::EducationStatus, "ehc_plan", "").map(Recordable::ends),
        // It ends the plan for one authority, and lets the other in.
        Kind::EhcPlanTransferred(said) => {
            of(F::EducationStatus, "ehc_plan", "").map(|r| r.lets_in(said.to_authority()))
        }

        Kind::Section47EnquiryEnded(_) => of(F::SocialCareStatus, "section_47", "").map(Recordable::ends),
        Kind::LookedAfterPeriodStarted(_) | Kind::LegalStatusChanged(_) => of(F::SocialCareStatus, "looked_after", ""),
        Kind::LookedAfterPeriodEnded(_) => of(F::SocialCareStatus, "looked_after", "").map(Recordable::ends),

        Kind::RestrictionSet(said) => of(restricts(said.kind()), "restriction", said.id()),
        // What is lifted says of which kind it was: whoever puts it to the rules looks it up.
        Kind::RestrictionLifted(said) => of(F::Court, "restriction", said.id()).map(Recordable::ends),
        Kind::AccessGranted(said) => {
            of(grants(said.scope()), "grant", said.id()).map(|r| r.lets_in_person(said.person()))
        }
        Kind::AccessRevoked(said) => of(F::GrantAddress, "grant", said.id()).map(Recordable::ends),
        Kind::LegalProcessRecorded(said) => {
            of(F::LegalProcess, "process", said.id()).map(|r| r.lets_in(said.recipient()))
        }
        Kind::SealProposed(_) => of(F::SealProposal, "seal_proposal", ""),
        Kind::IdentitySealed(_) => of(F::Seal, "seal", ""),
        Kind::EntryRectified(said) => of(F::Rectification, "rectification", said.id()),
        Kind::RectificationWithdrawn(said) => of(F::Rectification, "rectification", said.id()).map(Recordable::ends),
        Kind::RetentionDecided(said) => of(F::Retention, "retained", said.id()),
        _ => None,
    }
}

fn named(person: &Option<proto::sharing::NamedPerson>) -> String {
    person.as_ref().map(|person| format!("{}/{}", person.issuer(), person.person())).unwrap_or_default()
}

fn related(person: Option<&proto::events::Subject>) -> String {
    person.map(|person| format!("{}/{}/{}", person.scheme, person.issuer, person.value)).unwrap_or_default()
}

fn worker(organisation: &str, role: Option<&proto::events::Coded>) -> String {
    format!("{organisation}/{}", role.map(|role| role.code.as_str()).unwrap_or_default())
}

fn restricts(kind: RestrictionKind) -> FactKind {
    match kind {
        RestrictionKind::ProtectedAddress => FactKind::ProtectedAddress,
        RestrictionKind::SeriousHarm => FactKind::SeriousHarm,
        RestrictionKind::Detriment => FactKind::Detriment,
        RestrictionKind::ParentalResponsibility => FactKind::ParentalResponsibility,
        RestrictionKind::NationalOptOut => FactKind::OptOut,
        RestrictionKind::Processing => FactKind::Processing,
        // The fewest people may record what is not said.
        RestrictionKind::Court | RestrictionKind::Unspecified => FactKind::Court,
    }
}

fn grants(scope: GrantScope) -> FactKind {
    match scope {
        GrantScope::Address => FactKind::GrantAddress,
        GrantScope::Package => FactKind::GrantPackage,
        GrantScope::PreAdoption | GrantScope::Unspecified => FactKind::GrantPreAdoption,
    }
}

/// Whether a consent lets this organisation in as only another may record it: to what a service of its own kind holds and its clients
/// alone decide of, or to what was refused or taken back. One that names no recipient lets in whoever records it too.
pub fn consent_opens_for(organisation: &str, said: &ConsentRecorded, engine: &Engine, facts: &ChildFacts) -> bool {
    const SENSITIVE: [Category; 3] = [Category::SexualHealth, Category::MentalHealth, Category::SubstanceMisuse];
    let on = said.from.as_ref().and_then(last_day).unwrap_or(facts.valid_on());
    let Some(said) = engine.consent_forms().read(said, on) else { return false };
    let names_nobody = said.recipients.is_empty() && said.people.is_empty();
    if said.state() != State::Given || !(names_nobody || said.recipients.iter().any(|named| named == organisation)) {
        return false;
    }
    let covers = |list: &[i32], one: i32| list.is_empty() || list.contains(&one);
    let categories = || Category::members().into_iter().filter(|one| covers(&said.categories, (*one).into()));
    let purposes = || Purpose::members().into_iter().filter(|one| covers(&said.purposes, (*one).into()));
    let closed = |category: Category, purpose: Purpose| {
        let scope = Scope { recipient: Recipient::Organisation(organisation), category, purpose };
        matches!(facts.consent(&scope), ConsentState::Refused | ConsentState::Withdrawn)
    };
    categories().any(|category| SENSITIVE.contains(&category) || purposes().any(|purpose| closed(category, purpose)))
}

/// Puts it to the rules. Of what is recorded of an organisation the facts are not looked at.
pub fn may_record(
    engine: &Engine,
    request: &Request,
    facts: &ChildFacts,
    registry: &Registry,
    recording: Recording,
) -> MayRecord {
    let question = match recording.fact {
        FactKind::Register => audit_question(request, registry).ok_or(DenialReason::UnknownOrganisation),
        _ => Asked::of(request, facts, registry).and_then(|asked| {
            // Of somebody of a family, the organisation that vouches for them: the rules permit them nothing of it.
            let (Principal::Staff { organisation, .. } | Principal::Person { organisation, .. }) = &request.principal;
            let class = RecordClass { category: Category::Identity, ..RecordClass::of_nothing(organisation) };
            asked.about(&class).ok_or(DenialReason::UnknownOrganisation)
        }),
    };
    let mut question = match question {
        Ok(question) => question,
        Err(reason) => return MayRecord::nothing_asked(reason),
    };
    question.context.runs_service = request.runs_service;
    question.context.own_act = request.own_act;
    question.context.recording = recording;
    if let (Reader::Staff { own_record, .. }, Principal::Staff { .. }) = (&mut question.reader, &request.principal) {
        *own_record = !recording.of_another;
    }
    let answer = engine.record_fact(&question);
    let mut second_person_needed = false;
    if !answer.0 && (question.context.own_act || recording.opens_for_self) {
        let mut by_another = question.clone();
        by_another.context.own_act = false;
        by_another.context.recording.opens_for_self = false;
        second_person_needed = engine.record_fact(&by_another).0;
    }
    MayRecord::of(answer, second_person_needed, &question)
}

impl MayRecord {
    fn nothing_asked(reason: DenialReason) -> Self {
        Self {
            may: false,
            second_person_needed: false,
            rules: RuleBits::default(),
            decided_by: BTreeSet::new(),
            digest: [0; 16],
            denied: Some(reason),
        }
    }

    fn of((may, decided_by): (bool, BTreeSet<String>), second_person_needed: bool, question: &Question) -> Self {
        let mut rules = RuleBits::default();
        decided_by.iter().filter_map(|id| RuleNumber::of(id)).for_each(|number| rules.insert(number));
        let mut hasher = Sha256::new();
        hasher.update([u8::from(may)]);
        hasher.update(question.bytes());
        decided_by.iter().for_each(|id| hasher.update(id.as_bytes()));
        let digest: [u8; 32] = hasher.finalize().into();
        let digest = digest.first_chunk().copied().unwrap_or_default();
        Self { may, second_person_needed, rules, decided_by, digest, denied: None }
    }
}

/// The classes under which a recorded fact may be seen: all of them must be shown. A fact is of what it is about, so that nobody learns
/// from it what its subject matter would not show them; what is not in the table here is its own organisation's alone.
pub fn fact_classes(engine: &Engine, body: &Body, facts: &ChildFacts, registry: &Registry) -> Vec<RecordClass> {
    let organisation = body.recorded_by.as_ref().map_or(body.controller.as_str(), |by| by.organisation.as_str());
    let unplaced = Body { controller: organisation.to_owned(), ..body.clone() };
    let own = engine.classify(&unplaced, facts);
    let kind = body.event.as_ref().and_then(|event| event.kind.as_ref());
    let about = kind.map(|kind| subject_matter(kind, registry)).unwrap_or_default();
    if about.is_empty() {
        return vec![own];
    }
    let of = |category: Category| {
        let mut labels: BTreeSet<Label> = facts.restrictions().labels(category).collect();
        labels.extend(confided(category));
        RecordClass { category, labels, ..own.clone() }
    };
    about.into_iter().map(of).collect()
}

/// What it is about; nothing where it is its own organisation's alone.
fn subject_matter(kind: &Kind, registry: &Registry) -> BTreeSet<Category> {
    let sensitive = |id: &String| registry.organisation(id).is_some_and(|organisation| organisation.sensitive());
    let listed = |categories: &[i32]| categories.iter().filter_map(|number| Category::try_from(*number).ok()).collect();
    match kind {
        Kind::ConsentRecorded(said) if said.recipients.iter().any(sensitive) || said.form.is_some() => BTreeSet::new(),
        Kind::ConsentRecorded(said) if said.categories.is_empty() => [Category::SocialCareInvolvement].into(),
        Kind::ConsentRecorded(said) => listed(&said.categories),
        Kind::StatutoryStatusChanged(said) => match said.status() {
            Status::Section47 | Status::ProtectionPlan => [Category::ChildProtection].into(),
            Status::ChildInNeed => [Category::SocialCareCase].into(),
            Status::EhcPlan | Status::EhcRequest => [Category::Ehcp].into(),
            Status::Unspecified => BTreeSet::new(),
            _ => [Category::LookedAfter].into(),
        },
        Kind::RestrictionSet(said) => match said.kind() {
            // Whoever works with the child is told that there is one wherever it withholds something.
            RestrictionKind::ProtectedAddress => [Category::SocialCareInvolvement].into(),
            RestrictionKind::NationalOptOut => [Category::GpSummary].into(),
            _ => BTreeSet::new(),
        },
        Kind::LegalProcessRecorded(said) => listed(&said.categories),
        Kind::AccessGranted(said) if said.scope() == GrantScope::PreAdoption => [Category::Adoption].into(),
        _ => BTreeSet::new(),
    }
}
