//! Restrictions that travel as Consent: our own, and the national data opt-out.

use proto::events::{Date, Event};
use proto::sharing::restriction::Kind;
use proto::sharing::{RestrictionLifted, RestrictionSet};
use serde_json::Value;

use super::At;
use super::codes::{self, OPT_OUT_PROFILE, RESTRICTION};
use super::provision;
use super::resource::Consent;

/// What a Consent that is no consent to share is.
pub(super) enum Which {
    /// By the profile of the national data opt-out.
    OptOut,
    /// By our own code; `None` of one that was lifted.
    Ours(Option<Kind>),
}

/// Which restriction this is, if it is one.
pub(super) fn which(consent: &Consent, path: &str) -> Result<Option<Which>, At> {
    let profiles = consent.meta.iter().flat_map(|meta| &meta.profile);
    if profiles.clone().any(|profile| profile.rsplit('/').next() == Some(OPT_OUT_PROFILE)) {
        return Ok(Some(Which::OptOut));
    }
    let ours = consent.category.iter().filter_map(codes::only).find(|(system, _)| *system == RESTRICTION);
    let Some((_, code)) = ours else { return Ok(None) };
    if consent.category.len() > 1 {
        return Err(At::new(&format!("{path}.category"), "says a restriction and something else"));
    }
    match (code, codes::restriction(code)) {
        ("lifted", _) => Ok(Some(Which::Ours(None))),
        (_, Some(kind)) => Ok(Some(Which::Ours(Some(kind)))),
        _ => Err(At::new(&format!("{path}.category[0]"), "is no restriction that is known here")),
    }
}

/// The fact of a restriction: set where the status is active, lifted where it is inactive.
pub(super) fn read(
    which: &Which,
    consent: &Consent,
    id: String,
    said_on: Option<Date>,
    path: &str,
    problems: &mut Vec<At>,
) -> Option<Event> {
    let nothing = Value::Object(serde_json::Map::new());
    let at = format!("{path}.provision");
    let provision = provision::read_restriction(which, consent.provision.as_ref().unwrap_or(&nothing), &at, problems)?;
    match (consent.status.as_deref(), which) {
        (Some("active"), Which::Ours(None)) => {
            problems.push(At::new(&format!("{path}.status"), "must be inactive of a restriction that was lifted"));
            None
        }
        (Some("active"), _) => {
            let kind = match which {
                Which::Ours(Some(kind)) => *kind,
                Which::OptOut | Which::Ours(None) => Kind::NationalOptOut,
            };
            let set = RestrictionSet {
                id: Some(id),
                kind: Some(kind.into()),
                person: provision.adults.into_iter().next(),
                adult: provision.people.into_iter().next(),
                categories: provision.categories.into_iter().map(Into::into).collect(),
                from: provision.from.or(matches!(which, Which::OptOut).then_some(said_on).flatten()),
                ..RestrictionSet::default()
            };
            Some(set.into())
        }
        (Some("inactive"), _) => {
            if provision != provision::Scope::default() {
                problems.push(At::new(&at, "bounds a restriction that was lifted: it is lifted whole, or stands"));
            }
            Some(RestrictionLifted { id: Some(id), lifted_by: None, on: said_on }.into())
        }
        _ => {
            problems.push(At::new(&format!("{path}.status"), "must be active or inactive of a restriction"));
            None
        }
    }
}
