//! `throughline sharing page`

mod html;
mod model;
#[cfg(test)]
mod tests;
mod text;
pub(in crate::command) mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::ValueEnum;
use proto::events::Subject;
use proto::sharing::Purpose;
use proto::timeline::{GetInvolvementRequest, GetTimelineRequest};
use sharing::Engine;

use self::model::{Given, Page};
use crate::command::asking::{AskingAs, refused};
use crate::command::{block_on, facts};
use crate::output::{self, Usage};

/// Write a page for a child or a parent: who may see what about this child, and why, in plain English
///
/// The page is made of what its reader was given for the asking, and of the rules, which are public: so nothing is on it that its
/// reader may not know, and the asking is decided and on record as any other is. It stands alone: one HTML file that prints on
/// paper, or text.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline sharing page UPN:dfe:B801200005001 --for parent --as a-parent > page.html\n  \
    throughline sharing page UPN:dfe:B801200005001 --for child --as a-young-person --text\n  \
    throughline sharing page UPN:dfe:B801200005001 --for lead --as a-safeguarding-lead --purpose child_protection --text"
)]
pub(crate) struct Arguments {
    /// The child, as SCHEME:ISSUER:VALUE, by any reference that the reader already holds.
    child: String,
    /// Whom the page is for: it decides its words, and what it is asked for.
    #[arg(long = "for", value_name = "WHOM")]
    whom: Whom,
    #[command(flatten)]
    asking: AskingAs,
    /// For a lead: what for.
    #[arg(long, required_if_eq("whom", "lead"))]
    purpose: Option<String>,
    /// As text, in place of HTML.
    #[arg(long)]
    text: bool,
    /// Into this file, in place of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Whom a page is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Whom {
    /// A parent or somebody else with parental responsibility.
    Parent,
    /// The child or young person.
    Child,
    /// An information-governance or safeguarding lead: with rules and law.
    Lead,
}

const PAGE_SIZE: u32 = 200;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let purpose = purpose(arguments)?;
    let child = child(&arguments.child)?;
    let engine = Engine::load()?;
    let given = block_on(ask(arguments, child, purpose))?;
    let today = jiff::Zoned::now().date();
    let page = Page::of(&engine, &given, arguments.whom, today);
    let written = if arguments.text { text::written(&page) } else { html::written(&page) };
    match &arguments.out {
        Some(file) => std::fs::write(file, written).with_context(|| format!("cannot write `{}`", file.display()))?,
        None => output::line(written.trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn purpose(arguments: &Arguments) -> anyhow::Result<Purpose> {
    let name = match (&arguments.purpose, arguments.whom) {
        (Some(name), _) => name,
        (None, _) => "subject_access",
    };
    let purpose = Purpose::from_str_name(&format!("PURPOSE_{}", name.to_uppercase()));
    Ok(purpose.ok_or_else(|| Usage("there is no such purpose: `throughline timeline --help` lists them".to_owned()))?)
}

fn child(text: &str) -> anyhow::Result<Subject> {
    let mut parts = text.splitn(3, ':');
    let (Some(scheme), Some(issuer), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
        anyhow::bail!(Usage(
            "the child must be given as SCHEME:ISSUER:VALUE, such as UPN:dfe:B801200005001".to_owned()
        ));
    };
    Ok(facts::reference(scheme, issuer, value).map_err(|error| Usage(error.to_string()))?)
}

/// What the reader is given: all of it, page by page.
async fn ask(arguments: &Arguments, child: Subject, purpose: Purpose) -> anyhow::Result<Given> {
    let mut client = arguments.asking.client().await?;
    let mut request = GetTimelineRequest {
        child: Some(child.clone()),
        purpose: purpose.into(),
        page_size: PAGE_SIZE,
        ..GetTimelineRequest::default()
    };
    let mut given = Given::default();
    loop {
        let answer = client.get_timeline(request.clone()).await.map_err(|status| refused(&status))?.into_inner();
        given.entries.extend(answer.entries);
        given.services.extend(answer.existence);
        given.decisions.push(answer.decision_id);
        if !answer.more {
            break;
        }
        request.page_token = answer.next_page_token;
    }
    let request = GetInvolvementRequest { child: Some(child), purpose: purpose.into() };
    let answer = client.get_involvement(request).await.map_err(|status| refused(&status))?.into_inner();
    given.working = answer.involved;
    given.decisions.push(answer.decision_id);
    Ok(given)
}
