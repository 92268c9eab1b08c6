//! `throughline sharing`: the rules, for the information-governance lead.

mod approve;
mod cases;
mod diff;
mod explain;
mod mutate;
pub(super) mod page;
mod prove;
mod rules;
mod simulate;
mod test;
mod who_can_see;

use std::process::ExitCode;

/// Read, test and change the sharing rules: what they decide, why, and what another set would
///
/// For the information-governance lead. The rules are Cedar (share.cedar); the cases that say what they must do are one
/// situation a line, and docs/CASES.md says how to read and write one. None of this touches a log but where it says so.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  throughline sharing test my-cases.jsonl\n  throughline sharing explain C27\n  \
    throughline sharing mutate\n  throughline sharing diff built-in my-rules/")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    Test(test::Arguments),
    Explain(explain::Arguments),
    WhoCanSee(who_can_see::Arguments),
    Diff(diff::Arguments),
    Simulate(simulate::Arguments),
    Mutate(mutate::Arguments),
    Prove(prove::Arguments),
    Approve(approve::Approve),
    Withdraw(approve::Withdraw),
    Approvals(approve::Approvals),
    Page(page::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Test(arguments) => test::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::WhoCanSee(arguments) => who_can_see::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Page(arguments) => page::run(arguments),
        Command::Mutate(arguments) => mutate::run(arguments),
        Command::Prove(arguments) => prove::run(arguments),
        Command::Approve(arguments) => approve::approve(arguments),
        Command::Withdraw(arguments) => approve::withdraw(arguments),
        Command::Approvals(arguments) => approve::approvals(arguments),
    }
}

/// Words as a person reads them.
fn listed<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

/// How much somebody gets, with what is taken out: "redacted (location)".
fn shown(outcome: &str, withheld: &[&str]) -> String {
    if withheld.is_empty() { outcome.to_owned() } else { format!("{outcome} ({})", withheld.join(", ")) }
}
