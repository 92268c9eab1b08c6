//! Patient: by whom somebody is known, and what is said of them.

use connector_kit::identifier::{self, Verdict, nhs_number};
use proto::events::address;
use proto::events::identifier::Standing;
use proto::events::person_name::Use;
use proto::events::{Address, Coded, FindingCode, Identifier, PersonDescribed, PersonName, Scheme, Subject};

use crate::bundle::{Bundle, Referred};
use crate::codes::{ETHNICITIES, GENDERS, VERIFICATIONS, is_nhs_number, is_ods};
use crate::reading::Reading;
use crate::time::Time;
use crate::tree::Element;

/// Most identifiers of one person.
const IDENTIFIERS_MAX: usize = 16;
/// Systems of a telephone or an address by which somebody can be reached, and is told of.
const TOLD: &[&str] = &["phone", "sms", "email"];
/// Kinds of number that are of another thing than a person at one provider (table 0203).
const KINDS_OF_OTHER_THINGS: &[&str] =
    &["SS", "SB", "NI", "NIIP", "DL", "PPN", "AN", "VN", "BC", "CC", "TAX", "MB", "PRN"];

/// How a Patient stands where it is read.
#[derive(Clone, Copy)]
pub(crate) struct Known<'s> {
    pub(crate) controller: &'s str,
    /// Its logical id lasts: it is a server's, and not a message's.
    pub(crate) lasting: bool,
    pub(crate) full_url: Option<&'s str>,
    /// When its source stood so.
    pub(crate) stood: Option<Time>,
}

/// Who somebody is by their logical id on a server. Two servers of one organisation number two children.
pub(crate) fn by_logical_id(controller: &str, base: Option<&str>, id: &str) -> Subject {
    let base = base.and_then(|url| url.split_once("://")).map(|(_, rest)| rest.trim_end_matches('/'));
    // A hyphen tells ids apart, and a normalised value has none.
    let value = id.replace('-', "_");
    identifier::subject(Scheme::ProviderPerson, &format!("{controller}/{}", base.unwrap_or("fhir")), &value)
}

/// Whether a server's address is the national demographics service's, which knows people by their NHS numbers.
pub(crate) fn is_national(base: &str) -> bool {
    ["personal-demographics", "demographics.spineservices.nhs.uk"].iter().any(|part| base.contains(part))
}

/// Who somebody is by the identifier of a reference. An NHS number that fails its check is still the sender's word: it is theirs
/// alone, and told.
pub(crate) fn by_reference(controller: &str, system: &str, value: &str, reading: &mut Reading) -> Option<Subject> {
    if !is_nhs_number(system) {
        return by_identifier(controller, system, value);
    }
    let (claim, findings) = identifier::claim(Scheme::NhsNumber, value, Standing::Current, "reference.identifier");
    reading.findings.extend(findings);
    let claim = claim?;
    match nhs_number::check(value).verdict {
        Verdict::CheckCharacterWrong => Some(unchecked(controller, &claim.subject?.value, "")),
        _ => claim.subject.filter(|_| claim.usable),
    }
}

/// Whose numbers those are that only their sender's word stands for.
pub(crate) const UNCHECKED: &str = "unchecked-nhs-number";

/// An NHS number that fails its check, with the birth date beside it.
fn unchecked(controller: &str, value: &str, born: &str) -> Subject {
    identifier::subject(Scheme::ProviderPerson, &format!("{controller}/{UNCHECKED}"), &format!("{value}.{born}"))
}

/// Who somebody is by an identifier that a reference names.
pub(crate) fn by_identifier(controller: &str, system: &str, value: &str) -> Option<Subject> {
    if is_nhs_number(system) {
        let (claim, _) = identifier::claim(Scheme::NhsNumber, value, Standing::Current, "identifier");
        return claim.filter(|claim| claim.usable)?.subject;
    }
    let local = identifier::subject(Scheme::ProviderPerson, &format!("{controller}/{}", issuer(system)), value);
    (!local.value.is_empty()).then_some(local)
}

fn issuer(system: &str) -> String {
    system.split_once("://").map_or(system, |(_, rest)| rest).chars().take(200).collect()
}

/// The base of a server's address for a resource: "https://example/fhir" of "https://example/fhir/Patient/1".
pub(crate) fn base_of(full_url: &str) -> Option<&str> {
    full_url.starts_with("http").then(|| full_url.rsplitn(3, '/').nth(2)).flatten()
}

/// A Patient that can be known: the subject, and every identifier as a claim.
pub(crate) fn known(patient: &Element, at: Known<'_>, reading: &mut Reading) -> Option<(Subject, Vec<Identifier>)> {
    let mut claims: Vec<Identifier> = Vec::new();
    let mut local: Vec<(bool, Subject)> = Vec::new();
    let mut unproven = None;
    for stated in patient.all("identifier").take(IDENTIFIERS_MAX) {
        let Some(value) = stated.text("value") else { continue };
        let standing = if is_past(stated, at.stood, reading) { Standing::Former } else { Standing::Current };
        if is_nhs_number_of(stated) {
            let (claim, findings) = identifier::claim(Scheme::NhsNumber, value, standing, "identifier.value");
            reading.findings.extend(findings);
            if let Some(mut claim) = claim.filter(|claim| claims.iter().all(|known| known.subject != claim.subject)) {
                claim.verification = verification(stated, reading);
                if nhs_number::check(value).verdict == Verdict::CheckCharacterWrong {
                    unproven = claim.subject.as_ref().map(|subject| subject.value.clone());
                }
                claims.push(claim);
            }
            continue;
        }
        let Some(system) = stated.text("system") else {
            // A number that does not say whose it is names nobody.
            reading.flag(FindingCode::FieldMissing, "identifier.system");
            continue;
        };
        let kind = stated.text("type/coding/code").unwrap_or_default();
        if is_ods(system) || KINDS_OF_OTHER_THINGS.contains(&kind) || stated.text("use") == Some("temp") {
            continue;
        }
        if let Some(subject) = by_identifier(at.controller, system, value).filter(|own| names_somebody(&own.value))
            && standing == Standing::Current
            && !local.iter().any(|(_, known)| *known == subject)
        {
            local.push((kind == "MR", subject));
        }
    }
    if claims.iter().filter(|claim| claim.usable && claim.standing() == Standing::Current).count() > 1 {
        reading.flag(FindingCode::FieldsContradict, "identifier");
        claims.iter_mut().for_each(|claim| claim.usable = false);
    }
    // A medical record number first; the order is otherwise the source's.
    local.sort_by_key(|(is_record_number, _)| !is_record_number);
    let id = patient.text("id");
    let base = at.full_url.and_then(base_of);
    // A number that is over may be another's by now: it is who somebody is only where no other is told.
    let usable = || claims.iter().filter(|claim| claim.usable);
    let national = || usable().min_by_key(|claim| claim.standing() != Standing::Current)?.subject.clone();
    // What refers to a patient of the national service does so by the NHS number.
    let of_the_nation = base.filter(|base| is_national(base)).and_then(|_| national());
    let lasting = of_the_nation.or_else(|| Some(by_logical_id(at.controller, base, id.filter(|_| at.lasting)?)));
    // A number that fails its check is still the sender's word: it is theirs alone, with the birth date beside it.
    let otherwise = || {
        let born = patient.text("birthDate").unwrap_or_default();
        Some(unchecked(at.controller, unproven.as_deref()?, born))
    };
    let subject = lasting.or_else(|| Some(local.first()?.1.clone())).or_else(national).or_else(otherwise)?;
    for (_, other) in local {
        if other != subject {
            claims.push(Identifier {
                subject: Some(other),
                standing: Standing::Current.into(),
                usable: true,
                verification: None,
            });
        }
    }
    Some((subject, claims))
}

/// Whether a number, a telephone or a home was somebody's once.
pub(crate) fn is_past(stated: &Element, stood: Option<Time>, reading: &mut Reading) -> bool {
    stated.text("use") == Some("old") || reading.is_over(stated, stood)
}

/// Whether an identifier is an NHS number, by its system; where it has none, by what it says that it is.
pub(crate) fn is_nhs_number_of(stated: &Element) -> bool {
    let by_type = || {
        let code = stated.text("type/coding/code");
        code == Some("NH") || stated.text("type/text").is_some_and(|words| words.eq_ignore_ascii_case("NHS number"))
    };
    stated.text("system").map_or_else(by_type, is_nhs_number)
}

/// Whether this Patient is known by this subject's number.
pub(crate) fn is_named(patient: &Element, subject: &Subject, controller: &str) -> bool {
    let numbers = patient.all("identifier");
    let mut numbers =
        numbers.filter_map(|stated| by_identifier(controller, stated.text("system")?, stated.text("value")?));
    numbers.any(|number| number == *subject)
}

/// Neither a word for none, nor one digit all along.
pub(crate) fn names_somebody(value: &str) -> bool {
    let one_sign = value.bytes().all(|b| Some(&b) == value.as_bytes().first());
    value.bytes().any(|b| b.is_ascii_digit()) && !(one_sign && (value.len() > 3 || value == "0"))
}

fn verification(stated: &Element, reading: &mut Reading) -> Option<Coded> {
    let extension = stated.extension("VerificationStatus")?;
    let (_, value) = extension.choice("value")?;
    let said = reading.coded(value, "identifier.verification")?;
    let known = VERIFICATIONS.iter().find(|(number, words)| {
        *number == said.code || *words == said.code || words.starts_with(&format!("{}-", said.code))
    });
    let Some((number, _)) = known else {
        reading.flag(FindingCode::CodeUnknown, "identifier.verification");
        return Some(said);
    };
    Some(Coded { code: (*number).to_owned(), code_set: "nhs.number_verification".to_owned(), text: None })
}

/// What a Patient says of itself: the whole description each time.
pub(crate) fn described(
    patient: &Element,
    identifiers: Vec<Identifier>,
    practice: Option<String>,
    stood: Option<Time>,
    reading: &mut Reading,
) -> PersonDescribed {
    let has_died = patient.text("deceasedBoolean").map(|said| said == "true");
    if has_died == Some(true) {
        reading.flag(FindingCode::FieldMissing, "deceasedDateTime");
    }
    let is_replaced = patient.all("link").any(|link| link.text("type") == Some("replaced-by"));
    if patient.text("active") == Some("false") && !is_replaced {
        reading.flag(FindingCode::NotMapped, "active");
    }
    let ethnicity = patient.extension("EthnicCategory").and_then(|extension| {
        let coded = reading.coded(extension.choice("value")?.1, "ethnicity")?;
        if !ETHNICITIES.iter().any(|code| coded.code.eq_ignore_ascii_case(code) || coded.code.starts_with(code)) {
            reading.flag(FindingCode::CodeUnknown, "ethnicity");
        }
        Some(coded)
    });
    let language = patient.all("communication").find(|spoken| spoken.text("preferred") == Some("true"));
    let language = language.or_else(|| patient.get("communication")).and_then(|spoken| spoken.get("language"));
    let mut told = |system| telecoms(patient, system, stood, reading);
    let mut phones = told("phone");
    phones.extend(told("sms"));
    let emails = told("email");
    flag_unreached(patient, reading);
    let birth_order = patient.text("multipleBirthInteger").and_then(|number| number.parse().ok());
    PersonDescribed {
        names: patient.all("name").filter_map(|stated| name(stated, stood, reading)).collect(),
        birth_on: reading.day(patient, "birthDate"),
        expected_birth_on: None,
        death_on: reading.day(patient, "deceasedDateTime"),
        sex: reading.code_of(patient, "gender", GENDERS),
        ethnicity,
        first_language: language.and_then(|language| reading.coded(language, "language")),
        addresses: patient.all("address").filter_map(|stated| address(stated, reading)).collect(),
        phones,
        identifiers,
        upn_unknown: None,
        practice,
        multiple_birth: birth_order
            .map(|_: u32| true)
            .or_else(|| patient.text("multipleBirthBoolean").map(|said| said == "true")),
        birth_order,
        emails,
        has_died,
    }
}

/// Tells of a telephone or an address of a system that is not told: a fax, a textphone, or nothing that says what it is.
pub(crate) fn flag_unreached(of: &Element, reading: &mut Reading) {
    if of.all("telecom").any(|stated| !stated.text("system").is_some_and(|system| TOLD.contains(&system))) {
        reading.flag(FindingCode::NotMapped, "telecom");
    }
}

/// The numbers or addresses of one system by which somebody can be reached. One that was theirs once may be a stranger's now.
pub(crate) fn telecoms(of: &Element, system: &str, stood: Option<Time>, reading: &mut Reading) -> Vec<String> {
    let mut told = Vec::new();
    for stated in of.all("telecom").filter(|stated| stated.text("system") == Some(system)) {
        if is_past(stated, stood, reading) {
            reading.flag(FindingCode::NotMapped, "telecom");
        } else {
            told.extend(stated.text("value").map(str::to_owned));
        }
    }
    told
}

/// The practice at which somebody is registered; one at which they were is told of.
pub(crate) fn practice(
    bundle: &Bundle,
    patient: &Element,
    within: &Element,
    stood: Option<Time>,
    reading: &mut Reading,
) -> Option<String> {
    patient.all("generalPractitioner").find_map(|to| {
        if was_once(bundle, to, within, stood, reading) {
            reading.flag(FindingCode::NotMapped, "generalPractitioner");
            return None;
        }
        organisation_of(bundle, to, within)
    })
}

/// Whether a reference is to what somebody had once: the number that it names is one of the past, or the role that it leads to.
pub(crate) fn was_once(
    bundle: &Bundle,
    to: &Element,
    within: &Element,
    stood: Option<Time>,
    reading: &mut Reading,
) -> bool {
    let role = match bundle.referred(to, within) {
        Referred::Here(found) => Some(found),
        _ => None,
    };
    [Some(to), to.get("identifier"), role].into_iter().flatten().any(|of| reading.is_over(of, stood))
}

/// A HumanName; `None` when no part of it stands there.
pub(crate) fn name(stated: &Element, stood: Option<Time>, reading: &mut Reading) -> Option<PersonName> {
    let mut given = stated.all("given").filter_map(Element::own_text);
    let first = given.next().map(str::to_owned);
    let middle = given.collect::<Vec<_>>().join(" ");
    let family = stated.all("family").filter_map(Element::own_text).collect::<Vec<_>>().join(" ");
    let some = |text: String| (!text.is_empty()).then_some(text);
    // Words without parts are kept where a reader looks for a name.
    let (family, first) = match (some(family), first) {
        (None, None) => (Some(stated.text("text")?.to_owned()), None),
        parts => parts,
    };
    let stands_as = match stated.text("use") {
        _ if reading.is_over(stated, stood) => Use::Former,
        Some("official" | "usual") | None => Use::Usual,
        Some("nickname") => Use::Preferred,
        Some("old" | "maiden") => Use::Former,
        Some(_) => Use::Unspecified,
    };
    Some(PersonName {
        family,
        given: first,
        middle: some(middle),
        prefix: stated.text("prefix").map(str::to_owned),
        suffix: stated.text("suffix").map(str::to_owned),
        r#use: stands_as.into(),
    })
}

pub(crate) fn address(stated: &Element, reading: &mut Reading) -> Option<Address> {
    let mut lines: Vec<String> = stated.all("line").filter_map(Element::own_text).map(str::to_owned).collect();
    for part in ["city", "district", "state", "country"] {
        lines.extend(stated.text(part).filter(|part| !lines.iter().any(|line| line == part)).map(str::to_owned));
    }
    let postcode = stated.text("postalCode").map(str::to_owned);
    if lines.is_empty() {
        lines.extend(stated.text("text").map(str::to_owned));
    }
    if lines.is_empty() && postcode.is_none() {
        return None;
    }
    let uprn = stated.extension("AddressKey").and_then(|key| {
        let of = key.all("extension").find_map(|part| part.choice("value")?.1.own_text()).unwrap_or_default();
        of.bytes().all(|b| b.is_ascii_digit()).then(|| of.to_owned()).filter(|digits| !digits.is_empty())
    });
    Some(Address {
        lines,
        postcode,
        uprn,
        from: reading.day(stated, "period/start"),
        to: reading.day(stated, "period/end"),
        r#use: stands_for(stated, reading).map(Into::into),
    })
}

/// What kind of address it is. That somebody lives there no more says more of it than that letters went there.
fn stands_for(stated: &Element, reading: &mut Reading) -> Option<address::Use> {
    let is_postal = stated.text("type") == Some("postal");
    match stated.text("use") {
        Some("old") => Some(address::Use::Former),
        Some("billing") => Some(address::Use::Correspondence),
        _ if is_postal => Some(address::Use::Correspondence),
        Some("home") => Some(address::Use::Home),
        Some("temp") => Some(address::Use::Temporary),
        Some("work") => Some(address::Use::Other),
        Some(_) => {
            reading.flag(FindingCode::CodeUnknown, "address.use");
            None
        }
        None => None,
    }
}

/// An organisation's id, by its ODS code.
fn organisation(organisation: &Element) -> Option<String> {
    let by_code = organisation.all("identifier").find(|id| id.text("system").is_some_and(is_ods))?;
    ods(by_code.text("value")?)
}

/// Whose code a reference to an organisation, a practitioner's role or a service names: of what stands in the bundle, else by
/// identifier, else by the address in the national directory, whose ids are the codes.
pub(crate) fn organisation_of(bundle: &Bundle, reference: &Element, within: &Element) -> Option<String> {
    match bundle.referred(reference, within) {
        Referred::Here(found) => organisation(found).or_else(|| {
            let of = ["organization", "providedBy"].into_iter().find_map(|path| found.get(path))?;
            match bundle.referred(of, found) {
                Referred::Here(found) => organisation(found),
                Referred::Elsewhere { kind, id, base } => in_directory(kind, id, base),
                _ => None,
            }
        }),
        Referred::Known(system, value) if is_ods(&system) => ods(&value),
        Referred::Elsewhere { kind, id, base } => in_directory(kind, id, base),
        _ => None,
    }
}

fn in_directory(kind: &str, id: &str, base: Option<&str>) -> Option<String> {
    let national = kind == "Organization" && base.is_some_and(|base| base.contains("directory.spineservices.nhs.uk"));
    national.then(|| ods(id)).flatten()
}

fn ods(code: &str) -> Option<String> {
    let plain = (3..=12).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
    plain.then(|| format!("ods-{}", code.to_ascii_lowercase()))
}

/// The organisation of a message's own address: "urn:nhs-uk:addressing:ods:A83627".
pub(crate) fn ods_of_address(address: &str) -> Option<String> {
    let (_, code) = address.split_once(":addressing:ods:")?;
    ods(code.split(':').next().unwrap_or(code))
}
