//! Codes and addresses, by what they mean here. SNOMED CT, the Digital Child Health code systems and those of HL7.

use proto::events::Coded;

/// A code system's address as the name of a code set.
pub(crate) fn code_set(system: &str) -> String {
    match system {
        "http://snomed.info/sct" => "snomed".to_owned(),
        "http://loinc.org" => "loinc".to_owned(),
        "http://hl7.org/fhir/sid/icd-10" => "icd10".to_owned(),
        "https://dmd.nhs.uk" => "dmd".to_owned(),
        other => other.chars().take(200).collect(),
    }
}

pub(crate) fn is_nhs_number(system: &str) -> bool {
    let system = system.trim_end_matches('/').to_ascii_lowercase();
    let oid = system.strip_prefix("urn:oid:").unwrap_or(&system);
    ["/nhs-number", "/nhsnumber"].iter().any(|ends| system.ends_with(ends)) || oid == "2.16.840.1.113883.2.1.4.1"
}

pub(crate) fn is_ods(system: &str) -> bool {
    let system = system.to_ascii_lowercase();
    system.ends_with("/ods-organization-code") || system.ends_with("/ods-site-code")
}

/// Administrative gender.
pub(crate) const GENDERS: &[&str] = &["male", "female", "other", "unknown"];

/// Verification of an NHS number: the numbers, and the words of UK Core for the same.
pub(crate) const VERIFICATIONS: &[(&str, &str)] = &[
    ("01", "number-present-and-verified"),
    ("02", "number-present-but-not-traced"),
    ("03", "trace-required"),
    ("04", "trace-attempted-no-match-or-multiple-match-found"),
    ("05", "trace-needs-to-be-resolved-nhs-number-or-patient-detail-conflict"),
    ("06", "trace-in-progress"),
    ("07", "number-not-present-and-trace-not-required"),
    ("08", "trace-postponed-baby-under-six-weeks-old"),
];

/// Ethnic category, as the NHS data dictionary has it; UK Core adds letters to some.
pub(crate) const ETHNICITIES: &[&str] =
    &["A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "Z", "99"];

/// Encounters of the Digital Child Health types that are reviews of the healthy child programme.
pub(crate) const REVIEWS: &[&str] = &["009", "0019", "0020", "0021", "0022", "0023", "0024", "0025", "0026"];

pub(crate) const ENCOUNTER_TYPES: &str = "DCH-ChildHealthEncounterType";

/// SNOMED CT: the procedures and findings of the newborn screens. Blood spot: phenylketonuria, sickle cell, cystic fibrosis,
/// hypothyroidism, MCADD, homocystinuria, maple syrup urine disease, glutaric aciduria type 1, isovaleric acidaemia. Hearing:
/// its outcome.
pub(crate) const SCREENS: &[&str] = &[
    "314081000",
    "314090007",
    "314080004",
    "400984005",
    "428056008",
    "940201000000107",
    "940221000000103",
    "940131000000109",
    "940151000000102",
    "276781000000109",
];

/// Whether a code says that there is nothing to tell, or that nobody knows: no allergy, no problem, no vaccine. SNOMED CT (no allergy
/// at all, of drugs, of surroundings, of food; no current problem), the list of the international patient summary for it, or words.
pub(crate) fn is_none_known(stated: &Coded) -> bool {
    let in_words = |words: &str| {
        let words = words.trim().to_ascii_lowercase();
        [
            "no known ",
            "none known",
            "nil known",
            "no allerg",
            "no drug allerg",
            "no current problem",
            "no information about ",
        ]
        .iter()
        .any(|none| words.starts_with(none))
    };
    matches!(stated.code.as_str(), "716186003" | "409137002" | "428607008" | "429625007" | "160245001")
        || stated.code_set.ends_with("absent-unknown-uv-ips")
        || stated.text.as_deref().is_some_and(in_words)
}

/// Code systems whose values are the outcomes of screens.
pub(crate) fn is_screening_outcome(system: &str) -> bool {
    ["BloodSpotOutcome", "NewbornHearing", "NIPE", "HearingScreening"].iter().any(|part| system.contains(part))
}
