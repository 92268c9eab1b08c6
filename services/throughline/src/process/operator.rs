//! What a connector that is a process of its own tells its operator.

use std::sync::{Arc, Mutex, PoisonError};

use event_log::kafka::lease::Standing;
use proto::admin::admin_server::Admin;
use proto::admin::{
    GetMatchRatesRequest, GetMatchRatesResponse, GetStatusRequest, GetStatusResponse, ListDisclosuresRequest,
    ListDisclosuresResponse, ListQuarantineRequest, ListQuarantineResponse, RecordFactsRequest, RecordFactsResponse,
    ShowQuarantineRequest, SourceStatus,
};
use proto::quarantine::Item;
use runtime::health::{Health, Probe};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::sources::Sources;

/// Answers for one connector.
#[derive(Clone)]
pub(crate) struct ConnectorOperator {
    process: String,
    health: Health,
    /// While it runs them.
    sources: Arc<Mutex<Option<Arc<Sources>>>>,
    /// While it stands by.
    standing: Arc<Mutex<Option<watch::Receiver<Standing>>>>,
}

impl ConnectorOperator {
    /// Of a process that runs nothing yet.
    pub(crate) fn new(connector: &str, health: Health) -> Self {
        Self { process: format!("connect {connector}"), health, sources: Arc::default(), standing: Arc::default() }
    }

    /// It stands by, or does so no longer.
    pub(crate) fn waits_for(&self, standing: Option<watch::Receiver<Standing>>) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// What it does instead of working.
    fn not_working(&self) -> String {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match standing.map(|standing| standing.borrow().holder.clone()) {
            Some(Some(holder)) => format!("standing by: `{holder}` works for this connector"),
            _ => self.health.report(Probe::Ready).failing(),
        }
    }

    /// What it runs, as that changes.
    pub(crate) fn sources(&self) -> Arc<Mutex<Option<Arc<Sources>>>> {
        Arc::clone(&self.sources)
    }

    /// It runs these; or, standing by, none.
    pub(crate) fn runs(&self, sources: Option<Arc<Sources>>) {
        *self.sources.lock().unwrap_or_else(PoisonError::into_inner) = sources;
    }
}

#[tonic::async_trait]
impl Admin for ConnectorOperator {
    async fn get_status(&self, _: Request<GetStatusRequest>) -> Result<Response<GetStatusResponse>, Status> {
        let running = self.sources.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let works = running.is_some() && self.health.report(Probe::Ready).good;
        let refusing = running.as_ref().and_then(|sources| sources.refusing());
        let sources: Vec<SourceStatus> = running.map(|sources| sources.gave()).unwrap_or_default();
        Ok(Response::new(GetStatusResponse {
            // It reads nothing into a store: it has caught up once what was brought to it is on the log.
            caught_up: works,
            events: sources.iter().map(|source| source.events).sum(),
            sources,
            accepting: refusing.is_none(),
            not_accepting_because: refusing.unwrap_or_default(),
            process: self.process.clone(),
            ready: works,
            not_ready_because: if works { String::new() } else { self.not_working() },
            ..GetStatusResponse::default()
        }))
    }

    async fn record_facts(&self, _: Request<RecordFactsRequest>) -> Result<Response<RecordFactsResponse>, Status> {
        Err(not_here())
    }

    async fn list_quarantine(
        &self,
        _: Request<ListQuarantineRequest>,
    ) -> Result<Response<ListQuarantineResponse>, Status> {
        Err(not_here())
    }

    async fn show_quarantine(&self, _: Request<ShowQuarantineRequest>) -> Result<Response<Item>, Status> {
        Err(not_here())
    }

    async fn list_disclosures(
        &self,
        _: Request<ListDisclosuresRequest>,
    ) -> Result<Response<ListDisclosuresResponse>, Status> {
        Err(not_here())
    }

    async fn get_match_rates(
        &self,
        _: Request<GetMatchRatesRequest>,
    ) -> Result<Response<GetMatchRatesResponse>, Status> {
        Err(not_here())
    }
}

fn not_here() -> Status {
    Status::unimplemented(
        "a connector answers `throughline status` only: ask a process that serves, with its own --config",
    )
}
