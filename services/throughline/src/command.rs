//! The subcommands, a file each.

mod asking;
mod audit;
mod backup;
mod break_glass;
mod config;
mod connect;
mod cpis;
mod dev;
mod disclosures;
mod erasure;
mod explain;
mod facts;
mod family;
mod generate;
mod identity;
mod involvement;
mod keys;
mod log;
mod mapping;
mod notices;
mod numbers;
mod quarantine;
mod rebuild;
mod refusal;
mod restore;
mod retention;
mod serve;
mod sharing;
mod status;
mod submission;
mod timeline;
mod topics;
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
    after_help = "To try it out: `make demo`; or `throughline generate`, `throughline dev init`, `throughline up`, `throughline timeline --help`.\n\n\
    Exit codes: 0 done; 1 failed; 2 the command line is wrong; 3 refused; 4 a verification found a difference; 78 the configuration is wrong."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What each does stands on its own arguments.
#[derive(Subcommand, Debug)]
enum Command {
    Up(up::Arguments),
    Serve(serve::Arguments),
    Connect(connect::Arguments),
    Generate(generate::Arguments),
    Translate(translate::Arguments),
    Mapping(mapping::Arguments),
    Timeline(timeline::Arguments),
    Involvement(involvement::Arguments),
    Family(family::Arguments),
    Numbers(numbers::Arguments),
    Explain(explain::Arguments),
    Facts(facts::Arguments),
    BreakGlass(break_glass::Arguments),
    Refusal(refusal::Arguments),
    Notices(notices::Arguments),
    Sharing(sharing::Arguments),
    Quarantine(quarantine::Arguments),
    Disclosures(disclosures::Arguments),
    Status(status::Arguments),
    Submission(submission::Arguments),
    Cpis(cpis::Arguments),
    Keys(keys::Arguments),
    Topics(topics::Arguments),
    Log(log::Arguments),
    Rebuild(rebuild::Arguments),
    Verify(verify::Arguments),
    Audit(audit::Arguments),
    Erasure(erasure::Arguments),
    Backup(backup::Arguments),
    Restore(restore::Arguments),
    Retention(retention::Arguments),
    Identity(identity::Arguments),
    Dev(dev::Arguments),
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
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Connect(arguments) => connect::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Translate(arguments) => translate::run(&arguments),
        Command::Mapping(arguments) => mapping::run(&arguments),
        Command::Timeline(arguments) => timeline::run(&arguments),
        Command::Involvement(arguments) => involvement::run(&arguments),
        Command::Family(arguments) => family::run(&arguments),
        Command::Numbers(arguments) => numbers::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Facts(arguments) => facts::run(&arguments),
        Command::BreakGlass(arguments) => break_glass::run(&arguments),
        Command::Refusal(arguments) => refusal::run(&arguments),
        Command::Notices(arguments) => notices::run(&arguments),
        Command::Sharing(arguments) => sharing::run(&arguments),
        Command::Quarantine(arguments) => quarantine::run(&arguments),
        Command::Disclosures(arguments) => disclosures::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Submission(arguments) => submission::run(&arguments),
        Command::Cpis(arguments) => cpis::run(&arguments),
        Command::Keys(arguments) => keys::run(&arguments),
        Command::Topics(arguments) => topics::run(&arguments),
        Command::Log(arguments) => log::run(&arguments),
        Command::Rebuild(arguments) => rebuild::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Erasure(arguments) => erasure::run(&arguments),
        Command::Backup(arguments) => backup::run(&arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Retention(arguments) => retention::run(&arguments),
        Command::Identity(arguments) => identity::run(&arguments),
        Command::Dev(arguments) => dev::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
    }
}

/// A runtime for a command that talks to the running process.
pub(crate) fn block_on<T>(task: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(task)
}
