//! The keys of a log on this machine: one pseudonym key, and wrapping keys a controller.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use event_log::begun::{self, LogId};
use event_log::embedded::EmbeddedLog;
use event_log::seal::{Keyring, PseudonymKey, WrappingKeys};
use event_log::{EventLog, LogError, Topic};
use projection::project::Projector;

use crate::process::log;
use crate::settings::{LogSettings, Serve, Settings};

/// In the log's folder: the check value of the pseudonym key that it was written under.
pub(crate) const KEY_CHECK: &str = "pseudonym-key.check";

/// The log of a stopped process, and which it is; the inner error is that it is damaged.
pub(crate) async fn stopped_log(
    settings: &Settings,
    vault: &Vault,
) -> anyhow::Result<Result<(Arc<dyn EventLog>, Option<LogId>), LogError>> {
    let opened: Result<Arc<dyn EventLog>, LogError> = match &settings.log {
        LogSettings::Embedded => {
            let dir = settings.log_dir();
            anyhow::ensure!(
                dir.exists(),
                "there is no log in `{}`: `throughline up` makes one, or `data` in the configuration is wrong",
                dir.display()
            );
            EmbeddedLog::open_read_only(&dir).map(|log| Arc::new(log) as Arc<dyn EventLog>)
        }
        LogSettings::Kafka(cluster) => log::kafka(cluster, &Topic::ALL).await,
    };
    match opened {
        Err(error @ LogError::Damaged { .. }) => Ok(Err(error)),
        Err(error) => Err(error).context("the log does not open"),
        Ok(log) => {
            let id = begun::begun(log.as_ref(), &vault.pseudonyms).await?;
            Ok(Ok((log, id)))
        }
    }
}

/// Refuses to go on while a wrapping key is missing: what it wraps could not be read, restrictions included.
pub(crate) async fn every_key_is_here(
    log: &dyn EventLog,
    projector: &Projector,
    settings: &Settings,
) -> anyhow::Result<()> {
    let missing = projection::keys_held::missing(log, &projector.keyring).await?;
    let (missing, never) = settings.keys.never.part(missing);
    anyhow::ensure!(missing.is_empty(), keys_missing(&missing));
    tell_never_made(&never);
    Ok(())
}

/// Says that what these keys wrap stays unread, because a person says that nobody ever made them.
pub(crate) fn tell_never_made(never: &BTreeSet<(String, u32)>) {
    for (organisation, epoch) in never {
        tracing::error!(
            organisation,
            epoch,
            "the log names a wrapping key that was never made, as `keys.never` says: what it wraps is not read"
        );
    }
}

/// What to say of wrapping keys that the log needs and that are not here.
pub(crate) fn keys_missing(missing: &BTreeSet<(String, u32)>) -> String {
    let files: Vec<String> =
        missing.iter().map(|(organisation, epoch)| format!("wrapping/{organisation}/{epoch}.key")).collect();
    format!(
        "the log needs keys that are not in the folder of keys: bring from the host that has them, or from a backup, {}; \
         where nobody ever made one, docs/OPERATING.md, Keys, says how to go on without it",
        files.join(", ")
    )
}

/// Everything needed to seal and to open.
#[derive(Clone)]
pub(crate) struct Vault {
    pub(crate) pseudonyms: Arc<PseudonymKey>,
    pub(crate) wrapping: Arc<WrappingKeys>,
}

impl Vault {
    /// Opens the keys in `dir`.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        let key = dir.join("pseudonym.key");
        let pseudonyms = PseudonymKey::load(&key).with_context(|| {
            format!(
                "the pseudonym key `{}` does not load; `throughline dev init` makes one for trying it out",
                key.display()
            )
        })?;
        let wrapping = WrappingKeys::open(&dir.join("wrapping")).context("the wrapping keys do not open")?;
        Ok(Self { pseudonyms: Arc::new(pseudonyms), wrapping: Arc::new(wrapping) })
    }

    /// Opens the keys that the settings name; whether first keys are made is theirs to say.
    pub(crate) fn of(settings: &Settings) -> anyhow::Result<Self> {
        let vault = Self::open(&settings.keys.folder)?;
        if settings.keys.make {
            return Ok(vault);
        }
        let wrapping = WrappingKeys::open(&settings.keys.folder.join("wrapping"))?.without_making();
        Ok(Self { wrapping: Arc::new(wrapping), ..vault })
    }

    /// Refuses to go on when nothing could be sealed under this organisation's key.
    pub(crate) fn can_seal_for(&self, organisation: &str) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.wrapping.makes() || self.wrapping.newest(organisation)?.is_some(),
            "there is no wrapping key of `{organisation}` here: bring it from the host that has it, or, for an organisation that never \
             had one, make it with `throughline keys make {organisation}`"
        );
        Ok(())
    }

    /// Holds the pseudonym key to the log in `log_dir`, where its check value is noted the first time: under another key
    /// every child would be somebody else.
    pub(crate) fn belongs_to(&self, log_dir: &Path) -> anyhow::Result<()> {
        let note = log_dir.join(KEY_CHECK);
        let own = hex::encode(self.pseudonyms.check_value());
        match std::fs::read_to_string(&note) {
            Ok(noted) if noted.trim() == own => Ok(()),
            Ok(_) => anyhow::bail!(
                "the pseudonym key is not the one that this log was written under: put the log's own key back, or begin a new log"
            ),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(std::fs::write(&note, own).with_context(|| format!("`{}` cannot be written", note.display()))?)
            }
            Err(error) => Err(error).with_context(|| format!("`{}` cannot be read", note.display())),
        }
    }

    /// Makes a pseudonym key in `dir` unless there is one. It never rotates: losing it means a new log.
    pub(crate) fn create(dir: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(dir.join("wrapping"))?;
        let key = dir.join("pseudonym.key");
        if !key.exists() {
            PseudonymKey::generate()?.save(&key)?;
        }
        Ok(())
    }

    /// Data keys, with none read yet.
    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        Arc::new(Keyring::new(Arc::clone(&self.wrapping)))
    }

    /// What opens events, with no data keys read yet.
    pub(crate) fn projector(&self, serve: &Serve) -> Projector {
        let keyring = self.keyring();
        let commands_from = Arc::new(serve.commands_from.clone());
        Projector { keyring, pseudonyms: Arc::clone(&self.pseudonyms), commands_from }
    }
}
