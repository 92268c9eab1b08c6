//! The connectors of this build, a line each.

use std::sync::Arc;

use connector_kit::Connector;
use connector_kit::mllp::Acknowledges;

/// Every connector, in order of name.
pub(crate) fn all() -> Vec<&'static dyn Connector> {
    vec![&education_school_census::SchoolCensus, &health_hl7v2::Hl7V2, &social_care_cin_census::CinCensus]
}

/// The connector of this name.
pub(crate) fn named(name: &str) -> Option<&'static dyn Connector> {
    all().into_iter().find(|connector| connector.descriptor().name == name)
}

/// The connector of this name, for a source of its own.
pub(crate) fn shared(name: &str) -> Option<Arc<dyn Connector>> {
    let connectors: [Arc<dyn Connector>; 3] = [
        Arc::new(education_school_census::SchoolCensus),
        Arc::new(health_hl7v2::Hl7V2),
        Arc::new(social_care_cin_census::CinCensus),
    ];
    connectors.into_iter().find(|connector| connector.descriptor().name == name)
}

/// The connector of this name, if its messages are answered.
pub(crate) fn acknowledging(name: &str) -> Option<Arc<dyn Acknowledges>> {
    let feed: Arc<dyn Acknowledges> = Arc::new(health_hl7v2::Hl7V2);
    (feed.descriptor().name == name).then_some(feed)
}
