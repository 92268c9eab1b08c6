//! The XML of a return as a stream of records: one at a time, however long the file.
//!
//! Elements are known by their local names and taken in any order. No document type is acted on and no entity resolved but
//! the five of XML itself and character references, so that a file can pull in nothing and cannot grow as it is read.
//! A record whose tags do not pair is closed where its own end tag stands, or where the next child begins, and is given
//! back as broken: its neighbours are read.

use std::io::{self, BufRead};

use quick_xml::errors::Error;
use quick_xml::events::{BytesRef, Event};
use quick_xml::reader::Reader;

use crate::decoded::{Decoded, Stopped};
use crate::tag::Tag;
use crate::tree::{Element, Start, Tree, local_name_of};

/// Longest record that is read; real ones are a few kilobytes.
pub(crate) const RECORD_BYTES_MAX: usize = 1 << 20;
/// Longest single tag, text or comment.
const TOKEN_BYTES_MAX: usize = RECORD_BYTES_MAX;
/// Deepest element of a record; the census has six levels.
const DEPTH_MAX: usize = 32;
/// Most elements left open in one file: past it the tags pair nowhere, and it is no use to go on.
const UNPAIRED_MAX: u64 = 10_000;

/// What stands next in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// A part of the message beside the children: its header.
    Section(Whole),
    /// The list of children begins.
    ChildrenBegan,
    /// One record of the list of children.
    Record(Whole),
    /// Text stood between two records.
    StrayText,
    /// The message ended, with nothing behind it.
    Ended,
}

/// Whether a record could be read whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whole {
    /// It could.
    Yes,
    /// Its tags do not pair.
    Unpaired,
    /// It is longer, or deeper, than [`RECORD_BYTES_MAX`] and [`DEPTH_MAX`] allow.
    TooLarge,
}

/// Why nothing past this place can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("the file is empty")]
    Empty,
    #[error("the file is not xml")]
    NotXml,
    #[error("the root element is not Message")]
    RootUnknown,
    #[error("the file breaks off before Message ends")]
    CutShort,
    #[error("something stands behind the end of Message")]
    Trailing,
    #[error("Message has no Children")]
    ChildrenMissing,
    #[error("the tags do not pair")]
    Unpaired,
    #[error("the xml breaks here")]
    Syntax,
    #[error("the file could not be read to its end")]
    Unread,
    #[error(transparent)]
    Stopped(Stopped),
}

/// Where the reader stands, outside records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Level {
    BeforeMessage,
    InMessage,
    InChildren,
    AfterMessage,
}

/// Reads a return record by record.
pub(crate) struct Records<R: BufRead> {
    reader: Reader<Decoded<R>>,
    buffer: Vec<u8>,
    tree: Tree,
    level: Level,
    /// The start tag of the next child was read while an earlier record was still open.
    child_began: Option<Start>,
    /// An end tag closed the list, or the message, while a record was still open: the tag, and where it began.
    closed_over: Option<(Tag, usize)>,
    unpaired: u64,
    began: Start,
}

/// What one event means to the reader of records.
enum Token {
    Open { tag: Tag, empty: bool },
    Close(Tag),
    Text { stray: bool },
    Nothing,
    End,
}

impl<R: BufRead> Records<R> {
    pub(crate) fn new(raw: R) -> Result<Self, Broken> {
        let decoded = Decoded::new(raw, TOKEN_BYTES_MAX, RECORD_BYTES_MAX).map_err(broken_by)?;
        let mut reader = Reader::from_reader(decoded);
        let config = reader.config_mut();
        // Pairing is done here, where it can recover at the next child.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        Ok(Self {
            reader,
            buffer: Vec::new(),
            tree: Tree::default(),
            level: Level::BeforeMessage,
            child_began: None,
            closed_over: None,
            unpaired: 0,
            began: Start { at: 0, line: 1, offset: 0 },
        })
    }

    /// Where the last record, or what was read last, began.
    pub(crate) fn began(&self) -> Start {
        self.began
    }

    /// Where the reader stands now.
    pub(crate) fn here(&self) -> Start {
        let decoded = self.reader.get_ref();
        Start { at: decoded.record().len(), line: decoded.line(), offset: decoded.offset() }
    }

    /// The last record as it came, in UTF-8; empty when it is too large to keep.
    pub(crate) fn raw(&self) -> &[u8] {
        let decoded = self.reader.get_ref();
        if decoded.record_overran() {
            return &[];
        }
        // What was read past the end of a record that was never closed is not its own.
        let end = self.child_began.map(|start| start.at).or(self.closed_over.map(|(_, at)| at));
        end.and_then(|end| decoded.record().get(..end)).unwrap_or(decoded.record())
    }

    /// The last record's outermost element, as far as it could be read.
    pub(crate) fn record(&self) -> Option<Element<'_>> {
        self.tree.root(std::str::from_utf8(self.raw()).ok()?)
    }

    /// Whether bytes of the last record were not of the file's encoding.
    pub(crate) fn replaced(&self) -> bool {
        self.reader.get_ref().record_replaced()
    }

    /// Reads what stands next.
    pub(crate) fn next(&mut self) -> Result<Step, Broken> {
        if let Some(start) = self.child_began.take() {
            let kept = self.here().at.saturating_sub(start.at);
            self.reader.get_mut().begin_record(kept);
            return self.record_from(Tag::Child, Start { at: 0, ..start }).map(Step::Record);
        }
        if let Some((tag, _)) = self.closed_over.take() {
            self.leave(tag);
        }
        loop {
            self.reader.get_mut().begin_record(0);
            self.tree.clear();
            self.began = self.here();
            match (self.level, self.token(false)?) {
                (_, Token::Nothing | Token::Text { stray: false }) => {}
                (Level::AfterMessage, Token::End) => return Ok(Step::Ended),
                (Level::AfterMessage, _) => return Err(Broken::Trailing),
                (Level::BeforeMessage, Token::Open { tag: Tag::Message, empty }) => {
                    self.level = if empty { Level::AfterMessage } else { Level::InMessage };
                }
                (Level::BeforeMessage, Token::Open { .. }) => return Err(Broken::RootUnknown),
                (Level::BeforeMessage, Token::End) if self.began.offset == 0 => return Err(Broken::Empty),
                (Level::BeforeMessage, _) => return Err(Broken::NotXml),
                (_, Token::End) => return Err(Broken::CutShort),
                (_, Token::Text { stray: true }) => return Ok(Step::StrayText),
                (Level::InMessage, Token::Open { tag: Tag::Children, empty }) => {
                    if !empty {
                        self.level = Level::InChildren;
                    }
                    return Ok(Step::ChildrenBegan);
                }
                (Level::InMessage, Token::Open { tag, empty }) => {
                    return self.whole_record(tag, empty).map(Step::Section);
                }
                (Level::InChildren, Token::Open { tag, empty }) => {
                    return self.whole_record(tag, empty).map(Step::Record);
                }
                (Level::InMessage | Level::InChildren, Token::Close(tag)) => {
                    if !self.leave(tag) {
                        return Err(Broken::Unpaired);
                    }
                }
            }
        }
    }

    /// Leaves the list, or the message. False when this tag ends neither.
    fn leave(&mut self, tag: Tag) -> bool {
        match (self.level, tag) {
            (Level::InChildren, Tag::Children) => self.level = Level::InMessage,
            (Level::InMessage, Tag::Message) => self.level = Level::AfterMessage,
            _ => return false,
        }
        true
    }

    fn whole_record(&mut self, tag: Tag, empty: bool) -> Result<Whole, Broken> {
        if !empty {
            return self.record_from(tag, Start { at: 0, ..self.began });
        }
        self.tree.open(tag, Start { at: 0, ..self.began });
        self.tree.close(self.here().at);
        Ok(Whole::Yes)
    }

    /// Reads a record, whose start tag was read, to its end.
    fn record_from(&mut self, tag: Tag, start: Start) -> Result<Whole, Broken> {
        self.tree.clear();
        self.tree.open(tag, start);
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
                Token::Open { tag: Tag::Child, empty: false } => {
                    self.child_began = Some(start);
                    self.close_down_to(0, start.at);
                    return Ok(Whole::Unpaired);
                }
                Token::Open { empty, .. } if !keep || self.tree.depth() >= DEPTH_MAX => {
                    too_deep = true;
                    beyond += u64::from(!empty);
                }
                Token::Open { tag, empty } => {
                    self.tree.open(tag, start);
                    if empty {
                        self.tree.close(self.here().at);
                    }
                }
                Token::Close(tag) if matches!(tag, Tag::Child | Tag::Children | Tag::Message) || beyond == 0 => {
                    if beyond > 0 {
                        paired = false;
                        beyond = 0;
                    }
                    let name = local_name_of(&self.buffer);
                    match self.tree.open_at(tag, name, self.reader.get_ref().record()) {
                        Some(out) => {
                            paired &= out == 0;
                            self.close_down_to(self.tree.depth().saturating_sub(out + 1), self.here().at);
                        }
                        None => {
                            paired = false;
                            if matches!(tag, Tag::Children | Tag::Message) {
                                self.closed_over = Some((tag, start.at));
                                self.close_down_to(0, start.at);
                            }
                        }
                    }
                    if self.tree.depth() == 0 {
                        let too_large = too_deep || self.reader.get_ref().record_overran();
                        return Ok(match (too_large, paired) {
                            (true, _) => Whole::TooLarge,
                            (false, true) => Whole::Yes,
                            (false, false) => Whole::Unpaired,
                        });
                    }
                }
                Token::Close(_) => beyond -= 1,
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
                Token::Open { tag: Tag::of(start.local_name().as_ref()), empty: false }
            }
            Event::Empty(start) => Token::Open { tag: Tag::of(start.local_name().as_ref()), empty: true },
            Event::End(end) => {
                self.unpaired = self.unpaired.saturating_sub(1);
                Token::Close(Tag::of(end.local_name().as_ref()))
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
