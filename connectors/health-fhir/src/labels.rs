//! `meta.security`: what a source says of who may know of a resource. It is told as ever, and narrowed as the source says: a label
//! that is not known here leaves it to its own organisation. What a mental health service sends of somebody is labelled as such, and
//! not who they are.

use proto::events::FindingCode;
use proto::sharing::Label;

use crate::bundle::{Bundle, Referred};
use crate::message::Says;
use crate::reading::Reading;
use crate::tree::Element;
use crate::why;

/// What narrows nothing: the ordinary confidentialities of version 3. Of another system the same letters mean another thing.
const ORDINARY: &[&str] = &["U", "L", "M", "N"];
/// How version 3's system of confidentialities is named, by how the name ends. The last is the national demographics service's
/// older one.
const CONFIDENTIALITY: &[&str] =
    &["/v3-Confidentiality", "/v3/Confidentiality", "2.16.840.1.113883.5.25", "/valueset-security-labels.html"];
/// That the record is made up for a test, which narrows nothing either.
const TEST: &str = "HTEST";

/// Codes of sensitivity and confidentiality (version 3 ActCode and Confidentiality) and the label of the same meaning.
const KNOWN: &[(&str, Label)] = &[
    ("R", Label::RestrictedUnspecified),
    ("V", Label::RestrictedUnspecified),
    ("SEX", Label::SexualHealth),
    ("HIV", Label::SexualHealth),
    ("STD", Label::SexualHealth),
    ("PREGNANT", Label::SexualHealth),
    ("REPPRI", Label::SexualHealth),
    ("PSY", Label::MentalHealth),
    ("PSYTHPN", Label::MentalHealth),
    ("PSYCHIAT", Label::MentalHealth),
    ("BH", Label::MentalHealth),
    ("MH", Label::MentalHealth),
    ("ETH", Label::SubstanceMisuse),
    ("ETHUD", Label::SubstanceMisuse),
    ("SUD", Label::SubstanceMisuse),
    ("OPIOIDUD", Label::SubstanceMisuse),
    ("SDV", Label::DomesticAbuse),
    ("DV", Label::DomesticAbuse),
    ("DVD", Label::DomesticAbuse),
    ("CELEB", Label::RestrictedUnspecified),
    ("TBOO", Label::RestrictedUnspecified),
    ("GDIS", Label::RestrictedUnspecified),
    ("MST", Label::RestrictedUnspecified),
    ("VIO", Label::RestrictedUnspecified),
    ("SEXDIS", Label::RestrictedUnspecified),
    ("NOPAT", Label::RestrictedUnspecified),
    ("REDACTED", Label::RestrictedUnspecified),
];

/// The labels of a resource, each once: its own, and those of what it names as why it came about, since what somebody was seen for is said
/// by that they were seen.
pub(crate) fn of(bundle: &Bundle, resource: &Element, reading: &mut Reading) -> Vec<Label> {
    let is_of_mental_health = bundle.header.as_ref().is_some_and(|header| header.says == Says::MentalHealth);
    let is_somebody = matches!(resource.kind(), "Patient" | "RelatedPerson");
    let mut labels: Vec<Label> =
        (is_of_mental_health && !is_somebody).then_some(Label::MentalHealth).into_iter().collect();
    add_stated(resource, reading, &mut labels);
    for (_, to) in why::named(resource) {
        if let Referred::Here(named) = bundle.referred(to, resource) {
            // What is odd about its labels is told of itself.
            add_stated(named, &mut Reading::default(), &mut labels);
        }
    }
    labels
}

fn add_stated(resource: &Element, reading: &mut Reading, labels: &mut Vec<Label>) {
    for stated in resource.all("meta").flat_map(|meta| meta.all("security")) {
        let code = stated.text("code").unwrap_or_default().to_ascii_uppercase();
        let of_version_3 =
            stated.text("system").is_none_or(|system| CONFIDENTIALITY.iter().any(|ends| system.ends_with(ends)));
        if code == TEST {
            reading.flag(FindingCode::MarkedAsTest, "meta.security");
            continue;
        }
        if of_version_3 && ORDINARY.contains(&code.as_str()) {
            continue;
        }
        let known = KNOWN.iter().find(|(known, _)| *known == code);
        if known.is_none() {
            reading.flag(FindingCode::CodeUnknown, "meta.security");
        }
        let label = known.map_or(Label::RestrictedUnspecified, |(_, label)| *label);
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
}
