//! The file as UTF-8, with its place in the original bytes kept.
//!
//! Files come as UTF-8, with or without a byte order mark, as UTF-16 from spreadsheets and as Latin-1 from older
//! systems, which do not always declare it: a byte that is not UTF-8 is read as Windows-1252, and the record is then told of
//! as odd. The XML reader sees UTF-8 only; what it consumes is counted in lines and in bytes of the original, and
//! kept until the next record begins, so that a rejected record can be shown as it came.

use std::io::{self, BufRead, Read};

use encoding_rs::{Encoding, ISO_8859_15, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::text::Decode;

/// How much of the file is looked at for a byte order mark and an XML declaration.
const PEEKED_BYTES_MAX: usize = 512;
/// How much is decoded at a time.
const CHUNK_BYTES: usize = 16 * 1024;
/// Room for a record from the start: a file may hold one only.
const RECORD_BYTES_AT_FIRST: usize = 4 * 1024;

/// Why the text could not go on.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum Stopped {
    /// Such as Shift JIS.
    #[error("the declared encoding is not UTF-8, UTF-16 or Latin-1")]
    EncodingUnsupported,
    /// It would not fit into what is kept in memory.
    #[error("one tag, text or comment is longer than {0} bytes")]
    TokenTooLong(usize),
}

/// Reads a file as UTF-8.
pub(super) struct Decoded<R> {
    raw: R,
    decoder: Decode,
    /// What was peeked at and is still to be decoded, before anything more is read.
    peeked: Vec<u8>,
    finished: bool,
    chunk: String,
    chunk_start: usize,
    /// Where in the chunk stands what was not of the encoding.
    odd: Vec<usize>,
    /// Bytes of the original behind the next byte of the chunk.
    offset: u64,
    /// Bytes of the original that the decoder has taken.
    decoded: u64,
    line: u64,
    width: Width,
    record: Vec<u8>,
    token_bytes: usize,
    token_bytes_max: usize,
    record_bytes_max: usize,
    record_overran: bool,
    /// Bytes of the record were not of the encoding.
    record_replaced: bool,
}

/// How decoded text counts in the original.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Width {
    Utf8,
    Utf16,
    OneByte,
}

impl<R: BufRead> Decoded<R> {
    /// Looks at the start of `raw` to learn its encoding. No token may be longer than `token_bytes_max`; of a record no more
    /// than `record_bytes_max` are kept.
    pub(super) fn new(mut raw: R, token_bytes_max: usize, record_bytes_max: usize) -> io::Result<Self> {
        let mut peeked = Vec::with_capacity(PEEKED_BYTES_MAX);
        raw.by_ref().take(PEEKED_BYTES_MAX as u64).read_to_end(&mut peeked)?;
        let (encoding, mark) = encoding_of(&peeked).ok_or_else(|| io::Error::other(Stopped::EncodingUnsupported))?;
        peeked.drain(..mark);
        let width = if encoding == UTF_8 {
            Width::Utf8
        } else if encoding == UTF_16LE || encoding == UTF_16BE {
            Width::Utf16
        } else {
            Width::OneByte
        };
        Ok(Self {
            raw,
            decoder: match width {
                Width::Utf8 => Decode::Utf8 { begun: Vec::new() },
                _ => Decode::By(Box::new(encoding.new_decoder_without_bom_handling())),
            },
            peeked,
            finished: false,
            chunk: String::new(),
            chunk_start: 0,
            odd: Vec::new(),
            offset: mark as u64,
            decoded: mark as u64,
            line: 1,
            width,
            record: Vec::with_capacity(RECORD_BYTES_AT_FIRST.min(record_bytes_max)),
            token_bytes: 0,
            token_bytes_max,
            record_bytes_max,
            record_overran: false,
            record_replaced: false,
        })
    }

    /// Line of the next byte, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Bytes of the original file before the next byte. Exact unless bytes were replaced nearby.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// A token begins: the bound on its length counts from here.
    pub(super) fn begin_token(&mut self) {
        self.token_bytes = 0;
    }

    /// Forgets what was kept, but for the last `keep` bytes: a record begins there.
    pub(super) fn begin_record(&mut self, keep: usize) {
        let from = self.record.len().saturating_sub(keep);
        self.record.drain(..from);
        self.record_overran = false;
        // Where in what is kept it stood is not known.
        self.record_replaced &= keep > 0;
    }

    /// What was consumed since the record began, as UTF-8.
    pub(super) fn record(&self) -> &[u8] {
        &self.record
    }

    /// Whether the record is longer than what was kept of it.
    pub(super) fn record_overran(&self) -> bool {
        self.record_overran
    }

    /// Whether bytes of the record were not of the encoding.
    pub(super) fn record_replaced(&self) -> bool {
        self.record_replaced
    }

    fn refill(&mut self) -> io::Result<()> {
        self.chunk.clear();
        self.odd.clear();
        self.chunk_start = 0;
        self.offset = self.decoded.saturating_sub(self.decoder.carried() as u64);
        while self.chunk.is_empty() && !self.finished {
            let from_raw = self.peeked.is_empty();
            let source = if from_raw { self.raw.fill_buf()? } else { self.peeked.as_slice() };
            let last = from_raw && source.is_empty();
            let taken = source.len().min(CHUNK_BYTES);
            self.decoder.step(source.get(..taken).unwrap_or_default(), last, &mut self.chunk, &mut self.odd);
            self.decoded += taken as u64;
            self.finished = last;
            if from_raw {
                self.raw.consume(taken);
            } else {
                self.peeked.drain(..taken);
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let count = from.len().min(into.len());
        if let (Some(into), Some(from)) = (into.get_mut(..count), from.get(..count)) {
            into.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.token_bytes > self.token_bytes_max {
            return Err(io::Error::other(Stopped::TokenTooLong(self.token_bytes_max)));
        }
        if self.chunk_start >= self.chunk.len() {
            self.refill()?;
        }
        Ok(self.chunk.as_bytes().get(self.chunk_start..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        let end = (self.chunk_start + count).min(self.chunk.len());
        let consumed = self.chunk.as_bytes().get(self.chunk_start..end).unwrap_or_default();
        self.record_replaced |= self.odd.iter().any(|at| (self.chunk_start..end).contains(at));
        self.line += consumed.iter().filter(|byte| **byte == b'\n').count() as u64;
        // A byte that is not of UTF-8 was one, and is a character of two or three.
        let odd = self.odd.iter().filter(|at| self.width == Width::Utf8 && (self.chunk_start..end).contains(at));
        let more: usize = odd.filter_map(|at| Some(self.chunk.get(*at..)?.chars().next()?.len_utf8() - 1)).sum();
        self.offset = (self.offset + self.width.of(consumed)).saturating_sub(more as u64);
        if !self.record_overran && self.record.len() + consumed.len() <= self.record_bytes_max {
            self.record.extend_from_slice(consumed);
        } else {
            self.record_overran = true;
        }
        self.token_bytes += consumed.len();
        self.chunk_start = end;
    }
}

impl Width {
    /// How many bytes of the original this UTF-8 stands for.
    fn of(self, utf8: &[u8]) -> u64 {
        let characters = || utf8.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as u64;
        match self {
            Self::Utf8 => utf8.len() as u64,
            Self::OneByte => characters(),
            // Four bytes of UTF-8 are a surrogate pair, everything shorter is one unit.
            Self::Utf16 => 2 * (characters() + utf8.iter().filter(|byte| **byte >= 0xF0).count() as u64),
        }
    }
}

/// The encoding, and the length of the byte order mark. `None` when it declares one that these files do not come in.
fn encoding_of(start: &[u8]) -> Option<(&'static Encoding, usize)> {
    if let Some((encoding, mark)) = Encoding::for_bom(start) {
        return Some((encoding, mark));
    }
    match start {
        [b'<', 0, ..] => return Some((UTF_16LE, 0)),
        [0, b'<', ..] => return Some((UTF_16BE, 0)),
        _ => {}
    }
    let Some(label) = declared_encoding(start) else { return Some((UTF_8, 0)) };
    let declared = Encoding::for_label(label)?;
    if declared == WINDOWS_1252 || declared == ISO_8859_15 {
        Some((declared, 0))
    } else if declared == UTF_8 || declared == UTF_16LE || declared == UTF_16BE {
        // A declaration that could be read byte by byte is not UTF-16, whatever it says: the file was saved again.
        Some((UTF_8, 0))
    } else {
        None
    }
}

/// The encoding that an XML declaration at the very start names.
fn declared_encoding(start: &[u8]) -> Option<&[u8]> {
    let declaration = start.strip_prefix(b"<?xml")?;
    let end = declaration.iter().position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(declaration.get(..end)?).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (label, _) = value.strip_prefix(quote)?.split_once(quote)?;
    Some(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(bytes: &[u8]) -> (String, u64, u64, bool) {
        let mut decoded = Decoded::new(bytes, 1 << 20, 1 << 20).unwrap();
        let mut text = String::new();
        decoded.read_to_string(&mut text).unwrap();
        (text, decoded.line(), decoded.offset(), decoded.record_replaced())
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let mark = std::iter::once(0xFEFF);
        let units = mark.chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text_and_counts_in_its_own_bytes() {
        let text = "<a>\nZoë 😀</a>\n";
        for (name, bytes) in [
            ("utf-8", text.as_bytes().to_vec()),
            ("utf-8 with a mark", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
            ("utf-16 little-endian", utf16(text, false)),
            ("utf-16 big-endian", utf16(text, true)),
            ("utf-16 without a mark", utf16(text, false)[2..].to_vec()),
        ] {
            assert_eq!(read_all(&bytes), (text.to_owned(), 3, bytes.len() as u64, false), "{name}");
        }
    }

    /// A file is read in parts, and a character may begin in one of them and end in the next.
    #[test]
    fn the_place_of_a_tag_is_that_in_the_file() {
        let pad = |bytes: usize| [b"<a>".as_slice(), &vec![b'x'; bytes]].concat();
        for file in [
            [pad(PEEKED_BYTES_MAX - 4), "ë<b/>ë<b/>".as_bytes().to_vec()].concat(),
            [pad(PEEKED_BYTES_MAX - 5), "😀<b/>".as_bytes().to_vec()].concat(),
            [pad(9), b"Zo\xEB \x93so\x94<b/>".to_vec()].concat(),
            [pad(PEEKED_BYTES_MAX - 4), b"\xEB\xEB<b/>\x93<b/>".to_vec()].concat(),
            [pad(9), b"\xF0\x9F\x98<b/>\xE2\x82<b/>".to_vec()].concat(),
        ] {
            let places = file.iter().zip(0..).filter(|(byte, _)| **byte == b'<').map(|(_, at)| at);
            let mut decoded = Decoded::new(file.as_slice(), 1 << 20, 1 << 20).unwrap();
            let mut found = Vec::new();
            while let Some(byte) = decoded.fill_buf().unwrap().first().copied() {
                if byte == b'<' {
                    found.push(decoded.offset());
                }
                decoded.consume(1);
            }
            assert_eq!(found, places.collect::<Vec<u64>>(), "{}", String::from_utf8_lossy(&file));
        }
    }

    #[test]
    fn latin_1_is_read_when_it_is_declared() {
        let bytes = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>Zo\xEB</a>";
        let (text, _, offset, replaced) = read_all(bytes);
        assert!(text.ends_with("<a>Zo\u{eb}</a>") && !replaced);
        assert_eq!(offset, bytes.len() as u64);
    }

    #[test]
    fn undeclared_latin_1_is_read_and_says_so() {
        assert_eq!(read_all(b"<a>Zo\xEB</a>"), ("<a>Zo\u{eb}</a>".to_owned(), 1, 10, true));
    }

    #[test]
    fn an_encoding_that_files_do_not_come_in_is_refused() {
        let error = Decoded::new(&b"<?xml version=\"1.0\" encoding=\"shift_jis\"?><a/>"[..], 64, 64).err().unwrap();
        assert!(matches!(
            error.get_ref().and_then(|e| e.downcast_ref::<Stopped>()),
            Some(Stopped::EncodingUnsupported)
        ));
    }
}
