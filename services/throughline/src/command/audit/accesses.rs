//! Decisions as an auditor is shown them: summed in a table, one a line as JSON or CSV, or as FHIR.

mod html;

use std::collections::{BTreeMap, BTreeSet};

use proto::audit::{Access, AccessesResponse, Linked};
use proto::sharing::{Category, RoleGroup};

use super::asking::{call, denied, moment, purpose, spelt};
use super::fhir;
use crate::command::asking::as_json_of;
use crate::output;

/// How to print.
#[derive(clap::Args, Debug)]
pub(super) struct Form {
    /// One JSON object a line, one for each decision.
    #[arg(long, conflicts_with_all = ["csv", "fhir", "html"])]
    json: bool,
    /// Comma-separated values, a line for each decision.
    #[arg(long, conflicts_with_all = ["fhir", "html"])]
    csv: bool,
    /// A document that stands alone and prints on paper: the table, in words.
    #[arg(long, conflicts_with = "fhir")]
    html: bool,
    /// A FHIR R4 Bundle of AuditEvents, in the shape of IHE's Basic Audit Log Patterns.
    #[arg(long)]
    fhir: bool,
}

const COLUMNS: [&str; 21] = [
    "decision",
    "at",
    "organisation",
    "person",
    "roles",
    "call",
    "purpose",
    "denied",
    "operator_command",
    "full",
    "redacted",
    "existence",
    "hidden",
    "entries",
    "lines",
    "categories",
    "rules",
    "left_out",
    "linked",
    "child",
    "part_of",
];

/// Adds an answer to those before it; whether there are more to come.
pub(super) fn add(whole: &mut AccessesResponse, answer: AccessesResponse) -> bool {
    whole.accesses.extend(answer.accesses);
    whole.looked_at = whole.looked_at.max(answer.looked_at);
    whole.audit_id = answer.audit_id;
    answer.more
}

/// Prints an answer; `command` begins its last line.
pub(super) fn print(answer: &AccessesResponse, form: &Form, command: &str) -> anyhow::Result<()> {
    if form.fhir {
        return output::line(&serde_json::to_string_pretty(&fhir::bundle(&answer.accesses))?);
    }
    if form.html {
        return output::line(&html::written(answer, command)?);
    }
    if form.csv {
        return output::line(csv(&answer.accesses)?.trim_end());
    }
    if form.json {
        for access in &answer.accesses {
            output::line(&as_json_of("throughline.audit.v1.Access", access)?)?;
        }
        return Ok(());
    }
    let groups = summed(&answer.accesses);
    let mut table = output::table(&[
        "organisation",
        "person",
        "purpose",
        "asked for",
        "times",
        "given",
        "of",
        "by rule",
        "first",
        "last",
    ]);
    for (who, sum) in &groups {
        output::add_row(&mut table, who.iter().cloned().chain(sum.cells()));
    }
    if !groups.is_empty() {
        output::print(&table)?;
    }
    output::line(&format!(
        "{command}: decisions={} looked_at={} on_record={}",
        answer.accesses.len(),
        answer.looked_at,
        hex::encode(&answer.audit_id)
    ))
}

/// Decisions of one person, for one purpose, of one call.
#[derive(Default, Debug, PartialEq)]
struct Sum {
    times: usize,
    gave: usize,
    refused: usize,
    categories: BTreeSet<String>,
    rules: BTreeSet<String>,
    first: String,
    last: String,
}

impl Sum {
    fn given(&self) -> String {
        match (self.gave, self.refused) {
            (0, 0) => "nothing".to_owned(),
            (gave, 0) => times(gave),
            (0, refused) => format!("refused {}", times(refused)),
            (gave, refused) => format!("{}, refused {}", times(gave), times(refused)),
        }
    }

    fn cells(&self) -> [String; 6] {
        let given = self.given();
        let listed = |of: &BTreeSet<String>| of.iter().cloned().collect::<Vec<_>>().join(" ");
        [
            self.times.to_string(),
            given,
            listed(&self.categories),
            listed(&self.rules),
            self.first.clone(),
            self.last.clone(),
        ]
    }
}

fn times(number: usize) -> String {
    if number == 1 { "once".to_owned() } else { format!("{number} times") }
}

fn summed(accesses: &[Access]) -> BTreeMap<[String; 4], Sum> {
    let mut groups: BTreeMap<[String; 4], Sum> = BTreeMap::new();
    for access in accesses {
        let asked_for =
            if access.operator_command.is_empty() { call(access.call()) } else { access.operator_command.clone() };
        let who = [access.organisation.clone(), access.person.clone(), purpose(access.purpose()), asked_for];
        let sum = groups.entry(who).or_default();
        let day = moment(access.at.as_ref()).chars().take(10).collect::<String>();
        if sum.times == 0 {
            sum.first.clone_from(&day);
        }
        sum.last = day;
        sum.times += 1;
        sum.gave += usize::from(access.entries > 0 || access.lines > 0);
        sum.refused += usize::from(access.denied != 0) + access.denials_summed as usize;
        sum.categories.extend(categories(access));
        sum.rules.extend(access.rules.iter().map(|rule| rule.split('-').next().unwrap_or_default().to_owned()));
    }
    groups
}

fn csv(accesses: &[Access]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for access in accesses {
        let cells = row(access);
        writer.write_record(cells.iter().map(|cell| no_formula(cell)))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// A spreadsheet computes a cell that begins so: what a person calls themselves must not be computed.
fn no_formula(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

fn row(access: &Access) -> [String; COLUMNS.len()] {
    let joined = |of: Vec<String>| of.join(" ");
    [
        hex::encode(&access.decision_id),
        moment(access.at.as_ref()),
        access.organisation.clone(),
        access.person.clone(),
        joined(roles(access)),
        call(access.call()),
        purpose(access.purpose()),
        denied(access.denied()),
        access.operator_command.clone(),
        access.classes_full.to_string(),
        access.classes_redacted.to_string(),
        access.classes_existence.to_string(),
        access.classes_hidden.to_string(),
        access.entries.to_string(),
        access.lines.to_string(),
        joined(categories(access)),
        joined(access.rules.clone()),
        joined(access.field_groups.clone()),
        linked(access.linked()).to_owned(),
        hex::encode(&access.asked_by),
        hex::encode(&access.part_of),
    ]
}

pub(super) fn roles(access: &Access) -> Vec<String> {
    access.roles().map(|role: RoleGroup| spelt(role.as_str_name(), "ROLE_GROUP_")).collect()
}

pub(super) fn categories(access: &Access) -> Vec<String> {
    access.categories().map(|category: Category| spelt(category.as_str_name(), "CATEGORY_")).collect()
}

fn linked(linked: Linked) -> &'static str {
    match linked {
        Linked::Unspecified => "",
        Linked::NowAndThen => "now and then",
        Linked::Then => "then, no longer",
        Linked::Now => "now, not then",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proto::sharing::{Call, DenialReason, Purpose};

    pub(in crate::command::audit) fn accesses() -> Vec<Access> {
        let given = Access {
            decision_id: vec![1; 16],
            at: Some(prost_types::Timestamp { seconds: 1_769_000_000, nanos: 5 }),
            organisation: "school-8789001".into(),
            person: "t.invented".into(),
            roles: vec![RoleGroup::Safeguarding.into(), RoleGroup::SchoolPastoral.into()],
            purpose: Purpose::ChildProtection.into(),
            call: Call::GetTimeline.into(),
            classes_full: 2,
            classes_redacted: 1,
            classes_existence: 1,
            classes_hidden: 4,
            entries: 12,
            lines: 1,
            rules: vec!["P04-s47-school".into(), "R02-third-party".into()],
            categories: vec![Category::Attendance.into(), Category::Exclusion.into()],
            field_groups: vec!["third_party".into()],
            linked: Linked::NowAndThen.into(),
            asked_by: vec![7; 16],
            ..Access::default()
        };
        let later = prost_types::Timestamp { seconds: 1_769_200_000, nanos: 0 };
        vec![
            given.clone(),
            Access {
                decision_id: vec![2; 16],
                at: Some(later),
                person: "=cmd()".into(),
                linked: Linked::Then.into(),
                ..given.clone()
            },
            Access {
                decision_id: vec![3; 16],
                at: Some(later),
                denied: DenialReason::RateLimited.into(),
                denials_summed: 3,
                entries: 0,
                lines: 0,
                rules: vec![],
                categories: vec![],
                field_groups: vec![],
                ..given.clone()
            },
            Access {
                decision_id: vec![4; 16],
                at: Some(later),
                organisation: "la-878-information-hub".into(),
                person: "operator".into(),
                purpose: Purpose::SystemAdmin.into(),
                call: 0,
                operator_command: "audit who-saw".into(),
                ..Access::default()
            },
        ]
    }

    /// `UPDATE_GOLDEN=1` writes the files anew.
    pub(in crate::command::audit) fn golden(name: &str, text: &str) {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/command/audit/golden").join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "{name}");
    }

    #[test]
    fn csv_is_a_line_for_each_decision_and_computes_nothing() {
        let csv = csv(&accesses()).unwrap();
        golden("accesses.csv", &csv);
        assert!(csv.contains(",'=cmd(),"));
    }

    #[test]
    fn a_person_and_a_purpose_are_one_line_of_the_table() {
        let groups = summed(&accesses());
        assert_eq!(groups.len(), 3);
        let sum = groups.values().find(|sum| sum.times == 2).unwrap();
        assert_eq!((sum.gave, sum.refused, sum.first.as_str(), sum.last.as_str()), (1, 4, "2026-01-21", "2026-01-23"));
        assert_eq!(sum.cells()[1], "once, refused 4 times");
        assert_eq!(sum.cells()[3], "P04 R02");
    }
}
