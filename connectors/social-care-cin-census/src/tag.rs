//! The elements of the census, by name.

use connector_kit::xml::Element;

macro_rules! tags {
    ($($tag:ident $name:literal $key:literal)*) => {
        /// An element of the census. The name is the local one, in whichever letter case: exports differ in both.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Tag {
            $($tag,)*
            /// An element that the census does not have, or not in any year known here.
            Other,
        }

        impl Tag {
            /// By the local name in lower case.
            fn of(key: &str) -> Self {
                match key {
                    $($key => Self::$tag,)*
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

        #[cfg(test)]
        const TAGS: &[(Tag, &str)] = &[$((Tag::$tag, $key),)*];
    };
}

/// An element as the census knows it.
pub(crate) trait Tagged<'t>: Copy {
    fn tag(self) -> Tag;

    /// Its name as the census writes it, or as the file has it where the census does not know it.
    fn known_as(self) -> &'t str;
}

impl<'t> Tagged<'t> for Element<'t> {
    fn tag(self) -> Tag {
        Tag::of(self.key())
    }

    fn known_as(self) -> &'t str {
        match self.tag() {
            Tag::Other => self.name(),
            tag => tag.name(),
        }
    }
}

tags! {
    Message "Message" "message"
    Header "Header" "header"
    CollectionDetails "CollectionDetails" "collectiondetails"
    Collection "Collection" "collection"
    Year "Year" "year"
    ReferenceDate "ReferenceDate" "referencedate"
    Source "Source" "source"
    Lea "LEA" "lea"
    SerialNo "SerialNo" "serialno"
    DateTime "DateTime" "datetime"
    Children "Children" "children"
    Child "Child" "child"
    ChildIdentifiers "ChildIdentifiers" "childidentifiers"
    LaChildId "LAchildID" "lachildid"
    Upn "UPN" "upn"
    FormerUpn "FormerUPN" "formerupn"
    UpnUnknown "UPNunknown" "upnunknown"
    PersonBirthDate "PersonBirthDate" "personbirthdate"
    ExpectedPersonBirthDate "ExpectedPersonBirthDate" "expectedpersonbirthdate"
    Sex "Sex" "sex"
    GenderCurrent "GenderCurrent" "gendercurrent"
    PersonDeathDate "PersonDeathDate" "persondeathdate"
    ChildCharacteristics "ChildCharacteristics" "childcharacteristics"
    Ethnicity "Ethnicity" "ethnicity"
    Disabilities "Disabilities" "disabilities"
    Disability "Disability" "disability"
    CinDetails "CINdetails" "cindetails"
    CinReferralDate "CINreferralDate" "cinreferraldate"
    ReferralSource "ReferralSource" "referralsource"
    PrimaryNeedCode "PrimaryNeedCode" "primaryneedcode"
    CinClosureDate "CINclosureDate" "cinclosuredate"
    ReasonForClosure "ReasonForClosure" "reasonforclosure"
    DateOfInitialCpc "DateOfInitialCPC" "dateofinitialcpc"
    ReferralNfa "ReferralNFA" "referralnfa"
    Assessments "Assessments" "assessments"
    AssessmentActualStartDate "AssessmentActualStartDate" "assessmentactualstartdate"
    AssessmentInternalReviewDate "AssessmentInternalReviewDate" "assessmentinternalreviewdate"
    AssessmentAuthorisationDate "AssessmentAuthorisationDate" "assessmentauthorisationdate"
    FactorsIdentifiedAtAssessment "FactorsIdentifiedAtAssessment" "factorsidentifiedatassessment"
    AssessmentFactors "AssessmentFactors" "assessmentfactors"
    CinPlanDates "CINPlanDates" "cinplandates"
    CinPlanStartDate "CINPlanStartDate" "cinplanstartdate"
    CinPlanEndDate "CINPlanEndDate" "cinplanenddate"
    Section47 "Section47" "section47"
    S47ActualStartDate "S47ActualStartDate" "s47actualstartdate"
    InitialCpcTarget "InitialCPCtarget" "initialcpctarget"
    IcpcNotRequired "ICPCnotRequired" "icpcnotrequired"
    ChildProtectionPlans "ChildProtectionPlans" "childprotectionplans"
    CppStartDate "CPPstartDate" "cppstartdate"
    CppEndDate "CPPendDate" "cppenddate"
    InitialCategoryOfAbuse "InitialCategoryOfAbuse" "initialcategoryofabuse"
    LatestCategoryOfAbuse "LatestCategoryOfAbuse" "latestcategoryofabuse"
    NumberOfPreviousCpp "NumberOfPreviousCPP" "numberofpreviouscpp"
    Reviews "Reviews" "reviews"
    CppReviewDate "CPPreviewDate" "cppreviewdate"
    PreProceedings "PreProceedingsandFGDM" "preproceedingsandfgdm"
    PpStartDate "PPStartDate" "ppstartdate"
    LbpSentDate "LBPSentDate" "lbpsentdate"
    FgdmMeetingOffer "FGDMMeetingOffer" "fgdmmeetingoffer"
    FgdmMeetingFac "FGDMMeetingFac" "fgdmmeetingfac"
    InitialPpMeetingDate "InitialPPMeetingDate" "initialppmeetingdate"
    ReviewMeetingsCount "ReviewMeetingsCount" "reviewmeetingscount"
    StepDecisionDate "StepDecisionDate" "stepdecisiondate"
    PpOutcome "PPOutcome" "ppoutcome"
    CourtAppDate "CourtAppDate" "courtappdate"
    LetterInitCpDate "LetterInitCPDate" "letterinitcpdate"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_known_by_its_name_in_lower_case() {
        for (tag, key) in TAGS {
            assert_eq!((Tag::of(key), tag.name().to_ascii_lowercase().as_str()), (*tag, *key));
        }
        assert_eq!(Tag::of("cinplandate"), Tag::Other);
    }
}
