//! `throughline identity statistics`

use std::process::ExitCode;

use proto::identity::{GetStatisticsRequest, GetStatisticsResponse};

use super::why;
use crate::command::asking::{AskingAs, as_json_of, refused};
use crate::command::block_on;
use crate::output;

/// How much waits for a person, for how long and why; what was decided, how soon, and what was turned over
///
/// Counts alone, of what this reviewer may be shown and of nothing else. A pair that waits for two reasons is in both lines.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    asking: AskingAs,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    block_on(async {
        let mut client = arguments.asking.reviewer().await?;
        let asked = client.get_statistics(GetStatisticsRequest {}).await;
        let answer = asked.map_err(|status| refused(&status))?.into_inner();
        if arguments.json {
            output::line(&as_json_of("throughline.identity.v1.GetStatisticsResponse", &answer)?)?;
        } else {
            print(&answer)?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn print(answer: &GetStatisticsResponse) -> anyhow::Result<()> {
    if !answer.waiting.is_empty() {
        let mut table = output::table(&["waiting because", "under a day", "a week", "a month", "longer"]);
        for line in &answer.waiting {
            let counts = [line.under_a_day, line.under_a_week, line.under_a_month, line.longer];
            let cells = std::iter::once(why(line.why()).to_owned()).chain(counts.map(|count| count.to_string()));
            output::add_row(&mut table, cells);
        }
        output::print(&table)?;
    }
    if !answer.sources.is_empty() {
        let mut table = output::table(&["records of", "waiting", "linked", "unlinked", "left open"]);
        for source in &answer.sources {
            let counts = [source.waiting, source.linked, source.unlinked, source.left_open];
            let cells = std::iter::once(source.organisation.clone()).chain(counts.map(|count| count.to_string()));
            output::add_row(&mut table, cells);
        }
        output::print(&table)?;
    }
    let median = answer.decide_seconds_median.map_or("-".to_owned(), spell);
    let partly = if answer.complete { "" } else { " (not everything is looked through yet)" };
    output::line(&format!(
        "review: waiting={} proposed={} left_open={} linked={} unlinked={} overturned={} median={median}{partly}",
        answer.waiting_total, answer.proposed, answer.left_open, answer.linked, answer.unlinked, answer.overturned,
    ))
}

fn spell(seconds: u64) -> String {
    match seconds {
        ..3_600 => format!("{}min", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}
