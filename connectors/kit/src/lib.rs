//! What every connector stands on.
//!
//! To add a connector: make a folder `connectors/<sector>-<source>/` whose library implements [`Connector`]: it says what
//! it is ([`Descriptor`]) and translates files into [`Draft`]s and [`Rejection`]s, and does nothing else: no I/O, no
//! clock, no keys, no ids. Give it golden files, call [`conformance`] in its tests, add a fuzz target, and give
//! it a line in `connectors/registry/Cargo.toml`. Sources, diffing, sealing, publishing, quarantine and the cursor are
//! here and are the same for all.

pub mod attendance;
pub mod codes;
pub mod conformance;
pub mod csv_source;
pub mod dates;
pub mod described;
pub mod differ;
pub mod drop_folder;
pub mod file_name;
pub mod gather;
pub mod identifier;
pub mod kept;
pub mod mllp;
pub mod named;
pub mod poll;
pub mod publish;
pub mod quarantine;
pub mod reading;
pub mod receive;
pub mod redrive;
pub mod repeats;
pub mod room;
pub mod run;
pub mod sftp;
pub mod spool;
pub mod submission;
pub mod tape;
pub mod text;
pub mod unpacked;
pub mod workbook;
pub mod xml;

mod body;
mod collected;
mod connector;
mod keys;
mod refused;
mod registered;
mod runs;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod toy;

pub use body::Statement;
pub use collected::Collected;
/// Who may say what: which kinds a source of a sector may publish.
pub use event_log::authority;

pub use connector::{Connector, Delivery, Descriptor, Draft, Output, Place, Rejection, Scope, SourceFile, Spill};
pub use registered::{Registered, Whose};

/// The connector that connectors/README.md shows is compiled, and holds the bargain.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
