//! More rows than memory holds, sorted: up to a bound in memory, beyond it in sorted runs on disk.
//!
//! A row is bytes, and sorts by them; its first four are its section, so that the rows of one scope, or of one file, can be
//! read by themselves and as often as it takes. The file that they are in has no name, and is gone when the process is. What a
//! differ sorts are pseudonyms, keyed digests and numbers, and nothing in clear; what a connector gathers stands in clear, beside
//! the files that it came in.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// Rows held in memory before they go to disk, in bytes. In tests few are.
pub(crate) const BYTES_MAX: usize = if cfg!(test) { 512 } else { 8 << 20 };
const BUFFER_BYTES: usize = 1 << 16;
/// Of one of many runs that are merged.
const BUFFER_BYTES_MIN: usize = 1 << 12;
/// Runs that are merged at once: of each a row and a buffer are held. In tests few are.
const FAN_IN: usize = if cfg!(test) { 3 } else { 64 };

/// Rows in any order.
pub(crate) struct Runs {
    folder: PathBuf,
    bytes_max: usize,
    bytes: Vec<u8>,
    rows: Vec<Range<usize>>,
    file: Option<File>,
    /// Where each run stands in the file.
    runs: Vec<Range<u64>>,
}

impl Runs {
    /// None yet. What memory does not hold goes to this folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self::with_memory(folder, BYTES_MAX)
    }

    /// The same, with so many bytes of memory.
    pub(crate) fn with_memory(folder: &Path, bytes_max: usize) -> Self {
        let (bytes, rows, runs) = (Vec::new(), Vec::new(), Vec::new());
        Self { folder: folder.to_path_buf(), bytes_max, bytes, rows, file: None, runs }
    }

    /// None yet. Memory holds them all.
    pub(crate) fn in_memory() -> Self {
        Self::with_memory(Path::new(""), usize::MAX)
    }

    /// Takes a row of this section.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn push(&mut self, section: u32, row: &[u8]) -> io::Result<()> {
        let held = self.bytes.len() + self.rows.len() * size_of::<Range<usize>>();
        if held + row.len() > self.bytes_max && !self.rows.is_empty() {
            self.write_run()?;
        }
        let from = self.bytes.len();
        self.bytes.extend_from_slice(&section.to_be_bytes());
        self.bytes.extend_from_slice(row);
        self.rows.push(from..self.bytes.len());
        Ok(())
    }

    /// Every row once, in order.
    ///
    /// # Errors
    /// When the disk does not take them, or does not give them back.
    pub(crate) fn sorted(mut self) -> io::Result<Sorted> {
        if self.runs.is_empty() {
            let mut writer = Writer { out: Vec::new(), at: 0, sections: Vec::new(), last: None };
            self.each_sorted(|row| writer.row(row))?;
            let Writer { out, sections, .. } = writer;
            return Ok(Sorted { all: All::InMemory(out), sections });
        }
        self.write_run()?;
        let Some(mut file) = self.file.take() else { return Err(io::Error::from(io::ErrorKind::NotFound)) };
        let mut runs = std::mem::take(&mut self.runs);
        // As many at once as fit, until that is all of them.
        loop {
            let merged = nameless_file(&self.folder)?;
            let (mut at, mut longer, mut sections) = (0, Vec::new(), Vec::new());
            for part in runs.chunks(FAN_IN) {
                let end;
                (end, sections) = self.merge(&file, part, &merged, at)?;
                longer.push(at..end);
                at = end;
            }
            if longer.len() == 1 {
                return Ok(Sorted { all: All::OnDisk(merged, at), sections });
            }
            (file, runs) = (merged, longer);
        }
    }

    /// Merges these runs into one that begins here. Gives where it ends, and where each section begins.
    fn merge(&self, from: &File, runs: &[Range<u64>], into: &File, at: u64) -> io::Result<(u64, Vec<(u32, u64)>)> {
        let out = BufWriter::with_capacity(BUFFER_BYTES, into);
        let mut writer = Writer { out, at, sections: Vec::new(), last: None };
        // All of them together take about what the rows took that were held.
        let buffer = (self.bytes_max / runs.len().max(1)).clamp(BUFFER_BYTES_MIN, BUFFER_BYTES);
        let part = |run: &Range<u64>| Rows::buffered(from, run.clone(), buffer);
        let mut parts: Vec<Rows<'_>> = runs.iter().map(part).collect();
        let mut heads = BinaryHeap::with_capacity(parts.len());
        for (at, part) in parts.iter_mut().enumerate() {
            let mut row = Vec::new();
            if part.read_into(&mut row)? {
                heads.push(Reverse((row, at)));
            }
        }
        while let Some(Reverse((mut row, at))) = heads.pop() {
            writer.row(&row)?;
            if let Some(part) = parts.get_mut(at)
                && part.read_into(&mut row)?
            {
                heads.push(Reverse((row, at)));
            }
        }
        writer.out.flush()?;
        Ok((writer.at, writer.sections))
    }

    fn each_sorted(&mut self, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut rows = std::mem::take(&mut self.rows);
        let row = |at: &Range<usize>| self.bytes.get(at.clone()).unwrap_or_default();
        rows.sort_unstable_by(|one, other| row(one).cmp(row(other)));
        for at in &rows {
            each(row(at))?;
        }
        rows.clear();
        self.rows = rows;
        self.bytes.clear();
        Ok(())
    }

    fn write_run(&mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => nameless_file(&self.folder)?,
        };
        let from = self.runs.last().map_or(0, |run| run.end);
        let mut writer =
            Writer { out: BufWriter::with_capacity(BUFFER_BYTES, &file), at: from, sections: Vec::new(), last: None };
        self.each_sorted(|row| writer.row(row))?;
        writer.out.flush()?;
        let end = writer.at;
        drop(writer);
        self.runs.push(from..end);
        self.file = Some(file);
        Ok(())
    }
}

/// A file that is gone when it is closed, whatever becomes of the process.
fn nameless_file(folder: &Path) -> io::Result<File> {
    let file = tempfile::tempfile_in(folder)?;
    // Where a file cannot be made without a name, it is given one that is taken away again: not everywhere may that be done.
    if file.metadata()?.nlink() > 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the folder's files cannot be removed"));
    }
    Ok(file)
}

/// Writes rows in order, each once, with its length before it.
struct Writer<W> {
    out: W,
    at: u64,
    /// Where each section begins.
    sections: Vec<(u32, u64)>,
    last: Option<Vec<u8>>,
}

impl<W: Write> Writer<W> {
    fn row(&mut self, row: &[u8]) -> io::Result<()> {
        if self.last.as_deref() == Some(row) {
            return Ok(());
        }
        let section = section_of(row);
        if self.sections.last().is_none_or(|(last, _)| *last != section) {
            self.sections.push((section, self.at));
        }
        let length = u32::try_from(row.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(row)?;
        self.at += 4 + u64::from(length);
        let last = self.last.get_or_insert_default();
        last.clear();
        last.extend_from_slice(row);
        Ok(())
    }
}

fn section_of(row: &[u8]) -> u32 {
    row.first_chunk().map_or(0, |section| u32::from_be_bytes(*section))
}

/// Rows in ascending order, each once.
pub(crate) struct Sorted {
    all: All,
    sections: Vec<(u32, u64)>,
}

enum All {
    InMemory(Vec<u8>),
    OnDisk(File, u64),
}

impl Sorted {
    /// The sections that have rows, in order.
    pub(crate) fn sections(&self) -> impl Iterator<Item = u32> + '_ {
        self.sections.iter().map(|(section, _)| *section)
    }

    /// The rows of one section.
    pub(crate) fn section(&self, section: u32) -> Rows<'_> {
        let length = match &self.all {
            All::InMemory(all) => all.len() as u64,
            All::OnDisk(_, length) => *length,
        };
        let range = match self.sections.binary_search_by_key(&section, |(section, _)| *section) {
            Err(_) => 0..0,
            Ok(at) => {
                let begins = |at: usize| self.sections.get(at).map_or(length, |(_, from)| *from);
                begins(at)..begins(at + 1)
            }
        };
        match &self.all {
            All::InMemory(all) => {
                let range = usize::try_from(range.start).unwrap_or(0)..usize::try_from(range.end).unwrap_or(0);
                Rows { from: From::Memory(all.get(range).unwrap_or_default()), row: Vec::new() }
            }
            All::OnDisk(file, _) => Rows::of_file(file, range),
        }
    }
}

/// Rows one after another.
pub(crate) struct Rows<'a> {
    from: From<'a>,
    row: Vec<u8>,
}

enum From<'a> {
    Memory(&'a [u8]),
    File(BufReader<Part<'a>>),
}

impl<'a> Rows<'a> {
    fn of_file(file: &'a File, range: Range<u64>) -> Self {
        Self::buffered(file, range, BUFFER_BYTES)
    }

    fn buffered(file: &'a File, range: Range<u64>, buffer_bytes: usize) -> Self {
        let part = Part { file, at: range.start, end: range.end };
        Self { from: From::File(BufReader::with_capacity(buffer_bytes, part)), row: Vec::new() }
    }

    /// The next row, without its section.
    ///
    /// # Errors
    /// When the disk does not give it back.
    pub(crate) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        let mut row = std::mem::take(&mut self.row);
        let is_there = self.read_into(&mut row)?;
        self.row = row;
        Ok(if is_there { self.row.get(4..) } else { None })
    }

    fn read_into(&mut self, row: &mut Vec<u8>) -> io::Result<bool> {
        let from: &mut dyn Read = match &mut self.from {
            From::Memory(bytes) => bytes,
            From::File(file) => file,
        };
        let mut length = [0; 4];
        // A part ends between two rows and nowhere else.
        let mut first = [0; 1];
        if from.read(&mut first)? == 0 {
            return Ok(false);
        }
        from.read_exact(&mut length[1..])?;
        length[0] = first[0];
        row.resize(u32::from_be_bytes(length) as usize, 0);
        from.read_exact(row)?;
        Ok(true)
    }
}

/// A part of a file that others read as well.
struct Part<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = into.len().min(left);
        let read = self.file.read_at(into.get_mut(..wanted).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Takes a row apart from its beginning.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    /// The next so many bytes; zeros where there are none left.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => [0; N],
        }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let [byte] = self.bytes();
        byte
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.bytes())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }

    pub(crate) fn i64(&mut self) -> i64 {
        i64::from_be_bytes(self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_come_back_sorted_and_once_however_many_runs_they_took(
            rows in proptest::collection::vec((0..4u32, proptest::collection::vec(0..3u8, 0..6)), 0..80),
            bytes_max in 1usize..600,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut runs = Runs::with_memory(folder.path(), bytes_max);
            for (section, row) in &rows {
                runs.push(*section, row).unwrap();
            }
            let sorted = runs.sorted().unwrap();
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
            let expected: BTreeSet<(u32, Vec<u8>)> = rows.into_iter().collect();
            for _ in 0..2 {
                let mut all = Vec::new();
                for section in 0..4 {
                    let mut rows = sorted.section(section);
                    while let Some(row) = rows.next().unwrap() {
                        all.push((section, row.to_vec()));
                    }
                }
                prop_assert!(all.iter().eq(expected.iter()), "{:?}", all);
            }
            let sections: BTreeSet<u32> = expected.iter().map(|(section, _)| *section).collect();
            prop_assert!(sorted.sections().eq(sections));
        }
    }
}
