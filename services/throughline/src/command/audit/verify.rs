//! `throughline audit verify`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use event_log::embedded::EmbeddedLog;
use event_log::{EventLog, LogError};
use ledger::note::{Note, VerifierKey};
use ledger::record_proof::RecordProof;
use ledger::rotation::keys_from;
use projection::ledger::verify::{Report, Said, verify_log};
use projection::ledger::{Finding, Folder, What, bundle};

use super::{at, key, keys_of, notes_of};
use crate::output;
use crate::process::log;
use crate::settings::{LogSettings, Purpose, Settings};

/// Hold a log, a bundle or one record's proof to what was signed, with nothing but the ledger's public key
///
/// The log of a stopped process, or a copy of it (`--log`), the cluster of a configuration (`--config`), a bundle that `audit export` wrote
/// (`--bundle`), or a proof that `audit prove` wrote (`--proof`). What is not as it was signed is named and located, a line each;
/// exit code 4.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    what: WhatToVerify,
    /// The ledger's public key, or a file that has it. Have it from somewhere else than what is verified.
    #[arg(long, required = true)]
    key: String,
    /// The ledger's folder, where it is not beside the log.
    #[arg(long, value_name = "FOLDER")]
    ledger: Option<PathBuf>,
    /// A statement that you kept, or that somebody else was given. Repeatable.
    #[arg(long, value_name = "FILE")]
    statement: Vec<PathBuf>,
    /// The public key of a witness whose cosignatures are to hold, or a file that has it. Repeatable.
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
}

#[derive(clap::Args, Debug)]
#[group(multiple = false)]
struct WhatToVerify {
    /// The configuration whose log is verified: the embedded log of a stopped process, or the cluster.
    #[arg(long, short, default_value = "throughline.toml")]
    config: PathBuf,
    /// The folder of an embedded log, or of a copy.
    #[arg(long, value_name = "FOLDER")]
    log: Option<PathBuf>,
    /// The folder of a bundle.
    #[arg(long, value_name = "FOLDER")]
    bundle: Option<PathBuf>,
    /// The proof of one record.
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let trusted = key(&arguments.key)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let verified = match &arguments.what {
        WhatToVerify { proof: Some(proof), .. } => return of_proof(proof, &trusted),
        WhatToVerify { bundle: Some(dir), .. } => runtime.block_on(of_bundle(arguments, dir, &trusted)),
        _ => runtime.block_on(of_log(arguments, &trusted)),
    };
    match verified {
        Ok(report) => told(&report),
        Err(error) if is_unbelievable(&error) => {
            output::line(&format!("audit verify: {error:#}"))?;
            Ok(ExitCode::from(output::DIFFERS))
        }
        Err(error) => Err(error),
    }
}

/// A signature that does not hold is what was looked for, and no mishap.
fn is_unbelievable(error: &anyhow::Error) -> bool {
    use projection::ledger::LedgerError::{Keys, Note, Unbelieved};
    error.chain().any(|cause| matches!(cause.downcast_ref(), Some(Keys(_) | Note { .. } | Unbelieved(_))))
}

fn told(report: &Report) -> anyhow::Result<ExitCode> {
    for finding in &report.findings {
        output::line(&format!("audit verify: {finding}"))?;
    }
    if !report.findings.is_empty() {
        return Ok(ExitCode::from(output::DIFFERS));
    }
    for (witness, seen) in &report.witnesses {
        output::line(&format!("witness: {witness} saw it at {}", at(*seen)))?;
    }
    let Report { trees, records, unsigned, statements, signed_at, .. } = report;
    output::line(&format!(
        "audit verify: ok trees={trees} records={records} unsigned={unsigned} statements={statements} signed_at={}",
        at(*signed_at)
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn said(arguments: &Arguments, own: Vec<Note>, keys: &[VerifierKey]) -> anyhow::Result<Said> {
    let notes = [own, notes_of(&arguments.statement)?].concat();
    anyhow::ensure!(
        !notes.is_empty(),
        "there is no statement to hold it to: name one with --statement, or the ledger's folder with --ledger"
    );
    Ok(Said::believed(&notes, keys, &keys_of(&arguments.witness)?)?)
}

async fn of_bundle(arguments: &Arguments, dir: &std::path::Path, trusted: &VerifierKey) -> anyhow::Result<Report> {
    let (notes, keys) = bundle::signed_in(dir, trusted)?;
    let said = said(arguments, notes, &keys)?;
    Ok(bundle::verify_bundle(dir, &said, &keys).await?)
}

async fn of_log(arguments: &Arguments, trusted: &VerifierKey) -> anyhow::Result<Report> {
    let (opened, beside) = match &arguments.what.log {
        Some(dir) => (embedded(dir)?, dir.parent().map(|above| above.join("ledger"))),
        None => {
            let settings = Settings::load_for(&arguments.what.config, Purpose::Cluster)?;
            let opened = match &settings.log {
                LogSettings::Embedded => embedded(&settings.log_dir())?,
                LogSettings::Kafka(cluster) => opened(log::kafka(cluster, &projection::ledger::TOPICS).await)?,
            };
            (opened, Some(settings.ledger.folder))
        }
    };
    let folder = arguments.ledger.clone().or(beside).context("name the ledger's folder with --ledger")?;
    let folder = Folder::new(&folder);
    let keys = keys_from(trusted, &folder.rotations()?).map_err(projection::ledger::LedgerError::from)?;
    let said = said(arguments, folder.statements()?, &keys)?;
    match opened {
        Ok(log) => Ok(verify_log(log, folder, &said).await?),
        Err(damaged) => {
            Ok(Report { findings: vec![Finding::of("", What::Damaged(damaged.to_string()))], ..Report::default() })
        }
    }
}

type Opened = Result<Arc<dyn EventLog>, LogError>;

fn embedded(dir: &std::path::Path) -> anyhow::Result<Opened> {
    anyhow::ensure!(dir.join("mark").exists(), "`{}` holds no log", dir.display());
    opened(EmbeddedLog::open_read_only(dir).map(|log| Arc::new(log) as Arc<dyn EventLog>))
}

/// The inner error: it is damaged, which is a finding.
fn opened(tried: Result<Arc<dyn EventLog>, LogError>) -> anyhow::Result<Opened> {
    match tried {
        Err(error @ LogError::Damaged { .. }) => Ok(Err(error)),
        tried => Ok(Ok(tried.context("the log does not open")?)),
    }
}

fn of_proof(path: &std::path::Path, trusted: &VerifierKey) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    match RecordProof::parse(&text).and_then(|proof| Ok((proof.check(std::slice::from_ref(trusted))?, proof))) {
        Ok((checkpoint, proof)) => {
            let us = proof.entry.published_at_us;
            output::line(&format!(
                "audit verify: ok {}@{} size={} published_at={} key_sha256={} value_sha256={}",
                checkpoint.origin,
                proof.entry.offset,
                checkpoint.size,
                jiff::Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |at| at.to_string()),
                hex::encode(proof.entry.key),
                hex::encode(proof.entry.value),
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            output::line(&format!("audit verify: {error}"))?;
            Ok(ExitCode::from(output::DIFFERS))
        }
    }
}
