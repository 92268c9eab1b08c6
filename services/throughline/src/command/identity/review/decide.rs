//! `throughline identity link`, `unlink`, `leave` and `supersede`

use std::process::ExitCode;

use proto::events::Verdict;
use proto::identity::decide_request::About as By;
use proto::identity::decide_response::Outcome;
use proto::identity::{DecideRequest, DecideResponse, Pair};

use super::{About, Asked, digits, moment, reference};
use crate::command::asking::{AskingAs, as_json_of, refused};
use crate::command::block_on;
use crate::output;

/// Decide that two subjects are one child
///
/// Where something speaks against it (two numbers of which a child has one, names and birth dates that both differ, one issuer
/// with both, twins, a person who parted them before) the first who says so proposes it, and another person confirms it with the
/// same command within fourteen days. Nothing is moved: from now on the two are read as one child, and `unlink` undoes it whole.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline identity link 4c1fa09e --seen 77ab01c9 --because \"one NHS number, checked with the GP\" --as reviewer-1"
)]
pub(crate) struct Link {
    #[command(flatten)]
    deciding: Deciding,
}

/// Decide that two subjects are two children
///
/// Whether a person linked them, a number did, or nobody yet: nothing links them again but a person. A link that two people made
/// takes two to undo. What was given to anybody while they were one child is listed by `throughline identity disclosures`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline identity unlink 4c1fa09e --seen 77ab01c9 --because \"brothers\" --as reviewer-1\n  \
    throughline identity unlink --pair PROVIDER_PERSON:ods-rh8/RH8:1234 LA_CHILD_ID:878:12345 --from-all --seen 77ab01c9 --because \"another child's notes\" --as reviewer-1"
)]
pub(crate) struct Unlink {
    #[command(flatten)]
    deciding: Deciding,
    /// With --pair: part ONE from every subject that it is linked with, and keep those one child.
    #[arg(long, requires = "pair")]
    from_all: bool,
}

/// Leave a pair open: it cannot be said from what there is
///
/// It leaves the queue, and comes back when a source describes one of the two anew.
#[derive(clap::Args, Debug)]
pub(crate) struct Leave {
    #[command(flatten)]
    deciding: Deciding,
}

/// Say that a number of one issuer went, and another of the same issuer stands in its place
///
/// For a source that does not say so itself. Two people must agree.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline identity supersede LA_CHILD_ID:878:12345 LA_CHILD_ID:878:67890 --seen 77ab01c9 --because \"entered twice\" --as reviewer-1"
)]
pub(crate) struct Supersede {
    /// The number that went.
    went: String,
    /// The number that stands.
    stands: String,
    #[command(flatten)]
    saying: Saying,
}

#[derive(clap::Args, Debug)]
struct Deciding {
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    saying: Saying,
}

#[derive(clap::Args, Debug)]
struct Saying {
    #[command(flatten)]
    asking: AskingAs,
    /// What `throughline identity show` printed as --seen.
    #[arg(long)]
    seen: String,
    /// Why, for whoever looks at it later. At most 500 characters.
    #[arg(long)]
    because: String,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn link(arguments: &Link) -> anyhow::Result<ExitCode> {
    arguments.deciding.decide(Verdict::Link, false)
}

pub(crate) fn unlink(arguments: &Unlink) -> anyhow::Result<ExitCode> {
    arguments.deciding.decide(Verdict::Unlink, arguments.from_all)
}

pub(crate) fn leave(arguments: &Leave) -> anyhow::Result<ExitCode> {
    arguments.deciding.decide(Verdict::Leave, false)
}

pub(crate) fn supersede(arguments: &Supersede) -> anyhow::Result<ExitCode> {
    let (one, other) = (reference(&arguments.went)?, reference(&arguments.stands)?);
    let pair = Pair { one: Some(one), other: Some(other) };
    arguments.saying.decide(By::Pair(pair), Verdict::Supersede, false)
}

impl Deciding {
    fn decide(&self, verdict: Verdict, from_all: bool) -> anyhow::Result<ExitCode> {
        let about = match self.about.asked()? {
            Asked::Item(item) => By::Item(item),
            Asked::Pair(pair) => By::Pair(pair),
        };
        self.saying.decide(about, verdict, from_all)
    }
}

impl Saying {
    fn decide(&self, about: By, verdict: Verdict, from_all: bool) -> anyhow::Result<ExitCode> {
        let request = DecideRequest {
            about: Some(about),
            verdict: verdict.into(),
            seen: digits(&self.seen, "what was seen", 4)?,
            reason: self.because.clone(),
            from_all,
        };
        block_on(async {
            let mut client = self.asking.reviewer().await?;
            let answer = client.decide(request).await.map_err(|status| refused(&status))?.into_inner();
            if self.json {
                output::line(&as_json_of("throughline.identity.v1.DecideResponse", &answer)?)?;
            } else {
                print(&answer, verdict)?;
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

fn print(answer: &DecideResponse, verdict: Verdict) -> anyhow::Result<()> {
    let events: Vec<String> = answer.events.iter().map(hex::encode).collect();
    let done = match verdict {
        Verdict::Link => "linked",
        Verdict::Unlink => "unlinked",
        Verdict::Leave => "left open",
        Verdict::Supersede => "superseded",
        Verdict::Unspecified => "",
    };
    let outcome = match answer.outcome() {
        Outcome::Decided => done.to_owned(),
        Outcome::Proposed => {
            let until = moment(answer.expires_at.as_ref());
            format!("proposed: another person must confirm it with the same command by {until}")
        }
        Outcome::StoodAlready => "it stood already, by you".to_owned(),
        Outcome::Unspecified => String::new(),
    };
    output::line(&format!("{outcome} event={}", events.join(",")))?;
    if let (Outcome::Decided, Verdict::Unlink, Some(event)) = (answer.outcome(), verdict, events.first()) {
        let next = "what was given while they were one child, and to whom";
        output::line(&format!("{next}: throughline identity disclosures --event {event}"))?;
    }
    Ok(())
}
