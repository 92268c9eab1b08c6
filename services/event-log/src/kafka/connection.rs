//! How a process reaches a cluster, and as whom.

use std::path::PathBuf;

/// How to reach a cluster, and as whom. Secrets are files, read when the connection is made and again when they change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connection {
    /// `host:port`, several parted by commas.
    pub bootstrap: String,
    /// Shown in the brokers' own logs and quotas: names the process, never a person.
    pub client_id: String,
    /// How it is protected.
    pub security: Security,
}

/// How a connection is protected, and how the process says who it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Security {
    /// Neither. For a broker on this machine, in trials and tests.
    Plaintext,
    /// TLS; the client's certificate, where there is one, says who it is.
    Tls(Tls),
    /// SASL, inside TLS unless `tls` is `None`.
    Sasl {
        /// The TLS around it.
        tls: Option<Tls>,
        /// How the process says who it is.
        sasl: Sasl,
    },
}

/// PEM files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tls {
    /// The authority whose certificates brokers show.
    pub ca: PathBuf,
    /// This process's certificate chain and private key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Who the process says it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sasl {
    /// SCRAM-SHA-512.
    Scram {
        /// The user.
        username: String,
        /// A file that holds the password and nothing else.
        password_file: PathBuf,
    },
    /// OAUTHBEARER, with a token that something else renews in a file.
    OAuthBearer {
        /// A file that holds a JWT and nothing else.
        token_file: PathBuf,
    },
}
