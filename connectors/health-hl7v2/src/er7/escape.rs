//! Escape sequences, both ways. What is not one stays as it is.

use super::{Charset, Delimiters, Text};

/// The text of one value. Sequences that mean nothing, or that never close, pass through as they stand and are told.
pub(super) fn unescape<'a>(bytes: &'a [u8], delimiters: Delimiters, charset: Charset) -> Text<'a> {
    let Some(escape) = delimiters.escape.filter(|escape| bytes.contains(escape)) else {
        let (value, odd) = charset.decode(bytes);
        return Text { value, odd };
    };
    let mut out = Unescaped { text: String::with_capacity(bytes.len()), odd: false, charset };
    let mut rest = bytes;
    while let Some(opens) = rest.iter().position(|b| *b == escape) {
        let (before, from_escape) = rest.split_at(opens);
        out.verbatim(before);
        let after = from_escape.get(1..).unwrap_or_default();
        let sequence = after.iter().position(|b| *b == escape).and_then(|closes| after.get(..closes));
        let taken = sequence.and_then(|sequence| {
            let taken = from_escape.get(..sequence.len() + 2)?;
            match meaning(sequence, delimiters)? {
                Meaning::Delimiter(byte) => out.text.push(char::from(byte)),
                Meaning::Layout(text) => out.text.push_str(&text),
                Meaning::Bytes(decoded) => out.verbatim(&decoded),
                Meaning::Kept => {
                    out.verbatim(taken);
                    out.odd = true;
                }
            }
            Some(taken.len())
        });
        // An escape character that opens nothing stands for itself; the next one may still open something.
        let taken = taken.unwrap_or_else(|| {
            out.text.push(char::from(escape));
            out.odd = true;
            1
        });
        rest = from_escape.get(taken..).unwrap_or_default();
    }
    out.verbatim(rest);
    Text { value: out.text.into(), odd: out.odd }
}

struct Unescaped {
    text: String,
    odd: bool,
    charset: Charset,
}

impl Unescaped {
    fn verbatim(&mut self, bytes: &[u8]) {
        let (text, odd) = self.charset.decode(bytes);
        self.text.push_str(&text);
        self.odd |= odd;
    }
}

enum Meaning {
    Delimiter(u8),
    Layout(String),
    Bytes(Vec<u8>),
    /// Of a known shape, but nothing that plain text can show: local sequences and charset switches.
    Kept,
}

/// Lines or spaces that one layout command may ask for; more is nobody's layout.
const LAYOUT_REPEATS_MAX: usize = 99;

fn meaning(sequence: &[u8], delimiters: Delimiters) -> Option<Meaning> {
    let delimiter = |byte: Option<u8>| byte.map(Meaning::Delimiter);
    match sequence {
        b"F" => delimiter(Some(delimiters.field)),
        b"S" => delimiter(Some(delimiters.component)),
        b"R" => delimiter(delimiters.repetition),
        b"E" => delimiter(delimiters.escape),
        b"T" => delimiter(delimiters.subcomponent),
        b"P" => delimiter(delimiters.truncation),
        b"H" | b"N" => Some(Meaning::Layout(String::new())),
        // Two escape characters side by side: a path, or a sequence that was escaped twice.
        b"" => Some(Meaning::Kept),
        [b'X', hex @ ..] => bytes_of_hex(hex).map(Meaning::Bytes),
        [b'.', command @ ..] => layout(command).map(Meaning::Layout),
        [b'C' | b'M' | b'Z', code @ ..] if !code.is_empty() && code.iter().all(u8::is_ascii_alphanumeric) => {
            Some(Meaning::Kept)
        }
        _ => None,
    }
}

fn bytes_of_hex(hex: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, odd) = hex.as_chunks::<2>();
    if pairs.is_empty() || !odd.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// Layout commands of formatted text, as far as plain text can follow them.
fn layout(command: &[u8]) -> Option<String> {
    let (name, argument) = command.split_at_checked(2)?;
    let count = match argument {
        b"" => 1,
        digits => std::str::from_utf8(digits).ok()?.trim_start_matches('+').parse::<i32>().ok()?,
    };
    let repeats = usize::try_from(count).unwrap_or(0).min(LAYOUT_REPEATS_MAX);
    match (name, argument) {
        (b"br" | b"ce", b"") => Some("\n".to_owned()),
        (b"sp", _) => Some("\n".repeat(repeats)),
        (b"sk", _) => Some(" ".repeat(repeats)),
        (b"in" | b"ti", _) | (b"fi" | b"nf", b"") => Some(String::new()),
        _ => None,
    }
}

/// The text as it must stand in a message with these delimiters: [`Value::text`](super::Value::text) gives it back. Line
/// ends become hexadecimal, since they would end the segment. A delimiter that cannot be escaped, because the
/// message names no escape character, becomes a space.
pub fn escape(text: &str, delimiters: Delimiters) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let byte = u8::try_from(c).unwrap_or(0);
        let name = match Some(byte) {
            _ if !c.is_ascii() || c == '\0' => None,
            stands if stands == Some(delimiters.field) => Some("F"),
            stands if stands == Some(delimiters.component) => Some("S"),
            stands if stands == delimiters.repetition => Some("R"),
            stands if stands == delimiters.escape => Some("E"),
            stands if stands == delimiters.subcomponent => Some("T"),
            stands if stands == delimiters.truncation => Some("P"),
            Some(b'\n') => Some("X0A"),
            Some(b'\r') => Some("X0D"),
            _ => None,
        };
        match (name, delimiters.escape) {
            (None, _) => out.push(c),
            (Some(name), Some(escape)) => {
                out.push(char::from(escape));
                out.push_str(name);
                out.push(char::from(escape));
            }
            (Some(_), None) => out.push(' '),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> (String, bool) {
        let told = unescape(bytes, Delimiters::USUAL, Charset::Utf8);
        (told.value.into_owned(), told.odd)
    }

    #[test]
    fn what_means_something_is_decoded() {
        for (written, meant) in [
            (r"Smith\F\Jones", "Smith|Jones"),
            (r"a\S\b\T\c\R\d\E\e", r"a^b&c~d\e"),
            (r"ends in one\E\", r"ends in one\"),
            (r"\X0D0A\", "\r\n"),
            (r"\XC3A9\", "é"),
            (r"one\.br\two", "one\ntwo"),
            (r"\.in\a\.sp\b\.ce\c\.fi\d\.nf\e", "a\nb\ncde"),
            (r"\.sp2\a\.sk3\b\.in+4\c\.ti-2\d", "\n\na   bcd"),
            (r"Critical \H\value\N\ here", "Critical value here"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(text(written.as_bytes()), (meant.to_owned(), false), "{written}");
        }
    }

    #[test]
    fn what_means_nothing_stays_and_is_told() {
        for written in [
            r"4\5 re.",
            r"text \Z99\ embedded",
            r"\C2842\\M824041\switch",
            r"\\server\share",
            r"\\E\\",
            r"\X0\",
            r"\X\",
            r"\XGG\",
            r"\.zz\",
            r"\.\",
            r"\P\",
            r"\f\",
            r"\",
        ] {
            assert_eq!(text(written.as_bytes()), (written.to_owned(), true), "{written}");
        }
    }

    #[test]
    fn a_lone_escape_character_hides_no_sequence_after_it() {
        assert_eq!(text(br"4\5 re. A\T\E"), (r"4\5 re. A&E".to_owned(), true));
    }

    #[test]
    fn hexadecimal_of_another_charset_is_read_and_told() {
        assert_eq!(text(br"Ren\XE9\e"), ("Renée".to_owned(), true));
        let told = unescape(br"Ren\XE9\e", Delimiters::USUAL, Charset::WINDOWS_1252);
        assert_eq!((told.value.as_ref(), told.odd), ("Renée", false));
    }

    #[test]
    fn a_layout_command_cannot_ask_for_a_page() {
        assert_eq!(text(br"\.sp2000000000\").0.len(), LAYOUT_REPEATS_MAX);
    }

    #[test]
    fn without_an_escape_character_nothing_is_escaped() {
        let plain = Delimiters { escape: None, subcomponent: None, ..Delimiters::USUAL };
        assert_eq!(escape("a|b^c\\d&e\r", plain), "a b c\\d&e ");
    }
}
