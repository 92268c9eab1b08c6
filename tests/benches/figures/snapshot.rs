//! A whole return that comes again: a term's school census of an authority of 164,000 children, of which one pupil in fifty
//! changed. What did not change must cost no event, and little time and memory.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use connector_kit::differ::Baselines;
use connector_kit::drop_folder::{DropFolder, Options};
use connector_kit::publish::Publisher;
use event_log::EventLog;
use event_log::embedded::{self, EmbeddedLog};
use synthetic_authority::Settings;

use crate::house::{self, House};
use crate::report::{self, Bar, Figure};
use crate::{CHILDREN, translate};

/// The children of a large authority, which the run's own number of children stands for.
const LARGE: u32 = 164_000;
const ONE_CHANGED_IN: usize = 50;
/// The differ's bars, of the large authority.
const WITHIN: Duration = Duration::from_secs(60);
const PEAK_MEBIBYTES: f64 = 1_024.0;

pub(crate) fn figures(dir: &Path, children: u32) -> anyhow::Result<Vec<Figure>> {
    let house = House::open(&dir.join("snapshot"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let children = if children >= CHILDREN { LARGE } else { children };
    // No messages of a hospital: only the return is read.
    let settings = Settings { children, density: 0.0, ..Settings::default() };
    synthetic_authority::generate(&settings, &house.at("authority"), &mut |_, _| {})?;
    let peak_before = report::peak_mebibytes("self")?;
    let figures = runtime.block_on(come_again(&house, children, peak_before));
    std::fs::remove_dir_all(dir.join("snapshot"))?;
    figures
}

async fn come_again(house: &House, children: u32, peak_before: f64) -> anyhow::Result<Vec<Figure>> {
    let connector = Arc::new(education_school_census::SchoolCensus);
    let source = connector_kit::Connector::descriptor(connector.as_ref());
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(&house.at("log"), embedded::Options::default())?);
    let wrapping = Arc::clone(&house.wrapping);
    let opening = Publisher::open(Arc::clone(&log), House::key(), wrapping, house::credentials(), source);
    let baselines = Baselines::open(&house.at("baselines"), House::key())?;
    let options = Options::of(&house.at("drop"));
    let incoming = options.root.join("incoming");
    let wrapping = Arc::clone(&house.wrapping);
    let mut folder = DropFolder::open(connector, opening.await?.into(), log, wrapping, baselines, options).await?;
    let spring: Vec<PathBuf> = translate::files(&house.files(source.name))?
        .into_iter()
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("spring")))
        .collect();

    let (mut figures, mut said) = (Vec::new(), 0);
    for (what, changed) in [("the first time", false), ("the same again", false), ("one pupil in 50 changed", true)] {
        for file in &spring {
            let to = incoming.join(file.file_name().context("a file without a name")?);
            if changed && file.to_string_lossy().ends_with("pupilonroll.csv") {
                change_some(file, &to)?;
            } else {
                std::fs::copy(file, to)?;
            }
        }
        let begun = Instant::now();
        folder.drain_once(1_760_000_000_000_000).await?;
        let took = begun.elapsed();
        let all = folder.counts().events.load(Ordering::Relaxed);
        let events = all - said;
        said = all;
        ensure!((what == "the same again") == (events == 0), "{events} events of what came {what}");
        let name = format!("a census of {children} children, {what}: {events} events");
        let figure = Figure::new(name, took.as_secs_f64(), "s");
        figures.push(if events == 0 || changed { figure.bar(Bar::AtMost(WITHIN.as_secs_f64())) } else { figure });
    }
    let peak = report::peak_mebibytes("self")?;
    figures.push(
        Figure::new("peak memory of comparing", peak, "MiB")
            .floor("making the files", peak_before)
            .bar(Bar::AtMost(PEAK_MEBIBYTES)),
    );
    Ok(figures)
}

/// The table with another support for one pupil in so many.
fn change_some(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut rows = csv::Reader::from_reader(BufReader::new(File::open(from)?));
    let mut changed = csv::Writer::from_writer(BufWriter::new(File::create(to)?));
    let headers = rows.headers()?.clone();
    let support = headers.iter().position(|name| name == "senprovision").context("no column of support")?;
    changed.write_record(&headers)?;
    for (at, row) in rows.records().enumerate() {
        let row = row?;
        let other = if row.get(support) == Some("K") { "N" } else { "K" };
        let cells = row.iter().enumerate();
        changed.write_record(
            cells.map(|(column, cell)| if column == support && at % ONE_CHANGED_IN == 0 { other } else { cell }),
        )?;
    }
    Ok(changed.flush()?)
}
