//! Whom a resource is about, and who answers for it.

use proto::events::Subject;

use crate::bundle::{Bundle, Entry, Referred, kind_told};
use crate::naming::stood;
use crate::person::{self, Known};
use crate::reading::Reading;
use crate::translate::Translating;
use crate::tree::Element;

const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// Among what, and for whom, somebody is looked for.
#[derive(Clone, Copy)]
struct Who<'w> {
    bundle: &'w Bundle,
    controller: &'w str,
    /// The address of the server that the resource is on.
    own_base: Option<&'w str>,
}

/// What says outright whom a resource is about.
pub(crate) const NAMED: &[&str] = &["subject", "patient", "beneficiary", "for"];

pub(crate) fn names_outright(resource: &Element) -> bool {
    NAMED.iter().any(|name| resource.get(name).is_some())
}

/// References of a resource that can be to whom it is about. Where it says so outright, nobody else is it: neither who answered for
/// a child nor who took part.
pub(crate) fn people_of(resource: &Element) -> impl Iterator<Item = &Element> {
    let is_named = names_outright(resource);
    let named = NAMED.iter().flat_map(|name| resource.all(name));
    named.chain((!is_named).then(|| others_of(resource)).into_iter().flatten())
}

/// Whom a resource may be about that does not say so outright.
fn others_of(resource: &Element) -> impl Iterator<Item = &Element> {
    let taking_part = resource.all("participant").filter_map(|part| part.get("actor"));
    let of_kind: &[&str] = match resource.kind() {
        "Task" => &["focus"],
        "QuestionnaireResponse" => &["source"],
        _ => &[],
    };
    let listed = resource.all("entity").filter_map(|entity| entity.get("what").or_else(|| entity.get("reference")));
    let further = of_kind.iter().flat_map(move |name| resource.all(name));
    resource.all("individual").chain(taking_part).chain(further).chain(listed)
}

/// The encounter that a resource is of, where it stands here. STU3 calls it a context.
pub(crate) fn encounter_of<'b>(bundle: &'b Bundle, resource: &'b Element) -> Option<&'b Element> {
    let named = ["encounter", "context", "context/encounter"].into_iter().filter_map(|path| resource.get(path));
    named.into_iter().find_map(|to| match bundle.referred(to, resource) {
        Referred::Here(found) if found.kind() == "Encounter" => Some(found),
        _ => None,
    })
}

impl Translating<'_> {
    pub(crate) fn stands<'s>(&self, bundle: &Bundle, controller: &'s str, entry: &'s Entry) -> Known<'s> {
        let full_url = entry.full_url.as_deref();
        let in_passing = full_url.is_some_and(|url| url.starts_with("urn:"));
        let lasting = bundle.header.is_none() && !in_passing;
        Known { controller, lasting, full_url, stood: stood(bundle, entry, &mut Reading::default()) }
    }

    /// Whom a resource is about, by what it refers to; where it refers to nobody, by the encounter that it is of.
    pub(crate) fn subject(
        &self,
        bundle: &Bundle,
        entry: &Entry,
        controller: &str,
        reading: &mut Reading,
    ) -> Option<Subject> {
        let resource = &entry.resource;
        // A relative reference is to the server that the resource itself is on.
        let own_base = entry.full_url.as_deref().and_then(person::base_of);
        let who = Who { bundle, controller, own_base };
        let own = people_of(resource).find_map(|to| self.referred_to(&who, to, resource, reading));
        // Whoever it names and cannot be found is somebody else, and not the patient of the encounter.
        let names_somebody = names_outright(resource);
        own.or_else(|| {
            if names_somebody {
                return None;
            }
            let of = match resource.kind() {
                "Binary" => bundle.attached_to(entry),
                _ => encounter_of(bundle, resource),
            }?;
            let who = Who { own_base: bundle.base_within(of), ..who };
            people_of(of).find_map(|to| self.referred_to(&who, to, of, reading))
        })
    }

    /// Which patient a reference of an entry leads to.
    pub(crate) fn whom(
        &self,
        bundle: &Bundle,
        entry: &Entry,
        controller: &str,
        to: &Element,
        reading: &mut Reading,
    ) -> Option<Subject> {
        let own_base = entry.full_url.as_deref().and_then(person::base_of);
        self.referred_to(&Who { bundle, controller, own_base }, to, &entry.resource, reading)
    }

    fn referred_to(&self, who: &Who<'_>, to: &Element, within: &Element, reading: &mut Reading) -> Option<Subject> {
        let Who { bundle, controller, own_base } = *who;
        match bundle.referred(to, within) {
            Referred::Here(found) if found.kind() == "Patient" => {
                // One that is contained is known as what holds it stood, and by no id of its own.
                let stands = match bundle.entry_of(found) {
                    Some(entry) => self.stands(bundle, controller, entry),
                    None => {
                        let holder = self.stands(bundle, controller, bundle.entry_of(within)?);
                        Known { lasting: false, full_url: None, ..holder }
                    }
                };
                Some(person::known(found, stands, &mut Reading::default())?.0)
            }
            Referred::Elsewhere { kind: "Patient", id, base } => match base.is_some_and(person::is_national) {
                true => person::by_reference(controller, NHS_NUMBER, id, reading),
                false if bundle.header.is_none() => Some(person::by_logical_id(controller, base.or(own_base), id)),
                // An address leads out of a message; a number beside it may not.
                false => {
                    let (system, value) = (to.text("identifier/system")?, to.text("identifier/value")?);
                    person::by_reference(controller, system, value, reading)
                }
            },
            Referred::Known(system, value) if kind_told(to).is_none_or(|kind| kind == "Patient") => {
                person::by_reference(controller, &system, &value, reading)
            }
            _ => None,
        }
    }

    /// Who answers for a resource: the one organisation of the connector; else who sent the message, or keeps the document; else whoever
    /// the resource says keeps it, its encounter is with, or manages the patient's record; else whoever made it. Who managed a record once
    /// answers for it no more.
    pub(crate) fn controller(&self, bundle: &Bundle, entry: &Entry) -> Option<String> {
        let resource = &entry.resource;
        if let Some(organisation) = self.organisation {
            return Some(organisation.to_owned());
        }
        let stands = |to: &Element, of: &Element| {
            let r = &mut Reading::default();
            &*to.name != "managingOrganization" || !person::was_once(bundle, to, of, stood(bundle, entry, r), r)
        };
        let named = |of: &Element, paths: &[&str]| {
            let references = paths.iter().flat_map(|path| of.all(path)).collect::<Vec<_>>();
            let mut standing = references.into_iter().filter(|to| stands(to, of));
            standing.find_map(|to| person::organisation_of(bundle, to, of))
        };
        // A page of ten thousand entries has none, and is not looked through for each.
        let is_header = |held: &&Element| held.kind() == "MessageHeader";
        let sent = bundle.header.is_some().then(|| bundle.entries.iter().map(|entry| &entry.resource).find(is_header));
        if let Some(header) = sent.flatten() {
            let by_address = || person::ods_of_address(header.text("source/endpoint")?);
            return named(header, &["responsible", "sender"]).or_else(by_address);
        }
        let composition =
            bundle.entries.first().filter(|first| bundle.is_document && first.resource.kind() == "Composition");
        let of_document = composition.and_then(|first| named(&first.resource, &["custodian", "author"]));
        if of_document.is_some() {
            return of_document;
        }
        let keepers = ["managingOrganization", "custodian", "serviceProvider", "organization"];
        let of_encounter = || named(encounter_of(bundle, resource)?, &["serviceProvider"]);
        let of_patient = || {
            let patient = people_of(resource).find_map(|to| match bundle.referred(to, resource) {
                Referred::Here(found) if found.kind() == "Patient" => Some(found),
                _ => None,
            });
            named(patient?, &["managingOrganization"])
        };
        let made = || {
            let performers = resource.all("performer").filter_map(|by| by.get("actor"));
            let performers = performers.chain(resource.all("performer")).collect::<Vec<_>>();
            let performer = performers.into_iter().find_map(|by| person::organisation_of(bundle, by, resource));
            performer.or_else(|| named(resource, &["author", "recorder", "asserter", "requester"]))
        };
        named(resource, &keepers).or_else(of_encounter).or_else(of_patient).or_else(made)
    }
}
