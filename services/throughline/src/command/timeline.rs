//! `throughline timeline`

mod print;
pub(super) use print::{cells, erased_line};
mod watch;

use std::process::ExitCode;

use proto::sharing::Category;
use proto::timeline::{AsOf, GetTimelineRequest, Period};

use crate::command::asking::{AboutChild, AskingAs, as_json, refused};
use crate::command::block_on;
use crate::output::{self, Usage};

/// Ask the running service for a child's timeline, as one reader and for one purpose
///
/// The decision is on record before the answer is given. A child who is not known and one of whom this reader may see
/// nothing look the same.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    about: AboutChild,
    #[command(flatten)]
    asking: AskingAs,
    /// Only entries from this day on, YYYY-MM-DD.
    #[arg(long)]
    from: Option<jiff::civil::Date>,
    /// Only entries up to this day, inclusive.
    #[arg(long)]
    to: Option<jiff::civil::Date>,
    #[arg(long, value_delimiter = ',', help = format!("Only these categories, of: {}", categories()))]
    category: Vec<String>,
    /// Only what was known at this instant, 2025-10-01T09:00:00Z.
    #[arg(long, conflicts_with = "watch")]
    known_at: Option<jiff::Timestamp>,
    /// Judge the rules (ages, expiries) at this day.
    #[arg(long, conflicts_with = "watch")]
    valid_on: Option<jiff::civil::Date>,
    /// How many entries at most; all pages are read up to it.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Stay, and print what appears, changes or is taken back. A stream ends after five minutes; if you may see less than you
    /// did, nothing more comes until then.
    #[arg(long, conflicts_with = "limit")]
    watch: bool,
    /// The answer as one JSON object a page, or a batch.
    #[arg(long)]
    json: bool,
}

const PAGE_SIZE: u32 = 200;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut request = request(arguments)?;
    block_on(async {
        let mut client = arguments.asking.client().await?;
        if arguments.watch {
            return watch::follow(client, request, arguments.json).await;
        }
        let limit = usize::try_from(arguments.limit)?;
        let mut printed = 0;
        let mut in_part = 0;
        loop {
            let mut answer =
                client.get_timeline(request.clone()).await.map_err(|status| refused(&status))?.into_inner();
            answer.entries.truncate(limit.saturating_sub(printed));
            let first = request.page_token.is_empty();
            if arguments.json {
                output::line(&as_json("GetTimelineResponse", &answer)?)?;
            } else {
                print::page(&answer, first)?;
            }
            printed += answer.entries.len();
            in_part += answer.entries.iter().filter(|entry| entry.withheld.is_some()).count();
            if !answer.more || printed >= limit {
                if !arguments.json {
                    print::end(&answer, printed, in_part)?;
                }
                return Ok(ExitCode::SUCCESS);
            }
            request.page_token = answer.next_page_token;
        }
    })
}

fn request(arguments: &Arguments) -> anyhow::Result<GetTimelineRequest> {
    let categories = arguments.category.iter().map(|name| {
        Category::from_str_name(&format!("CATEGORY_{}", name.to_uppercase()))
            .filter(|category| *category != Category::Unspecified)
            .map(Into::into)
            .ok_or_else(|| Usage(format!("there is no such category; there are: {}", categories())))
    });
    let period = Period { from: arguments.from.map(output::date), to: arguments.to.map(output::date) };
    let known_at =
        arguments.known_at.map(|at| prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() });
    Ok(GetTimelineRequest {
        child: Some(arguments.about.child()?),
        purpose: arguments.about.purpose()?.into(),
        period: Some(period),
        categories: categories.collect::<Result<_, _>>()?,
        as_of: Some(AsOf { known_at, valid_on: arguments.valid_on.map(output::date) }),
        page_size: arguments.limit.min(PAGE_SIZE),
        page_token: Vec::new(),
    })
}

/// Every category, as the command line spells it.
fn categories() -> String {
    let names = (1..).map_while(|number| Category::try_from(number).ok());
    let names = names.map(|category| category.as_str_name().trim_start_matches("CATEGORY_").to_lowercase());
    names.collect::<Vec<_>>().join(", ")
}
