//! `throughline sharing mutate`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;
use sharing::cases::{Case, Noticing};
use sharing::{Change, Engine, Mutant};

use super::cases;
use super::rules::Rules;
use crate::output::{self, Usage};

/// Take each rule away in turn, and say which cases notice
///
/// A rule that no case misses is a rule that nobody has tested. With --conditions every condition of every rule is dropped and
/// then negated in place of that, which is the harder test; only those that no case noticed are listed. Progress is shown on
/// standard error.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline sharing mutate\n  throughline sharing mutate --conditions --rule R05\n  \
    throughline sharing mutate my-cases.jsonl --rules my-rules/ --json"
)]
pub(crate) struct Arguments {
    /// Files of cases, in place of those of this build.
    files: Vec<PathBuf>,
    #[command(flatten)]
    rules: Rules,
    /// Drop and negate each condition of each rule.
    #[arg(long)]
    conditions: bool,
    /// Only rules whose id begins so: R05.
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    /// One JSON object a change.
    #[arg(long)]
    json: bool,
}

/// How many cases are named.
const NAMED_MAX: usize = 8;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let cases = cases::of(&arguments.files)?;
    let mut engine = arguments.rules.load()?;
    let mut mutants = if arguments.conditions { engine.condition_mutants()? } else { engine.removals() };
    let wanted = |id: &str| arguments.rule.is_empty() || arguments.rule.iter().any(|of| id.starts_with(of.as_str()));
    mutants.retain(|mutant| wanted(&mutant.rule));
    if mutants.is_empty() {
        return Err(Usage("no rule has such an id".to_owned()).into());
    }
    let noticing = Noticing::of(&mut engine, &cases);
    // A survivor is all that is asked of a condition; of a rule, who would miss it.
    let max = if arguments.conditions { 1 } else { cases.len() };
    let noticed = on_all_cores(arguments, &noticing, &mutants, max)?;
    let mut table = output::table(if arguments.conditions {
        &["rule", "condition", "nobody notices when it is"]
    } else {
        &["rule", "missed by", "cases"]
    });
    let mut unnoticed = 0;
    for (mutant, by) in mutants.iter().zip(&noticed) {
        unnoticed += usize::from(by.is_empty());
        if arguments.json {
            output::line(&as_json(mutant, by).to_string())?;
        } else if !arguments.conditions {
            output::add_row(&mut table, [mutant.rule.clone(), by.len().to_string(), named(by)]);
        } else if by.is_empty() {
            output::add_row(&mut table, [mutant.rule.clone(), mutant.condition.clone(), done(mutant).to_owned()]);
        }
    }
    if !arguments.json {
        if !arguments.conditions || unnoticed > 0 {
            output::print(&table)?;
        }
        let (total, cases) = (mutants.len(), noticing.len());
        output::line(&format!(
            "sharing mutate: changes={total} noticed={} unnoticed={unnoticed} cases={cases}",
            total - unnoticed
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Of each mutant, the cases that notice: each core with rules of its own.
fn on_all_cores<'c>(
    arguments: &Arguments,
    noticing: &Noticing<'c>,
    mutants: &[Mutant],
    max: usize,
) -> anyhow::Result<Vec<Vec<&'c Case>>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(mutants.len());
    let bar = output::progress(u64::try_from(mutants.len())?, "rules changed");
    let work = |core: usize| -> anyhow::Result<Vec<(usize, Vec<&'c Case>)>> {
        let mut engine: Engine = arguments.rules.load()?;
        let mine = mutants.iter().enumerate().skip(core).step_by(cores);
        let noticed = mine.map(|(index, mutant)| {
            let by = noticing.by(&mut engine, mutant, max)?;
            bar.inc(1);
            Ok((index, by))
        });
        noticed.collect()
    };
    let mut all = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..cores).map(|core| scope.spawn(move || work(core))).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| anyhow!("a thread ended by itself"))??);
        }
        anyhow::Ok(all)
    })?;
    bar.finish_and_clear();
    all.sort_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, by)| by).collect())
}

fn named(by: &[&Case]) -> String {
    let ids: Vec<&str> = by.iter().take(NAMED_MAX).map(|case| case.id()).collect();
    let more = by.len().saturating_sub(NAMED_MAX);
    match (ids.is_empty(), more) {
        (true, _) => "nobody".to_owned(),
        (_, 0) => ids.join(" "),
        _ => format!("{} and {more} more", ids.join(" ")),
    }
}

fn done(mutant: &Mutant) -> &'static str {
    match mutant.change {
        Change::Removed => "removed",
        Change::Dropped => "dropped",
        Change::Negated => "negated",
    }
}

fn as_json(mutant: &Mutant, by: &[&Case]) -> serde_json::Value {
    let ids: Vec<&str> = by.iter().map(|case| case.id()).collect();
    serde_json::json!({ "rule": mutant.rule, "change": done(mutant), "condition": mutant.condition, "noticed_by": ids })
}
