//! The XML of a return as a stream of records: one at a time, however long the file.
//!
//! Elements are known by their local names, in any letter case and any order. No document type is acted on and no entity
//! resolved but the five of XML itself and character references, so that a file can pull in nothing and cannot grow as it is
//! read. A record whose tags do not pair is closed where its own end tag stands, or where the next record begins, and is given
//! back as broken: its neighbours are read.

mod decoded;
mod tree;

use std::io::{self, BufRead};

use proto::quarantine::Reason;
use quick_xml::errors::Error;
use quick_xml::events::{BytesRef, Event};
use quick_xml::reader::Reader;

use decoded::Decoded;
pub use decoded::Stopped;
use tree::Tree;
pub use tree::{Element, Start};

/// Longest record that is read; real ones are a few kilobytes, and the longest, with years of register marks, some hundred.
pub const RECORD_BYTES_MAX: usize = 1 << 20;
/// Longest single tag, text or comment.
const TOKEN_BYTES_MAX: usize = RECORD_BYTES_MAX;
/// Deepest element of a record.
const DEPTH_MAX: usize = 32;
/// Most elements left open in one file: past it the tags pair nowhere, and it is no use to go on.
const UNPAIRED_MAX: u64 = 10_000;
/// Longest name of an outermost element that is told.
const ROOT_CHARS_MAX: usize = 40;

/// How the files of one format are built. Names are local and in lower case.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What the outermost element may be.
    pub roots: &'static [&'static str],
    /// Elements that only hold others: what stands in them is read one by one.
    pub holders: &'static [&'static str],
    /// Elements that are records. Wherever a record is open, the next of these begins another.
    pub records: &'static [&'static str],
}

/// What stands next in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Something that is no record stands beside them: a header, most often. It was read like a record.
    Section(Whole),
    /// A record, or what stands where records do.
    Record(Whole),
    /// Text stood where only elements belong.
    StrayText,
    /// The outermost element ended, with nothing behind it.
    Ended,
}

/// Whether a record could be read whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whole {
    /// It could.
    Yes,
    /// Its tags do not pair.
    Unpaired,
    /// It is longer, or deeper, than is read.
    TooLarge,
}

/// Why nothing past this place can be read.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// No byte stood there.
    #[error("the file is empty")]
    Empty,
    /// Text, or a table.
    #[error("the file is not xml")]
    NotXml,
    /// Of another format.
    #[error(
        "the outermost element is `{found}`, where this format has `{}`: give the file to the connector of its own collection",
        expected.join("`, `")
    )]
    RootUnknown {
        /// Its name, as far as a name of an element goes.
        found: String,
        /// What it may be.
        expected: &'static [&'static str],
    },
    /// It ended too early.
    #[error("the file breaks off before its outermost element ends")]
    CutShort,
    /// A second document, perhaps.
    #[error("something stands behind the end of the outermost element")]
    Trailing,
    /// An end tag that nothing began.
    #[error("the tags do not pair")]
    Unpaired,
    /// Not well-formed.
    #[error("the xml breaks here")]
    Syntax,
    /// The disk, or the network under it.
    #[error("the file could not be read to its end")]
    Unread,
    /// A bound, or an encoding.
    #[error(transparent)]
    Stopped(Stopped),
}

impl Broken {
    /// The same, and what to do then. Of a file of another format it is said already: to send that again is no use.
    pub fn told(&self, what_to_do: &str) -> String {
        match self {
            Self::RootUnknown { .. } => self.to_string(),
            _ => format!("{self}: {what_to_do}"),
        }
    }

    /// Why it is in quarantine.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Stopped(Stopped::EncodingUnsupported) => Reason::EncodingUnsupported,
            Self::Stopped(Stopped::TokenTooLong(_)) => Reason::RecordTooLarge,
            _ => Reason::FileUnreadable,
        }
    }
}

/// Reads a file record by record.
pub struct Records<R: BufRead> {
    reader: Reader<Decoded<R>>,
    shape: Shape,
    buffer: Vec<u8>,
    tree: Tree,
    /// The name of the last tag, in lower case.
    name: String,
    /// The holders that are open, the outermost element first, in lower case.
    path: Vec<String>,
    /// Holders that began, by their place in the shape.
    held: Vec<bool>,
    ended: bool,
    /// The start tag of the next record was read while an earlier one was still open: its name, and where it began.
    next_began: Option<(String, Start)>,
    /// An end tag closed a holder while a record was still open: its name, and where it began.
    closed_over: Option<(String, usize)>,
    unpaired: u64,
    began: Start,
}

/// What one event means to the reader of records.
enum Token {
    /// Its name is in [`Records::name`].
    Open {
        empty: bool,
    },
    Close,
    Text {
        stray: bool,
    },
    Nothing,
    End,
}

impl<R: BufRead> Records<R> {
    /// Looks at the first bytes.
    ///
    /// # Errors
    /// When the source cannot be read, or its encoding is none of XML's usual ones.
    pub fn open(raw: R, shape: Shape) -> Result<Self, Broken> {
        let decoded = Decoded::new(raw, TOKEN_BYTES_MAX, RECORD_BYTES_MAX).map_err(broken_by)?;
        let mut reader = Reader::from_reader(decoded);
        let config = reader.config_mut();
        // Pairing is done here, where it can recover at the next record.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        Ok(Self {
            reader,
            shape,
            buffer: Vec::new(),
            tree: Tree::default(),
            name: String::new(),
            path: Vec::new(),
            held: vec![false; shape.holders.len()],
            ended: false,
            next_began: None,
            closed_over: None,
            unpaired: 0,
            began: Start { at: 0, line: 1, offset: 0 },
        })
    }

    /// Where the last record, or what was read last, began.
    pub fn began(&self) -> Start {
        self.began
    }

    /// Where the reader stands now.
    pub fn here(&self) -> Start {
        let decoded = self.reader.get_ref();
        Start { at: decoded.record().len(), line: decoded.line(), offset: decoded.offset() }
    }

    /// The innermost holder that is open, in lower case; "" before the outermost element.
    pub fn holder(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// Whether a holder of this name (in lower case) has begun so far, empty or not.
    pub fn held(&self, name: &str) -> bool {
        self.shape.holders.iter().zip(&self.held).any(|(holder, held)| *held && *holder == name)
    }

    /// The last record as it came, in UTF-8; empty when it is too large to keep.
    pub fn raw(&self) -> &[u8] {
        let decoded = self.reader.get_ref();
        if decoded.record_overran() {
            return &[];
        }
        // What was read past the end of a record that was never closed is not its own.
        let next = self.next_began.as_ref().map(|(_, start)| start.at);
        let end = next.or(self.closed_over.as_ref().map(|(_, at)| *at));
        end.and_then(|end| decoded.record().get(..end)).unwrap_or(decoded.record())
    }

    /// The last record's outermost element, as far as it could be read.
    pub fn record(&self) -> Option<Element<'_>> {
        self.tree.root(std::str::from_utf8(self.raw()).ok()?)
    }

    /// How many elements the last record has.
    pub fn elements(&self) -> usize {
        self.tree.elements()
    }

    /// Whether bytes of the last record were not of the file's encoding.
    pub fn replaced(&self) -> bool {
        self.reader.get_ref().record_replaced()
    }

    /// Reads what stands next.
    ///
    /// # Errors
    /// When nothing past this place can be read.
    pub fn step(&mut self) -> Result<Step, Broken> {
        if let Some((name, start)) = self.next_began.take() {
            let kept = self.here().at.saturating_sub(start.at);
            self.reader.get_mut().begin_record(kept);
            return self.record_from(&name, Start { at: 0, ..start }).map(Step::Record);
        }
        if let Some((name, _)) = self.closed_over.take() {
            self.leave(&name);
        }
        loop {
            self.reader.get_mut().begin_record(0);
            self.tree.clear();
            self.began = self.here();
            let token = self.token(false)?;
            if self.ended {
                match token {
                    Token::Nothing | Token::Text { stray: false } => continue,
                    Token::End => return Ok(Step::Ended),
                    _ => return Err(Broken::Trailing),
                }
            }
            match token {
                Token::Nothing | Token::Text { stray: false } => {}
                Token::End if !self.path.is_empty() => return Err(Broken::CutShort),
                Token::End if self.began.offset == 0 => return Err(Broken::Empty),
                Token::Open { empty } if self.path.is_empty() => self.enter_root(empty)?,
                _ if self.path.is_empty() => return Err(Broken::NotXml),
                Token::End => {}
                Token::Text { stray: true } => return Ok(Step::StrayText),
                Token::Open { empty } => {
                    if let Some(holder) = self.shape.holders.iter().position(|holder| *holder == self.name) {
                        self.held.get_mut(holder).into_iter().for_each(|held| *held = true);
                        if !empty {
                            self.path.push(self.name.clone());
                        }
                        continue;
                    }
                    let is_record = self.is_record();
                    let whole = self.whole_record(empty)?;
                    return Ok(if is_record { Step::Record(whole) } else { Step::Section(whole) });
                }
                Token::Close => {
                    let name = std::mem::take(&mut self.name);
                    if !self.leave(&name) {
                        return Err(Broken::Unpaired);
                    }
                }
            }
        }
    }

    fn enter_root(&mut self, empty: bool) -> Result<(), Broken> {
        if !self.shape.roots.contains(&self.name.as_str()) {
            let found = self.name.chars().take(ROOT_CHARS_MAX).collect();
            return Err(Broken::RootUnknown { found, expected: self.shape.roots });
        }
        self.ended = empty;
        self.path.push(self.name.clone());
        Ok(())
    }

    fn is_record(&self) -> bool {
        self.shape.records.contains(&self.name.as_str())
    }

    /// Leaves the innermost holder. False when this tag does not end it.
    fn leave(&mut self, name: &str) -> bool {
        if self.holder() != name {
            return false;
        }
        self.path.pop();
        self.ended = self.path.is_empty();
        true
    }

    fn whole_record(&mut self, empty: bool) -> Result<Whole, Broken> {
        if !empty {
            let name = self.name.clone();
            return self.record_from(&name, Start { at: 0, ..self.began });
        }
        self.tree.open(&self.name, Start { at: 0, ..self.began });
        self.tree.close(self.here().at);
        Ok(Whole::Yes)
    }

    /// Reads a record, whose start tag was read, to its end.
    fn record_from(&mut self, name: &str, start: Start) -> Result<Whole, Broken> {
        self.tree.clear();
        self.tree.open(name, start);
        self.began = start;
        let mut paired = true;
        // Elements deeper than the tree keeps.
        let mut beyond = 0u64;
        let mut too_deep = false;
        loop {
            let start = self.here();
            let keep = beyond == 0 && !self.reader.get_ref().record_overran();
            match self.token(keep)? {
                Token::End => return Err(Broken::CutShort),
                Token::Nothing | Token::Text { .. } => {}
                Token::Open { empty: false } if self.is_record() => {
                    self.next_began = Some((self.name.clone(), start));
                    self.close_down_to(0, start.at);
                    return Ok(Whole::Unpaired);
                }
                Token::Open { empty } if !keep || self.tree.depth() >= DEPTH_MAX => {
                    too_deep = true;
                    beyond += u64::from(!empty);
                }
                Token::Open { empty } => {
                    self.tree.open(&self.name, start);
                    if empty {
                        self.tree.close(self.here().at);
                    }
                }
                Token::Close if beyond > 0 && !self.ends_something() => beyond -= 1,
                Token::Close => {
                    paired &= beyond == 0;
                    beyond = 0;
                    paired &= self.close(start.at);
                    if self.tree.depth() == 0 {
                        let too_large = too_deep || self.reader.get_ref().record_overran();
                        return Ok(match (too_large, paired) {
                            (true, _) => Whole::TooLarge,
                            (false, true) => Whole::Yes,
                            (false, false) => Whole::Unpaired,
                        });
                    }
                }
            }
        }
    }

    /// Whether the end tag that was read ends a record, or what holds records.
    fn ends_something(&self) -> bool {
        self.is_record() || self.path.contains(&self.name)
    }

    /// Closes what the end tag that was read closes, and whatever was left open in it. False when that was not the innermost
    /// element.
    fn close(&mut self, at: usize) -> bool {
        match self.tree.open_at(&self.name) {
            Some(out) => {
                self.close_down_to(self.tree.depth().saturating_sub(out + 1), self.here().at);
                out == 0
            }
            None => {
                if self.holder() == self.name {
                    self.closed_over = Some((self.name.clone(), at));
                    self.close_down_to(0, at);
                }
                false
            }
        }
    }

    fn close_down_to(&mut self, depth: usize, end: usize) {
        while self.tree.depth() > depth {
            self.tree.close(end);
        }
    }

    /// Reads one event. Its text goes to the tree when `keep` is set.
    fn token(&mut self, keep: bool) -> Result<Token, Broken> {
        self.buffer.clear();
        self.reader.get_mut().begin_token();
        let token = match self.reader.read_event_into(&mut self.buffer).map_err(broken_at)? {
            Event::Start(start) => {
                self.unpaired += 1;
                lower(start.local_name().as_ref(), &mut self.name);
                Token::Open { empty: false }
            }
            Event::Empty(start) => {
                lower(start.local_name().as_ref(), &mut self.name);
                Token::Open { empty: true }
            }
            Event::End(end) => {
                self.unpaired = self.unpaired.saturating_sub(1);
                lower(end.local_name().as_ref(), &mut self.name);
                Token::Close
            }
            Event::Text(text) => {
                let stray = text.contains('&') || !text.trim_ascii().is_empty();
                if keep {
                    self.tree.push_text(&text);
                }
                Token::Text { stray }
            }
            Event::CData(data) => {
                if keep {
                    self.tree.push_text(&data);
                }
                Token::Text { stray: !data.trim_ascii().is_empty() }
            }
            Event::GeneralRef(reference) => {
                if keep {
                    push_reference(&mut self.tree, &reference);
                }
                Token::Text { stray: true }
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => Token::Nothing,
            Event::Eof => Token::End,
        };
        if self.unpaired > UNPAIRED_MAX { Err(Broken::Unpaired) } else { Ok(token) }
    }
}

fn lower(name: &str, into: &mut String) {
    into.clear();
    into.push_str(name);
    into.make_ascii_lowercase();
}

/// Puts what a reference stands for into the text, or the reference itself, marked, where it stands for nothing known.
fn push_reference(tree: &mut Tree, reference: &BytesRef<'_>) {
    let mut bytes = [0; 4];
    let known = match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(&*character.encode_utf8(&mut bytes)),
        Ok(None) => quick_xml::escape::resolve_predefined_entity(reference),
        Err(_) => None,
    };
    match known {
        Some(text) => tree.push_text(text),
        None => {
            tree.push_text("&");
            tree.push_text(reference);
            tree.push_text(";");
            tree.mark_odd();
        }
    }
}

fn broken_at(error: Error) -> Broken {
    match error {
        Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<Stopped>()) {
            Some(stopped) => Broken::Stopped(*stopped),
            None => Broken::Unread,
        },
        _ => Broken::Syntax,
    }
}

fn broken_by(error: io::Error) -> Broken {
    broken_at(Error::from(error))
}

#[cfg(test)]
mod tests;
