//! The service that readers ask.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use event_log::seal::PseudonymKey;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proto::disclosure::Disclosure;
use proto::events::Subject;
use proto::sharing::{Call, DenialReason, Purpose, RefusalToShare};
use proto::timeline::timelines_server::Timelines;
use proto::timeline::{
    ExplainDecisionRequest, ExplainDecisionResponse, GetFamilyRequest, GetFamilyResponse, GetInvolvementRequest,
    GetInvolvementResponse, GetTimelineRequest, GetTimelineResponse, WatchTimelineRequest,
};
use sharing::Act;
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use super::caller::{Caller, Standing};
use super::desk::{Credentials, Desk};
use super::limits::Limits;
use super::page::{Page, PageTokens};
use super::refusal::Refusal;
use super::request::{self, Asked};
use super::safeguards::about;
use super::stream::{Frames, Open, Watches};
use super::tokens::Tokens;
use crate::consume::Progress;
use crate::disclose::digest::sixteen;
use crate::disclose::{Answer, Ask, Audience, Discloser, Recorder, day_number};
use crate::notices::Noticed;

/// The header that a refusal carries beside its message.
pub const REASON_HEADER: &str = "throughline-denial-reason";

/// An answer about a family leaves at the next of these moments after it was asked: how many other children were read and
/// decided about does not show in when.
const FAMILY_STEP: Duration = Duration::from_millis(100);

/// Serves timelines.
pub struct TimelineService {
    /// Decides.
    pub discloser: Arc<Discloser>,
    /// Records.
    pub recorder: Arc<Recorder>,
    /// Makes pseudonyms.
    pub pseudonyms: Arc<PseudonymKey>,
    /// How far the consumer is.
    pub progress: watch::Receiver<Progress>,
    /// The facts may be this old at most.
    pub facts_lag_max: Duration,
    /// What each caller may ask.
    pub limits: Limits,
    /// Whose signature was checked before.
    pub tokens: Arc<Tokens>,
    /// Pages after the first.
    pub pages: PageTokens,
    /// The streams that are open.
    pub watches: Watches,
    /// Decisions not to share, which an explanation lists.
    pub noticed: Option<Arc<Noticed>>,
}

#[tonic::async_trait]
impl Timelines for TimelineService {
    async fn get_timeline(
        &self,
        request: Request<GetTimelineRequest>,
    ) -> Result<Response<GetTimelineResponse>, Status> {
        // What listens gives the bytes themselves: see `Readers`.
        let answer = self.timeline(request).await?.into_inner().message();
        answer.map(Response::new).map_err(|_| Refusal::not_recorded().status())
    }

    type WatchTimelineStream = Frames;

    async fn watch_timeline(
        &self,
        request: Request<WatchTimelineRequest>,
    ) -> Result<Response<Self::WatchTimelineStream>, Status> {
        let at = now();
        let (caller, desk, shown) = self.received(&request, at.1)?;
        let deadline = request.metadata().get("grpc-timeout").and_then(|timeout| timeout.to_str().ok());
        let deadline = deadline.and_then(super::stream::timeout);
        let opened = self.stream(&desk, &caller, shown, request.into_inner(), at, deadline);
        desk.answered(&self.limits, &caller, Call::WatchTimeline, opened).await
    }

    async fn get_involvement(
        &self,
        request: Request<GetInvolvementRequest>,
    ) -> Result<Response<GetInvolvementResponse>, Status> {
        let at = now();
        let (caller, ..) = self.received(&request, at.1)?;
        self.involvement_for(&caller, request.into_inner(), at).await
    }

    async fn get_family(&self, request: Request<GetFamilyRequest>) -> Result<Response<GetFamilyResponse>, Status> {
        let at = now();
        let (caller, ..) = self.received(&request, at.1)?;
        self.family_for(&caller, request.into_inner(), at).await
    }

    async fn explain_decision(
        &self,
        request: Request<ExplainDecisionRequest>,
    ) -> Result<Response<ExplainDecisionResponse>, Status> {
        let at = now();
        let (caller, ..) = self.received(&request, at.1)?;
        self.explanation_for(&caller, &request.into_inner(), at).await
    }
}

impl TimelineService {
    pub(super) fn desk(&self) -> Desk {
        Desk {
            discloser: Arc::clone(&self.discloser),
            recorder: Arc::clone(&self.recorder),
            pseudonyms: Arc::clone(&self.pseudonyms),
            progress: self.progress.clone(),
            facts_lag_max: self.facts_lag_max,
            tokens: Arc::clone(&self.tokens),
        }
    }

    /// A timeline, as the bytes of its answer.
    pub(super) async fn timeline(&self, request: Request<GetTimelineRequest>) -> Result<Response<Answer>, Status> {
        let at = now();
        let (caller, ..) = self.received(&request, at.1)?;
        self.timeline_for(&caller, request.into_inner(), at).await
    }

    /// The answer to a caller who is known, at a moment (microseconds since 1970, and the day in England): all of a call but who
    /// asks and when.
    ///
    /// # Errors
    /// The refusal, on record.
    pub async fn timeline_for(
        &self,
        caller: &Caller,
        request: GetTimelineRequest,
        at: (i64, Date),
    ) -> Result<Response<Answer>, Status> {
        let desk = self.desk();
        let answer = self.permitted_timeline(&desk, caller, request, at).await;
        desk.answered(&self.limits, caller, Call::GetTimeline, answer).await
    }

    /// As [`Self::timeline_for`], of who works with a child.
    ///
    /// # Errors
    /// The refusal, on record.
    pub async fn involvement_for(
        &self,
        caller: &Caller,
        request: GetInvolvementRequest,
        at: (i64, Date),
    ) -> Result<Response<GetInvolvementResponse>, Status> {
        let desk = self.desk();
        let answer = self.involvement(&desk, caller, request, at).await;
        desk.answered(&self.limits, caller, Call::GetInvolvement, answer).await
    }

    /// As [`Self::timeline_for`], of a child's family.
    ///
    /// # Errors
    /// The refusal, on record.
    pub async fn family_for(
        &self,
        caller: &Caller,
        request: GetFamilyRequest,
        at: (i64, Date),
    ) -> Result<Response<GetFamilyResponse>, Status> {
        let desk = self.desk();
        let answer = self.family(&desk, caller, request, at).await;
        desk.answered(&self.limits, caller, Call::GetFamily, answer).await
    }

    /// As [`Self::timeline_for`], of a decision that was made before.
    ///
    /// # Errors
    /// The refusal, on record.
    pub async fn explanation_for(
        &self,
        caller: &Caller,
        request: &ExplainDecisionRequest,
        at: (i64, Date),
    ) -> Result<Response<ExplainDecisionResponse>, Status> {
        let desk = self.desk();
        let answer = self.explanation(&desk, caller, request, at).await;
        desk.answered(&self.limits, caller, Call::ExplainDecision, answer).await
    }

    /// Who asks. Before a caller is known there is nobody to put on record.
    fn received<T>(&self, request: &Request<T>, today: Date) -> Result<(Caller, Desk, Credentials), Status> {
        let desk = self.desk();
        let shown = desk.shown(request);
        let caller = desk.identify(&shown, today).map_err(Refusal::status)?;
        Ok((caller, desk, shown))
    }

    /// Whether this caller may be answered now.
    fn admit(&self, desk: &Desk, caller: &Caller) -> Result<(), Refusal> {
        if !self.limits.admit(&caller.who(), Instant::now()) {
            return Err(Refusal::new(DenialReason::RateLimited, "too many requests: ask again in a second"));
        }
        desk.fresh()
    }

    async fn permitted_timeline(
        &self,
        desk: &Desk,
        caller: &Caller,
        request: GetTimelineRequest,
        (now_us, today): (i64, Date),
    ) -> Result<Answer, Refusal> {
        self.admit(desk, caller)?;
        let asked = request::read(request, now_us, today)?;
        let (ask, walk, before) = self.page(desk, caller, &asked, (now_us, today))?;
        if let Some(before) = before {
            desk.has_read(&before).await?;
        }
        let valid_day = day_number(ask.valid_on);
        let view = desk.release_timeline(ask).await?;
        let skip = u32::try_from(view.next_skip()).unwrap_or(u32::MAX);
        // What the view was made from, and perhaps a record more.
        let heights = self.discloser.children.store.heights_seen();
        let page = Page { pinned_at_us: view.pinned_at_us(), valid_day, skip, heights };
        let token = self.pages.give(&page, &walk).ok_or_else(Refusal::not_recorded)?;
        Ok(view.into_answer(token))
    }

    /// What is asked, with the page that it is of; the walk that its pages belong to; and what the page before was made from.
    fn page(
        &self,
        desk: &Desk,
        caller: &Caller,
        asked: &Asked,
        (now_us, today): (i64, Date),
    ) -> Result<(Ask, [u8; 16], Option<crate::store::Heights>), Refusal> {
        let refused =
            || Refusal::new(DenialReason::PageTokenRefused, "`page_token` is not one that was given for this request");
        let walk = walk(caller, asked);
        let (known_at_us, valid_day, skip, before) = match &asked.page_token {
            None => (asked.known_at_us, day_number(asked.valid_on.unwrap_or(today)), 0, None),
            Some(token) => {
                let page = self.pages.read(token, &walk).ok_or_else(refused)?;
                // A page after the first is of the past: it is judged then and now.
                (Some(page.pinned_at_us), page.valid_day, page.skip, Some(page.heights))
            }
        };
        let valid_on =
            jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(valid_day)).map_err(|_| refused())?;
        let request_digest = sixteen([walk.as_slice(), skip.to_be_bytes().as_slice()]);
        let ask = Ask {
            known_at_us,
            valid_on,
            skip: usize::try_from(skip).unwrap_or(usize::MAX),
            page_size: asked.page_size,
            ..desk.ask_now(caller, asked, request_digest, (now_us, today))
        };
        Ok((ask, walk, before))
    }

    fn stream(
        &self,
        desk: &Desk,
        caller: &Caller,
        shown: Credentials,
        request: WatchTimelineRequest,
        at: (i64, Date),
        deadline: Option<Duration>,
    ) -> Result<Frames, Refusal> {
        self.admit(desk, caller)?;
        let asked = request::read_watch(request, at.0, at.1)?;
        let ask = desk.ask_now(caller, &asked, walk(caller, &asked), at);
        self.watches.open(Open { desk: desk.clone(), shown, ask, deadline })
    }

    async fn involvement(
        &self,
        desk: &Desk,
        caller: &Caller,
        request: GetInvolvementRequest,
        at: (i64, Date),
    ) -> Result<GetInvolvementResponse, Refusal> {
        self.admit(desk, caller)?;
        let asked = request::read_involvement(request, at.0, at.1)?;
        let ask = desk.ask_now(caller, &asked, walk(caller, &asked), at);
        let permitted = desk.release(ask, Discloser::decide_involvement).await?;
        Ok(permitted.into_answer())
    }

    async fn family(
        &self,
        desk: &Desk,
        caller: &Caller,
        request: GetFamilyRequest,
        at: (i64, Date),
    ) -> Result<GetFamilyResponse, Refusal> {
        self.admit(desk, caller)?;
        let asked = request::read_family(request, at.0, at.1)?;
        let ask = desk.ask_now(caller, &asked, walk(caller, &asked), at);
        let began = tokio::time::Instant::now();
        let permitted = desk.release(ask, Discloser::decide_family).await;
        let steps = began.elapsed().as_micros() / FAMILY_STEP.as_micros() + 1;
        tokio::time::sleep_until(began + FAMILY_STEP * u32::try_from(steps).unwrap_or(u32::MAX)).await;
        Ok(permitted?.into_answer())
    }

    async fn explanation(
        &self,
        desk: &Desk,
        caller: &Caller,
        request: &ExplainDecisionRequest,
        (_, today): (i64, Date),
    ) -> Result<ExplainDecisionResponse, Refusal> {
        self.admit(desk, caller)?;
        let (id, as_auditor) = request::read_explain(request)?;
        let audits = as_auditor && {
            let request = sharing::Request::new(caller.principal(), Purpose::Audit, today);
            sharing::may_read_decisions(&desk.discloser.engine, &request, desk.registry()?.as_ref())
        };
        let keyring = &desk.discloser.children.projector.keyring;
        let found = desk.recorder.find(keyring, id).await.map_err(|error| {
            tracing::error!("the record of a decision could not be looked for: {error}");
            Refusal::new(DenialReason::FactsStale, "the record of the decision cannot be read yet: ask again shortly")
        })?;
        let theirs = found.filter(|of| {
            // An operator's look is nobody's answer, whatever they are called.
            of.operator_command.is_empty()
                && of.organisation == caller.organisation
                && (audits || of.person == caller.person)
        });
        let of = theirs
            .ok_or_else(|| Refusal::new(DenialReason::NoSuchDecision, "no decision of yours has this `decision_id`"))?;
        let audience = match audits {
            false => Audience::Reader,
            true if caller.organisation == desk.recorder.organisation() => Audience::ServingAuditor,
            true => Audience::Auditor,
        };
        let refusals = self.refusals(desk, caller, &of, audits, today).await?;
        let explained = desk.record(desk.discloser.explain(caller, &of, audience, refusals)).await?;
        Ok(explained.into_answer())
    }

    /// The decisions not to share that the caller's organisation recorded about this answer; to an auditor also about its child. To
    /// whoever may read of them, and to nobody else.
    async fn refusals(
        &self,
        desk: &Desk,
        caller: &Caller,
        of: &Disclosure,
        audits: bool,
        today: Date,
    ) -> Result<Vec<RefusalToShare>, Refusal> {
        let Some(noticed) = &self.noticed else { return Ok(Vec::new()) };
        let mut request = sharing::Request::new(caller.principal(), Purpose::Audit, today);
        request.runs_service = caller.organisation == desk.recorder.organisation();
        let (engine, own) = (&desk.discloser.engine, &caller.organisation);
        let may = sharing::may(engine, &request, desk.registry()?.as_ref(), Act::ReadRefusals, own);
        if !may || caller.standing != Standing::Staff {
            return Ok(Vec::new());
        }
        noticed.catch_up().await.map_err(|error| {
            tracing::error!("decisions not to share cannot be read: {error}");
            Refusal::new(DenialReason::FactsStale, "decisions not to share are being read: ask again shortly")
        })?;
        let held = noticed.held();
        Ok(about(held.refused.values(), &caller.organisation, &of.decision_id, &of.subjects, audits))
    }
}

/// Sixteen bytes over the caller and everything of the request that its pages have in common.
fn walk(caller: &Caller, asked: &Asked) -> [u8; 16] {
    let Subject { scheme, issuer, value } = &asked.child;
    let categories: Vec<u8> = asked.categories.iter().flat_map(|category| i32::from(*category).to_be_bytes()).collect();
    let days = [asked.from_day, asked.to_day].map(|day| day.map_or(i64::MIN, |day| day).to_be_bytes()).concat();
    sixteen([
        caller.organisation.as_bytes(),
        caller.person.as_bytes(),
        &scheme.to_be_bytes(),
        issuer.as_bytes(),
        value.as_bytes(),
        &i32::from(asked.purpose).to_be_bytes(),
        &days,
        &categories,
        &asked.known_at_us.unwrap_or(i64::MIN).to_be_bytes(),
        asked.valid_on.map(|day| day.to_string()).unwrap_or_default().as_bytes(),
        &asked.page_size.to_be_bytes(),
    ])
}

static ENGLAND: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC));

/// Microseconds since 1970, and the day in England.
pub fn now() -> (i64, Date) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    let today = ENGLAND.to_datetime(jiff::Timestamp::from_microsecond(now_us).unwrap_or_default()).date();
    (now_us, today)
}
