//! `throughline log`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use event_log::embedded::EmbeddedLog;
use event_log::kafka::copy::{CopyError, LogCopy};
use event_log::{LogError, Partition, StoredRecord, Topic};
use indicatif::ProgressBar;

use crate::command::{ConfigFile, topics};
use crate::output;
use crate::settings::KafkaSettings;

/// Carry a log from one machine to Kafka
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Copy the log of a stopped process to the Kafka of the configuration, and prove that nothing was changed.
    ///
    /// Topics, partitions, offsets and times stay what they are. The topics must be empty, or hold what an interrupted copy
    /// of the same log left there: then it goes on. Nothing else may write to them meanwhile. Exit code 4 when they hold
    /// something else, or what is read back is not what was copied.
    Copy {
        #[command(flatten)]
        file: ConfigFile,
        /// The log's folder, `log` in the data folder of the process that is stopped.
        #[arg(long, value_name = "FOLDER")]
        from: PathBuf,
    },
}

/// A Merkle tree a partition.
type Trees = BTreeMap<(Topic, Partition), ledger::Tree>;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Command::Copy { file, from } = &arguments.command;
    let kafka = topics::kafka(file)?;
    anyhow::ensure!(from.join("mark").exists(), "`{}` holds no log", from.display());
    let log = match EmbeddedLog::open_read_only(from) {
        Err(error @ LogError::Damaged { .. }) => return differs(&error),
        opened => Arc::new(opened.context("the log does not open")?),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match runtime.block_on(copy(log, &kafka)) {
        Ok(Copied { topics, records, roots_equal }) => {
            let (ok, roots) = if roots_equal { ("ok", "equal") } else { ("not the same log", "differ") };
            output::line(&format!("log copy: {ok} topics={topics} records={records} roots {roots}"))?;
            Ok(if roots_equal { ExitCode::SUCCESS } else { ExitCode::from(output::DIFFERS) })
        }
        Err(error @ (CopyError::Differs { .. } | CopyError::Topics(_))) => differs(&error),
        Err(error) => Err(error.into()),
    }
}

fn differs(error: &dyn std::error::Error) -> anyhow::Result<ExitCode> {
    output::line(&format!("log copy: {error}"))?;
    Ok(ExitCode::from(output::DIFFERS))
}

struct Copied {
    topics: usize,
    records: u64,
    roots_equal: bool,
}

async fn copy(log: Arc<EmbeddedLog>, kafka: &KafkaSettings) -> Result<Copied, CopyError> {
    let bar = output::progress(0, "comparing what is there");
    let begun = LogCopy::begin(log, kafka.connection.clone(), &kafka.prefix, |records| bar.inc(records)).await;
    bar.finish_and_clear();
    let copy = begun?;
    let (records, there) = copy.records();
    if there > 0 {
        output::note(&format!("{there} of {records} records are there already, and are the same"));
    }
    let bar = output::progress(records - there, "copying");
    let appended = copy.append(|records| bar.inc(records)).await;
    bar.finish_and_clear();
    appended?;
    let (source, copied) = read_back(&copy, &output::progress(records, "reading back")).await?;
    let roots_equal = roots(&source) == roots(&copied);
    if roots_equal {
        copy.finish().await?;
    }
    let topics: BTreeSet<Topic> = source.keys().map(|(topic, _)| *topic).collect();
    Ok(Copied { topics: topics.len(), records, roots_equal })
}

/// Compares every record, and makes the trees of both logs.
async fn read_back(copy: &LogCopy, bar: &ProgressBar) -> Result<(Trees, Trees), CopyError> {
    let (mut source, mut copied) = (Trees::new(), Trees::new());
    let compared = copy
        .compare(|record, its_copy| {
            add(&mut source, record);
            add(&mut copied, its_copy);
            bar.inc(1);
        })
        .await;
    bar.finish_and_clear();
    compared.map(|()| (source, copied))
}

fn add(trees: &mut Trees, record: &StoredRecord) {
    let leaf = ledger::Leaf {
        offset: record.position.offset,
        published_at_us: record.published_at_us,
        key: &record.key,
        value: &record.value,
    };
    trees.entry((record.position.topic, record.position.partition)).or_default().append(leaf.hash());
}

fn roots(trees: &Trees) -> Vec<((Topic, Partition), u64, ledger::Hash)> {
    trees.iter().map(|(at, tree)| (*at, tree.size(), tree.root())).collect()
}
