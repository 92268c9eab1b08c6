//! Subjects in the one spelling that their pseudonym is made from. Whoever states a subject (a connector, a command, a
//! reader) states it through here: the same child spelt otherwise would be another child.

use crate::events::{Scheme, Subject};

/// Characters of a value that are kept.
const VALUE_CHARS_MAX: usize = 64;

/// Upper case, without white space, hyphens (of any width) and control characters, cut to what is kept.
pub fn normalise_value(value: &str) -> String {
    let kept = |c: &char| {
        !c.is_whitespace() && !c.is_control() && !matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{feff}' | '\u{200b}')
    };
    value.chars().filter(kept).flat_map(char::to_uppercase).take(VALUE_CHARS_MAX).collect()
}

/// Who issues every number of a national scheme; `None` for a scheme of many issuers.
pub fn national_issuer(scheme: Scheme) -> Option<&'static str> {
    match scheme {
        Scheme::NhsNumber => Some("nhs"),
        Scheme::Upn => Some("dfe"),
        Scheme::Uln => Some("lrs"),
        _ => None,
    }
}

/// A subject as a person or a program wrote it, in its one spelling. `None` when its scheme does not exist, its issuer or
/// value is empty, or a national scheme names another issuer than its own.
pub fn normalised(subject: &Subject) -> Option<Subject> {
    let scheme = Scheme::try_from(subject.scheme).ok().filter(|scheme| *scheme != Scheme::Unspecified)?;
    let given = subject.issuer.trim();
    let issuer = match national_issuer(scheme) {
        Some(own) if own.eq_ignore_ascii_case(given) => own,
        Some(_) => return None,
        None => given,
    };
    let value = match scheme {
        // An organisation's id is lower case by its own rule.
        Scheme::Organisation => subject.value.trim().to_owned(),
        _ => normalise_value(&subject.value),
    };
    let complete = !issuer.is_empty() && !value.is_empty();
    complete.then(|| Subject { scheme: subject.scheme, issuer: issuer.to_owned(), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(scheme: Scheme, issuer: &str, value: &str) -> Subject {
        Subject { scheme: scheme.into(), issuer: issuer.into(), value: value.into() }
    }

    #[test]
    fn one_child_has_one_spelling() {
        let expected = subject(Scheme::NhsNumber, "nhs", "9434765919");
        for (issuer, value) in [("nhs", "9434765919"), ("NHS", "943-476-5919"), (" nhs ", "943 476 5919")] {
            assert_eq!(normalised(&subject(Scheme::NhsNumber, issuer, value)), Some(expected.clone()), "{value}");
        }
        let local = normalised(&subject(Scheme::LaChildId, "878", "ab-123\u{a0}")).unwrap();
        assert_eq!((local.issuer.as_str(), local.value.as_str()), ("878", "AB123"));
    }

    #[test]
    fn what_names_nobody_is_no_subject() {
        for wrong in [
            subject(Scheme::NhsNumber, "878", "9434765919"),
            subject(Scheme::Upn, "", "B801200005001"),
            subject(Scheme::LaChildId, "878", " - "),
            subject(Scheme::Unspecified, "878", "1"),
            Subject { scheme: 99, issuer: "878".into(), value: "1".into() },
        ] {
            assert_eq!(normalised(&wrong), None, "{wrong:?}");
        }
    }
}
