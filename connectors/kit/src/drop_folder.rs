//! A folder into which files are dropped.
//!
//! ```text
//! incoming/                       files arrive; those that end in .part or .tmp are not there yet
//! incoming/retractions-allowed/   the same, where a person has looked at what they retract
//! working/<picked up>/            one submission being dealt with
//! done/<picked up>/               dealt with
//! rejected/<picked up>/           dealt with: nothing of it could be translated, or it is nothing of this connector's
//! ```
//!
//! A submission is moved by one rename at each step, and its folder is named by the moment it was picked up, which also
//! stands in for an as-of that the file does not state. So wherever a process dies the next takes up the same folder and
//! says the same events again, with the same ids.

mod error;
mod files;
mod intake;
mod keep;
mod parts;
mod refusals;
mod spooled;
mod tally;
mod translation;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use event_log::seal::WrappingKeys;
use event_log::{EventLog, Pseudonym};
use runtime::trace;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::connector::{Connector, Delivery};
use crate::differ::{Baseline, BaselineError, Baselines, Retractions, rebuild};
use crate::publish::SharedPublisher;
use crate::redrive::{Asked, Desk};
use crate::run::{SourceCounts, is_unfinished, name_of};
use crate::submission::Report;
pub use error::IntakeError;
use files::{failed, list, make, move_all, put_back, rename, sync};
use keep::Keep;
pub(crate) use parts::HOLD_ROWS;
pub(crate) use spooled::Received;
pub(crate) use translation::translate_into;

/// Where a person puts what may retract as much as it does.
pub const ALLOWED: &str = "retractions-allowed";

/// How a drop folder is watched.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that holds `incoming`.
    pub root: PathBuf,
    /// How often it is looked at. A file is taken once it has not changed between two looks.
    pub poll: Duration,
    /// The longest wait between two tries while the log takes nothing.
    pub backoff_max: Duration,
    /// Another process may have worked for this source since the baselines here were written: they are made again from the
    /// log.
    pub was_another: bool,
    /// How many retractions go through unseen.
    pub retractions: Retractions,
    /// How long submissions are kept once they are dealt with; `None` is for ever.
    pub keep_done: Option<Duration>,
    /// Where it is written down what became of each submission.
    pub reports: Option<PathBuf>,
    /// Told when something stands in the spool: it is then looked at once.
    pub woken: Arc<Notify>,
    /// Of what is posted: for whom each caller may speak, as [`crate::publish::Credentials`] names organisations.
    pub callers: BTreeMap<String, Vec<String>>,
}

impl Options {
    /// Looks every two seconds.
    pub fn of(root: &Path) -> Self {
        Self {
            root: root.to_path_buf(),
            poll: Duration::from_secs(2),
            backoff_max: Duration::from_secs(60),
            was_another: false,
            retractions: Retractions::default(),
            keep_done: None,
            reports: None,
            woken: Arc::default(),
            callers: BTreeMap::new(),
        }
    }
}

/// A source of files.
pub struct DropFolder {
    connector: Arc<dyn Connector>,
    publisher: SharedPublisher,
    log: Arc<dyn EventLog>,
    wrapping: Arc<WrappingKeys>,
    baselines: Baselines,
    options: Options,
    counts: Arc<SourceCounts>,
    /// What the last look saw: length and time of change.
    seen: BTreeMap<PathBuf, (u64, SystemTime)>,
    picked_up_last_us: i64,
    keep: Keep,
    /// Of whom the baselines hold nothing any more.
    forgotten: HashSet<Pseudonym>,
    /// Where parts of submissions are brought that were read again.
    desk: Desk,
    asked: mpsc::Receiver<Asked>,
}

impl DropFolder {
    /// Makes the folders, puts back what was half taken, and rebuilds the baselines when there are none.
    ///
    /// # Errors
    /// When a folder or the log cannot be read.
    pub async fn open(
        connector: Arc<dyn Connector>,
        publisher: SharedPublisher,
        log: Arc<dyn EventLog>,
        wrapping: Arc<WrappingKeys>,
        baselines: Baselines,
        options: Options,
    ) -> Result<Self, IntakeError> {
        for dir in [INCOMING, WORKING, DONE, REJECTED] {
            make(&options.root.join(dir))?;
        }
        make(&options.root.join(INCOMING).join(ALLOWED))?;
        // No two submissions are picked up at one moment, whatever the clock does.
        let mut picked_up_last_us = 0;
        for dir in [WORKING, DONE, REJECTED] {
            let names = list(&options.root.join(dir))?;
            picked_up_last_us = names.iter().map(|dir| picked_up_us(dir)).fold(picked_up_last_us, i64::max);
        }
        let keep = Keep::new([DONE, REJECTED].map(|dir| options.root.join(dir)), options.keep_done);
        let (desk, asked) = Desk::open(options.clone());
        let mut folder = Self {
            connector,
            publisher,
            log,
            wrapping,
            baselines,
            options,
            counts: Arc::default(),
            seen: BTreeMap::new(),
            picked_up_last_us,
            keep,
            forgotten: HashSet::new(),
            desk,
            asked,
        };
        folder.put_back()?;
        folder.forget_taken()?;
        let anew = folder.options.was_another || folder.baselines.none()?;
        if folder.connector.descriptor().delivery == Delivery::Snapshot && anew {
            folder.baselines.replace_all(&folder.rebuilt().await?)?;
        }
        folder.forget_erased().await?;
        Ok(folder)
    }

    /// Where it is asked while it runs.
    pub fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// What it has counted, from now on.
    pub fn counts(&self) -> Arc<SourceCounts> {
        Arc::clone(&self.counts)
    }

    /// Watches until told to stop. While the log takes nothing, or a folder cannot be read or written, it waits, longer each
    /// time, says so once, and goes on by itself.
    ///
    /// # Errors
    /// When the log or a baseline fails in a way that waiting does not cure.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), IntakeError> {
        let mut wait = self.options.poll;
        let mut waits_for = None;
        loop {
            let source = self.connector.descriptor().name;
            let (next, because) = match self.poll_once(now_us()).await {
                Ok(_) => (self.options.poll, None),
                Err(error) if error.may_pass() => ((wait * 2).min(self.options.backoff_max), Some(error.waits_for())),
                Err(error) => return Err(error),
            };
            match (&because, waits_for.is_some()) {
                (Some((doing, why)), _) if because != waits_for => {
                    tracing::warn!(source, doing, why, "waiting until it can be done");
                }
                (None, true) => tracing::info!(source, "going on"),
                _ => {}
            }
            (wait, waits_for) = (next, because);
            let waited = tokio::time::sleep(wait);
            tokio::pin!(waited);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = &mut waited => break,
                    () = self.options.woken.notified(), if waits_for.is_none() => break,
                    Some(asked) = self.asked.recv() => self.answer(asked).await,
                }
            }
        }
    }

    /// Answers whatever waits at the desk, for tests.
    #[cfg(test)]
    pub(crate) async fn answer_all(&mut self) {
        while let Some(asked) = self.asked.recv().await {
            self.answer(asked).await;
        }
    }

    async fn answer(&mut self, Asked { asks, answer }: Asked) {
        let put = self.put_again(asks).await;
        // Whoever asked may have gone: said again, it is the same.
        let _nobody_waits = answer.send(put);
    }

    /// Deals with everything that is there, as two looks would: for tests and for one pass over a folder that nobody is
    /// writing to. `now_us`: microseconds since 1970. Gives how many submissions were dealt with.
    ///
    /// # Errors
    /// As [`Self::run`], and when the disk is full.
    pub async fn drain_once(&mut self, now_us: i64) -> Result<usize, IntakeError> {
        Ok(self.poll_once(now_us).await? + self.poll_once(now_us).await?)
    }

    /// One look: takes up what was left, then what has not changed since the last look.
    ///
    /// # Errors
    /// As [`Self::drain_once`].
    pub async fn poll_once(&mut self, now_us: i64) -> Result<usize, IntakeError> {
        self.remove_old(now_us);
        self.forget_erased().await?;
        // What an earlier look could not take to its end.
        self.put_back()?;
        let mut left = self.left()?;
        left.extend(self.take_spooled(now_us)?);
        let seen = self.look()?;
        for (dir, allowed) in [(self.incoming(), false), (self.incoming().join(ALLOWED), true)] {
            left.extend(self.take(&dir, allowed, &seen, now_us)?);
        }
        self.seen = seen;
        self.counts.pending.store(left.len() as u64, Ordering::Relaxed);
        let count = left.len();
        let mut left = left.into_iter().peekable();
        let mut ahead = left.peek().map(|dir| self.in_parts(dir));
        while let (Some(dir), Some(parts)) = (left.next(), ahead) {
            // Where many wait, the next is read while this one is sealed and appended.
            ahead = left.peek().map(|dir| self.in_parts(dir));
            let source = self.connector.descriptor().name;
            let span = tracing::info_span!(target: trace::TARGET, "submission", source);
            self.process(&dir, parts).instrument(span).await?;
            self.counts.pending.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(count)
    }

    /// Takes out of the baselines whoever was erased since it was last looked. One that was readmitted starts with nothing.
    async fn forget_erased(&mut self) -> Result<(), IntakeError> {
        let erased = self.publisher.lock().await.erased();
        if erased.iter().any(|subject| !self.forgotten.contains(subject)) {
            let baselines = match self.baselines.forget(&erased) {
                Err(BaselineError::Damaged(_)) => {
                    // From a log that does not tell of whom was erased.
                    let all = self.rebuilt().await?;
                    self.baselines.replace_all(&all)?;
                    all.len()
                }
                forgot => forgot?,
            };
            tracing::info!(source = self.connector.descriptor().name, baselines, "what was erased is forgotten");
        }
        if erased != self.forgotten {
            let noted = self.baselines.named().note_erased(&erased);
            noted.map_err(|source| failed("note who is erased beside", &self.options.root, source))?;
        }
        self.forgotten = erased;
        Ok(())
    }

    /// What cannot be removed keeps nothing from being taken in.
    fn remove_old(&mut self, now_us: i64) {
        let source = self.connector.descriptor().name;
        match self.keep.remove_old(now_us) {
            Ok(0) => {}
            Ok(removed) => {
                tracing::info!(source, removed, "submissions that were dealt with long enough ago are removed")
            }
            Err(error) => {
                let (doing, why) = error.waits_for();
                tracing::warn!(source, doing, why, "submissions that are kept for long enough are still here");
            }
        }
    }

    fn incoming(&self) -> PathBuf {
        self.options.root.join(INCOMING)
    }

    /// Submissions that a process left in the middle, in the order in which they were picked up.
    fn left(&self) -> Result<Vec<PathBuf>, IntakeError> {
        let mut left = list(&self.options.root.join(WORKING))?;
        left.retain(|path| path.is_dir() && !name_of(path).ends_with(PARTIAL));
        left.sort();
        Ok(left)
    }

    fn look(&self) -> Result<BTreeMap<PathBuf, (u64, SystemTime)>, IntakeError> {
        let mut seen = BTreeMap::new();
        for dir in [self.incoming(), self.incoming().join(ALLOWED)] {
            for path in list(&dir)? {
                // Gone between two calls: whoever took it knows.
                let Ok(about) = fs::metadata(&path) else { continue };
                if about.is_file() && !is_unfinished(&name_of(&path)) {
                    seen.insert(path, (about.len(), about.modified().unwrap_or(UNIX_EPOCH)));
                }
            }
        }
        Ok(seen)
    }

    /// The connector's submissions, and by itself each file that is in none of them: left where it is, nobody would hear
    /// of it.
    fn groups(&self, names: &[String]) -> Vec<Vec<String>> {
        let mut groups = self.connector.submissions(names);
        let claimed: BTreeSet<&String> = groups.iter().flatten().collect();
        let unclaimed: Vec<_> = names.iter().filter(|name| !claimed.contains(name)).map(|n| vec![n.clone()]).collect();
        groups.extend(unclaimed);
        groups
    }

    /// Moves submissions of which no file has changed, come or gone since the last look.
    fn take(
        &mut self,
        dir: &Path,
        allowed: bool,
        seen: &BTreeMap<PathBuf, (u64, SystemTime)>,
        now_us: i64,
    ) -> Result<Vec<PathBuf>, IntakeError> {
        let names = |seen: &BTreeMap<PathBuf, _>| {
            seen.keys().filter(|path| path.parent() == Some(dir)).map(|path| name_of(path)).collect::<Vec<_>>()
        };
        let before = self.groups(&names(&self.seen));
        let mut taken = Vec::new();
        for group in self.groups(&names(seen)) {
            let unchanged = |name: &String| {
                let path = dir.join(name);
                seen.contains_key(&path) && seen.get(&path) == self.seen.get(&path)
            };
            if group.is_empty() || !before.contains(&group) || !group.iter().all(unchanged) {
                continue;
            }
            self.picked_up_last_us = now_us.max(self.picked_up_last_us + 1);
            let mark = if allowed { ALLOWED_MARK } else { "" };
            let working = self.options.root.join(WORKING).join(format!("{:020}{mark}", self.picked_up_last_us));
            let partial = working.with_extension(PARTIAL.trim_start_matches('.'));
            make(&partial)?;
            if !move_all(&group, dir, &partial)? {
                put_back(&partial, dir)?;
                continue;
            }
            rename(&partial, &working)?;
            sync(&self.options.root.join(WORKING))?;
            taken.push(working);
        }
        Ok(taken)
    }

    /// Files of a submission that was being taken go back: the rest of it may still be in `incoming`.
    fn put_back(&self) -> Result<(), IntakeError> {
        for dir in list(&self.options.root.join(WORKING))? {
            if name_of(&dir).ends_with(PARTIAL) {
                let allowed = name_of(&dir).contains(ALLOWED_MARK);
                put_back(&dir, &if allowed { self.incoming().join(ALLOWED) } else { self.incoming() })?;
            }
        }
        Ok(())
    }

    /// What cannot be written down keeps nothing from being taken in.
    fn write_down(&self, report: &Report) {
        let Some(folder) = &self.options.reports else { return };
        if let Err(error) = report.store(folder) {
            let (source, why) = (self.connector.descriptor().name, error.kind().to_string());
            tracing::warn!(source, why, "what became of a submission could not be written down");
        }
    }

    async fn rebuilt(&self) -> Result<BTreeMap<String, Baseline>, IntakeError> {
        let (publisher, source) = (self.publisher.lock().await, self.connector.descriptor().name);
        let wrapping = Arc::clone(&self.wrapping);
        Ok(rebuild(self.log.as_ref(), publisher.topic(), source, publisher.pseudonyms(), wrapping).await?)
    }
}

const INCOMING: &str = "incoming";
const WORKING: &str = "working";
pub(crate) const DONE: &str = "done";
pub(crate) const REJECTED: &str = "rejected";
const PARTIAL: &str = ".partial";
const ALLOWED_MARK: &str = "-allowed";

/// The folder of the submission that was picked up then and dealt with, if it still holds this file.
pub(crate) fn submission_of(root: &Path, picked_up_us: i64, file: &str) -> Option<PathBuf> {
    if Path::new(file).file_name().is_none_or(|name| name != file) {
        return None;
    }
    let names = ["", ALLOWED_MARK].map(|mark| format!("{picked_up_us:020}{mark}"));
    let mut folders = [DONE, REJECTED].iter().flat_map(|dir| names.iter().map(move |name| root.join(dir).join(name)));
    folders.find(|folder| folder.join(file).is_file())
}

fn picked_up_us(dir: &Path) -> i64 {
    let name = name_of(dir);
    let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
