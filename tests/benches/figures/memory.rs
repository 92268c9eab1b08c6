//! What a connector's process takes of memory for a small input and for one a hundred times as large: dropped into its folder,
//! translated, compared, sealed, and acknowledged by a log on disk. Each in a process of its own.
//!
//! The inputs are each connector's own golden files with their records over and over, each time of other children: in the same
//! shapes, so that a file of a gigabyte is one file wherever the format has one.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context, ensure};
use connector_kit::conformance::LargerSubmission;
use connector_kit::differ::Baselines;
use connector_kit::drop_folder::{DropFolder, Options};
use connector_kit::publish::{Credentials, Publisher};
use connector_kit::{Connector, Whose};
use event_log::EventLog;
use event_log::embedded::{self, EmbeddedLog};

use crate::house::{self, House};
use crate::report::{self, Bar, Figure};

/// Of the large input, unless another was asked for.
const LARGE_BYTES: u64 = 1_000_000_000;
const LARGE_BYTES_QUICK: u64 = 20_000_000;
/// The small input is so many times smaller.
const TIMES: u64 = 100;
/// Flat: what an allocator keeps, and tables that are filled only by the larger one.
const RATIO_MAX: f64 = 1.5;

/// When it is read, microseconds since 1970: later than any sample says it was made, or it would be refused as of the future.
const LATER_US: i64 = 2_000_000_000_000_000;

/// The part that a process of its own measures, of this connector.
pub(crate) const ONE: &str = "memory-of:";

/// Of every connector, or of the one of this name.
pub(crate) fn figures(
    dir: &Path,
    bytes: Option<u64>,
    only: Option<&str>,
    is_quick: bool,
) -> anyhow::Result<Vec<Figure>> {
    let large = bytes.unwrap_or(if is_quick { LARGE_BYTES_QUICK } else { LARGE_BYTES });
    let mut figures = Vec::new();
    for connector in connectors().into_iter().filter(|of| only.is_none_or(|only| of.descriptor().name == only)) {
        let name = connector.descriptor().name;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors").join(name);
        let sample = LargerSubmission::of(connector.as_ref(), &folder)?;
        let sample = sample.with_context(|| format!("`{name}` has no sample that can be made larger"))?;
        let mut peaks = Vec::new();
        for bytes in [(large / TIMES).max(1_000_000), large] {
            report::note(&format!("measuring: memory of {name} over {bytes} bytes"));
            let house = dir.join("memory");
            let written = write(&sample, bytes, &house.join("drop/incoming"))?;
            let heard = measured(name, &house);
            std::fs::remove_dir_all(&house)?;
            let heard = heard?;
            let of = |unit: &str| heard.iter().find(|figure| figure.unit == unit).map(|figure| figure.value);
            let (peak, rate) = (of("MiB").context("no peak")?, of("events/s").context("no rate")?);
            peaks.push((written, peak, rate));
        }
        let [(small_bytes, small, _), (large_bytes, peak, rate)] = peaks[..] else { continue };
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let what = format!("{name}: {:.0} MB in, {rate:.0} events/s: peak", megabytes(large_bytes));
        let floor = format!("{:.1} MB in", megabytes(small_bytes));
        figures.push(Figure::new(what, peak, "MiB").floor(floor, small).bar(Bar::OfFloorAtMost(RATIO_MAX)));
    }
    ensure!(!figures.is_empty(), "there is no connector `{}`", only.unwrap_or_default());
    Ok(figures)
}

/// Drops the files, and measures it.
pub(crate) fn one(dir: &Path, name: &str) -> anyhow::Result<Vec<Figure>> {
    let connector = connectors().into_iter().find(|connector| connector.descriptor().name == name);
    let connector = connector.context("there is no such connector")?;
    let house = House::open(dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(&house.at("log"), embedded::Options::default())?);
        let (wrapping, descriptor) = (Arc::clone(&house.wrapping), connector.descriptor());
        let credentials = Credentials { controllers: vec!["*".to_owned()], ..house::credentials() };
        let publisher = Publisher::open(Arc::clone(&log), House::key(), wrapping, credentials, descriptor).await?;
        let baselines = Baselines::open(&house.at("baselines"), House::key())?;
        let (wrapping, options) = (Arc::clone(&house.wrapping), Options::of(&house.at("drop")));
        let mut folder = DropFolder::open(connector, publisher.into(), log, wrapping, baselines, options).await?;
        let begun = Instant::now();
        folder.drain_once(LATER_US).await?;
        let took = begun.elapsed();
        let counts = folder.counts();
        let [events, records, rejected] =
            [&counts.events, &counts.records, &counts.rejected].map(|count| count.load(Ordering::Relaxed));
        ensure!(events > 0, "`{name}` gave no events of {records} records, of which {rejected} were rejected");
        Ok(vec![Figure::rate(name, events, took, "events/s")])
    })
}

fn connectors() -> Vec<Arc<dyn Connector>> {
    let whose = Whose::of(&["la-878-invented".to_owned()]);
    connector_registry::every(&whose).into_iter().map(|registered| registered.connector).collect()
}

/// Gives how many bytes that came to.
fn write(sample: &LargerSubmission, bytes: u64, incoming: &Path) -> anyhow::Result<u64> {
    std::fs::create_dir_all(incoming)?;
    let (times, mut written) = (sample.times_for(bytes), 0);
    for (name, file) in &sample.files {
        let mut out = BufWriter::new(File::create(incoming.join(name))?);
        written += std::io::copy(&mut file.times(times), &mut out)?;
        out.flush()?;
    }
    Ok(written)
}

fn measured(name: &str, dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut process = Command::new(std::env::current_exe()?);
    let output = process.args(["--part", &format!("{ONE}{name}")]).arg(dir).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "measuring `{name}` failed");
    report::hear(&output.stdout)
}
