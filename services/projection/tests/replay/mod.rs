//! Recorded decisions made again, on another machine: a store of the other kind, made from the log and the keys alone. Invariant 14.

mod audits;
mod erased;
mod rerun;
mod thousand;

use std::sync::Arc;

use projection::project::Projector;
use projection::replay::{Recorded, Replayer, RulesKept, Verdict, With, decisions};
use projection::store::{Engine, Store};
use proto::disclosure::Disclosure;

use crate::harness::{self, HUB, HUB_CONTACT, House};

/// A machine that has the log and the keys, and nothing else of the one that decided.
pub(crate) struct Elsewhere {
    pub(crate) replayer: Replayer,
    pub(crate) decisions: Vec<(i64, Disclosure)>,
}

impl Elsewhere {
    pub(crate) async fn of(house: &House) -> Self {
        Self::with(house, HUB_CONTACT).await
    }

    pub(crate) async fn with(house: &House, hub_contact: &str) -> Self {
        let (store, _) = house.rebuilt(Engine::Sled).await;
        let projector = harness::projector(&house.wrapping, &house.pseudonyms);
        projection::rebuild::read_keys(&house.log, &projector).await.unwrap();
        Self::over(house, store, projector, hub_contact).await
    }

    async fn over(house: &House, store: Store, projector: Projector, hub_contact: &str) -> Self {
        let engine = Arc::new(sharing::Engine::load().unwrap());
        let rules = Arc::new(RulesKept::new(Arc::clone(&engine), store.clone(), projector.clone()));
        let keyring = Arc::clone(&projector.keyring);
        let read = decisions(house.log.as_ref(), &keyring, &house.pseudonyms, HUB, None, |_| {}).await;
        let (decisions, _) = read.unwrap();
        let replayer = Replayer::new(store, projector, engine, hub_contact.to_owned(), rules);
        Self { replayer, decisions }
    }

    pub(crate) fn recorded(&self) -> Vec<Recorded> {
        Recorded::all(&self.decisions)
    }

    pub(crate) fn verdict(&self, recorded: &Recorded, with: &With) -> Verdict {
        self.replayer.rerun(recorded, with).unwrap().verdict
    }
}
