//! `throughline sharing test`

use std::path::PathBuf;
use std::process::ExitCode;

use sharing::Engine;
use sharing::cases::{Case, Verdict};

use super::cases;
use super::rules::Rules;
use crate::output::{self, FAILED};

/// Put cases to the rules, and say which come out otherwise than they say, and why
///
/// Without a file: every case of this build. Each failure is printed with what was expected beside what came, the rules that
/// decided, and the facts that those rules read. The last line is `sharing: N passed, N failed`; the exit code is 1 where one
/// failed.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  throughline sharing test\n  throughline sharing test my-cases.jsonl more.csv\n  \
    throughline sharing test my-cases.jsonl --rules my-rules/\n  grep R05 my-cases.jsonl | throughline sharing test -")]
pub(crate) struct Arguments {
    /// Files of cases: one JSON object a line, or a sheet where the name ends in .csv; - for standard input.
    files: Vec<PathBuf>,
    #[command(flatten)]
    rules: Rules,
    /// One JSON object a case, then one with the counts.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let cases = cases::of(&arguments.files)?;
    let engine = arguments.rules.load()?;
    let (mut passed, mut failed) = (0, 0);
    for case in &cases {
        let verdict = case.judge(&engine);
        if verdict.passed() {
            passed += 1;
        } else {
            failed += 1;
        }
        if arguments.json {
            output::line(&as_json(&engine, case, &verdict).to_string())?;
        } else if !verdict.passed() {
            print(&engine, case, &verdict)?;
        }
    }
    if arguments.json {
        output::line(&serde_json::json!({ "passed": passed, "failed": failed }).to_string())?;
    } else {
        output::line(&format!("sharing: {passed} passed, {failed} failed"))?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn print(engine: &Engine, case: &Case, verdict: &Verdict) -> anyhow::Result<()> {
    let say = |text: String| output::line(&output::plain(&text));
    say(format!("{}  {}", case.id(), case.title()))?;
    for failure in &verdict.failures {
        say(format!("  {}: expected {}, came {}", failure.key, failure.expected, failure.came))?;
    }
    let account = case.explain(engine);
    for rung in &account.rungs {
        for rule in &rung.rules {
            let did = if rung.answer == sharing::cases::Answer::Allowed { "allowed" } else { "stopped" };
            say(format!("  {did} {}: {} {} ({})", rung.means, rule.id, rule.says, rule.law))?;
        }
    }
    if verdict.rules.is_empty() {
        say("  no rule decided: nothing permits it".to_owned())?;
    }
    if let Some(reason) = account.refused {
        say(format!("  the request was refused as a whole: {reason}"))?;
    }
    let facts: Vec<String> = account.facts.iter().map(|(fact, value)| format!("{fact}={value}")).collect();
    if !facts.is_empty() {
        say(format!("  facts used: {}", facts.join(" ")))?;
    }
    say(format!("  the case says why: {}", case.why()))?;
    output::line("")
}

fn as_json(engine: &Engine, case: &Case, verdict: &Verdict) -> serde_json::Value {
    let failures: Vec<_> = verdict
        .failures
        .iter()
        .map(|failure| serde_json::json!({ "key": failure.key, "expected": failure.expected, "came": failure.came }))
        .collect();
    let facts: serde_json::Map<String, serde_json::Value> = if failures.is_empty() {
        serde_json::Map::new()
    } else {
        case.explain(engine).facts.into_iter().map(|(fact, value)| (fact, value.into())).collect()
    };
    serde_json::json!({
        "id": case.id(), "title": case.title(), "passed": verdict.passed(), "failures": failures,
        "rules": verdict.rules, "facts": facts, "why": case.why(),
    })
}
