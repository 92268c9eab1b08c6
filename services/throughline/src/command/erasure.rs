//! `throughline erasure`

mod certificate;
mod decide;
mod files;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use proto::sharing::{ErasureAuthority, ErasureStage, ErasureStanding, ListErasuresRequest, RunErasureRequest};

use crate::command::asking::{AskingAs, as_json_of, refused, spelt};
use crate::command::break_glass::id;
use crate::command::identity::review::moment;
use crate::command::{ConfigFile, block_on};
use crate::reader::{Eraser, operator_of_erasures};
use crate::{admin_client, output};

/// Erase a child's records for good: proposed by one person, confirmed by another, certified
///
/// Proposing and confirming are for information governance at the organisation that runs the service, each by their own name (--as).
/// Once the cooling-off period is over, `run` destroys the keys: what they sealed stays on the log, every proof over it stands, and
/// nothing opens it. Connectors refuse the subjects from then on (SUBJECT_ERASED) until somebody readmits them. docs/AUDITING.md shows
/// it step by step, and docs/OPERATING.md says what to do about backups.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Propose(decide::Propose),
    Confirm(decide::Confirm),
    Cancel(decide::Cancel),
    Readmit(decide::Readmit),
    List(List),
    Run(Run),
    Files(files::Files),
    Certify(certificate::Certify),
    Certificate(certificate::Certificate),
    Verify(certificate::Verify),
}

/// Which process, and as whom: the operator at its socket, or somebody of a token.
#[derive(clap::Args, Debug)]
struct Beside {
    #[command(flatten)]
    file: ConfigFile,
    /// Ask as this reader over TLS: a reader's file, or the name of one in --readers. Otherwise as the operator, at the socket.
    #[arg(long = "as", value_name = "READER")]
    reader: Option<String>,
    /// Where named readers are.
    #[arg(long, default_value = "throughline-dev/readers")]
    readers: PathBuf,
}

impl Beside {
    async fn client(&self) -> anyhow::Result<Eraser> {
        match &self.reader {
            Some(reader) => AskingAs::named(reader, &self.readers).erasures().await,
            None => Ok(operator_of_erasures(admin_client::channel(&self.file.config, None).await?)),
        }
    }
}

/// List erasures, how far each is, and what it waits for
#[derive(clap::Args, Debug)]
struct List {
    #[command(flatten)]
    beside: Beside,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Destroy what is confirmed, as far as it can go now
///
/// Asked again, it goes on where it stopped, after a crash as well. It writes down first what goes; begins new wrapping keys for the
/// vaults concerned; says of each data key that it is destroyed, and wraps every other by the new keys; destroys the old wrapping keys
/// on this host; and has the store filled anew at the next start. The first erasure of an organisation concerns all of its keys, later
/// ones a two hundred and fifty-sixth part.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  throughline erasure run 019aab2c7d1e7f00b1c2d3e4f5061728")]
struct Run {
    /// Which, 32 hexadecimal digits: `erasure list` gives it.
    erasure: String,
    #[command(flatten)]
    beside: Beside,
    /// Where processes are on hosts of their own: the new wrapping keys were brought to every host that seals or opens.
    #[arg(long)]
    keys_brought: bool,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Propose(arguments) => block_on(decide::propose(arguments)),
        Command::Confirm(arguments) => block_on(decide::confirm(arguments)),
        Command::Cancel(arguments) => block_on(decide::cancel(arguments)),
        Command::Readmit(arguments) => block_on(decide::readmit(arguments)),
        Command::List(arguments) => block_on(list(arguments)),
        Command::Run(arguments) => block_on(go_on(arguments)),
        Command::Files(arguments) => files::files(arguments),
        Command::Certify(arguments) => block_on(certificate::certify(arguments)),
        Command::Certificate(arguments) => block_on(certificate::certificate(arguments)),
        Command::Verify(arguments) => certificate::verify(arguments),
    }
}

async fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    let mut client = arguments.beside.client().await?;
    let answer = client.list(ListErasuresRequest {}).await.map_err(|status| refused(&status))?.into_inner();
    let mut table = output::table(&["erasure", "stage", "authority", "proposed", "not before", "keys", "waits for"]);
    for standing in &answer.erasures {
        if arguments.json {
            output::line(&as_json_of("throughline.sharing.v1.ErasureStanding", standing)?)?;
            continue;
        }
        let readmitted = if standing.readmitted { ", readmitted" } else { "" };
        let row = [
            hex::encode(&standing.erasure_id),
            format!("{}{readmitted}", stage(standing)),
            format!("{} {}", authority(standing), standing.authority_reference),
            moment(standing.proposed_at.as_ref()),
            moment(standing.cooling_off_ends_at.as_ref()),
            standing.keys.to_string(),
            standing.waits_for.clone(),
        ];
        output::add_row(&mut table, row);
    }
    if !arguments.json {
        output::print(&table)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn go_on(arguments: &Run) -> anyhow::Result<ExitCode> {
    let mut client = arguments.beside.client().await?;
    let request = RunErasureRequest { erasure_id: id(&arguments.erasure)?, keys_brought: arguments.keys_brought };
    let answer = client.run(request).await.map_err(|status| refused(&status))?.into_inner();
    told(&answer, arguments.json)
}

/// One line of how an erasure stands.
fn told(standing: &ErasureStanding, json: bool) -> anyhow::Result<ExitCode> {
    if json {
        output::line(&as_json_of("throughline.sharing.v1.ErasureStanding", standing)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let ErasureStanding { subjects, keys, quarantine_items, .. } = standing;
    output::line(&format!(
        "erasure: ok {} {} subjects={subjects} keys={keys} quarantine_items={quarantine_items} not_before={}",
        hex::encode(&standing.erasure_id),
        stage(standing),
        moment(standing.cooling_off_ends_at.as_ref()),
    ))?;
    if !standing.waits_for.is_empty() {
        output::note(&format!("it waits for {}", standing.waits_for));
    }
    Ok(ExitCode::SUCCESS)
}

fn stage(standing: &ErasureStanding) -> String {
    let stage = ErasureStage::try_from(standing.stage).unwrap_or_default();
    spelt(stage.as_str_name(), "ERASURE_STAGE_").replace('_', " ")
}

fn authority(standing: &ErasureStanding) -> String {
    let authority = ErasureAuthority::try_from(standing.authority).unwrap_or_default();
    spelt(authority.as_str_name(), "ERASURE_AUTHORITY_").replace('_', " ")
}
