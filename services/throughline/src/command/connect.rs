//! `throughline connect`

use std::process::ExitCode;

use crate::command::ConfigFile;
use crate::process::{self, connecting};
use crate::settings::{Purpose, Settings};

/// Run one connector, as a process of its own on Kafka
///
/// Takes in what is dropped or sent, translates, seals and publishes it, as under `throughline up`.
///
/// One process at a time works for a connector. Start a second, on another host, and it stands by: it takes over when the
/// first stops or is lost. `throughline status` says which of the two it is; standing by is not being ready.
///
/// It writes to its own sector's topic, for the organisations of its `controllers` whose wrapping keys it holds, and makes no
/// key: `throughline keys make`. What it needs to compare a return with the last one it reads from the log when its own
/// folder is empty, so a new host needs nothing but the configuration and the keys.
///
/// The configuration needs `[log]` with kind "kafka", `[connectors.NAME]` and the keys: docs/OPERATING.md, Running as
/// separate processes.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The connector: a `[connectors.NAME]` of the configuration.
    name: String,
    #[command(flatten)]
    file: ConfigFile,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load_for(&arguments.file.config, Purpose::Connect(&arguments.name))?;
    process::run(&settings.telemetry, "connect", async |frame| {
        connecting::live(&settings, &arguments.name, frame).await
    })
}
