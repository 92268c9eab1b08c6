//! Plain words for codes, for a data manager who has not read the manual.

use connector_kit::submission::Outcome;
use proto::events::FindingCode;
use proto::quarantine::Reason;

/// What an outcome is called, what it means, and its colour.
pub(super) fn outcome(outcome: Outcome) -> (&'static str, &'static str, &'static str) {
    match outcome {
        Outcome::Published => ("New or changed", "It says something new, and nothing is odd about it.", "#1a7f37"),
        Outcome::PublishedWithFindings => (
            "New or changed, with findings",
            "It was taken, and something about it is odd: see the findings.",
            "#9a6700",
        ),
        Outcome::Unchanged => ("Unchanged", "It said the same the last time.", "#0969da"),
        Outcome::Quarantined => (
            "Could not be used",
            "It is kept, with the reason, until somebody deals with it: see the reasons below.",
            "#cf222e",
        ),
        Outcome::NotTaken => (
            "Not taken",
            "It could be read, but the file or the part of the return that it stands in could not be used as a whole: see the reasons below.",
            "#bc4c00",
        ),
        Outcome::Retracted => (
            "No longer there",
            "It was there the last time, and this submission, which was read whole, no longer has it.",
            "#57606a",
        ),
    }
}

/// What a finding means, and what to do.
pub(super) fn finding(code: &str) -> (&'static str, &'static str) {
    use FindingCode as F;
    let code = F::from_str_name(&format!("FINDING_CODE_{code}")).unwrap_or_default();
    match code {
        F::CheckCharacterWrong => (
            "Check letter or digit is wrong",
            "A number was mistyped, and links the child with nobody. Look it up anew.",
        ),
        F::IdentifierPlaceholder => {
            ("A stand-in in place of a number", "It links the child with nobody. Enter the number once it is known.")
        }
        F::IdentifierShared => {
            ("One number on two children", "It links neither of them. Find out whose it is, and mend the other.")
        }
        F::IdentifierMalformed => {
            ("Not a number of its kind", "Too short, or of another kind. It links the child with nobody. Mend it.")
        }
        F::CodeUnknown => ("Code is on no list", "It is kept as it came. Choose one that is on the list."),
        F::CodeOfOtherYear => ("Code of another year's list", "It was read as that year's. Use this year's list."),
        F::DateUnreadable => {
            ("Date cannot be read", "The record was taken without it. Write it as the others are written.")
        }
        F::DateImplausible => (
            "Date cannot be right",
            "Before birth, in the future, or a century off. Mend it: day and month may be exchanged.",
        ),
        F::DatesOutOfOrder => ("Ends before it starts", "Both dates are kept as they came. Mend one of them."),
        F::FieldMissing => ("Required and empty", "The record was taken without it. Fill it in."),
        F::ValueMalformed => ("Value of the wrong kind", "Too long, or not of the kind that belongs there. Mend it."),
        F::FieldsContradict => {
            ("Two fields contradict", "Both are kept as they came. Put right the one that is wrong.")
        }
        F::TextOdd => ("Odd characters", "A letter may show wrongly in a name. Export as UTF-8."),
        F::NotMapped => (
            "Kept as it came",
            "No mistake of yours: a part of the record has no place of its own here yet. Nothing to do.",
        ),
        F::RecordRepeated => ("Same record twice", "It counts once. Nothing to do, unless the two were meant as two."),
        F::MarkedAsTest => (
            "Marked as a test",
            "The sender says that it is made up or for training, and it was taken all the same. Keep tests out of the live feed.",
        ),
        F::Unspecified => ("Odd", "Look at the field."),
    }
}

/// What a reason for not using a record is, in words.
pub(super) fn reason(code: &str) -> String {
    let words = match Reason::all().find(|reason| reason.name() == code) {
        Some(Reason::RecordMalformed) => "The record is broken",
        Some(Reason::SubjectMissing) => "Nothing says which child it is about",
        Some(Reason::DateMissing) => "The date that places it is missing",
        Some(Reason::ParentMissing) => "It belongs to a record that is not there",
        Some(Reason::ColumnsNotMapped) => "Columns that are not read",
        Some(Reason::HeaderMissing) => "Columns are missing",
        Some(Reason::FileUnreadable) => "The file could not be read",
        Some(Reason::KeyShared) => "Two records have one key and say different things",
        Some(Reason::RetractionsHeld) => "More is missing than may go unseen",
        _ => return plain(code),
    };
    words.to_owned()
}

/// Why something changed.
pub(super) fn cause(cause: &str) -> &str {
    match cause {
        "started" => "new",
        "retracted" => "taken back",
        cause => cause,
    }
}

/// `DATES_OUT_OF_ORDER` as "Dates out of order".
fn plain(code: &str) -> String {
    let words = code.to_ascii_lowercase().replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// `EhcPlanIssued` as "EHC plan issued".
pub(super) fn spaced(kind: &str) -> String {
    let mut words = String::new();
    for (at, character) in kind.char_indices() {
        if at > 0 && character.is_ascii_uppercase() {
            words.push(' ');
            words.push(character.to_ascii_lowercase());
        } else {
            words.push(character);
        }
    }
    for word in ["Ehc", "Sen"] {
        if words.split(' ').next() == Some(word) {
            words = words.replacen(word, &word.to_ascii_uppercase(), 1);
        }
    }
    words
}

/// 12345 as 12,345.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (digit, left) in digits.chars().zip((0..digits.len()).rev()) {
        grouped.push(digit);
        if left > 0 && left % 3 == 0 {
            grouped.push(',');
        }
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_has_words_of_its_own() {
        let names = (1..100).filter_map(|number| FindingCode::try_from(number).ok()).map(|code| code.as_str_name());
        let codes: Vec<&str> = names.map(|name| name.trim_start_matches("FINDING_CODE_")).collect();
        assert!(codes.len() >= 15);
        for code in codes {
            assert_ne!(finding(code), finding("NO_SUCH"), "{code}");
        }
    }

    #[test]
    fn words_are_plain() {
        assert_eq!(spaced("EhcPlanIssued"), "EHC plan issued");
        assert_eq!(reason("NOT_YOURS_TO_SAY"), "Not yours to say");
        assert_eq!(reason("SUBJECT_MISSING"), "Nothing says which child it is about");
        assert_eq!(
            [grouped(0), grouped(999), grouped(12_345), grouped(1_000_000)],
            ["0", "999", "12,345", "1,000,000"]
        );
    }
}
