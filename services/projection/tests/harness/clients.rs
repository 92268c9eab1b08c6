//! Those who ask: each a client of one service, with the token that says who they are.

use projection::serve::timelines::REASON_HEADER;
use proto::audit::audits_client::AuditsClient;
use proto::audit::{
    AccessesResponse, ListDueRequest, ListDueResponse, ReplayRequest, ReplayResponse, RerunRequest, RerunResponse,
    SubjectAccessRequest, SubjectAccessResponse, UnusualRequest, UnusualResponse, WhatDidRequest, WhoCanSeeRequest,
    WhoCanSeeResponse, WhoSawRequest,
};
use proto::identity::identities_client::IdentitiesClient;
use proto::identity::{
    DecideRequest, DecideResponse, GetStatisticsRequest, GetStatisticsResponse, ListItemsRequest, ListItemsResponse,
    ListReleasesRequest, ListReleasesResponse, ShowItemRequest, ShowItemResponse,
};
use proto::planning::planning_client::PlanningClient;
use proto::planning::{CountChildrenRequest, CountChildrenResponse};
use proto::sharing::facts_client::FactsClient;
use proto::sharing::policies_client::PoliciesClient;
use proto::sharing::safeguards_client::SafeguardsClient;
use proto::sharing::{ApprovePolicyRequest, GetPoliciesRequest, GetPoliciesResponse, WithdrawApprovalRequest};
use proto::sharing::{
    AssertBreakGlassRequest, AssertBreakGlassResponse, ListBreakGlassRequest, ListBreakGlassResponse,
    ListNoticesRequest, ListNoticesResponse, ListRefusalsToShareRequest, ListRefusalsToShareResponse,
    RecordRefusalToShareRequest, RecordRefusalToShareResponse, ReviewBreakGlassRequest, ReviewBreakGlassResponse,
};
use proto::sharing::{EndFactRequest, ListFactsRequest, ListFactsResponse, RecordFactRequest, RecordFactResponse};
use proto::timeline::timelines_client::TimelinesClient;
use proto::timeline::{
    ExplainDecisionRequest, ExplainDecisionResponse, GetFamilyRequest, GetFamilyResponse, GetInvolvementRequest,
    GetInvolvementResponse, GetTimelineRequest, GetTimelineResponse, WatchTimelineRequest, WatchTimelineResponse,
};
use std::time::Duration;
use tonic::transport::Channel;

/// Somebody at an organisation.
pub struct Reader {
    pub(super) client: TimelinesClient<Channel>,
    pub(super) token: String,
}

/// Somebody who asks the service of identity.
#[derive(Clone)]
pub struct Reviewer {
    pub(super) client: IdentitiesClient<Channel>,
    pub(super) token: String,
}

/// Somebody who asks the service of policies.
pub struct Approver {
    pub(super) client: PoliciesClient<Channel>,
    pub(super) token: String,
}

impl Approver {
    fn signed<T>(&self, request: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(request);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        request
    }

    /// How many have approved it, this one with them.
    pub async fn approve(&mut self, policy_hash: &[u8]) -> Result<u32, tonic::Status> {
        let request = self.signed(ApprovePolicyRequest { policy_hash: policy_hash.to_vec() });
        Ok(self.client.approve_policy(request).await?.into_inner().approvals)
    }

    /// Takes their approval back.
    pub async fn withdraw(&mut self, policy_hash: &[u8]) -> Result<(), tonic::Status> {
        let (policy_hash, reason) = (policy_hash.to_vec(), "as the test asked".to_owned());
        let request = self.signed(WithdrawApprovalRequest { policy_hash, reason });
        self.client.withdraw_approval(request).await.map(drop)
    }

    pub async fn policies(&mut self) -> Result<GetPoliciesResponse, tonic::Status> {
        let request = self.signed(GetPoliciesRequest {});
        Ok(self.client.get_policies(request).await?.into_inner())
    }
}

/// Somebody who asks the service of auditors.
#[derive(Clone)]
pub struct Auditor {
    pub(super) client: AuditsClient<Channel>,
    pub(super) token: String,
}

impl Auditor {
    fn signed<T>(&self, request: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(request);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        request
    }

    pub async fn who_saw(&mut self, request: WhoSawRequest) -> Result<AccessesResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.who_saw(request).await?.into_inner())
    }

    pub async fn what_did(&mut self, request: WhatDidRequest) -> Result<AccessesResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.what_did(request).await?.into_inner())
    }

    pub async fn rerun(&mut self, request: RerunRequest) -> Result<RerunResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.rerun(request).await?.into_inner())
    }

    pub async fn replay(&mut self, request: ReplayRequest) -> Result<ReplayResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.replay(request).await?.into_inner())
    }

    pub async fn subject_access(
        &mut self,
        request: SubjectAccessRequest,
    ) -> Result<SubjectAccessResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.subject_access(request).await?.into_inner())
    }

    pub async fn due(&mut self, request: ListDueRequest) -> Result<ListDueResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.list_due(request).await?.into_inner())
    }

    pub async fn who_can_see(&mut self, request: WhoCanSeeRequest) -> Result<WhoCanSeeResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.who_can_see(request).await?.into_inner())
    }

    pub async fn unusual(&mut self, request: UnusualRequest) -> Result<UnusualResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.unusual(request).await?.into_inner())
    }
}

/// Somebody who plans services.
pub struct Planner {
    pub(super) client: PlanningClient<Channel>,
    pub(super) token: String,
}

impl Planner {
    pub async fn count_children(&mut self) -> Result<CountChildrenResponse, tonic::Status> {
        let mut request = tonic::Request::new(CountChildrenRequest {});
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        Ok(self.client.count_children(request).await?.into_inner())
    }
}

/// Somebody who records facts.
#[derive(Clone)]
pub struct FactsWriter {
    pub(super) client: FactsClient<Channel>,
    pub(super) token: Option<String>,
}

impl FactsWriter {
    fn signed<T>(&self, request: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(request);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        request
    }

    pub async fn record(&mut self, request: RecordFactRequest) -> Result<RecordFactResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.record(request).await?.into_inner())
    }

    pub async fn end(&mut self, request: EndFactRequest) -> Result<RecordFactResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.end(request).await?.into_inner())
    }

    pub async fn list(&mut self, request: ListFactsRequest) -> Result<ListFactsResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.list(request).await?.into_inner())
    }
}

/// Somebody who breaks the glass, reviews it, refuses to share or is told of it.
#[derive(Clone)]
pub struct Guard {
    pub(super) client: SafeguardsClient<Channel>,
    pub(super) token: String,
}

impl Guard {
    fn signed<T>(&self, request: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(request);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        request
    }

    pub async fn assert(
        &mut self,
        request: AssertBreakGlassRequest,
    ) -> Result<AssertBreakGlassResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.assert_break_glass(request).await?.into_inner())
    }

    pub async fn list(&mut self, request: ListBreakGlassRequest) -> Result<ListBreakGlassResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.list_break_glass(request).await?.into_inner())
    }

    pub async fn review(
        &mut self,
        request: ReviewBreakGlassRequest,
    ) -> Result<ReviewBreakGlassResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.review_break_glass(request).await?.into_inner())
    }

    pub async fn refuse(
        &mut self,
        request: RecordRefusalToShareRequest,
    ) -> Result<RecordRefusalToShareResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.record_refusal_to_share(request).await?.into_inner())
    }

    pub async fn refusals(&mut self) -> Result<ListRefusalsToShareResponse, tonic::Status> {
        let request = self.signed(ListRefusalsToShareRequest::default());
        Ok(self.client.list_refusals_to_share(request).await?.into_inner())
    }

    pub async fn notices(&mut self) -> Result<ListNoticesResponse, tonic::Status> {
        let request = self.signed(ListNoticesRequest::default());
        Ok(self.client.list_notices(request).await?.into_inner())
    }
}

impl Reviewer {
    fn signed<T>(&self, request: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(request);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        request
    }

    pub async fn list(&mut self, request: ListItemsRequest) -> Result<ListItemsResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.list_items(request).await?.into_inner())
    }

    pub async fn show(&mut self, request: ShowItemRequest) -> Result<ShowItemResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.show_item(request).await?.into_inner())
    }

    pub async fn decide(&mut self, request: DecideRequest) -> Result<DecideResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.decide(request).await?.into_inner())
    }

    pub async fn releases(&mut self, request: ListReleasesRequest) -> Result<ListReleasesResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.list_releases(request).await?.into_inner())
    }

    pub async fn statistics(&mut self) -> Result<GetStatisticsResponse, tonic::Status> {
        let request = self.signed(GetStatisticsRequest {});
        Ok(self.client.get_statistics(request).await?.into_inner())
    }
}

impl Reader {
    pub fn signed<T>(&self, request: &T) -> tonic::Request<T>
    where
        T: Clone,
    {
        let mut request = tonic::Request::new(request.clone());
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        request
    }

    pub async fn watch(
        &mut self,
        request: &WatchTimelineRequest,
    ) -> Result<tonic::Streaming<WatchTimelineResponse>, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.watch_timeline(request).await?.into_inner())
    }

    /// A stream that the reader means to follow for so long.
    pub async fn watch_for(
        &mut self,
        request: &WatchTimelineRequest,
        deadline: Duration,
    ) -> Result<tonic::Streaming<WatchTimelineResponse>, tonic::Status> {
        let mut request = self.signed(request);
        request.set_timeout(deadline);
        Ok(self.client.watch_timeline(request).await?.into_inner())
    }

    pub async fn involvement(
        &mut self,
        request: &GetInvolvementRequest,
    ) -> Result<GetInvolvementResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.get_involvement(request).await?.into_inner())
    }

    pub async fn family(&mut self, request: &GetFamilyRequest) -> Result<GetFamilyResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.get_family(request).await?.into_inner())
    }

    pub async fn explain(
        &mut self,
        request: &ExplainDecisionRequest,
    ) -> Result<ExplainDecisionResponse, tonic::Status> {
        let request = self.signed(request);
        Ok(self.client.explain_decision(request).await?.into_inner())
    }

    /// The answer, or the reason of the refusal.
    pub async fn get(&mut self, request: &GetTimelineRequest) -> Result<GetTimelineResponse, String> {
        let mut request = tonic::Request::new(request.clone());
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        match self.client.get_timeline(request).await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => {
                let reason = status.metadata().get(REASON_HEADER).map(|reason| reason.to_str().unwrap().to_owned());
                Err(reason.unwrap_or_else(|| status.to_string()))
            }
        }
    }
}
