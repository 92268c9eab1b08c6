//! `throughline audit unusual`

use std::process::ExitCode;

use proto::audit::UnusualRequest;

use super::asking::{Asking, Days, spelt};
use crate::command::asking::{as_json_of, refused};
use crate::command::block_on;
use crate::output;

/// What is out of the ordinary in how records were asked for: facts for a person to look into
///
/// Many children in one day against what is usual at the same organisation, requests out of hours, children of whom nothing could be shown,
/// emergencies, one child again and again. Each in words, none with a number put on anybody, and nothing said of any child: there may be
/// every reason. From when on each is told is a setting, `[serve.unusual]`.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// Of this organisation's people only.
    #[arg(long)]
    organisation: Option<String>,
    #[command(flatten)]
    days: Days,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asking: Asking,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let request = UnusualRequest {
        organisation: arguments.organisation.clone().unwrap_or_default(),
        from: arguments.days.from(),
        to: arguments.days.to(),
    };
    let answer = block_on(async {
        let mut client = arguments.asking.client().await?;
        Ok(client.unusual(request).await.map_err(|status| refused(&status))?.into_inner())
    })?;
    if arguments.json {
        for unusual in &answer.unusual {
            output::line(&as_json_of("throughline.audit.v1.Unusual", unusual)?)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !answer.unusual.is_empty() {
        let mut table = output::table(&["organisation", "person", "what", "in words", "first", "last"]);
        for of in &answer.unusual {
            let kind = spelt(of.kind().as_str_name(), "UNUSUAL_KIND_").replace('_', " ");
            let cells = [of.organisation.clone(), of.person.clone(), kind, of.says.clone()];
            output::add_row(&mut table, cells.into_iter().chain([hex::encode(&of.first), hex::encode(&of.last)]));
        }
        output::print(&table)?;
    }
    output::line(&format!(
        "audit unusual: found={} looked_at={} on_record={}",
        answer.unusual.len(),
        answer.looked_at,
        hex::encode(&answer.audit_id)
    ))?;
    Ok(ExitCode::SUCCESS)
}
