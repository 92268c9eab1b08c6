//! Records of a feed, whichever form they came in.

use std::collections::BTreeMap;

use connector_kit::Place;

use crate::fields::Field;

/// One record: what it says by field, and what of it has no place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) said: BTreeMap<Field, String>,
    /// Names as the file has them, and values.
    pub(crate) rest: Vec<(String, String)>,
    pub(crate) place: Place,
    pub(crate) raw: Vec<u8>,
}

/// What was read of a file.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    /// When the file says that it was made.
    pub(crate) made: String,
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

    pub(crate) fn get(&self, field: Field) -> &str {
        self.said.get(&field).map_or("", String::as_str)
    }
}
