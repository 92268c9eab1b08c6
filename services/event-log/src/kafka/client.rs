//! What every librdkafka client of this crate is made with, and what it says while it works.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rdkafka::ClientConfig;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientContext, TopicPartitionList};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Connection, Sasl, Security, Tls};
use crate::log::LogError;
use crate::position::{PARTITIONS, Topic};

/// Longer ago than this, what a client complained of explains nothing.
const FAULT_EXPLAINS: Duration = Duration::from_secs(60);

/// The names of the topics on the cluster.
#[derive(Clone, Debug)]
pub(super) struct Names(Arc<Vec<(Topic, String)>>);

impl Names {
    pub(super) fn new(prefix: &str) -> Self {
        Self(Arc::new(Topic::ALL.into_iter().map(|topic| (topic, format!("{prefix}{topic}"))).collect()))
    }

    pub(super) fn of(&self, topic: Topic) -> &str {
        self.0.iter().find(|(t, _)| *t == topic).map_or("", |(_, name)| name)
    }

    pub(super) fn topic(&self, name: &str) -> Option<Topic> {
        self.0.iter().find(|(_, n)| n == name).map(|(topic, _)| *topic)
    }
}

/// The last thing that a client complained of: it explains a silence that would otherwise be only that.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Arc<Mutex<Option<(Instant, String)>>>);

impl Faults {
    fn note(&self, fault: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), fault));
    }

    /// `what`, and why, as far as that is known.
    pub(super) fn explain(&self, what: &str) -> String {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((at, fault)) if at.elapsed() < FAULT_EXPLAINS => format!("{what} ({fault})"),
            _ => what.to_owned(),
        }
    }
}

/// Of every client but the lease's: its log lines, its complaints, its token.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) faults: Faults,
    pub(super) token_file: Option<PathBuf>,
}

impl Context {
    pub(super) fn new(connection: &Connection, faults: Faults) -> Self {
        let token_file = match &connection.security {
            Security::Sasl { sasl: Sasl::OAuthBearer { token_file }, .. } => Some(token_file.clone()),
            _ => None,
        };
        Self { faults, token_file }
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                tracing::warn!(target: "librdkafka", facility, "{message}");
            }
            RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice => {
                tracing::info!(target: "librdkafka", facility, "{message}");
            }
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::debug!(target: "librdkafka", facility, "{message}");
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let is_news = !matches!(
            error.rdkafka_error_code(),
            // A reader has no part in its group, and needs no right to it. The end of a partition is no error. That no
            // broker is reached follows from what was said of each of them.
            Some(
                RDKafkaErrorCode::GroupAuthorizationFailed
                    | RDKafkaErrorCode::PartitionEOF
                    | RDKafkaErrorCode::AllBrokersDown
            ) | None
        );
        if is_news {
            tracing::debug!(target: "librdkafka", "{reason}");
            self.faults.note(reason.to_owned());
        }
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        let file = self.token_file.as_deref().ok_or("no token file is configured")?;
        let token = secret(file).map_err(|error| error.to_string())?;
        let (principal_name, lifetime_ms) = claims(&token).ok_or("the token file holds no JWT with `sub` and `exp`")?;
        Ok(OAuthToken { token: token.to_string(), principal_name, lifetime_ms })
    }
}

impl ConsumerContext for Context {}

/// Who a JWT is of, and when it ends, milliseconds since 1970. Whether it is true is the broker's to check.
fn claims(token: &str) -> Option<(String, i64)> {
    #[derive(serde::Deserialize)]
    struct Claims {
        sub: String,
        exp: f64,
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    Some((claims.sub, (claims.exp * 1000.0) as i64))
}

/// What every client is made with.
pub(super) fn config(connection: &Connection) -> Result<ClientConfig, LogError> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &connection.bootstrap)
        .set("client.id", &connection.client_id)
        .set("allow.auto.create.topics", "false")
        .set("socket.keepalive.enable", "true")
        .set("socket.connection.setup.timeout.ms", "10000")
        .set("reconnect.backoff.max.ms", "2000")
        .set("topic.metadata.refresh.interval.ms", "60000")
        // Retried within the bound that a caller waits.
        .set("socket.timeout.ms", "10000");
    match &connection.security {
        Security::Plaintext => config.set("security.protocol", "plaintext"),
        Security::Tls(tls) => set_tls(&mut config, tls).set("security.protocol", "ssl"),
        Security::Sasl { tls, sasl } => {
            set_sasl(&mut config, sasl)?;
            match tls {
                Some(tls) => set_tls(&mut config, tls).set("security.protocol", "sasl_ssl"),
                None => config.set("security.protocol", "sasl_plaintext"),
            }
        }
    };
    Ok(config)
}

fn set_tls<'a>(config: &'a mut ClientConfig, tls: &Tls) -> &'a mut ClientConfig {
    config.set("ssl.ca.location", tls.ca.to_string_lossy());
    if let Some((certificate, key)) = &tls.identity {
        config
            .set("ssl.certificate.location", certificate.to_string_lossy())
            .set("ssl.key.location", key.to_string_lossy());
    }
    config
}

fn set_sasl(config: &mut ClientConfig, sasl: &Sasl) -> Result<(), LogError> {
    match sasl {
        Sasl::Scram { username, password_file } => config
            .set("sasl.mechanism", "SCRAM-SHA-512")
            .set("sasl.username", username)
            .set("sasl.password", secret(password_file)?.as_str()),
        Sasl::OAuthBearer { .. } => config.set("sasl.mechanism", "OAUTHBEARER"),
    };
    Ok(())
}

/// A file's text without the line's end.
fn secret(file: &Path) -> Result<Zeroizing<String>, LogError> {
    let text = fs::read_to_string(file).map(Zeroizing::new).map_err(|error| cannot_read(file, &error))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

fn cannot_read(file: &Path, error: &std::io::Error) -> LogError {
    LogError::Refused { because: format!("its file `{}` cannot be read: {error}", file.display()) }
}

/// Changes when a file of the connection does. A token is read each time that it is asked for, so it is not among them.
pub(super) fn fingerprint(connection: &Connection) -> Result<[u8; 32], LogError> {
    let (tls, sasl) = match &connection.security {
        Security::Plaintext => (None, None),
        Security::Tls(tls) => (Some(tls), None),
        Security::Sasl { tls, sasl } => (tls.as_ref(), Some(sasl)),
    };
    let mut files: Vec<&Path> = Vec::new();
    if let Some(tls) = tls {
        files.push(&tls.ca);
        files.extend(tls.identity.iter().flat_map(|(certificate, key)| [certificate.as_path(), key.as_path()]));
    }
    if let Some(Sasl::Scram { password_file, .. }) = sasl {
        files.push(password_file);
    }
    let mut hash = Sha256::new();
    for file in files {
        let bytes = Zeroizing::new(fs::read(file).map_err(|error| cannot_read(file, &error))?);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(&*bytes);
    }
    Ok(hash.finalize().into())
}

/// A client that could not be made: a certificate that is none, a setting that librdkafka does not take.
pub(super) fn not_made(error: &KafkaError) -> LogError {
    LogError::Refused { because: format!("a client could not be made: {error}") }
}

/// What an error code means to whoever asked. `what` names a topic, a partition, never a record.
pub(super) fn said(code: RDKafkaErrorCode, what: &str, faults: &Faults) -> LogError {
    use RDKafkaErrorCode as Code;
    match code {
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => {
            LogError::Refused { because: format!("it has no right to {what}: see the rights of its principal") }
        }
        // It was there when the log was opened. A broker that has stood still or has just started does not know its topics for a
        // moment; and a process that is started again while a topic is gone is told that at once.
        Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition => LogError::Unavailable {
            because: faults.explain(&format!("it cannot {what}: no broker knows the topic now")),
        },
        Code::PolicyViolation
        | Code::InvalidTopic
        | Code::InvalidMessage
        | Code::InvalidConfig
        | Code::InvalidTimestamp
        | Code::InvalidRequiredAcks
        | Code::UnsupportedForMessageFormat
        | Code::UnsupportedVersion
        | Code::UnsupportedFeature => LogError::Refused { because: format!("it cannot {what}: {code}") },
        other => LogError::Unavailable { because: faults.explain(&format!("it could not {what}: {other}")) },
    }
}

/// Whether the same call can give another answer in a while, without anybody doing anything.
pub(super) fn is_refusal(error: &LogError) -> bool {
    matches!(error, LogError::Refused { .. })
}

/// Every partition of these topics.
pub(super) fn list(
    partitions: impl IntoIterator<Item = (Topic, crate::Partition)>,
    names: &Names,
    at: rdkafka::Offset,
) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(usize::from(PARTITIONS));
    for (topic, partition) in partitions {
        list.add_partition_offset(names.of(topic), i32::from(partition.number()), at)?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_a_broker_does_not_know_is_waited_for_and_a_missing_right_is_not() {
        let said = |code| said(code, "ask where topic throughline.health.v1 ends", &Faults::default());
        assert!(said(RDKafkaErrorCode::UnknownTopicOrPartition).is_transient());
        assert!(is_refusal(&said(RDKafkaErrorCode::TopicAuthorizationFailed)));
    }

    #[test]
    fn a_token_says_whose_it_is_and_when_it_ends() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"throughline-serve","exp":1793318400}"#);
        assert_eq!(claims(&format!("e30.{payload}.x")), Some(("throughline-serve".to_owned(), 1_793_318_400_000)));
        assert_eq!(claims("no token"), None);
    }
}
