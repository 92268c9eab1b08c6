//! Answers to questions asked before. A question holds every attribute the rules read and no id, so its answer holds for
//! whoever asks it of whomever; and answers are kept only while the hash of the rules stays the same.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::{Engine, Ladder, Ruling};
use crate::question::Question;

/// A bounded cache; the oldest answer goes first. Safe to share between threads.
#[derive(Debug)]
pub struct DecisionCache {
    answers_max: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    policy_hash: [u8; 32],
    answers: HashMap<Arc<[u8]>, Answer>,
    by_age: VecDeque<Arc<[u8]>>,
    hits: u64,
    misses: u64,
}

#[derive(Clone, Debug)]
enum Answer {
    Ruling(Arc<Ruling>),
    MayBreakGlass(bool),
}

/// Who answers: the rules, or the cache before them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Oracle<'e> {
    pub(super) engine: &'e Engine,
    pub(super) cache: Option<&'e DecisionCache>,
}

impl Oracle<'_> {
    pub(super) fn ask(&self, ladder: Ladder, question: &Question, bytes: &[u8]) -> Arc<Ruling> {
        let Some(cache) = self.cache else {
            return Arc::new(self.engine.ask(ladder, question));
        };
        let key = match ladder {
            Ladder::Records => key(b'v', bytes),
            Ladder::Involvement => key(b'i', bytes),
            Ladder::Family => key(b'f', bytes),
            Ladder::Review => key(b'r', bytes),
        };
        if let Some(Answer::Ruling(ruling)) = cache.get(self.engine, &key) {
            return ruling;
        }
        // Not under the lock: two threads may both ask, and get the same answer.
        let ruling = Arc::new(self.engine.ask(ladder, question));
        if !ruling.failed {
            cache.put(self.engine, key, Answer::Ruling(ruling.clone()));
        }
        ruling
    }

    pub(super) fn may_break_glass(&self, question: &Question, bytes: &[u8]) -> bool {
        let Some(cache) = self.cache else {
            return self.engine.may_break_glass(question);
        };
        let key = key(b'b', bytes);
        if let Some(Answer::MayBreakGlass(may)) = cache.get(self.engine, &key) {
            return may;
        }
        let may = self.engine.may_break_glass(question);
        cache.put(self.engine, key, Answer::MayBreakGlass(may));
        may
    }
}

fn key(about: u8, question: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(question.len() + 1);
    key.push(about);
    key.extend_from_slice(question);
    key
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

    fn get(&self, engine: &Engine, key: &[u8]) -> Option<Answer> {
        let mut held = self.held(engine);
        let answer = held.answers.get(key).cloned();
        match answer {
            Some(_) => held.hits += 1,
            None => held.misses += 1,
        }
        answer
    }

    fn put(&self, engine: &Engine, key: Vec<u8>, answer: Answer) {
        let mut held = self.held(engine);
        let key: Arc<[u8]> = key.into();
        if held.answers.insert(key.clone(), answer).is_none() {
            held.by_age.push_back(key);
        }
        while held.answers.len() > self.answers_max {
            let Some(oldest) = held.by_age.pop_front() else {
                return;
            };
            held.answers.remove(&oldest);
        }
    }

    /// The answers of these rules; those of any others are forgotten.
    fn held(&self, engine: &Engine) -> MutexGuard<'_, Held> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.policy_hash != *engine.policy_hash() {
            held.policy_hash = *engine.policy_hash();
            held.answers.clear();
            held.by_age.clear();
        }
        held
    }
}
