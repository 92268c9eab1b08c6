//! The school census, as COLLECT's Blade export has it: a folder of CSV files, one a table, of all schools of an authority.
//!
//! **Files.** `<year>_<term>_<table>.csv`, in any letter case; a table that the name does not say is told by its header. The
//! files of one year and term are one submission. Columns are found by name.
//!
//! **Who.** The subject is a pupil as one school knows them, issued by the school (authority and establishment number from
//! the `schoolcensus` table; without that table, the export's own id of the school, so deliver it with every export). Its
//! value is the UPN as returned, a former UPN where there is none, else the export's row key with the date of birth. Two
//! pupils of a school with one UPN are each known by row key, and their identifiers link nobody. A child on both rolls of a
//! school is one subject with two enrolments.
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
//! last day of December, March or July.
//!
//! **What is not mapped.** Further columns and tables about a child become `SourceRecordKept`. The tables `school`,
//! `childcare`, `classes` and `provisions` are about the school: their rows are counted and give nothing.

mod attendance;
mod children;
mod codes;
mod kept;
mod period;
mod pupils;
mod roll;
mod rows;
mod say;
mod schools;
mod submission;
mod tables;

use std::collections::BTreeMap;

use connector_kit::{Connector, Delivery, Descriptor, Output, Place, Rejection, SourceFile};
use proto::events::Family;
use proto::quarantine::Reason;

use crate::period::Period;
use crate::tables::Table;

/// The connector.
#[derive(Clone, Copy, Debug, Default)]
pub struct SchoolCensus;

impl Connector for SchoolCensus {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: "education-school-census",
            about: "School census: a folder of CSV tables, as COLLECT's Blade export has them",
            family: Family::Education,
            delivery: Delivery::Snapshot,
            mapping_revision: 2,
        }
    }

    fn submissions(&self, names: &[String]) -> Vec<Vec<String>> {
        let mut by_period: BTreeMap<Period, Vec<String>> = BTreeMap::new();
        for name in names {
            if let Some((period, _)) = Period::of_file(name) {
                by_period.entry(period).or_default().push(name.clone());
            }
        }
        by_period.into_values().collect()
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        let mut by_period: BTreeMap<Period, Vec<(Option<&'static Table>, SourceFile<'_>)>> = BTreeMap::new();
        for file in files {
            match Period::of_file(&file.name) {
                Some((period, table)) => by_period.entry(period).or_default().push((Table::named(&table), file)),
                None => out.reject(unnamed(file.name)),
            }
        }
        for (period, mut files) in by_period {
            files.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
            submission::translate(period, files, out);
        }
    }
}

fn unnamed(name: String) -> Rejection {
    Rejection {
        reason: Reason::FileUnreadable,
        message: "the file's name does not say its year and term: call it <year>_<term>_<table>.csv".to_owned(),
        place: Place { file: name, ..Place::default() },
        controller: None,
        raw: Vec::new(),
        scope_key: None,
        subject: None,
    }
}
