//! The service that readers ask.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use event_log::seal::PseudonymKey;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use proto::disclosure::Disclosure;
use proto::events::Subject;
use proto::sharing::DenialReason;
use proto::timeline::timelines_server::Timelines;
use proto::timeline::{GetTimelineRequest, GetTimelineResponse};
use sharing::Registry;
use tokio::sync::watch;
use tonic::{Code, Request, Response, Status};

use super::caller::{self, Caller, Issuer};
use super::limits::Limits;
use super::page::{Page, PageTokens};
use super::request::{self, Asked, Malformed};
use crate::consume::Progress;
use crate::disclose::digest::sixteen;
use crate::disclose::{Ask, Discloser, Recorder, day_number};

/// The header that a refusal carries beside its message.
pub const REASON_HEADER: &str = "throughline-denial-reason";

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
    /// Pages after the first.
    pub pages: PageTokens,
}

/// A refusal: the reason and a message that names no value.
struct Refusal(DenialReason, &'static str);

#[tonic::async_trait]
impl Timelines for TimelineService {
    async fn get_timeline(
        &self,
        request: Request<GetTimelineRequest>,
    ) -> Result<Response<GetTimelineResponse>, Status> {
        let (now_us, today) = now();
        let caller = self.authenticate(&request, today).map_err(|refusal| refusal.status())?;
        let who = (caller.organisation.clone(), caller.person.clone());
        match self.answer(&caller, request.into_inner(), now_us, today).await {
            Ok(answer) => Ok(Response::new(answer)),
            Err(refusal) => {
                tracing::info!(reason = refusal.0.as_str_name(), organisation = caller.organisation, "request refused");
                self.record_denial(&caller, &who, refusal.0).await;
                Err(refusal.status())
            }
        }
    }
}

impl TimelineService {
    fn authenticate(&self, request: &Request<GetTimelineRequest>, today: Date) -> Result<Caller, Refusal> {
        let unknown =
            || Refusal(DenialReason::UnknownOrganisation, "the client certificate is of no recorded organisation");
        let certificates = request.peer_certs().ok_or_else(unknown)?;
        let names = certificates.first().map(|first| caller::certificate_names(first)).unwrap_or_default();
        let registry = self.registry()?;
        let mut organisations = names.iter().filter_map(|name| registry.organisation_by_certificate(name, today));
        let organisation = organisations.next().ok_or_else(unknown)?;
        let issuer = Issuer {
            organisation: organisation.id().to_owned(),
            token_issuer: organisation.token_issuer().to_owned(),
            token_key_pem: organisation.token_key_pem().to_owned(),
        };
        let token = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        caller::caller(token, &issuer)
            .map_err(|reason| Refusal(reason, "the token is missing, expired, or not of this organisation"))
    }

    fn registry(&self) -> Result<Arc<Registry>, Refusal> {
        let generation = self.progress.borrow().registry_generation;
        self.discloser.registries.current(generation).map_err(|error| {
            tracing::error!("the registry cannot be read: {error}");
            Refusal(DenialReason::FactsStale, "the facts that the rules read are not to be had")
        })
    }

    async fn answer(
        &self,
        caller: &Caller,
        request: GetTimelineRequest,
        now_us: i64,
        today: Date,
    ) -> Result<GetTimelineResponse, Refusal> {
        let who = (caller.organisation.clone(), caller.person.clone());
        if !self.limits.admit(&who, Instant::now()) {
            return Err(Refusal(DenialReason::RateLimited, "too many requests: ask again in a second"));
        }
        let progress = *self.progress.borrow();
        if progress.facts_read_at.is_none_or(|at| at.elapsed() > self.facts_lag_max) {
            return Err(Refusal(
                DenialReason::FactsStale,
                "the facts that the rules read are not up to date: ask again shortly",
            ));
        }
        let asked =
            request::read(request, now_us, today).map_err(|Malformed { reason, message }| Refusal(reason, message))?;
        let (ask, walk) = self.ask(caller, &asked, now_us, today, progress.registry_generation)?;
        let valid_day = day_number(ask.valid_on);
        let discloser = Arc::clone(&self.discloser);
        let not_recorded =
            || Refusal(DenialReason::NotRecorded, "the decision could not be made and recorded: ask again");
        let undisclosed = tokio::task::spawn_blocking(move || discloser.decide(&ask))
            .await
            .map_err(|_| not_recorded())?
            .map_err(|error| {
                tracing::error!("a child could not be read: {error}");
                not_recorded()
            })?;
        let recorded = undisclosed.record(&self.recorder).await.map_err(|error| {
            tracing::error!("a decision could not be recorded: {error}");
            not_recorded()
        })?;
        let view = recorded.release();
        let skip = u32::try_from(view.next_skip()).unwrap_or(u32::MAX);
        let page = Page { pinned_at_us: view.pinned_at_us(), valid_day, skip };
        let token = self.pages.give(page, &walk).ok_or_else(not_recorded)?;
        Ok(view.into_answer(token))
    }

    /// What is asked, with the page that it is of; and the walk that its pages belong to.
    fn ask(
        &self,
        caller: &Caller,
        asked: &Asked,
        now_us: i64,
        today: Date,
        registry_generation: u64,
    ) -> Result<(Ask, [u8; 16]), Refusal> {
        let walk = walk(caller, asked);
        let (known_at_us, valid_day, skip) = match &asked.page_token {
            None => (asked.known_at_us, day_number(asked.valid_on.unwrap_or(today)), 0),
            Some(token) => {
                let page = self.pages.read(token, &walk).ok_or(Refusal(
                    DenialReason::PageTokenRefused,
                    "`page_token` is not one that was given for this request",
                ))?;
                // A page after the first is of the past: it is judged then and now.
                (Some(page.pinned_at_us), page.valid_day, page.skip)
            }
        };
        let valid_on = jiff::civil::date(1970, 1, 1)
            .checked_add(jiff::Span::new().days(valid_day))
            .map_err(|_| Refusal(DenialReason::PageTokenRefused, "`page_token` is not one of ours"))?;
        let ask = Ask {
            caller: caller.clone(),
            child: self.pseudonyms.of(&asked.child),
            purpose: asked.purpose,
            from_day: asked.from_day,
            to_day: asked.to_day,
            categories: asked.categories.clone(),
            known_at_us,
            valid_on,
            today,
            skip: usize::try_from(skip).unwrap_or(usize::MAX),
            page_size: asked.page_size,
            request_digest: sixteen([walk.as_slice(), skip.to_be_bytes().as_slice()]),
            asked_at_us: now_us,
            registry_generation,
        };
        Ok((ask, walk))
    }

    /// Puts a denial on record, unless the caller's come too fast: then they are summed into the next.
    async fn record_denial(&self, caller: &Caller, who: &super::limits::Who, reason: DenialReason) {
        let Some(summed) = self.limits.denial(who, Instant::now()) else { return };
        let denial = Disclosure {
            decision_id: uuid::Uuid::now_v7().into_bytes().to_vec(),
            organisation: caller.organisation.clone(),
            person: caller.person.clone(),
            roles: caller.roles.iter().map(|role| (*role).into()).collect(),
            denied: reason.into(),
            denials_summed: summed,
            ..Disclosure::default()
        };
        if let Err(error) = self.recorder.record(&denial).await {
            tracing::error!("a denial could not be recorded: {error}");
        }
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

impl Refusal {
    fn status(self) -> Status {
        let Self(reason, message) = self;
        let code = match reason {
            DenialReason::UnknownOrganisation | DenialReason::TokenRefused => Code::Unauthenticated,
            DenialReason::FactsStale | DenialReason::NotRecorded => Code::Unavailable,
            DenialReason::RateLimited => Code::ResourceExhausted,
            DenialReason::PurposeMissing
            | DenialReason::RequestMalformed
            | DenialReason::PageTokenRefused
            | DenialReason::Unspecified => Code::InvalidArgument,
        };
        let mut status = Status::new(code, message);
        if let Ok(name) = reason.as_str_name().trim_start_matches("DENIAL_REASON_").parse() {
            status.metadata_mut().insert(REASON_HEADER, name);
        }
        status
    }
}

/// Microseconds since 1970, and the day in England.
pub(crate) fn now() -> (i64, Date) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_us = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    let england = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    let today = jiff::Timestamp::from_microsecond(now_us).unwrap_or_default().to_zoned(england).date();
    (now_us, today)
}
