//! `throughline config check`

use std::process::ExitCode;

use crate::command::ConfigFile;
use crate::output;
use crate::settings::Settings;

/// Check a configuration file without starting anything
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Report every problem of the file at once; exit code 78 when there is any.
    Check(ConfigFile),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Command::Check(file) = &arguments.command;
    let settings = Settings::load(&file.config)?;
    output::line(&format!(
        "config: ok `{}`: store {}, {} connector(s), service on {}",
        file.config.display(),
        settings.store.engine,
        settings.connectors.len(),
        settings.serve.listen
    ))?;
    Ok(ExitCode::SUCCESS)
}
