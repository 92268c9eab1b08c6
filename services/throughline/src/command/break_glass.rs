//! `throughline break-glass`

use std::process::ExitCode;

use clap::Subcommand;
use proto::events::Subject;
use proto::sharing::break_glass_reviewed::Outcome;
use proto::sharing::{
    AssertBreakGlassRequest, BreakGlass, ListBreakGlassRequest, ListBreakGlassResponse, ReviewBreakGlassRequest,
};

use crate::command::asking::{AboutChild, AskingAs, as_json_of, refused, spelt};
use crate::command::block_on;
use crate::command::identity::review::moment;
use crate::output::{self, Usage};

/// Emergencies: break the glass for a child, see who did, review it
///
/// Where a child is in danger and the rules would show too little too late, whoever works in safeguarding or treats the child can
/// break the glass: for one child, one purpose, for themself alone and for an hour at most. It is on record before it opens
/// anything, and ends by itself. It never opens what is sealed, restricted by a court, legally privileged or past its retention. The
/// organisations whose records it opened are told, and somebody else reviews it within 72 hours.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Assert(Assert),
    List(List),
    Review(Review),
}

/// Break the glass for a child
///
/// The answer is the same for a child who is not known: it tells nothing. Ask for the timeline again afterwards. Your organisation
/// may ask that you sign in afresh first (STEP_UP_NEEDED).
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline break-glass assert UPN:dfe:B801200005001 --as ods-rh8 --purpose child_protection \\\n      --reason \"Arrived alone with a burn; the ward must know who may collect the child\" --minutes 30"
)]
struct Assert {
    #[command(flatten)]
    about: AboutChild,
    #[command(flatten)]
    asking: AskingAs,
    /// Why it cannot wait, in 10 to 1,000 characters: whoever reviews it reads this.
    #[arg(long)]
    reason: String,
    /// For how many minutes, at most 60.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=60))]
    minutes: u32,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Who of your organisation broke the glass, and what became of it
///
/// For safeguarding and information-governance leads. The organisation that runs the service sees everybody's, without the child and
/// without what somebody wrote. Whoever broke the glass more often than is usual is named below: it is for a person to look at, and
/// stops nobody.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  throughline break-glass list --overdue --as ods-rh8-safeguarding")]
struct List {
    #[command(flatten)]
    asking: AskingAs,
    /// Only those that nobody reviewed within 72 hours.
    #[arg(long)]
    overdue: bool,
    /// At most so many, newest first.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Review a breaking of the glass that somebody else asserted
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline break-glass review 019aab2c7d1e7f00b1c2d3e4f5061728 --as ods-rh8-safeguarding --outcome justified \\\n      --words \"Seen with the ward: the risk was real and the record was needed\""
)]
struct Review {
    /// Which, 32 hexadecimal digits: the list and the notice give it.
    break_glass: String,
    #[command(flatten)]
    asking: AskingAs,
    /// What the review found.
    #[arg(long, value_parser = ["justified", "not_justified", "avoidable"])]
    outcome: String,
    /// In your own words, at most 2,000 characters.
    #[arg(long)]
    words: String,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Assert(arguments) => block_on(assert(arguments)),
        Command::List(arguments) => block_on(list(arguments)),
        Command::Review(arguments) => block_on(review(arguments)),
    }
}

async fn assert(arguments: &Assert) -> anyhow::Result<ExitCode> {
    let request = AssertBreakGlassRequest {
        child: Some(arguments.about.child()?),
        purpose: arguments.about.purpose()?.into(),
        reason: arguments.reason.clone(),
        minutes: arguments.minutes,
    };
    let mut client = arguments.asking.safeguards().await?;
    let answer = client.assert_break_glass(request).await.map_err(|status| refused(&status))?.into_inner();
    if arguments.json {
        output::line(&as_json_of("throughline.sharing.v1.AssertBreakGlassResponse", &answer)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    for owed in answer.owed() {
        output::line(&format!("you owe: {}", spelt(owed.as_str_name(), "OBLIGATION_").replace('_', " ")))?;
    }
    output::line(&format!(
        "break-glass: {} until {} review_due={} decision={}",
        hex::encode(&answer.break_glass),
        moment(answer.ends_at.as_ref()),
        moment(answer.review_due_at.as_ref()),
        hex::encode(&answer.decision_id),
    ))?;
    Ok(ExitCode::SUCCESS)
}

async fn list(arguments: &List) -> anyhow::Result<ExitCode> {
    let request = ListBreakGlassRequest { overdue: arguments.overdue, since: None, limit: arguments.limit };
    let mut client = arguments.asking.safeguards().await?;
    let answer = client.list_break_glass(request).await.map_err(|status| refused(&status))?.into_inner();
    match arguments.json {
        true => output::line(&as_json_of("throughline.sharing.v1.ListBreakGlassResponse", &answer)?)?,
        false => print(&answer)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(answer: &ListBreakGlassResponse) -> anyhow::Result<()> {
    if !answer.break_glass.is_empty() {
        let mut table = output::table(&[
            "break-glass",
            "when",
            "until",
            "organisation",
            "person",
            "for",
            "child",
            "opened",
            "review",
        ]);
        answer.break_glass.iter().for_each(|broken| output::add_row(&mut table, row(broken)));
        output::print(&table)?;
    }
    if !answer.alarms.is_empty() {
        let mut table = output::table(&["often", "person", "in a day", "in a week"]);
        for alarm in &answer.alarms {
            let counts = [alarm.in_a_day.to_string(), alarm.in_a_week.to_string()];
            let who = [alarm.organisation.clone(), alarm.person.clone()];
            output::add_row(&mut table, who.into_iter().chain(counts));
        }
        output::print(&table)?;
    }
    let overdue = answer.break_glass.iter().filter(|broken| broken.overdue).count();
    output::line(&format!(
        "break-glass: listed={} overdue={overdue} alarms={} decision={}",
        answer.break_glass.len(),
        answer.alarms.len(),
        hex::encode(&answer.decision_id),
    ))
}

fn row(broken: &BreakGlass) -> Vec<String> {
    let review = match (&broken.review, broken.overdue) {
        (Some(review), _) => format!("{} by {}", spelt(review.outcome().as_str_name(), "OUTCOME_"), review.reviewed_by),
        (None, true) => format!("OVERDUE since {}", moment(broken.review_due_at.as_ref())),
        (None, false) => format!("due {}", moment(broken.review_due_at.as_ref())),
    };
    vec![
        hex::encode(&broken.id),
        moment(broken.asserted_at.as_ref()),
        moment(broken.ends_at.as_ref()),
        broken.organisation.clone(),
        broken.person.clone(),
        spelt(broken.purpose().as_str_name(), "PURPOSE_"),
        broken.child.as_ref().map(reference).unwrap_or_default(),
        format!("{} answers of {} organisations", broken.answers, broken.organisations_opened),
        review,
    ]
}

async fn review(arguments: &Review) -> anyhow::Result<ExitCode> {
    let outcome = Outcome::from_str_name(&format!("OUTCOME_{}", arguments.outcome.to_uppercase()));
    let request = ReviewBreakGlassRequest {
        break_glass: id(&arguments.break_glass)?,
        outcome: outcome.unwrap_or(Outcome::Unspecified).into(),
        words: arguments.words.clone(),
    };
    let mut client = arguments.asking.safeguards().await?;
    let answer = client.review_break_glass(request).await.map_err(|status| refused(&status))?.into_inner();
    if arguments.json {
        output::line(&as_json_of("throughline.sharing.v1.ReviewBreakGlassResponse", &answer)?)?;
    } else {
        output::line(&format!("break-glass: reviewed decision={}", hex::encode(&answer.decision_id)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Sixteen bytes as a person copies them.
pub(super) fn id(text: &str) -> anyhow::Result<Vec<u8>> {
    let id = hex::decode(text.replace('-', "")).ok().filter(|id| id.len() == 16);
    Ok(id.ok_or_else(|| Usage("an id is 32 hexadecimal digits".to_owned()))?)
}

/// A child as a person names one.
pub(super) fn reference(child: &Subject) -> String {
    format!("{}:{}:{}", child.scheme().as_str_name().trim_start_matches("SCHEME_"), child.issuer, child.value)
}
