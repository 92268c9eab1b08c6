//! `throughline identity disclosures`

use std::process::ExitCode;

use proto::identity::list_releases_request::About as By;
use proto::identity::{ListReleasesRequest, ListReleasesResponse, Release};

use super::{digits, moment, reference};
use crate::command::asking::{AskingAs, as_json_of, refused, spelt};
use crate::command::block_on;
use crate::output;

/// List what was given to whom while two subjects were held to be one child, and whom to notify
///
/// From the record of disclosures: every answer that rested on both sides as one child, and that gave something. Metadata, never
/// content. For reviewers of the organisation that runs the service.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  throughline identity disclosures --event 019aab2c... --as reviewer-1\n  \
    throughline identity disclosures --pair LA_CHILD_ID:878:12345 PROVIDER_PERSON:ods-rh8/RH8:1234 --as reviewer-1")]
pub(crate) struct Arguments {
    #[command(flatten)]
    about: Which,
    #[command(flatten)]
    asking: AskingAs,
    /// One JSON object a page.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct Which {
    /// An item's id, or the first eight digits of it.
    item: Option<String>,
    /// Any two subjects, each as SCHEME:ISSUER:VALUE.
    #[arg(long, num_args = 2, value_names = ["ONE", "OTHER"])]
    pair: Vec<String>,
    /// The event of an unlinking, as `throughline identity unlink` printed it.
    #[arg(long)]
    event: Option<String>,
}

impl Which {
    fn asked(&self) -> anyhow::Result<By> {
        if let [one, other] = self.pair.as_slice() {
            let (one, other) = (Some(reference(one)?), Some(reference(other)?));
            return Ok(By::Pair(proto::identity::Pair { one, other }));
        }
        if let Some(event) = &self.event {
            return Ok(By::Event(digits(event, "an event", 16)?));
        }
        Ok(By::Item(digits(self.item.as_deref().unwrap_or_default(), "an item's id", 4)?))
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let about = arguments.about.asked()?;
    block_on(async {
        let mut client = arguments.asking.reviewer().await?;
        let mut all = ListReleasesResponse::default();
        let mut page_token = Vec::new();
        loop {
            let request = ListReleasesRequest { about: Some(about.clone()), page_token };
            let page = client.list_releases(request).await.map_err(|status| refused(&status))?.into_inner();
            if arguments.json {
                output::line(&as_json_of("throughline.identity.v1.ListReleasesResponse", &page)?)?;
            }
            page_token = page.next_page_token.clone();
            (all.linked_from, all.linked_to) = (page.linked_from, page.linked_to);
            all.releases.extend(page.releases);
            all.recipients.extend(page.recipients);
            if page_token.is_empty() {
                break;
            }
        }
        if !arguments.json {
            print(all)?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn print(mut all: ListReleasesResponse) -> anyhow::Result<()> {
    all.releases.sort_by_key(|release| release.at.map(|at| (at.seconds, at.nanos)));
    all.recipients.sort_by(|a, b| a.organisation.cmp(&b.organisation));
    all.recipients.dedup_by(|a, b| a.organisation == b.organisation);
    let Some(from) = &all.linked_from else {
        return output::line("disclosures: none: these two were never held to be one child");
    };
    if !all.releases.is_empty() {
        let mut table = output::table(&["decision", "when", "organisation", "person", "for", "asked", "given"]);
        all.releases.iter().for_each(|release| output::add_row(&mut table, row(release)));
        output::print(&table)?;
        output::line("to notify")?;
        let mut table = output::table(&["organisation", "name", "ask"]);
        for recipient in &all.recipients {
            let cells = [&recipient.organisation, &recipient.name, &recipient.contact].map(String::clone);
            output::add_row(&mut table, cells);
        }
        output::print(&table)?;
    }
    let to = all.linked_to.as_ref().map_or("now".to_owned(), |to| moment(Some(to)));
    let unsure = all.releases.iter().filter(|release| !release.certain).count();
    output::line(&format!(
        "disclosures: {} under the link from {} to {to}, to {} organisation(s); not certain: {unsure}",
        all.releases.len(),
        moment(Some(from)),
        all.recipients.len(),
    ))
}

fn row(release: &Release) -> Vec<String> {
    let mut given = vec![];
    for (count, what) in [(release.entries, "entries"), (release.lines, "lines")] {
        if count > 0 {
            given.push(format!("{count} {what}"));
        }
    }
    let classes = [
        ("full", release.classes_full),
        ("in part", release.classes_redacted),
        ("existence", release.classes_existence),
    ];
    let classes: Vec<String> =
        classes.into_iter().filter(|(_, count)| *count > 0).map(|(how, count)| format!("{count} {how}")).collect();
    let unsure = if release.certain { "" } else { " (not certain)" };
    vec![
        hex::encode(&release.decision_id),
        moment(release.at.as_ref()),
        release.organisation.clone(),
        release.person.clone(),
        spelt(release.purpose().as_str_name(), "PURPOSE_"),
        spelt(release.call().as_str_name(), "CALL_"),
        format!("{}; classes: {}{unsure}", given.join(", "), classes.join(", ")),
    ]
}
