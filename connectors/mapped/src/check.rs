//! A mapping file held to the catalogue: every name, every code, every date format, before a row is read.

mod blanks;
mod event;
mod key;
mod misread;
mod person;
mod repeated;
pub(crate) mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use connector_kit::Delivery;
use connector_kit::authority::sector_of;
use connector_kit::csv_source::{Dialect, Header, column_name};
use proto::events::{Family, Scheme};
use proto::sharing::Label;
use proto::subject::national_issuer;
use sha2::{Digest as _, Sha256};
use toml::Spanned;

use crate::dates::Format as DateFormat;
use crate::file::{self, DeliveryKind, File, Format};
use crate::plan::{AsOf, Codes, Condition, Getter, Mapping, Number, Source};
use crate::problem::{MappingUnusable, Problem, Problems, line_of};
use crate::sector;

/// Longest mapping file that is read.
pub const MAPPING_BYTES_MAX: usize = 256 * 1024;

/// Most events that one row may become.
const EVENTS_MAX: usize = 64;

/// Most children of one row, and what stands for the number of each in the names of columns.
const CHILDREN_MAX: u32 = 20;
const NTH: &str = "{n}";

/// A name that the log and the file system take.
const NAME_BYTES_MAX: usize = 64;

/// A mapping that can be used, and what in it is most likely not meant.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Ready to be used.
    pub mapping: Mapping,
    /// In order of line.
    pub warnings: Vec<Problem>,
}

impl Mapping {
    /// Reads and checks a mapping file.
    ///
    /// # Errors
    /// Every problem, each with its line, its key and what to do. What is no TOML, or has a key that no mapping has, is
    /// told alone: nothing after it can be trusted.
    pub fn parse(text: &str) -> Result<Checked, MappingUnusable> {
        if text.len() > MAPPING_BYTES_MAX {
            let what = format!("the file is larger than {MAPPING_BYTES_MAX} bytes: is it a mapping?");
            return Err(MappingUnusable { problems: vec![Problem { line: 0, key: String::new(), what }] });
        }
        let stated = read(text)?;
        let revision = revision(text, *stated.revision.get_ref());
        let Some(repeat) = &stated.subject.get_ref().repeat else { return Self::checked(text, &stated, revision) };
        let refused = |what: String| {
            let line = line_of(text, repeat.span().start);
            MappingUnusable { problems: vec![Problem { line, key: "subject.repeat".to_owned(), what }] }
        };
        if !(2..=CHILDREN_MAX).contains(repeat.get_ref()) || !stated.subject.get_ref().column.get_ref().contains(NTH) {
            let what = format!(
                "is how many children a row may hold, 2 to {CHILDREN_MAX}: write `{NTH}` where their number stands in the names \
                 of columns, as in column = \"Child {NTH} ID\""
            );
            return Err(refused(what));
        }
        let shared = stated.of_all_children();
        if !shared.is_empty() {
            let problems = shared.into_iter().map(|(key, at)| {
                let what = format!(
                    "would be said of every child of the row: write `{NTH}` where the child's number stands in the column's name, as \
                     in \"Child {NTH} Name\", or take it out. An address, a phone number and a practice may be those of all"
                );
                Problem { line: line_of(text, at.start), key, what }
            });
            return Err(MappingUnusable { problems: problems.collect() });
        }
        let of_child = |number: u32| {
            let text = text.replace(NTH, &number.to_string());
            Self::checked(&text, &read(&text)?, revision)
        };
        let mut first = of_child(1)?;
        for number in 2..=*repeat.get_ref() {
            let other = of_child(number)?.mapping;
            first.mapping.known.extend(other.known.clone());
            first.mapping.source.ignored.extend(other.source.ignored.clone());
            first.mapping.others.push(other);
        }
        // What is left out of one child's columns is left out of whichever child's row.
        let Mapping { source, others, .. } = &mut first.mapping;
        others.iter_mut().for_each(|other| other.source.ignored.clone_from(&source.ignored));
        Ok(first)
    }

    fn checked(text: &str, file: &File, revision: u32) -> Result<Checked, MappingUnusable> {
        let mut checker = Checker {
            problems: Problems::of(text),
            dates: Vec::new(),
            codes: BTreeMap::new(),
            codes_used: BTreeSet::new(),
            known: BTreeMap::new(),
            name: String::new(),
        };
        let mapping = checker.mapping(file, revision);
        let Checker { mut problems, .. } = checker;
        problems.errors.sort();
        problems.warnings.sort();
        match mapping {
            Some(mapping) if problems.errors.is_empty() => Ok(Checked { mapping, warnings: problems.warnings }),
            _ => Err(MappingUnusable { problems: problems.errors }),
        }
    }
}

fn read(text: &str) -> Result<File, MappingUnusable> {
    toml::from_str(text).map_err(|error| MappingUnusable { problems: vec![misread::misread(text, &error)] })
}

/// The stated revision, and below it what the file says: a changed mapping is another version even where nobody raised the
/// number, and a raised one is always above what it replaces.
fn revision(text: &str, stated: u32) -> u32 {
    let said = text.parse::<toml::Table>().map(|table| table.to_string()).unwrap_or_default();
    let digest = Sha256::digest(said.as_bytes());
    let low = digest.iter().take(2).fold(0_u32, |low, byte| low << 8 | u32::from(*byte));
    stated << 16 | low
}

/// Kept as long as the process, each text once: a mapping is read when a process starts, and again whenever another is tried.
pub(crate) fn kept(text: String) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(text.as_str()).copied() {
        return known;
    }
    let text: &'static str = text.leak();
    kept.insert(text);
    text
}

pub(crate) struct Checker<'t> {
    pub(crate) problems: Problems<'t>,
    dates: Vec<DateFormat>,
    codes: BTreeMap<String, Arc<Codes>>,
    codes_used: BTreeSet<String>,
    known: BTreeMap<String, String>,
    name: String,
}

impl Checker<'_> {
    fn mapping(&mut self, file: &File, revision: u32) -> Option<Mapping> {
        let family = self.name_of(&file.name);
        if file.about.get_ref().trim().is_empty() {
            self.problems.error(file.about.span(), "about", "is empty: say in a line what system this is");
        }
        if !(1..=0xffff).contains(file.revision.get_ref()) {
            let what = "must be 1 to 65535: begin with 1, and raise it when what a row becomes is changed";
            self.problems.error(file.revision.span(), "revision", what);
        }
        self.dates = self.formats("dates", &file.dates);
        if self.dates.is_empty() {
            self.dates = vec![DateFormat::Iso, DateFormat::DayFirst];
        }
        self.read_codes(&file.codes);
        self.blanks(file);
        let (controller, controllers) = self.controller(&file.controller);
        let labels = file.labels.iter().filter_map(|label| self.label(label)).collect();
        let source = self.source(file.source.get_ref(), file.source.span());
        let (delivery, scope, as_of) = self.delivery(file.delivery.get_ref(), file.delivery.span());
        let mut key = self.key("key", &file.key);
        let subject = self.number("subject", &file.subject, true);
        let identifiers =
            file.identifiers.iter().filter_map(|number| self.number("identifier", number, false)).collect();
        let person = file.person.as_ref().map(|person| self.person(person));
        self.one_cell_of_several(file);
        let only_when = self.conditions("only_when", &file.only_when);
        if file.events.is_empty() || file.events.len() > EVENTS_MAX {
            let what = format!("must stand 1 to {EVENTS_MAX} times: it says what a row becomes");
            self.problems.error(0..0, "event", what);
        }
        let mut names = BTreeSet::new();
        let mut events = Vec::new();
        for event in &file.events {
            let Some(checked) = self.event(event.get_ref(), event.span(), key.as_slice()) else { continue };
            if !names.insert(checked.name) {
                let what = "stands twice: give each event of one kind a `name` of its own";
                self.problems.error(event.span(), &format!("event.{}", checked.name), what);
            }
            events.push(checked);
        }
        key::take_dates(&mut key, &mut events, person.as_ref());
        for name in file.codes.keys().filter(|name| !self.codes_used.contains(*name)) {
            let at = file.codes.get(name).map_or(0..0, Spanned::span);
            self.problems.warn(at, &format!("codes.{name}"), "is used by no field");
        }
        let subject = subject?;
        let key_columns = key.iter().filter_map(|part| part.getter.column.clone());
        let required: BTreeSet<String> = key_columns.chain([subject.column.clone()]).collect();
        Some(Mapping {
            name: kept(file.name.get_ref().clone()),
            about: kept(file.about.get_ref().clone()),
            family: family?,
            revision,
            stated_revision: *file.revision.get_ref(),
            controller: controller?,
            controllers,
            labels,
            source: source?,
            delivery,
            scope,
            as_of,
            key,
            subject,
            identifiers,
            person,
            only_when,
            events,
            others: Vec::new(),
            required: required.into_iter().collect(),
            known: self.known.clone(),
        })
    }

    /// A cell with the numbers of several children does not say which of them a name or a further number is of.
    fn one_cell_of_several(&mut self, file: &File) {
        let Some(split) = &file.subject.get_ref().split else { return };
        if file.person.is_some() || !file.identifiers.is_empty() {
            let what = "makes several children of a row, and nothing says whose the name, the birth date or the further number \
                        is: take [person] and [[identifier]] out, or give each child columns of its own (`repeat`)";
            self.problems.error(split.span(), "subject.split", what);
        }
    }

    fn name_of(&mut self, name: &Spanned<String>) -> Option<Family> {
        self.name.clone_from(name.get_ref());
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let text = name.get_ref();
        let sector = sector_of(text);
        if sector.is_none() || !text.bytes().all(good) || text.len() > NAME_BYTES_MAX {
            let what = "must be lower-case letters, digits and hyphens, and begin with its sector: `education-`, `social-care-` or \
                        `health-`. It names the source on every event";
            self.problems.error(name.span(), "name", what);
            return None;
        }
        sector
    }

    fn label(&mut self, label: &Spanned<String>) -> Option<Label> {
        let named = format!("LABEL_{}", label.get_ref().to_ascii_uppercase());
        let found = Label::from_str_name(&named).filter(|label| *label != Label::Unspecified);
        if found.is_none() {
            let what = "is no label: sexual_health, mental_health, substance_misuse, domestic_abuse, serious_harm, legal_privilege, \
                        police_intel, restricted_unspecified";
            self.problems.error(label.span(), "labels", what);
        }
        found
    }

    fn controller(&mut self, said: &Spanned<file::Value>) -> (Option<Getter>, Option<Arc<Codes>>) {
        let constant = |id: &str| Getter { value: Some(id.to_owned()), ..Getter::default() };
        let (getter, codes) = match said.get_ref() {
            file::Value::Column(id) => (Some(constant(id)), None),
            file::Value::Spec(spec) => {
                let codes = spec.codes.as_ref().and_then(|list| self.list("controller", list));
                (self.getter("controller", said), codes)
            }
        };
        let ids = getter.iter().filter_map(|getter| getter.value.as_ref());
        let ids = ids.chain(codes.iter().flat_map(|codes| codes.values.values()));
        let wrong = ids.filter(|id| !sector::is_organisation_id(id)).count();
        if wrong > 0 {
            let what = "must be an organisation id, lower-case letters, digits and hyphens (`ods-rh8`, `la-878-social-care`), or \
                        { column = \"...\", codes = \"...\" } whose codes give one";
            self.problems.error(said.span(), "controller", what);
        }
        (getter, codes)
    }

    fn read_codes(&mut self, lists: &BTreeMap<String, Spanned<file::Codes>>) {
        for (name, list) in lists {
            let stated = list.get_ref();
            let set = stated.set.clone().unwrap_or_else(|| format!("{}.{name}", self.name));
            let mut values = BTreeMap::new();
            for (written, code) in &stated.values {
                if values.insert(written.trim().to_lowercase(), code.trim().to_owned()).is_some() {
                    let what = "names one word twice, but for letter case";
                    self.problems.error(list.span(), &format!("codes.{name}"), what);
                }
            }
            let unknown = stated.unknown.as_ref().map(|code| code.get_ref().trim().to_owned());
            self.codes.insert(name.clone(), Arc::new(Codes { set, values, unknown }));
        }
    }

    fn source(&mut self, source: &file::Source, at: Range<usize>) -> Option<Source> {
        let mut dialect = Dialect { header: Header::Found, ..Dialect::default() };
        let (columns, widths) = self.places(source);
        let sniffs = source.format == Format::Csv && source.delimiter.is_none() && columns.is_empty();
        if let Some(delimiter) = &source.delimiter {
            match delimiter.get_ref().as_bytes() {
                [byte] if !byte.is_ascii_alphanumeric() && *byte != b'"' => dialect.delimiter = *byte,
                _ => self.problems.error(
                    delimiter.span(),
                    "source.delimiter",
                    "must be one character: `,` `;` `|` or `\\t`",
                ),
            }
        }
        if let Some(encoding) = &source.encoding {
            dialect.encoding = encoding_rs::Encoding::for_label(encoding.get_ref().as_bytes());
            if dialect.encoding.is_none() {
                let what = "is no encoding: leave it out for UTF-8 and UTF-16, or say `windows-1252`";
                self.problems.error(encoding.span(), "source.encoding", what);
            }
        }
        if let Some(row) = &source.header_row {
            dialect.header = Header::Record((*row.get_ref()).max(1));
        }
        // A sheet has no cells where a row ends early. Of lines of text a short one may as well be half of a row, parted by a line end
        // in a cell: the other half would be a row of somebody else.
        dialect.short_rows = source.format == Format::Xlsx;
        let of_csv = [
            ("delimiter", source.delimiter.as_ref().map(Spanned::span)),
            ("encoding", source.encoding.as_ref().map(Spanned::span)),
        ];
        let of_sql = [
            ("query", source.query.as_ref().map(Spanned::span)),
            ("cursor", source.cursor.as_ref().map(Spanned::span)),
        ];
        let of_xlsx = [("sheet", source.sheet.as_ref().map(Spanned::span))];
        for (format, word, keys) in
            [(Format::Csv, "csv", &of_csv[..]), (Format::Sql, "sql", &of_sql), (Format::Xlsx, "xlsx", &of_xlsx)]
        {
            for (key, at) in keys {
                if let (Some(at), true) = (at, source.format != format) {
                    let what = format!("is of a source with format = \"{word}\": take it out");
                    self.problems.error(at.clone(), &format!("source.{key}"), what);
                }
            }
        }
        if source.format == Format::Sql {
            self.query(source, at);
        }
        let ignored = source.ignore.iter().map(|column| self.column(column)).collect();
        let may_lack = source.may_lack.iter().map(|column| self.column(column)).collect();
        let fill_down = source.fill_down.iter().map(|column| self.column(column)).collect();
        Some(Source {
            format: source.format,
            dialect,
            sheet: source.sheet.as_ref().map(|sheet| sheet.get_ref().clone()),
            query: source.query.as_ref().map(|query| query.get_ref().clone()),
            cursor: source.cursor.as_ref().map(|cursor| cursor.get_ref().clone()),
            ignored,
            columns,
            widths,
            sniffs,
            may_lack,
            fill_down,
            blanks: blanks::of(source),
            pass_over: source.pass_over.iter().map(|beginning| beginning.trim().to_lowercase()).collect(),
            files: source.files.iter().map(|pattern| pattern.to_lowercase()).collect(),
        })
    }

    /// The columns of a table without a header, and their widths.
    fn places(&mut self, source: &file::Source) -> (Vec<String>, Vec<usize>) {
        let columns: Vec<String> = source.columns.iter().map(|column| column_name(column.get_ref())).collect();
        let widths = source.widths.as_ref().map(|widths| widths.get_ref().clone()).unwrap_or_default();
        let (first, header) =
            (source.columns.first().map(Spanned::span), source.header_row.as_ref().map(Spanned::span));
        if let (Some(at), true) = (first, source.format != Format::Csv || header.is_some()) {
            let what = "are of a table of text without a header (format = \"csv\", no `header_row`): take them out";
            self.problems.error(at, "source.columns", what);
        }
        if let Some(at) = source.widths.as_ref().map(Spanned::span) {
            let usable = widths.iter().all(|width| (1..=10_000).contains(width)) && widths.len() == columns.len();
            if !usable || source.delimiter.is_some() {
                let what = format!(
                    "are how many characters each of `source.columns` takes, one number for each ({} columns, {} widths), and \
                     nothing stands between them",
                    columns.len(),
                    widths.len()
                );
                self.problems.error(at, "source.widths", what);
            }
        }
        // One that is named nowhere else is told of as any other is.
        let known: BTreeSet<&String> = columns.iter().collect();
        if let (Some(at), true) = (source.columns.first().map(Spanned::span), known.len() < columns.len()) {
            self.problems.error(at, "source.columns", "name one column twice: number the second, as \"Date (2)\"");
        }
        (columns, widths)
    }

    fn query(&mut self, source: &file::Source, at: Range<usize>) {
        let Some(query) = &source.query else {
            self.problems.error(at, "source.query", "is missing: the SELECT whose columns the mapping names");
            return;
        };
        let begins = query.get_ref().trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
        if !begins && !query.get_ref().trim_start().to_ascii_lowercase().starts_with("with") {
            self.problems.error(
                query.span(),
                "source.query",
                "must be one SELECT (or WITH ... SELECT): nothing is written there",
            );
        }
        if query.get_ref().trim_end().trim_end_matches(';').contains(';') {
            self.problems.error(query.span(), "source.query", "must be one statement, without a semicolon");
        }
        if let Some(cursor) = &source.cursor {
            let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if cursor.get_ref().is_empty() || !cursor.get_ref().bytes().all(good) {
                self.problems.error(cursor.span(), "source.cursor", "must be the plain name of a column of the query");
            }
        }
    }

    fn delivery(&mut self, said: &file::Delivery, at: Range<usize>) -> (Delivery, String, Option<AsOf>) {
        let scope =
            said.scope.as_ref().map(|scope| scope.get_ref().trim().to_owned()).filter(|scope| !scope.is_empty());
        let as_of = said.as_of.as_ref().and_then(|as_of| self.as_of(as_of));
        let delivery = match said.kind {
            DeliveryKind::Snapshot => Delivery::Snapshot,
            DeliveryKind::Changes => Delivery::Feed,
        };
        match (said.kind, &said.scope, &as_of) {
            (DeliveryKind::Changes, Some(scope), _) => {
                let what = "is of kind = \"snapshot\": what is absent from a file of changes says nothing";
                self.problems.error(scope.span(), "delivery.scope", what);
            }
            (DeliveryKind::Changes, None, None) if said.as_of.is_none() => {
                let what = "is missing: of two states of one record the later must be known. Name the column with the time of the \
                            change, or { file_name = \"extract_%Y%m%d\" }";
                self.problems.error(at, "delivery.as_of", what);
            }
            (DeliveryKind::Snapshot, _, Some(AsOf::Column(..))) => {
                let what = "of a snapshot is one for the whole file: { file_name = \"extract_%Y%m%d\" }, or leave it out and the \
                            time of pick-up counts";
                self.problems.error(at, "delivery.as_of", what);
            }
            _ => {}
        }
        (delivery, scope.unwrap_or_else(|| self.name.clone()), as_of)
    }

    fn as_of(&mut self, said: &Spanned<file::AsOf>) -> Option<AsOf> {
        let (at, said) = (said.span(), said.get_ref());
        let formats = self.formats("delivery.as_of.dates", &said.dates);
        let formats = if formats.is_empty() { self.dates.clone() } else { formats };
        match (&said.column, &said.file_name) {
            (Some(column), None) => Some(AsOf::Column(self.column(column), formats)),
            (None, Some(pattern)) => {
                let example = jiff::civil::date(2026, 1, 31).at(0, 0, 0, 0).in_tz("UTC").ok();
                let name = example.and_then(|day| jiff::fmt::strtime::format(pattern.get_ref(), &day).ok());
                if name.and_then(|name| crate::dates::of_file_name(pattern.get_ref(), &name)).is_none() {
                    let what = "must hold a whole date, as in `waits_%Y%m%d`: %Y, %m and %d";
                    self.problems.error(pattern.span(), "delivery.as_of.file_name", what);
                }
                Some(AsOf::FileName(pattern.get_ref().clone()))
            }
            _ => {
                self.problems.error(at, "delivery.as_of", "must have one of `column` and `file_name`");
                None
            }
        }
    }

    fn number(&mut self, key: &str, said: &Spanned<file::Number>, is_subject: bool) -> Option<Number> {
        let (at, said) = (said.span(), said.get_ref());
        let column = self.column(&said.column);
        let named = format!("SCHEME_{}", said.scheme.get_ref().to_ascii_uppercase());
        let scheme = Scheme::from_str_name(&named).filter(|scheme| {
            use Scheme as S;
            matches!(scheme, S::NhsNumber | S::Upn | S::Uln | S::LaChildId | S::SchoolPupil | S::ProviderPerson)
        });
        let Some(scheme) = scheme else {
            let what =
                "is no scheme of a child's number: nhs_number, upn, uln, la_child_id, school_pupil or provider_person";
            self.problems.error(said.scheme.span(), &format!("{key}.scheme"), what);
            return None;
        };
        let issuer = match (&said.issuer, national_issuer(scheme)) {
            (None, Some(own)) => own.to_owned(),
            (Some(issuer), Some(own)) if issuer.get_ref() != own => {
                let what = format!("of a national number is `{own}`: leave it out");
                self.problems.error(issuer.span(), &format!("{key}.issuer"), what);
                return None;
            }
            (Some(issuer), _) if !issuer.get_ref().trim().is_empty() => issuer.get_ref().trim().to_owned(),
            _ => {
                let what = "is missing: who gave the number. Of la_child_id the council's three digits; of provider_person the \
                            organisation id, a slash and the numbering (`ods-rh8/lpi`); of school_pupil seven digits";
                self.problems.error(at, &format!("{key}.issuer"), what);
                return None;
            }
        };
        if is_subject && national_issuer(scheme).is_some() {
            let what = "is a national number: where the system has a number of its own for the child, name that one here and this \
                        one as an [[identifier]]. A mistyped national number is another child";
            self.problems.warn(said.scheme.span(), &format!("{key}.scheme"), what);
        }
        let split = said.split.as_ref().map(|split| split.get_ref().clone()).filter(|split| !split.is_empty());
        if let (Some(at), false) = (said.split.as_ref().map(Spanned::span), is_subject) {
            self.problems.error(at, &format!("{key}.split"), "is of the subject alone: take it out");
        }
        if let (Some(repeat), false) = (&said.repeat, is_subject) {
            self.problems.error(repeat.span(), &format!("{key}.repeat"), "is of the subject alone: take it out");
        }
        Some(Number { scheme, issuer, column, former: said.former, split })
    }

    pub(crate) fn conditions(&mut self, key: &str, said: &[file::Condition]) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for one in said {
            let stated = [one.is.is_some(), one.not.is_some(), one.filled.is_some()];
            if stated.iter().filter(|stated| **stated).count() != 1 {
                let what = "must have one of `is = [...]`, `not = [...]` and `filled = true`";
                self.problems.error(one.column.span(), key, what);
            }
            let words = |words: &Option<Vec<String>>| -> Vec<String> {
                words.iter().flatten().map(|word| word.trim().to_lowercase()).collect()
            };
            let column = self.column(&one.column);
            conditions.push(Condition { column, is: words(&one.is), not: words(&one.not), filled: one.filled });
        }
        conditions
    }

    /// A column's name as rows are asked for it, noted as known.
    pub(crate) fn column(&mut self, column: &Spanned<String>) -> String {
        let name = column_name(column.get_ref());
        if name.is_empty() {
            self.problems.error(column.span(), "column", "is empty: write the column's name as the header has it");
        }
        self.known.entry(name.clone()).or_insert_with(|| column.get_ref().trim().to_owned());
        name
    }

    pub(crate) fn formats(&mut self, key: &str, said: &[Spanned<String>]) -> Vec<DateFormat> {
        let mut formats = Vec::new();
        for text in said {
            match DateFormat::parse(text.get_ref()) {
                Some(format) => formats.push(format),
                None => {
                    let what =
                        "is no date format: write it with %Y %m %d %b %H %M (`%d-%b-%Y` reads 31-Jan-2026), or `excel`";
                    self.problems.error(text.span(), key, what);
                }
            }
        }
        let month_first = formats.iter().filter(|format| format.is_month_first()).count();
        if month_first > 0
            && month_first < formats.len()
            && let Some(first) = said.first()
        {
            let what =
                "has formats with the day first and with the month first: 03/04 is then read by whichever stands first";
            self.problems.warn(first.span(), key, what);
        }
        formats
    }

    /// A list of codes by its name.
    pub(crate) fn list(&mut self, key: &str, name: &Spanned<String>) -> Option<Arc<Codes>> {
        self.codes_used.insert(name.get_ref().clone());
        let found = self.codes.get(name.get_ref()).cloned();
        if found.is_none() {
            let there: Vec<&str> = self.codes.keys().map(String::as_str).collect();
            let what =
                format!("names no list of codes (there are: {}): add [codes.{}]", there.join(", "), name.get_ref());
            self.problems.error(name.span(), key, what);
        }
        found
    }
}
