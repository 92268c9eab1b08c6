//! Of whom the files tell that were dealt with: they stand in clear in `done` and `rejected`, and an erasure must find them.
//!
//! Beside the baselines, `named/<picked up>` says of each file of a submission which subjects it tells of, by pseudonym, and in how many
//! records; a file is named by a keyed digest of its name, since it may be named after a child. `named/erased` says who is erased, and
//! `named/removed` which files were removed for it. So a file is found by who is erased, without a value, and on whichever host has it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use event_log::Pseudonym;
use event_log::seal::PseudonymKey;
use serde::{Deserialize, Serialize};

use crate::connector::Place;
use crate::drop_folder::{DONE, REJECTED};
use crate::run::name_of;
use crate::runs::{Fields, Runs};

const ERASED: &str = "erased";
const REMOVED: &str = "removed";

/// What is known of one connector's files.
pub struct Named {
    dir: PathBuf,
    key: PseudonymKey,
}

/// A file in clear.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct InClear {
    /// Where.
    pub path: PathBuf,
    /// Records in it that tell of somebody erased.
    pub records: u64,
    /// Records of it that could not be read, so that nobody can tell of whom they are.
    pub unread: u64,
}

/// Of whom the files of one submission tell.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
struct Told(BTreeMap<String, OfFile>);

#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
struct OfFile {
    /// Records, by pseudonym.
    of: BTreeMap<String, u64>,
    unread: u64,
}

#[derive(Serialize, Deserialize)]
struct Removed {
    at_us: i64,
    submission: String,
    file: String,
    of: Vec<String>,
}

/// Of whom the files of a submission tell, as it is read.
pub(crate) struct Telling {
    key: PseudonymKey,
    /// By file, each child with the records that tell of it.
    told: Runs,
    files: Vec<String>,
    last: Option<(u32, Pseudonym, u64)>,
}

/// Stands for whom nobody knows.
const NOBODY_KNOWS: Pseudonym = Pseudonym([0; 16]);

impl Telling {
    /// Nothing yet. What memory does not hold goes to `runs`.
    pub(crate) fn new(key: &PseudonymKey, runs: Runs) -> Self {
        Self { key: key.clone(), told: runs, files: Vec::new(), last: None }
    }

    /// What stands here tells of this child; `None` where nobody knows of whom.
    pub(crate) fn note(&mut self, place: &Place, of: Option<Pseudonym>) -> io::Result<()> {
        let file = match self.files.iter().rposition(|file| *file == place.file) {
            Some(at) => at,
            None => {
                self.files.push(place.file.clone());
                self.files.len() - 1
            }
        };
        let record = if place.record > 0 { place.record } else { place.line };
        let noted = (u32::try_from(file).unwrap_or(u32::MAX), of.unwrap_or(NOBODY_KNOWS), record);
        if self.last.replace(noted) == Some(noted) {
            return Ok(());
        }
        let (file, subject, record) = noted;
        self.told.push(file, &[subject.as_bytes().as_slice(), &record.to_be_bytes()].concat())
    }

    /// Writes it as JSON: `{"<file>":{"of":{"<pseudonym>":<records>},"unread":<records>}}`.
    fn write(self, out: &mut dyn io::Write) -> io::Result<()> {
        let told = self.told.sorted()?;
        for (section, file) in (0..).zip(&self.files) {
            let before = if section == 0 { "{" } else { "," };
            write!(out, "{before}\"{}\":{{\"of\":{{", file_id(&self.key, file))?;
            let mut rows = told.section(section);
            let (mut unread, mut is_first, mut child) = (0_u64, true, None::<(Pseudonym, u64)>);
            let mut write_one = |out: &mut dyn io::Write, child: Option<(Pseudonym, u64)>| match child {
                Some((of, records)) if of == NOBODY_KNOWS => {
                    unread = records;
                    Ok(())
                }
                Some((of, records)) => {
                    let before = if std::mem::take(&mut is_first) { "" } else { "," };
                    write!(out, "{before}\"{of}\":{records}")
                }
                None => Ok(()),
            };
            while let Some(row) = rows.next()? {
                let of = Pseudonym(Fields(row).bytes());
                match &mut child {
                    Some((last, records)) if *last == of => *records += 1,
                    _ => write_one(out, child.replace((of, 1)))?,
                }
            }
            write_one(out, child)?;
            write!(out, "}},\"unread\":{unread}}}")?;
        }
        out.write_all(if self.files.is_empty() { b"{}" } else { b"}" })
    }
}

fn file_id(key: &PseudonymKey, name: &str) -> String {
    hex::encode(key.digest("file-name", name.as_bytes()))
}

impl Named {
    /// Beside these baselines.
    pub fn open(connector_dir: &Path, key: PseudonymKey) -> Self {
        Self { dir: connector_dir.join("named"), key }
    }

    /// Notes of whom a submission tells, durably, before it is anywhere that nobody deals with it any more.
    pub(crate) fn note(&self, submission: &str, told: Telling) -> io::Result<()> {
        self.write(submission, |out| told.write(out))
    }

    /// Notes who is erased.
    pub(crate) fn note_erased(&self, erased: &HashSet<Pseudonym>) -> io::Result<()> {
        let lines: BTreeSet<String> = erased.iter().map(|subject| hex::encode(subject.0) + "\n").collect();
        self.write(ERASED, |out| out.write_all(lines.into_iter().collect::<String>().as_bytes()))
    }

    /// Who is erased, as this connector last knew.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn erased(&self) -> io::Result<HashSet<Pseudonym>> {
        let text = or_none(fs::read_to_string(self.dir.join(ERASED)))?.unwrap_or_default();
        let subject = |line: &str| {
            let mut bytes = [0; 16];
            hex::decode_to_slice(line, &mut bytes).ok().map(|()| Pseudonym(bytes))
        };
        Ok(text.lines().filter_map(subject).collect())
    }

    /// Files of this drop folder that tell of these subjects, and those of which some records could not be read.
    ///
    /// # Errors
    /// When a folder or a note cannot be read.
    pub fn in_clear(&self, drop_folder: &Path, of: &HashSet<Pseudonym>) -> io::Result<Vec<InClear>> {
        Ok(self.found(drop_folder, of)?.into_iter().map(|(file, _)| file).collect())
    }

    fn found(&self, drop_folder: &Path, of: &HashSet<Pseudonym>) -> io::Result<Vec<(InClear, Removed)>> {
        let of: BTreeSet<String> = of.iter().map(|subject| hex::encode(subject.0)).collect();
        let mut found = Vec::new();
        if of.is_empty() {
            return Ok(found);
        }
        for folder in [DONE, REJECTED].map(|folder| drop_folder.join(folder)) {
            for submission in listed(&folder)? {
                let name = name_of(&submission);
                let Some(told) = or_none(fs::read(self.dir.join(&name)))? else { continue };
                let Ok(Told(told)) = serde_json::from_slice(&told) else { continue };
                for path in listed(&submission)?.into_iter().filter(|path| path.is_file()) {
                    let file = file_id(&self.key, &name_of(&path));
                    let Some(of_file) = told.get(&file) else { continue };
                    let theirs: Vec<&String> = of_file.of.keys().filter(|id| of.contains(*id)).collect();
                    let records = theirs.iter().filter_map(|id| of_file.of.get(*id)).sum();
                    if records > 0 || of_file.unread > 0 {
                        let of = theirs.into_iter().cloned().collect();
                        let removed = Removed { at_us: 0, submission: name.clone(), file, of };
                        found.push((InClear { path, records, unread: of_file.unread }, removed));
                    }
                }
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found)
    }

    /// Removes the files that tell of these subjects, whole: what else they told is on the log. That it is done is noted before. Those
    /// of which some records could not be read go too where `unread_too` says so. Gives what was removed. `now_us`: microseconds since 1970.
    ///
    /// # Errors
    /// When it cannot be noted, or a file cannot be removed: it is then still there.
    pub fn remove(
        &self,
        drop_folder: &Path,
        of: &HashSet<Pseudonym>,
        unread_too: bool,
        now_us: i64,
    ) -> io::Result<Vec<InClear>> {
        let mut gone = Vec::new();
        for (file, removed) in self.found(drop_folder, of)? {
            if file.records == 0 && !unread_too {
                continue;
            }
            let mut line = serde_json::to_vec(&Removed { at_us: now_us, ..removed })?;
            line.push(b'\n');
            let mut notes = OpenOptions::new().create(true).append(true).open(self.dir.join(REMOVED))?;
            notes.write_all(&line)?;
            notes.sync_all()?;
            fs::remove_file(&file.path)?;
            if let Some(submission) = file.path.parent() {
                File::open(submission)?.sync_all()?;
                // The folder of a submission of which nothing is left tells nobody anything.
                let _others_are_left = fs::remove_dir(submission);
            }
            gone.push(file);
        }
        Ok(gone)
    }

    /// How many files were removed because they told of these subjects.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn removed(&self, of: &HashSet<Pseudonym>) -> io::Result<usize> {
        let of: BTreeSet<String> = of.iter().map(|subject| hex::encode(subject.0)).collect();
        let notes = or_none(fs::read_to_string(self.dir.join(REMOVED)))?.unwrap_or_default();
        let removed = notes.lines().filter_map(|line| serde_json::from_str::<Removed>(line).ok());
        let theirs = removed.filter(|removed| removed.of.iter().any(|id| of.contains(id)));
        // One that was noted, and removed by whoever came after a crash, is noted twice.
        Ok(theirs.map(|removed| (removed.submission, removed.file)).collect::<BTreeSet<_>>().len())
    }

    fn write(&self, name: &str, write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let (path, beside) = (self.dir.join(name), self.dir.join(format!("{name}.new")));
        let mut file = BufWriter::new(File::create(&beside)?);
        write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(&self.dir)?.sync_all()
    }
}

fn listed(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = or_none(fs::read_dir(dir))?.into_iter().flatten();
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    // A file that lies where a submission should is nobody's submission.
    paths.sort();
    Ok(paths)
}

fn or_none<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        read => read.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use proto::events::Scheme;

    use super::*;
    use crate::identifier;
    use crate::testing::{House, pseudonyms};
    use crate::toy::Toy;

    const MINUTE_US: i64 = 60_000_000;

    fn pupil(id: &str) -> Pseudonym {
        pseudonyms().of(&identifier::subject(Scheme::SchoolPupil, "8784001", id))
    }

    fn found(named: &Named, drop_folder: &Path, of: &[&str]) -> Vec<(String, u64, u64)> {
        let of = of.iter().map(|id| pupil(id)).collect();
        let files = named.in_clear(drop_folder, &of).unwrap();
        files.into_iter().map(|file| (name_of(&file.path), file.records, file.unread)).collect()
    }

    #[tokio::test]
    async fn files_are_found_by_whom_they_tell_of_and_removed_whole_once_somebody_is_erased() {
        let house = House::new();
        let mut folder = house.drop_folder(Toy::default()).await;
        let at_us = 1_800_000_000_000_000;
        let texts = [
            (
                "toy-2025-01-16.csv",
                "id,name,start,end\nA1,x,2024-09-01,\nA1,x,2023-09-01,2024-07-20\nB2,x,2024-09-01,\n",
            ),
            ("toy-2025-02-16.csv", "id,name,start,end\nB2,x,2024-09-01,\n,x,2024-09-01,\n"),
            ("toy-2025-03-16.csv", "no header at all\n"),
        ];
        for (n, (name, text)) in (0..).zip(texts) {
            house.drop_file(name, text);
            folder.drain_once(at_us + n * MINUTE_US).await.unwrap();
        }
        let drop_folder = house.dir.path().join("drop");
        let named = Named::open(&house.dir.path().join("baselines"), pseudonyms());
        let row = |name: &str, records, unread| (name.to_owned(), records, unread);
        assert!(found(&named, &drop_folder, &[]).is_empty(), "nobody is erased");
        let unread = [row(texts[1].0, 0, 1), row(texts[2].0, 0, 1)];
        assert_eq!(found(&named, &drop_folder, &["A1"]), [&[row(texts[0].0, 2, 0)][..], &unread].concat());
        assert_eq!(found(&named, &drop_folder, &["C3"]), unread);
        // What is noted names neither a child nor a file.
        for entry in fs::read_dir(house.dir.path().join("baselines/named")).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            assert!(!text.contains("A1") && !text.contains("toy"), "{text}");
        }

        let gone = HashSet::from([pupil("A1")]);
        let removed = named.remove(&drop_folder, &gone, false, at_us).unwrap();
        assert_eq!(removed.len(), 1);
        assert_eq!(found(&named, &drop_folder, &["A1"]), unread, "and what nobody can tell of is left");
        assert_eq!((named.removed(&gone).unwrap(), named.removed(&HashSet::from([pupil("B2")])).unwrap()), (1, 0));
        assert!(named.remove(&drop_folder, &gone, false, at_us).unwrap().is_empty());
        assert_eq!(named.remove(&drop_folder, &gone, true, at_us).unwrap().len(), 2);
        assert!(found(&named, &drop_folder, &["A1"]).is_empty());
    }
}
