//! `throughline config check`

use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::command::ConfigFile;
use crate::output;
use crate::settings::{LogSettings, Purpose, Settings};

/// Check a configuration file without starting anything
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Report every problem of the file at once; exit code 78 when there is any.
    Check {
        #[command(flatten)]
        file: ConfigFile,
        /// Which process the file is for. Without it: `up` on the embedded log; on Kafka, whatever the file has a section for.
        #[arg(long = "for", value_enum, value_name = "PROCESS")]
        process: Option<Process>,
    },
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Process {
    /// `throughline up`
    Up,
    /// `throughline serve`
    Serve,
    /// `throughline connect NAME`, of each connector in the file
    Connect,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Command::Check { file, process } = &arguments.command;
    let file = file.config.as_path();
    let settings = Settings::load(file)?;
    let processes = match process {
        Some(process) => vec![*process],
        None if settings.log == LogSettings::Embedded => vec![Process::Up],
        None => of_sections(&settings),
    };
    let mut said = Vec::new();
    for process in processes {
        said.extend(check(file, process, &settings)?);
    }
    anyhow::ensure!(
        !said.is_empty(),
        "`{}` has neither [serve] nor [connectors.NAME]: nothing would run",
        file.display()
    );
    for connector in &settings.connectors {
        if connector.drop_folder.is_some() && connector.keep_done.is_none() {
            output::note(&format!(
                "`connectors.{}.keep_done_days` is not said: the drop folder keeps what it brought, in clear, for ever",
                connector.name
            ));
        }
    }
    output::line(&format!("config: ok `{}`: {}", file.display(), said.join("; ")))?;
    Ok(ExitCode::SUCCESS)
}

fn of_sections(settings: &Settings) -> Vec<Process> {
    let serves = settings.serve().is_ok().then_some(Process::Serve);
    let connects = (!settings.connectors.is_empty()).then_some(Process::Connect);
    serves.into_iter().chain(connects).collect()
}

/// Checks the file as one for this process; what it would run.
fn check(file: &Path, process: Process, any: &Settings) -> anyhow::Result<Vec<String>> {
    let serving = |settings: &Settings| -> anyhow::Result<String> {
        Ok(format!("store {}, service on {}", settings.store.engine, settings.serve()?.listen))
    };
    match process {
        Process::Up => {
            let settings = Settings::load_for(file, Purpose::Up)?;
            Ok(vec![format!("up: {}, {} connector(s)", serving(&settings)?, settings.connectors.len())])
        }
        Process::Serve => Ok(vec![format!("serve: {}", serving(&Settings::load_for(file, Purpose::Serve)?)?)]),
        Process::Connect => any
            .connectors
            .iter()
            .map(|connector| {
                Settings::load_for(file, Purpose::Connect(&connector.name))?;
                Ok(format!("connect {}", connector.name))
            })
            .collect(),
    }
}
