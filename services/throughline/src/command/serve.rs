//! `throughline serve`

use std::process::ExitCode;

use crate::command::ConfigFile;
use crate::process::{self, serving};
use crate::settings::{Purpose, Settings};

/// Answer readers, as a process of its own on Kafka
///
/// Follows the log into a store of its own, decides, records and answers. Start as many as you like on one log, each with its
/// own `data` folder: they share nothing but the log and the keys, and any of them answers any reader.
///
/// It is not ready, and answers nobody, while it has not read the facts that the rules go by, while the log cannot be
/// reached, or while a wrapping key is missing that the log needs; it goes on by itself. At SIGTERM it says that it is not
/// serving any more, answers for `serve.drain_s` seconds longer, finishes what is in hand, and ends: so nodes can be
/// restarted one after the other without one failed read.
///
/// The configuration needs `[log]` with kind "kafka", `[serve]` and the keys: docs/OPERATING.md, Running as separate
/// processes.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load_for(&arguments.file.config, Purpose::Serve)?;
    process::run(&settings.telemetry, "serve", async |frame| {
        serving::live(&settings, serving::Beside::Nothing, frame).await
    })
}
