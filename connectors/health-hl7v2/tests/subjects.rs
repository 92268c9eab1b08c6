//! Whom messages are about, and what their numbers are worth.

#![cfg(test)]

use proto::events::event::Kind;
use proto::events::Identifier;

mod telling;

use telling::{Said, subject_told, translate};

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
    let subject = |facility| subjects(&describing(facility, "12345^^^PAS^MR~77^^^PAS^PI"));
    assert_eq!(subject("RZ8"), ["PROVIDER_PERSON ods-rz8/PAS/12345"]);
    assert_eq!(subject("RZ9"), ["PROVIDER_PERSON ods-rz9/PAS/12345"]);
    assert_eq!(subjects(&describing("RZ9", "12345")), ["PROVIDER_PERSON ods-rz9/RZ9/12345"]);
    let beside = identifiers(&describing("RZ9", "12345^^^PAS^MR~77^^^PAS^PI"));
    assert_eq!(beside, [("PROVIDER_PERSON ods-rz9/PAS/77".to_owned(), true)]);
}
