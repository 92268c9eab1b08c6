//! What no weight overcomes, each with what comes near it and is no reason.

use crate::linker::parameters::{FieldParameters, Parameters};
use crate::linker::{Guards, Record, Veto, children, veto};

/// The one of each pair: given name, middle names, surname, birth date, sex, postcode, house, NHS number, UPN, ULN, local id.
const ONE: [&str; 11] = ["Olivia", "", "Hart", "2015-03-09", "F", "EX1 1AA", "14 High Street", "", "", "", "878|1"];

const NHS: &str = "9434765919";
const OTHER_NHS: &str = "9434765870";
const UPN: &str = "B801200005001";
const OTHER_UPN: &str = "P207000016049";
const TEMPORARY_UPN: &str = "W80120000001A";

const GIVEN: usize = 0;
const MIDDLE: usize = 1;
const SURNAME: usize = 2;
const BORN: usize = 3;
const SEX: usize = 4;
const POSTCODE: usize = 5;
const HOUSE: usize = 6;
const NHS_NUMBER: usize = 7;
const UPN_AT: usize = 8;
const LOCAL: usize = 10;

type Changes = &'static [(usize, &'static str)];

fn record(changes: Changes) -> Record {
    let mut texts = ONE;
    for (at, text) in changes {
        texts[*at] = text;
    }
    // Several values of one field stand with a semicolon between.
    children::schema().record(texts.iter().map(|text| text.split(';').collect::<Vec<_>>()))
}

/// Parameters under which these are given names that people have, besides those that everybody knows.
fn parameters() -> Parameters {
    let field = |at: usize| FieldParameters {
        of_one: [0.2; 5],
        of_two: [0.2; 5],
        said: 1_000,
        counts: if at == GIVEN {
            [("zephyra".to_owned(), 10), ("zephyrah".to_owned(), 8)].into()
        } else {
            Default::default()
        },
        share_of_others: 0.001,
    };
    let fields = (0..children::schema().fields().len()).map(field).collect();
    let schema = children::schema().clone();
    Parameters { schema, fields, prior: 0.001, rules: Vec::new(), records: 1_000, block_records_max: 500 }
}

#[test]
fn what_no_weight_overcomes() {
    let twin: Changes = &[(GIVEN, "Benjamin"), (SEX, "M"), (LOCAL, "878|2")];
    let cases: &[(&str, Changes, Changes, Option<Veto>)] = &[
        ("the same, of another council", &[], &[(LOCAL, "879|7")], None),
        // NHS numbers.
        ("two NHS numbers", &[(NHS_NUMBER, NHS)], &[(NHS_NUMBER, OTHER_NHS), (LOCAL, "")], Some(Veto::TwoIdentifiers)),
        ("a number that fails its check", &[(NHS_NUMBER, NHS)], &[(NHS_NUMBER, "9434765918"), (LOCAL, "")], None),
        ("one has a number", &[(NHS_NUMBER, NHS)], &[(LOCAL, "")], None),
        (
            "a number that replaced another",
            &[(NHS_NUMBER, NHS)],
            &[(NHS_NUMBER, "9434765870;9434765919"), (LOCAL, "")],
            None,
        ),
        ("a placeholder", &[(NHS_NUMBER, NHS)], &[(NHS_NUMBER, "9999999999"), (LOCAL, "")], None),
        (
            "two numbers, one pupil number",
            &[(NHS_NUMBER, NHS), (UPN_AT, UPN)],
            &[(NHS_NUMBER, OTHER_NHS), (UPN_AT, UPN), (LOCAL, "")],
            Some(Veto::TwoIdentifiers),
        ),
        // Numbers of the department.
        ("two pupil numbers", &[(UPN_AT, UPN)], &[(UPN_AT, OTHER_UPN), (LOCAL, "")], Some(Veto::OneIssuer)),
        (
            "a pupil number and the one before it",
            &[(UPN_AT, UPN)],
            &[(UPN_AT, "P207000016049;B801200005001"), (LOCAL, "")],
            None,
        ),
        ("a pupil number and a temporary one", &[(UPN_AT, UPN)], &[(UPN_AT, TEMPORARY_UPN), (LOCAL, "")], None),
        (
            "two pupil numbers, one NHS number",
            &[(UPN_AT, UPN), (NHS_NUMBER, NHS)],
            &[(UPN_AT, OTHER_UPN), (NHS_NUMBER, NHS), (LOCAL, "")],
            None,
        ),
        // One issuer.
        ("two numbers of one council", &[], &[(LOCAL, "878|2")], Some(Veto::OneIssuer)),
        ("one number of two councils", &[], &[(LOCAL, "879|1")], None),
        ("a second number of one council beside the first", &[], &[(LOCAL, "878|1;878|2")], None),
        // Twins.
        ("twins of another source", &[], &[(GIVEN, "Benjamin"), (SEX, "M"), (LOCAL, "")], Some(Veto::Twins)),
        ("twins of one sex", &[], &[(GIVEN, "Sophie"), (LOCAL, "")], Some(Veto::Twins)),
        ("twins of one council", &[], twin, Some(Veto::OneIssuer)),
        (
            "two names under one NHS number",
            &[(NHS_NUMBER, NHS)],
            &[(GIVEN, "Sophie"), (NHS_NUMBER, NHS), (LOCAL, "")],
            None,
        ),
        ("two names under one pupil number", &[(UPN_AT, UPN)], &[(GIVEN, "Sophie"), (UPN_AT, UPN), (LOCAL, "")], None),
        (
            "two names under a temporary pupil number",
            &[(UPN_AT, TEMPORARY_UPN)],
            &[(GIVEN, "Sophie"), (UPN_AT, TEMPORARY_UPN), (LOCAL, "")],
            None,
        ),
        (
            "two names under a number that fails its check",
            &[(NHS_NUMBER, "9434765918")],
            &[(GIVEN, "Sophie"), (NHS_NUMBER, "9434765918"), (LOCAL, "")],
            Some(Veto::Twins),
        ),
        (
            "twins of whom one moved",
            &[],
            &[(GIVEN, "Sophie"), (POSTCODE, "PL4 8QB"), (HOUSE, "2 Low Road"), (LOCAL, "")],
            Some(Veto::Twins),
        ),
        ("twins of two surnames", &[], &[(GIVEN, "Sophie"), (SURNAME, "Marlow"), (LOCAL, "")], Some(Veto::Twins)),
        (
            "twins of whom one's date has a slip",
            &[],
            &[(GIVEN, "Sophie"), (BORN, "2015-03-19"), (LOCAL, "")],
            Some(Veto::Twins),
        ),
        (
            "twins of whom one's date is turned about",
            &[],
            &[(GIVEN, "Sophie"), (BORN, "2015-09-03"), (LOCAL, "")],
            Some(Veto::Twins),
        ),
        ("twins of names nearly alike", &[(GIVEN, "Ella")], &[(GIVEN, "Ellie"), (LOCAL, "")], Some(Veto::Twins)),
        (
            "twins of names that people have here",
            &[(GIVEN, "Zephyra")],
            &[(GIVEN, "Zephyrah"), (LOCAL, "")],
            Some(Veto::Twins),
        ),
        (
            "twins of one first name",
            &[(GIVEN, "Muhammad Ali")],
            &[(GIVEN, "Mohammed Hasan"), (LOCAL, "")],
            Some(Veto::Twins),
        ),
        (
            "twins of one first name, told apart by the second",
            &[(GIVEN, "Muhammad"), (MIDDLE, "Ali")],
            &[(GIVEN, "Muhammad"), (MIDDLE, "Hasan"), (LOCAL, "")],
            Some(Veto::Twins),
        ),
        (
            "twins of one name's two forms",
            &[(GIVEN, "Alex"), (SEX, "M")],
            &[(GIVEN, "Alexandra"), (SEX, "F"), (LOCAL, "")],
            Some(Veto::Twins),
        ),
        ("a slip of the key in a name", &[], &[(GIVEN, "Olivai"), (LOCAL, "")], None),
        ("a slip of the key, and the other sex", &[], &[(GIVEN, "Olivai"), (SEX, "M"), (LOCAL, "")], Some(Veto::Twins)),
        ("a slip of the key, and a sex not said", &[], &[(GIVEN, "Olivai"), (SEX, "U"), (LOCAL, "")], None),
        ("a short form", &[], &[(GIVEN, "Liv"), (LOCAL, "")], None),
        ("another sex alone", &[], &[(SEX, "M"), (LOCAL, "")], None),
        ("a name known by", &[], &[(GIVEN, "Sophie;Olivia"), (LOCAL, "")], None),
        ("known by a middle name", &[], &[(GIVEN, "Grace"), (MIDDLE, "Olivia"), (LOCAL, "")], None),
        ("no name", &[], &[(GIVEN, "Baby"), (LOCAL, "")], None),
        // Not of one birth.
        ("a sister", &[], &[(GIVEN, "Sophie"), (BORN, "2012-07-21"), (LOCAL, "")], Some(Veto::Siblings)),
        (
            "a sister whose name is nearly hers",
            &[(GIVEN, "Ella")],
            &[(GIVEN, "Ellie"), (BORN, "2012-07-21"), (LOCAL, "")],
            Some(Veto::Siblings),
        ),
        (
            "a stranger",
            &[],
            &[
                (GIVEN, "Sophie"),
                (SURNAME, "Marlow"),
                (BORN, "2012-07-21"),
                (POSTCODE, "PL4 8QB"),
                (HOUSE, ""),
                (LOCAL, ""),
            ],
            Some(Veto::Siblings),
        ),
        (
            "a sister under one NHS number",
            &[(NHS_NUMBER, NHS)],
            &[(GIVEN, "Sophie"), (BORN, "2012-07-21"), (NHS_NUMBER, NHS), (LOCAL, "")],
            None,
        ),
        ("the name of a sister who died", &[], &[(BORN, "2012-07-21"), (LOCAL, "")], None),
        (
            "a stranger of one birthday",
            &[],
            &[(GIVEN, "Sophie"), (SURNAME, "Marlow"), (POSTCODE, "PL4 8QB"), (HOUSE, "2 Low Road"), (LOCAL, "")],
            None,
        ),
    ];
    let parameters = parameters();
    for (what, one, other, expected) in cases {
        let (one, other) = (record(one), record(other));
        let found = veto(&parameters, Guards::default(), false, &one, &other);
        assert_eq!(found, *expected, "{what}");
        assert_eq!(veto(&parameters, Guards::default(), false, &other, &one), found, "{what}, the other way round");
        // A seal comes before everything, a number of both included.
        assert_eq!(veto(&parameters, Guards::default(), true, &one, &other), Some(Veto::Sealed), "{what}");
        let none = Guards { identifiers: false, twins: false };
        assert_eq!(veto(&parameters, none, false, &one, &other), None, "{what}");
    }
}
