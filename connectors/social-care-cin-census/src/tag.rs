//! The elements of the census, by name.

macro_rules! tags {
    ($($tag:ident $name:literal)*) => {
        /// An element of the census. The name is the local one: exports differ in prefixes.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Tag {
            $($tag,)*
            /// An element that the census does not have, or not in any year known here.
            Other,
        }

        impl Tag {
            pub(crate) fn of(local_name: &str) -> Self {
                match local_name {
                    $($name => Self::$tag,)*
                    _ => Self::Other,
                }
            }

            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$tag => $name,)*
                    Self::Other => "",
                }
            }
        }
    };
}

tags! {
    Message "Message"
    Header "Header"
    CollectionDetails "CollectionDetails"
    Collection "Collection"
    Year "Year"
    ReferenceDate "ReferenceDate"
    Source "Source"
    Lea "LEA"
    SerialNo "SerialNo"
    DateTime "DateTime"
    Children "Children"
    Child "Child"
    ChildIdentifiers "ChildIdentifiers"
    LaChildId "LAchildID"
    Upn "UPN"
    FormerUpn "FormerUPN"
    UpnUnknown "UPNunknown"
    PersonBirthDate "PersonBirthDate"
    ExpectedPersonBirthDate "ExpectedPersonBirthDate"
    Sex "Sex"
    GenderCurrent "GenderCurrent"
    PersonDeathDate "PersonDeathDate"
    ChildCharacteristics "ChildCharacteristics"
    Ethnicity "Ethnicity"
    Disabilities "Disabilities"
    Disability "Disability"
    CinDetails "CINdetails"
    CinReferralDate "CINreferralDate"
    ReferralSource "ReferralSource"
    PrimaryNeedCode "PrimaryNeedCode"
    CinClosureDate "CINclosureDate"
    ReasonForClosure "ReasonForClosure"
    DateOfInitialCpc "DateOfInitialCPC"
    ReferralNfa "ReferralNFA"
    Assessments "Assessments"
    AssessmentActualStartDate "AssessmentActualStartDate"
    AssessmentInternalReviewDate "AssessmentInternalReviewDate"
    AssessmentAuthorisationDate "AssessmentAuthorisationDate"
    FactorsIdentifiedAtAssessment "FactorsIdentifiedAtAssessment"
    AssessmentFactors "AssessmentFactors"
    CinPlanDates "CINPlanDates"
    CinPlanStartDate "CINPlanStartDate"
    CinPlanEndDate "CINPlanEndDate"
    Section47 "Section47"
    S47ActualStartDate "S47ActualStartDate"
    InitialCpcTarget "InitialCPCtarget"
    IcpcNotRequired "ICPCnotRequired"
    ChildProtectionPlans "ChildProtectionPlans"
    CppStartDate "CPPstartDate"
    CppEndDate "CPPendDate"
    InitialCategoryOfAbuse "InitialCategoryOfAbuse"
    LatestCategoryOfAbuse "LatestCategoryOfAbuse"
    NumberOfPreviousCpp "NumberOfPreviousCPP"
    Reviews "Reviews"
    CppReviewDate "CPPreviewDate"
    PreProceedings "PreProceedingsandFGDM"
    PpStartDate "PPStartDate"
    LbpSentDate "LBPSentDate"
    FgdmMeetingOffer "FGDMMeetingOffer"
    FgdmMeetingFac "FGDMMeetingFac"
    InitialPpMeetingDate "InitialPPMeetingDate"
    ReviewMeetingsCount "ReviewMeetingsCount"
    StepDecisionDate "StepDecisionDate"
    PpOutcome "PPOutcome"
    CourtAppDate "CourtAppDate"
    LetterInitCpDate "LetterInitCPDate"
}
