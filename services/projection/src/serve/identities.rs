//! The service that reviewers of identity ask.

mod decide;
mod queue;
mod releases;

use std::sync::Arc;
use std::time::{Duration, Instant};

use identity::Id;
use jiff::civil::Date;
use proto::disclosure::Disclosure;
use proto::events::Subject;
use proto::identity::identities_server::Identities;
use proto::identity::{
    DecideRequest, DecideResponse, GetStatisticsRequest, GetStatisticsResponse, ListItemsRequest, ListItemsResponse,
    ListReleasesRequest, ListReleasesResponse, ShowItemRequest, ShowItemResponse,
};
use proto::sharing::{Call, DenialReason};
use proto::subject::normalised;
use tonic::{Request, Response, Status};

use super::caller::Caller;
use super::desk::Desk;
use super::limits::Limits;
use super::refusal::Refusal;
use super::timelines::{TimelineService, now};
use crate::child::ChildError;
use crate::command::Commands;
use crate::disclose::{Undisclosed, decision_id};
use crate::identities::{Matter, Permitted, PermittedPair, Permitting, Queue, pair, reviewed};

/// How long a request waits until every seal, decision and restriction is taken account of.
const SETTLE_MAX: Duration = Duration::from_secs(2);
/// The least of an item's id that it can be asked by.
const ITEM_BYTES_MIN: usize = 4;

/// Serves reviewers of identity.
pub struct IdentityService {
    desk: Desk,
    limits: Limits,
    queue: Arc<Queue>,
    permitting: Permitting,
    commands: Arc<Commands>,
    /// One decides at a time on a node: whoever comes second sees what the first decided.
    deciding: tokio::sync::Mutex<()>,
}

/// About which pair.
#[derive(Clone, Debug)]
enum About {
    /// The beginning of an item's id.
    Item(Vec<u8>),
    Pair(Subject, Subject),
    /// An unlinking.
    Event(Id),
}

/// A pair, and what this reviewer may be shown of it.
struct Found {
    matter: Matter,
    permitted: Permitted,
}

impl IdentityService {
    /// Beside the service of timelines, with the same readers and the same log.
    pub fn beside(timelines: &TimelineService, queue: Arc<Queue>, commands: Arc<Commands>, limits: Limits) -> Self {
        let desk = timelines.desk();
        let permitting = Permitting {
            discloser: Arc::clone(&desk.discloser),
            organisation: desk.recorder.organisation().to_owned(),
            progress: desk.progress.clone(),
        };
        Self { desk, limits, queue, permitting, commands, deciding: tokio::sync::Mutex::default() }
    }

    /// What decides what a reviewer may be shown.
    pub fn permitting(&self) -> Permitting {
        self.permitting.clone()
    }

    /// Who asks. Before a caller is known there is nobody to put on record.
    fn received<T>(&self, request: &Request<T>, today: Date) -> Result<Caller, Status> {
        self.desk.identify(&self.desk.shown(request), today).map_err(Refusal::status)
    }

    /// Whether this caller may be answered now: nothing that binds is on the log and not taken account of.
    async fn admit(&self, caller: &Caller) -> Result<(), Refusal> {
        if !self.limits.admit(&caller.who(), Instant::now()) {
            return Err(Refusal::new(DenialReason::RateLimited, "too many requests: ask again in a second"));
        }
        self.desk.fresh()?;
        let queue = Arc::clone(&self.queue);
        let settled = tokio::task::spawn_blocking(move || queue.is_settled(SETTLE_MAX)).await;
        match settled {
            Ok(true) => Ok(()),
            _ => {
                Err(Refusal::new(DenialReason::FactsStale, "the queue is being brought up to date: ask again shortly"))
            }
        }
    }

    /// Reads away from the threads that answer.
    async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Permitting, &Queue) -> Result<T, ChildError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (permitting, queue) = (self.permitting.clone(), Arc::clone(&self.queue));
        let read = tokio::task::spawn_blocking(move || read(&permitting, &queue)).await;
        read.map_err(|_| Refusal::not_recorded())?.map_err(|error| {
            tracing::error!("a pair could not be read: {error}");
            Refusal::not_recorded()
        })
    }

    /// The pair asked about, as far as this caller may be shown it.
    async fn found(&self, caller: &Caller, about: About, today: Date) -> Result<Found, Refusal> {
        let (principal, pseudonyms) = (caller.principal(), Arc::clone(&self.desk.pseudonyms));
        let found = self.reading(move |permitting, queue| {
            let candidates = match &about {
                About::Item(prefix) => queue.pairs_of(prefix),
                About::Pair(one, other) => vec![pair(pseudonyms.of(one).0, pseudonyms.of(other).0)],
                About::Event(event) => queue.pairs_decided_by(*event),
            };
            let mut found = Vec::new();
            for pair in candidates {
                let shown = permitting.shown(&principal, pair, today)?;
                found.extend(shown.map(|(matter, permitted)| Found { matter, permitted }));
            }
            Ok(found)
        });
        let mut found = found.await?;
        // A beginning that two have is nobody's id.
        let one = found.pop().filter(|_| found.is_empty());
        one.ok_or_else(|| Refusal::new(DenialReason::NoSuchItem, "nothing of this id, and no such pair, is before you"))
    }

    /// The record of an answer about these subjects.
    fn record(&self, caller: &Caller, call: Call, subjects: &[Id], today: Date, now_us: i64) -> Disclosure {
        let engine = &self.permitting.discloser.engine;
        let book = subjects.first().and_then(|id| id.first()).copied().unwrap_or_default() % decision_id::BOOKS;
        let record = reviewed::record(caller, call, subjects, (now_us, today), *engine.policy_hash());
        Disclosure { decision_id: decision_id::new(&self.desk.pseudonyms, book).to_vec(), ..record }
    }

    /// The record of an answer about a pair.
    fn record_of(&self, caller: &Caller, call: Call, found: &Found, today: Date, now_us: i64) -> Disclosure {
        let Found { matter, permitted } = found;
        let record = self.record(caller, call, &[matter.pair.0, matter.pair.1], today, now_us);
        let runs_service = caller.organisation == self.permitting.organisation;
        reviewed::of_pair(record, caller, (matter, permitted), runs_service, (now_us, today))
    }

    async fn show(
        &self,
        caller: &Caller,
        request: ShowItemRequest,
        (now_us, today): (i64, Date),
    ) -> Result<ShowItemResponse, Refusal> {
        use proto::identity::show_item_request::About as Asked;
        self.admit(caller).await?;
        let about = match request.about {
            Some(Asked::Item(item)) => by_item(item)?,
            Some(Asked::Pair(pair)) => by_pair(pair.one, pair.other)?,
            None => return Err(malformed("about", "is missing")),
        };
        let found = self.found(caller, about, today).await?;
        let (shown, record) = self.shown(caller, Call::ShowItem, &found, (now_us, today))?;
        let mut id = [0; 16];
        id.iter_mut().zip(&record.decision_id).for_each(|(to, from)| *to = *from);
        Ok(self.desk.record(Undisclosed::new(record, shown)).await?.into_answer(id))
    }

    /// A pair side by side, and the record of showing it.
    fn shown(
        &self,
        caller: &Caller,
        call: Call,
        found: &Found,
        (now_us, today): (i64, Date),
    ) -> Result<(PermittedPair, Disclosure), Refusal> {
        let Found { matter, permitted } = found;
        let adopted = self.permitting.adopted().map_err(|error| {
            tracing::error!("the parameters in force cannot be read: {error}");
            Refusal::not_recorded()
        })?;
        let shown = PermittedPair::new(&self.permitting, matter, permitted, adopted.as_deref(), now_us);
        let record = reviewed::showing(self.record_of(caller, call, found, today, now_us), &shown);
        Ok((shown, record))
    }
}

#[tonic::async_trait]
impl Identities for IdentityService {
    async fn list_items(&self, request: Request<ListItemsRequest>) -> Result<Response<ListItemsResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.list(&caller, request.into_inner(), at).await;
        self.desk.answered(&self.limits, &caller, Call::ListItems, answer).await
    }

    async fn show_item(&self, request: Request<ShowItemRequest>) -> Result<Response<ShowItemResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.show(&caller, request.into_inner(), at).await;
        self.desk.answered(&self.limits, &caller, Call::ShowItem, answer).await
    }

    async fn decide(&self, request: Request<DecideRequest>) -> Result<Response<DecideResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.decision(&caller, request.into_inner(), at).await;
        self.desk.answered(&self.limits, &caller, Call::Decide, answer).await
    }

    async fn list_releases(
        &self,
        request: Request<ListReleasesRequest>,
    ) -> Result<Response<ListReleasesResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.releases(&caller, request.into_inner(), at).await;
        self.desk.answered(&self.limits, &caller, Call::ListReleases, answer).await
    }

    async fn get_statistics(
        &self,
        request: Request<GetStatisticsRequest>,
    ) -> Result<Response<GetStatisticsResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.statistics(&caller, at).await;
        self.desk.answered(&self.limits, &caller, Call::GetStatistics, answer).await
    }
}

fn by_item(item: Vec<u8>) -> Result<About, Refusal> {
    if (ITEM_BYTES_MIN..=16).contains(&item.len()) {
        return Ok(About::Item(item));
    }
    Err(malformed("item", "must be 4 to 16 bytes of an item's id"))
}

fn by_pair(one: Option<Subject>, other: Option<Subject>) -> Result<About, Refusal> {
    let read = |subject: Option<Subject>, field| {
        let spelt = subject.filter(|s| s.issuer.len() <= 64 && s.value.len() <= 64).as_ref().and_then(normalised);
        spelt.ok_or_else(|| malformed(field, "must have a scheme, its issuer and a value"))
    };
    let (one, other) = (read(one, "pair.one")?, read(other, "pair.other")?);
    if one == other {
        return Err(malformed("pair.other", "is the same subject: a pair is of two"));
    }
    Ok(About::Pair(one, other))
}

fn malformed(field: &'static str, problem: &'static str) -> Refusal {
    super::request::Malformed { reason: DenialReason::RequestMalformed, field, problem }.into()
}
