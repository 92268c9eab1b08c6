//! The record of what a reviewer of identity was shown, and the same made again from what it says.

use std::collections::BTreeSet;

use identity::Id;
use jiff::civil::Date;
use prost::Message as _;
use proto::disclosure::{Basis, Disclosure};
use proto::sharing::{Call, Purpose};

use super::{Matter, Pair, Permitted, PermittedPair, Permitting};
use crate::child::ChildError;
use crate::disclose::basis::{self, Review};
use crate::disclose::day_number;
use crate::disclose::digest::sixteen;
use crate::linking::Adopted;
use crate::serve::caller::Caller;

/// The record of an answer about these subjects, but for its id.
pub(crate) fn record(
    caller: &Caller,
    call: Call,
    subjects: &[Id],
    (now_us, today): (i64, Date),
    policy_hash: [u8; 32],
) -> Disclosure {
    Disclosure {
        organisation: caller.organisation.clone(),
        person: caller.person.clone(),
        roles: caller.roles.iter().map(|role| (*role).into()).collect(),
        purpose: Purpose::IdentityReview.into(),
        subjects: subjects.iter().map(|id| id.to_vec()).collect(),
        policy_hash: policy_hash.to_vec(),
        valid_day: day_number(today),
        known_at_us: now_us,
        call: call.into(),
        ..Disclosure::default()
    }
}

/// Of an answer about a pair, with all that it takes to make it again.
pub(crate) fn of_pair(
    record: Disclosure,
    caller: &Caller,
    (matter, permitted): (&Matter, &Permitted),
    runs_service: bool,
    (asked_at_us, today): (i64, Date),
) -> Disclosure {
    let everybody: BTreeSet<Id> = matter.sides.iter().flat_map(|side| side.cluster.iter().copied()).collect();
    let described: usize = permitted.sides.iter().map(Vec::len).sum();
    let review = Review { caller, pair: matter.pair, today, asked_at_us, runs_service };
    Disclosure {
        subjects_digest: sixteen(everybody.iter()).to_vec(),
        classes_full: permitted.counts.full,
        classes_redacted: permitted.counts.redacted,
        classes_existence: permitted.counts.existence,
        classes_hidden: permitted.counts.hidden,
        outcomes_digest: permitted.outcomes_digest.to_vec(),
        entries_released: u32::try_from(described).unwrap_or(u32::MAX),
        basis: Some(basis::of_review(&permitted.grounds, &review, &everybody)),
        ..record
    }
}

/// Of a pair that is shown side by side.
pub(crate) fn showing(record: Disclosure, shown: &PermittedPair) -> Disclosure {
    Disclosure { answer_digest: sixteen([shown.answer().encode_to_vec()]).to_vec(), ..record }
}

/// What was recorded of showing a pair, or of deciding about one, made again. Nothing where the record does not say what it was made
/// from; `adopted`: the parameters by which the two were weighed.
pub(crate) fn again(
    permitting: &Permitting,
    of: &Disclosure,
    adopted: Option<&Adopted>,
) -> Result<Option<Disclosure>, ChildError> {
    let Some((caller, pair, basis)) = asked(of) else { return Ok(None) };
    let Some(today) = crate::replay::again::day(of.valid_day) else { return Ok(None) };
    let at = (of.known_at_us, today);
    let policy_hash = *permitting.discloser.engine.policy_hash();
    let made = record(&caller, of.call(), &[pair.0, pair.1], at, policy_hash);
    let runs_service = basis::runs_service(basis);
    let permitting = Permitting {
        organisation: if runs_service { caller.organisation.clone() } else { String::new() },
        ..permitting.clone()
    };
    let Some((matter, permitted)) = permitting.shown(&caller.principal(), pair, today)? else {
        // They would be told that there is no such pair.
        return Ok(Some(made));
    };
    let made = of_pair(made, &caller, (&matter, &permitted), runs_service, at);
    Ok(Some(match of.call() {
        // Nothing is shown by deciding.
        Call::Decide => Disclosure { entries_released: 0, ..made },
        _ => showing(made, &PermittedPair::new(&permitting, &matter, &permitted, adopted, at.0)),
    }))
}

fn asked(of: &Disclosure) -> Option<(Caller, Pair, &Basis)> {
    let basis = of.basis.as_ref()?;
    let [one, other] = of.subjects.as_slice() else { return None };
    let pair = (one.as_slice().try_into().ok()?, other.as_slice().try_into().ok()?);
    Some((basis::caller(of, basis)?, pair, basis))
}
