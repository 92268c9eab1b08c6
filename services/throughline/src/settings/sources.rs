//! The ways into a connector's drop folder: `[connectors.NAME.receive]`, `[connectors.NAME.poll]`, `[connectors.NAME.sftp]`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use connector_kit::poll::{Credentials, OAuth, Url};
use connector_kit::receive::{Caller, digests};
use connector_kit::sftp::{Afterwards, Server};
use runtime::config::Section;
use runtime::tls::{Clients, Tls};

/// Posts that are taken.
#[derive(Debug, Clone)]
pub(crate) struct ReceiveSettings {
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Tls,
    pub(crate) callers: Vec<Caller>,
    pub(crate) body_bytes_max: u64,
    pub(crate) waiting_max: u64,
    pub(crate) waiting_bytes_max: u64,
    pub(crate) disk_free_min: u64,
    pub(crate) keep_receipts: Duration,
}

/// A server that is asked by HTTP.
#[derive(Debug, Clone)]
pub(crate) struct PollSettings {
    pub(crate) url: Url,
    pub(crate) credentials: Credentials,
    pub(crate) every: Duration,
    pub(crate) page_bytes_max: u64,
    /// Of servers of files: the parameter that says since when, how far a turn reaches back, what the file is called.
    pub(crate) since: Option<String>,
    pub(crate) overlap: Duration,
    pub(crate) file_name: Option<String>,
    pub(crate) accept: String,
}

/// A server whose files are fetched.
#[derive(Debug, Clone)]
pub(crate) struct SftpSettings {
    pub(crate) server: Server,
    pub(crate) folder: String,
    pub(crate) files: Vec<String>,
    pub(crate) afterwards: Afterwards,
    pub(crate) every: Duration,
    pub(crate) file_bytes_max: u64,
}

const MIB: u64 = 1 << 20;

/// `[connectors.NAME.receive]`; `controllers` are the connector's.
pub(super) fn receive(section: &mut Section, controllers: &[String]) -> Option<ReceiveSettings> {
    if !section.has("receive") {
        return None;
    }
    let mut receive = section.section("receive");
    let listen = receive.parsed("listen", "", "an address and port, such as `0.0.0.0:7450`");
    let client_ca = receive.has("client_ca");
    let tls = tls(&mut receive, ["certificate", "key", "client_ca"]);
    let body_bytes_max = MIB * receive.number("body_mb_max", 64, 1..=16_384);
    let waiting_max = receive.number("waiting_max", 1_000, 1..=100_000);
    let waiting_bytes_max = MIB * receive.number("waiting_mb_max", 4_096, 1..=1_048_576);
    let disk_free_min = MIB * receive.number("disk_free_mb_min", 1_024, 0..=1_048_576);
    let keep_receipts = Duration::from_secs(86_400 * receive.number("keep_receipts_days", 30, 1..=3_650));
    let mut named = receive.section("callers");
    let callers: Vec<Option<Caller>> =
        named.keys().into_iter().map(|name| caller(&mut named, name, controllers, client_ca)).collect();
    named.finish();
    if callers.is_empty() {
        receive.problem(
            "callers",
            "has nobody: posts are taken from callers that are named, `[connectors.NAME.receive.callers.WHO]`",
        );
    }
    receive.finish();
    let tls = tls?;
    let tls = Tls { clients: tls.client_ca.map_or(Clients::Unasked, Clients::May), ..tls.listening };
    let callers = callers.into_iter().collect::<Option<Vec<_>>>()?;
    Some(ReceiveSettings {
        listen: listen?,
        tls,
        callers,
        body_bytes_max,
        waiting_max,
        waiting_bytes_max,
        disk_free_min,
        keep_receipts,
    })
}

/// `mllp_certificate`, `mllp_key` and `mllp_client_ca`: whoever connects must show a certificate of that authority.
pub(super) fn mllp_tls(section: &mut Section) -> Option<Tls> {
    let names = ["mllp_certificate", "mllp_key", "mllp_client_ca"];
    if !names.iter().any(|name| section.has(name)) {
        return None;
    }
    let tls = tls(section, names)?;
    Some(Tls { clients: tls.client_ca.map_or(Clients::Unasked, Clients::Must), ..tls.listening })
}

/// Files of TLS, each looked at. Whether clients show certificates is their reader's.
struct TlsFiles {
    listening: Tls,
    client_ca: Option<PathBuf>,
}

fn tls(section: &mut Section, [certificate, key, client_ca]: [&str; 3]) -> Option<TlsFiles> {
    let (shown, secret) = (section.existing_file(certificate), section.existing_file(key));
    let signs = section.has(client_ca).then(|| section.existing_file(client_ca)).flatten();
    for (name, file) in [(certificate, &shown), (client_ca, &signs)] {
        if file.as_ref().is_some_and(|file| file.exists() && !super::holds_certificates(file)) {
            section.problem(name, "names a file that holds no PEM certificate");
        }
    }
    if secret.as_ref().is_some_and(|file| file.exists() && !super::holds_key(file)) {
        section.problem(key, "names a file that holds no PEM private key");
    }
    let listening = Tls { certificate: shown?, key: secret?, clients: Clients::Unasked, protocols: Vec::new() };
    Some(TlsFiles { listening, client_ca: signs })
}

fn caller(named: &mut Section, name: String, of_connector: &[String], asks_certificates: bool) -> Option<Caller> {
    if !super::is_organisation(&name) || name.len() > 64 {
        named.problem(&name, "must be lower-case letters, digits and hyphens, 64 at most");
    }
    let mut section = named.section(&name);
    let tokens = section.has("tokens").then(|| section.existing_file("tokens")).flatten();
    if tokens.as_ref().is_some_and(|file| file.exists() && digests(file).is_none()) {
        section.problem(
            "tokens",
            "must name a file of SHA-256 digests, 64 hexadecimal digits a line: never the token itself",
        );
    }
    let certificate_name = section.optional_text("certificate_name");
    if tokens.is_none() && certificate_name.is_none() {
        section.problem("tokens", "is missing, and so is `certificate_name`: anybody could say they were this caller");
    }
    if certificate_name.is_some() && !asks_certificates {
        section.problem("certificate_name", "needs `client_ca`: who signs the certificates of callers");
    }
    let said = section.texts("controllers");
    let covers = |id: &String| {
        of_connector.iter().any(|of| match of.strip_suffix('*') {
            Some(prefix) => id.strip_suffix('*').unwrap_or(id).starts_with(prefix),
            None => of == id,
        })
    };
    if !said.iter().all(covers) {
        section.problem("controllers", "must each be one that the connector answers for");
    }
    section.finish();
    let controllers = if said.is_empty() { of_connector.to_vec() } else { said };
    Some(Caller { name, tokens, certificate_name, controllers })
}

/// `[connectors.NAME.poll]`
pub(super) fn poll(section: &mut Section) -> Option<PollSettings> {
    if !section.has("poll") {
        return None;
    }
    let mut poll = section.section("poll");
    let url: Option<Url> = poll.parsed("url", "", "an address, such as `https://records.example/fhir`");
    if url.as_ref().is_some_and(|url| !url.username().is_empty() || url.password().is_some()) {
        poll.problem("url", "must hold no user and no password: they belong into a file");
    }
    let every = Duration::from_secs(poll.number("every_s", 300, 1..=86_400));
    let page_bytes_max = MIB * poll.number("page_mb_max", 64, 1..=16_384);
    let since = poll.optional_text("since");
    let overlap = Duration::from_secs(poll.number("overlap_s", 60, 0..=86_400));
    let file_name = poll.optional_text("file_name");
    let accept = poll.optional_text("accept").unwrap_or_else(|| "*/*".to_owned());
    let file = |poll: &mut Section, key: &str| if poll.has(key) { poll.existing_file(key) } else { None };
    let (certificate, key) = (file(&mut poll, "certificate"), file(&mut poll, "key"));
    if certificate.is_some() != key.is_some() {
        poll.problem("key", "and `certificate` belong together: one of them is missing");
    }
    let ca = file(&mut poll, "ca");
    if ca.as_ref().is_some_and(|file| file.exists() && !super::holds_certificates(file)) {
        poll.problem("ca", "names a file that holds no PEM certificate");
    }
    if ca.is_none() && url.as_ref().is_some_and(|url| url.scheme() == "https") {
        poll.problem("ca", "is missing: who signs the server's certificate (all that this machine trusts: /etc/ssl/certs/ca-certificates.crt)");
    }
    let (token_file, headers_file) = (file(&mut poll, "token_file"), file(&mut poll, "headers_file"));
    let oauth = poll.has("oauth").then(|| oauth(&mut poll));
    if token_file.is_some() && oauth.is_some() {
        poll.problem("token_file", "and `oauth` both say who asks: one of them is too many");
    }
    poll.finish();
    let oauth = match oauth {
        Some(oauth) => Some(oauth?),
        None => None,
    };
    let credentials = Credentials { ca, identity: certificate.zip(key), token_file, headers_file, oauth };
    Some(PollSettings { url: url?, credentials, every, page_bytes_max, since, overlap, file_name, accept })
}

fn oauth(poll: &mut Section) -> Option<OAuth> {
    let mut section = poll.section("oauth");
    let token_url = section.parsed("token_url", "", "the address of the server of tokens");
    let (client_id, secret_file) = (section.text("client_id"), section.existing_file("secret_file"));
    let scope = section.optional_text("scope");
    section.finish();
    Some(OAuth { token_url: token_url?, client_id: client_id?, secret_file: secret_file?, scope })
}

/// `[connectors.NAME.sftp]`
pub(super) fn sftp(section: &mut Section) -> Option<SftpSettings> {
    if !section.has("sftp") {
        return None;
    }
    let mut sftp = section.section("sftp");
    let (host, user) = (sftp.text("host"), sftp.text("user"));
    for (key, name) in [("host", &host), ("user", &user)] {
        if name.as_deref().is_some_and(|name| !Server::is_name(name)) {
            sftp.problem(key, "must be letters, digits, dots and hyphens, and begin with no hyphen");
        }
    }
    let port = u16::try_from(sftp.number("port", 22, 1..=65_535)).unwrap_or(22);
    let (key, known_hosts) = (sftp.existing_file("key"), sftp.existing_file("known_hosts"));
    let ssh = PathBuf::from(sftp.optional_text("ssh").unwrap_or_else(|| "/usr/bin/ssh".to_owned()));
    if !ssh.is_file() {
        sftp.problem("ssh", &format!("names `{}`, which is not there: install OpenSSH's client", ssh.display()));
    }
    let folder = sftp.text("folder");
    let files = sftp.texts("files");
    let said = sftp.optional_text("afterwards").unwrap_or_else(|| "leave".to_owned());
    let archive = sftp.optional_text("archive");
    let afterwards = match (said.as_str(), archive) {
        ("leave", None) => Some(Afterwards::Leave),
        ("remove", None) => Some(Afterwards::Remove),
        ("archive", Some(folder)) => Some(Afterwards::Archive(folder)),
        ("archive", None) => {
            sftp.problem("archive", "is missing: the folder over there into which files that were taken are moved");
            None
        }
        ("leave" | "remove", Some(_)) => {
            sftp.problem("archive", "is of `afterwards = \"archive\"`");
            None
        }
        _ => {
            sftp.problem("afterwards", "must be `leave`, `archive` or `remove`");
            None
        }
    };
    let every = Duration::from_secs(sftp.number("every_s", 300, 1..=86_400));
    let file_bytes_max = MIB * sftp.number("file_mb_max", 1_024, 1..=65_536);
    sftp.finish();
    let server = Server { host: host?, port, user: user?, key: key?, known_hosts: known_hosts?, ssh };
    Some(SftpSettings { server, folder: folder?, files, afterwards: afterwards?, every, file_bytes_max })
}
