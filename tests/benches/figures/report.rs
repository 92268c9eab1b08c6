//! Figures, and the table of them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// One figure, as a part says it to the process that prints.
#[derive(Serialize, Deserialize)]
pub(crate) struct Figure {
    /// What was measured, and over how much.
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// What it is measured against in the same run.
    pub(crate) floor: Option<(String, f64)>,
    pub(crate) bar: Option<Bar>,
}

/// What a figure must reach.
#[derive(Serialize, Deserialize, Clone, Copy)]
pub(crate) enum Bar {
    AtLeast(f64),
    AtMost(f64),
    /// This part of its floor.
    OfFloor(f64),
    /// So many times its floor, and no more.
    OfFloorAtMost(f64),
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &str) -> Self {
        Self { name: name.into(), value, unit: unit.to_owned(), floor: None, bar: None }
    }

    /// So many in this time, a second.
    pub(crate) fn rate(name: impl Into<String>, count: u64, took: Duration, unit: &str) -> Self {
        Self::new(name, count as f64 / took.as_secs_f64(), unit)
    }

    pub(crate) fn micros(name: impl Into<String>, took: Duration) -> Self {
        Self::new(name, took.as_secs_f64() * 1e6, "us")
    }

    pub(crate) fn floor(self, name: impl Into<String>, value: f64) -> Self {
        Self { floor: Some((name.into(), value)), ..self }
    }

    pub(crate) fn bar(self, bar: Bar) -> Self {
        Self { bar: Some(bar), ..self }
    }

    fn verdict(&self) -> String {
        let ratio = self.floor.as_ref().map(|(_, floor)| self.value / floor);
        let (met, bar) = match self.bar {
            None => return String::new(),
            Some(Bar::AtLeast(bar)) => (self.value >= bar, format!(">= {}", number(bar))),
            Some(Bar::AtMost(bar)) => (self.value <= bar, format!("<= {}", number(bar))),
            Some(Bar::OfFloorAtMost(bar)) => (ratio.is_some_and(|ratio| ratio <= bar), format!("<= {bar} of it")),
            Some(Bar::OfFloor(bar)) => (ratio.is_some_and(|ratio| ratio >= bar), format!(">= {bar} of it")),
        };
        format!("{bar} {}", if met { "met" } else { "SHORT" })
    }
}

/// The peak memory of this process so far.
pub(crate) fn peak_memory(part: &str) -> anyhow::Result<Figure> {
    Ok(Figure::new(format!("peak memory of `{part}`"), peak_mebibytes("self")?, "MiB"))
}

/// The peak memory of a process so far.
pub(crate) fn peak_mebibytes(process: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in its status")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1024.0)
}

/// The processor time that this process took so far, to a hundredth of a second.
pub(crate) fn processor_time() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, after_name) = stat.rsplit_once(')').context("no name in /proc/self/stat")?;
    let hundredths: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(hundredths * 10))
}

/// Says the figures to the process that started this one.
pub(crate) fn tell(figures: &[Figure]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for figure in figures {
        writeln!(out, "{}", serde_json::to_string(figure)?)?;
    }
    Ok(out.flush()?)
}

/// The figures that a part said.
pub(crate) fn hear(said: &[u8]) -> anyhow::Result<Vec<Figure>> {
    std::str::from_utf8(said)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

pub(crate) fn progress(part: &str, needs: &[&str]) {
    let after = if needs.is_empty() { String::new() } else { format!(" (on what {} made)", needs.join(" and ")) };
    note(&format!("measuring: {part}{after}"));
}

/// To whoever watches.
pub(crate) fn note(text: &str) {
    let _nobody_watches = writeln!(std::io::stderr(), "{text}");
}

/// Prints as it goes.
pub(crate) struct Report {
    begun: Instant,
    short: usize,
    skipped: Vec<String>,
}

impl Report {
    pub(crate) fn begin(children: u32) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism()?;
        line(&format!("figures: {children} children, {cores} cores, load {}", load()?))?;
        line(&format!(
            "{:54} {:>13} {:9} {:>40} {:>7}  {}",
            "figure", "measured", "unit", "floor in the same run", "ratio", "bar"
        ))?;
        Ok(Self { begun: Instant::now(), short: 0, skipped: Vec::new() })
    }

    pub(crate) fn add(&mut self, part: &str, figures: Vec<Figure>) -> anyhow::Result<()> {
        line(&format!("-- {part}, load {}", load()?))?;
        for figure in figures {
            let (floor, ratio) = match &figure.floor {
                Some((name, value)) => (format!("{name} {}", number(*value)), format!("{:.2}", figure.value / value)),
                None => (String::new(), String::new()),
            };
            let verdict = figure.verdict();
            self.short += usize::from(verdict.ends_with("SHORT"));
            line(&format!(
                "{:54} {:>13} {:9} {floor:>40} {ratio:>7}  {verdict}",
                figure.name,
                number(figure.value),
                figure.unit
            ))?;
        }
        Ok(())
    }

    /// Notes what is left out, and why: the end says it again, where nobody can miss it.
    pub(crate) fn skip(&mut self, what: &str, why: &str) {
        note(&format!("NOT MEASURED: {what}: {why}"));
        self.skipped.push(format!("** NOT MEASURED: {what}: {why}"));
    }

    pub(crate) fn end(self) -> anyhow::Result<()> {
        let took = self.begun.elapsed().as_secs();
        self.skipped.iter().try_for_each(|skipped| line(skipped))?;
        let (short, skipped) = (self.short, self.skipped.len());
        line(&format!("bench: ok seconds={took} short_of_their_bar={short} not_measured={skipped} load={}", load()?))
    }
}

/// A line of the report that is no figure.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    line(text)
}

fn line(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{}", text.trim_end())?)
}

/// Processes that wanted a core over the last one, five and fifteen minutes.
fn load() -> anyhow::Result<String> {
    let load = std::fs::read_to_string("/proc/loadavg")?;
    Ok(load.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

/// Three figures that matter, thousands apart.
fn number(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut spaced = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            spaced.push(' ');
        }
        let _written_to_memory = write!(spaced, "{digit}");
    }
    spaced
}

/// The value below which this part of the sorted values lies.
pub(crate) fn percentile(sorted: &[Duration], part: f64) -> Duration {
    let at = (sorted.len() as f64 * part) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}
