//! `throughline backup`

mod parts;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use event_log::embedded::EmbeddedLog;
use event_log::{EventLog, embedded};

use crate::command::ConfigFile;
use crate::output;
use crate::settings::{LogSettings, Settings};
use crate::vault::{self, Vault};
pub(super) use parts::{Copied, Keys, Log, Part, below_root, copy_file, make_dir, roots, sha256};

/// In the ledger's folder: what was signed last.
const STATEMENT: &str = "statement";

/// Back up the log, the keys and the configuration, of a running process or a stopped one
///
/// Makes a new folder in each of the two places, named by the moment: the log in one, the keys and the configuration with
/// the files that it names in the other. Together they are every child's record: keep them apart. The copy of the log is
/// read whole afterwards, and opened with the copied keys. `throughline restore` puts both back.
///
/// With the log on Kafka there are only keys and configuration to copy here. Exit code 4 when a key is missing that the log
/// needs: the backup is made all the same.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Where the log's part goes: a folder that is there.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Where the keys' and the configuration's part goes: a folder that is there, and not within the other.
    #[arg(long, value_name = "DIR")]
    keys_to: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(&arguments.file.config)?;
    let taken_at = jiff::Timestamp::now();
    let name = taken_at.strftime("%Y%m%dT%H%M%S.%3fZ").to_string();
    let backup = uuid::Uuid::now_v7().to_string();
    let is_embedded = matches!(settings.log, LogSettings::Embedded);
    let to = arguments.to.as_deref().map(folder).transpose()?;
    let keys_to = folder(&arguments.keys_to)?;
    anyhow::ensure!(
        is_embedded == to.is_some(),
        match is_embedded {
            true => "--to is missing: where the log's part goes",
            false =>
                "--to is for the embedded log: a log on Kafka is not copied here (docs/OPERATING.md, Backup and restore)",
        }
    );
    anyhow::ensure!(
        !to.as_ref().is_some_and(|to| to.starts_with(&keys_to) || keys_to.starts_with(to)),
        "--to and --keys-to must be apart: whoever has both parts has every child's record"
    );
    // What was signed last, before the log: the copy holds all that it speaks of, and a machine that is put back signs on from there.
    // The other way round, it would speak of records that the copy does not hold.
    let statement = statement(&settings)?;
    // The log first: whatever key its records need was on the disk before they were acknowledged. The other way round, a
    // key made in between would be in neither.
    let log = to.map(|to| log_part(&settings, &to.join(&name), &backup, &taken_at.to_string())).transpose()?;
    let part = Keys::new(&backup, &taken_at.to_string());
    let keys = keys_part(arguments, &settings, &keys_to.join(&name), part, statement)?;
    let missing = match &log {
        Some(log) => missing_keys(log.dir(), keys.dir(), &settings)?,
        None => Vec::new(),
    };
    let records = log.as_ref().map(|log| log.manifest.records());
    let files = keys.manifest.files.len();
    for dir in log.map(Part::finish).transpose()?.into_iter().chain([keys.finish()?]) {
        output::line(&dir.display().to_string())?;
    }
    let records = records.map_or_else(|| "on-kafka".to_owned(), |records| records.to_string());
    if missing.is_empty() {
        output::line(&format!("backup: ok records={records} files={files} id={backup}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!("backup: keys are missing records={records} files={files} id={backup}"))?;
    output::note(&format!("the log needs keys that were not there to copy: {}", missing.join(", ")));
    Ok(ExitCode::from(output::DIFFERS))
}

fn folder(dir: &Path) -> anyhow::Result<PathBuf> {
    dir.canonicalize().with_context(|| format!("`{}` is no folder to put a backup into", dir.display()))
}

fn log_part(settings: &Settings, to: &Path, backup: &str, taken_at: &str) -> anyhow::Result<Part<Log>> {
    let mut part =
        Part::begin(to, Log { backup: backup.to_owned(), taken_at: taken_at.to_owned(), roots: Vec::new() })?;
    let (from, copy) = (settings.log_dir(), part.dir().join("log"));
    let records = embedded::copy(&from, &copy).context("the log could not be copied")?;
    // Which pseudonym key the log was written under: its check value, which is no secret.
    let check = from.join(vault::KEY_CHECK);
    if check.exists() {
        copy_file(&check, &copy.join(vault::KEY_CHECK), 0o600)?;
    }
    let log = EmbeddedLog::open_read_only(&copy).context("the copy of the log does not open")?;
    part.manifest.roots = roots(&log)?;
    anyhow::ensure!(part.manifest.records() == records, "the copy does not hold what was acknowledged");
    Ok(part)
}

/// The ledger's last statement and where it belongs, if anything was ever signed here.
fn statement(settings: &Settings) -> anyhow::Result<Option<(PathBuf, Vec<u8>)>> {
    let path = settings.ledger.folder.join(STATEMENT);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some((settings.ledger.folder.canonicalize()?.join(STATEMENT), bytes))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("`{}` cannot be read", path.display())),
    }
}

fn keys_part(
    arguments: &Arguments,
    settings: &Settings,
    to: &Path,
    part: Keys,
    statement: Option<(PathBuf, Vec<u8>)>,
) -> anyhow::Result<Part<Keys>> {
    let data = settings.data.canonicalize().context("the data folder is not there")?;
    let mut part = Part::begin(to, Keys { data, ..part })?;
    if let Some((belongs, bytes)) = statement {
        part.take_bytes(&bytes, Path::new("ledger").join(STATEMENT), belongs)?;
    }
    let mut named = vec![arguments.file.config.clone()];
    named.extend(parts::named_files(&arguments.file.config)?);
    for path in named {
        part.take_file(&path)?;
    }
    part.take_keys(&settings.keys_dir())?;
    Ok(part)
}

/// Wrapping keys that the copied log needs and that are not among the copied keys.
fn missing_keys(log: &Path, keys: &Path, settings: &Settings) -> anyhow::Result<Vec<String>> {
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open_read_only(&log.join("log"))?);
    let keyring = Vault::open(&keys.join(Keys::KEYS))?.keyring();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let missing = runtime.block_on(projection::keys_held::missing(log.as_ref(), &keyring))?;
    let (missing, _never) = settings.keys.never.part(missing);
    Ok(missing.into_iter().map(|(organisation, epoch)| format!("{organisation}/{epoch}.key")).collect())
}
