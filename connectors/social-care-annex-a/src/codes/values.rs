//! What each column's values are: the codes that may stand in them, and the words that stand for one.
//!
//! Words are whole words and stand together: `*` at their end lets the last of them go on, `=` asks for all of the value, and
//! `~` says of words that they mean the rest, whatever else is said: of `Health - other` the first word tells. Longer
//! phrases tell more than shorter, so that a word which misleads alone stands here with those around it.

use super::Values;

macro_rules! values {
    ($($(#[$doc:meta])* $name:ident = $set:literal [$($code:literal),* $(,)?] / $own:literal [$($words:literal => $meaning:literal),* $(,)?]
        $(several of [$($one:literal),*] => $all:literal)?;)*) => {
        $($(#[$doc])* pub(crate) const $name: Values = Values {
            codes: ($set, &[$($code),*]),
            words: (concat!("annex-a.", $own), &[$(($words, $meaning)),*]),
            several: &[$((&[$($one),*], $all))?],
        };)*
    };
}

values! {
    GENDER = "cin.sex" ["M", "F", "U"] / "gender" [
        "female" => "F", "male" => "M", "girl" => "F", "boy" => "M", "neither" => "U", "not stated" => "U",
        "not recorded" => "U", "not known" => "U", "unknown" => "U", "indeterminate" => "U", "unborn" => "U", "=1" => "M",
        "=2" => "F", "=0" => "U", "=9" => "U", "=male d neither" => "M",
    ];
    ETHNICITY = "cin.ethnicity" [
        "WBRI", "WIRI", "WIRT", "WOTH", "WROM", "MWBC", "MWBA", "MWAS", "MOTH", "AIND", "APKN", "ABAN", "AOTH", "BCRB",
        "BAFR", "BOTH", "CHNE", "OOTH", "REFU", "NOBT",
    ] / "ethnicity" [
        "mixed" => "mixed", "dual" => "mixed", "asian" => "asian", "indian" => "asian", "pakistani" => "asian",
        "bangladeshi" => "asian", "chinese" => "asian", "=chinese" => "CHNE", "black" => "black", "white" => "white",
        "irish heritage" => "WIRT", "irish traveller" => "WIRT", "gypsy roma" => "WROM", "other ethnic" => "other",
        "not stated" => "not_stated", "not recorded" => "not_stated", "not known" => "not_stated", "unknown" => "not_stated",
        "prefer not to say" => "not_stated", "refused" => "REFU", "obtained" => "NOBT",
    ] several of ["white", "black", "asian", "mixed"] => "mixed";
    SOURCE = "cin.referral_source" [
        "1A", "1B", "1C", "1D", "2A", "2B", "3A", "3B", "3C", "3D", "3E", "3F", "5A", "5B", "5C", "5D", "10", "4", "6", "7",
        "8", "9",
    ] / "contact_source" [
        "individual" => "individual", "individuals" => "individual", "=family" => "individual", "family member" => "individual",
        "family friend" => "individual", "parent*" => "individual", "relative*" => "individual", "carer*" => "individual",
        "friend*" => "individual", "neighbour*" => "individual", "self" => "individual", "other individual" => "individual",
        "school" => "schools", "schools" => "schools", "education" => "education", "not school" => "education",
        "health" => "health", "health services" => "health", "primary health" => "health", "hospital" => "health",
        "=gp" => "health", "gp" => "health", "nurse" => "health", "school nurse" => "health", "family nurse" => "health",
        "health visitor" => "health", "midwi*" => "health", "camhs" => "health", "hous*" => "housing",
        "la services" => "la_services", "local authority" => "la_services", "other la" => "la_services",
        "other internal" => "la_services", "social worker" => "la_services", "youth offending" => "la_services",
        "targeted family" => "la_services", "troubled families" => "la_services", "family recovery" => "la_services",
        "police" => "police", "legal" => "legal", "family court" => "legal", "anonymous" => "anonymous",
        "unknown" => "unknown", "not known" => "unknown", "not recorded" => "unknown", "~other" => "other",
    ];
    YES_NO = "annex-a.yes_no" [] / "yes_no" [
        "yes" => "yes", "=y" => "yes", "true" => "yes", "=1" => "yes", "=disabled" => "yes", "no" => "no", "=n" => "no",
        "false" => "no", "=0" => "no", "not disabled" => "no", "not seen" => "no", "no known" => "no",
        // Also `not yet assessed`, and `yes: not recorded of what kind`, which is left to a person.
        "unknown" => "unknown", "=u" => "unknown", "recorded" => "unknown", "known" => "unknown", "stated" => "unknown",
        "assessed" => "unknown", "obtained" => "unknown", "nobt" => "unknown", "applicable" => "unknown",
        "refused" => "unknown",
    ];
    /// Whether a referral ended there: no further action is a yes.
    NFA = "annex-a.yes_no" [] / "yes_no" [
        "yes" => "yes", "=y" => "yes", "true" => "yes", "=1" => "yes", "nfa" => "yes", "no further action" => "yes",
        "no" => "no", "=n" => "no", "false" => "no", "=0" => "no", "=fa" => "no", "further action" => "no",
        "not nfa" => "no", "unknown" => "unknown", "=u" => "unknown", "recorded" => "unknown", "known" => "unknown",
        "stated" => "unknown", "obtained" => "unknown", "nobt" => "unknown", "applicable" => "unknown",
        "refused" => "unknown",
    ];
    NEED = "cin.primary_need" ["N0", "N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N9"] / "primary_need" [
        "abuse" => "N1", "neglect" => "N1", "childs disability" => "N2", "child s disability" => "N2",
        "child with disability" => "N2", "parental" => "N3", "parents" => "N3", "parent s" => "N3",
        "parental illness" => "N3", "parents illness" => "N3", "parental disability" => "N3", "parents disability" => "N3",
        "parental alcohol" => "N3", "parental drug*" => "N3", "parental substance" => "N3", "parental mental" => "N3",
        // Alone with abuse they do not say whose.
        "alcohol*" => "N3", "drug*" => "N3", "substance" => "N3",
        "acute stress" => "N4", "dysfunction*" => "N5", "unacceptable" => "N6", "low income" => "N7", "absent" => "N8",
        "absent parent*" => "N8", "not cin" => "N9", "other than" => "N9", "not stated" => "N0",
    ];
    CLOSURE = "cin.closure_reason" ["RC1", "RC2", "RC3", "RC4", "RC5", "RC6", "RC7", "RC8", "RC9"] / "closure_reason" [
        "adopted" => "RC1", "died" => "RC2", "residence order" => "RC3", "arrangements order" => "RC3",
        "guardianship" => "RC4", "adult" => "RC6", "another la" => "RC5", "other la" => "RC5",
        "another local authority" => "RC5", "after assessment" => "RC8", "referred to early help" => "RC9",
        "referral to early help" => "RC9", "no longer" => "RC7", "~other" => "RC7", "not stated" => "not_stated",
    ];
    ABUSE = "cin.abuse_category" ["NEG", "PHY", "SAB", "EMO", "MUL"] / "abuse_category" [
        "neglect" => "NEG", "physical" => "PHY", "sexual" => "SAB", "emotional" => "EMO", "multiple" => "MUL",
    ] several of ["NEG", "PHY", "SAB", "EMO", "MUL"] => "MUL";
    LEGAL = "ssda903.ls" ["C1", "C2", "D1", "E1", "V2", "V3", "V4", "L1", "L2", "L3", "J1", "J2", "J3"] / "legal_status" [
        "interim care" => "C1", "full care" => "C2", "freed" => "D1", "freeing" => "D1", "placement order" => "E1",
        // It stands above the care order beside it.
        "placement order with" => "E1", "placement order and" => "E1", "with placement order" => "E1",
        "and placement order" => "E1", "s20" => "V2", "s 20" => "V2", "sec 20" => "V2", "section 20" => "V2",
        "remand*" => "J1", "pace" => "J2", "police protection" => "L1", "emergency protection" => "L2", "=epo" => "L2",
        "child assessment" => "L3", "child protection" => "protection", "youth justice" => "youth_justice",
    ];
    PERMANENCE = "annex-a.permanence" [] / "permanence" [
        "return*" => "return", "adopt*" => "adoption", "sgo" => "guardianship", "guardianship" => "guardianship",
        "supported living" => "supported_living", "residential" => "residential", "foster*" => "fostering",
        "~other" => "other",
    ];
    PLACE = "ssda903.place" [
        "A3", "A4", "A5", "A6", "H5", "K1", "K2", "K3", "P1", "P2", "P3", "R1", "R2", "R3", "R5", "S1", "T0", "T1", "T2",
        "T3", "T4", "U1", "U2", "U3", "U4", "U5", "U6", "Z1",
    ] / "placement_type" [
        "placed for adoption" => "A", "adopt*" => "A", "foster*" => "foster", "foster placement" => "foster",
        "fostering placement" => "foster", "fostering for adoption" => "foster", "independent foster*" => "foster",
        "with parent" => "parents", "with parents" => "parents", "own parent" => "parents", "own parents" => "parents",
        "supported accommodation" => "K3", "semi independent" => "H5", "semi independent living" => "H5",
        "independent" => "independent", "employment" => "employment", "secure" => "secure",
        "secure childrens home*" => "secure", "childrens home*" => "childrens_home", "care home*" => "care_home",
        "residential accommodation" => "residential", "nhs" => "health", "family centre" => "family_centre",
        "mother and baby" => "family_centre", "offender*" => "youth_custody", "school*" => "school",
        "residential schools except" => "school", "temporary" => "temporary", "normal foster carer*" => "T3",
        "~other" => "other",
    ];
    PROVIDER = "ssda903.place_provider" ["PR0", "PR1", "PR2", "PR3", "PR4", "PR5"] / "placement_provider" [
        "own" => "own", "private" => "private", "voluntary" => "voluntary", "third sector" => "voluntary", "~other" => "other",
    ];
    WITHIN = "annex-a.placement_location" [] / "placement_location" [
        "=in" => "in", "in borough" => "in", "inside" => "in", "within" => "in", "=out" => "out", "out of" => "out",
        "outside" => "out", "not within" => "out", "not in borough" => "out",
    ];
    CEASED = "ssda903.rec" [
        "E11", "E12", "E13", "E14", "E15", "E16", "E17", "E2", "E3", "E4A", "E4B", "E41", "E45", "E46", "E47", "E48", "E5", "E6",
        "E7", "E8", "E9",
    ] / "ceased_reason" [
        "adopted" => "adopted", "died" => "died", "another la" => "another_la", "another local authority" => "another_la",
        "returned home" => "home", "no parental" => "other_person", "residence order" => "arrangements_order",
        "arrangement order" => "arrangements_order", "arrangements order" => "arrangements_order",
        "guardianship" => "guardianship", "independent" => "independent", "independent living" => "independent",
        "residential care" => "adult_residential", "custody" => "custody", "remand" => "remand_ended",
        "age assessment" => "age_assessed",
        // The department's own words name codes that it is not.
        "=age assessment determined child is aged 18 or over and e5 e6 and e7 do not apply" => "age_assessed",
        "abroad" => "abroad", "~other" => "other",
    ];
    ELIGIBILITY = "annex-a.eligibility" [] / "eligibility" [
        "former relevant" => "former_relevant", "relevant" => "relevant", "qualifying" => "qualifying", "eligible" => "eligible",
        "~other" => "other",
    ];
    IN_TOUCH = "ssda903.in_touch" ["YES", "NO", "DIED", "REFU", "NREQ", "RHOM"] / "in_touch" [
        "not in touch" => "NO", "in touch" => "YES", "yes" => "YES", "=y" => "YES", "=no" => "NO", "=n" => "NO",
        "died" => "DIED", "refus*" => "REFU", "no longer required" => "NREQ", "returned home" => "RHOM",
        "not recorded" => "not_recorded", "exclude*" => "exclude",
    ];
    ACCOMMODATION = "ssda903.accom" [
        "B", "C", "D", "E", "G", "H", "K", "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
    ] / "accommodation" [
        "parents" => "B", "community home" => "C", "semi independent" => "D", "supported lodgings" => "E", "abroad" => "G",
        "deported" => "H", "ordinary lodgings" => "K", "not known" => "R", "homeless" => "S", "no fixed" => "S",
        "foyer*" => "T", "independent" => "U", "breakfast" => "W", "bed and breakfast" => "W", "b b" => "W",
        "emergency" => "V", "custody" => "X", "foster*" => "Z", "~other" => "Y",
    ];
    SUITABILITY = "annex-a.suitability" [] / "suitability" [
        "not suitable" => "unsuitable", "unsuitable" => "unsuitable", "suitable" => "suitable", "not in touch" => "not_known",
        "not recorded" => "not_known", "exclude*" => "exclude",
    ];
    ACTIVITY = "ssda903.activ" ["F1", "P1", "F2", "P2", "F3", "P3", "F4", "P4", "F5", "P5", "G4", "G5", "G6"] / "activity" [
        "not in touch" => "0", "full time higher education" => "F1", "full time in higher education" => "F1",
        "part time higher education" => "P1", "part time in higher education" => "P1",
        "full time education other than" => "F2", "full time in education other than" => "F2",
        "part time education other than" => "P2", "part time in education other than" => "P2",
        "full time training or employment" => "F4", "full time in training or employment" => "F4",
        "part time training or employment" => "P4", "part time in training or employment" => "P4",
        "illness or disability" => "G4", "illness disability" => "G4", "other circumstances" => "G5",
        "pregnancy or parenting" => "G6", "pregnancy parenting" => "G6",
    ];
    REVERSED = "ssda903.reason_placed_ceased" ["RD1", "RD2", "RD3", "RD4"] / "reversed_reason" [
        "needs changed" => "RD1", "did not make" => "RD2", "cannot be found" => "RD3", "~other" => "RD4",
    ];
}
