//! The connectors of this build, as sections of the configuration name them.

use std::sync::Arc;

use connector_kit::mllp::Acknowledges;
use connector_kit::poll::{Pages, Plain};
use connector_kit::receive::{AnyFile, MediaType, Receives};
use connector_kit::{Connector, Registered, Whose};
use connector_registry::every;

use crate::settings::{ConnectorSettings, PollSettings};

/// Every connector, in order of name.
pub(crate) fn all() -> Vec<Arc<dyn Connector>> {
    every(&Whose::default()).into_iter().map(|one| one.connector).collect()
}

/// The connector of this name.
pub(crate) fn named(name: &str) -> Option<Arc<dyn Connector>> {
    registered(name, &Whose::default()).map(|one| one.connector)
}

/// The connector of this name, as it reads what this organisation answers for.
pub(crate) fn named_of(name: &str, organisation: Option<&str>) -> Option<Arc<dyn Connector>> {
    let ids: Vec<String> = organisation.into_iter().map(str::to_owned).collect();
    registered(name, &Whose::of(&ids)).map(|one| one.connector)
}

fn registered(name: &str, whose: &Whose) -> Option<Registered> {
    every(whose).into_iter().find(|one| one.connector.descriptor().name == name)
}

/// The connector of a section of the configuration: its mapping, or the one of its name, which answers for its organisations.
pub(crate) fn of(settings: &ConnectorSettings) -> Option<Arc<dyn Connector>> {
    if let Some(mapping) = &settings.mapping {
        return Some(Arc::new(mapping.clone()));
    }
    registered(&settings.name, &Whose::of(&settings.controllers)).map(|one| one.connector)
}

/// The connector of this name, if its messages are answered.
pub(crate) fn acknowledging(name: &str) -> Option<Arc<dyn Acknowledges>> {
    registered(name, &Whose::default())?.acknowledges
}

/// In whose words posts to this connector are answered: its own, where it has any.
pub(crate) fn receiving(settings: &ConnectorSettings) -> Arc<dyn Receives> {
    let own = registered(&settings.name, &Whose::default()).and_then(|one| one.receives);
    own.unwrap_or_else(|| Arc::new(AnyFile(FILES)))
}

/// How the server of this connector is asked: as one of its own kind, or as one of files.
pub(crate) fn polled(settings: &ConnectorSettings, poll: &PollSettings) -> Arc<dyn Pages> {
    if let Some(polls) = registered(&settings.name, &Whose::default()).and_then(|one| one.polls) {
        return polls(poll.overlap);
    }
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
