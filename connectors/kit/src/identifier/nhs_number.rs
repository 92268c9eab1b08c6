//! The NHS number: nine digits and a check digit, modulo 11.

use super::{Checked, Verdict, all_equal, normalise_value, ten_digits, weighted_sum};
use crate::reading::without_zero_fraction;

/// Checks an NHS number. One digit all along is a stand-in, although some such numbers pass the sum.
pub fn check(value: &str) -> Checked {
    let normalised = without_zero_fraction(&normalise_value(value)).to_owned();
    let verdict = match ten_digits(&normalised) {
        None => Verdict::Malformed,
        Some(digits) if all_equal(&digits) => Verdict::Placeholder,
        Some(digits) if Some(digits[9]) == check_digit(&digits) => Verdict::Valid,
        Some(_) => Verdict::CheckCharacterWrong,
    };
    Checked { normalised, verdict }
}

/// 11 less the remainder; 11 is written 0, and a number whose digit would be 10 is never issued.
fn check_digit(digits: &[u32; 10]) -> Option<u32> {
    match 11 - weighted_sum(digits) % 11 {
        10 => None,
        11 => Some(0),
        digit => Some(digit),
    }
}

/// The number with its check digit, from its first nine; `None` when no such number is issued. For generators and tests.
pub fn with_check_digit(first_nine: &str) -> Option<String> {
    let digits = ten_digits(&format!("{first_nine}0"))?;
    check_digit(&digits).map(|digit| format!("{first_nine}{digit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_examples() {
        for (value, verdict) in [
            ("9434765919", Verdict::Valid),
            ("943 476 5919", Verdict::Valid),
            ("943-476-5919", Verdict::Valid),
            ("9434765919.0", Verdict::Valid),
            ("9449305552", Verdict::Valid),
            ("4010232137", Verdict::Valid),
            ("9912003888", Verdict::Valid),
            ("9912003890", Verdict::CheckCharacterWrong),
            ("9912003899", Verdict::CheckCharacterWrong),
            ("1112223330", Verdict::CheckCharacterWrong),
            ("3478526985", Verdict::CheckCharacterWrong),
            ("6101231234", Verdict::CheckCharacterWrong),
            ("9999999999", Verdict::Placeholder),
            ("0000000000", Verdict::Placeholder),
            ("1111111111", Verdict::Placeholder),
            ("943476591", Verdict::Malformed),
            ("94347659190", Verdict::Malformed),
            ("943476591X", Verdict::Malformed),
            ("", Verdict::Malformed),
        ] {
            assert_eq!(check(value).verdict, verdict, "{value}");
        }
    }

    #[test]
    fn a_digit_of_ten_is_never_issued() {
        // 9*10 + 9*9 + 9*8 + 4*2 = 251, 251 mod 11 = 9; with 5 in place of 4: 253 mod 11 = 0, written 0.
        assert_eq!(with_check_digit("999000004").as_deref(), Some("9990000042"));
        assert_eq!(with_check_digit("999000005").as_deref(), Some("9990000050"));
        // Remainder 1 would need a ten.
        assert_eq!((0..=9).filter(|d| with_check_digit(&format!("99900000{d}")).is_none()).count(), 1);
    }
}
