//! `throughline audit explain` and `throughline audit replay`

use std::process::ExitCode;
use std::sync::Arc;

use projection::audit::Scope;
use projection::replay::{At, Facts, Recorded, Rules, Stood, With, decisions};
use projection::serve::audits::{replay_answer, rerun_answer};
use proto::audit::{Linked, ReplayRequest, ReplayResponse, RerunRequest, RerunResponse, RerunVerdict, replay_request};
use proto::sharing::{Category, Outcome};
use proto::timeline::Erased;

use super::asking::{Asking, Beside, call, child, decision, denied, moment, purpose, spelt};
use crate::command::asking::{as_json_of, refused};
use crate::command::block_on;
use crate::output::{self, Usage};

/// Make a recorded decision again, and hold what comes out to its record
///
/// With the rules of its hash, the facts as far as the log was read for it, and its day: the same bytes, or the first thing that differs.
/// With --facts now: what would they have seen then, knowing what is known now? With --rules current: what would today's rules have shown
/// then? It tells how many classes of record come out how, and never what stands in one. For the organisation that runs the service; its
/// operator at the socket, or its auditor with --as. Exit code 4 when it is not the same.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  throughline audit explain 019aab2c7d1e7f00b1c2d3e4f5061728\n  \
    throughline audit explain 019aab2c7d1e7f00b1c2d3e4f5061728 --facts now\n  \
    throughline audit explain 019aab2c7d1e7f00b1c2d3e4f5061728 --offline --config copy.toml\n\n\
    The id stands on every line of `throughline disclosures` and `throughline audit who-saw --json`.")]
pub(crate) struct Explain {
    /// The decision, 32 hexadecimal digits.
    decision: String,
    /// With these facts: recorded, or now.
    #[arg(long, default_value = "recorded", value_parser = ["recorded", "now"])]
    facts: String,
    /// By these rules: recorded, or current.
    #[arg(long, default_value = "recorded", value_parser = ["recorded", "current"])]
    rules: String,
    /// From the log and the keys that --config names, of a stopped process or a copy, and from nothing else. Not on record: whoever has
    /// both has everything.
    #[arg(long, conflicts_with = "reader")]
    offline: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asking: Asking,
}

/// A child's timeline as it stood: which entries there were, and nothing that they say
///
/// From the log: what each entry is, whose, of which category, and when what stands of it was stated. What an entry says a reader sees by
/// `throughline timeline --known-at`, if the rules let them.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  throughline audit replay UPN:dfe:B801200005001 --at 2026-01-31\n  \
    throughline audit replay UPN:dfe:B801200005001 --at 019aab2c7d1e7f00b1c2d3e4f5061728\n  \
    throughline audit replay UPN:dfe:B801200005001 --at throughline.health.v1/3@120")]
pub(crate) struct Replay {
    /// The child, as SCHEME:ISSUER:VALUE.
    child: String,
    /// As it stood when: a time or a day; a decision, for what was read for it; or places of the log from which on nothing was read, with
    /// commas between. Else now.
    #[arg(long)]
    at: Option<At>,
    /// As for `audit explain`.
    #[arg(long, conflicts_with = "reader")]
    offline: bool,
    /// One JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asking: Asking,
}

pub(super) fn explain(arguments: &Explain) -> anyhow::Result<ExitCode> {
    let request = RerunRequest {
        decision_id: decision(&arguments.decision)?,
        facts_now: arguments.facts == "now",
        rules_current: arguments.rules == "current",
    };
    let answer = if arguments.offline {
        runtime()?.block_on(explained_offline(arguments, &request))?
    } else {
        block_on(async {
            let mut client = arguments.asking.client().await?;
            Ok(client.rerun(request.clone()).await.map_err(|status| refused(&status))?.into_inner())
        })?
    };
    if arguments.json {
        output::line(&as_json_of("throughline.audit.v1.RerunResponse", &answer)?)?;
    } else {
        print(&answer)?;
    }
    let same = matches!(answer.verdict(), RerunVerdict::Same | RerunVerdict::Erased | RerunVerdict::CannotSay);
    let asked_otherwise = request.facts_now || request.rules_current;
    Ok(if same || asked_otherwise { ExitCode::SUCCESS } else { ExitCode::from(output::DIFFERS) })
}

async fn explained_offline(arguments: &Explain, request: &RerunRequest) -> anyhow::Result<RerunResponse> {
    let beside = Beside::of(&arguments.asking.settings()?).await?;
    let (keyring, key) = (&beside.projector.keyring, &beside.projector.pseudonyms);
    let (found, _) = decisions(beside.log.as_ref(), keyring, key, &beside.organisation, None, |_| {}).await?;
    let at = found.iter().position(|(_, decision)| decision.decision_id == request.decision_id);
    let at = at.ok_or_else(|| output::Refused("no decision on this log has this id".to_owned()))?;
    let all = Recorded::all(&found);
    let (Some(recorded), Some((at_us, of))) = (all.get(at), found.get(at)) else { anyhow::bail!("no such decision") };
    let with = With {
        rules: if request.rules_current { Rules::Current } else { Rules::Recorded },
        facts: if request.facts_now { Facts::Now } else { Facts::Recorded },
        drafts: Vec::new(),
    };
    let rerun = beside.replayer.rerun(recorded, &with)?;
    let rerun = beside.replayer.settle(recorded, rerun, beside.log.as_ref()).await?;
    let engine = sharing::Engine::load()?;
    Ok(rerun_answer(&engine, Scope::Everybodys.access(&engine, *at_us, of, Linked::Unspecified), rerun))
}

fn print(answer: &RerunResponse) -> anyhow::Result<()> {
    let of = answer.recorded.clone().unwrap_or_default();
    let asked_for = if of.operator_command.is_empty() { call(of.call()) } else { of.operator_command.clone() };
    let who = format!(
        "{} of {}, {asked_for}, {}, {}",
        of.person,
        of.organisation,
        purpose(of.purpose()),
        moment(of.at.as_ref())
    );
    output::line(&output::plain(&format!("decision {}: {who}", hex::encode(&of.decision_id))))?;
    let is_erased = matches!(answer.verdict(), RerunVerdict::Erased | RerunVerdict::ErasedDigestDiffers);
    if is_erased || matches!(answer.verdict(), RerunVerdict::Same | RerunVerdict::Differs) {
        let mut table =
            output::table(&["", "full", "redacted", "existence", "hidden", "entries", "services", "rules told"]);
        let rules = |rules: &[String]| {
            rules.iter().map(|rule| rule.split('-').next().unwrap_or_default()).collect::<Vec<_>>().join(" ")
        };
        let row = |name: &str, counts: [u32; 6], told: &[String]| {
            let cells = [name.to_owned()].into_iter().chain(counts.map(|count| count.to_string()));
            cells.chain([rules(told)]).collect::<Vec<_>>()
        };
        let recorded =
            [of.classes_full, of.classes_redacted, of.classes_existence, of.classes_hidden, of.entries, of.lines];
        let again = [
            answer.classes_full,
            answer.classes_redacted,
            answer.classes_existence,
            answer.classes_hidden,
            answer.entries,
            answer.lines,
        ];
        output::add_row(&mut table, row("on record", recorded, &of.rules));
        let name = if is_erased { "of what is left" } else { "again" };
        output::add_row(&mut table, row(name, again, &answer.rules));
        output::print(&table)?;
    }
    if !answer.classes.is_empty() {
        let mut table = output::table(&["class of record", "of", "comes out", "by"]);
        for class in &answer.classes {
            let (category, outcome): (Category, Outcome) = (class.category(), class.outcome());
            let cells = [
                spelt(category.as_str_name(), "CATEGORY_"),
                class.organisation.clone(),
                spelt(outcome.as_str_name(), "OUTCOME_"),
                class.rules.iter().map(|rule| rule.split('-').next().unwrap_or(rule)).collect::<Vec<_>>().join(" "),
            ];
            output::add_row(&mut table, cells);
        }
        output::print(&table)?;
    }
    if of.denied != 0 {
        output::line(&format!("refused: {}", denied(of.denied())))?;
    }
    let verdict = match answer.verdict() {
        RerunVerdict::Same => "the same bytes".to_owned(),
        RerunVerdict::Differs if answer.was.is_empty() => format!("differs first in {}", answer.what),
        RerunVerdict::Differs => format!("differs first in {}: was {}, is {}", answer.what, answer.was, answer.is),
        RerunVerdict::Erased
        | RerunVerdict::ErasedDigestDiffers
        | RerunVerdict::CannotSay
        | RerunVerdict::Unspecified => answer.what.clone(),
    };
    told_erased(&answer.erased)?;
    let rules = answer.policy_hash.get(..6).map(hex::encode).unwrap_or_default();
    let rules = if rules.is_empty() { rules } else { format!(" rules={rules}") };
    let on_record = if answer.audit_id.is_empty() {
        String::new()
    } else {
        format!(" on_record={}", hex::encode(&answer.audit_id))
    };
    output::line(&format!("audit explain: {verdict}{rules}{on_record}"))
}

pub(super) fn replay(arguments: &Replay) -> anyhow::Result<ExitCode> {
    let about = child(&arguments.child)?;
    let answer = if arguments.offline {
        runtime()?.block_on(replayed_offline(arguments, &about))?
    } else {
        let at = arguments.at.as_ref().map(|at| match at {
            At::Time(us) => replay_request::At::Time(prost_types::Timestamp {
                seconds: us.div_euclid(1_000_000),
                nanos: i32::try_from(us.rem_euclid(1_000_000) * 1_000).unwrap_or_default(),
            }),
            At::Decision(id) => replay_request::At::DecisionId(id.to_vec()),
            At::Positions(at) => {
                let place = |at: &event_log::Position| format!("{}/{}@{}", at.topic, at.partition.number(), at.offset);
                replay_request::At::Position(at.iter().map(place).collect::<Vec<_>>().join(","))
            }
        });
        block_on(async {
            let mut client = arguments.asking.client().await?;
            let request = ReplayRequest { child: Some(about), at };
            Ok(client.replay(request).await.map_err(|status| refused(&status))?.into_inner())
        })?
    };
    if arguments.json {
        output::line(&as_json_of("throughline.audit.v1.ReplayResponse", &answer)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !answer.entries.is_empty() {
        let mut table = output::table(&["entry", "when", "what", "category", "by", "stated"]);
        for entry in &answer.entries {
            let when = entry
                .effective
                .as_ref()
                .and_then(timeline::sort_key_us)
                .and_then(|us| jiff::Timestamp::from_microsecond(us).ok());
            let cells = [
                hex::encode(entry.entry_id.get(..4).unwrap_or_default()),
                when.map(|at| at.to_string().chars().take(10).collect::<String>()).unwrap_or_default(),
                entry.kind.clone(),
                spelt(entry.category().as_str_name(), "CATEGORY_"),
                entry.organisation.clone(),
                moment(entry.known_as_at.as_ref()),
            ];
            output::add_row(&mut table, cells);
        }
        output::print(&table)?;
    }
    let on_record = if answer.audit_id.is_empty() {
        String::new()
    } else {
        format!(" on_record={}", hex::encode(&answer.audit_id))
    };
    told_erased(&answer.erased)?;
    let erased = match answer.events_erased {
        0 => String::new(),
        events => format!(" erased={events}"),
    };
    let (entries, subjects) = (answer.entries.len(), answer.subjects);
    output::line(&format!("audit replay: entries={entries} subjects={subjects}{erased}{on_record}"))?;
    Ok(ExitCode::SUCCESS)
}

/// That something was erased, when and under what authority.
fn told_erased(erased: &[Erased]) -> anyhow::Result<()> {
    for one in erased {
        output::line(&crate::command::timeline::erased_line(one))?;
    }
    Ok(())
}

async fn replayed_offline(arguments: &Replay, about: &proto::events::Subject) -> anyhow::Result<ReplayResponse> {
    let beside = Beside::of(&arguments.asking.settings()?).await?;
    let (keyring, key) = (&beside.projector.keyring, Arc::clone(&beside.projector.pseudonyms));
    let stood = match &arguments.at {
        None => Stood::Now,
        Some(At::Time(us)) => Stood::Time(*us),
        Some(At::Positions(positions)) => Stood::Before(positions.clone()),
        Some(At::Decision(id)) => {
            let (found, _) = decisions(beside.log.as_ref(), keyring, &key, &beside.organisation, None, |_| {}).await?;
            let of = found.into_iter().find(|(_, decision)| decision.decision_id == id).map(|(_, decision)| decision);
            Stood::For(Box::new(of.ok_or_else(|| output::Refused("no decision on this log has this id".to_owned()))?))
        }
    };
    let today = jiff::Zoned::now().date();
    let replayer = Arc::new(beside.replayer);
    let replayed = replayer.stood(key.of(about), stood, today, beside.log.as_ref()).await?;
    let replayed =
        replayed.ok_or_else(|| Usage("the record of that decision does not say what it was made from".to_owned()))?;
    Ok(replay_answer(replayed))
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
