//! The service by which people of the organisation that runs the service approve its sets of rules.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::Position;
use jiff::civil::Date;
use proto::disclosure::Disclosure;
use proto::events::event::Kind;
use proto::sharing::policies_server::Policies;
use proto::sharing::{
    ApprovePolicyRequest, ApprovePolicyResponse, Call, DenialReason, GetPoliciesRequest, GetPoliciesResponse,
    PolicyApprovalWithdrawn, PolicyApproved, PolicyApprover, PolicyStanding, Purpose, WithdrawApprovalRequest,
    WithdrawApprovalResponse,
};
use runtime::health::Health;
use runtime::metrics;
use sharing::policies::{APPROVERS_NEEDED, parts};
use sharing::{Registry, RoleGroup};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::caller::{Caller, Standing};
use super::desk::Desk;
use super::limits::Limits;
use super::refusal::Refusal;
use super::request::Malformed;
use super::timelines::{TimelineService, now};
use crate::command::{CommandError, Commands};
use crate::consume::Progress;

/// A reason for taking an approval back, in characters.
const REASON_MAX: usize = 500;
/// A set of rules goes onto the log in parts of so many bytes.
const PART_BYTES_MAX: usize = 200_000;
/// How long it waits before it tries again to put the set that runs onto the log.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Serves whoever approves sets of rules.
pub struct PolicyService {
    desk: Desk,
    limits: Limits,
    commands: Arc<Commands>,
}

/// How the set of rules that runs stands.
#[derive(Clone)]
pub struct RulesStanding(Desk);

impl RulesStanding {
    /// Its hash.
    pub fn policy_hash(&self) -> [u8; 32] {
        *self.0.discloser.engine.policy_hash()
    }

    /// How many people have approved it, and whether it may decide.
    pub fn approvals(&self) -> (usize, bool) {
        self.0.policy_standing()
    }

    /// The organisations, as far as they were read.
    pub(super) fn registry(&self) -> Result<Arc<Registry>, Status> {
        self.0.registry().map_err(Refusal::status)
    }
}

impl PolicyService {
    /// Beside the service of timelines, with the same readers and the same log.
    pub fn beside(timelines: &TimelineService, commands: Arc<Commands>, limits: Limits) -> Self {
        Self { desk: timelines.desk(), limits, commands }
    }

    /// How the set that runs stands, from now on.
    pub fn standing(&self) -> RulesStanding {
        RulesStanding(self.desk.clone())
    }

    /// Makes a process ready only while the set that it runs is approved.
    pub fn must_be_approved(&self, health: &Health) {
        let (standing, measured) = (self.standing(), self.standing());
        metrics::RULES_FAILED.add(0, []);
        metrics::BREAK_GLASS_ASSERTED.add(0, []);
        metrics::POLICY_APPROVED.watch([], move || Some(f64::from(u8::from(measured.approvals().1))));
        health.ready("rules", move || {
            let (approvals, in_force) = standing.approvals();
            let said = format!("approved by {approvals} of {APPROVERS_NEEDED}");
            let refused = "readers are refused until two people approve them: throughline sharing approve";
            if in_force { Ok(said.into()) } else { Err(format!("{said}: {refused}").into()) }
        });
    }

    /// Puts the set that runs onto the log, whole, if it is not there: tried until it is done or the process stops.
    pub async fn keep(&self, mut progress: watch::Receiver<Progress>, stop: CancellationToken) {
        let caught_up = async { progress.wait_for(|progress| progress.caught_up).await.is_ok() };
        let caught_up = tokio::select! { caught_up = caught_up => caught_up, () = stop.cancelled() => false };
        while caught_up && !stop.is_cancelled() {
            match self.keep_now().await {
                Ok(()) => return,
                Err(error) => tracing::warn!("the rules that this process runs are not on the log yet: {error}"),
            }
            tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(TRY_AGAIN) => {} }
        }
    }

    async fn keep_now(&self) -> Result<(), String> {
        let engine = &self.desk.discloser.engine;
        let registry = self.desk.registry().map_err(|_| "the registry cannot be read".to_owned())?;
        if registry.policies().kept(engine.policy_hash()).is_some() {
            return Ok(());
        }
        for part in parts(engine.policy_hash(), engine.rule_set(), PART_BYTES_MAX) {
            let (now_us, today) = now();
            let kept = self.commands.keep_policy(part, now_us, day_of(today)).await;
            kept.map_err(|error| error.to_string())?;
        }
        tracing::info!("the rules that this process runs are on the log, to be read again by their hash");
        Ok(())
    }

    async fn record(&self, kind: Kind) -> Result<Position, CommandError> {
        let (now_us, today) = now();
        self.commands
            .decided(self.commands.own_subject(), kind, now_us, day_of(today))
            .await
            .map(|(_, position)| position)
    }

    /// Who asks. Before a caller is known there is nobody to put on record.
    fn received<T>(&self, request: &Request<T>) -> Result<Caller, Status> {
        self.desk.identify(&self.desk.shown(request), now().1).map_err(Refusal::status)
    }

    /// Whether this caller may read and approve sets of rules; and the call, on record.
    async fn admit(&self, caller: &Caller, call: Call, hash: &[u8]) -> Result<(), Refusal> {
        if !self.limits.admit(&caller.who(), Instant::now()) {
            return Err(Refusal::new(DenialReason::RateLimited, "too many requests: ask again in a second"));
        }
        self.desk.facts_are_fresh()?;
        let in_standing = caller.standing == Standing::Staff && caller.active && caller.trained;
        let governs = caller.organisation == self.desk.recorder.organisation()
            && caller.roles.contains(&RoleGroup::InformationGovernance);
        if !in_standing || !governs {
            return Err(Refusal::new(
                DenialReason::NotYoursToApprove,
                "sets of rules are for information governance at the organisation that runs the service",
            ));
        }
        let record = Disclosure {
            decision_id: uuid::Uuid::now_v7().into_bytes().to_vec(),
            organisation: caller.organisation.clone(),
            person: caller.person.clone(),
            roles: caller.roles.iter().map(|role| (*role).into()).collect(),
            purpose: Purpose::SystemAdmin.into(),
            policy_hash: hash.to_vec(),
            call: call.into(),
            ..Disclosure::default()
        };
        self.desk.recorder.record(&record).await.map_err(|error| {
            tracing::error!("a call about the rules could not be recorded: {error}");
            Refusal::not_recorded()
        })
    }

    /// Records what somebody decided of a set, and waits until this node has read it.
    async fn decide(&self, kind: Kind) -> Result<(), Refusal> {
        let at = self.record(kind).await.map_err(|error| {
            tracing::error!("what was decided of a set of rules could not be recorded: {error}");
            Refusal::not_recorded()
        })?;
        // Where it is not read by then it stands all the same, and is read shortly.
        let _read = self.desk.has_read_to(at).await;
        Ok(())
    }

    async fn standings(&self, caller: &Caller) -> Result<GetPoliciesResponse, Refusal> {
        let running = *self.desk.discloser.engine.policy_hash();
        self.admit(caller, Call::GetPolicies, &running).await?;
        let registry = self.desk.registry()?;
        let (policies, organisation) = (registry.policies(), self.desk.recorder.organisation());
        let mut hashes: Vec<[u8; 32]> = policies.hashes().copied().collect();
        if !hashes.contains(&running) {
            hashes.push(running);
        }
        let standing = |hash: &[u8; 32]| PolicyStanding {
            policy_hash: hash.to_vec(),
            in_force: policies.in_force(hash, organisation),
            approved_by: policies
                .approved_by(hash, organisation)
                .map(|(person, at_us)| PolicyApprover { person: person.to_owned(), at: Some(timestamp(at_us)) })
                .collect(),
            set: policies.kept(hash),
        };
        Ok(GetPoliciesResponse { running: running.to_vec(), policies: hashes.iter().map(standing).collect() })
    }

    async fn approve(&self, caller: &Caller, request: &ApprovePolicyRequest) -> Result<ApprovePolicyResponse, Refusal> {
        let hash = policy_hash(&request.policy_hash)?;
        self.admit(caller, Call::ApprovePolicy, &hash).await?;
        let (policy_hash, approved_by) = (Some(hash.to_vec()), Some(caller.person.clone()));
        self.decide(Kind::PolicyApproved(PolicyApproved { policy_hash, approved_by })).await?;
        tracing::info!(policy = hex::encode(hash), "a set of rules was approved");
        let registry = self.desk.registry()?;
        let approvals = registry.policies().approved_by(&hash, self.desk.recorder.organisation()).count();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(ApprovePolicyResponse { approvals: count(approvals), needed: count(APPROVERS_NEEDED) })
    }

    async fn withdraw(
        &self,
        caller: &Caller,
        request: WithdrawApprovalRequest,
    ) -> Result<WithdrawApprovalResponse, Refusal> {
        let hash = policy_hash(&request.policy_hash)?;
        if request.reason.trim().is_empty() || request.reason.chars().count() > REASON_MAX {
            return Err(malformed("reason", "must say why, in at most 500 characters"));
        }
        self.admit(caller, Call::WithdrawApproval, &hash).await?;
        let said = PolicyApprovalWithdrawn {
            policy_hash: Some(hash.to_vec()),
            withdrawn_by: Some(caller.person.clone()),
            reason: Some(request.reason),
        };
        self.decide(Kind::PolicyApprovalWithdrawn(said)).await?;
        tracing::warn!(policy = hex::encode(hash), "the approval of a set of rules was withdrawn");
        Ok(WithdrawApprovalResponse {})
    }
}

#[tonic::async_trait]
impl Policies for PolicyService {
    async fn get_policies(
        &self,
        request: Request<GetPoliciesRequest>,
    ) -> Result<Response<GetPoliciesResponse>, Status> {
        let caller = self.received(&request)?;
        let answer = self.standings(&caller).await;
        self.desk.answered(&self.limits, &caller, Call::GetPolicies, answer).await
    }

    async fn approve_policy(
        &self,
        request: Request<ApprovePolicyRequest>,
    ) -> Result<Response<ApprovePolicyResponse>, Status> {
        let caller = self.received(&request)?;
        let answer = self.approve(&caller, request.get_ref()).await;
        self.desk.answered(&self.limits, &caller, Call::ApprovePolicy, answer).await
    }

    async fn withdraw_approval(
        &self,
        request: Request<WithdrawApprovalRequest>,
    ) -> Result<Response<WithdrawApprovalResponse>, Status> {
        let caller = self.received(&request)?;
        let answer = self.withdraw(&caller, request.into_inner()).await;
        self.desk.answered(&self.limits, &caller, Call::WithdrawApproval, answer).await
    }
}

fn policy_hash(bytes: &[u8]) -> Result<[u8; 32], Refusal> {
    bytes.try_into().map_err(|_| malformed("policy_hash", "must be 32 bytes"))
}

fn malformed(field: &'static str, problem: &'static str) -> Refusal {
    Malformed { reason: DenialReason::RequestMalformed, field, problem }.into()
}

fn timestamp(at_us: i64) -> prost_types::Timestamp {
    let nanos = i32::try_from(at_us.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    prost_types::Timestamp { seconds: at_us.div_euclid(1_000_000), nanos }
}

fn day_of(day: Date) -> proto::events::Date {
    proto::events::Date {
        year: day.year().into(),
        month: u32::try_from(day.month()).ok(),
        day: u32::try_from(day.day()).ok(),
        estimated: false,
    }
}
