//! Where a database is: over TLS, but for one on this machine.

use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::SqlError;

pub(super) const CONNECT_MAX: Duration = Duration::from_secs(15);

/// Longest that a question may take.
pub(super) const STATEMENT_MAX: Duration = Duration::from_secs(600);

/// Whose database it is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Engine {
    /// PostgreSQL.
    #[default]
    Postgresql,
    /// Microsoft SQL Server, of a build that has the feature `sql-server`.
    SqlServer,
}

impl std::str::FromStr for Engine {
    type Err = ConnectionUnusable;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "postgresql" => Ok(Self::Postgresql),
            "sql-server" if cfg!(feature = "sql-server") => Ok(Self::SqlServer),
            "sql-server" => Err(ConnectionUnusable::NotOfThisBuild),
            _ => Err(ConnectionUnusable::Engine),
        }
    }
}

/// Where the database is, and how it is trusted.
#[derive(Clone)]
pub struct Connection {
    engine: Engine,
    /// For SQL Server too: the line that says where a database is, is of one shape.
    config: Config,
    trust: Option<Trust>,
}

/// Who may have signed the database's certificate.
#[derive(Clone)]
struct Trust {
    tls: Arc<ClientConfig>,
    #[cfg_attr(
        not(feature = "sql-server"),
        expect(dead_code, reason = "SQL Server's client takes certificates as PEM")
    )]
    pem: Arc<[u8]>,
}

impl std::fmt::Debug for Connection {
    /// Without the password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tls = self.trust.is_some();
        formatter.debug_struct("Connection").field("engine", &self.engine).field("tls", &tls).finish_non_exhaustive()
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
    /// No such engine.
    #[error("must be `postgresql` or `sql-server`")]
    Engine,
    /// An engine that this build leaves out.
    #[error("is of a program that was built without SQL Server: build it with `--features sql-server`")]
    NotOfThisBuild,
    /// A SQL Server without what it needs.
    #[error(
        "must name one `host` (and `port`, else 1433), a `dbname`, and a `user` with its `password`: SQL Server is signed in to \
             with a login of its own, not with a Windows account"
    )]
    SqlServer,
}

impl Connection {
    /// From a connection string of libpq's kind, whatever the engine, and, unless the database is on this machine, a file of
    /// certificates.
    ///
    /// # Errors
    /// When either cannot be used, or rows would travel in clear.
    pub fn of(engine: Engine, text: &str, ca: Option<&Path>) -> Result<Self, ConnectionUnusable> {
        let mut config = Config::from_str(text.trim()).map_err(|_| ConnectionUnusable::Malformed)?;
        if config.get_hosts().is_empty() {
            return Err(ConnectionUnusable::Malformed);
        }
        if engine == Engine::SqlServer {
            let is_one = matches!(config.get_hosts(), [Host::Tcp(_)]) && config.get_ports().len() <= 1;
            let signs_in = config.get_user().is_some() && config.get_password().is_some();
            if !is_one || !signs_in || config.get_dbname().is_none() {
                return Err(ConnectionUnusable::SqlServer);
            }
        }
        config.connect_timeout(CONNECT_MAX).application_name("throughline");
        let Some(ca) = ca else {
            if !config.get_hosts().iter().all(is_here) {
                return Err(ConnectionUnusable::InClear);
            }
            config.ssl_mode(SslMode::Disable);
            return Ok(Self { engine, config, trust: None });
        };
        config.ssl_mode(SslMode::Require);
        Ok(Self { engine, config, trust: Some(Trust::of(ca)?) })
    }

    pub(super) fn engine(&self) -> Engine {
        self.engine
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn tls(&self) -> Option<&ClientConfig> {
        self.trust.as_ref().map(|trust| trust.tls.as_ref())
    }

    /// The certificates that the database's is signed by, as PEM.
    #[cfg(feature = "sql-server")]
    pub(super) fn ca(&self) -> Option<&[u8]> {
        self.trust.as_ref().map(|trust| trust.pem.as_ref())
    }
}

impl Trust {
    fn of(ca: &Path) -> Result<Self, ConnectionUnusable> {
        let pem = std::fs::read(ca).map_err(|_| ConnectionUnusable::Ca)?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            roots.add(certificate.map_err(|_| ConnectionUnusable::Ca)?).map_err(|_| ConnectionUnusable::Ca)?;
        }
        if roots.is_empty() {
            return Err(ConnectionUnusable::Ca);
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let tls = versions.map_err(|_| ConnectionUnusable::Ca)?.with_root_certificates(roots).with_no_client_auth();
        Ok(Self { tls: Arc::new(tls), pem: pem.into() })
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

/// What is said of a connection that was not made, by what kind of failure it was.
pub(super) fn refused(kind: Option<std::io::ErrorKind>) -> SqlError {
    SqlError::Connect(kind.map_or_else(|| "it was not made".to_owned(), |kind| kind.to_string()))
}
