//! Records with labels, from CSV files, as a configuration says.

mod dates;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use identity::Member;
use identity::linker::{Check, Field, Guards, Kind, Schema, Thresholds};
use runtime::config::{Problems, Section, load};

use self::dates::Order;
use self::table::Table;
use crate::output;

/// Which columns say what.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) guards: Guards,
    pub(super) thresholds: Thresholds,
    fields: Vec<Columns>,
    label: Label,
    /// Each file names everybody at most once, and two files are linked.
    unique: bool,
}

/// A field of a record, and the columns that say it.
#[derive(Clone, Debug)]
struct Columns {
    field: Field,
    named: Vec<String>,
    order: Order,
}

/// Which column says whose record it is.
#[derive(Debug)]
struct Label {
    column: String,
    /// Only this part of it counts, from 1, of the parts between these characters.
    part: Option<(usize, String)>,
    /// Who has no label is nobody else.
    empty_is_alone: bool,
}

/// Records, and whose each is.
#[derive(Debug, Default)]
pub(super) struct Labelled {
    pub(super) members: Vec<Member>,
    pub(super) labels: Vec<String>,
    /// File and line of each.
    pub(super) places: Vec<String>,
    /// Of which file each is, where only pairs of two files count.
    pub(super) files: Option<Vec<usize>>,
}

/// The field that says from which file a record is, and where in it.
const FILE: &str = "file";

impl Labelled {
    /// Whether a pair counts at all.
    pub(super) fn counts(&self, one: usize, other: usize) -> bool {
        self.files.as_ref().is_none_or(|files| files.get(one) != files.get(other))
    }
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
        let empty_is_alone = section.flag("empty_is_alone").unwrap_or_default();
        section.finish();
        let part = usize::try_from(part).ok().zip(parted_by);
        let mut section = top.section("files");
        let unique = section.flag("unique").unwrap_or_default();
        section.finish();
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
        if thresholds.review > thresholds.automatic {
            section.problem("review", "must not be above `automatic`: no link is made that nobody would look at");
        }
        section.finish();
        let mut all = top.section("fields");
        let fields: Vec<Columns> = all.keys().into_iter().filter_map(|name| field(&mut all, name)).collect();
        all.finish();
        if let Err(error) = Schema::new(fields.iter().map(|columns| columns.field.clone()).collect()) {
            top.problem("fields", &error.to_string());
        }
        let guards = Guards { identifiers, twins };
        Some(Self { guards, thresholds, fields, label: Label { column: column?, part, empty_is_alone }, unique })
    }

    /// Reads files, each with a header line; gives the fields that any of them has, and the records.
    pub(super) fn records(&self, files: &[PathBuf]) -> anyhow::Result<(Schema, Labelled)> {
        ensure!(!self.unique || files.len() > 1, "`files.unique` is for several files, and one was given");
        let tables: Vec<Table> = files.iter().map(|file| Table::read(file)).collect::<Result<_, _>>()?;
        let has = |columns: &&Columns| tables.iter().any(|table| columns.named.iter().any(|name| table.has(name)));
        let (stand, gone): (Vec<&Columns>, Vec<&Columns>) = self.fields.iter().partition(has);
        for columns in gone {
            output::note(&format!(
                "the field `{}` is left out: no file has a column {}; `columns` in [fields.{}] says what it is called",
                output::plain(&columns.field.name),
                quoted(&columns.named),
                output::plain(&columns.field.name)
            ));
        }
        let mut fields: Vec<Field> = stand.iter().map(|columns| columns.field.clone()).collect();
        if self.unique {
            fields.push(Field { name: FILE.to_owned(), kind: Kind::Local });
        }
        let schema = Schema::new(fields).with_context(|| match tables.first() {
            Some(table) => format!("too few fields are left; the columns there are: {}", quoted(&table.columns())),
            None => "no file was given".to_owned(),
        })?;
        let mut labelled = Labelled { files: self.unique.then(Vec::new), ..Labelled::default() };
        for (number, table) in tables.iter().enumerate() {
            self.take(table, number, (&schema, &stand), &mut labelled)
                .with_context(|| format!("`{}`", table.file.display()))?;
        }
        let children: BTreeSet<&String> = labelled.labels.iter().collect();
        if children.len() == labelled.labels.len() {
            bail!(
                "every one of {} records has a label of its own, so there is no pair to find: is `{}` the column of the \
                 label, or is only a `part` of it?",
                children.len(),
                output::plain(&self.label.column)
            );
        }
        Ok((schema, labelled))
    }

    fn take(
        &self,
        table: &Table,
        number: usize,
        (schema, fields): (&Schema, &[&Columns]),
        labelled: &mut Labelled,
    ) -> anyhow::Result<()> {
        ensure!(
            table.has(&self.label.column),
            "the header has no column `{}` for the label, but {}: `column` in [label] names it",
            output::plain(&self.label.column),
            quoted(&table.columns())
        );
        for (line, row) in &table.rows {
            let label = table.cell(row, &self.label.column);
            let label = match &self.label.part {
                Some((part, parted_by)) => label.split(parted_by.as_str()).nth(part - 1).unwrap_or_default().trim(),
                None => label,
            };
            let place = format!("{}:{line}", table.file.display());
            labelled.labels.push(match label {
                "" if self.label.empty_is_alone => place.clone(),
                "" => bail!(
                    "line {line}: the label says nothing: give it one, or set `empty_is_alone = true` in [label] for a \
                     record that is nobody else's"
                ),
                label => label.to_owned(),
            });
            let texts = |columns: &&Columns| -> Vec<String> {
                columns.named.iter().map(|name| columns.text(table.cell(row, name))).collect()
            };
            let mut texts: Vec<Vec<String>> = fields.iter().map(texts).collect();
            if let Some(files) = &mut labelled.files {
                texts.push(vec![format!("{number}|{line}")]);
                files.push(number);
            }
            let record = schema.record(texts.iter().map(|texts| texts.iter().map(String::as_str)));
            labelled.members.push(Member::of(schema, record, labelled.places.len()));
            labelled.places.push(place);
        }
        Ok(())
    }
}

impl Columns {
    fn text(&self, cell: &str) -> String {
        match self.field.kind {
            Kind::BirthDate => dates::year_first(cell, self.order),
            _ => cell.to_owned(),
        }
    }
}

fn field(all: &mut Section, name: String) -> Option<Columns> {
    let mut section = all.section(&name);
    let named = if section.has("columns") { section.texts("columns") } else { vec![name.clone()] };
    let kinds: BTreeMap<&str, Kind> = KINDS.into_iter().collect();
    let kind = section.text("kind").and_then(|text| {
        let kind = kinds.get(text.as_str()).copied();
        if kind.is_none() {
            section.problem("kind", &format!("must be one of {}", KINDS.map(|(name, _)| name).join(", ")));
        }
        kind
    });
    let order = section.optional_text("order");
    let order = order.map_or(Some(Order::default()), |text| Order::named(&text));
    if order.is_none() {
        section.problem("order", "must be day_first or month_first: how 03/09/2015 is meant");
    }
    section.finish();
    Some(Columns { field: Field { name, kind: kind? }, named, order: order? })
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{}`", output::plain(name))).collect::<Vec<_>>().join(", ")
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

#[cfg(test)]
mod tests;
