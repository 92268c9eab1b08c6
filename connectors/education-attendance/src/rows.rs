//! Records of a feed, whichever form they came in.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::iter::successors;
use std::rc::Rc;

use connector_kit::Place;
use proto::quarantine::Reason;

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
    pub(crate) heard: OnceCell<Heard>,
}

/// What an object had said when its records were to be said.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) said: Said,
    /// None where it was read to its end.
    pub(crate) early: Option<Early>,
}

/// Why an object's records are said before its end. What it has not said by then it may say behind, so that nothing that stands
/// further out, nor the file's name, says it instead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Early {
    TooMany,
    NotRead,
}

impl Early {
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::TooMany => Reason::RecordTooLarge,
            Self::NotRead => Reason::RecordMalformed,
        }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::TooMany => {
                "the record does not say this itself, and more records stand between it and what may say it behind their list \
                 than are held: write what counts for each record of a list before the list, or send fewer records in a file"
            }
            Self::NotRead => {
                "the record does not say this itself, and what it stands in may say it where the file was not read any more: \
                 send the file again whole"
            }
        }
    }
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

/// Of one that was never said to have ended.
static UNHEARD: Heard = Heard { said: Said::new(), early: Some(Early::NotRead) };

impl Heard {
    /// Whether it has not said this, and may still do so.
    fn may_say(&self, field: Field) -> bool {
        self.early.is_some() && !self.said.contains_key(&field)
    }
}

impl Row {
    /// Takes in a value; the first that says something counts, and another is kept beside it.
    pub(crate) fn take(&mut self, name: &str, value: &str) {
        let field = Field::named(name);
        // A spreadsheet keeps text from being a number by a formula.
        let value = value.trim();
        let value = value.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')).unwrap_or(value);
        // What a database writes for nothing. Of a name it may be the name.
        let may_be_none = !matches!(field, Some(Field::Surname | Field::Forename | Field::Name) | None);
        let value = if may_be_none && value.eq_ignore_ascii_case("null") { "" } else { value };
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

    /// A name that the pupil is called by counts for the legal one where that does not stand beside it.
    pub(crate) fn settle_preferred(&mut self) {
        for (preferred, legal) in
            [(Field::PreferredSurname, Field::Surname), (Field::PreferredForename, Field::Forename)]
        {
            if let Some(called) = self.said.get(&preferred).cloned() {
                self.said.entry(legal).or_insert(called);
            }
        }
    }

    /// `Eastwood, Ada` is a surname and a forename, where these have no fields of their own.
    pub(crate) fn settle_name(&mut self) {
        let names = [Field::Surname, Field::Forename];
        let name = self.get_in_place_of(Field::Upn, Field::Name);
        let parts =
            name.split_once(',').map(|(surname, forename)| [surname.trim(), forename.trim()].map(str::to_owned));
        if let Some(parts) = parts.filter(|_| names.iter().all(|field| self.get(*field).is_empty()))
            && parts.iter().all(|part| !part.is_empty() && !part.contains(','))
        {
            self.said.extend(names.into_iter().zip(parts));
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

    /// What it stands in, from within.
    fn around(&self) -> impl Iterator<Item = &Heard> {
        let around = successors(self.around.as_deref(), |around| around.above.as_deref());
        around.map(|around| around.heard.get().unwrap_or(&UNHEARD))
    }

    /// What is said of a field by itself, or by what it stands in, from within: as far out as is `known`.
    fn first(&self, field: Field, known: impl Fn(&Heard) -> bool) -> Option<&str> {
        let around = self.around().take_while(|heard| known(heard)).map(|heard| &heard.said);
        std::iter::once(&self.said).chain(around).find_map(|said| said.get(&field).map(String::as_str))
    }

    /// What stands further in says more of the record than what stands around it.
    pub(crate) fn get(&self, field: Field) -> &str {
        self.first(field, |heard| !heard.may_say(field)).unwrap_or_default()
    }

    pub(crate) fn says(&self, field: Field) -> bool {
        self.first(field, |heard| !heard.may_say(field)).is_some()
    }

    /// What stands in for another field: where an object may still say that one, only what stands inside it.
    pub(crate) fn get_in_place_of(&self, other: Field, field: Field) -> &str {
        self.first(field, |heard| !heard.may_say(field) && !heard.may_say(other)).unwrap_or_default()
    }

    /// Why it cannot be known what is said of a field: an object around may still say it.
    pub(crate) fn unheard(&self, field: Field) -> Option<Early> {
        let may_say = self.around().find(|heard| heard.may_say(field));
        may_say.filter(|_| !self.says(field)).and_then(|heard| heard.early)
    }

    /// How far out a field is said: 0 by itself.
    pub(crate) fn how_far_out(&self, field: Field) -> Option<usize> {
        std::iter::once(&self.said)
            .chain(self.around().map(|heard| &heard.said))
            .position(|said| said.contains_key(&field))
    }

    /// What stands furthest out says it of the most.
    pub(crate) fn outermost(&self, field: Field) -> &str {
        let each = std::iter::once(&self.said).chain(self.around().map(|heard| &heard.said));
        each.filter_map(|said| said.get(&field)).filter(|value| !value.is_empty()).last().map_or("", String::as_str)
    }

    /// Whether something that stands further out than that may still say it.
    pub(crate) fn may_be_said_further_out(&self, field: Field) -> bool {
        self.around().fold(false, |may, heard| !heard.said.contains_key(&field) && (may || heard.early.is_some()))
    }
}
