//! `throughline refusal`

use std::process::ExitCode;

use clap::Subcommand;
use proto::sharing::{Category, ListRefusalsToShareRequest, RecordRefusalToShareRequest, RefusalToShare};

use crate::command::asking::{AboutChild, AskingAs, as_json_of, refused, spelt};
use crate::command::block_on;
use crate::command::break_glass::{id, reference};
use crate::command::identity::review::moment;
use crate::output::{self, Usage};

/// Decisions not to share: recorded either way, and read by those who answer for them
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Record(Record),
    List(List),
}

/// Record that you decided not to share, why, and what you would need
///
/// Whoever asked, where you name them, is told that it was decided and what would be needed; why is for your own organisation.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline refusal record LA_CHILD_ID:878:12345 --as la-878-social-care --purpose education_provision \\\n      --asked-by school-8784001 --why \"The parents were not asked yet\" --would-need \"The parents' agreement\""
)]
struct Record {
    #[command(flatten)]
    about: AboutChild,
    #[command(flatten)]
    asking: AskingAs,
    /// The organisation that asked; it is told. Leave it out and nobody is.
    #[arg(long, default_value = "")]
    asked_by: String,
    /// Only these categories, separated by commas; all where none is named.
    #[arg(long, value_delimiter = ',')]
    categories: Vec<String>,
    /// Why not, for your organisation's own record.
    #[arg(long)]
    why: String,
    /// What would be needed: told to whoever asked.
    #[arg(long, default_value = "")]
    would_need: String,
    /// The answer that it is about, 32 hexadecimal digits.
    #[arg(long)]
    decision: Option<String>,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

/// List the decisions not to share that your organisation recorded, newest first
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  throughline refusal list --as la-878-auditor")]
struct List {
    #[command(flatten)]
    asking: AskingAs,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Record(arguments) => block_on(record(arguments)),
        Command::List(arguments) => block_on(list(arguments)),
    }
}

async fn record(arguments: &Record) -> anyhow::Result<ExitCode> {
    let category = |name: &String| {
        let named = Category::from_str_name(&format!("CATEGORY_{}", name.to_uppercase()));
        named.map(Into::into).ok_or_else(|| Usage("there is no such category".to_owned()))
    };
    let request = RecordRefusalToShareRequest {
        child: Some(arguments.about.child()?),
        purpose: arguments.about.purpose()?.into(),
        categories: arguments.categories.iter().map(category).collect::<Result<_, _>>()?,
        asked_by: arguments.asked_by.clone(),
        why: arguments.why.clone(),
        would_need: arguments.would_need.clone(),
        decision: arguments.decision.as_deref().map(id).transpose()?.unwrap_or_default(),
    };
    let mut client = arguments.asking.safeguards().await?;
    let answer = client.record_refusal_to_share(request).await.map_err(|status| refused(&status))?.into_inner();
    if arguments.json {
        output::line(&as_json_of("throughline.sharing.v1.RecordRefusalToShareResponse", &answer)?)?;
    } else {
        let (refusal, decision) = (hex::encode(&answer.refusal), hex::encode(&answer.decision_id));
        output::line(&format!("refusal: {refusal} recorded decision={decision}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    let request = ListRefusalsToShareRequest { since: None, limit: arguments.limit };
    let mut client = arguments.asking.safeguards().await?;
    let answer = client.list_refusals_to_share(request).await.map_err(|status| refused(&status))?.into_inner();
    if arguments.json {
        output::line(&as_json_of("throughline.sharing.v1.ListRefusalsToShareResponse", &answer)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !answer.refusals.is_empty() {
        let mut table = output::table(&["refusal", "when", "by", "child", "asked by", "for", "why", "would need"]);
        answer.refusals.iter().for_each(|refusal| output::add_row(&mut table, row(refusal)));
        output::print(&table)?;
    }
    let decision = hex::encode(&answer.decision_id);
    output::line(&format!("refusals: listed={} decision={decision}", answer.refusals.len()))?;
    Ok(ExitCode::SUCCESS)
}

fn row(refusal: &RefusalToShare) -> Vec<String> {
    vec![
        hex::encode(&refusal.id),
        moment(refusal.decided_at.as_ref()),
        refusal.decided_by.clone(),
        refusal.child.as_ref().map(reference).unwrap_or_default(),
        refusal.asked_by.clone(),
        spelt(refusal.purpose().as_str_name(), "PURPOSE_"),
        refusal.why.clone(),
        refusal.would_need.clone(),
    ]
}
