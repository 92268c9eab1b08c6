//! What a file's name says of a return that does not say it itself.
//!
//! The tables of some returns hold neither whose they are nor of which year; their files are then called by it:
//! `878_2024-25_episodes.csv`, `episodes 2025 878.csv`, `ssda903-878-2025-06-12-header_last.csv`.

mod authority;

use proto::events::Date;

use crate::dates;
pub use authority::Authority;

/// What a file's name says. Nothing of it is certain: a return that says otherwise is right.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Hints {
    /// The three digits by themselves that are an authority's code. A name with those of two says neither.
    pub authority: Option<Authority>,
    /// The year in which the collection's year ends: 2025 of `2025`, `2024-25`, `2024_25`, `202425`, `24-25` and `2425`. Not that of a
    /// day or a month: a return of September 2025 is of the next.
    pub year: Option<u16>,
    /// A day: `20250612`, `2025-06-12`, `12-06-2025` or `12 June 2025`.
    pub on: Option<Date>,
    /// The name says that it is of the year before: `episodes_last.csv`, `previous year episodes.csv`.
    pub last_year: bool,
}

/// Reads a file's name.
pub fn hints(name: &str) -> Hints {
    let name = name.to_ascii_lowercase();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let parts: Vec<&str> = stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let mut listed = parts.iter().filter_map(|part| Authority::parse(part)).filter(Authority::is_listed);
    let authority = listed.next().filter(|first| listed.all(|other| other == *first));
    let mut hints = Hints { authority, ..Hints::default() };
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        let (next, third) = (parts.get(at + 1).copied(), parts.get(at + 2).copied());
        at += 1;
        // "previous" by itself may be of a table: previous_permanence.csv.
        if matches!(*part, "last" | "lastyear") || matches!(*part, "previous" | "prev") && next == Some("year") {
            hints.last_year = true;
        } else if let Some((on, parts)) = day_first(part, next, third) {
            hints.on = hints.on.or(on);
            at += parts - 1;
        } else {
            // `episodes2025`: a year may stand behind a word.
            let number = part.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            if number.len() == part.len() || number.len() == 4 && plausible(number).is_some() {
                at += read_number(number, next, third, &mut hints);
            }
        }
    }
    // The last day of a collection's year is that year's.
    let is_last = |on: &Date| (on.month, on.day) == (Some(3), Some(31));
    hints.year = hints.year.or_else(|| hints.on.filter(is_last)?.year.try_into().ok());
    hints
}

/// A day with its year behind it, and of how many parts: `12-06-2025`, `12 June 2025`. Of a month without its day nothing is known,
/// and its year is not that of a return.
fn day_first(part: &str, next: Option<&str>, third: Option<&str>) -> Option<(Option<Date>, usize)> {
    let month = |text: &str| {
        let is_it = |name: &&str| text.len() >= 3 && name.starts_with(text) || text == "sept" && *name == "september";
        MONTHS.iter().position(is_it).and_then(|at| u16::try_from(at + 1).ok())
    };
    if month(part).is_some() {
        return next.and_then(plausible).map(|_| (None, 2));
    }
    let day = part.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let day = (day.len() <= 2).then(|| day.parse::<u16>().ok()).flatten()?;
    let numbered = next.filter(|next| next.len() == 2).and_then(|next| next.parse().ok());
    let (year, month) = (plausible(third?)?, next.and_then(month).or(numbered)?);
    day_of(year, month, day).map(|on| (Some(on), 3))
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Reads a part that is a number, with what follows it; gives how many of the following parts belonged to it.
fn read_number(part: &str, next: Option<&str>, third: Option<&str>, hints: &mut Hints) -> usize {
    let two = |text: Option<&str>| text.filter(|text| text.len() == 2).and_then(|text| text.parse::<u16>().ok());
    match part.len() {
        2 => {
            if let Some(year) = next.and_then(|next| short_year(part, next)) {
                hints.year = hints.year.or(Some(year));
                return 1;
            }
        }
        4 => {
            let Some(year) = plausible(part) else {
                let year = part.split_at_checked(2).and_then(|(first, second)| short_year(first, second));
                hints.year = hints.year.or(year);
                return 0;
            };
            let day = two(next).zip(two(third)).and_then(|(month, day)| day_of(year, month, day));
            if let Some(day) = day {
                hints.on = hints.on.or(Some(day));
                return 2;
            }
            if two(next) == Some((year + 1) % 100) {
                hints.year = hints.year.or(Some(year + 1));
                return 1;
            }
            if next.and_then(plausible) == Some(year + 1) {
                hints.year = hints.year.or(Some(year + 1));
                return 1;
            }
            hints.year = hints.year.or(Some(year));
        }
        6 => {
            let (first, second) = part.split_at_checked(4).unwrap_or_default();
            if let Some(year) = plausible(first)
                && two(Some(second)) == Some((year + 1) % 100)
            {
                hints.year = hints.year.or(Some(year + 1));
            }
        }
        8 => {
            let of = |year: &str, month: &str, day: &str| {
                let parts = plausible(year).zip(two(Some(month)).zip(two(Some(day))));
                parts.and_then(|(year, (month, day))| day_of(year, month, day))
            };
            let at = |from: usize, to: usize| part.get(from..to).unwrap_or_default();
            // One that can be read from either end (20112012) is read as the year first.
            let day = of(at(0, 4), at(4, 6), at(6, 8)).or_else(|| of(at(4, 8), at(2, 4), at(0, 2)));
            hints.on = hints.on.or(day);
        }
        _ => {}
    }
    0
}

/// `24-25`: a year where the second follows the first. Ten and eleven are lists, and so on to the months.
fn short_year(first: &str, second: &str) -> Option<u16> {
    let two = |text: &str| if text.len() == 2 { text.parse::<u16>().ok() } else { None };
    let (first, second) = (two(first)?, two(second)?);
    (first > 12 && first + 1 == second).then_some(2000 + second)
}

fn plausible(text: &str) -> Option<u16> {
    let year = (text.len() == 4).then(|| text.parse::<u16>().ok()).flatten()?;
    (1990..=2100).contains(&year).then_some(year)
}

fn day_of(year: u16, month: u16, day: u16) -> Option<Date> {
    dates::date(year.into(), Some(month.into()), Some(day.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_whose_and_of_when() {
        for (name, authority, year, on, last) in [
            ("episodes.csv", None, None, None, false),
            ("878_2024-25_episodes.csv", Some("878"), Some(2025), None, false),
            ("878 ssda903 2025 Header.CSV", Some("878"), Some(2025), None, false),
            ("SSDA903-2023-2024-header_878_last.csv", Some("878"), Some(2024), None, true),
            ("903 episodes 202425.csv", None, Some(2025), None, false),
            ("903_878_2025_episodes.csv", Some("878"), Some(2025), None, false),
            ("episodes_2025 (101).csv", None, Some(2025), None, false),
            ("878_879_2025_episodes.csv", None, Some(2025), None, false),
            ("878_2025_episodes_878.csv", Some("878"), Some(2025), None, false),
            ("878_2025-06-12_oc2.csv", Some("878"), None, Some("2025-06-12"), false),
            ("oc2_20250612_2025.csv", None, Some(2025), Some("2025-06-12"), false),
            ("oc2_20251399.csv", None, None, None, false),
            ("annex_a_2024__List_1.csv", None, Some(2024), None, false),
            ("12345_1989.csv", None, None, None, false),
            ("878_2425_header.csv", Some("878"), Some(2025), None, false),
            ("878 SSDA903 24-25 header.csv", Some("878"), Some(2025), None, false),
            ("878_episodes2025.csv", Some("878"), Some(2025), None, false),
            ("list_10_11.csv", None, None, None, false),
            ("878_header_31-03-2025.csv", Some("878"), Some(2025), Some("2025-03-31"), false),
            ("878 episodes 15-09-2025.csv", Some("878"), None, Some("2025-09-15"), false),
            ("878_episodes_15092025.csv", Some("878"), None, Some("2025-09-15"), false),
            ("878_episodes_15 Sep 2025.csv", Some("878"), None, Some("2025-09-15"), false),
            ("878_episodes_1st September 2025.csv", Some("878"), None, Some("2025-09-01"), false),
            ("878_episodes_Sept 2025.csv", Some("878"), None, None, false),
            ("878_2024-25_episodes_15-09-2025.csv", Some("878"), Some(2025), Some("2025-09-15"), false),
            ("episodes (2).csv", None, None, None, false),
            ("list_1_2.csv", None, None, None, false),
            ("annex_a_may.csv", None, None, None, false),
            ("878_previous_permanence.csv", Some("878"), None, None, false),
            ("878 previous year header.csv", Some("878"), None, None, true),
            ("", None, None, None, false),
        ] {
            let read = hints(name);
            assert_eq!(read.authority.as_ref().map(Authority::as_str), authority, "{name}");
            assert_eq!(
                (read.year, read.on.map(|on| dates::key(&on)).as_deref(), read.last_year),
                (year, on, last),
                "{name}"
            );
        }
    }

    #[test]
    fn an_organisation_names_its_authority() {
        for (id, expected) in
            [("la-878-social-care", Some("878")), ("la-878", Some("878")), ("school-8784001", None), ("la-8781", None)]
        {
            assert_eq!(Authority::of_organisation(id).as_ref().map(Authority::as_str), expected, "{id}");
        }
    }
}
