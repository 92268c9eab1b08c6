//! A daily feed of register marks, as schools' own systems and those who collect from them deliver it: JSON or CSV, every day the
//! marks of the last seven or eight days once more, in which a mark may have become another.
//!
//! **Files.** CSV, also called `.txt` and also below a title, with a row a session or a row a day (columns for morning and afternoon);
//! a row a lesson is refused, since the first two lessons are not the two sessions. JSON as a list of records, records
//! under a pupil or a school, or a record a line; of any length, since it is read as it comes. Fields are found by name, in the
//! spellings of [`fields`], in any letter case and whatever separates their words. What the file says once of all its records (the
//! school, when it was made) counts for each; a school that the records do not name is read from the file's name
//! (`8784001_attendance_2025-01-10.csv`). A document that breaks off is read up to there; so is one
//! with a value of more than a megabyte (an embedded picture), since the reader does not go on behind it.
//!
//! **Behind its records.** What an object says behind a list counts for the records of the list as well, as long as they are held: up
//! to 50,000 of them, or 64 MiB. Where more stand before it, or the document breaks off, the records of an object that has not ended
//! are said with what it had said so far. What it had not said (whose mark it is, of which day or session) it may say behind, so that
//! nothing that stands further out says it instead, nor the file's name: a record that does not say it itself is refused, as
//! `RECORD_TOO_LARGE`, or `RECORD_MALFORMED` where the document breaks off. A list that stands in no object can be of any length.
//!
//! **Who.** The subject is the pupil as that school knows them, the same as in its census. Without a UPN, by name and birth date.
//!
//! **Scope.** One a school, day and session. A mark of a session is an entry of its own; the same mark sent again is no news, another
//! takes its place. A mark that a later file does not repeat stands: a feed may hold changes only. Where a later file has the
//! session without a mark, the mark is taken back.
//!
//! **When.** A file stands as at the time that it says, wherever in it that stands, or the day in its name, or when it was picked up. It
//! is asked for at the end of the file, so the scopes are opened there. Of a document that breaks off before it says so, the day in
//! the name is taken: the same file sent again whole then does not count as older than its own beginning.
//!
//! **What is not mapped** becomes `SourceRecordKept`: of a record with its mark, and of an object around records once, where it is a
//! pupil's: one entry of its names, which a later file corrects, and a second object of the same names is a second entry. Around the
//! records of several pupils it is nobody's, and told as `COLUMNS_NOT_MAPPED`, with what it is called.

mod around;
mod fields;
mod json;
mod rows;
mod say;
mod table;
mod walk;

use connector_kit::{Connector, Delivery, Descriptor, Output, Place, Registered, Rejection, SourceFile, Whose};
use proto::events::Family;
use proto::quarantine::Reason;

use crate::say::Register;

/// What it is called: its events are this source's.
pub(crate) const NAME: &str = "education-attendance";

/// What a table is called by.
const TABLES: [&str; 2] = [".csv", ".txt"];
const WORKBOOKS: [&str; 3] = [".xlsx", ".xlsm", ".xls"];
const NO_WORKBOOK: &str = "a workbook of marks is not read: save the sheet that has them as CSV, under the same name with that ending, and send it";

/// The connector. It has no state: each file is a delivery by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct DailyAttendance;

/// This connector, as it stands in the program.
pub fn connector(_: &Whose) -> Registered {
    Registered::of(DailyAttendance)
}

impl Connector for DailyAttendance {
    fn descriptor(&self) -> Descriptor {
        Descriptor {
            name: NAME,
            about: "Daily attendance (JSON or CSV): register marks, with those of the days before sent again",
            family: Family::Education,
            delivery: Delivery::Snapshot,
            mapping_revision: 7,
        }
    }

    fn submissions(&self, names: &[String]) -> Vec<Vec<String>> {
        let ends = || TABLES.iter().chain(&WORKBOOKS).chain(&[".json", ".jsonl", ".ndjson"]);
        let is_ours = |name: &&String| ends().any(|end| has_end(name, end));
        names.iter().filter(is_ours).map(|name| vec![name.clone()]).collect()
    }

    fn is_header(&self, columns: &[String]) -> bool {
        table::is_header(columns)
    }

    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output) {
        for file in files {
            let name = file.name.clone();
            if WORKBOOKS.iter().any(|end| has_end(&name, end)) {
                let place = Place { file: name, ..Place::default() };
                out.reject(Rejection::of(Reason::FileUnreadable, NO_WORKBOOK, place, &[]));
                continue;
            }
            let mut register = Register::of(&name, &mut *out);
            if TABLES.iter().any(|end| has_end(&name, end)) {
                table::read(file, &mut register)
            } else {
                json::read(file, &mut register)
            }
            register.end();
        }
    }
}

fn has_end(name: &str, end: &str) -> bool {
    name.to_ascii_lowercase().ends_with(end)
}
