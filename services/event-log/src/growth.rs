//! How often a log grew in this process, and who waits for it. Whoever waits for some topics is not woken by the others: each
//! answer to a reader grows the log by its decision, and a consumer has no part in that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::log::LogError;
use crate::position::Topic;

/// Shared by those who append and those who wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Growth(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    count: u64,
    /// At which count each topic last grew.
    of_topic: [u64; Topic::ALL.len()],
    waiting: Vec<Waiting>,
    ended: bool,
}

#[derive(Debug)]
struct Waiting {
    topics: Vec<Topic>,
    wake: oneshot::Sender<()>,
}

impl State {
    fn since(&self, topics: &[Topic], seen: u64) -> bool {
        topics.iter().any(|topic| self.of_topic.get(*topic as usize - 1).is_some_and(|at| *at > seen))
    }
}

impl Growth {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts once, for these topics, and wakes who waits for one of them.
    pub(crate) fn grew(&self, topics: impl Iterator<Item = Topic>) {
        let mut state = self.state();
        state.count += 1;
        let (count, before) = (state.count, state.count - 1);
        for topic in topics {
            if let Some(at) = state.of_topic.get_mut(topic as usize - 1) {
                *at = count;
            }
        }
        let (woken, waiting) =
            std::mem::take(&mut state.waiting).into_iter().partition(|waiting| state.since(&waiting.topics, before));
        state.waiting = waiting;
        drop(state);
        wake(woken);
    }

    /// How often it grew.
    pub(crate) fn count(&self) -> u64 {
        self.state().count
    }

    /// It grows no more.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        let woken = std::mem::take(&mut state.waiting);
        drop(state);
        wake(woken);
    }

    /// Returns once any of these topics has grown since `seen`, or after `at_most`: the count now, and at least `seen`.
    pub(crate) async fn wait(&self, topics: &[Topic], seen: u64, at_most: Duration) -> Result<u64, LogError> {
        let until = Instant::now() + at_most;
        loop {
            let woken = {
                let mut state = self.state();
                if state.since(topics, seen) {
                    return Ok(state.count);
                }
                if state.ended {
                    return Err(LogError::Closed);
                }
                let (wake, woken) = oneshot::channel();
                state.waiting.retain(|waiting| !waiting.wake.is_closed());
                state.waiting.push(Waiting { topics: topics.to_vec(), wake });
                woken
            };
            if tokio::time::timeout_at(until, woken).await.is_err() {
                return Ok(self.count().max(seen));
            }
        }
    }
}

fn wake(woken: Vec<Waiting>) {
    for waiting in woken {
        let _gone_away = waiting.wake.send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_is_woken_by_their_topics_alone_and_who_goes_away_is_forgotten() {
        let growth = Growth::default();
        let waits = |growth: Growth| async move {
            growth.wait(&[Topic::Health, Topic::Sharing], 0, Duration::from_secs(3_600)).await
        };
        let waiting = tokio::spawn(waits(growth.clone()));
        let gone = tokio::spawn(waits(growth.clone()));
        tokio::task::yield_now().await;
        assert_eq!(growth.state().waiting.len(), 2);
        growth.grew([Topic::Disclosure].into_iter());
        assert!(growth.state().waiting.iter().all(|waiting| !waiting.wake.is_closed()));
        assert_eq!(growth.state().waiting.len(), 2, "another topic wakes nobody");
        gone.abort();
        assert!(gone.await.is_err());
        assert_eq!(growth.wait(&[Topic::Keys], 0, Duration::from_millis(1)).await.unwrap(), 1);
        assert_eq!(growth.state().waiting.len(), 2, "who went away made room for who came");
        growth.grew([Topic::Sharing, Topic::Health].into_iter());
        assert_eq!(waiting.await.unwrap().unwrap(), 2);
        assert_eq!(growth.wait(&[Topic::Health], 1, Duration::ZERO).await.unwrap(), 2);
        growth.end();
        assert!(matches!(growth.wait(&[Topic::Health], 2, Duration::from_secs(9)).await, Err(LogError::Closed)));
        assert_eq!(
            growth.wait(&[Topic::Health], 1, Duration::ZERO).await.unwrap(),
            2,
            "what grew before is told still"
        );
    }
}
