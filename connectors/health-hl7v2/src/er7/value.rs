//! A field, or a part of one.

use std::borrow::Cow;

use super::escape::unescape;
use super::message::Encoding;

/// A field, a repetition, a component or a subcomponent: bytes, and how the message divides and encodes them.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
}

/// A value as text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text<'a> {
    /// With its escapes decoded.
    pub value: Cow<'a, str>,
    /// Something in it could not be decoded and stands as it came, or is not of the stated charset.
    pub odd: bool,
}

impl<'a> Value<'a> {
    pub(super) fn new(bytes: &'a [u8], encoding: Encoding) -> Self {
        Self { bytes, encoding }
    }

    /// As it came.
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Nothing stands there: the sender says nothing of it. `""` is not empty.
    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// `""`, by itself or in every part that is not empty: the sender says to delete what was there.
    pub fn is_deleted(self) -> bool {
        let delimiters = self.encoding.delimiters;
        let divider = |b: &u8| {
            *b == delimiters.component || Some(*b) == delimiters.repetition || Some(*b) == delimiters.subcomponent
        };
        let mut parts = self.bytes.split(divider).filter(|part| !part.is_empty()).peekable();
        parts.peek().is_some() && parts.all(|part| part == b"\"\"")
    }

    /// Its repetitions, in order. An empty value has none.
    pub fn repetitions(self) -> impl Iterator<Item = Self> {
        let divider = self.encoding.delimiters.repetition;
        self.bytes.split(move |b| Some(*b) == divider).filter(|part| !part.is_empty()).map(move |part| self.part(part))
    }

    /// Its first repetition.
    pub fn first(self) -> Self {
        self.repetitions().next().unwrap_or(self.part(&[]))
    }

    /// The component of this number, counted from 1. Empty when there is none.
    pub fn component(self, number: usize) -> Self {
        self.nth(number, Some(self.encoding.delimiters.component))
    }

    /// The subcomponent of this number, counted from 1. Empty when there is none.
    pub fn subcomponent(self, number: usize) -> Self {
        self.nth(number, self.encoding.delimiters.subcomponent)
    }

    fn nth(self, number: usize, divider: Option<u8>) -> Self {
        let part = match (number.checked_sub(1), divider) {
            (Some(before), Some(divider)) => self.bytes.split(|b| *b == divider).nth(before),
            (Some(0), None) => Some(self.bytes),
            _ => None,
        };
        self.part(part.unwrap_or_default())
    }

    fn part(self, bytes: &'a [u8]) -> Self {
        Self { bytes, encoding: self.encoding }
    }

    /// As text, escapes decoded, without the blanks around it. `""` is empty text.
    pub fn text(self) -> Text<'a> {
        let bytes = self.bytes.trim_ascii();
        let bytes = if bytes == b"\"\"" { &[] } else { bytes };
        unescape(bytes, self.encoding.delimiters, self.encoding.charset)
    }
}
