use proto::events::identifier::Standing;
use proto::events::person_name::Use;
use proto::events::{Coded, Identifier, PersonName, address};

use super::*;

fn subject(scheme: Scheme, issuer: &str, value: &str) -> Subject {
    Subject { scheme: scheme.into(), issuer: issuer.to_owned(), value: value.to_owned() }
}

fn pupil() -> Subject {
    subject(Scheme::SchoolPupil, "8784001", "W80120000001A")
}

fn values(record: &Record, field: &str) -> Vec<String> {
    let at = schema().fields().iter().position(|f| f.name == field).unwrap();
    record.values(at).to_vec()
}

fn name(given: &str, family: &str, stands_as: Use) -> PersonName {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    PersonName { given: text(given), family: text(family), r#use: stands_as.into(), ..Default::default() }
}

#[test]
fn all_descriptions_of_a_subject_are_one_record() {
    let person = PersonDescribed {
        names: vec![
            PersonName { middle: Some("Mair".to_owned()), ..name("Siân", "ap-Rhys", Use::Usual) },
            name("Shan", "", Use::Preferred),
            name("", "Price", Use::Former),
        ],
        birth_on: Some(Date { year: 2015, month: Some(3), day: Some(9), estimated: false }),
        sex: Some(Coded { code: "2".to_owned(), ..Default::default() }),
        ..Default::default()
    };
    let home = |lines: &[&str], postcode: &str, uprn: Option<&str>| Address {
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        postcode: Some(postcode.to_owned()),
        uprn: uprn.map(str::to_owned),
        ..Default::default()
    };
    let addresses = PersonDescribed {
        addresses: vec![
            home(&["Flat 2", "14", "High St", "Exeter"], "ex1 iaa", Some("100012345678")),
            home(&["The Old Rectory, Church Ln", "Ide"], "ZZ99 3VZ", None),
        ],
        ..Default::default()
    };
    let record = record(&pupil(), [&person, &addresses]);
    assert_eq!(values(&record, "given_name"), ["shan", "sian"]);
    assert_eq!(values(&record, "middle_names"), ["mair"]);
    assert_eq!(values(&record, "surname"), ["ap rhys", "price"]);
    assert_eq!(values(&record, "birth_date"), ["20150309"]);
    assert_eq!(values(&record, "sex"), ["f"]);
    assert_eq!(values(&record, "postcode"), ["ex11aa"]);
    assert_eq!(values(&record, "house"), ["flat 2 14 high street", "the old rectory church lane", "uprn 100012345678"]);
}

#[test]
fn an_address_that_is_nobodys_home_is_no_evidence() {
    let of = |stands_as: address::Use| {
        let at = Address { postcode: Some("EX1 1AA".to_owned()), r#use: Some(stands_as.into()), ..Default::default() };
        let person = PersonDescribed { addresses: vec![at], ..Default::default() };
        values(&record(&pupil(), [&person]), "postcode").len()
    };
    let homes = [address::Use::Unspecified, address::Use::Home, address::Use::Temporary, address::Use::Former];
    assert_eq!(homes.map(of), [1; 4]);
    assert_eq!([address::Use::Birth, address::Use::Correspondence, address::Use::Other].map(of), [0; 3]);
}

#[test]
fn a_number_counts_as_its_issuers_own_when_each_child_has_one() {
    for (subject, expected) in [
        (subject(Scheme::LaChildId, "878", "AB 123"), Some("878|ab123")),
        (subject(Scheme::ProviderPerson, "ods-rh8/RH8", "55"), Some("ods-rh8/rh8|55")),
        (subject(Scheme::SchoolPupil, "8784001", "B801200005001"), Some("8784001|b801200005001")),
        // A temporary number is replaced, one that fails its check is corrected, and a row has none.
        (pupil(), None),
        (subject(Scheme::SchoolPupil, "8784001", "A801200005001"), None),
        (subject(Scheme::SchoolPupil, "8784001", "row17"), None),
        (subject(Scheme::NhsNumber, "nhs", "9434765919"), None),
    ] {
        let found = values(&record(&subject, &[]), "local_id");
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{subject:?}");
    }
}

#[test]
fn dates_keep_what_is_known_of_them() {
    let on = |year, month, day, estimated| Some(Date { year, month, day, estimated });
    let cases = [
        (on(2015, Some(3), Some(9), false), None, vec!["20150309"]),
        (on(2015, Some(3), Some(15), true), None, vec!["~20150315"]),
        (on(2015, Some(3), None, false), None, vec!["201503"]),
        (on(2015, None, None, false), None, vec!["2015"]),
        (on(1900, Some(1), Some(1), false), None, vec![]),
        // Not born when the description was made: an estimate, until there is a day of birth.
        (None, on(2025, Some(6), Some(2), false), vec!["~20250602"]),
        (on(2025, Some(5), Some(28), false), on(2025, Some(6), Some(2), false), vec!["20250528"]),
    ];
    for (birth_on, expected_birth_on, dates) in cases {
        let described = PersonDescribed { birth_on, expected_birth_on, ..Default::default() };
        assert_eq!(values(&record(&pupil(), [&described]), "birth_date"), dates, "{birth_on:?} {expected_birth_on:?}");
    }
}

#[test]
fn codes_of_sex_are_of_many_lists() {
    let said = |code: &str| {
        let sex = Some(Coded { code: code.to_owned(), ..Default::default() });
        values(&record(&pupil(), [&PersonDescribed { sex, ..Default::default() }]), "sex").join("")
    };
    for (code, expected) in [
        ("M", "m"),
        ("F", "f"),
        ("1", "m"),
        ("2", "f"),
        ("male", "m"),
        ("a) Female", "f"),
        ("1 - Male", "m"),
        // Not known, not specified, not yet, other, ambiguous, not applicable: nothing is said.
        ("U", ""),
        ("0", ""),
        ("9", ""),
        ("O", ""),
        ("A", ""),
        ("N", ""),
        ("", ""),
        ("7", ""),
    ] {
        assert_eq!(said(code), expected, "{code}");
    }
}

#[test]
fn only_identifiers_that_name_one_child_count() {
    let stated = |scheme, value: &str, standing, usable| Identifier {
        subject: Some(subject(scheme, "", value)),
        standing: i32::from(standing),
        usable,
        verification: None,
    };
    use Standing::{Current, Former};
    let cases = [
        (stated(Scheme::NhsNumber, "9434765919", Current, true), "nhs_number", Some("9434765919")),
        (stated(Scheme::NhsNumber, "9434765919", Current, false), "nhs_number", None),
        // Said to be usable, and not: a wrong check digit, two that pass by arithmetic and name nobody.
        (stated(Scheme::NhsNumber, "9434765918", Current, true), "nhs_number", None),
        (stated(Scheme::NhsNumber, "0000000000", Current, true), "nhs_number", None),
        (stated(Scheme::NhsNumber, "9999999999", Current, true), "nhs_number", None),
        (stated(Scheme::Upn, "B801200005001", Current, true), "upn", Some("b801200005001")),
        (stated(Scheme::Upn, "P207000016049", Former, true), "upn", Some("p207000016049")),
        (stated(Scheme::Upn, "W80120000001A", Current, true), "upn", Some("w80120000001a")),
        (stated(Scheme::Upn, "A801200005001", Current, true), "upn", None),
        (stated(Scheme::Upn, "UN3", Current, true), "upn", None),
        (stated(Scheme::Uln, "9276308686", Current, true), "uln", Some("9276308686")),
        (stated(Scheme::Uln, "9434765919", Current, true), "uln", None),
        (stated(Scheme::Uln, "9999999999", Current, true), "uln", None),
        // Somebody else's number is nobody's claim about the child.
        (stated(Scheme::ThirdParty, "9434765919", Current, true), "nhs_number", None),
    ];
    for (identifier, field, expected) in cases {
        let described = PersonDescribed { identifiers: vec![identifier.clone()], ..Default::default() };
        let found = values(&record(&pupil(), [&described]), field);
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{identifier:?}");
    }
}

#[test]
fn a_description_that_says_nothing_is_an_empty_record() {
    let unnamed = PersonDescribed { names: vec![name("Baby", "Not known", Use::Usual)], ..Default::default() };
    let record = record(&subject(Scheme::NhsNumber, "nhs", "9434765919"), [&unnamed, &PersonDescribed::default()]);
    assert!((0..schema().fields().len()).all(|field| record.values(field).is_empty()));
}
