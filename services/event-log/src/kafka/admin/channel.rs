//! One connection to one broker: bounded frames, one request at a time, each within its time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiVersionsRequest, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{
    Decodable, HeaderVersion, Message, Request, StrBytes, encode_request_header_into_buffer,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{AdminError, sasl};
use crate::kafka::{Connection, Security, Tls};

const CONNECTED_WITHIN: Duration = Duration::from_secs(10);
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
/// No answer that is asked for here comes near it.
const FRAME_BYTES_MAX: usize = 16 << 20;
/// The version of `ApiVersions` that every broker since Kafka 2.4 answers in full.
const API_VERSIONS_VERSION: i16 = 3;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

pub(in crate::kafka) struct Channel {
    broker: String,
    stream: Box<dyn Stream>,
    client_id: StrBytes,
    correlation_id: i32,
    /// What the broker takes, lowest and highest, by the request's number.
    versions: BTreeMap<i16, (i16, i16)>,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel").field("broker", &self.broker).finish_non_exhaustive()
    }
}

impl Channel {
    pub(in crate::kafka) async fn open(connection: &Connection) -> Result<Self, AdminError> {
        let (tls, sasl) = match &connection.security {
            Security::Plaintext => (None, None),
            Security::Tls(tls) => (Some(tls), None),
            Security::Sasl { tls, sasl } => (tls.as_ref(), Some(sasl)),
        };
        let tls = tls.map(connector).transpose()?;
        let mut failed = None;
        for broker in connection.bootstrap.split(',').map(str::trim).filter(|broker| !broker.is_empty()) {
            let stream = match timeout(CONNECTED_WITHIN, stream(broker, tls.as_ref())).await {
                Ok(Ok(stream)) => stream,
                Ok(Err(because)) => {
                    failed = Some(unavailable(broker, because));
                    continue;
                }
                Err(_elapsed) => {
                    failed = Some(unavailable(broker, late(CONNECTED_WITHIN)));
                    continue;
                }
            };
            let client_id = StrBytes::from_string(connection.client_id.clone());
            let versions = BTreeMap::new();
            let mut channel = Self { broker: broker.to_owned(), stream, client_id, correlation_id: 0, versions };
            match channel.introduce(sasl).await {
                Ok(()) => return Ok(channel),
                Err(error @ AdminError::Unavailable { .. }) => failed = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(failed.unwrap_or_else(|| unavailable("(none)", "the connection names no broker".to_owned())))
    }

    async fn introduce(&mut self, sasl: Option<&crate::kafka::Sasl>) -> Result<(), AdminError> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("throughline"))
            .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
        let answer = self.ask_as(request, API_VERSIONS_VERSION).await?;
        self.said("say what it can do", answer.error_code, None)?;
        self.versions = answer.api_keys.iter().map(|api| (api.api_key, (api.min_version, api.max_version))).collect();
        match sasl {
            Some(sasl) => sasl::authenticate(self, sasl).await,
            None => Ok(()),
        }
    }

    /// Asks in the highest version that both sides know.
    pub(in crate::kafka) async fn ask<R: Request>(&mut self, request: R) -> Result<R::Response, AdminError> {
        let ours = <R as Message>::VERSIONS;
        let (lowest, highest) = self.versions.get(&R::KEY).copied().unwrap_or((0, -1));
        let version = ours.max.min(highest);
        if version < ours.min.max(lowest) {
            return Err(self.not_understood(format!(
                "it takes request {} in versions {lowest} to {highest}, and this client knows {ours}",
                R::KEY
            )));
        }
        self.ask_as(request, version).await
    }

    async fn ask_as<R: Request>(&mut self, request: R, version: i16) -> Result<R::Response, AdminError> {
        self.correlation_id = self.correlation_id.wrapping_add(1);
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation_id)
            .with_client_id(Some(self.client_id.clone()));
        let mut body = BytesMut::new();
        let encoded =
            encode_request_header_into_buffer(&mut body, &header).and_then(|()| request.encode(&mut body, version));
        encoded.map_err(|error| self.not_understood(format!("request {} cannot be put: {error}", R::KEY)))?;
        let mut answer = match timeout(ANSWERED_WITHIN, exchange(&mut *self.stream, &body)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(because)) => return Err(unavailable(&self.broker, because)),
            Err(_elapsed) => return Err(unavailable(&self.broker, late(ANSWERED_WITHIN))),
        };
        let decoded = decode::<R>(&mut answer, version);
        let (correlation_id, answer) =
            decoded.map_err(|error| self.not_understood(format!("its answer to request {}: {error}", R::KEY)))?;
        if correlation_id != self.correlation_id {
            return Err(self.not_understood(format!("it answers another request than {}", R::KEY)));
        }
        Ok(answer)
    }

    /// What the broker said of one thing that it was asked.
    pub(super) fn said(&self, what: &str, code: i16, message: Option<StrBytes>) -> Result<(), AdminError> {
        let Some(error) = ResponseError::try_from_code(code) else { return Ok(()) };
        // The cluster is busy with itself: another time, the same question is right.
        if matches!(
            error,
            ResponseError::RequestTimedOut
                | ResponseError::NotController
                | ResponseError::NetworkException
                | ResponseError::CoordinatorLoadInProgress
                | ResponseError::BrokerNotAvailable
        ) {
            return Err(unavailable(&self.broker, format!("asked to {what}, it says {error}")));
        }
        let because = match message.filter(|message| !message.is_empty()) {
            Some(message) => format!("{error} ({})", &*message),
            None => error.to_string(),
        };
        Err(AdminError::Refused { broker: self.broker.clone(), what: what.to_owned(), because })
    }

    pub(super) fn refused(&self, what: &str, because: String) -> AdminError {
        AdminError::Refused { broker: self.broker.clone(), what: what.to_owned(), because }
    }

    fn not_understood(&self, what: String) -> AdminError {
        AdminError::NotUnderstood { broker: self.broker.clone(), what }
    }
}

fn unavailable(broker: &str, because: String) -> AdminError {
    AdminError::Unavailable { broker: broker.to_owned(), because }
}

fn late(within: Duration) -> String {
    format!("nothing came within {} s", within.as_secs())
}

fn decode<R: Request>(answer: &mut Bytes, version: i16) -> Result<(i32, R::Response), String> {
    let header_version = <R::Response as HeaderVersion>::header_version(version);
    let header = ResponseHeader::decode(answer, header_version).map_err(|error| error.to_string())?;
    let body = <R::Response as Decodable>::decode(answer, version).map_err(|error| error.to_string())?;
    if answer.has_remaining() {
        return Err(format!("{} bytes too many", answer.remaining()));
    }
    Ok((header.correlation_id, body))
}

async fn exchange(stream: &mut dyn Stream, body: &[u8]) -> Result<Bytes, String> {
    let length = i32::try_from(body.len()).map_err(|_| "the request is too long".to_owned())?;
    let mut frame = BytesMut::with_capacity(4 + body.len());
    frame.put_i32(length);
    frame.put_slice(body);
    stream.write_all(&frame).await.map_err(|error| error.to_string())?;
    stream.flush().await.map_err(|error| error.to_string())?;
    let length = stream.read_i32().await.map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "it closed the connection".to_owned(),
        _ => error.to_string(),
    })?;
    let length = usize::try_from(length).ok().filter(|length| *length <= FRAME_BYTES_MAX);
    let length = length.ok_or("what answers is no Kafka broker, or expects TLS where there is none")?;
    let mut answer = Vec::new();
    // Grows with what comes and not with what was announced.
    let read = AsyncReadExt::take(stream, length as u64).read_to_end(&mut answer).await;
    if read.map_err(|error| error.to_string())? < length {
        return Err("it closed the connection".to_owned());
    }
    Ok(answer.into())
}

async fn stream(broker: &str, tls: Option<&TlsConnector>) -> Result<Box<dyn Stream>, String> {
    let tcp = TcpStream::connect(broker).await.map_err(|error| error.to_string())?;
    tcp.set_nodelay(true).map_err(|error| error.to_string())?;
    let Some(tls) = tls else { return Ok(Box::new(tcp)) };
    let host = broker.rsplit_once(':').map_or(broker, |(host, _port)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(|_| "its name cannot stand in a certificate".to_owned())?;
    let stream = tls.connect(name, tcp).await.map_err(|error| format!("TLS: {error}"))?;
    Ok(Box::new(stream))
}

fn connector(tls: &Tls) -> Result<TlsConnector, AdminError> {
    let wrong = |file: &std::path::Path, what: String| AdminError::File { file: file.display().to_string(), what };
    let certificates = |file: &std::path::Path| -> Result<Vec<CertificateDer<'static>>, AdminError> {
        let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let read = read.map_err(|error| wrong(file, format!("is no PEM certificate: {error}")))?;
        if read.is_empty() {
            return Err(wrong(file, "holds no PEM certificate".to_owned()));
        }
        Ok(read)
    };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in certificates(&tls.ca)? {
        roots.add(certificate).map_err(|error| wrong(&tls.ca, format!("is no authority's certificate: {error}")))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&tls.ca, format!("cannot be used: {error}")))?
        .with_root_certificates(roots);
    let config = match &tls.identity {
        None => config.with_no_client_auth(),
        Some((chain, key_file)) => {
            let key = PrivateKeyDer::from_pem_file(key_file)
                .map_err(|error| wrong(key_file, format!("is no PEM private key: {error}")))?;
            config
                .with_client_auth_cert(certificates(chain)?, key)
                .map_err(|error| wrong(chain, format!("and its key cannot be used: {error}")))?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)))
}
