//! Who a resource is about, and who speaks in it: references to people, resolved within the text alone.

use proto::events::Subject;
use proto::sharing::consent_recorded::GivenBy;
use serde_json::Value;

use super::At;
use super::codes::{self, ROLE};
use super::resource::{Reference, Someone};

/// Somebody of the text whom a reference can name.
struct Known {
    is_patient: bool,
    /// The ways in which they are named: "Patient/1", "urn:uuid:...", "#giver".
    names: Vec<String>,
    someone: Someone,
}

/// The people of a text.
#[derive(Default)]
pub(super) struct People(Vec<Known>);

/// v3 RoleCode: somebody of whom a form says that they are the child's parent or guardian. A foster carer, a step-parent and a
/// grandparent are not, whatever else they hold.
const PARENTS: [&str; 9] = ["PRN", "MTH", "FTH", "NMTH", "NFTH", "ADOPTP", "ADOPTM", "ADOPTF", "GUARD"];

impl People {
    /// Adds an entry of a Bundle, if it is somebody.
    pub(super) fn add_entry(&mut self, full_url: Option<&str>, resource: &Value) {
        self.add(resource, |kind, id| {
            full_url.map(str::to_owned).into_iter().chain(id.map(|id| format!("{kind}/{id}"))).collect()
        });
    }

    /// The same people, with those whom a Consent contains.
    pub(super) fn with_contained(&self, contained: &[Value]) -> Self {
        let mut all = Self::default();
        contained.iter().for_each(|resource| {
            all.add(resource, |_, id| id.map(|id| format!("#{id}")).into_iter().collect());
        });
        all.0.extend(self.0.iter().map(|known| Known {
            is_patient: known.is_patient,
            names: known.names.clone(),
            someone: Someone {
                id: known.someone.id.clone(),
                identifier: known.someone.identifier.clone(),
                relationship: known.someone.relationship.clone(),
                patient: known.someone.patient.clone(),
            },
        }));
        all
    }

    fn add(&mut self, resource: &Value, names: impl Fn(&str, Option<&str>) -> Vec<String>) {
        let kind = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
        if !matches!(kind, "Patient" | "RelatedPerson") {
            return;
        }
        let Ok(someone) = serde_json::from_value::<Someone>(resource.clone()) else { return };
        let names = names(kind, someone.id.as_deref());
        self.0.push(Known { is_patient: kind == "Patient", names, someone });
    }

    /// The one whom this names; nobody where two have the name.
    fn named(&self, name: &str) -> Option<&Known> {
        let mut found = self.0.iter().filter(|known| known.names.iter().any(|own| own == name));
        found.next().filter(|_| found.next().is_none())
    }

    /// The child of a reference: by an identifier on it, or by those of the Patient that it names in this text.
    pub(super) fn child(&self, reference: &Reference, path: &str) -> Result<Subject, At> {
        if let Some(identifier) = &reference.identifier {
            return codes::subject(identifier).ok_or_else(|| {
                At::new(
                    &format!("{path}.identifier"),
                    "must be an NHS number, or of a system that begins urn:throughline:subject:",
                )
            });
        }
        let known = reference.reference.as_deref().and_then(|name| self.named(name)).filter(|known| known.is_patient);
        let known = known.ok_or_else(|| {
            At::new(
                path,
                "must have an identifier, or name a Patient of this Bundle: an address elsewhere is not followed",
            )
        })?;
        let mut children: Vec<Subject> = known.someone.identifier.iter().filter_map(codes::subject).collect();
        children.dedup();
        match children.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(At::new(path, "names a Patient without an identifier that is known here")),
            _ => Err(At::new(
                path,
                "names a Patient with several identifiers: which of them the consent is of is not said",
            )),
        }
    }

    /// Who gave it: the child, or somebody of whom the text says that they are a parent or guardian.
    pub(super) fn giver(&self, performer: &Reference, child: &Subject, path: &str) -> Result<GivenBy, At> {
        let is_patient = performer.kind.as_deref() == Some("Patient")
            || performer.reference.as_deref().is_some_and(|name| name.starts_with("Patient/"))
            || performer.reference.as_deref().and_then(|name| self.named(name)).is_some_and(|known| known.is_patient);
        if is_patient {
            return match self.child(performer, path)? == *child {
                true => Ok(GivenBy::Subject),
                false => Err(At::new(path, "is another patient than the one whom the consent is of")),
            };
        }
        let known = performer.reference.as_deref().and_then(|name| self.named(name));
        let Some(known) = known else {
            let what = "must be the patient, or a RelatedPerson of this text who is a parent or guardian";
            return Err(At::new(path, what));
        };
        let of = known.someone.patient.as_ref();
        if of.is_some_and(|of| self.child(of, path).is_ok_and(|of| of != *child)) {
            return Err(At::new(path, "is related to another patient"));
        }
        let is_parent =
            |concept| codes::only(concept).is_some_and(|(system, code)| system == ROLE && PARENTS.contains(&code));
        match known.someone.relationship.iter().any(is_parent) {
            true => Ok(GivenBy::Parent),
            false => Err(At::new(path, "is nobody of whom it is said that they are a parent or guardian")),
        }
    }
}
