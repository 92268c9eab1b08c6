//! MSH-18: which characters the bytes stand for.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// How the bytes of one message are read as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Charset {
    /// UTF-8, of which ASCII is a part.
    Utf8,
    /// Windows-1252, which holds all that ISO 8859-1 prints. Every byte has a reading.
    Windows1252,
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
        let by_bytes = if std::str::from_utf8(bytes).is_ok() { Self::Utf8 } else { Self::Windows1252 };
        let told = |charset, agrees: bool| Told { charset, contradicted: !agrees };
        match stated.trim_ascii().to_ascii_uppercase().as_slice() {
            b"" => told(by_bytes, true),
            b"ASCII" | b"US-ASCII" | b"ISO IR6" => told(by_bytes, bytes.is_ascii()),
            b"UNICODE UTF-8" | b"UTF-8" | b"UTF8" => told(by_bytes, by_bytes == Self::Utf8),
            b"8859/1" | b"8859-1" | b"ISO-8859-1" | b"8859/15" | b"WINDOWS-1252" => told(Self::Windows1252, true),
            _ => told(by_bytes, false),
        }
    }

    /// The text of these bytes, and whether some of them were not of this set.
    pub(super) fn decode(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        match (self, std::str::from_utf8(bytes)) {
            (Self::Utf8, Ok(text)) => (Cow::Borrowed(text), false),
            (Self::Utf8, Err(_)) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, true),
            (Self::Windows1252, _) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_is_held_against_the_bytes() {
        for (stated, bytes, charset, contradicted) in [
            ("", "é".as_bytes(), Charset::Utf8, false),
            ("", b"\xe9", Charset::Windows1252, false),
            ("ASCII", b"e", Charset::Utf8, false),
            ("ASCII", "é".as_bytes(), Charset::Utf8, true),
            ("UNICODE UTF-8", "é".as_bytes(), Charset::Utf8, false),
            ("UNICODE UTF-8", b"\xe9", Charset::Windows1252, true),
            ("8859/1", b"\xe9", Charset::Windows1252, false),
            ("GB 18030-2000", b"e", Charset::Utf8, true),
        ] {
            assert_eq!(Charset::of(stated.as_bytes(), bytes), Told { charset, contradicted }, "{stated}");
        }
    }
}
