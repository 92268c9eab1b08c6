//! How fresh what is served is: told to whoever measures, and to whoever asks whether the process is ready.

use std::time::{Duration, Instant};

use runtime::health::{Health, Standing};
use runtime::metrics;
use tokio::sync::watch;

use crate::consume::Progress;

/// Measures it from now on.
pub fn measure(progress: &watch::Receiver<Progress>) {
    let (begun, fresh) = (Instant::now(), progress.clone());
    // Until everything has been read once, it is as stale as the process is old.
    metrics::STALENESS.watch([], move || {
        let read_at = fresh.borrow().facts_read_at;
        Some(read_at.unwrap_or(begun).elapsed().as_secs_f64())
    });
    let caught_up = progress.clone();
    metrics::CAUGHT_UP.watch([], move || Some(f64::from(u8::from(caught_up.borrow().caught_up))));
    let parked = progress.clone();
    metrics::PARKED.watch([], move || Some(f64::from(u32::try_from(parked.borrow().parked).unwrap_or(u32::MAX))));
}

/// Makes a process that serves ready only while readers would be answered: once the log has been read to its end, and as
/// long as the facts are fresh. A process that falls behind again in the sectors answers still, and is ready.
pub fn must_be_fresh(health: &Health, progress: &watch::Receiver<Progress>, facts_lag_max: Duration) {
    let facts = progress.clone();
    health.ready("facts", move || facts_are_fresh(&facts.borrow(), facts_lag_max));
    let store = progress.clone();
    health.ready("store", move || {
        if store.borrow().no_room {
            Err("its disk is nearly full: free some space".into())
        } else {
            Ok("it has room".into())
        }
    });
}

fn facts_are_fresh(progress: &Progress, facts_lag_max: Duration) -> Standing {
    let Some(read_at) = progress.facts_read_at else {
        return Err(format!("the log has not been read to its end yet: {} records so far", progress.records).into());
    };
    let (age, most) = (read_at.elapsed(), facts_lag_max.as_secs());
    if age > facts_lag_max {
        return Err(format!("read {} s ago, and {most} s is the most: readers are refused", age.as_secs()).into());
    }
    Ok(format!("read {:.1} s ago; {most} s is the most", age.as_secs_f64()).into())
}

#[cfg(test)]
mod tests {
    use runtime::health::Probe;

    use super::*;

    #[test]
    fn a_process_is_ready_while_its_facts_are_fresh_and_says_why_it_is_not() {
        let unread = Progress {
            facts_read_at: None,
            caught_up: false,
            records: 7,
            parked: 0,
            no_room: false,
            registry_generation: 1,
        };
        let (sender, progress) = watch::channel(unread);
        let health = Health::new();
        must_be_fresh(&health, &progress, Duration::from_secs(30));
        health.started();
        let told = || health.report(Probe::Ready).to_string();
        assert!(
            told().starts_with("not ready\n  FAIL facts: the log has not been read to its end yet: 7 records so far\n")
        );
        sender.send_modify(|progress| progress.facts_read_at = Some(Instant::now()));
        assert!(told().starts_with("ready\n  ok   facts: read 0.0 s ago; 30 s is the most\n"), "{}", told());
        let old = Instant::now().checked_sub(Duration::from_secs(45)).unwrap();
        sender.send_modify(|progress| progress.facts_read_at = Some(old));
        assert!(
            told().starts_with("not ready\n  FAIL facts: read 45 s ago, and 30 s is the most: readers are refused\n")
        );
        sender.send_modify(|progress| (progress.facts_read_at, progress.no_room) = (Some(Instant::now()), true));
        assert!(told().contains("FAIL store: its disk is nearly full"));
    }
}
