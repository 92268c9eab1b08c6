//! Recorded disclosures made again, and a timeline as it stood: over the store and the log that the reads before it left.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use event_log::{EventLog, Pseudonym};
use projection::rebuild::read_keys;
use projection::replay::{Recorded, Replayer, RulesKept, Stood, Verdict, With, decisions};
use projection::store::{Engine, Store};

use crate::house::{HUB, House};
use crate::report::{Bar, Figure, percentile};
use crate::stores;

/// Disclosures that are made again, at most.
const AGAIN: usize = 2_000;
/// Timelines as they stood.
const STOOD: usize = 200;

pub(crate) fn figures(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let house = House::open(dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (replayer, recorded, children) = runtime.block_on(found(&house))?;
    let begun = Instant::now();
    for of in &recorded {
        let verdict = replayer.rerun(of, &With::recorded())?.verdict;
        ensure!(verdict == Verdict::Same, "a recorded disclosure came out otherwise: {verdict:?}");
    }
    let took = begun.elapsed();
    // What it stands on: the same children, read and folded, and nothing decided.
    let (today, whole) = (jiff::Zoned::now().date(), Stood::Now);
    let begun = Instant::now();
    for of in &recorded {
        if let Some(id) = of.decision.subjects.first().and_then(|id| id.as_slice().try_into().ok()) {
            std::hint::black_box(replayer.timeline(Pseudonym(id), &whole, today)?);
        }
    }
    let floor = recorded.len() as f64 / begun.elapsed().as_secs_f64();
    let again = Figure::rate(
        format!("audit explain: {} recorded disclosures made again, each to the byte", recorded.len()),
        recorded.len() as u64,
        took,
        "decisions/s",
    )
    .floor("reading and folding the same children alone", floor);
    let then = Stood::Time(jiff::Timestamp::now().as_microsecond());
    let (mut each, mut now, mut entries) = (Vec::new(), Vec::new(), 0);
    for child in children.iter().cycle().take(STOOD) {
        let begun = Instant::now();
        let stood = replayer.timeline(*child, &then, today)?.context("a time is one that can be replayed")?;
        each.push(begun.elapsed());
        entries = entries.max(stood.entries.len());
        let begun = Instant::now();
        std::hint::black_box(replayer.timeline(*child, &whole, today)?);
        now.push(begun.elapsed());
    }
    ensure!(entries > 0, "no child that was asked about has an entry");
    each.sort_unstable();
    now.sort_unstable();
    let floor = |part| percentile(&now, part).as_secs_f64() * 1e6;
    let name = |of: &str| format!("audit replay: one child as of a time, {entries} entries, {of}");
    Ok(vec![
        again,
        Figure::micros(name("p50"), percentile(&each, 0.5)).floor("the same as of now", floor(0.5)),
        Figure::micros(name("p99"), percentile(&each, 0.99))
            .floor("the same as of now", floor(0.99))
            .bar(Bar::AtMost(1_000_000.0)),
    ])
}

/// What makes decisions again, what is on record, and of whom.
async fn found(house: &House) -> anyhow::Result<(Replayer, Vec<Recorded>, Vec<Pseudonym>)> {
    let log: Arc<dyn EventLog> = house.log()?;
    let projector = house.projector();
    read_keys(&log, &projector).await?;
    let store = Store::open(&house.at("rebuilt-fjall"), &stores::options(Engine::Fjall))?.store;
    let keyring = Arc::clone(&projector.keyring);
    let (on_record, _) = decisions(log.as_ref(), &keyring, &house.pseudonyms, HUB, None, |_| {}).await?;
    let mut recorded = Recorded::all(&on_record);
    recorded.truncate(AGAIN);
    ensure!(!recorded.is_empty(), "nothing is on record: the reads come first");
    let of = |of: &Recorded| of.decision.subjects.first()?.as_slice().try_into().ok().map(Pseudonym);
    let mut children: Vec<Pseudonym> = recorded.iter().filter_map(of).collect();
    children.sort_unstable();
    children.dedup();
    let engine = Arc::new(sharing::Engine::load()?);
    let rules = Arc::new(RulesKept::new(Arc::clone(&engine), store.clone(), projector.clone()));
    let hub = "The information hub".to_owned();
    Ok((Replayer::new(store, projector, engine, hub, rules), recorded, children))
}
