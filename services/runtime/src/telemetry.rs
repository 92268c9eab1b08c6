//! What the process tells whoever looks after it: log lines, metrics and traces.
//!
//! Log lines go to standard error, JSON for machines or plain lines for people; never to standard output, which is a
//! command's answer. Metrics and traces are off unless the configuration asks for them.

mod otlp;
mod panics;

use std::net::SocketAddr;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Section;
use crate::{metrics, trace};

pub use panics::tell_without_data as tell_of_panics_without_data;

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Json,
    /// For a person at a terminal.
    Plain,
}

impl std::str::FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "json" => Ok(Self::Json),
            "plain" => Ok(Self::Plain),
            _ => Err(()),
        }
    }
}

/// The `[telemetry]` section.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// How log lines look.
    pub log: Format,
    /// "info", or directives such as "info,projection=debug".
    pub level: String,
    /// Where `/livez`, `/readyz` and `/metrics` are, plain HTTP. See [`crate::http`].
    pub listen: Option<SocketAddr>,
    /// A collector that takes OTLP over gRPC: `http://host:4317`.
    pub otlp: Option<String>,
    /// Of all events and requests, how many are traced: 0 to 1.
    pub trace_ratio: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { log: Format::Json, level: "info".to_owned(), listen: None, otlp: None, trace_ratio: TRACE_RATIO }
    }
}

/// One in a hundred.
const TRACE_RATIO: f64 = 0.01;

impl Settings {
    /// Reads the section, which may be absent. Notes what is wrong with it.
    pub fn read(top: &mut Section) -> Option<Self> {
        let mut section = top.section("telemetry");
        let log = section.parsed::<Format>("log", "json", "`json` or `plain`");
        let level = section.optional_text("level").unwrap_or_else(|| "info".to_owned());
        let listens = section.has("listen");
        let listen = section.parsed("listen", "127.0.0.1:0", "an address and port, such as `127.0.0.1:9464`");
        let otlp = section.optional_text("otlp");
        if otlp.as_deref().is_some_and(|endpoint| !otlp::is_endpoint(endpoint)) {
            section.problem("otlp", "must be `http://HOST:PORT` of a collector that takes OTLP over gRPC");
        }
        let trace_ratio = section.fraction("trace_ratio", TRACE_RATIO);
        section.finish();
        Some(Self { log: log?, level, listen: listen.filter(|_| listens), otlp, trace_ratio })
    }
}

/// Why telemetry does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Prometheus.
    #[error("the metrics cannot be made readable")]
    Prometheus(#[source] opentelemetry_sdk::error::OTelSdkError),
    /// OTLP.
    #[error("the collector of `telemetry.otlp` cannot be set up")]
    Otlp(#[source] opentelemetry_otlp::ExporterBuildError),
    /// Its thread.
    #[error("the thread that talks to the collector does not start")]
    Thread(#[source] std::io::Error),
}

/// Hands in what is left when it is dropped: keep it until the process ends.
#[must_use]
pub struct Guard {
    meters: Option<SdkMeterProvider>,
    tracers: Option<SdkTracerProvider>,
    /// What talks to the collector, apart from the process's own work. Ends last.
    pushing: Option<tokio::runtime::Runtime>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A collector that does not answer holds the end up for no longer than this.
        let at_most = std::time::Duration::from_secs(2);
        if let Some(tracers) = self.tracers.take() {
            let _whoever_reads_it_is_gone = tracers.shutdown_with_timeout(at_most);
        }
        if let Some(meters) = self.meters.take() {
            let _whoever_reads_it_is_gone = meters.shutdown_with_timeout(at_most);
        }
        if let Some(pushing) = self.pushing.take() {
            pushing.shutdown_background();
        }
    }
}

/// Starts logging, metrics and traces as the settings say, for the life of the process; `role` is the command that runs
/// (`up`, `serve`, `connect`). A second call in one process changes nothing.
///
/// # Errors
/// [`StartError`]. Not when the collector is away: it is tried again, and what does not fit in the meantime is dropped.
pub fn start(settings: &Settings, version: &str, role: &str) -> Result<Guard, StartError> {
    let mut guard = Guard { meters: None, tracers: None, pushing: None };
    let resource = Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", "throughline"),
            KeyValue::new("service.version", version.to_owned()),
            KeyValue::new("throughline.role", role.to_owned()),
        ])
        .build();
    let registry = prometheus::Registry::new();
    let readable = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .without_target_info()
        .scope_info_enabled(false)
        .build()
        .map_err(StartError::Prometheus)?;
    let meters = SdkMeterProvider::builder().with_resource(resource.clone()).with_reader(readable);
    if let Some(endpoint) = &settings.otlp {
        let pushing = otlp::runtime().map_err(StartError::Thread)?;
        let on_its_thread = pushing.enter();
        let metrics = otlp::metrics(endpoint).map_err(StartError::Otlp)?;
        let spans = otlp::spans(endpoint).map_err(StartError::Otlp)?;
        guard.meters = Some(meters.with_periodic_exporter(metrics).build());
        guard.tracers =
            Some(trace::provider(resource, settings.trace_ratio).with_span_processor(otlp::queue(spans)).build());
        drop(on_its_thread);
        guard.pushing = Some(pushing);
    } else if settings.listen.is_some() {
        guard.meters = Some(meters.build());
    }
    if let Some(provider) = &guard.meters {
        metrics::turn_on(provider.meter("throughline"), registry);
        metrics::BUILD_INFO.set(1.0, [version, role]);
    }
    let tracer = guard.tracers.as_ref().map(|provider| provider.tracer("throughline"));
    start_logging(settings, tracer.clone());
    if let Some(tracer) = tracer {
        trace::turn_on(tracer, settings.trace_ratio);
    }
    Ok(guard)
}

/// Whether what this part says may be a log line, at whatever level: spans are none, and SQL Server's client repeats the server's
/// words, which may hold a row.
fn is_line(target: &str) -> bool {
    target != trace::TARGET && target.split("::").next() != Some("tiberius")
}

/// Log lines, and the spans that become traces: those of [`trace::TARGET`], and no library's.
fn start_logging(settings: &Settings, tracer: Option<SdkTracer>) {
    let level = EnvFilter::try_new(&settings.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = level.and(filter_fn(|metadata| is_line(metadata.target())));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_span_events(FmtSpan::NONE);
    let layer = match settings.log {
        Format::Json => layer.json().flatten_event(true).with_filter(lines).boxed(),
        Format::Plain => layer.with_target(false).with_filter(lines).boxed(),
    };
    let spans = tracer.map(|tracer| {
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        // What a span holds is what was written into it, and not where in the code, or on which thread.
        let layer = layer.with_location(false).with_threads(false).with_target(false).with_tracked_inactivity(false);
        layer.with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == trace::TARGET))
    });
    let _already_started = tracing_subscriber::registry().with(layer).with(spans).try_init();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Problems, load};

    fn read(text: &str) -> Result<Settings, Problems> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("throughline.toml");
        std::fs::write(&file, text).unwrap();
        load(&file, Settings::read)
    }

    #[test]
    fn nothing_is_told_to_anybody_unless_it_is_asked_for() {
        assert_eq!(read("").unwrap(), Settings::default());
        let all = "[telemetry]\nlog = \"plain\"\nlevel = \"debug\"\nlisten = \"127.0.0.1:9464\"\notlp = \"http://127.0.0.1:4317\"\ntrace_ratio = 1";
        let expected = Settings {
            log: Format::Plain,
            level: "debug".to_owned(),
            listen: Some(([127, 0, 0, 1], 9464).into()),
            otlp: Some("http://127.0.0.1:4317".to_owned()),
            trace_ratio: 1.0,
        };
        assert_eq!(read(all).unwrap(), expected);
    }

    #[test]
    fn what_repeats_the_words_of_a_database_is_no_line() {
        assert!(is_line("throughline::process") && is_line("tiberiusish"));
        for target in ["tiberius", "tiberius::tds::stream::token", trace::TARGET] {
            assert!(!is_line(target), "{target}");
        }
    }

    #[test]
    fn what_cannot_be_is_said_key_by_key() {
        let bad = "[telemetry]\nlisten = \"9464\"\notlp = \"https://x\"\ntrace_ratio = 1.5\nratio = 1";
        assert_eq!(
            read(bad).unwrap_err().lines,
            [
                "`telemetry.listen` must be an address and port, such as `127.0.0.1:9464`",
                "`telemetry.otlp` must be `http://HOST:PORT` of a collector that takes OTLP over gRPC",
                "`telemetry.trace_ratio` must be a number from 0 to 1",
                "`telemetry.ratio` is not known here (known: level, listen, log, otlp, trace_ratio)",
            ]
        );
    }
}
