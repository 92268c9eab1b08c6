//! The figures of the backbone, each beside its floor, in one run: `make bench`, or
//! `cargo bench -p tests --bench figures -- [--children N] [--quick] [--only NAME] [--events N] [--bytes N]
//! [--connector NAME]`, of which the last are of the ledger's log (10000000 for the published bar), of the input of which memory is
//! measured, and of the one connector of which it is.
//!
//! Real parts only: an invented authority's files, the embedded log on disk, both store engines, gRPC over TLS. Each part
//! is a process of its own, so that its peak memory is its own too.

mod append;
mod decide;
mod echo;
mod hidden;
mod house;
mod identity;
mod intake;
mod kafka;
mod ledger;
mod memory;
mod people;
mod reads;
mod replay;
mod report;
mod snapshot;
mod stores;
mod translate;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use broker::Cluster;
use projection::store::Engine;

use report::{Figure, Report};

const CHILDREN: u32 = 10_000;
const CHILDREN_QUICK: u32 = 500;

/// A part that takes longer is stuck.
const PART_WITHIN: Duration = Duration::from_secs(2 * 60 * 60);

/// What was asked for on the command line.
struct Arguments {
    children: u32,
    /// Runs one part, in this folder, and says its figures as lines of JSON.
    part: Option<(String, PathBuf)>,
    only: Option<String>,
    /// Events of the ledger's log.
    events: Option<u64>,
    /// Of the larger input of which memory is measured.
    bytes: Option<u64>,
    /// Of which alone memory is measured.
    connector: Option<String>,
}

fn arguments() -> anyhow::Result<Arguments> {
    let mut parsed =
        Arguments { children: CHILDREN, part: None, only: None, events: None, bytes: None, connector: None };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        let mut value = || given.next().with_context(|| format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--children" => parsed.children = value()?.parse().context("`--children` must be a number")?,
            "--quick" => parsed.children = CHILDREN_QUICK,
            "--only" => parsed.only = Some(value()?),
            "--events" => parsed.events = Some(value()?.parse().context("`--events` must be a number")?),
            "--bytes" => parsed.bytes = Some(value()?.parse().context("`--bytes` must be a number")?),
            "--connector" => parsed.connector = Some(value()?),
            "--part" => parsed.part = Some((value()?, PathBuf::from(value()?))),
            // Cargo's own.
            "--bench" => {}
            other => anyhow::bail!(
                "there is no `{other}`: --children N, --quick, --only NAME, --events N, --bytes N, --connector NAME"
            ),
        }
    }
    Ok(parsed)
}

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let arguments = arguments()?;
    if let Some((part, dir)) = &arguments.part {
        end_in_time(part.clone());
        let mut figures = run(part, dir, &arguments)?;
        figures.push(report::peak_memory(part)?);
        return report::tell(&figures);
    }
    let dir = tempfile::Builder::new().prefix("throughline-bench-").tempdir()?;
    let mut report = Report::begin(arguments.children)?;
    let wanted = |name: &str| arguments.only.as_ref().is_none_or(|only| name.starts_with(only.as_str()));
    let broker = if PARTS.iter().any(|(part, _)| part.starts_with(kafka::PARTS) && wanted(part)) {
        kafka::broker()?
    } else {
        None
    };
    for (part, needs) in PARTS {
        let needed = PARTS.iter().any(|(other, needs)| wanted(other) && needs.contains(&part));
        if !(wanted(part) || needed) {
            continue;
        }
        if part.starts_with(kafka::PARTS) && broker.is_none() {
            report.skip(part, "no Apache Kafka could be started; `deploy/kafka/setup` says what is missing");
            continue;
        }
        report.add(part, in_a_process(part, needs, dir.path(), &arguments, broker.as_ref())?)?;
        if part == "kafka-streams" {
            match kafka::streams::peer()? {
                Some(_) => report::say(kafka::streams::DIFFERENCES)?,
                None => report.skip("Kafka Streams", "`tests/benches/kafka-streams/setup` says what is missing"),
            }
        }
    }
    report.end()
}

/// Every part, with those that must have run before it.
const PARTS: [(&str, &[&str]); 28] = [
    ("generate", &[]),
    ("translate", &["generate"]),
    ("snapshot", &[]),
    ("memory", &[]),
    ("append", &[]),
    ("ingest", &["generate"]),
    ("commit-sled", &["generate", "ingest"]),
    ("rebuild-sled", &["generate", "ingest"]),
    ("commit-fjall", &["generate", "ingest"]),
    ("rebuild-fjall", &["generate", "ingest"]),
    ("read-sled", &["generate", "ingest", "rebuild-sled"]),
    ("read-fjall", &["generate", "ingest", "rebuild-fjall"]),
    // Of what the reads before it put on record.
    ("replay", &["generate", "ingest", "rebuild-fjall", "read-fjall"]),
    ("decide", &[]),
    ("hidden", &[]),
    ("ledger", &[]),
    ("identity-small", &[]),
    ("identity-middle", &[]),
    ("identity-large", &[]),
    ("identity-batch", &[]),
    ("kafka-append", &[]),
    ("kafka-withdrawal", &[]),
    ("kafka-publish", &["generate"]),
    ("kafka-rebuild-sled", &["generate", "kafka-publish"]),
    ("kafka-rebuild-fjall", &["generate", "kafka-publish"]),
    ("kafka-streams", &["generate", "kafka-publish"]),
    ("kafka-read", &["generate", "kafka-publish", "kafka-rebuild-fjall"]),
    // Last: it adds to the log.
    ("kafka-latency", &["generate", "kafka-publish", "kafka-rebuild-fjall"]),
];

fn run(part: &str, dir: &Path, arguments: &Arguments) -> anyhow::Result<Vec<Figure>> {
    let Arguments { children, events, bytes, ref connector, .. } = *arguments;
    match part {
        "generate" => house::generate(dir, children),
        "translate" => translate::figures(dir),
        "snapshot" => snapshot::figures(dir, children),
        "memory" => memory::figures(dir, bytes, connector.as_deref(), children <= CHILDREN_QUICK),
        "append" => append::figures(dir),
        "ingest" => intake::figures(dir, children),
        "commit-sled" => stores::commit(dir, Engine::Sled, children),
        "commit-fjall" => stores::commit(dir, Engine::Fjall, children),
        "rebuild-sled" => stores::rebuild(dir, Engine::Sled, children),
        "rebuild-fjall" => stores::rebuild(dir, Engine::Fjall, children),
        "read-sled" => reads::figures(dir, Engine::Sled),
        "read-fjall" => reads::figures(dir, Engine::Fjall),
        "replay" => replay::figures(dir),
        "decide" => decide::figures(),
        "hidden" => hidden::figures(dir),
        "ledger" => self::ledger::figures(dir, events, children <= CHILDREN_QUICK),
        "identity-batch" => identity::batch(children),
        size if size.starts_with("identity-") => identity::one_record(size, children),
        "kafka-append" => kafka::append::figures(),
        "kafka-withdrawal" => kafka::withdrawal::figures(dir),
        "kafka-publish" => kafka::publish::figures(dir),
        "kafka-rebuild-sled" => kafka::rebuild::figures(dir, Engine::Sled),
        "kafka-rebuild-fjall" => kafka::rebuild::figures(dir, Engine::Fjall),
        "kafka-latency" => kafka::latency::figures(dir),
        "kafka-read" => kafka::nodes::figures(dir),
        "kafka-streams" => kafka::streams::figures(dir),
        kafka::streams::OURS => kafka::streams::fold(dir),
        other if other.starts_with(memory::ONE) => memory::one(dir, other.trim_start_matches(memory::ONE)),
        other => anyhow::bail!("there is no part `{other}`"),
    }
}

/// Ends the process of a part that is stuck, and says so: nobody waits for it forever.
fn end_in_time(part: String) {
    std::thread::spawn(move || {
        std::thread::sleep(PART_WITHIN);
        report::note(&format!("the part `{part}` is not done after {} s, and is ended", PART_WITHIN.as_secs()));
        std::process::exit(1);
    });
}

fn in_a_process(
    part: &str,
    needs: &[&str],
    dir: &Path,
    arguments: &Arguments,
    broker: Option<&Cluster>,
) -> anyhow::Result<Vec<Figure>> {
    report::progress(part, needs);
    let events = arguments.events.map(|events| ["--events".to_owned(), events.to_string()]);
    let bytes = arguments.bytes.map(|bytes| ["--bytes".to_owned(), bytes.to_string()]);
    let connector = arguments.connector.clone().map(|name| ["--connector".to_owned(), name]);
    let output = Command::new(std::env::current_exe()?)
        .args(events.into_iter().chain(bytes).chain(connector).flatten())
        .args(["--children", &arguments.children.to_string(), "--part", part])
        .arg(dir)
        .envs(broker.map(|broker| (kafka::BOOTSTRAP, broker.bootstrap())))
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the part `{part}` failed");
    report::hear(&output.stdout)
}
