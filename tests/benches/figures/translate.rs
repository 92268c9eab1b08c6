//! Translating and sealing, on one core.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use async_trait::async_trait;
use connector_kit::publish::Publisher;
use connector_kit::{Connector, Draft, Output, Rejection, Scope, SourceFile};
use event_log::{Appended, EventLog, LogError, Offset, Partition, Position, Record, StoredRecord, Topic};
use tokio::runtime::Runtime;

use crate::house::{self, House};
use crate::report::{Bar, Figure};

/// What is measured of one source.
struct Source {
    connector: Arc<dyn Connector>,
    /// What a record of it is called.
    of: &'static str,
    parser: &'static str,
    /// Counts records with nothing but the parser.
    parse: fn(&Path) -> anyhow::Result<u64>,
    bar: f64,
}

pub(crate) fn figures(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let house = House::open(dir)?;
    let [census, cin, hl7] = house::connectors();
    let sources = [
        Source { connector: census, of: "CSV rows", parser: "csv alone", parse: parse_csv, bar: 50_000.0 },
        Source { connector: cin, of: "XML children", parser: "quick-xml alone", parse: parse_xml, bar: 20_000.0 },
        Source { connector: hl7, of: "HL7 messages", parser: "framing alone", parse: split_frames, bar: 20_000.0 },
    ];
    let mut figures = Vec::new();
    for source in &sources {
        figures.extend(of_source(source, &house)?);
    }
    Ok(figures)
}

fn of_source(source: &Source, house: &House) -> anyhow::Result<Vec<Figure>> {
    let name = source.connector.descriptor().name;
    let files = files(&house.files(name))?;
    let begun = Instant::now();
    let mut parsed = 0;
    for file in &files {
        parsed += (source.parse)(file)?;
    }
    let floor = parsed as f64 / begun.elapsed().as_secs_f64();

    let mut counting = Counting::default();
    let alone = translate(source.connector.as_ref(), &files, &mut counting)?;

    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let log: Arc<dyn EventLog> = Arc::new(Nowhere::default());
    let opening = Publisher::open(
        log,
        House::key(),
        Arc::clone(&house.wrapping),
        house::credentials(),
        source.connector.descriptor(),
    );
    let mut sealing =
        Sealing { publisher: runtime.block_on(opening)?, runtime, waiting: Vec::new(), records: 0, events: 0 };
    let mut sealed = translate(source.connector.as_ref(), &files, &mut sealing)?;
    let begun = Instant::now();
    sealing.publish();
    sealed += begun.elapsed();
    let size = format!("{} {}", counting.records, source.of);
    Ok(vec![
        Figure::rate(format!("translate {size}"), counting.records, alone, "records/s").floor(source.parser, floor),
        Figure::rate(
            format!("translate and seal {size}, {} events", sealing.events),
            sealing.records,
            sealed,
            "records/s",
        )
        .floor(source.parser, floor)
        .bar(Bar::AtLeast(source.bar)),
    ])
}

pub(crate) fn files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(self::files(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Translates every submission, folder by folder.
pub(crate) fn translate(
    connector: &dyn Connector,
    files: &[PathBuf],
    out: &mut dyn Output,
) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    for folder in files.chunk_by(|one, other| one.parent() == other.parent()) {
        let name =
            |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let names: Vec<String> = folder.iter().map(name).collect();
        for group in connector.submissions(&names) {
            let mut sources = Vec::new();
            for path in folder.iter().filter(|path| group.contains(&name(path))) {
                sources.push(SourceFile { name: name(path), bytes: Box::new(BufReader::new(File::open(path)?)) });
            }
            connector.translate(sources, out);
        }
    }
    Ok(begun.elapsed())
}

/// Keeps nothing.
#[derive(Default)]
struct Counting {
    records: u64,
}

impl Output for Counting {
    fn scope(&mut self, _: Scope) {}
    fn record(&mut self) {
        self.records += 1;
    }
    fn draft(&mut self, draft: Draft) {
        drop(std::hint::black_box(draft));
    }
    fn reject(&mut self, _: Rejection) {}
    fn whole(&mut self, _: &str) {}
}

/// Gives ids, keys and a seal to every draft, and appends it to a log that keeps nothing.
struct Sealing {
    publisher: Publisher,
    runtime: Runtime,
    waiting: Vec<Draft>,
    records: u64,
    events: u64,
}

const DRAFTS_AT_ONCE: usize = 4_096;

impl Sealing {
    fn publish(&mut self) {
        let (good, _) = self.publisher.screen(std::mem::take(&mut self.waiting), i64::MAX);
        if let Ok(published) = self.runtime.block_on(self.publisher.publish_feed(good, 1)) {
            self.events += published.events;
        }
    }
}

impl Output for Sealing {
    fn scope(&mut self, _: Scope) {}
    fn record(&mut self) {
        self.records += 1;
    }
    fn draft(&mut self, draft: Draft) {
        self.waiting.push(draft);
        if self.waiting.len() >= DRAFTS_AT_ONCE {
            self.publish();
        }
    }
    fn reject(&mut self, _: Rejection) {}
    fn whole(&mut self, _: &str) {}
}

/// A log that acknowledges everything and keeps nothing.
#[derive(Default)]
pub(crate) struct Nowhere(AtomicU64);

#[async_trait]
impl EventLog for Nowhere {
    async fn append(&self, records: Vec<Record>) -> Result<Appended, LogError> {
        let first = self.0.fetch_add(records.len() as u64, Ordering::Relaxed);
        let positions = (first..).zip(&records).map(|(offset, record)| Position {
            topic: record.topic,
            partition: record.partition,
            offset,
        });
        Ok(Appended { positions: positions.collect(), published_at_us: 1 })
    }
    async fn read(&self, _: Topic, _: Partition, _: Offset, _: usize) -> Result<Vec<StoredRecord>, LogError> {
        Ok(Vec::new())
    }
    async fn end(&self, _: Topic, _: Partition) -> Result<Offset, LogError> {
        Ok(0)
    }
    async fn grown(&self, _: &[Topic], seen: u64, _: Duration) -> Result<u64, LogError> {
        Ok(seen)
    }
}

fn parse_csv(path: &Path) -> anyhow::Result<u64> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(BufReader::new(File::open(path)?));
    let mut row = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut row)? {
        rows += u64::from(!std::hint::black_box(&row).is_empty());
    }
    Ok(rows)
}

fn parse_xml(path: &Path) -> anyhow::Result<u64> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_reader(BufReader::new(File::open(path)?));
    let (mut buffer, mut children) = (Vec::new(), 0);
    loop {
        match reader.read_event_into(&mut buffer).with_context(|| format!("`{}` is no XML", path.display()))? {
            Event::Eof => return Ok(children),
            Event::Start(tag) => children += u64::from(tag.name().as_ref() == "Child"),
            _ => {}
        }
        buffer.clear();
    }
}

/// A message begins where a line begins with its header.
fn split_frames(path: &Path) -> anyhow::Result<u64> {
    let mut bytes = Vec::new();
    BufReader::new(File::open(path)?).read_to_end(&mut bytes)?;
    let lines = bytes.split(|byte| matches!(byte, b'\r' | b'\n'));
    Ok(lines.filter(|line| line.starts_with(b"MSH")).count() as u64)
}
