//! The service of emergencies, of decisions not to share, and of notices of both.

mod emergency;
mod notices;
mod refusals;

pub(super) use refusals::about;

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_log::Pseudonym;
use jiff::civil::Date;
use prost::Message;
use proto::disclosure::Disclosure;
use proto::events::Subject;
use proto::events::event::Kind;
use proto::sharing::safeguards_server::Safeguards;
use proto::sharing::{
    AssertBreakGlassRequest, AssertBreakGlassResponse, Call, DenialReason, ListBreakGlassRequest,
    ListBreakGlassResponse, ListNoticesRequest, ListNoticesResponse, ListRefusalsToShareRequest,
    ListRefusalsToShareResponse, Purpose, RecordRefusalToShareRequest, RecordRefusalToShareResponse,
    ReviewBreakGlassRequest, ReviewBreakGlassResponse,
};
use sharing::Act;
use tonic::{Request, Response, Status};

use super::caller::{Caller, Standing};
use super::desk::{Credentials, Desk};
use super::limits::Limits;
use super::refusal::Refusal;
use super::request::Malformed;
use super::timelines::{TimelineService, now};
use crate::command::Commands;
use crate::disclose::digest::sixteen;
use crate::disclose::{Undisclosed, day_number, decision_id};
use crate::notices::Noticed;

/// A list goes back so far where its request does not say.
const SINCE_US: i64 = 90 * 86_400_000_000;
/// How long a list waits until all of the log is read.
const CATCH_UP_MAX: Duration = Duration::from_secs(2);
const LISTED_DEFAULT: u32 = 100;
const LISTED_MAX: u32 = 1_000;

/// Serves whoever breaks the glass, reviews it, refuses to share or is told of it.
pub struct SafeguardService {
    desk: Desk,
    limits: Limits,
    commands: Arc<Commands>,
    noticed: Arc<Noticed>,
    /// One at a time on a node: the same assertion twice is done once.
    in_turn: tokio::sync::Mutex<()>,
    /// And the same review; an emergency waits for none.
    reviews_in_turn: tokio::sync::Mutex<()>,
}

/// One call: who, and when.
#[derive(Clone, Copy)]
struct At<'c> {
    caller: &'c Caller,
    now_us: i64,
    today: Date,
}

impl SafeguardService {
    /// Beside the service of timelines, with the same readers and the same log.
    pub fn beside(timelines: &TimelineService, noticed: Arc<Noticed>, commands: Arc<Commands>, limits: Limits) -> Self {
        let (in_turn, reviews_in_turn) = Default::default();
        Self { desk: timelines.desk(), limits, commands, noticed, in_turn, reviews_in_turn }
    }

    /// Who asks. Before a caller is known there is nobody to put on record.
    fn received<T>(&self, request: &Request<T>, today: Date) -> Result<(Caller, Credentials), Status> {
        let shown = self.desk.shown(request);
        Ok((self.desk.identify(&shown, today).map_err(Refusal::status)?, shown))
    }

    fn admit(&self, caller: &Caller) -> Result<(), Refusal> {
        // The rules let nobody of a family do any of this: before anything is taken of what their organisation may ask.
        if caller.standing != Standing::Staff {
            return Err(Refusal::new(DenialReason::NotForThisRole, "this is for staff: ask whoever works with you"));
        }
        if !self.limits.admit(&caller.who(), Instant::now()) {
            return Err(Refusal::new(DenialReason::RateLimited, "too many requests: ask again in a second"));
        }
        self.desk.fresh()
    }

    /// What somebody asks to do, as the rules are asked.
    fn request(&self, at: At<'_>, purpose: Purpose) -> sharing::Request {
        let mut request = sharing::Request::new(at.caller.principal(), purpose, at.today);
        request.runs_service = self.runs_service(at.caller);
        request
    }

    fn runs_service(&self, caller: &Caller) -> bool {
        caller.organisation == self.desk.recorder.organisation()
    }

    fn may(&self, request: &sharing::Request, act: Act, of: &str) -> Result<bool, Refusal> {
        Ok(sharing::may(&self.desk.discloser.engine, request, self.desk.registry()?.as_ref(), act, of))
    }

    /// Whether this caller may do this for their own organisation.
    fn own(&self, at: At<'_>, act: Act) -> Result<(), Refusal> {
        match self.may(&self.request(at, Purpose::Audit), act, &at.caller.organisation)? {
            true => Ok(()),
            false => Err(Refusal::new(
                DenialReason::NotForThisRole,
                "the rules do not let you do this for your organisation: ask its safeguarding or information-governance lead",
            )),
        }
    }

    /// Everything that stands on the log is known; waited for, a moment, since a key comes by another way than what it seals.
    async fn caught_up(&self) -> Result<(), Refusal> {
        let (mut progress, until) = (self.desk.progress.clone(), tokio::time::Instant::now() + CATCH_UP_MAX);
        loop {
            progress.mark_unchanged();
            let Err(error) = self.noticed.catch_up().await else { return Ok(()) };
            let Ok(Ok(())) = tokio::time::timeout_at(until, progress.changed()).await else {
                tracing::error!("what organisations are to know cannot be read: {error}");
                let told = "notices are being brought up to date: ask again shortly";
                return Err(Refusal::new(DenialReason::FactsStale, told));
            };
        }
    }

    /// Puts an answer on record, and gives it.
    async fn on_record<A: Message>(
        &self,
        at: At<'_>,
        (call, purpose): (Call, Purpose),
        child: Option<Pseudonym>,
        lines: usize,
        answer: A,
        with_id: impl FnOnce(&mut A, Vec<u8>),
    ) -> Result<A, Refusal> {
        let book = child.and_then(|child| child.0.first().copied()).unwrap_or_default() % decision_id::BOOKS;
        let record = Disclosure {
            decision_id: decision_id::new(&self.desk.pseudonyms, book).to_vec(),
            organisation: at.caller.organisation.clone(),
            person: at.caller.person.clone(),
            roles: at.caller.roles.iter().map(|role| (*role).into()).collect(),
            purpose: purpose.into(),
            subjects: child.into_iter().map(|child| child.0.to_vec()).collect(),
            policy_hash: self.desk.discloser.engine.policy_hash().to_vec(),
            valid_day: day_number(at.today),
            known_at_us: at.now_us,
            lines_released: u32::try_from(lines).unwrap_or(u32::MAX),
            answer_digest: sixteen([answer.encode_to_vec()]).to_vec(),
            call: call.into(),
            ..Disclosure::default()
        };
        let id = record.decision_id.clone();
        let mut answer = self.desk.record(Undisclosed::new(record, answer)).await?;
        with_id(&mut answer, id);
        Ok(answer)
    }

    /// Records what somebody did about a child; returns once it is on the log and this node answers by it.
    async fn publish(&self, at: At<'_>, subject: Subject, kind: Kind) -> Result<(), Refusal> {
        let day = proto::events::Date {
            year: at.today.year().into(),
            month: u32::try_from(at.today.month()).ok(),
            day: u32::try_from(at.today.day()).ok(),
            estimated: false,
        };
        let published = self.commands.decided(subject, kind, at.now_us, day).await;
        published.map(drop).map_err(|error| {
            tracing::error!("what somebody did could not be recorded: {error}");
            Refusal::not_recorded()
        })
    }
}

#[tonic::async_trait]
impl Safeguards for SafeguardService {
    async fn assert_break_glass(
        &self,
        request: Request<AssertBreakGlassRequest>,
    ) -> Result<Response<AssertBreakGlassResponse>, Status> {
        let (now_us, today) = now();
        let (caller, shown) = self.received(&request, today)?;
        let answer = self.asserted(At { caller: &caller, now_us, today }, &shown, request.into_inner()).await;
        self.desk.answered(&self.limits, &caller, Call::AssertBreakGlass, answer).await
    }

    async fn list_break_glass(
        &self,
        request: Request<ListBreakGlassRequest>,
    ) -> Result<Response<ListBreakGlassResponse>, Status> {
        let (now_us, today) = now();
        let (caller, _) = self.received(&request, today)?;
        let answer = self.listed(At { caller: &caller, now_us, today }, request.into_inner()).await;
        self.desk.answered(&self.limits, &caller, Call::ListBreakGlass, answer).await
    }

    async fn review_break_glass(
        &self,
        request: Request<ReviewBreakGlassRequest>,
    ) -> Result<Response<ReviewBreakGlassResponse>, Status> {
        let (now_us, today) = now();
        let (caller, _) = self.received(&request, today)?;
        let answer = self.reviewed(At { caller: &caller, now_us, today }, request.into_inner()).await;
        self.desk.answered(&self.limits, &caller, Call::ReviewBreakGlass, answer).await
    }

    async fn record_refusal_to_share(
        &self,
        request: Request<RecordRefusalToShareRequest>,
    ) -> Result<Response<RecordRefusalToShareResponse>, Status> {
        let (now_us, today) = now();
        let (caller, _) = self.received(&request, today)?;
        let answer = self.refused(At { caller: &caller, now_us, today }, request.into_inner()).await;
        self.desk.answered(&self.limits, &caller, Call::RecordRefusal, answer).await
    }

    async fn list_refusals_to_share(
        &self,
        request: Request<ListRefusalsToShareRequest>,
    ) -> Result<Response<ListRefusalsToShareResponse>, Status> {
        let (now_us, today) = now();
        let (caller, _) = self.received(&request, today)?;
        let answer = self.refusals(At { caller: &caller, now_us, today }, request.into_inner()).await;
        self.desk.answered(&self.limits, &caller, Call::ListRefusals, answer).await
    }

    async fn list_notices(
        &self,
        request: Request<ListNoticesRequest>,
    ) -> Result<Response<ListNoticesResponse>, Status> {
        let (now_us, today) = now();
        let (caller, _) = self.received(&request, today)?;
        let answer = self.notices(At { caller: &caller, now_us, today }, request.into_inner()).await;
        self.desk.answered(&self.limits, &caller, Call::ListNotices, answer).await
    }
}

/// Words of somebody's own, within bounds.
fn words(text: &str, field: &'static str, (least, most): (usize, usize)) -> Result<String, Refusal> {
    let text = text.trim().to_owned();
    if (least..=most).contains(&text.chars().count()) {
        return Ok(text);
    }
    Err(malformed(field, if text.chars().count() < least { "says too little" } else { "is too long" }))
}

/// Since when a list goes back, and how many it gives.
fn bounds(since: Option<prost_types::Timestamp>, limit: u32, now_us: i64) -> Result<(i64, usize), Refusal> {
    let since_us = since.map_or(now_us.saturating_sub(SINCE_US), |since| crate::notices::microseconds(&since));
    let limit = match limit {
        0 => LISTED_DEFAULT,
        limit if limit <= LISTED_MAX => limit,
        _ => return Err(malformed("limit", "must be at most 1,000")),
    };
    Ok((since_us, usize::try_from(limit).unwrap_or_default()))
}

fn malformed(field: &'static str, problem: &'static str) -> Refusal {
    Malformed { reason: DenialReason::RequestMalformed, field, problem }.into()
}
