//! Rows to events, by a mapping.

mod header;
mod people;

use std::io;

use connector_kit::csv_source::{Row, Table};
use connector_kit::reading::finding;
use connector_kit::{
    Connector, Delivery, Descriptor, Draft, Output, Rejection, Scope, SourceFile, dates as kit, identifier, kept,
};
use prost::Message as _;
use proto::events::{Event as Said, Family, Finding, FindingCode, Scheme, Subject, Version, When};
use proto::quarantine::Reason;
use proto::sharing::Label;

use crate::convert::{Made, make};
use crate::dates;
use crate::file::Format;
use crate::person::NUMBERS_MAX;
use crate::plan::{AsOf, Condition, Event, KeyPart, Mapping};
use crate::rows::{cell, is_like};

use header::unnamed;
use people::People;

/// A row of which no event comes is kept, up to this.
const KEPT_CHARS_MAX: usize = 64 * 1024;

impl Connector for Mapping {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: self.name,
            about: self.about,
            family: self.family,
            delivery: self.delivery,
            mapping_revision: self.revision,
        }
    }

    fn labels(&self) -> &[Label] {
        &self.labels
    }

    fn submissions(&self, names: &[String]) -> Vec<Vec<String>> {
        names.iter().filter(|name| self.takes(name)).map(|name| vec![name.clone()]).collect()
    }

    fn is_header(&self, columns: &[String]) -> bool {
        self.source.columns.is_empty() && self.required.iter().all(|required| columns.contains(required))
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        if let Err(error) = files.into_iter().try_for_each(|file| self.translate_told(file, out, &mut |_| ())) {
            out.broke_off(error);
        }
    }
}

/// A row that is not of this mapping, by its own conditions: `throughline mapping try` counts them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PassedOver {
    /// Which row of the file, from 1.
    pub record: u64,
    /// Its line.
    pub line: u64,
}

impl Mapping {
    /// Whether a file of this name is for this mapping.
    fn takes(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        if self.source.files.is_empty() {
            let endings: &[&str] = match self.source.format {
                Format::Xlsx => &[".xlsx", ".xlsm", ".xls"],
                Format::Csv | Format::Sql => &[".csv", ".txt", ".tsv"],
            };
            return endings.iter().any(|ending| name.ends_with(ending));
        }
        self.source.files.iter().any(|pattern| is_like(&name, pattern))
    }

    /// Translates one file, and tells which rows are not of this mapping.
    ///
    /// # Errors
    /// When the disk does not hold what is known of the children: only where `out` has one.
    pub fn translate_told(
        &self,
        file: SourceFile<'_>,
        out: &mut dyn Output,
        passed: &mut dyn FnMut(PassedOver),
    ) -> io::Result<()> {
        let name = file.name.clone();
        let stated = match &self.as_of {
            Some(AsOf::FileName(pattern)) => match dates::of_file_name(pattern, &name) {
                Some(as_of_us) => Some(as_of_us),
                None => {
                    out.reject(unnamed(&name));
                    return Ok(());
                }
            },
            _ => None,
        };
        let is_snapshot = self.delivery == Delivery::Snapshot;
        if is_snapshot {
            out.scope(Scope { key: self.scope.clone(), as_of_us: stated, sequence: 0 });
        }
        let scope_key = is_snapshot.then(|| self.scope.clone());
        let tables = match self.tables(file) {
            Ok(tables) => tables,
            Err(rejection) => {
                out.record();
                out.reject(Rejection { scope_key, ..*rejection });
                return Ok(());
            }
        };
        self.tell_of_sheets(tables.sheets_left, out);
        let (mut people, mut is_whole) = (People::new(out), true);
        for table in tables.tables {
            is_whole &= self.rows(table, stated, &mut people, out, passed)?;
        }
        people.end(out)?;
        if is_snapshot && is_whole {
            out.whole(&self.scope);
        }
        Ok(())
    }

    /// Translates a table, and says whether it was read whole.
    fn rows(
        &self,
        mut table: Table<'_>,
        stated: Option<i64>,
        people: &mut People,
        out: &mut dyn Output,
        passed: &mut dyn FnMut(PassedOver),
    ) -> io::Result<bool> {
        let scope_key = (self.delivery == Delivery::Snapshot).then(|| self.scope.clone());
        self.tell_of_columns(&table, out);
        let mut nameless = 0;
        while let Some(row) = table.next_row() {
            match row {
                Ok(row) => {
                    let at = PassedOver { record: row.place("").record, line: row.line() };
                    if self.only_when.iter().all(|condition| condition.holds(&row)) {
                        out.record();
                        nameless += u64::from(row.has_nameless());
                        self.row(&row, stated, people, out);
                        // Each row is a version by itself: nothing that follows says more of it. By a column, what does stands near it.
                        match self.delivery {
                            Delivery::Feed if stated.is_some() || people.is_full() => people.tell(out),
                            Delivery::Snapshot if people.is_full() => people.put_aside()?,
                            Delivery::Feed | Delivery::Snapshot => {}
                        }
                    } else {
                        passed(at);
                    }
                }
                Err(rejection) => {
                    out.record();
                    out.reject(Rejection { scope_key: scope_key.clone(), ..*rejection });
                }
            }
        }
        for row in table.aside() {
            passed(PassedOver { record: row.record, line: row.line });
        }
        self.tell_of_nameless(nameless, out);
        Ok(table.whole())
    }

    /// A row, for each child that it names.
    fn row(&self, row: &Row<'_>, stated_us: Option<i64>, people: &mut People, out: &mut dyn Output) {
        let mappings = || std::iter::once(self).chain(&self.others);
        if let Some(crowded) = mappings().find(|mapping| mapping.subject.numbers(row).nth(NUMBERS_MAX).is_some()) {
            return out.reject(self.too_many(row, &crowded.subject.column));
        }
        let numbers = mappings().flat_map(|mapping| mapping.subject.numbers(row).map(move |number| (mapping, number)));
        let numbers: Vec<(&Mapping, &str)> = numbers.collect();
        let is_shared = numbers.len() > 1;
        if numbers.is_empty() {
            out.reject(self.nobody(row));
        }
        for (mapping, number) in numbers {
            match mapping.about_row(row, number, stated_us) {
                Ok(about) => mapping.row_of(row, number, &About { is_shared, ..about }, people, out),
                Err(rejection) => out.reject(*rejection),
            }
        }
    }

    fn row_of(&self, row: &Row<'_>, number: &str, about: &About, people: &mut People, out: &mut dyn Output) {
        if key_of(&self.key, row).is_none() {
            return out.reject(self.keyless(row, &self.key, about));
        }
        let (person, mut odd) = crate::person::described(self, row, number);
        let person = person.map(|person| (person, std::mem::take(&mut odd)));
        let mut earliest: Option<When> = None;
        let (mut said, mut undated) = (0_u32, 0_u32);
        for event in &self.events {
            if !event.when.iter().all(|condition| condition.holds(row)) {
                continue;
            }
            let mut made = make(event, row);
            let Some(effective) = made.effective else {
                if made.undated || event.required {
                    undated += 1;
                    out.reject(self.undated(row, event, about));
                }
                continue;
            };
            if earliest.as_ref().is_none_or(|earliest| rank(&effective) < rank(earliest)) {
                earliest = Some(effective);
            }
            // What is odd about a description that nothing is left of rides on the first event.
            made.findings.append(&mut odd);
            match self.event_draft(row, event, about, made, effective) {
                Ok(draft) => {
                    said += 1;
                    out.draft(draft);
                }
                Err(rejection) => out.reject(*rejection),
            }
        }
        if said == 0 && undated == 0 {
            match self.kept(row, about) {
                Some(draft) => {
                    earliest = Some(draft.effective);
                    out.draft(draft);
                }
                None => out.reject(Rejection {
                    controller: Some(about.controller.clone()),
                    scope_key: about.scope_key.clone(),
                    subject: Some(about.subject.clone()),
                    ..row.reject(
                        Reason::DateMissing,
                        "",
                        "no event of the mapping fits the row, and nothing places it in time so that it could be kept as it came; or \
                         it tells of several children: give it an event, or pass it over by `only_when`",
                    )
                }),
            }
        }
        if let (Some(effective), Some((person, findings))) = (earliest, person) {
            people.describe(self.draft(
                about,
                Part { table: people::TABLE, key: "person".to_owned() },
                row,
                effective,
                findings,
                person.into(),
            ));
        }
    }

    /// Whom the row is about, whose it is, and which it is.
    fn about_row(&self, row: &Row<'_>, number: &str, stated_us: Option<i64>) -> Result<About, Box<Rejection>> {
        let scope_key = (self.delivery == Delivery::Snapshot).then(|| self.scope.clone());
        let reject = |reason, column: &str, message: &str| {
            Box::new(Rejection { scope_key: scope_key.clone(), ..row.reject(reason, column, message) })
        };
        let Some(subject) = self.subject.subject(number) else {
            return Err(Box::new(self.nobody(row)));
        };
        let of_subject =
            |rejection: Box<Rejection>| Box::new(Rejection { subject: Some(subject.clone()), ..*rejection });
        let shown = self.controller.shown();
        let controller = self.controller.text(row).and_then(|text| match &self.controllers {
            Some(codes) => codes.values.get(&text.to_lowercase()).or(codes.unknown.as_ref()).cloned(),
            None => Some(format!("{}{text}", self.controller.prefix)),
        });
        let Some(controller) =
            controller.map(|id| id.to_lowercase()).filter(|id| crate::sector::is_organisation_id(id))
        else {
            let message = "the row does not say whose it is, by the mapping's codes: add the organisation there";
            return Err(of_subject(reject(Reason::ControllerNotYours, shown, message)));
        };
        let version = match &self.as_of {
            _ if self.delivery == Delivery::Snapshot => None,
            Some(AsOf::Column(column, formats)) => {
                let read = cell(row, column).and_then(|text| dates::instant_us(text, formats, column).value);
                let Some(as_of_us) = read else {
                    let message = "the row does not say when it was changed, as the mapping reads it";
                    return Err(of_subject(reject(Reason::DateMissing, column, message)));
                };
                Some(Version { as_of_us, sequence: 0, mapping_revision: self.revision })
            }
            _ => stated_us.map(|as_of_us| Version {
                as_of_us,
                sequence: row.place("").record,
                mapping_revision: self.revision,
            }),
        };
        Ok(About { subject, controller, scope_key, version, is_shared: false })
    }

    /// The rejection of a row that names no child.
    fn nobody(&self, row: &Row<'_>) -> Rejection {
        let message = "the row has no number of the child that can be used: fill it at the source";
        let scope_key = (self.delivery == Delivery::Snapshot).then(|| self.scope.clone());
        Rejection { scope_key, ..row.reject(Reason::SubjectMissing, &self.subject.column, message) }
    }

    /// The rejection of a row that names more children than are read of one cell.
    fn too_many(&self, row: &Row<'_>, column: &str) -> Rejection {
        let message = format!(
            "the cell holds the numbers of more than {NUMBERS_MAX} children, and nothing was taken of any: part the row at the source, \
             or put right what stands between them (`subject.split`)"
        );
        let scope_key = (self.delivery == Delivery::Snapshot).then(|| self.scope.clone());
        Rejection { scope_key, ..row.reject(Reason::RecordTooLarge, column, &message) }
    }

    fn event_draft(
        &self,
        row: &Row<'_>,
        event: &Event,
        about: &About,
        made: Made,
        effective: When,
    ) -> Result<Draft, Box<Rejection>> {
        let Some(key) = key_of(&event.key, row) else {
            return Err(Box::new(self.keyless(row, &event.key, about)));
        };
        let mut bytes = Vec::new();
        let inner = &made.message;
        prost::encoding::encode_key(event.kind.0, prost::encoding::WireType::LengthDelimited, &mut bytes);
        prost::encoding::encode_varint(inner.len() as u64, &mut bytes);
        bytes.extend_from_slice(inner);
        let said = Said::decode(bytes.as_slice()).unwrap_or_default();
        let part = Part { table: event.name, key: format!("{}/{key}", event.name) };
        let mut draft = self.draft(about, part, row, effective, made.findings, said);
        let parties = event.third_parties.iter().filter_map(|(issuer, column)| {
            cell(row, column).map(|value| identifier::subject(Scheme::ThirdParty, issuer, value))
        });
        draft.third_parties = parties.filter(|party| !party.value.is_empty()).collect();
        if self.delivery == Delivery::Feed {
            draft.clears = made.clears;
        }
        Ok(draft)
    }

    fn draft(
        &self,
        about: &About,
        part: Part,
        row: &Row<'_>,
        effective: When,
        findings: Vec<Finding>,
        event: Said,
    ) -> Draft {
        Draft {
            subject: about.subject.clone(),
            controller: about.controller.clone(),
            scope_key: about.scope_key.clone(),
            table: part.table,
            record_key: format!("{}/{}", about.subject.value, part.key),
            ordinal: 0,
            effective,
            observed_at_us: None,
            version: about.version,
            findings,
            third_parties: Vec::new(),
            clears: Vec::new(),
            in_part: false,
            labels: Vec::new(),
            event,
            place: row.place(""),
        }
    }

    fn keyless(&self, row: &Row<'_>, key: &[KeyPart], about: &About) -> Rejection {
        let lacking = key.iter().find(|part| part.text(row).is_none());
        let column = lacking.map_or("", |part| part.getter.shown());
        let message = match lacking.and_then(|part| part.getter.text(row)) {
            None => "the row lacks a part of its key, which may not be blank: fill it at the source",
            Some(_) => {
                "a part of the row's key is a date, and the cell is not written as its `dates` say: put it right at the source, or add \
                 its format to the key's `dates`"
            }
        };
        Rejection {
            controller: Some(about.controller.clone()),
            scope_key: about.scope_key.clone(),
            subject: Some(about.subject.clone()),
            ..row.reject(Reason::RecordMalformed, column, message)
        }
    }

    fn undated(&self, row: &Row<'_>, event: &Event, about: &About) -> Rejection {
        let column = event.placed_by();
        let message = match cell(row, column) {
            None => format!("the date that places {} is missing: fill it at the source", event.name),
            Some(_) => format!(
                "the date that places {} is not written as the mapping reads dates: put it right at the source, or add its format to \
                 `dates`",
                event.name
            ),
        };
        Rejection {
            controller: Some(about.controller.clone()),
            scope_key: about.scope_key.clone(),
            subject: Some(about.subject.clone()),
            ..row.reject(Reason::DateMissing, column, &message)
        }
    }

    /// A row of which no event comes, sealed with the names of its columns: nothing is dropped while the mapping catches up.
    fn kept(&self, row: &Row<'_>, about: &About) -> Option<Draft> {
        // What stands in it of one child is not another's to keep.
        let key = key_of(&self.key, row).filter(|_| !about.is_shared)?;
        let effective = self.first_date(row).or_else(|| about.version.map(|version| kit::when_at(version.as_of_us)))?;
        // What the mapping leaves out is in no event, and so not in this one.
        let columns = row.filled().filter(|(name, _)| !self.source.ignored.iter().any(|ignored| ignored == name));
        let mut event = kept::columns("row", columns.map(|(name, cell)| (self.written(name), cell)))?;
        let part = Part { table: "row", key: format!("row/{key}") };
        let mut findings = vec![finding(FindingCode::NotMapped, "")];
        if let Some(content) = &mut event.content
            && content.len() > KEPT_CHARS_MAX
        {
            *content = connector_kit::text::start(content, KEPT_CHARS_MAX);
            findings.push(finding(FindingCode::ValueMalformed, ""));
        }
        Some(self.draft(about, part, row, effective, findings, event.into()))
    }

    /// The first date of any event's that can be read, in the order of the mapping.
    fn first_date(&self, row: &Row<'_>) -> Option<When> {
        self.events.iter().find_map(|event| make(event, row).effective).or_else(|| {
            let (getter, formats) = self.person.as_ref()?.birth_on.as_ref()?;
            dates::day(getter.text(row)?, formats, "").value.map(kit::on)
        })
    }

    /// The sector's family.
    pub fn family(&self) -> Family {
        self.family
    }
}

/// Whom a row is about, and at which version.
struct About {
    subject: Subject,
    controller: String,
    scope_key: Option<String>,
    version: Option<Version>,
    /// The row tells of other children as well.
    is_shared: bool,
}

/// Which part of a row.
struct Part {
    table: &'static str,
    key: String,
}

impl Condition {
    fn holds(&self, row: &Row<'_>) -> bool {
        let cell = cell(row, &self.column);
        if let Some(filled) = self.filled {
            return cell.is_some() == filled;
        }
        let word = cell.unwrap_or_default().to_lowercase();
        let among = |words: &[String]| words.iter().any(|pattern| is_like(&word, pattern));
        if self.is.is_empty() { !among(&self.not) } else { among(&self.is) }
    }
}

fn key_of(parts: &[KeyPart], row: &Row<'_>) -> Option<String> {
    let parts: Option<Vec<String>> = parts.iter().map(|part| part.text(row)).collect();
    parts.map(|parts| parts.join("/"))
}

/// Orders points in time, days before the instants of that day.
fn rank(when: &When) -> (i64, i32) {
    use proto::events::when::When as W;
    match &when.when {
        Some(W::On(day)) => (kit::start_of_day_us(day).unwrap_or_default(), -1),
        Some(W::At(at)) => (at.seconds.saturating_mul(1_000_000), at.nanos),
        None => (i64::MIN, 0),
    }
}
