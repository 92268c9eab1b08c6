//! Rows to events, by a mapping.

use std::collections::BTreeMap;

use connector_kit::csv_source::Row;
use connector_kit::reading::finding;
use connector_kit::{
    Connector, Delivery, Descriptor, Draft, Output, Rejection, Scope, SourceFile, dates as kit, identifier,
};
use prost::Message as _;
use proto::events::{
    Event as Said, Family, Finding, FindingCode, PersonDescribed, Scheme, SourceRecordKept, Subject, Version, When,
};
use proto::quarantine::Reason;
use proto::sharing::Label;

use crate::convert::{Made, make};
use crate::dates;
use crate::plan::{AsOf, Condition, Event, KeyPart, Mapping};

/// A row of which no event comes is kept as it came, up to this.
const KEPT_BYTES_MAX: usize = 64 * 1024;

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

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        for file in files {
            self.translate_told(file, out, &mut |_| ());
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
            let endings: &[&str] =
                if self.source.format == crate::file::Format::Xlsx { &[".xlsx"] } else { &[".csv", ".txt", ".tsv"] };
            return endings.iter().any(|ending| name.ends_with(ending));
        }
        self.source.files.iter().any(|pattern| is_like(&name, pattern))
    }

    /// Translates one file, and tells which rows are not of this mapping.
    pub fn translate_told(&self, file: SourceFile<'_>, out: &mut dyn Output, passed: &mut dyn FnMut(PassedOver)) {
        let name = file.name.clone();
        let stated = match &self.as_of {
            Some(AsOf::FileName(pattern)) => match dates::of_file_name(pattern, &name) {
                Some(as_of_us) => Some(as_of_us),
                None => return out.reject(unnamed(&name)),
            },
            _ => None,
        };
        let is_snapshot = self.delivery == Delivery::Snapshot;
        if is_snapshot {
            out.scope(Scope { key: self.scope.clone(), as_of_us: stated, sequence: 0 });
        }
        let scope_key = is_snapshot.then(|| self.scope.clone());
        let mut table = match self.table(file) {
            Ok(table) => table,
            Err(rejection) => {
                out.record();
                return out.reject(Rejection { scope_key, ..*rejection });
            }
        };
        let unknown = table.columns().filter(|column| !column.is_empty() && !self.known.contains_key(*column));
        let mut unknown: Vec<String> = unknown.map(str::to_owned).collect();
        unknown.sort();
        if !unknown.is_empty() {
            out.reject(self.not_mapped(&unknown));
        }
        let mut people = People::default();
        while let Some(row) = table.next_row() {
            match row {
                Ok(row) => {
                    let at = PassedOver { record: row.place("").record, line: row.line() };
                    if self.only_when.iter().all(|condition| condition.holds(&row)) {
                        out.record();
                        self.row(&row, stated, &mut people, out);
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
        people.drafts().for_each(|draft| out.draft(draft));
        if is_snapshot && table.whole() {
            out.whole(&self.scope);
        }
    }

    /// Columns of which nothing is said. It is of no scope that is compared: the rows were read.
    fn not_mapped(&self, columns: &[String]) -> Rejection {
        Rejection {
            reason: Reason::ColumnsNotMapped,
            // The names themselves are with the raw record: a header that was spoilt may hold a row.
            message: format!(
                "the header has {} columns that the mapping names nowhere, and nothing of them is in any event: name them in the \
                 mapping, or list them under `source.ignore`",
                columns.len()
            ),
            // Of the same columns there is one item, whatever the file is called.
            place: connector_kit::Place {
                file: self.name.to_owned(),
                field: "header".to_owned(),
                ..Default::default()
            },
            controller: self.controller.value.clone(),
            raw: columns.join("\n").into_bytes(),
            scope_key: Some(format!("{}#header", self.scope)),
            subject: None,
        }
    }

    fn row(&self, row: &Row<'_>, stated_us: Option<i64>, people: &mut People, out: &mut dyn Output) {
        let about = match self.about_row(row, stated_us) {
            Ok(about) => about,
            Err(rejection) => return out.reject(*rejection),
        };
        if key_of(&self.key, row).is_none() {
            return out.reject(self.keyless(row, &self.key, &about));
        }
        let mut earliest: Option<When> = None;
        let (mut said, mut undated) = (0_u32, 0_u32);
        for event in &self.events {
            if !event.when.iter().all(|condition| condition.holds(row)) {
                continue;
            }
            let made = make(event, row);
            let Some(effective) = made.effective else {
                if made.undated || event.required {
                    undated += 1;
                    out.reject(self.undated(row, event, &about));
                }
                continue;
            };
            if earliest.as_ref().is_none_or(|earliest| rank(&effective) < rank(earliest)) {
                earliest = Some(effective);
            }
            match self.event_draft(row, event, &about, made, effective) {
                Ok(draft) => {
                    said += 1;
                    out.draft(draft);
                }
                Err(rejection) => out.reject(*rejection),
            }
        }
        if said == 0 && undated == 0 {
            match self.kept(row, &about) {
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
                        "nothing of the row places it in time, and no event of the mapping fits it",
                    )
                }),
            }
        }
        if let (Some(effective), Some((person, findings))) = (earliest, self.person_of(row)) {
            people.describe(self.draft(
                &about,
                Part { table: "person", key: "person".to_owned() },
                row,
                effective,
                findings,
                person.into(),
            ));
        }
    }

    /// Whom the row is about, whose it is, and which it is.
    fn about_row(&self, row: &Row<'_>, stated_us: Option<i64>) -> Result<About, Box<Rejection>> {
        let scope_key = (self.delivery == Delivery::Snapshot).then(|| self.scope.clone());
        let reject = |reason, column: &str, message: &str| {
            Box::new(Rejection { scope_key: scope_key.clone(), ..row.reject(reason, column, message) })
        };
        let column = self.subject.column.as_str();
        let subject = row.get(column).and_then(|value| self.subject.subject(value));
        let Some(subject) = subject else {
            return Err(reject(
                Reason::SubjectMissing,
                column,
                "the row has no number of the child that can be used: fill it at the source",
            ));
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
                let read = row.get(column).and_then(|text| dates::instant_us(text, formats, column).value);
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
        Ok(About { subject, controller, scope_key, version })
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
            row.get(column).map(|value| identifier::subject(Scheme::ThirdParty, issuer, value))
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
            event,
            place: row.place(""),
        }
    }

    fn keyless(&self, row: &Row<'_>, key: &[KeyPart], about: &About) -> Rejection {
        let column = key.iter().find(|part| part.text(row).is_none()).map_or("", |part| part.getter.shown());
        Rejection {
            controller: Some(about.controller.clone()),
            scope_key: about.scope_key.clone(),
            subject: Some(about.subject.clone()),
            ..row.reject(Reason::RecordMalformed, column, "the row lacks a part of its key: fill it at the source")
        }
    }

    fn undated(&self, row: &Row<'_>, event: &Event, about: &About) -> Rejection {
        let column = event.placed_by();
        let message = format!("the date that places {} is missing or cannot be read", event.name);
        Rejection {
            controller: Some(about.controller.clone()),
            scope_key: about.scope_key.clone(),
            subject: Some(about.subject.clone()),
            ..row.reject(Reason::DateMissing, column, &message)
        }
    }

    /// A row of which no event comes, sealed as it came: nothing is dropped while the mapping catches up.
    fn kept(&self, row: &Row<'_>, about: &About) -> Option<Draft> {
        let key = key_of(&self.key, row)?;
        let effective = self.first_date(row).or_else(|| about.version.map(|version| kit::when_at(version.as_of_us)))?;
        let raw = row.raw().get(..row.raw().len().min(KEPT_BYTES_MAX)).unwrap_or_default();
        let event = SourceRecordKept {
            record_type: Some("row".to_owned()),
            media_type: Some("text/csv".to_owned()),
            content: Some(String::from_utf8_lossy(raw).trim_end().to_owned()),
        };
        let part = Part { table: "row", key: format!("row/{key}") };
        let findings = vec![finding(FindingCode::NotMapped, "")];
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

    fn person_of(&self, row: &Row<'_>) -> Option<(PersonDescribed, Vec<Finding>)> {
        crate::person::described(self, row)
    }
}

/// Whom a row is about, and at which version.
struct About {
    subject: Subject,
    controller: String,
    scope_key: Option<String>,
    version: Option<Version>,
}

/// Which part of a row.
struct Part {
    table: &'static str,
    key: String,
}

/// One description a child and version: of the rows that describe a child, the one of the latest event.
#[derive(Default)]
struct People(BTreeMap<Described, Draft>);

type Described = (Vec<u8>, String, Option<(i64, u64)>);

impl People {
    fn describe(&mut self, draft: Draft) {
        let version = draft.version.map(|version| (version.as_of_us, version.sequence));
        let key = (draft.subject.encode_to_vec(), draft.controller.clone(), version);
        let order = |draft: &Draft| (rank(&draft.effective), draft.event.encode_to_vec());
        match self.0.get(&key) {
            Some(held) if order(held) >= order(&draft) => {}
            _ => {
                self.0.insert(key, draft);
            }
        }
    }

    fn drafts(self) -> impl Iterator<Item = Draft> {
        self.0.into_values()
    }
}

impl Condition {
    fn holds(&self, row: &Row<'_>) -> bool {
        let cell = row.get(&self.column);
        if let Some(filled) = self.filled {
            return cell.is_some() == filled;
        }
        let word = cell.unwrap_or_default().to_lowercase();
        if self.is.is_empty() { !self.not.contains(&word) } else { self.is.contains(&word) }
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

fn unnamed(file: &str) -> Rejection {
    Rejection {
        reason: Reason::FileUnreadable,
        message: "the file's name does not begin as the mapping's `delivery.as_of.file_name` says, so that nobody knows of when it is: \
                  name it so, and send it again"
            .to_owned(),
        place: connector_kit::Place { file: file.to_owned(), ..Default::default() },
        controller: None,
        raw: Vec::new(),
        scope_key: None,
        subject: None,
    }
}

/// A name and a pattern in which `*` stands for anything.
fn is_like(name: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        if at + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(found) => rest = rest.get(found + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}
