//! The configuration: one file for each process.

mod connectors;
mod ledger;
mod log;
mod serve;
mod sources;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use projection::store::{Engine, Options};
use runtime::config::{Problems, Section, load};
use runtime::telemetry;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub(crate) use connectors::ConnectorSettings;
pub(crate) use ledger::LedgerSettings;
pub(crate) use log::{KafkaSettings, LogSettings};
pub(crate) use serve::Serve;
pub(crate) use sources::PollSettings;

/// What Linux takes as the path of a socket: 108 bytes, the last of which ends it.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// What the file is read for: what must be in it, and what may not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose<'a> {
    /// `throughline up`.
    Up,
    /// `throughline serve`.
    Serve,
    /// `throughline connect`, of this connector.
    Connect(&'a str),
    /// A command that only needs to reach the cluster: an administrator's file has no keys.
    Cluster,
    /// A command that goes by whatever the file holds.
    Any,
}

/// Everything that the process is told.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where the embedded log, the keys, the store and the connectors keep their files.
    pub(crate) data: PathBuf,
    pub(crate) log: LogSettings,
    pub(crate) keys: Keys,
    pub(crate) ledger: LedgerSettings,
    pub(crate) store: Options,
    serve: Option<Serve>,
    pub(crate) connectors: Vec<ConnectorSettings>,
    pub(crate) telemetry: telemetry::Settings,
}

/// Where the keys are.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) folder: PathBuf,
    /// Whether the first wrapping key of an organisation is made here. Where processes are on hosts of their own a person
    /// makes it, and brings it to each.
    pub(crate) make: bool,
    /// Wrapping keys that the log names and that were never made.
    pub(crate) never: NeverMade,
}

/// Wrapping keys, each by organisation and epoch.
pub(crate) type KeysNamed = BTreeSet<(String, u32)>;

/// Wrapping keys that do not exist, as a person says: an organisation, or one epoch of it. Whoever may write to the keys topic
/// can name any, and a process would wait for it for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NeverMade(BTreeSet<(String, Option<u32>)>);

impl NeverMade {
    /// Each is `ORGANISATION` or `ORGANISATION/EPOCH`.
    fn read(section: &mut Section, folder: &Path) -> Self {
        let mut never = BTreeSet::new();
        for text in section.texts("never") {
            let (organisation, epoch) = text.split_once('/').map_or((text.as_str(), None), |(of, n)| (of, Some(n)));
            let number = epoch.and_then(|epoch| epoch.parse::<u32>().ok());
            if !is_organisation(organisation) || epoch.is_some() != number.is_some() {
                section.problem("never", "must each be an organisation, or one of its epochs: `organisation/2`");
                continue;
            }
            let here = folder.join("wrapping").join(organisation);
            if number.map_or(here.exists(), |number| here.join(format!("{number}.key")).exists()) {
                section.problem("never", &format!("names `{text}`, whose key is in the folder of keys"));
            }
            never.insert((organisation.to_owned(), number));
        }
        Self(never)
    }

    /// Parts what is missing from what was never made.
    pub(crate) fn part(&self, missing: KeysNamed) -> (KeysNamed, KeysNamed) {
        missing.into_iter().partition(|(organisation, epoch)| !self.names(organisation, *epoch))
    }

    /// Whether this one was never made.
    pub(crate) fn names(&self, organisation: &str, epoch: u32) -> bool {
        [None, Some(epoch)].into_iter().any(|epoch| self.0.contains(&(organisation.to_owned(), epoch)))
    }
}

impl Settings {
    /// Reads and checks a file, for a command that goes by whatever it holds.
    pub(crate) fn load(file: &Path) -> Result<Self, Problems> {
        Self::load_for(file, Purpose::Any)
    }

    /// Reads a file and checks that it is one for this purpose.
    pub(crate) fn load_for(file: &Path, purpose: Purpose<'_>) -> Result<Self, Problems> {
        load(file, |top| Self::read(top, purpose)).map_err(|mut problems| {
            if !file.exists() {
                problems.lines.push("name the file with --config".to_owned());
            }
            problems
        })
    }

    /// The service's part, of a file that has one.
    pub(crate) fn serve(&self) -> anyhow::Result<&Serve> {
        self.serve.as_ref().context("the configuration has no [serve]: name the service's own file with --config")
    }

    /// One connector's part.
    pub(crate) fn connector(&self, name: &str) -> Option<&ConnectorSettings> {
        self.connectors.iter().find(|connector| connector.name == name)
    }

    /// The socket of the process that goes by this file: the service's, or the named or only connector's.
    pub(crate) fn admin_socket(&self, connector: Option<&str>) -> anyhow::Result<PathBuf> {
        match (connector, &self.serve, self.connectors.as_slice()) {
            (Some(name), ..) => {
                let found = self.connector(name).with_context(|| format!("the configuration has no `{name}`"))?;
                Ok(found.admin_socket.clone())
            }
            (None, Some(serve), _) => Ok(serve.admin_socket.clone()),
            (None, None, [only]) => Ok(only.admin_socket.clone()),
            (None, None, _) => anyhow::bail!("the configuration has no [serve]: name the connector with --connector"),
        }
    }

    pub(crate) fn keys_dir(&self) -> PathBuf {
        self.keys.folder.clone()
    }

    pub(crate) fn log_dir(&self) -> PathBuf {
        self.data.join("log")
    }

    pub(crate) fn store_dir(&self) -> PathBuf {
        self.data.join("store")
    }

    pub(crate) fn connector_dir(&self, name: &str) -> PathBuf {
        self.data.join("connectors").join(name)
    }

    /// Where it is written down what became of a connector's submissions.
    pub(crate) fn submissions_dir(&self, name: &str) -> PathBuf {
        self.connector_dir(name).join("submissions")
    }

    fn read(top: &mut Section, purpose: Purpose<'_>) -> Option<Self> {
        let data = top.path("data", "data");
        let log = LogSettings::read(top, &purpose.client_id());
        let keys = Keys::read(top, &data, purpose);
        let ledger = LedgerSettings::read(top, &data, &keys.folder, purpose);
        let mut section = top.section("store");
        let engine = section.parsed::<Engine>("engine", "sled", "`sled` or `fjall`");
        let cache_mb = section.number("cache_mb", 256, 16..=65_536);
        section.finish();
        let serve = match purpose {
            Purpose::Up | Purpose::Serve => Serve::read(top, &data).map(Some),
            Purpose::Connect(_) | Purpose::Cluster | Purpose::Any if top.has("serve") => {
                Serve::read(top, &data).map(Some)
            }
            Purpose::Connect(_) | Purpose::Cluster | Purpose::Any => Some(None),
        };
        let home = serve.iter().flatten().map(|serve| serve.organisation.clone()).next();
        let connectors = connectors::read(top, &data, home.as_deref());
        let telemetry = telemetry::Settings::read(top);
        let (listens, connects) = (serve.iter().flatten().next(), connectors.as_deref().unwrap_or_default());
        check_apart(top, listens, connects, telemetry.as_ref().and_then(|telemetry| telemetry.listen));
        purpose.check_socket(top, listens, connects);
        purpose.check(top, log.as_ref(), connectors.as_deref());
        Some(Self {
            data,
            log: log?,
            keys,
            ledger,
            store: Options { engine: engine?, cache_bytes: cache_mb << 20 },
            serve: serve?,
            connectors: connectors?,
            telemetry: telemetry?,
        })
    }
}

impl Keys {
    fn read(top: &mut Section, data: &Path, purpose: Purpose<'_>) -> Self {
        let mut section = top.section("keys");
        let folder = section.optional_path("folder").unwrap_or_else(|| data.join("keys"));
        let make = section.flag("make").unwrap_or(matches!(purpose, Purpose::Up));
        let never = NeverMade::read(&mut section, &folder);
        section.finish();
        if purpose != Purpose::Cluster && !folder.join("pseudonym.key").exists() {
            let (of, key) = if folder == data.join("keys") {
                ("data", "keys/pseudonym.key")
            } else {
                ("keys.folder", "pseudonym.key")
            };
            let what = format!("holds no `{key}`: docs/OPERATING.md, Installing, says how to make one");
            top.problem(of, &what);
        }
        Self { folder, make, never }
    }
}

impl Purpose<'_> {
    /// What the brokers' logs and quotas call the process.
    fn client_id(self) -> String {
        match self {
            Purpose::Up => "throughline-up".to_owned(),
            Purpose::Serve => "throughline-serve".to_owned(),
            Purpose::Connect(name) => format!("throughline-connect-{name}"),
            Purpose::Cluster | Purpose::Any => "throughline-command".to_owned(),
        }
    }

    /// Notes an operator's socket whose path the system would not take.
    fn check_socket(self, top: &Section, serve: Option<&Serve>, connectors: &[ConnectorSettings]) {
        let of_connector = |connector: &ConnectorSettings| {
            (format!("connectors.{}.admin_socket", connector.name), connector.admin_socket.clone())
        };
        let of_serve = serve.map(|serve| ("serve.admin_socket".to_owned(), serve.admin_socket.clone()));
        let sockets: Vec<(String, PathBuf)> = match self {
            Purpose::Cluster => Vec::new(),
            Purpose::Connect(name) => connectors.iter().filter(|one| one.name == name).map(of_connector).collect(),
            Purpose::Any if of_serve.is_none() => connectors.iter().map(of_connector).collect(),
            Purpose::Up | Purpose::Serve | Purpose::Any => of_serve.into_iter().collect(),
        };
        for (key, socket) in sockets {
            let bytes = socket.as_os_str().len();
            if bytes > SOCKET_PATH_BYTES_MAX {
                let what = format!(
                    "is a path of {bytes} bytes, and a socket's may have {SOCKET_PATH_BYTES_MAX}: name a shorter one (unless it is \
                     said, it is in `data`)"
                );
                top.problem(&key, &what);
            }
        }
    }

    /// Notes what cannot be, whatever each key says by itself.
    fn check(self, top: &Section, log: Option<&LogSettings>, connectors: Option<&[ConnectorSettings]>) {
        let embedded = matches!(log, Some(LogSettings::Embedded));
        let apart = "must be `kafka`: the embedded log is files of one process, which `throughline up` runs; processes of \
                     their own meet on Kafka";
        match self {
            Purpose::Up if matches!(log, Some(LogSettings::Kafka(_))) => top.problem(
                "log.kind",
                "must be `embedded` for `throughline up`, which is one process on one machine: on Kafka start `throughline serve`, and \
                 `throughline connect NAME` for each connector",
            ),
            Purpose::Serve | Purpose::Connect(_) if embedded => top.problem("log.kind", apart),
            _ => {}
        }
        if let (Purpose::Connect(name), Some(connectors)) = (self, connectors)
            && !connectors.iter().any(|connector| connector.name == name)
        {
            let there: Vec<&str> = connectors.iter().map(|connector| connector.name.as_str()).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            top.problem(
                &format!("connectors.{name}"),
                &format!("is missing: it is what is to be started (the file has: {there})"),
            );
        }
    }
}

/// No two parts of the process may have one address or one folder.
fn check_apart(top: &Section, serve: Option<&Serve>, connectors: &[ConnectorSettings], telemetry: Option<SocketAddr>) {
    let mut addresses: Vec<SocketAddr> = serve.iter().map(|serve| serve.listen).collect();
    let mut folders: Vec<&Path> = Vec::new();
    let mut listen = |key: &str, address: SocketAddr| {
        if addresses.iter().any(|other| one_address(*other, address)) {
            top.problem(key, "is an address that something else here listens on");
        }
        addresses.push(address);
    };
    for connector in connectors {
        if let Some(address) = connector.mllp_listen {
            listen(&format!("connectors.{}.mllp_listen", connector.name), address);
        }
        if let Some(receive) = &connector.receive {
            listen(&format!("connectors.{}.receive.listen", connector.name), receive.listen);
        }
    }
    if let Some(address) = telemetry {
        listen("telemetry.listen", address);
    }
    for connector in connectors {
        if let Some(folder) = connector.drop_folder.as_deref() {
            if folders.contains(&folder) {
                top.problem("connectors", "share a drop folder: each needs its own");
            }
            folders.push(folder);
        }
    }
}

/// Whether whoever listens on the one leaves no room for the other. Port 0 is any that is free.
fn one_address(one: SocketAddr, other: SocketAddr) -> bool {
    let is_everywhere = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && (is_everywhere || one.ip() == other.ip())
}

fn is_organisation(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn holds_certificates(file: &Path) -> bool {
    CertificateDer::pem_file_iter(file).is_ok_and(|mut found| matches!(found.next(), Some(Ok(_))))
}

fn holds_key(file: &Path) -> bool {
    PrivateKeyDer::from_pem_file(file).is_ok()
}

#[cfg(test)]
mod tests;
