//! Which groups of fields an event has something in.

use proto::events::Event;
use proto::events::group::Of;
use proto::fields::MessageInfo;

use crate::wire::{Malformed, Opened, Value, fields};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Populated {
    pub(crate) location: bool,
    pub(crate) third_party: bool,
}

impl Populated {
    /// What cannot be read may hold anything.
    pub(crate) fn of(event: &Event) -> Self {
        let mut found = Self::default();
        let walked = match Opened::of(event) {
            Some(opened) => found.walk(&opened.message, opened.info()),
            None => Err(Malformed),
        };
        if walked.is_err() {
            found = Self { location: true, third_party: true };
        }
        found
    }

    fn walk(&mut self, message: &[u8], info: Option<&MessageInfo>) -> Result<(), Malformed> {
        for field in fields(message)? {
            let Some(known) = info.and_then(|info| info.field(field.number)) else {
                return Err(Malformed);
            };
            match known.redaction_group() {
                Of::Location => self.location = true,
                Of::ThirdParty => self.third_party = true,
                Of::None | Of::Narrative | Of::Unspecified => {}
            }
            if let (Some(nested), Value::Bytes(payload)) = (known.message(), field.value) {
                self.walk(payload, Some(nested))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proto::fields::KINDS;

    use super::*;
    use crate::populate::full;
    use crate::redact::redact;
    use crate::vocabulary::FieldGroup;

    /// What redaction takes out and what the classifier sees are one thing.
    #[test]
    fn a_group_is_populated_until_it_is_taken_out() {
        for kind in KINDS {
            let event = full(kind);
            let populated = Populated::of(&event);
            for (group, there) in
                [(FieldGroup::Location, populated.location), (FieldGroup::ThirdParty, populated.third_party)]
            {
                let without = redact(&event, &[group].into()).unwrap();
                assert_eq!(without != event, there, "{}: {group:?}", kind.name);
                let left = Populated::of(&without);
                let left = if group == FieldGroup::Location { left.location } else { left.third_party };
                assert!(!left, "{}: {group:?} is still there", kind.name);
            }
        }
    }

    #[test]
    fn an_event_that_says_nothing_may_hold_anything() {
        assert_eq!(Populated::of(&Event::default()), Populated { location: true, third_party: true });
    }
}
