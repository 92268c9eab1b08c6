//! MSH-1 and MSH-2: every message says which characters divide it.

use super::is_name;

/// The characters that divide one message. Those that MSH-2 does not name are not used in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delimiters {
    /// MSH-1.
    pub field: u8,
    /// MSH-2, first.
    pub component: u8,
    /// MSH-2, second.
    pub repetition: Option<u8>,
    /// MSH-2, third.
    pub escape: Option<u8>,
    /// MSH-2, fourth.
    pub subcomponent: Option<u8>,
    /// MSH-2, fifth, from version 2.7: ends a value that was cut short.
    pub truncation: Option<u8>,
}

/// A message whose MSH-1 or MSH-2 cannot divide anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DelimitersError {
    /// No MSH segment, or nothing after its name.
    #[error("the message does not start with an MSH segment")]
    NotMsh,
    /// MSH-1 is a letter, a digit, a control character or not ASCII.
    #[error("MSH-1 is no usable field separator")]
    FieldSeparator,
    /// MSH-2 is empty, longer than five characters, or names a character that cannot divide.
    #[error("MSH-2 is no usable list of encoding characters")]
    EncodingCharacters,
    /// Two of them are the same character.
    #[error("MSH-1 and MSH-2 name one character twice")]
    Repeated,
}

impl Delimiters {
    /// `|^~\&`, what nearly every feed uses.
    pub const USUAL: Self = Self {
        field: b'|',
        component: b'^',
        repetition: Some(b'~'),
        escape: Some(b'\\'),
        subcomponent: Some(b'&'),
        truncation: None,
    };

    /// Reads them from the start of an MSH, FHS or BHS segment.
    ///
    /// `^~\\&` is read as `^~\&`: a backslash that was doubled on its way through a program's string literal, which is
    /// commoner than a truncation character of `&`.
    ///
    /// # Errors
    /// [`DelimitersError`].
    pub fn of_header(segment: &[u8]) -> Result<Self, DelimitersError> {
        let Some((name, rest)) = segment.split_at_checked(3) else { return Err(DelimitersError::NotMsh) };
        if !is_name(name) || ![b"MSH", b"FHS", b"BHS"].iter().any(|header| name.eq_ignore_ascii_case(*header)) {
            return Err(DelimitersError::NotMsh);
        }
        let (&field, rest) = rest.split_first().ok_or(DelimitersError::NotMsh)?;
        if !divides(field) {
            return Err(DelimitersError::FieldSeparator);
        }
        let end = rest.iter().position(|b| *b == field || matches!(b, b'\r' | b'\n')).unwrap_or(rest.len());
        let named = rest.get(..end).unwrap_or_default();
        let unusable = Err(DelimitersError::EncodingCharacters);
        let (component, others) = match named {
            [component, repetition, escape, doubled, subcomponent] if escape == doubled && escape == &b'\\' => {
                (*component, [Some(*repetition), Some(*escape), Some(*subcomponent), None])
            }
            [component, others @ ..] if others.len() <= 4 => {
                let nth = |at: usize| others.get(at).copied();
                (*component, [nth(0), nth(1), nth(2), nth(3)])
            }
            _ => return unusable,
        };
        let [repetition, escape, subcomponent, truncation] = others;
        let delimiters = Self { field, component, repetition, escape, subcomponent, truncation };
        if !delimiters.all().all(divides) {
            return unusable;
        }
        let mut seen: Vec<u8> = delimiters.all().collect();
        seen.sort_unstable();
        if !seen.is_sorted_by(|a, b| a < b) {
            return Err(DelimitersError::Repeated);
        }
        Ok(delimiters)
    }

    /// Those that are used, field separator first, in the order of MSH-1 and MSH-2.
    pub fn all(self) -> impl Iterator<Item = u8> {
        let others = [self.repetition, self.escape, self.subcomponent, self.truncation];
        [Some(self.field), Some(self.component)].into_iter().chain(others).flatten()
    }

    /// MSH-2 as text.
    pub fn encoding_characters(self) -> String {
        self.all().skip(1).map(char::from).collect()
    }
}

/// Printable ASCII that is neither letter nor digit. A quotation mark is not, because `""` means "delete".
fn divides(byte: u8) -> bool {
    byte.is_ascii_punctuation() && byte != b'"'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_has_its_own() {
        for (header, all) in [
            ("MSH|^~\\&|A", "|^~\\&"),
            ("MSH|^~\\\\&|A", "|^~\\&"),
            ("MSH|^~\\&#|A", "|^~\\&#"),
            ("MSH@~&#\\@A", "@~&#\\"),
            ("MSH*%$!?*A", "*%$!?"),
            ("MSH|^~\\`|A", "|^~\\`"),
            ("MSH|^~|A", "|^~"),
            ("MSH|^|A", "|^"),
            ("MSH|^~\\&\rPID|1", "|^~\\&"),
            ("BHS|^~\\&|A", "|^~\\&"),
        ] {
            let read = Delimiters::of_header(header.as_bytes()).unwrap();
            assert_eq!(read.all().map(char::from).collect::<String>(), all, "{header}");
        }
    }

    #[test]
    fn what_cannot_divide_is_refused() {
        for (header, error) in [
            ("PID|1", DelimitersError::NotMsh),
            ("Msh|^~\\&|A", DelimitersError::NotMsh),
            ("MSH", DelimitersError::NotMsh),
            ("MSHA^~\\&A", DelimitersError::FieldSeparator),
            ("MSH\r", DelimitersError::FieldSeparator),
            ("MSH||A", DelimitersError::EncodingCharacters),
            ("MSH|^~\\&#!|A", DelimitersError::EncodingCharacters),
            ("MSH|^~x&|A", DelimitersError::EncodingCharacters),
            ("MSH|^~\\\"|A", DelimitersError::EncodingCharacters),
            ("MSH|^^\\&|A", DelimitersError::Repeated),
            ("MSH|^~^|A", DelimitersError::Repeated),
        ] {
            assert_eq!(Delimiters::of_header(header.as_bytes()), Err(error), "{header}");
        }
    }
}
