//! The unique pupil number: check letter, authority (3), establishment (4), year (2), serial (3, or 2 and a letter).

use proto::events::identifier::Standing;

use super::{Checked, Verdict, all_equal, normalise_value};

/// The letters of a check letter or of a temporary number's last place; their place here is their value.
const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPQRTUVWXYZ";

/// The rule on characters 2 to 4: a recognised authority or pseudo-authority.
pub const AUTHORITY_RULE: &str = "dfe/1530";

/// The rule that a number must be there.
pub const MISSING_RULE: &str = "dfe/1500";

/// The rule that no two children of one return have the same number.
pub const SHARED_RULE: &str = "dfe/1520";

/// Authorities and pseudo-authorities that issue numbers, as ranges with both ends. Source: the published list of rule
/// 1530, and the authorities made in 2019, 2021 and 2023.
const AUTHORITIES: &[(u16, u16)] = &[
    (1, 5),
    (201, 213),
    (301, 320),
    (330, 336),
    (340, 344),
    (350, 359),
    (370, 373),
    (380, 384),
    (390, 394),
    (420, 420),
    (660, 681),
    (701, 708),
    (800, 803),
    (805, 808),
    (810, 813),
    (815, 816),
    (820, 823),
    (825, 826),
    (830, 831),
    (835, 839),
    (840, 841),
    (845, 846),
    (850, 852),
    (855, 857),
    (860, 861),
    (865, 896),
    (908, 909),
    (916, 916),
    (919, 919),
    (921, 921),
    (925, 926),
    (928, 929),
    (931, 931),
    (933, 933),
    (935, 938),
    (940, 943),
];

/// Checks a unique pupil number, permanent or temporary.
pub fn check(value: &str) -> Checked {
    let normalised = normalise_value(value);
    let verdict = verdict(&normalised);
    Checked { normalised, verdict }
}

fn verdict(value: &str) -> Verdict {
    // Why there is no number; or a word, such as a database's for nothing: every child without a number has the same.
    let is_reason = value.strip_prefix("UN").is_some_and(|rest| matches!(rest.parse(), Ok(1u8..=10)));
    let is_word = !value.is_empty() && !value.bytes().any(|byte| byte.is_ascii_digit());
    let is_nought = !value.is_empty() && value.bytes().all(|byte| byte == b'0');
    if is_reason || is_word || is_nought {
        return Verdict::Placeholder;
    }
    let Some((stated, values)) = parts(value) else {
        // Ten equal digits are what other columns stand in with; nobody means a pupil number by them.
        let digits: Option<Vec<u32>> = value.chars().map(|c| c.to_digit(10)).collect();
        let stands_in = digits.is_some_and(|digits| digits.len() >= 10 && all_equal(&digits));
        return if stands_in { Verdict::Placeholder } else { Verdict::Malformed };
    };
    if all_equal(&values) {
        Verdict::Placeholder
    } else if Some(stated) == check_letter(&values) {
        Verdict::Valid
    } else {
        Verdict::CheckCharacterWrong
    }
}

/// The check letter, and the values of the twelve characters after it.
fn parts(value: &str) -> Option<(u8, [u32; 12])> {
    let bytes: &[u8; 13] = value.as_bytes().try_into().ok()?;
    let [check, body @ .., last] = bytes;
    letter_value(*check)?;
    let mut values = [0; 12];
    for (slot, byte) in values.iter_mut().zip(body) {
        *slot = char::from(*byte).to_digit(10)?;
    }
    *values.last_mut()? = char::from(*last).to_digit(10).or_else(|| letter_value(*last))?;
    Some((*check, values))
}

fn letter_value(letter: u8) -> Option<u32> {
    LETTERS.iter().position(|l| *l == letter).and_then(|at| u32::try_from(at).ok())
}

fn check_letter(values: &[u32; 12]) -> Option<u8> {
    let sum: u32 = values.iter().zip(2..).map(|(value, weight)| value * weight).sum();
    LETTERS.get(usize::try_from(sum).ok()? % LETTERS.len()).copied()
}

/// The number with its check letter, from the twelve characters after it. For generators and tests.
pub fn with_check_letter(body: &str) -> Option<String> {
    let (_, values) = parts(&format!("A{body}"))?;
    check_letter(&values).map(|letter| format!("{}{body}", char::from(letter)))
}

/// Whether this normalised number ends in a letter: issued until the permanent one is known.
pub fn is_temporary(normalised: &str) -> bool {
    normalised.len() == 13 && normalised.ends_with(|c: char| c.is_ascii_alphabetic())
}

/// Whether characters 2 to 4 are an authority that issues numbers.
pub fn authority_known(normalised: &str) -> bool {
    let authority = normalised.get(1..4).and_then(|digits| digits.parse::<u16>().ok());
    authority.is_some_and(is_authority)
}

/// Whether this is the code of an authority that issues numbers.
pub(crate) fn is_authority(code: u16) -> bool {
    AUTHORITIES.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

/// Names of the published rules.
#[derive(Clone, Copy)]
pub(super) struct Rules;

pub(super) const RULES: Rules = Rules;

impl Rules {
    /// The rule that this number breaks, where one is published.
    pub(super) fn broken_by(self, checked: &Checked, standing: Standing) -> Option<&'static str> {
        match checked.verdict {
            Verdict::Valid | Verdict::Placeholder => None,
            Verdict::CheckCharacterWrong | Verdict::Malformed if standing == Standing::Former => Some("dfe/1560Q"),
            Verdict::CheckCharacterWrong => Some("dfe/1510"),
            Verdict::Malformed => {
                let middle = checked.normalised.get(4..12)?;
                Some(if middle.bytes().all(|b| b.is_ascii_digit()) { "dfe/1550" } else { "dfe/1540" })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples() {
        for (value, verdict) in [
            ("B801200005001", Verdict::Valid),
            ("A801200005001", Verdict::CheckCharacterWrong),
            ("P207000016049", Verdict::Valid),
            ("Q207000016049", Verdict::CheckCharacterWrong),
            ("W80120000001A", Verdict::Valid),
            ("w80120000001a", Verdict::Valid),
            (" b801 2000-05001 ", Verdict::Valid),
            ("UN1", Verdict::Placeholder),
            ("un7", Verdict::Placeholder),
            ("UN10", Verdict::Placeholder),
            ("UN11", Verdict::Malformed),
            ("NULL", Verdict::Placeholder),
            ("not known", Verdict::Placeholder),
            ("0", Verdict::Placeholder),
            ("A000000000000", Verdict::Placeholder),
            ("9999999999", Verdict::Placeholder),
            ("I801200005001", Verdict::Malformed),
            ("B80120000500S", Verdict::Malformed),
            ("B80120000500", Verdict::Malformed),
            ("B80120000500é", Verdict::Malformed),
            ("", Verdict::Malformed),
        ] {
            assert_eq!(check(value).verdict, verdict, "{value}");
        }
    }

    #[test]
    fn the_check_letter_is_computed() {
        assert_eq!(with_check_letter("207000016049").as_deref(), Some("P207000016049"));
        assert_eq!(with_check_letter("80120000001A").as_deref(), Some("W80120000001A"));
        assert_eq!(with_check_letter("20700001604"), None);
    }

    #[test]
    fn temporary_numbers_and_authorities() {
        assert!(is_temporary("W80120000001A"));
        assert!(!is_temporary("B801200005001"));
        for (value, known) in
            [("B801200005001", true), ("B001200005001", true), ("B999200005001", false), ("B80", false)]
        {
            assert_eq!(authority_known(value), known, "{value}");
        }
    }
}
