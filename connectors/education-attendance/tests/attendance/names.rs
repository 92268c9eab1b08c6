//! Names of columns, and of objects and their fields, as makers have them; and days as they write them.

use proto::events::event::Kind;
use proto::events::person_name::Use;

use super::{UPN, marks, translate};

/// The plain marks of two sessions, under whichever names.
#[test]
fn both_sessions_of_a_day_are_read_under_any_of_their_names() {
    let plain = marks(&translate("8784001.csv", &format!("UPN,Date,AM,PM\n{UPN},06/01/2025,/,L\n")));
    assert_eq!(plain.len(), 2);
    for names in ["Mark AM,Mark PM", "Session 1,Session 2", "AM Attendance,PM Attendance", "sessionAM,sessionPM"] {
        let said = translate("8784001.csv", &format!("UPN,Date,{names}\n{UPN},06/01/2025,/,L\n"));
        assert_eq!(marks(&said), plain, "{names}");
    }
}

#[test]
fn a_name_in_one_column_is_a_surname_and_a_forename() {
    let apart = "Surname,Forename,DOB,Date,AM\nInvented,Ada,09/05/2014,06/01/2025,/\n";
    let apart = translate("8784001.csv", apart);
    let whole = "Pupil Name,Date of Birth,Date,AM\n\"Invented, Ada\",09/05/2014,06/01/2025,/\n";
    let whole = translate("8784001.csv", whole);
    assert_eq!((marks(&whole), whole.rejections.len()), (marks(&apart), 0));
    assert_eq!(whole.drafts[0].subject, apart.drafts[0].subject);
    // A name that is in no such order says nobody.
    let unknown = "Pupil Name,Date of Birth,Date,AM\nAda Invented,09/05/2014,06/01/2025,/\n";
    assert_eq!(translate("8784001.csv", unknown).rejections.len(), 1);
}

#[test]
fn fields_of_a_pupils_and_of_a_marks_own_object_are_read() {
    let nested = format!(
        r#"[{{"student":{{"unique_pupil_number":"{UPN}","first_name":"Ada","last_name":"Invented"}},
           "attendance":{{"date":"2025-01-06","session":"AM","code":"/"}},
           "teacher":{{"first_name":"Nobody","last_name":"At-all"}}}}]"#
    );
    let said = translate("8784001.json", &nested);
    let plain = translate("8784001.csv", &format!("UPN,Date,AM\n{UPN},06/01/2025,/\n"));
    assert_eq!((marks(&said), said.rejections.len()), (marks(&plain), 0));
    let person = said.drafts.iter().find_map(|draft| match &draft.event.kind {
        Some(Kind::PersonDescribed(person)) => person.names.first().cloned(),
        _ => None,
    });
    let person = person.unwrap();
    assert_eq!((person.family.as_deref(), person.given.as_deref()), (Some("Invented"), Some("Ada")));
}

#[test]
fn what_stands_at_the_register_is_of_its_marks_and_a_legal_name_is_a_name() {
    let expected =
        translate("8784001.csv", "Surname,Forename,DOB,Date,Session,Mark\nInvented,Ada,09/05/2014,06/01/2025,AM,/\n");
    let at_register = r#"{"rollCallRegister":{"date":"2025-01-06","session":"AM"},"marks":[
        {"student":{"person":{"legalLastName":"Invented","legalFirstName":"Ada","dateOfBirth":"2014-05-09"}},"mark":"/"}]}"#;
    let within = r#"{"rollCallRegister":{"date":"2025-01-06","session":"AM","marks":[
        {"student":{"legalFamilyName":"Invented","legalGivenName":"Ada","dob":"2014-05-09"},"mark":"/"}]}}"#;
    let called = r#"[{"preferredLastName":"Invented","preferredFirstName":"Ada","dob":"2014-05-09",
        "date":"2025-01-06","session":"AM","mark":"/"}]"#;
    for text in [at_register, within, called] {
        let said = translate("8784001.json", text);
        assert_eq!((marks(&said), said.rejections.len()), (marks(&expected), 0), "{text}");
        assert_eq!(said.drafts.len(), expected.drafts.len(), "{text}");
    }
    // What a pupil is called beside the legal name is a name more, and says nobody else.
    let both = "Surname,Preferred Surname,Forename,DOB,Date,AM\nInvented,Ann Other,Ada,09/05/2014,06/01/2025,/\n";
    let both = translate("8784001.csv", both);
    assert_eq!((both.drafts[0].subject.clone(), both.drafts.len()), (expected.drafts[0].subject.clone(), 2));
    let names = both.drafts.iter().find_map(|draft| match &draft.event.kind {
        Some(Kind::PersonDescribed(person)) => Some(person.names.clone()),
        _ => None,
    });
    let names: Vec<_> = names.unwrap().into_iter().map(|name| (name.family, name.r#use)).collect();
    let uses = [Use::Usual, Use::Preferred].map(i32::from);
    assert_eq!(names, [(Some("Invented".to_owned()), uses[0]), (Some("Ann Other".to_owned()), uses[1])]);
}

#[test]
fn a_word_in_place_of_a_number_is_nobodys_and_one_in_place_of_a_mark_is_none() {
    for word in ["NULL", "N/A", "Not known", "UN3", "UN9", "0"] {
        let rows = ["Ada", "Ben"].map(|name| format!("{word},Invented,{name},09/05/2014,06/01/2025,/,NULL\n"));
        let said = translate("8784001.csv", &format!("UPN,Surname,Forename,DOB,Date,AM,PM\n{}", rows.concat()));
        let subjects: std::collections::BTreeSet<_> =
            said.drafts.iter().map(|draft| draft.subject.value.clone()).collect();
        assert_eq!((subjects.len(), marks(&said).len(), said.rejections.len()), (2, 2, 0), "{word}");
    }
}

#[test]
fn when_a_mark_was_changed_is_read_however_it_is_written() {
    let row = |code: &str, at: &str| format!("{UPN},06/01/2025,{code},{at}\n");
    for (first, second) in [("06/01/2025 09:05", "06/01/2025 13:05"), ("06/01/2025 09:05:10", "2025-01-06T13:05:00")] {
        let rows = [row("N", first), row("L", second)].concat();
        let said = translate("8784001.csv", &format!("UPN,Date,AM,Last Updated\n{rows}"));
        let told: Vec<_> = marks(&said).into_iter().map(|(_, mark)| mark.morning.unwrap().code).collect();
        assert_eq!((told, said.rejections.len()), (vec!["L".to_owned()], 0), "{first}");
    }
}

#[test]
fn a_time_with_its_zone_is_of_its_day_in_england() {
    let keys = |date: &str| -> Vec<String> {
        let text = format!(r#"[{{"upn":"{UPN}","date":"{date}","session":"AM","code":"/"}}]"#);
        marks(&translate("8784001.json", &text)).into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(keys("2025-06-08T23:00:00Z"), keys("2025-06-09"));
    assert_eq!(keys("2025-06-09T00:00:00Z"), keys("2025-06-09"));
    assert_eq!(keys("2025-01-06T00:00:00Z"), keys("2025-01-06"));
    assert_eq!(keys("2025-06-09T00:00:00+01:00"), keys("2025-06-09"));
    assert_ne!(keys("2025-06-08"), keys("2025-06-09"));
}

#[test]
fn a_sub_code_of_the_pandemic_is_read_as_its_code() {
    let said = translate("8784001.csv", &format!("UPN,Date,AM\n{UPN},11/01/2021,X02\n"));
    let (_, marked) = &marks(&said)[0];
    let morning = marked.morning.as_ref().unwrap();
    assert_eq!((morning.code.as_str(), morning.text.as_deref()), ("X", Some("X02")));
    assert!(said.drafts.iter().all(|draft| draft.findings.is_empty()));
}
