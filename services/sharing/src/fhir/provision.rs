//! A provision of a Consent: to whom, what, for what and until when.

use proto::events::Date;
use proto::sharing::{Category, NamedPerson, Purpose};
use serde_json::Value;

use super::At;
use super::codes::{self, ACTION, PARTICIPATION, PERSON};
use super::json;
use super::resource::{Actor, CodeableConcept, Provision, Reference};

/// What one provision covers. An empty list covers all.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Scope {
    pub(super) recipients: Vec<String>,
    pub(super) people: Vec<NamedPerson>,
    /// Of a restriction of parental responsibility.
    pub(super) adults: Vec<String>,
    pub(super) categories: Vec<Category>,
    pub(super) purposes: Vec<Purpose>,
    pub(super) from: Option<Date>,
    pub(super) to: Option<Date>,
}

/// A provision, read.
pub(super) struct Read {
    /// `None` where the provision does not say.
    pub(super) permits: Option<bool>,
    pub(super) scope: Scope,
    /// Not read yet.
    pub(super) nested: Vec<Value>,
}

pub(super) fn read(value: &Value, path: &str, problems: &mut Vec<At>) -> Option<Read> {
    let provision: Provision = json::part(value, path).map_err(|problem| problems.push(problem)).ok()?;
    let permits = match provision.kind.as_deref() {
        None => None,
        Some("permit") => Some(true),
        Some("deny") => Some(false),
        Some(_) => {
            problems.push(At::new(&format!("{path}.type"), "must be permit or deny"));
            None
        }
    };
    let mut scope = Scope::default();
    let period = provision.period.as_ref();
    scope.from = day(period.and_then(|p| p.start.as_deref()), &format!("{path}.period.start"), problems);
    scope.to = day(period.and_then(|p| p.end.as_deref()), &format!("{path}.period.end"), problems);
    for (at, actor) in provision.actor.iter().enumerate() {
        add_actor(actor, &format!("{path}.actor[{at}]"), &mut scope, problems);
    }
    for (at, coding) in provision.purpose.iter().enumerate() {
        match codes::purpose(coding) {
            Some(purpose) => scope.purposes.push(purpose),
            None => problems.push(At::new(
                &format!("{path}.purpose[{at}]"),
                "has no equal here: TREAT of v3-ActReason is direct_care, the others are of urn:throughline:purpose",
            )),
        }
    }
    let codes_of = provision.code.iter().enumerate();
    let codes_of = codes_of.map(|(at, code)| (format!("{path}.code[{at}]"), code.coding.as_slice()));
    let classes = provision.class.iter().enumerate();
    let classes = classes.map(|(at, class)| (format!("{path}.class[{at}]"), std::slice::from_ref(class)));
    for (at, codings) in classes.chain(codes_of) {
        match codings {
            [one] if codes::category(one).is_some() => scope.categories.extend(codes::category(one)),
            _ => problems.push(At::new(&at, "names records of no one category: use urn:throughline:category")),
        }
    }
    unsayable(&provision, path, problems);
    Some(Read { permits, scope, nested: provision.provision })
}

/// What bounds a provision in a way that these facts have no word for.
fn unsayable(provision: &Provision, path: &str, problems: &mut Vec<At>) {
    if !provision.security_label.is_empty() {
        problems.push(At::new(
            &format!("{path}.securityLabel"),
            "bounds the provision by labels, which a consent here cannot",
        ));
    }
    if provision.data_period.is_some() {
        problems.push(At::new(
            &format!("{path}.dataPeriod"),
            "bounds the provision by the records' dates, which a consent here cannot",
        ));
    }
    if !provision.data.is_empty() {
        problems.push(At::new(
            &format!("{path}.data"),
            "bounds the provision to single records, which a consent here cannot",
        ));
    }
    let sharing = |action: &CodeableConcept| {
        codes::only(action).is_some_and(|code| code == (ACTION, "access") || code == (ACTION, "disclose"))
    };
    for (at, _) in provision.action.iter().enumerate().filter(|(_, action)| !sharing(action)) {
        problems
            .push(At::new(&format!("{path}.action[{at}]"), "must be access or disclose: a consent here is to share"));
    }
}

fn day(text: Option<&str>, path: &str, problems: &mut Vec<At>) -> Option<Date> {
    let date = codes::date(text?);
    if date.is_none() {
        problems.push(At::new(path, "must be a day, a month or a year: a time of day cannot be kept"));
    }
    date
}

fn add_actor(actor: &Actor, path: &str, scope: &mut Scope, problems: &mut Vec<At>) {
    let receives = |role: &CodeableConcept| codes::only(role).is_some_and(|code| code == (PARTICIPATION, "IRCP"));
    if !actor.role.as_ref().is_some_and(receives) {
        problems.push(At::new(&format!("{path}.role"), "must be IRCP of v3-ParticipationType: who receives"));
    }
    let path = format!("{path}.reference");
    let Some(Reference { identifier: Some(identifier), kind, .. }) = &actor.reference else {
        problems.push(At::new(&path, "must have an identifier: an address elsewhere is not followed"));
        return;
    };
    let (system, value) = (identifier.system.clone().unwrap_or_default(), identifier.value.clone().unwrap_or_default());
    match kind.as_deref() {
        Some("Organization") | None => match codes::organisation(identifier) {
            Some(id) => scope.recipients.push(id),
            None => problems.push(At::new(
                &format!("{path}.identifier"),
                "must be an ODS code, or an organisation id of urn:throughline:organisation",
            )),
        },
        Some("RelatedPerson") if system == PERSON && !value.is_empty() => scope.adults.push(value),
        Some("RelatedPerson") if !system.is_empty() && !value.is_empty() => {
            scope.people.push(NamedPerson { issuer: Some(system), person: Some(value) });
        }
        Some(_) => problems.push(At::new(&path, "must be an Organization, or a RelatedPerson with an identifier")),
    }
}

/// An exception within the provision that it stands in: what it does not say, it has of that one; what it says must lie within.
/// `Err` names the element that does not.
pub(super) fn within(exception: &Scope, base: &Scope) -> Result<Scope, &'static str> {
    fn narrowed<T: Clone + PartialEq>(inner: &[T], outer: &[T], element: &'static str) -> Result<Vec<T>, &'static str> {
        match (inner.is_empty(), outer.is_empty()) {
            (true, _) => Ok(outer.to_vec()),
            (false, true) => Ok(inner.to_vec()),
            (false, false) if inner.iter().all(|one| outer.contains(one)) => Ok(inner.to_vec()),
            (false, false) => Err(element),
        }
    }
    let says_who = !exception.recipients.is_empty() || !exception.people.is_empty();
    let base_says_who = !base.recipients.is_empty() || !base.people.is_empty();
    let (recipients, people) = match (says_who, base_says_who) {
        (false, _) => (base.recipients.clone(), base.people.clone()),
        (true, false) => (exception.recipients.clone(), exception.people.clone()),
        (true, true) => {
            let outside = !exception.recipients.iter().all(|id| base.recipients.contains(id))
                || !exception.people.iter().all(|person| base.people.contains(person));
            if outside {
                return Err("actor");
            }
            (exception.recipients.clone(), exception.people.clone())
        }
    };
    let first = |date: &Date| crate::days::first_day(date);
    let last = |date: &Date| crate::days::last_day(date);
    let starts_before =
        exception.from.as_ref().zip(base.from.as_ref()).is_some_and(|(own, base)| first(own) < first(base));
    let ends_after = exception.to.as_ref().zip(base.to.as_ref()).is_some_and(|(own, base)| last(own) > last(base));
    if starts_before || ends_after {
        return Err("period");
    }
    Ok(Scope {
        recipients,
        people,
        adults: Vec::new(),
        categories: narrowed(&exception.categories, &base.categories, "class")?,
        purposes: narrowed(&exception.purposes, &base.purposes, "purpose")?,
        from: exception.from.or(base.from),
        to: exception.to.or(base.to),
    })
}

/// The provision of a restriction: it denies, and says whom and what it binds. Of the opt-out, whose purpose is said in codes of
/// its own, the purpose is not read.
pub(super) fn read_restriction(
    which: &super::restriction::Which,
    value: &Value,
    path: &str,
    problems: &mut Vec<At>,
) -> Option<Scope> {
    let mut value = value.clone();
    if let (super::restriction::Which::OptOut, Some(object)) = (which, value.as_object_mut()) {
        object.remove("purpose");
    }
    let read = read(&value, path, problems)?;
    if read.permits == Some(true) {
        problems.push(At::new(&format!("{path}.type"), "must be deny of a restriction"));
    }
    if !read.nested.is_empty() {
        problems
            .push(At::new(&format!("{path}.provision"), "makes an exception to a restriction, which has none here"));
    }
    let scope = read.scope;
    let bounded = !scope.recipients.is_empty() || !scope.purposes.is_empty() || scope.to.is_some();
    let is_of_pr = matches!(
        which,
        super::restriction::Which::Ours(Some(proto::sharing::restriction::Kind::ParentalResponsibility))
    );
    if bounded || scope.adults.len() + scope.people.len() > usize::from(is_of_pr) {
        problems
            .push(At::new(path, "bounds a restriction by recipient, purpose or end, which one here is not bounded by"));
    }
    Some(scope)
}
