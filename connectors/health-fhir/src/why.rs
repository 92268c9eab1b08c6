//! Why somebody was seen or referred: the codes that a resource has for it, and those of the conditions and findings that it names.
//! That a service is a sensitive one may be said by what is named alone.

use proto::events::{Coded, FindingCode};

use crate::about::{NAMED, people_of};
use crate::bundle::{Bundle, Referred};
use crate::reading::Reading;
use crate::saying::{Saying, is_in_error, is_refuted};
use crate::tree::Element;

/// R4, and STU3.
const CODED: &[&str] = &["reasonCode", "reason"];
/// R4, and STU3.
const REFERRED: &[&str] = &["reasonReference", "indication"];
const DIAGNOSIS: &str = "diagnosis";

/// What a resource names as why it came about, with the field that does.
pub(crate) fn named(resource: &Element) -> impl Iterator<Item = (&'static str, &Element)> {
    let reasons = REFERRED.iter().flat_map(|field| resource.all(field).map(move |to| (*field, to)));
    let diagnoses = resource.all(DIAGNOSIS).flat_map(|diagnosis| diagnosis.all("condition"));
    reasons.chain(diagnoses.map(|to| (DIAGNOSIS, to)))
}

/// Every reason, each code by itself. What is named is told where it is of the same child, and stands; a diagnosis that stands elsewhere
/// is told where it does.
pub(crate) fn reasons(saying: &Saying<'_, '_>, reading: &mut Reading) -> Vec<Coded> {
    let (bundle, resource) = (saying.bundle, &saying.entry.resource);
    let mut all = reading.all_coded(resource, CODED);
    for (field, to) in named(resource) {
        let mut told = match bundle.referred(to, resource) {
            // Of several children it would be told to the others.
            Referred::Here(found) if !saying.is_of_several && stands(found) && is_of_same(bundle, found, resource) => {
                Reading::default().all_coded(found, &["code"])
            }
            Referred::Here(_) => {
                reading.flag(FindingCode::NotMapped, field);
                continue;
            }
            _ => Vec::new(),
        };
        if told.is_empty() && !saying.is_of_several {
            told.extend(to.text("display").map(|text| Coded { text: Some(text.to_owned()), ..Coded::default() }));
        }
        if told.is_empty() && field != DIAGNOSIS {
            reading.flag(FindingCode::NotMapped, field);
        }
        all.extend(told);
    }
    all
}

fn stands(found: &Element) -> bool {
    !(is_in_error(found) || is_refuted(found) || found.is_modified())
}

/// Whether what is named is about whom the resource itself is about: a newborn is seen for what its mother has.
fn is_of_same(bundle: &Bundle, found: &Element, resource: &Element) -> bool {
    let Some(whose) = NAMED.iter().find_map(|name| found.get(name)) else { return true };
    people_of(resource).any(|person| match (bundle.referred(whose, found), bundle.referred(person, resource)) {
        (Referred::Here(one), Referred::Here(other)) => std::ptr::eq(one, other),
        (Referred::Known(system, value), Referred::Known(of, other)) => (system, value) == (of, other),
        (
            Referred::Elsewhere { kind, id, base },
            Referred::Elsewhere { kind: other_kind, id: other, base: other_base },
        ) => (kind, id, base) == (other_kind, other, other_base),
        _ => false,
    })
}
