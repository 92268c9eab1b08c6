//! Facts about organisations: recorded by the organisation that runs the service.

use std::process::ExitCode;

use jiff::civil::Date;
use proto::sharing::{AgreementRecorded, Purpose};

use super::saying::{CategoryWord, PurposeWord, Saying, date, day, numbers};
use crate::command::facts::reference;
use crate::output::Usage;

/// Record an information sharing agreement, or put another in its place under the same id
///
/// By an administrator or information-governance lead of the organisation that runs the service. It covers sharing from any party to
/// any other, on every day up to its last.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline facts agreement early-help-2026 --party school-8784001 --party la-878-social-care --from 2026-09-01 --until 2027-08-31 --for early_help --as hub"
)]
pub(crate) struct Agreement {
    /// Names it.
    id: String,
    /// An organisation's id; at least two.
    #[arg(long = "party", required = true, value_delimiter = ',', value_name = "ORGANISATION")]
    parties: Vec<String>,
    /// What it covers. Left out: every category.
    #[arg(long, value_delimiter = ',')]
    category: Vec<CategoryWord>,
    /// What for. Left out: every purpose.
    #[arg(long = "for", value_delimiter = ',')]
    covers: Vec<PurposeWord>,
    /// From which day.
    #[arg(long, value_parser = day)]
    from: Option<Date>,
    /// The last day, inclusive.
    #[arg(long, value_parser = day)]
    until: Option<Date>,
    /// It is suspended: nothing is shared under it until it is recorded again.
    #[arg(long)]
    suspended: bool,
    #[command(flatten)]
    saying: Saying,
}

pub(super) fn agreement(said: &Agreement) -> anyhow::Result<ExitCode> {
    if said.parties.len() < 2 {
        anyhow::bail!(Usage("--party must be given at least twice: an agreement is between organisations".to_owned()));
    }
    let about = reference("ORGANISATION", "throughline", &format!("agreement/{}", said.id))?;
    let event = AgreementRecorded {
        id: Some(said.id.clone()),
        parties: said.parties.clone(),
        categories: numbers!(said.category),
        purposes: numbers!(said.covers),
        from: date(said.from),
        to: date(said.until),
        suspended: said.suspended.then_some(true),
    };
    said.saying.record(about, Purpose::SystemAdmin, event.into())
}
