//! Traces: one of each event's way from the source to the timeline, and one of each request, submission and batch.
//!
//! Nothing on the log carries a trace: what stands in clear there is closed. So an event's trace is *computed*, by whoever
//! sees it, from its id (`docs/decisions/0019`): the connector that publishes it and the projection that reads it put their
//! spans into the same trace, and agree on whether it is traced at all, without having said a word to one another.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::SystemTime;

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, SpanKind, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, SdkTracer, SdkTracerProvider, ShouldSample as _,
    TracerProviderBuilder,
};
use sha2::{Digest as _, Sha256};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The target of spans that become traces: `tracing::info_span!(target: trace::TARGET, ...)`. A field of such a span leaves
/// the process: it names parts, counts and codes, and nothing of a record.
pub const TARGET: &str = "throughline::trace";

/// What an event's id is hashed with, so that the hash is good for nothing else.
const DOMAIN: &[u8] = b"throughline/trace/v1\0";

static ON: OnceLock<(SdkTracer, Sampler)> = OnceLock::new();

/// From now on. A second call changes nothing.
pub(crate) fn turn_on(tracer: SdkTracer, ratio: f64) {
    let _second_call_changes_nothing = ON.set((tracer, Sampler::TraceIdRatioBased(ratio)));
}

/// Whether anything is traced.
pub fn is_on() -> bool {
    ON.get().is_some()
}

/// A provider that traces this much of everything that is not part of a trace already.
pub(crate) fn provider(resource: Resource, ratio: f64) -> TracerProviderBuilder {
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio)));
    SdkTracerProvider::builder().with_resource(resource).with_id_generator(Ids::default()).with_sampler(sampler)
}

/// The trace of an event, and the span that all the others of it hang from: a function of its id and of nothing else.
pub fn ids(event_id: &[u8; 16]) -> (TraceId, SpanId) {
    let hash: [u8; 32] = Sha256::new().chain_update(DOMAIN).chain_update(event_id).finalize().into();
    let (trace, rest) = hash.split_first_chunk().unwrap_or((&[0; 16], &[]));
    let (span, _) = rest.split_first_chunk().unwrap_or((&[0; 8], &[]));
    (TraceId::from_bytes(*trace), SpanId::from_bytes(*span))
}

/// An event's trace. See [`of_event`].
pub struct EventTrace {
    tracer: &'static SdkTracer,
    root: SpanContext,
}

/// When something began and when it ended.
pub type Took = (SystemTime, SystemTime);

/// The event's trace, if it is traced: whoever computes it gets the same, and a lower `trace_ratio` gives some of those of a
/// higher one. Costs next to nothing while tracing is off, and one hash while it is on.
pub fn of_event(event_id: &[u8; 16]) -> Option<EventTrace> {
    let (tracer, sampler) = ON.get()?;
    let (trace_id, span_id) = ids(event_id);
    let sampled = sampler.should_sample(None, trace_id, "", &SpanKind::Internal, &[], &[]);
    let is_traced = sampled.decision == SamplingDecision::RecordAndSample;
    let root = SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, true, TraceState::NONE);
    is_traced.then_some(EventTrace { tracer, root })
}

impl EventTrace {
    /// The span that all the others hang from: the record's way to the log. The connector's, and nobody else's; linked to
    /// the trace of the file or message that the record came in.
    pub fn record(&self, took: Took, attributes: &[(&'static str, &str)]) {
        NEXT.set(Some((self.root.trace_id(), self.root.span_id())));
        self.emit("source to log", took, attributes, &Context::new());
        NEXT.set(None);
    }

    /// One step of the event's way.
    pub fn step(&self, name: &'static str, took: Took, attributes: &[(&'static str, &str)]) {
        self.emit(name, took, attributes, &Context::new().with_remote_span_context(self.root.clone()));
    }

    fn emit(&self, name: &'static str, (from, to): Took, attributes: &[(&'static str, &str)], parent: &Context) {
        let attributes = attributes.iter().map(|(key, value)| KeyValue::new(*key, (*value).to_owned()));
        let whole = tracing::Span::current().context().span().span_context().clone();
        let links = if whole.is_valid() { vec![Link::new(whole, Vec::new(), 0)] } else { Vec::new() };
        let span = self.tracer.span_builder(name).with_start_time(from).with_attributes(attributes).with_links(links);
        span.start_with_context(self.tracer, parent).end_with_timestamp(to);
    }
}

/// Puts a request's span into the trace that its `traceparent` names (W3C Trace Context). Its `tracestate` and `baggage` are
/// left where they are: what a reader's own system writes there is not ours to pass on.
pub fn adopt(span: &tracing::Span, traceparent: &str) {
    if ON.get().is_some() {
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Traceparent(traceparent));
        let _span_that_is_off_has_no_trace = span.set_parent(parent);
    }
}

/// The one header that is read.
struct Traceparent<'a>(&'a str);

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

thread_local! {
    /// The ids of the span that this thread makes next, where they are computed.
    static NEXT: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// Random ids, but for an event's first span.
#[derive(Debug, Default)]
struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        NEXT.get().map_or_else(|| self.0.new_trace_id(), |(trace_id, _)| trace_id)
    }

    fn new_span_id(&self) -> SpanId {
        NEXT.get().map_or_else(|| self.0.new_span_id(), |(_, span_id)| span_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_events_trace_is_a_function_of_its_id() {
        let (trace_id, span_id) = ids(&[7; 16]);
        assert_eq!(ids(&[7; 16]), (trace_id, span_id));
        assert_ne!(ids(&[8; 16]), (trace_id, span_id));
        // Fixed for ever: processes of two builds must agree.
        assert_eq!((trace_id.to_string(), span_id.to_string()), (TRACE_OF_SEVENS.into(), SPAN_OF_SEVENS.into()));
        assert_ne!(trace_id.to_bytes(), [7; 16]);
    }

    const TRACE_OF_SEVENS: &str = "31dd35fa3985f9aaaeffabff2b8cbc44";
    const SPAN_OF_SEVENS: &str = "9006a59aaba28f2a";

    #[test]
    fn a_lower_ratio_traces_some_of_what_a_higher_one_does() {
        let is_traced = |ratio, id: u64| {
            let mut event_id = [0; 16];
            event_id[..8].copy_from_slice(&id.to_be_bytes());
            let sampler = Sampler::TraceIdRatioBased(ratio);
            let sampled = sampler.should_sample(None, ids(&event_id).0, "", &SpanKind::Internal, &[], &[]);
            sampled.decision == SamplingDecision::RecordAndSample
        };
        let of = |ratio| (0..20_000).filter(|id| is_traced(ratio, *id)).collect::<Vec<_>>();
        let (few, many) = (of(0.01), of(0.1));
        assert!(
            (150..250).contains(&few.len()) && (1_800..2_200).contains(&many.len()),
            "{} {}",
            few.len(),
            many.len()
        );
        assert!(few.iter().all(|id| many.contains(id)));
        assert!(of(0.0).is_empty() && of(1.0).len() == 20_000);
    }
}
