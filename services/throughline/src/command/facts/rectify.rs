//! `throughline facts rectify`

use std::process::ExitCode;

use anyhow::Context;
use jiff::civil::Date;
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::events::{EntryRectified, Event, Subject};
use proto::sharing::Purpose;
use proto::timeline::{Entry, GetTimelineRequest};

use super::saying::{Saying, date, day};
use crate::command::asking::{AskingAs, refused};
use crate::command::{block_on, timeline};
use crate::output::{self, Usage};

/// Put one of your own organisation's entries right, or take it out; `throughline facts end` takes that back
///
/// By information governance, when whoever it is about asks for it or you find it yourselves (UK GDPR article 16). What you put right
/// stands whatever the source goes on saying; where the source later says something else than what was wrong, its newer word stands, and
/// the entry says so. Whoever may see the entry is told that it was put right, and on which day. Without --entry, your organisation's
/// entries are listed with their references.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline facts rectify UPN:dfe:B801200005001 --as school-8784001-information-governance\n  \
    throughline facts rectify UPN:dfe:B801200005001 --entry 1a2b3c4d5e6f --set partTime=false --because \"parent's letter of 3 November\" --as school-8784001-information-governance\n  \
    throughline facts rectify UPN:dfe:B801200005001 --entry 1a2b3c4d5e6f --removed --because \"another child's\" --as school-8784001-information-governance"
)]
pub(crate) struct Rectify {
    /// The child, as SCHEME:ISSUER:VALUE.
    child: String,
    /// The entry, by its reference or the beginning of it.
    #[arg(long)]
    entry: Option<String>,
    /// A field as it should be, FIELD=VALUE: the names of --json, the value as JSON or plain.
    #[arg(long = "set", value_name = "FIELD=VALUE", conflicts_with = "removed")]
    sets: Vec<String>,
    /// A field that should be empty.
    #[arg(long = "clear", value_name = "FIELD", conflicts_with = "removed")]
    clears: Vec<String>,
    /// When it really happened.
    #[arg(long, value_parser = day, conflicts_with = "removed")]
    happened_on: Option<Date>,
    /// It should not be there at all.
    #[arg(long)]
    removed: bool,
    /// Why, and at whose request.
    #[arg(long, requires = "entry")]
    because: Option<String>,
    #[command(flatten)]
    saying: Saying,
}

pub(super) fn rectify(said: &Rectify) -> anyhow::Result<ExitCode> {
    let child = super::child_of(&said.child)?;
    let own = own(&said.saying.asking, &child)?;
    let Some(reference) = &said.entry else { return list(&own) };
    let entry = named(&own, reference)?;
    let because = said.because.clone().ok_or_else(|| Usage("--because must say why it is put right".to_owned()))?;
    let (stands, clears) = put_right(entry, &said.sets, &said.clears)?;
    let is_all = stands.is_none() && clears.is_empty() && said.happened_on.is_none();
    if is_all != said.removed {
        anyhow::bail!(Usage("say what is put right: --set, --clear or --happened-on; or --removed".to_owned()));
    }
    let rectified = EntryRectified {
        id: Some(format!("rectified-{}-{}", short(&entry.entry_id), jiff::Timestamp::now().as_second())),
        entry_id: Some(entry.entry_id.clone()),
        // The service knows by which source the entry was said.
        source: None,
        stands,
        clears,
        removed: said.removed.then_some(true),
        reason: Some(because),
        happened_on: date(said.happened_on),
    };
    said.saying.record(child, Purpose::SubjectAccess, rectified.into())
}

/// The entries that this person may put right: those that say by what they are named.
pub(super) fn own(asking: &AskingAs, child: &Subject) -> anyhow::Result<Vec<Entry>> {
    let mut request = GetTimelineRequest {
        child: Some(child.clone()),
        purpose: Purpose::SubjectAccess.into(),
        page_size: 500,
        ..GetTimelineRequest::default()
    };
    block_on(async {
        let (mut client, mut own) = (asking.client().await?, Vec::new());
        loop {
            let asked = client.get_timeline(request.clone()).await;
            let answer = asked.map_err(|status| refused(&status))?.into_inner();
            own.extend(answer.entries.into_iter().filter(|entry| !entry.entry_id.is_empty()));
            if !answer.more {
                return Ok(own);
            }
            request.page_token = answer.next_page_token;
        }
    })
}

/// The only entry whose reference begins so.
pub(super) fn named<'e>(own: &'e [Entry], reference: &str) -> anyhow::Result<&'e Entry> {
    let wanted = reference.trim().to_lowercase();
    let mut found = own.iter().filter(|entry| hex::encode(&entry.entry_id).starts_with(&wanted));
    match (found.next(), found.next()) {
        (Some(entry), None) if !wanted.is_empty() => Ok(entry),
        (Some(_), _) => {
            anyhow::bail!(Usage(format!("more than one entry has a reference that begins with `{wanted}`")))
        }
        (None, _) => anyhow::bail!(Usage(format!(
            "no entry of your organisation that you may see has the reference `{wanted}`: leave --entry out for those that there are"
        ))),
    }
}

fn list(own: &[Entry]) -> anyhow::Result<ExitCode> {
    if !own.is_empty() {
        let mut table = output::table(&["reference", "when", "what", "put right", "content"]);
        for entry in own {
            let [when, what, content] = timeline::cells(entry)?;
            let put_right = match (&entry.rectified, entry.processing_restricted) {
                (Some(_), _) => "yes",
                (None, true) => "contested",
                (None, false) => "",
            };
            output::add_row(&mut table, [short(&entry.entry_id), when, what, put_right.to_owned(), content]);
        }
        output::print(&table)?;
    }
    output::line(&format!("facts rectify: entries={}", own.len()))?;
    Ok(ExitCode::SUCCESS)
}

fn short(id: &[u8]) -> String {
    hex::encode(id.get(..6).unwrap_or(id))
}

/// An event of the entry's kind with the fields that are put right, and the numbers of those that are emptied.
fn put_right(entry: &Entry, sets: &[String], clears: &[String]) -> anyhow::Result<(Option<Vec<u8>>, Vec<u32>)> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS)?;
    let descriptor = pool.get_message_by_name("throughline.events.v1.Event").context("there are no events")?;
    let event = entry.event.clone().unwrap_or_default();
    let kind = event.kind_number().context("the entry is of a kind that this program does not know")?;
    let kind = descriptor.get_field(kind.0).context("the entry is of a kind that this program does not know")?;
    let message = kind.kind().as_message().cloned().context("an event is a message")?;
    let field = |name: &str| {
        let found = message.get_field_by_json_name(name).or_else(|| message.get_field_by_name(name));
        let names = || message.fields().map(|field| field.json_name().to_owned()).collect::<Vec<_>>().join(", ");
        found.ok_or_else(|| Usage(format!("{} has no field `{name}`; it has: {}", message.name(), names())))
    };
    let mut fields = serde_json::Map::new();
    for set in sets {
        let (name, value) =
            set.split_once('=').ok_or_else(|| Usage("--set takes FIELD=VALUE, such as partTime=false".to_owned()))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
        fields.insert(field(name)?.json_name().to_owned(), value);
    }
    let clears = clears.iter().map(|name| Ok(field(name)?.number())).collect::<anyhow::Result<Vec<u32>>>()?;
    if fields.is_empty() {
        return Ok((None, clears));
    }
    let whole = serde_json::json!({ kind.json_name(): fields });
    let read = DynamicMessage::deserialize(descriptor, whole)
        .map_err(|error| Usage(format!("what is put right is not of the entry's kind: {error}")))?;
    let bytes = read.encode_to_vec();
    Event::decode(bytes.as_slice())?;
    Ok((Some(bytes), clears))
}
