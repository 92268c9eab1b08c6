//! `throughline verify`

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use event_log::EventLog;
use event_log::embedded::EmbeddedLog;
use projection::store::Store;

use crate::command::ConfigFile;
use crate::output;
use crate::settings::Settings;
use crate::vault::{self, Vault};

/// Check every record of the log, and prove that the store is what the log gives, of a stopped process
///
/// Rebuilds the store beside the one that stands and compares the two byte for byte, as far as it has read: `behind` is
/// what it has not. Changes nothing. Exit code 4 when the log is damaged or the store is not what the log gives.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Print the Merkle tree root of every partition as well.
    #[arg(long)]
    roots: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(&arguments.file.config)?;
    let log = match vault::stopped_log(&settings)? {
        Ok(log) => log,
        Err(damaged) => {
            output::line(&format!("verify: {damaged}"))?;
            return Ok(ExitCode::from(output::DIFFERS));
        }
    };
    if arguments.roots {
        roots(&log)?;
    }
    let projector = Vault::of(&settings)?.projector(settings.serve()?);
    let store_dir = settings.store_dir();
    anyhow::ensure!(
        store_dir.exists(),
        "there is no store in `{}` to compare: `throughline rebuild` makes one from the log",
        store_dir.display()
    );
    let standing = Store::open(&store_dir, &settings.store)?.store;
    let found = standing.state_hash()?;
    let read = projection::rebuild::offsets(&standing)?;
    drop(standing);
    let beside = settings.data.join("verify");
    let bar = output::progress(0, "reading the log");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let log: Arc<dyn EventLog> = Arc::new(log);
    runtime.block_on(vault::every_key_is_here(log.as_ref(), &projector))?;
    let behind: u64 = {
        let ends = runtime.block_on(projection::rebuild::ends(log.as_ref()))?;
        ends.iter().map(|(at, end)| end.saturating_sub(read.get(at).copied().unwrap_or_default())).sum()
    };
    let built = runtime.block_on(projection::rebuild::rebuild_up_to(
        log,
        projector,
        &beside,
        &settings.store,
        &read,
        |read, total| {
            bar.set_length(total);
            bar.set_position(read);
        },
    ));
    bar.finish_and_clear();
    let outcome = built.map_err(anyhow::Error::from).and_then(|(store, rebuilt)| Ok((store.state_hash()?, rebuilt)));
    std::fs::remove_dir_all(&beside).with_context(|| format!("`{}` could not be removed", beside.display()))?;
    let (expected, rebuilt) = outcome?;
    let (records, rows) = (rebuilt.records, rebuilt.rows);
    let line = format!("records={records} rows={rows} behind={behind} state={}", hex::encode(found));
    if behind > 0 {
        output::note(&format!(
            "the store has not read {behind} records: start and stop the process to verify those too"
        ));
    }
    if found == expected {
        output::line(&format!("verify: ok {line}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!("verify: the store differs from the log: {line} log={}", hex::encode(expected)))?;
    output::note("run `throughline rebuild` to make the store again from the log");
    Ok(ExitCode::from(output::DIFFERS))
}

/// The Merkle root of each partition that holds anything.
fn roots(log: &EmbeddedLog) -> anyhow::Result<()> {
    let mut table = output::table(&["topic", "partition", "records", "root"]);
    for root in super::backup::roots(log)? {
        table.add_row([root.topic, root.partition.to_string(), root.records.to_string(), root.root]);
    }
    output::print(&table)
}
