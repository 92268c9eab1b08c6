//! The children of a file as they stand in it, one at a time: a file is never held, however long it is.
//!
//! An array of children, children one after another, or an object that holds an array of them, or one, as `children` or
//! `Children`, and may say whose they are before that, as `la_code`. A piece ends where its braces do, so that one that is no JSON
//! within costs itself and not the rest.

use std::io::{self, BufRead};

use serde_json::{Map, Value};

use crate::child::text_of;

/// The children within an object around them, and what says that the object is a child itself. In either case of letters.
const WRAPPED: &[u8] = b"children";
const CHILD: &[u8] = b"la_child_id";

/// What stands next.
#[derive(Debug)]
pub(crate) enum Piece {
    /// A value where a child belongs, and where it begins. Of one that is longer than what is kept the beginning.
    Child { bytes: Vec<u8>, offset: u64, overran: bool },
    /// The file ended as it should.
    End,
    /// Nothing from here on can be read.
    Broken { message: &'static str, offset: u64, bytes: Vec<u8> },
}

/// Where the reader stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Within {
    /// Among values one after another.
    File,
    /// In an array; the object around it is still open, if there is one.
    Array { wrapped: bool },
    /// Before the one child of an object around it.
    Only,
    /// Behind the array.
    Behind,
}

/// Reads a file piece by piece.
pub(crate) struct Pieces<R> {
    source: R,
    within: Within,
    offset: u64,
    kept_max: usize,
    /// Pieces so far.
    count: u64,
    is_list: bool,
    la_code: Option<String>,
}

/// Room for a child of the common sort from the start.
const BYTES_AT_FIRST: usize = 4 * 1024;

const BREAKS_OFF: &str =
    "the file is not json, or breaks off: nothing from here on was read; send the whole file again";

impl<R: BufRead> Pieces<R> {
    /// Of no piece more than `kept_max` bytes are kept.
    pub(crate) fn new(source: R, kept_max: usize) -> Self {
        Self { source, within: Within::File, offset: 0, kept_max, count: 0, is_list: false, la_code: None }
    }

    /// Whether children stand in a list, and not one by itself.
    pub(crate) fn is_list(&self) -> bool {
        self.is_list
    }

    /// Whose the children are by the object around them, once the first of them was read.
    pub(crate) fn la_code(&self) -> Option<&str> {
        self.la_code.as_deref()
    }

    /// Reads what stands next.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub(crate) fn next(&mut self) -> io::Result<Piece> {
        loop {
            let Some(byte) = self.peek()? else { return Ok(self.end()) };
            match (self.within, byte) {
                (_, b' ' | b'\t' | b'\n' | b'\r') => self.skip(),
                // The mark of an encoding, wherever files were put together.
                (_, 0xef | 0xbb | 0xbf) => self.skip(),
                (Within::Array { .. }, b',') => self.skip(),
                (Within::Array { wrapped }, b']') => {
                    self.skip();
                    self.within = Within::Behind;
                    if wrapped {
                        self.rest_of_wrapper()?;
                    }
                }
                (Within::Behind, _) => {
                    return Ok(self.broken("something stands behind the children: it was not read", Vec::new()));
                }
                (Within::File, b'[') if self.count == 0 => {
                    self.skip();
                    self.begin_array(false);
                }
                (Within::File, byte) if self.count == 0 && !may_begin(byte) => {
                    return Ok(self.broken(BREAKS_OFF, Vec::new()));
                }
                (within, _) => {
                    if let Some(piece) = self.value(byte)? {
                        if within == Within::Only && matches!(piece, Piece::Child { .. }) {
                            self.within = Within::Behind;
                            self.rest_of_wrapper()?;
                        }
                        return Ok(piece);
                    }
                }
            }
        }
    }

    fn begin_array(&mut self, wrapped: bool) {
        self.within = Within::Array { wrapped };
        self.is_list = true;
    }

    fn end(&self) -> Piece {
        match self.within {
            Within::Behind => Piece::End,
            Within::File if self.count > 0 => Piece::End,
            _ => self.broken(BREAKS_OFF, Vec::new()),
        }
    }

    fn broken(&self, message: &'static str, bytes: Vec<u8>) -> Piece {
        Piece::Broken { message, offset: self.offset, bytes }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.source.fill_buf()?.first().copied())
    }

    fn skip(&mut self) {
        self.pass(1);
    }

    fn pass(&mut self, bytes: usize) {
        self.source.consume(bytes);
        self.offset += bytes as u64;
    }

    /// Reads a value to its end. `None` when it was the beginning of an object around the children.
    fn value(&mut self, first: u8) -> io::Result<Option<Piece>> {
        let offset = self.offset;
        let mut scan = Scan::default();
        let mut bytes = Vec::with_capacity(BYTES_AT_FIRST.min(self.kept_max));
        let is_plain = !matches!(first, b'{' | b'[' | b'"');
        loop {
            let chunk = self.source.fill_buf()?;
            let passed = if is_plain { 0 } else { scan.passes(chunk) };
            let (run, rest) = chunk.split_at(passed);
            keep(&mut bytes, run, self.kept_max);
            let byte = rest.first().copied();
            self.pass(passed);
            let Some(byte) = byte else {
                match passed {
                    0 if is_plain && self.within == Within::File => break,
                    0 => return Ok(Some(Piece::Broken { message: BREAKS_OFF, offset, bytes })),
                    _ => continue,
                }
            };
            let ends_plain = matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r' | b'{' | b'[');
            if is_plain && self.offset > offset && ends_plain {
                break;
            }
            let may_wrap = self.within == Within::File && self.count == 0 && !scan.is_child;
            if may_wrap && matches!(byte, b'[' | b'{') && scan.depth == 1 && scan.key_is(WRAPPED, &bytes) {
                self.la_code = stated(bytes);
                if byte == b'[' {
                    self.skip();
                    self.begin_array(true);
                } else {
                    self.within = Within::Only;
                }
                return Ok(None);
            }
            self.skip();
            keep(&mut bytes, &[byte], self.kept_max);
            if scan.take(byte, &bytes) && !is_plain {
                break;
            }
        }
        self.count += 1;
        let overran = self.offset - offset > self.kept_max as u64;
        Ok(Some(Piece::Child { overran, bytes, offset }))
    }

    /// Passes over what stands behind the array in the object around it.
    fn rest_of_wrapper(&mut self) -> io::Result<()> {
        let mut scan = Scan { depth: 1, ..Scan::default() };
        while let Some(byte) = self.peek()? {
            self.skip();
            if scan.take(byte, &[]) {
                return Ok(());
            }
        }
        // It breaks off: the children were all there, and the file was not whole.
        self.within = Within::Array { wrapped: true };
        Ok(())
    }
}

/// The `la_code` of an object of which everything before its children is here.
fn stated(mut wrapper: Vec<u8>) -> Option<String> {
    wrapper.extend(b"null}");
    let wrapper: Map<String, Value> = serde_json::from_slice(&wrapper).ok()?;
    let (_, code) = wrapper.iter().find(|(name, _)| name.eq_ignore_ascii_case("la_code"))?;
    Some(text_of(code)).filter(|code| !code.is_empty())
}

/// Keeps bytes, until they are too many.
fn keep(kept: &mut Vec<u8>, bytes: &[u8], kept_max: usize) {
    let room = kept_max.saturating_sub(kept.len()).min(bytes.len());
    kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
}

/// Whether a value of JSON may begin so.
fn may_begin(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}

/// Where in a value the reader stands: how deep, and whether in a text.
#[derive(Default)]
struct Scan {
    depth: u32,
    in_text: bool,
    escaped: bool,
    /// Where the last text began, in the bytes kept, and where it ended.
    text: (usize, usize),
    /// A colon came after it: it is a key.
    is_key: bool,
    /// The object has an id of a child.
    is_child: bool,
}

impl Scan {
    /// How many bytes stand before the next that begins or ends anything: they are taken.
    fn passes(&mut self, bytes: &[u8]) -> usize {
        if self.escaped {
            return 0;
        }
        let tells = match self.in_text {
            true => bytes.iter().position(|byte| matches!(byte, b'"' | b'\\')),
            false => bytes.iter().position(|byte| matches!(byte, b'"' | b':' | b'{' | b'[' | b'}' | b']')),
        };
        let end = tells.unwrap_or(bytes.len());
        let run = bytes.get(..end).unwrap_or_default();
        self.is_key &= self.in_text || run.iter().all(u8::is_ascii_whitespace);
        end
    }

    /// Takes a byte, which is the last of those kept. True when it ends the value.
    fn take(&mut self, byte: u8, kept: &[u8]) -> bool {
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_text = false;
                    self.text.1 = kept.len().saturating_sub(1);
                    return self.depth == 0;
                }
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => {
                self.in_text = true;
                self.is_key = false;
                self.text.0 = kept.len();
            }
            b':' => {
                self.is_key = true;
                self.is_child |= self.depth == 1 && self.key_is(CHILD, kept);
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.is_key = false;
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => self.is_key = false,
        }
        false
    }

    /// Whether a value of this key stands next.
    fn key_is(&self, key: &[u8], kept: &[u8]) -> bool {
        self.is_key && kept.get(self.text.0..self.text.1).is_some_and(|name| name.eq_ignore_ascii_case(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, bool) {
        let mut pieces = Pieces::new(text.as_bytes(), 64);
        let mut found = Vec::new();
        loop {
            match pieces.next().unwrap() {
                Piece::Child { bytes, overran, .. } => {
                    let end = if overran { "..." } else { "" };
                    found.push(format!("{}{end}", String::from_utf8_lossy(&bytes)));
                }
                Piece::End => return (found, pieces.is_list()),
                Piece::Broken { message, offset, .. } => {
                    found.push(format!("{offset}: {}", message.split(':').next().unwrap_or_default()));
                    return (found, pieces.is_list());
                }
            }
        }
    }

    #[test]
    fn children_stand_in_a_file_in_several_ways() {
        let (a, b) = (r#"{"la_child_id":"1","x":[{"y":"}\"]"}]}"#, r#"{"la_child_id": "2"}"#);
        let both = vec![a.to_owned(), b.to_owned()];
        for text in [
            format!("[{a},{b}]"),
            format!("\u{feff}[ {a} \n, {b} ] \n"),
            format!("{{\"children\":[{a},{b}]}}"),
            format!("{{\"la_code\":878,\"Children\":[{a},{b}]}}"),
            format!("{{\"sent\": {{\"children\": [1]}}, \"children\" : [{a},{b}], \"count\": [2, \"]}}\"]}}"),
        ] {
            assert_eq!(read(&text), (both.clone(), true), "{text}");
        }
        for text in [format!("{a}\n{b}\n"), format!("{a}{b}")] {
            assert_eq!(read(&text), (both.clone(), false), "{text}");
        }
        let only = format!("{{\"la_code\": \"878\", \"Children\": {a}, \"count\": 1}}");
        assert_eq!(read(&only), (vec![a.to_owned()], false));
        let mut pieces = Pieces::new(only.as_bytes(), 64);
        assert!(matches!(pieces.next().unwrap(), Piece::Child { .. }));
        assert_eq!(pieces.la_code(), Some("878"));
        assert_eq!(read("[]"), (vec![], true));
        assert_eq!(read(r#"{"children":[]}"#), (vec![], true));
        // A child is no object around others, whatever else it holds.
        let holds = r#"{"la_child_id":"1","children":[{}]}"#;
        assert_eq!(read(holds), (vec![holds.to_owned()], false));
        assert_eq!(read("7").0, ["7"]);
        assert_eq!(read("[1, null,\"x,]\",true]").0, ["1", "null", "\"x,]\"", "true"]);
    }

    #[test]
    fn what_breaks_off_is_told_and_what_is_too_long_is_passed_over() {
        let long = format!(r#"{{"la_child_id":"{}"}}"#, "x".repeat(99));
        let (found, _) = read(&format!(r#"[{long},{{"a":1}}]"#));
        assert!(found[0].ends_with("...") && found[0].len() == 67, "{found:?}");
        assert_eq!(found[1], r#"{"a":1}"#);
        for (text, told) in [
            ("", "0: the file is not json, or breaks off"),
            ("  ", "2: the file is not json, or breaks off"),
            ("[", "1: the file is not json, or breaks off"),
            (r#"[{"a":1},{"b"#, "9: the file is not json, or breaks off"),
            (r#"[{"a":1}] x"#, "10: something stands behind the children"),
            (r#"{"children":{"a":1}"#, "19: the file is not json, or breaks off"),
            (r#"{"children":[{"a":1}]"#, "21: the file is not json, or breaks off"),
            ("hello", "0: the file is not json, or breaks off"),
        ] {
            assert_eq!(read(text).0.last().map(String::as_str), Some(told), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_end(bytes: Vec<u8>) {
            let mut pieces = Pieces::new(bytes.as_slice(), 64);
            let mut count = 0;
            while !matches!(pieces.next().unwrap(), Piece::End | Piece::Broken { .. }) {
                count += 1;
                proptest::prop_assert!(count <= bytes.len());
            }
        }
    }
}
