//! Reading values with what is odd about them.

use connector_kit::dates;
use connector_kit::reading::finding;
use proto::events::{Coded, Date, Finding, FindingCode};

use crate::er7::Value;
use crate::time::Time;

/// A coded field of the message: its value, its name, and the list that its codes are of.
pub(crate) type CodedField<'m> = (Value<'m>, &'static str, &'static str);

/// What one event asserts of a message, what it empties, and what is odd about it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Reading {
    pub(crate) findings: Vec<Finding>,
    /// Numbers of the event's fields that the message deletes.
    pub(crate) clears: Vec<u32>,
}

impl Reading {
    pub(crate) fn flag(&mut self, code: FindingCode, field: &str) {
        self.findings.push(finding(code, field));
    }

    /// What the event's field of this number becomes: nothing where the source field is absent, emptied where it is `""`.
    pub(crate) fn asserted<'a, T>(
        &mut self,
        number: u32,
        value: Value<'a>,
        read: impl FnOnce(&mut Self, Value<'a>) -> Option<T>,
    ) -> Option<T> {
        if value.is_deleted() {
            self.clears.push(number);
            return None;
        }
        if value.is_empty() { None } else { read(self, value) }
    }

    /// Text that is not blank.
    pub(crate) fn text(&mut self, value: Value<'_>, field: &str) -> Option<String> {
        let text = value.text();
        if text.odd {
            self.flag(FindingCode::TextOdd, field);
        }
        let trimmed = text.value.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// A time stamp: the value's first component. One of another age would order what it dates by a slip of the keyboard.
    pub(crate) fn time(&mut self, value: Value<'_>, field: &str) -> Option<Time> {
        let text = self.stamp(value, field)?;
        let time = dates::hl7_ts(&text, field).keep(&mut self.findings).map(Time::new)?;
        if !time.is_of_our_age() {
            self.flag(FindingCode::DateImplausible, field);
            return None;
        }
        Some(time)
    }

    /// The day of a time stamp, as written.
    pub(crate) fn date(&mut self, value: Value<'_>, field: &str) -> Option<Date> {
        let text = self.stamp(value, field)?;
        dates::hl7_date(&text, field).keep(&mut self.findings)
    }

    /// A time stamp as HL7 writes it. One that is written in another way is told.
    fn stamp(&mut self, value: Value<'_>, field: &str) -> Option<String> {
        let text = self.text(value.component(1), field)?;
        let Some(stamp) = as_hl7_writes(&text) else { return Some(text) };
        self.flag(FindingCode::ValueMalformed, field);
        Some(stamp)
    }

    /// A coded value: code, text, and the list it comes from where the sender names one. Of several the first, and that there
    /// are more is told.
    pub(crate) fn coded(&mut self, value: Value<'_>, field: &str, list: &str) -> Option<Coded> {
        joined(self.codings(value, field, list))
    }

    /// What a coded value is in each system that the sender codes it in, the one to be known by first.
    pub(crate) fn codings(&mut self, value: Value<'_>, field: &str, list: &str) -> Vec<Coded> {
        if value.repetitions().nth(1).is_some() {
            self.flag(FindingCode::NotMapped, field);
        }
        let value = value.first();
        let stated = CODINGS.into_iter().filter_map(|at| self.coding(value, at, field, list));
        let mut codings: Vec<Coded> = stated.collect();
        if let Some(best) = best(&codings, list) {
            codings.swap(0, best);
        }
        codings
    }

    /// What the event's field of this number becomes: the first of these that says anything, with the words of the others,
    /// because any of them may be the one that names what is sensitive.
    pub(crate) fn said_of(&mut self, number: u32, fields: &[CodedField<'_>]) -> Option<Coded> {
        let said: Vec<Coded> =
            fields.iter().filter_map(|(value, field, list)| self.coded(*value, field, list)).collect();
        if said.is_empty() && fields.iter().any(|(value, ..)| value.is_deleted()) {
            self.clears.push(number);
        }
        joined(said)
    }

    /// Code, text and system, from this component on.
    fn coding(&mut self, value: Value<'_>, at: usize, field: &str, list: &str) -> Option<Coded> {
        // A code has no parts of its own: an ampersand in it is one that the sender did not escape.
        let mut part = |number| self.text(value.component(number), field);
        let (code, text) = (part(at), part(at + 1));
        let system = self.text(value.component(at + 2).subcomponent(1), field);
        if code.is_none() && text.is_none() {
            return None;
        }
        let code_set = match system {
            Some(system) => format!("hl7v2.{list}/{system}"),
            None => format!("hl7v2.{list}"),
        };
        Some(Coded { code: code.unwrap_or_default(), code_set, text })
    }

    /// A code of a list that is known, in whichever system it stands. One that the list does not hold is kept and told.
    pub(crate) fn code_of(&mut self, value: Value<'_>, field: &str, list: &str, known: &[&str]) -> Option<Coded> {
        let mut codings = self.codings(value, field, list);
        let of_list = |coded: &Coded| known.iter().find(|known| known.eq_ignore_ascii_case(&coded.code));
        match codings.iter().enumerate().find_map(|(at, coded)| Some((at, of_list(coded)?))) {
            Some((at, known)) => {
                let coded = codings.remove(at);
                Some(with_words_of(Coded { code: (*known).to_owned(), ..coded }, codings))
            }
            None => {
                let coded = joined(codings)?;
                self.flag(FindingCode::CodeUnknown, field);
                Some(coded)
            }
        }
    }

    /// A place (PL): point of care, room, bed, facility, building, floor and description, those that stand there.
    pub(crate) fn place(&mut self, value: Value<'_>, field: &str) -> Option<String> {
        let value = value.first();
        let parts: Vec<String> = [1, 2, 3, 4, 7, 8, 9]
            .into_iter()
            .filter_map(|number| self.text(value.component(number).subcomponent(1), field))
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// Where the codings of a coded value (CE, CWE) begin: its own, the alternate, and from version 2.7 on a second alternate.
const CODINGS: [usize; 3] = [1, 4, 10];

/// The lists of which a terminology says more than the sender's own code. In the others a code is of the list that HL7 or the
/// NHS has for the field, and what reads it knows that list.
const OF_TERMINOLOGIES: &[&str] = &[
    "admit_reason",
    "allergy",
    "attendance_reason",
    "diagnosis",
    "observation",
    "problem",
    "service",
    "value",
    "vaccine",
];

/// Which coding a value is known by: the first that has a code, unless another is of a terminology.
fn best(codings: &[Coded], list: &str) -> Option<usize> {
    let in_a_terminology = |coded: &Coded| !coded.code.is_empty() && is_terminology(&coded.code_set);
    let standard = || codings.iter().position(in_a_terminology).filter(|_| OF_TERMINOLOGIES.contains(&list));
    standard().or_else(|| codings.iter().position(|coded| !coded.code.is_empty()))
}

/// Whether a list is SNOMED CT, LOINC, a classification of diseases or operations, or a catalogue of medicines or vaccines, as
/// HL7 table 0396 and feeds name them.
fn is_terminology(code_set: &str) -> bool {
    let system = code_set.split_once('/').map_or("", |(_, system)| system);
    let plain: String = system.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    let versioned = ["SNOMED", "I10", "ICD10", "I9", "ICD9", "OPCS", "READ"];
    matches!(plain.as_str(), "SCT" | "LN" | "LOINC" | "CVX" | "DMD" | "CTV3")
        || versioned.iter().any(|name| plain.starts_with(name))
        || matches!(
            system,
            "http://snomed.info/sct" | "http://loinc.org" | "2.16.840.1.113883.6.96" | "2.16.840.1.113883.6.1"
        )
}

/// By what a coded value is told from others in a record key: the code that its sender writes first, else the words.
pub(crate) fn named(value: Value<'_>) -> Option<String> {
    let value = value.first();
    let stated = |at: usize| {
        let part = |at| Some(value.component(at).text().value.trim().to_owned()).filter(|text| !text.is_empty());
        part(at).or_else(|| Some(part(at + 1)?.to_uppercase()))
    };
    CODINGS.into_iter().find_map(stated)
}

/// The first of these, with the words of the others.
pub(crate) fn joined(codings: impl IntoIterator<Item = Coded>) -> Option<Coded> {
    let mut codings = codings.into_iter();
    Some(with_words_of(codings.next()?, codings))
}

/// A coded value with the words of others behind its own: an event's field holds one code, and what another says may be what
/// decides who sees the event.
fn with_words_of(coded: Coded, others: impl IntoIterator<Item = Coded>) -> Coded {
    let mut words: Vec<String> = coded.text.iter().cloned().collect();
    for other in others {
        let own = [Some(coded.code.as_str()), coded.text.as_deref()];
        let is_new = |said: &String| !said.is_empty() && !own.contains(&Some(said.as_str()));
        let said = match (Some(other.code).filter(is_new), other.text.filter(is_new)) {
            (Some(code), Some(text)) if code != text => format!("{text} ({code})"),
            (Some(said), _) | (None, Some(said)) => said,
            (None, None) => continue,
        };
        if !words.contains(&said) {
            words.push(said);
        }
    }
    Coded { text: (!words.is_empty()).then(|| words.join("; ")), ..coded }
}

/// A time stamp that is written in another way and can mean one thing only, as HL7 writes it: `2026-03-01T09:30:15Z`,
/// `2026/03/01`, `20260301T093015`, and `20260301+`, whose zone was left out. `None` for what is not written so.
fn as_hl7_writes(text: &str) -> Option<String> {
    let whole = text.strip_suffix(['+', '-']).unwrap_or(text);
    let written = of_parts(whole).unwrap_or_else(|| whole.to_owned());
    (written != text).then_some(written)
}

/// Of a day in parts, or in one with a letter or a blank in what follows it.
fn of_parts(text: &str) -> Option<String> {
    let (day, rest) = day_in_parts(text).or_else(|| day_in_one(text))?;
    let time = rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest);
    let (clock, zone) = match (time.strip_suffix(['Z', 'z']), time.find(['+', '-'])) {
        (Some(clock), _) => (clock, "+0000"),
        (None, Some(at)) => time.split_at_checked(at)?,
        (None, None) => (time, ""),
    };
    let (sign, zone) = zone.split_at_checked(1).unwrap_or_default();
    Some(format!("{day}{}{sign}{}", in_one(clock.trim_end()), in_one(zone)))
}

/// A clock without what stands between its parts: "1:30:5" is "013005".
fn in_one(clock: &str) -> String {
    if !clock.contains(':') {
        return clock.to_owned();
    }
    let padded = |part: &str| {
        let is_short = part.split('.').next().is_some_and(|whole| whole.len() == 1);
        if is_short { format!("0{part}") } else { part.to_owned() }
    };
    clock.split(':').map(padded).collect()
}

fn day_in_parts(text: &str) -> Option<(String, &str)> {
    let (day, rest) = text.split_at_checked(10)?;
    let [year, month, day] = <[&str; 3]>::try_from(day.split(['-', '/']).collect::<Vec<_>>()).ok()?;
    ((year.len(), month.len()) == (4, 2)).then(|| (format!("{year}{month}{day}"), rest))
}

fn day_in_one(text: &str) -> Option<(String, &str)> {
    let (day, rest) = text.split_at_checked(8)?;
    let is_of_another_hand = rest.contains(['T', 't', 'Z', 'z', ' ']);
    (is_of_another_hand && day.bytes().all(|b| b.is_ascii_digit())).then(|| (day.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_of_another_hand_are_read() {
        for (other, hl7) in [
            ("2026-03-01", "20260301"),
            ("2026-03-01T09:30", "202603010930"),
            ("2026-03-01T09:30:15Z", "20260301093015+0000"),
            ("2026-03-01 09:30:15.125+01:00", "20260301093015.125+0100"),
            ("2026-03-01T09:30:15-0500", "20260301093015-0500"),
            ("2026/03/01", "20260301"),
            ("2026/03/01 09:30", "202603010930"),
            ("2026/03/01 1:30:5", "20260301013005"),
            ("20260301 9:5", "202603010905"),
            ("2026-03-01T9:30:5.125+1:00", "20260301093005.125+0100"),
            ("20260301+", "20260301"),
            ("20260301093015-", "20260301093015"),
            ("20260301093015Z", "20260301093015+0000"),
            ("20260301T093015", "20260301093015"),
            ("20260301 09:30:15+01:00", "20260301093015+0100"),
        ] {
            assert_eq!(as_hl7_writes(other).as_deref(), Some(hl7), "{other}");
        }
        for other in [
            "20260301",
            "2026-0500",
            "20260301093015-0500",
            "20260301093015+01:00",
            "01-03-2026",
            "01/03/2026",
            "2026-3-01T",
            "",
        ] {
            assert_eq!(as_hl7_writes(other), None, "{other}");
        }
    }
}
