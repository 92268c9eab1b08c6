//! A sample made larger: the records of a file over and over, each time of other children, without the whole of it ever being in
//! memory. For tests and figures of memory.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use prost::Message as _;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::collected::Collected;
use crate::connector::{Connector, Delivery, SourceFile};

/// The records of a file, and what stands around them.
#[derive(Clone, Debug)]
pub struct Larger {
    before: Vec<u8>,
    records: Vec<u8>,
    between: &'static [u8],
    after: Vec<u8>,
    number_digits: usize,
    /// After so many turns the first one's children come again.
    turns: u64,
}

/// Digits that may be a number of a child: fewer are a day, a code or a school.
const NUMBER_DIGITS: usize = 5;
/// In a sample whose children have shorter numbers.
const SHORT_NUMBER_DIGITS: usize = 4;

/// So far apart are the numbers of two turns: the children of a sample are often numbered one after the other.
const STRIDE: u64 = 16;

/// The number of an authority and its school: it stays.
const SCHOOL_DIGITS: usize = 7;

impl Larger {
    /// Takes a file apart: a table, XML whose records are elements of one name, JSON with an array of them, or HL7 messages. `None`
    /// of any other, such as a workbook.
    pub fn of(file: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(file).ok()?.trim_start_matches('\u{feff}');
        match text.trim_start().bytes().next()? {
            b'<' => Self::of_xml(text),
            b'{' | b'[' => Self::of_json(text),
            _ if text.contains("MSH|") => Self::of_messages(text),
            _ if text.contains('\0') => None,
            _ => {
                let (header, rows) = text.split_at(text.find('\n')? + 1);
                let rows = if rows.ends_with('\n') { rows.to_owned() } else { format!("{rows}\n") };
                (rows.len() > 1).then(|| Self::parts(header, rows, b"", ""))
            }
        }
    }

    fn parts(before: &str, records: String, between: &'static [u8], after: &str) -> Self {
        let (records, number_digits) = (records.into_bytes(), NUMBER_DIGITS);
        Self { before: before.into(), records, between, after: after.into(), number_digits, turns: u64::MAX }
    }

    /// From the first to the last of the outermost elements that have siblings of their name.
    fn of_xml(text: &str) -> Option<Self> {
        let mut reader = Reader::from_str(text);
        // Of each element that is open: its name, where it begins, and of its children the last name, where those of that name
        // began and ended, and how many they are.
        type Siblings = (String, usize, usize, usize);
        let mut open: Vec<(String, usize, Option<Siblings>)> = vec![(String::new(), 0, None)];
        let mut found: Option<(usize, usize, usize)> = None;
        loop {
            let from = usize::try_from(reader.buffer_position()).ok()?;
            let event = reader.read_event().ok()?;
            let to = usize::try_from(reader.buffer_position()).ok()?;
            let (name, from) = match event {
                Event::Start(start) => {
                    open.push((start.name().as_ref().to_owned(), from, None));
                    continue;
                }
                Event::Empty(empty) => (empty.name().as_ref().to_owned(), from),
                Event::End(_) => {
                    let (name, from, _) = open.pop()?;
                    (name, from)
                }
                Event::Eof => break,
                _ => continue,
            };
            let depth = open.len();
            let (.., siblings) = open.last_mut()?;
            let (first, count) = match siblings.take() {
                Some((last, first, _, count)) if last == name => (first, count + 1),
                _ => (from, 1),
            };
            *siblings = Some((name, first, to, count));
            let is_better = found.is_none_or(|(best, at, _)| depth < best || depth == best && at == first);
            if count > 1 && is_better {
                found = Some((depth, first, to));
            }
        }
        let (_, from, to) = found?;
        let (before, rest) = text.split_at_checked(from)?;
        let (records, after) = rest.split_at_checked(to - from)?;
        Some(Self::parts(before, records.to_owned(), b"", after))
    }

    fn of_json(text: &str) -> Option<Self> {
        use serde_json::Value;
        let records = |array: &[Value]| array.iter().map(Value::to_string).collect::<Vec<_>>().join(",");
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(array)) if !array.is_empty() => Some(Self::parts("[", records(&array), b",", "]")),
            Ok(Value::Object(mut object)) => {
                let arrays = object.iter().filter_map(|(name, value)| Some((name.clone(), value.as_array()?.len())));
                let (name, _) = arrays.max_by_key(|(_, length)| *length)?;
                let Value::Array(array) = object.remove(&name)? else { return None };
                let before = Value::Object(object).to_string();
                let before = before.strip_suffix('}')?;
                let comma = if before.len() > 1 { "," } else { "" };
                (!array.is_empty())
                    .then(|| Self::parts(&format!("{before}{comma}\"{name}\":["), records(&array), b",", "]}"))
            }
            // A resource on each line.
            _ => Some(Self::parts("", format!("{}\n", text.trim_end()), b"", "")),
        }
    }

    fn of_messages(text: &str) -> Option<Self> {
        let (before, rest) = text.split_at(text.find("MSH|")?);
        let end = ["\rBTS|", "\nBTS|", "\rFTS|", "\nFTS|"].iter().filter_map(|trailer| rest.find(trailer)).min();
        let (messages, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
        let ended = if messages.ends_with(['\r', '\n']) { messages.to_owned() } else { format!("{messages}\r") };
        Some(Self::parts(before, ended, b"", after))
    }

    /// The file with its records so many times.
    pub fn times(&self, times: u64) -> impl BufRead + Send + '_ {
        let reading = Reading { of: self, times, next: 0, piece: self.before.clone(), at: 0 };
        BufReader::new(reading)
    }
}

/// A submission whose files are made larger together, so that what one says of a child another says too.
#[derive(Clone, Debug)]
pub struct LargerSubmission {
    /// By name.
    pub files: Vec<(String, Larger)>,
}

impl LargerSubmission {
    /// The sample of a connector that says the most, among those in its folder: in `tests/golden`, `tests/messages` or `fuzz/corpus`,
    /// in that order; of a feed one of which nothing is refused, where there is one. `None` where none is to be found, or none can be
    /// made larger.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn of(connector: &dyn Connector, folder: &Path) -> io::Result<Option<Self>> {
        for place in ["tests/golden", "tests/messages", "fuzz/corpus"] {
            let mut best = ((false, 0), None);
            for dir in folders_of(&folder.join(place))? {
                let mut names = Vec::new();
                for entry in fs::read_dir(&dir)? {
                    let entry = entry?;
                    if entry.file_type()?.is_file() {
                        names.push(entry.file_name().to_string_lossy().into_owned());
                    }
                }
                names.sort();
                for group in connector.submissions(&names) {
                    let mut files = Vec::new();
                    for name in group {
                        let bytes = fs::read(dir.join(&name))?;
                        files.push((name, bytes));
                    }
                    let borrowed: Vec<(&str, &[u8])> =
                        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
                    let said = Collected::of(connector, &borrowed);
                    let is_feed = connector.descriptor().delivery == Delivery::Feed;
                    let is_clean = is_feed && said.rejections.is_empty() && !said.drafts.is_empty();
                    let says = (is_clean, said.drafts.len());
                    let larger = files.iter().filter_map(|(name, bytes)| Some((name.clone(), Larger::of(bytes)?)));
                    let larger: Vec<_> = larger.collect();
                    if says > best.0 && !larger.is_empty() {
                        best = (says, Some(Self { files: larger }.of_other_children(connector, subjects(&said))));
                    }
                }
            }
            if best.1.is_some() {
                return Ok(best.1);
            }
        }
        Ok(None)
    }

    /// Sees to it that the children are others each time. `once`: how many the sample has itself.
    fn of_other_children(mut self, connector: &dyn Connector, once: usize) -> Self {
        let mut said = Collected::default();
        let files = self.files.iter();
        let files = files.map(|(name, file)| SourceFile { name: name.clone(), bytes: Box::new(file.times(3)) });
        connector.translate(files.collect(), &mut said);
        if subjects(&said) < once * 2 {
            self.files.iter_mut().for_each(|(_, file)| file.number_digits = SHORT_NUMBER_DIGITS);
        }
        self
    }

    /// The same, of the children of so many turns and no more: what comes after them is the same again.
    #[must_use]
    pub fn of_the_children_of(mut self, turns: u64) -> Self {
        self.files.iter_mut().for_each(|(_, file)| file.turns = turns.max(1));
        self
    }

    /// How often the records must stand in the files for them to have so many bytes together.
    pub fn times_for(&self, bytes: u64) -> u64 {
        let once: usize = self.files.iter().map(|(_, file)| file.records.len() + file.between.len()).sum();
        bytes.div_ceil(once.max(1) as u64).max(1)
    }
}

/// Of how many subjects something is said.
fn subjects(said: &Collected) -> usize {
    said.drafts.iter().map(|draft| draft.subject.encode_to_vec()).collect::<BTreeSet<_>>().len()
}

/// A folder and those within it, however deep; none where it is not there.
fn folders_of(dir: &Path) -> io::Result<Vec<PathBuf>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut folders = vec![dir.to_path_buf()];
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.extend(folders_of(&entry.path())?);
        }
    }
    folders.sort();
    Ok(folders)
}

struct Reading<'a> {
    of: &'a Larger,
    times: u64,
    next: u64,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Reading<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() && self.next <= self.times {
            self.piece.clear();
            self.at = 0;
            if self.next < self.times {
                self.piece.extend_from_slice(if self.next > 0 { self.of.between } else { b"" });
                self.piece.extend_from_slice(&self.of.records);
                renumber(&mut self.piece, self.next % self.of.turns, self.of.number_digits);
            } else {
                self.piece.extend_from_slice(&self.of.after);
            }
            self.next += 1;
        }
        let left = self.piece.get(self.at..).unwrap_or_default();
        let read = left.len().min(into.len());
        into.iter_mut().zip(left).for_each(|(to, from)| *to = *from);
        self.at += read;
        Ok(read)
    }
}

/// Makes every number that may be a child's another, the same everywhere of one turn, and longer where it has no room for another.
/// Dates, times and the numbers of the authority and its schools stay.
fn renumber(bytes: &mut Vec<u8>, turn: u64, number_digits: usize) {
    let of = std::mem::take(bytes);
    for run in of.chunk_by(|one, next| one.is_ascii_digit() == next.is_ascii_digit()) {
        let stays = [b"19".as_slice(), b"20"].iter().any(|start| run.starts_with(start)) || run.len() == SCHOOL_DIGITS;
        let is_number = run.first().is_some_and(u8::is_ascii_digit) && run.len() >= number_digits && !stays;
        let mut carry = if is_number { turn.saturating_mul(STRIDE) } else { 0 };
        let from = bytes.len();
        bytes.extend_from_slice(run);
        for digit in bytes.iter_mut().skip(from).rev().take_while(|_| is_number) {
            let sum = u64::from(*digit - b'0') + carry;
            *digit = b'0' + u8::try_from(sum % 10).unwrap_or_default();
            carry = sum / 10;
        }
        if carry > 0 {
            bytes.splice(from..from, carry.to_string().into_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twice(file: &str) -> String {
        let mut text = String::new();
        Larger::of(file.as_bytes()).unwrap().times(2).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn records_come_again_with_other_numbers_and_what_stands_around_them_once() {
        for (once, expected) in [
            ("id,on\n10001,2024-09-01\n10005,\n", "id,on\n10001,2024-09-01\n10005,\n10017,2024-09-01\n10021,\n"),
            (
                "<r><h>10001</h><c n=\"10001\"><x/><x/></c><c n=\"8784001\"/></r>",
                "<r><h>10001</h><c n=\"10001\"><x/><x/></c><c n=\"8784001\"/><c n=\"10017\"><x/><x/></c><c n=\"8784001\"/></r>",
            ),
            ("[{\"a\":10001}]", "[{\"a\":10001},{\"a\":10017}]"),
            ("{\"k\":[{\"a\":10001}],\"v\":10001}", "{\"v\":10001,\"k\":[{\"a\":10001},{\"a\":10017}]}"),
            ("BHS|10001\rMSH|10001\rPID|x\rBTS|10001\r", "BHS|10001\rMSH|10001\rPID|x\rMSH|10017\rPID|x\rBTS|10001\r"),
        ] {
            assert_eq!(twice(once), expected);
        }
        assert!(Larger::of(b"PK\x03\x04\0\0").is_none());
    }

    #[test]
    fn numbers_without_room_grow_longer() {
        let mut piece = b"99990,2024-09-01,8784001,x99999".to_vec();
        renumber(&mut piece, 10_000, NUMBER_DIGITS);
        assert_eq!(piece, b"259990,2024-09-01,8784001,x259999");
    }

    #[test]
    fn the_first_turns_children_come_again() {
        let larger = Larger::of(b"id\n10001\n").unwrap();
        let larger = LargerSubmission { files: vec![("a.csv".to_owned(), larger)] }.of_the_children_of(2);
        let mut text = String::new();
        larger.files[0].1.times(3).read_to_string(&mut text).unwrap();
        assert_eq!(text, "id\n10001\n10017\n10001\n");
    }
}
