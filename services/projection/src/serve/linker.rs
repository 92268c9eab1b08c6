//! The linker's parameters, for the operator. Every call is put on record as a disclosure is.

use std::sync::Arc;

use identity::linker::{Parameters, Thresholds};
use proto::admin::linker_server::Linker;
use proto::admin::{
    AdoptParametersRequest, AdoptParametersResponse, AdoptedParameters, EstimateParametersRequest,
    EstimateParametersResponse, Fact, ListParametersRequest, ListParametersResponse,
};
use proto::events::{Date, LinkingParametersAdopted};
use tonic::{Request, Response, Status};

use super::timelines::now;
use crate::child::{ChildError, Children};
use crate::command::{CommandError, Commands};
use crate::disclose::Recorder;
use crate::linking::{self, EstimateFailed, Preview};

/// Answers the operator.
pub struct LinkerService {
    /// What is linked.
    pub children: Children,
    /// Publishes adoptions.
    pub commands: Arc<Commands>,
    /// Puts the operator's calls on record.
    pub recorder: Arc<Recorder>,
}

#[tonic::async_trait]
impl Linker for LinkerService {
    async fn estimate_parameters(
        &self,
        _: Request<EstimateParametersRequest>,
    ) -> Result<Response<EstimateParametersResponse>, Status> {
        self.on_record("identity estimate").await?;
        let Children { store, projector, .. } = self.children.clone();
        let estimated = at_leisure(move || linking::estimate(&store, &projector)).await?;
        let estimated = estimated.map_err(|error| match error {
            EstimateFailed::Estimate(error) => Status::failed_precondition(error.to_string()),
            EstimateFailed::Read(error) => internal(&error),
        })?;
        Ok(Response::new(EstimateParametersResponse {
            parameters: estimated.parameters.to_bytes(),
            version: estimated.parameters.version().to_vec(),
            described: estimated.described,
            taken: estimated.taken,
        }))
    }

    async fn adopt_parameters(
        &self,
        request: Request<AdoptParametersRequest>,
    ) -> Result<Response<AdoptParametersResponse>, Status> {
        let asked = request.into_inner();
        let parameters = Parameters::from_bytes(&asked.parameters);
        let parameters = parameters.map_err(|error| Status::invalid_argument(error.to_string()))?;
        let version = parameters.version();
        let or = |given: f64, usual: f64| if given == 0.0 { usual } else { given };
        let usual = Thresholds::default();
        let thresholds =
            Thresholds { automatic: or(asked.automatic, usual.automatic), review: or(asked.review, usual.review) };
        if !linking::is_sound(&thresholds) {
            return Err(Status::invalid_argument("thresholds must be 0.5 <= `review` <= `automatic` < 1"));
        }
        if asked.decided_by.is_empty() && !asked.dry_run {
            return Err(Status::invalid_argument("`decided_by` is missing: who decided it"));
        }
        self.on_record(if asked.dry_run { "identity adopt --dry-run" } else { "identity adopt" }).await?;
        let Children { store, projector, .. } = self.children.clone();
        let previewed = at_leisure(move || linking::preview(&store, &projector, &parameters, thresholds)).await?;
        let Preview { records, counts } = previewed.map_err(|error| internal(&error))?;
        if !asked.dry_run {
            let adopted = LinkingParametersAdopted {
                version: Some(version.to_vec()),
                parameters: Some(asked.parameters),
                automatic: Some(thresholds.automatic),
                review: Some(thresholds.review),
                decided_by: Some(asked.decided_by),
                reason: (!asked.reason.is_empty()).then_some(asked.reason),
                links_gained: Some(counts.links_gained),
                links_lost: Some(counts.links_lost),
                for_review: Some(counts.for_review),
            };
            self.adopt(adopted).await?;
        }
        Ok(Response::new(AdoptParametersResponse {
            version: version.to_vec(),
            records,
            links_gained: counts.links_gained,
            links_lost: counts.links_lost,
            links_kept: counts.links_kept,
            for_review: counts.for_review,
            adopted: !asked.dry_run,
        }))
    }

    async fn list_parameters(
        &self,
        _: Request<ListParametersRequest>,
    ) -> Result<Response<ListParametersResponse>, Status> {
        self.on_record("identity parameters").await?;
        let known = self.children.adoptions.known().map_err(|error| internal(&error))?;
        let in_force = self.children.adoptions.in_force(None).map_err(|error| internal(&error))?;
        let listed = known.all.iter().map(|adopted| AdoptedParameters {
            version: adopted.version.to_vec(),
            adopted_at: Some(prost_types::Timestamp {
                seconds: adopted.at_us.div_euclid(1_000_000),
                nanos: i32::try_from(adopted.at_us.rem_euclid(1_000_000) * 1_000).unwrap_or_default(),
            }),
            automatic: adopted.thresholds.automatic,
            review: adopted.thresholds.review,
            decided_by: adopted.said.decided_by().to_owned(),
            reason: adopted.said.reason().to_owned(),
            links_gained: adopted.said.links_gained(),
            links_lost: adopted.said.links_lost(),
            for_review: adopted.said.for_review(),
            linked: known.linked.contains(&adopted.event),
            in_force: in_force.as_ref().is_some_and(|stands| stands.event == adopted.event),
        });
        Ok(Response::new(ListParametersResponse { adopted: listed.collect() }))
    }
}

impl LinkerService {
    async fn adopt(&self, adopted: LinkingParametersAdopted) -> Result<(), Status> {
        let (now_us, today) = now();
        let today = Date {
            year: today.year().into(),
            month: u32::try_from(today.month()).ok(),
            day: u32::try_from(today.day()).ok(),
            estimated: false,
        };
        let fact = Fact { subject: Some(linking::subject()), event: Some(adopted.into()), ..Fact::default() };
        match self.commands.record(vec![fact], now_us, today).await {
            Ok(_) => Ok(()),
            Err(error @ CommandError::Fact { .. }) => Err(Status::invalid_argument(error.to_string())),
            Err(error @ CommandError::Record(_)) => Err(Status::unavailable(error.to_string())),
        }
    }

    async fn on_record(&self, command: &str) -> Result<(), Status> {
        self.recorder.record_operator(command).await.map_err(|error| Status::unavailable(error.to_string()))
    }
}

/// Runs what takes long where it holds up nobody.
async fn at_leisure<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    tokio::task::spawn_blocking(run).await.map_err(|_| Status::internal("it stopped before its end"))
}

fn internal(error: &ChildError) -> Status {
    Status::internal(error.to_string())
}
