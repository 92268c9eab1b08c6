//! Files in clear: what sources gave of somebody erased, and still lies in a drop folder.

use std::collections::HashSet;
use std::process::ExitCode;

use anyhow::Context;
use connector_kit::named::{InClear, Named};
use event_log::Pseudonym;
use event_log::seal::PseudonymKey;
use serde_json::json;

use crate::command::ConfigFile;
use crate::output::{self, Refused};
use crate::settings::Settings;

/// List files of the drop folders that tell of somebody erased, and remove them
///
/// What a source dropped stands in clear in `done` and `rejected`. This lists each file there that tells of somebody who is erased, with
/// how many of its records do, and each of which some records could not be read, so that nobody can tell. On the host that runs the
/// connectors, with their configuration, whether or not they run. A return that comes after an erasure is listed as well: the source
/// still says what it said.
///
/// With --remove, each file that tells of them is removed, whole: what it told of others is on the log. It is noted beside the
/// connector's baselines, and the certificate counts it; a certificate is refused while such a file is left in a drop folder of the process.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  throughline erasure files\n  throughline erasure files --remove --yes")]
pub(super) struct Files {
    #[command(flatten)]
    file: ConfigFile,
    /// Remove those that tell of somebody erased.
    #[arg(long)]
    remove: bool,
    /// And those of which some records could not be read.
    #[arg(long, requires = "remove")]
    unread_too: bool,
    /// That you mean it: nothing is removed without.
    #[arg(long, requires = "remove")]
    yes: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(super) fn files(arguments: &Files) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(&arguments.file.config)?;
    let key =
        PseudonymKey::load(&settings.keys.folder.join("pseudonym.key")).context("the pseudonym key does not load")?;
    let folders: Vec<(Named, &std::path::Path, HashSet<Pseudonym>)> = settings
        .connectors
        .iter()
        .filter_map(|connector| {
            let folder = connector.drop_folder.as_deref()?;
            Some((Named::open(&settings.connector_dir(&connector.name), key.clone()), folder))
        })
        .map(|(named, folder)| named.erased().map(|erased| (named, folder, erased)))
        .collect::<Result<_, _>>()
        .context("who is erased cannot be read")?;
    let found = |named: &Named, folder, erased| named.in_clear(folder, erased).context("a drop folder cannot be read");
    let mut all: Vec<InClear> = Vec::new();
    for (named, folder, erased) in &folders {
        all.extend(found(named, folder, erased)?);
    }
    if !arguments.remove {
        return told(&all, "of_somebody_erased", arguments.json);
    }
    let going = all.iter().filter(|file| file.records > 0 || arguments.unread_too).count();
    if !arguments.yes {
        let text = format!(
            "{going} files would be removed, and nothing was: look at the list without --remove, and say --yes with it"
        );
        return Err(Refused(text).into());
    }
    let now_us = jiff::Timestamp::now().as_microsecond();
    let mut gone = Vec::new();
    for (named, folder, erased) in &folders {
        let removed = named.remove(folder, erased, arguments.unread_too, now_us);
        gone.extend(removed.context("a file could not be removed, and is still there")?);
    }
    told(&gone, "removed", arguments.json)
}

fn told(files: &[InClear], what: &str, json: bool) -> anyhow::Result<ExitCode> {
    let mut table = output::table(&["file", "records of somebody erased", "records unread"]);
    for file in files {
        let path = file.path.display().to_string();
        if json {
            output::line(&json!({ "file": path, "records": file.records, "unread": file.unread }).to_string())?;
        } else {
            output::add_row(&mut table, [path, file.records.to_string(), file.unread.to_string()]);
        }
    }
    if !json {
        if !files.is_empty() {
            output::print(&table)?;
        }
        let theirs = files.iter().filter(|file| file.records > 0).count();
        output::line(&format!("erasure files: {what}={theirs} unread={}", files.len() - theirs))?;
    }
    Ok(ExitCode::SUCCESS)
}
