//! `throughline family`

use std::process::ExitCode;

use proto::events::parental_responsibility::Held;
use proto::events::relationship_recorded::Kind;
use proto::timeline::{FamilyChild, FamilyGround, GetFamilyRequest, RelatedPerson};

use crate::command::asking::{AboutChild, AskingAs, as_json, refused, spelt};
use crate::command::block_on;
use crate::output;

/// Ask the running service for the people around a child, and for the other children of the family
///
/// The people are those whom a record of the child names: what they are to the child, and their name where you may see that
/// record whole. Of the other children you are told of those whom your organisation works with, and as a social worker in an
/// enquiry, on a protection plan or with a child in need, of all: why they are thought to be of the family or the home, your
/// own number for them, and who works with them. A child of whom you may not know leaves no trace. It is on record, for each
/// child by itself, before it is answered. What no feed says of a family a person records by `throughline facts relation`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline family LA_CHILD_ID:878:12345 --as la-878-social-care --purpose child_protection"
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
    let request = GetFamilyRequest { child: Some(child), purpose: purpose.into() };
    block_on(async {
        let mut client = arguments.asking.client().await?;
        let answer = client.get_family(request).await.map_err(|status| refused(&status))?.into_inner();
        if arguments.json {
            output::line(&as_json("GetFamilyResponse", &answer)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        if !answer.people.is_empty() {
            let mut table = output::table(&["person", "name", "parental responsibility", "by", "withheld"]);
            answer.people.iter().for_each(|person| output::add_row(&mut table, person_row(person)));
            output::print(&table)?;
        }
        if !answer.children.is_empty() {
            let mut table = output::table(&["other child", "why", "organisation", "capacity", "ask"]);
            answer.children.iter().flat_map(child_rows).for_each(|row| output::add_row(&mut table, row));
            output::print(&table)?;
        }
        for owed in &answer.obligations {
            output::line(&format!("you owe: {owed}"))?;
        }
        let (people, children) = (answer.people.len(), answer.children.len());
        output::line(&format!(
            "family: people={people} children={children} decision={}",
            hex::encode(&answer.decision_id)
        ))?;
        Ok(ExitCode::SUCCESS)
    })
}

fn person_row(person: &RelatedPerson) -> Vec<String> {
    let kind = match person.kind() {
        Kind::Unspecified => "somebody".to_owned(),
        kind => spelt(kind.as_str_name(), "KIND_").replace('_', " "),
    };
    let name = person.recorded.as_ref().and_then(|recorded| recorded.name.as_ref());
    let name =
        name.map(|name| [&name.given, &name.family].into_iter().flatten().cloned().collect::<Vec<_>>().join(" "));
    let held = person.parental_responsibility.as_ref().map(|said| match said.held() {
        Held::Unspecified => "",
        Held::Yes => "yes",
        Held::No => "no",
        Held::Unknown => "not known",
    });
    let withheld = person.withheld.as_ref().map(|withheld| withheld.field_groups.join(", "));
    vec![
        kind,
        name.unwrap_or_default(),
        held.unwrap_or_default().to_owned(),
        person.organisation.clone(),
        withheld.unwrap_or_default(),
    ]
}

/// A row for each organisation that works with the child, and one where none may be known.
fn child_rows(child: &FamilyChild) -> Vec<Vec<String>> {
    let who = child.reference.as_ref().map_or_else(
        || "a child".to_owned(),
        |subject| {
            let scheme = spelt(subject.scheme().as_str_name(), "SCHEME_").to_uppercase();
            format!("{scheme}:{}:{}", subject.issuer, subject.value)
        },
    );
    let why = child.grounds().map(|ground| match ground {
        FamilyGround::Unspecified => "",
        FamilyGround::Sibling => "brother or sister",
        FamilyGround::ParentOrCarer => "one parent or carer",
        FamilyGround::Address => "one address",
    });
    let why = why.collect::<Vec<_>>().join(", ");
    let mut rows: Vec<Vec<String>> = child
        .involved
        .iter()
        .map(|one| {
            let organisation = if one.organisation.is_empty() { "a service" } else { &one.organisation };
            let capacity = Some(spelt(one.capacity().as_str_name(), "KIND_")).filter(|kind| kind != "unspecified");
            vec![organisation.to_owned(), capacity.unwrap_or_default(), one.contact.clone()]
        })
        .collect();
    if rows.is_empty() {
        rows.push(vec![String::new(); 3]);
    }
    let first = |at: usize, text: &str| if at == 0 { text.to_owned() } else { String::new() };
    let named = |(at, row): (usize, Vec<String>)| [vec![first(at, &who), first(at, &why)], row].concat();
    rows.into_iter().enumerate().map(named).collect()
}
