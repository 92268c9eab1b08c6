//! `throughline keys`

use std::collections::BTreeMap;
use std::process::ExitCode;

use event_log::begun;
use event_log::seal::{PseudonymKey, WrappingKeys, decode_key_record};
use event_log::{EventLog, LogError, Partition, Topic};

use crate::command::{ConfigFile, block_on};
use crate::output;
use crate::process::log;
use crate::settings::{LogSettings, NeverMade, Settings};

/// Make and compare the keys of organisations, where processes are on hosts of their own
///
/// An organisation's wrapping key seals everything that is kept of it. `throughline up` makes a first one by itself. Where
/// processes are on hosts of their own nobody does: the key must be the same file on the connector's host, which seals with
/// it, and on every host that serves, which opens with it.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Make the first wrapping key of organisations that have none.
    ///
    /// Once for an organisation, on one host; then bring the file to the others. Refuses when the log holds records under a key
    /// of that organisation: that key is to be brought here, and another of the same number would open none of them.
    Make {
        #[command(flatten)]
        file: ConfigFile,
        /// Organisation ids, such as `ods-rh8`.
        #[arg(required = true)]
        organisations: Vec<String>,
    },
    /// List the wrapping keys that are here, each with a fingerprint to compare with another host's, and those that the log
    /// needs and that are not here.
    List {
        #[command(flatten)]
        file: ConfigFile,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Make { file, organisations } => make(file, organisations)?,
        Command::List { file, json } => list(file, *json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn make(file: &ConfigFile, organisations: &[String]) -> anyhow::Result<()> {
    let settings = Settings::load(&file.config)?;
    let folder = settings.keys.folder.join("wrapping");
    let keys = WrappingKeys::open(&folder)?;
    let on_log = block_on(epochs_on_log(&settings))?;
    for organisation in organisations {
        let path = |epoch: u32| folder.join(organisation).join(format!("{epoch}.key"));
        if let Some(newest) = keys.newest(organisation)? {
            output::line(&format!("keys: there already `{}`", path(newest).display()))?;
            continue;
        }
        if let Some(epoch) = on_log.get(organisation) {
            anyhow::bail!(
                "the log holds records under key {epoch} of `{organisation}`: bring `{}` from the host that has it",
                path(*epoch).display()
            );
        }
        let epoch = keys.ensure(organisation)?;
        output::line(&format!("keys: made `{}`", path(epoch).display()))?;
    }
    output::note(
        "bring each file to every host that seals or opens that organisation's records, readable to that process alone, and keep a backup",
    );
    Ok(())
}

fn list(file: &ConfigFile, json: bool) -> anyhow::Result<()> {
    let settings = Settings::load(&file.config)?;
    let keys = WrappingKeys::open(&settings.keys.folder.join("wrapping"))?;
    let on_log = block_on(epochs_on_log(&settings))?;
    let mut rows: BTreeMap<(String, u32), Option<String>> =
        on_log.into_iter().map(|(organisation, epoch)| ((organisation, epoch), None)).collect();
    for (organisation, epoch) in keys.all()? {
        let fingerprint = keys.fingerprint(&organisation, epoch)?;
        rows.insert((organisation, epoch), fingerprint);
    }
    let mut table = output::table(&["organisation", "key", "fingerprint"]);
    for ((organisation, epoch), fingerprint) in rows {
        if json {
            let line = serde_json::json!({ "organisation": organisation, "key": epoch, "fingerprint": fingerprint });
            output::line(&line.to_string())?;
        } else {
            table.add_row([organisation, epoch.to_string(), fingerprint.unwrap_or_else(|| "not here".to_owned())]);
        }
    }
    if json { Ok(()) } else { output::print(&table) }
}

/// The newest wrapping key of each organisation that a record of the keys topic names. On the embedded log its own process
/// makes keys, and is asked nothing: it may be running.
async fn epochs_on_log(settings: &Settings) -> anyhow::Result<BTreeMap<String, u32>> {
    let mut epochs = BTreeMap::new();
    let LogSettings::Kafka(cluster) = &settings.log else { return Ok(epochs) };
    let log = log::kafka(cluster, &[Topic::Keys, Topic::Reference]).await?;
    begun::begun(log.as_ref(), &PseudonymKey::load(&settings.keys.folder.join("pseudonym.key"))?).await?;
    for partition in Partition::all() {
        read(log.as_ref(), partition, &settings.keys.never, &mut epochs).await?;
    }
    Ok(epochs)
}

const RECORDS_A_READ: usize = 10_000;

async fn read(
    log: &dyn EventLog,
    partition: Partition,
    never: &NeverMade,
    epochs: &mut BTreeMap<String, u32>,
) -> Result<(), LogError> {
    let mut from = 0;
    loop {
        let records = log.read(Topic::Keys, partition, from, RECORDS_A_READ).await?;
        let Some(last) = records.last() else { return Ok(()) };
        from = last.position.offset + 1;
        let keys = records.iter().filter_map(|record| decode_key_record(record).ok());
        for key in keys.filter(|key| !never.names(&key.controller, key.wrapping_epoch)) {
            let newest = epochs.entry(key.controller).or_default();
            *newest = key.wrapping_epoch.max(*newest);
        }
    }
}
