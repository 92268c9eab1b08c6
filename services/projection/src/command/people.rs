//! What a fact about people must say to mean anything: who the family are, and who may decide what.

use proto::events::event::Kind;
use proto::sharing::{DecisionKind, FamilyPersonRecognised, NamedPerson, family_person_recognised};

pub(super) fn check(kind: &Kind) -> Result<(), &'static str> {
    match kind {
        Kind::CompetenceAssessed(said) if said.competent.is_none() || said.decision() == DecisionKind::Unspecified => {
            Err("an assessment says whether the child is `competent`, and for which `decision`")
        }
        Kind::CompetenceAssessed(said) if is_blank(said.assessed_by()) => {
            Err("an assessment says by whom it was made, `assessedBy`")
        }
        Kind::FamilyPersonRecognised(said) => recognised(said),
        Kind::FamilyPersonEnded(said) if is_blank(said.id()) || is_blank(said.ended_by()) => {
            Err("an end names the recognition, `id`, and who ended it, `endedBy`")
        }
        Kind::ParentalResponsibilityVerified(said) if !is_named(&said.person) => Err(UNNAMED),
        Kind::ParentalResponsibilityVerified(said) if is_blank(said.evidence()) || is_blank(said.verified_by()) => {
            Err("parental responsibility is verified by evidence, `evidence`, and by somebody, `verifiedBy`")
        }
        Kind::ParentalResponsibilityEnded(said) if !is_named(&said.person) => Err(UNNAMED),
        Kind::ParentalResponsibilityEnded(said) if is_blank(said.ended_by()) => {
            Err("an end says who recorded it, `endedBy`")
        }
        _ => Ok(()),
    }
}

const UNNAMED: &str = "`person` is named by the `issuer` of their tokens and the `person` that it calls them";

fn recognised(said: &FamilyPersonRecognised) -> Result<(), &'static str> {
    if !is_named(&said.person) {
        return Err(UNNAMED);
    }
    if is_blank(said.id()) || said.relation() == family_person_recognised::Relation::Unspecified {
        return Err("a recognition has an `id` and a `relation`");
    }
    if is_blank(said.evidence()) || is_blank(said.recognised_by()) {
        return Err("somebody is recognised by evidence, `evidence`, and by somebody, `recognisedBy`");
    }
    Ok(())
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn is_named(person: &Option<NamedPerson>) -> bool {
    person.as_ref().is_some_and(|person| !is_blank(person.issuer()) && !is_blank(person.person()))
}
