//! The rows of a submission, brought together by whom they are about.
//!
//! Where a format parts what is of one child over many files, or anywhere in one, nothing can be said of the child until all of
//! it was read. Rows are gathered meanwhile: a few megabytes of them in memory, beyond that sorted on the disk that the files are
//! on. They come back owner by owner, so that no more than one owner's rows are held, however large the submission is.
//!
//! A row is a message of `prost`. What is gathered may be more than what was read, where a format lets one text stand for many: a
//! [`Spill`] bounds it.

use std::io;
use std::marker::PhantomData;

use prost::Message;

use crate::connector::{Output, Spill};
use crate::runs::{Rows, Runs, Sorted};

/// Most bytes of rows of one owner that are held together: more than the records of any child take.
const OWNER_BYTES_MAX: usize = 8 << 20;

/// Largest row: what is read is bounded to less, and a row holds it once or twice.
const ROW_BYTES_MAX: usize = 4 << 20;

/// Rows in any order.
pub struct Gathering<R> {
    runs: Runs,
    row: Vec<u8>,
    /// How many rows were taken: two that are the same in every byte are two.
    number: u64,
    /// So many bytes more may be taken.
    room: Option<u64>,
    of: PhantomData<fn(R)>,
}

impl<R: Message + Default> Gathering<R> {
    /// None yet. What memory should not hold goes where `out` says.
    pub fn for_output(out: &dyn Output) -> Self {
        let spill = out.spill();
        let on_disk = |spill: Spill<'_>| Runs::with_memory(spill.folder, spill.memory_bytes);
        let runs = spill.map_or_else(Runs::in_memory, on_disk);
        Self { runs, row: Vec::new(), number: 0, room: spill.map(|spill| spill.disk_bytes), of: PhantomData }
    }

    /// Takes a row of this owner. Sections are told apart, and read one by one.
    ///
    /// # Errors
    /// When the disk does not take it; or, as [`io::ErrorKind::FileTooLarge`], when it is more than may be taken.
    pub fn push(&mut self, section: u32, owner: &str, row: &R) -> io::Result<()> {
        self.row.clear();
        write_owner(owner, &mut self.row);
        let bytes = row.encoded_len();
        let left = self.room.map(|room| room.checked_sub(bytes as u64));
        if bytes > ROW_BYTES_MAX || left == Some(None) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.room = left.flatten();
        self.row.reserve(bytes + size_of::<u64>());
        row.encode_raw(&mut self.row);
        self.row.extend_from_slice(&self.number.to_be_bytes());
        self.number += 1;
        self.runs.push(section, &self.row)
    }

    /// Everything was read.
    ///
    /// # Errors
    /// When the disk does not take the rows, or does not give them back.
    pub fn gathered(self) -> io::Result<Gathered<R>> {
        Ok(Gathered { sorted: self.runs.sorted()?, of: PhantomData })
    }
}

/// Rows in order of their owners.
pub struct Gathered<R> {
    sorted: Sorted,
    of: PhantomData<fn() -> R>,
}

impl<R: Message + Default> Gathered<R> {
    /// The owners of a section, each with its rows. Owners come in order of their bytes, and the rows of one in no order that says
    /// anything.
    pub fn owners(&self, section: u32) -> Owners<'_, R> {
        self.owners_within(section, OWNER_BYTES_MAX)
    }

    fn owners_within(&self, section: u32, bytes_max: usize) -> Owners<'_, R> {
        Owners { rows: self.sorted.section(section), next: None, bytes_max, of: PhantomData }
    }

    /// The rows of a section one by one, each with its owner: for what is dealt with row by row.
    pub fn each(&self, section: u32) -> Each<'_, R> {
        Each { rows: self.sorted.section(section), of: PhantomData }
    }
}

/// The rows of one owner.
#[derive(Debug)]
pub struct Owned<R> {
    /// Whose they are.
    pub owner: String,
    /// As many of them as may be held.
    pub rows: Vec<R>,
    /// How many there are beyond those.
    pub left_out: u64,
}

/// Owners one after another.
pub struct Owners<'a, R> {
    rows: Rows<'a>,
    /// Read, and not given yet: of the next owner.
    next: Option<(String, R, usize)>,
    bytes_max: usize,
    of: PhantomData<R>,
}

impl<R: Message + Default> Owners<'_, R> {
    /// The next owner with its rows.
    ///
    /// # Errors
    /// When the disk does not give them back.
    pub fn next_owner(&mut self) -> io::Result<Option<Owned<R>>> {
        let first = match self.next.take() {
            Some(first) => Some(first),
            None => read_row(&mut self.rows)?,
        };
        let Some((owner, row, mut held)) = first else { return Ok(None) };
        let mut of = Owned { owner, rows: vec![row], left_out: 0 };
        while let Some((owner, row, bytes)) = read_row(&mut self.rows)? {
            if owner != of.owner {
                self.next = Some((owner, row, bytes));
                break;
            }
            held += bytes;
            if held > self.bytes_max {
                of.left_out += 1;
            } else {
                of.rows.push(row);
            }
        }
        Ok(Some(of))
    }
}

/// Rows one after another.
pub struct Each<'a, R> {
    rows: Rows<'a>,
    of: PhantomData<R>,
}

impl<R: Message + Default> Each<'_, R> {
    /// The next row with its owner.
    ///
    /// # Errors
    /// When the disk does not give it back.
    pub fn next_row(&mut self) -> io::Result<Option<(String, R)>> {
        Ok(read_row(&mut self.rows)?.map(|(owner, row, _)| (owner, row)))
    }
}

/// A row with its owner, and how many bytes it is.
fn read_row<R: Message + Default>(rows: &mut Rows<'_>) -> io::Result<Option<(String, R, usize)>> {
    let Some(bytes) = rows.next()? else { return Ok(None) };
    let (owner, row) = read_owner(bytes);
    let (row, _) = row.split_last_chunk::<{ size_of::<u64>() }>().ok_or(io::ErrorKind::InvalidData)?;
    let owner = String::from_utf8(owner).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(Some((owner, R::decode(row)?, row.len())))
}

/// An owner stands before its row and ends with two zeros; a zero within it is followed by [`WITHIN`]. So owners sort as their bytes
/// do, and none is the beginning of another.
const END: u8 = 0;
const WITHIN: u8 = 1;

fn write_owner(owner: &str, into: &mut Vec<u8>) {
    for byte in owner.bytes() {
        into.push(byte);
        if byte == 0 {
            into.push(WITHIN);
        }
    }
    into.extend([0, END]);
}

/// The owner, and what stands behind it.
fn read_owner(bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let (mut owner, mut rest) = (Vec::new(), bytes);
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte == 0 {
            let Some((mark, after)) = rest.split_first() else { break };
            rest = after;
            if *mark == END {
                break;
            }
        }
        owner.push(*byte);
    }
    (owner, rest)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::collected::Collected;
    use crate::connector::{Draft, Rejection, Scope};

    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Message)]
    struct Row {
        #[prost(uint64, tag = "1")]
        line: u64,
        #[prost(string, tag = "2")]
        text: String,
    }

    struct Onto<'f>(&'f Path);

    impl Output for Onto<'_> {
        fn spill(&self) -> Option<Spill<'_>> {
            Some(Spill { folder: self.0, memory_bytes: 300, disk_bytes: 4_000 })
        }
        fn scope(&mut self, _: Scope) {}
        fn record(&mut self) {}
        fn draft(&mut self, _: Draft) {}
        fn reject(&mut self, _: Rejection) {}
        fn whole(&mut self, _: &str) {}
    }

    proptest! {
        #[test]
        fn each_owner_gets_back_its_own_rows_and_no_others(
            rows in proptest::collection::vec((0..2u32, "[a\0\u{1}b]{0,3}", "[xyz]{0,40}"), 0..60),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let (onto, in_memory) = (Onto(folder.path()), Collected::default());
            let mut expected: BTreeMap<(u32, String), Vec<Row>> = BTreeMap::new();
            let mut both = [Gathering::for_output(&onto), Gathering::for_output(&in_memory)];
            for (line, (section, owner, text)) in (0..).zip(rows) {
                let row = Row { line, text };
                for gathering in &mut both {
                    gathering.push(section, &owner, &row).unwrap();
                }
                expected.entry((section, owner)).or_default().push(row);
            }
            for gathering in both {
                let gathered = gathering.gathered().unwrap();
                let mut found = Vec::new();
                for section in 0..2 {
                    let mut owners = gathered.owners(section);
                    while let Some(mut of) = owners.next_owner().unwrap() {
                        of.rows.sort();
                        found.push(((section, of.owner), of.rows));
                    }
                }
                prop_assert!(found.iter().map(|(of, rows)| (of, rows)).eq(&expected), "{:?}", found);
            }
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn what_is_the_same_twice_is_there_twice_and_what_is_too_much_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let mut gathering = Gathering::for_output(&Onto(folder.path()));
        let row = Row { line: 1, text: "x".repeat(996) };
        for _ in 0..3 {
            gathering.push(0, "A1", &row).unwrap();
        }
        let error = gathering.push(0, "A1", &row).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        let gathered = gathering.gathered().unwrap();
        assert_eq!(gathered.owners(0).next_owner().unwrap().unwrap().rows.len(), 3);
        let large = Row { line: 1, text: "x".repeat(ROW_BYTES_MAX) };
        let error = Gathering::for_output(&Collected::default()).push(0, "A1", &large).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn of_one_owner_no_more_is_held_than_may_be_and_what_is_left_out_is_counted() {
        let mut gathering = Gathering::for_output(&Collected::default());
        for line in 1..=5 {
            gathering.push(0, "A1", &Row { line, text: "ten bytes.".to_owned() }).unwrap();
        }
        gathering.push(0, "A2", &Row { line: 6, text: String::new() }).unwrap();
        let gathered = gathering.gathered().unwrap();
        let mut owners = gathered.owners_within(0, 30);
        let first = owners.next_owner().unwrap().unwrap();
        assert_eq!((first.owner.as_str(), first.rows.len(), first.left_out), ("A1", 2, 3));
        let second = owners.next_owner().unwrap().unwrap();
        assert_eq!((second.owner.as_str(), second.rows.len(), second.left_out), ("A2", 1, 0));
        assert!(owners.next_owner().unwrap().is_none());
        let mut lines = Vec::new();
        let mut each = gathered.each(0);
        while let Some((owner, row)) = each.next_row().unwrap() {
            lines.push((owner, row.line));
        }
        assert_eq!(lines.len(), 6, "{lines:?}");
    }
}
