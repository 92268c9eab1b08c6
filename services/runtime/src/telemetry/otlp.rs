//! Metrics and traces to a collector: OTLP over gRPC.

use std::time::Duration;

use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor};
use tokio::runtime::Runtime;

/// A collector that does not answer within this is tried again with the next batch.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// A few megabytes.
const SPANS_QUEUED_MAX: usize = 8_192;

/// A collector stands beside the process, or behind whatever protects the way to it: TLS is not spoken here.
pub(super) fn is_endpoint(text: &str) -> bool {
    let Some(authority) = text.strip_prefix("http://") else { return false };
    let Some((host, port)) = authority.rsplit_once(':') else { return false };
    !host.is_empty() && !host.contains(['/', '@', ' ']) && port.parse::<u16>().is_ok()
}

/// A thread of its own: the process's own work neither waits for a collector nor keeps one waiting.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("otlp").enable_all().build()
}

pub(super) fn spans(endpoint: &str) -> Result<SpanExporter, ExporterBuildError> {
    SpanExporter::builder().with_tonic().with_endpoint(endpoint).with_timeout(ANSWER_MAX).build()
}

/// Spans that wait for the collector: what does not fit is dropped, and the process's memory stays as it is.
pub(super) fn queue(exporter: SpanExporter) -> BatchSpanProcessor {
    let bounds = BatchConfigBuilder::default().with_max_queue_size(SPANS_QUEUED_MAX).build();
    BatchSpanProcessor::builder(exporter).with_batch_config(bounds).build()
}

pub(super) fn metrics(endpoint: &str) -> Result<MetricExporter, ExporterBuildError> {
    MetricExporter::builder().with_tonic().with_endpoint(endpoint).with_timeout(ANSWER_MAX).build()
}

#[test]
fn an_endpoint_is_a_scheme_a_host_and_a_port() {
    for good in ["http://127.0.0.1:4317", "http://collector:4317", "http://[::1]:4317"] {
        assert!(is_endpoint(good), "{good}");
    }
    for bad in ["https://collector:4317", "collector:4317", "http://collector", "http://:4317", "http://a:b@c:1/x"] {
        assert!(!is_endpoint(bad), "{bad}");
    }
}
