//! `throughline cpis`

mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use jiff::civil::Date;
use proto::admin::protection_client::ProtectionClient;
use proto::admin::{LeftOut, ListProtectedRequest, ListProtectedResponse, left_out};
use serde_json::json;

use crate::command::{ConfigFile, block_on};
use crate::output;
use crate::{admin_client, admin_client::refusal};
use file::{Changes, Contact, Upload};

/// What the service asks of an authority before it may go live, and after.
const MATCHED_PERCENT_MIN: u64 = 95;

/// Tell the NHS which children have a child protection plan or are looked after (CP-IS)
///
/// Child Protection - Information Sharing: an authority uploads, for each child with a child protection plan, born or not, and each
/// child who is looked after, an NHS number, a birth date, which of these it is, and when it began and ended. Whoever sees the child in
/// an emergency then knows whom to ring, and the authority is told that the child was seen.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  throughline cpis make --authority la-878 --recipient ods-x26 --office-hours '01632 960001' --emergency '01632 960002' \\\n    \
    --since last/upload.csv --out upload.csv --left-out left-out.csv\n  throughline cpis check upload.csv"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Make(Make),
    Check(Check),
}

/// Write the upload, from what the authority's live sources say now
///
/// Of whom the recipient is told is decided by the rules, child by child: an agreement between the two must be on record. Each child
/// who is in the file is a disclosure to the recipient, on record before the file is written. What is left out is counted by
/// reason, and listed by the authority's own numbers where you ask for it.
#[derive(clap::Args, Debug)]
struct Make {
    #[command(flatten)]
    config: ConfigFile,
    /// The authority's social care, as an organisation on record: la-878.
    #[arg(long)]
    authority: String,
    /// Who is told, as an organisation on record, with whom there is an agreement.
    #[arg(long)]
    recipient: String,
    /// Whom to ring in office hours.
    #[arg(long)]
    office_hours: String,
    /// Whom to ring at other times.
    #[arg(long)]
    emergency: String,
    /// The upload before this one: what is there no more is deleted by this one.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// How many in a hundred of the last upload may be deleted by this one. More is held: look at what is left out first.
    #[arg(long, value_name = "PERCENT", default_value_t = 2)]
    deletions_max: u64,
    /// Where the upload goes. It must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where the list of what is left out goes: for the authority, and nobody else.
    #[arg(long, value_name = "FILE")]
    left_out: Option<PathBuf>,
    /// The summary as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Hold a file to the rules of the format
#[derive(clap::Args, Debug)]
struct Check {
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.action {
        Action::Make(make) => make.run(),
        Action::Check(check) => check.run(),
    }
}

impl Check {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let upload = read(&self.file)?;
        let problems = upload.problems();
        for problem in &problems {
            output::line(problem)?;
        }
        output::line(&format!("cpis: rows={} problems={}", upload.rows.len(), problems.len()))?;
        Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(output::DIFFERS) })
    }
}

impl Make {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let authority = self.authority.strip_prefix("la-").filter(|code| code.len() == 3);
        let authority = authority.context("`--authority` is the id of an authority's social care, such as la-878")?;
        ensure!(!self.out.exists(), "`{}` is there already: name another file", self.out.display());
        let contact = Contact {
            authority: authority.to_owned(),
            office_hours: self.office_hours.clone(),
            emergency: self.emergency.clone(),
        };
        let last = self.since.as_deref().map(read).transpose()?;
        let told = self.told()?;
        let on = told.on.and_then(file::day).context("the service did not say of which day it told")?;
        let mut upload =
            Upload::of(&told.rows, &contact).context("the service told of something that has no place in the file")?;
        let changes = upload.changed_since(last.as_ref(), on);
        self.hold(last.as_ref(), &changes)?;
        let problems = upload.problems();
        if let Some(first) = problems.first() {
            bail!("the upload breaks {} rules of its format, and was not written: {first}", problems.len());
        }
        write(&self.out, &upload.written()?)?;
        if let Some(path) = &self.left_out {
            write(path, &left_out_written(&told.left_out)?)?;
        }
        self.tell(&told, &upload, &changes, on)?;
        Ok(ExitCode::SUCCESS)
    }

    fn told(&self) -> anyhow::Result<ListProtectedResponse> {
        let request = ListProtectedRequest { authority: self.authority.clone(), recipient: self.recipient.clone() };
        block_on(async {
            let channel = admin_client::channel(&self.config.config, None).await?;
            let mut client = ProtectionClient::new(channel).max_decoding_message_size(64 << 20);
            Ok(client.list_protected(request).await.map_err(|status| refusal(&status))?.into_inner())
        })
    }

    /// A child who is missing because a feed broke off looks like one whose plan was never there.
    fn hold(&self, last: Option<&Upload>, changes: &Changes) -> anyhow::Result<()> {
        let rows = last.map_or(0, |last| last.standing().count() as u64);
        ensure!(
            changes.deleted * 100 <= rows * self.deletions_max,
            "the upload would delete {} of the {rows} of the last one, more than {} in a hundred: nothing was written. See why with \
             `--left-out`, or allow it with `--deletions-max`",
            changes.deleted,
            self.deletions_max
        );
        Ok(())
    }

    fn tell(&self, told: &ListProtectedResponse, upload: &Upload, changes: &Changes, on: Date) -> anyhow::Result<()> {
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for left in &told.left_out {
            *reasons.entry(word(left)).or_default() += 1;
        }
        // Rounded down: 94.9 is not 95.
        let matched = (told.matched * 100).checked_div(told.in_scope).unwrap_or(100);
        if self.json {
            let summary = json!({
                "on": on.to_string(), "rows": upload.rows.len(), "in_scope": told.in_scope, "matched": told.matched,
                "matched_percent": matched, "matched_percent_asked": MATCHED_PERCENT_MIN, "left_out": reasons,
                "started": changes.started, "changed": changes.changed, "unchanged": changes.unchanged,
                "deleted": changes.deleted, "no_longer_told": changes.aged,
            });
            return output::line(&summary.to_string());
        }
        output::line(&format!(
            "cpis: rows={} in-scope={} nhs-number-match={matched}% (at least {MATCHED_PERCENT_MIN}% is asked)",
            upload.rows.len(),
            told.in_scope
        ))?;
        output::line(&format!(
            "since the last upload: started={} changed={} unchanged={} deleted={} no-longer-told={}",
            changes.started, changes.changed, changes.unchanged, changes.deleted, changes.aged
        ))?;
        for (reason, count) in &reasons {
            output::line(&format!("left out: {reason}={count}"))?;
        }
        if matched < MATCHED_PERCENT_MIN {
            output::note("fewer NHS numbers are known than the service asks for: `--left-out` lists whose are missing");
        }
        Ok(())
    }
}

fn read(path: &Path) -> anyhow::Result<Upload> {
    let text = std::fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    Upload::read(&text).with_context(|| format!("`{}` is no upload", path.display()))
}

/// For this user alone.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(path);
    let written = made.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.with_context(|| format!("`{}` cannot be written", path.display()))
}

fn left_out_written(left_out: &[LeftOut]) -> anyhow::Result<String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["reference", "reason"])?;
    for left in left_out {
        csv.write_record([left.reference.as_str(), word(left)])?;
    }
    Ok(String::from_utf8(csv.into_inner()?)?)
}

fn word(left: &LeftOut) -> &'static str {
    use left_out::Reason as R;
    match left.reason() {
        R::Unspecified => "unspecified",
        R::NhsNumberMissing => "nhs-number-missing",
        R::NhsNumbersDiffer => "nhs-numbers-differ",
        R::BirthMissing => "birth-missing",
        R::BirthsDiffer => "births-differ",
        R::DayMissing => "day-missing",
        R::EndMissing => "end-missing",
        R::NotBegun => "not-begun",
        R::LegalStatus => "legal-status",
        R::Adult => "adult",
        R::Died => "died",
        R::NotByRule => "not-by-rule",
    }
}
