//! Consent: what somebody decided about their record.

use crate::saying::Saying;
use crate::time::Time;

/// A consent opens records, and a refusal is lifted by whoever may lift it: neither is a feed's to say. It is kept, sealed, for a
/// person to record (`throughline facts import-fhir`), who is asked for what a feed cannot know.
pub(crate) fn say(saying: &mut Saying<'_, '_>) {
    let at = saying.entry.resource.text("dateTime").and_then(Time::parse);
    saying.keep(at, "Consent");
}
