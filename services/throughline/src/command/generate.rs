//! `throughline generate`

use std::path::PathBuf;
use std::process::ExitCode;

use synthetic_authority::GenerateError;

use crate::output::{self, Usage};

/// Invent an authority's records, in every source's real format
///
/// Writes what the schools, social care and hospital of an invented authority hold of its children:
/// a folder for each source, by the name of its connector. So `cp OUT/NAME/* DEV/drop/NAME/incoming/`
/// delivers it.
///
///   generate --out authority         the school census, social care's returns, a hospital's feed
///   generate --out authority --all   and every other format that is read, and each mapping's extract
///
/// Beside the folders:
///
///   truth.jsonl     who is who, whatever the systems say
///   dirt.jsonl      what was made wrong on purpose, and what a connector should say to it
///   outcomes.jsonl  of each submission, how many events are to come of it (--all)
///   facts.jsonl     organisations, agreements, consents, for `throughline dev init`
///   demo.json       one child worth showing
///   README.txt      what each folder holds
///
/// The systems disagree as real ones do: names are respelt, dates mistyped, numbers missing; some of
/// it is put right in a later submission. The same seed and reference date give the same bytes.
/// Nobody in it exists. The folder must be empty or not there.
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
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
    /// Every format that is read, of the same children: also SEN2, transfer files, register marks, the summer's census, FHIR, a second
    /// hospital's batches, and an extract for each mapping that is shipped.
    #[arg(long)]
    all: bool,
    /// Also write a folder of bad input: truncated, in the wrong encoding, without a header.
    #[arg(long)]
    bad_files: bool,
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
        everything: arguments.all,
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
    if arguments.all {
        let mut table = output::table(&["source", "records", "events to come"]);
        for (source, records, events) in &summary.others {
            output::add_row(&mut table, [(*source).to_owned(), records.to_string(), events.to_string()]);
        }
        output::print(&table)?;
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
