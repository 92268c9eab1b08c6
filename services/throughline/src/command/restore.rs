//! `throughline restore`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use event_log::embedded::{self, EmbeddedLog};

use super::backup::{Copied, Keys, Log, Part, below_root, copy_file, make_dir, roots, sha256};
use crate::output;
use crate::vault;

/// Put a backup back where it came from, on a machine that has no log
///
/// Checks both parts before it writes anything, goes over no file that is there and differs, and proves the log that it
/// has put back by the Merkle roots that the backup noted. Then run `throughline rebuild` and `throughline verify`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The log's part; not with a log on Kafka.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// The keys' and the configuration's part.
    #[arg(long, value_name = "DIR")]
    keys_from: PathBuf,
    /// Put everything below this folder instead, by its whole path: for a rehearsal.
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let keys = Part::<Keys>::open(&arguments.keys_from)?;
    let log = arguments.from.as_deref().map(Part::<Log>::open).transpose()?;
    if let Some(log) = &log {
        anyhow::ensure!(
            log.manifest.backup == keys.manifest.backup,
            "the two parts are of different backups: {} and {}",
            log.manifest.taken_at,
            keys.manifest.taken_at
        );
        is_what_was_noted(&log.dir().join("log"), log, "the backup's log")?;
    }
    let data = arguments.root.join(below_root(&keys.manifest.data)?);
    for there in ["log", "store", "connectors"].map(|name| data.join(name)) {
        anyhow::ensure!(
            !there.exists(),
            "`{}` is there: a backup is put back where there is no log, no store and no baseline",
            there.display()
        );
    }
    let mut wanted = Vec::new();
    for file in &keys.manifest.files {
        let to = arguments.root.join(below_root(&file.belongs)?);
        if !is_there_already(&keys, file, &to)? {
            wanted.push((file, to));
        }
    }
    // The pseudonym key last: no process starts without it, so none begins a new log beside a half restored one.
    wanted.sort_by_key(|(_, to)| to.ends_with("pseudonym.key"));
    make_dir(&data)?;
    if let Some(log) = &log {
        put_back_log(log, &data.join("log"))?;
    }
    for (file, to) in &wanted {
        make_dir(to.parent().context("a file without a folder")?)?;
        copy_file(&keys.dir().join(&file.at), to, file.mode & 0o770)?;
    }
    let records = log.map_or_else(|| "on-kafka".to_owned(), |log| log.manifest.records().to_string());
    let (files, taken_at) = (keys.manifest.files.len(), &keys.manifest.taken_at);
    output::line(&format!("restored: records={records} files={files} taken_at={taken_at} data={}", data.display()))?;
    output::note("what was delivered since is not in it: have it delivered again");
    Ok(ExitCode::SUCCESS)
}

fn put_back_log(log: &Part<Log>, to: &Path) -> anyhow::Result<()> {
    let from = log.dir().join("log");
    embedded::copy(&from, to).context("the log could not be put back")?;
    let check = from.join(vault::KEY_CHECK);
    if check.exists() {
        copy_file(&check, &to.join(vault::KEY_CHECK), 0o600)?;
    }
    is_what_was_noted(to, log, "the log that was put back")
}

fn is_what_was_noted(dir: &Path, log: &Part<Log>, what: &str) -> anyhow::Result<()> {
    let opened = EmbeddedLog::open_read_only(dir).with_context(|| format!("{what} does not open"))?;
    anyhow::ensure!(roots(&opened)? == log.manifest.roots, "{what} is not what the backup noted");
    Ok(())
}

/// Whether the same bytes stand there. Other bytes are an error, and so is a file of the backup that changed.
fn is_there_already(keys: &Part<Keys>, file: &Copied, to: &Path) -> anyhow::Result<bool> {
    let from = keys.dir().join(below_root(&Path::new("/").join(&file.at))?);
    let bytes = fs::read(&from).with_context(|| format!("`{}` of the backup cannot be read", file.at.display()))?;
    anyhow::ensure!(sha256(&bytes) == file.sha256, "`{}` of the backup is not what it was", file.at.display());
    match fs::read(to) {
        Ok(there) if there == bytes => Ok(true),
        Ok(_) => anyhow::bail!("`{}` is there and is another file than the backup's", to.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("`{}` cannot be read", to.display())),
    }
}
