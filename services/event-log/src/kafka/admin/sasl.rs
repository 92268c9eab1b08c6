//! Saying who this is.

use std::path::Path;

use bytes::Bytes;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use rsasl::prelude::{Mechname, SASLClient, SASLConfig};
use zeroize::Zeroizing;

use super::AdminError;
use super::channel::Channel;
use crate::kafka::Sasl;

const AUTHENTICATE: &str = "accept who this is";
/// SCRAM takes two; a broker that goes on for longer has something else in mind.
const ROUNDS_MAX: usize = 8;

pub(super) async fn authenticate(channel: &mut Channel, sasl: &Sasl) -> Result<(), AdminError> {
    match sasl {
        Sasl::Scram { username, password_file } => {
            shake_hands(channel, "SCRAM-SHA-512").await?;
            scram(channel, username, &secret(password_file)?).await
        }
        Sasl::OAuthBearer { token_file } => {
            shake_hands(channel, "OAUTHBEARER").await?;
            // RFC 7628: the header of GS2, then key and value pairs, each ended by 0x01.
            let token = secret(token_file)?;
            let message = Zeroizing::new(format!("n,,\u{1}auth=Bearer {}\u{1}\u{1}", &*token));
            say(channel, message.as_bytes()).await.map(drop)
        }
    }
}

async fn shake_hands(channel: &mut Channel, mechanism: &'static str) -> Result<(), AdminError> {
    let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism));
    let answer = channel.ask(request).await?;
    channel.said(&format!("speak {mechanism}"), answer.error_code, None)
}

async fn scram(channel: &mut Channel, username: &str, password: &str) -> Result<(), AdminError> {
    let failed = |channel: &Channel, error: &dyn std::fmt::Display| channel.refused(AUTHENTICATE, error.to_string());
    let config = SASLConfig::with_credentials(None, username.to_owned(), password.to_owned())
        .map_err(|error| failed(channel, &error))?;
    let mechanism = Mechname::parse(b"SCRAM-SHA-512").map_err(|error| failed(channel, &error))?;
    let mut session = SASLClient::new(config).start_suggested(&[mechanism]).map_err(|error| failed(channel, &error))?;
    let mut answer: Option<Bytes> = None;
    for _ in 0..ROUNDS_MAX {
        let mut message = Vec::new();
        let state = session.step(answer.as_deref(), &mut message).map_err(|error| failed(channel, &error))?;
        if state.has_sent_message() {
            answer = Some(say(channel, &message).await?);
        }
        if state.is_finished() {
            return Ok(());
        }
    }
    Err(channel.refused(AUTHENTICATE, format!("it is not done after {ROUNDS_MAX} rounds")))
}

async fn say(channel: &mut Channel, message: &[u8]) -> Result<Bytes, AdminError> {
    let request = SaslAuthenticateRequest::default().with_auth_bytes(Bytes::copy_from_slice(message));
    let answer = channel.ask(request).await?;
    channel.said(AUTHENTICATE, answer.error_code, answer.error_message)?;
    Ok(answer.auth_bytes)
}

fn secret(file: &Path) -> Result<Zeroizing<String>, AdminError> {
    let wrong = |what: String| AdminError::File { file: file.display().to_string(), what };
    let text = std::fs::read_to_string(file).map(Zeroizing::new);
    let text = text.map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(wrong("is empty".to_owned()));
    }
    Ok(Zeroizing::new(trimmed.to_owned()))
}
