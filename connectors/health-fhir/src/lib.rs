//! FHIR R4 and STU3 bundles, as JSON and XML.
