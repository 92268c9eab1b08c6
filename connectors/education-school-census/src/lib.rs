//! The school census: as COLLECT's Blade export has it, a folder of CSV files, one a table, of all schools of an authority; and
//! as a school's own system makes it, one XML message of one school.
//!
//! **Files.** `<year>_<term>_<table>.csv`, in any letter case and order of words; a table that the name does not say is told by
//! its header, and a collection that it does not say by the table of returns. The files of one year and term are one
//! submission; of files that say neither, those of one export; a message is one by itself. Columns are found by name.
//!
//! **Who.** The subject is a pupil as one school knows them, issued by the school (authority and establishment number from
//! the returns; without them, the export's own id of the school, so deliver the table with every export). Its value is the UPN
//! as returned, a former UPN where there is none, else name and birth date, as the school's transfer files and registers have
//! them; and where even those are missing the export's own row key. Two pupils of a school with one UPN are known by their
//! names, and their identifiers link nobody. A child on both rolls of a school is one subject with two enrolments.
//!
//! **Scopes.** One a school, collection and group of tables: `8784001/school-census/2025-spring/exclusions`. The tables of
//! current pupils and of leavers are one group, because a pupil who leaves moves between them. A group is whole when each of
//! its tables, and each table that those join to, was there and was read to its end without damage. A school that is not in
//! an export says nothing by that.
//!
//! **Keys.** A record is keyed by school, child and what the source itself states: entry date, start date and category, or
//! the collection where there is no date. Row keys are given anew in every export and are in no key but that of a pupil who
//! has nothing else. What is dated keeps one key over all collections that repeat it. So does a description; addresses and
//! ethnicity are descriptions by themselves, so that a return or a term without them does not empty them.
//!
//! **Dates.** What the census states of its own day (SEN, needs, young carers, descriptions) is placed at the reference
//! date, or without one at the appointed census day. Attendance is that of the term before, placed by convention at the
//! last day of December, March or July, and where a school counts it so, that of the last school year that had ended.
//!
//! **Memory.** A table of the export is held packed until its child's other tables are read, because rows of a child stand
//! anywhere in them: the two rolls all along, then one group of tables at a time. A message is held whole: it is one school's.
//!
//! **What is not mapped.** Further columns and tables about a child become `SourceRecordKept`. The tables `school`,
//! `childcare`, `classes` and `provisions` are about the school: their rows are counted and give nothing.

mod attendance;
mod children;
mod codes;
mod file_name;
mod kept;
mod message;
mod period;
mod pupils;
mod roll;
mod rows;
mod rules;
mod say;
mod schools;
mod source;
mod submission;
mod tables;

use std::collections::BTreeMap;
use std::io;

use connector_kit::{Connector, Delivery, Descriptor, Output, Registered, SourceFile, Whose};
use proto::events::Family;

use crate::file_name::Named;
use crate::period::Period;
use crate::tables::Table;

/// The connector.
#[derive(Clone, Copy, Debug, Default)]
pub struct SchoolCensus;

/// This connector, as it stands in the program.
pub fn connector(_: &Whose) -> Registered {
    Registered::of(SchoolCensus)
}

impl Connector for SchoolCensus {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: "education-school-census",
            about: "School census: CSV tables, as COLLECT's Blade export has them, or a school's own XML message",
            family: Family::Education,
            delivery: Delivery::Snapshot,
            mapping_revision: 7,
        }
    }

    fn submissions(&self, names: &[String]) -> Vec<Vec<String>> {
        let mut exports: BTreeMap<Export, Vec<String>> = BTreeMap::new();
        let mut groups = Vec::new();
        for name in names {
            match extension(name).as_str() {
                "csv" => exports.entry(Export::of(file_name::read(name))).or_default().push(name.clone()),
                "xml" => groups.push(vec![name.clone()]),
                _ => {}
            }
        }
        exports.into_values().chain(groups).collect()
    }

    fn is_header(&self, columns: &[String]) -> bool {
        Table::of_header(|wanted| columns.iter().any(|column| column == wanted)).is_some()
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        if let Err(error) = translate(files, out) {
            out.broke_off(error);
        }
    }
}

fn translate(files: Vec<SourceFile<'_>>, out: &mut dyn Output) -> io::Result<()> {
    let mut exports: BTreeMap<Export, Vec<(Option<&'static Table>, SourceFile<'_>)>> = BTreeMap::new();
    for file in files {
        let named = file_name::read(&file.name);
        if extension(&file.name) == "xml" {
            submission::translate_message(named.period, file, out)?;
        } else {
            let table = named.table;
            exports.entry(Export::of(named)).or_default().push((table, file));
        }
    }
    for (export, mut files) in exports {
        files.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
        let period = match export {
            Export::Of(period) => Some(period),
            Export::Named(_) => None,
        };
        submission::translate(period, files, out)?;
    }
    Ok(())
}

/// Which files belong together.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Export {
    /// Those of one collection, whatever they are called.
    Of(Period),
    /// Those that do not say it and are called alike.
    Named(String),
}

impl Export {
    fn of(named: Named) -> Self {
        named.period.map_or(Self::Named(named.export), Self::Of)
    }
}

fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
}
