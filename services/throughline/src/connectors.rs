//! The connectors of this build, a line each.

use connector_kit::Connector;

/// Every connector, in order of name.
pub(crate) fn all() -> Vec<&'static dyn Connector> {
    vec![
        &education_school_census::SchoolCensus,
        &health_hl7v2::Hl7V2,
        &social_care_cin_census::CinCensus,
    ]
}

/// The connector of this name.
pub(crate) fn named(name: &str) -> Option<&'static dyn Connector> {
    all().into_iter().find(|connector| connector.descriptor().name == name)
}
