//! The connectors of this build, a line each.

use std::sync::Arc;

use connector_kit::Connector;
use connector_kit::file_name::Authority;
use connector_kit::mllp::Acknowledges;
use connector_kit::poll::{Pages, Plain};
use connector_kit::receive::{AnyFile, MediaType, Receives};

use crate::settings::{ConnectorSettings, PollSettings};

/// Every connector, in order of name. `authority` answers for a return that does not say whose it is, and `organisation` for a
/// record that does not.
fn every(authority: Option<Authority>, organisation: Option<String>) -> Vec<Arc<dyn Connector>> {
    vec![
        Arc::new(education_attendance::DailyAttendance),
        Arc::new(education_ctf::CommonTransfer),
        Arc::new(education_school_census::SchoolCensus),
        Arc::new(education_sen2::Sen2),
        Arc::new(health_fhir::Fhir { organisation }),
        Arc::new(health_hl7v2::Hl7V2),
        Arc::new(social_care_annex_a::AnnexA { authority }),
        Arc::new(social_care_cin_census::CinCensus),
        Arc::new(social_care_dfe_api::ChildrenSocialCare { authority }),
        Arc::new(social_care_ssda903::Ssda903 { authority }),
    ]
}

/// Every connector, in order of name.
pub(crate) fn all() -> Vec<Arc<dyn Connector>> {
    every(None, None)
}

/// The connector of this name.
pub(crate) fn named(name: &str) -> Option<Arc<dyn Connector>> {
    all().into_iter().find(|connector| connector.descriptor().name == name)
}

/// The connector of a section of the configuration: its mapping, or the one of its name, which answers for its organisations.
pub(crate) fn of(settings: &ConnectorSettings) -> Option<Arc<dyn Connector>> {
    if let Some(mapping) = &settings.mapping {
        return Some(Arc::new(mapping.clone()));
    }
    let mut every = every(only_authority(&settings.controllers), only_organisation(&settings.controllers)).into_iter();
    every.find(|connector| connector.descriptor().name == settings.name)
}

/// The one authority whose organisations these are.
fn only_authority(controllers: &[String]) -> Option<Authority> {
    let mut named = controllers.iter().map(|id| Authority::of_organisation(id.strip_suffix('*').unwrap_or(id)));
    let first = named.next()??;
    named.all(|other| other == Some(first)).then_some(first)
}

/// The one organisation that a section names.
fn only_organisation(controllers: &[String]) -> Option<String> {
    match controllers {
        [only] if !only.ends_with('*') => Some(only.clone()),
        _ => None,
    }
}

/// The connector of this name, if its messages are answered.
pub(crate) fn acknowledging(name: &str) -> Option<Arc<dyn Acknowledges>> {
    let feed: Arc<dyn Acknowledges> = Arc::new(health_hl7v2::Hl7V2);
    (feed.descriptor().name == name).then_some(feed)
}

/// In whose words posts to this connector are answered: its own, where it has any.
pub(crate) fn receiving(settings: &ConnectorSettings) -> Arc<dyn Receives> {
    match settings.name.as_str() {
        "health-fhir" => Arc::new(health_fhir::FhirEndpoint),
        "social-care-dfe-api" => Arc::new(social_care_dfe_api::ChildrenEndpoint),
        _ => Arc::new(AnyFile(FILES)),
    }
}

/// How the server of this connector is asked: as one of its own kind, or as one of files.
pub(crate) fn polled(settings: &ConnectorSettings, poll: &PollSettings) -> Arc<dyn Pages> {
    Arc::new(Plain {
        since: poll.since.clone(),
        overlap: poll.overlap,
        file_name: poll.file_name.clone().unwrap_or_else(|| format!("{}.csv", settings.name)),
        accept: poll.accept.clone(),
    })
}

/// Files that a connector without words of its own may be posted.
const FILES: &[MediaType] = &[
    MediaType { name: "text/csv", ending: "csv" },
    MediaType { name: "application/xml", ending: "xml" },
    MediaType { name: "text/xml", ending: "xml" },
    MediaType { name: "application/json", ending: "json" },
    MediaType { name: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ending: "xlsx" },
    MediaType { name: "x-application/hl7-v2+er7", ending: "hl7" },
    MediaType { name: "text/plain", ending: "txt" },
];
