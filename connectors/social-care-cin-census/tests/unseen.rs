//! Returns as other makers write them: however a return is written, it says the same.
#![cfg(test)]

mod support;

use support::{Collected, Told as _, census, child, child_of, identifiers, referral, translate, translate_named};

const PARTS: &str = "<Assessments><AssessmentActualStartDate>2024-06-05</AssessmentActualStartDate>\
    <AssessmentAuthorisationDate>2024-07-10</AssessmentAuthorisationDate>\
    <FactorsIdentifiedAtAssessment><AssessmentFactors>3B</AssessmentFactors></FactorsIdentifiedAtAssessment></Assessments>\
    <CINPlanDates><CINPlanStartDate>2024-08-01</CINPlanStartDate></CINPlanDates>\
    <Section47><S47ActualStartDate>2024-06-10</S47ActualStartDate><DateOfInitialCPC>2024-06-28</DateOfInitialCPC></Section47>";

fn plain() -> String {
    census(&(child("A1", &referral("2024-06-03", PARTS)) + &child("A2", &referral("2024-06-04", ""))))
}

/// What is said, without where it stood and without what is odd about how it was written.
fn sayings(said: &Collected) -> Vec<String> {
    let mut drafts = said.sorted_drafts();
    drafts.iter_mut().for_each(|draft| draft.findings.clear());
    drafts.iter().map(|draft| format!("{draft:?}")).collect()
}

/// Every tag with this done to its name.
fn renamed(text: &str, rename: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    for part in text.split_inclusive(['<', '>']) {
        match part.strip_suffix('>') {
            Some(tag) => {
                let (slash, name) = tag.strip_prefix('/').map_or(("", tag), |name| ("/", name));
                out += &format!("{slash}{}>", rename(name));
            }
            None => out += part,
        }
    }
    out
}

#[test]
fn names_come_in_any_letter_case_and_under_any_prefix() {
    let expected = translate(plain());
    let prefixed = renamed(&plain(), |name| format!("cin:{name}")).replacen(
        "<cin:Message>",
        "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<cin:Message xmlns:cin='urn:example:cin' \
         xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:noNamespaceSchemaLocation='cin.xsd'>",
        1,
    );
    for other in [
        renamed(&plain(), str::to_ascii_uppercase),
        renamed(&plain(), str::to_ascii_lowercase),
        prefixed,
        plain().replacen("<Message>", "<Message xmlns='urn:example:census'>", 1),
        plain().replace("><", ">\r\n\t<!-- a comment --><"),
        plain().replace("<ReferralNFA>", "<CINclosureDate/><ReasonForClosure></ReasonForClosure><ReferralNFA >"),
    ] {
        let said = translate(&other);
        assert_eq!((sayings(&said), said.rejections.len()), (sayings(&expected), 0), "{other:.400}");
        assert_eq!(said.whole, expected.whole);
    }
}

#[test]
fn a_return_is_whose_its_file_is_called_where_it_has_no_header() {
    let expected = translate(plain());
    let header = plain().find("<Header>").unwrap()..plain().find("<Children>").unwrap();
    let without = |range: std::ops::Range<usize>| format!("{}{}", &plain()[..range.start], &plain()[range.end..]);
    for (name, file) in [
        ("878_cin_2025.xml", without(header.clone())),
        ("CIN 2024-25 878.xml", without(header.clone())),
        ("878.xml", plain().replace("<LEA>878</LEA>", "")),
        (
            "cin_2025.xml",
            plain().replace("<Year>2025</Year>", "<Year/>").replace("<ReferenceDate>2025-03-31</ReferenceDate>", ""),
        ),
        ("cin.xml", plain().replace("<Year>2025<", "<Year>2024/25<")),
        ("cin.xml", plain().replace(">2025-03-31<", ">31/03/2025<")),
    ] {
        let said = translate_named(name, &file);
        assert_eq!((sayings(&said), said.reasons()), (sayings(&expected), vec![]), "{name}");
        assert_eq!(said.whole, expected.whole);
    }
    // Nothing is guessed: without one or the other the file is refused, and the header is not looked for behind the children.
    let behind = format!("{}{}</Message>", without(header.clone()).replace("</Message>", ""), &plain()[header.clone()]);
    for (name, file, reason) in [
        ("cin.xml", without(header.clone()), "REASON_SUBJECT_MISSING"),
        ("878.xml", without(header.clone()), "REASON_HEADER_MISSING"),
        ("cin.xml", behind.clone(), "REASON_SUBJECT_MISSING"),
    ] {
        let said = translate_named(name, &file);
        assert_eq!((said.drafts.len(), said.whole.len(), said.reasons()), (0, 0, vec![reason]), "{name}");
    }
    // An authority's name may be another's than the file's: neither is taken for the other.
    let said = translate_named("878_cin_2025.xml", plain().replace("<LEA>878</LEA>", "<LEA>Bury</LEA>"));
    assert_eq!((said.drafts.len(), said.reasons()), (0, vec!["REASON_SUBJECT_MISSING"]));
    assert!(
        said.rejections[0].message.contains("is not an authority's three digits"),
        "{}",
        said.rejections[0].message
    );
    let said = translate_named("878_2025.xml", &behind);
    assert_eq!((sayings(&said), said.reasons()), (sayings(&expected), vec!["REASON_RECORD_MALFORMED"]));
}

#[test]
fn dates_and_lists_as_other_systems_write_them() {
    let expected = translate(plain());
    let days = plain().replace(">2024-06-05<", ">05/06/2024<").replace(">2012-06-14<", ">14-Jun-2012<");
    let times = plain().replace(">2024-06-03<", ">2024-06-03T00:00:00<").replace(">2024-08-01<", ">2024-08-01+01:00<");
    let bare = plain()
        .replace("<Disabilities><Disability>NONE</Disability></Disabilities>", "<Disability>NONE</Disability>")
        .replace("<FactorsIdentifiedAtAssessment>", "")
        .replace("</FactorsIdentifiedAtAssessment>", "");
    for (file, findings) in [
        (
            days,
            vec![
                "- VALUE_MALFORMED AssessmentActualStartDate",
                "- VALUE_MALFORMED PersonBirthDate",
                "- VALUE_MALFORMED PersonBirthDate",
            ],
        ),
        (times, vec![]),
        (
            bare,
            vec![
                "- VALUE_MALFORMED Disabilities",
                "- VALUE_MALFORMED Disabilities",
                "- VALUE_MALFORMED FactorsIdentifiedAtAssessment",
            ],
        ),
    ] {
        let said = translate(&file);
        assert_eq!(
            (sayings(&said), said.findings()),
            (sayings(&expected), findings.into_iter().map(str::to_owned).collect())
        );
    }
}

#[test]
fn a_reason_stands_where_the_number_belongs() {
    let stand_in = identifiers("A1").replace("UPNunknown", "UPN").replace("UN4", "UN2");
    let said = translate(census(&child_of(&stand_in, support::CHARACTERISTICS, &referral("2024-06-03", ""))));
    assert_eq!(said.findings(), ["- IDENTIFIER_PLACEHOLDER UPN"]);
    let unknown = said.drafts.iter().find_map(|draft| match &draft.event.kind {
        Some(proto::events::event::Kind::PersonDescribed(person)) => person.upn_unknown.clone(),
        _ => None,
    });
    assert_eq!(unknown.unwrap().code, "UN2");
}

#[test]
fn what_cannot_be_read_now_does_not_take_back_what_was_said() {
    use connector_kit::conformance::History;
    use proto::events::event::Kind;
    let of = |ended: &str, authorised: &str, closed: &str, reviewed: &str| {
        let parts = format!(
            "<Assessments><AssessmentActualStartDate>2024-06-05</AssessmentActualStartDate>\
             <AssessmentAuthorisationDate>{authorised}</AssessmentAuthorisationDate></Assessments>\
             <CINclosureDate>{closed}</CINclosureDate><ReasonForClosure>RC1</ReasonForClosure>\
             <ChildProtectionPlans><CPPstartDate>2024-06-28</CPPstartDate><CPPendDate>{ended}</CPPendDate>\
             <Reviews><CPPreviewDate>{reviewed}</CPPreviewDate></Reviews></ChildProtectionPlans>"
        );
        census(&child("A1", &referral("2024-06-03", &parts)))
    };
    let mut history = History::default();
    let mut submit = |text: &str| history.submit(&social_care_cin_census::CinCensus, &[("cin.xml", text.as_bytes())]);
    submit(&of("2025-01-10", "2024-07-10", "2025-01-20", "2024-09-01"));
    let mistyped = of("2025-01-32", "2024-07-32", "2025-01-42", "2024-09-31");
    let added = submit(&mistyped);
    let retracted = added.iter().filter(|statement| {
        matches!(statement.body.event.as_ref().and_then(|event| event.kind.as_ref()), Some(Kind::EntryRetracted(_)))
    });
    assert_eq!(retracted.count(), 0);
    let said = translate(&mistyped);
    assert_eq!(said.reasons(), ["REASON_DATE_MISSING"; 4]);
    let mut fields: Vec<&str> = said.rejections.iter().map(|rejection| rejection.place.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["AssessmentAuthorisationDate", "CINclosureDate", "CPPendDate", "CPPreviewDate"]);
    assert!(said.rejections.iter().all(|rejection| rejection.subject.is_some()));
}

#[test]
fn a_group_that_holds_nothing_is_no_record() {
    let expected = translate(plain());
    for blank in [
        "<Section47><S47ActualStartDate/><InitialCPCtarget></InitialCPCtarget></Section47>",
        "<Assessments/><ChildProtectionPlans><CPPstartDate/><Reviews><CPPreviewDate/></Reviews></ChildProtectionPlans>",
    ] {
        let said = translate(plain().replacen("<CINPlanDates>", &format!("{blank}<CINPlanDates>"), 1));
        assert_eq!((sayings(&said), said.reasons()), (sayings(&expected), vec![]), "{blank}");
    }
    let said = translate(plain().replacen("</Child>", "<CINdetails/></Child>", 1));
    assert_eq!((sayings(&said), said.reasons()), (sayings(&expected), vec![]));
}

#[test]
fn only_the_children_of_a_return_are_one_too() {
    let expected = translate(plain());
    let children = plain();
    let (from, to) = (children.find("<Children>").unwrap(), children.find("</Children>").unwrap());
    let inner = &children[from + "<Children>".len()..to];
    for root in ["Children", "CINdetailsCollection"] {
        let said = translate_named("878_cin_2025.xml", format!("<{root}>{inner}</{root}>"));
        assert_eq!((sayings(&said), said.reasons()), (sayings(&expected), vec![]), "{root}");
        assert_eq!(said.whole, expected.whole);
    }
    let said = translate_named("878_cin_2025.xml", "<EXPSSDA903><CHILD/></EXPSSDA903>");
    let message = &said.rejections[0].message;
    assert!(message.contains("`expssda903`") && message.contains("the connector of its own collection"), "{message}");
    assert!(!message.contains("send the whole file again"), "{message}");
}

#[test]
fn lists_in_one_element_or_in_none_and_codes_with_their_words_are_read() {
    let plan = |reviews: &str| {
        format!(
            "<ChildProtectionPlans><CPPstartDate>2024-06-28</CPPstartDate><InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>\
             <LatestCategoryOfAbuse>NEG</LatestCategoryOfAbuse><NumberOfPreviousCPP>0</NumberOfPreviousCPP>{reviews}</ChildProtectionPlans>"
        )
    };
    let of = |parts: &str| translate(census(&child("A1", &referral("2024-06-03", parts))));
    let (one, other) = ("<CPPreviewDate>2024-09-01</CPPreviewDate>", "<CPPreviewDate>2025-02-01</CPPreviewDate>");
    let factors = |factors: &str| {
        let list: String =
            factors.split('/').map(|one| format!("<AssessmentFactors>{one}</AssessmentFactors>")).collect();
        PARTS.replace("<AssessmentFactors>3B</AssessmentFactors>", &list)
    };
    for (written, expected) in [
        (plan(&format!("{one}{other}")), plan(&format!("<Reviews>{one}{other}</Reviews>"))),
        (factors("3B,1A; 2C"), factors("1A/2C/3B")),
        (factors("3B - Domestic abuse"), factors("3B")),
        (plan("").replace(">NEG<", ">NEG: Neglect<"), plan("")),
    ] {
        let (said, expected) = (of(&written), of(&expected));
        assert_eq!((sayings(&said), said.rejections.len()), (sayings(&expected), 0), "{written}");
        assert!(said.findings().iter().any(|found| found.contains("VALUE_MALFORMED")), "{written}");
    }
    // One that is of no list is kept as it came.
    let said = of(&factors("3B,XX"));
    assert!(said.findings().iter().any(|found| found.contains("CODE_UNKNOWN")), "{:?}", said.findings());
    for (from, to) in [("<Sex>F<", "<Sex>Female<"), (">CIN<", ">Children in Need<")] {
        assert!(plain().contains(from), "{from}");
        let said = translate(plain().replace(from, to));
        assert_eq!((sayings(&said), said.rejections.len()), (sayings(&translate(plain())), 0), "{to}");
    }
}

/// What a database writes where there is no day is no end.
#[test]
fn a_day_that_stands_for_none_is_none() {
    let expected = translate(plain());
    for day in ["9999-12-31", "2099-12-31", "1900-01-01", "31/12/9999"] {
        let open = plain()
            .replace(
                "<CINPlanStartDate>2024-08-01</CINPlanStartDate>",
                "<CINPlanStartDate>2024-08-01</CINPlanStartDate>\
            <CINPlanEndDate>DAY</CINPlanEndDate>",
            )
            .replace("<ReferralNFA>", "<CINclosureDate>DAY</CINclosureDate><ReferralNFA>");
        let said = translate(open.replace("DAY", day));
        assert_eq!((sayings(&said), said.rejections.len()), (sayings(&expected), 0), "{day}");
    }
}

/// A second group of identifiers without its number, of another birth: the referrals behind it are most likely another child's.
#[test]
fn two_children_run_together_are_refused_also_where_one_has_no_number() {
    let other = "<ChildIdentifiers><PersonBirthDate>2015-01-02</PersonBirthDate><Sex>M</Sex></ChildIdentifiers>";
    let same = "<ChildIdentifiers><PersonBirthDate>2012-06-14</PersonBirthDate><Sex>F</Sex></ChildIdentifiers>";
    let of = |second: &str| {
        translate(census(&child("A1", &referral("2024-06-03", "")).replacen(
            "<CINdetails>",
            &format!("{second}<CINdetails>"),
            1,
        )))
    };
    let said = of(other);
    assert_eq!((said.drafts.len(), said.rejections.len()), (0, 1));
    assert!(said.rejections[0].message.contains("run together"), "{}", said.rejections[0].message);
    assert_eq!((sayings(&of(same)), of(same).rejections.len()), (sayings(&of("")), 0));
}
