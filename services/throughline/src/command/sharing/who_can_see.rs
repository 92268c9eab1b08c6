//! `throughline sharing who-can-see`

mod live;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use proto::events::Body;
use proto::events::event::Kind;
use serde_json::json;
use sharing::cases::{Case, Reach, Scope};
use sharing::{FactEvent, Registry};

use super::rules::Rules;
use crate::command::facts;
use crate::output::{self, Usage};

/// Say who can see a kind of record: each role of each organisation, for which purpose, how closely working with the child
///
/// "full" is the whole record, "in part" without what stands in brackets, "that it exists" one line saying that a service is
/// involved, "nothing" nothing at all. Each role is asked alone, and everything that is not said by --set is as in an ordinary
/// case: nobody asked for consent, no enquiry is open. The keys are those of a case (docs/CASES.md).
///
/// With --child the running service is asked of the records of one child, as things stand: who works with the child, what was
/// said to sharing, every restriction and grant. It is for auditors and information governance of the organisation that runs the
/// service, shows no entry, and is on record before it is answered.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline sharing who-can-see mental_health --label mental_health --source camhs_a\n  \
    throughline sharing who-can-see child_protection --source csc_a --set child.s47=yes --purpose child_protection\n  \
    throughline sharing who-can-see attendance --source school-8784001 --organisations facts.jsonl --json\n  \
    throughline sharing who-can-see --child LA_CHILD_ID:878:12345 --as throughline-auditor"
)]
pub(crate) struct Arguments {
    /// What the record is of: attendance, child_protection, mental_health ...
    #[arg(required_unless_present = "child")]
    category: Option<String>,
    /// The organisation whose record it is.
    #[arg(long, required_unless_present = "child")]
    source: Option<String>,
    /// Ask the running service of the records of this child, SCHEME:ISSUER:VALUE.
    #[arg(long, requires = "reader", conflicts_with_all = ["source", "labels", "set", "organisations", "rules", "all"])]
    child: Option<String>,
    /// With --child, whom to ask as: a reader's file, or the name of one in --readers.
    #[arg(long = "as", value_name = "READER", id = "reader")]
    reader: Option<String>,
    /// Where named readers are.
    #[arg(long, default_value = "throughline-dev/readers")]
    readers: PathBuf,
    /// What makes it more than its category says: mental_health, domestic_abuse ...
    #[arg(long = "label", value_name = "LABEL", value_delimiter = ',')]
    labels: Vec<String>,
    /// What else is so, by the keys of a case: child.s47=yes, facts.consent=given, resource.third_party=yes.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The organisations and agreements on record, as `throughline facts record` takes them; without it, those of the cases.
    #[arg(long, value_name = "FACTS.jsonl")]
    organisations: Option<PathBuf>,
    /// Only this organisation.
    #[arg(long, value_name = "ID")]
    organisation: Vec<String>,
    /// Only this role group.
    #[arg(long)]
    role: Vec<String>,
    /// Only this purpose.
    #[arg(long)]
    purpose: Vec<String>,
    #[command(flatten)]
    rules: Rules,
    /// Also who sees nothing.
    #[arg(long)]
    all: bool,
    /// One JSON object a line of the table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let (Some(child), Some(reader)) = (&arguments.child, &arguments.reader) {
        return live::run(arguments, child, reader);
    }
    let source = arguments.source.clone().unwrap_or_default();
    let registry = arguments.organisations.as_deref().map(registry).transpose()?;
    let case = asked(arguments, registry.is_some())?;
    let scope = Scope {
        registry: registry.map(|registry| (registry, source.clone())),
        organisations: arguments.organisation.clone(),
        roles: arguments.role.clone(),
        purposes: arguments.purpose.clone(),
        ..Scope::default()
    };
    if let Some((registry, source)) = &scope.registry
        && registry.organisation(source).is_none()
    {
        return Err(Usage(format!("`{source}` is not among the organisations of the file")).into());
    }
    let engine = arguments.rules.load()?;
    let reaches = case.who_can_see(&engine, &scope);
    let roles = engine.vocabulary().get("RoleGroup").map_or(0, Vec::len);
    let mut table = output::table(&["who", "role", "sees", "for", "working with the child", "by"]);
    let (mut something, mut nothing) = (0, 0);
    for reach in &reaches {
        let hidden = reach.outcome == "hide";
        *(if hidden { &mut nothing } else { &mut something }) += 1;
        if hidden && !arguments.all && !arguments.json {
            continue;
        }
        if arguments.json {
            output::line(&as_json(reach).to_string())?;
        } else {
            output::add_row(&mut table, row(reach, roles));
        }
    }
    if !arguments.json {
        if something > 0 || arguments.all {
            output::print(&table)?;
        }
        output::line(&format!("who-can-see: lines={something} nothing={nothing}; whoever is not listed sees nothing"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn asked(arguments: &Arguments, on_record: bool) -> anyhow::Result<Case> {
    let labels = arguments.labels.join(",");
    // The source of a file is put in its place later: a case knows its own only.
    let source = if on_record { "school_a" } else { arguments.source.as_deref().unwrap_or_default() };
    let mut pairs = vec![
        ("principal.org", "school_a"),
        ("resource.category", arguments.category.as_deref().unwrap_or_default()),
        ("resource.source", source),
        ("resource.labels", labels.as_str()),
    ];
    for pair in &arguments.set {
        pairs.push(pair.split_once('=').ok_or_else(|| Usage("--set takes KEY=VALUE".to_owned()))?);
    }
    Ok(Case::blank().with_typed(pairs).map_err(|problems| Usage(problems.join("; ")))?)
}

/// The organisations and agreements of a file of facts; its other facts are passed over.
fn registry(file: &Path) -> anyhow::Result<Registry> {
    let bodies = organisations(file)?;
    let events =
        (0..).zip(&bodies).map(|(sequence, body)| FactEvent { subject: [0; 16], published_at_us: 0, sequence, body });
    Ok(Registry::fold(events, None))
}

/// What a file of facts says of organisations and agreements.
pub(super) fn organisations(file: &Path) -> anyhow::Result<Vec<Body>> {
    let facts = facts::read(file)?;
    let of_organisations = facts
        .into_iter()
        .filter_map(|fact| fact.event)
        .filter(|event| matches!(event.kind, Some(Kind::OrganisationRecorded(_) | Kind::AgreementRecorded(_))));
    let bodies: Vec<Body> = of_organisations.map(|event| Body { event: Some(event), ..Body::default() }).collect();
    if bodies.is_empty() {
        return Err(Usage(format!("`{}` records no organisation and no agreement", file.display())).into());
    }
    Ok(bodies)
}

fn row(reach: &Reach, roles: usize) -> Vec<String> {
    let who = match reach.organisations.as_slice() {
        [] => family(&reach.who).to_owned(),
        [one] => one.clone(),
        many if many.len() <= 4 => many.join(", "),
        [first, rest @ ..] => format!("{first} and {} others of {}", rest.len(), reach.who),
    };
    let involvement = closeness(&reach.involvement, reach.organisations.is_empty());
    let by: Vec<&str> = reach.rules.iter().map(|rule| rule.split('-').next().unwrap_or(rule)).collect();
    let held = if reach.roles.len() == roles { "any".to_owned() } else { reach.roles.join(", ") };
    vec![who, held, sees(reach), reach.purposes.join(", "), involvement, by.join(" ")]
}

fn sees(reach: &Reach) -> String {
    match reach.outcome {
        "full" => "full".to_owned(),
        "redacted" => format!("in part (without {})", reach.withheld.join(", ")),
        "existence" => "that it exists".to_owned(),
        _ => "nothing".to_owned(),
    }
}

/// From which closeness on, where they are without a gap.
fn closeness(words: &[String], of_family: bool) -> String {
    const ORDER: [&str; 6] = ["none", "former", "universal", "targeted", "statutory", "lead"];
    if of_family {
        return String::new();
    }
    let held: Vec<usize> = words.iter().filter_map(|word| ORDER.iter().position(|known| known == word)).collect();
    match (held.first(), held.len()) {
        (Some(0), 6) => "or not".to_owned(),
        (Some(first), length) if length > 1 && first + length == ORDER.len() => {
            format!("{} or closer", words.first().map_or("", String::as_str))
        }
        _ => words.join(", "),
    }
}

fn family(who: &str) -> &str {
    match who {
        "subject" => "the child or young person",
        "parent_pr" => "a parent with parental responsibility",
        "parent_no_pr" => "a parent without it",
        "carer" => "a carer",
        other => other,
    }
}

fn as_json(reach: &Reach) -> serde_json::Value {
    json!({
        "organisations": reach.organisations, "who": reach.who, "roles": reach.roles, "outcome": reach.outcome,
        "withheld": reach.withheld, "purposes": reach.purposes, "involvement": reach.involvement,
        "rules": reach.rules,
    })
}

#[cfg(test)]
mod tests {
    use super::closeness;

    #[test]
    fn a_closeness_is_said_shortly_and_never_wrongly() {
        let of = |words: &[&str]| closeness(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), false);
        assert_eq!(of(&["none", "former", "universal", "targeted", "statutory", "lead"]), "or not");
        assert_eq!(of(&["targeted", "statutory", "lead"]), "targeted or closer");
        assert_eq!(of(&["universal", "targeted", "lead"]), "universal, targeted, lead");
        assert_eq!(of(&["lead"]), "lead");
    }
}
