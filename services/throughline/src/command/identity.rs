//! `throughline identity`

mod authority;
mod evaluate;
mod labelled;
mod parameters;
mod report;
pub(super) mod review;

use std::process::ExitCode;

use clap::Subcommand;

/// Which records are of one child: what waits for a person, decisions, and how well the linker does
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Queue(review::queue::Arguments),
    Show(review::show::Arguments),
    Link(review::decide::Link),
    Unlink(review::decide::Unlink),
    Leave(review::decide::Leave),
    Supersede(review::decide::Supersede),
    Disclosures(review::disclosures::Arguments),
    Statistics(review::statistics::Arguments),
    Report(report::Arguments),
    Estimate(parameters::Estimate),
    Adopt(parameters::Adopt),
    Parameters(parameters::List),
    Evaluate(evaluate::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Queue(arguments) => review::queue::run(arguments),
        Command::Show(arguments) => review::show::run(arguments),
        Command::Link(arguments) => review::decide::link(arguments),
        Command::Unlink(arguments) => review::decide::unlink(arguments),
        Command::Leave(arguments) => review::decide::leave(arguments),
        Command::Supersede(arguments) => review::decide::supersede(arguments),
        Command::Disclosures(arguments) => review::disclosures::run(arguments),
        Command::Statistics(arguments) => review::statistics::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Estimate(arguments) => parameters::estimate(arguments),
        Command::Adopt(arguments) => parameters::adopt(arguments),
        Command::Parameters(arguments) => parameters::list(arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments),
    }
}
