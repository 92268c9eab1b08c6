//! What an operator records from a file about who is who: never what takes two people where a person does it.

use std::collections::BTreeSet;

use event_log::Pseudonym;
use event_log::seal::PseudonymKey;
use identity::Id;
use proto::admin::Fact;
use proto::events::event::Kind;
use proto::events::{Subject, Verdict};
use proto::subject::normalised;

use super::pairs::Surroundings;
use super::steps::pair;
use crate::child::{ChildError, Children};

const CONTESTED: &str =
    "something speaks against it, or two people decided it: `throughline identity` takes it, from two people";
const SEALED: &str = "of a child who is known two people seal: `throughline facts event SealProposed` by the one and `IdentitySealed` by the \
                      other";

/// Why a fact is not to be taken from a file, judged by what is on record; nothing where it may be.
///
/// # Errors
/// [`ChildError`].
pub(crate) fn takes_two(children: &Children, fact: &Fact) -> Result<Option<&'static str>, ChildError> {
    let pseudonyms = &children.projector.pseudonyms;
    let (Some(subject), Some(kind)) = (&fact.subject, fact.event.as_ref().and_then(|event| event.kind.as_ref())) else {
        return Ok(None);
    };
    let (other, verdict) = match kind {
        Kind::SubjectsLinked(said) => (&said.other, Verdict::Link),
        Kind::SubjectsUnlinked(said) => (&said.other, Verdict::Unlink),
        Kind::IdentifierSuperseded(said) => (&said.superseded, Verdict::Supersede),
        Kind::IdentitySealed(_) => return Ok(seals_alone(children, subject, &fact.sealed)?.then_some(SEALED)),
        _ => return Ok(None),
    };
    let (Some(one), Some(other)) = (id(pseudonyms, subject), other.as_ref().and_then(|other| id(pseudonyms, other)))
    else {
        return Ok(None);
    };
    let takes_two = Surroundings::read(children, &[one, other])?.takes_two(pair(one, other), verdict);
    Ok(takes_two.then_some(CONTESTED))
}

/// Whether a source has described any of those who would be sealed, and no named person proposed to seal just these. What was sealed
/// before anything was known stands, and so does the same seal again.
fn seals_alone(children: &Children, subject: &Subject, sealed: &[Subject]) -> Result<bool, ChildError> {
    let pseudonyms = &children.projector.pseudonyms;
    let all: BTreeSet<Id> = sealed.iter().chain([subject]).filter_map(|subject| id(pseudonyms, subject)).collect();
    let sealed: BTreeSet<Id> = sealed.iter().filter_map(|subject| id(pseudonyms, subject)).collect();
    let is_these = |ids: &[Vec<u8>]| {
        let ids: Option<BTreeSet<Id>> = ids.iter().map(|id| id.as_slice().try_into().ok()).collect();
        ids.is_some_and(|ids| ids == sealed)
    };
    let mut is_known = false;
    for id in all {
        let around = children.around(Pseudonym(id), None)?;
        for (_, said) in around.said.get(&Pseudonym(id)).into_iter().flatten() {
            match said.body.event.as_ref().and_then(|event| event.kind.as_ref()) {
                Some(Kind::SealProposed(said_so))
                    if said.body.recorded_by.is_some() && is_these(&said_so.sealed_subjects) =>
                {
                    return Ok(false);
                }
                Some(Kind::IdentitySealed(said_so)) if is_these(&said_so.sealed_subjects) => return Ok(false),
                Some(Kind::PersonDescribed(_)) => is_known = true,
                _ => {}
            }
        }
    }
    Ok(is_known)
}

fn id(pseudonyms: &PseudonymKey, subject: &Subject) -> Option<Id> {
    normalised(subject).map(|subject| pseudonyms.of(&subject).0)
}
