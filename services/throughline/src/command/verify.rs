//! `throughline verify`

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use event_log::{EventLog, LogError, Partition, Topic};
use projection::store::Store;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::command::ConfigFile;
use crate::output;
use crate::process::service;
use crate::settings::{LogSettings, Settings};
use crate::vault::{self, Vault};

/// Check every record of the log, and prove that the store is what the log gives, of a stopped process
///
/// Rebuilds the store beside the one that stands and compares the two byte for byte, as far as it has read: `behind` is
/// what it has not. Changes nothing. On Kafka it reads the cluster's log, and the store of a node that is stopped. Exit code 4 when the log is damaged or the store is not what the log gives.
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
    let vault = Vault::of(&settings)?;
    let projector = vault.projector(settings.serve()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (log, log_id) = match runtime.block_on(vault::stopped_log(&settings, &vault))? {
        Ok(open) => open,
        Err(damaged) => {
            output::line(&format!("verify: {damaged}"))?;
            return Ok(ExitCode::from(output::DIFFERS));
        }
    };
    if arguments.roots {
        runtime.block_on(roots(&log, settings.log == LogSettings::Embedded))?;
    }
    let store_dir = settings.store_dir();
    anyhow::ensure!(
        store_dir.exists(),
        "there is no store in `{}` to compare: `throughline rebuild` makes one from the log",
        store_dir.display()
    );
    log_id.map_or(Ok(true), |id| service::of_log(&store_dir, id))?;
    let standing = Store::open(&store_dir, &settings.store)?.store;
    let found = standing.state_hash()?;
    let read = projection::rebuild::offsets(&standing)?;
    drop(standing);
    let beside = settings.data.join("verify");
    let bar = output::progress(0, "reading the log");
    runtime.block_on(vault::every_key_is_here(log.as_ref(), &projector, &settings))?;
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

const RECORDS_A_READ: usize = 8_192;
const READS_AT_ONCE: usize = 8;

/// The Merkle root of each partition that holds anything. The keys on Kafka have none: that topic is compacted.
async fn roots(log: &Arc<dyn EventLog>, with_keys: bool) -> anyhow::Result<()> {
    let (places, mut reading) = (Arc::new(Semaphore::new(READS_AT_ONCE)), JoinSet::new());
    for topic in Topic::ALL.into_iter().filter(|topic| with_keys || *topic != Topic::Keys) {
        for partition in Partition::all() {
            let (log, places) = (Arc::clone(log), Arc::clone(&places));
            reading.spawn(async move {
                let _place = places.acquire().await;
                Ok::<_, LogError>(((topic, partition), tree(log.as_ref(), topic, partition).await?))
            });
        }
    }
    let mut trees = Vec::new();
    while let Some(read) = reading.join_next().await {
        trees.push(read??);
    }
    trees.retain(|(_, tree)| tree.size() > 0);
    trees.sort_by_key(|(at, _)| *at);
    let mut table = output::table(&["topic", "partition", "records", "root"]);
    for ((topic, partition), tree) in trees {
        table.add_row([
            topic.to_string(),
            partition.number().to_string(),
            tree.size().to_string(),
            hex::encode(tree.root()),
        ]);
    }
    output::print(&table)
}

async fn tree(log: &dyn EventLog, topic: Topic, partition: Partition) -> Result<ledger::Tree, LogError> {
    let mut tree = ledger::Tree::default();
    loop {
        let records = log.read(topic, partition, tree.size(), RECORDS_A_READ).await?;
        if records.is_empty() {
            return Ok(tree);
        }
        for record in records {
            let (offset, published_at_us) = (record.position.offset, record.published_at_us);
            let leaf = ledger::Leaf { offset, published_at_us, key: &record.key, value: &record.value };
            tree.append(leaf.hash());
        }
    }
}
