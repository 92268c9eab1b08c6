//! `throughline audit who-saw` and `throughline audit what-did`

use std::process::ExitCode;

use proto::audit::{AccessesResponse, WhatDidRequest, WhoSawRequest};

use super::accesses::{self, Form};
use super::asking::{Asking, Days, child};
use crate::command::asking::refused;
use crate::command::block_on;

/// Who was given anything of a child, or was refused it: when, for what purpose, by which rule, and what kinds of record
///
/// Every number by which the child is known, or ever was held to be known, is looked under; where records were linked or parted since, each
/// line of --json and --csv says whether it was about this child as linked now, as linked then, or both. Nothing of what was shown is
/// told. The question is itself decided, and on record before it is answered.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  throughline audit who-saw UPN:dfe:B801200005001 --from 2026-01-01\n  \
    throughline audit who-saw NHS_NUMBER:nhs:9990000018 --as la-878-audit --csv > who-saw.csv")]
pub(crate) struct WhoSaw {
    /// The child, as SCHEME:ISSUER:VALUE.
    child: String,
    #[command(flatten)]
    days: Days,
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    asking: Asking,
}

/// What a person asked, or everybody of an organisation
///
/// Every decision on record of the organisation's people is looked through, refusals and an auditor's own questions among them. Children are
/// named by pseudonyms, of use only to see which are the same.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  throughline audit what-did school-8784001 --person t.invented\n  \
    throughline audit what-did la-878-social-care --from 2026-03-01 --to 2026-03-31 --json")]
pub(crate) struct WhatDid {
    /// The organisation, such as school-8784001.
    organisation: String,
    /// One person, as the organisation's own tokens name them.
    #[arg(long)]
    person: Option<String>,
    #[command(flatten)]
    days: Days,
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    asking: Asking,
}

pub(super) fn who_saw(arguments: &WhoSaw) -> anyhow::Result<ExitCode> {
    let child = Some(child(&arguments.child)?);
    let mut request = WhoSawRequest { child, from: arguments.days.from(), to: arguments.days.to(), after: Vec::new() };
    let whole = block_on(async {
        let (mut client, mut whole) = (arguments.asking.client().await?, AccessesResponse::default());
        loop {
            let asked = client.who_saw(request.clone()).await;
            let answer = asked.map_err(|status| refused(&status))?.into_inner();
            request.after.clone_from(&answer.next);
            if !accesses::add(&mut whole, answer) {
                return Ok(whole);
            }
        }
    })?;
    accesses::print(&whole, &arguments.form, "audit who-saw")?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn what_did(arguments: &WhatDid) -> anyhow::Result<ExitCode> {
    let mut request = WhatDidRequest {
        organisation: arguments.organisation.clone(),
        person: arguments.person.clone().unwrap_or_default(),
        from: arguments.days.from(),
        to: arguments.days.to(),
        after: Vec::new(),
    };
    let whole = block_on(async {
        let (mut client, mut whole) = (arguments.asking.client().await?, AccessesResponse::default());
        loop {
            let asked = client.what_did(request.clone()).await;
            let answer = asked.map_err(|status| refused(&status))?.into_inner();
            request.after.clone_from(&answer.next);
            if !accesses::add(&mut whole, answer) {
                return Ok(whole);
            }
        }
    })?;
    accesses::print(&whole, &arguments.form, "audit what-did")?;
    Ok(ExitCode::SUCCESS)
}
