//! Decisions not to share: recorded, and read by those who answer for them.

use event_log::Pseudonym;
use proto::events::event::Kind;
use proto::sharing::{
    Call, ListRefusalsToShareRequest, ListRefusalsToShareResponse, Purpose, RecordRefusalToShareRequest,
    RecordRefusalToShareResponse, RefusalToShare, RefusalToShareRecorded,
};
use proto::timeline::GetTimelineRequest;
use sharing::Act;

use super::{At, SafeguardService, bounds, malformed, words};
use crate::identities::timestamp;
use crate::notices::Refused;
use crate::serve::refusal::Refusal;
use crate::serve::request;

const WHY: (usize, usize) = (3, 2_000);
const WOULD_NEED: (usize, usize) = (0, 1_000);
const ORGANISATION_BYTES_MAX: usize = 40;

impl SafeguardService {
    pub(super) async fn refused(
        &self,
        at: At<'_>,
        request: RecordRefusalToShareRequest,
    ) -> Result<RecordRefusalToShareResponse, Refusal> {
        self.admit(at.caller)?;
        let RecordRefusalToShareRequest { child, purpose, categories, asked_by, why, would_need, decision } = request;
        let asked = GetTimelineRequest { child, purpose, categories, ..GetTimelineRequest::default() };
        let asked = request::read(asked, at.now_us, at.today)?;
        let (why, would_need) = (words(&why, "why", WHY)?, words(&would_need, "would_need", WOULD_NEED)?);
        // An id that nobody has tells whoever records it nothing: it is told nobody.
        if asked_by.len() > ORGANISATION_BYTES_MAX {
            return Err(malformed("asked_by", "is longer than any organisation's id"));
        }
        if !matches!(decision.len(), 0 | 16) {
            return Err(malformed("decision", "must be sixteen bytes, or left out"));
        }
        self.own(at, Act::RecordRefusal)?;
        // What one's own organisation is told of a child by a number of its own would tell that another's number is the same child's.
        if asked_by == at.caller.organisation {
            return Err(malformed("asked_by", "is your own organisation: say who else asked, or leave it out"));
        }
        let id = uuid::Uuid::now_v7().into_bytes();
        let subject = self.desk.pseudonyms.of(&asked.child);
        let answer = RecordRefusalToShareResponse { refusal: id.to_vec(), decision_id: Vec::new() };
        let call = (Call::RecordRefusal, asked.purpose);
        let answer = self.on_record(at, call, Some(subject), 0, answer, |answer, id| answer.decision_id = id).await?;
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        let kind = Kind::RefusalToShareRecorded(RefusalToShareRecorded {
            id: Some(id.to_vec()),
            decided_by: Some(at.caller.person.clone()),
            organisation: Some(at.caller.organisation.clone()),
            asked_by: said(asked_by),
            purpose: Some(asked.purpose.into()),
            categories: asked.categories.iter().map(|category| (*category).into()).collect(),
            why: Some(why),
            would_need: said(would_need),
            decided_at: Some(timestamp(at.now_us)),
            decision: Some(decision).filter(|decision| !decision.is_empty()),
        });
        self.publish(at, asked.child, kind).await?;
        Ok(answer)
    }

    pub(super) async fn refusals(
        &self,
        at: At<'_>,
        request: ListRefusalsToShareRequest,
    ) -> Result<ListRefusalsToShareResponse, Refusal> {
        self.admit(at.caller)?;
        let (since_us, limit) = bounds(request.since, request.limit, at.now_us)?;
        self.own(at, Act::ReadRefusals)?;
        self.caught_up().await?;
        let refusals = {
            let held = self.noticed.held();
            let own = held.refused.values().filter(|refused| refused.said.organisation() == at.caller.organisation);
            let mut own: Vec<&Refused> = own.filter(|refused| refused.at_us >= since_us).collect();
            own.sort_by_key(|refused| std::cmp::Reverse((refused.at_us, refused.subject)));
            own.into_iter().take(limit).map(shown).collect()
        };
        let answer = ListRefusalsToShareResponse { refusals, decision_id: Vec::new() };
        let (lines, call) = (answer.refusals.len(), (Call::ListRefusals, Purpose::Audit));
        self.on_record(at, call, None, lines, answer, |answer, id| answer.decision_id = id).await
    }
}

/// As its own organisation reads it.
pub(in crate::serve) fn shown(refused: &Refused) -> RefusalToShare {
    let said = &refused.said;
    RefusalToShare {
        id: said.id().to_vec(),
        child: refused.child.clone(),
        decided_by: said.decided_by().to_owned(),
        decided_at: said.decided_at,
        asked_by: said.asked_by().to_owned(),
        purpose: said.purpose().into(),
        categories: said.categories.clone(),
        why: said.why().to_owned(),
        would_need: said.would_need().to_owned(),
        decision: said.decision().to_vec(),
    }
}

/// The decisions not to share of an organisation that name an answer; and its others about the child, where all are asked for.
pub(in crate::serve) fn about<'r>(
    refused: impl Iterator<Item = &'r Refused>,
    organisation: &str,
    decision: &[u8],
    subjects: &[Vec<u8>],
    all: bool,
) -> Vec<RefusalToShare> {
    let own = refused.filter(|refused| refused.said.organisation() == organisation);
    let about = own.filter(|refused| {
        let of_child = subjects.iter().any(|id| Pseudonym::from_slice(id).is_some_and(|id| id.0 == refused.subject));
        refused.said.decision() == decision || all && of_child
    });
    about.map(shown).collect()
}
