//! What every source counts, and a translation that publishes nothing.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use proto::events::{Body, Cause, Version};
use proto::quarantine::{Place, Reason};

use crate::connector::{Connector, Draft, Output, Rejection, Scope, SourceFile, Spill};
use crate::dates;
use crate::runs::BYTES_MAX;

/// Counts of one source since its process started. Shared with whoever shows them.
#[derive(Debug, Default)]
pub struct SourceCounts {
    /// Records read.
    pub records: AtomicU64,
    /// Events acknowledged by the log.
    pub events: AtomicU64,
    /// Findings on them.
    pub findings: AtomicU64,
    /// Records that could not be translated, or not published.
    pub rejected: AtomicU64,
    /// Submissions or messages taken in and not yet dealt with.
    pub pending: AtomicU64,
    /// States of late submissions that later ones have overtaken.
    pub superseded: AtomicU64,
    /// Events of erased subjects, which were not published.
    pub erased: AtomicU64,
    /// The log took nothing the last time it was tried.
    pub waiting: AtomicBool,
}

impl SourceCounts {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

/// What a translation came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Records read.
    pub records: u64,
    /// Events that they would become. Of a snapshot, as if it were the first.
    pub events: u64,
    /// Findings on them.
    pub findings: u64,
    /// Records that could not be translated.
    pub rejected: u64,
}

/// One thing that a translation says.
#[derive(Clone, PartialEq, Debug)]
pub enum Translated {
    /// An event, without ids: those need a key. The child is named as the source names it.
    Event(Box<Body>),
    /// What could not be translated.
    Rejected(Box<Rejection>),
}

/// Translates files, and folders of files, without publishing anything: `throughline translate`.
///
/// # Errors
/// When a path cannot be read, or names no file of this connector; or the temporary folder does not hold what the connector has to.
pub fn translate_only(
    connector: &dyn Connector,
    paths: &[PathBuf],
    sink: &mut dyn FnMut(Translated),
) -> io::Result<Totals> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(files_of(path)?);
    }
    let names: Vec<String> = files.iter().map(|path| name_of(path)).collect();
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    // What a submission is goes by names alone: files of two folders would be taken for one.
    if let Some(twice) =
        sorted.windows(2).find_map(|pair| pair.first().filter(|first| Some(first) == pair.last().as_ref()))
    {
        let message = format!(
            "two of these files are called `{twice}`: translate each folder by itself, or give them names of their own"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let groups = connector.submissions(&names);
    if groups.is_empty() {
        let Some(first) = names.first() else {
            let message = "there is no file here: what lies in folders within a folder is not read, name those folders themselves";
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        };
        let what = connector.descriptor().about;
        let message = format!("none of these files is for this connector by its name (`{first}`): it reads {what}");
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    let (folder, scopes) = (std::env::temp_dir(), Vec::new());
    let mut telling = Telling { connector, sink, scopes, totals: Totals::default(), folder, broke_off: None };
    for group in groups {
        let mut sources = Vec::new();
        for (path, name) in files.iter().zip(&names) {
            if group.contains(name) {
                sources.push(SourceFile { name: name.clone(), bytes: Box::new(BufReader::new(File::open(path)?)) });
            }
        }
        connector.translate(sources, &mut telling);
        if let Some(error) = telling.broke_off.take() {
            return Err(error);
        }
        telling.scopes.clear();
    }
    Ok(telling.totals)
}

struct Telling<'a> {
    connector: &'a dyn Connector,
    sink: &'a mut dyn FnMut(Translated),
    scopes: Vec<Scope>,
    totals: Totals,
    /// Where the connector may hold rows, and why it could not.
    folder: PathBuf,
    broke_off: Option<io::Error>,
}

impl Output for Telling<'_> {
    fn scope(&mut self, scope: Scope) {
        self.scopes.push(scope);
    }

    fn record(&mut self) {
        self.totals.records += 1;
    }

    fn draft(&mut self, draft: Draft) {
        self.totals.events += 1;
        self.totals.findings += draft.findings.len() as u64;
        let descriptor = self.connector.descriptor();
        let scope = self.scopes.iter().find(|scope| draft.scope_key.as_deref() == Some(&scope.key));
        let body = body_of(descriptor.name, descriptor.mapping_revision, scope, draft);
        (self.sink)(Translated::Event(Box::new(body)));
    }

    fn reject(&mut self, rejection: Rejection) {
        self.totals.rejected += 1;
        (self.sink)(Translated::Rejected(Box::new(rejection)));
    }

    fn whole(&mut self, _scope_key: &str) {}

    fn spill(&self) -> Option<Spill<'_>> {
        Some(Spill { folder: &self.folder, memory_bytes: BYTES_MAX, disk_bytes: u64::MAX })
    }

    fn broke_off(&mut self, error: io::Error) {
        self.broke_off = Some(error);
    }
}

/// A draft as it would be sealed, without the ids that need a key: of a snapshot, as if its submission were the first.
pub(crate) fn body_of(source: &str, mapping_revision: u32, scope: Option<&Scope>, draft: Draft) -> Body {
    let version = draft.version.or_else(|| {
        let scope = scope?;
        Some(Version { as_of_us: scope.as_of_us?, sequence: scope.sequence, mapping_revision })
    });
    let observed_at_us = draft.observed_at_us.or(version.map(|version| version.as_of_us));
    Body {
        subject: Some(draft.subject),
        controller: draft.controller,
        source: source.to_owned(),
        record_key: draft.record_key,
        ordinal: draft.ordinal,
        version,
        effective: Some(draft.effective),
        observed_at: observed_at_us.map(dates::timestamp),
        cause: Cause::Started.into(),
        clears: draft.clears,
        labels: draft.labels.into_iter().map(Into::into).collect(),
        findings: draft.findings,
        event: Some(draft.event),
        scope: draft.scope_key.unwrap_or_default(),
        ..Body::default()
    }
}

/// The file itself, or the files of the folder in order of name.
fn files_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !is_unfinished(&name_of(&entry.path())) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Names of files that are still being written, or that are nobody's.
pub fn is_unfinished(name: &str) -> bool {
    name.starts_with('.') || [".part", ".tmp", ".filepart", ".crdownload"].iter().any(|end| name.ends_with(end))
}

/// A file that is there and cannot be read.
pub(crate) fn unreadable(name: &str) -> Rejection {
    Rejection {
        reason: Reason::FileUnreadable,
        message: "the file could not be opened: check its permissions, and send it again".to_owned(),
        place: Place { file: name.to_owned(), ..Place::default() },
        controller: None,
        raw: Vec::new(),
        scope_key: None,
        subject: None,
        digest: None,
    }
}

#[cfg(test)]
mod tests;
