//! The connector's side of the bargain.

use std::io::{self, BufRead};
use std::path::Path;

use proto::events::{Event, Family, Finding, Subject, Version, When};
use proto::quarantine::Reason;
use proto::sharing::Label;

/// Where in a source something stood.
pub use proto::quarantine::Place;

/// What a connector is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Descriptor {
    /// Its name, the folder's: "social-care-cin-census". Also the `source` of its events.
    pub name: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// The sector whose topic it writes to.
    pub family: Family,
    /// How its records arrive.
    pub delivery: Delivery,
    /// Raised by one whenever the mapping changes what a record becomes, so that a redrive gives new events.
    pub mapping_revision: u32,
}

/// How a source delivers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// Whole files that state everything again each time: the differ turns them into changes.
    Snapshot,
    /// Messages that each state one thing once.
    Feed,
}

/// A file, or one message, to translate.
pub struct SourceFile<'a> {
    /// Its name without the folder.
    pub name: String,
    /// Its bytes, from the start.
    pub bytes: Box<dyn BufRead + Send + 'a>,
}

/// Translates one kind of source. Pure: the same bytes give the same drafts and rejections, in the same order.
pub trait Connector: Send + Sync {
    /// What this connector is.
    fn descriptor(&self) -> Descriptor;

    /// What makes every record of this source more private than its kind and its fields say. Each narrows who may see them.
    fn labels(&self) -> &[Label] {
        &[]
    }

    /// Which of these file names belong together as one submission, and which are not for this connector at all (in no
    /// group). The default takes each file by itself.
    fn submissions(&self, names: &[String]) -> Vec<Vec<String>> {
        names.iter().map(|name| vec![name.clone()]).collect()
    }

    /// Whether the raw record of a rejection can be read by itself, without the file that it stood in: a message, and not a row.
    fn raw_stands_alone(&self) -> bool {
        false
    }

    /// Whether a line with these cells, lower case and without doubled spaces, is one that this connector takes as the header of a
    /// table. Only such a line is shown above a row that somebody looks at: any other may be of another child. The default takes
    /// none.
    fn is_header(&self, _columns: &[String]) -> bool {
        false
    }

    /// Reads one submission to its end and says what it holds. Never fails: what cannot be read is a rejection, and the
    /// rest goes on.
    fn translate(&self, files: Vec<SourceFile<'_>>, out: &mut dyn Output);
}

/// What a connector says into.
///
/// What is said is dealt with while the connector reads on, so that a return of any size takes little memory: a connector holds
/// no more of its input than one record of it, or one child's, wherever the format lets it.
pub trait Output {
    /// Opens a scope of a snapshot: drafts that name it are compared with what the scope last held.
    fn scope(&mut self, scope: Scope);

    /// One record of the source was read, whatever became of it.
    fn record(&mut self);

    /// One event.
    fn draft(&mut self, draft: Draft);

    /// Something that could not be translated. Its good parts are drafted as well.
    fn reject(&mut self, rejection: Rejection);

    /// The scope of this key was read whole, without structural error: absence from it means something.
    fn whole(&mut self, scope_key: &str);

    /// Something is odd about all of this organisation's records together and about no one of them: a count over the whole
    /// submission, which breaks a published rule. It is told in the submission's report.
    fn found(&mut self, _controller: &str, _finding: Finding) {}

    /// Of this subject the scope of this key was read whole, and of others nothing is said by that: a transfer file states all
    /// of each child that it holds, and knows of no other. Whoever does not listen takes less for granted.
    fn whole_of(&mut self, _scope_key: &str, _subject: &Subject) {}

    /// The records of this subject and scope whose keys are this one, or begin with it and a slash, are parts of one thing that
    /// the source names: a plan, an episode. With `told` every part of it is told here, so that what the scope held of it and is
    /// not told is gone, as the source says and nobody has to confirm; without, it is only named, so that a later submission can
    /// say so. Whoever names such things names the first before the first record of the scope.
    fn part(&mut self, _scope_key: &str, _subject: &Subject, _record_key: &str, _told: bool) {}

    /// Where a connector puts what it has to hold until all was read, and memory should not. `None`: memory holds it. Asked by
    /// [`crate::gather`].
    fn spill(&self) -> Option<Spill<'_>> {
        None
    }

    /// The disk failed beneath the connector, and it said no more: nothing that waits for the submission's end counts, and it is
    /// dealt with again; but where it gathered more than may be ([`io::ErrorKind::FileTooLarge`]) its files are refused. Only what
    /// has a [`spill`](Self::spill) has to listen.
    fn broke_off(&mut self, _error: io::Error) {}
}

/// Room on a disk for rows that a connector holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spill<'a> {
    /// On the disk that the files are on: the rows stand in clear as they do.
    pub folder: &'a Path,
    /// So many bytes of them are held in memory before any goes to the disk.
    pub memory_bytes: usize,
    /// No more than so many bytes are gathered together.
    pub disk_bytes: u64,
}

/// What a snapshot states everything of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scope {
    /// Authority, collection, period and table, as one path: "878/cin/2025", "8784001/school-census/2025-spring/pupilonroll".
    pub key: String,
    /// When the source stood so: the file's own date. `None` leaves it to the given date or the pick-up time.
    pub as_of_us: Option<i64>,
    /// The order among files with one as-of: the return's serial number. 0 where there is none.
    pub sequence: u64,
}

/// An event before it has ids, keys or a version.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// Whom it is about: the source's own local id, normalised.
    pub subject: Subject,
    /// The organisation that answers for the record: an organisation id.
    pub controller: String,
    /// The scope that it belongs to; `None` on a feed.
    pub scope_key: Option<String>,
    /// The kind of record within the source ("assessment"): start-date corrections are paired within subject and table.
    pub table: &'static str,
    /// The natural key within the source, readable: "12345/2024-05-01/1/assessment/2024-05-09".
    pub record_key: String,
    /// Which of the record's events this is, 0 first.
    pub ordinal: u32,
    /// When it happened.
    pub effective: When,
    /// When the source knew, microseconds since 1970; `None` means the snapshot's as-of.
    pub observed_at_us: Option<i64>,
    /// On a feed, the version that the message states. On a snapshot `None`: the differ gives it.
    pub version: Option<Version>,
    /// What the data say of their own quality.
    pub findings: Vec<Finding>,
    /// People other than the child whom the event tells of.
    pub third_parties: Vec<Subject>,
    /// Numbers of the fields that this version empties (HL7 `""`). On a snapshot the differ computes them.
    pub clears: Vec<u32>,
    /// On a snapshot: only some of the record is stated here, and what it leaves out stands as it was. Without, a record says all of
    /// itself, and what it does not hold is emptied.
    pub in_part: bool,
    /// What makes this record more private than its kind and its fields say, beside what is put on all of its source. Each narrows
    /// who may see it.
    pub labels: Vec<Label>,
    /// What happened.
    pub event: Event,
    /// Where it stood.
    pub place: Place,
}

impl Draft {
    /// What every draft says, as a record of a feed or of no scope yet says it: `Draft { findings, ..Draft::of(..) }`. A connector
    /// that begins so does not change when a draft can say more.
    pub fn of(
        subject: Subject,
        controller: &str,
        table: &'static str,
        record_key: String,
        effective: When,
        event: Event,
        place: Place,
    ) -> Self {
        Self {
            subject,
            controller: controller.to_owned(),
            scope_key: None,
            table,
            record_key,
            ordinal: 0,
            effective,
            observed_at_us: None,
            version: None,
            findings: Vec::new(),
            third_parties: Vec::new(),
            labels: Vec::new(),
            clears: Vec::new(),
            in_part: false,
            event,
            place,
        }
    }
}

/// Something that could not be translated.
#[derive(Clone, PartialEq, Debug)]
pub struct Rejection {
    /// Why.
    pub reason: Reason,
    /// What is wrong and what to do next. Names fields, never values.
    pub message: String,
    /// Where it stood.
    pub place: Place,
    /// The organisation that answers for it, where known.
    pub controller: Option<String>,
    /// The record as it came, as far as it was kept.
    pub raw: Vec<u8>,
    /// The scope that it stood in, where known: an unreadable record counts as present.
    pub scope_key: Option<String>,
    /// Whom it was about, where known: with it only this subject's absences say nothing, without it the whole scope's.
    pub subject: Option<Subject>,
    /// Where there is no raw record, a keyed digest of what was refused: it tells it from another at the same place of another
    /// file of the same name. The kit's own; a connector gives none.
    pub digest: Option<[u8; 16]>,
}

impl Rejection {
    /// What every rejection says: `Rejection { subject, ..Rejection::of(..) }`. `raw` is the record as it came.
    pub fn of(reason: Reason, message: &str, place: Place, raw: &[u8]) -> Self {
        Self {
            reason,
            message: message.to_owned(),
            place,
            controller: None,
            raw: raw.to_vec(),
            scope_key: None,
            subject: None,
            digest: None,
        }
    }

    pub(crate) fn count(&self, source: &str) {
        runtime::metrics::REJECTED.add(1, [source, self.reason.name()]);
    }
}
