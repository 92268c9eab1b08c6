//! `throughline identity`

mod evaluate;
mod labelled;

use std::process::ExitCode;

use clap::Subcommand;

/// Try the linker on records of which it is known whose they are
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Evaluate(evaluate::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Evaluate(arguments) => evaluate::run(arguments),
    }
}
