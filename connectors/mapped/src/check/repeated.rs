//! Several children of one row: what of each must be said by a column of its own.

use std::ops::Range;

use super::NTH;
use crate::file::{File, Value};

impl File {
    /// What tells one child of a row from another, and is read from the same column for each of them.
    pub(super) fn of_all_children(&self) -> Vec<(String, Range<usize>)> {
        let numbers = self.identifiers.iter().map(|number| &number.get_ref().column);
        let numbers = numbers.filter(|column| !column.get_ref().contains(NTH));
        let mut shared: Vec<_> = numbers.map(|column| ("identifier.column".to_owned(), column.span())).collect();
        let Some(person) = &self.person else { return shared };
        let own = [
            ("family", &person.family),
            ("given", &person.given),
            ("middle", &person.middle),
            ("preferred", &person.preferred),
            ("birth_on", &person.birth_on),
            ("death_on", &person.death_on),
            ("sex", &person.sex),
            ("ethnicity", &person.ethnicity),
            ("first_language", &person.first_language),
        ];
        for (key, value) in own {
            if let Some(value) = value.as_ref().filter(|value| !value.get_ref().is_of_nth()) {
                shared.push((format!("person.{key}"), value.span()));
            }
        }
        shared.sort_by_key(|(_, at)| at.start);
        shared
    }
}

impl Value {
    /// Whether it is another for each child of a row: another column, or another part of its text.
    pub(super) fn is_of_nth(&self) -> bool {
        match self {
            Self::Column(column) => column.contains(NTH),
            Self::Spec(spec) => {
                // What stands in no column is said of every row alike.
                let places = [&spec.column, &spec.after, &spec.before];
                spec.column.is_none() || places.into_iter().flatten().any(|place| place.get_ref().contains(NTH))
            }
        }
    }
}
