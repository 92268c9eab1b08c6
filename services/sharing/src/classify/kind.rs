//! One line for every kind of the catalogue: a new kind does not compile without one.

use std::collections::BTreeSet;

use proto::events::event::Kind;
use proto::events::{Coded, plan};

use crate::classify::specialty::Specialties;
use crate::vocabulary::{Category, Label};

/// What an event's kind and fields say of its class.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) category: Category,
    pub(crate) labels: BTreeSet<Label>,
    /// Every person whom the event's fields tell of is among the pseudonyms of its body.
    pub(crate) pseudonyms_name_everybody: bool,
}

impl Said {
    /// A record that nobody has classified: its own organisation only.
    pub(crate) fn unclassified() -> Self {
        let mut said = Self::from(Category::RestrictedUnspecified);
        said.labels.insert(Label::RestrictedUnspecified);
        said
    }

    fn labelled(mut self, labels: impl IntoIterator<Item = Label>) -> Self {
        self.labels.extend(labels);
        self
    }
}

impl From<Category> for Said {
    fn from(category: Category) -> Self {
        Self { category, labels: BTreeSet::new(), pseudonyms_name_everybody: false }
    }
}

/// Choices that the names of the categories do not settle, each to the narrower reading where one was in doubt:
/// enrolment and alternative provision are attendance (a school's roll is what attendance is taken by); free school meals
/// are early help, being a mark of need and not of schooling; a young carer is early help for the same reason; allergies
/// are of the GP summary, where every clinician looks for them; a fact that the rules read is of the category that it
/// is about, so that nobody learns from it what its subject matter would not show them.
pub(crate) fn said(kind: &Kind, specialties: &Specialties) -> Said {
    use Category as C;
    match kind {
        // Taking back, replacing or moving an entry says nothing of its own; the fold applies it and shows it to nobody.
        Kind::SourceRecordKept(_) | Kind::EntryCorrected(_) | Kind::EntryRetracted(_) | Kind::EntryReassigned(_) => {
            Said::unclassified()
        }

        Kind::EnrolmentStarted(_)
        | Kind::EnrolmentEnded(_)
        | Kind::AttendanceSummarised(_)
        | Kind::AlternativeProvisionEnded(_)
        | Kind::TransferFileSent(_)
        | Kind::ElectiveHomeEducationStarted(_)
        | Kind::ElectiveHomeEducationEnded(_)
        | Kind::MissingFromEducationReported(_)
        | Kind::ParticipationRecorded(_) => C::Attendance.into(),
        // Y5, in detention: there is no category for offences.
        Kind::AttendanceMarked(marked) if [&marked.morning, &marked.afternoon].map(code_of).contains(&"Y5") => {
            Said::unclassified()
        }
        Kind::AttendanceMarked(_) => C::Attendance.into(),
        Kind::AttainmentRecorded(_) => C::Attainment.into(),
        Kind::AlternativeProvisionReasonRecorded(placed) => match code_of(&placed.reason) {
            "PEX" => C::Exclusion.into(),
            "MHN" => Said::from(C::Attendance).labelled([Label::MentalHealth]),
            _ => C::Attendance.into(),
        },
        // The reason for a placement can be the child's mental health.
        Kind::AlternativeProvisionStarted(placed) => {
            let mental_health = code_of(&placed.reason) == "MHN";
            Said::from(C::Attendance).labelled(mental_health.then_some(Label::MentalHealth))
        }
        Kind::SuspensionGiven(_) | Kind::ExclusionGiven(_) => C::Exclusion.into(),
        // The need SEMH is an educational word for many things, and no label: whoever plans support must read it.
        Kind::SenProvisionChanged(_) | Kind::SenNeedRecorded(_) => C::Send.into(),
        Kind::FreeSchoolMealsStarted(_)
        | Kind::FreeSchoolMealsEnded(_)
        | Kind::EarlyYearsPlaceRecorded(_)
        | Kind::YoungCarerIdentified(_) => C::EarlyHelp.into(),
        // A school's word for what another service did: as close as that service's own.
        Kind::InCareReported(_) => C::LookedAfter.into(),
        Kind::EhcAssessmentRequested(_)
        | Kind::EhcAssessmentDecided(_)
        | Kind::EhcRequestWithdrawn(_)
        | Kind::EhcAdviceRequested(_)
        | Kind::EhcSettingConsulted(_)
        | Kind::EhcPlanIssued(_)
        | Kind::EhcPlanReviewed(_)
        | Kind::EhcPlanMaintained(_)
        | Kind::EhcSettingNamed(_)
        | Kind::EhcPlacementStarted(_)
        | Kind::EhcPlacementEnded(_)
        | Kind::EhcPlanCeased(_)
        | Kind::EhcPlanTransferred(_) => C::Ehcp.into(),
        // What a setting is sent when it is consulted, and no more of the plan's history.
        Kind::EhcAdviceReceived(_) | Kind::EhcPlanDrafted(_) => C::EhcDraft.into(),

        Kind::ReferralReceived(_)
        | Kind::AssessmentStarted(_)
        | Kind::AssessmentCompleted(_)
        | Kind::CaseClosed(_)
        | Kind::ContactReceived(_)
        | Kind::DisabilityRecorded(_)
        | Kind::HousingDutyRecorded(_)
        | Kind::TemporaryAccommodationStarted(_)
        | Kind::TemporaryAccommodationEnded(_)
        | Kind::CaseOpened(_) => C::SocialCareCase.into(),
        Kind::DomesticAbuseNotified(_) => Said::from(C::PoliceNotification).labelled([Label::DomesticAbuse]),
        // There is no category for offences: as what nobody has classified.
        Kind::YouthJusticeOutcomeRecorded(_) => Said::unclassified(),
        // Nor for who came to the country alone.
        Kind::ConvictionRecorded(_) | Kind::UnaccompaniedChildRecorded(_) => Said::unclassified(),
        Kind::LookedAfterPeriodStarted(_)
        | Kind::LegalStatusChanged(_)
        | Kind::LookedAfterPeriodEnded(_)
        | Kind::CareReviewed(_)
        | Kind::MissingEpisodeStarted(_)
        | Kind::MissingEpisodeEnded(_)
        | Kind::CareLeaverContacted(_)
        | Kind::LookedAfterHealthRecorded(_)
        | Kind::DeprivationOfLibertyOrdered(_)
        | Kind::PathwayPlanReviewed(_) => C::LookedAfter.into(),
        // A placement for adoption, A3 to A6, is known to those who know of the adoption.
        Kind::PlacementChanged(placed) if code_of(&placed.placement_type).starts_with(['A', 'a']) => C::Adoption.into(),
        Kind::PlacementChanged(_) => C::LookedAfter.into(),
        Kind::PermanencePlanRecorded(planned) if says(&planned.plan, "adopt") => C::Adoption.into(),
        Kind::PermanencePlanRecorded(_) => C::LookedAfter.into(),
        Kind::AdoptionDecided(_)
        | Kind::AdoptionDecisionReversed(_)
        | Kind::AdoptionMatched(_)
        | Kind::AdoptionPlaced(_)
        | Kind::AdoptionOrderMade(_)
        | Kind::PreviousPermanenceRecorded(_) => C::Adoption.into(),
        Kind::StrengthsDifficultiesScored(_) => Said::from(C::LookedAfter).labelled([Label::MentalHealth]),
        Kind::SubstanceMisuseIdentified(_) => Said::from(C::LookedAfter).labelled([Label::SubstanceMisuse]),
        // That a looked after child is a mother tells of her as a sexual health service would.
        Kind::ParenthoodRecorded(_) => Said::from(C::LookedAfter).labelled([Label::SexualHealth]),
        Kind::SocialWorkerAllocated(_) => C::SocialCareInvolvement.into(),
        Kind::StatutoryVisitMade(visit) => match code_of(&visit.visit) {
            "cin" => C::SocialCareCase.into(),
            "looked_after" | "reviewing_officer" => C::LookedAfter.into(),
            _ => C::ChildProtection.into(),
        },
        Kind::EarlyHelpStarted(help) => Said::from(C::EarlyHelp).labelled(specialties.labels([&help.reason])),
        Kind::EarlyHelpEnded(help) => Said::from(C::EarlyHelp).labelled(specialties.labels([&help.reason])),
        Kind::FactorIdentified(identified) => factor(code_of(&identified.factor)),
        Kind::Section47EnquiryStarted(_)
        | Kind::Section47EnquiryEnded(_)
        | Kind::ConferenceHeld(_)
        | Kind::ProtectionPlanStarted(_)
        | Kind::ProtectionPlanReviewed(_)
        | Kind::ProtectionPlanEnded(_)
        | Kind::StrategyDiscussionHeld(_)
        | Kind::PreProceedingsStarted(_)
        | Kind::PreProceedingsEnded(_)
        | Kind::CareProceedingsIssued(_)
        | Kind::ProtectionInformationAccessed(_) => C::ChildProtection.into(),

        Kind::AttendedEmergency(e) => Said::from(C::Hospital).labelled(specialties.labels([&e.service, &e.reason])),
        Kind::AdmissionStarted(a) => Said::from(C::Hospital).labelled(specialties.labels([&a.specialty, &a.reason])),
        Kind::AppointmentBooked(a) => Said::from(C::Hospital).labelled(specialties.labels([&a.service, &a.reason])),
        Kind::AppointmentMissed(a) => Said::from(C::Hospital).labelled(specialties.labels([&a.service, &a.reason])),
        Kind::AppointmentCancelled(a) => Said::from(C::Hospital).labelled(specialties.labels([&a.service, &a.reason])),
        Kind::AdmissionMoved(_) | Kind::AdmissionEnded(_) => C::Hospital.into(),
        Kind::ImmunisationGiven(_) | Kind::ImmunisationNotGiven(_) => C::Immunisation.into(),
        Kind::AllergyRecorded(_) => C::GpSummary.into(),
        Kind::AppointmentKept(a) => Said::from(C::Hospital).labelled(specialties.labels([&a.service, &a.reason])),
        Kind::ReferralMade(r) => Said::from(C::Hospital).labelled(specialties.labels([&r.service, &r.reason])),
        Kind::ReferralRejected(r) => Said::from(C::Hospital).labelled(specialties.labels([&r.service, &r.reason])),
        Kind::TherapyStarted(t) => Said::from(C::Therapy).labelled(specialties.labels([&t.therapy])),
        Kind::TherapyEnded(t) => Said::from(C::Therapy).labelled(specialties.labels([&t.therapy, &t.reason])),
        Kind::ObservationRecorded(o) => {
            Said::from(C::Hospital).labelled(specialties.labels([&o.observation, &o.coded_value]))
        }
        Kind::ResultReported(r) => {
            Said::from(C::Hospital).labelled(specialties.labels([&r.test, &r.panel, &r.coded_value]))
        }
        Kind::ScreeningReported(_) | Kind::HealthReviewCompleted(_) | Kind::FeedingStatusRecorded(_) => {
            C::Hospital.into()
        }
        Kind::DiagnosisRecorded(d) => Said::from(C::Hospital)
            .labelled(specialties.labels([&d.condition, &d.role]))
            .labelled(in_confidence(&d.confidentiality)),
        Kind::DocumentRecorded(d) => {
            let title = d.title.clone().map(|text| Coded { text: Some(text), ..Coded::default() });
            Said::from(C::Hospital)
                .labelled(specialties.labels([&d.kind, &title]))
                .labelled(in_confidence(&d.confidentiality))
        }
        Kind::ReferralAccepted(r) => Said::from(C::Hospital).labelled(specialties.labels([&r.service])),
        Kind::ReferralClosed(r) => Said::from(C::Hospital).labelled(specialties.labels([&r.service, &r.reason])),

        Kind::InvolvementStarted(_) | Kind::InvolvementEnded(_) => C::SocialCareInvolvement.into(),
        // The plan is made with the family, and they know of it: what led to it is of the case.
        Kind::ChildInNeedPlanStarted(_) | Kind::ChildInNeedPlanEnded(_) => C::SocialCareInvolvement.into(),
        Kind::WorkerNamed(_) | Kind::WorkerEnded(_) => C::SocialCareInvolvement.into(),
        Kind::EnquiryReceived(_)
        | Kind::EnquiryDecided(_)
        | Kind::HelpAssessmentStarted(_)
        | Kind::HelpAssessmentCompleted(_) => C::EarlyHelp.into(),
        Kind::ServiceStarted(s) => Said::from(C::EarlyHelp).labelled(specialties.labels([&s.service])),
        Kind::ServiceEnded(s) => Said::from(C::EarlyHelp).labelled(specialties.labels([&s.service, &s.reason])),
        Kind::ServiceReferred(s) => Said::from(C::EarlyHelp).labelled(specialties.labels([&s.service])),
        Kind::ServiceOffered(s) => Said::from(C::EarlyHelp).labelled(specialties.labels([&s.service])),
        Kind::ServiceAttended(s) => Said::from(C::EarlyHelp).labelled(specialties.labels([&s.service])),
        Kind::WaitingListJoined(w) => Said::from(C::Therapy).labelled(specialties.labels([&w.service])),
        Kind::WaitingListLeft(w) => Said::from(C::Therapy).labelled(specialties.labels([&w.service, &w.outcome])),
        Kind::TeamMeetingHeld(t) => plan(t.plan),
        Kind::PlanAgreed(p) => plan(p.plan),
        Kind::PlanReviewed(p) => plan(p.plan),
        Kind::PlanClosed(p) => plan(p.plan),
        Kind::NeedLevelAssessed(_) | Kind::GoalSet(_) | Kind::GoalReviewed(_) => C::EarlyHelp.into(),
        Kind::EquipmentProvided(_) => C::Send.into(),
        // What is spent on a child, and why, is of the plan that it is spent under.
        Kind::PersonalBudgetSet(_) => C::Ehcp.into(),
        Kind::PanelDecided(_)
        | Kind::ShortBreakProvided(_)
        | Kind::CarerAssessmentOffered(_)
        | Kind::CarerAssessmentCompleted(_) => C::SocialCareCase.into(),
        Kind::ChildDeathReviewStarted(_) | Kind::ChildDeathReviewClosed(_) => C::ChildProtection.into(),

        Kind::BirthNotified(_) | Kind::DeathNotified(_) => C::Identity.into(),
        Kind::PersonDescribed(_)
        | Kind::SubjectsLinked(_)
        | Kind::SubjectsUnlinked(_)
        | Kind::IdentifierSuperseded(_)
        | Kind::DecisionProposed(_)
        | Kind::PairLeftOpen(_) => C::Identity.into(),
        // One relation, one person, one pseudonym.
        Kind::RelationshipRecorded(_) => Said { pseudonyms_name_everybody: true, ..C::Identity.into() },
        Kind::IdentitySealed(_) | Kind::SealProposed(_) => Said::from(C::Adoption).labelled([Label::PreAdoption]),

        // Facts are read by the rules and by auditors; a reader is shown none of them as an entry.
        Kind::OrganisationRecorded(_)
        | Kind::PolicyApproved(_)
        | Kind::PolicyApprovalWithdrawn(_)
        | Kind::PolicyKept(_)
        | Kind::ErasureProposed(_)
        | Kind::ErasureConfirmed(_)
        | Kind::ErasureCancelled(_)
        | Kind::ErasureBegun(_)
        | Kind::ErasureCertified(_)
        | Kind::ErasureReadmitted(_)
        | Kind::ConsentRecorded(_)
        | Kind::CompetenceAssessed(_)
        | Kind::AgreementRecorded(_)
        | Kind::StatutoryStatusChanged(_)
        | Kind::RestrictionSet(_)
        | Kind::RestrictionLifted(_)
        | Kind::AccessGranted(_)
        | Kind::AccessRevoked(_)
        | Kind::LegalProcessRecorded(_)
        | Kind::AgeDisputed(_)
        | Kind::AgeAssessed(_)
        | Kind::RetentionScheduleRecorded(_)
        | Kind::FeedConfirmed(_)
        | Kind::RetentionDecided(_)
        | Kind::EntryRectified(_)
        | Kind::RectificationWithdrawn(_)
        | Kind::FamilyPersonRecognised(_)
        | Kind::FamilyPersonEnded(_)
        | Kind::ParentalResponsibilityVerified(_)
        | Kind::ParentalResponsibilityEnded(_)
        | Kind::BreakGlassAsserted(_)
        | Kind::BreakGlassReviewed(_)
        | Kind::RefusalToShareRecorded(_)
        | Kind::LinkingParametersAdopted(_) => Said::unclassified(),
    }
}

/// A plan is of the work that it plans; of no known kind, it is its own organisation's only.
fn plan(kind: Option<i32>) -> Said {
    use plan::Kind as P;
    match kind.and_then(|kind| P::try_from(kind).ok()) {
        Some(P::EarlyHelp | P::FamilyHelp | P::PersonCentred) => Category::EarlyHelp.into(),
        Some(P::SenSupport | P::IndividualSupport | P::PersonalEducation | P::Transition) => Category::Send.into(),
        Some(P::IndividualHealthcare | P::DelegatedTask) => Category::Therapy.into(),
        Some(P::ChildInNeed) => Category::SocialCareInvolvement.into(),
        Some(P::Pathway) => Category::LookedAfter.into(),
        Some(P::Unspecified) | None => Said::unclassified(),
    }
}

/// What a source says of who may know: anything but its word for the ordinary (HL7 table 0272, version 3 Confidentiality)
/// leaves the record to its own organisation.
fn in_confidence(said: &Option<Coded>) -> Option<Label> {
    let ordinary = said.is_none() || ["U", "N", "L", "M"].contains(&code_of(said));
    (!ordinary).then_some(Label::RestrictedUnspecified)
}

/// Whether a code, or its words, hold this, in any letter case.
fn says(coded: &Option<Coded>, what: &str) -> bool {
    let words = coded.iter().flat_map(|coded| [coded.code.as_str(), coded.text.as_deref().unwrap_or_default()]);
    words.into_iter().any(|words| words.to_ascii_lowercase().contains(what))
}

fn code_of(coded: &Option<Coded>) -> &str {
    coded.as_ref().map_or("", |coded| coded.code.trim())
}

/// Assessment factors of the children in need census: a number, then a letter for whom or by whom. 1 alcohol, 2 drugs, 3 domestic abuse, 4 mental health, 11 sexual exploitation,
/// 12 trafficking, 15 self-harm, 16 to 19 neglect and abuse, 22 to 24 female genital mutilation, abuse linked to faith,
/// criminal exploitation.
fn factor(code: &str) -> Said {
    let number = code.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    match number {
        "1" | "2" => Said::from(Category::SocialCareCase).labelled([Label::SubstanceMisuse]),
        "3" => Said::from(Category::SocialCareCase).labelled([Label::DomesticAbuse]),
        "4" | "15" => Said::from(Category::SocialCareCase).labelled([Label::MentalHealth]),
        "11" | "12" | "16" | "17" | "18" | "19" | "22" | "23" | "24" => Category::ChildProtection.into(),
        _ => Category::SocialCareCase.into(),
    }
}
