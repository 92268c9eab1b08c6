//! What one caller may ask for: so many requests a second, and so many denials on record.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Callers remembered at once; more than this many in a minute forgets the idle ones.
const CALLERS_MAX: usize = 10_000;
const IDLE: Duration = Duration::from_secs(60);
/// A caller's denials are recorded one by one up to this rate, and summed beyond it.
const BETWEEN_DENIALS: Duration = Duration::from_secs(1);

/// A caller: organisation and person.
pub type Who = (String, String);

/// Counts what each caller asks.
pub struct Limits {
    per_second: f64,
    callers: Mutex<HashMap<Who, Asked>>,
}

struct Asked {
    left: f64,
    at: Instant,
    denial_recorded_at: Option<Instant>,
    denials_unrecorded: u32,
}

impl Limits {
    /// At most so many requests a second from each caller, and twice that at once.
    pub fn new(requests_per_second_max: u32) -> Self {
        Self { per_second: f64::from(requests_per_second_max), callers: Mutex::new(HashMap::new()) }
    }

    /// Whether this caller may ask now.
    pub fn admit(&self, who: &Who, now: Instant) -> bool {
        self.with(who, now, |asked| {
            let may = asked.left >= 1.0;
            if may {
                asked.left -= 1.0;
            }
            may
        })
    }

    /// Whether a denial of this caller is to be recorded now, and if so how many went unrecorded since the last.
    pub fn denial(&self, who: &Who, now: Instant) -> Option<u32> {
        self.with(who, now, |asked| {
            if asked.denial_recorded_at.is_some_and(|at| now.duration_since(at) < BETWEEN_DENIALS) {
                asked.denials_unrecorded = asked.denials_unrecorded.saturating_add(1);
                return None;
            }
            asked.denial_recorded_at = Some(now);
            Some(std::mem::take(&mut asked.denials_unrecorded))
        })
    }

    fn with<T>(&self, who: &Who, now: Instant, then: impl FnOnce(&mut Asked) -> T) -> T {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CALLERS_MAX {
            callers.retain(|_, asked| now.duration_since(asked.at) < IDLE);
        }
        let burst = self.per_second * 2.0;
        let asked = callers.entry(who.clone()).or_insert(Asked {
            left: burst,
            at: now,
            denial_recorded_at: None,
            denials_unrecorded: 0,
        });
        asked.left = (asked.left + now.duration_since(asked.at).as_secs_f64() * self.per_second).min(burst);
        asked.at = now;
        then(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(person: &str) -> Who {
        ("school-8789001".into(), person.into())
    }

    #[test]
    fn a_caller_gets_a_burst_and_then_their_rate_and_takes_nothing_from_another() {
        let (limits, start) = (Limits::new(10), Instant::now());
        let admitted = (0..100).filter(|_| limits.admit(&who("a"), start)).count();
        assert_eq!(admitted, 20);
        let later = start + Duration::from_millis(500);
        assert_eq!((0..100).filter(|_| limits.admit(&who("a"), later)).count(), 5);
        assert!(limits.admit(&who("b"), start));
    }

    #[test]
    fn denials_that_come_fast_are_summed_into_the_next_record() {
        let (limits, start) = (Limits::new(10), Instant::now());
        assert_eq!(limits.denial(&who("a"), start), Some(0));
        assert_eq!(limits.denial(&who("a"), start), None);
        assert_eq!(limits.denial(&who("a"), start), None);
        assert_eq!(limits.denial(&who("a"), start + BETWEEN_DENIALS), Some(2));
        assert_eq!(limits.denial(&who("a"), start + BETWEEN_DENIALS * 2), Some(0));
    }
}
