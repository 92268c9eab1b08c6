//! `throughline identity queue`

use std::process::ExitCode;

use proto::events::Why;
use proto::identity::{ListItemsRequest, ListItemsResponse, QueueItem};

use super::{short, since, standing, why, why_named};
use crate::command::asking::{AskingAs, as_json_of, refused};
use crate::command::block_on;
use crate::output;

/// List the pairs that wait for a person: records that may be of one child and were not linked by themselves
///
/// The longest waiting first. Each has an id, why it was not linked, whose records they are, and whether two people must agree
/// on a link: where something speaks against it. Nothing that describes anybody is listed: `throughline identity show ID` shows a
/// pair side by side. Only what the sharing rules let this reviewer see is listed or counted, and looking is on record.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  throughline identity queue --as reviewer-1 --why shared_within_issuer\n\n\
    A reviewer's token has the role `identity_reviewer`. `throughline dev init` makes two: reviewer-1 and reviewer-2.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    asking: AskingAs,
    /// Only what waits for this reason; may be given more than once: shared_within_issuer, two_exclusive,
    /// descriptions_contradict, unlinked, twins, possible, many, one_issuer, siblings.
    #[arg(long, value_parser = why_named)]
    why: Vec<Why>,
    /// Also what somebody looked at and left open.
    #[arg(long)]
    left_open: bool,
    /// How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let request = ListItemsRequest {
        why: arguments.why.iter().map(|why| (*why).into()).collect(),
        left_open: arguments.left_open,
        page_size: arguments.limit,
        page_token: Vec::new(),
    };
    block_on(async {
        let mut client = arguments.asking.reviewer().await?;
        let answer = client.list_items(request).await.map_err(|status| refused(&status))?.into_inner();
        if arguments.json {
            output::line(&as_json_of("throughline.identity.v1.ListItemsResponse", &answer)?)?;
        } else {
            print(&answer)?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn print(answer: &ListItemsResponse) -> anyhow::Result<()> {
    if !answer.items.is_empty() {
        let mut table = output::table(&["item", "waiting", "why it was not linked", "records of", "to link", "is"]);
        answer.items.iter().for_each(|item| output::add_row(&mut table, row(item)));
        output::print(&table)?;
    }
    let more = if answer.next_page_token.is_empty() { "" } else { " and more: give a --limit" };
    let partly = if answer.complete { "" } else { " (not everything is looked through yet: ask again in a while)" };
    output::line(&format!("queue: {} item(s){more}{partly}", answer.items.len()))
}

fn row(item: &QueueItem) -> Vec<String> {
    let mut reasons: Vec<String> = item.why().map(|reason| why(reason).to_owned()).collect();
    if let Some(last) = reasons.last_mut()
        && let Some(probability) = item.probability
    {
        last.push_str(&format!(" ({probability:.3})"));
    }
    let people = if item.two_people { "two people" } else { "one person" };
    vec![
        short(&item.item),
        since(item.waiting_since.as_ref()),
        reasons.join("\n"),
        item.organisations.join("\n"),
        people.to_owned(),
        standing(item.standing()).to_owned(),
    ]
}
