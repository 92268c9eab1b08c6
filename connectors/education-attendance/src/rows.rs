//! Records of a feed, whichever form they came in.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::iter::successors;
use std::rc::Rc;

use connector_kit::Place;

use crate::fields::Field;
use crate::say::any_date;

/// Values by what they mean.
pub(crate) type Said = BTreeMap<Field, String>;

/// What an object says of every record in it. The records share it, so that nothing is repeated for each of them.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// The object that this one stands in.
    pub(crate) above: Option<Rc<Around>>,
    /// Not there before its records are to be said: it may say more behind them.
    pub(crate) said: OnceCell<Said>,
}

/// One record: what it says by field, and what of it has no place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// Itself, and not by what stands around it.
    pub(crate) said: Said,
    /// Names as the file has them, and values.
    pub(crate) rest: Vec<(String, String)>,
    pub(crate) around: Option<Rc<Around>>,
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
        let day = self.get(Field::Day).to_owned();
        if day.is_empty() {
            return;
        }
        if self.get(Field::On).is_empty() && any_date(&day, "").value.is_some() {
            self.said.insert(Field::On, day);
        } else if self.get(Field::On) != day {
            self.rest.push(("day".to_owned(), day));
        }
    }

    /// How many bytes it takes, about.
    pub(crate) fn weight(&self) -> usize {
        let rest = self.rest.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        size_of::<Self>() + self.said_bytes() + rest + self.raw.len()
    }

    pub(crate) fn said_bytes(&self) -> usize {
        self.said.values().map(String::len).sum()
    }

    /// What it says of a field, and what each that it stands in says, from within.
    fn each(&self, field: Field) -> impl Iterator<Item = &str> {
        let around = successors(self.around.as_deref(), |around| around.above.as_deref());
        let around = around.filter_map(|around| around.said.get());
        std::iter::once(&self.said).chain(around).filter_map(move |said| said.get(&field).map(String::as_str))
    }

    /// What stands further in says more of the record than what stands around it.
    pub(crate) fn get(&self, field: Field) -> &str {
        self.each(field).next().unwrap_or_default()
    }

    pub(crate) fn says(&self, field: Field) -> bool {
        self.each(field).next().is_some()
    }

    /// What stands furthest out says it of the most.
    pub(crate) fn outermost(&self, field: Field) -> &str {
        self.each(field).filter(|value| !value.is_empty()).last().unwrap_or_default()
    }
}
