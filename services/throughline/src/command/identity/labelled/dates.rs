//! Dates as people write them, for a linker that reads the year first, or the day.

/// Which number of two comes first where it may be either.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Order {
    /// `09/03/2015` is in March.
    #[default]
    DayFirst,
    /// `09/03/2015` is in September.
    MonthFirst,
}

impl Order {
    pub(super) fn named(text: &str) -> Option<Self> {
        match text {
            "day_first" => Some(Self::DayFirst),
            "month_first" => Some(Self::MonthFirst),
            _ => None,
        }
    }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Two digits up to this are a year of this century.
const THIS_CENTURY: u32 = 30;

/// A date with its year first: `9 March 2015`, `Mar 9, 2015`, `09-MAR-15`, `3/9/15`. What is none is given as it is.
pub(super) fn year_first(text: &str, order: Order) -> String {
    read(text, order).unwrap_or_else(|| text.to_owned())
}

fn read(text: &str, order: Order) -> Option<String> {
    let lower = text.to_lowercase();
    let day = lower.split_once('t').filter(|(day, _)| day.starts_with(|c: char| c.is_ascii_digit()) && day.len() >= 8);
    let day = day.map_or(lower.as_str(), |(day, _)| day);
    let parts: Vec<&str> = day.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let named = parts.iter().take(3).position(|part| month(part).is_some());
    let [one, two, three] = *parts.get(..3)? else { return None };
    let (day, month, year) = match named {
        Some(0) => (two, month(one)?, three),
        Some(1) if one.len() == 4 => (three, month(two)?, one),
        Some(1) => (one, month(two)?, three),
        Some(_) => return None,
        // Year first already.
        None if one.len() == 4 => return None,
        None => {
            let (first, second): (u32, u32) = (one.parse().ok()?, two.parse().ok()?);
            let is_month_first = (order == Order::MonthFirst && first <= 12) || second > 12;
            if is_month_first { (two, first, three) } else { (one, second, three) }
        }
    };
    let day: u32 = day.trim_end_matches(|c: char| c.is_alphabetic()).parse().ok()?;
    let year = match (year.len(), year.parse::<u32>().ok()?) {
        (4, year) => year,
        (2, year) if year <= THIS_CENTURY => 2000 + year,
        (2, year) => 1900 + year,
        _ => return None,
    };
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

fn month(part: &str) -> Option<u32> {
    let is_word = part.len() >= 3 && part.chars().all(char::is_alphabetic);
    let at = MONTHS.iter().position(|month| is_word && part.starts_with(month))?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_however_it_is_written() {
        for written in [
            "2015-03-09",
            "9 March 2015",
            "9th Mar 2015",
            "Mar 9, 2015",
            "09-MAR-15",
            "09/03/2015",
            "9.3.15",
            "2015-Mar-09",
            "09/03/2015 00:00:00",
        ] {
            assert_eq!(year_first(written, Order::DayFirst), "2015-03-09", "{written}");
        }
        for (written, read) in [("3/9/2015", "2015-03-09"), ("31/12/1999", "1999-12-31"), ("12/31/99", "1999-12-31")] {
            assert_eq!(year_first(written, Order::MonthFirst), read);
        }
        assert_eq!(year_first("12/31/1999", Order::DayFirst), "1999-12-31", "it can be meant one way only");
        for as_it_is in ["20150309", "2015-03-09T00:00:00", "2015", "", "unknown", "~2015-03", "a/b/c"] {
            assert_eq!(year_first(as_it_is, Order::DayFirst), as_it_is);
        }
    }
}
