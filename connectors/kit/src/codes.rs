//! Code lists that change from year to year.
//!
//! A code of another year is read with a finding, and so is one that no year knows: a council that is a year behind still
//! has its records.

use proto::events::{Coded, Finding, FindingCode};

use crate::reading::{Read, finding};

/// Longest unknown code that is kept.
const CODE_CHARS_MAX: usize = 64;

/// A code list with the years in which each code is in use.
#[derive(Clone, Copy, Debug)]
pub struct CodeList {
    /// "collection.field": "cin.referral_source".
    pub name: &'static str,
    /// The codes, of all years.
    pub codes: &'static [Code],
}

/// A code, and when it is in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code {
    /// As the collection writes it.
    pub code: &'static str,
    /// The collection's first year with it; 0 from the beginning.
    pub first_year: u16,
    /// The last; `u16::MAX` for as long as is known.
    pub last_year: u16,
}

impl Code {
    /// In use every year.
    pub const fn always(code: &'static str) -> Self {
        Self { code, first_year: 0, last_year: u16::MAX }
    }

    /// In use from this year on.
    pub const fn since(code: &'static str, first_year: u16) -> Self {
        Self { code, first_year, last_year: u16::MAX }
    }

    /// In use up to this year, which still has it.
    pub const fn until(code: &'static str, last_year: u16) -> Self {
        Self { code, first_year: 0, last_year }
    }

    /// In use in these years, both included.
    pub const fn between(code: &'static str, first_year: u16, last_year: u16) -> Self {
        Self { code, first_year, last_year }
    }

    fn is_of(&self, year: u16) -> bool {
        (self.first_year..=self.last_year).contains(&year)
    }
}

impl CodeList {
    /// Reads a code of the collection's `year`. Letter case does not matter; a code that the list does not hold is kept as
    /// it came.
    pub fn read(&self, text: &str, year: u16, field: &str) -> Read<Coded> {
        let text = text.trim();
        if text.is_empty() {
            return Read::blank();
        }
        let mut of_other_year = None;
        for code in self.codes.iter().filter(|code| code.code.eq_ignore_ascii_case(text)) {
            if code.is_of(year) {
                return Read::of(self.coded(code.code.to_owned(), year));
            }
            of_other_year = Some(code.code);
        }
        match of_other_year {
            Some(code) => Read::odd(self.coded(code.to_owned(), year), FindingCode::CodeOfOtherYear, field),
            None => {
                let kept = text.chars().take(CODE_CHARS_MAX).collect();
                Read::odd(self.coded(kept, year), FindingCode::CodeUnknown, field)
            }
        }
    }

    /// The same, its finding put on the list.
    pub fn keep(&self, text: &str, year: u16, field: &str, findings: &mut Vec<Finding>) -> Option<Coded> {
        self.read(text, year, field).keep(findings)
    }

    fn coded(&self, code: String, year: u16) -> Coded {
        Coded { code, code_set: format!("{}/{year}", self.name), text: None }
    }
}

/// A code of a list that is not the collection's to change and of which we hold no table: kept as it came.
pub fn unlisted(text: &str, code_set: &str) -> Option<Coded> {
    let text = text.trim();
    let code = text.chars().take(CODE_CHARS_MAX).collect();
    (!text.is_empty()).then(|| Coded { code, code_set: code_set.to_owned(), text: None })
}

/// A finding on a coded field that should have been filled.
pub fn missing(field: &str) -> Finding {
    finding(FindingCode::FieldMissing, field)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACEMENT: CodeList = CodeList {
        name: "ssda903.placement",
        codes: &[
            Code::always("U1"),
            Code::until("H5", 2024),
            Code::since("K3", 2025),
            Code::between("Q1", 2010, 2012),
            Code::since("Q1", 2020),
        ],
    };

    #[test]
    fn codes_by_year() {
        for (text, year, code, finding) in [
            ("U1", 2025, "U1", None),
            (" u1 ", 2025, "U1", None),
            ("H5", 2024, "H5", None),
            ("H5", 2025, "H5", Some(FindingCode::CodeOfOtherYear)),
            ("K3", 2024, "K3", Some(FindingCode::CodeOfOtherYear)),
            ("K3", 2030, "K3", None),
            ("Q1", 2011, "Q1", None),
            ("Q1", 2015, "Q1", Some(FindingCode::CodeOfOtherYear)),
            ("Q1", 2021, "Q1", None),
            ("x9", 2025, "x9", Some(FindingCode::CodeUnknown)),
        ] {
            let read = PLACEMENT.read(text, year, "PLACE");
            let coded = read.value.unwrap();
            assert_eq!((coded.code.as_str(), read.finding.map(|f| f.code())), (code, finding), "{text} {year}");
            assert_eq!(coded.code_set, format!("ssda903.placement/{year}"));
        }
        assert_eq!(PLACEMENT.read(" ", 2025, "PLACE"), Read::blank());
    }

    #[test]
    fn an_unknown_code_is_kept_in_bounds() {
        assert_eq!(
            PLACEMENT.read(&"é".repeat(1000), 2025, "PLACE").value.unwrap().code.chars().count(),
            CODE_CHARS_MAX
        );
    }
}
