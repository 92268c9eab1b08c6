//! What an object around records says that has no place: kept once of a pupil, and not with each of the pupil's marks.
//!
//! It has no number of its own. Its names tell it from others of that pupil, so that a value that changes from file to file is one
//! entry, corrected; an object of a day is an entry of that day. Of objects of the same names each is told apart by its place among
//! them, in order of what they say: wherever in the file they stand.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use connector_kit::{Place, dates, kept};
use proto::events::{Date, SourceRecordKept, Subject};
use sha2::{Digest as _, Sha256};

use crate::fields::Field;
use crate::rows::Row;
use crate::say;

/// So many are remembered of a file; behind more, one that comes again is an entry again.
const KNOWN_MAX: usize = 900_000;

/// What is kept of an object around a pupil's records.
pub(crate) struct Around {
    pub(crate) school: String,
    pub(crate) subject: Subject,
    pub(crate) key: String,
    pub(crate) on: Date,
    pub(crate) kept: SourceRecordKept,
    pub(crate) place: Place,
}

impl Around {
    /// `None` where it is no one pupil's, or of no day. `records` are those that it stands around.
    pub(crate) fn of(row: &Row, of_name: Option<&str>, records: &[Row]) -> Option<Self> {
        let school = say::register_of(row, of_name).ok()?;
        let subject = say::pupil(row, &school)?;
        let own = say::whole_day(row).filter(|_| is_of_a_day(row));
        // Which of its records comes first in the file must not matter, nor that the file is of another day.
        let of_records = || records.iter().filter_map(say::whole_day).min_by_key(dates::rank);
        let on = own.or_else(|| of_records().map(|on| say::school_year_of(&on)))?;
        let kept = kept::columns("around", row.rest.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
        let mut names: Vec<&str> = row.rest.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let day = own.map(|on| format!("/{}", dates::key(&on))).unwrap_or_default();
        let key = format!("{}{day}/around/{}", subject.value, hex::encode(Sha256::digest(names.join("\n"))));
        Some(Self { school, subject, key, on, kept, place: row.place.clone() })
    }

    fn identity(&self) -> (String, String) {
        (self.school.clone(), self.key.clone())
    }

    fn content(&self) -> &str {
        self.kept.content.as_deref().unwrap_or_default()
    }
}

/// Whether it, or what it stands in within the pupil's object, is a day's: a day that is said further out is the file's.
fn is_of_a_day(row: &Row) -> bool {
    let pupil = row.how_far_out(Field::Upn).or_else(|| row.how_far_out(Field::Surname));
    row.how_far_out(Field::On).is_some_and(|day| pupil.is_none_or(|pupil| day < pupil))
}

/// Which were said of a file: by what their key and their content hash to, and how many there were of each key.
#[derive(Default)]
pub(crate) struct Known {
    said: HashSet<(u64, u64)>,
    of_key: HashMap<u64, u32>,
}

impl Known {
    /// Those that were not said yet, each with a key of its own.
    pub(crate) fn tell_apart(&mut self, mut of_records: Vec<Around>) -> Vec<Around> {
        of_records.sort_by_cached_key(|one| (one.identity(), one.content().to_owned(), dates::rank(&one.on)));
        of_records.retain_mut(|one| {
            let (key, content) = (hash(&one.identity()), hash(&one.content()));
            if self.said.len() >= KNOWN_MAX {
                *self = Self::default();
            }
            let is_new = self.said.insert((key, content));
            if is_new {
                let number = self.of_key.entry(key).and_modify(|number| *number += 1).or_insert(1);
                if *number > 1 {
                    one.key = format!("{}/{number}", one.key);
                }
            }
            is_new
        });
        of_records
    }
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
