//! The unique learner number: nine digits, the first not 0, and a check digit, modulo 11.

use super::{Checked, Verdict, all_equal, normalise_value, ten_digits, weighted_sum};
use crate::reading::without_zero_fraction;

/// The rule that no two children of one return have the same number.
pub const SHARED_RULE: &str = "dfe/1578";

/// Checks a unique learner number.
pub fn check(value: &str) -> Checked {
    let normalised = without_zero_fraction(&normalise_value(value)).to_owned();
    let verdict = match ten_digits(&normalised) {
        None => Verdict::Malformed,
        Some(digits) if all_equal(&digits) => Verdict::Placeholder,
        Some(digits) if digits[0] == 0 => Verdict::Malformed,
        Some(digits) if Some(digits[9]) == check_digit(&digits) => Verdict::Valid,
        Some(_) => Verdict::CheckCharacterWrong,
    };
    Checked { normalised, verdict }
}

/// The published rule on its format, where this number breaks it.
pub(super) fn rule_broken_by(checked: &Checked) -> Option<&'static str> {
    matches!(checked.verdict, Verdict::Malformed | Verdict::CheckCharacterWrong).then_some("dfe/1575")
}

/// 10 less the remainder; a number whose remainder is 0 is never issued.
fn check_digit(digits: &[u32; 10]) -> Option<u32> {
    match weighted_sum(digits) % 11 {
        0 => None,
        remainder => Some(10 - remainder),
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
            ("9276308686", Verdict::Valid),
            ("9276 308 686", Verdict::Valid),
            ("9276308686.0", Verdict::Valid),
            ("9276308687", Verdict::CheckCharacterWrong),
            ("9434765919", Verdict::CheckCharacterWrong),
            ("9999999999", Verdict::Placeholder),
            ("0000000000", Verdict::Placeholder),
            ("0276308686", Verdict::Malformed),
            ("927630868", Verdict::Malformed),
            ("", Verdict::Malformed),
        ] {
            assert_eq!(check(value).verdict, verdict, "{value}");
        }
        assert_eq!(with_check_digit("927630868").as_deref(), Some("9276308686"));
    }
}
