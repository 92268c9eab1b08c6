//! Taking groups of fields out of an event, wherever in it they stand.

use std::collections::BTreeSet;

use proto::events::Event;
use proto::events::group::Of;
use proto::fields::{FieldInfo, MessageInfo};

use crate::vocabulary::FieldGroup;
use crate::wire::{Malformed, Opened, Value, fields, put_bytes};

/// The event without the fields of these groups. A field of which nothing is known counts as narrative. `None` when the
/// event is of a kind that this build does not know, or its bytes cannot be read: then there is nothing to release.
pub(crate) fn redact(event: &Event, groups: &BTreeSet<FieldGroup>) -> Option<Event> {
    let opened = Opened::of(event)?;
    let kept = keep(&opened.message, opened.info(), groups).ok()?;
    Opened::close(opened.kind, &kept)
}

fn keep(
    message: &[u8],
    info: Option<&'static MessageInfo>,
    groups: &BTreeSet<FieldGroup>,
) -> Result<Vec<u8>, Malformed> {
    let mut kept = Vec::with_capacity(message.len());
    for field in fields(message)? {
        let known = info.and_then(|info| info.field(field.number));
        if group_of(known).is_some_and(|group| groups.contains(&group)) {
            continue;
        }
        match (known.and_then(FieldInfo::message), field.value) {
            (Some(nested), Value::Bytes(payload)) => {
                put_bytes(&mut kept, field.number, &keep(payload, Some(nested), groups)?);
            }
            _ => kept.extend_from_slice(field.raw),
        }
    }
    Ok(kept)
}

fn group_of(field: Option<&FieldInfo>) -> Option<FieldGroup> {
    match field.map_or(Of::Narrative, FieldInfo::redaction_group) {
        Of::None => None,
        Of::Location => Some(FieldGroup::Location),
        Of::ThirdParty => Some(FieldGroup::ThirdParty),
        Of::Narrative | Of::Unspecified => Some(FieldGroup::Narrative),
    }
}

#[cfg(test)]
mod tests {
    use proto::fields::KINDS;

    use super::*;
    use crate::populate::full;

    const ALL: [FieldGroup; 3] = [FieldGroup::Location, FieldGroup::ThirdParty, FieldGroup::Narrative];

    /// How many fields of each group a message holds, at every depth, not counting what stands inside a counted field.
    fn count(message: &[u8], info: &'static MessageInfo) -> [usize; 4] {
        let mut found = [0; 4];
        for field in fields(message).unwrap() {
            let known = info.field(field.number).unwrap();
            match group_of(Some(known)) {
                Some(group) => found[ALL.iter().position(|g| *g == group).unwrap()] += 1,
                None => {
                    found[3] += 1;
                    if let (Some(nested), Value::Bytes(payload)) = (known.message(), field.value) {
                        let inner = count(payload, nested);
                        found.iter_mut().zip(inner).for_each(|(sum, more)| *sum += more);
                    }
                }
            }
        }
        found
    }

    #[test]
    fn exactly_the_fields_of_the_groups_go() {
        let mut seen = [0; 4];
        for kind in KINDS {
            let event = full(kind);
            let before = Opened::of(&event).unwrap();
            let held = count(&before.message, kind.message().unwrap());
            seen.iter_mut().zip(held).for_each(|(sum, more)| *sum += more);
            for chosen in 0..8_usize {
                let groups: BTreeSet<_> =
                    ALL.into_iter().enumerate().filter(|(at, _)| chosen & (1 << at) != 0).map(|(_, g)| g).collect();
                let after = redact(&event, &groups).unwrap();
                let left = Opened::of(&after).map_or([0; 4], |opened| count(&opened.message, kind.message().unwrap()));
                for (at, group) in ALL.iter().enumerate() {
                    let expected = if groups.contains(group) { 0 } else { held[at] };
                    assert_eq!(left[at], expected, "{} without {groups:?}: {group:?}", kind.name);
                }
                assert_eq!(left[3], held[3], "{} without {groups:?}: the rest", kind.name);
            }
            assert_eq!(redact(&event, &BTreeSet::new()), Some(event), "{}: nothing to take out", kind.name);
        }
        assert!(seen.iter().all(|fields| *fields > 10), "fields of every group were there: {seen:?}");
    }

    #[test]
    fn a_field_that_nobody_knows_is_narrative() {
        let info = KINDS.iter().find(|kind| kind.name == "EnrolmentStarted").unwrap().message();
        let mut message = Vec::new();
        put_bytes(&mut message, 4000, b"from a later build");
        let narrative = BTreeSet::from([FieldGroup::Narrative]);
        assert_eq!(keep(&message, info, &narrative).unwrap(), Vec::<u8>::new());
        assert_eq!(keep(&message, info, &BTreeSet::from([FieldGroup::Location])).unwrap(), message);
    }

    #[test]
    fn an_event_that_says_nothing_releases_nothing() {
        assert_eq!(redact(&Event::default(), &BTreeSet::new()), None);
    }
}
