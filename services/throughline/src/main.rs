//! One binary, many processes: composition and subcommands only.

mod admin_client;
mod command;
mod connectors;
mod output;
mod process;
mod reader;
mod settings;
mod vault;

use std::process::ExitCode;

use clap::Parser;

/// Records are made of many small pieces, taken in one thread and let go in another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = command::Arguments::parse();
    match command::run(arguments) {
        Ok(code) => code,
        Err(error) => output::failed(&error),
    }
}
