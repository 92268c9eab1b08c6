//! The notices of the reader's own organisation.

use std::collections::BTreeMap;

use event_log::Pseudonym;
use proto::events::Subject;
use proto::sharing::notice::Kind as NoticeKind;
use proto::sharing::{Call, ListNoticesRequest, ListNoticesResponse, Notice, Purpose};
use sharing::{Act, Registry};

use super::{At, SafeguardService, bounds};
use crate::disclose::own_reference_of;
use crate::identities::timestamp;
use crate::notices::{Noted, REVIEW_WITHIN_US, What, in_order};
use crate::serve::refusal::Refusal;

impl SafeguardService {
    pub(super) async fn notices(
        &self,
        at: At<'_>,
        request: ListNoticesRequest,
    ) -> Result<ListNoticesResponse, Refusal> {
        self.admit(at.caller)?;
        let (since_us, limit) = bounds(request.since, request.limit, at.now_us)?;
        self.own(at, Act::ReadNotices)?;
        self.caught_up().await?;
        let (mut noted, consents) = {
            let held = self.noticed.held();
            (held.notices_of(&at.caller.organisation, since_us), held.consents.clone())
        };
        // What takes long holds up no emergency: away from the threads that answer, and with nothing held.
        let own = at.caller.organisation.clone();
        let withdrawals = tokio::task::spawn_blocking(move || consents.withdrawals_to(&own, since_us)).await;
        noted.extend(withdrawals.map_err(|_| Refusal::not_recorded())?);
        in_order(&mut noted);
        noted.truncate(limit);
        let references = self.references(&at.caller.organisation, &noted).await?;
        let registry = self.desk.registry()?;
        let notices = noted.iter().map(|noted| self.tell(noted, references.get(&noted.subject), &registry)).collect();
        let answer = ListNoticesResponse { notices, decision_id: Vec::new() };
        let (lines, call) = (answer.notices.len(), (Call::ListNotices, Purpose::Audit));
        self.on_record(at, call, None, lines, answer, |answer, id| answer.decision_id = id).await
    }

    /// The numbers of what the notices are about, where they are an organisation's own: a number of its own that only a link leads to
    /// would tell of the link.
    async fn references(&self, own: &str, noted: &[Noted]) -> Result<BTreeMap<[u8; 16], Subject>, Refusal> {
        let subjects: Vec<[u8; 16]> = noted.iter().map(|noted| noted.subject).collect();
        let own = own.to_owned();
        self.desk
            .decide(move |discloser| {
                let mut found = BTreeMap::new();
                for subject in subjects {
                    if !found.contains_key(&subject) {
                        let child = discloser.children.read_kept(Pseudonym(subject), None)?;
                        found.extend(own_reference_of(&child, &own, subject).map(|reference| (subject, reference)));
                    }
                }
                Ok(found)
            })
            .await
    }

    fn tell(&self, noted: &Noted, child: Option<&Subject>, registry: &Registry) -> Notice {
        let other = registry.organisation(&noted.organisation);
        // That a sensitive service has anything to do with a child is not told by a notice.
        let named = other.filter(|other| !other.sensitive());
        let ask = named.map_or_else(|| self.desk.discloser.hub_contact.clone(), |named| named.contact().to_owned());
        let mut notice = Notice {
            id: noted.id.to_vec(),
            at: Some(timestamp(noted.at_us)),
            child: child.cloned(),
            organisation: named.map(|named| named.id().to_owned()).unwrap_or_default(),
            ask,
            purpose: noted.purpose,
            ..Notice::default()
        };
        match &noted.what {
            What::BrokenByYours(id) => {
                let held = self.noticed.held();
                let broken = held.broken.get(id);
                notice.set_kind(NoticeKind::BreakGlassByYours);
                // Their own people's act, and the number that these used.
                notice.child = broken.and_then(|broken| broken.child.clone());
                notice.organisation.clone_from(&noted.organisation);
                notice.break_glass = id.to_vec();
                notice.person = broken.map(|broken| broken.said.person().to_owned()).unwrap_or_default();
                notice.review_due_at = Some(timestamp(noted.at_us.saturating_add(REVIEW_WITHIN_US)));
                notice.reviewed = broken.is_some_and(|broken| broken.review.is_some());
            }
            What::OpenedYours => notice.set_kind(NoticeKind::BreakGlassOpenedYours),
            What::Withdrawn(decisions) => {
                notice.set_kind(NoticeKind::ConsentWithdrawn);
                notice.decisions.clone_from(decisions);
            }
            What::Refused(would_need) => {
                notice.set_kind(NoticeKind::Refused);
                notice.would_need.clone_from(would_need);
            }
        }
        notice
    }
}
