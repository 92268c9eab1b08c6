//! The configuration of `throughline up`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use projection::store::{Engine, Options};
use runtime::config::{Problems, Section, load};
use runtime::telemetry::Format;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Everything that the process is told.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where the log, the keys, the store and the connectors keep their files.
    pub(crate) data: PathBuf,
    pub(crate) store: Options,
    pub(crate) serve: Serve,
    pub(crate) connectors: Vec<ConnectorSettings>,
    pub(crate) log_format: Format,
    pub(crate) log_level: String,
}

/// The service's part.
#[derive(Debug, Clone)]
pub(crate) struct Serve {
    pub(crate) listen: SocketAddr,
    pub(crate) admin_socket: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) client_ca: PathBuf,
    /// The organisation that runs the service: its key seals disclosures.
    pub(crate) organisation: String,
    /// Whom a reader asks about a sensitive service.
    pub(crate) hub_contact: String,
    pub(crate) facts_lag_max: Duration,
    pub(crate) requests_per_second_max: u32,
    pub(crate) concurrent_max: u32,
}

/// One connector's part.
#[derive(Debug, Clone)]
pub(crate) struct ConnectorSettings {
    pub(crate) name: String,
    /// Organisation ids that it answers for; a trailing `*` stands for any ending.
    pub(crate) controllers: Vec<String>,
    pub(crate) drop_folder: Option<PathBuf>,
    pub(crate) poll: Duration,
    pub(crate) mllp_listen: Option<SocketAddr>,
}

impl Settings {
    /// Reads and checks a file.
    pub(crate) fn load(file: &Path) -> Result<Self, Problems> {
        load(file, Self::read).map_err(|mut problems| {
            if !file.exists() {
                problems.lines.push("name the file with --config".to_owned());
            }
            problems
        })
    }

    pub(crate) fn log_dir(&self) -> PathBuf {
        self.data.join("log")
    }

    pub(crate) fn keys_dir(&self) -> PathBuf {
        self.data.join("keys")
    }

    pub(crate) fn store_dir(&self) -> PathBuf {
        self.data.join("store")
    }

    pub(crate) fn connector_dir(&self, name: &str) -> PathBuf {
        self.data.join("connectors").join(name)
    }

    fn read(top: &mut Section) -> Option<Self> {
        let data = top.path("data", "data");
        if !data.join("keys/pseudonym.key").exists() {
            top.problem("data", "holds no `keys/pseudonym.key`: docs/OPERATING.md, Installing, says how to make one");
        }
        let mut section = top.section("store");
        let engine = section.parsed::<Engine>("engine", "sled", "`sled` or `fjall`");
        let cache_mb = section.number("cache_mb", 256, 16..=65_536);
        section.finish();
        let serve = Serve::read(top, &data);
        let connectors = read_connectors(top);
        let mut section = top.section("telemetry");
        let log_format = section.parsed::<Format>("log", "json", "`json` or `plain`");
        let log_level = section.optional_text("level").unwrap_or_else(|| "info".to_owned());
        section.finish();
        check_apart(top, serve.as_ref(), connectors.as_deref().unwrap_or_default());
        Some(Self {
            data,
            store: Options { engine: engine?, cache_bytes: cache_mb << 20 },
            serve: serve?,
            connectors: connectors?,
            log_format: log_format?,
            log_level,
        })
    }
}

impl Serve {
    fn read(top: &mut Section, data: &Path) -> Option<Self> {
        let mut section = top.section("serve");
        let listen = section.parsed("listen", "127.0.0.1:7443", "an address and port, such as `127.0.0.1:7443`");
        let admin_socket =
            if section.has("admin_socket") { section.path("admin_socket", "") } else { data.join("admin.sock") };
        let certificate = section.existing_file("certificate");
        let key = section.existing_file("key");
        let client_ca = section.existing_file("client_ca");
        for (key, file) in [("certificate", &certificate), ("client_ca", &client_ca)] {
            if file.as_ref().is_some_and(|file| file.exists() && !holds_certificates(file)) {
                section.problem(key, "names a file that holds no PEM certificate");
            }
        }
        if key.as_ref().is_some_and(|file| file.exists() && PrivateKeyDer::from_pem_file(file).is_err()) {
            section.problem("key", "names a file that holds no PEM private key");
        }
        let organisation = section.text("organisation");
        if organisation.as_deref().is_some_and(|id| !is_organisation(id)) {
            section.problem("organisation", "must be lower-case letters, digits and hyphens");
        }
        let hub_contact = section.text("hub_contact");
        let facts_lag_max = Duration::from_secs(section.number("facts_lag_max_s", 30, 1..=3_600));
        let requests = section.number("requests_per_second_max", 100, 1..=1_000_000);
        let concurrent = section.number("concurrent_max", 64, 1..=4_096);
        section.finish();
        Some(Self {
            listen: listen?,
            admin_socket,
            certificate: certificate?,
            key: key?,
            client_ca: client_ca?,
            organisation: organisation?,
            hub_contact: hub_contact?,
            facts_lag_max,
            requests_per_second_max: u32::try_from(requests).ok()?,
            concurrent_max: u32::try_from(concurrent).ok()?,
        })
    }
}

fn read_connectors(top: &mut Section) -> Option<Vec<ConnectorSettings>> {
    let mut all = top.section("connectors");
    let mut connectors = Vec::new();
    for name in all.keys() {
        let mut section = all.section(&name);
        let known = crate::connectors::named(&name);
        if known.is_none() {
            let names: Vec<&str> = crate::connectors::all().iter().map(|c| c.descriptor().name).collect();
            all.problem(&name, &format!("is no connector (there are: {})", names.join(", ")));
        }
        let controllers = section.texts("controllers");
        if controllers.iter().any(|id| !is_organisation(id.strip_suffix('*').unwrap_or(id))) {
            section.problem(
                "controllers",
                "must each be lower-case letters, digits and hyphens, with a `*` at most at the end",
            );
        }
        if controllers.is_empty() {
            section.problem("controllers", "must name at least one organisation that this connector answers for");
        }
        let drop_folder = section.has("drop_folder").then(|| section.path("drop_folder", ""));
        let poll = Duration::from_millis(section.number("poll_ms", 1_000, 10..=3_600_000));
        let mllp_listen = if section.has("mllp_listen") {
            section.parsed("mllp_listen", "", "an address and port, such as `127.0.0.1:2575`")
        } else {
            None
        };
        if drop_folder.is_none() && mllp_listen.is_none() {
            section.problem("drop_folder", "is missing, and so is `mllp_listen`: the connector would read nothing");
        }
        section.finish();
        connectors.push(ConnectorSettings { name, controllers, drop_folder, poll, mllp_listen });
    }
    all.finish();
    Some(connectors)
}

/// No two parts of the process may have one address or one folder.
fn check_apart(top: &Section, serve: Option<&Serve>, connectors: &[ConnectorSettings]) {
    let mut addresses: Vec<SocketAddr> = serve.iter().map(|serve| serve.listen).collect();
    let mut folders: Vec<&Path> = Vec::new();
    for connector in connectors {
        if let Some(address) = connector.mllp_listen {
            if addresses.contains(&address) {
                top.problem("connectors", "listen on an address that something else here listens on");
            }
            addresses.push(address);
        }
        if let Some(folder) = connector.drop_folder.as_deref() {
            if folders.contains(&folder) {
                top.problem("connectors", "share a drop folder: each needs its own");
            }
            folders.push(folder);
        }
    }
}

fn is_organisation(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn holds_certificates(file: &Path) -> bool {
    CertificateDer::pem_file_iter(file).is_ok_and(|mut found| matches!(found.next(), Some(Ok(_))))
}
