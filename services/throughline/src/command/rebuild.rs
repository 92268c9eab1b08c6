//! `throughline rebuild`

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use event_log::embedded::EmbeddedLog;

use crate::command::ConfigFile;
use crate::output;
use crate::settings::Settings;
use crate::vault::Vault;

/// Make the store again from the log alone, of a stopped process
///
/// The old store stays until the new one is whole.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(&arguments.file.config)?;
    let log = EmbeddedLog::open_read_only(&settings.log_dir()).context("the log does not open")?;
    let projector = Vault::open(&settings.keys_dir())?.projector();
    let bar = output::progress(0, "reading the log");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (store, rebuilt) = runtime.block_on(projection::rebuild::rebuild(
        Arc::new(log),
        projector,
        &settings.store_dir(),
        &settings.store,
        |read, total| {
            bar.set_length(total);
            bar.set_position(read);
        },
    ))?;
    bar.finish_and_clear();
    let state = store.state_hash()?;
    output::line(&format!(
        "rebuilt: records={} rows={} parked={} without_row={} state={}",
        rebuilt.records,
        rebuilt.rows,
        rebuilt.parked,
        rebuilt.noted,
        hex::encode(state)
    ))?;
    Ok(ExitCode::SUCCESS)
}
