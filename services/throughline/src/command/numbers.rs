//! `throughline numbers`

use std::process::ExitCode;

use proto::planning::{CountChildrenRequest, CountChildrenResponse, Counted, Part};
use proto::sharing::Category;

use crate::command::asking::{AskingAs, as_json_of, refused, spelt};
use crate::command::block_on;
use crate::output;

/// Ask the running service how many children there are, to plan services by: numbers, and never a child
///
/// For commissioning staff, of their own organisation's records and of those that an agreement lets them count for
/// service_planning. A child counts with a category where a record of it is of the last twelve months. The numbers are of the
/// first day of the month and the same all month. Each is rounded; what is under eight is not given, and neither is what would tell
/// of such a number. What is sealed, restricted or from a sensitive service is in none of them.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  throughline numbers --as la-878-commissioning\n  \
    throughline numbers --as la-878-commissioning --json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    asking: AskingAs,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let answer = block_on(async {
        let mut client = arguments.asking.reader()?.connect_to_plan().await?;
        let answer = client.count_children(CountChildrenRequest {}).await;
        Ok(answer.map_err(|status| refused(&status))?.into_inner())
    })?;
    if arguments.json {
        output::line(&as_json_of("throughline.planning.v1.CountChildrenResponse", &answer)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&answer)?;
    Ok(ExitCode::SUCCESS)
}

fn print(answer: &CountChildrenResponse) -> anyhow::Result<()> {
    let mut table = output::table(&["children with", "by", "of", "about"]);
    for counted in &answer.counted {
        rows(counted).into_iter().for_each(|row| output::add_row(&mut table, row));
    }
    output::print(&table)?;
    let as_at = answer
        .as_at
        .as_ref()
        .map(|date| format!("{}-{:02}-{:02}", date.year, date.month.unwrap_or_default(), date.day.unwrap_or_default()));
    let as_at = as_at.unwrap_or_default();
    output::line(&format!(
        "as it stood on {as_at}, records of {} months; to the nearest {}; a dash, or what is not listed: fewer than {}, or held back so that \
         such a number cannot be worked out",
        answer.months, answer.rounded_to, answer.fewest
    ))?;
    if let Some(opted_out) = answer.opted_out {
        output::line(&format!("left out of health, by a national data opt-out: about {opted_out}"))?;
    }
    output::line(&format!("numbers: as_at={as_at} on_record={}", hex::encode(&answer.decision_id)))
}

/// The total, and under it what it divides into.
fn rows(counted: &Counted) -> Vec<[String; 4]> {
    let of = match counted.category {
        None => "any record".to_owned(),
        Some(category) => spelt(Category::try_from(category).unwrap_or_default().as_str_name(), "CATEGORY_"),
    };
    let total = counted.children.map_or("-".to_owned(), |children| children.to_string());
    let mut rows = vec![[of, String::new(), "all".to_owned(), total]];
    for (by, parts) in [("age", &counted.by_age), ("area", &counted.by_area), ("service", &counted.by_service)] {
        rows.extend(
            parts.iter().map(|Part { of, children }| [String::new(), by.to_owned(), of.clone(), children.to_string()]),
        );
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_that_is_held_back_is_a_dash_above_what_it_divides_into() {
        let part = |of: &str| Part { of: of.to_owned(), children: 45 };
        let counted = Counted {
            category: Some(Category::Attendance.into()),
            by_age: vec![part("5-9")],
            by_service: vec![part("school-8784001")],
            ..Counted::default()
        };
        let rows = rows(&counted);
        assert_eq!(rows[0], ["attendance", "", "all", "-"]);
        assert_eq!(rows[1], ["", "age", "5-9", "45"]);
        assert_eq!(rows[2], ["", "service", "school-8784001", "45"]);
    }
}
