//! The service that reviewers of identity ask.

mod decide;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use identity::Id;
use jiff::civil::Date;
use prost::Message as _;
use proto::disclosure::Disclosure;
use proto::events::{Subject, Why};
use proto::identity::identities_server::Identities;
use proto::identity::{
    DecideRequest, DecideResponse, GetStatisticsRequest, GetStatisticsResponse, ListItemsRequest, ListItemsResponse,
    ListReleasesRequest, ListReleasesResponse, QueueItem, Recipient, Release, ShowItemRequest, ShowItemResponse,
    Standing,
};
use proto::sharing::{Call, DenialReason, Purpose};
use proto::subject::normalised;
use tonic::{Request, Response, Status};

use super::caller::Caller;
use super::desk::{Credentials, Desk};
use super::limits::Limits;
use super::refusal::Refusal;
use super::timelines::{TimelineService, now};
use crate::child::ChildError;
use crate::command::Commands;
use crate::disclose::digest::sixteen;
use crate::disclose::{Undisclosed, day_number, decision_id};
use crate::identities::{
    self, Kept, Matter, Permitted, PermittedPair, Permitting, Queue, Surroundings, pair, statistics, timestamp,
};

/// How long a request waits until every seal, decision and restriction is taken account of.
const SETTLE_MAX: Duration = Duration::from_secs(2);
const PAGE_SIZE_DEFAULT: u32 = 50;
const PAGE_SIZE_MAX: u32 = 200;
/// Decisions of a book that are looked through for one page of releases.
const LOOKED_AT_MIN: usize = 20_000;
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
        self.desk.identify(&Credentials::of(request), today).map_err(Refusal::status)
    }

    /// An answer, or a refusal that is on record.
    async fn answered<A>(
        &self,
        caller: &Caller,
        call: Call,
        answer: Result<A, Refusal>,
    ) -> Result<Response<A>, Status> {
        match answer {
            Ok(answer) => Ok(Response::new(answer)),
            Err(refusal) => {
                tracing::info!(
                    reason = refusal.reason.as_str_name(),
                    organisation = caller.organisation,
                    "review refused"
                );
                self.desk.record_denial(&self.limits, caller, call, refusal.reason).await;
                Err(refusal.status())
            }
        }
    }

    /// Whether this caller may be answered now: nothing that binds is on the log and not taken account of.
    async fn admit(&self, caller: &Caller) -> Result<(), Refusal> {
        if !self.limits.admit(&(caller.organisation.clone(), caller.person.clone()), Instant::now()) {
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
                let matter = Surroundings::read(permitting.children(), &[pair.0, pair.1])?.matter(pair);
                if let Some(matter) = matter
                    && let Some(permitted) = permitting.permit(&principal, &matter, today)?
                {
                    found.push(Found { matter, permitted });
                }
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
        let book = subjects.first().and_then(|id| id.first()).copied().unwrap_or_default() % decision_id::BOOKS;
        Disclosure {
            decision_id: decision_id::new(&self.desk.pseudonyms, book).to_vec(),
            organisation: caller.organisation.clone(),
            person: caller.person.clone(),
            roles: caller.roles.iter().map(|role| (*role).into()).collect(),
            purpose: Purpose::IdentityReview.into(),
            subjects: subjects.iter().map(|id| id.to_vec()).collect(),
            policy_hash: self.permitting.discloser.engine.policy_hash().to_vec(),
            valid_day: day_number(today),
            known_at_us: now_us,
            call: call.into(),
            ..Disclosure::default()
        }
    }

    /// The record of an answer about a pair.
    fn record_of(&self, caller: &Caller, call: Call, found: &Found, today: Date, now_us: i64) -> Disclosure {
        let Found { matter, permitted } = found;
        let everybody: BTreeSet<Id> = matter.sides.iter().flat_map(|side| side.cluster.iter().copied()).collect();
        let described: usize = permitted.sides.iter().map(Vec::len).sum();
        Disclosure {
            subjects_digest: sixteen(everybody.iter()).to_vec(),
            classes_full: permitted.counts.full,
            classes_redacted: permitted.counts.redacted,
            classes_existence: permitted.counts.existence,
            classes_hidden: permitted.counts.hidden,
            outcomes_digest: permitted.outcomes_digest.to_vec(),
            entries_released: u32::try_from(described).unwrap_or(u32::MAX),
            ..self.record(caller, call, &[matter.pair.0, matter.pair.1], today, now_us)
        }
    }

    async fn list(
        &self,
        caller: &Caller,
        request: ListItemsRequest,
        (now_us, today): (i64, Date),
    ) -> Result<ListItemsResponse, Refusal> {
        self.admit(caller).await?;
        let why = request.why.iter().map(|why| Why::try_from(*why).ok()).collect::<Option<BTreeSet<Why>>>();
        let why = why.ok_or_else(|| malformed("why", "holds one that does not exist"))?;
        let size = match request.page_size {
            0 => PAGE_SIZE_DEFAULT,
            size if size <= PAGE_SIZE_MAX => size,
            _ => return Err(malformed("page_size", "must be at most 200")),
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let after = match request.page_token.as_slice() {
            [] => None,
            token => Some(Place::read(token).ok_or_else(|| malformed("page_token", "is not one of ours"))?),
        };
        let principal = caller.principal();
        let (items, next, complete) = self
            .reading(move |permitting, queue| {
                let (shown, complete) = before(permitting, queue, &principal, today)?;
                let asked = |kept: &Kept| match kept.standing(now_us) {
                    Standing::Waiting | Standing::Proposed => why.is_empty() || !why.is_disjoint(&kept.why),
                    Standing::LeftOpen => request.left_open && (why.is_empty() || !why.is_disjoint(&kept.why)),
                    _ => false,
                };
                let mut waiting: Vec<(Place, &Kept)> = shown
                    .iter()
                    .map(|(kept, _)| kept)
                    .filter(|kept| asked(kept))
                    .map(|kept| (Place::of(kept), kept))
                    .collect();
                waiting.sort_by(|(a, _), (b, _)| a.cmp(b));
                waiting.retain(|(place, _)| after.as_ref().is_none_or(|after| place > after));
                let mut items: Vec<QueueItem> = Vec::new();
                let (mut last, mut next) = (None, None);
                for (place, kept) in waiting {
                    if items.len() == size {
                        next = last.as_ref().map(Place::write);
                        break;
                    }
                    last = Some(place);
                    // As it stands now, and not as it was kept.
                    let matter =
                        Surroundings::read(permitting.children(), &[kept.pair.0, kept.pair.1])?.matter(kept.pair);
                    let Some(matter) = matter else { continue };
                    if let Some(permitted) = permitting.permit(&principal, &matter, today)? {
                        items.push(Kept::item(permitting, &matter, &permitted, now_us));
                    }
                }
                Ok((items, next, complete))
            })
            .await?;
        let mut answer =
            ListItemsResponse { next_page_token: next.unwrap_or_default(), complete, items, decision_id: Vec::new() };
        let record = Disclosure {
            lines_released: u32::try_from(answer.items.len()).unwrap_or(u32::MAX),
            answer_digest: sixteen([answer.encode_to_vec()]).to_vec(),
            ..self.record(caller, Call::ListItems, &[], today, now_us)
        };
        answer.decision_id.clone_from(&record.decision_id);
        self.desk.record(Undisclosed::new(record, answer)).await
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
        let record = Disclosure {
            answer_digest: sixteen([shown.answer().encode_to_vec()]).to_vec(),
            ..self.record_of(caller, call, found, today, now_us)
        };
        Ok((shown, record))
    }

    async fn releases(
        &self,
        caller: &Caller,
        request: ListReleasesRequest,
        (now_us, today): (i64, Date),
    ) -> Result<ListReleasesResponse, Refusal> {
        use proto::identity::list_releases_request::About as Asked;
        self.admit(caller).await?;
        let about = match request.about {
            Some(Asked::Item(item)) => by_item(item)?,
            Some(Asked::Pair(pair)) => by_pair(pair.one, pair.other)?,
            Some(Asked::Event(event)) => {
                About::Event(event.try_into().map_err(|_| malformed("event", "must be sixteen bytes"))?)
            }
            None => return Err(malformed("about", "is missing")),
        };
        let principal = caller.principal();
        let may = self.reading(move |permitting, _| permitting.is_the_services_reviewer(principal, today)).await?;
        if !may {
            return Err(Refusal::new(DenialReason::NoSuchItem, "nothing of this id, and no such pair, is before you"));
        }
        let found = self.found(caller, about, today).await?;
        let matter = found.matter.clone();
        let link = self.reading(move |permitting, _| identities::link(permitting.children(), &matter)).await?;
        let mut answer = ListReleasesResponse::default();
        if let Some((from_us, to_us)) = link.held {
            answer.linked_from = Some(timestamp(from_us));
            answer.linked_to = to_us.map(timestamp);
            let mut places =
                link.books().into_iter().map(|book| (book, from_us.saturating_sub(identities::CLOCKS_APART_US)));
            let place = match request.page_token.as_slice() {
                [] => places.next(),
                token => Some(release_place(token).ok_or_else(|| malformed("page_token", "is not one of ours"))?),
            };
            if let Some((book, since_us)) = place {
                let keyring = &self.permitting.children().projector.keyring;
                let read = self.desk.recorder.since(keyring, book, since_us, LOOKED_AT_MIN).await;
                let (decisions, next_us) = read.map_err(|error| {
                    tracing::error!("the records of decisions could not be read: {error}");
                    Refusal::new(
                        DenialReason::FactsStale,
                        "the records of decisions cannot be read yet: ask again shortly",
                    )
                })?;
                answer.releases = identities::releases(&link, decisions);
                let next = match next_us {
                    Some(next_us) => Some((book, next_us)),
                    None => places.find(|(other, _)| *other > book),
                };
                answer.next_page_token =
                    next.map(|(book, at)| [&[book][..], &at.to_be_bytes()].concat()).unwrap_or_default();
            }
        }
        answer.recipients = self.recipients(&answer.releases)?;
        let record = Disclosure {
            lines_released: u32::try_from(answer.releases.len()).unwrap_or(u32::MAX),
            answer_digest: sixteen([answer.encode_to_vec()]).to_vec(),
            ..self.record_of(caller, Call::ListReleases, &found, today, now_us)
        };
        answer.decision_id.clone_from(&record.decision_id);
        self.desk.record(Undisclosed::new(record, answer)).await
    }

    /// Whom to notify, each organisation once.
    fn recipients(&self, releases: &[Release]) -> Result<Vec<Recipient>, Refusal> {
        let registry = self.desk.registry()?;
        let organisations: BTreeSet<&String> = releases.iter().map(|release| &release.organisation).collect();
        let recipient = |id: &String| {
            let recorded = registry.organisation(id).cloned().unwrap_or_default();
            Recipient {
                organisation: id.clone(),
                name: recorded.name().to_owned(),
                contact: recorded.contact().to_owned(),
            }
        };
        Ok(organisations.into_iter().map(recipient).collect())
    }

    async fn statistics(
        &self,
        caller: &Caller,
        (now_us, today): (i64, Date),
    ) -> Result<GetStatisticsResponse, Refusal> {
        self.admit(caller).await?;
        let principal = caller.principal();
        let mut answer = self
            .reading(move |permitting, queue| {
                let (shown, complete) = before(permitting, queue, &principal, today)?;
                let counted = statistics(shown.iter().map(|(kept, named)| (kept, named)), now_us);
                Ok(GetStatisticsResponse { complete, ..counted })
            })
            .await?;
        let record = Disclosure {
            answer_digest: sixteen([answer.encode_to_vec()]).to_vec(),
            ..self.record(caller, Call::GetStatistics, &[], today, now_us)
        };
        answer.decision_id.clone_from(&record.decision_id);
        self.desk.record(Undisclosed::new(record, answer)).await
    }
}

#[tonic::async_trait]
impl Identities for IdentityService {
    async fn list_items(&self, request: Request<ListItemsRequest>) -> Result<Response<ListItemsResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.list(&caller, request.into_inner(), at).await;
        self.answered(&caller, Call::ListItems, answer).await
    }

    async fn show_item(&self, request: Request<ShowItemRequest>) -> Result<Response<ShowItemResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.show(&caller, request.into_inner(), at).await;
        self.answered(&caller, Call::ShowItem, answer).await
    }

    async fn decide(&self, request: Request<DecideRequest>) -> Result<Response<DecideResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.decision(&caller, request.into_inner(), at).await;
        self.answered(&caller, Call::Decide, answer).await
    }

    async fn list_releases(
        &self,
        request: Request<ListReleasesRequest>,
    ) -> Result<Response<ListReleasesResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.releases(&caller, request.into_inner(), at).await;
        self.answered(&caller, Call::ListReleases, answer).await
    }

    async fn get_statistics(
        &self,
        request: Request<GetStatisticsRequest>,
    ) -> Result<Response<GetStatisticsResponse>, Status> {
        let at = now();
        let caller = self.received(&request, at.1)?;
        let answer = self.statistics(&caller, at).await;
        self.answered(&caller, Call::GetStatistics, answer).await
    }
}

/// What is before this reviewer, each with whose records they may be told; and whether everything was looked through.
fn before(
    permitting: &Permitting,
    queue: &Queue,
    principal: &sharing::Principal,
    today: Date,
) -> Result<(Vec<(Kept, BTreeSet<String>)>, bool), ChildError> {
    let (kept, complete) = queue.all();
    let is_the_services = permitting.is_the_services_reviewer(principal.clone(), today)?;
    let mut shown = Vec::new();
    for kept in kept {
        if is_the_services {
            shown.extend(kept.of_the_services.clone().map(|named| (kept, named)));
        } else if principal.organisation().is_some_and(|own| kept.controllers.contains(own)) {
            let matter = Surroundings::read(permitting.children(), &[kept.pair.0, kept.pair.1])?.matter(kept.pair);
            let Some(matter) = matter else { continue };
            if let Some(permitted) = permitting.permit(principal, &matter, today)? {
                let named = permitted.sides.into_iter().flatten().filter_map(|described| described.organisation);
                shown.push((kept, named.collect()));
            }
        }
    }
    Ok((shown, complete))
}

/// Where an item stands in the queue: the longest waiting first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    waiting_since_us: i64,
    item: Id,
}

impl Place {
    fn of(kept: &Kept) -> Self {
        Self { waiting_since_us: kept.waiting_since_us, item: kept.item }
    }

    /// Both are in the answer already: it is no secret where the next page starts.
    fn read(token: &[u8]) -> Option<Self> {
        let (at, item) = token.split_first_chunk()?;
        Some(Self { waiting_since_us: i64::from_be_bytes(*at), item: item.try_into().ok()? })
    }

    fn write(&self) -> Vec<u8> {
        [&self.waiting_since_us.to_be_bytes()[..], &self.item].concat()
    }
}

fn release_place(token: &[u8]) -> Option<(u8, i64)> {
    let (book, at) = token.split_first()?;
    Some((*book, i64::from_be_bytes(at.try_into().ok()?))).filter(|(book, _)| *book < decision_id::BOOKS)
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
