//! `throughline timeline`

mod print;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::sharing::{Category, Purpose};
use proto::timeline::{AsOf, GetTimelineRequest, GetTimelineResponse, Period};

use crate::command::{block_on, facts};
use crate::output::{self, Refused, Usage};
use crate::reader::Reader;

/// Ask the running service for a child's timeline, as one reader and for one purpose
///
/// The decision is on record before the answer is given. A child who is not known and one of whom this reader may see
/// nothing look the same.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The child, as SCHEME:ISSUER:VALUE, by any reference that you already hold: UPN:dfe:B801200005001,
    /// NHS_NUMBER:nhs:9990000018, LA_CHILD_ID:878:12345.
    child: String,
    /// Whom to ask as: a reader's file, or the name of one in --readers.
    #[arg(long = "as", value_name = "READER")]
    reader: String,
    /// Where named readers are.
    #[arg(long, default_value = "throughline-dev/readers")]
    readers: PathBuf,
    /// What for: direct_care, education_provision, send_assessment, early_help, child_in_need, child_protection,
    /// looked_after, subject_access, crime_prevention, court_proceedings, adoption_support.
    #[arg(long)]
    purpose: String,
    /// Only entries from this day on, YYYY-MM-DD.
    #[arg(long)]
    from: Option<jiff::civil::Date>,
    /// Only entries up to this day, inclusive.
    #[arg(long)]
    to: Option<jiff::civil::Date>,
    #[arg(long, value_delimiter = ',', help = format!("Only these categories, of: {}", categories()))]
    category: Vec<String>,
    /// Only what was known at this instant, 2025-10-01T09:00:00Z.
    #[arg(long)]
    known_at: Option<jiff::Timestamp>,
    /// Judge the rules (ages, expiries) at this day.
    #[arg(long)]
    valid_on: Option<jiff::civil::Date>,
    /// How many entries at most; all pages are read up to it.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// The answer as one JSON object a page.
    #[arg(long)]
    json: bool,
}

const PAGE_SIZE: u32 = 200;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let named = arguments.readers.join(format!("{}.toml", arguments.reader));
    let file = if named.exists() { named } else { PathBuf::from(&arguments.reader) };
    let reader = Reader::load(&file)?;
    let mut request = request(arguments)?;
    block_on(async {
        let mut client = reader.connect().await?;
        let limit = usize::try_from(arguments.limit)?;
        let mut printed = 0;
        let mut in_part = 0;
        loop {
            let mut answer =
                client.get_timeline(request.clone()).await.map_err(|status| refused(&status))?.into_inner();
            answer.entries.truncate(limit.saturating_sub(printed));
            let first = request.page_token.is_empty();
            if arguments.json {
                output::line(&as_json(&answer)?)?;
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
    let mut parts = arguments.child.splitn(3, ':');
    let (Some(scheme), Some(issuer), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
        bail!(Usage("the child must be given as SCHEME:ISSUER:VALUE, such as UPN:dfe:B801200005001".to_owned()));
    };
    let purpose = Purpose::from_str_name(&format!("PURPOSE_{}", arguments.purpose.to_uppercase()))
        .filter(|purpose| *purpose != Purpose::Unspecified)
        .ok_or_else(|| Usage("there is no such purpose: `throughline timeline --help` lists them".to_owned()))?;
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
        child: Some(facts::reference(scheme, issuer, value).map_err(|error| Usage(error.to_string()))?),
        purpose: purpose.into(),
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

fn refused(status: &tonic::Status) -> anyhow::Error {
    let reason =
        status.metadata().get(projection::serve::timelines::REASON_HEADER).and_then(|value| value.to_str().ok());
    let reason = reason.map(|reason| format!(" ({reason}, see docs/OPERATING.md)")).unwrap_or_default();
    Refused(format!("the service refused: {}{reason}", status.message())).into()
}

fn as_json(answer: &GetTimelineResponse) -> anyhow::Result<String> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS)?;
    let message = pool
        .get_message_by_name("throughline.timeline.v1.GetTimelineResponse")
        .context("the contract has no answer")?;
    let bytes = prost::Message::encode_to_vec(answer);
    let read = DynamicMessage::decode(message, bytes.as_slice())?;
    Ok(serde_json::to_string(&read)?)
}
