//! `throughline facts import-fhir` and `export-fhir`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use proto::events::when;
use proto::sharing::record_fact_response::Outcome;
use proto::sharing::{ListFactsRequest, Purpose, RecordFactRequest};
use sharing::fhir::{self, ConsentFact};

use crate::command::asking::{AboutChild, AskingAs, refused};
use crate::command::block_on;
use crate::output::{self, Refused, Usage};

/// Record what a FHIR Consent (R4) says, or a Bundle of them
///
/// All of it or nothing: what cannot be said exactly in Throughline's facts is refused with its path and a reason, and is never
/// weakened. What is left out and changes nothing of who may be given what is noted. The national data opt-out is recorded as what it
/// is: it stops planning and research, and neither care nor safeguarding. docs/OPERATING.md lists the codes.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline facts import-fhir consent.json --purpose direct_care --as ods-rh8 --dry-run"
)]
pub(crate) struct Import {
    /// The resource, JSON.
    file: PathBuf,
    /// What you record it for: direct_care, education_provision, early_help and so on, as `throughline timeline --help` lists them.
    #[arg(long)]
    purpose: String,
    #[command(flatten)]
    asking: AskingAs,
    /// Read it and ask whether each fact may be recorded; record nothing. That you asked is on record.
    #[arg(long)]
    dry_run: bool,
    /// The outcome as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Write the consents and restrictions on record of a child, as far as you may see them whole, as FHIR Consent (R4)
///
/// A Bundle on standard output. It reads back to the same facts. What you may see in part only is left out, and counted.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  throughline facts export-fhir NHS_NUMBER:nhs:9990000018 --purpose direct_care --as ods-rh8 > consents.json"
)]
pub(crate) struct Export {
    #[command(flatten)]
    about: AboutChild,
    #[command(flatten)]
    asking: AskingAs,
}

pub(super) fn import(arguments: &Import) -> anyhow::Result<ExitCode> {
    let file = arguments.file.display();
    let text = std::fs::read_to_string(&arguments.file).with_context(|| format!("`{file}` cannot be read"))?;
    let read = fhir::read(&text).map_err(|refused| {
        let problems: Vec<String> = refused.0.iter().map(|problem| format!("  {problem}")).collect();
        Refused(format!("`{file}` cannot be said exactly, and nothing was recorded:\n{}", problems.join("\n")))
    })?;
    read.notes.iter().for_each(|note| output::note(&format!("note: {note}")));
    let purpose = Purpose::from_str_name(&format!("PURPOSE_{}", arguments.purpose.to_uppercase()))
        .filter(|purpose| *purpose != Purpose::Unspecified);
    let purpose =
        purpose.ok_or_else(|| Usage("--purpose is not one: `throughline timeline --help` lists them".to_owned()))?;
    block_on(async {
        let mut client = arguments.asking.facts().await?;
        // First whether all of it may be recorded: a consent without the exceptions to it would be more than was given.
        let request = |fact: &ConsentFact, dry_run| RecordFactRequest {
            about: Some(fact.child.clone()),
            purpose: purpose.into(),
            fact: Some(fact.event.clone()),
            effective_on: fact.effective_on,
            dry_run,
            ..RecordFactRequest::default()
        };
        for fact in &read.facts {
            client.record(request(fact, true)).await.map_err(|status| refused(&status))?;
        }
        let mut recorded = 0;
        if !arguments.dry_run {
            // In their order: what breaks off leaves less shared than was agreed, and never more.
            for fact in &read.facts {
                let answer = client.record(request(fact, false)).await.map_err(|status| refused(&status))?.into_inner();
                recorded += usize::from(answer.outcome() == Outcome::Recorded);
            }
        }
        if arguments.json {
            let done =
                serde_json::json!({ "facts": read.facts.len(), "recorded": recorded, "notes": read.notes.len() });
            output::line(&done.to_string())?;
        } else {
            output::line(&format!(
                "facts: ok facts={} recorded={recorded} notes={}",
                read.facts.len(),
                read.notes.len()
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

pub(super) fn export(arguments: &Export) -> anyhow::Result<ExitCode> {
    let (child, purpose) = (arguments.about.child()?, arguments.about.purpose()?);
    let request = ListFactsRequest { child: Some(child.clone()), purpose: purpose.into() };
    block_on(async {
        let mut client = arguments.asking.facts().await?;
        let answer = client.list(request).await.map_err(|status| refused(&status))?.into_inner();
        let (mut entries, mut left_out) = (Vec::new(), 0_usize);
        for listed in answer.facts.iter().rev() {
            let is_whole = listed.outcome() == proto::sharing::Outcome::Full;
            let effective_on = listed.effective.as_ref().and_then(|when| match &when.when {
                Some(when::When::On(day)) => Some(*day),
                _ => None,
            });
            let event = listed.fact.clone().unwrap_or_default();
            let fact = ConsentFact { child: child.clone(), event, effective_on };
            match fhir::write(&fact) {
                Ok(resource) if is_whole => entries.push(serde_json::json!({ "resource": resource })),
                // Other kinds are no consents.
                Err(unsayable) if unsayable.field == "event" => {}
                _ => left_out += 1,
            }
        }
        let bundle = serde_json::json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
        output::line(&serde_json::to_string_pretty(&bundle)?)?;
        if left_out > 0 {
            output::note(&format!("note: {left_out} left out, which you may see in part only or FHIR cannot say"));
        }
        Ok(ExitCode::SUCCESS)
    })
}
