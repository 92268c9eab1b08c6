//! `throughline mapping`: a source wired in by a file, and no code.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use connector_kit::SourceFile;
use jiff::civil::Date;
use mapped::{Checked, Mapping, MappingUnusable, Outcome, Problem, RowOutcome, Tried};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::events::{Body, Event};
use proto::quarantine::Reason;
use serde_json::{Value, json};
use sharing::{AsOf, ChildFacts, Engine};

use crate::output;

/// Wire a system in by a mapping file: a table, a workbook or a query becomes events, with no code
///
/// A mapping (TOML) says which column names the child, what tells one record from another, and which events a row becomes.
/// Worked ones are in connectors/mapped/mappings; connectors/README.md builds one from nothing. None of these commands
/// needs a key, touches a log, or sends anything.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline mapping check therapy.toml\n  throughline mapping explain therapy.toml\n  \
    throughline mapping try therapy.toml waits.csv\n  throughline mapping diff old.toml new.toml waits.csv\n  \
    throughline mapping kinds --name health-therapy-waits WaitingListJoined"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    Check(Check),
    Explain(Explain),
    Try(Try),
    Diff(Diff),
    Kinds(Kinds),
}

/// Check a mapping: every error with its line, its key and what to do; and what is most likely not meant
///
/// Exit code 78 when the mapping cannot be used.
#[derive(clap::Args, Debug)]
struct Check {
    /// The mapping file.
    file: PathBuf,
    /// One problem a line, in JSON.
    #[arg(long)]
    json: bool,
}

/// Say in plain English what becomes of each column, and who answers for it
#[derive(clap::Args, Debug)]
struct Explain {
    /// The mapping file.
    file: PathBuf,
    /// As one JSON object.
    #[arg(long)]
    json: bool,
}

/// Try a mapping on data: what would become of every row. Sends nothing
///
/// Rows are named by their line and findings by their column, never by a value; --json shows the events whole.
#[derive(clap::Args, Debug)]
struct Try {
    /// The mapping file.
    file: PathBuf,
    /// A file of the source.
    data: PathBuf,
    /// One row a line, in JSON, with its events as they would be sealed.
    #[arg(long)]
    json: bool,
    /// Every row, and not only those with something to look at.
    #[arg(long)]
    all: bool,
}

/// Show what another mapping would change of the same data
///
/// A changed mapping makes new versions of what it says otherwise. Raise its `revision`, so that they stand above what they
/// replace.
#[derive(clap::Args, Debug)]
struct Diff {
    /// The mapping in use.
    old: PathBuf,
    /// The one that is to take its place.
    new: PathBuf,
    /// A file of the source.
    data: PathBuf,
    /// One change a line, in JSON.
    #[arg(long)]
    json: bool,
}

/// List the kinds of event that a mapping may make, with their fields; or what each field of one kind takes
#[derive(clap::Args, Debug)]
struct Kinds {
    /// One kind: what each of its fields takes.
    kind: Option<String>,
    /// The mapping's name: its first part is the sector, which decides what it may say.
    #[arg(long, default_value = "social-care-mapped")]
    name: String,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Check(arguments) => check(arguments),
        Command::Explain(arguments) => explain(arguments),
        Command::Try(arguments) => try_on(arguments),
        Command::Diff(arguments) => diff(arguments),
        Command::Kinds(arguments) => kinds(arguments),
    }
}

fn read(file: &Path) -> anyhow::Result<Result<Checked, MappingUnusable>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("could not read `{}`", file.display()))?;
    Ok(Mapping::parse(&text))
}

/// A mapping that can be used, or its problems on standard error and the exit code.
fn usable(file: &Path) -> anyhow::Result<Result<Mapping, ExitCode>> {
    Ok(match read(file)? {
        Ok(checked) => Ok(checked.mapping),
        Err(unusable) => {
            unusable.problems.iter().for_each(|problem| output::note(&format!("error {}: {problem}", file.display())));
            Err(ExitCode::from(output::CONFIG))
        }
    })
}

fn check(arguments: &Check) -> anyhow::Result<ExitCode> {
    let told = |problem: &Problem, level: &str| {
        if arguments.json {
            json!({ "level": level, "line": problem.line, "key": problem.key, "what": problem.what }).to_string()
        } else {
            format!("{level}: {problem}")
        }
    };
    let (errors, warnings, mapping) = match read(&arguments.file)? {
        Ok(Checked { mapping, warnings }) => (Vec::new(), warnings, Some(mapping)),
        Err(unusable) => (unusable.problems, Vec::new(), None),
    };
    for (problems, level) in [(&errors, "error"), (&warnings, "warning")] {
        for problem in problems {
            output::line(&told(problem, level))?;
        }
    }
    if let (Some(mapping), false) = (&mapping, arguments.json) {
        let kinds: Vec<&str> = mapping.kinds().map(proto::event::KindNumber::name).collect();
        output::line(&format!(
            "ok: `{}` revision {} makes {}",
            mapping.name(),
            mapping.stated_revision(),
            kinds.join(", ")
        ))?;
    }
    output::line(&format!("mapping: errors={} warnings={}", errors.len(), warnings.len()))?;
    Ok(if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(output::CONFIG) })
}

fn explain(arguments: &Explain) -> anyhow::Result<ExitCode> {
    let mapping = match usable(&arguments.file)? {
        Ok(mapping) => mapping,
        Err(code) => return Ok(code),
    };
    let (told, engine) = (mapping.told(), Engine::load()?);
    let classes: Vec<String> = mapping.kinds().map(|kind| class_of(&engine, &mapping, kind)).collect();
    if arguments.json {
        let mut value = serde_json::to_value(&told)?;
        if let Value::Object(value) = &mut value {
            value.insert("classes".to_owned(), serde_json::to_value(&classes)?);
        }
        output::line(&value.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    for sentence in &told.about {
        output::line(&format!("{sentence}."))?;
    }
    output::line("\nWhat becomes of each column:")?;
    for (column, said) in &told.columns {
        output::line(&format!("  {column}"))?;
        for what in said {
            output::line(&format!("    {what}"))?;
        }
    }
    output::line("\nWhat a row becomes:")?;
    for ((kind, said), class) in told.events.iter().zip(&classes) {
        output::line(&format!("  {kind} (shown as {class})"))?;
        for what in said {
            output::line(&format!("    {what}"))?;
        }
    }
    output::line(
        "  SourceRecordKept (shown as restricted_unspecified)\n    a row of which none of these comes, kept as it came",
    )?;
    Ok(ExitCode::SUCCESS)
}

/// The class that the sharing rules decide an event of this kind by, before its own fields make it more private.
fn class_of(engine: &Engine, mapping: &Mapping, kind: proto::event::KindNumber) -> String {
    let mut bytes = Vec::new();
    prost::encoding::encode_key(kind.0, prost::encoding::WireType::LengthDelimited, &mut bytes);
    bytes.push(0);
    let event: Event = prost::Message::decode(bytes.as_slice()).unwrap_or_default();
    let labels = mapping.labels().iter().map(|label| (*label).into()).collect();
    let body = Body { event: Some(event), labels, ..Body::default() };
    let facts = ChildFacts::fold(engine, [], &AsOf::day(Date::constant(2026, 1, 1)));
    let class = engine.classify(&body, &facts);
    let mut words = vec![class.category.as_str_name().trim_start_matches("CATEGORY_").to_lowercase()];
    words.extend(class.labels.iter().map(|label| label.as_str_name().trim_start_matches("LABEL_").to_lowercase()));
    words.join(", ")
}

fn tried(mapping: &Mapping, data: &Path) -> anyhow::Result<Tried> {
    let file = File::open(data).with_context(|| format!("could not read `{}`", data.display()))?;
    let name = data.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(mapped::try_out(mapping, SourceFile { name, bytes: Box::new(BufReader::with_capacity(1 << 16, file)) }))
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Published => "published",
        Outcome::PublishedWithFindings => "published with findings",
        Outcome::KeptAsItCame => "kept as it came",
        Outcome::Quarantined => "quarantined",
        Outcome::PassedOver => "passed over",
    }
}

fn try_on(arguments: &Try) -> anyhow::Result<ExitCode> {
    let mapping = match usable(&arguments.file)? {
        Ok(mapping) => mapping,
        Err(code) => return Ok(code),
    };
    let tried = tried(&mapping, &arguments.data)?;
    if arguments.json {
        let pool = DescriptorPool::decode(proto::DESCRIPTORS)?;
        for row in &tried.rows {
            output::line(&row_json(&pool, row, &tried)?.to_string())?;
        }
    } else {
        let mut table = output::table(&["line", "outcome", "events", "findings and reasons"]);
        let quiet =
            |row: &&RowOutcome| arguments.all || !matches!(row.outcome, Outcome::Published | Outcome::PassedOver);
        for row in tried.rows.iter().filter(quiet) {
            table.add_row([row.line.to_string(), word(row.outcome).to_owned(), row.events.join(", "), remarks(row)]);
        }
        output::print(&table)?;
    }
    for rejection in &tried.of_file {
        output::note(&format!("{}: {}", rejection.reason.name(), rejection.message));
    }
    hints(&tried).iter().for_each(|hint| output::note(hint));
    let counts = tried.counts();
    let count = |outcome| counts.get(&outcome).copied().unwrap_or_default();
    output::line(&format!(
        "tried: rows={} published={} with_findings={} kept={} quarantined={} passed_over={} events={}; nothing was sent",
        tried.rows.len(),
        count(Outcome::Published),
        count(Outcome::PublishedWithFindings),
        count(Outcome::KeptAsItCame),
        count(Outcome::Quarantined),
        count(Outcome::PassedOver),
        tried.said.drafts.len(),
    ))?;
    Ok(if tried.refused() { ExitCode::from(output::FAILED) } else { ExitCode::SUCCESS })
}

/// What most often mends what was found, for whoever writes the mapping.
fn hints(tried: &Tried) -> Vec<String> {
    let rejected =
        |reason: &str| tried.rows.iter().filter(|row| row.rejected.iter().any(|(one, ..)| one == reason)).count();
    let found = |code: &str| tried.rows.iter().filter(|row| row.findings.iter().any(|(one, _)| one == code)).count();
    let kept = tried.rows.iter().filter(|row| row.outcome == Outcome::KeptAsItCame).count();
    let hints = [
        (
            rejected("SUBJECT_MISSING"),
            "rows without a child's number: totals and notes are passed over by `source.pass_over`; a number that stands only in the \
             first row of several is filled by `source.fill_down`",
        ),
        (
            rejected("DATE_MISSING"),
            "rows without their date: `dates` takes several formats, and the first that reads a cell counts",
        ),
        (rejected("RECORD_MALFORMED"), "broken rows: one that is no record is passed over by `source.pass_over`"),
        (found("CODE_UNKNOWN"), "rows with a word that no list holds: --json shows it; add it to its [codes] list"),
        (found("DATE_UNREADABLE"), "rows with a date that cannot be read: add its format to `dates`"),
        (kept, "rows that no event fits, kept as they came: give them an [[event]], or pass them over by `only_when`"),
    ];
    hints.into_iter().filter(|(rows, _)| *rows > 0).map(|(rows, hint)| format!("{hint} ({rows} of them)")).collect()
}

fn remarks(row: &RowOutcome) -> String {
    let findings = row.findings.iter().map(|(code, field)| format!("{code} {field}"));
    let rejected = row.rejected.iter().map(|(reason, field, message)| {
        if field.is_empty() { format!("{reason}: {message}") } else { format!("{reason} {field}: {message}") }
    });
    let mut remarks: Vec<String> = Vec::new();
    for remark in findings.chain(rejected) {
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    remarks.join("\n")
}

fn row_json(pool: &DescriptorPool, row: &RowOutcome, tried: &Tried) -> anyhow::Result<Value> {
    let mut value = serde_json::to_value(row)?;
    let drafts = tried.said.drafts.iter().filter(|draft| draft.place.line == row.line);
    let told = |name: &str, bytes: Vec<u8>| -> anyhow::Result<Value> {
        let message = pool.get_message_by_name(name).with_context(|| format!("the contract has no {name}"))?;
        Ok(serde_json::to_value(DynamicMessage::decode(message, bytes.as_slice())?)?)
    };
    let events: anyhow::Result<Vec<Value>> = drafts
        .map(|draft| {
            let parties = draft.third_parties.iter();
            let parties = parties.map(|party| told("throughline.events.v1.Subject", party.encode_to_vec()));
            Ok(json!({
                "record_key": draft.record_key,
                "controller": draft.controller,
                "effective": told("throughline.events.v1.When", draft.effective.encode_to_vec())?,
                "third_parties": parties.collect::<anyhow::Result<Vec<Value>>>()?,
                "event": told("throughline.events.v1.Event", draft.event.encode_to_vec())?,
            }))
        })
        .collect();
    if let Value::Object(value) = &mut value {
        value.insert("events".to_owned(), Value::Array(events?));
    }
    Ok(value)
}

fn diff(arguments: &Diff) -> anyhow::Result<ExitCode> {
    let (old, new) = match (usable(&arguments.old)?, usable(&arguments.new)?) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(code), _) | (_, Err(code)) => return Ok(code),
    };
    let (before, now) = (tried(&old, &arguments.data)?, tried(&new, &arguments.data)?);
    let changes = mapped::changes(&before, &now);
    if arguments.json {
        for change in &changes {
            output::line(&serde_json::to_string(change)?)?;
        }
    } else {
        let mut table = output::table(&["line", "event", "what changes"]);
        for change in &changes {
            table.add_row([change.line.to_string(), change.kind.to_owned(), change.what.clone()]);
        }
        output::print(&table)?;
    }
    if !changes.is_empty() && old.name() == new.name() && new.stated_revision() <= old.stated_revision() {
        output::note(&format!(
            "raise `revision` above {}: what is published again under a lower number does not stand above what it replaces",
            old.stated_revision()
        ));
    }
    let (was, is) = (rejected(&before), rejected(&now));
    output::line(&format!(
        "diff: changed={} quarantined_before={was} quarantined_now={is} events_before={} events_now={}",
        changes.len(),
        before.said.drafts.len(),
        now.said.drafts.len()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn rejected(tried: &Tried) -> usize {
    tried.said.rejections.iter().filter(|rejection| rejection.reason != Reason::ColumnsNotMapped).count()
}

fn kinds(arguments: &Kinds) -> anyhow::Result<ExitCode> {
    let names = mapped::kinds_for(&arguments.name);
    if names.is_empty() {
        anyhow::bail!("a mapping's name begins with its sector: `education-`, `social-care-` or `health-`");
    }
    if let Some(kind) = &arguments.kind {
        if !names.contains(&kind.as_str()) {
            anyhow::bail!(
                "`{kind}` is no kind that `{}` may say: `throughline mapping kinds --name {0}` lists them",
                arguments.name
            );
        }
        let mut table = output::table(&["field", "takes"]);
        mapped::fields_of(kind).into_iter().for_each(|(field, takes)| {
            table.add_row([field, takes]);
        });
        return output::print(&table).map(|()| ExitCode::SUCCESS);
    }
    let mut table = output::table(&["kind", "fields"]);
    for name in names {
        let info = proto::event::KindNumber::named(name).and_then(|kind| kind.info()?.message());
        let fields: Vec<&str> =
            info.map(|info| info.fields.iter().map(|field| field.name).collect()).unwrap_or_default();
        table.add_row([name.to_owned(), fields.join(", ")]);
    }
    output::print(&table)?;
    Ok(ExitCode::SUCCESS)
}
