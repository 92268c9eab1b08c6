//! What ends a fact that is on record: one line of the table for each kind that has an end.

use proto::events::event::Kind;
use proto::events::relationship_recorded::Kind as Relation;
use proto::events::{
    Date, InvolvementEnded, ParentalResponsibility, RectificationWithdrawn, RelationshipRecorded, WorkerEnded,
};
use proto::sharing::consent_recorded::State;
use proto::sharing::{
    AccessRevoked, ConsentRecorded, FamilyPersonEnded, LegalProcessRecorded, ParentalResponsibilityEnded,
    RestrictionLifted, StatutoryStatusChanged,
};

/// The event that ends it on this day. `None` of what has no end of its own: a competence is assessed again, an agreement recorded
/// again, and what has ended already ends no more. Who ended it is filled in by who calls.
pub(super) fn of(kind: &Kind, on: Date, reason: &str) -> Option<Kind> {
    Some(match kind {
        Kind::ConsentRecorded(given) if given.state() == State::Given => {
            let withdrawn = ConsentRecorded {
                state: Some(State::Withdrawn.into()),
                from: Some(on),
                to: None,
                evidence: Some(reason.to_owned()),
                ..(**given).clone()
            };
            Kind::ConsentRecorded(withdrawn.into())
        }
        Kind::RestrictionSet(set) => {
            Kind::RestrictionLifted(RestrictionLifted { id: set.id.clone(), lifted_by: None, on: Some(on) })
        }
        Kind::EntryRectified(said) => Kind::RectificationWithdrawn(RectificationWithdrawn {
            id: said.id.clone(),
            withdrawn_by: None,
            on: Some(on),
        }),
        Kind::AccessGranted(granted) => Kind::AccessRevoked(AccessRevoked { id: granted.id.clone(), revoked_by: None }),
        Kind::StatutoryStatusChanged(opened) if opened.open() => {
            Kind::StatutoryStatusChanged(StatutoryStatusChanged { open: Some(false), on: Some(on), ..opened.clone() })
        }
        Kind::LegalProcessRecorded(process) => {
            Kind::LegalProcessRecorded(LegalProcessRecorded { to: Some(on), ..process.clone() })
        }
        Kind::InvolvementStarted(started) => Kind::InvolvementEnded(InvolvementEnded {
            organisation: started.organisation.clone(),
            kind: started.kind,
            end_on: Some(on),
        }),
        Kind::WorkerNamed(named) => Kind::WorkerEnded(WorkerEnded {
            role: named.role.clone(),
            organisation: named.organisation.clone(),
            person: named.person.clone(),
            ended_on: Some(on),
            reason: None,
        }),
        // No longer said of that person, from this day on: nothing is concluded of somebody else.
        Kind::RelationshipRecorded(recorded) if recorded.kind() != Relation::Other => {
            let parental_responsibility = recorded.parental_responsibility.clone();
            let ended = RelationshipRecorded {
                kind: Some(Relation::Other.into()),
                until_on: Some(on),
                parental_responsibility: parental_responsibility
                    .map(|said| ParentalResponsibility { to: Some(on), ..said }),
                ..(**recorded).clone()
            };
            Kind::RelationshipRecorded(ended.into())
        }
        Kind::FamilyPersonRecognised(recognised) => {
            Kind::FamilyPersonEnded(FamilyPersonEnded { id: recognised.id.clone(), ended_by: None, on: Some(on) })
        }
        Kind::ParentalResponsibilityVerified(verified) => {
            let person = verified.person.clone();
            Kind::ParentalResponsibilityEnded(ParentalResponsibilityEnded { person, ended_by: None, on: Some(on) })
        }
        _ => return None,
    })
}
