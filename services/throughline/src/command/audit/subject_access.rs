//! `throughline audit subject-access`

mod codes;
mod document;
pub(super) use document::STYLE;
mod plain;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use proto::audit::SubjectAccessRequest;
use proto::sharing::NamedPerson;

use super::asking::child;
use crate::command::asking::{AskingAs, as_json_of, refused};
use crate::command::block_on;
use crate::output::{self, Usage};
use crate::reader;

/// Write what a child, or a parent for them, may have: the record, where it came from, and who has seen it and why
///
/// One HTML file that stands alone and prints on paper, or --json. The entries are those that the child or parent would be given if they
/// asked themself, for `subject_access`, to the last field; who has seen them is put to the rules in the same way. So exemptions (another
/// person's data, serious harm, what was told in confidence) are the rules' to make, and nothing here says whether one was made: the
/// same general words stand in every document. Asked as the child or parent themself, or by information governance of the organisation
/// that runs the service with --for. Both the answer and whoever prepared it are on record first.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline audit subject-access UPN:dfe:B801200005001 --as a-young-person --out record.html\n  \
    throughline audit subject-access UPN:dfe:B801200005001 --for https://sign-in.family.example=p.parent --as la-878-information-governance --out record.html"
)]
pub(crate) struct Arguments {
    /// The child, as SCHEME:ISSUER:VALUE.
    child: String,
    #[command(flatten)]
    asking: AskingAs,
    /// Of staff: who asked for it, as ISSUER=PERSON: as their sign-in names them, and as they were recognised (`throughline facts person`).
    #[arg(long = "for", value_name = "ISSUER=PERSON")]
    prepared_for: Option<String>,
    /// As one JSON object, in place of HTML.
    #[arg(long)]
    json: bool,
    /// Into this file, in place of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let request = SubjectAccessRequest {
        child: Some(child(&arguments.child)?),
        prepared_for: arguments.prepared_for.as_deref().map(named).transpose()?,
    };
    let answer = block_on(async {
        let mut client: reader::Auditor = arguments.asking.reader()?.connect_to_audit().await?;
        Ok(client.subject_access(request).await.map_err(|status| refused(&status))?.into_inner())
    })?;
    let written = match arguments.json {
        true => as_json_of("throughline.audit.v1.SubjectAccessResponse", &answer)?,
        false => document::written(&answer)?,
    };
    let Some(file) = &arguments.out else {
        output::line(written.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::write(file, written).with_context(|| format!("cannot write `{}`", file.display()))?;
    output::line(&format!(
        "audit subject-access: ok `{}` entries={} sources={} seen={} on_record={}",
        file.display(),
        answer.entries.len(),
        answer.came_from.len(),
        answer.seen.len(),
        hex::encode(&answer.audit_id)
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn named(text: &str) -> anyhow::Result<NamedPerson> {
    let (issuer, person) =
        text.rsplit_once('=').filter(|(issuer, person)| !issuer.is_empty() && !person.is_empty()).ok_or_else(|| {
            Usage(
                "who asked for it is given as ISSUER=PERSON, such as https://sign-in.family.example=p.parent"
                    .to_owned(),
            )
        })?;
    Ok(NamedPerson { issuer: Some(issuer.to_owned()), person: Some(person.to_owned()) })
}
