//! Whom messages are about, and what their numbers are worth.

#![cfg(test)]

use connector_kit::Collected;
use health_hl7v2::Hl7V2;
use proto::events::event::Kind;
use proto::events::{Identifier, Subject};

mod telling;

use telling::{Said, findings, subject_told, translate};

fn describing(facility: &str, numbers: &str) -> Said {
    let message = format!("MSH|^~\\&|PAS|{facility}|X|Y|20260401100000||ADT^A31|M1|P|2.4\rPID|1||{numbers}||CASE^A\r");
    translate("f", message.as_bytes())
}

fn subjects(said: &Said) -> Vec<String> {
    said.drafts.iter().map(|draft| subject_told(&draft.subject)).collect()
}

fn identifiers(said: &Said) -> Vec<(String, bool)> {
    let stated = |id: &Identifier| (subject_told(id.subject.as_ref().unwrap()), id.usable);
    match said.drafts[0].event.kind.as_ref() {
        Some(Kind::PersonDescribed(described)) => described.identifiers.iter().map(stated).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_trusts_that_name_their_authority_alike_number_two_children() {
    let subject = |facility| subjects(&describing(facility, "12345^^^PAS^MR~78^^^PAS^PI"));
    assert_eq!(subject("RZ8"), ["PROVIDER_PERSON ods-rz8/PAS/12345"]);
    assert_eq!(subject("RZ9"), ["PROVIDER_PERSON ods-rz9/PAS/12345"]);
    assert_eq!(subjects(&describing("RZ9", "12345")), ["PROVIDER_PERSON ods-rz9/RZ9/12345"]);
    let beside = identifiers(&describing("RZ9", "12345^^^PAS^MR~78^^^PAS^PI"));
    assert_eq!(beside, [("PROVIDER_PERSON ods-rz9/PAS/78".to_owned(), true)]);
}

#[test]
fn the_one_organisation_answers_for_a_facility_that_is_none() {
    let of = |organisation: Option<&str>, facility: &str| {
        let message =
            format!("MSH|^~\\&|EPIC|{facility}|X|Y|20260401100000||ADT^A31|M1|P|2.4\rPID|1||12345^^^PAS^MR||CASE^A\r");
        let connector = Hl7V2 { organisation: organisation.map(str::to_owned) };
        let said = Collected::of(&connector, &[("f", message.as_bytes())]);
        let draft = &said.drafts[0];
        (draft.controller.clone(), subject_told(&draft.subject))
    };
    let told = |controller: &str| (controller.to_owned(), format!("PROVIDER_PERSON {controller}/PAS/12345"));
    for facility in ["Problem List", "Vitals", "UCLH", ""] {
        assert_eq!(of(Some("ods-rz9"), facility), told("ods-rz9"), "{facility}");
    }
    assert_eq!(of(Some("ods-rz9"), "RZ9"), told("ods-rz9"));
    // Another organisation's message is not taken for this one's.
    for (facility, controller) in [("RZ8", "ods-rz8"), ("RZ801", "ods-rz801"), ("A81001", "ods-a81001")] {
        assert_eq!(of(Some("ods-rz9"), facility), told(controller));
    }
    assert_eq!(of(None, "Problem List"), told("ods-problem-list"));
}

fn superseded(survivor: &str, prior: &str) -> (Option<Subject>, bool) {
    let message = format!(
        "MSH|^~\\&|PAS|RZ9|X|Y|20260305100000||ADT^A40^ADT_A39|M1|P|2.4\rEVN|A40|20260305100000\r\
         PID|1||{survivor}||CASE^A\rMRG|{prior}\r"
    );
    let said = translate("f", message.as_bytes());
    let went = said.drafts.iter().find_map(|draft| match draft.event.kind.as_ref() {
        Some(Kind::IdentifierSuperseded(event)) => event.superseded.clone(),
        _ => None,
    });
    let rejected = said.rejections.iter().any(|rejection| rejection.place.field == "MRG-1");
    (went, rejected)
}

#[test]
fn a_number_takes_only_the_place_of_one_of_the_same_issuer() {
    let (went, rejected) = superseded("1001^^^PAS^MR", "1002^^^PAS^MR");
    assert_eq!((subject_told(&went.unwrap()).as_str(), rejected), ("PROVIDER_PERSON ods-rz9/PAS/1002", false));
    for prior in ["1002^^^LAB^MR", "1002", "UNKNOWN^^^PAS^MR", "9999999^^^PAS^MR", "1001^^^PAS^MR"] {
        assert_eq!(superseded("1001^^^PAS^MR", prior), (None, true), "{prior}");
    }
}

#[test]
fn a_number_that_is_still_theirs_takes_nobodys_place() {
    let (went, rejected) = superseded("1001^^^PAS^MR~1900^^^PAS^PI", "1002^^^PAS^MR~1900^^^PAS^PI");
    assert_eq!((subject_told(&went.unwrap()).as_str(), rejected), ("PROVIDER_PERSON ods-rz9/PAS/1002", false));
    assert_eq!(superseded("1001^^^PAS^MR~1900^^^PAS^PI", "1900^^^PAS^PI~1002^^^PAS^MR").0.unwrap().value, "1002");
    assert_eq!(superseded("1001^^^PAS^MR~1900^^^PAS^PI", "1900^^^PAS^PI"), (None, true));
}

/// Which number took the place of which.
fn replaced(survivor: &str, prior: &str) -> Vec<(String, String)> {
    let message = format!(
        "MSH|^~\\&|PAS|RZ9|X|Y|20260305100000||ADT^A40^ADT_A39|M1|P|2.4\rEVN|A40|20260305100000\r\
         PID|1||{survivor}||CASE^A\rMRG|{prior}\r"
    );
    let of = |draft: &connector_kit::Draft| match draft.event.kind.as_ref() {
        Some(Kind::IdentifierSuperseded(event)) => {
            Some((event.superseded.clone().unwrap().value, draft.subject.value.clone()))
        }
        _ => None,
    };
    let mut pairs: Vec<(String, String)> = translate("f", message.as_bytes()).drafts.iter().filter_map(of).collect();
    pairs.sort();
    pairs
}

#[test]
fn a_second_hospitals_number_takes_the_place_of_that_hospitals() {
    let pair = |went: &str, stands: &str| (went.to_owned(), stands.to_owned());
    let two = "A1^^^HOSPA^MR~B1^^^HOSPB^MR";
    assert_eq!(replaced(two, "B2^^^HOSPB^MR"), [pair("B2", "B1")]);
    assert_eq!(replaced(two, "B2^^^HOSPB"), [pair("B2", "B1")]);
    assert_eq!(replaced(two, "A2^^^HOSPA^MR~B2^^^HOSPB^MR"), [pair("A2", "A1"), pair("B2", "B1")]);
    assert!(!superseded(two, "B2^^^HOSPB^MR").1);
    // By its kind, where that hospital numbers the person twice.
    let three = "A1^^^HOSPA^MR~B1^^^HOSPB^MR~B9^^^HOSPB^PI";
    assert_eq!(replaced(three, "B2^^^HOSPB^MR"), [pair("B2", "B1")]);
    // Which of two it became is not said, nor that it became one of another kind or of nobody.
    for (now, prior) in [
        (three, "B2^^^HOSPB"),
        ("A1^^^HOSPA^MR~B1^^^HOSPB^MR~B3^^^HOSPB^MR", "B2^^^HOSPB^MR"),
        ("A1^^^HOSPA^MR~B1^^^HOSPB^PI", "B2^^^HOSPB^MR"),
        ("A1^^^HOSPA^MR~1111111^^^HOSPB^MR", "B2^^^HOSPB^MR"),
        (two, "C2^^^HOSPC^MR"),
        (two, "B1^^^HOSPB^MR"),
    ] {
        assert_eq!(superseded(now, prior), (None, true), "{now} {prior}");
    }
}

#[test]
fn a_number_of_another_numbering_is_another_number_whatever_its_digits() {
    let with_older = |older: &str| {
        let message =
            format!("MSH|^~\\&|PAS|RZ9|X|Y|20260401100000||ADT^A31|M1|P|2.4\rPID|1|{older}|12345^^^RZ9^MR||CASE^A\r");
        let said = translate("f", message.as_bytes());
        (subjects(&said), identifiers(&said), findings(&said.drafts[0]))
    };
    let own = vec!["PROVIDER_PERSON ods-rz9/RZ9/12345".to_owned()];
    let surgery = |number: &str, usable: bool| vec![(format!("PROVIDER_PERSON ods-rz9/SURGERY/{number}"), usable)];
    assert_eq!(with_older("12345^^^SURGERY^PI"), (own.clone(), surgery("12345", true), vec![]));
    for same in ["12345", "12345^^^RZ9^MR", "12345^^^RZ9", "12345^^^^PI"] {
        assert_eq!(with_older(same), (own.clone(), vec![], vec![]), "{same}");
    }
    let stand_in = vec!["IDENTIFIER_PLACEHOLDER PID-2".to_owned()];
    assert_eq!(with_older("UNKNOWN^^^SURGERY^PI"), (own, surgery("UNKNOWN", false), stand_in));
}

#[test]
fn whose_numbering_it_is_has_to_be_told() {
    let why = |facility: &str, number: &str| {
        let message = format!("MSH|^~\\&||{facility}|X|Y|20260401100000||ADT^A31|M1|P|2.4\rPID|1||{number}||CASE^A\r");
        let connector = Hl7V2 { organisation: Some("ods-rz9".to_owned()) };
        let said = Collected::of(&connector, &[("f", message.as_bytes())]);
        said.rejections.first().map(|told| told.message.clone()).unwrap_or_default()
    };
    assert!(why("", "12345^^^^MR").contains("no authority (CX-4)"), "{}", why("", "12345^^^^MR"));
    assert_eq!([why("", "12345^^^PAS^MR"), why("RZ9", "12345^^^^MR")], ["", ""]);
    for nobodys in ["", "UNKNOWN^^^^MR"] {
        assert!(why("", nobodys).contains("PID-3 holds no number"), "{nobodys}");
    }
}

#[test]
fn a_stand_in_links_nobody() {
    for stand_in in ["UNKNOWN", "None", "TEST", "N/A", "ABC", "1111111", "00000", "9999999999", "TEST1", "Not known"] {
        let said = describing("RZ9", &format!("1001^^^PAS^MR~{stand_in}^^^PAS^PI"));
        let stated = identifiers(&said);
        assert_eq!(stated.iter().map(|(_, usable)| *usable).collect::<Vec<_>>(), [false], "{stand_in}");
        assert_eq!(findings(&said.drafts[0]), ["IDENTIFIER_PLACEHOLDER PID-3"], "{stand_in}");
    }
    let said = describing("RZ9", "1001^^^PAS^MR~1112^^^PAS^PI~7^^^PAS^PT~A1^^^PAS^PT");
    assert_eq!(identifiers(&said).iter().filter(|(_, usable)| *usable).count(), 3);
    assert!(findings(&said.drafts[0]).is_empty());
}

#[test]
fn a_stand_in_is_nobody() {
    for stand_in in ["UNKNOWN", "none", "N/A", "1111111", "00000", "9999999999"] {
        let said = describing("RZ9", &format!("{stand_in}^^^PAS^MR"));
        assert_eq!((said.drafts.len(), said.rejections.len()), (0, 1), "{stand_in}");
        let said = describing("RZ9", &format!("{stand_in}^^^PAS^MR~78^^^PAS^PI"));
        assert_eq!(subjects(&said), ["PROVIDER_PERSON ods-rz9/PAS/78"], "{stand_in}");
    }
}

#[test]
fn a_message_states_no_more_identifiers_than_a_person_has() {
    let local = |n: u64| format!("{}^^^PAS^MR", 1000 + n);
    let national = |n: u64| format!("{}^^^NHS^NH", 9_000_000_000 + n);
    for number in [&local as &dyn Fn(u64) -> String, &national] {
        let of = |count: u64| {
            describing(
                "RZ9",
                &["K1^^^PAS^MR".to_owned()].into_iter().chain((0..count).map(number)).collect::<Vec<_>>().join("~"),
            )
        };
        let flags =
            |said: &Said| findings(&said.drafts[0]).iter().filter(|told| *told == "VALUE_MALFORMED PID-3").count();
        let (all, too_many) = (of(16), of(40));
        assert_eq!((identifiers(&all).len(), identifiers(&too_many).len()), (16, 16));
        assert_eq!(flags(&too_many), flags(&all) + 1);
    }
}

#[test]
fn a_relation_with_the_childs_own_number_is_somebody_else() {
    let related = |nk1: &str| {
        let message = format!(
            "MSH|^~\\&|PAS|RZ9|X|Y|20260401100000||ADT^A31|M1|P|2.4\rPID|1||1001^^^PAS^MR~9990123454^^^NHS^NH||CASE^A\r{nk1}\r"
        );
        let said = translate("f", message.as_bytes());
        let of_relation = |draft: &&connector_kit::Draft| draft.table == "relationship";
        let draft = said.drafts.iter().find(of_relation).unwrap().clone();
        let Some(Kind::RelationshipRecorded(told)) = draft.event.kind else { panic!("{draft:?}") };
        (told.related.map(|number| subject_told(&number)), draft.findings.len(), draft.record_key)
    };
    let field_33 = "|".repeat(26);
    let with = |number: &str| format!("NK1|1|CASE^MOTHER|MTH||||{field_33}{number}");
    let (number, findings, key) = related(&with("9990123462^^^NHS^NH"));
    assert_eq!((number.as_deref(), findings), (Some("NHS_NUMBER nhs/9990123462"), 0), "{key}");
    for own in ["9990123454^^^NHS^NH", "1001^^^PAS^MR"] {
        let (number, findings, key) = related(&with(own));
        assert_eq!((number, findings), (None, 1), "{own}");
        assert!(key.ends_with("relationship/MTH/MOTHER CASE"), "{key}: by the name");
    }
    // By the code that stands first, also where the alternate says more, so that the same person keeps their key.
    for (coded, code) in [("^Mother^^MTH^^HL70063", ""), ("X1^Mum^L^MTH^Mother^HL70063", "X1")] {
        let (_, _, key) = related(&format!("NK1|1|CASE^MOTHER|{coded}"));
        assert!(key.ends_with(&format!("relationship/{code}/MOTHER CASE")), "{key}");
    }
    let (number, findings, _) = related(&format!("NK1|1||MTH||||{field_33}9990123454^^^NHS^NH"));
    assert_eq!((number, findings), (None, 1), "and what names nobody else is not lost");
}
