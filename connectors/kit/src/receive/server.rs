//! Listening: who is calling, what is asked, and the answer on the wire.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::any;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use runtime::metrics;
use runtime::tls::{Tls, Unusable, accept};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::callers::bearer;
use super::receipts::Receipts;
use super::take::{Head, InHand, Looking, Take, Taken};
use super::tokens;
use super::{Answer, Asked, Caller, Keys, Options, Receives, Refusal, RefusalCode, Standing};
use crate::spool::{Spool, blocking};

/// Longest head of a request, and most headers in it.
const HEAD_BYTES_MAX: usize = 32 << 10;
const HEADERS_MAX: usize = 64;
/// Longest key of a caller's.
const KEY_BYTES_MAX: usize = 255;
/// How much of a refused body is read, so that the refusal arrives, and for how long.
const DISCARDED_BYTES_MAX: usize = 1 << 20;
const DISCARDED_MAX: Duration = Duration::from_secs(2);
/// How long posts in hand may hold up the end of the process.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Connections whose handshake is done and that nobody has taken yet.
const ACCEPTED_MAX: usize = 16;
/// How often receipts are looked through for what is old enough.
const REMOVE_OLD_EVERY: Duration = Duration::from_secs(3_600);

/// Why posts cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The address.
    #[error("posts cannot be listened for on {0}")]
    Address(SocketAddr, #[source] std::io::Error),
    /// The files of TLS.
    #[error("the certificate, its key or the client authority cannot be used: {0}")]
    Tls(#[from] Unusable),
    /// The receipts.
    #[error("the receipts of posts cannot be read or written")]
    Receipts(#[source] std::io::Error),
}

/// Takes posts until told to stop; then those in hand come to their end, for a while.
///
/// # Errors
/// [`ReceiveError`].
pub async fn serve(
    listener: TcpListener,
    tls: Tls,
    connector: Arc<dyn Receives>,
    spool: Arc<Spool>,
    options: Options,
    stop: CancellationToken,
) -> Result<(), ReceiveError> {
    let tls = Tls { protocols: vec![b"http/1.1".to_vec()], ..tls };
    let held = tls.hold()?;
    let receipts = Receipts::open(&options.folder).map_err(ReceiveError::Receipts)?;
    let places = Arc::new(Semaphore::new(options.connections_max));
    let (head_max, order) = (options.head_max, Arc::default());
    let room = Looking::of(options.looked_into_bytes_max);
    let take = Arc::new(Take { connector, options, spool, receipts, in_hand: InHand::default(), room, order });
    let router = routes(&take);
    let (give, mut incoming) = mpsc::channel(ACCEPTED_MAX);
    // Whoever drops this has all of it end, so that the address is free again.
    let mut beside = JoinSet::new();
    beside.spawn(accept(listener, Arc::clone(&held), give, stop.clone()));
    beside.spawn(async move { tls.keep_fresh(held).await });
    beside.spawn(remove_old(Arc::clone(&take)));
    let mut connections = JoinSet::new();
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let next = tokio::select! {
            () = stop.cancelled() => break,
            next = incoming.recv() => next,
        };
        while connections.try_join_next().is_some() {}
        let Some(stream) = next else { break };
        let Ok(stream) = stream else { continue };
        let (router, stop) = (router.clone().layer(axum::Extension(Peer::of(&stream))), stop.clone());
        connections.spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(head_max)
                .max_buf_size(HEAD_BYTES_MAX)
                .max_headers(HEADERS_MAX)
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(timeout = error.is_timeout(), "a connection ended in an error");
            }
            drop(place);
        });
    }
    let _closed = tokio::time::timeout(DRAIN_MAX, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
    beside.shutdown().await;
    Ok(())
}

async fn remove_old(take: Arc<Take>) {
    loop {
        let (receipts, keep) = (take.receipts.clone(), take.options.keep_receipts);
        match blocking(move || receipts.remove_old(keep, SystemTime::now())).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(source = take.options.source, removed, "old receipts are removed"),
            Err(error) => {
                tracing::warn!(source = take.options.source, kind = %error.kind(), "old receipts could not be removed");
            }
        }
        tokio::time::sleep(REMOVE_OLD_EVERY).await;
    }
}

/// The names in the certificate that a connection showed.
#[derive(Clone, Debug, Default)]
pub(super) struct Peer(Arc<Vec<String>>);

impl Peer {
    pub(super) fn names(&self) -> &[String] {
        &self.0
    }

    fn of(stream: &TlsStream<TcpStream>) -> Self {
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let Some(Ok((_, certificate))) = shown.map(|shown| X509Certificate::from_der(shown)) else {
            return Self::default();
        };
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        });
        Self(Arc::new(names.collect()))
    }
}

fn routes(take: &Arc<Take>) -> Router {
    let mut router = Router::new().route("/submissions/{id}", any(standing));
    for path in take.connector.paths() {
        router = router.route(path, any(post));
    }
    if let Some(path) = take.connector.token_path() {
        router = router.route(path, any(tokens::give));
    }
    router.fallback(elsewhere).with_state(Arc::clone(take))
}

pub(super) type Held = State<Arc<Take>>;

/// A path of the connector's.
async fn post(State(take): Held, captured: RawPathParams, request: Request) -> Response {
    let captured = captured.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let expects = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let asked = Words::of(&parts.uri, &parts.headers);
    let mut body = body.into_data_stream();
    let caller = caller(&take, &parts);
    let answered = async {
        let caller = caller?;
        if parts.method != Method::POST {
            let page = (parts.method == Method::GET).then(|| take.connector.page(asked.asked())).flatten();
            return page.map(Taken::Page).ok_or_else(|| not_allowed("POST"));
        }
        let head = head(&take, &asked, &parts.headers, captured)?;
        let taken = take.take(caller, &head, &mut body).await?;
        tracing::info!(
            source = take.options.source,
            caller = caller.name,
            repeated = matches!(taken, Taken::Repeated(_)),
            "a post is answered"
        );
        Ok(taken)
    };
    match answered.await {
        Ok(Taken::Accepted(answer)) => {
            metrics::RECEIVED.add(1, [&take.options.source, "ACCEPTED"]);
            respond(answer)
        }
        Ok(Taken::Page(answer)) => respond(answer),
        Ok(Taken::Repeated(answer)) => {
            metrics::RECEIVED.add(1, [&take.options.source, "REPEATED"]);
            respond(answer)
        }
        Err(refusal) => {
            // To close with bytes unread would take the refusal back.
            if !expects {
                let discarding = async {
                    let mut left = DISCARDED_BYTES_MAX;
                    while let Some(Ok(chunk)) = body.next().await {
                        left = left.saturating_sub(chunk.len());
                        if left == 0 {
                            break;
                        }
                    }
                };
                let _out_of_time = tokio::time::timeout(DISCARDED_MAX, discarding).await;
            }
            refuse(&take, &asked, refusal)
        }
    }
}

/// How far a submission is.
async fn standing(State(take): Held, captured: RawPathParams, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let asked = Words::of(&parts.uri, &parts.headers);
    let id = captured.iter().next().map(|(_, id)| id.to_owned()).unwrap_or_default();
    let answered = async {
        let caller = caller(&take, &parts)?;
        if parts.method != Method::GET {
            return Err(not_allowed("GET"));
        }
        let none = || {
            let detail = "no submission of this caller has this id, or its receipt is older than receipts are kept";
            Refusal::new(RefusalCode::NoSuchSubmission, detail)
        };
        // It is a name in the file system.
        if !(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())) {
            return Err(none());
        }
        let (receipts, of) = (take.receipts.clone(), id.clone());
        let read = blocking(move || Ok((receipts.load(&of)?, receipts.outcome(&of)?))).await;
        let (receipt, outcome) = read.map_err(|error| {
            tracing::error!(source = take.options.source, kind = %error.kind(), "a receipt could not be read");
            Refusal::new(RefusalCode::NotKept, "what became of it cannot be read now: ask again later")
        })?;
        receipt.filter(|receipt| receipt.caller == caller.name).ok_or_else(none)?;
        let standing = outcome.map_or(Standing::Waiting, Standing::DealtWith);
        Ok(take.connector.report(asked.asked(), &id, &standing))
    };
    answered.await.map_or_else(|refusal| refuse(&take, &asked, refusal), respond)
}

/// Anywhere else.
async fn elsewhere(State(take): Held, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let asked = Words::of(&parts.uri, &parts.headers);
    let page = |_: &Caller| (parts.method == Method::GET).then(|| take.connector.page(asked.asked())).flatten();
    let answered = caller(&take, &parts).and_then(|caller| {
        let detail = format!("posts go to {}", take.connector.paths().join(" and "));
        page(caller).ok_or_else(|| Refusal::new(RefusalCode::NoSuchPath, detail))
    });
    answered.map_or_else(|refusal| refuse(&take, &asked, refusal), respond)
}

fn caller<'a>(take: &'a Take, parts: &axum::http::request::Parts) -> Result<&'a Caller, Refusal> {
    let shown = one(&parts.headers, "authorization").and_then(bearer);
    let peer = parts.extensions.get::<Peer>().cloned().unwrap_or_default();
    take.options.callers.iter().find(|caller| caller.is(shown, &peer.0)).ok_or_else(|| {
        let detail = "show the token and the client certificate that you were given: `Authorization: Bearer TOKEN`";
        Refusal::new(RefusalCode::CallerUnknown, detail)
    })
}

/// What is asked, in whose words.
struct Words {
    path: String,
    accept: String,
}

impl Words {
    fn of(uri: &axum::http::Uri, headers: &HeaderMap) -> Self {
        Self { path: uri.path().to_owned(), accept: one(headers, "accept").unwrap_or_default().to_owned() }
    }

    fn asked(&self) -> Asked<'_> {
        Asked { path: &self.path, accept: &self.accept }
    }
}

/// Reads what a post says of itself.
fn head(take: &Take, asked: &Words, headers: &HeaderMap, captured: Vec<(String, String)>) -> Result<Head, Refusal> {
    let said = one(headers, "content-type").unwrap_or_default();
    let essence = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = take.connector.media_types();
    let media_type = known.iter().find(|known| known.name == essence).copied();
    let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    let media_type = media_type.filter(|_| plain).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|known| known.name).collect();
        let detail = format!("`Content-Type` must be one of {}, without `Content-Encoding`", names.join(", "));
        Refusal::new(RefusalCode::MediaTypeUnsupported, detail)
    })?;
    let key = key(take, headers)?;
    let length = one(headers, "content-length").and_then(|length| length.parse().ok());
    let file_name = one(headers, "content-disposition").and_then(file_name).map(|name| crate::spool::safe_name(&name));
    Ok(Head { path: asked.path.clone(), accept: asked.accept.clone(), captured, media_type, file_name, key, length })
}

fn key(take: &Take, headers: &HeaderMap) -> Result<Option<Vec<u8>>, Refusal> {
    let names = take.connector.key_headers();
    let unusable = || {
        let detail = format!(
            "give the post one `{}` of 1 to {KEY_BYTES_MAX} visible characters: the same when it is repeated, another for \
             each other body",
            names.first().copied().unwrap_or("idempotency-key")
        );
        Refusal::new(RefusalCode::KeyMissing, detail)
    };
    let Some(name) = names.iter().find(|name| headers.contains_key(**name)) else {
        return match take.connector.keys() {
            Keys::Required => Err(unusable()),
            Keys::Optional => Ok(None),
        };
    };
    let key = one(headers, name).filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len())).ok_or_else(unusable)?;
    key.bytes().all(|byte| byte.is_ascii_graphic()).then(|| Some(key.as_bytes().to_vec())).ok_or_else(unusable)
}

/// A header that stands once.
pub(super) fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    all.next().is_none().then(|| first.to_str().ok()).flatten()
}

/// The file's name in a `Content-Disposition`.
fn file_name(header: &str) -> Option<String> {
    let parameter = header.split(';').skip(1).find_map(|part| part.trim().strip_prefix("filename="))?;
    Some(parameter.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty())
}

fn not_allowed(method: &str) -> Refusal {
    Refusal::new(RefusalCode::MethodNotAllowed, format!("this path takes {method}"))
}

fn refuse(take: &Take, asked: &Words, refusal: Refusal) -> Response {
    let (code, source) = (refusal.code, &take.options.source);
    metrics::RECEIVED.add(1, [source, code.name()]);
    tracing::info!(source, code = code.name(), "a request is refused");
    let mut answer = take.connector.refuse(asked.asked(), &refusal);
    let waits = refusal.retry_after.or(code.may_pass().then_some(take.options.retry_after));
    if let Some(wait) = waits {
        answer = answer.with("retry-after", &wait.as_secs().max(1).to_string());
    }
    if code == RefusalCode::CallerUnknown {
        answer = answer.with("www-authenticate", "Bearer");
    }
    respond(answer.with("connection", "close"))
}

pub(super) fn respond(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let own = [("content-type".to_owned(), answer.content_type), ("cache-control".to_owned(), "no-store".to_owned())];
    for (name, value) in own.into_iter().chain(answer.headers) {
        if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}
