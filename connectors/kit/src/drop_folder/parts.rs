//! What a connector says, in parts: each is dealt with while it reads on, and no more than a few are in memory.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prost::Message as _;
use proto::events::{Finding, Subject};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::IntakeError;
use super::files::{failed, list};
use super::refusals::too_much;
use super::translation::translate_into;
use crate::collected::Collected;
use crate::connector::{Connector, Draft, Output, Place, Rejection, Scope, Spill};
use crate::runs::BYTES_MAX;

/// How much a part holds, more or less: some forty milliseconds of work. In tests a submission has several.
const PART_ITEMS: usize = if cfg!(test) { 2 } else { 4_096 };
const PART_BYTES: usize = 4 << 20;
/// A record that says more than so many parts hold is parted itself.
const RECORD_PARTS: usize = 8;

/// What a connector could not do when it broke off.
pub(crate) const HOLD_ROWS: &str = "hold the rows of a submission in";

/// A submission that its connector reads, part by part.
pub(super) struct InParts {
    parts: mpsc::Receiver<Collected>,
    reading: JoinHandle<Result<bool, IntakeError>>,
}

impl InParts {
    /// Hands the submission in `dir` to its connector, which may hold rows in `folder`. Whoever drops this reads no further.
    pub(super) fn of(connector: Arc<dyn Connector>, dir: PathBuf, folder: PathBuf) -> Self {
        let (to, parts) = mpsc::channel(1);
        let reading = tokio::spawn(async move {
            let (within, disk_bytes) = (folder.clone(), disk_bytes(&dir));
            let make = move || Parts {
                part: Collected::default(),
                items: 0,
                bytes: 0,
                last: None,
                to: to.clone(),
                folder: within.clone(),
                disk_bytes,
                broke_off: None,
            };
            let (mut said, mut has_failed) = translate_into(connector, dir.clone(), make).await?;
            match said.broke_off.take() {
                None => {}
                Some(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    has_failed = true;
                    said.part = Collected::default();
                    list(&dir)?.iter().for_each(|path| said.part.reject(too_much(path)));
                }
                Some(error) => return Err(failed(HOLD_ROWS, &folder, error)),
            }
            // Whoever dealt with the parts before knows why it goes no further.
            let _gone = said.to.send(std::mem::take(&mut said.part)).await;
            Ok(!has_failed)
        });
        Self { parts, reading }
    }

    /// The next part, in order.
    pub(super) async fn next(&mut self) -> Option<Collected> {
        self.parts.recv().await
    }

    /// Whether the connector read it to its end: of one that failed what it said since the last part is left out, and each file is
    /// rejected.
    pub(super) async fn end(self) -> Result<bool, IntakeError> {
        self.reading.await.unwrap_or_else(|failed| match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Ok(false),
        })
    }
}

/// Parts as they are made, on the thread that translates.
struct Parts {
    part: Collected,
    items: usize,
    bytes: usize,
    /// Where the last of it stood: a part ends between two records.
    last: Option<(u64, u64)>,
    to: mpsc::Sender<Collected>,
    /// Where the connector may hold rows, and why it could not.
    folder: PathBuf,
    disk_bytes: u64,
    broke_off: Option<io::Error>,
}

/// How much may be gathered of what is in this folder: many times as much as was read, and of little something all the same.
fn disk_bytes(dir: &Path) -> u64 {
    const TIMES: u64 = 16;
    const LEAST: u64 = 1 << 30;
    let files = list(dir).unwrap_or_default();
    let read: u64 = files.iter().map(|file| std::fs::metadata(file).map_or(0, |about| about.len())).sum();
    read.saturating_mul(TIMES).max(LEAST)
}

impl Parts {
    fn make_room(&mut self, next: Option<&Place>) {
        let full = self.items / PART_ITEMS + self.bytes / PART_BYTES;
        let at = next.map(|place| (place.record, place.line));
        let between_records = at.is_none() || at != self.last;
        self.last = at.or(self.last);
        if full >= RECORD_PARTS || full > 0 && between_records {
            (self.items, self.bytes) = (0, 0);
            if self.to.blocking_send(std::mem::take(&mut self.part)).is_err() {
                // Nobody listens any more, and a connector cannot be told to stop.
                std::panic::resume_unwind(Box::new("the submission is read no further"));
            }
        }
        self.items += 1;
    }
}

impl Output for Parts {
    fn scope(&mut self, scope: Scope) {
        self.part.scope(scope);
    }

    fn record(&mut self) {
        self.part.record();
    }

    fn draft(&mut self, draft: Draft) {
        self.make_room(Some(&draft.place));
        self.bytes += draft.event.encoded_len();
        self.part.draft(draft);
    }

    fn reject(&mut self, rejection: Rejection) {
        self.make_room(Some(&rejection.place));
        self.bytes += rejection.raw.len();
        self.part.reject(rejection);
    }

    fn found(&mut self, controller: &str, finding: Finding) {
        self.part.found(controller, finding);
    }

    fn whole(&mut self, scope_key: &str) {
        self.part.whole(scope_key);
    }

    fn whole_of(&mut self, scope_key: &str, subject: &Subject) {
        self.make_room(None);
        self.part.whole_of(scope_key, subject);
    }

    fn part(&mut self, scope_key: &str, subject: &Subject, record_key: &str, told: bool) {
        self.make_room(None);
        self.part.part(scope_key, subject, record_key, told);
    }

    fn spill(&self) -> Option<Spill<'_>> {
        Some(Spill { folder: &self.folder, memory_bytes: BYTES_MAX, disk_bytes: self.disk_bytes })
    }

    fn broke_off(&mut self, error: io::Error) {
        self.broke_off = Some(error);
    }
}
