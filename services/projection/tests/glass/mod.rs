//! Emergencies over TLS: what a break-glass opens, to whom, for what and until when; its review; decisions not to share; notices.

mod notices;
mod opened;
mod review;

use std::sync::Arc;
use std::time::Duration;

use crate::harness;
use harness::faults::{FaultyLog, NO_END};
use harness::sayings::*;
use harness::service::{Guard, Papers, Serving, serve};
use harness::{HUB, House, TODAY, staff};
use projection::serve::caller::Caller;
use projection::store::Engine;
use proto::admin::Fact;
use proto::events::Subject;
use proto::sharing as s;
use proto::sharing::{AssertBreakGlassRequest, AssertBreakGlassResponse};
use proto::timeline::GetTimelineResponse;
use sharing::{Purpose, RoleGroup};
use std::sync::atomic::AtomicI64;
use tonic::Status;

const LONG: Duration = Duration::from_secs(3_600);
const CLINICIAN: &str = "c.invented";
const CLINICAL: &[&str] = &["clinical", "safeguarding"];
const LEAD: &[&str] = &["safeguarding"];
const REASON: &str = "an invented reason that cannot wait";

/// A house and its service; a child whom the council alone knows; and one whom nobody does.
struct Emergency {
    house: House,
    serving: Serving,
    child: Subject,
    /// Appends of decisions that still succeed.
    decisions_left: Arc<AtomicI64>,
}

impl Emergency {
    async fn new() -> Self {
        Self::with(|fact| fact).await
    }

    /// With every organisation's record as `change` leaves it.
    async fn with(change: impl Fn(Fact) -> Fact) -> Self {
        let decisions_left = Arc::new(AtomicI64::new(NO_END));
        let tap = Arc::clone(&decisions_left);
        let wrap =
            |log| Arc::new(FaultyLog { disclosures_left: tap, ..FaultyLog::new(log) }) as Arc<dyn event_log::EventLog>;
        let mut house = House::on(Engine::Fjall, wrap).await;
        let papers = Arc::new(Papers::new());
        let everybody = [organisation(HUB, s::Sector::Oversight)].into_iter().chain(organisations());
        house.record(everybody.map(|fact| change(papers.of(fact))).collect()).await;
        let child = council_child("C1");
        house.say(CIN, [described(COUNCIL, &child, &[]), referred(&child)]).await;
        house.catch_up().await;
        let serving = serve(&house, papers, LONG).await;
        let mut new = Self { house, serving, child, decisions_left };
        new.settle().await;
        new
    }

    async fn settle(&mut self) {
        self.house.settle(&self.serving).await;
    }

    /// Does this while the consumer reads on.
    async fn meanwhile<T: Send + 'static>(&mut self, doing: impl Future<Output = T> + Send + 'static) -> T {
        let doing = tokio::spawn(doing);
        while !doing.is_finished() {
            self.settle().await;
            tokio::task::yield_now().await;
        }
        doing.await.unwrap()
    }

    async fn assert(
        &mut self,
        by: &Guard,
        request: AssertBreakGlassRequest,
    ) -> Result<AssertBreakGlassResponse, Status> {
        let mut by = by.clone();
        let asserted = self.meanwhile(async move { by.assert(request).await }).await;
        self.settle().await;
        asserted
    }

    /// A clinician of the hospital, who works with nobody here, breaks the glass for the child.
    async fn broken(&mut self) -> AssertBreakGlassResponse {
        let clinician = self.serving.guard(HOSPITAL, CLINICIAN, CLINICAL).await;
        self.assert(&clinician, for_child(&self.child.clone())).await.unwrap()
    }

    /// What this caller is shown at a moment, microseconds since 1970.
    async fn shown_at(&self, caller: &Caller, purpose: Purpose, at_us: i64) -> GetTimelineResponse {
        let ask = harness_ask(&self.house, caller, &self.child, purpose, at_us);
        self.house.answer(&ask).await
    }

    async fn shown(&self, caller: &Caller, purpose: Purpose) -> GetTimelineResponse {
        self.shown_at(caller, purpose, harness::now_us()).await
    }
}

fn harness_ask(
    house: &House,
    caller: &Caller,
    child: &Subject,
    purpose: Purpose,
    at_us: i64,
) -> projection::disclose::Ask {
    projection::disclose::Ask { asked_at_us: at_us, ..house.ask(caller, child, purpose) }
}

fn for_child(child: &Subject) -> AssertBreakGlassRequest {
    AssertBreakGlassRequest {
        child: Some(child.clone()),
        purpose: Purpose::ChildProtection.into(),
        reason: REASON.into(),
        minutes: 30,
    }
}

/// The clinician, as whoever asks without TLS is known.
fn clinician() -> Caller {
    Caller { person: CLINICIAN.into(), ..staff(HOSPITAL, &[RoleGroup::Clinical, RoleGroup::Safeguarding]) }
}

fn us(at: Option<&prost_types::Timestamp>) -> i64 {
    at.map_or(0, |at| at.seconds * 1_000_000 + i64::from(at.nanos / 1_000))
}
