//! Consent: what somebody decided about their record.
//!
//! What only narrows binds at once: the national data opt-out, and a refusal of everything by somebody whom the resource names. Whatever
//! permits, is bounded, ends or takes back waits for a person who records it under their own name
//! (`docs/decisions/0097-a-refusal-in-a-feed-binds.md`). Both are kept as they came.

use proto::events::event::Kind;
use proto::events::{Date, Event};
use proto::quarantine::Reason;
use proto::sharing::consent_recorded::{GivenBy, Kind as Of, State};
use proto::sharing::{ConsentRecorded, RestrictionSet, restriction};

use crate::bundle::Referred;
use crate::message::Action;
use crate::person;
use crate::reading::Reading;
use crate::relation;
use crate::saying::{Part, Saying};
use crate::time::Time;
use crate::tree::Element;

const TABLE: &str = "consent";

/// "Limiting access to confidential patient information": what the national data opt-out is for.
const LIMITING_ACCESS: &str = "370856009";

/// A parent's answer: no.
const REFUSED: &str = "N";

const CHANGED: &str = "an extension changes what it means";

pub(crate) fn say(saying: &mut Saying<'_, '_>) {
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let said = reading.time(resource, "dateTime").or_else(|| reading.time(resource, "date")).or(saying.stood);
    match binds(saying, said.and_then(|said| said.day())) {
        Ok(event) => {
            // Of its own key: one that turns from one into the other takes nothing back.
            let of = if matches!(event.kind, Some(Kind::RestrictionSet(_))) { "opt-out" } else { "refusal" };
            saying.say_part(TABLE, Part { of, ordinal: 0 }, said, reading, None, event);
            saying.keep(said, "Consent");
        }
        Err(why) => wait(saying, why),
    }
}

/// What a parent answered to being asked whether a child health record may be shared: Y or N, an Observation of the Digital Child
/// Health messages, or a part of one. Of several the refusal.
pub(crate) fn answer(observation: &Element) -> Option<&str> {
    let mut answers = std::iter::once(observation).chain(observation.all("component")).filter_map(own_answer);
    let first = answers.next()?;
    Some(answers.find(|answer| *answer == REFUSED).unwrap_or(first))
}

/// What an observation, or one part of it, has for such an answer.
pub(crate) fn own_answer(of: &Element) -> Option<&str> {
    let mut codings = of.all("valueCodeableConcept").flat_map(|value| value.all("coding"));
    let asked = |coding: &&Element| {
        coding.text("system").is_some_and(|system| system.contains("ParentalConsentToShareInformation"))
    };
    codings.find(asked).map(|coding| coding.text("code").unwrap_or_default())
}

/// Says that a parent refused, whatever the message is for that it stands in; that one agreed waits for a person.
pub(crate) fn parental(saying: &mut Saying<'_, '_>, answer: &str) {
    let resource = &saying.entry.resource;
    let mut reading = Reading::default();
    let at = reading.choice_time(resource, "effective").or_else(|| saying.seen());
    let at = at.or_else(|| reading.time(resource, "issued"));
    let stands = !matches!(resource.text("status"), Some("entered-in-error" | "cancelled"));
    let on = at.or(saying.stood).and_then(Time::day);
    if resource.get("modifierExtension").is_some() {
        return wait(saying, CHANGED);
    }
    if answer != REFUSED || !stands || saying.action() == Action::Delete || on.is_none() {
        return wait(saying, "a parent agreed, or takes back what was answered, and nothing is opened by a feed");
    }
    let refused = ConsentRecorded {
        id: Some(format!("fhir/{}", saying.key)),
        state: Some(State::Refused.into()),
        kind: Some(Of::Share.into()),
        by: Some(GivenBy::Parent.into()),
        from: on,
        ..ConsentRecorded::default()
    };
    // Of its own key: what is said later under the observation's does not lift it.
    saying.say_part(TABLE, Part { of: "refusal", ordinal: 0 }, at, reading, None, refused.into());
    saying.keep(at, "Consent");
}

/// Leaves it to a person.
pub(crate) fn wait(saying: &mut Saying<'_, '_>, why: &str) {
    let is_consent = saying.entry.resource.kind() == "Consent";
    let command = if is_consent { "import-fhir" } else { "consent" };
    let told = format!("{why}: record it with `throughline facts {command}`, or say why not");
    // It waits as a whole.
    saying.kept |= is_consent;
    saying.reject(Reason::ConsentToRecord, "Consent", &told);
}

/// The fact that this is, where it can only narrow; else why a person has to look at it.
fn binds(saying: &Saying<'_, '_>, on: Option<Date>) -> Result<Event, &'static str> {
    let resource = &saying.entry.resource;
    let status = resource.text("status").unwrap_or_default();
    if saying.action() == Action::Delete || status == "entered-in-error" {
        return Err("it takes back what was decided before, which still binds here");
    }
    if !matches!(status, "active" | "rejected") {
        return Err("it is of no decision that stands: a draft, one that ended, or one that nothing says of");
    }
    if resource.get("modifierExtension").is_some() {
        return Err(CHANGED);
    }
    // Without a day it could not be lifted by another.
    let on = on.ok_or("nothing says when it was decided")?;
    let id = Some(format!("fhir/{}", saying.key));
    if is_opt_out(resource) {
        let kind = Some(restriction::Kind::NationalOptOut.into());
        return match status {
            "active" => Ok(RestrictionSet { id, kind, from: Some(on), ..RestrictionSet::default() }.into()),
            _ => Err("it is of a national data opt-out that was not recorded"),
        };
    }
    if !refuses(resource, status)? {
        return Err("it permits, and nothing is opened by a feed");
    }
    let (by, holder) = giver(saying).ok_or("nothing says who refused: the patient, or one parent")?;
    Ok(ConsentRecorded {
        id,
        state: Some(State::Refused.into()),
        kind: Some(Of::Share.into()),
        by: Some(by.into()),
        from: Some(on),
        holder,
        ..ConsentRecorded::default()
    }
    .into())
}

fn is_opt_out(resource: &Element) -> bool {
    let profiles = || resource.all("meta").flat_map(|meta| meta.all("profile")).filter_map(Element::own_text);
    if profiles().any(|profile| profile.contains("NDOP-Consent")) {
        return true;
    }
    // Reasonable adjustments say the same of what they are for.
    let of_adjustments = profiles().any(|profile| profile.contains("RARecord"));
    let plain = ["purpose", "category"].into_iter().flat_map(|path| resource.all(path));
    let provided = resource.all("provision").flat_map(|provision| provision.all("purpose"));
    let limits = |said: &Element| {
        said.text("code") == Some(LIMITING_ACCESS)
            || said.all("coding").any(|coding| coding.text("code") == Some(LIMITING_ACCESS))
    };
    !of_adjustments && plain.chain(provided).any(limits)
}

/// Whether all that there is to share is refused. One that is bounded refuses less, and how much less is not for a feed to say.
fn refuses(resource: &Element, status: &str) -> Result<bool, &'static str> {
    let scope = resource.text("scope/coding/code");
    if scope.is_some_and(|scope| scope != "patient-privacy") {
        return Err("it is about something else than sharing what is recorded");
    }
    let provision = resource.get("provision");
    // R4 codes the rule, STU3 names it by an address.
    let rule = resource.text("policyRule/coding/code").or_else(|| resource.text("policyRule"));
    let rule = rule.and_then(|rule| rule.rsplit(['/', '#']).next()).map(str::to_ascii_uppercase);
    let by_rule = match rule.as_deref() {
        Some("OPTOUT" | "OPTOUTE" | "OPT-OUT") => Some(false),
        Some("OPTIN" | "OPTINR" | "OPT-IN" | "IMPLIED" | "IMPLIEDD" | "IMPLICIT") => Some(true),
        Some(_) => return Err("its rule is none that is known here"),
        None => None,
    };
    let by_type = provision.and_then(|provision| provision.text("type")).map(|kind| kind == "permit");
    if by_rule.zip(by_type).is_some_and(|(rule, kind)| rule != kind) {
        return Err("its rule and its provision say the opposite of each other");
    }
    let is_refused = status == "rejected" || by_rule.or(by_type) == Some(false);
    let bounds = |of: &Element| of.children.iter().any(|child| !matches!(&*child.name, "type" | "period" | "id"));
    let ends = provision.is_some_and(|provision| provision.get("period/end").is_some());
    let older = ["except", "actor", "action", "securityLabel", "dataPeriod", "data", "period"];
    let is_bounded = ends || provision.is_some_and(bounds) || older.iter().any(|path| resource.get(path).is_some());
    if is_refused && is_bounded {
        return Err("it refuses a part, and which is not for a feed to say");
    }
    Ok(is_refused)
}

/// Who decided, where it is one and the patient or a parent; and of a parent which.
fn giver(saying: &Saying<'_, '_>) -> Option<(GivenBy, Option<String>)> {
    let resource = &saying.entry.resource;
    let mut parties = resource.all("performer").chain(resource.all("consentingParty"));
    let party = parties.next().filter(|_| parties.next().is_none())?;
    let named = |of: &Element| of.text("reference").or_else(|| of.text("identifier/value")).map(str::to_owned);
    match saying.bundle.referred(party, resource) {
        Referred::Here(found) if found.kind() == "RelatedPerson" => {
            let is_of_child = ["patient"].into_iter().any(|path| {
                saying
                    .bundle
                    .resolved(found, path)
                    .is_some_and(|of| person::is_named(of, &saying.subject, &saying.controller))
                    || found
                        .get(path)
                        .and_then(named)
                        .is_some_and(|of| resource.get("patient").and_then(named) == Some(of))
            });
            let holder = party.text("display").map(str::to_owned).or_else(|| {
                relation::called(found, saying.stood, &mut Reading::default()).map(|name| {
                    let parts = [name.given, name.family].into_iter().flatten();
                    parts.collect::<Vec<_>>().join(" ")
                })
            });
            (is_of_child && relation::is_parent(found)).then_some((GivenBy::Parent, holder))
        }
        // The patient by the same reference as the one that the consent is of.
        _ => {
            let of = ["patient", "subject"].into_iter().find_map(|path| resource.get(path)).and_then(named)?;
            (named(party)? == of).then_some((GivenBy::Subject, None))
        }
    }
}
