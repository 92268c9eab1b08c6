//! Reading values with what is odd about them.

use connector_kit::dates;
use connector_kit::reading::finding;
use proto::events::{Coded, Date, Finding, FindingCode};

use crate::er7::Value;
use crate::time::Time;

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

    /// A time stamp as HL7 writes it. One that is written as ISO 8601 has it is told.
    fn stamp(&mut self, value: Value<'_>, field: &str) -> Option<String> {
        let text = self.text(value.component(1), field)?;
        let Some(stamp) = of_iso(&text) else { return Some(text) };
        self.flag(FindingCode::ValueMalformed, field);
        Some(stamp)
    }

    /// A coded value: code, text, and the list it comes from where the sender names one. Of several the first, and that there
    /// are more is told.
    pub(crate) fn coded(&mut self, value: Value<'_>, field: &str, list: &str) -> Option<Coded> {
        if value.repetitions().nth(1).is_some() {
            self.flag(FindingCode::NotMapped, field);
        }
        let value = value.first();
        // A code has no parts of its own: an ampersand in it is one that the sender did not escape.
        let part = |reading: &mut Self, number| reading.text(value.component(number), field);
        let (code, text) = (part(self, 1), part(self, 2));
        let system = self.text(value.component(3).subcomponent(1), field);
        if code.is_none() && text.is_none() {
            return None;
        }
        let code_set = match system {
            Some(system) => format!("hl7v2.{list}/{system}"),
            None => format!("hl7v2.{list}"),
        };
        Some(Coded { code: code.unwrap_or_default(), code_set, text })
    }

    /// A code of a list that is known. One that it does not hold is kept and told.
    pub(crate) fn code_of(&mut self, value: Value<'_>, field: &str, list: &str, known: &[&str]) -> Option<Coded> {
        let coded = self.coded(value, field, list)?;
        match known.iter().find(|known| known.eq_ignore_ascii_case(&coded.code)) {
            Some(known) => Some(Coded { code: (*known).to_owned(), ..coded }),
            None => {
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

/// A coded value with the words of others behind its own: an event's field holds one code, and what another says may be what
/// decides who sees the event.
pub(crate) fn with_words_of(coded: Coded, others: impl IntoIterator<Item = Coded>) -> Coded {
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

/// `2026-03-01T09:30:15Z` and `2026-03-01 09:30+01:00` as HL7 writes them; `None` for what is not written so.
fn of_iso(text: &str) -> Option<String> {
    let (day, rest) = text.split_at_checked(10)?;
    let [year, month, day] = <[&str; 3]>::try_from(day.split('-').collect::<Vec<_>>()).ok()?;
    if (year.len(), month.len()) != (4, 2) {
        return None;
    }
    let time = rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest);
    let (clock, zone) = match (time.strip_suffix(['Z', 'z']), time.find(['+', '-'])) {
        (Some(clock), _) => (clock, "+0000"),
        (None, Some(at)) => time.split_at_checked(at)?,
        (None, None) => (time, ""),
    };
    let plain = |text: &str| text.replace(':', "");
    Some(format!("{year}{month}{day}{}{}", plain(clock.trim_end()), plain(zone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_stamps_are_read() {
        for (iso, hl7) in [
            ("2026-03-01", "20260301"),
            ("2026-03-01T09:30", "202603010930"),
            ("2026-03-01T09:30:15Z", "20260301093015+0000"),
            ("2026-03-01 09:30:15.125+01:00", "20260301093015.125+0100"),
            ("2026-03-01T09:30:15-0500", "20260301093015-0500"),
        ] {
            assert_eq!(of_iso(iso).as_deref(), Some(hl7), "{iso}");
        }
        for other in ["20260301", "2026-0500", "20260301093015-0500", "01-03-2026", "2026-3-01T", ""] {
            assert_eq!(of_iso(other), None, "{other}");
        }
    }
}
