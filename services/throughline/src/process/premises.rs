//! What an erasure touches beside the log and the store: the differs' baselines of this process, and the key of the ledger.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use connector_kit::differ::Baselines;
use event_log::Pseudonym;
use event_log::seal::PseudonymKey;
use ledger::note::Note;
use projection::erasure::{Premises, PremisesError};
use projection::ledger::KeyFolder;

use crate::settings::{ConnectorSettings, Settings};

/// Of one process.
pub(crate) struct OwnPremises {
    /// A folder for each connector that runs here.
    baselines: Vec<PathBuf>,
    pseudonym_key: PathBuf,
    ledger_keys: KeyFolder,
}

impl OwnPremises {
    /// With the baselines of these connectors, which run in this process.
    pub(crate) fn of(settings: &Settings, connectors: &[ConnectorSettings]) -> Arc<Self> {
        let baselines = connectors.iter().map(|connector| settings.connector_dir(&connector.name)).collect();
        let pseudonym_key = settings.keys.folder.join("pseudonym.key");
        Arc::new(Self { baselines, pseudonym_key, ledger_keys: KeyFolder::new(&settings.ledger.keys) })
    }
}

#[async_trait]
impl Premises for OwnPremises {
    async fn baselines_hold(&self, subjects: &HashSet<Pseudonym>) -> Result<bool, PremisesError> {
        let (folders, key, subjects) = (self.baselines.clone(), self.pseudonym_key.clone(), subjects.clone());
        let looked = tokio::task::spawn_blocking(move || -> Result<bool, PremisesError> {
            for folder in folders.iter().filter(|folder| folder.is_dir()) {
                if Baselines::open(folder, PseudonymKey::load(&key)?)?.hold(&subjects)? {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        looked.await?
    }

    fn sign(&self, text: &str) -> Result<String, PremisesError> {
        let key = self.ledger_keys.signing()?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let mut note = Note::new(text.to_owned())?;
        note.add(key.sign(text, now.as_secs()));
        Ok(note.to_string())
    }

    fn origin(&self) -> Result<String, PremisesError> {
        Ok(self.ledger_keys.signing()?.public().name().to_owned())
    }
}
