//! The same fold as a Kafka Streams application with its RocksDB store, run on the same topics: `tests/benches/kafka-streams`.
//! Each contender is a process of its own that folds from the start, is killed (SIGKILL) two seconds after it has folded all,
//! and is started again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use event_log::Topic;
use projection::consume::Consumer;
use projection::store::{Engine, Store};
use tokio_util::sync::CancellationToken;

use crate::report::{self, Figure};
use crate::stores::{NoRefusals, options};

/// The part that is our own fold; never asked for by name.
pub(crate) const OURS: &str = "kafka-fold";
const ENGINE: &str = "FIGURES_ENGINE";
/// Longer than either takes to commit what it has folded.
const COMMITTED_BY_THEN: Duration = Duration::from_secs(2);
/// Longer than either takes for an authority of a hundred thousand children.
const FOLDED_WITHIN: Duration = Duration::from_secs(600);

/// What the figures do not say.
pub(crate) const DIFFERENCES: &str = "\
   ours opens each body, checks ids and who may say what, indexes claims, keeps row and offset in one commit and a tally of rows
   Kafka Streams opens nothing: the bytes as they came, under pseudonym and event id; at least once, commits each second, caches on
   ours ends with the rows on stable storage; RocksDB's write-ahead log is off in Kafka Streams: without a changelog a killed task
     is folded again from its committed offset, and what RocksDB had not flushed by then is lost; with one, it is restored from it
   after a kill Kafka Streams waits for the broker to miss the old member (6 s, the shortest that a broker takes); ours has no group";

/// One of those that fold.
struct Contender {
    name: &'static str,
    command: Command,
}

/// What one did.
struct Folded {
    records: u64,
    under_way: Duration,
    first_start: Duration,
    second_start: Duration,
    peak_mebibytes: f64,
}

pub(crate) fn figures(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut folded = Vec::new();
    for contender in contenders(dir)? {
        let name = contender.name;
        folded.push((name, race(contender).with_context(|| format!("`{name}` did not fold"))?));
    }
    let mut figures = Vec::new();
    let peer = folded.iter().find(|(name, _)| name.starts_with("Kafka Streams"));
    let beside = |figure: Figure, name: &str, of: fn(&Folded) -> f64| match peer {
        Some((theirs, folded)) if *theirs != name => figure.floor(*theirs, of(folded)),
        _ => figure,
    };
    for (name, one) in &folded {
        let rate = |folded: &Folded| folded.records as f64 / folded.under_way.as_secs_f64();
        let figure = Figure::new(format!("{name}: fold {} events, under way", one.records), rate(one), "events/s");
        figures.push(beside(figure, name, rate));
        let figure = Figure::new(format!("{name}: its start to all folded"), one.first_start.as_secs_f64(), "s");
        figures.push(beside(figure, name, |folded| folded.first_start.as_secs_f64()));
        let figure =
            Figure::new(format!("{name}: after kill -9, its start to all there"), one.second_start.as_secs_f64(), "s");
        figures.push(beside(figure, name, |folded| folded.second_start.as_secs_f64()));
        let figure = Figure::new(format!("{name}: peak memory"), one.peak_mebibytes, "MiB");
        figures.push(beside(figure, name, |folded| folded.peak_mebibytes));
    }
    Ok(figures)
}

fn contenders(dir: &Path) -> anyhow::Result<Vec<Contender>> {
    let house = super::house(dir)?;
    let mut contenders = Vec::new();
    for (name, engine) in [("ours on sled", Engine::Sled), ("ours on fjall", Engine::Fjall)] {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--part", OURS]).arg(dir).env(ENGINE, engine.to_string());
        contenders.push(Contender { name, command });
    }
    let Some(libraries) = peer()? else { return Ok(contenders) };
    let threads = std::thread::available_parallelism()?.to_string();
    let bootstrap = super::connection()?.bootstrap;
    for (name, changelog) in [("Kafka Streams, no changelog", "none"), ("Kafka Streams, changelog", "changelog")] {
        let mut command = Command::new("java");
        command.arg("-Xmx512m").arg("-cp").arg(libraries.join("*")).arg("throughline.figures.Fold");
        command.arg(&bootstrap).arg(house.at(&format!("streams-{changelog}"))).arg(format!("figures-{changelog}"));
        command.args([&threads, changelog]).args(Topic::EVENTS.map(Topic::name));
        contenders.push(Contender { name, command });
    }
    Ok(contenders)
}

/// Where the peer is put together, if it is.
pub(crate) fn peer() -> anyhow::Result<Option<PathBuf>> {
    let home = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/kafka-streams/home")).output()?;
    ensure!(home.status.success(), "the peer's folder is not to be found");
    let libraries = Path::new(std::str::from_utf8(&home.stdout)?.trim()).join("lib");
    Ok(Some(libraries).filter(|libraries| libraries.join("peer.jar").exists()))
}

fn race(mut contender: Contender) -> anyhow::Result<Folded> {
    let mut running = Running::start(&mut contender.command)?;
    let (records, under_way, first_start) = running.folded()?;
    std::thread::sleep(COMMITTED_BY_THEN);
    let before = running.peak_mebibytes()?;
    drop(running);
    let mut again = Running::start(&mut contender.command)?;
    let (_, _, second_start) = again.folded()?;
    let peak_mebibytes = before.max(again.peak_mebibytes()?);
    Ok(Folded { records, under_way, first_start, second_start, peak_mebibytes })
}

/// A process that folds; killed when dropped.
struct Running {
    child: Child,
    started: Instant,
}

impl Running {
    fn start(command: &mut Command) -> anyhow::Result<Self> {
        let started = Instant::now();
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
        Ok(Self { child, started })
    }

    /// Waits for `folded RECORDS MILLISECONDS`: how many, how long from its first to its last, how long from its start.
    fn folded(&mut self) -> anyhow::Result<(u64, Duration, Duration)> {
        let out = self.child.stdout.take().context("it says nothing")?;
        let (say, said) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(out).read_line(&mut line);
            // Nobody waits any more when it is too late.
            let _too_late = say.send(read.map(|_| (line, Instant::now())));
        });
        let said = said.recv_timeout(FOLDED_WITHIN);
        let (line, at) =
            said.with_context(|| format!("it had not folded all after {} s", FOLDED_WITHIN.as_secs()))??;
        let took = at - self.started;
        let mut words = line.split_whitespace();
        ensure!(words.next() == Some("folded"), "it ended before it had folded all");
        let mut number = || words.next().context("a number is missing")?.parse::<u64>().context("no number");
        Ok((number()?, Duration::from_millis(number()?.max(1)), took))
    }

    fn peak_mebibytes(&self) -> anyhow::Result<f64> {
        report::peak_mebibytes(&self.child.id().to_string())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _gone_already = self.child.wait();
    }
}

/// Our own fold: opens the store and checks it as a starting process does, and follows until it has read all. Then stays until
/// its standard input ends.
pub(crate) fn fold(dir: &Path) -> anyhow::Result<Vec<Figure>> {
    let engine: Engine = std::env::var(ENGINE)?.parse()?;
    let house = super::house(dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let log = super::log().await?;
        let store = Store::open(&house.at(&format!("fold-{engine}")), &options(engine))?.store;
        store.check()?;
        let begun = Instant::now();
        let (mut consumer, progress) = Consumer::new(log, store.clone(), house.projector(), Arc::new(NoRefusals))?;
        consumer.catch_up(&CancellationToken::new()).await?;
        store.durable()?;
        let records = progress.borrow().records;
        let mut out = std::io::stdout().lock();
        writeln!(out, "folded {records} {}", begun.elapsed().as_millis())?;
        out.flush()?;
        std::io::stdin().read_to_end(&mut Vec::new())?;
        Ok(Vec::new())
    })
}
