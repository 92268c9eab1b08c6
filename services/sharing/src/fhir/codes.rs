//! Codes and their systems, and what each means here. A code that is not in these tables is refused.

use proto::events::{Date, Scheme, Subject};
use proto::sharing::consent_recorded::Kind as ConsentKind;
use proto::sharing::restriction::Kind as RestrictionKind;
use proto::sharing::{Category, Purpose};
use proto::subject::normalised;

use super::resource::{CodeableConcept, Coding, Identifier};

pub(super) const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
pub(super) const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
pub(super) const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
pub(super) const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
pub(super) const ROLE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
pub(super) const ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";
pub(super) const LOINC: &str = "http://loinc.org";
pub(super) const RESOURCE_TYPES: &str = "http://hl7.org/fhir/resource-types";
pub(super) const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";
pub(super) const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";

/// Ours: an organisation id.
pub(super) const ORGANISATION: &str = "urn:throughline:organisation";
/// Ours: a kind of consent that FHIR's scopes have no word for.
pub(super) const CONSENT_KIND: &str = "urn:throughline:consent-kind";
/// Ours: a kind of restriction.
pub(super) const RESTRICTION: &str = "urn:throughline:restriction";
/// Ours: a category of record.
pub(super) const CATEGORY: &str = "urn:throughline:category";
/// Ours: a purpose of use.
pub(super) const PURPOSE: &str = "urn:throughline:purpose";
/// Ours: the id of a consent or a restriction.
pub(super) const ID: &str = "urn:throughline:fact";
/// Ours: the subject of a token, of an adult whose responsibility a court limited.
pub(super) const PERSON: &str = "urn:throughline:person";
/// Ours, before the scheme and issuer of a subject: `urn:throughline:subject:LA_CHILD_ID:878`.
pub(super) const SUBJECT: &str = "urn:throughline:subject:";
/// Ours: extensions of Consent.
pub(super) const CAPACITY_BASIS: &str = "urn:throughline:capacity-basis";
/// See [`CAPACITY_BASIS`].
pub(super) const FORM: &str = "urn:throughline:consent-form";
/// See [`CAPACITY_BASIS`].
pub(super) const FORM_VERSION: &str = "urn:throughline:consent-form-version";

/// The last part of the profile of the national data opt-out.
pub(super) const OPT_OUT_PROFILE: &str = "NDOP-Consent-1";

/// Both parts of a coding.
pub(super) fn pair(coding: &Coding) -> (&str, &str) {
    (coding.system.as_deref().unwrap_or_default(), coding.code.as_deref().unwrap_or_default())
}

/// The only coding of a concept; a concept that is coded twice says two things, or one thing of which we cannot know that it
/// is one.
pub(super) fn only(concept: &CodeableConcept) -> Option<(&str, &str)> {
    match concept.coding.as_slice() {
        [one] => Some(pair(one)),
        _ => None,
    }
}

/// A code of a closed list of ours, as rules and command lines spell it: `early_help`.
pub(super) fn word(prefix: &str, name: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase()
}

/// The full name of a word: `PURPOSE_EARLY_HELP`. Words are in lower case and nothing else.
pub(super) fn name(prefix: &str, word: &str) -> Option<String> {
    let is_word = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    is_word.then(|| format!("{prefix}{}", word.to_ascii_uppercase()))
}

pub(super) fn purpose(coding: &Coding) -> Option<Purpose> {
    match pair(coding) {
        (ACT_REASON, "TREAT") => Some(Purpose::DirectCare),
        (PURPOSE, word) => {
            Purpose::from_str_name(&name("PURPOSE_", word)?).filter(|purpose| *purpose != Purpose::Unspecified)
        }
        _ => None,
    }
}

pub(super) fn category(coding: &Coding) -> Option<Category> {
    match pair(coding) {
        (RESOURCE_TYPES, "Immunization") => Some(Category::Immunisation),
        (CATEGORY, word) => {
            Category::from_str_name(&name("CATEGORY_", word)?).filter(|category| *category != Category::Unspecified)
        }
        _ => None,
    }
}

pub(super) fn restriction(code: &str) -> Option<RestrictionKind> {
    RestrictionKind::from_str_name(&name("", code)?).filter(|kind| *kind != RestrictionKind::Unspecified)
}

/// What is agreed to. `None` of the second kind: a form says, and not this resource.
pub(super) fn consent_kind(concept: &CodeableConcept) -> Option<Option<ConsentKind>> {
    match only(concept)? {
        (SCOPE, "patient-privacy") => Some(Some(ConsentKind::Share)),
        (SCOPE, "treatment") => Some(Some(ConsentKind::Treatment)),
        (CONSENT_KIND, "service_agreement") => Some(Some(ConsentKind::ServiceAgreement)),
        (CONSENT_KIND, "assessment") => Some(Some(ConsentKind::Assessment)),
        (CONSENT_KIND, "by_form") => Some(None),
        _ => None,
    }
}

/// Whether a category says no more than that this is a consent, or one about information.
pub(super) fn is_plain_category(concept: &CodeableConcept) -> bool {
    let plain = [(LOINC, "59284-0"), (LOINC, "64292-6"), (ACT_CODE, "INFA"), (ACT_CODE, "IDSCL")];
    only(concept).is_some_and(|code| plain.contains(&code))
}

/// An organisation id.
pub(super) fn organisation(identifier: &Identifier) -> Option<String> {
    let value = identifier.value.as_deref()?;
    let plain = |id: &str| {
        !id.is_empty()
            && id.len() <= 40
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let id = match identifier.system.as_deref()? {
        ORGANISATION => value.to_owned(),
        ODS => format!("ods-{}", value.to_ascii_lowercase()),
        _ => return None,
    };
    plain(&id).then_some(id)
}

/// A child, by an identifier.
pub(super) fn subject(identifier: &Identifier) -> Option<Subject> {
    let (system, value) = (identifier.system.as_deref()?, identifier.value.clone()?);
    let (scheme, issuer) = match system {
        NHS_NUMBER => (Scheme::NhsNumber, "nhs"),
        _ => {
            let (scheme, issuer) = system.strip_prefix(SUBJECT)?.split_once(':')?;
            (Scheme::from_str_name(&format!("SCHEME_{scheme}"))?, issuer)
        }
    };
    let is_child = !matches!(scheme, Scheme::Unspecified | Scheme::Organisation);
    let given = Subject { scheme: scheme.into(), issuer: issuer.to_owned(), value };
    normalised(&given).filter(|_| is_child)
}

/// A child's identifier: system and value.
pub(super) fn identifier(child: &Subject) -> (String, String) {
    let scheme = word("", child.scheme().as_str_name().trim_start_matches("SCHEME_")).to_ascii_uppercase();
    let system = match (child.scheme(), child.issuer.as_str()) {
        (Scheme::NhsNumber, "nhs") => NHS_NUMBER.to_owned(),
        _ => format!("{SUBJECT}{scheme}:{}", child.issuer),
    };
    (system, child.value.clone())
}

/// A day, a month or a year.
pub(super) fn date(text: &str) -> Option<Date> {
    let digits = |part: &str, count: usize| {
        (part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = parts.next().map(|part| digits(part, 2));
    let day = parts.next().map(|part| digits(part, 2));
    if parts.next().is_some() || month == Some(None) || day == Some(None) {
        return None;
    }
    let date = Date { year: i32::try_from(year).ok()?, month: month.flatten(), day: day.flatten(), estimated: false };
    crate::days::first_day(&date).map(|_| date)
}

/// The same as text.
pub(super) fn date_text(date: &Date) -> Option<String> {
    if date.estimated || crate::days::first_day(date).is_none() || !(0..=9999).contains(&date.year) {
        return None;
    }
    Some(match (date.month, date.day) {
        (None, None) => format!("{:04}", date.year),
        (Some(month), None) => format!("{:04}-{month:02}", date.year),
        (Some(month), Some(day)) => format!("{:04}-{month:02}-{day:02}", date.year),
        (None, Some(_)) => return None,
    })
}
