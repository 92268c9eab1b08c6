//! The SEN2 person-level return: every child and young person for whom an authority received a request for an education, health
//! and care needs assessment in the year, assessed, or maintained a plan. Once a year, for 2023 and after.
//!
//! **Files.** The return as XML (`Message`), or as COLLECT's Blade export has it: nine CSV files, one a module, named
//! `Blade-Export_<day>-<month>-<year>_<module>.csv`; or as a workbook, with a sheet a module, or with the modules below each other in
//! one, each under its title, as the department's template has them. Columns are named as elements or in the template's words. All
//! say the same of a child, with the same keys, in one scope: an export after the return was sent as XML adds nothing.
//!
//! **Who.** The return gives a child no number of its own. The subject is the child as this authority's return knows it, by the
//! UPN as returned; where there is none, or two of the return have it, by name and birth date.
//!
//! **Scope.** One an authority and year: `878/sen2/2025`. Whole when the XML ended soundly, or all nine tables were there and
//! were read to their end.
//!
//! **Keys** are made of dates: a request by the day that it was received, a plan by the day that it was issued, a placement by
//! its first day and setting, a review by its day. They are the same in every year's return that repeats them. What the return
//! states of its own day (that a plan is maintained, needs, the description) is keyed by year and placed at the reference date.
//!
//! **Not a source of status.** It is made once a year: what it says opens no status and no involvement.

mod cells;
mod codes;
mod columns;
mod export;
mod header;
mod message;
mod module;
mod person;
mod plans;
mod refused;
mod requests;
mod say;
mod sheets;

use std::collections::BTreeMap;

use connector_kit::{Connector, Delivery, Descriptor, Output, Registered, SourceFile, Whose};
use proto::events::Family;

use crate::module::Module;

const WORKBOOKS: [&str; 3] = ["xlsx", "xlsm", "xls"];

/// The connector. It has no state: each submission is a return by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sen2;

/// This connector, as it stands in the program.
pub fn connector(_: &Whose) -> Registered {
    Registered::of(Sen2)
}

impl Connector for Sen2 {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: "education-sen2",
            about: "SEN2 person-level return (XML, a workbook, or COLLECT's nine CSV tables): requests, assessments, plans, placements",
            family: Family::Education,
            delivery: Delivery::Snapshot,
            mapping_revision: 5,
        }
    }

    fn submissions(&self, names: &[String]) -> Vec<Vec<String>> {
        let mut exports: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut groups = Vec::new();
        for name in names {
            match extension(name).as_str() {
                "xml" => groups.push(vec![name.clone()]),
                "csv" => {
                    let (export, _) = Module::of_file(name);
                    exports.entry(export).or_default().push(name.clone());
                }
                workbook if WORKBOOKS.contains(&workbook) => groups.push(vec![name.clone()]),
                _ => {}
            }
        }
        groups.extend(exports.into_values());
        groups
    }

    fn is_header(&self, columns: &[String]) -> bool {
        Module::of_header(|wanted| columns.iter().any(|column| column == wanted)).is_some()
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        let is_workbook = |file: &SourceFile<'_>| WORKBOOKS.contains(&extension(&file.name).as_str());
        let (workbooks, files): (Vec<_>, Vec<_>) = files.into_iter().partition(is_workbook);
        let (messages, tables): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| extension(&file.name) != "csv");
        let mut translated = messages.into_iter().try_for_each(|file| message::translate(file, out));
        if translated.is_ok() {
            translated = workbooks.into_iter().try_for_each(|file| export::translate_workbook(file, out));
        }
        if translated.is_ok() && !tables.is_empty() {
            translated = export::translate(tables, out);
        }
        if let Err(error) = translated {
            out.broke_off(error);
        }
    }
}

fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
}
