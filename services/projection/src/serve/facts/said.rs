//! Whose word a fact is. Who records it is who calls, and is never read from the request; who judged it may be somebody else.

use proto::events::event::Kind;
use proto::sharing::consent_recorded::State;

use super::super::refusal::Refusal;
use super::malformed;

/// A consent that was given says where that can be seen, and to whom or of what: nobody was asked for everything for everybody.
pub(super) fn of_consent(kind: &Kind, evidence: &str) -> Result<(), Refusal> {
    let Kind::ConsentRecorded(said) = kind else { return Ok(()) };
    if said.state() != State::Given {
        return Ok(());
    }
    if evidence.is_empty() && said.evidence().trim().is_empty() {
        return Err(malformed("evidence", "must say where the consent is kept, or how it was given"));
    }
    let unlimited = said.recipients.is_empty() && said.people.is_empty() && said.categories.is_empty();
    if unlimited && said.form().is_empty() {
        return Err(malformed("fact", "is a consent that names neither recipients nor categories, and must name one"));
    }
    Ok(())
}

/// A relation that a person records rests on what that person saw.
pub(super) fn of_relation(kind: &Kind, evidence: &str) -> Result<(), Refusal> {
    if matches!(kind, Kind::RelationshipRecorded(_)) && evidence.is_empty() {
        return Err(malformed("evidence", "must say what was seen of the relation, and where it is kept"));
    }
    Ok(())
}

/// Puts the caller's name where an event says who did what it tells of, and their organisation where it says whose it is.
pub(super) fn by_own_hand(kind: &mut Kind, organisation: &str, person: &str) -> Result<(), Refusal> {
    let own = "is whoever records it: leave it out";
    if let Kind::StatutoryStatusChanged(said) = kind {
        return match said.organisation.as_deref() {
            None | Some("") => {
                said.organisation = Some(organisation.to_owned());
                Ok(())
            }
            Some(given) if given != organisation => Err(malformed("fact.organisation", own)),
            Some(_) => Ok(()),
        };
    }
    let (field, name, is_own) = match kind {
        Kind::RestrictionSet(said) => ("fact.set_by", &mut said.set_by, true),
        Kind::RestrictionLifted(said) => ("fact.lifted_by", &mut said.lifted_by, true),
        Kind::AccessGranted(said) => ("fact.granted_by", &mut said.granted_by, true),
        Kind::AccessRevoked(said) => ("fact.revoked_by", &mut said.revoked_by, true),
        Kind::FamilyPersonRecognised(said) => ("fact.recognised_by", &mut said.recognised_by, true),
        Kind::FamilyPersonEnded(said) => ("fact.ended_by", &mut said.ended_by, true),
        Kind::ParentalResponsibilityVerified(said) => ("fact.verified_by", &mut said.verified_by, true),
        Kind::ParentalResponsibilityEnded(said) => ("fact.ended_by", &mut said.ended_by, true),
        Kind::RectificationWithdrawn(said) => ("fact.withdrawn_by", &mut said.withdrawn_by, true),
        Kind::RetentionDecided(said) => ("fact.decided_by", &mut said.decided_by, true),
        // A colleague of another profession may have judged or approved it.
        Kind::CompetenceAssessed(said) => ("fact.assessed_by", &mut said.assessed_by, false),
        Kind::AgeAssessed(said) => ("fact.assessed_by", &mut said.assessed_by, false),
        Kind::LegalProcessRecorded(said) => ("fact.approved_by", &mut said.approved_by, false),
        Kind::RetentionScheduleRecorded(said) => ("fact.approved_by", &mut said.approved_by, false),
        _ => return Ok(()),
    };
    match name.as_deref() {
        None | Some("") => *name = Some(person.to_owned()),
        Some(given) if is_own && given != person => return Err(malformed(field, own)),
        Some(_) => {}
    }
    Ok(())
}
