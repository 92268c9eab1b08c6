//! Patient.link: that a server has another record of the same person, and which of the two it goes on with.
//!
//! One record that replaces another gives way to it as in a merge, among the numbers of one issuer only: nobody replaces another's
//! numbers. A link that says no more than that there is another record links nobody here, and is kept: the other may be the mother's.

use proto::events::{IdentifierSuperseded, Scheme, Subject};
use proto::quarantine::Reason;

use crate::person::{UNCHECKED, names_somebody};
use crate::reading::Reading;
use crate::saying::{Part, Saying};
use crate::translate::Translating;
use crate::tree::Element;

const UNDECIDED: &str = "the record is replaced by another, or replaces one, and the two are not known by two numbers of one issuer: nothing \
     was merged; look both up at the source, and have the link sent with the other patient, or decide it with `throughline identity`";

/// Says which records of the patient took others' places, once the patient is described.
pub(crate) fn say(translating: &Translating<'_>, saying: &mut Saying<'_, '_>) {
    let resource = &saying.entry.resource;
    for link in resource.all("link") {
        let kind = link.text("type").unwrap_or_default();
        if !matches!(kind, "replaces" | "replaced-by") {
            saying.keep(saying.stood, "link");
            continue;
        }
        let (bundle, entry) = (saying.bundle, saying.entry);
        let mut reading = Reading::default();
        let whom = |to: &Element| translating.whom(bundle, entry, &saying.controller, to, &mut reading);
        let other = link.get("other").and_then(whom).filter(|other| may_be_merged(&saying.subject, other));
        let Some(other) = other else {
            saying.reject(Reason::MoveUndecided, "link.other", UNDECIDED);
            continue;
        };
        let own = saying.subject.clone();
        let (went, stands) = if kind == "replaces" { (other, own.clone()) } else { (own.clone(), other) };
        // Each of the two may say it at its own time: two entries that say the same.
        let key = std::mem::replace(&mut saying.key, format!("{kind}/{}/{}", went.issuer, went.value));
        saying.subject = stands;
        let event = IdentifierSuperseded { superseded: Some(went), ..Default::default() };
        saying.say_part("identifier", Part::default(), saying.stood, reading, None, event.into());
        (saying.subject, saying.key) = (own, key);
    }
}

/// Two numbers of one issuer that each name somebody. NHS numbers are the nation's to merge, and no sender's.
fn may_be_merged(one: &Subject, other: &Subject) -> bool {
    let is_one = |number: &Subject| {
        number.scheme() == Scheme::ProviderPerson
            && !number.issuer.ends_with(UNCHECKED)
            && names_somebody(&number.value)
    };
    is_one(one) && is_one(other) && one.issuer == other.issuer && one.value != other.value
}
