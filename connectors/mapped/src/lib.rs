//! Any table that a mapping file describes: CSV, spreadsheets and SQL queries, with no code.
//!
//! A mapping (TOML, `mappings/` has worked ones) says what the source is, which column names the child, what tells one
//! record from another, and which events of the catalogue a row becomes, field by field. [`Mapping::parse`] holds it to the
//! catalogue by reflection, so that a kind of event that is added to the contract can be mapped at once. A checked
//! mapping is a [`connector_kit::Connector`] like any other.

mod check;
mod convert;
mod dates;
mod explain;
mod file;
mod fixed;
mod person;
mod plan;
mod problem;
mod rows;
mod sector;
pub mod sql;
mod translate;
mod try_out;

pub use check::{Checked, MAPPING_BYTES_MAX};
pub use connector_kit::workbook::{UNPACKED_BYTES_MAX, WORKBOOK_BYTES_MAX};
pub use explain::Told;
pub use plan::Mapping;
pub use problem::{MappingUnusable, Problem};
pub use translate::PassedOver;
pub use try_out::{Change, Outcome, RowOutcome, Tried, changes, try_out};

/// The fields of this kind of event as a mapping names them, each with what a cell must be to fill it; none of a kind that there is
/// not.
pub fn fields_of(kind: &str) -> Vec<(String, String)> {
    proto::event::KindNumber::named(kind).map(sector::fields).unwrap_or_default()
}

/// The kinds of event that a mapping of this name may make, in order of the catalogue.
pub fn kinds_for(name: &str) -> Vec<&'static str> {
    sector::sayable(name)
}
