//! What every gRPC request of a reader is measured by: its method, its code, why it was denied, how long it took; and the
//! trace that it is part of. One layer around all services, so that none is forgotten.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::Instant;

use http_body::{Frame, SizeHint};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use proto::sharing::DenialReason;
use runtime::{metrics, trace};
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::Instrument as _;

use super::timelines::REASON_HEADER;

/// Measures what passes through it.
#[derive(Clone, Debug, Default)]
pub struct Observe;

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Observed { inner }
    }
}

/// A service that is measured.
#[derive(Clone, Debug)]
pub struct Observed<S> {
    inner: S,
}

impl<S> Service<Request<Body>> for Observed<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let method = known(request.uri().path());
        let span = tracing::info_span!(
            target: trace::TARGET, "request", otel.name = method, otel.kind = "server", code = tracing::field::Empty
        );
        if let Some(parent) = request.headers().get("traceparent").and_then(|value| value.to_str().ok()) {
            trace::adopt(&span, parent);
        }
        let mut measured = Measured { method, began: Instant::now(), span: span.clone(), seen: None };
        let answering = self.inner.call(request).instrument(span);
        Box::pin(async move {
            let answer = answering.await?;
            // What is refused at once has its code in the headers; what is answered has it after the last message.
            measured.see(answer.headers());
            Ok(answer.map(|inner| Body::new(Answer { inner, measured })))
        })
    }
}

/// A request until its last byte.
struct Measured {
    method: &'static str,
    began: Instant,
    span: tracing::Span,
    /// The code, and why it was denied if it was.
    seen: Option<(Code, &'static str)>,
}

impl Measured {
    fn see(&mut self, headers: &HeaderMap) {
        if let Some(status) = Status::from_header_map(headers) {
            let reason = headers.get(REASON_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
            // Only what the contract knows becomes a label.
            let reason = DenialReason::from_str_name(&format!("DENIAL_REASON_{reason}"));
            self.seen = Some((status.code(), reason.map_or("NONE", named)));
        }
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        // The reader went away before the end.
        let (code, reason) = self.seen.unwrap_or((Code::Cancelled, "NONE"));
        let code_name = CODES.get(code as usize).copied().unwrap_or("UNKNOWN");
        self.span.record("code", code_name);
        metrics::GRPC.record(self.began.elapsed(), [self.method, code_name]);
        if self.method != OTHER {
            let outcome = match (code, reason) {
                // A stream that the service ended, and that is asked for again.
                (_, reason) if reason == DenialReason::StreamEnded.name() => "ended",
                (_, reason) if reason != "NONE" => "denied",
                (Code::Ok, _) => "answered",
                _ => "failed",
            };
            metrics::DECISIONS.add(1, [self.method, outcome, reason]);
        }
    }
}

/// An answer on its way.
struct Answer {
    inner: Body,
    measured: Measured,
}

impl http_body::Body for Answer {
    type Data = bytes::Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<bytes::Bytes>, Status>>> {
        let span = self.measured.span.clone();
        let polled = span.in_scope(|| Pin::new(&mut self.inner).poll_frame(context));
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(trailers) = frame.trailers_ref()
        {
            self.measured.see(trailers);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// In the order of their numbers.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// A method that is not the contract's: health, reflection, or nobody's.
const OTHER: &str = "other";

/// A path that anybody may send becomes a label only where the contract has such a method.
fn known(path: &str) -> &'static str {
    METHODS.get(path).map_or(OTHER, |method| method.as_str())
}

fn named(reason: DenialReason) -> &'static str {
    match reason {
        DenialReason::Unspecified => "NONE",
        reason => reason.name(),
    }
}

/// The contract's methods for readers, by path.
static METHODS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let contract = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap_or_default();
    let mut methods = BTreeMap::new();
    for file in contract.file.iter().filter(|file| file.package() == "throughline.timeline.v1") {
        for service in &file.service {
            for method in &service.method {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                methods.insert(path, method.name().to_owned());
            }
        }
    }
    methods
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_label_only_where_the_contract_has_it() {
        assert_eq!(known("/throughline.timeline.v1.Timelines/GetTimeline"), "GetTimeline");
        for unknown in ["/throughline.timeline.v1.Timelines/Smith", "/grpc.health.v1.Health/Check", "", "/"] {
            assert_eq!(known(unknown), "other");
        }
    }

    #[test]
    fn a_reason_is_a_label_only_where_the_contract_has_it() {
        let see = |code: Code, reason: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-status", (code as i32).into());
            headers.insert(REASON_HEADER, reason.parse().unwrap());
            let mut measured =
                Measured { method: "other", began: Instant::now(), span: tracing::Span::none(), seen: None };
            measured.see(&headers);
            measured.seen.unwrap()
        };
        assert_eq!(see(Code::Unavailable, "FACTS_STALE"), (Code::Unavailable, "FACTS_STALE"));
        assert_eq!(see(Code::Unavailable, "Smith"), (Code::Unavailable, "NONE"));
        assert_eq!(see(Code::Ok, ""), (Code::Ok, "NONE"));
    }

    #[test]
    fn codes_stand_in_the_order_of_their_numbers() {
        assert_eq!(CODES[Code::Unauthenticated as usize], "UNAUTHENTICATED");
        assert_eq!(CODES[Code::PermissionDenied as usize], "PERMISSION_DENIED");
        assert_eq!(CODES[Code::Unavailable as usize], "UNAVAILABLE");
    }
}
