//! The `[log]` section: which log, and how it is reached.

use std::path::PathBuf;

use event_log::kafka::{Connection, Sasl, Security, Tls};
use runtime::config::Section;

/// Which log the process writes and reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LogSettings {
    /// Files of this process alone, in `data/log`.
    Embedded,
    /// A Kafka cluster.
    Kafka(KafkaSettings),
}

/// A log on a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KafkaSettings {
    pub(crate) connection: Connection,
    /// Before the name of every topic and lease.
    pub(crate) prefix: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Embedded,
    Kafka,
}

impl std::str::FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "embedded" => Ok(Self::Embedded),
            "kafka" => Ok(Self::Kafka),
            _ => Err(()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protection {
    Plaintext,
    Tls,
    SaslTls,
}

impl std::str::FromStr for Protection {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "plaintext" => Ok(Self::Plaintext),
            "tls" => Ok(Self::Tls),
            "sasl_tls" => Ok(Self::SaslTls),
            _ => Err(()),
        }
    }
}

impl LogSettings {
    /// Reads the section. `client_id` is what the brokers' own logs call the process.
    pub(super) fn read(top: &mut Section, client_id: &str) -> Option<Self> {
        let mut section = top.section("log");
        // A kind that cannot be read says nothing about which of the other keys belong.
        let log = match section.parsed("kind", "embedded", "`embedded` or `kafka`")? {
            Kind::Embedded => Some(Self::Embedded),
            Kind::Kafka => {
                let prefix = section.optional_text("prefix").unwrap_or_default();
                if !prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)) {
                    section.problem("prefix", "must be letters, digits, dots, hyphens and underscores");
                }
                let connection = connection(&mut section, client_id);
                connection.map(|connection| Self::Kafka(KafkaSettings { connection, prefix }))
            }
        };
        section.finish();
        log
    }
}

fn connection(section: &mut Section, client_id: &str) -> Option<Connection> {
    let bootstrap = section.text("bootstrap");
    if bootstrap.as_deref().is_some_and(|brokers| !brokers.split(',').all(is_broker)) {
        section.problem("bootstrap", "must be `host:port`, several parted by commas");
    }
    let protection = section.parsed("security", "tls", "`tls`, `sasl_tls` or `plaintext`");
    let ca = file(section, "ca");
    let certificate = file(section, "certificate");
    let key = file(section, "key");
    let username = section.optional_text("username");
    let password = file(section, "password_file");
    let token = file(section, "token_file");
    if certificate.is_some() != key.is_some() {
        section.problem("certificate", "and `log.key` belong together: the one without the other proves nothing");
    }
    let identity = certificate.clone().zip(key.clone());
    for (key, file) in [("ca", &ca), ("certificate", &certificate)] {
        if file.as_deref().is_some_and(|file| file.exists() && !super::holds_certificates(file)) {
            section.problem(key, "names a file that holds no PEM certificate");
        }
    }
    if key.as_deref().is_some_and(|file| file.exists() && !super::holds_key(file)) {
        section.problem("key", "names a file that holds no PEM private key");
    }
    let unused = |keys: &[(&str, bool)], why: &str| {
        keys.iter().filter(|(_, is_there)| *is_there).for_each(|(key, _)| section.problem(key, why));
    };
    let sasl_keys =
        [("username", username.is_some()), ("password_file", password.is_some()), ("token_file", token.is_some())];
    let security = match protection? {
        Protection::Plaintext => {
            let why = "has no meaning with `security = \"plaintext\"`, which is for a broker on this machine: leave it out, or \
                       protect the connection";
            unused(&[("ca", ca.is_some()), ("certificate", certificate.is_some()), ("key", key.is_some())], why);
            unused(&sasl_keys, why);
            Security::Plaintext
        }
        Protection::Tls => {
            unused(&sasl_keys, "has no meaning with `security = \"tls\"`: the certificate says who the process is");
            if identity.is_none() && certificate.is_none() && key.is_none() {
                section.problem("certificate", "is missing, and so is `log.key`: nothing would say who the process is");
            }
            Security::Tls(Tls { ca: needed(section, "ca", ca)?, identity })
        }
        Protection::SaslTls => {
            let sasl = match (username, password, token) {
                (Some(username), Some(password_file), None) => Some(Sasl::Scram { username, password_file }),
                (None, None, Some(token_file)) => Some(Sasl::OAuthBearer { token_file }),
                _ => {
                    section.problem(
                        "username",
                        "with `log.password_file` (SCRAM), or `log.token_file` alone (OAUTHBEARER), must say who the process is",
                    );
                    None
                }
            };
            let tls = needed(section, "ca", ca).map(|ca| Tls { ca, identity });
            Security::Sasl { tls: Some(tls?), sasl: sasl? }
        }
    };
    Some(Connection { bootstrap: bootstrap?, client_id: client_id.to_owned(), security })
}

fn file(section: &mut Section, key: &str) -> Option<PathBuf> {
    if section.has(key) { section.existing_file(key) } else { section.optional_path(key) }
}

fn needed(section: &Section, key: &str, file: Option<PathBuf>) -> Option<PathBuf> {
    if file.is_none() {
        section.problem(key, "is missing: the authority whose certificates the brokers show");
    }
    file
}

fn is_broker(broker: &str) -> bool {
    let host_and_port = broker.trim().rsplit_once(':');
    host_and_port.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}
