//! Names and numbers of the event kinds.

use crate::events::{Event, event::Kind};
use crate::fields::{KINDS, KindInfo};

/// A kind of event, by its number in the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KindNumber(pub u32);

impl KindNumber {
    /// The kind's name, "EnrolmentStarted"; "Unknown" for a number that this build does not know.
    pub fn name(self) -> &'static str {
        self.info().map_or("Unknown", |info| info.name)
    }

    /// The kind's line in the generated table.
    pub fn info(self) -> Option<&'static KindInfo> {
        KINDS.binary_search_by_key(&self.0, |k| k.number).ok().and_then(|at| KINDS.get(at))
    }

    /// The kind of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        KINDS.iter().find(|k| k.name == name).map(|k| Self(k.number))
    }
}

impl Event {
    /// Which kind this is; `None` when it says nothing, or a kind that this build does not know.
    pub fn kind_number(&self) -> Option<KindNumber> {
        self.kind.as_ref().map(Kind::number)
    }
}

/// Implements the number of every kind and the wrapping of every message into its `Event`.
macro_rules! kinds {
    ($($number:literal $variant:ident $message:path;)*) => {
        impl Kind {
            /// The kind's number in the catalogue.
            pub fn number(&self) -> KindNumber {
                KindNumber(match self { $(Kind::$variant(_) => $number,)* })
            }
        }
        $(impl From<$message> for Event {
            fn from(message: $message) -> Self {
                Event { kind: Some(Kind::$variant(message.into())) }
            }
        })*
    };
}

use crate::{events as e, sharing as s};
kinds! {
    10 SourceRecordKept e::SourceRecordKept;
    11 EntryCorrected e::EntryCorrected;
    12 EntryRetracted e::EntryRetracted;
    13 EntryReassigned e::EntryReassigned;
    14 EntryRectified e::EntryRectified;
    15 RectificationWithdrawn e::RectificationWithdrawn;
    100 EnrolmentStarted e::EnrolmentStarted;
    101 EnrolmentEnded e::EnrolmentEnded;
    102 AttendanceSummarised e::AttendanceSummarised;
    103 SuspensionGiven e::SuspensionGiven;
    104 ExclusionGiven e::ExclusionGiven;
    105 SenProvisionChanged e::SenProvisionChanged;
    106 SenNeedRecorded e::SenNeedRecorded;
    107 FreeSchoolMealsStarted e::FreeSchoolMealsStarted;
    108 FreeSchoolMealsEnded e::FreeSchoolMealsEnded;
    109 YoungCarerIdentified e::YoungCarerIdentified;
    110 AlternativeProvisionStarted e::AlternativeProvisionStarted;
    111 AlternativeProvisionEnded e::AlternativeProvisionEnded;
    112 EhcAssessmentRequested e::EhcAssessmentRequested;
    113 EhcAssessmentDecided e::EhcAssessmentDecided;
    114 EhcRequestWithdrawn e::EhcRequestWithdrawn;
    115 EhcAdviceRequested e::EhcAdviceRequested;
    116 EhcAdviceReceived e::EhcAdviceReceived;
    117 EhcPlanDrafted e::EhcPlanDrafted;
    118 EhcSettingConsulted e::EhcSettingConsulted;
    119 EhcPlanIssued e::EhcPlanIssued;
    120 EhcPlanCeased e::EhcPlanCeased;
    121 EhcPlanTransferred e::EhcPlanTransferred;
    122 TransferFileSent e::TransferFileSent;
    123 AttendanceMarked e::AttendanceMarked;
    124 AttainmentRecorded e::AttainmentRecorded;
    125 EhcPlanReviewed e::EhcPlanReviewed;
    126 EhcPlanMaintained e::EhcPlanMaintained;
    127 EhcSettingNamed e::EhcSettingNamed;
    128 EhcPlacementStarted e::EhcPlacementStarted;
    129 EhcPlacementEnded e::EhcPlacementEnded;
    130 ElectiveHomeEducationStarted e::ElectiveHomeEducationStarted;
    131 ElectiveHomeEducationEnded e::ElectiveHomeEducationEnded;
    132 InCareReported e::InCareReported;
    133 MissingFromEducationReported e::MissingFromEducationReported;
    134 AlternativeProvisionReasonRecorded e::AlternativeProvisionReasonRecorded;
    135 EarlyYearsPlaceRecorded e::EarlyYearsPlaceRecorded;
    180 ParticipationRecorded e::ParticipationRecorded;
    200 ReferralReceived e::ReferralReceived;
    201 AssessmentStarted e::AssessmentStarted;
    202 AssessmentCompleted e::AssessmentCompleted;
    203 ChildInNeedPlanStarted e::ChildInNeedPlanStarted;
    204 ChildInNeedPlanEnded e::ChildInNeedPlanEnded;
    205 Section47EnquiryStarted e::Section47EnquiryStarted;
    206 ConferenceHeld e::ConferenceHeld;
    207 ProtectionPlanStarted e::ProtectionPlanStarted;
    208 ProtectionPlanReviewed e::ProtectionPlanReviewed;
    209 ProtectionPlanEnded e::ProtectionPlanEnded;
    210 CaseClosed e::CaseClosed;
    211 FactorIdentified e::FactorIdentified;
    212 DisabilityRecorded e::DisabilityRecorded;
    213 Section47EnquiryEnded e::Section47EnquiryEnded;
    214 ContactReceived e::ContactReceived;
    215 LookedAfterPeriodStarted e::LookedAfterPeriodStarted;
    216 LegalStatusChanged e::LegalStatusChanged;
    217 LookedAfterPeriodEnded e::LookedAfterPeriodEnded;
    218 PlacementChanged e::PlacementChanged;
    219 CareReviewed e::CareReviewed;
    220 MissingEpisodeStarted e::MissingEpisodeStarted;
    221 MissingEpisodeEnded e::MissingEpisodeEnded;
    222 CareLeaverContacted e::CareLeaverContacted;
    223 AdoptionDecided e::AdoptionDecided;
    224 AdoptionDecisionReversed e::AdoptionDecisionReversed;
    225 AdoptionMatched e::AdoptionMatched;
    226 AdoptionPlaced e::AdoptionPlaced;
    227 AdoptionOrderMade e::AdoptionOrderMade;
    228 PreProceedingsStarted e::PreProceedingsStarted;
    229 PreProceedingsEnded e::PreProceedingsEnded;
    230 LookedAfterHealthRecorded e::LookedAfterHealthRecorded;
    231 StrengthsDifficultiesScored e::StrengthsDifficultiesScored;
    232 SubstanceMisuseIdentified e::SubstanceMisuseIdentified;
    233 ConvictionRecorded e::ConvictionRecorded;
    234 UnaccompaniedChildRecorded e::UnaccompaniedChildRecorded;
    235 ParenthoodRecorded e::ParenthoodRecorded;
    236 PreviousPermanenceRecorded e::PreviousPermanenceRecorded;
    237 DeprivationOfLibertyOrdered e::DeprivationOfLibertyOrdered;
    238 SocialWorkerAllocated e::SocialWorkerAllocated;
    239 StrategyDiscussionHeld e::StrategyDiscussionHeld;
    240 StatutoryVisitMade e::StatutoryVisitMade;
    241 CaseOpened e::CaseOpened;
    242 PathwayPlanReviewed e::PathwayPlanReviewed;
    243 PermanencePlanRecorded e::PermanencePlanRecorded;
    244 EarlyHelpStarted e::EarlyHelpStarted;
    245 EarlyHelpEnded e::EarlyHelpEnded;
    246 CareProceedingsIssued e::CareProceedingsIssued;
    247 ProtectionInformationAccessed e::ProtectionInformationAccessed;
    280 HousingDutyRecorded e::HousingDutyRecorded;
    281 TemporaryAccommodationStarted e::TemporaryAccommodationStarted;
    282 TemporaryAccommodationEnded e::TemporaryAccommodationEnded;
    283 DomesticAbuseNotified e::DomesticAbuseNotified;
    284 YouthJusticeOutcomeRecorded e::YouthJusticeOutcomeRecorded;
    300 AttendedEmergency e::AttendedEmergency;
    301 AdmissionStarted e::AdmissionStarted;
    302 AdmissionMoved e::AdmissionMoved;
    303 AdmissionEnded e::AdmissionEnded;
    304 AppointmentBooked e::AppointmentBooked;
    305 AppointmentMissed e::AppointmentMissed;
    306 AppointmentCancelled e::AppointmentCancelled;
    307 ImmunisationGiven e::ImmunisationGiven;
    308 ImmunisationNotGiven e::ImmunisationNotGiven;
    309 AllergyRecorded e::AllergyRecorded;
    310 BirthNotified e::BirthNotified;
    311 DeathNotified e::DeathNotified;
    312 ReferralAccepted e::ReferralAccepted;
    313 ReferralClosed e::ReferralClosed;
    314 ObservationRecorded e::ObservationRecorded;
    315 ResultReported e::ResultReported;
    316 ScreeningReported e::ScreeningReported;
    317 DiagnosisRecorded e::DiagnosisRecorded;
    318 DocumentRecorded e::DocumentRecorded;
    319 HealthReviewCompleted e::HealthReviewCompleted;
    320 FeedingStatusRecorded e::FeedingStatusRecorded;
    380 ReferralMade e::ReferralMade;
    381 ReferralRejected e::ReferralRejected;
    382 AppointmentKept e::AppointmentKept;
    383 TherapyStarted e::TherapyStarted;
    384 TherapyEnded e::TherapyEnded;
    400 InvolvementStarted e::InvolvementStarted;
    401 InvolvementEnded e::InvolvementEnded;
    402 WorkerNamed e::WorkerNamed;
    403 WorkerEnded e::WorkerEnded;
    404 EnquiryReceived e::EnquiryReceived;
    405 EnquiryDecided e::EnquiryDecided;
    406 HelpAssessmentStarted e::HelpAssessmentStarted;
    407 HelpAssessmentCompleted e::HelpAssessmentCompleted;
    408 ServiceStarted e::ServiceStarted;
    409 ServiceEnded e::ServiceEnded;
    410 ChildDeathReviewStarted e::ChildDeathReviewStarted;
    411 ChildDeathReviewClosed e::ChildDeathReviewClosed;
    412 ServiceReferred e::ServiceReferred;
    413 ServiceOffered e::ServiceOffered;
    414 ServiceAttended e::ServiceAttended;
    415 WaitingListJoined e::WaitingListJoined;
    416 WaitingListLeft e::WaitingListLeft;
    417 PanelDecided e::PanelDecided;
    418 EquipmentProvided e::EquipmentProvided;
    419 ShortBreakProvided e::ShortBreakProvided;
    420 PersonalBudgetSet e::PersonalBudgetSet;
    421 TeamMeetingHeld e::TeamMeetingHeld;
    422 PlanAgreed e::PlanAgreed;
    423 PlanReviewed e::PlanReviewed;
    424 PlanClosed e::PlanClosed;
    425 NeedLevelAssessed e::NeedLevelAssessed;
    426 CarerAssessmentOffered e::CarerAssessmentOffered;
    427 CarerAssessmentCompleted e::CarerAssessmentCompleted;
    428 GoalSet e::GoalSet;
    429 GoalReviewed e::GoalReviewed;
    500 PersonDescribed e::PersonDescribed;
    501 RelationshipRecorded e::RelationshipRecorded;
    502 SubjectsLinked e::SubjectsLinked;
    503 SubjectsUnlinked e::SubjectsUnlinked;
    504 IdentifierSuperseded e::IdentifierSuperseded;
    505 IdentitySealed e::IdentitySealed;
    510 DecisionProposed e::DecisionProposed;
    511 PairLeftOpen e::PairLeftOpen;
    512 LinkingParametersAdopted e::LinkingParametersAdopted;
    513 SealProposed e::SealProposed;
    600 OrganisationRecorded s::OrganisationRecorded;
    601 PolicyApproved s::PolicyApproved;
    602 ConsentRecorded s::ConsentRecorded;
    603 CompetenceAssessed s::CompetenceAssessed;
    604 AgreementRecorded s::AgreementRecorded;
    605 StatutoryStatusChanged s::StatutoryStatusChanged;
    606 RestrictionSet s::RestrictionSet;
    607 RestrictionLifted s::RestrictionLifted;
    608 AccessGranted s::AccessGranted;
    609 AccessRevoked s::AccessRevoked;
    610 LegalProcessRecorded s::LegalProcessRecorded;
    611 BreakGlassAsserted s::BreakGlassAsserted;
    612 FamilyPersonRecognised s::FamilyPersonRecognised;
    613 FamilyPersonEnded s::FamilyPersonEnded;
    614 ParentalResponsibilityVerified s::ParentalResponsibilityVerified;
    615 ParentalResponsibilityEnded s::ParentalResponsibilityEnded;
    640 BreakGlassReviewed s::BreakGlassReviewed;
    641 RefusalToShareRecorded s::RefusalToShareRecorded;
    660 AgeDisputed s::AgeDisputed;
    661 AgeAssessed s::AgeAssessed;
    662 RetentionScheduleRecorded s::RetentionScheduleRecorded;
    663 FeedConfirmed s::FeedConfirmed;
    664 RetentionDecided s::RetentionDecided;
    670 PolicyApprovalWithdrawn s::PolicyApprovalWithdrawn;
    671 PolicyKept s::PolicyKept;
    680 ErasureProposed s::ErasureProposed;
    681 ErasureConfirmed s::ErasureConfirmed;
    682 ErasureCancelled s::ErasureCancelled;
    683 ErasureBegun s::ErasureBegun;
    684 ErasureCertified s::ErasureCertified;
    685 ErasureReadmitted s::ErasureReadmitted;
}
