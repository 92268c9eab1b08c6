//! Readers, over TLS, each with the certificate and the token that `dev init` gave them.

use std::fs;
use std::path::PathBuf;

use projection::serve::page::TOKEN_BYTES;
use prost::Message;
use proto::events::{Scheme, Subject};
use proto::sharing::Purpose;
use proto::timeline::timelines_client::TimelinesClient;
use proto::timeline::{GetTimelineRequest, GetTimelineResponse};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

use super::Place;

/// A child by a reference that the reader holds.
pub(crate) type Child = Subject;

/// A client that shows a token with every call.
pub(crate) type Client = TimelinesClient<InterceptedService<Channel, ShowToken>>;

#[derive(Clone)]
pub(crate) struct ShowToken(Option<MetadataValue<Ascii>>);

impl tonic::service::Interceptor for ShowToken {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

impl Place {
    fn organisation(&self, id: &str) -> PathBuf {
        self.path("here/organisations").join(id)
    }

    /// An organisation's certificate with its key, PEM.
    pub(crate) fn certificate(&self, organisation: &str) -> (String, String) {
        let folder = self.organisation(organisation);
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        (read("certificate.pem"), read("key.pem"))
    }

    /// The token of a reader.
    pub(crate) fn token(&self, reader: &str) -> String {
        fs::read_to_string(self.path("here/readers").join(format!("{reader}.token"))).unwrap().trim().to_owned()
    }

    /// A child of `demo.json`, by this scheme.
    pub(crate) fn demo_child(&self, scheme: &str) -> Child {
        let demo = self.json("demo.json");
        let references = demo["references"].as_array().unwrap();
        child(references.iter().find(|reference| reference["scheme"] == scheme).unwrap())
    }

    /// An organisation of `demo.json`, by what it is to the child.
    pub(crate) fn demo_organisation(&self, role: &str) -> String {
        self.json("demo.json")["organisations"][role].as_str().unwrap().to_owned()
    }
}

/// A subject of the truth file.
pub(crate) fn child(reference: &serde_json::Value) -> Child {
    let of = |key: &str| reference[key].as_str().unwrap().to_owned();
    let scheme = Scheme::from_str_name(&format!("SCHEME_{}", of("scheme"))).unwrap();
    Subject { scheme: scheme.into(), issuer: of("issuer"), value: of("value") }
}

/// A channel to the node on this port.
///
/// # Errors
/// When the service will not talk to it.
#[allow(dead_code, reason = "tests/kafka has several nodes")]
pub(crate) async fn channel_at(
    place: &Place,
    port: u16,
    identity: (String, String),
) -> Result<Channel, tonic::transport::Error> {
    let ca = fs::read_to_string(place.path("here/tls/ca.pem")).unwrap();
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
    let tls = tls.identity(Identity::from_pem(identity.0, identity.1));
    Endpoint::from_shared(format!("https://localhost:{port}"))?.tls_config(tls)?.connect().await
}

/// A client that asks through this channel as the organisation's first reader.
#[allow(dead_code, reason = "tests/kafka has several nodes")]
pub(crate) fn client_on(place: &Place, channel: Channel, organisation: &str) -> Client {
    let token = format!("Bearer {}", place.token(organisation)).parse().unwrap();
    TimelinesClient::with_interceptor(channel, ShowToken(Some(token))).max_decoding_message_size(16 << 20)
}

/// A channel under this certificate; none shows none.
///
/// # Errors
/// When the service will not talk to it.
pub(crate) async fn channel(
    place: &Place,
    identity: Option<(String, String)>,
) -> Result<Channel, tonic::transport::Error> {
    let ca = fs::read_to_string(place.path("here/tls/ca.pem")).unwrap();
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
    if let Some((certificate, key)) = identity {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    Endpoint::from_shared(format!("https://localhost:{}", place.port))?.tls_config(tls)?.connect().await
}

/// A client of an organisation that shows this token.
pub(crate) async fn client(place: &Place, organisation: &str, token: Option<&str>) -> Client {
    let channel = channel(place, Some(place.certificate(organisation))).await.unwrap();
    let token = token.map(|token| format!("Bearer {token}").parse().unwrap());
    TimelinesClient::with_interceptor(channel, ShowToken(token)).max_decoding_message_size(16 << 20)
}

pub(crate) fn request(child: &Child, purpose: Purpose) -> GetTimelineRequest {
    GetTimelineRequest { child: Some(child.clone()), purpose: purpose.into(), page_size: 500, ..Default::default() }
}

/// Asks for several children, one after the other, as the organisation's first reader.
pub(crate) fn asks(
    place: &Place,
    organisation: &str,
    children: &[Child],
    purpose: Purpose,
) -> Vec<GetTimelineResponse> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = client(place, organisation, Some(&place.token(organisation))).await;
        let mut answers = Vec::new();
        for child in children {
            answers.push(client.get_timeline(request(child, purpose)).await.unwrap().into_inner());
        }
        answers
    })
}

/// Asks as the organisation's first reader.
pub(crate) fn ask(
    place: &Place,
    organisation: &str,
    child: &Child,
    purpose: Purpose,
) -> Result<GetTimelineResponse, Status> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = client(place, organisation, Some(&place.token(organisation))).await;
        Ok(client.get_timeline(request(child, purpose)).await?.into_inner())
    })
}

/// An answer's bytes without what is new each time: the decision's id, and the encrypted page token.
pub(crate) fn canonical(answer: &GetTimelineResponse) -> Vec<u8> {
    assert_eq!((answer.decision_id.len(), answer.next_page_token.len()), (16, TOKEN_BYTES));
    GetTimelineResponse { decision_id: Vec::new(), next_page_token: Vec::new(), ..answer.clone() }.encode_to_vec()
}
