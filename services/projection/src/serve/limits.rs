//! What one caller may ask for, and one organisation: so many requests a second, and so many denials on record.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Callers of either generation remembered at once: beyond it those are forgotten who asked longest ago.
const CALLERS_MAX: usize = 10_000;
/// Who has not asked for so long is forgotten.
const IDLE: Duration = Duration::from_secs(60);
/// A caller's denials are recorded one by one up to this rate, and summed beyond it.
const BETWEEN_DENIALS: Duration = Duration::from_secs(1);
/// An organisation may ask as much as so many callers: who they are, it says itself.
const CALLERS_OF_AN_ORGANISATION: f64 = 10.0;
/// An organisation's denials are recorded up to this many a second, whoever its callers are, and summed beyond it.
const DENIALS_PER_SECOND_OF_AN_ORGANISATION: f64 = 10.0;

/// Whose requests are counted together: a person's. Families and staff of one organisation are counted apart, so that neither
/// uses up what the other may ask.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Who {
    /// Whose word it is who they are.
    pub organisation: String,
    /// One of a family.
    pub family: bool,
    /// As their organisation calls them.
    pub person: String,
}

impl Who {
    /// The others who may ask no more than so much together with this one: the staff of an organisation, or its families.
    pub(super) fn counted_with(&self) -> (String, bool) {
        (self.organisation.clone(), self.family)
    }
}

/// Counts what each caller asks.
pub struct Limits {
    per_second: f64,
    callers: Mutex<Callers>,
}

struct Callers {
    by_person: Recent<Who, Asked>,
    /// As many as are on record: these are never forgotten.
    by_organisation: HashMap<(String, bool), OfOrganisation>,
}

struct Asked {
    requests: Bucket,
    denial_recorded_at: Option<Instant>,
    denials_unrecorded: u32,
}

struct OfOrganisation {
    requests: Bucket,
    denials: Bucket,
}

/// So many a second, and twice that at once.
struct Bucket {
    per_second: f64,
    left: f64,
    at: Instant,
}

impl Bucket {
    fn full(per_second: f64, now: Instant) -> Self {
        Self { per_second, left: per_second * 2.0, at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let since = now.duration_since(self.at).as_secs_f64();
        self.left = (self.left + since * self.per_second).min(self.per_second * 2.0);
        self.at = self.at.max(now);
        let may = self.left >= 1.0;
        if may {
            self.left -= 1.0;
        }
        may
    }
}

/// What is known by key, forgotten when it is not asked for: in two generations, so that forgetting looks through nothing.
struct Recent<K, V> {
    present: HashMap<K, V>,
    before: HashMap<K, V>,
    since: Instant,
}

impl<K: Eq + Hash + Clone, V> Recent<K, V> {
    fn of(&mut self, key: &K, now: Instant, new: impl FnOnce() -> V) -> &mut V {
        if self.present.len() >= CALLERS_MAX || now.duration_since(self.since) >= IDLE {
            self.before = std::mem::take(&mut self.present);
            self.since = now;
        }
        let known = self.before.remove(key);
        self.present.entry(key.clone()).or_insert_with(|| known.unwrap_or_else(new))
    }
}

impl Limits {
    /// At most so many requests a second from each caller, ten times that from each organisation, and twice that at once.
    pub fn new(requests_per_second_max: u32) -> Self {
        let by_person = Recent { present: HashMap::new(), before: HashMap::new(), since: Instant::now() };
        let callers = Callers { by_person, by_organisation: HashMap::new() };
        Self { per_second: f64::from(requests_per_second_max), callers: Mutex::new(callers) }
    }

    /// Whether this caller may ask now.
    pub fn admit(&self, who: &Who, now: Instant) -> bool {
        // Who asks too much by themself takes nothing from their colleagues.
        self.with(who, now, |asked, organisation| asked.requests.take(now) && organisation.requests.take(now))
    }

    /// Whether a denial of this caller is to be recorded now, and if so how many went unrecorded since the last.
    pub fn denial(&self, who: &Who, now: Instant) -> Option<u32> {
        self.with(who, now, |asked, organisation| {
            let too_soon = asked.denial_recorded_at.is_some_and(|at| now.duration_since(at) < BETWEEN_DENIALS);
            if too_soon || !organisation.denials.take(now) {
                asked.denials_unrecorded = asked.denials_unrecorded.saturating_add(1);
                return None;
            }
            asked.denial_recorded_at = Some(now);
            Some(std::mem::take(&mut asked.denials_unrecorded))
        })
    }

    fn with<T>(&self, who: &Who, now: Instant, then: impl FnOnce(&mut Asked, &mut OfOrganisation) -> T) -> T {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let Callers { by_person, by_organisation } = &mut *callers;
        let asked = by_person.of(who, now, || Asked {
            requests: Bucket::full(self.per_second, now),
            denial_recorded_at: None,
            denials_unrecorded: 0,
        });
        let organisation = by_organisation.entry(who.counted_with()).or_insert_with(|| OfOrganisation {
            requests: Bucket::full(self.per_second * CALLERS_OF_AN_ORGANISATION, now),
            denials: Bucket::full(DENIALS_PER_SECOND_OF_AN_ORGANISATION, now),
        });
        then(asked, organisation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(person: &str) -> Who {
        Who { organisation: "school-8789001".into(), family: false, person: person.into() }
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

    #[test]
    fn an_organisation_that_makes_up_callers_gets_ten_callers_worth_and_takes_nothing_from_another() {
        let (limits, start) = (Limits::new(10), Instant::now());
        let made_up = |from: usize, at| (from..from + 1_000).filter(|n| limits.admit(&who(&n.to_string()), at)).count();
        assert_eq!(made_up(0, start), 200);
        assert_eq!(made_up(1_000, start + Duration::from_millis(500)), 50);
        assert!(limits.admit(&Who { organisation: "hospital".into(), ..who("a") }, start));
    }

    #[test]
    fn families_use_up_nothing_of_the_staff_of_their_organisation() {
        let (limits, start) = (Limits::new(10), Instant::now());
        let family = |n: usize| Who { family: true, ..who(&n.to_string()) };
        assert_eq!((0..1_000).filter(|n| limits.admit(&family(*n), start)).count(), 200);
        assert_eq!((0..1_000).filter(|n| limits.denial(&family(*n), start).is_some()).count(), 20);
        assert!(limits.admit(&who("0"), start), "not even of one who is called the same");
        assert_eq!(limits.denial(&who("0"), start), Some(0));
    }

    #[test]
    fn who_asks_too_much_takes_nothing_from_a_colleague() {
        let (limits, start) = (Limits::new(10), Instant::now());
        let admitted = (0..10_000).filter(|_| limits.admit(&who("a"), start)).count();
        assert_eq!(admitted, 20);
        assert!(limits.admit(&who("b"), start));
    }

    #[test]
    fn denials_of_made_up_callers_are_summed_too() {
        let (limits, start) = (Limits::new(10), Instant::now());
        let recorded = (0..1_000).filter(|n| limits.denial(&who(&n.to_string()), start).is_some()).count();
        assert_eq!(recorded, 20);
        assert_eq!(limits.denial(&who("999"), start + BETWEEN_DENIALS), Some(1));
    }

    #[test]
    fn of_ever_new_callers_the_newest_are_remembered_and_no_more() {
        let (limits, start) = (Limits::new(10), Instant::now());
        let remembered = || {
            let callers = limits.callers.lock().unwrap();
            callers.by_person.present.len() + callers.by_person.before.len()
        };
        assert_eq!(limits.denial(&who("kept"), start), Some(0));
        for n in 0..CALLERS_MAX * 3 {
            limits.admit(&who(&n.to_string()), start);
            if n % 5_000 == 0 {
                assert_eq!(limits.denial(&who("kept"), start), None, "who goes on asking is not forgotten");
            }
            assert!(remembered() <= CALLERS_MAX * 2);
        }
        let later = start + IDLE;
        for n in 0..2 {
            limits.admit(&who("a"), later + IDLE * n);
        }
        assert_eq!(remembered(), 1, "and who does not ask is");
    }
}
