//! Postcodes: an area (EX), a district (EX1), and after it the sector and the unit (1AA).

/// Digits and letters that are typed for each other.
const SLIPS: [(char, char); 2] = [('0', 'o'), ('1', 'i')];
const INWARD_CHARS: usize = 3;
const DISTRICT_CHARS_MAX: usize = 4;
/// No place: no fixed abode, abroad, not known. Source: ONS, pseudo country and area codes.
const NO_PLACE: &str = "zz99";

/// Each character that stands where only a digit or only a letter can is read as one. What is no postcode stays as it is.
pub(super) fn postcode(text: &str) -> Option<String> {
    if text.starts_with(NO_PLACE) {
        return None;
    }
    let chars: Vec<char> = text.chars().collect();
    let whole = chars.len().checked_sub(INWARD_CHARS).and_then(|end| chars.split_at_checked(end)).and_then(|(o, i)| {
        let (outward, inward) = (outward(o)?, inward(i)?);
        Some(outward + &inward)
    });
    Some(whole.or_else(|| outward(&chars)).unwrap_or_else(|| text.to_owned()))
}

/// Whether it is a district alone.
pub(in crate::linker) fn is_district(postcode: &str) -> bool {
    postcode.len() <= DISTRICT_CHARS_MAX
}

/// A digit and two letters.
fn inward(chars: &[char]) -> Option<String> {
    let [sector, one, two] = chars else { return None };
    Some([digit(*sector)?, letter(*one)?, letter(*two)?].iter().collect())
}

/// One letter or two, a digit, and for some another digit or a letter.
fn outward(chars: &[char]) -> Option<String> {
    let read = |chars: Option<Vec<char>>| chars.map(|chars| chars.into_iter().collect::<String>());
    match chars {
        [a, n] => read(Some(vec![letter(*a)?, digit(*n)?])),
        [a, n, m] if n.is_ascii_digit() => read(Some(vec![letter(*a)?, *n, *m])),
        [a, b, n] if digit(*n).is_some() => read(Some(vec![letter(*a)?, letter(*b)?, digit(*n)?])),
        [a, n, m] => read(Some(vec![letter(*a)?, digit(*n)?, *m])),
        [a, b, n, m] => read(Some(vec![letter(*a)?, letter(*b)?, digit(*n)?, *m])),
        _ => None,
    }
    .filter(|outward| outward.chars().all(|c| c.is_ascii_alphanumeric()))
}

fn digit(c: char) -> Option<char> {
    let slip = SLIPS.iter().find(|(_, letter)| *letter == c).map(|(digit, _)| *digit);
    c.is_ascii_digit().then_some(c).or(slip)
}

fn letter(c: char) -> Option<char> {
    let slip = SLIPS.iter().find(|(digit, _)| *digit == c).map(|(_, letter)| *letter);
    c.is_ascii_lowercase().then_some(c).or(slip)
}
