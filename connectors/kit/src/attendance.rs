//! Marks of a register: the national codes, and how a run of them is read.

use jiff::ToSpan as _;
use jiff::civil::{Date as Day, Weekday};
use proto::events::{Coded, Date, Finding, FindingCode};

use crate::codes::{Code, CodeList};
use crate::dates;
use crate::reading::finding;

const fn a(code: &'static str) -> Code {
    Code::always(code)
}

const fn since_2024(code: &'static str) -> Code {
    Code::since(code, 2024)
}

/// Attendance and absence codes, by the first calendar year of the school year: the list of 19 August 2024 and what it
/// replaced. H and J were allowed a while longer at one region's request.
pub const CODES: CodeList = CodeList {
    name: "dfe.attendance",
    codes: &[
        a("/"),
        a("\\"),
        a("B"),
        a("C"),
        since_2024("C1"),
        since_2024("C2"),
        a("D"),
        a("E"),
        a("G"),
        a("I"),
        since_2024("J1"),
        since_2024("K"),
        a("L"),
        a("M"),
        a("N"),
        a("O"),
        a("P"),
        since_2024("Q"),
        a("R"),
        a("S"),
        a("T"),
        a("U"),
        a("V"),
        a("W"),
        a("X"),
        Code::until("Y", 2023),
        since_2024("Y1"),
        since_2024("Y2"),
        since_2024("Y3"),
        since_2024("Y4"),
        since_2024("Y5"),
        since_2024("Y6"),
        since_2024("Y7"),
        a("Z"),
        a("#"),
        Code::until("F", 2023),
        Code::until("H", 2024),
        Code::until("J", 2024),
    ],
};

/// Where no mark was made.
const NO_MARK: [char; 3] = ['-', ' ', '.'];
/// The school was closed to everybody.
const CLOSED: &str = "#";

/// The first calendar year of the school year that a day is of. A school year begins with August.
pub fn school_year(on: &Date) -> u16 {
    let year = if on.month.unwrap_or(9) >= 8 { on.year } else { on.year - 1 };
    u16::try_from(year).unwrap_or(0)
}

/// Why a pupil was away in the years of the pandemic: sub-codes of X and I, which stood in registers and were returned as X and I.
const SUB_CODES: [&str; 11] = ["X01", "X02", "X03", "X04", "X05", "X06", "X07", "X08", "X09", "I01", "I02"];

/// The school years with them.
const SUB_CODE_YEARS: std::ops::RangeInclusive<u16> = 2019..=2021;

/// A mark, by the list of its day's school year. Nothing where no mark was made.
pub fn mark(text: &str, on: &Date, field: &str, findings: &mut Vec<Finding>) -> Option<Coded> {
    let text = text.trim();
    if text.is_empty() || text.chars().all(|mark| NO_MARK.contains(&mark)) {
        return None;
    }
    let year = school_year(on);
    let sub_code = SUB_CODES.into_iter().find(|code| code.eq_ignore_ascii_case(text));
    match sub_code.filter(|_| SUB_CODE_YEARS.contains(&year)).and_then(|code| Some((code, code.get(..1)?))) {
        Some((code, of)) => {
            let mark = CODES.keep(of, year, field, findings)?;
            Some(Coded { text: Some(code.to_owned()), ..mark })
        }
        None => CODES.keep(text, year, field, findings),
    }
}

/// The marks of one school day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayMarks<'m> {
    /// The day.
    pub on: Date,
    /// Its first session's mark as written.
    pub morning: &'m str,
    /// Its second's; "" where the run ends before it.
    pub afternoon: &'m str,
}

/// Reads a run of marks, two a weekday, from its first day on. A mark is one character, or two where a digit follows the
/// letter (C1, Y7), or three of a sub-code (X02), so that places in the run are no days. Days without any mark, and days on which the school was closed to
/// everybody, are left out. `None` where the first day is no day of a week's first five, or nobody can tell whether a space is a session
/// without a mark or stands between days.
pub fn days<'m>(marks: &'m str, from: &Date) -> Option<Vec<DayMarks<'m>>> {
    let (month, day) = (i8::try_from(from.month?).ok()?, i8::try_from(from.day?).ok()?);
    let mut on = Day::new(i16::try_from(from.year).ok()?, month, day).ok()?;
    if matches!(on.weekday(), Weekday::Saturday | Weekday::Sunday) {
        return None;
    }
    let tokens = run(marks)?;
    let mut days = Vec::with_capacity(tokens.len() / 2);
    for pair in tokens.chunks(2) {
        let (morning, afternoon) = (pair.first().copied().unwrap_or(""), pair.get(1).copied().unwrap_or(""));
        let said = [morning, afternoon].into_iter().any(|mark| !says_nothing(mark));
        let date =
            dates::date(on.year().into(), Some(on.month().unsigned_abs().into()), Some(on.day().unsigned_abs().into()));
        days.extend(date.filter(|_| said).map(|on| DayMarks { on, morning, afternoon }));
        let step = if on.weekday() == Weekday::Friday { 3 } else { 1 };
        on = on.checked_add(step.days()).ok()?;
    }
    Some(days)
}

/// The marks of a run, a session each. A space may be a session without a mark, or stand between days or weeks; white space of other
/// kinds only lays the text out. That `/` is of a morning and `\` of an afternoon tells which it is.
fn run(marks: &str) -> Option<Vec<&str>> {
    let apart: Vec<&str> = marks.split_whitespace().flat_map(tokens).collect();
    if !marks.contains(char::is_whitespace) {
        return Some(apart);
    }
    let is_laid_out = marks.chars().any(|c| c != ' ' && c.is_whitespace());
    if is_laid_out {
        return Some(apart).filter(|apart| fits(apart));
    }
    let spaced = tokens(marks);
    match (fits(&spaced), fits(&apart)) {
        (true, false) => Some(spaced),
        (false, true) => Some(apart),
        (false, false) => None,
        // One space between marks may be either; more of them, and those at an end, are sessions.
        (true, true) => {
            let inside = marks.trim_matches(' ');
            Some(spaced).filter(|_| !inside.contains(' ') || inside.contains("  "))
        }
    }
}

/// Whether no morning's mark stands in an afternoon, nor the other way round.
fn fits(run: &[&str]) -> bool {
    run.chunks(2).all(|day| day.first() != Some(&"\\") && day.get(1) != Some(&"/"))
}

fn says_nothing(mark: &str) -> bool {
    mark.is_empty() || mark == CLOSED || mark.chars().all(|mark| NO_MARK.contains(&mark))
}

/// The marks of a run, one after another.
fn tokens(marks: &str) -> Vec<&str> {
    let mut tokens = Vec::with_capacity(marks.len());
    let mut rest = marks;
    while let Some(first) = rest.chars().next() {
        let digit = rest.get(first.len_utf8()..).and_then(|after| after.chars().next()).filter(char::is_ascii_digit);
        let is_sub_code = rest.get(..3).is_some_and(|start| SUB_CODES.contains(&start));
        let length = match digit {
            _ if is_sub_code => 3,
            Some(digit) if first.is_ascii_alphabetic() => first.len_utf8() + digit.len_utf8(),
            _ => first.len_utf8(),
        };
        let (mark, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        tokens.push(mark);
        rest = after;
    }
    tokens
}

/// Whether a run of marks ends in the middle of a day.
pub fn ends_at_noon(marks: &str) -> bool {
    run(marks).is_some_and(|run| run.len() % 2 == 1)
}

/// A finding on marks whose run cannot be placed or ends in the middle of a day.
pub fn malformed(field: &str) -> Finding {
    finding(FindingCode::ValueMalformed, field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        dates::iso(text, "").value.unwrap()
    }

    fn read(marks: &str, from: &str) -> Option<Vec<(String, String, String)>> {
        let days = days(marks, &date(from))?;
        Some(days.iter().map(|day| (dates::key(&day.on), day.morning.to_owned(), day.afternoon.to_owned())).collect())
    }

    #[test]
    fn marks_are_counted_and_not_characters() {
        let told = |days: &[(&str, &str, &str)]| {
            Some(days.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect())
        };
        assert_eq!(
            read(r"/\C1Y7L\", "2024-09-05"),
            told(&[("2024-09-05", "/", "\\"), ("2024-09-06", "C1", "Y7"), ("2024-09-09", "L", "\\")])
        );
        assert_eq!(read(r"--##/-I", "2024-09-02"), told(&[("2024-09-04", "/", "-"), ("2024-09-05", "I", "")]));
        assert_eq!(read("", "2024-09-02"), told(&[]));
        assert_eq!(read("/\\", "2024-09-07"), None, "a Saturday");
        assert!(ends_at_noon("/\\C1") && !ends_at_noon("C1C2"));
    }

    #[test]
    fn a_space_is_a_session_without_a_mark_or_stands_between_days() {
        let days = |marks| Some(read(marks, "2024-09-02")?.into_iter().map(|(on, ..)| on).collect::<Vec<_>>());
        let told = |days: &[&str]| Some(days.iter().map(|day| format!("2024-09-{day}")).collect::<Vec<_>>());
        // Nobody was there on the Monday; or on its morning.
        assert_eq!(days(r"  /\/\"), told(&["03", "04"]));
        assert_eq!(days(r" \/\  "), told(&["02", "03"]));
        assert_eq!(days("/\\II  "), told(&["02", "03"]));
        // Between days, and between weeks.
        assert_eq!(days(r"/\ /\ II"), told(&["02", "03", "04"]));
        assert_eq!(days(r"/\/\/\/\/\ /\/I"), told(&["02", "03", "04", "05", "06", "09", "10"]));
        assert_eq!(days("\n  /\\/\\\n  II\n"), told(&["02", "03", "04"]));
        assert_eq!(days("II  II"), told(&["02", "04"]));
        // Either.
        assert_eq!(days("II II"), None);
    }

    #[test]
    fn a_sub_code_of_the_pandemic_is_its_code_with_the_sub_code_beside_it() {
        let mut findings = Vec::new();
        let read = mark("x02", &date("2021-01-11"), "m", &mut findings).unwrap();
        assert_eq!((read.code.as_str(), read.text.as_deref(), findings.len()), ("X", Some("X02"), 0));
        let later = mark("X02", &date("2024-10-01"), "m", &mut findings).unwrap();
        assert_eq!((later.code.as_str(), later.text, findings.len()), ("X02", None, 1));
        assert_eq!(
            read_days(r"/\X02\I01I02", "2021-01-11"),
            [("/", "\\"), ("X02", "\\"), ("I01", "I02")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
    }

    fn read_days(marks: &str, from: &str) -> Vec<(String, String)> {
        let days = days(marks, &date(from)).unwrap();
        days.iter().map(|day| (day.morning.to_owned(), day.afternoon.to_owned())).collect()
    }

    #[test]
    fn codes_are_of_the_school_year() {
        let mut findings = Vec::new();
        assert_eq!(mark("J", &date("2024-07-01"), "m", &mut findings).unwrap().code_set, "dfe.attendance/2023");
        assert_eq!((mark("-", &date("2024-07-01"), "m", &mut findings), findings.len()), (None, 0));
        mark("C1", &date("2024-07-01"), "m", &mut findings);
        mark("?", &date("2024-10-01"), "m", &mut findings);
        let codes: Vec<_> = findings.iter().map(|finding| finding.code()).collect();
        assert_eq!(codes, [FindingCode::CodeOfOtherYear, FindingCode::CodeUnknown]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_and_nothing_of_it_is_lost(marks: String) {
            proptest::prop_assert_eq!(tokens(&marks).concat(), marks.clone());
            let _ = days(&marks, &date("2024-09-02"));
        }
    }
}
