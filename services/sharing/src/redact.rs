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

