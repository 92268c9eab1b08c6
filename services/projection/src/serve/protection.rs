//! Which children the NHS is told of, for the operator who sends the authority's upload.

use std::sync::Arc;

use proto::admin::protection_server::Protection;
use proto::admin::{ListProtectedRequest, ListProtectedResponse};
use proto::events::Date;
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::policies::RulesStanding;
use super::timelines::now;
use crate::consume::Progress;
use crate::disclose::{Discloser, Recorder};
use crate::protection::{Telling, told};

/// Decisions that are put on record at a time: a write may take no longer than one answer may.
const RECORDS_A_WRITE: usize = 200;

/// Answers the operator.
pub struct ProtectionService {
    /// Reads children and decides.
    pub discloser: Arc<Discloser>,
    /// Puts each disclosure on record.
    pub recorder: Arc<Recorder>,
    /// How the rules stand.
    pub rules: RulesStanding,
    /// How far the consumer is.
    pub progress: watch::Receiver<Progress>,
}

#[tonic::async_trait]
impl Protection for ProtectionService {
    async fn list_protected(
        &self,
        request: Request<ListProtectedRequest>,
    ) -> Result<Response<ListProtectedResponse>, Status> {
        let ListProtectedRequest { authority, recipient } = request.into_inner();
        if authority.is_empty() || recipient.is_empty() {
            return Err(Status::invalid_argument(
                "`authority` and `recipient` are organisation ids, and both are needed",
            ));
        }
        self.may_answer()?;
        self.recorder.record_operator("cpis list").await.map_err(unavailable)?;
        let (at_us, on) = now();
        let registry_generation = self.progress.borrow().registry_generation;
        let telling = Telling { authority, recipient, on, at_us, registry_generation };
        let discloser = Arc::clone(&self.discloser);
        let told = tokio::task::spawn_blocking(move || told(&discloser, &telling)).await;
        let told = told.map_err(|_| Status::internal("it stopped before its end"))?;
        let told = told.map_err(|error| Status::internal(error.to_string()))?;
        // No record, no release: of none of them, where one could not be written.
        for records in told.records.chunks(RECORDS_A_WRITE) {
            self.recorder.record_all(records).await.map_err(unavailable)?;
        }
        Ok(Response::new(ListProtectedResponse {
            on: Some(Date {
                year: on.year().into(),
                month: u32::try_from(on.month()).ok(),
                day: u32::try_from(on.day()).ok(),
                estimated: false,
            }),
            rows: told.rows,
            left_out: told.left_out,
            in_scope: told.in_scope,
            matched: told.matched,
        }))
    }
}

impl ProtectionService {
    /// What readers are refused for, the NHS is not told under either.
    fn may_answer(&self) -> Result<(), Status> {
        if !self.rules.approvals().1 {
            return Err(Status::failed_precondition(
                "the rules are not approved: nobody is told anything until they are",
            ));
        }
        if !self.progress.borrow().caught_up {
            return Err(Status::unavailable(
                "the log is not read to its end: a child who is on a plan could be missing",
            ));
        }
        Ok(())
    }
}

fn unavailable(error: crate::own_records::RecordError) -> Status {
    Status::unavailable(error.to_string())
}
