//! What the process tells whoever looks after it: every metric that the table says, dashboards and alerts that use nothing
//! else, and one trace from record to timeline.
#![cfg(test)]

mod documents;
mod expressions;
#[path = "../journeys/harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the journeys use the rest of it")]
mod harness;
mod journey;

use std::path::{Path, PathBuf};

use runtime::metrics::{ALL, About, Kind};

/// A file of the project.
fn root(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(of)
}

fn text(of: &str) -> String {
    std::fs::read_to_string(root(of)).unwrap_or_else(|error| panic!("{of}: {error}"))
}

/// What the table says of a metric, by any of the names under which Prometheus shows it.
fn metric(shown: &str) -> Option<&'static About> {
    ALL.iter().map(|metric| metric.about()).find(|about| {
        let name = about.prometheus_name();
        let histogram = || ["_bucket", "_sum", "_count"].iter().any(|end| shown == format!("{name}{end}"));
        if about.kind == Kind::Histogram { histogram() } else { shown == name }
    })
}
