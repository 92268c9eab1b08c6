//! `throughline identity report`

use std::process::ExitCode;

use proto::admin::{GetMatchRatesRequest, GetMatchRatesResponse};
use serde_json::json;

use crate::command::{ConfigFile, block_on};
use crate::{admin_client, output};

/// Say how many records of each source are linked with other sectors', and how many have an NHS number
///
/// Of the running process, as it stands now: every child is read once, which takes about a minute for 100,000. Counts are
/// rounded to the nearest 5, and one from 1 to 7 is not given. A record is not looked for by all that it says where more share a
/// value of it (a hostel's address) than the linker looks through: a link of it may be missing. That somebody asked is put on
/// record.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let answer = block_on(async {
        let mut client = admin_client::connect(&arguments.file.config).await?;
        let asked = client.get_match_rates(GetMatchRatesRequest {}).await;
        Ok(asked.map_err(|status| admin_client::refusal(&status))?.into_inner())
    })?;
    if arguments.json {
        output::line(&as_json(&answer).to_string())?;
    } else {
        print(&answer)?;
    }
    Ok(ExitCode::SUCCESS)
}

const LEFT_OUT: &str = "1-7";

fn count(count: Option<u64>) -> String {
    count.map_or_else(|| LEFT_OUT.to_owned(), |count| count.to_string())
}

/// Of whole numbers that are rounded, so not to the last digit; nothing where either is left out.
fn percent(part: Option<u64>, whole: Option<u64>) -> Option<u64> {
    let (part, whole) = (part?, whole.filter(|whole| *whole > 0)?);
    Some((part * 100 / whole).min(100))
}

fn with_percent(part: Option<u64>, whole: Option<u64>) -> String {
    let share = percent(part, whole).map(|share| format!(" ({share}%)"));
    format!("{}{}", count(part), share.unwrap_or_default())
}

fn print(answer: &GetMatchRatesResponse) -> anyhow::Result<()> {
    let mut table = output::table(&[
        "source",
        "records",
        "with NHS number",
        "known by a link too",
        "linked to another sector",
        "for review",
        "neither",
        "not looked for by all",
    ]);
    for source in &answer.sources {
        let of = |part| with_percent(part, source.records);
        table.add_row([
            source.source.clone(),
            count(source.records),
            of(source.nhs_number_stated),
            of(source.nhs_number_known),
            of(source.linked),
            of(source.for_review),
            of(source.alone),
            of(source.passed_over),
        ]);
    }
    output::print(&table)?;
    let mut table = output::table(&["children in", "how many", "also in", "how many there", "in both"]);
    for pair in &answer.sectors {
        table.add_row([
            pair.one.clone(),
            count(pair.in_one),
            pair.other.clone(),
            count(pair.in_other),
            with_percent(pair.in_both, pair.in_one),
        ]);
    }
    output::print(&table)?;
    output::line(&format!(
        "on a protection plan: {}, with an NHS number: {} (asked of councils: 95%)",
        count(answer.protected),
        with_percent(answer.protected_with_nhs_number, answer.protected)
    ))
}

fn as_json(answer: &GetMatchRatesResponse) -> serde_json::Value {
    let sources: Vec<_> = answer
        .sources
        .iter()
        .map(|source| {
            json!({
                "source": source.source, "records": source.records, "nhs_number_stated": source.nhs_number_stated,
                "nhs_number_known": source.nhs_number_known, "linked": source.linked, "for_review": source.for_review,
                "alone": source.alone, "passed_over": source.passed_over,
            })
        })
        .collect();
    let sectors: Vec<_> = answer
        .sectors
        .iter()
        .map(|pair| {
            json!({
                "one": pair.one, "other": pair.other, "in_one": pair.in_one, "in_other": pair.in_other,
                "in_both": pair.in_both,
            })
        })
        .collect();
    json!({
        "sources": sources, "sectors": sectors, "protected": answer.protected,
        "protected_with_nhs_number": answer.protected_with_nhs_number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_no_share_either() {
        assert_eq!(with_percent(Some(95), Some(100)), "95 (95%)");
        assert_eq!(with_percent(None, Some(100)), "1-7");
        assert_eq!(with_percent(Some(0), Some(0)), "0");
        assert_eq!(with_percent(Some(10), None), "10");
    }
}
