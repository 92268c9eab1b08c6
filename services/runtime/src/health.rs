//! Whether the process lives, and whether it is ready: what an orchestrator and a load balancer ask.
//!
//! *Alive* means that starting it again would not help. *Ready* means that what it is there for can be had from it now. A
//! log that cannot be reached makes a process unready, and never dead: to start it again would mend nothing.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How one thing stands, in words for a person either way. Words name parts, addresses and durations, and never a record.
pub type Standing = Result<Cow<'static, str>, Cow<'static, str>>;

type Check = Arc<dyn Fn() -> Standing + Send + Sync>;

/// How often a part shows that it turns.
const BEAT: Duration = Duration::from_secs(1);

/// What the process says of itself. Every clone is the same one.
#[derive(Clone)]
pub struct Health(Arc<Mutex<Inner>>);

struct Inner {
    phase: Phase,
    live: Vec<(String, Check)>,
    ready: Vec<(String, Check)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting(&'static str),
    StandingBy(&'static str),
    Running,
    Stopping,
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Probe {
    /// `/livez`
    Alive,
    /// `/readyz`
    Ready,
    /// `/workz`: ready, and not standing by. Where one process of several takes what is sent, it is to be sent to that one.
    Working,
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Whether all is well.
    pub good: bool,
    /// In a word or two.
    pub summary: &'static str,
    /// By name.
    pub checks: Vec<(String, Standing)>,
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl Health {
    /// Of a process that is starting.
    pub fn new() -> Self {
        let (live, ready) = (Vec::new(), Vec::new());
        Self(Arc::new(Mutex::new(Inner { phase: Phase::Starting("reading its configuration"), live, ready })))
    }

    /// What it is doing before it can run: said by `/readyz`.
    pub fn starting(&self, doing: &'static str) {
        self.hold().phase = Phase::Starting(doing);
    }

    /// It waits for another process to give way, and is ready for that: a process that stands by is as it should be.
    pub fn standing_by(&self, until: &'static str) {
        self.hold().phase = Phase::StandingBy(until);
    }

    /// It has started. From now on it is ready when every check of readiness is good.
    pub fn started(&self) {
        self.hold().phase = Phase::Running;
    }

    /// It was told to stop: it is not ready any more, so that nobody new is sent here, and parts may end.
    pub fn stopping(&self) {
        self.hold().phase = Phase::Stopping;
    }

    /// Adds a check of readiness. It is called at every question: it must be quick, and wait for nothing.
    pub fn ready(&self, name: impl Into<String>, check: impl Fn() -> Standing + Send + Sync + 'static) {
        self.hold().ready.push((name.into(), Arc::new(check)));
    }

    /// Adds a check of life. It should fail only where starting the process again would help.
    pub fn live(&self, name: impl Into<String>, check: impl Fn() -> Standing + Send + Sync + 'static) {
        self.hold().live.push((name.into(), Arc::new(check)));
    }

    /// A part that must go on while the process runs: it counts as ended once the [`Part`] is dropped, unless the process
    /// is stopping; and as stuck when it keeps its pulse and has not turned for `still_max`.
    pub fn part(&self, name: impl Into<String>, still_max: Duration) -> Part {
        let beat = Arc::new(Mutex::new(Beat { at: None, ended: false }));
        let seen = Arc::clone(&beat);
        self.live(name, move || {
            let beat = *seen.lock().unwrap_or_else(PoisonError::into_inner);
            match beat.at.map(|at| at.elapsed()) {
                _ if beat.ended => Err("it has ended".into()),
                Some(still) if still > still_max => Err(format!("it has not turned for {} s", still.as_secs()).into()),
                _ => Ok("it runs".into()),
            }
        });
        Part { beat }
    }

    /// Answers.
    pub fn report(&self, probe: Probe) -> Report {
        let (phase, checks) = {
            let inner = self.hold();
            (inner.phase, if probe == Probe::Alive { inner.live.clone() } else { inner.ready.clone() })
        };
        // Outside the lock: a check may take its time, or add another.
        let mut checks: Vec<(String, Standing)> = checks.into_iter().map(|(name, check)| (name, check())).collect();
        match (probe, phase) {
            // What ends while the process is stopping ends as it should.
            (Probe::Alive, Phase::Stopping) => checks.clear(),
            (Probe::Alive, _) | (_, Phase::Running) => {}
            (_, Phase::Starting(doing)) => checks.insert(0, ("process".into(), Err(doing.into()))),
            (_, Phase::Stopping) => checks.insert(0, ("process".into(), Err("it was told to stop".into()))),
            (Probe::Ready, Phase::StandingBy(until)) => checks.insert(0, ("process".into(), Ok(until.into()))),
            (Probe::Working, Phase::StandingBy(until)) => checks.insert(0, ("process".into(), Err(until.into()))),
        }
        let good = checks.iter().all(|(_, standing)| standing.is_ok());
        let summary = match (probe, phase, good) {
            (Probe::Alive, _, true) => "alive",
            (Probe::Alive, _, false) => "not alive",
            (_, Phase::Starting(_), _) => "starting",
            (_, Phase::Stopping, _) => "stopping",
            (Probe::Ready, Phase::StandingBy(_), true) | (Probe::Working, Phase::StandingBy(_), _) => "standing by",
            (Probe::Working, _, true) => "working",
            (_, _, true) => "ready",
            (_, _, false) => "not ready",
        };
        Report { good, summary, checks }
    }

    fn hold(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A part of the process. See [`Health::part`].
pub struct Part {
    beat: Arc<Mutex<Beat>>,
}

#[derive(Clone, Copy)]
struct Beat {
    at: Option<Instant>,
    ended: bool,
}

impl Part {
    /// Shows that the thread, or the runtime, that this future runs on still turns. It never returns: select it with the
    /// part's own work. Waiting (for a log, for room) is turning; a deadlock is not.
    pub async fn keep_pulse(&self) -> ! {
        loop {
            self.beat.lock().unwrap_or_else(PoisonError::into_inner).at = Some(Instant::now());
            tokio::time::sleep(BEAT).await;
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
    }
}

impl Report {
    /// What is not good, in words; empty when all is.
    pub fn failing(&self) -> String {
        let failing = self.checks.iter();
        let failing =
            failing.filter_map(|(name, standing)| standing.as_ref().err().map(|why| format!("{name}: {why}")));
        failing.collect::<Vec<_>>().join("; ")
    }

    /// As JSON, for machines that read more than the status code.
    pub fn json(&self) -> serde_json::Value {
        let check = |(name, standing): &(String, Standing)| {
            let (Ok(words) | Err(words)) = standing;
            serde_json::json!({ "check": name, "good": standing.is_ok(), "words": words })
        };
        let checks: Vec<_> = self.checks.iter().map(check).collect();
        serde_json::json!({ "good": self.good, "summary": self.summary, "checks": checks })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary)?;
        self.checks.iter().try_for_each(|(name, standing)| match standing {
            Ok(words) => writeln!(f, "  ok   {name}: {words}"),
            Err(words) => writeln!(f, "  FAIL {name}: {words}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(good: bool) -> Standing {
        if good { Ok("read a moment ago".into()) } else { Err("45 s old; at most 30 s".into()) }
    }

    #[test]
    fn it_is_ready_once_it_has_started_and_all_is_good_and_not_while_it_stops() {
        let health = Health::new();
        assert_eq!(health.report(Probe::Ready).summary, "starting");
        health.starting("opening the log");
        assert_eq!(health.report(Probe::Ready).to_string(), "starting\n  FAIL process: opening the log\n");
        health.standing_by("another process works for this connector");
        let told = "standing by\n  ok   process: another process works for this connector\n";
        assert_eq!(health.report(Probe::Ready).to_string(), told);
        assert!(health.report(Probe::Ready).good);
        let told = "standing by\n  FAIL process: another process works for this connector\n";
        assert_eq!(health.report(Probe::Working).to_string(), told);
        let good = Arc::new(Mutex::new(true));
        let seen = Arc::clone(&good);
        health.ready("facts", move || facts(*seen.lock().unwrap()));
        health.started();
        assert_eq!(health.report(Probe::Ready).to_string(), "ready\n  ok   facts: read a moment ago\n");
        assert_eq!(health.report(Probe::Working).to_string(), "working\n  ok   facts: read a moment ago\n");
        *good.lock().unwrap() = false;
        let report = health.report(Probe::Ready);
        assert_eq!(report.to_string(), "not ready\n  FAIL facts: 45 s old; at most 30 s\n");
        assert_eq!(
            report.json(),
            serde_json::json!({ "good": false, "summary": "not ready",
                "checks": [{ "check": "facts", "good": false, "words": "45 s old; at most 30 s" }] })
        );
        assert!(health.report(Probe::Alive).good, "being stale is not being dead");
        *good.lock().unwrap() = true;
        health.stopping();
        assert!(!health.report(Probe::Ready).good);
        assert!(health.report(Probe::Alive).good);
    }

    #[tokio::test]
    async fn a_part_that_ends_or_does_not_turn_is_seen_and_one_that_waits_is_not() {
        let health = Health::new();
        health.started();
        let part = health.part("projection", Duration::from_secs(60));
        tokio::select! {
            _never = part.keep_pulse() => {}
            () = tokio::task::yield_now() => {}
        }
        assert!(health.report(Probe::Alive).good);
        part.beat.lock().unwrap().at = Some(Instant::now() - Duration::from_secs(90));
        let stuck = "not alive\n  FAIL projection: it has not turned for 90 s\n";
        assert_eq!(health.report(Probe::Alive).to_string(), stuck);
        drop(part);
        assert_eq!(health.report(Probe::Alive).to_string(), "not alive\n  FAIL projection: it has ended\n");
        health.stopping();
        assert!(health.report(Probe::Alive).good, "what ends while the process stops ends as it should");
    }
}
