//! Facts as Consent resources, which read back to the same facts.

use proto::events::event::Kind;
use proto::sharing::consent_recorded::{CapacityBasis, GivenBy, Kind as ConsentKind, State};
use proto::sharing::restriction::Kind as RestrictionKind;
use proto::sharing::{Category, ConsentRecorded, Purpose, RestrictionLifted, RestrictionSet};
use serde_json::{Value, json};

use super::ConsentFact;
use super::codes::{
    self, ACT_CODE, CAPACITY_BASIS, CATEGORY, CONSENT_KIND, FORM, FORM_VERSION, ID, LOINC, ORGANISATION, PARTICIPATION,
    PERSON, PURPOSE, RESTRICTION, ROLE, SCOPE,
};

/// A fact that no Consent resource can say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{field}` {what}")]
pub struct Unsayable {
    /// The field of the fact.
    pub field: &'static str,
    /// Why not.
    pub what: &'static str,
}

/// One fact as a Consent resource.
///
/// # Errors
/// [`Unsayable`] names the field: a fact of another kind, one that says too little, and a date that is estimated.
pub fn write(fact: &ConsentFact) -> Result<Value, Unsayable> {
    let (system, value) = codes::identifier(&fact.child);
    let mut resource = match fact.event.kind.as_ref() {
        Some(Kind::ConsentRecorded(consent)) => of_consent(consent, (&system, &value))?,
        Some(Kind::RestrictionSet(set)) => of_restriction(set)?,
        Some(Kind::RestrictionLifted(lifted)) => of_lifted(lifted)?,
        _ => return Err(Unsayable { field: "event", what: "is of a kind that is no consent" }),
    };
    let said_on = fact.effective_on.as_ref().map(codes::date_text);
    if said_on == Some(None) {
        return Err(NO_DATE);
    }
    set(&mut resource, "resourceType", json!("Consent"));
    set(&mut resource, "patient", json!({ "type": "Patient", "identifier": { "system": system, "value": value } }));
    if let Some(day) = said_on.flatten() {
        set(&mut resource, "dateTime", json!(day));
    }
    Ok(resource)
}

const NO_DATE: Unsayable = Unsayable { field: "from", what: "is a date that FHIR has no way to write, or estimated" };

fn of_consent(consent: &ConsentRecorded, patient: (&str, &str)) -> Result<Value, Unsayable> {
    // Every field by name: one that is added later does not compile until it is written here, and read.
    let ConsentRecorded {
        id: _,
        kind,
        state: _,
        by: _,
        recipients,
        categories,
        purposes,
        from,
        to,
        evidence,
        people,
        capacity_basis,
        holder,
        form,
        form_version,
    } = consent;
    let (status, permits) = match consent.state() {
        State::Given => ("active", true),
        State::Refused => ("active", false),
        State::Withdrawn => ("inactive", true),
        State::Unspecified => return Err(Unsayable { field: "state", what: "is not said" }),
    };
    let scope = match (kind.map(|_| consent.kind()), form) {
        (Some(ConsentKind::Share), _) => coding(SCOPE, "patient-privacy"),
        (Some(ConsentKind::Treatment), _) => coding(SCOPE, "treatment"),
        (Some(ConsentKind::ServiceAgreement), _) => coding(CONSENT_KIND, "service_agreement"),
        (Some(ConsentKind::Assessment), _) => coding(CONSENT_KIND, "assessment"),
        (None, Some(_)) => coding(CONSENT_KIND, "by_form"),
        _ => return Err(Unsayable { field: "kind", what: "is not said" }),
    };
    let mut resource = json!({
        "identifier": [identifier(consent.id())?],
        "status": status,
        "scope": concept(scope),
        "category": [concept(coding(LOINC, "59284-0"))],
        "policyRule": rule(permits),
    });
    add_giver(&mut resource, consent.by(), holder.as_deref(), patient)?;
    let mut extension = Vec::new();
    if let Some(basis) = capacity_basis.map(|_| consent.capacity_basis()) {
        if basis == CapacityBasis::Unspecified {
            return Err(Unsayable { field: "capacity_basis", what: "is not one that is known here" });
        }
        extension
            .push(json!({ "url": CAPACITY_BASIS, "valueCode": codes::word("CAPACITY_BASIS_", basis.as_str_name()) }));
    }
    for (url, text) in [(FORM, form), (FORM_VERSION, form_version)] {
        match text.as_deref() {
            Some("") => return Err(Unsayable { field: "form", what: "is empty" }),
            Some(text) => extension.push(json!({ "url": url, "valueString": text })),
            None => {}
        }
    }
    if !extension.is_empty() {
        set(&mut resource, "extension", Value::Array(extension));
    }
    if let Some(evidence) = evidence {
        set(&mut resource, "sourceReference", json!({ "display": evidence }));
    }
    let mut actors: Vec<Value> = Vec::new();
    for id in recipients {
        let identifier = json!({ "system": ORGANISATION, "value": id });
        let read =
            super::resource::Identifier { system: Some(ORGANISATION.to_owned()), value: Some(id.clone()), usage: None };
        if codes::organisation(&read).as_ref() != Some(id) {
            return Err(Unsayable { field: "recipients", what: "holds something that is no organisation's id" });
        }
        actors.push(actor("Organization", &identifier));
    }
    for person in people {
        if person.issuer().is_empty() || person.person().is_empty() || person.issuer() == PERSON {
            return Err(Unsayable { field: "people", what: "holds somebody without an issuer or a name" });
        }
        actors.push(actor("RelatedPerson", &json!({ "system": person.issuer(), "value": person.person() })));
    }
    let mut provision = json!({ "type": if permits { "permit" } else { "deny" } });
    add_period(&mut provision, from.as_ref(), to.as_ref())?;
    add_list(&mut provision, "actor", actors);
    add_list(&mut provision, "purpose", words::<Purpose>(purposes, PURPOSE, "PURPOSE_", Purpose::as_str_name)?);
    add_list(&mut provision, "class", words::<Category>(categories, CATEGORY, "CATEGORY_", Category::as_str_name)?);
    set(&mut resource, "provision", provision);
    Ok(resource)
}

fn of_restriction(set_: &RestrictionSet) -> Result<Value, Unsayable> {
    let RestrictionSet { id: _, kind: _, person, categories, from, entry_ids, ground, adult, set_by: _ } = set_;
    if !entry_ids.is_empty() || ground.is_some() {
        return Err(Unsayable {
            field: "entry_ids",
            what: "is of a restriction of processing, which a Consent has no word for",
        });
    }
    if set_.kind() == RestrictionKind::Unspecified {
        return Err(Unsayable { field: "kind", what: "is not said" });
    }
    let mut resource = restriction_resource(set_.id(), "active", &codes::word("", set_.kind().as_str_name()))?;
    let mut provision = json!({ "type": "deny" });
    add_period(&mut provision, from.as_ref(), None)?;
    let of_pr = set_.kind() == RestrictionKind::ParentalResponsibility;
    let whom = match (person.as_deref(), adult) {
        (None, None) => None,
        (Some(person), None) if !person.is_empty() => Some(json!({ "system": PERSON, "value": person })),
        (None, Some(adult)) if !adult.issuer().is_empty() && !adult.person().is_empty() && adult.issuer() != PERSON => {
            Some(json!({ "system": adult.issuer(), "value": adult.person() }))
        }
        _ => return Err(Unsayable { field: "adult", what: "is somebody of one issuer, or of any, and has a name" }),
    };
    if !of_pr && whom.is_some() {
        return Err(Unsayable { field: "adult", what: "is of a restriction of parental responsibility alone" });
    }
    add_list(&mut provision, "actor", whom.iter().map(|whom| actor("RelatedPerson", whom)).collect());
    add_list(&mut provision, "class", words::<Category>(categories, CATEGORY, "CATEGORY_", Category::as_str_name)?);
    set(&mut resource, "provision", provision);
    Ok(resource)
}

fn of_lifted(lifted: &RestrictionLifted) -> Result<Value, Unsayable> {
    restriction_resource(lifted.id(), "inactive", "lifted")
}

fn restriction_resource(id: &str, status: &str, code: &str) -> Result<Value, Unsayable> {
    Ok(json!({
        "identifier": [identifier(id)?],
        "status": status,
        "scope": concept(coding(SCOPE, "patient-privacy")),
        "category": [concept(coding(RESTRICTION, code))],
        "policyRule": rule(false),
    }))
}

/// A parent is somebody whom the resource contains: a form names no resource elsewhere.
fn add_giver(
    resource: &mut Value,
    by: GivenBy,
    holder: Option<&str>,
    (system, value): (&str, &str),
) -> Result<(), Unsayable> {
    let patient = json!({ "type": "Patient", "identifier": { "system": system, "value": value } });
    match (by, holder) {
        (GivenBy::Subject, None) => set(resource, "performer", json!([patient])),
        (GivenBy::Parent, holder) => {
            let related = json!({
                "resourceType": "RelatedPerson",
                "id": "giver",
                "patient": patient,
                "relationship": [concept(coding(ROLE, "PRN"))],
            });
            set(resource, "contained", json!([related]));
            let mut giver = json!({ "reference": "#giver" });
            if let Some(holder) = holder {
                set(&mut giver, "display", json!(holder));
            }
            set(resource, "performer", json!([giver]));
        }
        (GivenBy::Subject, Some(_)) => {
            return Err(Unsayable { field: "holder", what: "is of a parent's consent alone" });
        }
        (GivenBy::Unspecified, _) => return Err(Unsayable { field: "by", what: "is not said" }),
    }
    Ok(())
}

fn identifier(id: &str) -> Result<Value, Unsayable> {
    if id.is_empty() || id.len() > 200 {
        return Err(Unsayable { field: "id", what: "is missing, or longer than an identifier" });
    }
    Ok(json!({ "system": ID, "value": id }))
}

fn rule(permits: bool) -> Value {
    concept(coding(ACT_CODE, if permits { "OPTIN" } else { "OPTOUT" }))
}

fn coding(system: &str, code: &str) -> Value {
    json!({ "system": system, "code": code })
}

fn concept(coding: Value) -> Value {
    json!({ "coding": [coding] })
}

fn actor(kind: &str, identifier: &Value) -> Value {
    json!({
        "role": concept(coding(PARTICIPATION, "IRCP")),
        "reference": { "type": kind, "identifier": identifier },
    })
}

fn add_period(
    provision: &mut Value,
    from: Option<&proto::events::Date>,
    to: Option<&proto::events::Date>,
) -> Result<(), Unsayable> {
    let mut period = json!({});
    for (name, date) in [("start", from), ("end", to)] {
        if let Some(date) = date {
            set(&mut period, name, json!(codes::date_text(date).ok_or(NO_DATE)?));
        }
    }
    if from.is_some() || to.is_some() {
        set(provision, "period", period);
    }
    Ok(())
}

/// Members of a closed list as codes of ours.
fn words<E: TryFrom<i32>>(
    numbers: &[i32],
    system: &str,
    prefix: &str,
    name: fn(&E) -> &'static str,
) -> Result<Vec<Value>, Unsayable> {
    let word = |number: &i32| {
        let member = E::try_from(*number).ok().filter(|_| *number != 0);
        let unknown = Unsayable { field: "categories", what: "or `purposes` holds one that is not known here" };
        Ok(coding(system, &codes::word(prefix, name(&member.ok_or(unknown)?))))
    };
    numbers.iter().map(word).collect()
}

fn add_list(object: &mut Value, name: &str, list: Vec<Value>) {
    if !list.is_empty() {
        set(object, name, Value::Array(list));
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}
