//! What stands in the spool: whole already, in an order, and perhaps sent by somebody who may not speak for everybody.
//!
//! ```text
//! received/taken/<picked up>   the id of a submission that was posted, while it is being dealt with
//! received/dealt/<picked up>   the same, once it was: who sent it bounds what may be said of it again
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use proto::quarantine::{Place, Reason};

use super::files::{failed, list, make, rename, sync};
use super::{DropFolder, IntakeError, Options, WORKING, picked_up_us};
use crate::connector::{Draft, Rejection};
use crate::differ::Diff;
use crate::publish::Credentials;
use crate::receive::SubmissionOutcome;
use crate::receive::{receipt_of, store_outcome};
use crate::run::name_of;
use crate::spool::{SPOOLED, id_of, write_whole};
use crate::submission::Report;

const TAKEN: &str = "received/taken";
const DEALT: &str = "received/dealt";

const NOT_THE_CALLERS: &str = "the record's organisation is none that this caller may send for: have it sent by its own \
                               caller, or add the organisation to the caller's `controllers`";

impl DropFolder {
    /// Moves everything that is spooled, in its order. It is whole: no second look is needed.
    pub(super) fn take_spooled(&mut self, now_us: i64) -> Result<Vec<PathBuf>, IntakeError> {
        let root = self.options.root.clone();
        let spooled = root.join(SPOOLED);
        if !spooled.is_dir() {
            return Ok(Vec::new());
        }
        let mut folders = list(&spooled)?;
        folders.retain(|folder| folder.is_dir());
        folders.sort();
        let mut taken = Vec::new();
        for folder in folders {
            self.picked_up_last_us = now_us.max(self.picked_up_last_us + 1);
            let name = format!("{:020}", self.picked_up_last_us);
            // Before it is moved: from then on nothing else says who sent it.
            if let Some(id) = id_of(&folder)
                && receipt_of(&root, &id).map_err(|source| failed("read the receipt of", &folder, source))?.is_some()
            {
                let note = root.join(TAKEN).join(&name);
                write_whole(&note, id.as_bytes()).map_err(|source| failed("write", &note, source))?;
            }
            let working = root.join(WORKING).join(&name);
            rename(&folder, &working)?;
            taken.push(working);
        }
        if !taken.is_empty() {
            sync(&root.join(WORKING))?;
            sync(&spooled)?;
        }
        Ok(taken)
    }

    /// Puts away notes of submissions that are not being dealt with: a process ended between the note and the move, or after it.
    pub(super) fn forget_taken(&self) -> Result<(), IntakeError> {
        let folder = self.options.root.join(TAKEN);
        make(&folder)?;
        for note in list(&folder)? {
            if !self.options.root.join(WORKING).join(name_of(&note)).is_dir() {
                put_away(&self.options.root, &note)?;
            }
        }
        Ok(())
    }
}

/// Keeps the note of a submission that was dealt with.
fn put_away(root: &Path, note: &Path) -> Result<(), IntakeError> {
    make(&root.join(DEALT))?;
    rename(note, &root.join(DEALT).join(name_of(note)))
}

/// A submission that somebody posted.
pub(crate) struct Received {
    root: PathBuf,
    note: PathBuf,
    id: String,
    /// For whom its sender may speak.
    within: Credentials,
    outcome: SubmissionOutcome,
}

impl Received {
    /// Who sent what is in this folder, if it was posted.
    pub(crate) fn of(options: &Options, dir: &Path) -> Result<Option<Self>, IntakeError> {
        let [taken, dealt] = [TAKEN, DEALT].map(|of| options.root.join(of).join(format!("{:020}", picked_up_us(dir))));
        let note = if taken.is_file() { taken } else { dealt };
        let id = match fs::read_to_string(&note) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            id => id.map_err(|source| failed("read", &note, source))?,
        };
        let receipt = receipt_of(&options.root, &id).map_err(|source| failed("read the receipt of", dir, source))?;
        // Of a caller that is not known any more nothing is taken.
        let controllers = receipt.and_then(|receipt| options.callers.get(&receipt.caller).cloned()).unwrap_or_default();
        let within = Credentials { controllers, home: String::new() };
        let (root, outcome) = (options.root.clone(), SubmissionOutcome::default());
        Ok(Some(Self { root, note, id, within, outcome }))
    }

    /// Parts what its sender may say from what they may not, and notes what was found.
    pub(crate) fn screen(&mut self, drafts: Vec<Draft>, rejections: &mut Vec<Rejection>) -> Vec<Draft> {
        let (good, others): (Vec<_>, Vec<_>) =
            drafts.into_iter().partition(|draft| self.within.name(&draft.controller));
        for draft in others {
            let again = rejections.last().is_some_and(|last| {
                last.reason == Reason::ControllerNotYours
                    && last.place.record == draft.place.record
                    && last.place.line == draft.place.line
            });
            if !again {
                rejections.push(Rejection {
                    reason: Reason::ControllerNotYours,
                    message: NOT_THE_CALLERS.to_owned(),
                    place: draft.place,
                    controller: Some(draft.controller),
                    raw: Vec::new(),
                    scope_key: draft.scope_key,
                    subject: Some(draft.subject),
                });
            }
        }
        self.outcome.found(&good);
        good
    }

    /// Why a scope is refused as a whole: taken, it would change or take back what others answer for.
    pub(super) fn refuses(&self, diff: &Diff, file: &str, scope_key: &str) -> Option<Rejection> {
        let all = diff.statements.iter().all(|statement| self.within.name(&statement.body.controller));
        (!all).then(|| Rejection {
            reason: Reason::ControllerNotYours,
            message: "the submission would take back what an organisation answers for that this caller may not send for: nothing \
                      of its scope was taken"
                .to_owned(),
            place: Place { file: file.to_owned(), field: scope_key.to_owned(), ..Place::default() },
            controller: None,
            raw: format!("{scope_key} as posted in {}", self.id).into_bytes(),
            scope_key: Some(scope_key.to_owned()),
            subject: None,
        })
    }

    /// Writes down what became of it.
    pub(super) fn write_down(&mut self, rejections: &[Rejection], report: &Report) -> Result<(), IntakeError> {
        self.outcome.end(rejections, report);
        store_outcome(&self.root, &self.id, &self.outcome)
            .map_err(|source| failed("write the outcome of", &self.note, source))
    }

    /// It was dealt with, and moved.
    pub(super) fn end(self) {
        let _put_away_at_the_next_start = put_away(&self.root, &self.note);
    }
}
