//! Reads at one point in time, over an engine that has none: sled's iterators see whatever is there at each step.
//!
//! Each shard has a generation, odd while a commit to it is under way. A read is good if the generations of its shards
//! were even before it and are the same after it; otherwise it is run again. A read that is disturbed [`TRIES`] times
//! holds commits off, and so always ends.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst, fence};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use event_log::PARTITIONS;

use super::{Shards, StoreError};

/// Undisturbed runs hoped for before commits are held off.
const TRIES: usize = 3;

#[derive(Default)]
pub(super) struct PointInTime {
    generations: [AtomicU64; PARTITIONS as usize],
    commits: Mutex<Commits>,
    changed: Condvar,
}

#[derive(Default)]
struct Commits {
    under_way: bool,
    /// Reads that no commit may overtake, waiting or running.
    held_off_by: usize,
    /// A commit failed and may have left half of itself behind: nothing may be read or written any more.
    failed: bool,
}

impl PointInTime {
    /// Makes a change to these shards, one commit at a time.
    pub(super) fn commit(
        &self,
        shards: Shards,
        apply: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut commits = self.lock();
        while commits.under_way || commits.held_off_by > 0 {
            commits = self.wait(commits);
        }
        if commits.failed {
            return Err(StoreError::Closed);
        }
        commits.under_way = true;
        drop(commits);

        let mut under_way = UnderWay { points: self, shards, succeeded: false };
        self.step(shards);
        apply()?;
        under_way.succeeded = true;
        Ok(())
    }

    /// Runs `f` until one run saw these shards at one point in time.
    pub(super) fn read(&self, shards: Shards, f: &mut dyn FnMut()) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            if let Some(before) = self.generation(shards) {
                f();
                fence(SeqCst);
                if self.generation(shards) == Some(before) {
                    return Ok(());
                }
            } else {
                let commits = self.lock();
                if commits.under_way {
                    drop(self.wait(commits));
                }
            }
        }
        self.hold_commits_off(f)
    }

    fn hold_commits_off(&self, f: &mut dyn FnMut()) -> Result<(), StoreError> {
        let _held = Held::new(self);
        let mut commits = self.lock();
        while commits.under_way {
            commits = self.wait(commits);
        }
        if commits.failed {
            return Err(StoreError::Closed);
        }
        drop(commits);
        f();
        Ok(())
    }

    /// Grows with every commit to any of these shards; none while one is under way.
    fn generation(&self, shards: Shards) -> Option<u64> {
        let mut sum = 0;
        for generation in self.of(shards) {
            let generation = generation.load(SeqCst);
            if generation % 2 == 1 {
                return None;
            }
            sum += generation;
        }
        Some(sum)
    }

    fn step(&self, shards: Shards) {
        for generation in self.of(shards) {
            generation.fetch_add(1, SeqCst);
        }
    }

    fn of(&self, shards: Shards) -> impl Iterator<Item = &AtomicU64> {
        shards.iter().filter_map(|shard| self.generations.get(usize::from(shard.number())))
    }

    fn lock(&self) -> MutexGuard<'_, Commits> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, commits: MutexGuard<'a, Commits>) -> MutexGuard<'a, Commits> {
        self.changed.wait(commits).unwrap_or_else(PoisonError::into_inner)
    }
}

/// A commit, until it is dropped: by a panic of the engine too.
struct UnderWay<'a> {
    points: &'a PointInTime,
    shards: Shards,
    succeeded: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.succeeded {
            self.points.step(self.shards);
        }
        let mut commits = self.points.lock();
        commits.under_way = false;
        commits.failed |= !self.succeeded;
        self.points.changed.notify_all();
    }
}

/// A read that holds commits off, until it is dropped.
struct Held<'a>(&'a PointInTime);

impl<'a> Held<'a> {
    fn new(points: &'a PointInTime) -> Self {
        points.lock().held_off_by += 1;
        Self(points)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.lock().held_off_by -= 1;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event_log::Partition;

    const GOOD: fn() -> Result<(), StoreError> = || Ok(());

    fn shard(number: u8) -> Shards {
        Partition::new(number).unwrap().into()
    }

    /// How often a read of shard 1 runs when, in each of its runs until commits are held off, `commit` is committed.
    fn runs_with(commit: Shards) -> usize {
        let points = PointInTime::default();
        let mut runs = 0;
        let mut run = || {
            runs += 1;
            if points.lock().held_off_by == 0 {
                points.commit(commit, GOOD).unwrap();
            }
        };
        points.read(shard(1), &mut run).unwrap();
        runs
    }

    #[test]
    fn a_disturbed_read_is_run_again_and_at_last_holds_commits_off() {
        assert_eq!(runs_with(shard(2)), 1);
        assert_eq!(runs_with(shard(1)), TRIES + 1);
        assert_eq!(runs_with(Shards::ALL), TRIES + 1);
    }

    #[test]
    fn a_commit_waits_for_a_read_that_holds_it_off() {
        let points = &PointInTime::default();
        let runs = AtomicU64::new(0);
        let (go, gone) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let committing = scope.spawn(move || {
                gone.recv().unwrap();
                points.commit(shard(1), GOOD)
            });
            let mut run = || {
                if runs.fetch_add(1, SeqCst) < TRIES as u64 {
                    points.commit(shard(1), GOOD).unwrap();
                } else {
                    go.send(()).unwrap();
                    (0..1_000).for_each(|_| std::thread::yield_now());
                    assert_eq!(points.generation(shard(1)), Some(2 * TRIES as u64));
                }
            };
            points.read(shard(1), &mut run).unwrap();
            committing.join().unwrap().unwrap();
        });
        assert_eq!(runs.load(SeqCst), TRIES as u64 + 1);
        assert_eq!(points.generation(shard(1)), Some(2 * (TRIES as u64 + 1)));
    }

    #[test]
    fn after_a_commit_that_failed_its_shards_are_closed_and_nothing_is_taken() {
        let by_error = |points: &PointInTime| {
            points.commit(shard(1), || Err(StoreError::BadValue("offset"))).unwrap_err();
        };
        let by_panic = |points: &PointInTime| {
            let commit = std::panic::AssertUnwindSafe(|| points.commit(shard(1), || panic!("the engine's")));
            std::panic::catch_unwind(commit).unwrap_err();
        };
        for fail in [by_error as fn(&PointInTime), by_panic] {
            let points = PointInTime::default();
            fail(&points);
            let mut ran = false;
            assert!(matches!(points.read(shard(1), &mut || ran = true), Err(StoreError::Closed)));
            assert!(!ran);
            assert!(matches!(points.commit(shard(2), GOOD), Err(StoreError::Closed)));
            points.read(shard(2), &mut || ran = true).unwrap();
            assert!(ran);
        }
    }
}
