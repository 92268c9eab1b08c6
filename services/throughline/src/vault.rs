//! The keys of a log on this machine: one pseudonym key, and wrapping keys a controller.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use event_log::embedded::EmbeddedLog;
use event_log::seal::{Keyring, PseudonymKey, WrappingKeys};
use event_log::{EventLog, LogError};
use projection::project::Projector;

use crate::settings::Settings;

/// The log of a stopped process; the inner error is that it is damaged.
pub(crate) fn stopped_log(settings: &Settings) -> anyhow::Result<Result<EmbeddedLog, LogError>> {
    let dir = settings.log_dir();
    anyhow::ensure!(
        dir.exists(),
        "there is no log in `{}`: `throughline up` makes one, or `data` in the configuration is wrong",
        dir.display()
    );
    match EmbeddedLog::open_read_only(&dir) {
        Err(error @ LogError::Damaged { .. }) => Ok(Err(error)),
        Err(error) => Err(error).context("the log does not open"),
        Ok(log) => Ok(Ok(log)),
    }
}

/// Refuses to go on while a wrapping key is missing: what it wraps could not be read, restrictions included.
pub(crate) async fn every_key_is_here(log: &dyn EventLog, projector: &Projector) -> anyhow::Result<()> {
    let missing = projection::keys_held::missing(log, &projector.keyring).await?;
    let files: Vec<String> =
        missing.iter().map(|(organisation, epoch)| format!("data/keys/wrapping/{organisation}/{epoch}.key")).collect();
    anyhow::ensure!(
        files.is_empty(),
        "the log needs keys that are not here: put back from a backup {}",
        files.join(", ")
    );
    Ok(())
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

    /// Holds the pseudonym key to the log in `log_dir`, where its check value is noted the first time: under another key
    /// every child would be somebody else.
    pub(crate) fn belongs_to(&self, log_dir: &Path) -> anyhow::Result<()> {
        let note = log_dir.join("pseudonym-key.check");
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

    /// What opens events, with no data keys read yet.
    pub(crate) fn projector(&self) -> Projector {
        let keyring = Arc::new(Keyring::new(Arc::clone(&self.wrapping)));
        Projector { keyring, pseudonyms: Arc::clone(&self.pseudonyms) }
    }
}
