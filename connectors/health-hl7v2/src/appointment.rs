//! SIU: appointments booked, moved, kept, cancelled and missed. All of one appointment are states of one entry.

use proto::events::{
    AppointmentBooked, AppointmentCancelled, AppointmentKept, AppointmentMissed, EntryRetracted, FindingCode,
};

use crate::er7::{Fields, Value};
use crate::reading::{CodedField, Reading};
use crate::saying::Saying;
use crate::time::Time;
use crate::visit::Taken;

/// SCH-25 (table 0278) and words of feeds for an appointment that stands.
const BOOKED: &[&str] = &[
    "BOOKED",
    "TOBECONFIRMED",
    "PENDING",
    "WAITLIST",
    "OVERBOOK",
    "CONFIRMED",
    "SCHEDULED",
    "SCH",
    "RESCHEDULED",
    "BLOCKED",
];

/// What became of an appointment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Booked,
    Kept,
    Missed,
    Cancelled,
    Deleted,
}

impl State {
    /// By the trigger. One that was cancelled because nobody came was missed. One that says only that something of the appointment
    /// changed leaves it to SCH-25, and then to SCH-6. Of a booking SCH-6 says why it was made: that the one before it was missed.
    fn of(trigger: &str, status: Option<Self>, reason: Option<Self>) -> Self {
        let missed = [status, reason].contains(&Some(Self::Missed));
        match trigger {
            "S15" | "S16" if missed => Self::Missed,
            "S15" | "S16" => Self::Cancelled,
            "S17" => Self::Deleted,
            "S26" => Self::Missed,
            "S12" | "S13" => status.unwrap_or(Self::Booked),
            _ if status.is_none() && missed => Self::Missed,
            _ => status.unwrap_or(Self::Booked),
        }
    }

    /// The NHS data dictionary's ATTENDED OR DID NOT ATTEND, of SCH-25. The digits of a reason are its sender's own.
    fn numbered(digit: &str) -> Option<Self> {
        match digit {
            "5" | "6" => Some(Self::Kept),
            "3" | "7" => Some(Self::Missed),
            "2" | "4" => Some(Self::Cancelled),
            "0" => Some(Self::Booked),
            _ => None,
        }
    }

    /// Table 0278, and what feeds put in its place.
    fn of_phrase(plain: &str) -> Option<Self> {
        match plain {
            "STARTED" | "COMPLETE" | "COMPLETED" | "COMP" | "FULFILLED" | "ATTENDED" | "ATTENDEDLATE" | "ARRIVED"
            | "SEEN" | "CHECKIN" | "CHECKEDIN" | "CHECKOUT" | "CHECKEDOUT" => Some(Self::Kept),
            "NOSHOW" | "DNA" | "DIDNOTARRIVE" | "DIDNOTATTEND" | "DIDNTATTEND" | "NOTATTENDED" | "FAILEDTOATTEND"
            | "WNB" | "WASNOTBROUGHT" | "NOTBROUGHT" => Some(Self::Missed),
            "CANCELLED" | "CANCELED" | "CANC" | "CNX" | "CANX" | "CNA" | "COULDNOTATTEND" | "UNABLETOATTEND" | "DC"
            | "DISCONTINUED" => Some(Self::Cancelled),
            "DELETED" => Some(Self::Deleted),
            booked => BOOKED.contains(&booked).then_some(Self::Booked),
        }
    }

    /// The states that words name, each once and in their order; `None` for a "not", or a "to be", that is no part of such a
    /// name.
    fn all_named(words: &str) -> Vec<Option<Self>> {
        /// "Was not brought".
        const WORDS_MAX: usize = 3;
        let words: Vec<String> =
            words.split(|c: char| !c.is_ascii_alphanumeric()).map(plain).filter(|word| !word.is_empty()).collect();
        let mut named = Vec::new();
        let mut rest = words.as_slice();
        while let Some((word, after)) = rest.split_first() {
            let phrase = (1..=WORDS_MAX).rev().find_map(|count| {
                let (phrase, after) = rest.split_at_checked(count)?;
                Some((Self::of_phrase(&phrase.concat())?, after))
            });
            let is_said = phrase.map(|(state, _)| Some(state));
            let is_said =
                is_said.or_else(|| matches!(word.as_str(), "NOT" | "NEVER" | "WITHOUT" | "BE").then_some(None));
            named.extend(is_said.filter(|said| !named.contains(said)));
            rest = phrase.map_or(after, |(_, after)| after);
        }
        named
    }

    /// SCH-25: what its code says, else its text.
    fn stated(value: Value<'_>, reading: &mut Reading) -> Status {
        let statuses: Vec<Status> = words(value, "SCH-25", reading).iter().map(|words| Status::worded(words)).collect();
        let said = statuses.iter().find(|status| matches!(status, Status::Is(_)));
        let said = said.or_else(|| statuses.iter().find(|status| **status == Status::Contradicted));
        said.or(statuses.first()).copied().unwrap_or(Status::Untold)
    }

    /// SCH-6, in words: what it begins with. What it goes on with is of other things too.
    fn reasoned(value: Value<'_>) -> Option<Self> {
        let said = |words: &String| {
            let whole = plain(words);
            let begins = words.split(['-', ':', ',', ';', '(', '/']).next().map(plain).unwrap_or_default();
            let missed = whole.starts_with("DIDNOTATTEND") || whole.starts_with("WASNOTBROUGHT");
            let missed = missed.then_some(Self::Missed);
            Self::of_phrase(&whole).or_else(|| Self::of_phrase(&begins)).or(missed)
        };
        words(value, "SCH-6", &mut Reading::default()).iter().find_map(said)
    }
}

/// What SCH-25 says of an appointment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Status {
    Untold,
    Is(State),
    /// In words that are not known.
    Unknown,
    /// It names states of which one denies the other, or says that it is not in one.
    Contradicted,
}

impl Status {
    /// One that was cancelled because nobody came was missed, and what is made anew of either is another appointment.
    fn worded(words: &str) -> Self {
        use State::{Booked, Cancelled, Missed};
        if let Some(state) = State::numbered(words.trim()) {
            return Self::Is(state);
        }
        match State::all_named(words).as_slice() {
            [] | [None] => Self::Unknown,
            [Some(one)] | [Some(one @ (Cancelled | Missed)), Some(Booked)] => Self::Is(*one),
            [Some(Cancelled), Some(Missed)] | [Some(Missed), Some(Cancelled)] => Self::Is(Missed),
            _ => Self::Contradicted,
        }
    }

    fn state(self) -> Option<State> {
        match self {
            Self::Is(state) => Some(state),
            _ => None,
        }
    }
}

/// A word however it is spaced, hyphenated and cased.
fn plain(words: &str) -> String {
    words.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
}

/// A code and its text, then those of the second system.
fn words(value: Value<'_>, field: &str, reading: &mut Reading) -> Vec<String> {
    let value = value.first();
    [1, 2, 4, 5].into_iter().filter_map(|number| reading.text(value.component(number), field)).collect()
}

/// Says what a scheduling message tells of its appointment. Every such message states the appointment whole.
pub(crate) fn say(saying: &mut Saying<'_, '_>, trigger: &str) -> Taken {
    let sch = saying.fields("SCH");
    let mut reading = Reading::default();
    let number = |reading: &mut Reading, number| reading.text(sch.field(number).first().component(1), "SCH-1");
    let number = number(&mut reading, 1).or_else(|| number(&mut reading, 2));
    let starts = starts(saying, &sch, &mut reading);
    if number.is_none() {
        reading.flag(FindingCode::FieldMissing, "SCH-1");
    }
    // Without a number it is told from others by when it is.
    let Some(number) = number.or_else(|| starts.map(Time::key)) else {
        return Taken::InPart;
    };
    let key = format!("appointment/{number}{}", occurrence(&sch, &mut reading));
    if starts.is_none() {
        reading.flag(FindingCode::FieldMissing, "SCH-11");
    }
    let stands_at = starts.unwrap_or(saying.recorded);
    let starts_at = starts.map(Time::timestamp);
    let status = State::stated(sch.field(25), &mut reading);
    let is_unknown = matches!(status, Status::Unknown | Status::Contradicted);
    if is_unknown {
        reading.flag(FindingCode::CodeUnknown, "SCH-25");
    }
    let state = State::of(trigger, status.state(), State::reasoned(sch.field(6)));
    // Of one whose time went by the unknown word says what became of it: it is not said to be still to come.
    let is_past = starts.is_some_and(|starts| starts.as_us() < saying.recorded.as_us());
    if state == State::Booked && is_unknown && (is_past || status == Status::Contradicted) {
        saying.of_kept = reading;
        return Taken::InPart;
    }
    match state {
        State::Cancelled => {
            let event = AppointmentCancelled {
                starts_at,
                service: reading.said_of(2, &services(saying, &sch)),
                reason: reading.said_of(3, &[event_reason(&sch), reason(&sch)]),
            };
            saying.say("SCH", "appointment", &key, stands_at, reading, event);
        }
        State::Deleted => {
            let event = EntryRetracted { reason: Some(saying.header.name()) };
            saying.say("SCH", "appointment", &key, stands_at, reading, event);
        }
        State::Missed => {
            let event = AppointmentMissed {
                starts_at,
                service: reading.said_of(2, &services(saying, &sch)),
                reason: reading.said_of(3, &[event_reason(&sch), reason(&sch)]),
            };
            saying.say("SCH", "appointment", &key, stands_at, reading, event);
        }
        State::Kept => {
            let event = AppointmentKept {
                at: Some(stands_at.when()),
                service: reading.said_of(2, &services(saying, &sch)),
                reason: reading.said_of(5, &[reason(&sch), event_reason(&sch)]),
                ..AppointmentKept::default()
            };
            saying.say("SCH", "appointment", &key, stands_at, reading, event);
        }
        State::Booked => {
            let event = AppointmentBooked {
                starts_at,
                ends_at: ends(saying, &sch, &mut reading).map(Time::timestamp),
                service: reading.said_of(3, &services(saying, &sch)),
                place: place(saying, &mut reading),
                reason: reading.said_of(5, &[reason(&sch), event_reason(&sch)]),
            };
            saying.say("SCH", "appointment", &key, stands_at, reading, event);
        }
    }
    Taken::Wholly
}

/// Which of several that were made under one number (SCH-3), as a part of their key. Of what comes once, and of the first, none.
fn occurrence(sch: &Fields<'_>, reading: &mut Reading) -> String {
    let stated = reading.text(sch.field(3), "SCH-3");
    let of_several = stated.filter(|stated| !matches!(stated.as_str(), "0" | "1"));
    of_several.map(|occurrence| format!("/{occurrence}")).unwrap_or_default()
}

/// The fourth component of SCH-11, else AIS-4, TQ1-7, AIL-6, AIP-6 or AIG-8: the first that stands.
fn starts(saying: &Saying<'_, '_>, sch: &Fields<'_>, reading: &mut Reading) -> Option<Time> {
    let timing = reading.time(sch.field(11).first().component(4), "SCH-11");
    timing
        .or_else(|| stays(saying, "AIS").find_map(|ais| reading.time(ais.field(4), "AIS-4")))
        .or_else(|| reading.time(saying.fields("TQ1").field(7), "TQ1-7"))
        .or_else(|| {
            [("AIL", 6, "AIL-6"), ("AIP", 6, "AIP-6"), ("AIG", 8, "AIG-8")].into_iter().find_map(|(name, at, field)| {
                stays(saying, name).find_map(|booked| reading.time(booked.field(at), field))
            })
        })
}

/// The fifth component of SCH-11, else TQ1-8.
fn ends(saying: &Saying<'_, '_>, sch: &Fields<'_>, reading: &mut Reading) -> Option<Time> {
    let timing = reading.time(sch.field(11).first().component(5), "SCH-11");
    timing.or_else(|| reading.time(saying.fields("TQ1").field(8), "TQ1-8"))
}

/// What the appointment is for: the treatment function (PV1-10), then each service that the message does not take off it
/// (AIS-3), then the kind of appointment (SCH-8).
fn services<'m>(saying: &Saying<'m, '_>, sch: &Fields<'m>) -> Vec<CodedField<'m>> {
    let function = (saying.fields("PV1").field(10), "PV1-10", "hospital_service");
    let booked = stays(saying, "AIS").map(|ais| (ais.field(3), "AIS-3", "appointment_service"));
    let kind = (sch.field(8), "SCH-8", "appointment_service");
    let kind = Some(kind).filter(|(value, field, _)| !is_urgency(*value, field));
    std::iter::once(function).chain(booked).chain(kind).collect()
}

/// Why there is an appointment; many feeds name its clinic here.
fn reason<'m>(sch: &Fields<'m>) -> CodedField<'m> {
    (sch.field(7), "SCH-7", "appointment_reason")
}

/// Why the message was sent.
fn event_reason<'m>(sch: &Fields<'m>) -> CodedField<'m> {
    (sch.field(6), "SCH-6", "appointment_event_reason")
}

/// Whether all that is said is of table 0277, or what feeds put in its place: how an appointment was made, and no service.
fn is_urgency(value: Value<'_>, field: &str) -> bool {
    let codings = Reading::default().codings(value, field, "appointment_service");
    let mut said = codings.iter().flat_map(|coded| [Some(coded.code.as_str()), coded.text.as_deref()]).flatten();
    let is_urgency =
        |said: &str| matches!(plain(said).as_str(), "" | "NORMAL" | "TENTATIVE" | "COMPLETE" | "ROUTINE" | "WALKIN");
    !codings.is_empty() && said.all(is_urgency)
}

/// The segments of this name (AIS, AIL, AIP, AIG) that the message does not take off the appointment.
fn stays<'m>(saying: &Saying<'m, '_>, name: &'static str) -> impl Iterator<Item = Fields<'m>> {
    saying.all(name).map(|segment| segment.fields()).filter(|fields| fields.field(2).text().value != "D")
}

/// AIL-3, else PV1-3.
fn place(saying: &Saying<'_, '_>, reading: &mut Reading) -> Option<String> {
    let booked = stays(saying, "AIL").map(|ail| ail.field(3)).find(|place| !place.is_empty());
    let (value, field) = match booked {
        Some(booked) => (booked, "AIL-3"),
        None => (saying.fields("PV1").field(3), "PV1-3"),
    };
    reading.asserted(4, value, |r, v| r.place(v, field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(trigger: &str, status: &str, reason: &str) -> State {
        use crate::er7::Message;
        let message = format!("MSH|^~\\&|A\rSCH|1|||||{reason}{}{status}", "|".repeat(19));
        let message = Message::parse(message.as_bytes()).unwrap();
        let sch = message.segments().nth(1).unwrap().fields();
        let stated = State::stated(sch.field(25), &mut Reading::default());
        State::of(trigger, stated.state(), State::reasoned(sch.field(6)))
    }

    #[test]
    fn why_an_appointment_was_made_is_not_what_became_of_it() {
        for (trigger, status, reason, state) in [
            ("S12", "", "DNA", State::Booked),
            ("S13", "Booked", "DNA^previous one", State::Booked),
            ("S12", "", "3^parent asked", State::Booked),
            ("S12", "Noshow", "", State::Missed),
            ("S14", "Booked", "DNA", State::Booked),
            ("S14", "", "DNA", State::Missed),
            ("S14", "", "7", State::Booked),
            ("S14", "7", "", State::Missed),
            ("S14", "5", "DNA", State::Kept),
            ("S15", "", "3", State::Cancelled),
            ("S15", "", "WNB^Was not brought", State::Missed),
            ("S15", "Cancelled", "DNA", State::Missed),
            ("S26", "", "", State::Missed),
            ("S17", "Booked", "DNA", State::Deleted),
            ("S15", "", "DNA - patient did not attend", State::Missed),
            ("S14", "", "Letter about a DNA", State::Booked),
        ] {
            assert_eq!(of(trigger, status, reason), state, "{trigger} {status} {reason}");
        }
    }

    #[test]
    fn a_status_in_words_is_the_state_that_they_name() {
        for (words, state) in [
            ("DNA - patient did not attend", State::Missed),
            ("Patient didn't attend", State::Missed),
            ("Child was not brought in", State::Missed),
            ("Cancelled - DNA", State::Missed),
            ("Cancelled by patient", State::Cancelled),
            ("Cancelled by hospital", State::Cancelled),
            ("HOSPITAL CANCELLED", State::Cancelled),
            ("Cancelled and rescheduled", State::Cancelled),
            ("CNX", State::Cancelled),
            ("Comp", State::Kept),
            ("Completed", State::Kept),
            ("CHECKIN", State::Kept),
            ("Patient arrived", State::Kept),
            ("Attended on time or, if late, before the relevant care professional was ready", State::Kept),
            ("0", State::Booked),
            ("Booked (urgent)", State::Booked),
            ("To be confirmed", State::Booked),
            ("Did not arrive", State::Missed),
            ("Unable to attend", State::Cancelled),
            ("Sch", State::Booked),
        ] {
            assert_eq!(Status::worded(words), Status::Is(state), "{words}");
        }
        for words in [
            "Not yet arrived",
            "Waiting to be seen",
            "Booked - previous DNA",
            "Arrived, then cancelled",
            "Left without being seen",
        ] {
            assert_eq!(Status::worded(words), Status::Contradicted, "{words}");
        }
        for words in ["Not applicable", "XYZ", "9"] {
            assert_eq!(Status::worded(words), Status::Unknown, "{words}");
        }
    }
}
