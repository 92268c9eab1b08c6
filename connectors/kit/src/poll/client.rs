//! Asking over TLS, as whom the credentials' files say.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{Options, PollError};

const CONNECT_MAX: Duration = Duration::from_secs(15);
/// Longest answer of a server of tokens.
const TOKEN_BYTES_MAX: usize = 64 << 10;
/// How long before its end a token is not used any more.
const TOKEN_ENDS_EARLY: Duration = Duration::from_secs(60);

/// Who asks. Every secret is in a file of its own, read again whenever it is used, but the certificate.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The authorities that the server's certificate is signed by, PEM. Without them only a server on this machine is asked.
    pub ca: Option<PathBuf>,
    /// The client certificate's chain and its key, PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// A file that holds a bearer token alone.
    pub token_file: Option<PathBuf>,
    /// A file of `Name: value` lines: an API key, a supplier's number.
    pub headers_file: Option<PathBuf>,
    /// A server that gives tokens for a client id and its secret.
    pub oauth: Option<OAuth>,
}

/// OAuth 2.0 client credentials.
#[derive(Clone, Debug)]
pub struct OAuth {
    /// Where tokens are asked for.
    pub token_url: Url,
    /// The client id.
    pub client_id: String,
    /// A file that holds its secret alone.
    pub secret_file: PathBuf,
    /// What for, where the server asks.
    pub scope: Option<String>,
}

/// Why nobody can be asked. Names files and never what they hold.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ClientUnusable {
    /// A file.
    #[error("`{0}` cannot be used: {1}")]
    File(PathBuf, String),
    /// In clear, to another machine.
    #[error(
        "records do not travel in clear: the address must begin with https, and `ca` must name who signs its certificate"
    )]
    InClear,
    /// The client could not be made.
    #[error("the connection cannot be prepared: {0}")]
    Prepare(String),
}

pub(super) struct Client {
    http: reqwest::Client,
    credentials: Credentials,
    options: (Duration, Duration),
    /// What the server of tokens gave, and until when it is good.
    token: Mutex<Option<(String, Instant)>>,
}

pub(super) enum Got {
    /// Nothing has changed.
    Unchanged,
    Page(Box<Page>),
}

pub(super) struct Page {
    response: Response,
    pub(super) media_type: String,
    pub(super) next: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) asked_at: Timestamp,
    until: tokio::time::Instant,
}

impl Page {
    pub(super) async fn next_chunk(&mut self) -> Result<Option<Bytes>, PollError> {
        let next = tokio::time::timeout_at(self.until, self.response.chunk()).await;
        let next = next.map_err(|_| PollError::Unreachable("a page took too long".to_owned()))?;
        next.map_err(|error| unreachable(&error))
    }
}

impl Client {
    pub(super) fn of(options: &Options) -> Result<Self, ClientUnusable> {
        let credentials = options.credentials.clone();
        let mut addresses = vec![&options.base];
        addresses.extend(credentials.oauth.as_ref().map(|oauth| &oauth.token_url));
        let over_tls = credentials.ca.is_some();
        if !addresses.iter().all(|url| is_safe(url, over_tls)) {
            return Err(ClientUnusable::InClear);
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(&credentials)?)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT_MAX)
            .read_timeout(options.stall_max)
            .user_agent(concat!("throughline/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ClientUnusable::Prepare(kind_of(&error)))?;
        Ok(Self { http, credentials, options: (options.stall_max, options.page_max), token: Mutex::default() })
    }

    pub(super) async fn get(&self, url: &Url, accept: &str, etag: Option<&str>) -> Result<Got, PollError> {
        let mut headers = self.headers().await?;
        if let Ok(accept) = HeaderValue::try_from(accept) {
            headers.insert(header::ACCEPT, accept);
        }
        if let Some(etag) = etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
            headers.insert(header::IF_NONE_MATCH, etag);
        }
        let (here, until) = (Timestamp::now(), tokio::time::Instant::now() + self.options.1);
        let asked = self.http.get(url.clone()).headers(headers).send();
        let response = tokio::time::timeout(self.options.0, asked).await;
        let response = response.map_err(|_| PollError::Unreachable("it took too long".to_owned()))?;
        let response = response.map_err(|error| unreachable(&error))?;
        let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let status = response.status();
        match status.as_u16() {
            200 => {}
            304 if etag.is_some() => return Ok(Got::Unchanged),
            401 | 403 => {
                // A token that was taken back: the next try asks for another.
                *self.token.lock().await = None;
                return Err(PollError::Refused(status.as_u16()));
            }
            429 | 500..=599 | 408 => {
                let retry_after = text(header::RETRY_AFTER).and_then(|told| wait_of(told, here));
                return Err(PollError::Busy { status: status.as_u16(), retry_after });
            }
            other => return Err(PollError::Status(other)),
        }
        let media_type = text(header::CONTENT_TYPE).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let links = response.headers().get_all(header::LINK).iter().filter_map(|link| link.to_str().ok());
        let next = links.flat_map(|link| link.split(',')).find_map(next_of).map(str::to_owned);
        let etag = text(header::ETAG).map(str::to_owned);
        let asked_at = text(header::DATE).and_then(moment).unwrap_or(here);
        Ok(Got::Page(Box::new(Page { media_type, next, etag, asked_at, until, response })))
    }

    /// What the files say, as they stand now.
    async fn headers(&self) -> Result<HeaderMap, PollError> {
        let mut headers = HeaderMap::new();
        let credentials = &self.credentials;
        if let Some(file) = &credentials.headers_file {
            for line in secret(file)?.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
                let malformed = || ClientUnusable::File(file.clone(), "a line is no `Name: value`".to_owned());
                let (name, value) = line.split_once(':').ok_or_else(malformed)?;
                let name = HeaderName::try_from(name.trim()).map_err(|_| malformed())?;
                let mut value = HeaderValue::try_from(value.trim()).map_err(|_| malformed())?;
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        let token = match (&credentials.token_file, &credentials.oauth) {
            (Some(file), _) => Some(secret(file)?.trim().to_owned()),
            (None, Some(oauth)) => Some(self.token(oauth).await?),
            (None, None) => None,
        };
        if let Some(token) = token {
            let file = credentials.token_file.clone().unwrap_or_default();
            let unusable = |_| ClientUnusable::File(file, "it holds no token".to_owned());
            let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(unusable)?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(headers)
    }

    async fn token(&self, oauth: &OAuth) -> Result<String, PollError> {
        let mut held = self.token.lock().await;
        if let Some((token, until)) = held.as_ref()
            && *until > Instant::now()
        {
            return Ok(token.clone());
        }
        let mut form = oauth.token_url.clone();
        form.query_pairs_mut()
            .clear()
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &oauth.client_id)
            .append_pair("client_secret", secret(&oauth.secret_file)?.trim())
            .extend_pairs(oauth.scope.as_ref().map(|scope| ("scope", scope)));
        let form = form.query().unwrap_or_default().to_owned();
        let asked = self
            .http
            .post(oauth.token_url.clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(form)
            .send();
        let response = tokio::time::timeout(self.options.0, asked).await;
        let response = response.map_err(|_| PollError::Unreachable("the server of tokens took too long".to_owned()))?;
        let mut response = response.map_err(|error| unreachable(&error))?;
        match response.status() {
            StatusCode::OK => {}
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(PollError::Busy { status: status.as_u16(), retry_after: None });
            }
            status => return Err(PollError::Refused(status.as_u16())),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > TOKEN_BYTES_MAX {
                return Err(PollError::TooLarge(TOKEN_BYTES_MAX as u64));
            }
        }
        let Ok(Given { access_token, expires_in }) = serde_json::from_slice(&body) else {
            return Err(PollError::Unreachable("the server of tokens gave none".to_owned()));
        };
        let good_for = Duration::from_secs(expires_in.unwrap_or(300)).saturating_sub(TOKEN_ENDS_EARLY);
        *held = Some((access_token.clone(), Instant::now() + good_for));
        Ok(access_token)
    }
}

#[derive(Deserialize)]
struct Given {
    access_token: String,
    expires_in: Option<u64>,
}

/// Over TLS, or on this machine.
fn is_safe(url: &Url, over_tls: bool) -> bool {
    let is_here = match url.host_str().unwrap_or_default() {
        "localhost" => true,
        host => host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
    };
    match url.scheme() {
        "https" => over_tls,
        "http" => is_here,
        _ => false,
    }
}

fn tls(credentials: &Credentials) -> Result<ClientConfig, ClientUnusable> {
    let mut roots = RootCertStore::empty();
    for authority in credentials.ca.iter().map(|file| certificates(file)).collect::<Result<Vec<_>, _>>()?.concat() {
        // Of a bundle of many, one that is no authority keeps out nobody but itself.
        let _passed_over = roots.add(authority);
    }
    if let Some(file) = credentials.ca.as_ref().filter(|_| roots.is_empty()) {
        return Err(ClientUnusable::File(file.clone(), "it holds no authority".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientUnusable::Prepare(error.to_string()))?
        .with_root_certificates(roots);
    match &credentials.identity {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let unusable = |error: &dyn std::fmt::Display| ClientUnusable::File(key.clone(), error.to_string());
            let held = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(&error))?;
            builder.with_client_auth_cert(certificates(certificate)?, held).map_err(|error| unusable(&error))
        }
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ClientUnusable> {
    let unusable = |error: rustls::pki_types::pem::Error| ClientUnusable::File(file.to_path_buf(), error.to_string());
    CertificateDer::pem_file_iter(file).map_err(unusable)?.collect::<Result<_, _>>().map_err(unusable)
}

fn secret(file: &Path) -> Result<String, ClientUnusable> {
    std::fs::read_to_string(file).map_err(|error| ClientUnusable::File(file.to_path_buf(), error.kind().to_string()))
}

/// The address of a `Link` whose relation is `next`.
fn next_of(link: &str) -> Option<&str> {
    let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let relations = parameters.split(';').filter_map(|parameter| parameter.trim().strip_prefix("rel="));
    let mut relations = relations.flat_map(|relation| relation.trim_matches('"').split_ascii_whitespace());
    relations.any(|relation| relation.eq_ignore_ascii_case("next")).then_some(address)
}

/// What `Retry-After` says: seconds, or a moment.
fn wait_of(told: &str, now: Timestamp) -> Option<Duration> {
    match told.trim().parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Duration::try_from(moment(told)?.duration_since(now)).ok(),
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// What kind of failure it was. The error's own words hold the address.
fn unreachable(error: &reqwest::Error) -> PollError {
    PollError::Unreachable(kind_of(error))
}

fn kind_of(error: &reqwest::Error) -> String {
    use std::error::Error as _;
    let mut source = error.source();
    while let Some(inner) = source {
        match (tls_of(inner), inner.downcast_ref::<std::io::Error>()) {
            (Some(rustls::Error::InvalidCertificate(_)), _) => return "its certificate is not trusted".to_owned(),
            (Some(_), _) => return "TLS failed".to_owned(),
            (None, Some(io)) if io.get_ref().is_none() => return io.kind().to_string(),
            _ => source = inner.source(),
        }
    }
    let kind = if error.is_timeout() {
        "it took too long"
    } else if error.is_connect() {
        "no connection"
    } else {
        "it broke off"
    };
    kind.to_owned()
}

/// What TLS says comes wrapped, perhaps more than once, and is no source of what it is wrapped in.
fn tls_of<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let wrapped = || error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.downcast_ref().or_else(|| tls_of(wrapped()?))
}
