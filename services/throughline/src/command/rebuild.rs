//! `throughline rebuild`

use std::process::ExitCode;

use projection::linking::Linking;

use crate::command::ConfigFile;
use crate::output;
use crate::process::service;
use crate::settings::Settings;
use crate::vault::{self, Vault};

/// Make the store again from the log alone, of a stopped process
///
/// The old store stays until the new one is whole. Reads the log that the configuration names, on Kafka too.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(&arguments.file.config)?;
    let vault = Vault::of(&settings)?;
    let projector = vault.projector(settings.serve()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (log, log_id) = runtime.block_on(vault::stopped_log(&settings, &vault))??;
    let bar = output::progress(0, "reading the log");
    runtime.block_on(vault::every_key_is_here(log.as_ref(), &projector, &settings))?;
    let linked = projector.clone();
    let (store, rebuilt) = runtime.block_on(projection::rebuild::rebuild(
        log,
        projector,
        &settings.store_dir(),
        &settings.store,
        |read, total| {
            bar.set_length(total);
            bar.set_position(read);
        },
    ))?;
    log_id.map_or(Ok(()), |id| service::note_log(&settings.store_dir(), id))?;
    bar.finish_and_clear();
    // Otherwise the process would, once it is up, and readers would be answered without what is probable until it has.
    let bar = output::progress(0, "linking");
    Linking::new(store.clone(), linked).catch_up()?;
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
