//! The readers' service as it listens. A timeline goes out as the bytes that were made of it once; every other call is left to
//! the service that is generated from the contract.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BufMut as _;
use proto::timeline::GetTimelineRequest;
use proto::timeline::timelines_server::TimelinesServer;
use tonic::body::Body;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic::codegen::{Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::timelines::TimelineService;
use crate::disclose::Answer;

/// The call whose answers are bytes already.
const GET_TIMELINE: &str = "/throughline.timeline.v1.Timelines/GetTimeline";

type Answering<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// The service that readers ask.
#[derive(Clone)]
pub(super) struct Readers {
    service: Arc<TimelineService>,
    contract: TimelinesServer<TimelineService>,
    request_bytes_max: usize,
}

impl Readers {
    /// A request larger than this is refused unread.
    pub(super) fn new(service: TimelineService, request_bytes_max: usize) -> Self {
        let service = Arc::new(service);
        let contract = TimelinesServer::from_arc(Arc::clone(&service)).max_decoding_message_size(request_bytes_max);
        Self { service, contract, request_bytes_max }
    }
}

impl NamedService for Readers {
    const NAME: &'static str = <TimelinesServer<TimelineService> as NamedService>::NAME;
}

impl Service<http::Request<Body>> for Readers {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() != GET_TIMELINE {
            return self.contract.call(request);
        }
        let grpc = Grpc::new(Answers::default()).apply_max_message_size_config(Some(self.request_bytes_max), None);
        let get = GetTimeline(Arc::clone(&self.service));
        Box::pin(async move { Ok({ grpc }.unary(get, request).await) })
    }
}

struct GetTimeline(Arc<TimelineService>);

impl UnaryService<GetTimelineRequest> for GetTimeline {
    type Response = Answer;
    type Future = Answering<Response<Answer>, Status>;

    fn call(&mut self, request: Request<GetTimelineRequest>) -> Self::Future {
        let service = Arc::clone(&self.0);
        Box::pin(async move { service.timeline(request).await })
    }
}

/// Requests as messages, answers as the bytes that they are.
#[derive(Default)]
struct Answers(ProstCodec<(), GetTimelineRequest>);

impl Codec for Answers {
    type Encode = Answer;
    type Decode = GetTimelineRequest;
    type Encoder = Bytes;
    type Decoder = <ProstCodec<(), GetTimelineRequest> as Codec>::Decoder;

    fn encoder(&mut self) -> Bytes {
        Bytes
    }

    fn decoder(&mut self) -> Self::Decoder {
        self.0.decoder()
    }
}

struct Bytes;

impl Encoder for Bytes {
    type Item = Answer;
    type Error = Status;

    fn encode(&mut self, answer: Answer, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        let parts = answer.parts();
        to.reserve(parts.iter().map(|part| part.len()).sum());
        parts.into_iter().for_each(|part| to.put_slice(part));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;
    use proto::DESCRIPTORS;

    #[test]
    fn the_path_is_the_contracts() {
        let contract = prost_types::FileDescriptorSet::decode(DESCRIPTORS).unwrap();
        let paths = contract.file.iter().flat_map(|file| {
            let path = |service: &prost_types::ServiceDescriptorProto, method: &prost_types::MethodDescriptorProto| {
                format!("/{}.{}/{}", file.package(), service.name(), method.name())
            };
            file.service.iter().flat_map(move |service| service.method.iter().map(move |method| path(service, method)))
        });
        assert_eq!(paths.filter(|path| path == GET_TIMELINE).count(), 1);
    }
}
