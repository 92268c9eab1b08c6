//! Instruments that are data: a name, a unit, labels and a sentence, from which OpenTelemetry's own are made at first use.

use std::sync::OnceLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter as OtelCounter, Gauge as OtelGauge, Histogram as OtelHistogram};

/// What a metric counts or measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Only grows while the process lives.
    Counter,
    /// Stands at a value.
    Gauge,
    /// How many took how long.
    Histogram,
}

/// What is known of a metric before it is ever recorded.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// As OpenTelemetry names it.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// In UCUM, as OpenTelemetry has it: `s`, `By`, or `{what is counted}`.
    pub unit: &'static str,
    /// Its labels. Their values come from configuration and from the contract's enums, and never from a record.
    pub labels: &'static [&'static str],
    /// One sentence.
    pub help: &'static str,
}

impl About {
    /// As Prometheus names it: the unit and `_total` are part of the name there.
    pub fn prometheus_name(&self) -> String {
        let unit = match self.unit {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        let total = if self.kind == Kind::Counter { "_total" } else { "" };
        format!("{}{unit}{total}", self.name.replace('.', "_"))
    }
}

/// Any of the three.
pub trait Metric: Sync {
    /// What it is.
    fn about(&self) -> &About;
}

/// Counts. `LABELS`: how many labels it has; the compiler sees that each is given.
pub struct Counter<const LABELS: usize> {
    about: About,
    made: OnceLock<OtelCounter<u64>>,
}

/// Stands at a value.
pub struct Gauge<const LABELS: usize> {
    about: About,
    made: OnceLock<OtelGauge<f64>>,
}

/// Measures durations, in seconds.
pub struct Histogram<const LABELS: usize> {
    about: About,
    made: OnceLock<OtelHistogram<f64>>,
}

/// Upper bounds of a histogram's buckets, in seconds: from a fast read to an hour's outage.
const BOUNDS_S: [f64; 18] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 600.0,
    3600.0,
];

impl<const LABELS: usize> Counter<LABELS> {
    pub(super) const fn new(
        name: &'static str,
        unit: &'static str,
        labels: &'static [&'static str; LABELS],
        help: &'static str,
    ) -> Self {
        Self { about: About { name, kind: Kind::Counter, unit, labels, help }, made: OnceLock::new() }
    }

    /// Adds. Adding 0 makes it known: a counter that nobody has seen cannot be seen not to grow.
    pub fn add(&self, count: u64, labels: [&str; LABELS]) {
        if super::is_on() {
            let make = || with(&self.about, super::meter().u64_counter(self.about.name)).build();
            self.made.get_or_init(make).add(count, &values(&self.about, labels));
        }
    }
}

impl<const LABELS: usize> Gauge<LABELS> {
    pub(super) const fn new(
        name: &'static str,
        unit: &'static str,
        labels: &'static [&'static str; LABELS],
        help: &'static str,
    ) -> Self {
        Self { about: About { name, kind: Kind::Gauge, unit, labels, help }, made: OnceLock::new() }
    }

    /// Sets it.
    pub fn set(&self, value: f64, labels: [&str; LABELS]) {
        if super::is_on() {
            let make = || with(&self.about, super::meter().f64_gauge(self.about.name)).build();
            self.made.get_or_init(make).record(value, &values(&self.about, labels));
        }
    }

    /// Asks for it whenever the metrics are read, for the life of the process. `value` gives none where there is none, waits
    /// for nothing, and holds nothing open.
    pub fn watch(&self, labels: [&str; LABELS], value: impl Fn() -> Option<f64> + Send + Sync + 'static) {
        if super::is_on() {
            let labels = values(&self.about, labels);
            let gauge = super::meter().f64_observable_gauge(self.about.name);
            let _registered_for_good = gauge
                .with_unit(self.about.unit)
                .with_description(self.about.help)
                .with_callback(move |observer| {
                    if let Some(value) = value() {
                        observer.observe(value, &labels);
                    }
                })
                .build();
        }
    }
}

impl<const LABELS: usize> Histogram<LABELS> {
    pub(super) const fn new(name: &'static str, labels: &'static [&'static str; LABELS], help: &'static str) -> Self {
        Self { about: About { name, kind: Kind::Histogram, unit: "s", labels, help }, made: OnceLock::new() }
    }

    /// Records one.
    pub fn record(&self, took: std::time::Duration, labels: [&str; LABELS]) {
        self.record_many(std::iter::once(took), labels);
    }

    /// Records each.
    pub fn record_many(&self, took: impl IntoIterator<Item = std::time::Duration>, labels: [&str; LABELS]) {
        if super::is_on() {
            let make = || {
                let histogram = super::meter().f64_histogram(self.about.name).with_unit("s");
                histogram.with_description(self.about.help).with_boundaries(BOUNDS_S.to_vec()).build()
            };
            let (histogram, labels) = (self.made.get_or_init(make), values(&self.about, labels));
            took.into_iter().for_each(|took| histogram.record(took.as_secs_f64(), &labels));
        }
    }
}

fn with<'a, T>(
    about: &About,
    builder: opentelemetry::metrics::InstrumentBuilder<'a, T>,
) -> opentelemetry::metrics::InstrumentBuilder<'a, T> {
    builder.with_unit(about.unit).with_description(about.help)
}

fn values<const LABELS: usize>(about: &About, values: [&str; LABELS]) -> Vec<KeyValue> {
    about.labels.iter().zip(values).map(|(label, value)| KeyValue::new(*label, value.to_owned())).collect()
}

macro_rules! is_a_metric {
    ($($instrument:ident),*) => {$(
        impl<const LABELS: usize> Metric for $instrument<LABELS> {
            fn about(&self) -> &About {
                &self.about
            }
        }
    )*};
}

is_a_metric!(Counter, Gauge, Histogram);
