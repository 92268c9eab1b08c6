//! `throughline audit export`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use event_log::embedded::EmbeddedLog;
use projection::ledger::{Folder, TOPICS, bundle};

use crate::command::{ConfigFile, block_on};
use crate::output;
use crate::process::log;
use crate::settings::{LogSettings, Purpose, Settings};

/// Write everything that was signed, and what it was signed of, for somebody to verify elsewhere
///
/// Of a stopped process, or of a cluster. The folder holds statements, public keys, checkpoints, hashes and entries as existing tools
/// read them, and no record: places, times and hashes only. `audit verify --bundle` holds it to what was signed, and so does
/// docs/audit/verify_bundle.py with nothing of ours installed.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// A folder that is not there yet, or is empty.
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load_for(&arguments.file.config, Purpose::Cluster)?;
    let folder = Folder::new(&settings.ledger.folder);
    let exported = block_on(async {
        let exported = match &settings.log {
            LogSettings::Embedded => {
                let log = EmbeddedLog::open_read_only(&settings.log_dir()).context("the log does not open")?;
                bundle::export(&log, &folder, &arguments.out).await
            }
            LogSettings::Kafka(cluster) => {
                bundle::export(log::kafka(cluster, &TOPICS).await?.as_ref(), &folder, &arguments.out).await
            }
        };
        Ok(exported?)
    })?;
    output::line(&format!(
        "audit export: ok `{}` trees={} records={} statements={}",
        arguments.out.display(),
        exported.trees,
        exported.records,
        exported.statements
    ))?;
    Ok(ExitCode::SUCCESS)
}
