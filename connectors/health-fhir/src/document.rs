//! A file as documents: what each is written in, and what can stop the reading of it.

use std::io::{self, BufRead, Read};

use connector_kit::tape::Taped;
use proto::quarantine::Reason;

use crate::tree::{Element, Flaw};
use crate::{json, xml};

/// Largest entry, and largest resource that stands by itself: some hold a scanned letter.
pub(crate) const ENTRY_BYTES_MAX: usize = 16 << 20;

/// What holds an entry while it is read.
pub(crate) fn tape() -> Taped {
    Taped::of(ENTRY_BYTES_MAX)
}

/// A resource, or an entry of a bundle, as it was read.
#[derive(Debug)]
pub(crate) struct Part {
    /// What it holds, or why it is not taken.
    pub(crate) element: Result<Element, Flaw>,
    /// As it came. Empty of what held entries that were given as they came.
    pub(crate) raw: Vec<u8>,
    pub(crate) line: u64,
    pub(crate) offset: u64,
    /// Text stood in it where none belongs.
    pub(crate) odd: bool,
}

/// A document that was read to its end.
pub(crate) struct Document {
    pub(crate) whole: Part,
    /// Something stands behind it.
    pub(crate) trailing: bool,
    /// It is a list of resources, and says nothing of itself.
    pub(crate) is_list: bool,
}

/// What a resource of this kind calls what it holds other resources in.
pub(crate) fn holds(kind: &str) -> Option<&'static str> {
    match kind {
        "Bundle" => Some("entry"),
        "Parameters" => Some("parameter"),
        _ => None,
    }
}

/// Takes the entries of a bundle as they come, with what the bundle has said of itself so far.
pub(crate) trait Entries {
    fn entry(&mut self, head: &Element, part: Part) -> Result<(), Broken>;
}

/// Why nothing past this place can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("the document breaks off before its end: send it again")]
    CutShort,
    #[error("the document could not be read to its end")]
    Unread,
    #[error("the document is neither json nor xml from here on: nothing of it behind this place was read")]
    Syntax,
    #[error("no FHIR resource is in the file")]
    NotAResource,
    #[error("an entry is nested so deep that the document is not read on")]
    TooDeep,
    #[error("an entry is larger than 16 MiB: send what it holds apart from it")]
    TooLarge,
    #[error("the message or document is larger than 16 MiB, and is only read whole")]
    WholeTooLarge,
}

impl Broken {
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::TooLarge | Self::WholeTooLarge | Self::TooDeep => Reason::RecordTooLarge,
            _ => Reason::FileUnreadable,
        }
    }
}

/// How a document is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    Json,
    Xml,
}

impl Format {
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/fhir+json",
            Self::Xml => "application/fhir+xml",
        }
    }
}

/// What a file holds.
pub(crate) enum Shape<R> {
    Empty,
    Document(Format, R),
    /// A resource or a bundle on each line.
    Lines(R),
}

/// Looks at the beginning. Lines are told by the file's name, or by a first line that is a document by itself.
pub(crate) fn shape<'r, R: BufRead + 'r>(mut source: R, named_lines: bool) -> io::Result<Shape<Box<dyn BufRead + 'r>>> {
    let mut first = Vec::new();
    loop {
        let at = first.len();
        let room = (ENTRY_BYTES_MAX as u64).saturating_sub(at as u64);
        source.by_ref().take(room).read_until(b'\n', &mut first)?;
        if first.len() == at {
            break;
        }
        if !first.trim_ascii().is_empty() {
            break;
        }
    }
    let Some(sign) = first.trim_ascii().first().copied() else { return Ok(Shape::Empty) };
    let by_line = named_lines || sign == b'{' && first.ends_with(b"\n") && is_json(&first);
    let whole: Box<dyn BufRead + 'r> = Box::new(io::Cursor::new(first).chain(source));
    Ok(match sign {
        b'<' => Shape::Document(Format::Xml, whole),
        _ if by_line => Shape::Lines(whole),
        _ => Shape::Document(Format::Json, whole),
    })
}

fn is_json(line: &[u8]) -> bool {
    struct Nobody;
    impl Entries for Nobody {
        fn entry(&mut self, _: &Element, _: Part) -> Result<(), Broken> {
            Ok(())
        }
    }
    json::read(line, &tape(), &mut Nobody).is_ok_and(|document| !document.trailing)
}

/// Reads one document.
pub(crate) fn read<R: BufRead>(
    format: Format,
    source: R,
    tape: &Taped,
    entries: &mut dyn Entries,
) -> Result<Document, Broken> {
    match format {
        Format::Json => json::read(source, tape, entries),
        Format::Xml => xml::read(source, tape, entries),
    }
}
