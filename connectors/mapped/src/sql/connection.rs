//! To a PostgreSQL database: over TLS, but for one on this machine.

use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::SqlError;

const CONNECT_MAX: Duration = Duration::from_secs(15);

/// Longest that a question may take.
const STATEMENT_MAX: &str = "10min";

/// Where the database is, and how it is trusted.
#[derive(Clone)]
pub struct Connection {
    config: Config,
    tls: Option<Arc<ClientConfig>>,
}

impl std::fmt::Debug for Connection {
    /// Without the password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connection").field("tls", &self.tls.is_some()).finish_non_exhaustive()
    }
}

/// Why a connection cannot be made as it is described.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConnectionUnusable {
    /// The text is no connection string.
    #[error("must hold one line such as `host=db.example port=5432 dbname=cases user=throughline password=...`")]
    Malformed,
    /// Another machine, in clear.
    #[error("must have a `ca` beside it: the database is on another machine, and rows do not travel in clear")]
    InClear,
    /// The certificates cannot be read.
    #[error("must be a PEM file of the certificates that the database's is signed by")]
    Ca,
}

impl Connection {
    /// From a connection string of libpq's kind and, unless the database is on this machine, a file of certificates.
    ///
    /// # Errors
    /// When either cannot be used, or rows would travel in clear.
    pub fn of(text: &str, ca: Option<&Path>) -> Result<Self, ConnectionUnusable> {
        let mut config = Config::from_str(text.trim()).map_err(|_| ConnectionUnusable::Malformed)?;
        if config.get_hosts().is_empty() {
            return Err(ConnectionUnusable::Malformed);
        }
        config.connect_timeout(CONNECT_MAX).application_name("throughline");
        let Some(ca) = ca else {
            if !config.get_hosts().iter().all(is_here) {
                return Err(ConnectionUnusable::InClear);
            }
            config.ssl_mode(SslMode::Disable);
            return Ok(Self { config, tls: None });
        };
        config.ssl_mode(SslMode::Require);
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_file_iter(ca).map_err(|_| ConnectionUnusable::Ca)?;
        for certificate in certificates {
            roots.add(certificate.map_err(|_| ConnectionUnusable::Ca)?).map_err(|_| ConnectionUnusable::Ca)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let tls = versions.map_err(|_| ConnectionUnusable::Ca)?.with_root_certificates(roots).with_no_client_auth();
        Ok(Self { config, tls: Some(Arc::new(tls)) })
    }

    /// Connects, for reading only.
    pub(super) async fn open(&self) -> Result<Client, SqlError> {
        let client = match &self.tls {
            Some(tls) => {
                let connect = MakeRustlsConnect::new(tls.as_ref().clone());
                let (client, connection) = self.config.connect(connect).await.map_err(|error| refused(&error))?;
                tokio::spawn(connection);
                client
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(|error| refused(&error))?;
                tokio::spawn(connection);
                client
            }
        };
        let settings = format!(
            "SET default_transaction_read_only = on; SET statement_timeout = '{STATEMENT_MAX}'; SET TIME ZONE 'UTC'; \
             SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET client_encoding = 'UTF8'"
        );
        client.batch_execute(&settings).await.map_err(|error| refused(&error))?;
        Ok(client)
    }
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// What is said of a connection that was not made: its SQLSTATE, or what kind of failure it was.
fn refused(error: &tokio_postgres::Error) -> SqlError {
    let state = error.code().map(|code| format!("SQLSTATE {}", code.code()));
    let kind = |error: &tokio_postgres::Error| {
        use std::error::Error as _;
        let io = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
        io.map_or_else(|| "it was not made".to_owned(), |io| io.kind().to_string())
    };
    SqlError::Connect(state.unwrap_or_else(|| kind(error)))
}
