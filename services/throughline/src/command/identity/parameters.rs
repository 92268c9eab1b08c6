//! `throughline identity estimate | adopt | parameters`

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use prost_reflect::prost::Message as _;
use proto::admin::linker_client::LinkerClient;
use proto::admin::{AdoptParametersRequest, AdoptedParameters, EstimateParametersRequest, ListParametersRequest};
use proto::linking::Parameters;
use tonic::transport::Channel;

use crate::admin_client;
use crate::command::{ConfigFile, block_on};
use crate::output;

/// Estimate, from the records alone, what decides which of them are probably of one child
///
/// Asks the running process, and changes nothing. The file holds names and postcodes that many records have: keep it as you keep
/// records. `throughline identity adopt` adopts it.
#[derive(clap::Args, Debug)]
pub(crate) struct Estimate {
    #[command(flatten)]
    file: ConfigFile,
    /// Where to; it must not be there yet.
    #[arg(long)]
    out: PathBuf,
}

/// Adopt what was estimated: from then on it decides which records are probably of one child
///
/// It is recorded on the log, and every node goes by it. What it would change is counted in pairs of records, each child read by what
/// stands and by what is to be adopted, numbers and decisions with it: some minutes for 100,000 children. What was adopted before is kept,
/// and what was believed by it can still be asked for.
#[derive(clap::Args, Debug)]
pub(crate) struct Adopt {
    #[command(flatten)]
    file: ConfigFile,
    /// What `throughline identity estimate` wrote.
    parameters: PathBuf,
    /// Who decided it: a staff reference.
    #[arg(long, required_unless_present = "dry_run")]
    decided_by: Option<String>,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
    /// The probability from which on a link is made by itself.
    #[arg(long, default_value_t = 0.95)]
    automatic: f64,
    /// The probability from which on a pair is put before a person.
    #[arg(long, default_value_t = 0.85)]
    review: f64,
    /// Say what it would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// List what was adopted, and by which of it readers are answered
#[derive(clap::Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    file: ConfigFile,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Parameters of which there are more than this are refused by whoever adopts them.
const MESSAGE_BYTES_MAX: usize = 4 << 20;

async fn connect(config: &Path) -> anyhow::Result<LinkerClient<Channel>> {
    let channel = admin_client::channel(config, None).await?;
    Ok(LinkerClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

pub(crate) fn estimate(arguments: &Estimate) -> anyhow::Result<ExitCode> {
    let out = &arguments.out;
    // Before the work: whoever may not write there learns it now.
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .with_context(|| format!("`{}` cannot be written", out.display()))?;
    let asked = block_on(async {
        let mut client = connect(&arguments.file.config).await?;
        let asked = client.estimate_parameters(EstimateParametersRequest {}).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    });
    let estimated = match asked {
        Ok(estimated) => estimated,
        Err(error) => {
            let _nothing_was_written = std::fs::remove_file(out);
            return Err(error);
        }
    };
    file.write_all(&estimated.parameters).with_context(|| format!("`{}` cannot be written", out.display()))?;
    file.sync_all()?;
    let parameters = Parameters::decode(estimated.parameters.as_slice())?;
    output::print(&table(&parameters))?;
    output::line(&format!(
        "estimated: version={} records={} of={} prior={:.3e} bytes={}",
        hex::encode(&estimated.version),
        estimated.taken,
        estimated.described,
        parameters.prior,
        estimated.parameters.len()
    ))?;
    Ok(ExitCode::SUCCESS)
}

const AGREEMENTS: [&str; 5] = ["exact", "variant", "close", "near", "different"];

/// What each agreement of each field weighs. A value that few records have weighs more than its field's own line.
fn table(parameters: &Parameters) -> comfy_table::Table {
    let mut table = output::table(&["field", "agreement", "m", "u", "weight"]);
    for field in &parameters.fields {
        for (agreement, (m, u)) in AGREEMENTS.iter().zip(field.of_one.iter().zip(&field.of_two)) {
            let row =
                [field.name.clone(), (*agreement).to_owned(), share(*m), share(*u), format!("{:+.2}", (m / u).ln())];
            output::add_row(&mut table, row);
        }
    }
    table
}

/// Shares go from nearly 1 to one in millions.
fn share(share: f64) -> String {
    if share >= 0.001 { format!("{share:.4}") } else { format!("{share:.1e}") }
}

pub(crate) fn adopt(arguments: &Adopt) -> anyhow::Result<ExitCode> {
    let file = &arguments.parameters;
    let parameters = std::fs::read(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    if parameters.len() > MESSAGE_BYTES_MAX {
        return Err(anyhow!("`{}` is too large to be linking parameters", file.display()));
    }
    let request = AdoptParametersRequest {
        parameters,
        automatic: arguments.automatic,
        review: arguments.review,
        decided_by: arguments.decided_by.clone().unwrap_or_default(),
        reason: arguments.reason.clone(),
        dry_run: arguments.dry_run,
    };
    let told = block_on(async {
        let mut client = connect(&arguments.file.config).await?;
        let asked = client.adopt_parameters(request).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    output::line(&format!(
        "adopt: {} version={} records={} links_gained={} links_lost={} links_kept={} for_review={}",
        if told.adopted { "ok" } else { "nothing was adopted" },
        hex::encode(&told.version),
        told.records,
        told.links_gained,
        told.links_lost,
        told.links_kept,
        told.for_review
    ))?;
    if told.adopted {
        output::note("readers are answered by it once everything is linked by it: `throughline identity parameters`");
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    let told = block_on(async {
        let mut client = connect(&arguments.file.config).await?;
        let asked = client.list_parameters(ListParametersRequest {}).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    let columns = ["version", "adopted", "by", "automatic", "review", "gained", "lost", "for review", "state"];
    let mut table = output::table(&columns);
    for adopted in &told.adopted {
        if arguments.json {
            output::line(&as_json(adopted).to_string())?;
        } else {
            output::add_row(&mut table, row(adopted));
        }
    }
    if !arguments.json {
        output::print(&table)?;
        let in_force = told.adopted.iter().find(|adopted| adopted.in_force);
        let in_force = in_force.map_or("none".to_owned(), |adopted| hex::encode(&adopted.version));
        output::line(&format!("parameters: adopted={} in_force={in_force}", told.adopted.len()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn state(adopted: &AdoptedParameters) -> &'static str {
    match (adopted.in_force, adopted.linked) {
        (true, _) => "in force",
        (false, true) => "replaced",
        (false, false) => "being linked",
    }
}

fn adopted_at(adopted: &AdoptedParameters) -> Option<String> {
    let at = adopted.adopted_at.as_ref()?;
    jiff::Timestamp::new(at.seconds, at.nanos).ok().map(|at| format!("{at:.0}"))
}

fn row(adopted: &AdoptedParameters) -> [String; 9] {
    [
        hex::encode(&adopted.version),
        adopted_at(adopted).unwrap_or_default(),
        adopted.decided_by.clone(),
        adopted.automatic.to_string(),
        adopted.review.to_string(),
        adopted.links_gained.to_string(),
        adopted.links_lost.to_string(),
        adopted.for_review.to_string(),
        state(adopted).to_owned(),
    ]
}

fn as_json(adopted: &AdoptedParameters) -> serde_json::Value {
    serde_json::json!({
        "version": hex::encode(&adopted.version),
        "adopted_at": adopted_at(adopted),
        "decided_by": adopted.decided_by,
        "reason": adopted.reason,
        "automatic": adopted.automatic,
        "review": adopted.review,
        "links_gained": adopted.links_gained,
        "links_lost": adopted.links_lost,
        "for_review": adopted.for_review,
        "state": state(adopted),
    })
}
