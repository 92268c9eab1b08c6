//! The national identifiers: their shape, their check characters and their stand-ins.
//!
//! Most check characters in returned data are wrong, so a failed check never rejects a record: it becomes a finding, the
//! identifier is kept, and it links nobody.

pub mod nhs_number;
pub mod uln;
pub mod upn;

use proto::events::{Finding, FindingCode, Identifier, Scheme, Subject, identifier::Standing};
use proto::subject::normalise_value;

use crate::reading::{finding, finding_of_rule};

/// An identifier after its checks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Upper case, without spaces and hyphens.
    pub normalised: String,
    /// What the checks say.
    pub verdict: Verdict,
}

/// What the checks say of an identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Of the shape, with the right check character.
    Valid,
    /// Of the shape, with a wrong check character.
    CheckCharacterWrong,
    /// Not of the shape.
    Malformed,
    /// A stand-in for an identifier that is not there: UN1 to UN10, a word, 0000000000, 9999999999, one digit all along.
    Placeholder,
}

/// What a record states of its own child, checked, and what is odd about it. A blank value gives neither.
///
/// `scheme` is NHS number, UPN or ULN; their issuers are national. For a scheme of one issuer's own, use
/// [`claim_of_issuer`]: here it gives only a finding. `field` is the source's name of the field.
pub fn claim(scheme: Scheme, value: &str, standing: Standing, field: &str) -> (Option<Identifier>, Vec<Finding>) {
    let (issuer, checked, rules) = match scheme {
        Scheme::NhsNumber => ("nhs", nhs_number::check(value), None),
        Scheme::Upn => ("dfe", upn::check(value), Some(upn::RULES)),
        Scheme::Uln => ("lrs", uln::check(value), None),
        _ if value.trim().is_empty() => return (None, Vec::new()),
        _ => return (None, vec![finding(FindingCode::IdentifierMalformed, field)]),
    };
    if checked.normalised.is_empty() {
        return (None, Vec::new());
    }
    let rule = match scheme {
        Scheme::Uln => uln::rule_broken_by(&checked),
        _ => rules.and_then(|rules: upn::Rules| rules.broken_by(&checked, standing)),
    };
    let code = match checked.verdict {
        Verdict::Valid => None,
        Verdict::CheckCharacterWrong => Some(FindingCode::CheckCharacterWrong),
        Verdict::Malformed => Some(FindingCode::IdentifierMalformed),
        Verdict::Placeholder => Some(FindingCode::IdentifierPlaceholder),
    };
    let mut findings: Vec<_> = code
        .map(|code| match rule {
            Some(rule) => finding_of_rule(code, field, rule),
            None => finding(code, field),
        })
        .into_iter()
        .collect();
    if scheme == Scheme::Upn && checked.verdict == Verdict::Valid && !upn::authority_known(&checked.normalised) {
        findings.push(finding_of_rule(FindingCode::ValueMalformed, field, upn::AUTHORITY_RULE));
    }
    if belongs_to(scheme, &checked).is_some() {
        findings.push(finding_of_rule(FindingCode::ValueMalformed, field, COLUMN_SWAP_RULE));
    }
    let usable = checked.verdict == Verdict::Valid;
    (Some(identifier(scheme, issuer, checked.normalised, standing, usable)), findings)
}

/// The same for a scheme of one issuer's own (a council's child id, a provider's number). `issuer` as [`Scheme`] says.
pub fn claim_of_issuer(scheme: Scheme, issuer: &str, value: &str, standing: Standing) -> Option<Identifier> {
    let value = normalise_value(value);
    (!value.is_empty()).then(|| identifier(scheme, &normalise_value(issuer), value, standing, true))
}

/// The rule named on an identifier that is valid in another scheme: the column next to it, most likely.
pub const COLUMN_SWAP_RULE: &str = "throughline/column-swap";

/// The scheme in which this value passes when it fails in its own. A ULN never passes as an NHS number, nor the other way
/// round, so that a pass in the other scheme says that two columns were swapped.
pub fn belongs_to(scheme: Scheme, checked: &Checked) -> Option<Scheme> {
    if checked.verdict != Verdict::CheckCharacterWrong {
        return None;
    }
    let passes = |checked: Checked| checked.verdict == Verdict::Valid;
    match scheme {
        Scheme::NhsNumber if passes(uln::check(&checked.normalised)) => Some(Scheme::Uln),
        Scheme::Uln if passes(nhs_number::check(&checked.normalised)) => Some(Scheme::NhsNumber),
        _ => None,
    }
}

/// A subject with its value normalised as every subject's is: upper case, without spaces and hyphens.
pub fn subject(scheme: Scheme, issuer: &str, value: &str) -> Subject {
    Subject { scheme: scheme.into(), issuer: issuer.trim().to_owned(), value: normalise_value(value) }
}

fn identifier(scheme: Scheme, issuer: &str, value: String, standing: Standing, usable: bool) -> Identifier {
    Identifier {
        subject: Some(Subject { scheme: scheme.into(), issuer: issuer.to_owned(), value }),
        standing: standing.into(),
        usable,
        verification: None,
    }
}

/// The digits of exactly ten ASCII digits.
fn ten_digits(value: &str) -> Option<[u32; 10]> {
    let digits: Vec<u32> = value.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
    digits.try_into().ok()
}

/// The digits but the last, each times 10 down to 2.
fn weighted_sum(digits: &[u32; 10]) -> u32 {
    digits.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum()
}

fn all_equal(digits: &[u32]) -> bool {
    digits.iter().all(|digit| Some(digit) == digits.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_identifier_is_a_usable_claim() {
        let (claim, findings) = claim(Scheme::NhsNumber, " 943 476-5919 ", Standing::Current, "PID-3");
        let claim = claim.unwrap();
        assert!(claim.usable);
        assert_eq!(claim.subject.unwrap(), subject(Scheme::NhsNumber, "nhs", "9434765919"));
        assert_eq!(claim.standing, i32::from(Standing::Current));
        assert_eq!(findings, []);
    }

    #[test]
    fn what_fails_is_kept_and_links_nobody() {
        for (scheme, value, code, rule) in [
            (Scheme::Upn, "A801200005001", FindingCode::CheckCharacterWrong, Some("dfe/1510")),
            (Scheme::Upn, "UN3", FindingCode::IdentifierPlaceholder, None),
            (Scheme::Upn, "B80120000500I", FindingCode::IdentifierMalformed, Some("dfe/1550")),
            (Scheme::Upn, "B8012X0005001", FindingCode::IdentifierMalformed, Some("dfe/1540")),
            (Scheme::NhsNumber, "9912003890", FindingCode::CheckCharacterWrong, None),
            (Scheme::NhsNumber, "9999999999", FindingCode::IdentifierPlaceholder, None),
            (Scheme::Uln, "12345", FindingCode::IdentifierMalformed, Some("dfe/1575")),
        ] {
            let (claim, findings) = claim(scheme, value, Standing::Current, "field");
            let claim = claim.unwrap();
            assert!(!claim.usable, "{value}");
            assert_eq!(claim.subject.unwrap().value, value);
            assert_eq!(findings.len(), 1, "{value}");
            assert_eq!((findings[0].code(), findings[0].rule.as_deref()), (code, rule), "{value}");
        }
    }

    #[test]
    fn a_former_upn_of_the_wrong_shape_is_only_a_query() {
        let (claim, findings) = claim(Scheme::Upn, "123", Standing::Former, "FormerUPN");
        assert!(!claim.unwrap().usable);
        assert_eq!(findings[0].rule.as_deref(), Some("dfe/1560Q"));
    }

    #[test]
    fn a_swapped_column_is_told() {
        let (_, findings) = claim(Scheme::Uln, "9434765919", Standing::Current, "ULN");
        assert!(findings.iter().any(|f| f.rule.as_deref() == Some(COLUMN_SWAP_RULE)));
        let (_, findings) = claim(Scheme::NhsNumber, "9276308686", Standing::Current, "NHS");
        assert!(findings.iter().any(|f| f.rule.as_deref() == Some(COLUMN_SWAP_RULE)));
    }

    #[test]
    fn an_authority_that_the_list_does_not_hold_is_a_finding_only() {
        let (claim, findings) =
            claim(Scheme::Upn, &upn::with_check_letter("999200005001").unwrap(), Standing::Current, "UPN");
        assert!(claim.unwrap().usable);
        assert_eq!(findings[0].rule.as_deref(), Some(upn::AUTHORITY_RULE));
    }

    #[test]
    fn a_blank_says_nothing() {
        for scheme in [Scheme::Upn, Scheme::NhsNumber, Scheme::Uln, Scheme::LaChildId] {
            assert_eq!(claim(scheme, " \t", Standing::Current, "f"), (None, vec![]));
        }
        assert_eq!(claim_of_issuer(Scheme::LaChildId, "878", " ", Standing::Current), None);
    }

    #[test]
    fn a_number_is_never_valid_both_as_uln_and_as_nhs_number() {
        for first_nine in (100_000_000u64..999_999_999).step_by(7_654_321) {
            let valid = |check: fn(&str) -> Checked| {
                (0..10).filter(|d| check(&format!("{first_nine}{d}")).verdict == Verdict::Valid).collect::<Vec<_>>()
            };
            let (uln, nhs) = (valid(uln::check), valid(nhs_number::check));
            assert!(uln.iter().all(|digit| !nhs.contains(digit)), "{first_nine}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics_and_normalises_once(value: String) {
            for check in [upn::check, nhs_number::check, uln::check] {
                let once = check(&value);
                proptest::prop_assert_eq!(check(&once.normalised), once);
            }
        }
    }
}
