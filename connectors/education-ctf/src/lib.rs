//! The common transfer file: what a school, or an authority, sends of a child to where the child goes next. And its sibling of
//! admissions (`ATfile`).
//!
//! **Files.** XML of any version, with or without a namespace; elements are known by local name in any letter case.
//!
//! **Who.** The subject is the child as the sending school knows them: the same as in that school's census. Without a UPN, by
//! name and birth date.
//!
//! **Scope.** One for each sender: `8784001/ctf`. A file holds some children and says nothing of others. A full file states all
//! of each child that it holds: what it no longer says of that child is taken back. A partial one takes back nothing, and
//! one that says neither counts as partial. That a file was sent is in a scope of its own, since a later file does not unsay it.
//!
//! **Keys** are made of what the record itself states: start dates, school and entry date, the assessment's own codes. What
//! has no date of its own (needs, contacts, care) is placed at the day that the file was made.
//!
//! A file of the department's own service (`XXX`, `XXXX`) tells of the pupils of the school that asked for it (`DestSchool`): it is
//! that school's, in a scope of its own (`8784001/ctf-received`).
//!
//! **Marks** of the register become one event a school day. Days without a mark, and days on which the school was closed to
//! everybody, become none. A run that begins on a Saturday or Sunday, or on no day, is kept as it came.
//!
//! **Where to.** A full file from a school to a school says that the leaver's file was sent; one to nobody (XXXXXXX), that the
//! school does not know where the child went. Neither this nor the school history opens anything to anybody.
//!
//! **What is not mapped** (medical flag, disabilities, further languages, admissions, and elements that are not known) becomes
//! `SourceRecordKept`.

mod codes;
mod contacts;
mod header;
mod history;
mod part;
mod pupil;
mod translate;

use connector_kit::{Connector, Delivery, Descriptor, Output, Registered, SourceFile, Whose};
use proto::events::Family;

/// The connector. It has no state: each file is a transfer by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommonTransfer;

/// This connector, as it stands in the program.
pub fn connector(_: &Whose) -> Registered {
    Registered::of(CommonTransfer)
}

impl Connector for CommonTransfer {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: "education-ctf",
            about: "Common transfer file (XML): a child's school record as it goes from school to school",
            family: Family::Education,
            delivery: Delivery::Snapshot,
            mapping_revision: 5,
        }
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        for file in files {
            translate::translate(file, out);
        }
    }
}
