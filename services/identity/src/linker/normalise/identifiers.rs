//! Identifiers and their own checks. The rules are stated with their sources where the kit checks what records state.

use crate::linker::schema::Check;

/// Letters of a pupil number: no I, O or S.
const UPN_LETTERS: &str = "abcdefghjklmnpqrtuvwxyz";

/// Whether it is no stand-in: one digit all along, UN1 to UN7.
pub(super) fn names_somebody(value: &str) -> bool {
    let one_digit = value.chars().all(|c| value.starts_with(c));
    let why_none = value.len() == 3 && value.starts_with("un");
    !one_digit && !why_none
}

/// Whether the identifier's own check says that it is well formed.
pub(in crate::linker) fn checks(check: Check, value: &str) -> bool {
    match check {
        Check::None => false,
        Check::NhsNumber => nhs_number(value),
        Check::Upn => upn(value),
        Check::Uln => uln(value),
    }
}

/// A temporary pupil number ends with a letter, and is replaced when the child comes on a roll for good.
pub(in crate::linker) fn is_temporary(upn: &str) -> bool {
    upn.ends_with(|c: char| c.is_ascii_alphabetic())
}

/// Modulus 11 over ten digits. Source: NHS Data Dictionary, NHS NUMBER.
fn nhs_number(value: &str) -> bool {
    ten_digits(value).is_some_and(|(sum, check)| (11 - sum % 11) % 11 == check)
}

/// Ten less the remainder of modulus 11; a remainder of 0 is no number. Source: ILR specification, unique learner number.
fn uln(value: &str) -> bool {
    ten_digits(value).is_some_and(|(sum, check)| sum % 11 != 0 && 10 - sum % 11 == check)
}

/// The first nine digits times 10 down to 2, and the tenth.
fn ten_digits(value: &str) -> Option<(u32, u32)> {
    let digits: Vec<u32> = value.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
    let (check, rest) = digits.split_last().filter(|_| digits.len() == 10)?;
    Some((rest.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum(), *check))
}

/// A check letter: characters 2 to 13 times their place, modulus 23. Source: DfE, unique pupil number guide.
fn upn(value: &str) -> bool {
    let letter = |c: char| UPN_LETTERS.chars().position(|letter| letter == c);
    let worth = |(place, c): (usize, char)| match c.to_digit(10) {
        Some(digit) => usize::try_from(digit).ok().map(|digit| digit * place),
        None if place == 13 => letter(c).map(|worth| worth * place),
        None => None,
    };
    let mut chars = value.chars();
    let Some(check) = chars.next() else { return false };
    let sum: Option<usize> = (2..).zip(chars).map(worth).sum();
    value.len() == 13 && letter(check).is_some() && sum.map(|sum| sum % 23) == letter(check)
}
