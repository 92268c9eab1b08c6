//! The queue, and the queue in numbers.

use std::collections::BTreeSet;

use identity::Id;
use jiff::civil::Date;
use prost::Message as _;
use proto::disclosure::Disclosure;
use proto::events::Why;
use proto::identity::{GetStatisticsResponse, ListItemsRequest, ListItemsResponse, QueueItem, Standing};
use proto::sharing::Call;

use super::{IdentityService, malformed};
use crate::child::ChildError;
use crate::disclose::Undisclosed;
use crate::disclose::digest::sixteen;
use crate::identities::{Kept, Permitting, Queue, Surroundings, statistics};
use crate::serve::caller::Caller;
use crate::serve::refusal::Refusal;

const PAGE_SIZE_DEFAULT: u32 = 50;
const PAGE_SIZE_MAX: u32 = 200;

impl IdentityService {
    pub(super) async fn list(
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
                let asked = |standing: Standing, of: &BTreeSet<Why>| {
                    let waits = matches!(standing, Standing::Waiting | Standing::Proposed);
                    let left_open = request.left_open && standing == Standing::LeftOpen;
                    (waits || left_open) && (why.is_empty() || !why.is_disjoint(of))
                };
                let mut waiting: Vec<(Place, &Kept)> = shown
                    .iter()
                    .map(|(kept, _)| kept)
                    .filter(|kept| asked(kept.standing(now_us), &kept.why))
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
                    let matter = matter.filter(|matter| asked(matter.standing(now_us), &matter.why));
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

    pub(super) async fn statistics(
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

/// A pair, with whose records a reviewer may be told.
type Shown = (Kept, BTreeSet<String>);

/// What is before this reviewer, each with whose records they may be told; and whether everything was looked through.
fn before(
    permitting: &Permitting,
    queue: &Queue,
    principal: &sharing::Principal,
    today: Date,
) -> Result<(Vec<Shown>, bool), ChildError> {
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
