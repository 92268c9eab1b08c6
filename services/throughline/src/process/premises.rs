//! What an erasure touches beside the log and the store: the differs' baselines of this process, and the key of the ledger.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use connector_kit::differ::Baselines;
use connector_kit::named::Named;
use event_log::Pseudonym;
use event_log::seal::PseudonymKey;
use ledger::note::Note;
use projection::erasure::{Premises, PremisesError};
use projection::ledger::KeyFolder;

use crate::settings::{ConnectorSettings, Settings};

/// Of one process.
pub(crate) struct OwnPremises {
    /// A folder for each connector that runs here, and its drop folder where it has one.
    baselines: Vec<(PathBuf, Option<PathBuf>)>,
    pseudonym_key: PathBuf,
    ledger_keys: KeyFolder,
}

impl OwnPremises {
    /// With the baselines of these connectors, which run in this process.
    pub(crate) fn of(settings: &Settings, connectors: &[ConnectorSettings]) -> Arc<Self> {
        let folders =
            |connector: &ConnectorSettings| (settings.connector_dir(&connector.name), connector.drop_folder.clone());
        let baselines = connectors.iter().map(folders).collect();
        let pseudonym_key = settings.keys.folder.join("pseudonym.key");
        Arc::new(Self { baselines, pseudonym_key, ledger_keys: KeyFolder::new(&settings.ledger.keys) })
    }
}

impl OwnPremises {
    /// What each connector's notes on files give, together.
    async fn counted(
        &self,
        of_one: impl Fn(&Named, Option<&Path>) -> io::Result<usize> + Send + 'static,
    ) -> Result<u32, PremisesError> {
        let (folders, key) = (self.baselines.clone(), self.pseudonym_key.clone());
        let counted = tokio::task::spawn_blocking(move || -> Result<usize, PremisesError> {
            let mut count = 0;
            for (folder, drop_folder) in &folders {
                count += of_one(&Named::open(folder, PseudonymKey::load(&key)?), drop_folder.as_deref())?;
            }
            Ok(count)
        });
        Ok(u32::try_from(counted.await??).unwrap_or(u32::MAX))
    }
}

#[async_trait]
impl Premises for OwnPremises {
    async fn baselines_hold(&self, subjects: &HashSet<Pseudonym>) -> Result<bool, PremisesError> {
        let (folders, key, subjects) = (self.baselines.clone(), self.pseudonym_key.clone(), subjects.clone());
        let looked = tokio::task::spawn_blocking(move || -> Result<bool, PremisesError> {
            for (folder, _) in folders.iter().filter(|(folder, _)| folder.is_dir()) {
                if Baselines::open(folder, PseudonymKey::load(&key)?)?.hold(&subjects)? {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        looked.await?
    }

    async fn files_in_clear(&self, subjects: &HashSet<Pseudonym>) -> Result<u32, PremisesError> {
        let subjects = subjects.clone();
        self.counted(move |named, drop_folder| {
            let Some(drop_folder) = drop_folder else { return Ok(0) };
            Ok(named.in_clear(drop_folder, &subjects)?.iter().filter(|file| file.records > 0).count())
        })
        .await
    }

    async fn files_removed(&self, subjects: &HashSet<Pseudonym>) -> Result<u32, PremisesError> {
        let subjects = subjects.clone();
        self.counted(move |named, _| named.removed(&subjects)).await
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
