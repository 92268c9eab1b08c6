//! A mapping that was checked: what is done with each row, with nothing left that could be wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use connector_kit::Delivery;
use connector_kit::csv_source::Dialect;
use prost_reflect::FieldDescriptor;
use proto::event::KindNumber;
use proto::events::{Family, Scheme};
use proto::sharing::Label;

use crate::dates::Format as DateFormat;
use crate::file::Format;

/// A mapping, ready to be used: a connector with no code of its own.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) family: Family,
    pub(crate) revision: u32,
    pub(crate) stated_revision: u32,
    pub(crate) controller: Getter,
    pub(crate) controllers: Option<Arc<Codes>>,
    pub(crate) labels: Vec<Label>,
    pub(crate) source: Source,
    pub(crate) delivery: Delivery,
    pub(crate) scope: String,
    pub(crate) as_of: Option<AsOf>,
    pub(crate) key: Vec<KeyPart>,
    pub(crate) subject: Number,
    pub(crate) identifiers: Vec<Number>,
    pub(crate) person: Option<Person>,
    pub(crate) only_when: Vec<Condition>,
    pub(crate) events: Vec<Event>,
    /// The same mapping for each further child of a row, where a row may hold several.
    pub(crate) others: Vec<Mapping>,
    /// Columns without which no row says anything, lower case.
    pub(crate) required: Vec<String>,
    /// Columns that are named anywhere: lower case, and as the mapping writes them.
    pub(crate) known: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) format: Format,
    pub(crate) dialect: Dialect,
    pub(crate) sheet: Option<String>,
    pub(crate) query: Option<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) ignored: Vec<String>,
    /// Of a table without a header, what its columns are; else nothing.
    pub(crate) columns: Vec<String>,
    /// How many characters each of them takes, where they stand at fixed places; else nothing.
    pub(crate) widths: Vec<usize>,
    /// What stands between two cells was not stated: the header tells.
    pub(crate) sniffs: bool,
    /// Columns that a file may be without.
    pub(crate) may_lack: Vec<String>,
    /// Columns in which a blank cell means the one above it.
    pub(crate) fill_down: Vec<String>,
    /// Beginnings of rows that are no records, in lower case, `*` for anything.
    pub(crate) pass_over: Vec<String>,
    /// Words that are no value where they are the whole cell.
    pub(crate) blanks: Vec<String>,
    pub(crate) files: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum AsOf {
    Column(String, Vec<DateFormat>),
    FileName(String),
}

/// Where a text comes from. Columns are lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Getter {
    pub(crate) column: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) default: Option<String>,
    pub(crate) prefix: String,
    pub(crate) required: bool,
    /// Only what stands behind the first of this, and then only what stands before the first of that.
    pub(crate) after: Option<String>,
    pub(crate) before: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct KeyPart {
    pub(crate) getter: Getter,
    /// Where the part is a date: however it is written, the key is one.
    pub(crate) dates: Vec<DateFormat>,
    /// And the time of the day with it.
    pub(crate) with_time: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub(crate) scheme: Scheme,
    pub(crate) issuer: String,
    pub(crate) column: String,
    pub(crate) former: bool,
    /// Between the numbers of several children.
    pub(crate) split: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) family: Option<Getter>,
    pub(crate) given: Option<Getter>,
    pub(crate) middle: Option<Getter>,
    pub(crate) preferred: Option<Getter>,
    pub(crate) birth_on: Option<(Getter, Vec<DateFormat>)>,
    pub(crate) death_on: Option<(Getter, Vec<DateFormat>)>,
    pub(crate) sex: Option<(Getter, Convert)>,
    pub(crate) ethnicity: Option<(Getter, Convert)>,
    pub(crate) first_language: Option<(Getter, Convert)>,
    pub(crate) address: Vec<String>,
    pub(crate) postcode: Option<String>,
    pub(crate) uprn: Option<String>,
    pub(crate) phones: Vec<String>,
    pub(crate) practice: Option<Getter>,
}

#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) column: String,
    pub(crate) is: Vec<String>,
    pub(crate) not: Vec<String>,
    pub(crate) filled: Option<bool>,
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Stands in the record's key, and names the record's table.
    pub(crate) name: &'static str,
    pub(crate) kind: KindNumber,
    pub(crate) key: Vec<KeyPart>,
    pub(crate) when: Vec<Condition>,
    pub(crate) fields: Vec<Field>,
    pub(crate) effective: Placed,
    pub(crate) required: bool,
    pub(crate) third_parties: Vec<(String, String)>,
}

/// What places an event in time.
#[derive(Clone, Debug)]
pub(crate) enum Placed {
    /// This one of its fields.
    Field(usize),
    /// A column of the row that is no field of the event.
    Column(Getter, Vec<DateFormat>),
}

impl Event {
    /// The column that places it.
    pub(crate) fn placed_by(&self) -> &str {
        match &self.effective {
            Placed::Field(at) => self.fields.get(*at).map_or("", |field| field.getter.shown()),
            Placed::Column(getter, _) => getter.shown(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) path: Vec<FieldDescriptor>,
    pub(crate) getter: Getter,
    pub(crate) convert: Convert,
    pub(crate) split: Option<String>,
}

/// How a text becomes a field.
#[derive(Clone, Debug)]
pub(crate) enum Convert {
    Text(Option<Arc<Codes>>),
    Flag { yes: Vec<String>, no: Vec<String> },
    Whole { times: f64, least: i64, most: i64 },
    Decimal { times: f64 },
    Day(Vec<DateFormat>),
    When(Vec<DateFormat>),
    Instant(Vec<DateFormat>),
    Coded { codes: Option<Arc<Codes>>, set: String, words: Option<String> },
    Choice { numbers: BTreeMap<String, i32>, codes: Option<Arc<Codes>> },
}

/// A list of codes. What the source writes is lower case.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    pub(crate) set: String,
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) unknown: Option<String>,
}

impl Mapping {
    /// Its name: the source's, whose sector comes first.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What more it puts on every record than kind and fields do. None opens a record to anybody.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The kinds that its rows become, in the order of the file.
    pub fn kinds(&self) -> impl Iterator<Item = KindNumber> {
        self.events.iter().map(|event| event.kind)
    }

    /// The revision that the file states, which is raised with each change of what a row becomes.
    pub fn stated_revision(&self) -> u32 {
        self.stated_revision
    }

    /// The query and the cursor column of a source that is a database.
    pub fn query(&self) -> Option<(&str, Option<&str>)> {
        self.source.query.as_deref().map(|query| (query, self.source.cursor.as_deref()))
    }

    /// Whether its rows come from a database.
    pub fn is_sql(&self) -> bool {
        self.source.format == Format::Sql
    }
}
