//! A Consent, or a Bundle of them, as facts.

use proto::events::{Date, Subject};
use proto::sharing::ConsentRecorded;
use proto::sharing::consent_recorded::{CapacityBasis, GivenBy, State};
use serde_json::Value;

use super::codes::{self, ACT_CODE, CAPACITY_BASIS, FORM, FORM_VERSION, ID, OPT_OUT_PROFILE};
use super::patient::People;
use super::provision::{self, Scope};
use super::resource::{Bundle, Consent, Entry, Extension, Identifier};
use super::restriction::{self, Which};
use super::{At, ConsentFact, Imported, Refused, json};

/// Reads a text: one Consent, or a Bundle of Consents with the patients and related people whom they name. All of it or nothing.
///
/// # Errors
/// [`Refused`]: everything that cannot be said exactly in these facts, each with its path.
pub fn read(text: &str) -> Result<Imported, Refused> {
    let value = json::parse(text).map_err(|problem| Refused(vec![problem]))?;
    let (mut read, mut problems) = (Imported::default(), Vec::new());
    match value.get("resourceType").and_then(Value::as_str) {
        Some("Consent") => one(&value, "Consent", &People::default(), &mut read, &mut problems),
        Some("Bundle") => bundle(&value, &mut read, &mut problems).unwrap_or_else(|problem| problems.push(problem)),
        _ => problems.push(At::new("$.resourceType", "must be Consent, or Bundle")),
    }
    if problems.is_empty() && read.facts.is_empty() {
        problems.push(At::new("Bundle.entry", "holds no Consent"));
    }
    if problems.is_empty() { Ok(read) } else { Err(Refused(problems)) }
}

fn bundle(value: &Value, read: &mut Imported, problems: &mut Vec<At>) -> Result<(), At> {
    let bundle: Bundle = json::part(value, "Bundle")?;
    debug_assert_eq!(bundle.resource_type.as_deref(), Some("Bundle"), "that is how it came here");
    if !matches!(bundle.kind.as_deref(), Some("collection" | "searchset")) {
        return Err(At::new("Bundle.type", "must be collection or searchset: a transaction is not carried out"));
    }
    if bundle.link.iter().any(|link| link.relation == "next") {
        return Err(At::new(
            "Bundle.link",
            "has a next page: a part of what was decided could be more than was allowed",
        ));
    }
    let mut people = People::default();
    let mut consents = Vec::new();
    for (at, entry) in bundle.entry.iter().enumerate() {
        let path = format!("Bundle.entry[{at}]");
        let entry: Entry = json::part(entry, &path)?;
        let path = format!("{path}.resource");
        let resource = entry.resource.ok_or_else(|| At::new(&path, "is missing"))?;
        match resource.get("resourceType").and_then(Value::as_str) {
            Some("Consent") => consents.push((path, resource)),
            Some("Patient" | "RelatedPerson") => people.add_entry(entry.full_url.as_deref(), &resource),
            Some("Organization" | "Practitioner" | "PractitionerRole") => {
                read.notes.push(At::new(&path, "is passed over: organisations are recorded by themselves"));
            }
            _ => problems.push(At::new(&path, "is neither a Consent nor somebody whom one names")),
        }
    }
    for (path, consent) in consents {
        one(&consent, &path, &people, read, problems);
    }
    Ok(())
}

/// One Consent. What is wrong with it is added to the problems; then its facts are not used.
fn one(value: &Value, path: &str, people: &People, read: &mut Imported, problems: &mut Vec<At>) {
    let consent: Consent = match json::part(value, path) {
        Ok(consent) => consent,
        Err(problem) => return problems.push(problem),
    };
    let people = people.with_contained(&consent.contained);
    let of = consent.patient.as_ref().ok_or_else(|| At::new(&format!("{path}.patient"), "is missing"));
    let child = match of.and_then(|reference| people.child(reference, &format!("{path}.patient"))) {
        Ok(child) => child,
        Err(problem) => return problems.push(problem),
    };
    let said_on = said_on(&consent, path, &mut read.notes, problems);
    let which = restriction::which(&consent, path).unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    around(&consent, which.as_ref(), path, &mut read.notes, problems);
    let id = id(&consent, which.as_ref(), path, problems);
    if let Some(which) = which {
        if matches!(which, Which::OptOut) {
            let what = "is a national data opt-out: it stops planning and research, and neither care nor safeguarding";
            read.notes.push(At::new(path, what));
        }
        let event = restriction::read(&which, &consent, id, said_on, path, problems);
        read.facts.extend(event.map(|event| ConsentFact { child, event, effective_on: said_on }));
        return;
    }
    for recorded in to_share(&consent, &people, &child, &id, path, problems) {
        read.facts.push(ConsentFact { child: child.clone(), event: recorded.into(), effective_on: said_on });
    }
}

/// The consent and the exceptions to it, what refuses first.
fn to_share(
    consent: &Consent,
    people: &People,
    child: &Subject,
    id: &str,
    path: &str,
    problems: &mut Vec<At>,
) -> Vec<ConsentRecorded> {
    let at = |element: &str| format!("{path}.{element}");
    let kind = consent.scope.as_ref().and_then(codes::consent_kind);
    if kind.is_none() {
        let what = "must be patient-privacy or treatment of consentscope, or of urn:throughline:consent-kind";
        problems.push(At::new(&at("scope"), what));
    }
    for (n, _) in consent.category.iter().enumerate().filter(|(_, category)| !codes::is_plain_category(category)) {
        problems.push(At::new(&at(&format!("category[{n}]")), "says a kind of consent that is not known here"));
    }
    let (given_by, holder) = giver(consent, people, child, path, problems);
    let nothing = Value::Object(serde_json::Map::new());
    let base_path = at("provision");
    let Some(base) = provision::read(consent.provision.as_ref().unwrap_or(&nothing), &base_path, problems) else {
        return Vec::new();
    };
    if !base.scope.adults.is_empty() {
        problems.push(At::new(&at("provision.actor"), "names an adult as a restriction does, in a consent"));
    }
    let permits = whether(consent, base.permits, path, problems);
    let state = match (consent.status.as_deref(), permits) {
        (Some("active"), Some(true)) => Some(State::Given),
        (Some("active" | "rejected"), Some(false)) => Some(State::Refused),
        (Some("rejected"), _) => Some(State::Refused),
        (Some("inactive"), Some(true)) => Some(State::Withdrawn),
        (Some("inactive"), Some(false)) => {
            problems.push(At::new(
                &at("status"),
                "is inactive of a refusal: that one ended is said by a consent given after it",
            ));
            None
        }
        (Some("active" | "inactive"), None) => None,
        _ => {
            problems.push(At::new(&at("status"), "must be active, inactive or rejected: nothing else was decided"));
            None
        }
    };
    let Some(state) = state else { return Vec::new() };
    let mut template = ConsentRecorded {
        kind: kind.flatten().map(Into::into),
        by: given_by.map(Into::into),
        evidence: evidence(consent, path, problems),
        holder,
        ..ConsentRecorded::default()
    };
    extensions(consent, &mut template, path, problems);
    if kind == Some(None) && template.form.is_none() {
        problems.push(At::new(&at("scope"), "says that a form says what is agreed to, and no form is named"));
    }
    let mut recorded = Vec::new();
    if !base.nested.is_empty() && state == State::Withdrawn {
        problems.push(At::new(&at("provision.provision"), "makes an exception to what was withdrawn"));
    }
    for (n, nested) in base.nested.iter().enumerate() {
        let path = format!("{base_path}.provision[{n}]");
        let exception = exception(nested, &path, &base.scope, permits, problems);
        recorded.extend(exception.map(|(state, scope)| said(&template, format!("{id}/{}", n + 1), state, &scope)));
    }
    // What refuses goes first: whatever breaks off in the middle leaves less shared than was agreed, and never more.
    let base = said(&template, id.to_owned(), state, &base.scope);
    if permits == Some(false) {
        recorded.insert(0, base)
    } else {
        recorded.push(base)
    }
    recorded
}

/// An exception, with what it has of the provision that it stands in.
fn exception(
    value: &Value,
    path: &str,
    base: &Scope,
    base_permits: Option<bool>,
    problems: &mut Vec<At>,
) -> Option<(State, Scope)> {
    let read = provision::read(value, path, problems)?;
    if !read.nested.is_empty() {
        problems.push(At::new(
            &format!("{path}.provision"),
            "is an exception to an exception, which a consent here has not",
        ));
    }
    if !read.scope.adults.is_empty() {
        problems.push(At::new(&format!("{path}.actor"), "names an adult as a restriction does, in a consent"));
    }
    let Some(permits) = read.permits else {
        problems.push(At::new(&format!("{path}.type"), "is missing: an exception permits or denies"));
        return None;
    };
    if base_permits == Some(permits) {
        let what = "says the same as the provision that it stands in: whether it was meant to narrow it is not said";
        problems.push(At::new(&format!("{path}.type"), what));
        return None;
    }
    let scope = provision::within(&read.scope, base).map_err(|element| {
        problems.push(At::new(&format!("{path}.{element}"), "lies outside the provision that it is an exception to"));
    });
    Some((if permits { State::Given } else { State::Refused }, scope.ok()?))
}

fn said(template: &ConsentRecorded, id: String, state: State, scope: &Scope) -> ConsentRecorded {
    ConsentRecorded {
        id: Some(id),
        state: Some(state.into()),
        recipients: scope.recipients.clone(),
        people: scope.people.clone(),
        categories: scope.categories.iter().map(|category| (*category).into()).collect(),
        purposes: scope.purposes.iter().map(|purpose| (*purpose).into()).collect(),
        from: scope.from,
        to: scope.to,
        ..template.clone()
    }
}

/// Whether it permits or denies: by the policy rule, by the provision's own type, or by both where they agree.
fn whether(consent: &Consent, typed: Option<bool>, path: &str, problems: &mut Vec<At>) -> Option<bool> {
    let at = format!("{path}.policyRule");
    let ruled = match consent.policy_rule.as_ref().map(codes::only) {
        None => None,
        Some(Some((ACT_CODE, "OPTIN" | "OPTINR"))) => Some(true),
        Some(Some((ACT_CODE, "OPTOUT" | "OPTOUTE"))) => Some(false),
        Some(_) => {
            problems.push(At::new(&at, "must be OPTIN, OPTINR, OPTOUT or OPTOUTE of v3-ActCode"));
            return None;
        }
    };
    match (ruled, typed) {
        (Some(ruled), Some(typed)) if ruled != typed => {
            problems.push(At::new(&at, "says the opposite of `provision.type`"));
            None
        }
        (None, None) => {
            problems
                .push(At::new(&at, "is missing, and so is `provision.type`: whether it permits or denies is not said"));
            None
        }
        (ruled, typed) => ruled.or(typed),
    }
}

fn giver(
    consent: &Consent,
    people: &People,
    child: &Subject,
    path: &str,
    problems: &mut Vec<At>,
) -> (Option<GivenBy>, Option<String>) {
    let [performer] = consent.performer.as_slice() else {
        let what = "must be one: who gave, refused or withdrew it. Two who hold responsibility are two consents";
        problems.push(At::new(&format!("{path}.performer"), what));
        return (None, None);
    };
    match people.giver(performer, child, &format!("{path}.performer[0]")) {
        Ok(by) => (Some(by), performer.display.clone().filter(|_| by == GivenBy::Parent)),
        Err(problem) => {
            problems.push(problem);
            (None, None)
        }
    }
}

/// Where the evidence is kept.
fn evidence(consent: &Consent, path: &str, problems: &mut Vec<At>) -> Option<String> {
    match (&consent.source_attachment, &consent.source_reference) {
        (Some(_), Some(_)) => {
            problems
                .push(At::new(&format!("{path}.sourceReference"), "stands beside `sourceAttachment`: FHIR allows one"));
            None
        }
        (Some(attachment), None) => attachment.url.clone().or_else(|| attachment.title.clone()),
        (None, Some(reference)) => reference.display.clone().or_else(|| reference.reference.clone()),
        (None, None) => None,
    }
}

/// Our own extensions. Another's changes nothing of what is meant, by FHIR's own rule, and is noted.
fn extensions(consent: &Consent, template: &mut ConsentRecorded, path: &str, problems: &mut Vec<At>) {
    for (n, extension) in consent.extension.iter().enumerate().filter(|(_, extension)| is_ours(extension)) {
        let at = format!("{path}.extension[{n}]");
        let extension: Extension = match json::part(extension, &at) {
            Ok(extension) => extension,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let text = extension.value_string.filter(|text| !text.is_empty());
        match (extension.url.as_deref(), extension.value_code.as_deref(), text) {
            (Some(CAPACITY_BASIS), Some(code), None) => {
                let basis = codes::name("CAPACITY_BASIS_", code).and_then(|name| CapacityBasis::from_str_name(&name));
                match basis.filter(|basis| *basis != CapacityBasis::Unspecified) {
                    Some(basis) => template.capacity_basis = Some(basis.into()),
                    None => problems.push(At::new(&at, "is no basis of capacity that is known here")),
                }
            }
            (Some(FORM), None, Some(text)) => template.form = Some(text),
            (Some(FORM_VERSION), None, Some(text)) => template.form_version = Some(text),
            _ => problems.push(At::new(&at, "is of ours and says something that is not known here")),
        }
    }
}

fn is_ours(extension: &Value) -> bool {
    extension.get("url").and_then(Value::as_str).is_some_and(|url| url.starts_with("urn:throughline:"))
}

/// What stands around a decision and is not the decision: noted where it changes nothing, refused where it may.
fn around(consent: &Consent, which: Option<&Which>, path: &str, notes: &mut Vec<At>, problems: &mut Vec<At>) {
    let at = |element: &str| format!("{path}.{element}");
    if consent.text.as_ref().is_some_and(|text| !matches!(text.status.as_str(), "generated" | "extensions")) {
        problems
            .push(At::new(&at("text"), "says in words what the elements may not: only a generated text is left out"));
    }
    if consent.extension.iter().any(|extension| !is_ours(extension)) {
        notes.push(At::new(&at("extension"), "is not kept"));
    }
    if !consent.organization.is_empty() {
        notes.push(At::new(&at("organization"), "is not kept: it is recorded for the organisation that imports it"));
    }
    let is_opt_out = matches!(which, Some(Which::OptOut));
    if is_opt_out && !consent.policy.is_empty() {
        notes.push(At::new(&at("policy"), "is not kept: the profile says which policy it is"));
    } else if consent.policy.iter().any(|policy| policy.uri.is_some()) || !consent.policy.is_empty() {
        problems.push(At::new(&at("policy"), "names a policy whose text could change what is meant"));
    }
    for (n, verification) in consent.verification.iter().enumerate() {
        match verification.verified {
            Some(true) => notes.push(At::new(&at(&format!("verification[{n}]")), "is not kept")),
            _ => problems.push(At::new(&at(&format!("verification[{n}]")), "says that it was not verified")),
        }
    }
    if which.is_none() && consent.meta.iter().flat_map(|meta| &meta.profile).any(|profile| profile.contains("NDOP")) {
        problems.push(At::new(&at("meta.profile"), format!("is of the opt-out, and not {OPT_OUT_PROFILE}")));
    }
}

/// The id by which it is withdrawn or lifted later.
fn id(consent: &Consent, which: Option<&Which>, path: &str, problems: &mut Vec<At>) -> String {
    let of = |identifier: &Identifier| {
        let value = identifier.value.as_deref().filter(|value| !value.is_empty())?;
        Some(match identifier.system.as_deref() {
            Some(ID) | None => value.to_owned(),
            Some(system) => format!("{system}|{value}"),
        })
    };
    let id = match consent.identifier.as_slice() {
        [one] => of(one),
        [] => consent.id.as_ref().map(|id| format!("Consent/{id}")),
        _ => None,
    };
    // A person has one opt-out.
    let id = id.or_else(|| matches!(which, Some(Which::OptOut)).then(|| "national-data-opt-out".to_owned()));
    match id.filter(|id| id.len() <= ID_BYTES_MAX) {
        Some(id) => id,
        None => {
            problems.push(At::new(&format!("{path}.identifier"), "must be one, by which it can be withdrawn later"));
            String::new()
        }
    }
}

const ID_BYTES_MAX: usize = 200;

/// The day on which it was said, as its own time zone has it.
fn said_on(consent: &Consent, path: &str, notes: &mut Vec<At>, problems: &mut Vec<At>) -> Option<Date> {
    let at = format!("{path}.dateTime");
    let text = consent.date_time.as_deref()?;
    if let Some(date) = codes::date(text) {
        return Some(date);
    }
    let is_instant = text.parse::<jiff::Timestamp>().is_ok();
    match text.split_once('T').and_then(|(day, _)| codes::date(day)).filter(|_| is_instant) {
        Some(date) => {
            notes.push(At::new(&at, "is kept as a day, without its time"));
            Some(date)
        }
        None => {
            problems.push(At::new(&at, "must be a date, or an instant with its time zone"));
            None
        }
    }
}
