//! Records with labels, from CSV files, as a configuration says.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use identity::linker::{Check, Field, Guards, Kind, Record, Schema, Thresholds};
use runtime::config::{Problems, Section, load};

/// Which columns say what.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) schema: Schema,
    pub(super) guards: Guards,
    pub(super) thresholds: Thresholds,
    /// For each field of the schema its columns.
    columns: Vec<Vec<String>>,
    label: Label,
}

/// Which column says whose record it is.
#[derive(Debug)]
struct Label {
    column: String,
    /// Only this part of it counts, from 1, of the parts between these characters.
    part: Option<(usize, String)>,
}

/// Records, and whose each is.
#[derive(Debug, Default)]
pub(super) struct Labelled {
    pub(super) records: Vec<Record>,
    pub(super) labels: Vec<String>,
    /// File and line of each.
    pub(super) places: Vec<String>,
}

impl Settings {
    pub(super) fn load(file: &Path) -> Result<Self, Problems> {
        load(file, Self::read)
    }

    fn read(top: &mut Section) -> Option<Self> {
        let mut section = top.section("label");
        let column = section.text("column");
        let part = section.number("part", 0, 0..=100);
        let parted_by = section.optional_text("parted_by");
        if (part > 0) != parted_by.is_some() {
            section.problem("part", "and `parted_by` go together: which part of the label counts, and what parts it");
        }
        section.finish();
        let part = usize::try_from(part).ok().zip(parted_by);
        let mut section = top.section("guards");
        let all = Guards::default();
        let identifiers = section.flag("identifiers").unwrap_or(all.identifiers);
        let twins = section.flag("twins").unwrap_or(all.twins);
        section.finish();
        let mut section = top.section("thresholds");
        let usual = Thresholds::default();
        let thresholds = Thresholds {
            automatic: section.fraction("automatic", usual.automatic),
            review: section.fraction("review", usual.review),
        };
        section.finish();
        let mut all = top.section("fields");
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for name in all.keys() {
            let mut section = all.section(&name);
            let named = if section.has("columns") { section.texts("columns") } else { vec![name.clone()] };
            let kind = section.text("kind").and_then(|text| {
                let kind = kind(&text);
                if kind.is_none() {
                    section.problem("kind", &format!("must be one of {}", KINDS.map(|(name, _)| name).join(", ")));
                }
                kind
            });
            section.finish();
            if let Some(kind) = kind {
                fields.push(Field { name, kind });
                columns.push(named);
            }
        }
        all.finish();
        let schema = Schema::new(fields).map_err(|error| top.problem("fields", &error.to_string())).ok()?;
        let guards = Guards { identifiers, twins };
        Some(Self { schema, guards, thresholds, columns, label: Label { column: column?, part } })
    }

    /// Reads files, each with a header line.
    pub(super) fn records(&self, files: &[std::path::PathBuf]) -> anyhow::Result<Labelled> {
        let mut labelled = Labelled::default();
        for file in files {
            self.read_file(file, &mut labelled).with_context(|| format!("`{}`", file.display()))?;
        }
        Ok(labelled)
    }

    fn read_file(&self, file: &Path, labelled: &mut Labelled) -> anyhow::Result<()> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file)?;
        let at: BTreeMap<String, usize> = reader.headers()?.iter().map(str::to_owned).zip(0..).collect();
        let missing: Vec<&str> = std::iter::once(&self.label.column)
            .chain(self.columns.iter().flatten())
            .map(String::as_str)
            .filter(|column| !at.contains_key(*column))
            .collect();
        ensure!(missing.is_empty(), "the header has no column {}", missing.join(", "));
        for row in reader.records() {
            let row = row?;
            let line = row.position().map_or(0, csv::Position::line);
            let value = |column: &String| at.get(column).and_then(|at| row.get(*at)).unwrap_or_default();
            let label = value(&self.label.column);
            let label = match &self.label.part {
                Some((part, parted_by)) => label.split(parted_by.as_str()).nth(part - 1),
                None => Some(label),
            };
            let label = label.filter(|label| !label.is_empty());
            let label = label.with_context(|| format!("line {line}: the label says nothing"))?;
            labelled.labels.push(label.to_owned());
            labelled.records.push(self.schema.record(self.columns.iter().map(|columns| columns.iter().map(value))));
            labelled.places.push(format!("{}:{line}", file.display()));
        }
        Ok(())
    }
}

const KINDS: [(&str, Kind); 14] = [
    ("given_name", Kind::GivenName),
    ("middle_names", Kind::MiddleName),
    ("surname", Kind::Surname),
    ("birth_date", Kind::BirthDate),
    ("sex", Kind::Sex),
    ("postcode", Kind::Postcode),
    ("address", Kind::Address),
    ("house", Kind::House),
    ("number", Kind::Number),
    ("code", Kind::Code),
    ("identifier", Kind::Identifier(Check::None)),
    ("nhs_number", Kind::Identifier(Check::NhsNumber)),
    ("upn", Kind::Identifier(Check::Upn)),
    ("uln", Kind::Identifier(Check::Uln)),
];

fn kind(text: &str) -> Option<Kind> {
    KINDS.into_iter().find(|(name, _)| *name == text).map(|(_, kind)| kind)
}
