//! What was released under a link, and whom to notify.

use std::collections::BTreeSet;

use jiff::civil::Date;
use prost::Message as _;
use proto::disclosure::Disclosure;
use proto::identity::{ListReleasesRequest, ListReleasesResponse, Recipient, Release};
use proto::sharing::{Call, DenialReason};

use super::{About, IdentityService, by_item, by_pair, malformed};
use crate::disclose::digest::sixteen;
use crate::disclose::{Undisclosed, decision_id};
use crate::identities::{self, timestamp};
use crate::serve::caller::Caller;
use crate::serve::refusal::Refusal;

/// Decisions of a book that are looked through for one page.
const LOOKED_AT_MIN: usize = 20_000;

impl IdentityService {
    pub(super) async fn releases(
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
}

fn release_place(token: &[u8]) -> Option<(u8, i64)> {
    let (book, at) = token.split_first()?;
    Some((*book, i64::from_be_bytes(at.try_into().ok()?))).filter(|(book, _)| *book < decision_id::BOOKS)
}
