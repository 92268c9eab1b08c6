//! What people decide: to propose, confirm, call off and readmit.

use std::process::ExitCode;

use proto::sharing::{
    CancelErasureRequest, ConfirmErasureRequest, ErasureAuthority, ProposeErasureRequest, ReadmitErasureRequest,
};

use super::told;
use crate::command::asking::{AskingAs, child_of, refused};
use crate::command::break_glass::id;

/// Propose that a child's records be erased
///
/// Nothing is destroyed by it. All records that are linked with the number given go, as they are linked now; with --only-this-number
/// those under that very number alone, and then restrictions on them go on binding the others.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline erasure propose UPN:dfe:B801200005001 --authority court_order --reference CO-2026-17 \\\n      --reason \"Order of the family court of 3 March\" --as la-878-governance"
)]
pub(super) struct Propose {
    /// The child, as SCHEME:ISSUER:VALUE: UPN:dfe:B801200005001, LA_CHILD_ID:878:12345.
    child: String,
    #[command(flatten)]
    asking: AskingAs,
    /// Only what is recorded under this number.
    #[arg(long)]
    only_this_number: bool,
    /// Under what authority.
    #[arg(long, value_parser = ["court_order", "request", "regulator", "retention", "unlawful"])]
    authority: String,
    /// The order's or request's number. It stands on the certificate: name nobody.
    #[arg(long)]
    reference: String,
    /// Why, at most 500 characters. It stays on record: name nobody.
    #[arg(long)]
    reason: String,
    /// How long it can be called off; the service may ask for more (`serve.erasure_cooling_off_hours`).
    #[arg(long, default_value_t = 72)]
    cooling_off_hours: u32,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Confirm an erasure that somebody else proposed
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline erasure confirm 019aab2c7d1e7f00b1c2d3e4f5061728 --as la-878-governance-2"
)]
pub(super) struct Confirm {
    /// Which, 32 hexadecimal digits.
    erasure: String,
    #[command(flatten)]
    asking: AskingAs,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Call an erasure off, for as long as nothing of it is destroyed
#[derive(clap::Args, Debug)]
pub(super) struct Cancel {
    /// Which, 32 hexadecimal digits.
    erasure: String,
    #[command(flatten)]
    asking: AskingAs,
    /// Why, at most 500 characters.
    #[arg(long)]
    because: String,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Let records of an erasure's subjects in again: the next return that has them is taken
///
/// What was erased stays so. Send a return again whose records were refused meanwhile.
#[derive(clap::Args, Debug)]
pub(super) struct Readmit {
    /// Which, 32 hexadecimal digits.
    erasure: String,
    #[command(flatten)]
    asking: AskingAs,
    /// Why, at most 500 characters.
    #[arg(long)]
    because: String,
    /// The answer as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn propose(arguments: &Propose) -> anyhow::Result<ExitCode> {
    let authority =
        ErasureAuthority::from_str_name(&format!("ERASURE_AUTHORITY_{}", arguments.authority.to_uppercase()));
    let request = ProposeErasureRequest {
        child: Some(child_of(&arguments.child)?),
        only_this_number: arguments.only_this_number,
        authority: authority.unwrap_or_default().into(),
        authority_reference: arguments.reference.clone(),
        reason: arguments.reason.clone(),
        cooling_off_hours: arguments.cooling_off_hours,
    };
    let mut client = arguments.asking.erasures().await?;
    let answer = client.propose(request).await.map_err(|status| refused(&status))?.into_inner();
    told(&answer, arguments.json)
}

pub(super) async fn confirm(arguments: &Confirm) -> anyhow::Result<ExitCode> {
    let request = ConfirmErasureRequest { erasure_id: id(&arguments.erasure)? };
    let mut client = arguments.asking.erasures().await?;
    let answer = client.confirm(request).await.map_err(|status| refused(&status))?.into_inner();
    told(&answer, arguments.json)
}

pub(super) async fn cancel(arguments: &Cancel) -> anyhow::Result<ExitCode> {
    let request = CancelErasureRequest { erasure_id: id(&arguments.erasure)?, reason: arguments.because.clone() };
    let mut client = arguments.asking.erasures().await?;
    let answer = client.cancel(request).await.map_err(|status| refused(&status))?.into_inner();
    told(&answer, arguments.json)
}

pub(super) async fn readmit(arguments: &Readmit) -> anyhow::Result<ExitCode> {
    let request = ReadmitErasureRequest { erasure_id: id(&arguments.erasure)?, reason: arguments.because.clone() };
    let mut client = arguments.asking.erasures().await?;
    let answer = client.readmit(request).await.map_err(|status| refused(&status))?.into_inner();
    told(&answer, arguments.json)
}
