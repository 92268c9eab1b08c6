//! `throughline sharing simulate`

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use projection::replay::{Recorded, Replayer, Rerun, Rules as ByRules, Verdict, With, decisions};
use proto::sharing::Call;
use serde_json::json;
use sharing::{Category, Outcome, RecordClass};

use super::{rules, who_can_see};
use crate::command::audit::Beside;
use crate::command::{ConfigFile, block_on};
use crate::output::{self, Usage};
use crate::settings::Settings;

/// Decide the recorded requests of the last days again by a draft, and count what would have been otherwise
///
/// A draft is another set of rules, or agreements and organisations that are not on record yet, or both. Each request for a
/// timeline is decided again with the facts that it was decided with, once as it was and once with the draft. What is printed are
/// counts of requests by the organisation that asked and the category of the record: newly allowed, newly denied, more, less; and
/// nobody by name. It reads the log of a process that is stopped, or a copy of one (`throughline log copy`); nothing is recorded.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  throughline sharing simulate --rules my-rules/ --days 30\n  \
    throughline sharing simulate --agreement draft-agreement.jsonl --config copy.toml --json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// A folder with the draft rules.
    #[arg(long, value_name = "DIR", required_unless_present = "agreement")]
    rules: Option<PathBuf>,
    /// Draft agreements and organisations, as `throughline facts record` takes them.
    #[arg(long, value_name = "FACTS.jsonl")]
    agreement: Option<PathBuf>,
    /// Of how many days up to now.
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u32).range(1..=3_660))]
    days: u32,
    /// One JSON object a line of the table, then one with the sums.
    #[arg(long)]
    json: bool,
}

const DAY_US: i64 = 86_400_000_000;

/// What would have been otherwise.
#[derive(Default)]
pub(super) struct Found {
    pub(super) decided: u64,
    pub(super) changed: u64,
    /// By organisation, category and what became of it.
    counts: BTreeMap<(String, String, &'static str), u64>,
    /// Requests that could not be decided again, by why.
    pub(super) cannot: BTreeMap<&'static str, u64>,
    /// Requests that do not come out as recorded before the change either.
    unlike_recorded: u64,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let drafts = arguments.agreement.as_deref().map(who_can_see::organisations).transpose()?.unwrap_or_default();
    let rules = match &arguments.rules {
        Some(folder) => ByRules::Given(Arc::new(rules::named(folder)?)),
        None => ByRules::Recorded,
    };
    let draft = With { rules, drafts, ..With::recorded() };
    let found = compare(&arguments.file, arguments.days, &With::recorded(), &draft)?;
    if found.decided == 0 && found.cannot.is_empty() {
        return Err(nothing(arguments.days));
    }
    print(&found, "sharing simulate", arguments.days, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn nothing(days: u32) -> anyhow::Error {
    Usage(format!("no request for a timeline is on record in the last {days} days")).into()
}

/// The recorded requests of the last days, decided again with each of two.
pub(super) fn compare(file: &ConfigFile, days: u32, before: &With, after: &With) -> anyhow::Result<Found> {
    let settings = Settings::load(&file.config)?;
    block_on(async {
        let beside = Beside::of(&settings).await?;
        let Beside { log, projector, organisation, replayer, .. } = &beside;
        let bar = output::progress(0, "records of decisions");
        let told = |count| bar.set_position(count);
        let read = decisions(log.as_ref(), &projector.keyring, &projector.pseudonyms, organisation, None, told).await;
        bar.finish_and_clear();
        let (mut recorded, _) = read?;
        let since = jiff::Timestamp::now().as_microsecond() - i64::from(days) * DAY_US;
        recorded.retain(|(at_us, _)| *at_us >= since);
        simulate(replayer, &Recorded::all(&recorded), before, after)
    })
}

fn simulate(replayer: &Replayer, recorded: &[Recorded], before: &With, after: &With) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let bar = output::progress(u64::try_from(recorded.len())?, "requests decided again");
    for recorded in recorded {
        bar.inc(1);
        let of = &recorded.decision;
        let timeline = matches!(of.call(), Call::GetTimeline | Call::WatchTimeline | Call::Unspecified);
        if !timeline || !of.operator_command.is_empty() {
            continue;
        }
        let was = replayer.rerun(recorded, before)?;
        let is = replayer.rerun(recorded, after)?;
        if let Some(why) = [&was, &is].into_iter().find_map(why_not) {
            *found.cannot.entry(why).or_default() += 1;
            continue;
        }
        found.decided += 1;
        found.unlike_recorded += u64::from(was.verdict != Verdict::Same);
        let changes = changes(&was, &is);
        found.changed += u64::from(!changes.is_empty());
        for (category, became) in changes {
            *found.counts.entry((of.organisation.clone(), category, became)).or_default() += 1;
        }
    }
    bar.finish_and_clear();
    Ok(found)
}

fn why_not(rerun: &Rerun) -> Option<&'static str> {
    match &rerun.verdict {
        Verdict::CannotSay(why) => Some(why.says()),
        Verdict::Erased { .. } => Some("some of its facts were erased"),
        Verdict::Same | Verdict::Differs(_) => None,
    }
}

/// What became of a request: once for each category and way, however many classes of it.
fn changes(was: &Rerun, is: &Rerun) -> std::collections::BTreeSet<(String, &'static str)> {
    let by_class = |rerun: &Rerun| -> BTreeMap<RecordClass, Outcome> {
        rerun.classes.iter().map(|decided| (decided.class.clone(), decided.outcome)).collect()
    };
    let (was_shown, is_shown) = (by_class(was), by_class(is));
    let classes: std::collections::BTreeSet<&RecordClass> = was_shown.keys().chain(is_shown.keys()).collect();
    let of = |shown: &BTreeMap<RecordClass, Outcome>, class| shown.get(class).copied().unwrap_or(Outcome::Hide);
    let mut found: std::collections::BTreeSet<(String, &'static str)> = classes
        .into_iter()
        .filter_map(|class| Some((category(class.category), became(of(&was_shown, class), of(&is_shown, class))?)))
        .collect();
    let taken_out = |rerun: &Rerun| rerun.record.as_ref().map(|record| record.groups_withheld);
    if found.is_empty() && taken_out(was) != taken_out(is) {
        found.insert(("any".to_owned(), "redacted otherwise"));
    }
    found
}

fn became(was: Outcome, is: Outcome) -> Option<&'static str> {
    let nothing = |outcome| matches!(outcome, Outcome::Hide | Outcome::Unspecified);
    match (was, is) {
        _ if was == is || (nothing(was) && nothing(is)) => None,
        _ if nothing(was) => Some("newly allowed"),
        _ if nothing(is) => Some("newly denied"),
        _ if is > was => Some("shows more"),
        _ => Some("shows less"),
    }
}

fn category(category: Category) -> String {
    category.as_str_name().trim_start_matches("CATEGORY_").to_lowercase()
}

/// The table, and a line with the sums that begins with the name of the command.
pub(super) fn print(found: &Found, command: &str, days: u32, json: bool) -> anyhow::Result<()> {
    let sums = ["newly allowed", "newly denied", "shows more", "shows less", "redacted otherwise"].map(|became| {
        let of = found.counts.iter().filter(|((_, _, counted), _)| *counted == became);
        (became.replace(' ', "_"), of.map(|(_, count)| count).sum::<u64>())
    });
    let cannot: u64 = found.cannot.values().sum();
    if json {
        for ((organisation, category, became), requests) in &found.counts {
            let line = json!({ "organisation": organisation, "category": category, "became": became.replace(' ', "_"),
                "requests": requests });
            output::line(&line.to_string())?;
        }
        let sums: serde_json::Map<String, serde_json::Value> =
            sums.into_iter().map(|(became, count)| (became, count.into())).collect();
        let whole = json!({ "days": days, "decided_again": found.decided, "changed": found.changed, "sums": sums,
            "unlike_recorded": found.unlike_recorded, "cannot_be_decided_again": found.cannot });
        return output::line(&whole.to_string());
    }
    if !found.counts.is_empty() {
        let mut table = output::table(&["organisation", "category", "became", "requests"]);
        for ((organisation, category, became), requests) in &found.counts {
            let cells = [organisation.clone(), category.clone(), (*became).to_owned(), requests.to_string()];
            output::add_row(&mut table, cells);
        }
        output::print(&table)?;
    }
    for (why, count) in &found.cannot {
        output::line(&format!("not decided again: {count}, because {why}"))?;
    }
    if found.unlike_recorded > 0 {
        output::line(&format!("not as recorded before the change either: {}", found.unlike_recorded))?;
    }
    let sums = sums.map(|(became, count)| format!("{became}={count}")).join(" ");
    output::line(&format!(
        "{command}: days={days} decided_again={} cannot={cannot} changed={} {sums}",
        found.decided, found.changed
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proto::disclosure::Disclosure;

    use super::*;

    fn class(source: &str, category: Category) -> RecordClass {
        RecordClass {
            source_org: source.to_owned(),
            category,
            labels: BTreeSet::new(),
            third_parties: BTreeSet::new(),
            has_third_party: false,
            unnamed_third_party: false,
            has_location: false,
            retention_expired: false,
        }
    }

    fn decided(class: RecordClass, outcome: Outcome) -> projection::replay::DecidedClass {
        projection::replay::DecidedClass { class, outcome, rules: Default::default() }
    }

    fn rerun(classes: &[(&str, Category, Outcome)], groups_withheld: u32) -> Rerun {
        Rerun {
            verdict: Verdict::Same,
            record: Some(Disclosure { groups_withheld, ..Disclosure::default() }),
            classes: classes.iter().map(|(source, of, outcome)| decided(class(source, *of), *outcome)).collect(),
            policy_hash: [0; 32],
            made_from: None,
            gone: projection::replay::Gone::default(),
        }
    }

    #[test]
    fn a_request_counts_once_for_each_category_and_way_that_it_would_have_been_otherwise() {
        use Category::{Attendance, GpSummary, Therapy};
        use Outcome::{Existence, Full, Hide, Redacted};
        let was = rerun(
            &[("a", Attendance, Hide), ("b", Attendance, Hide), ("c", GpSummary, Full), ("d", Therapy, Existence)],
            1,
        );
        let is = rerun(
            &[("a", Attendance, Full), ("b", Attendance, Redacted), ("c", GpSummary, Hide), ("d", Therapy, Full)],
            2,
        );
        let found: Vec<(String, &str)> = changes(&was, &is).into_iter().collect();
        let expected = [("attendance", "newly allowed"), ("gp_summary", "newly denied"), ("therapy", "shows more")];
        assert_eq!(found, expected.map(|(category, became)| (category.to_owned(), became)));
        assert!(changes(&was, &was).is_empty());
        // Nothing more or less of any class; what is taken out is another.
        let other = rerun(&[("c", GpSummary, Redacted)], 1);
        let otherwise = rerun(&[("c", GpSummary, Redacted)], 2);
        assert_eq!(
            changes(&other, &otherwise).into_iter().collect::<Vec<_>>(),
            [("any".to_owned(), "redacted otherwise")]
        );
        // A class that only the draft's tables know is nothing before.
        assert_eq!(became(Hide, Outcome::Unspecified), None);
    }
}
