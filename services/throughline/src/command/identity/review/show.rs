//! `throughline identity show`

use std::process::ExitCode;

use proto::events::Verdict;
use proto::identity::show_item_request::About as By;
use proto::identity::{Agreement, FieldCompared, ShowItemRequest, ShowItemResponse, Side, Standing, Stated, Step};

use super::{About, Asked, moment, short, standing, why, written};
use crate::command::asking::{AskingAs, as_json_of, refused};
use crate::command::block_on;
use crate::output;

/// Show a pair side by side: what the sources say of each, how far it agrees, and what was decided before
///
/// Each value stands with whose record says so and as of which day. `agrees` is exact, variant (the same said otherwise: a
/// diminutive, day and month in each other's place), close (a slip of a key), near or different; the weight is there once linking
/// parameters are adopted. Where an address is protected it is taken out of both sides, and whoever it would give away is not
/// named. A sealed identity is never shown. The look is on record before it is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  throughline identity show 4c1fa09e --as reviewer-1\n  \
    throughline identity show --pair LA_CHILD_ID:878:12345 UPN:dfe:B801200005001 --as reviewer-1\n\n\
    What it prints as `seen` goes with the decision, so that a decision is made on what was seen.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    asking: AskingAs,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let about = match arguments.about.asked()? {
        Asked::Item(item) => By::Item(item),
        Asked::Pair(pair) => By::Pair(pair),
    };
    block_on(async {
        let mut client = arguments.asking.reviewer().await?;
        let asked = client.show_item(ShowItemRequest { about: Some(about) }).await;
        let answer = asked.map_err(|status| refused(&status))?.into_inner();
        if arguments.json {
            output::line(&as_json_of("throughline.identity.v1.ShowItemResponse", &answer)?)?;
        } else {
            print(&answer, &arguments.about.words())?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn print(answer: &ShowItemResponse, about: &str) -> anyhow::Result<()> {
    let item = answer.item.clone().unwrap_or_default();
    let say = |name: &str, what: &str| output::line(&format!("{name:<11}{}", output::plain(what)));
    let since = moment(item.waiting_since.as_ref());
    say("item", &format!("{}, {}; both known since {since}", short(&item.item), standing(item.standing())))?;
    for reason in item.why() {
        say("because", why(reason))?;
    }
    if item.two_people && item.standing() != Standing::Linked {
        say("to link", "two people must agree")?;
    }
    let sources = Sources::of(answer);
    for (name, side, records) in [("one", &answer.one, &sources.one), ("other", &answer.other, &sources.other)] {
        say(name, &described(side.as_ref(), records))?;
    }
    let weighed = answer.weight.is_some();
    let mut head = vec!["", "one", "other", "agrees"];
    head.extend(weighed.then_some("weight"));
    let mut table = output::table(&head);
    for field in &answer.fields {
        output::add_row(&mut table, row(field, &sources, weighed));
    }
    output::print(&table)?;
    if let (Some(weight), Some(probability)) = (answer.weight, answer.probability) {
        let version = hex::encode(answer.parameters.get(..4).unwrap_or_default());
        say("weighed", &format!("{weight:+.1}, probability {probability:.4}, by parameters {version}"))?;
    }
    if !answer.field_groups.is_empty() {
        say("left out", &answer.field_groups.join(", "))?;
    }
    for step in &answer.history {
        say("before", &before(step))?;
    }
    let verdicts = match item.standing() {
        Standing::Linked => "unlink",
        Standing::Unlinked => "link",
        _ => "link|unlink|leave",
    };
    let seen = short(&answer.seen);
    say("to decide", &format!("throughline identity {verdicts} {about} --seen {seen} --because \"...\""))?;
    match one_issuers(answer) {
        Some((one, other)) if item.standing() != Standing::Linked => {
            say("or", &format!("throughline identity supersede {one} {other} --seen {seen} --because \"...\""))
        }
        _ => Ok(()),
    }
}

/// Two numbers of one issuer, of which one may have gone.
fn one_issuers(answer: &ShowItemResponse) -> Option<(String, String)> {
    let (one, other) = (answer.one.as_ref()?.subject.as_ref()?, answer.other.as_ref()?.subject.as_ref()?);
    ((one.scheme, &one.issuer) == (other.scheme, &other.issuer)).then(|| (written(one), written(other)))
}

/// The records that each side rests on: whose, and as of which day. A value names its record where its side has several.
struct Sources {
    one: Vec<String>,
    other: Vec<String>,
}

impl Sources {
    fn of(answer: &ShowItemResponse) -> Self {
        let records = |side: fn(&FieldCompared) -> &Vec<Stated>| {
            let mut found: Vec<String> = Vec::new();
            for stated in answer.fields.iter().flat_map(side) {
                let record = record(stated);
                if !record.is_empty() && !found.contains(&record) {
                    found.push(record);
                }
            }
            found
        };
        Self { one: records(|field| &field.one), other: records(|field| &field.other) }
    }
}

fn record(stated: &Stated) -> String {
    let day = stated.as_of.map(|on| {
        format!("as of {:04}-{:02}-{:02}", on.year, on.month.unwrap_or_default(), on.day.unwrap_or_default())
    });
    let parts = [stated.organisation.as_str(), day.as_deref().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `a`, `b` and so on.
fn letter(at: usize) -> char {
    u8::try_from(at).ok().and_then(|at| b'a'.checked_add(at)).map_or('?', char::from)
}

fn described(side: Option<&Side>, records: &[String]) -> String {
    let Some(side) = side else { return String::new() };
    let name = match &side.subject {
        Some(subject) => written(subject),
        None => format!("a {}, which is not told", side.scheme().as_str_name().trim_start_matches("SCHEME_")),
    };
    let by = match records {
        [] => String::new(),
        [one] => format!(" by {one}"),
        several => {
            let each = several.iter().enumerate().map(|(at, record)| format!("[{}] {record}", letter(at)));
            format!(" by {}", each.collect::<Vec<_>>().join(", "))
        }
    };
    let linked: Vec<String> = side.linked.iter().map(written).collect();
    let linked = if linked.is_empty() { String::new() } else { format!("; one child with {}", linked.join(", ")) };
    format!("{name}{by}{linked}")
}

fn row(field: &FieldCompared, sources: &Sources, weighed: bool) -> Vec<String> {
    let agrees = match field.agreement() {
        Agreement::Unspecified => "",
        Agreement::Exact => "exact",
        Agreement::Variant => "variant",
        Agreement::Close => "close",
        Agreement::Near => "near",
        Agreement::Different => "different",
    };
    let (one, other) = (values(&field.one, &sources.one), values(&field.other, &sources.other));
    let mut cells = vec![field.field.clone(), one, other, agrees.to_owned()];
    if weighed {
        cells.push(field.weight.map(|weight| format!("{weight:+.1}")).unwrap_or_default());
    }
    cells
}

fn values(stated: &[Stated], records: &[String]) -> String {
    let mut values: Vec<(String, String)> = Vec::new();
    for one in stated {
        let by = records.iter().position(|of| *of == record(one)).filter(|_| records.len() > 1).map(letter);
        match values.iter_mut().find(|(value, _)| *value == one.value) {
            Some((_, letters)) => letters.extend(by),
            None => values.push((one.value.clone(), by.map(String::from).unwrap_or_default())),
        }
    }
    let written = values.into_iter().map(|(value, by)| {
        let mut letters: Vec<char> = by.chars().collect();
        letters.sort_unstable();
        (value, String::from_iter(letters))
    });
    let written = written.map(|(value, by)| if by.is_empty() { value } else { format!("{value} [{by}]") });
    written.collect::<Vec<_>>().join("\n")
}

fn before(step: &Step) -> String {
    let did = match (step.proposed, step.verdict()) {
        (_, Verdict::Unspecified) => "",
        (true, Verdict::Link) => "proposed to link",
        (true, Verdict::Unlink) => "proposed to unlink",
        (true, Verdict::Supersede) => "proposed that a number went",
        (true, Verdict::Leave) => "proposed to leave open",
        (false, Verdict::Link) => "linked",
        (false, Verdict::Unlink) => "unlinked",
        (false, Verdict::Supersede) => "said that a number went",
        (false, Verdict::Leave) => "left open",
    };
    let who = match (step.person.as_str(), step.organisation.as_str()) {
        ("", _) => "an operator".to_owned(),
        (person, "") => person.to_owned(),
        (person, organisation) => format!("{person} at {organisation}"),
    };
    let proposed = match step.proposed_by.as_str() {
        "" => String::new(),
        proposed_by => format!(", as {proposed_by} proposed"),
    };
    let until = step.expires_at.map(|at| format!(", until {}", moment(Some(&at)))).unwrap_or_default();
    let reason = if step.reason.is_empty() { String::new() } else { format!(": {}", step.reason) };
    let overtaken = if step.overtaken { " (overtaken: it says nothing)" } else { "" };
    format!("{} {did} by {who}{proposed}{until}{reason}{overtaken}", moment(step.at.as_ref()))
}
