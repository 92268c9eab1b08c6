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
mod keep;
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

use crate::collected::Collected;
use crate::connector::{Connector, Delivery, Draft, Rejection, Scope};
use crate::differ::{Baseline, BaselineError, Baselines, Retractions, Submission, diff, rebuild};
use crate::named::Told;
use crate::publish::{Publisher, SharedPublisher, is_of_the_future};
use crate::redrive::{Asked, Asks, Desk};
use crate::run::{SourceCounts, is_unfinished, name_of};
use crate::submission::{OfScope, Report};
pub use error::IntakeError;
use files::{failed, list, make, move_all, put_back, rename, sync};
use keep::Keep;
use refusals::{of_the_future, retractions_held};
pub(crate) use spooled::Received;
use tally::Tally;
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
            for (scope_key, baseline) in folder.rebuilt().await? {
                folder.baselines.store(&scope_key, &baseline)?;
            }
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

    /// Takes in a part of a submission once more, by what the scope holds: as that submission, and as nothing that tells of what
    /// it does not hold.
    async fn put_again(&mut self, asks: Asks) -> Result<Vec<Rejection>, IntakeError> {
        self.forget_erased().await?;
        let Asks { scope, drafts, parts, picked_up_us } = asks;
        let submission = Submission {
            as_of_us: scope.as_of_us.unwrap_or(picked_up_us),
            sequence: scope.sequence,
            mapping_revision: self.connector.descriptor().mapping_revision,
            drafts,
            whole: false,
            unread: BTreeSet::new(),
            covered: BTreeSet::new(),
            parts,
            scope_key: scope.key,
        };
        let scope_key = submission.scope_key.clone();
        let baseline = self.baseline(&scope_key).await?;
        let mut publisher = self.publisher.lock().await;
        let source = self.connector.descriptor().name;
        let diff = diff(publisher.pseudonyms(), source, baseline, submission, self.options.retractions);
        publisher.publish(diff.statements, picked_up_us).await?;
        self.baselines.store(&scope_key, &diff.baseline)?;
        Ok(diff.rejections)
    }

    async fn baseline(&self, scope_key: &str) -> Result<Baseline, IntakeError> {
        Ok(match self.baselines.load(scope_key) {
            Err(BaselineError::Damaged(_)) => self.rebuilt().await?.remove(scope_key).unwrap_or_default(),
            loaded => loaded?,
        })
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
        for dir in left {
            let source = self.connector.descriptor().name;
            let span = tracing::info_span!(target: trace::TARGET, "submission", source);
            self.process(&dir).instrument(span).await?;
            self.counts.pending.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(count)
    }

    /// Takes out of the baselines whoever was erased since it was last looked. One that was readmitted starts with nothing.
    async fn forget_erased(&mut self) -> Result<(), IntakeError> {
        let erased = self.publisher.lock().await.erased();
        if erased.iter().any(|subject| !self.forgotten.contains(subject)) {
            let baselines = self.baselines.forget(&erased)?;
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

    async fn process(&mut self, dir: &Path) -> Result<(), IntakeError> {
        let picked_up_us = picked_up_us(dir);
        let allowed = if name_of(dir).contains(ALLOWED_MARK) { Retractions::Allowed } else { self.options.retractions };
        let collected = translate_into(Arc::clone(&self.connector), dir.to_path_buf(), Collected::default).await?;
        let Collected { scopes, records, drafts, mut rejections, whole, whole_of, parts } = collected;
        let told = Told::of(&drafts, &rejections, self.publisher.lock().await.pseudonyms());
        let files = list(dir)?;
        let file = files.first().map(|path| name_of(path)).unwrap_or_default();
        let is_of_the_future = |scope: &Scope| scope.as_of_us.is_some_and(|at| is_of_the_future(at, picked_up_us));
        let (future, scopes): (Vec<Scope>, Vec<Scope>) = scopes.into_iter().partition(is_of_the_future);
        let is_taken = |draft: &Draft| !future.iter().any(|scope| draft.scope_key.as_ref() == Some(&scope.key));
        let drafts = drafts.into_iter().filter(is_taken).collect();
        let (mut drafts, refused) = self.publisher.lock().await.screen(drafts, picked_up_us);
        rejections.extend(refused);
        let mut received = Received::of(&self.options, dir)?;
        if let Some(received) = &mut received {
            drafts = received.screen(drafts, &mut rejections);
        }
        rejections.extend(future.iter().map(|scope| of_the_future(scope, &file)));
        let nothing_good = drafts.is_empty() && !rejections.is_empty();
        let mut report = Report::begin(self.connector.descriptor().name, picked_up_us, files.len(), records);
        report.read(&drafts, &rejections);
        let findings = drafts.iter().map(|draft| draft.findings.len() as u64).sum();
        let mut tally = Tally { files: files.len(), records, findings, ..Tally::default() };

        // A draft can be of a scope or of none: a snapshot's file may hold both.
        let mut by_scope: BTreeMap<Option<String>, Vec<Draft>> = BTreeMap::new();
        for draft in drafts {
            by_scope.entry(draft.scope_key.clone()).or_default().push(draft);
        }
        let mut loose = by_scope.remove(&None).unwrap_or_default().into_iter();
        // By turns with whatever else publishes for this source: nobody waits for a whole file.
        while let Some(first) = loose.next() {
            let some: Vec<Draft> = std::iter::once(first).chain(loose.by_ref().take(DRAFTS_AT_A_TURN - 1)).collect();
            report.published(&some);
            let published = self.publisher.lock().await.publish_feed(some, picked_up_us).await?;
            SourceCounts::add(&self.counts.erased, published.erased);
            tally.events += published.events;
        }
        for scope in scopes {
            let drafts = by_scope.remove(&Some(scope.key.clone())).unwrap_or_default();
            let whole = whole.contains(&scope.key);
            let publisher = self.publisher.lock().await;
            let covered = whole_of.iter().filter(|(key, _)| *key == scope.key).map(|(_, subject)| subject);
            let covered = covered.map(|subject| publisher.pseudonyms().of(subject)).collect();
            let mut submission =
                self.submission(&publisher, scope, drafts, (whole, covered), &rejections, picked_up_us);
            drop(publisher);
            let of_scope = parts.iter().filter(|(key, ..)| *key == submission.scope_key);
            submission.parts = of_scope.map(|(_, part, told)| (part.clone(), *told)).collect();
            let (events, held) = self
                .submit(submission, allowed, (&file, picked_up_us, received.as_ref()), &mut rejections, &mut report)
                .await?;
            tally.events += events;
            tally.retractions_held += held;
        }
        self.publisher.lock().await.quarantine(&rejections, picked_up_us).await?;
        report.end(&rejections);
        self.write_down(&report);
        if let Some(received) = &mut received {
            received.write_down(&rejections, &report)?;
        }
        tally.rejected = rejections.len() as u64;
        tally.count(&self.counts);
        tally.measure(self.connector.descriptor().name, &rejections);
        let away = self.options.root.join(if nothing_good { REJECTED } else { DONE });
        self.baselines
            .named()
            .note(&name_of(dir), &told)
            .map_err(|source| failed("note of whom tells", dir, source))?;
        rename(dir, &away.join(name_of(dir)))?;
        sync(&away)?;
        sync(&self.options.root.join(WORKING))?;
        if let Some(received) = received {
            received.end();
        }
        tally.tell(self.connector.descriptor().name, &name_of(dir));
        Ok(())
    }

    fn submission(
        &self,
        publisher: &Publisher,
        scope: Scope,
        drafts: Vec<Draft>,
        (whole, covered): (bool, BTreeSet<Pseudonym>),
        rejections: &[Rejection],
        picked_up_us: i64,
    ) -> Submission {
        // What names no scope may have been of any.
        let of_scope = |r: &&Rejection| r.scope_key.as_deref().is_none_or(|key| key == scope.key);
        let concerned: Vec<&Rejection> = rejections.iter().filter(of_scope).collect();
        let unread: BTreeSet<_> =
            concerned.iter().filter_map(|r| r.subject.as_ref()).map(|s| publisher.pseudonyms().of(s)).collect();
        Submission {
            as_of_us: scope.as_of_us.unwrap_or(picked_up_us),
            sequence: scope.sequence,
            mapping_revision: self.connector.descriptor().mapping_revision,
            drafts,
            whole: whole && concerned.iter().all(|r| r.subject.is_some()),
            unread,
            covered,
            parts: Vec::new(),
            scope_key: scope.key,
        }
    }

    /// Publishes what a submission changes in one scope; the baseline moves only after the log has acknowledged all of it.
    /// Gives how many events that made, and how many retractions are held.
    async fn submit(
        &mut self,
        submission: Submission,
        allowed: Retractions,
        (file, picked_up_us, received): (&str, i64, Option<&Received>),
        rejections: &mut Vec<Rejection>,
        report: &mut Report,
    ) -> Result<(u64, usize), IntakeError> {
        let scope_key = submission.scope_key.clone();
        let (key, as_of_us, whole) = (scope_key.clone(), submission.as_of_us, submission.whole);
        let baseline = self.baseline(&scope_key).await?;
        let source = self.connector.descriptor().name;
        let mut publisher = self.publisher.lock().await;
        let diff = diff(publisher.pseudonyms(), source, baseline, submission, allowed);
        if let Some(refused) = received.and_then(|received| received.refuses(&diff, file, &scope_key)) {
            rejections.push(refused);
            return Ok((0, 0));
        }
        report.diffed(OfScope { key, as_of_us, whole, ..OfScope::default() }, &diff);
        let published = publisher.publish(diff.statements, picked_up_us).await?;
        rejections.extend(diff.rejections);
        let held = diff.held.as_ref().map_or(0, |held| held.retractions);
        rejections.extend(diff.held.map(|held| retractions_held(held, file, &scope_key)));
        // What is held back is in quarantine before the baseline says that the submission was dealt with.
        publisher.quarantine(rejections, picked_up_us).await?;
        self.baselines.store(&scope_key, &diff.baseline)?;
        SourceCounts::add(&self.counts.superseded, diff.superseded);
        SourceCounts::add(&self.counts.erased, published.erased);
        Ok((published.events, held))
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

/// Some forty milliseconds of work: a part of a file is sealed while the part before is on its way to the log.
const DRAFTS_AT_A_TURN: usize = 4_096;

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
