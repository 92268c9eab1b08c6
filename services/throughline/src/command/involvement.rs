//! `throughline involvement`

use std::process::ExitCode;

use proto::events::involvement::Kind;
use proto::timeline::{GetInvolvementRequest, Involved};

use crate::command::asking::{AboutChild, AskingAs, as_json, refused};
use crate::command::block_on;
use crate::output;

/// Ask the running service who works with a child, and how to reach them
///
/// The lightest question there is: organisations and their desks, and no record. `capacity` is universal (every child has
/// one: a school, a practice), targeted (a service for a need), statutory (under an Act) or lead; it is blank where you may
/// know that they work with the child and no more. A service that may not be named is reached through the information hub. A
/// child who is not known and one of whom you may know nothing look the same. It is on record before it is answered.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline involvement UPN:dfe:B801200005001 --as school-8784001 --purpose early_help"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    about: AboutChild,
    #[command(flatten)]
    asking: AskingAs,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (child, purpose) = (arguments.about.child()?, arguments.about.purpose()?);
    let request = GetInvolvementRequest { child: Some(child), purpose: purpose.into() };
    block_on(async {
        let mut client = arguments.asking.client().await?;
        let answer = client.get_involvement(request).await.map_err(|status| refused(&status))?.into_inner();
        if arguments.json {
            output::line(&as_json("GetInvolvementResponse", &answer)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut table = output::table(&["organisation", "name", "capacity", "since", "ask"]);
        for one in &answer.involved {
            output::add_row(&mut table, row(one));
        }
        if !answer.involved.is_empty() {
            output::print(&table)?;
        }
        for owed in &answer.obligations {
            output::line(&format!("you owe: {owed}"))?;
        }
        output::line(&format!(
            "involvement: known={} decision={}",
            answer.involved.len(),
            hex::encode(&answer.decision_id)
        ))?;
        Ok(ExitCode::SUCCESS)
    })
}

fn row(one: &Involved) -> Vec<String> {
    let capacity = match one.capacity() {
        Kind::Unspecified => "",
        Kind::Universal => "universal",
        Kind::Targeted => "targeted",
        Kind::Statutory => "statutory",
        Kind::Lead => "lead",
    };
    let since = one
        .since
        .map(|day| format!("{:04}-{:02}-{:02}", day.year, day.month.unwrap_or_default(), day.day.unwrap_or_default()));
    let organisation = if one.organisation.is_empty() { "a service" } else { &one.organisation };
    vec![organisation.to_owned(), one.name.clone(), capacity.to_owned(), since.unwrap_or_default(), one.contact.clone()]
}
