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
        let text = self.text(value.component(1), field)?;
        let time = dates::hl7_ts(&text, field).keep(&mut self.findings).map(Time::new)?;
        if !time.is_of_our_age() {
            self.flag(FindingCode::DateImplausible, field);
            return None;
        }
        Some(time)
    }

    /// The day of a time stamp, as written.
    pub(crate) fn date(&mut self, value: Value<'_>, field: &str) -> Option<Date> {
        let text = self.text(value.component(1), field)?;
        dates::hl7_date(&text, field).keep(&mut self.findings)
    }

    /// A coded value: code, text, and the list it comes from where the sender names one.
    pub(crate) fn coded(&mut self, value: Value<'_>, field: &str, list: &str) -> Option<Coded> {
        let value = value.first();
        let part = |reading: &mut Self, number| reading.text(value.component(number).subcomponent(1), field);
        let (code, text, system) = (part(self, 1), part(self, 2), part(self, 3));
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
        if !known.contains(&coded.code.as_str()) {
            self.flag(FindingCode::CodeUnknown, field);
        }
        Some(coded)
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
