//! `throughline audit`

mod accesses;
mod again;
mod asking;
mod export;
mod fhir;
mod keys;
mod prove;
mod subject_access;
mod unusual;
mod verify;
mod who_saw;
mod witness;

pub(crate) use asking::Beside;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use ledger::note::{Note, VerifierKey};
use projection::ledger::{read_key, read_note};

use crate::command::ConfigFile;
use crate::{admin_client, output};

/// Who saw what, under which rule, on which facts; and proof that nothing on the log was changed, dropped, reordered or put in
///
/// docs/AUDITING.md shows each command with its output.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Print what was signed last, as a signed note: keep it, and hold what you find later to it.
    Checkpoint {
        #[command(flatten)]
        file: ConfigFile,
        /// The checkpoint of one partition, such as `throughline.health.v1/3`, as other tools read it; else the statement over all.
        #[arg(long)]
        tree: Option<String>,
    },
    WhoSaw(who_saw::WhoSaw),
    WhatDid(who_saw::WhatDid),
    Explain(again::Explain),
    Replay(again::Replay),
    Unusual(unusual::Arguments),
    SubjectAccess(subject_access::Arguments),
    Prove(prove::Arguments),
    Verify(verify::Arguments),
    Export(export::Arguments),
    Keys(keys::Arguments),
    Witness(witness::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Checkpoint { file, tree } => checkpoint(file, tree.as_deref()),
        Command::WhoSaw(arguments) => who_saw::who_saw(arguments),
        Command::WhatDid(arguments) => who_saw::what_did(arguments),
        Command::Explain(arguments) => again::explain(arguments),
        Command::Replay(arguments) => again::replay(arguments),
        Command::Unusual(arguments) => unusual::run(arguments),
        Command::SubjectAccess(arguments) => subject_access::run(arguments),
        Command::Prove(arguments) => prove::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Keys(arguments) => keys::run(arguments),
        Command::Witness(arguments) => witness::run(arguments),
    }
}

fn checkpoint(file: &ConfigFile, tree: Option<&str>) -> anyhow::Result<ExitCode> {
    let note = crate::command::block_on(async {
        let mut client = admin_client::ledger(&file.config).await?;
        let request = proto::audit::GetCheckpointRequest { tree: tree.unwrap_or_default().to_owned() };
        let asked = client.get_checkpoint(request).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner().note)
    })?;
    output::line(note.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// A public key: the file that has it, or the key itself.
fn key(text: &str) -> anyhow::Result<VerifierKey> {
    match VerifierKey::parse(text) {
        Ok(key) => Ok(key),
        Err(_) if Path::new(text).exists() => Ok(read_key(Path::new(text))?),
        Err(error) => Err(error).with_context(|| format!("`{text}` is neither a public key nor a file that has one")),
    }
}

fn keys_of(texts: &[String]) -> anyhow::Result<Vec<VerifierKey>> {
    texts.iter().map(|text| key(text)).collect()
}

fn notes_of(paths: &[PathBuf]) -> anyhow::Result<Vec<Note>> {
    paths.iter().map(|path| Ok(read_note(path)?)).collect()
}

/// A second since 1970, as a person reads it.
fn at(second: u64) -> String {
    let second = i64::try_from(second).unwrap_or_default();
    jiff::Timestamp::from_second(second).map_or_else(|_| second.to_string(), |at| at.to_string())
}
