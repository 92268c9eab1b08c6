//! `throughline notices`

use std::process::ExitCode;

use clap::Subcommand;
use proto::sharing::notice::Kind;
use proto::sharing::{ListNoticesRequest, Notice};

use crate::command::asking::{AskingAs, as_json_of, refused, spelt};
use crate::command::block_on;
use crate::command::break_glass::reference;
use crate::command::identity::review::moment;
use crate::output;

/// What your organisation is to know: its records were opened in an emergency, consent was withdrawn, it was refused
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    List(List),
}

/// List them, newest first
///
/// For safeguarding and information-governance leads. A notice names a child by a number of your own and whom to ask, and nothing
/// that another organisation wrote.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  throughline notices list --as school-8784001-safeguarding")]
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
    let Command::List(arguments) = &arguments.command;
    block_on(async {
        let request = ListNoticesRequest { since: None, limit: arguments.limit };
        let mut client = arguments.asking.safeguards().await?;
        let answer = client.list_notices(request).await.map_err(|status| refused(&status))?.into_inner();
        if arguments.json {
            output::line(&as_json_of("throughline.sharing.v1.ListNoticesResponse", &answer)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        if !answer.notices.is_empty() {
            let mut table = output::table(&["when", "what", "child", "organisation", "for", "ask", "more"]);
            answer.notices.iter().for_each(|notice| output::add_row(&mut table, row(notice)));
            output::print(&table)?;
        }
        let decision = hex::encode(&answer.decision_id);
        output::line(&format!("notices: listed={} decision={decision}", answer.notices.len()))?;
        Ok(ExitCode::SUCCESS)
    })
}

fn row(notice: &Notice) -> Vec<String> {
    let (what, more) = match notice.kind() {
        Kind::BreakGlassByYours => {
            let review = match notice.reviewed {
                true => "reviewed".to_owned(),
                false => format!("review due {}", moment(notice.review_due_at.as_ref())),
            };
            let id = hex::encode(&notice.break_glass);
            ("your people broke the glass", format!("{} {review} ({id})", notice.person))
        }
        Kind::BreakGlassOpenedYours => ("a break-glass opened your records", String::new()),
        Kind::ConsentWithdrawn => {
            let decisions: Vec<String> = notice.decisions.iter().map(hex::encode).collect();
            ("consent was withdrawn", format!("you were given it in {}", decisions.join(", ")))
        }
        Kind::Refused => ("it was decided not to share", format!("would need: {}", notice.would_need)),
        Kind::Unspecified => ("", String::new()),
    };
    vec![
        moment(notice.at.as_ref()),
        what.to_owned(),
        notice.child.as_ref().map(reference).unwrap_or_default(),
        notice.organisation.clone(),
        spelt(notice.purpose().as_str_name(), "PURPOSE_"),
        notice.ask.clone(),
        more,
    ]
}
