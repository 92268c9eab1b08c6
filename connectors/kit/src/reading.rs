//! What reading one value gives: the value as far as it can be told, and what is odd about it.

use proto::events::{Finding, FindingCode};

/// A value read from a source, with at most one finding about it. A blank gives neither.
#[derive(Clone, PartialEq, Debug)]
pub struct Read<T> {
    /// The value; `None` when the source has none or it cannot be told.
    pub value: Option<T>,
    /// What is wrong with it.
    pub finding: Option<Finding>,
}

impl<T> Read<T> {
    /// Nothing stood there.
    pub fn blank() -> Self {
        Self { value: None, finding: None }
    }

    /// A value with nothing odd about it.
    pub fn of(value: T) -> Self {
        Self { value: Some(value), finding: None }
    }

    /// A value with something odd about it.
    pub fn odd(value: T, code: FindingCode, field: &str) -> Self {
        Self { value: Some(value), finding: Some(finding(code, field)) }
    }

    /// Something stood there and cannot be told.
    pub fn unreadable(code: FindingCode, field: &str) -> Self {
        Self { value: None, finding: Some(finding(code, field)) }
    }

    /// The value, with its finding put on the list.
    pub fn keep(self, findings: &mut Vec<Finding>) -> Option<T> {
        findings.extend(self.finding);
        self.value
    }

    /// The same reading of another type.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Read<U> {
        Read { value: self.value.map(change), finding: self.finding }
    }
}

/// A finding that breaks no published rule.
pub fn finding(code: FindingCode, field: &str) -> Finding {
    Finding { code: code.into(), field: field.to_owned(), rule: None }
}

/// A finding that breaks the published rule of this name: "cin/1510".
pub fn finding_of_rule(code: FindingCode, field: &str, rule: &str) -> Finding {
    Finding { rule: Some(rule.to_owned()), ..finding(code, field) }
}

/// What databases, data frames and spreadsheets write where there is nothing. As a whole cell it is none.
pub fn is_null(text: &str) -> bool {
    let text = text.trim();
    let written = ["", "null", "none", "nan", "nat", "<na>", "pd.na", "#n/a"];
    written.iter().any(|null| text.eq_ignore_ascii_case(null))
}

/// `True`, `1`, `1.0`, `Y` and their opposites: exports have been through spreadsheets and data frames.
pub fn boolean(text: &str, field: &str) -> Read<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" => Read::blank(),
        "1" | "1.0" | "true" | "t" | "yes" | "y" => Read::of(true),
        "0" | "0.0" | "false" | "f" | "no" | "n" => Read::of(false),
        _ => Read::unreadable(FindingCode::ValueMalformed, field),
    }
}

/// A whole number, also where a data frame wrote it as `139.0`.
pub fn integer(text: &str, field: &str) -> Read<i64> {
    let text = text.trim();
    if text.is_empty() {
        return Read::blank();
    }
    match without_zero_fraction(text).parse() {
        Ok(number) => Read::of(number),
        Err(_) => Read::unreadable(FindingCode::ValueMalformed, field),
    }
}

/// `139.0` and `139.00` as `139`; anything else as it is.
pub(crate) fn without_zero_fraction(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, fraction)) if !whole.is_empty() && !fraction.is_empty() && fraction.bytes().all(|b| b == b'0') => {
            whole
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_come_in_many_spellings() {
        for yes in ["1", "True", "true", "1.0", " Y "] {
            assert_eq!(boolean(yes, "f"), Read::of(true), "{yes}");
        }
        for no in ["0", "False", "false", "0.0", "n"] {
            assert_eq!(boolean(no, "f"), Read::of(false), "{no}");
        }
        assert_eq!(boolean("  ", "f"), Read::blank());
        assert_eq!(boolean("2", "f").finding.unwrap().code(), FindingCode::ValueMalformed);
    }

    #[test]
    fn integers_may_have_been_floats() {
        assert_eq!(integer("139.0", "sessions"), Read::of(139));
        assert_eq!(integer(" 7 ", "sessions"), Read::of(7));
        assert_eq!(integer("-2", "sessions"), Read::of(-2));
        assert_eq!(integer("", "sessions"), Read::blank());
        for bad in ["1.5", "x", ".0", "1.", "1e3"] {
            assert_eq!(integer(bad, "sessions").value, None, "{bad}");
            assert_eq!(integer(bad, "sessions").finding.unwrap().field, "sessions");
        }
    }
}
