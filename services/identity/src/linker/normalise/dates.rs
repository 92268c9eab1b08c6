//! Dates of birth.

/// Before a date that is an estimate.
pub(in crate::linker) const ESTIMATED: &str = "~";

/// What systems write for no date at all: the first and the last that they can hold.
const NO_DATES: [&str; 6] = ["17530101", "18991230", "18991231", "19000101", "19010101", "20991231"];

/// Year first, to the precision that is known: eight digits, six or four, after [`ESTIMATED`] where it is one. Years
/// before 1700 and after 2099 are no birth dates of anybody's.
pub(super) fn date(text: &str) -> Option<String> {
    let text = text.trim();
    let (estimated, text) = text.strip_prefix(ESTIMATED).map_or(("", text), |rest| (ESTIMATED, rest));
    let text = text.split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let digits = match parts.as_slice() {
        [whole] => (*whole).to_owned(),
        [year, month] if year.len() == 4 => format!("{year}{month:0>2}"),
        [month, year] => format!("{year}{month:0>2}"),
        [year, month, day] if year.len() == 4 => format!("{year}{month:0>2}{day:0>2}"),
        [day, month, year] => format!("{year}{month:0>2}{day:0>2}"),
        _ => return None,
    };
    let known = without_unknown_parts(&digits);
    let plausible = matches!(known.len(), 4 | 6 | 8)
        && known.bytes().all(|b| b.is_ascii_digit())
        && ["17", "18", "19", "20"].iter().any(|century| known.starts_with(century))
        && !NO_DATES.contains(&known);
    plausible.then(|| format!("{estimated}{known}"))
}

/// A day or a month of `00`, `zz` or `xx` is not known.
fn without_unknown_parts(digits: &str) -> &str {
    let unknown = |part: &str| ["00", "zz", "ZZ", "xx", "XX"].contains(&part);
    match (digits.get(..4), digits.get(4..6), digits.get(6..8)) {
        (Some(year), Some(month), _) if unknown(month) => year,
        (Some(_), Some(_), Some(day)) if unknown(day) && digits.len() == 8 => digits.get(..6).unwrap_or_default(),
        _ => digits,
    }
}
