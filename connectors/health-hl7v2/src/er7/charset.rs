//! MSH-18: which characters the bytes stand for.

use std::borrow::Cow;

use encoding_rs::{
    Encoding, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_15,
    WINDOWS_1252, WINDOWS_1254,
};

/// How the bytes of one message are read as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Charset {
    /// UTF-8, of which ASCII is a part.
    Utf8,
    /// Of one byte each. Windows-1252 holds all that ISO 8859-1 prints.
    Single(&'static Encoding),
}

impl Charset {
    pub(super) const WINDOWS_1252: Self = Self::Single(WINDOWS_1252);
}

/// The charset of a message, and whether the message said otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Told {
    pub(super) charset: Charset,
    /// MSH-18 names a set that this reader does not know, or that the bytes are not of.
    pub(super) contradicted: bool,
}

impl Charset {
    /// What MSH-18 (its first repetition) means for these bytes. Whatever is not valid UTF-8 is read as Windows-1252.
    pub(super) fn of(stated: &[u8], bytes: &[u8]) -> Told {
        let by_bytes = if std::str::from_utf8(bytes).is_ok() { Self::Utf8 } else { Self::WINDOWS_1252 };
        let told = |charset, agrees: bool| Told { charset, contradicted: !agrees };
        match stated.trim_ascii().to_ascii_uppercase().as_slice() {
            b"" => told(by_bytes, true),
            b"ASCII" | b"US-ASCII" | b"ISO IR6" => told(by_bytes, bytes.is_ascii()),
            // Whoever brought the message may have written it anew: UTF-16 is read as text before this.
            b"UNICODE UTF-8" | b"UTF-8" | b"UTF8" | b"UNICODE" | b"UNICODE UTF-16" | b"UTF-16" => {
                told(by_bytes, by_bytes == Self::Utf8)
            }
            b"WINDOWS-1252" | b"CP1252" => told(Self::WINDOWS_1252, true),
            other => match part_of_8859(other) {
                Some(encoding) => told(Self::Single(encoding), true),
                None => told(by_bytes, false),
            },
        }
    }

    /// The text of these bytes, and whether some of them were not of this set.
    pub(super) fn decode(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        match (self, std::str::from_utf8(bytes)) {
            (Self::Utf8, Ok(text)) => (Cow::Borrowed(text), false),
            (Self::Utf8, Err(_)) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, true),
            (Self::Single(encoding), _) => encoding.decode_without_bom_handling(bytes),
        }
    }
}

/// Which part of ISO 8859 is named (table 0211): `8859/1`, `8859-1`, `ISO-8859-1`, `ISO 8859/1`.
fn part_of_8859(stated: &[u8]) -> Option<&'static Encoding> {
    let named = stated.strip_prefix(b"ISO").map_or(stated, |rest| rest.get(1..).unwrap_or_default());
    Some(match named.strip_prefix(b"8859")?.get(1..)? {
        b"1" => WINDOWS_1252,
        b"2" => ISO_8859_2,
        b"3" => ISO_8859_3,
        b"4" => ISO_8859_4,
        b"5" => ISO_8859_5,
        b"6" => ISO_8859_6,
        b"7" => ISO_8859_7,
        b"8" => ISO_8859_8,
        b"9" => WINDOWS_1254,
        b"15" => ISO_8859_15,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_is_held_against_the_bytes() {
        for (stated, bytes, charset, contradicted) in [
            ("", "é".as_bytes(), Charset::Utf8, false),
            ("", b"\xe9", Charset::WINDOWS_1252, false),
            ("ASCII", b"e", Charset::Utf8, false),
            ("ASCII", "é".as_bytes(), Charset::Utf8, true),
            ("UNICODE UTF-8", "é".as_bytes(), Charset::Utf8, false),
            ("UNICODE UTF-8", b"\xe9", Charset::WINDOWS_1252, true),
            ("8859/1", b"\xe9", Charset::WINDOWS_1252, false),
            ("GB 18030-2000", b"e", Charset::Utf8, true),
            ("ISO-8859-1", b"\xe9", Charset::WINDOWS_1252, false),
            ("8859/15", b"\xa4", Charset::Single(ISO_8859_15), false),
            ("iso 8859/2", b"\xb1", Charset::Single(ISO_8859_2), false),
            ("8859/99", b"e", Charset::Utf8, true),
            ("UNICODE UTF-16", "é".as_bytes(), Charset::Utf8, false),
        ] {
            assert_eq!(Charset::of(stated.as_bytes(), bytes), Told { charset, contradicted }, "{stated}");
        }
    }
}
