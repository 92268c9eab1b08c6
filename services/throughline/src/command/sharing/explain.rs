//! `throughline sharing explain`

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use sharing::Engine;
use sharing::cases::{Account, Answer, Away, Case};

use super::rules::Rules;
use super::{cases, listed, shown};
use crate::output::{self, Usage};

/// Say why a case comes out as it does: every rung of the ladder, the facts that were used, and what would change it
///
/// Of a case by its id, or of a question that you put together by --set, or of a case with something changed. The keys are
/// those of a case (docs/CASES.md); what you leave out is as a case leaves it out.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline sharing explain C27\n  throughline sharing explain C27 --set child.s47=no\n  \
    throughline sharing explain --set principal.org=school_a --set principal.groups=safeguarding --set facts.purpose=child_protection \
    --set facts.involvement=universal --set resource.source=camhs_a --set resource.category=mental_health --set resource.labels=mental_health"
)]
pub(crate) struct Arguments {
    /// The id of a case: "C27". Without one, the question is what --set says.
    case: Option<String>,
    /// Files of cases in which to look for it, in place of those of this build.
    #[arg(long = "cases", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What stands at a key of the case: facts.consent=given. Members of a list with a comma between them.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    rules: Rules,
    /// Without what one other fact would change.
    #[arg(long)]
    brief: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let case = asked(arguments.case.as_deref(), &arguments.files, &arguments.set)?;
    let engine = arguments.rules.load()?;
    let account = case.explain(&engine);
    let away = if arguments.brief { Vec::new() } else { case.one_fact_away(&engine) };
    if arguments.json {
        output::line(&as_json(&case, &account, &away).to_string())?;
    } else {
        print(&engine, &case, &account)?;
        if !arguments.brief {
            print_away(&away)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The case of this id, or a question of nobody, with what was typed for its keys.
pub(super) fn asked(id: Option<&str>, files: &[PathBuf], set: &[String]) -> anyhow::Result<Case> {
    let base = match id {
        Some(id) => cases::of(files)?.into_iter().find(|case| case.id() == id).ok_or_else(|| {
            Usage(format!("there is no case `{id}`: `throughline sharing test --json` lists those that there are"))
        })?,
        None if set.is_empty() => {
            return Err(Usage("name a case, or put a question together by --set".to_owned()).into());
        }
        None => Case::blank(),
    };
    let pairs = set.iter().map(|pair| pair.split_once('=').ok_or_else(|| Usage("--set takes KEY=VALUE".to_owned())));
    let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
    Ok(base.with_typed(pairs).map_err(|problems| Usage(problems.join("; ")))?)
}

fn print(engine: &Engine, case: &Case, account: &Account) -> anyhow::Result<()> {
    let say = |text: String| output::line(&output::plain(&text));
    say(format!("{}  {}", case.id(), case.title()))?;
    say(format!("outcome: {}", shown(account.outcome, &account.withheld)))?;
    if let Some(reason) = account.refused {
        say(format!("refused as a whole, before any rule: {reason}"))?;
    }
    output::line("")?;
    let mut table = output::table(&["view", "answer", "rule", "says", "rests on"]);
    for rung in &account.rungs {
        let answer = match rung.answer {
            Answer::Allowed => "given",
            Answer::Stopped => "stopped",
            Answer::NothingPermits => "nothing permits it",
            Answer::NotNeeded if account.refused.is_some() => "refused",
            Answer::NotNeeded => "not asked",
        };
        let mut first = (rung.means, answer);
        if rung.rules.is_empty() {
            output::add_row(&mut table, [first.0, first.1, "", "", ""].map(str::to_owned));
        }
        for rule in &rung.rules {
            output::add_row(&mut table, [first.0, first.1, &rule.id, &rule.says, &rule.law].map(str::to_owned));
            first = ("", "");
        }
    }
    output::print(&table)?;
    if !account.facts.is_empty() {
        output::line("\nfacts used")?;
        let mut table = output::table(&["fact", "value"]);
        for (fact, value) in &account.facts {
            output::add_row(&mut table, [fact.clone(), value.clone()]);
        }
        output::print(&table)?;
    }
    output::line("")?;
    let whether = |is: bool| if is { "yes" } else { "no" };
    say(format!("breaking the glass would show more: {}", whether(account.break_glass_would_help)))?;
    say(format!("may read the record of decisions: {}", whether(account.audit_meta)))?;
    say(format!("rules: {}", hex::encode(engine.policy_hash().get(..8).unwrap_or_default())))
}

/// What one change would show: one line for each key and result.
fn print_away(away: &[Away]) -> anyhow::Result<()> {
    for (more, title) in [(true, "one fact away from more"), (false, "one fact away from less")] {
        let of: Vec<&Away> = away.iter().filter(|away| away.more == more).collect();
        output::line(&format!("\n{title}{}", if of.is_empty() { ": nothing" } else { "" }))?;
        if of.is_empty() {
            continue;
        }
        let mut table = output::table(&["if", "were", "not", "then"]);
        let mut rows: Vec<(String, Vec<String>, String, String)> = Vec::new();
        for one in of {
            let (to, from, then) = (plainly(&one.to), plainly(&one.from), shown(one.outcome, &one.withheld));
            match rows.iter_mut().find(|row| row.0 == one.key && row.3 == then) {
                Some(row) => row.1.push(to),
                None => rows.push((one.key.clone(), vec![to], from, then)),
            }
        }
        for (key, to, from, then) in rows {
            output::add_row(&mut table, [key, to.join(" or "), from, then]);
        }
        output::print(&table)?;
    }
    Ok(())
}

/// A value of a case as a person reads it.
fn plainly(value: &Value) -> String {
    match value {
        Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        Value::String(word) => word.clone(),
        Value::Null => "not said".to_owned(),
        Value::Array(members) => listed(members.iter().map(plainly)).replace(", ", "+"),
        other => other.to_string(),
    }
}

fn as_json(case: &Case, account: &Account, away: &[Away]) -> Value {
    let rungs: Vec<Value> = account
        .rungs
        .iter()
        .map(|rung| {
            let rules: Vec<Value> =
                rung.rules.iter().map(|rule| json!({ "id": rule.id, "says": rule.says, "law": rule.law })).collect();
            let answer = match rung.answer {
                Answer::Allowed => "allowed",
                Answer::Stopped => "stopped",
                Answer::NothingPermits => "nothing_permits",
                Answer::NotNeeded => "not_asked",
            };
            json!({ "view": rung.view, "answer": answer, "rules": rules })
        })
        .collect();
    let away: Vec<Value> = away
        .iter()
        .map(|one| {
            json!({ "key": one.key, "from": one.from, "to": one.to, "outcome": one.outcome, "withheld": one.withheld,
                "more": one.more })
        })
        .collect();
    let facts: serde_json::Map<String, Value> =
        account.facts.iter().map(|(fact, value)| (fact.clone(), value.clone().into())).collect();
    json!({
        "id": case.id(), "title": case.title(), "outcome": account.outcome, "withheld": account.withheld, "rungs": rungs,
        "facts": facts, "refused": account.refused, "break_glass_would_help": account.break_glass_would_help,
        "may_read_decisions": account.audit_meta, "one_fact_away": away,
    })
}
