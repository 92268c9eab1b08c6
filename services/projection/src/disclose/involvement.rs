//! Who works with a child, decided, and what is given of it.

use prost::Message;
use proto::events::involvement::Kind;
use proto::sharing::Call;
use proto::timeline::{GetInvolvementResponse, Involved};
use sharing::{Involvement, InvolvementDecision, Registry, Request};

use super::owed::{Owed, words};
use super::{Account, Ask, Discloser, Grounds, Outcomes, Undisclosed, decision_id, digest, record};
use crate::child::ChildError;

/// Who of those that work with a child a reader may know of.
pub struct PermittedInvolvement(GetInvolvementResponse);

impl PermittedInvolvement {
    /// The answer.
    pub fn into_answer(self) -> GetInvolvementResponse {
        self.0
    }
}

impl Discloser {
    /// Reads the child, derives who works with them and decides of whom of these the reader may know.
    ///
    /// # Errors
    /// [`ChildError`]: nothing was decided.
    pub fn decide_involvement(&self, ask: &Ask) -> Result<Undisclosed<PermittedInvolvement>, ChildError> {
        let child = self.children.read_kept(ask.child, None)?;
        let (registry, mark) = self.registries.marked(ask.registry_generation)?;
        let grounds = Grounds::new(mark, &self.hub_contact).and(&child);
        let on_day = self.on_day(&child, ask.valid_on);
        let mut request = Request::new(ask.caller.principal(), ask.purpose, ask.valid_on);
        request.asked_at_us = Some(ask.asked_at_us);
        let decision = sharing::decide_involvement(&self.engine, &self.cache, &request, &on_day.facts, &registry);
        if decision.failed() {
            crate::disclose::rules_failed();
        }
        let mut answer = answer(&decision, &registry, &self.hub_contact, ask.valid_on);
        let decision_id = decision_id::new(&self.children.projector.pseudonyms, ask.book());
        let account = Account {
            call: Call::GetInvolvement,
            entries: 0,
            lines: answer.involved.len(),
            answer_digest: digest::sixteen([answer.encode_to_vec()]),
            told: decision.told(),
            categories: 0,
            pinned_at_us: ask.asked_at_us.max(child.newest_us()),
        };
        answer.decision_id = decision_id.to_vec();
        let outcomes = Outcomes {
            counts: decision.counts(),
            digest: decision.outcomes_digest(),
            policy_hash: *decision.policy_hash(),
            denied: decision.denied(),
        };
        let mut record = record(ask, &outcomes, (&child, &grounds), decision_id, &account);
        let parts = owed(&decision).write(&mut record, &self.children.projector.pseudonyms);
        let rests_on = vec![child.standing.clone()];
        Ok(Undisclosed { record, rests_on, parts, view: PermittedInvolvement(answer) })
    }
}

pub(super) fn answer(
    decision: &InvolvementDecision,
    registry: &Registry,
    hub_contact: &str,
    on: jiff::civil::Date,
) -> GetInvolvementResponse {
    let mut involved: Vec<Involved> = decision
        .working()
        .iter()
        .map(|working| {
            let recorded = registry.organisation(&working.organisation).cloned().unwrap_or_default();
            let capacity = working.capacity.map_or(Kind::Unspecified, kind);
            // Of one that is none on the day, nobody answers: the hub knows whose its work is now.
            let desk = registry.desk_for(&working.organisation, &working.categories, on);
            Involved {
                organisation: working.organisation.clone(),
                name: recorded.name().to_owned(),
                sector: recorded.sector().into(),
                contact: desk.map_or(hub_contact, |desk| desk.contact).to_owned(),
                capacity: capacity.into(),
                since: working.since.map(day),
            }
        })
        .collect();
    if decision.brokered() {
        involved.push(Involved { contact: hub_contact.to_owned(), ..Involved::default() });
    }
    let obligations = || decision.obligations().filter(|_| !involved.is_empty());
    let (obligations, owed) = (words(obligations()), obligations().map(Into::into).collect());
    GetInvolvementResponse { involved, decision_id: Vec::new(), obligations, owed }
}

/// What the answer owes and rests on.
pub(super) fn owed(decision: &InvolvementDecision) -> Owed {
    let tells_something = !decision.working().is_empty() || decision.brokered();
    let obligations = decision.obligations().filter(|_| tells_something);
    Owed::of(obligations, decision.rests_on(), decision.opened_by_glass())
}

fn kind(involvement: Involvement) -> Kind {
    match involvement {
        Involvement::Universal => Kind::Universal,
        Involvement::Targeted => Kind::Targeted,
        Involvement::Statutory => Kind::Statutory,
        Involvement::Lead => Kind::Lead,
        Involvement::None | Involvement::Former => Kind::Unspecified,
    }
}

pub(super) fn day(day: jiff::civil::Date) -> proto::events::Date {
    proto::events::Date {
        year: day.year().into(),
        month: u32::try_from(day.month()).ok(),
        day: u32::try_from(day.day()).ok(),
        estimated: false,
    }
}
