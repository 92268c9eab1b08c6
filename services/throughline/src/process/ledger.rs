//! The ledger of a process that signs: opened before anything is answered, and the last part to stop.

use std::sync::Arc;

use anyhow::Context;
use event_log::EventLog;
use event_log::begun::LogId;
use ledger::note::VerifierKey;
use projection::disclose::Recorder;
use projection::ledger::service::LedgerService;
use projection::ledger::{Folder, Keeper, KeyFolder, Options, Signed};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::settings::Settings;

/// The ledger, open.
pub(crate) struct OpenLedger {
    keeper: Keeper,
    pub(crate) asked: Asked,
}

/// What answers questions of it.
#[derive(Clone)]
pub(crate) struct Asked {
    folder: Folder,
    signed: watch::Receiver<Option<Arc<Signed>>>,
    keys: Vec<VerifierKey>,
    witnesses: Vec<VerifierKey>,
}

impl OpenLedger {
    /// Opens it, where this process signs. The first key is made where first keys are made.
    pub(crate) async fn open(settings: &Settings, log: Arc<dyn EventLog>, id: LogId) -> anyhow::Result<Option<Self>> {
        let ledger = &settings.ledger;
        let keys = KeyFolder::new(&ledger.keys);
        if !ledger.sign {
            return Ok(None);
        }
        if keys.newest() == 0 && !settings.keys.make && !ledger.must {
            tracing::warn!("the ledger has no key, and is not signed: `throughline audit keys make` makes one");
            return Ok(None);
        }
        let options = Options { keep_every_s: ledger.keep_every_s, ..Options::default() };
        if keys.newest() == 0 && settings.keys.make {
            let folder = Folder::new(&ledger.folder);
            anyhow::ensure!(
                folder.last()?.is_none(),
                "the ledger in `{}` was signed, and its key is not in `{}`: bring it back from a backup",
                ledger.folder.display(),
                ledger.keys.display()
            );
            let key = keys.make(&format!("throughline/{id}"), rand::random())?;
            tracing::info!(key = %key, "made the ledger's key: give its public half to whoever audits");
        }
        let (keeper, signed) =
            Keeper::open(log, &ledger.folder, &keys, options).await.context("the ledger does not open")?;
        let (folder, witnesses) = (Folder::new(&ledger.folder), ledger.witnesses.clone());
        Ok(Some(Self { keeper, asked: Asked { folder, signed, keys: keys.public()?, witnesses } }))
    }

    /// Signs until told to stop.
    pub(crate) fn start(self, stop: CancellationToken) -> JoinHandle<anyhow::Result<()>> {
        tokio::spawn(async move { self.keeper.run(stop).await.context("the ledger stopped") })
    }
}

impl Asked {
    /// What answers the operator.
    pub(crate) fn service(self, log: Arc<dyn EventLog>, recorder: Arc<Recorder>) -> LedgerService {
        let Self { folder, signed, keys, witnesses } = self;
        LedgerService { log, folder, signed, keys, witnesses, recorder }
    }
}

/// Returns when it ends before it is told to; never where there is none.
pub(crate) async fn ended(signing: &mut Option<JoinHandle<anyhow::Result<()>>>) -> anyhow::Error {
    let Some(running) = signing else { return std::future::pending().await };
    let ended = running.await;
    *signing = None;
    match ended {
        Ok(Ok(())) => anyhow::anyhow!("the ledger stopped by itself"),
        Ok(Err(error)) => error,
        Err(error) => error.into(),
    }
}
