//! Answers to questions asked before. A question holds every attribute the rules read and no id, so its answer holds for
//! whoever asks it of whomever; and rules that change change the hash that stands before it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::{Engine, Ruling};
use crate::question::Question;

/// A bounded cache; the oldest answer goes first. Safe to share between threads.
#[derive(Debug)]
pub struct DecisionCache {
    answers_max: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    answers: HashMap<Arc<[u8]>, Arc<Ruling>>,
    by_age: VecDeque<Arc<[u8]>>,
    hits: u64,
    misses: u64,
}

impl DecisionCache {
    /// A cache of at most so many answers, each a few hundred bytes.
    pub fn new(answers_max: usize) -> Self {
        Self { answers_max, held: Mutex::new(Held::default()) }
    }

    /// Questions answered from the cache, and questions put to the rules.
    pub fn hits_and_misses(&self) -> (u64, u64) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        (held.hits, held.misses)
    }

    pub(crate) fn ask(&self, engine: &Engine, question: &Question) -> Arc<Ruling> {
        let mut key = engine.policy_hash().to_vec();
        key.extend(question.bytes());
        if let Some(answer) = self.held.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return answer;
        }
        // Not under the lock: two threads may both ask, and get the same answer.
        let answer = Arc::new(engine.ask(question));
        if !answer.failed {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.put(key.into(), answer.clone(), self.answers_max);
        }
        answer
    }
}

impl Held {
    fn get(&mut self, key: &[u8]) -> Option<Arc<Ruling>> {
        let answer = self.answers.get(key).cloned();
        match answer {
            Some(_) => self.hits += 1,
            None => self.misses += 1,
        }
        answer
    }

    fn put(&mut self, key: Arc<[u8]>, answer: Arc<Ruling>, answers_max: usize) {
        if self.answers.insert(key.clone(), answer).is_none() {
            self.by_age.push_back(key);
        }
        while self.answers.len() > answers_max {
            let Some(oldest) = self.by_age.pop_front() else {
                return;
            };
            self.answers.remove(&oldest);
        }
    }
}
