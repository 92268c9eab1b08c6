//! Days that databases write where there is none.

/// Whether a cell is a day that stands for none: the last that a database can write (`31/12/9999`), or one that a system puts for an
/// open end (`31/12/2099`), and the first (`01/01/1900`, `0001-01-01`, `00/00/0000`). Nobody is meant by it, wherever it stands.
pub fn stands_for_no_day(text: &str) -> bool {
    let text = text.trim();
    let day = text.split([' ', 'T', 't']).next().unwrap_or_default();
    // Eight digits alone may be a number of something.
    if day.len() != 10 {
        return false;
    }
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let (year, first, second) = match parts.as_slice() {
        [year, month, day] if year.len() == 4 => (*year, *month, *day),
        [day, month, year] if year.len() == 4 => (*year, *month, *day),
        _ => return false,
    };
    const STAND_INS: [(&str, &str, &str); 10] = [
        ("9999", "12", "31"),
        ("3000", "01", "01"),
        ("2999", "12", "31"),
        ("2099", "12", "31"),
        ("1900", "01", "01"),
        ("1899", "12", "31"),
        ("1899", "12", "30"),
        ("1753", "01", "01"),
        ("0001", "01", "01"),
        ("0000", "00", "00"),
    ];
    STAND_INS.contains(&(year, first, second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_is_no_day_and_a_day_is_no_stand_in() {
        for text in
            ["31/12/9999", "9999-12-31 23:59:59", "01.01.1900", "1900-01-01T00:00:00", "0000-00-00", " 31/12/2099 "]
        {
            assert!(stands_for_no_day(text), "{text}");
        }
        for text in ["", "99991231", "31/12/2024", "01/02/1900", "2099-12-30", "1/1/1900", "é/12/2099", "31/12/99"] {
            assert!(!stands_for_no_day(text), "{text}");
        }
    }
}
