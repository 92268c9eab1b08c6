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
            None => Read::odd(self.coded(bounded(text), year), FindingCode::CodeUnknown, field),
        }
    }

    /// The same of a code that may have its words behind it: `X1: Episode ceases`, `N1 - Abuse or neglect`; and of a sex in words.
    /// That is told.
    pub fn read_leading(&self, text: &str, year: u16, field: &str) -> Read<Coded> {
        let read = self.read(text, year, field);
        let is_unknown = |read: &Read<Coded>| {
            read.finding.as_ref().is_some_and(|finding| finding.code() == FindingCode::CodeUnknown)
        };
        if !is_unknown(&read) {
            return read;
        }
        let leading = before_words(text).map(|code| self.read(code, year, field)).filter(|read| !is_unknown(read));
        match leading {
            Some(Read { value: Some(coded), finding: None }) => Read::odd(coded, FindingCode::ValueMalformed, field),
            Some(leading) => leading,
            None => read,
        }
    }

    /// The same, its finding put on the list.
    pub fn keep_leading(&self, text: &str, year: u16, field: &str, findings: &mut Vec<Finding>) -> Option<Coded> {
        self.read_leading(text, year, field).keep(findings)
    }

    /// As [`Self::read`], its finding put on the list.
    pub fn keep(&self, text: &str, year: u16, field: &str, findings: &mut Vec<Finding>) -> Option<Coded> {
        self.read(text, year, field).keep(findings)
    }

    fn coded(&self, code: String, year: u16) -> Coded {
        // Every coded field of every event has one: written without the machinery of formatting.
        let mut code_set = String::with_capacity(self.name.len() + 6);
        code_set.push_str(self.name);
        code_set.push('/');
        push_digits(&mut code_set, year.into(), 1);
        Coded { code, code_set, text: None }
    }
}

/// The code of a cell that has its words behind it, or is the word for one.
fn before_words(text: &str) -> Option<&str> {
    match text.trim().to_ascii_lowercase().as_str() {
        "male" => return Some("M"),
        "female" => return Some("F"),
        _ => {}
    }
    let ends = [":", " - "].iter().filter_map(|mark| text.find(mark)).min()?;
    text.get(..ends).map(str::trim)
}

/// A number in decimal digits, at least so many.
pub(crate) fn push_digits(text: &mut String, number: u32, width: u32) {
    let digits = number.checked_ilog10().map_or(1, |log| log + 1).max(width);
    for place in (0..digits).rev() {
        let digit = number / 10u32.pow(place) % 10;
        text.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

/// A code of a list that is not the collection's to change and of which we hold no table: kept as it came.
pub fn unlisted(text: &str, code_set: &str) -> Option<Coded> {
    let text = text.trim();
    (!text.is_empty()).then(|| Coded { code: bounded(text), code_set: code_set.to_owned(), text: None })
}

/// As much of an unknown code as is kept.
fn bounded(text: &str) -> String {
    crate::text::start(text, CODE_CHARS_MAX)
}

/// The national list of ethnic groups, as schools and authorities return them: the twenty main groups and their extended codes.
pub const ETHNIC_GROUPS: [Code; 108] = all([
    "AAFR", "ABAN", "ABRI", "AIND", "AKAO", "AKPA", "AMPK", "ANEP", "AOPK", "AOTA", "AOTH", "APKN", "ASLT", "ASNL",
    "ASRO", "AWEL", "BAFR", "BANN", "BAOF", "BBRI", "BCON", "BCRB", "BEUR", "BGHA", "BNAM", "BNGN", "BOTB", "BOTH",
    "BSLN", "BSOM", "BSUD", "BWEL", "CHKC", "CHNE", "CMAL", "COCH", "CSNG", "CTWN", "MABL", "MACH", "MAOE", "MBCH",
    "MBOE", "MCOE", "MOTH", "MOTM", "MWAI", "MWAO", "MWAP", "MWAS", "MWBA", "MWBC", "MWCH", "MWOE", "NOBT", "OAFG",
    "OARA", "OEGY", "OFIL", "OIRN", "OIRQ", "OJPN", "OKOR", "OKRD", "OLAM", "OLEB", "OLIB", "OMAL", "OMRC", "OOEG",
    "OOTH", "OPOL", "ORAB", "OTHA", "OVIE", "OYEM", "REFU", "WALB", "WBOS", "WBRI", "WCOR", "WCRO", "WEEU", "WENG",
    "WEUR", "WGRC", "WGRE", "WGRK", "WIRI", "WIRT", "WITA", "WKOS", "WNIR", "WOTH", "WOTW", "WOWB", "WPOR", "WROG",
    "WROM", "WROO", "WROR", "WSCO", "WSER", "WTUC", "WTUK", "WTUR", "WWEL", "WWEU",
]);

const fn all<const N: usize>(codes: [&'static str; N]) -> [Code; N] {
    let mut list = [Code::always(""); N];
    let mut at = 0;
    while at < N {
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time, within the array's own length")]
        {
            list[at] = Code::always(codes[at]);
        }
        at += 1;
    }
    list
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
    fn a_code_with_its_words_behind_it_is_that_code() {
        const SEX: CodeList = CodeList { name: "x.sex", codes: &[Code::always("M"), Code::always("F")] };
        for (list, text, code, finding) in [
            (PLACEMENT, "U1 - Foster placement", "U1", Some(FindingCode::ValueMalformed)),
            (PLACEMENT, "u1: Foster placement", "U1", Some(FindingCode::ValueMalformed)),
            (PLACEMENT, "H5 - Home", "H5", Some(FindingCode::CodeOfOtherYear)),
            (PLACEMENT, "X9 - Elsewhere", "X9 - Elsewhere", Some(FindingCode::CodeUnknown)),
            (PLACEMENT, "U1", "U1", None),
            (SEX, "Female", "F", Some(FindingCode::ValueMalformed)),
            (PLACEMENT, "Female", "Female", Some(FindingCode::CodeUnknown)),
        ] {
            let read = list.read_leading(text, 2025, "PLACE");
            let found = read.finding.map(|finding| finding.code());
            assert_eq!((read.value.unwrap().code.as_str(), found), (code, finding), "{text}");
        }
    }

    #[test]
    fn numbers_are_written_as_they_are_formatted() {
        for (number, width) in [(0, 1), (7, 2), (10, 1), (2025, 1), (999, 4), (65_535, 1), (u32::MAX, 2)] {
            let mut text = String::from("x/");
            push_digits(&mut text, number, width);
            assert_eq!(text, format!("x/{number:0width$}", width = width as usize));
        }
    }

    #[test]
    fn an_unknown_code_is_kept_in_bounds() {
        assert_eq!(
            PLACEMENT.read(&"é".repeat(1000), 2025, "PLACE").value.unwrap().code.chars().count(),
            CODE_CHARS_MAX
        );
    }
}
