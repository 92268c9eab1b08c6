//! `throughline generate`

use std::path::PathBuf;
use std::process::ExitCode;

use synthetic_authority::GenerateError;

use crate::output::{self, Usage};

/// Invent an authority's records, in every source's real format
///
/// Writes what the schools, social care and hospital of an invented authority would hold of its children, with a truth file
/// of who is who and a list of what was made wrong on purpose. The same seed and reference date give the same bytes. Nobody
/// in it exists. The folder must be empty or not there.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// How many children.
    #[arg(long, default_value_t = 1_000)]
    children: u32,
    /// The seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder to write to; made when it is not there.
    #[arg(long)]
    out: PathBuf,
    /// The day that the authority is seen from: its live facts are fresh on it. Default: today.
    #[arg(long)]
    reference_date: Option<jiff::civil::Date>,
    /// Also write a folder of bad input: truncated, in the wrong encoding, without a header.
    #[arg(long)]
    bad_files: bool,
    /// Also write the SEN2 return, transfer files and register marks of two days, with a truth and a dirt file of their own.
    #[arg(long)]
    education: bool,

    /// Also write what a child health information service has of the same children, as FHIR: a search in R4 (JSON), corrections to it,
    /// and births as STU3 messages (XML).
    #[arg(long)]
    child_health: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let reference_date = arguments.reference_date.unwrap_or_else(|| jiff::Zoned::now().date());
    // Returns of a year that ended in March are in by August.
    let last_return = if reference_date.month() >= 8 { reference_date.year() } else { reference_date.year() - 1 };
    let settings = synthetic_authority::Settings {
        children: arguments.children,
        seed: arguments.seed,
        reference_date,
        census_years: vec![last_return - 1, last_return],
        ..synthetic_authority::Settings::default()
    };
    let bar = output::progress(u64::from(arguments.children), "inventing children");
    let summary = synthetic_authority::generate(&settings, &arguments.out, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    let summary = summary.map_err(by_option)?;
    bar.finish_and_clear();
    if arguments.bad_files {
        synthetic_authority::write_bad_files(&arguments.out.join("bad"))?;
    }
    if arguments.education {
        let written = synthetic_authority::write_education(&settings, &arguments.out).map_err(by_option)?;
        output::line(&format!(
            "education: sen2_persons={} transfer_files={} marks={} dirtied={}",
            written.sen2_persons, written.transfer_files, written.marks, written.dirtied
        ))?;
    }
    if arguments.child_health {
        let written = synthetic_authority::write_child_health(&settings, &arguments.out).map_err(by_option)?;
        output::line(&format!(
            "child health: patients={} immunisations={} corrections={} births={} dirtied={}",
            written.patients, written.immunisations, written.corrections, written.births, written.dirtied
        ))?;
    }
    output::line(&format!(
        "generated: children={} census_rows={} cin_children={} hl7_messages={} facts={} dirtied={} in `{}`",
        summary.children,
        summary.census_rows,
        summary.cin_children,
        summary.hl7_messages,
        summary.facts,
        summary.dirtied,
        arguments.out.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// What the generator calls a setting, this command calls an option.
fn by_option(error: GenerateError) -> anyhow::Error {
    match error {
        GenerateError::ChildrenOutOfRange => Usage(format!("--{error}")).into(),
        GenerateError::CensusYears => Usage("--reference-date is not of this century".to_owned()).into(),
        GenerateError::OutNotEmpty(_) => anyhow::anyhow!("--{error}"),
        other => other.into(),
    }
}
