//! `throughline facts`

mod child;
mod event;
mod fhir;
mod on_record;
mod rectify;
mod register;
mod relation;
pub(crate) mod saying;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor};
use proto::admin::{Fact, RecordFactsRequest};
use proto::events::{Date, Event, Scheme, Subject};
use serde::Deserialize;

use crate::command::{ConfigFile, block_on};
use crate::output::Refused;
use crate::{admin_client, output};

/// Record, end and list what the sharing rules read: consents, restrictions, statuses, grants, agreements and the rest
///
/// Each command asks the running service as a person, who is named in what is recorded; the sharing rules decide who may record what, and
/// every recording and every refusal is on record. `record` alone is the operator's: a file of facts of any kind, under the name of the
/// organisation that runs the process.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Record every fact of a file, one JSON object a line: {"subject": {"scheme", "issuer", "value"}, "kind":
    /// "ConsentRecorded", "fields": {...}}. The fields are those of the kind's message in proto/throughline, in protobuf JSON.
    Record {
        #[command(flatten)]
        file: ConfigFile,
        /// The facts.
        facts: PathBuf,
    },
    Consent(child::Consent),
    Competence(child::Competence),
    Status(child::Status),
    Restrict(child::Restrict),
    Grant(child::Grant),
    Process(child::Process),
    Involvement(child::Involvement),
    Person(child::Person),
    Responsibility(child::Responsibility),
    Relation(relation::Relation),
    Age(child::Age),
    Event(event::OfKind),
    Agreement(register::Agreement),
    Rectify(rectify::Rectify),
    List(on_record::List),
    Withdraw(on_record::End),
    Lift(on_record::End),
    Revoke(on_record::End),
    End(on_record::End),
    ImportFhir(fhir::Import),
    ExportFhir(fhir::Export),
}

/// A child, as SCHEME:ISSUER:VALUE.
pub(crate) fn child_of(text: &str) -> anyhow::Result<Subject> {
    let mut parts = text.splitn(3, ':');
    let (Some(scheme), Some(issuer), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
        anyhow::bail!(crate::output::Usage(
            "the child must be given as SCHEME:ISSUER:VALUE, such as UPN:dfe:B801200005001".to_owned()
        ));
    };
    Ok(reference(scheme, issuer, value).map_err(|error| crate::output::Usage(error.to_string()))?)
}

/// One line of a facts file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    subject: SubjectLine,
    kind: String,
    #[serde(default)]
    fields: serde_json::Value,
    #[serde(default)]
    sealed: Vec<SubjectLine>,
    #[serde(default)]
    effective_on: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectLine {
    scheme: String,
    issuer: String,
    value: String,
}

/// Facts that go in one call.
const FACTS_A_CALL: usize = 500;

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Record { file, facts } => record(file, facts),
        Command::Consent(said) => child::consent(said),
        Command::Competence(said) => child::competence(said),
        Command::Status(said) => child::status(said),
        Command::Restrict(said) => child::restrict(said),
        Command::Grant(said) => child::grant(said),
        Command::Process(said) => child::process(said),
        Command::Involvement(said) => child::involvement(said),
        Command::Person(said) => child::person(said),
        Command::Responsibility(said) => child::responsibility(said),
        Command::Relation(said) => relation::relation(said),
        Command::Age(said) => child::age(said),
        Command::Event(said) => event::record(said),
        Command::Agreement(said) => register::agreement(said),
        Command::Rectify(said) => rectify::rectify(said),
        Command::List(arguments) => on_record::list(arguments),
        Command::Withdraw(arguments)
        | Command::Lift(arguments)
        | Command::Revoke(arguments)
        | Command::End(arguments) => on_record::end(arguments),
        Command::ImportFhir(arguments) => fhir::import(arguments),
        Command::ExportFhir(arguments) => fhir::export(arguments),
    }
}

fn record(file: &ConfigFile, facts: &Path) -> anyhow::Result<ExitCode> {
    let read = lines(facts)?;
    let events = block_on(async {
        let mut client = admin_client::connect(&file.config).await?;
        let mut events = 0;
        for (before, part) in (0..).step_by(FACTS_A_CALL).zip(read.chunks(FACTS_A_CALL)) {
            let request = RecordFactsRequest { facts: part.iter().map(|(_, fact)| fact.clone()).collect() };
            let answer =
                client.record_facts(request).await.map_err(|status| not_recorded(&status, facts, part, before))?;
            events += answer.into_inner().recorded;
        }
        Ok(events)
    })?;
    output::line(&format!("facts: ok facts={} events={events}", read.len()))?;
    Ok(ExitCode::SUCCESS)
}

/// Every fact of a file.
pub(crate) fn read(file: &Path) -> anyhow::Result<Vec<Fact>> {
    Ok(lines(file)?.into_iter().map(|(_, fact)| fact).collect())
}

/// Every fact of a file, with its line.
fn lines(file: &Path) -> anyhow::Result<Vec<(u64, Fact)>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    let pool = DescriptorPool::decode(proto::DESCRIPTORS)?;
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| Ok((at, fact(&pool, line).with_context(|| format!("`{}` line {at}", file.display()))?)))
        .collect()
}

/// Why a call recorded nothing, by the file's own lines; `before` facts went in with earlier calls.
fn not_recorded(status: &tonic::Status, file: &Path, part: &[(u64, Fact)], before: usize) -> anyhow::Error {
    let first = part.first().map_or(0, |(line, _)| *line);
    let recorded = match before {
        0 => "nothing was recorded".to_owned(),
        _ => format!("the lines before line {first} were recorded, from it on nothing was"),
    };
    // The service counts the facts of one call: "fact 3: what is wrong; nothing was recorded".
    let wrong = Some(status.message()).filter(|_| status.code() == tonic::Code::InvalidArgument);
    let wrong = wrong.and_then(|message| message.strip_prefix("fact ")?.split_once(": "));
    let line = wrong.and_then(|(at, _)| part.get(at.parse::<usize>().ok()?.checked_sub(1)?));
    match (wrong, line) {
        (Some((_, what)), Some((line, _))) => {
            let what = what.trim_end_matches("; nothing was recorded");
            Refused(format!("`{}` line {line}: {what}; {recorded}", file.display())).into()
        }
        // A call that broke off may have been recorded all the same.
        _ if before == 0 => admin_client::refusal(status),
        _ => admin_client::refusal(status).context(format!("the lines before line {first} were recorded")),
    }
}

fn fact(pool: &DescriptorPool, line: &str) -> anyhow::Result<Fact> {
    // What the parsers say of a line quotes it, and the line is about a child.
    let line: Line = serde_json::from_str(line).map_err(|error| match unknown_field(&error.to_string()) {
        Some(field) => anyhow!("there is no field `{field}`, up to column {}", error.column()),
        None => anyhow!("is no fact: {{subject, kind, fields}} was expected, up to column {}", error.column()),
    })?;
    Ok(Fact {
        subject: Some(subject(&line.subject)?),
        event: Some(event(pool, &line.kind, line.fields)?),
        sealed: line.sealed.iter().map(subject).collect::<anyhow::Result<_>>()?,
        effective_on: line.effective_on.as_deref().map(day).transpose()?,
    })
}

/// The event of this kind and these fields.
fn event(pool: &DescriptorPool, name: &str, fields: serde_json::Value) -> anyhow::Result<Event> {
    let event = pool.get_message_by_name("throughline.events.v1.Event").context("the contract has no events")?;
    let field = event
        .fields()
        .find(|field| matches!(field.kind(), Kind::Message(message) if message.name() == name))
        .ok_or_else(|| anyhow!("there is no kind of event called `{}`", output::plain(name)))?;
    let Kind::Message(kind) = field.kind() else { return Err(anyhow!("the kind is no message")) };
    let fields = if fields.is_null() { serde_json::json!({}) } else { fields };
    let message = message(&kind, fields)?;
    let mut built = DynamicMessage::new(event);
    built.set_field(&field, prost_reflect::Value::Message(message));
    Ok(prost::Message::decode(built.encode_to_vec().as_slice())?)
}

/// The name of the field that the parser does not know: it is no value.
fn unknown_field(message: &str) -> Option<String> {
    let (name, _) = message.strip_prefix("unknown field `")?.split_once("`, expected")?;
    Some(output::plain(name))
}

/// A message of this kind from its fields.
fn message(kind: &MessageDescriptor, fields: serde_json::Value) -> anyhow::Result<DynamicMessage> {
    if let Ok(message) = DynamicMessage::deserialize(kind.clone(), &fields) {
        return Ok(message);
    }
    let fields = fields.as_object().context("`fields` is no object")?;
    let wrong = fields.iter().find(|(name, value)| {
        let alone = serde_json::json!({ name.as_str(): value });
        DynamicMessage::deserialize(kind.clone(), alone).is_err()
    });
    let (name, _) = wrong.context("its fields are not those of its kind")?;
    Err(match kind.get_field_by_json_name(name).or_else(|| kind.get_field_by_name(name)) {
        Some(field) => anyhow!("`{}` is not what proto/throughline says of a `{}`", field.json_name(), kind.name()),
        None => anyhow!("a `{}` has no field `{}`", kind.name(), output::plain(name)),
    })
}

fn day(text: &str) -> anyhow::Result<Date> {
    let day = text.parse::<jiff::civil::Date>().map_err(|_| anyhow!("`effective_on` must be a day, YYYY-MM-DD"))?;
    Ok(crate::output::date(day))
}

/// A subject as a person writes it.
fn subject(line: &SubjectLine) -> anyhow::Result<Subject> {
    reference(&line.scheme, &line.issuer, &line.value)
}

/// A subject from its parts. The value is normalised as connectors normalise it.
pub(crate) fn reference(scheme: &str, issuer: &str, value: &str) -> anyhow::Result<Subject> {
    let known = Scheme::from_str_name(&format!("SCHEME_{}", scheme.to_uppercase()));
    let scheme = known.filter(|scheme| *scheme != Scheme::Unspecified).with_context(|| {
        "the scheme must be NHS_NUMBER, UPN, ULN, LA_CHILD_ID, SCHOOL_PUPIL, PROVIDER_PERSON or ORGANISATION".to_owned()
    })?;
    let given = Subject { scheme: scheme.into(), issuer: issuer.to_owned(), value: value.to_owned() };
    proto::subject::normalised(&given).context("the issuer is not of this scheme, or the value is empty")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_line_of_the_file_and_says_what_went_in() {
        let part = [(501, Fact::default()), (503, Fact::default())];
        let told = |status: tonic::Status, before| {
            let error = not_recorded(&status, Path::new("facts.jsonl"), &part, before);
            assert_eq!(error.is::<Refused>(), status.code() != tonic::Code::Unavailable);
            error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ")
        };
        let wrong = |at| tonic::Status::invalid_argument(format!("fact {at}: `id` is missing; nothing was recorded"));
        assert_eq!(told(wrong(2), 0), "`facts.jsonl` line 503: `id` is missing; nothing was recorded");
        let later = told(wrong(2), 500);
        assert!(later.starts_with("`facts.jsonl` line 503: `id` is missing; the lines before line 501"), "{later}");
        assert!(!later.ends_with("nothing was recorded"), "{later}");
        assert!(told(wrong(9), 0).contains("fact 9"), "a number that the file has not is not made up");
        let gone = told(tonic::Status::unavailable("gone"), 500);
        assert!(gone.starts_with("the lines before line 501 were recorded: "), "{gone}");
    }

    /// A line as a shell takes it: words, and what stands between quotation marks as one.
    fn split(line: &str) -> Vec<String> {
        let parts = line.split('"').enumerate();
        let words = parts.flat_map(|(n, part)| match n % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![part.to_owned()],
        });
        words.take_while(|word| word != ">").collect()
    }

    #[test]
    fn every_command_teaches_by_an_example_that_it_takes() {
        use clap::{CommandFactory as _, Parser as _};
        let root = crate::command::Arguments::command();
        let facts = root.find_subcommand("facts").unwrap();
        let mut examples = 0;
        for command in facts.get_subcommands().filter(|command| command.get_name() != "record") {
            let help =
                command.get_after_help().unwrap_or_else(|| panic!("{}: no example", command.get_name())).to_string();
            for line in help.lines().map(str::trim).filter(|line| line.starts_with("throughline facts")) {
                let taken = crate::command::Arguments::try_parse_from(split(line));
                assert!(taken.is_ok(), "{line}: {}", taken.err().unwrap());
                examples += 1;
            }
        }
        assert!(examples >= 20, "{examples}");
    }

    #[test]
    fn a_word_or_a_day_that_there_is_not_is_named_with_what_is_accepted() {
        use clap::Parser as _;
        let consent = "throughline facts consent UPN:dfe:B801200005001";
        for (line, field, accepted) in [
            (
                format!("{consent} gvien --by parent --purpose early_help --as r"),
                "<STATE>",
                "given, refused, withdrawn",
            ),
            (format!("{consent} given --by mother --purpose early_help --as r"), "--by", "subject, parent"),
            (
                format!("{consent} given --by parent --category therapie --purpose early_help --as r"),
                "--category",
                "therapy",
            ),
            (
                format!("{consent} given --by parent --until 31.7.2027 --purpose early_help --as r"),
                "--until",
                "as 2026-11-22",
            ),
            (
                format!("{consent} given --by parent --until 2026-02-30 --purpose early_help --as r"),
                "--until",
                "of the calendar",
            ),
        ] {
            let told = crate::command::Arguments::try_parse_from(split(&line)).unwrap_err().to_string();
            assert!(told.contains(field) && told.contains(accepted), "{line}: {told}");
        }
    }

    #[test]
    fn a_field_that_there_is_not_is_named_and_a_value_is_not() {
        let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
        let told = |rest: &str| {
            let line = format!(
                r#"{{"subject":{{"scheme":"UPN","issuer":"dfe","value":"SECRET"}},"kind":"ConsentRecorded",{rest}}}"#
            );
            fact(&pool, &line).unwrap_err().to_string()
        };
        for (rest, name) in [
            (r#""filds":{}"#, "filds"),
            (r#""fields":{"stat":"SECRET"}"#, "stat"),
            (r#""fields":{"state":"SECRET"}"#, "state"),
        ] {
            let told = told(rest);
            assert!(told.contains(&format!("`{name}`")) && !told.contains("SECRET"), "{told}");
        }
        assert!(!told(r#""sealed":"SECRET""#).contains("SECRET"));
    }
}
