//! Who may say what: kind -> who may assert it, and so on which topics. Checked when an envelope is opened.
//!
//! A connector speaks on its own sector's topic and nowhere else; a command, which `serve` has authenticated, on the
//! identity and the sharing topic and nowhere else. Which connector: the sector is the first part of its name
//! (`social-care-cin-census`), and the name is bound to the data key that seals what it says.

use proto::event::KindNumber;
use proto::events::{Family, event::Kind};
use proto::sharing::{consent_recorded::State, restriction};

use crate::envelope::CheckedBody;
use crate::position::Topic;

/// The `source` of what a person recorded through an authenticated command.
pub const COMMAND: &str = "command";

/// Who may assert a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asserters {
    /// Connectors of this sector, on its topic.
    Sector(Family),
    /// Connectors of this sector, on its topic; and commands, on this one.
    SectorOr(Family, Topic),
    /// Connectors of any sector, each on its own topic.
    AnySector,
    /// Commands, on this topic.
    Command(Topic),
    /// Connectors of any sector, each on its own topic; and commands, on this one.
    AnySectorOr(Topic),
}

/// Why an event is not its producer's to say. Quarantined as `NOT_YOURS_TO_SAY`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotYours {
    /// This topic carries no events.
    #[error("{0} carries no events")]
    NoEvents(Topic),
    /// A source of another sector, or of none.
    #[error("the event's source may not write to {0}")]
    Source(Topic),
    /// A kind that this producer may not assert here.
    #[error("{kind} may not be said by this source on {topic}", kind = .kind.name())]
    Kind {
        /// The kind.
        kind: KindNumber,
        /// Where it was said.
        topic: Topic,
    },
    /// The envelope names another family than the kind's.
    #[error("the envelope's family is not that of {kind}", kind = .0.name())]
    Family(KindNumber),
    /// The event holds nothing.
    #[error("the event holds no kind")]
    Empty,
}

/// The table. A kind that is not here does not compile.
pub fn asserters(kind: &Kind) -> Asserters {
    use Asserters::{AnySector, AnySectorOr, Command, Sector, SectorOr};
    match kind {
        Kind::SourceRecordKept(_) => AnySector,
        // A person can put right what a person recorded.
        Kind::EntryCorrected(_) | Kind::EntryRetracted(_) => AnySectorOr(Topic::Sharing),
        // A source moves its own entries, and nobody else's: who reads them holds it to that.
        Kind::EntryReassigned(_) => AnySector,

        Kind::EnrolmentStarted(_)
        | Kind::EnrolmentEnded(_)
        | Kind::AttendanceSummarised(_)
        | Kind::SuspensionGiven(_)
        | Kind::ExclusionGiven(_)
        | Kind::SenProvisionChanged(_)
        | Kind::SenNeedRecorded(_)
        | Kind::FreeSchoolMealsStarted(_)
        | Kind::FreeSchoolMealsEnded(_)
        | Kind::AlternativeProvisionStarted(_)
        | Kind::AlternativeProvisionEnded(_)
        | Kind::AttendanceMarked(_)
        | Kind::AttainmentRecorded(_)
        | Kind::EhcPlanReviewed(_)
        | Kind::EhcPlanMaintained(_)
        | Kind::EhcSettingNamed(_)
        | Kind::EhcPlacementStarted(_)
        | Kind::EhcPlacementEnded(_)
        | Kind::ElectiveHomeEducationStarted(_)
        | Kind::ElectiveHomeEducationEnded(_)
        | Kind::InCareReported(_)
        | Kind::MissingFromEducationReported(_)
        | Kind::AlternativeProvisionReasonRecorded(_)
        | Kind::EarlyYearsPlaceRecorded(_)
        | Kind::ParticipationRecorded(_) => Sector(Family::Education),

        // A school sees it, and so do a young carers' service and a practice. What a service set out to do, offered and did is
        // its own to say, whatever its sector; no involvement and no status comes of it.
        Kind::YoungCarerIdentified(_)
        | Kind::ServiceReferred(_)
        | Kind::ServiceOffered(_)
        | Kind::ServiceAttended(_)
        | Kind::WaitingListJoined(_)
        | Kind::WaitingListLeft(_)
        | Kind::PanelDecided(_)
        | Kind::EquipmentProvided(_)
        | Kind::ShortBreakProvided(_)
        | Kind::PersonalBudgetSet(_)
        | Kind::TeamMeetingHeld(_)
        | Kind::PlanAgreed(_)
        | Kind::PlanReviewed(_)
        | Kind::PlanClosed(_)
        | Kind::NeedLevelAssessed(_)
        | Kind::CarerAssessmentOffered(_)
        | Kind::CarerAssessmentCompleted(_)
        | Kind::GoalSet(_)
        | Kind::GoalReviewed(_) => AnySector,

        // Until there is a connector of a case system that says it, a person does.
        Kind::EhcAssessmentRequested(_)
        | Kind::EhcAssessmentDecided(_)
        | Kind::EhcRequestWithdrawn(_)
        | Kind::EhcAdviceRequested(_)
        | Kind::EhcAdviceReceived(_)
        | Kind::EhcPlanDrafted(_)
        | Kind::EhcSettingConsulted(_)
        | Kind::EhcPlanIssued(_)
        | Kind::EhcPlanCeased(_)
        | Kind::EhcPlanTransferred(_)
        | Kind::TransferFileSent(_) => SectorOr(Family::Education, Topic::Sharing),

        Kind::Section47EnquiryEnded(_)
        | Kind::ContactReceived(_)
        | Kind::LookedAfterPeriodStarted(_)
        | Kind::LegalStatusChanged(_)
        | Kind::LookedAfterPeriodEnded(_) => SectorOr(Family::SocialCare, Topic::Sharing),

        // What only narrows binds from a source as from a person: the national opt-out, and a refusal or withdrawal. What opens, or
        // lifts either, is a person's to say.
        kind if narrows_at_once(kind) => SectorOr(Family::Health, Topic::Sharing),

        Kind::BirthNotified(_) | Kind::DeathNotified(_) | Kind::ReferralAccepted(_) | Kind::ReferralClosed(_) => {
            SectorOr(Family::Health, Topic::Sharing)
        }

        // Any sector's service works with a child, asks and names: what comes of it is derived by the table of involvement,
        // which says whom it believes in what.
        Kind::WorkerNamed(_)
        | Kind::WorkerEnded(_)
        | Kind::EnquiryReceived(_)
        | Kind::EnquiryDecided(_)
        | Kind::HelpAssessmentStarted(_)
        | Kind::HelpAssessmentCompleted(_)
        | Kind::ServiceStarted(_)
        | Kind::ServiceEnded(_) => AnySectorOr(Topic::Sharing),
        // A feed says of itself that it was read whole; a person, of one that cannot.
        Kind::FeedConfirmed(_) => AnySectorOr(Topic::Sharing),

        Kind::ReferralReceived(_)
        | Kind::AssessmentStarted(_)
        | Kind::AssessmentCompleted(_)
        | Kind::ChildInNeedPlanStarted(_)
        | Kind::ChildInNeedPlanEnded(_)
        | Kind::Section47EnquiryStarted(_)
        | Kind::ConferenceHeld(_)
        | Kind::ProtectionPlanStarted(_)
        | Kind::ProtectionPlanReviewed(_)
        | Kind::ProtectionPlanEnded(_)
        | Kind::CaseClosed(_)
        | Kind::FactorIdentified(_)
        | Kind::DisabilityRecorded(_)
        | Kind::HousingDutyRecorded(_)
        | Kind::TemporaryAccommodationStarted(_)
        | Kind::TemporaryAccommodationEnded(_)
        | Kind::DomesticAbuseNotified(_)
        | Kind::YouthJusticeOutcomeRecorded(_)
        | Kind::PlacementChanged(_)
        | Kind::CareReviewed(_)
        | Kind::MissingEpisodeStarted(_)
        | Kind::MissingEpisodeEnded(_)
        | Kind::CareLeaverContacted(_)
        | Kind::AdoptionDecided(_)
        | Kind::AdoptionDecisionReversed(_)
        | Kind::AdoptionMatched(_)
        | Kind::AdoptionPlaced(_)
        | Kind::AdoptionOrderMade(_)
        | Kind::PreProceedingsStarted(_)
        | Kind::PreProceedingsEnded(_)
        | Kind::LookedAfterHealthRecorded(_)
        | Kind::StrengthsDifficultiesScored(_)
        | Kind::SubstanceMisuseIdentified(_)
        | Kind::ConvictionRecorded(_)
        | Kind::UnaccompaniedChildRecorded(_)
        | Kind::ParenthoodRecorded(_)
        | Kind::PreviousPermanenceRecorded(_)
        | Kind::DeprivationOfLibertyOrdered(_)
        | Kind::SocialWorkerAllocated(_)
        | Kind::StrategyDiscussionHeld(_)
        | Kind::StatutoryVisitMade(_)
        | Kind::CaseOpened(_)
        | Kind::PathwayPlanReviewed(_)
        | Kind::PermanencePlanRecorded(_)
        | Kind::EarlyHelpStarted(_)
        | Kind::EarlyHelpEnded(_)
        | Kind::CareProceedingsIssued(_)
        | Kind::ProtectionInformationAccessed(_) => Sector(Family::SocialCare),

        Kind::AttendedEmergency(_)
        | Kind::AdmissionStarted(_)
        | Kind::AdmissionMoved(_)
        | Kind::AdmissionEnded(_)
        | Kind::AppointmentBooked(_)
        | Kind::AppointmentMissed(_)
        | Kind::AppointmentCancelled(_)
        | Kind::ImmunisationGiven(_)
        | Kind::ImmunisationNotGiven(_)
        | Kind::AllergyRecorded(_)
        | Kind::ReferralMade(_)
        | Kind::ReferralRejected(_)
        | Kind::AppointmentKept(_)
        | Kind::TherapyStarted(_)
        | Kind::TherapyEnded(_)
        | Kind::ObservationRecorded(_)
        | Kind::ResultReported(_)
        | Kind::ScreeningReported(_)
        | Kind::DiagnosisRecorded(_)
        | Kind::DocumentRecorded(_)
        | Kind::HealthReviewCompleted(_)
        | Kind::FeedingStatusRecorded(_) => Sector(Family::Health),

        // Involvement opens records: what a source says of it is derived from what it did, never asserted by it.
        Kind::InvolvementStarted(_) | Kind::InvolvementEnded(_) => Command(Topic::Sharing),

        // Claims ride in the record that states them; links and seals are people's decisions.
        Kind::PersonDescribed(_) => AnySector,
        // A person may have seen a birth certificate that no feed has read.
        Kind::RelationshipRecorded(_) => AnySectorOr(Topic::Sharing),
        // A number that its issuer replaced without saying so to anybody but a person.
        Kind::IdentifierSuperseded(_) => AnySectorOr(Topic::Identity),
        Kind::SubjectsLinked(_)
        | Kind::SubjectsUnlinked(_)
        | Kind::IdentitySealed(_)
        | Kind::DecisionProposed(_)
        | Kind::PairLeftOpen(_)
        | Kind::SealProposed(_)
        | Kind::LinkingParametersAdopted(_) => Command(Topic::Identity),

        // Statuses come from live case systems, of which there is no connector yet: a yearly return never asserts one.
        Kind::StatutoryStatusChanged(_)
        | Kind::OrganisationRecorded(_)
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
        | Kind::RestrictionSet(_)
        | Kind::RestrictionLifted(_)
        | Kind::AccessGranted(_)
        | Kind::AccessRevoked(_)
        | Kind::LegalProcessRecorded(_)
        | Kind::AgeDisputed(_)
        | Kind::AgeAssessed(_)
        | Kind::RetentionScheduleRecorded(_)
        | Kind::ChildDeathReviewStarted(_)
        | Kind::ChildDeathReviewClosed(_)
        | Kind::RetentionDecided(_)
        // What takes the place of what a source says is said by a person of the organisation that answers for it.
        | Kind::EntryRectified(_)
        | Kind::RectificationWithdrawn(_)
        | Kind::FamilyPersonRecognised(_)
        | Kind::FamilyPersonEnded(_)
        | Kind::ParentalResponsibilityVerified(_)
        | Kind::ParentalResponsibilityEnded(_)
        | Kind::BreakGlassAsserted(_)
        | Kind::BreakGlassReviewed(_)
        | Kind::RefusalToShareRecorded(_) => Command(Topic::Sharing),
    }
}

fn narrows_at_once(kind: &Kind) -> bool {
    match kind {
        Kind::RestrictionSet(set) => set.kind() == restriction::Kind::NationalOptOut,
        Kind::ConsentRecorded(said) => matches!(said.state(), State::Refused | State::Withdrawn),
        _ => false,
    }
}

/// The family that an envelope of this kind names, on this topic. Kinds of every family take the topic's own.
/// `None` where the topic carries no events.
pub fn family_of(kind: &Kind, topic: Topic) -> Option<Family> {
    let of_topic = topic_family(topic)?;
    Some(match kind.number().0 {
        ..100 => of_topic,
        100..200 => Family::Education,
        200..300 => Family::SocialCare,
        300..400 => Family::Health,
        400..500 => Family::SharedWorking,
        500..600 => Family::Identity,
        600.. => Family::Sharing,
    })
}

/// The sector whose connectors write to this topic, or the family whose commands do. `None` for topics without events.
pub fn topic_family(topic: Topic) -> Option<Family> {
    match topic {
        Topic::Education => Some(Family::Education),
        Topic::SocialCare => Some(Family::SocialCare),
        Topic::Health => Some(Family::Health),
        Topic::Identity => Some(Family::Identity),
        Topic::Sharing => Some(Family::Sharing),
        Topic::Disclosure | Topic::Quarantine | Topic::Keys | Topic::Reference => None,
    }
}

/// The topic of a sector's connectors. `None` for a family that is no sector.
pub fn sector_topic(sector: Family) -> Option<Topic> {
    match sector {
        Family::Education => Some(Topic::Education),
        Family::SocialCare => Some(Topic::SocialCare),
        Family::Health => Some(Topic::Health),
        Family::Unspecified
        | Family::SharedWorking
        | Family::Identity
        | Family::Sharing
        | Family::Disclosure
        | Family::Quarantine => None,
    }
}

/// The sector of a connector, by the first part of its name. `None` for commands and for names of no sector.
pub fn sector_of(source: &str) -> Option<Family> {
    [("education-", Family::Education), ("social-care-", Family::SocialCare), ("health-", Family::Health)]
        .into_iter()
        .find_map(|(prefix, sector)| source.starts_with(prefix).then_some(sector))
}

/// Whether this event, found on this topic, was its producer's to say.
///
/// # Errors
/// When it was not.
pub fn check(topic: Topic, said: &CheckedBody) -> Result<(), NotYours> {
    let kind = said.event().ok_or(NotYours::Empty)?;
    check_kind(topic, &said.body.source, kind)?;
    if family_of(kind, topic) == Some(said.header.family) { Ok(()) } else { Err(NotYours::Family(said.kind)) }
}

/// Whether this source may say this kind on this topic.
///
/// # Errors
/// When it may not.
pub fn check_kind(topic: Topic, source: &str, kind: &Kind) -> Result<(), NotYours> {
    topic_family(topic).ok_or(NotYours::NoEvents(topic))?;
    let sector = sector_of(source);
    let may_write = match sector {
        Some(sector) => sector_topic(sector) == Some(topic),
        None => source == COMMAND && matches!(topic, Topic::Identity | Topic::Sharing),
    };
    if !may_write {
        return Err(NotYours::Source(topic));
    }
    let may_say = match (asserters(kind), sector) {
        (Asserters::Sector(own) | Asserters::SectorOr(own, _), Some(sector)) => own == sector,
        (Asserters::AnySector | Asserters::AnySectorOr(_), Some(_)) => true,
        (Asserters::Command(on) | Asserters::AnySectorOr(on) | Asserters::SectorOr(_, on), None) => on == topic,
        (Asserters::Command(_), Some(_)) | (Asserters::Sector(_) | Asserters::AnySector, None) => false,
    };
    if may_say { Ok(()) } else { Err(NotYours::Kind { kind: kind.number(), topic }) }
}
