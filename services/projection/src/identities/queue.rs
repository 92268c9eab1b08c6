//! What is before reviewers, kept in memory: derived from the store, so that a list or a count reads no more than it shows.
//!
//! A commit marks the subjects whose claims, links, seals or restrictions it touched; each is read again and what was kept of
//! them is replaced. At its start a process looks through the claims once. Nothing of this is written anywhere: it can always
//! be made again.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use event_log::{Partition, Pseudonym, Topic};
use identity::Id;
use proto::events::{Verdict, Why};
use proto::identity::Standing;

use super::Permitting;
use super::pairs::{Matter, Surroundings};
use super::steps::Pair;
use crate::child::{ChildError, Children};
use crate::row;
use crate::store::keys::{self, Parsed};
use crate::store::{Batch, Store};

/// Claims that are looked at in one read: commits may wait for it.
const CLAIMS_A_READ: usize = 2_000;
/// Beyond so many marks everything is looked through again instead.
const MARKS_MAX: usize = 200_000;
/// Of those that can wait so many are read before it looks again for those that cannot.
const MARKS_A_TURN: usize = 200;
/// How long it waits for a mark before it asks again whether it is to end.
const IDLE: Duration = Duration::from_millis(500);

/// What is kept of a pair: no name, no date and no number of anybody's.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Kept {
    pub(crate) pair: Pair,
    pub(crate) item: Id,
    pub(crate) why: BTreeSet<Why>,
    pub(crate) waiting_since_us: i64,
    /// But for a proposal's lapse, which the clock brings about.
    pub(crate) standing: Standing,
    pub(crate) proposal_lapses_us: Option<i64>,
    /// Whose records describe either.
    pub(crate) controllers: BTreeSet<String>,
    /// Those that reviewers of the organisation that runs the service may be told, where they may be shown anything of it.
    pub(crate) of_the_services: Option<BTreeSet<String>>,
    /// What was decided in review.
    pub(crate) decided: Vec<Decided>,
}

/// A decision about a pair.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Decided {
    pub(crate) event: Id,
    pub(crate) at_us: i64,
    pub(crate) verdict: Verdict,
    /// Another turned it over later.
    pub(crate) is_overturned: bool,
}

impl Kept {
    /// Where it stands at a moment.
    pub(crate) fn standing(&self, now_us: i64) -> Standing {
        match self.proposal_lapses_us {
            Some(lapses_us) if lapses_us > now_us => Standing::Proposed,
            _ => self.standing,
        }
    }

    fn of(matter: &Matter, item: Id, of_the_services: Option<BTreeSet<String>>) -> Self {
        let decisions: Vec<_> =
            matter.steps.iter().filter(|step| step.counts() && step.verdict != Verdict::Leave).collect();
        let turned_over = |at: usize| decisions.get(at + 1..).is_some_and(|later| !later.is_empty());
        let decided = decisions.iter().enumerate().filter(|(_, step)| step.review.is_some());
        Self {
            pair: matter.pair,
            item,
            why: matter.why.clone(),
            waiting_since_us: matter.waiting_since_us(),
            standing: matter.standing(i64::MAX),
            proposal_lapses_us: matter.proposal(i64::MIN).and_then(|step| step.expires_at_us),
            controllers: matter.controllers(),
            of_the_services,
            decided: decided
                .map(|(at, step)| Decided {
                    event: step.event,
                    at_us: step.published_at_us,
                    verdict: step.verdict,
                    is_overturned: turned_over(at),
                })
                .collect(),
        }
    }
}

#[derive(Default)]
struct Held {
    kept: BTreeMap<Pair, Kept>,
    by_subject: BTreeMap<Id, BTreeSet<Pair>>,
    /// Everything was looked through once.
    is_complete: bool,
}

/// Subjects to read again.
#[derive(Default)]
struct Marked {
    /// Seals, decisions and restrictions: nobody is told anything before these are read.
    first: BTreeSet<Id>,
    then: BTreeSet<Id>,
    /// Taken up, and not read yet.
    in_hand: usize,
    /// Of those for later, how many are being read.
    then_in_hand: usize,
    everything: bool,
    ends: bool,
}

/// The pairs that are before reviewers.
pub struct Queue {
    held: Mutex<Held>,
    marked: Mutex<Marked>,
    moved: Condvar,
}

impl Queue {
    /// Nothing yet; from now on every commit to this store marks what it touches.
    pub fn over(store: &Store) -> Arc<Self> {
        let marked = Marked { everything: true, ..Marked::default() };
        let queue = Arc::new(Self { held: Mutex::default(), marked: Mutex::new(marked), moved: Condvar::new() });
        let marking = Arc::downgrade(&queue);
        store.watch(move |batch| {
            if let Some(queue) = marking.upgrade() {
                queue.mark(batch);
            }
        });
        queue
    }

    fn mark(&self, batch: &Batch) {
        let (mut first, mut then, mut everything) = (Vec::new(), Vec::new(), false);
        for (key, value) in batch.puts() {
            match keys::parse(key.as_ref()) {
                Some(Parsed::Row { subject, .. }) => {
                    let binds = matches!(row::topic(value), Some(Topic::Identity | Topic::Sharing));
                    first.extend(binds.then_some(subject.0));
                }
                Some(Parsed::Claim { identifier, local }) => then.extend([identifier.0, local.0]),
                Some(Parsed::Edge { subject, .. }) => then.push(subject.0),
                // Other parameters are in force: everything is to be judged anew.
                Some(Parsed::Linked { .. }) => everything = true,
                _ => {}
            }
        }
        if first.is_empty() && then.is_empty() && !everything {
            return;
        }
        let mut marked = self.marked();
        marked.everything |= everything;
        if !marked.everything {
            marked.then.extend(then);
        }
        marked.first.extend(first);
        if marked.first.len() + marked.then.len() > MARKS_MAX {
            let (ends, in_hand, then_in_hand) = (marked.ends, marked.in_hand, marked.then_in_hand);
            *marked = Marked { everything: true, ends, in_hand, then_in_hand, ..Marked::default() };
            self.held().is_complete = false;
        }
        self.moved.notify_all();
    }

    /// Marks what is kept, to be judged again: organisations or agreements changed.
    pub(crate) fn mark_kept(&self) {
        let kept: Vec<Id> = self.held().kept.keys().map(|(one, _)| *one).collect();
        self.marked().first.extend(kept);
        self.moved.notify_all();
    }

    /// Marks these subjects.
    pub(crate) fn mark_subjects(&self, subjects: impl IntoIterator<Item = Id>) {
        self.marked().first.extend(subjects);
        self.moved.notify_all();
    }

    /// Keeps what is kept up to date until told to end. To be run on a thread of its own.
    pub(crate) fn follow(&self, permitting: &Permitting) {
        let mut generation = permitting.generation();
        loop {
            if std::mem::replace(&mut generation, permitting.generation()) != permitting.generation() {
                self.mark_kept();
            }
            match self.next() {
                Next::End => return,
                Next::Nothing => {}
                Next::Everything => self.look_through(permitting),
                Next::Subjects(subjects) => self.read_again(permitting, subjects),
            }
        }
    }

    /// Takes up what is marked, on the caller's own thread: for a store that nobody follows.
    pub fn catch_up(&self, permitting: &Permitting) {
        self.mark_kept();
        loop {
            let next = {
                let mut marked = self.marked();
                let nothing = !marked.everything && marked.first.is_empty() && marked.then.is_empty();
                if nothing { Next::End } else { marked.take() }
            };
            match next {
                Next::End | Next::Nothing => return,
                Next::Everything => self.look_through(permitting),
                Next::Subjects(subjects) => {
                    self.read_again(permitting, subjects);
                    self.marked().is_read();
                }
            }
        }
    }

    /// Tells [`Self::follow`] to return.
    pub fn end(&self) {
        self.marked().ends = true;
        self.moved.notify_all();
    }

    fn next(&self) -> Next {
        let marked = self.marked();
        let waits = |marked: &mut Marked| {
            !marked.ends && !marked.everything && marked.first.is_empty() && marked.then.is_empty()
        };
        let (mut marked, _) =
            self.moved.wait_timeout_while(marked, IDLE, waits).unwrap_or_else(PoisonError::into_inner);
        marked.take()
    }

    /// Waits until every seal, decision and restriction that was committed is taken account of; `false` when it takes longer.
    pub(crate) fn is_settled(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let mut marked = self.marked();
        while !marked.first.is_empty() || marked.in_hand > 0 {
            let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
                return false;
            };
            marked = self.moved.wait_timeout(marked, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Everything that a reader of the queue may be shown any of, with whether everything was looked through: once, and
    /// what was committed since.
    pub(crate) fn all(&self) -> (Vec<Kept>, bool) {
        let nothing_waits = self.marked().nothing_waits();
        let held = self.held();
        (held.kept.values().cloned().collect(), held.is_complete && nothing_waits)
    }

    /// The pair of the item whose id begins so, where there is one alone.
    pub(crate) fn pairs_of(&self, prefix: &[u8]) -> Vec<Pair> {
        self.held().kept.values().filter(|kept| kept.item.starts_with(prefix)).map(|kept| kept.pair).collect()
    }

    /// The pairs that an event decided: one, or none.
    pub(crate) fn pairs_decided_by(&self, event: Id) -> Vec<Pair> {
        let decides = |kept: &&Kept| kept.decided.iter().any(|decided| decided.event == event);
        self.held().kept.values().filter(decides).map(|kept| kept.pair).collect()
    }

    fn read_again(&self, permitting: &Permitting, subjects: Vec<Id>) {
        let mut done = BTreeSet::new();
        for subject in subjects {
            if done.contains(&subject) {
                continue;
            }
            match self.read(permitting, subject) {
                Ok(read) => done.extend(read),
                Err(error) => {
                    // What is not known is not shown.
                    self.forget([subject]);
                    tracing::error!("what is before reviewers could not be read: {error}");
                }
            }
        }
        self.marked().is_read();
        self.moved.notify_all();
    }

    /// Replaces what is kept of everybody around a subject; gives who they are.
    fn read(&self, permitting: &Permitting, subject: Id) -> Result<Vec<Id>, ChildError> {
        let children = permitting.children();
        let around = Surroundings::read(children, &[subject])?;
        let mut found = Vec::new();
        for pair in around.pairs() {
            let known = around.subjects().any(|id| id == pair.0) && around.subjects().any(|id| id == pair.1);
            let matter = match known {
                true => around.matter(pair),
                false => Surroundings::read(children, &[pair.0, pair.1])?.matter(pair),
            };
            if let Some(matter) = matter {
                let of_the_services = permitting.of_the_services(&matter)?;
                found.push(Kept::of(&matter, permitting.item(pair), of_the_services));
            }
        }
        let mut held = self.held();
        held.forget(around.subjects());
        for kept in found {
            for id in [kept.pair.0, kept.pair.1] {
                held.by_subject.entry(id).or_default().insert(kept.pair);
            }
            held.kept.insert(kept.pair, kept);
        }
        Ok(around.subjects().collect())
    }

    fn forget(&self, subjects: impl IntoIterator<Item = Id>) {
        self.held().forget(subjects);
    }

    /// Reads everybody whom more than one subject claims to be, and everybody of whom somebody decided something.
    fn look_through(&self, permitting: &Permitting) {
        let children = permitting.children();
        let mut looked_at: HashSet<Id> = HashSet::new();
        for shard in Partition::all() {
            let mut from: Option<Pseudonym> = None;
            loop {
                if self.marked().ends {
                    return;
                }
                let (claimed, next) = match shared(children, shard, from) {
                    Ok(read) => read,
                    Err(error) => {
                        tracing::error!("what is before reviewers could not be looked for: {error}");
                        return;
                    }
                };
                for identifier in claimed {
                    if looked_at.contains(&identifier) {
                        continue;
                    }
                    let first = self.marked().take_first();
                    if !first.is_empty() {
                        self.read_again(permitting, first);
                    }
                    match self.read(permitting, identifier) {
                        Ok(read) => looked_at.extend(read),
                        Err(error) => tracing::error!("what is before reviewers could not be read: {error}"),
                    }
                }
                from = next;
                if from.is_none() {
                    break;
                }
            }
        }
        let mut after = None;
        loop {
            if self.marked().ends {
                return;
            }
            let page = match children.edges_to_review(after, CLAIMS_A_READ) {
                Ok(page) => page,
                Err(error) => {
                    tracing::error!("what is before reviewers could not be looked for: {error}");
                    return;
                }
            };
            let found = page.contested.iter().map(|contested| contested.pair.0).filter(|id| !looked_at.contains(id));
            self.read_again(permitting, found.collect());
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        self.held().is_complete = true;
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn marked(&self) -> MutexGuard<'_, Marked> {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn forget(&mut self, subjects: impl IntoIterator<Item = Id>) {
        for subject in subjects {
            for pair in self.by_subject.remove(&subject).unwrap_or_default() {
                self.kept.remove(&pair);
            }
        }
    }
}

enum Next {
    End,
    Nothing,
    Everything,
    Subjects(Vec<Id>),
}

impl Marked {
    fn take(&mut self) -> Next {
        if self.ends {
            return Next::End;
        }
        let first = self.take_first();
        if !first.is_empty() {
            return Next::Subjects(first);
        }
        if std::mem::take(&mut self.everything) {
            return Next::Everything;
        }
        let then: Vec<Id> = self.then.iter().take(MARKS_A_TURN).copied().collect();
        self.then.retain(|id| then.binary_search(id).is_err());
        self.then_in_hand = then.len();
        if then.is_empty() { Next::Nothing } else { Next::Subjects(then) }
    }

    fn nothing_waits(&self) -> bool {
        let read = self.first.is_empty() && self.then.is_empty() && !self.everything;
        read && self.in_hand == 0 && self.then_in_hand == 0
    }

    fn is_read(&mut self) {
        (self.in_hand, self.then_in_hand) = (0, 0);
    }

    fn take_first(&mut self) -> Vec<Id> {
        let first = std::mem::take(&mut self.first);
        self.in_hand += first.len();
        first.into_iter().collect()
    }
}

/// Identifiers of a shard that more than one subject claims, or that a decision names, from one on; and where to go on.
fn shared(
    children: &Children,
    shard: Partition,
    from: Option<Pseudonym>,
) -> Result<(Vec<Id>, Option<Pseudonym>), ChildError> {
    let read = children.store.read(shard.into(), |view| {
        let mut claimants: BTreeMap<Id, u32> = BTreeMap::new();
        let (mut looked_at, mut next) = (0, None);
        let mut look = |key: &[u8]| {
            let Some(Parsed::Claim { identifier, .. }) = keys::parse(key) else { return ControlFlow::Continue(()) };
            if looked_at >= CLAIMS_A_READ && !claimants.contains_key(&identifier.0) {
                next = Some(identifier);
                return ControlFlow::Break(());
            }
            looked_at += 1;
            *claimants.entry(identifier.0).or_default() += 1;
            ControlFlow::Continue(())
        };
        match from {
            None => view.scan_prefix(&keys::claims(shard), |key, _| look(key))?,
            Some(from) => view.scan_range(&keys::claim_prefix(from), &keys::claims_end(shard), |key, _| look(key))?,
        }
        let shared = claimants.into_iter().filter(|(_, claims)| *claims > 1).map(|(identifier, _)| identifier);
        Ok((shared.collect(), next))
    })?;
    Ok(read)
}
