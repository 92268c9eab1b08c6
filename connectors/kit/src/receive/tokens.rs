//! A token for callers whose software asks for one before it posts: OAuth 2.0 with client credentials (RFC 6749, section 4.4).
//!
//! What is given is what was shown. The secret is the caller's own bearer token, of which its section holds the digest: so there is
//! nothing here to sign, to keep or to withdraw, and a token that is taken from the file opens nothing any more. Over TLS alone, as
//! everything here.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use runtime::metrics;
use serde_json::json;

use super::server::{Held, Peer, one, respond};
use super::take::Take;
use super::{Answer, RefusalCode};

/// Longest form; what is asked for takes some hundreds of bytes.
const FORM_BYTES_MAX: usize = 8 << 10;
/// After how long the caller asks again: often enough that a withdrawn secret is noticed there too.
const HOLDS_S: u64 = 3_600;

/// Why no token is given, in the words of section 5.2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum No {
    Method,
    InvalidRequest,
    InvalidClient,
    UnsupportedGrantType,
}

impl No {
    fn told(self) -> (u16, &'static str) {
        match self {
            Self::Method => (405, "invalid_request"),
            Self::InvalidRequest => (400, "invalid_request"),
            Self::InvalidClient => (401, "invalid_client"),
            Self::UnsupportedGrantType => (400, "unsupported_grant_type"),
        }
    }
}

/// Gives it, or says why not.
pub(super) async fn give(State(take): Held, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let peer = parts.extensions.get::<Peer>().cloned().unwrap_or_default();
    let given = async {
        if parts.method != Method::POST {
            return Err(No::Method);
        }
        let form = form(&take, &parts.headers, body).await?;
        token(&take, &peer, &parts.headers, &form)
    };
    let source = &take.options.source;
    respond(match given.await {
        Ok(token) => {
            metrics::RECEIVED.add(1, [source, "TOKEN_GIVEN"]);
            Answer::json(200, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": HOLDS_S }))
        }
        Err(no) => {
            let (status, error) = no.told();
            let code = if no == No::InvalidClient { RefusalCode::CallerUnknown.name() } else { "TOKEN_REFUSED" };
            metrics::RECEIVED.add(1, [source, code]);
            tracing::info!(source, error, "no token is given");
            let answer = Answer::json(status, &json!({ "error": error })).with("connection", "close");
            if no == No::InvalidClient { answer.with("www-authenticate", "Basic") } else { answer }
        }
    })
}

type Form = Vec<(String, String)>;

async fn form(take: &Take, headers: &HeaderMap, body: Body) -> Result<Form, No> {
    let said = one(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let essence = said.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(No::InvalidRequest);
    }
    let read = tokio::time::timeout(take.options.stall_max, to_bytes(body, FORM_BYTES_MAX)).await;
    let bytes = read.map_err(|_| No::InvalidRequest)?.map_err(|_| No::InvalidRequest)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| No::InvalidRequest)?;
    pairs(text)
}

/// What a form holds. Nothing may stand twice.
fn pairs(text: &str) -> Result<Form, No> {
    let mut form = Url::parse("form:").map_err(|_| No::InvalidRequest)?;
    form.set_query(Some(text));
    let pairs: Form = form.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let twice =
        pairs.iter().enumerate().any(|(at, (name, _))| pairs.iter().skip(at + 1).any(|(other, _)| name == other));
    if twice { Err(No::InvalidRequest) } else { Ok(pairs) }
}

fn token(take: &Take, peer: &Peer, headers: &HeaderMap, form: &Form) -> Result<String, No> {
    let of = |name: &str| form.iter().find(|(of, _)| of == name).map(|(_, value)| value.clone());
    if of("grant_type").ok_or(No::InvalidRequest)? != "client_credentials" {
        return Err(No::UnsupportedGrantType);
    }
    let by_header = headers.contains_key(header::AUTHORIZATION);
    let (id, secret) = match (by_header, of("client_id"), of("client_secret")) {
        (true, _, None) => one(headers, header::AUTHORIZATION.as_str()).and_then(basic).ok_or(No::InvalidClient)?,
        // Who they are is said in one way.
        (true, _, Some(_)) => return Err(No::InvalidRequest),
        (false, Some(id), Some(secret)) => (id, secret),
        (false, ..) => return Err(No::InvalidClient),
    };
    let known = take.options.callers.iter().find(|caller| caller.name == id);
    let known = known.filter(|caller| caller.tokens.is_some());
    // For a name that nobody has another's file is read, and comes to nothing: so that the time does not tell which names there are.
    let checked = known.or_else(|| take.options.callers.iter().find(|caller| caller.tokens.is_some()));
    let is_theirs = checked.is_some_and(|caller| caller.is(Some(&secret), peer.names()));
    (known.is_some() && is_theirs).then_some(secret).ok_or(No::InvalidClient)
}

/// The name and the secret of `Basic`, each as a form writes it.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, given) = header.split_once(' ')?;
    let given = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(given.trim()).ok()).flatten()?;
    let given = String::from_utf8(given).ok()?;
    let (id, secret) = given.split_once(':')?;
    let plain = |text: &str| pairs(text).ok()?.into_iter().next().map(|(name, _)| name);
    Some((plain(id)?, plain(secret)?))
}
