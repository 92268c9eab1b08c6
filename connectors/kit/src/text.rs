//! Bytes of a source to text, as they come.
//!
//! UTF-8, with or without its mark, and UTF-16 with its mark are read as they are. A byte that is not UTF-8 is read as
//! Windows-1252, which is what older exports of these systems write, and the text is then marked as odd. What is no text
//! at all is refused.

use std::io::{self, BufRead, Read as _};

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How the bytes were read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// With or without its mark; single bytes that are not UTF-8 are read as Windows-1252.
    Utf8,
    /// Low byte first.
    Utf16Le,
    /// High byte first.
    Utf16Be,
    /// Another, which whoever knows the source stated.
    Stated,
}

/// Why bytes are not text that can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unsupported {
    /// UTF-32, by its mark.
    #[error("the file is UTF-32: save it as UTF-8 and send it again")]
    Utf32,
    /// Zero bytes where none belong, or a compressed file's first bytes.
    #[error("the file is not text: a workbook or an archive, perhaps; export it as text and send it again")]
    Binary,
}

/// How much is read to tell what the bytes are, and how much is decoded at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// A whole text in memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decoded {
    /// Without its mark.
    pub text: String,
    /// How the bytes were read.
    pub encoding: Encoding,
    /// Whether some bytes were not of the encoding.
    pub odd: bool,
}

/// A text, or the first so many characters of a longer one.
pub fn start(text: &str, chars_max: usize) -> String {
    // No more bytes than that are no more characters.
    if text.len() <= chars_max { text.to_owned() } else { text.chars().take(chars_max).collect() }
}

/// Decodes what is in memory.
///
/// # Errors
/// When the bytes are no text.
pub fn decode(bytes: &[u8]) -> Result<Decoded, Unsupported> {
    let (encoding, mark) = recognise(bytes)?;
    let mut text = String::with_capacity(bytes.len());
    let mut decoder = Decode::of(encoding);
    let mut odd = Vec::new();
    decoder.step(bytes.get(mark..).unwrap_or(&[]), true, &mut text, &mut odd);
    Ok(Decoded { text, encoding, odd: !odd.is_empty() })
}

/// Reads text from a source as UTF-8 bytes, decoding as it goes: itself a [`BufRead`], for the XML and CSV readers.
pub struct TextReader<R> {
    source: R,
    decoder: Decode,
    encoding: Encoding,
    mark: usize,
    text: String,
    read: usize,
    carried: Vec<u8>,
    ended: bool,
    odd: bool,
}

impl<R: BufRead> TextReader<R> {
    /// Looks at the first bytes.
    ///
    /// # Errors
    /// The outer one when the source cannot be read, the inner one when it is no text.
    pub fn open(source: R) -> io::Result<Result<Self, Unsupported>> {
        Self::open_as(source, None)
    }

    /// The same, for a source of which it is known how it writes: bytes without a mark are then read so.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as(
        mut source: R,
        stated: Option<&'static encoding_rs::Encoding>,
    ) -> io::Result<Result<Self, Unsupported>> {
        // The mark may stand across two reads of a pipe.
        let mut carried = Vec::with_capacity(CHUNK_BYTES);
        source.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut carried)?;
        let (encoding, mark) = match recognise(&carried) {
            Ok(recognised) => recognised,
            Err(unsupported) => return Ok(Err(unsupported)),
        };
        carried.drain(..mark);
        let (encoding, decoder) = match stated {
            Some(stated) if mark == 0 && encoding == Encoding::Utf8 => {
                (Encoding::Stated, Decode::By(Box::new(stated.new_decoder_without_bom_handling())))
            }
            _ => (encoding, Decode::of(encoding)),
        };
        Ok(Ok(Self {
            source,
            decoder,
            encoding,
            mark,
            text: String::new(),
            read: 0,
            carried,
            ended: false,
            odd: false,
        }))
    }

    /// How the bytes are read.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Whether bytes that are not of the encoding have been met so far.
    pub fn odd(&self) -> bool {
        self.odd
    }

    /// The place in the source's own bytes of a place in the decoded ones; `None` where decoding has moved them apart.
    pub fn source_offset(&self, decoded: u64) -> Option<u64> {
        (self.encoding == Encoding::Utf8 && !self.odd).then(|| decoded + self.mark as u64)
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.read = 0;
        while self.text.is_empty() && !self.ended {
            if self.carried.is_empty() {
                let chunk = self.source.fill_buf()?;
                let taken = chunk.len().min(CHUNK_BYTES);
                self.carried.extend_from_slice(chunk.get(..taken).unwrap_or(&[]));
                self.source.consume(taken);
            }
            self.ended = self.carried.is_empty();
            let mut odd = Vec::new();
            self.decoder.step(&self.carried, self.ended, &mut self.text, &mut odd);
            self.odd |= !odd.is_empty();
            self.carried.clear();
        }
        Ok(())
    }
}

impl<R: BufRead> BufRead for TextReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read >= self.text.len() {
            self.refill()?;
        }
        Ok(self.text.as_bytes().get(self.read..).unwrap_or(&[]))
    }

    fn consume(&mut self, amount: usize) {
        self.read += amount;
    }
}

impl<R: BufRead> io::Read for TextReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let amount = self.fill_buf()?.read(out)?;
        self.consume(amount);
        Ok(amount)
    }
}

/// The encoding, and how many bytes its mark takes.
fn recognise(start: &[u8]) -> Result<(Encoding, usize), Unsupported> {
    match start {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(Unsupported::Utf32),
        [0xef, 0xbb, 0xbf, ..] => Ok((Encoding::Utf8, 3)),
        [0xff, 0xfe, ..] => Ok((Encoding::Utf16Le, 2)),
        [0xfe, 0xff, ..] => Ok((Encoding::Utf16Be, 2)),
        // Without a mark, but plain: a letter beside a zero, twice.
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Ok((Encoding::Utf16Le, 0)),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Ok((Encoding::Utf16Be, 0)),
        [b'P', b'K', 3, 4, ..] | [0x1f, 0x8b, ..] | [b'%', b'P', b'D', b'F', ..] => Err(Unsupported::Binary),
        _ if start.iter().take(CHUNK_BYTES).any(|byte| *byte == 0) => Err(Unsupported::Binary),
        _ => Ok((Encoding::Utf8, 0)),
    }
}

/// A decoder between two chunks.
pub(crate) enum Decode {
    /// Single bytes that are not UTF-8 are read as Windows-1252.
    Utf8 {
        /// The first bytes of a character that the last chunk broke off in.
        begun: Vec<u8>,
    },
    /// Whatever is not of the encoding is replaced.
    By(Box<Decoder>),
}

impl Decode {
    pub(crate) fn of(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Utf8 | Encoding::Stated => Self::Utf8 { begun: Vec::new() },
            Encoding::Utf16Le => Self::By(Box::new(UTF_16LE.new_decoder_without_bom_handling())),
            Encoding::Utf16Be => Self::By(Box::new(UTF_16BE.new_decoder_without_bom_handling())),
        }
    }

    /// How many bytes were taken of which the text does not hold anything yet.
    pub(crate) fn carried(&self) -> usize {
        match self {
            Self::Utf8 { begun } => begun.len(),
            Self::By(_) => 0,
        }
    }

    /// Appends the text of a chunk, and to `odd` where in the text stands what was not of the encoding.
    pub(crate) fn step(&mut self, chunk: &[u8], last: bool, text: &mut String, odd: &mut Vec<usize>) {
        match self {
            Self::By(decoder) => decoded(decoder, chunk, last, text, odd),
            Self::Utf8 { begun } if begun.is_empty() => utf8(chunk, last, begun, text, odd),
            Self::Utf8 { begun } => {
                let mut joined = std::mem::take(begun);
                joined.extend_from_slice(chunk);
                utf8(&joined, last, begun, text, odd);
            }
        }
    }
}

fn decoded(decoder: &mut Decoder, chunk: &[u8], last: bool, text: &mut String, odd: &mut Vec<usize>) {
    let (mut rest, start, mut any_replaced) = (chunk, text.len(), false);
    loop {
        text.reserve(decoder.max_utf8_buffer_length(rest.len()).unwrap_or(rest.len() * 3 + 4));
        let (result, read, replaced) = decoder.decode_to_string(rest, text, last);
        any_replaced |= replaced;
        rest = rest.get(read..).unwrap_or(&[]);
        if result == CoderResult::InputEmpty {
            break;
        }
    }
    if any_replaced {
        let written = text.get(start..).unwrap_or_default();
        odd.extend(written.match_indices(char::REPLACEMENT_CHARACTER).map(|(at, _)| start + at));
    }
}

/// A character that the chunk begins and does not end is left in `begun`.
fn utf8(chunk: &[u8], last: bool, begun: &mut Vec<u8>, text: &mut String, odd: &mut Vec<usize>) {
    let mut rest = chunk;
    loop {
        let error = match std::str::from_utf8(rest) {
            Ok(good) => {
                text.push_str(good);
                return;
            }
            Err(error) => error,
        };
        let (good, bad) = rest.split_at(error.valid_up_to());
        text.push_str(std::str::from_utf8(good).unwrap_or_default());
        let wrong = match error.error_len() {
            Some(wrong) => wrong,
            None if last => bad.len(),
            None => {
                begun.extend_from_slice(bad);
                return;
            }
        };
        let (wrong, after) = bad.split_at(wrong);
        for character in WINDOWS_1252.decode_without_bom_handling(wrong).0.chars() {
            odd.push(text.len());
            text.push(character);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Reads through the smallest of buffers, so that every character stands across two reads.
    fn stream(bytes: &[u8]) -> Result<Decoded, Unsupported> {
        let mut reader = TextReader::open(BufReader::with_capacity(1, bytes)).unwrap()?;
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        Ok(Decoded { text, encoding: reader.encoding(), odd: reader.odd() })
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(order).collect()
    }

    #[test]
    fn encodings() {
        let text = "Zoë,Siân,O’Brien 😀\r\n";
        let with_mark = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        let without_mark: Vec<u8> = "id,name".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, expected, encoding, odd) in [
            (text.as_bytes(), text, Encoding::Utf8, false),
            (&with_mark, text, Encoding::Utf8, false),
            (&utf16(text, u16::to_le_bytes), text, Encoding::Utf16Le, false),
            (&utf16(text, u16::to_be_bytes), text, Encoding::Utf16Be, false),
            (&without_mark, "id,name", Encoding::Utf16Le, false),
            (b"Zo\xeb,O\x92Brien", "Zoë,O’Brien", Encoding::Utf8, true),
            (b"Zo\xeb", "Zoë", Encoding::Utf8, true),
            (b"", "", Encoding::Utf8, false),
            (b"\xff\xfea\0b", "a\u{fffd}", Encoding::Utf16Le, true),
        ] {
            let expected = Ok(Decoded { text: expected.to_owned(), encoding, odd });
            assert_eq!(decode(bytes), expected, "{bytes:?}");
            assert_eq!(stream(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_stated_encoding_is_not_guessed() {
        // Both bytes are letters of their own in Windows-1252, and one letter in UTF-8.
        let read = |bytes: &[u8]| {
            let mut reader = TextReader::open_as(bytes, Some(WINDOWS_1252)).unwrap().unwrap();
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            (text, reader.odd(), reader.source_offset(0))
        };
        assert_eq!(read(b"Zo\xc3\xab"), ("ZoÃ«".to_owned(), false, None));
        assert_eq!(read(b"\xef\xbb\xbfZo\xc3\xab"), ("Zoë".to_owned(), false, Some(3)), "a mark says otherwise");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for (bytes, why) in [
            (&b"\xff\xfe\0\0a\0\0\0"[..], Unsupported::Utf32),
            (b"\0\0\xfe\xff", Unsupported::Utf32),
            (b"PK\x03\x04rest", Unsupported::Binary),
            (b"plain until\0here", Unsupported::Binary),
        ] {
            assert_eq!(decode(bytes), Err(why));
            assert_eq!(stream(bytes), Err(why));
        }
    }

    #[test]
    fn offsets_of_the_source_are_told_while_they_can_be() {
        let mut reader = TextReader::open(&b"\xef\xbb\xbfab\xeb"[..]).unwrap().unwrap();
        assert_eq!(reader.source_offset(1), Some(4));
        reader.read_to_string(&mut String::new()).unwrap();
        assert_eq!(reader.source_offset(1), None);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_stream_as_they_decode(bytes: Vec<u8>) {
            proptest::prop_assert_eq!(stream(&bytes), decode(&bytes));
        }
    }
}
