//! The body of an event about a child or an organisation: what its fields must hold, whoever sealed it.

use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint, skip_field};
use proto::event::KindNumber;
use proto::events::{Body, Cause, Date, Event, Version, When, event::Kind, when};

use super::{EnvelopeError, Plain};
use crate::position::{EntryId, Pseudonym};
use crate::seal::{Header, PseudonymKey};

const NAME_BYTES_MAX: usize = 128;
const RECORD_KEY_BYTES_MAX: usize = 1_024;
const LIST_LENGTH_MAX: usize = 4_096;
/// Bounds on what a date can be: no child of these services was born before, and no plan ends after.
const YEAR_MIN: i32 = 1900;
const YEAR_MAX: i32 = 2200;
/// The same bounds in seconds since 1970: 1900-01-01 and 2201-01-01.
const SECONDS_MIN: i64 = -2_208_988_800;
const SECONDS_MAX: i64 = 7_289_654_400;
const EVENT_FIELD: u32 = 14;

/// A body whose every field is of its shape, and that says nothing else than its envelope and its key. Whether its
/// producer may say it is [`crate::authority::check`].
#[derive(Clone, PartialEq, Debug)]
pub struct CheckedBody {
    /// What stood in clear.
    pub header: Header,
    /// The body. Its `event` holds a kind.
    pub body: Body,
    /// Which kind.
    pub kind: KindNumber,
    /// What it is a state of.
    pub entry_id: EntryId,
    /// Which state.
    pub version: Version,
    /// The people, other than the child, whom it tells of.
    pub third_parties: Vec<Pseudonym>,
}

impl CheckedBody {
    /// Reads and checks the body of an envelope of one of the event topics.
    ///
    /// # Errors
    /// [`EnvelopeError::KindUnknown`] for a kind of a newer build, which is no fault of its producer; otherwise the error
    /// names the field.
    pub fn check(header: &Header, plain: &Plain, pseudonyms: &PseudonymKey) -> Result<Self, EnvelopeError> {
        let body = Body::decode(plain.bytes.as_slice()).map_err(|_| EnvelopeError::BodyUnreadable)?;
        let Some(kind) = body.event.as_ref().and_then(Event::kind_number) else {
            return Err(unknown_kind(&plain.bytes).map_or(malformed("event"), EnvelopeError::KindUnknown));
        };
        check_shape(&body)?;
        if body.controller != plain.key_of.controller {
            return Err(EnvelopeError::BodyContradicts { field: "controller" });
        }
        if body.source != plain.key_of.source {
            return Err(EnvelopeError::BodyContradicts { field: "source" });
        }
        if body.subject.as_ref().is_some_and(|subject| pseudonyms.of(subject) != header.subject) {
            return Err(EnvelopeError::BodyContradicts { field: "subject" });
        }
        let entry_id = EntryId::from_slice(&body.entry_id).ok_or(malformed("entry_id"))?;
        let version = body.version.ok_or(malformed("version"))?;
        if body.record_key.is_empty() {
            // Only what the differ says of a record that is gone has no key: it keeps none.
            let tells_of_what_is_gone =
                matches!(event_of(&body), Some(Kind::EntryRetracted(_) | Kind::EntryCorrected(_)));
            if !tells_of_what_is_gone {
                return Err(malformed("record_key"));
            }
        } else {
            let (controller, source) = (body.controller.as_str(), body.source.as_str());
            if pseudonyms.entry_id(controller, source, &body.record_key, body.ordinal) != entry_id {
                return Err(EnvelopeError::BodyContradicts { field: "entry_id" });
            }
            let own = pseudonyms.event_id(controller, source, &body.record_key, &version, body.ordinal);
            if own != header.event_id {
                return Err(EnvelopeError::BodyContradicts { field: "event_id" });
            }
        }
        let third_parties = body.third_parties.iter().map(|p| Pseudonym::from_slice(p)).collect::<Option<_>>();
        let third_parties = third_parties.ok_or(malformed("third_parties"))?;
        Ok(Self { header: *header, body, kind, entry_id, version, third_parties })
    }

    /// What happened.
    pub fn event(&self) -> Option<&Kind> {
        event_of(&self.body)
    }
}

fn event_of(body: &Body) -> Option<&Kind> {
    body.event.as_ref().and_then(|event| event.kind.as_ref())
}

fn check_shape(body: &Body) -> Result<(), EnvelopeError> {
    let named = |text: &str| !text.is_empty() && text.len() <= NAME_BYTES_MAX;
    let subject_is_odd = body.subject.as_ref().is_some_and(|subject| {
        !named(&subject.issuer) || subject.value.is_empty() || subject.value.len() > RECORD_KEY_BYTES_MAX
    });
    for (field, wrong) in [
        ("subject", subject_is_odd),
        ("controller", !named(&body.controller)),
        ("source", !named(&body.source)),
        ("record_key", body.record_key.len() > RECORD_KEY_BYTES_MAX),
        ("version", body.version.is_none_or(|v| !plausible_second(v.as_of_us.div_euclid(1_000_000)))),
        ("effective", body.effective.as_ref().is_none_or(|when| !plausible_when(when))),
        ("observed_at", body.observed_at.as_ref().is_some_and(|at| !plausible_instant(at.seconds, at.nanos))),
        ("cause", Cause::try_from(body.cause).map_or(true, |cause| cause == Cause::Unspecified)),
        ("clears", body.clears.len() > LIST_LENGTH_MAX || body.clears.contains(&0)),
        ("findings", body.findings.len() > LIST_LENGTH_MAX),
        ("third_parties", body.third_parties.len() > LIST_LENGTH_MAX),
    ] {
        if wrong {
            return Err(malformed(field));
        }
    }
    Ok(())
}

fn plausible_when(when: &When) -> bool {
    match &when.when {
        Some(when::When::On(date)) => plausible_date(date),
        Some(when::When::At(at)) => plausible_instant(at.seconds, at.nanos),
        None => false,
    }
}

fn plausible_date(date: &Date) -> bool {
    let days = match date.month {
        None => return date.day.is_none() && (YEAR_MIN..=YEAR_MAX).contains(&date.year),
        Some(4 | 6 | 9 | 11) => 30,
        Some(2) if date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0) => 29,
        Some(2) => 28,
        Some(1..=12) => 31,
        Some(_) => return false,
    };
    (YEAR_MIN..=YEAR_MAX).contains(&date.year) && date.day.is_none_or(|day| (1..=days).contains(&day))
}

fn plausible_instant(seconds: i64, nanos: i32) -> bool {
    plausible_second(seconds) && (0..1_000_000_000).contains(&nanos)
}

fn plausible_second(seconds: i64) -> bool {
    (SECONDS_MIN..SECONDS_MAX).contains(&seconds)
}

/// The kind's number where the event holds one that this build does not know: prost drops such a field unread.
fn unknown_kind(body: &[u8]) -> Option<KindNumber> {
    let mut event = message_field(body, EVENT_FIELD)?;
    let (number, _) = decode_key(&mut event).ok()?;
    Some(KindNumber(number))
}

fn message_field(mut bytes: &[u8], wanted: u32) -> Option<&[u8]> {
    while !bytes.is_empty() {
        let (number, wire_type) = decode_key(&mut bytes).ok()?;
        if number == wanted && wire_type == WireType::LengthDelimited {
            let length = usize::try_from(decode_varint(&mut bytes).ok()?).ok()?;
            return bytes.get(..length);
        }
        skip_field(wire_type, number, &mut bytes, prost::encoding::DecodeContext::default()).ok()?;
    }
    None
}

fn malformed(field: &'static str) -> EnvelopeError {
    EnvelopeError::BodyMalformed { field }
}
