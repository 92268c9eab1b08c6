//! What the name of a file says: which table it is, of which collection, and with which others it was exported.

use crate::period::{Period, Term, YEARS};
use crate::tables::Table;

/// Most words that a table's name is written in: `pupil_no_longer_on_roll`.
const TABLE_WORDS_MAX: usize = 5;

/// What a name says. Nothing of it is certain but what a table's own header and the returns do not contradict.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    /// The name without its table: files that share it were exported together.
    pub(crate) export: String,
    pub(crate) period: Option<Period>,
    pub(crate) table: Option<&'static Table>,
}

/// Reads a name such as `2025_spring_pupilonroll.csv`, `School Census Autumn 2023-24 - addressesonroll.csv` or
/// `Blade-Export_16-01-2025_senneeds.csv`, in any letter case.
pub(crate) fn read(name: &str) -> Named {
    let name = name.to_ascii_lowercase();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let mut words: Vec<&str> =
        stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let table = table_in(&mut words);
    Named { export: words.join(" "), period: period_in(&words), table }
}

/// The last words that name a table, which are taken out. `school` names one only at the end: it is also what returns are of.
fn table_in(words: &mut Vec<&str>) -> Option<&'static Table> {
    for end in (1..=words.len()).rev() {
        for start in (end.saturating_sub(TABLE_WORDS_MAX)..end).rev() {
            let name = words.get(start..end)?.concat();
            let table = Table::named(&name).filter(|table| table.name != "school" || end == words.len());
            if table.is_some() {
                words.drain(start..end);
                return table;
            }
        }
    }
    None
}

fn period_in(words: &[&str]) -> Option<Period> {
    let parts: Vec<&str> = words.iter().flat_map(|word| letters_and_digits(word)).collect();
    let term_at = parts.iter().position(|part| Term::named(part).is_some())?;
    let term = parts.get(term_at).copied().and_then(Term::named)?;
    let mut year = None;
    for (at, part) in parts.iter().enumerate() {
        let Some(first) = year_of(part) else { continue };
        let next = parts.get(at + 1).copied().unwrap_or_default();
        let second = first + 1;
        let of_school = next == format!("{:02}", second % 100) || year_of(next) == Some(second);
        // A school year begins with its autumn.
        year = Some(if of_school && term != Term::Autumn { second } else { first });
        break;
    }
    let year = year.or_else(|| parts.iter().find_map(|part| school_year(part, term)));
    // `spring25`, `25 spring`: two digits beside the term.
    let beside = [term_at.checked_sub(1), Some(term_at + 1)].into_iter().flatten().filter_map(|at| parts.get(at));
    let short = |part: &&str| (part.len() == 2).then(|| part.parse::<u16>().ok()).flatten().map(|short| 2000 + short);
    let year = year.or_else(|| beside.into_iter().find_map(short))?;
    Some(Period { year, term })
}

fn year_of(part: &str) -> Option<u16> {
    (part.len() == 4).then(|| part.parse().ok()).flatten().filter(|year| YEARS.contains(year))
}

/// `202425`.
fn school_year(part: &str, term: Term) -> Option<u16> {
    let (first, second) = part.split_at_checked(4).filter(|_| part.len() == 6)?;
    let first = year_of(first)?;
    let follows = second == format!("{:02}", (first + 1) % 100);
    follows.then(|| if term == Term::Autumn { first } else { first + 1 })
}

/// `spring25` as `spring` and `25`.
fn letters_and_digits(word: &str) -> Vec<&str> {
    let digits_at = word.find(|c: char| c.is_ascii_digit()).unwrap_or(word.len());
    let (letters, rest) = word.split_at_checked(digits_at).unwrap_or((word, ""));
    let letters_at = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at_checked(letters_at).unwrap_or((rest, ""));
    [letters, digits, after].into_iter().filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_the_collection_the_table_and_the_export() {
        for (name, period, table, export) in [
            ("2025_spring_pupilonroll.csv", "2025-spring", "pupilonroll", "2025 spring"),
            ("2024_AUTUMN_PupilOnRoll.CSV", "2024-autumn", "pupilonroll", "2024 autumn"),
            ("2024_sum_some_export.csv", "2024-summer", "", "2024 sum some export"),
            ("spring_2025_pupil_no_longer_on_roll.csv", "2025-spring", "pupilnolongeronroll", "spring 2025"),
            (
                "School Census Autumn 2023-24 - addressesonroll.csv",
                "2023-autumn",
                "addressesonroll",
                "school census autumn 2023 24",
            ),
            (
                "school census spring 2023-24 - senneeds (1).csv",
                "2024-spring",
                "senneeds",
                "school census spring 2023 24 1",
            ),
            ("SC_Spr25_school.csv", "2025-spring", "school", "sc spr25"),
            ("2024_summer_school_census.csv", "2024-summer", "schoolcensus", "2024 summer"),
            ("summer_202324_fsmperiod.csv", "2024-summer", "fsmperiod", "summer 202324"),
            (
                "2024_autumn_summerhalfterm2sessiondetailsonroll.csv",
                "2024-autumn",
                "summerhalfterm2sessiondetailsonroll",
                "2024 autumn",
            ),
            ("Blade-Export_16-01-2025_senneeds.csv", "", "senneeds", "blade export 16 01 2025"),
            ("pupilonroll.csv", "", "pupilonroll", ""),
            ("2025_spring.csv", "2025-spring", "", "2025 spring"),
            ("2025_winter_pupilonroll.csv", "", "pupilonroll", "2025 winter"),
            ("", "", "", ""),
        ] {
            let read = read(name);
            let told = (
                read.period.map(|period| period.to_string()).unwrap_or_default(),
                read.table.map_or("", |table| table.name),
                read.export.as_str(),
            );
            assert_eq!(told, (period.to_owned(), table, export), "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_names_never_panic(name: String) {
            let _ = read(&name);
        }
    }
}
