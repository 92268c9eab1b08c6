//! Check characters and invented numbers.
//!
//! The connectors have check-digit code of their own. This is written apart from it, from the published definitions, so
//! that the two can find each other wrong.

const UPN_LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

/// The check letter of the twelve characters that follow it, or none where they cannot be of a unique pupil number.
pub(crate) fn upn_letter(rest: &str) -> Option<char> {
    let mut sum = 0usize;
    for (at, byte) in rest.bytes().enumerate() {
        let value = match byte {
            b'0'..=b'9' => usize::from(byte - b'0'),
            _ if at == 11 => UPN_LETTERS.iter().position(|letter| *letter == byte)?,
            _ => return None,
        };
        sum += value * (at + 2);
    }
    (rest.len() == 12).then(|| UPN_LETTERS.get(sum % 23).map(|letter| char::from(*letter)))?
}

/// The remainder that both ten-digit numbers work from: nine digits weighted 10 down to 2, modulo 11.
fn remainder(nine: u32) -> u32 {
    let mut rest = nine;
    let mut sum = 0;
    for weight in 2..=10 {
        sum += rest % 10 * weight;
        rest /= 10;
    }
    sum % 11
}

/// The check digit of an NHS number's first nine digits; none where no number has them.
pub(crate) fn nhs_digit(nine: u32) -> Option<u32> {
    match 11 - remainder(nine) {
        11 => Some(0),
        10 => None,
        digit => Some(digit),
    }
}

/// The check digit of a unique learner number's first nine digits; none where no number has them.
pub(crate) fn uln_digit(nine: u32) -> Option<u32> {
    match remainder(nine) {
        0 => None,
        rest => Some(10 - rest),
    }
}

/// The `slot`th number whose first three digits are `prefix`. Of ten neighbours at most one has no check digit, so nine
/// slots to the ten never run out and neighbours stay neighbours.
fn number(prefix: u32, slot: u32, digit: fn(u32) -> Option<u32>) -> String {
    let decade = prefix * 1_000_000 + slot / 9 % 100_000 * 10;
    let valid = (decade..decade + 10).filter_map(|nine| digit(nine).map(|check| (nine, check)));
    valid.skip((slot % 9) as usize).map(|(nine, check)| format!("{nine:09}{check}")).next().unwrap_or_default()
}

/// An NHS number of the range that is never issued, 999.
pub(crate) fn nhs_number(slot: u32) -> String {
    number(999, slot, nhs_digit)
}

/// A unique learner number.
pub(crate) fn uln(slot: u32) -> String {
    number(990, slot, uln_digit)
}

/// A unique pupil number issued by establishment 9xxx of a local authority in the year of entry.
pub(crate) fn upn(authority: &str, slot: u32, year: i16, temporary: bool) -> String {
    let serial = slot % 1000;
    let estab = 9000 + slot / 1000 % 1000;
    let last = match UPN_LETTERS.get((serial % 10) as usize) {
        Some(letter) if temporary => char::from(*letter),
        _ => char::from_digit(serial % 10, 10).unwrap_or('0'),
    };
    let rest = format!("{authority}{estab}{:02}{:02}{last}", year.rem_euclid(100), serial / 10);
    format!("{}{rest}", upn_letter(&rest).unwrap_or('A'))
}

/// The same unique pupil number with a check letter that is not its own.
pub(crate) fn upn_with_wrong_letter(upn: &str) -> String {
    let rest = upn.get(1..).unwrap_or_default();
    let wrong = if upn.starts_with('Z') { 'Y' } else { 'Z' };
    format!("{wrong}{rest}")
}

/// The same ten-digit number with a last digit that is not its own.
pub(crate) fn with_wrong_digit(number: &str) -> String {
    let (rest, last) = number.split_at_checked(9).unwrap_or((number, ""));
    let wrong = (last.parse::<u32>().unwrap_or(0) + 1) % 10;
    format!("{rest}{wrong}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn published_examples_hold() {
        assert_eq!(upn_letter("801200005001"), Some('B'));
        assert_eq!(upn_letter("207000016049"), Some('P'));
        assert_eq!(upn_letter("80120000001A"), Some('W'));
        assert_eq!(upn_letter("80120000001I"), None);
        assert_eq!(nhs_digit(943_476_591), Some(9));
        assert_eq!(nhs_digit(944_930_555), Some(2));
        assert_eq!(uln_digit(927_630_868), Some(6));
    }

    #[test]
    fn slots_give_distinct_numbers_of_the_right_length() {
        let mut seen = HashSet::new();
        for slot in 0..20_000 {
            for number in [nhs_number(slot), uln(slot), upn("878", slot, 2019, slot % 5 == 0)] {
                assert!(number.len() == 10 || number.len() == 13, "{number}");
                assert!(seen.insert(number));
            }
        }
    }

    #[test]
    fn wrong_characters_are_wrong() {
        for slot in 0..2_000 {
            let upn = upn("878", slot, 2019, false);
            let wrong = upn_with_wrong_letter(&upn);
            assert_ne!(upn_letter(&wrong[1..]), wrong.chars().next());
            let nhs = with_wrong_digit(&nhs_number(slot));
            assert_ne!(nhs_digit(nhs[..9].parse().unwrap()), nhs[9..].parse().ok());
        }
    }
}
