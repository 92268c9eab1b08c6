//! What a resource holds beside what is read of it: whoever it is about is described, and what nothing reads is kept with it.

use proto::events::Identifier;

use crate::about::encounter_of;
use crate::message::Says;
use crate::naming::own_time;
use crate::person::{self, Known};
use crate::reading::Reading;
use crate::saying::{IN_ERROR, MODIFIED, Part, Saying, is_in_error};
use crate::time::Time;
use crate::translate::{has_unknown_extension, is_record};
use crate::tree::Element;

/// What a contained Patient says is of the resource's own key: another resource may hold another state of the same person.
const PERSON: Part<'static> = Part { of: "person", ordinal: 0 };

/// Says what is left of a resource once it was said.
pub(crate) fn say(saying: &mut Saying<'_, '_>) {
    let resource = &saying.entry.resource;
    let mut is_unread = false;
    for held in resource.all("contained").filter(|held| is_record(held)) {
        is_unread |= !is_described(saying, held) && !is_read(saying, held);
    }
    let rest = match () {
        // Of several patients a finding says so: it would tell each of the others.
        () if has_unknown_extension(resource) && !saying.is_of_several => "extension",
        () if is_unread => "contained",
        () => match untold_time(resource) {
            Some(stem) => stem,
            None => return,
        },
    };
    saying.keep(own_time(resource), rest);
}

/// Which of its times says more than the one moment that an event has room for: how long it was, an age, words.
fn untold_time(resource: &Element) -> Option<&'static str> {
    ["effective", "performed", "occurrence", "onset", "abatement"].into_iter().find(|stem| {
        match resource.choice(stem) {
            None | Some(("DateTime" | "Date" | "Instant", _)) => false,
            Some(("Period", period)) => period.get("start").is_some() && period.get("end").is_some(),
            Some(_) => true,
        }
    })
}

/// Describes whom the resource is about, if that is who is held. In a message of a birth the mother may be.
fn is_described(saying: &mut Saying<'_, '_>, held: &Element) -> bool {
    let is_birth = saying.bundle.header.as_ref().is_some_and(|header| header.says == Says::Birth);
    if held.kind() != "Patient" || is_birth {
        return false;
    }
    let mut reading = Reading::default();
    let Some(identifiers) = numbers_of_subject(saying, held, &mut reading) else { return false };
    let resource = &saying.entry.resource;
    let born = held.text("birthDate").and_then(Time::parse);
    let at = saying.stood.or_else(|| own_time(resource)).or(born);
    if is_in_error(resource) {
        saying.retract("person", PERSON, at, IN_ERROR);
        return true;
    }
    if held.is_modified() {
        saying.retract("person", PERSON, at, MODIFIED);
        return false;
    }
    let practice = person::practice(saying.bundle, held, resource, saying.stood, &mut reading);
    let event = person::described(held, identifiers, practice, saying.stood, &mut reading);
    saying.say_part("person", PERSON, at, reading, None, event.into());
    // Who is around them is said of a Patient that stands by itself.
    !has_unknown_extension(held) && ["contact", "link"].iter().all(|path| held.get(path).is_none())
}

/// Takes back what a resource that went said of whom it was about.
pub(crate) fn retract(saying: &mut Saying<'_, '_>, at: Option<Time>, reason: &str) {
    let resource = &saying.entry.resource;
    let mut people = resource.all("contained").filter(|held| held.kind() == "Patient");
    if people.any(|held| numbers_of_subject(saying, held, &mut Reading::default()).is_some()) {
        saying.retract("person", PERSON, at, reason);
    }
}

/// The numbers of whoever is held, if that is whom the resource is about.
fn numbers_of_subject(saying: &Saying<'_, '_>, held: &Element, reading: &mut Reading) -> Option<Vec<Identifier>> {
    let at = Known { controller: &saying.controller, lasting: false, full_url: None, stood: saying.stood };
    let (known, identifiers) = person::known(held, at, reading)?;
    (known == saying.subject).then_some(identifiers)
}

fn is_read(saying: &Saying<'_, '_>, held: &Element) -> bool {
    let of = encounter_of(saying.bundle, &saying.entry.resource);
    of.is_some_and(|of| std::ptr::eq(of, held)) || saying.is_of_several && held.kind() == "Patient"
}
