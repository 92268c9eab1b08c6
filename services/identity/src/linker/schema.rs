//! Which fields a record has, and what kind of thing each says.

use super::normalise;
use super::population::FIELDS_MAX;

/// Of a field that says more, the first are kept: no record is compared for ever.
const VALUES_MAX: usize = 16;

/// What a field says, which decides how it is normalised and compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A given name.
    GivenName,
    /// Given names after the first. Many people go by one of them; many sources leave them out.
    MiddleName,
    /// A family name.
    Surname,
    /// A date of birth: `2015-03-09`, `20150309` or `09/03/2015`; `2015-03` and `2015` where no more is known; `~` before one
    /// that is an estimate.
    BirthDate,
    /// Sex or gender, as the source codes it.
    Sex,
    /// A postcode.
    Postcode,
    /// A line of an address, or the name of a place.
    Address,
    /// A house and its street, beside a postcode: agreeing on both says hardly more than agreeing on one.
    House,
    /// A house number, or another short number.
    Number,
    /// A code: equal, mistyped, or different.
    Code,
    /// A number that only one person has at a time.
    Identifier(Check),
    /// `issuer|number`: two numbers of one issuer are two people, and two issuers' numbers say nothing of each other.
    Local,
}

/// How it is known that an identifier is well formed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Check {
    /// It is not: two that differ may be one, mistyped.
    None,
    /// An NHS number's check digit (modulus 11). Two that differ and are both right are two children.
    NhsNumber,
    /// A unique pupil number's check letter (modulus 23). A child may come by a second, and a temporary one is replaced.
    Upn,
    /// A unique learner number's check digit (modulus 11, from 10).
    Uln,
}

impl Check {
    /// Whether a normalised identifier is well formed, as far as its own check tells.
    pub fn is_right(self, value: &str) -> bool {
        normalise::checks(self, value)
    }
}

/// A field of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its name, for explanations.
    pub name: String,
    /// What it says.
    pub kind: Kind,
}

/// The fields of every record that is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schema {
    fields: Vec<Field>,
}

/// Why fields make no schema.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SchemaError {
    /// Fewer than two: nothing can be estimated from one.
    #[error("a record needs at least two fields to be compared by")]
    TooFew,
    /// More than a record can hold.
    #[error("a record has at most {FIELDS_MAX} fields to be compared by")]
    TooMany,
    /// Two of one name.
    #[error("the field `{0}` is named twice")]
    Twice(String),
}

/// What a record says, normalised: for each field of its schema the values that it has, none where it says nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Record {
    values: Vec<Vec<String>>,
}

impl Schema {
    /// A schema of these fields.
    ///
    /// # Errors
    /// [`SchemaError`].
    pub fn new(fields: Vec<Field>) -> Result<Self, SchemaError> {
        if fields.len() < 2 {
            return Err(SchemaError::TooFew);
        }
        if fields.len() > FIELDS_MAX {
            return Err(SchemaError::TooMany);
        }
        let twice = fields.iter().enumerate().find(|(at, field)| fields.iter().take(*at).any(|f| f.name == field.name));
        match twice {
            Some((_, field)) => Err(SchemaError::Twice(field.name.clone())),
            None => Ok(Self { fields }),
        }
    }

    /// A schema that is known to be one.
    pub(super) fn of(fields: Vec<Field>) -> Self {
        Self { fields }
    }

    /// The fields, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The place of the first field of this kind.
    pub(super) fn place(&self, kind: Kind) -> Option<usize> {
        self.fields.iter().position(|field| field.kind == kind)
    }

    /// A record from what a source says, for each field the texts that it has: an address and those before it, a name and
    /// those it was known by. What says nothing (empty, `unknown`, all zeros) is left out.
    pub fn record<'a, F, T>(&self, texts: F) -> Record
    where
        F: IntoIterator<Item = T>,
        T: IntoIterator<Item = &'a str>,
    {
        let values = self.fields.iter().zip(texts).map(|(field, texts)| {
            let mut values: Vec<String> =
                texts.into_iter().filter_map(|text| normalise::value(field.kind, text)).collect();
            values.sort_unstable();
            values.dedup();
            values.truncate(VALUES_MAX);
            values
        });
        let mut values: Vec<Vec<String>> = values.collect();
        values.resize(self.fields.len(), Vec::new());
        Record { values }
    }
}

/// A record, wherever it is held.
pub(super) trait Says {
    /// The values of the field at this place.
    fn said(&self, field: usize) -> impl Iterator<Item = &str> + Clone;
}

impl Says for Record {
    fn said(&self, field: usize) -> impl Iterator<Item = &str> + Clone {
        self.values(field).iter().map(String::as_str)
    }
}

impl Record {
    /// The values of the field at this place.
    pub fn values(&self, field: usize) -> &[String] {
        self.values.get(field).map_or(&[], Vec::as_slice)
    }
}
