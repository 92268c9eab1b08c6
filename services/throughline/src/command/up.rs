//! `throughline up`

use std::process::ExitCode;

use crate::command::ConfigFile;
use crate::process::{self, serving};
use crate::settings::{Purpose, Settings};

/// Run everything in one process on one machine
///
/// Connectors, the embedded log, the projection and the service, by one configuration file. Stops at SIGTERM, once what is
/// in hand is published, committed and synced.
///
/// Where one machine is not enough, the same parts run as processes of their own, on Kafka: `throughline serve` and
/// `throughline connect NAME`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load_for(&arguments.file.config, Purpose::Up)?;
    process::run(&settings.telemetry, "up", async |frame| {
        serving::live(&settings, serving::Beside::Connectors(&settings.connectors), frame).await
    })
}
