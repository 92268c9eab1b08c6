//! A collector for the traces and metrics that a process pushes: OTLP over gRPC, on a free port, everything kept.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// What it was sent so far.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Sent>>);

#[derive(Default)]
struct Sent {
    spans: Vec<Span>,
    /// Names of metrics.
    metrics: Vec<String>,
    /// Every message, as it came.
    bytes: Vec<u8>,
}

/// A running collector. It ends when it is dropped.
pub(crate) struct Collector {
    kept: Kept,
    pub(crate) address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let kept = Kept::default();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let served = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(kept.clone()).max_decoding_message_size(64 << 20))
            .add_service(MetricsServiceServer::new(kept.clone()).max_decoding_message_size(64 << 20))
            .serve_with_incoming(TcpListenerStream::new(listener));
        runtime.spawn(served);
        Self { kept, address, _runtime: runtime }
    }

    /// Every span that has arrived.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.kept.0.lock().unwrap().spans.clone()
    }

    /// The names of the metrics that have arrived.
    pub(crate) fn metrics(&self) -> Vec<String> {
        self.kept.0.lock().unwrap().metrics.clone()
    }

    /// Every byte that has arrived, and every span and metric once more in words, as somebody might read them.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let sent = self.kept.0.lock().unwrap();
        [sent.bytes.as_slice(), format!("{:?}", sent.spans).as_bytes()].concat()
    }
}

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let request = request.into_inner();
        let mut sent = self.0.lock().unwrap();
        sent.bytes.extend(request.encode_to_vec());
        let scopes = request.resource_spans.into_iter().flat_map(|of| of.scope_spans);
        sent.spans.extend(scopes.flat_map(|scope| scope.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Kept {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let request = request.into_inner();
        let mut sent = self.0.lock().unwrap();
        sent.bytes.extend(request.encode_to_vec());
        let scopes = request.resource_metrics.into_iter().flat_map(|of| of.scope_metrics);
        sent.metrics.extend(scopes.flat_map(|scope| scope.metrics).map(|metric| metric.name));
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}
