//! The certificate: issued, printed, and verified with nothing but the public key.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use ledger::note::{Note, VerifierKey};
use projection::erasure::Certificate as Said;
use projection::ledger::{read_key, read_note};
use proto::sharing::CertifyErasureRequest;

use super::Beside;
use crate::command::asking::refused;
use crate::command::break_glass::id;
use crate::output;

/// Issue the certificate of an erasure of which nothing is left to do
///
/// It is refused while anything is left: a key that is not destroyed, a wrapping key on this host under which it was ever written, a
/// store that was not filled anew, a baseline that still knows of them. Copies of the wrapping keys this process cannot see: say what
/// became of them, in backups and on other hosts. Your words stay on record; the certificate holds their hash.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline erasure certify 019aab2c7d1e7f00b1c2d3e4f5061728 \\\n      --copies \"Backups of before 3 March destroyed, form 17; no other host\" > erasure.note"
)]
pub(super) struct Certify {
    /// Which, 32 hexadecimal digits.
    erasure: String,
    #[command(flatten)]
    beside: Beside,
    /// What became of every copy of the old wrapping keys, at most 500 characters. Name nobody.
    #[arg(long)]
    copies: String,
}

/// Print a certificate that was issued, as a signed note or as JSON
#[derive(clap::Args, Debug)]
pub(super) struct Certificate {
    /// Which, 32 hexadecimal digits.
    erasure: String,
    #[command(flatten)]
    beside: Beside,
    /// What it says, and the note itself, as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Verify a certificate, offline, with the ledger's public key
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  throughline erasure verify erasure.note --key ledger.vkey")]
pub(super) struct Verify {
    /// The certificate's file.
    certificate: PathBuf,
    /// The ledger's public key: the file that has it, or the key itself.
    #[arg(long)]
    key: String,
    /// What was said of copies of the wrapping keys: whether these are the words that the certificate's hash is of.
    #[arg(long)]
    copies: Option<String>,
    /// What it says as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn certify(arguments: &Certify) -> anyhow::Result<ExitCode> {
    output::line(asked(&arguments.erasure, &arguments.beside, arguments.copies.clone()).await?.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn certificate(arguments: &Certificate) -> anyhow::Result<ExitCode> {
    let note = asked(&arguments.erasure, &arguments.beside, String::new()).await?;
    if !arguments.json {
        output::line(note.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let parsed = Note::parse(note.as_bytes())?;
    let mut said = as_json(&Said::read(parsed.text())?);
    if let Some(said) = said.as_object_mut() {
        said.insert("note".to_owned(), note.into());
    }
    output::line(&said.to_string())?;
    Ok(ExitCode::SUCCESS)
}

async fn asked(erasure: &str, beside: &Beside, copies: String) -> anyhow::Result<String> {
    let mut client = beside.client().await?;
    let request = CertifyErasureRequest { erasure_id: id(erasure)?, copies };
    Ok(client.certify(request).await.map_err(|status| refused(&status))?.into_inner().note)
}

pub(super) fn verify(arguments: &Verify) -> anyhow::Result<ExitCode> {
    let key = match VerifierKey::parse(&arguments.key) {
        Ok(key) => key,
        Err(_) => read_key(arguments.key.as_ref())
            .with_context(|| format!("`{}` is neither a public key nor a file that has one", arguments.key))?,
    };
    let note = read_note(&arguments.certificate)?;
    let found = match difference(&note, &key, arguments.copies.as_deref()) {
        Err(problem) => {
            output::line(&format!("erasure verify: {problem}"))?;
            return Ok(ExitCode::from(output::DIFFERS));
        }
        Ok(found) => found,
    };
    if arguments.json {
        output::line(&as_json(&found).to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!(
        "erasure verify: ok {} authority={} reference={} subjects={} data_keys={} certified={}",
        found.erasure, found.authority, found.reference, found.subjects, found.data_keys, found.certified
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// What it says, if it is signed by this key and is a certificate.
fn difference(note: &Note, key: &VerifierKey, copies: Option<&str>) -> Result<Said, String> {
    note.check(std::slice::from_ref(key)).map_err(|error| error.to_string())?;
    let said = Said::read(note.text()).map_err(|error| error.to_string())?;
    if note.text().lines().next() != Some(key.name()) {
        return Err("it is of another ledger".to_owned());
    }
    match copies {
        Some(words) if !said.copies_are(words) => Err("the words on copies are not those that it is of".to_owned()),
        _ => Ok(said),
    }
}

fn as_json(said: &Said) -> serde_json::Value {
    serde_json::json!({
        "erasure": said.erasure,
        "authority": said.authority,
        "reference": said.reference,
        "begun": said.begun,
        "certified": said.certified,
        "subjects": said.subjects,
        "organisations": said.organisations,
        "data_keys_destroyed": said.data_keys,
        "quarantine_items": said.quarantine_items,
        "wrapping_keys_destroyed": said.wrapping_keys,
        "files_removed": said.files_removed,
        "copies_sha256": said.copies_sha256,
    })
}
