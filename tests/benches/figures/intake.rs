//! From dropped files to the log, as a running process takes them in, and with the facts that a person records.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use connector_kit::differ::Baselines;
use connector_kit::drop_folder::{DropFolder, Options};
use connector_kit::publish::Publisher;
use event_log::authority::COMMAND;
use event_log::{EventLog, Partition, Topic};
use projection::command::Commands;
use projection::own_records::OwnRecords;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind};
use proto::admin::Fact;
use proto::events::{Date, Event, Scheme, Subject};
use serde::Deserialize;

use crate::house::{self, HUB, House, bytes_under};
use crate::people;
use crate::report::Figure;

const FACTS_AT_ONCE: usize = 500;

pub(crate) fn figures(dir: &Path, children: u32) -> anyhow::Result<Vec<Figure>> {
    let house = House::open(dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(fill(&house, children))
}

async fn fill(house: &House, children: u32) -> anyhow::Result<Vec<Figure>> {
    let embedded = house.log()?;
    let log: Arc<dyn EventLog> = embedded.clone();
    let mut figures = Vec::new();
    for (source, events, took) in take_in(house, &log).await? {
        let name = format!("{source}: dropped file to acknowledged, {events} events");
        figures.push(Figure::rate(name, events, took, "events/s"));
    }
    let mut events = 0;
    for (topic, partition) in Topic::EVENTS.into_iter().flat_map(|t| Partition::all().map(move |p| (t, p))) {
        events += embedded.end(topic, partition).await?;
    }
    embedded.close().await;
    let bytes = bytes_under(&house.at("log"))? as f64;
    figures.push(Figure::new(format!("log on disk, {events} events"), bytes / f64::from(children), "B/child"));
    figures.push(Figure::new("log on disk", bytes / events as f64, "B/event"));
    Ok(figures)
}

/// Puts the whole authority on a log: each connector's events with how long it took, then facts and the child that is read.
pub(crate) async fn take_in(
    house: &House,
    log: &Arc<dyn EventLog>,
) -> anyhow::Result<Vec<(&'static str, u64, Duration)>> {
    let mut taken = Vec::new();
    for connector in house::connectors() {
        let source = connector.descriptor().name;
        let publisher = Publisher::open(
            Arc::clone(log),
            House::key(),
            Arc::clone(&house.wrapping),
            house::credentials(),
            connector.descriptor(),
        )
        .await?;
        let baselines = Baselines::open(&house.at("baselines").join(source), House::key())?;
        let options = Options::of(&house.at("drop").join(source));
        let root = options.root.clone();
        let wrapping = Arc::clone(&house.wrapping);
        let mut folder =
            DropFolder::open(connector, publisher.into(), Arc::clone(log), wrapping, baselines, options).await?;
        let begun = Instant::now();
        for files in folders(&house.files(source))? {
            drop_files(&files, &root.join("incoming"))?;
            folder.drain_once(1_760_000_000_000_000).await?;
        }
        let events = folder.counts().events.load(Ordering::Relaxed);
        ensure!(events > 0, "`{source}` gave no events");
        taken.push((source, events, begun.elapsed()));
    }
    let own =
        OwnRecords::open(Arc::clone(log), Arc::clone(&house.pseudonyms), Arc::clone(&house.wrapping), HUB, COMMAND);
    let commands = Commands::new(own.await?);
    let facts = facts(&house.files("facts.jsonl"))?;
    for part in facts.chunks(FACTS_AT_ONCE) {
        commands.record(part.to_vec(), 1_760_000_000_000_000, people::TODAY).await?;
    }
    people::record(house, log, &commands).await?;
    Ok(taken)
}

/// The folders that hold files, in order: each is one delivery.
fn folders(dir: &Path) -> anyhow::Result<Vec<Vec<PathBuf>>> {
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        entries.push(entry?.path());
    }
    entries.sort();
    let (below, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.into_iter().partition(|path| path.is_dir());
    let mut folders = if files.is_empty() { Vec::new() } else { vec![files] };
    for folder in below {
        folders.extend(self::folders(&folder)?);
    }
    Ok(folders)
}

/// A link to each file, so that what is dropped is not what was generated.
fn drop_files(files: &[PathBuf], incoming: &Path) -> anyhow::Result<()> {
    for file in files {
        std::fs::hard_link(file, incoming.join(file.file_name().context("a file without a name")?))?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Line {
    subject: SubjectLine,
    kind: String,
    fields: serde_json::Value,
    #[serde(default)]
    sealed: Vec<SubjectLine>,
}

#[derive(Deserialize)]
struct SubjectLine {
    scheme: String,
    issuer: String,
    value: String,
}

impl SubjectLine {
    fn subject(&self) -> anyhow::Result<Subject> {
        let scheme = Scheme::from_str_name(&format!("SCHEME_{}", self.scheme)).context("a scheme that there is not")?;
        Ok(Subject { scheme: scheme.into(), issuer: self.issuer.clone(), value: self.value.clone() })
    }
}

/// The facts that the authority's people would record.
fn facts(path: &Path) -> anyhow::Result<Vec<Fact>> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS)?;
    let event = pool.get_message_by_name("throughline.events.v1.Event").context("the contract has no events")?;
    let mut facts = Vec::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let line: Line = serde_json::from_str(line)?;
        let field = event
            .fields()
            .find(|field| matches!(field.kind(), Kind::Message(message) if message.name() == line.kind))
            .context("a kind that there is not")?;
        let Kind::Message(kind) = field.kind() else { anyhow::bail!("the kind is no message") };
        let message = DynamicMessage::deserialize(kind, line.fields)?;
        let mut built = DynamicMessage::new(event.clone());
        built.set_field(&field, prost_reflect::Value::Message(message));
        let bytes = prost::Message::encode_to_vec(&built);
        let event: Event = prost::Message::decode(bytes.as_slice())?;
        facts.push(Fact {
            subject: Some(line.subject.subject()?),
            event: Some(event),
            sealed: line.sealed.iter().map(SubjectLine::subject).collect::<anyhow::Result<_>>()?,
            effective_on: None::<Date>,
        });
    }
    Ok(facts)
}
