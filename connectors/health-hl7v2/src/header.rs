//! What MSH and EVN say of a message: who sent it, what it is, and when it stood so.

use proto::events::{FindingCode, Version};

use crate::MAPPING_REVISION;
use crate::er7::{Fields, Message};
use crate::reading::Reading;
use crate::time::Time;

/// Longest sender that an organisation id is made of.
const SENDER_CHARS_MAX: usize = 60;

/// Who sent a message, what it is and when.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Header {
    /// MSH-3, the first part.
    pub(crate) application: Option<String>,
    /// MSH-4, the first part.
    pub(crate) facility: Option<String>,
    /// MSH-9, the first part: "ADT".
    pub(crate) message_type: String,
    /// MSH-9, the second part, else EVN-1: "A01". Empty where neither stands.
    pub(crate) trigger: String,
    /// MSH-10.
    pub(crate) control_id: Option<String>,
    /// MSH-7.
    pub(crate) sent: Option<Time>,
    /// EVN-2, else MSH-7: when the source knew.
    pub(crate) recorded: Option<Time>,
    /// EVN-6.
    pub(crate) occurred: Option<Time>,
    /// The one organisation that the connector answers for, where it is one.
    organisation: Option<String>,
    sequence: u64,
    content: Content,
}

impl Header {
    /// Of a message that may not be whole, as far as it can be read.
    pub(crate) fn of_piece(bytes: &[u8], organisation: Option<&str>) -> Option<Self> {
        Some(Self::read(&Message::parse(bytes).ok()?, None, organisation, &mut Reading::default()))
    }

    pub(crate) fn read(
        message: &Message<'_>,
        event: Option<&Fields<'_>>,
        organisation: Option<&str>,
        reading: &mut Reading,
    ) -> Self {
        let msh = message.header();
        let evn = |number| event.map(|event| event.field(number));
        let first =
            |reading: &mut Reading, number, field| reading.text(msh.field(number).component(1).subcomponent(1), field);
        if message.charset_contradicted() {
            reading.flag(FindingCode::TextOdd, "MSH-18");
        }
        if reading.text(msh.field(11).component(1), "MSH-11").is_some_and(|purpose| is_not_live(&purpose)) {
            reading.flag(FindingCode::MarkedAsTest, "MSH-11");
        }
        let application = first(reading, 3, "MSH-3");
        let facility = first(reading, 4, "MSH-4");
        let message_type = first(reading, 9, "MSH-9").unwrap_or_default();
        // Of a structure put in the place of the type (ADT_A01) several triggers are written: only EVN-1 says which it is.
        let message_type = message_type.split('_').next().unwrap_or_default().to_owned();
        let trigger = reading.text(msh.field(9).component(2), "MSH-9");
        let trigger = trigger.or_else(|| reading.text(evn(1)?, "EVN-1")).unwrap_or_default();
        let control_id = reading.text(msh.field(10), "MSH-10");
        let sent = reading.time(msh.field(7), "MSH-7");
        let recorded = evn(2).and_then(|value| reading.time(value, "EVN-2"));
        let occurred = evn(6).and_then(|value| reading.time(value, "EVN-6"));
        let numbered = reading.text(msh.field(13), "MSH-13").and_then(|text| text.parse().ok());
        let counted = numbered.or_else(|| control_id.as_deref().and_then(count_of));
        let content = Content::of(message.segments().skip(1).flat_map(|segment| segment.bytes()));
        let sequence = sequence(counted, control_id.as_deref(), content);
        Self {
            application,
            facility,
            message_type: message_type.to_ascii_uppercase(),
            trigger: trigger.to_ascii_uppercase(),
            control_id,
            sent,
            recorded: recorded.or(sent),
            occurred,
            organisation: organisation.map(str::to_owned),
            sequence,
            content,
        }
    }

    /// "ADT^A01".
    pub(crate) fn name(&self) -> String {
        if self.trigger.is_empty() {
            self.message_type.clone()
        } else {
            format!("{}^{}", self.message_type, self.trigger)
        }
    }

    /// The organisation that answers for the message: `ods-` and the facility, lower case, other signs as hyphens. Where the
    /// facility is no ODS code, as of an engine that names a part of a hospital there, it is the one organisation that the
    /// connector answers for; where there is no such one, the facility stands for it. `None` where nothing says it.
    pub(crate) fn controller(&self) -> Option<String> {
        let is_ods_code = self.facility.as_deref().is_some_and(may_be_ods_code);
        if let Some(organisation) = self.organisation.as_ref().filter(|_| !is_ods_code) {
            return Some(organisation.clone());
        }
        let sender = self.facility.as_deref().or(self.application.as_deref())?;
        if !sender.bytes().any(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        let sign = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        Some(format!("ods-{}", sender.chars().take(SENDER_CHARS_MAX).map(sign).collect::<String>()))
    }

    /// When what the message tells of happened: EVN-6, else EVN-2, else MSH-7.
    pub(crate) fn happened(&self) -> Option<Time> {
        self.occurred.or(self.recorded)
    }

    /// The state of the source that the message tells of.
    pub(crate) fn version(&self, recorded: Time) -> Version {
        Version { as_of_us: recorded.as_us(), sequence: self.sequence, mapping_revision: MAPPING_REVISION }
    }

    /// What makes the message itself one of a kind: sender, control id and time.
    pub(crate) fn message_key(&self) -> String {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let sent = self.sent.map(Time::key).unwrap_or_default();
        format!("{}/{}/{sent}", part(&self.application), part(&self.control_id))
    }

    /// Of what stands below MSH: a message that is sent again may have another header.
    pub(crate) fn content(&self) -> Content {
        self.content
    }
}

/// Whether a facility has the shape of an ODS code: three signs, or up to six with a digit among them. It is then an organisation
/// of its own, and one that the connector does not answer for is refused.
fn may_be_ods_code(facility: &str) -> bool {
    let alphanumeric = facility.bytes().all(|b| b.is_ascii_alphanumeric());
    let has_digit = facility.bytes().any(|b| b.is_ascii_digit());
    alphanumeric && (facility.len() == 3 || has_digit && (3..=6).contains(&facility.len()))
}

/// Training and debugging, of HL7 table 0103. Many senders leave it on what is live, so it is told and taken.
fn is_not_live(purpose: &str) -> bool {
    ["T", "D"].iter().any(|known| purpose.eq_ignore_ascii_case(known))
}

/// What tells two contents apart, whatever ends their lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Content {
    length: u64,
    digest: u64,
}

impl Content {
    pub(crate) fn of<'b>(bytes: impl Iterator<Item = &'b u8>) -> Self {
        let mut length = 0;
        let digest = fnv_1a(bytes.filter(|byte| !matches!(byte, b'\r' | b'\n')).inspect(|_| length += 1));
        Self { length, digest }
    }

    /// For a record key.
    pub(crate) fn key(self) -> String {
        format!("content-{:016x}", self.digest)
    }
}

/// The order of a message among those of one moment, as its number counts. Two messages of one second are two states, so they
/// may not share a version, even where the sender numbers all of them alike. Of two of one number the longer stands: one that
/// breaks off is no correction of the whole.
fn sequence(counted: Option<u64>, control_id: Option<&str>, content: Content) -> u64 {
    const COUNTS: u64 = 1_000_000_000;
    /// Nine digits leave 33 bits.
    const LENGTH_MAX: u64 = (1 << 16) - 1;
    const DIGEST_BITS: u32 = 17;
    match counted {
        Some(count) => {
            let told = (count % COUNTS) << 16 | content.length.min(LENGTH_MAX);
            told << DIGEST_BITS | (content.digest ^ content.digest >> 32) & ((1 << DIGEST_BITS) - 1)
        }
        None => (fnv_1a(control_id.unwrap_or_default().as_bytes()) ^ content.digest) >> 1,
    }
}

/// The number in a control id that counts; of one that does not, nothing.
fn count_of(control_id: &str) -> Option<u64> {
    /// Fewer digits after something that holds digits too are no count: the end of a UUID.
    const COUNT_DIGITS_MIN: usize = 4;
    let digits = control_id.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (before, count) = control_id.split_at_checked(control_id.len() - digits)?;
    let counts = digits >= COUNT_DIGITS_MIN || !before.bytes().any(|b| b.is_ascii_digit());
    let count = count.get(count.len().saturating_sub(18)..)?.parse().ok();
    count.filter(|_| counts)
}

/// FNV-1a, 64 bits: tells contents apart, and is nobody's secret.
pub(crate) fn fnv_1a<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_ids_that_count_are_ordered_as_they_count() {
        assert_eq!(count_of("MSG00009"), Some(9));
        assert_eq!(count_of("10"), Some(10));
        assert_eq!(count_of("A01-20260419-0012"), Some(12));
        assert_eq!(count_of("20260419101500123456789"), Some(419_101_500_123_456_789));
        assert_eq!([count_of("0f8e-11ec-a7"), count_of("x"), count_of("")], [None; 3]);
        let of = |text: &'static str| Content::of(text.as_bytes().iter());
        let all = [(9, "PID|1"), (9, "PID|1|2"), (10, ""), (10, "x"), (999_999_999, "")];
        let all = all.map(|(count, text)| sequence(Some(count), None, of(text)));
        assert!(all.is_sorted_by(|one, next| one < next), "{all:?}");
        assert!(sequence(Some(u64::MAX), None, of("PID")) < 1 << 63);
    }

    #[test]
    fn two_messages_of_one_number_are_two_states() {
        let header = |message: &str| {
            Header::read(&Message::parse(message.as_bytes()).unwrap(), None, None, &mut Reading::default())
        };
        let with =
            |control_id: &str, pid: &str| header(&format!("MSH|^~\\&|A|B|||2026||ADT^A08|{control_id}\r{pid}\r"));
        for control_id in ["", "1", "MSG00001", "x", "0f8e-11ec-a7"] {
            let [one, other] = ["PID|1", "PID|2"].map(|pid| with(control_id, pid));
            assert_ne!(one.sequence, other.sequence, "{control_id}");
            assert_eq!(one, header(&format!("MSH|^~\\&|A|B|||2026||ADT^A08|{control_id}\nPID|1\n")), "{control_id}");
        }
        assert_ne!(with("x", "PID|1").sequence, with("y", "PID|1").sequence);
    }
}
