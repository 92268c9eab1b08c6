//! Records of a feed, whichever form they came in.

use std::collections::BTreeMap;

use connector_kit::Place;

use crate::fields::Field;
use crate::say::any_date;

/// One record: what it says by field, and what of it has no place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) said: BTreeMap<Field, String>,
    /// Names as the file has them, and values.
    pub(crate) rest: Vec<(String, String)>,
    pub(crate) place: Place,
    pub(crate) raw: Vec<u8>,
}

impl Row {
    /// Takes in a value; the first that says something counts, and another is kept beside it.
    pub(crate) fn take(&mut self, name: &str, value: &str) {
        let field = Field::named(name);
        // A spreadsheet keeps text from being a number by a formula.
        let value = value.trim();
        let value = value.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')).unwrap_or(value);
        if value.is_empty() {
            // That a session has no mark is said too.
            if let Some(field @ (Field::Code | Field::MorningCode | Field::AfternoonCode)) = field {
                self.said.entry(field).or_default();
            }
            return;
        }
        match field {
            Some(Field::Plumbing) => {}
            Some(field) => match self.said.get(&field) {
                Some(known) if known == value => {}
                Some(known) if !known.is_empty() => self.rest.push((name.to_owned(), value.to_owned())),
                _ => {
                    self.said.insert(field, value.to_owned());
                }
            },
            None => self.rest.push((name.to_owned(), value.to_owned())),
        }
    }

    /// What is called the day is the date only where nothing better named is, and only where it reads as one: it may be a day of
    /// the week, which is kept.
    pub(crate) fn settle_day(&mut self) {
        let Some(day) = self.said.remove(&Field::Day) else { return };
        if self.get(Field::On).is_empty() && any_date(&day, "").value.is_some() {
            self.said.insert(Field::On, day);
        } else if self.get(Field::On) != day {
            self.rest.push(("day".to_owned(), day));
        }
    }

    /// How many bytes it takes, about.
    pub(crate) fn weight(&self) -> usize {
        let said = self.said.values().map(String::len).sum::<usize>();
        let rest = self.rest.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        size_of::<Self>() + said + rest + self.raw.len()
    }

    pub(crate) fn get(&self, field: Field) -> &str {
        self.said.get(&field).map_or("", String::as_str)
    }
}
