//! What a connector's process takes of memory for a small input and for one a hundred times as large: dropped into its folder,
//! translated, compared, sealed, and acknowledged by a log on disk. Each in a process of its own.
//!
//! The inputs are each connector's own golden files with their records over and over, in the same shapes, so that a file of a
//! gigabyte is one file wherever the format has one. A return tells of other children each time. A feed tells of the same
//! ones again, as a year of messages does: what more children take, which is above all their keys, is a figure of its own.

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
use connector_kit::{Connector, Delivery, Whose};
use event_log::embedded::{self, EmbeddedLog};
use event_log::{EventLog, Topic};

use crate::house::{self, House};
use crate::report::{self, Bar, Figure};

/// Of the large input, unless another was asked for.
const LARGE_BYTES: u64 = 1_000_000_000;
const LARGE_BYTES_QUICK: u64 = 20_000_000;
/// The small input is so many times smaller.
const TIMES: u64 = 100;
/// The input that tells of many children, of a feed, is so many times smaller than the large one.
const MANY_CHILDREN: u64 = 10;
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
        let small_bytes = (large / TIMES).max(1_000_000);
        let measured = |sample: &LargerSubmission, bytes| Measured::of(name, sample, bytes, &dir.join("memory"));
        let small = measured(&sample, small_bytes)?;
        let (few, many) = if connector.descriptor().delivery == Delivery::Feed {
            let of_few = sample.clone().of_the_children_of(sample.times_for(small_bytes));
            (measured(&of_few, large)?, measured(&sample, large / MANY_CHILDREN)?)
        } else {
            let all = measured(&sample, large)?;
            (all, all)
        };
        let what =
            format!("{name}: {:.0} MB in, {:.0} children, {:.0} events/s: peak", few.megabytes, few.children, few.rate);
        let floor = format!("{:.1} MB in, {:.0} children", small.megabytes, small.children);
        let flat = Figure::new(what, few.peak, "MiB").floor(floor, small.peak);
        figures.push(flat.bar(Bar::OfFloorAtMost(RATIO_MAX)));
        let (more, children) = (many.peak - small.peak, many.children - small.children);
        let what =
            format!("{name}: {:.0} MB in, {:.0} children: what each child more takes", many.megabytes, many.children);
        figures.push(Figure::new(what, more * f64::from(1 << 20) / children, "B"));
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
        let mut folder =
            DropFolder::open(connector, publisher.into(), Arc::clone(&log), wrapping, baselines, options).await?;
        let begun = Instant::now();
        folder.drain_once(LATER_US).await?;
        let took = begun.elapsed();
        let counts = folder.counts();
        let [events, records, rejected] =
            [&counts.events, &counts.records, &counts.rejected].map(|count| count.load(Ordering::Relaxed));
        ensure!(events > 0, "`{name}` gave no events of {records} records, of which {rejected} were rejected");
        // A key for each.
        let children: u64 = log.ends(&[Topic::Keys]).await?.values().sum();
        Ok(vec![Figure::rate(name, events, took, "events/s"), Figure::new("children", children as f64, "children")])
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

/// What a process of its own took for an input.
#[derive(Clone, Copy)]
struct Measured {
    megabytes: f64,
    children: f64,
    peak: f64,
    rate: f64,
}

impl Measured {
    fn of(name: &str, sample: &LargerSubmission, bytes: u64, house: &Path) -> anyhow::Result<Self> {
        report::note(&format!("measuring: memory of {name} over {bytes} bytes"));
        let megabytes = write(sample, bytes, &house.join("drop/incoming"))? as f64 / 1e6;
        let heard = heard_of(name, house);
        std::fs::remove_dir_all(house)?;
        let heard = heard?;
        let of = |unit: &str| heard.iter().find(|figure| figure.unit == unit).map(|figure| figure.value);
        let of = |unit: &str| of(unit).with_context(|| format!("no figure in {unit}"));
        Ok(Self { megabytes, children: of("children")?, peak: of("MiB")?, rate: of("events/s")? })
    }
}

fn heard_of(name: &str, dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut process = Command::new(std::env::current_exe()?);
    let output = process.args(["--part", &format!("{ONE}{name}")]).arg(dir).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "measuring `{name}` failed");
    report::hear(&output.stdout)
}
