//! What stands in the spool: whole already, in an order, and perhaps sent by somebody who may not speak for everybody.
//!
//! ```text
//! received/taken/<picked up>   the id of a submission that was posted, and its caller, while it is being dealt with
//! received/dealt/<picked up>   the same, once it was, for as long as its files are here: who sent it bounds what may be said of it again
//! ```

use std::borrow::Borrow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use event_log::seal::PseudonymKey;
use proto::quarantine::{Place, Reason};

use super::files::{failed, list, make, rename, sync};
use super::{DropFolder, IntakeError, Options, WORKING, picked_up_us};
use crate::connector::{Draft, Rejection};
use crate::differ::Decided;
use crate::publish::Credentials;
use crate::receive::SubmissionOutcome;
use crate::receive::{Receipt, receipt_of, store_outcome};
use crate::refused::{self, refused};
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
                && let Some(Receipt { caller, .. }) =
                    receipt_of(&root, &id).map_err(|source| failed("read the receipt of", &folder, source))?
            {
                let note = root.join(TAKEN).join(&name);
                let said = format!("{id}\n{caller}");
                write_whole(&note, said.as_bytes()).map_err(|source| failed("write", &note, source))?;
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
        let said = match fs::read_to_string(&note) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            said => said.map_err(|source| failed("read", &note, source))?,
        };
        let (id, caller) = match said.split_once('\n') {
            Some((id, caller)) => (id.to_owned(), Some(caller.to_owned())),
            // As notes were before they named the caller.
            None => {
                let receipt = receipt_of(&options.root, &said);
                let receipt = receipt.map_err(|source| failed("read the receipt of", dir, source))?;
                (said, receipt.map(|receipt| receipt.caller))
            }
        };
        // Of a caller that is not known any more nothing is taken.
        let controllers = caller.and_then(|caller| options.callers.get(&caller).cloned()).unwrap_or_default();
        let within = Credentials { controllers, home: String::new() };
        let (root, outcome) = (options.root.clone(), SubmissionOutcome::default());
        Ok(Some(Self { root, note, id, within, outcome }))
    }

    /// Parts what its sender may say from what they may not, and notes what was found.
    pub(crate) fn screen<D: Borrow<Draft> + Into<Draft>>(
        &mut self,
        key: &PseudonymKey,
        drafts: Vec<D>,
        rejections: &mut Vec<Rejection>,
    ) -> Vec<D> {
        let (good, others): (Vec<_>, Vec<_>) =
            drafts.into_iter().partition(|draft| self.within.name(&draft.borrow().controller));
        for draft in others.into_iter().map(Into::<Draft>::into) {
            refused::add(key, rejections, refused(key, draft, Reason::ControllerNotYours, NOT_THE_CALLERS));
        }
        self.outcome.found(good.iter().map(Borrow::borrow));
        good
    }

    /// Why a scope is refused as a whole: taken, it would take back what others answer for.
    pub(super) fn refuses(&self, decided: &Decided, file: &str, scope_key: &str) -> Option<Rejection> {
        let all = decided.taken_back_of.iter().all(|controller| self.within.name(controller));
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
            digest: None,
        })
    }

    /// Notes what was refused.
    pub(super) fn refused(&mut self, rejections: &[Rejection]) {
        self.outcome.refused(rejections);
    }

    /// Writes down what became of it.
    pub(super) fn write_down(&mut self, report: &Report) -> Result<(), IntakeError> {
        self.outcome.end(report);
        store_outcome(&self.root, &self.id, &self.outcome)
            .map_err(|source| failed("write the outcome of", &self.note, source))
    }

    /// It was dealt with, and moved.
    pub(super) fn end(self) {
        let _put_away_at_the_next_start = put_away(&self.root, &self.note);
    }
}
