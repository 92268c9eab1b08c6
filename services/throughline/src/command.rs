//! The subcommands, a file each.

mod config;
mod dev;
mod disclosures;
mod facts;
mod generate;
mod quarantine;
mod rebuild;
mod status;
mod timeline;
mod translate;
mod up;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// One child, one timeline, every disclosure accounted for.
///
/// Throughline reads records from education, social care and health systems, keeps them as sealed events on a log, folds
/// them into one timeline a child, and gives each reader what the sharing rules permit. Every answer is on the log before
/// it is given.
#[derive(Parser, Debug)]
#[command(
    name = "throughline",
    version,
    after_help = "To try it out: `throughline dev init`, `throughline generate`, `throughline up`, then `throughline timeline --help`.\n\n\
    Exit codes: 0 done; 1 failed; 2 the command line is wrong; 3 refused; 4 a verification found a difference; 78 the configuration is wrong."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run everything in one process: connectors, log, projection and service.
    Up(up::Arguments),
    /// Invent an authority's records, in every source's real format.
    Generate(generate::Arguments),
    /// Show what a file or folder would become, without publishing anything.
    Translate(translate::Arguments),
    /// Ask the running service for a child's timeline, as one reader.
    Timeline(timeline::Arguments),
    /// Record facts that the sharing rules read: organisations, agreements, consents, restrictions, links.
    Facts(facts::Arguments),
    /// Look at records that could not be translated.
    Quarantine(quarantine::Arguments),
    /// List the disclosures on record: who asked, for what, and how much was released.
    Disclosures(disclosures::Arguments),
    /// Say where the running process stands.
    Status(status::Arguments),
    /// Make the store again from the log, of a stopped process.
    Rebuild(rebuild::Arguments),
    /// Check the log and prove that the store is what the log gives, of a stopped process.
    Verify(verify::Arguments),
    /// Set up a local authority, certificates and tokens for trying it out.
    Dev(dev::Arguments),
    /// Check a configuration file.
    Config(config::Arguments),
}

/// Which configuration a command goes by.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct ConfigFile {
    /// The configuration file.
    #[arg(long, short, default_value = "throughline.toml")]
    pub(crate) config: PathBuf,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Up(arguments) => up::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Translate(arguments) => translate::run(&arguments),
        Command::Timeline(arguments) => timeline::run(&arguments),
        Command::Facts(arguments) => facts::run(&arguments),
        Command::Quarantine(arguments) => quarantine::run(&arguments),
        Command::Disclosures(arguments) => disclosures::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Rebuild(arguments) => rebuild::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Dev(arguments) => dev::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
    }
}

/// A runtime for a command that talks to the running process.
pub(crate) fn block_on<T>(task: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(task)
}
