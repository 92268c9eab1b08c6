//! A message: its segments, and their fields.

use std::ops::Range;

use super::charset::Told;
use super::{Charset, Delimiters, DelimitersError, Value};

/// Most segments that one message may have.
pub const SEGMENTS_MAX: usize = 10_000;

/// How one message divides and encodes its values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Encoding {
    /// MSH-1 and MSH-2.
    pub delimiters: Delimiters,
    /// MSH-18, held against the bytes.
    pub charset: Charset,
}

/// One message.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
    segments: Vec<Span>,
    charset_contradicted: bool,
    /// Segments of the bytes were left out.
    in_part: bool,
}

#[derive(Clone, Debug)]
struct Span {
    range: Range<usize>,
    /// Line ends before it.
    lines_before: usize,
    /// It holds a line end: a field went on in the next line.
    broken: bool,
}

/// A message that cannot be split.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
    /// It does not say how it is divided.
    #[error(transparent)]
    Delimiters(#[from] DelimitersError),
    /// More segments than [`SEGMENTS_MAX`].
    #[error("the message has more than {SEGMENTS_MAX} segments")]
    TooManySegments,
}

impl<'a> Message<'a> {
    /// Splits a message into segments at CR, LF or CR LF, in any mixture. A line that does not begin with the name of a
    /// segment goes on the field before it: senders forget to escape line ends in free text. Names may be lower-case, and
    /// blanks may stand before a line.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let delimiters = Delimiters::of_header(bytes.get(blanks_before(bytes)..).unwrap_or_default())?;
        let mut segments: Vec<Span> = Vec::with_capacity(16);
        for (lines_before, mut line) in lines(bytes).enumerate() {
            let text = bytes.get(line.clone()).unwrap_or_default();
            let blanks = blanks_before(text);
            let text = text.get(blanks..).unwrap_or_default();
            if names_a_segment(text, delimiters.field, blanks > 0) {
                line.start += blanks;
                if segments.len() == SEGMENTS_MAX {
                    return Err(ParseError::TooManySegments);
                }
                segments.push(Span { range: line, lines_before, broken: false });
            } else if !is_blank(text)
                && let Some(goes_on) = segments.last_mut()
            {
                goes_on.range.end = line.end;
                goes_on.broken = true;
            }
        }
        let mut message = Self {
            bytes,
            encoding: Encoding { delimiters, charset: Charset::Utf8 },
            segments,
            charset_contradicted: false,
            in_part: false,
        };
        let stated = message.header().field(18).first().bytes().to_owned();
        let Told { charset, contradicted } = Charset::of(&stated, bytes);
        message.encoding.charset = charset;
        message.charset_contradicted = contradicted;
        Ok(message)
    }

    /// As it came.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How it divides and encodes its values.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// MSH-18 names a charset that is not known or that the bytes are not of.
    pub fn charset_contradicted(&self) -> bool {
        self.charset_contradicted
    }

    /// Its segments, MSH first.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> {
        self.segments.iter().map(|span| Segment {
            bytes: self.bytes.get(span.range.clone()).unwrap_or_default(),
            byte_offset: span.range.start,
            lines_before: span.lines_before,
            broken: span.broken,
            encoding: self.encoding,
        })
    }

    /// The same message with these of its segments alone, each standing where it stands.
    #[must_use]
    pub fn only(&self, stays: impl Fn(&Segment<'a>) -> bool) -> Self {
        let mut part = self.clone();
        let mut stands = self.segments().map(|segment| stays(&segment));
        part.segments.retain(|_| stands.next().unwrap_or_default());
        let in_part = self.in_part || part.segments.len() < self.segments.len();
        Self { in_part, ..part }
    }

    /// The fields of the MSH segment.
    pub fn header(&self) -> Fields<'a> {
        match self.segments().next() {
            Some(header) => header.fields(),
            None => self.no_fields(),
        }
    }

    /// A segment that does not stand in it: every field is empty.
    pub fn no_fields(&self) -> Fields<'a> {
        Fields { parts: Vec::new(), encoding: self.encoding }
    }

    /// The whole message as text, for keeping it; of one in part, its segments.
    pub fn text(&self) -> String {
        if self.in_part {
            return self.segments().map(|segment| segment.text()).collect::<Vec<_>>().join("\r");
        }
        self.encoding.charset.decode(self.bytes).0.into_owned()
    }
}

/// One segment.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    bytes: &'a [u8],
    byte_offset: usize,
    lines_before: usize,
    broken: bool,
    encoding: Encoding,
}

impl<'a> Segment<'a> {
    /// Its name: three upper-case letters and digits. One of a segment that nobody knows stays as it is.
    pub fn name(&self) -> &'a str {
        let name = self.bytes.get(..3).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
        if !name.bytes().any(|b| b.is_ascii_lowercase()) {
            return name;
        }
        KNOWN.split(' ').find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name)
    }

    /// As it came, without its line end.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where it starts in the message, in bytes.
    pub fn byte_offset(&self) -> usize {
        self.byte_offset
    }

    /// How many lines of the message stand before it.
    pub fn lines_before(&self) -> usize {
        self.lines_before
    }

    /// A field of it went on in the next line.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Its text, for keeping it.
    pub fn text(&self) -> String {
        self.encoding.charset.decode(self.bytes).0.into_owned()
    }

    /// Its fields.
    pub fn fields(&self) -> Fields<'a> {
        let separator = self.encoding.delimiters.field;
        let mut parts: Vec<&[u8]> = Vec::with_capacity(40);
        let mut split = self.bytes.split(|b| *b == separator);
        parts.extend(split.next());
        if matches!(self.name(), "MSH" | "FHS" | "BHS") {
            // The separator itself is the first field of these three.
            parts.extend(self.bytes.get(3..4));
        }
        parts.extend(split);
        Fields { parts, encoding: self.encoding }
    }
}

/// The fields of one segment.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    /// The name, then the fields.
    parts: Vec<&'a [u8]>,
    encoding: Encoding,
}

impl<'a> Fields<'a> {
    /// The field of this number, counted from 1 as the standard does (MSH-1 is the separator). Empty when there is none.
    pub fn field(&self, number: usize) -> Value<'a> {
        let bytes = if number == 0 { None } else { self.parts.get(number).copied() };
        Value::new(bytes.unwrap_or_default(), self.encoding)
    }

    /// How many fields stand there.
    pub fn len(&self) -> usize {
        self.parts.len().saturating_sub(1)
    }

    /// No field stands there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The lines of a message, without their ends: CR, LF, or the two together.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut from = Some(0);
    std::iter::from_fn(move || {
        let start = from?;
        let rest = bytes.get(start..)?;
        let Some(length) = rest.iter().position(|b| matches!(b, b'\r' | b'\n')) else {
            from = None;
            return Some(start..bytes.len());
        };
        let end = start + length;
        let both = rest.get(length..length + 2) == Some(b"\r\n");
        from = Some(end + if both { 2 } else { 1 });
        Some(start..end)
    })
}

/// Segments of which something is made, for senders that write their names in lower case.
const KNOWN: &str = "MSH FHS BHS EVN PID PD1 NK1 PV1 PV2 MRG AL1 IAM DG1 PRB OBR OBX NTE ORC SPM TXA SCH RGS AIS AIG AIL AIP TQ1 RXA RXR SFT UAC";

/// Others of the standard's that stand in messages about somebody.
const OTHERS: &str = "ABS ACC ARV AUT BLG BTS CON CTD CTI DB1 DRG DSC ERR FT1 FTS GOL GP1 GP2 GT1 IN1 IN2 IN3 LAN MSA NPU ODS ODT \
                      PDA PR1 PRC PRD PRT PTH QAK QID QPD QRD QRF RF1 ROL RQ1 RQD RXC RXD RXE RXG RXO RXV SAC STF TQ2 UB1 UB2 VAR";

/// Nothing, or what fills a block that a message did not.
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|b| b.is_ascii_whitespace() || *b == 0)
}

/// Spaces and tabs that a line begins with.
pub(crate) fn blanks_before(line: &[u8]) -> usize {
    line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// The line begins with the name of a segment: three letters or digits, upper-case, and then nothing or a separator; or
/// lower-case, and then a separator, where a word would be followed by something else. Behind blanks, where text goes on more
/// often, only a name that is known or a sender's own.
fn names_a_segment(line: &[u8], separator: u8, behind_blanks: bool) -> bool {
    line.split_at_checked(3).is_some_and(|(name, rest)| match rest.first() {
        None => !behind_blanks && is_name(name) && !name.iter().any(u8::is_ascii_lowercase),
        Some(after) => *after == separator && is_name(name) && (!behind_blanks || is_known(name)),
    })
}

/// One of which something is made, another of the standard's, or a sender's own.
fn is_known(name: &[u8]) -> bool {
    name.first().is_some_and(|first| first.eq_ignore_ascii_case(&b'Z'))
        || KNOWN.split(' ').chain(OTHERS.split(' ')).any(|known| known.as_bytes().eq_ignore_ascii_case(name))
}

/// Letters of one case, and digits.
pub(crate) fn is_name(name: &[u8]) -> bool {
    let all = |letter: fn(&u8) -> bool| name.iter().all(|b| letter(b) || b.is_ascii_digit());
    all(u8::is_ascii_uppercase) || all(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(message: &[u8]) -> Vec<(String, usize, bool)> {
        let message = Message::parse(message).unwrap();
        message.segments().map(|s| (s.name().to_owned(), s.lines_before(), s.is_broken())).collect()
    }

    #[test]
    fn header_fields_are_counted_as_the_standard_does() {
        let message = Message::parse(b"MSH|^~\\&|APP|FAC|||2026||ADT^A01|ID\rPID|1").unwrap();
        let header = message.header();
        assert_eq!(header.field(1).bytes(), b"|");
        assert_eq!(header.field(2).bytes(), b"^~\\&");
        assert_eq!(header.field(3).bytes(), b"APP");
        assert_eq!(header.field(9).component(2).bytes(), b"A01");
        assert!(header.field(0).is_empty());
        assert!(header.field(99).is_empty());
    }

    #[test]
    fn any_line_end_ends_a_segment() {
        for end in ["\r", "\n", "\r\n"] {
            let message = ["MSH|^~\\&|A", "EVN|A01", "PID|1", ""].join(end);
            let names = names(message.as_bytes());
            assert_eq!(names.iter().map(|n| n.0.as_str()).collect::<Vec<_>>(), ["MSH", "EVN", "PID"]);
            assert_eq!(names.last().unwrap().1, 2);
        }
    }

    #[test]
    fn a_line_that_names_no_segment_goes_on_the_field_before_it() {
        let message = b"MSH|^~\\&|A\rOBX|1|TX|||line one\nline two|F\nObx|3\rPID|1\r";
        assert_eq!(names(message).iter().map(|n| n.2).collect::<Vec<_>>(), [false, true, false]);
        let message = Message::parse(message).unwrap();
        let obx = message.segments().nth(1).unwrap().fields();
        assert_eq!(obx.field(5).text().value, "line one\nline two");
        assert_eq!(obx.field(6).text().value, "F\nObx");
        assert_eq!(message.segments().nth(2).unwrap().byte_offset(), 48);
    }

    #[test]
    fn what_fills_a_block_is_no_part_of_the_last_field() {
        let message = b"MSH|^~\\&|A\rPID|1||7||DOE^JANE\r\0\0\0";
        assert_eq!(names(message).iter().map(|n| n.2).collect::<Vec<_>>(), [false, false]);
    }

    #[test]
    fn names_may_be_lower_case_and_lines_may_begin_with_blanks() {
        let message = b"msh|^~\\&|A\r  pid|1||7\r\tPV1|1\r zpd|x\robx|1|TX|||see\n  the ward\r";
        let names = names(message);
        assert_eq!(names.iter().map(|n| n.0.as_str()).collect::<Vec<_>>(), ["MSH", "PID", "PV1", "zpd", "OBX"]);
        let message = Message::parse(message).unwrap();
        assert_eq!(message.header().field(3).bytes(), b"A");
        let pid = message.segments().nth(1).unwrap();
        assert_eq!((pid.fields().field(3).bytes(), pid.byte_offset()), (&b"7"[..], 13));
        assert_eq!(message.segments().nth(4).unwrap().fields().field(5).text().value, "see\n  the ward");
    }

    #[test]
    fn a_line_of_three_letters_or_digits_behind_blanks_is_text() {
        let message = b"MSH|^~\\&|A\rOBX|1|TX|||systolic\n  120\n\tNIL|F\n  N/A\rZZZ\r";
        let names = names(message);
        assert_eq!(names.iter().map(|n| n.0.as_str()).collect::<Vec<_>>(), ["MSH", "OBX", "ZZZ"]);
        let message = Message::parse(message).unwrap();
        assert_eq!(message.segments().nth(1).unwrap().fields().field(5).text().value, "systolic\n  120\n\tNIL");
        let message = Message::parse(b"MSH|^~\\&|A\n  PID|1||7||DOE^JANE\n  ROL|1|AD\n  GT1|1\n").unwrap();
        assert_eq!(message.segments().map(|segment| segment.name()).collect::<Vec<_>>(), ["MSH", "PID", "ROL", "GT1"]);
    }

    #[test]
    fn too_many_segments_are_refused() {
        let message = format!("MSH|^~\\&|A\r{}", "ZZZ|1\r".repeat(SEGMENTS_MAX));
        assert_eq!(Message::parse(message.as_bytes()).unwrap_err(), ParseError::TooManySegments);
    }

    #[test]
    fn deleted_is_not_absent() {
        let message = Message::parse(b"MSH|^~\\&|A\rPID|\"\"||\"\"^\"\"|\"\"^x|^|a~\"\"").unwrap();
        let pid = message.segments().nth(1).unwrap().fields();
        let deleted: Vec<bool> = (1..=6).map(|n| pid.field(n).is_deleted()).collect();
        assert_eq!(deleted, [true, false, true, false, false, false]);
        assert!(pid.field(1).text().value.is_empty());
    }
}
