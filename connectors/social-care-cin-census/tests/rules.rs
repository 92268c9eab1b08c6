//! The published record rules, each by a child that breaks it. Every case starts from a child with nothing odd about it.
#![cfg(test)]

mod support;

use support::{CHARACTERISTICS, Told as _, census, child, child_of, identifiers, referral, translate};

const ASSESSED: &str = "<Assessments><AssessmentActualStartDate>2024-06-05</AssessmentActualStartDate>\
    <AssessmentAuthorisationDate>2024-07-10</AssessmentAuthorisationDate>\
    <FactorsIdentifiedAtAssessment><AssessmentFactors>3B</AssessmentFactors></FactorsIdentifiedAtAssessment></Assessments>";
const ENQUIRY: &str = "<Section47><S47ActualStartDate>2024-06-10</S47ActualStartDate>\
    <InitialCPCtarget>2024-07-01</InitialCPCtarget><DateOfInitialCPC>2024-06-28</DateOfInitialCPC>\
    <ICPCnotRequired>false</ICPCnotRequired></Section47>";
const PLAN: &str = "<CINPlanDates><CINPlanStartDate>2024-08-01</CINPlanStartDate></CINPlanDates>";
const PROTECTION: &str = "<ChildProtectionPlans><CPPstartDate>2024-06-28</CPPstartDate><CPPendDate>2024-08-01</CPPendDate>\
    <InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse><LatestCategoryOfAbuse>NEG</LatestCategoryOfAbuse>\
    <NumberOfPreviousCPP>0</NumberOfPreviousCPP><Reviews><CPPreviewDate>2024-07-29</CPPreviewDate></Reviews>\
    </ChildProtectionPlans>";
const CLOSED: &str = "<CINclosureDate>2024-09-02</CINclosureDate><ReasonForClosure>RC7</ReasonForClosure>";

fn found(children: &str) -> Vec<String> {
    translate(census(children)).findings()
}

/// The clean child, with one thing in place of another.
fn with(from: &str, to: &str) -> Vec<String> {
    let parts = [ASSESSED, ENQUIRY, PLAN, PROTECTION].concat();
    let clean = child("A1", &referral("2024-06-03", &parts));
    assert!(clean.contains(from), "{from}");
    found(&clean.replacen(from, to, 1))
}

#[test]
fn the_clean_child_has_no_findings() {
    assert_eq!(with("A1", "A1"), [""; 0]);
    let closed = [ASSESSED, CLOSED].concat();
    assert_eq!(found(&child("A1", &referral("2024-06-03", &closed))), [""; 0]);
}

#[test]
fn one_value_put_wrong() {
    let birth = "<PersonBirthDate>2012-06-14</PersonBirthDate>";
    let reason_unknown = "<UPNunknown>UN4</UPNunknown>";
    let conference = "<DateOfInitialCPC>2024-06-28</DateOfInitialCPC>";
    let authorised = "<AssessmentAuthorisationDate>2024-07-10</AssessmentAuthorisationDate>";
    let plan_end =
        |on: &str| format!("<CINPlanStartDate>2024-08-01</CINPlanStartDate><CINPlanEndDate>{on}</CINPlanEndDate>");
    let both_births = format!("{birth}<ExpectedPersonBirthDate>2025-05-01</ExpectedPersonBirthDate>");
    let dead = |on: &str| format!("{birth}<PersonDeathDate>{on}</PersonDeathDate>");
    let cases: &[(&str, &str, &[&str])] = &[
        ("<LAchildID>A1", "<LAchildID>ABCDEFGHIJKLMNOPQRSTU", &["cin/1570 VALUE_MALFORMED LAchildID"]),
        ("<LAchildID>A1", "<LAchildID>A_1", &["cin/1580 VALUE_MALFORMED LAchildID"]),
        ("<Sex>F</Sex>", "", &["cin/4180 FIELD_MISSING Sex"]),
        ("<Sex>F</Sex>", "<Sex>2</Sex>", &["cin/4180 CODE_OF_OTHER_YEAR Sex"]),
        ("<Sex>F</Sex>", "<Sex>X</Sex>", &["cin/4180 CODE_UNKNOWN Sex"]),
        ("WBRI", "WENG", &["cin/4220 CODE_UNKNOWN Ethnicity"]),
        ("<Ethnicity>WBRI</Ethnicity>", "<Ethnicity/>", &["cin/4220 FIELD_MISSING Ethnicity"]),
        (birth, "", &["cin/8525Q FIELD_MISSING PersonBirthDate"]),
        (birth, &both_births, &["cin/8525Q FIELDS_CONTRADICT ExpectedPersonBirthDate"]),
        ("2012-06-14", "14/06/2012", &["- VALUE_MALFORMED PersonBirthDate"]),
        (
            "2012-06-14",
            "14/13/2012",
            &[
                "- DATE_UNREADABLE PersonBirthDate",
                "- NOT_MAPPED PersonBirthDate",
                "cin/8525Q FIELD_MISSING PersonBirthDate",
            ],
        ),
        (birth, &dead("2025-01-31"), &[]),
        (birth, &dead("2025-05-31"), &["cin/8545Q DATE_IMPLAUSIBLE PersonDeathDate"]),
        (
            birth,
            &dead("2024-06-29"),
            &["cin/4008 DATE_IMPLAUSIBLE CINPlanStartDate", "cin/8920 DATE_IMPLAUSIBLE CPPendDate"],
        ),
        ("<Disability>NONE</Disability>", "", &["cin/8540 FIELD_MISSING Disability"]),
        (
            "<Disability>NONE</Disability>",
            "<Disability>NONE</Disability><Disability>LD</Disability>",
            &["cin/8790 FIELDS_CONTRADICT Disability"],
        ),
        (
            "<Disability>NONE</Disability>",
            "<Disability>LD</Disability><Disability>LD</Disability>",
            &["cin/8794 RECORD_REPEATED Disability"],
        ),
        ("<Disability>NONE</Disability>", "<Disability>XX</Disability>", &["cin/8540 CODE_UNKNOWN Disability"]),
        (reason_unknown, "", &["cin/8770Q FIELD_MISSING UPN"]),
        ("UN4", "UN1", &["cin/8770Q FIELDS_CONTRADICT UPNunknown"]),
        ("UN4", "UN7", &["cin/8772 FIELDS_CONTRADICT UPNunknown"]),
        (reason_unknown, "<UPN>B801200005001</UPN>", &[]),
        (reason_unknown, "<UPN>A801200005001</UPN>", &["dfe/1510 CHECK_CHARACTER_WRONG UPN"]),
        (reason_unknown, "<UPN>UN3</UPN>", &["- IDENTIFIER_PLACEHOLDER UPN"]),
        (reason_unknown, "<UPN>B801200005001</UPN><UPNunknown>UN5</UPNunknown>", &["- FIELDS_CONTRADICT UPNunknown"]),
        (birth, "<PersonBirthDate>1990-01-01</PersonBirthDate>", &["cin/8775Q DATE_IMPLAUSIBLE PersonBirthDate"]),
        ("2A", "2C", &["cin/8866 CODE_UNKNOWN ReferralSource"]),
        ("<ReferralSource>2A</ReferralSource>", "", &["cin/8866 FIELD_MISSING ReferralSource"]),
        ("<PrimaryNeedCode>N1</PrimaryNeedCode>", "", &["cin/8610 FIELD_MISSING PrimaryNeedCode"]),
        ("<ReferralNFA>false</ReferralNFA>", "", &["cin/8568 FIELD_MISSING ReferralNFA"]),
        (
            "<ReferralNFA>false",
            "<ReferralNFA>no idea",
            &["- NOT_MAPPED ReferralNFA", "cin/8568 VALUE_MALFORMED ReferralNFA"],
        ),
        (
            "<ReferralNFA>false",
            "<ReferralNFA>1",
            &[
                "cin/4000 FIELDS_CONTRADICT ReferralNFA",
                "cin/8831 FIELDS_CONTRADICT ReferralNFA",
                "cin/8832 FIELDS_CONTRADICT ReferralNFA",
            ],
        ),
        (ASSESSED, "", &["cin/2991Q FIELD_MISSING Assessments"]),
        ("2024-06-05", "2024-06-01", &["cin/1103 DATES_OUT_OF_ORDER AssessmentActualStartDate"]),
        ("2024-07-10", "2024-06-04", &["cin/8608 DATES_OUT_OF_ORDER AssessmentAuthorisationDate"]),
        (
            authorised,
            "",
            &["cin/8614 FIELDS_CONTRADICT AssessmentFactors", "cin/8670Q FIELD_MISSING AssessmentAuthorisationDate"],
        ),
        ("<AssessmentFactors>3B</AssessmentFactors>", "", &["cin/8897Q FIELD_MISSING AssessmentFactors"]),
        (
            "<AssessmentFactors>3B",
            "<AssessmentFactors>3B</AssessmentFactors><AssessmentFactors>21",
            &["cin/8869 FIELDS_CONTRADICT AssessmentFactors"],
        ),
        (
            "<AssessmentFactors>3B",
            "<AssessmentFactors>3B</AssessmentFactors><AssessmentFactors>3B",
            &["cin/8898 RECORD_REPEATED AssessmentFactors"],
        ),
        ("3B", "18A", &["cin/8945Q CODE_OF_OTHER_YEAR AssessmentFactors"]),
        ("2024-07-10", "2025-04-02", &["cin/8696 DATE_IMPLAUSIBLE AssessmentAuthorisationDate"]),
        ("2024-06-10", "2024-06-02", &["cin/2889 DATES_OUT_OF_ORDER S47ActualStartDate"]),
        ("2024-06-10", "2024-06-29", &["cin/8615 DATES_OUT_OF_ORDER DateOfInitialCPC"]),
        ("2024-07-01", "2024-06-30", &["cin/8870Q DATE_IMPLAUSIBLE InitialCPCtarget"]),
        (
            conference,
            "<DateOfInitialCPC>2024-06-29</DateOfInitialCPC>",
            &["cin/2885 FIELDS_CONTRADICT CPPstartDate", "cin/8875 DATE_IMPLAUSIBLE DateOfInitialCPC"],
        ),
        (
            "<PrimaryNeedCode>",
            "<DateOfInitialCPC>2024-06-28</DateOfInitialCPC><PrimaryNeedCode>",
            &["cin/2884 FIELDS_CONTRADICT DateOfInitialCPC"],
        ),
        (
            "2024-08-01</CINPlanStartDate>",
            "2025-04-01</CINPlanStartDate>",
            &["cin/4010 DATE_IMPLAUSIBLE CINPlanStartDate"],
        ),
        (
            "<CINPlanStartDate>2024-08-01</CINPlanStartDate>",
            &plan_end("2024-07-31"),
            &["cin/4011 DATES_OUT_OF_ORDER CINPlanEndDate"],
        ),
        (
            "<CINPlanStartDate>2024-08-01</CINPlanStartDate>",
            &plan_end("2024-08-01"),
            &["cin/4012Q DATE_IMPLAUSIBLE CINPlanEndDate"],
        ),
        (
            "<CINPlanStartDate>2024-08-01</CINPlanStartDate>",
            &plan_end("2025-04-01"),
            &["cin/4013 DATE_IMPLAUSIBLE CINPlanEndDate"],
        ),
        (
            "<CPPendDate>2024-08-01</CPPendDate>",
            "",
            &["cin/4001 FIELDS_CONTRADICT CINPlanEndDate", "cin/4016 FIELDS_CONTRADICT CINPlanStartDate"],
        ),
        ("2024-07-29", "2024-06-28", &["cin/8841 DATES_OUT_OF_ORDER CPPreviewDate"]),
        ("2024-07-29", "2024-08-02", &["cin/4003 FIELDS_CONTRADICT CPPreviewDate"]),
        ("<CPPreviewDate>2024-07-29</CPPreviewDate>", "<CPPreviewDate/>", &["cin/8842Q FIELD_MISSING CPPreviewDate"]),
        ("<NumberOfPreviousCPP>0</NumberOfPreviousCPP>", "", &["cin/8730 FIELD_MISSING NumberOfPreviousCPP"]),
        (
            "<NumberOfPreviousCPP>0",
            "<NumberOfPreviousCPP>-1",
            &["- NOT_MAPPED NumberOfPreviousCPP", "- VALUE_MALFORMED NumberOfPreviousCPP"],
        ),
        (
            "<InitialCategoryOfAbuse>NEG",
            "<InitialCategoryOfAbuse>ABC",
            &["cin/8905 CODE_UNKNOWN InitialCategoryOfAbuse"],
        ),
        ("<LatestCategoryOfAbuse>NEG</LatestCategoryOfAbuse>", "", &["cin/8910 FIELD_MISSING LatestCategoryOfAbuse"]),
        ("<CPPendDate>2024-08-01", "<CPPendDate>2024-06-28", &["cin/8840 DATE_IMPLAUSIBLE CPPendDate"]),
        ("<CPPendDate>2024-08-01", "<CPPendDate>2024-06-27", &["cin/8925 DATES_OUT_OF_ORDER CPPendDate"]),
        ("</UPNunknown>", "</UPNunknown>PersonBirthDate", &["- TEXT_ODD ChildIdentifiers"]),
        ("<Sex>F</Sex>", "<Sex>F</Sex><Sex>F</Sex>", &["- RECORD_REPEATED Sex"]),
        ("<Sex>F</Sex>", "<Sex>F</Sex><Sex>M</Sex>", &["- FIELDS_CONTRADICT Sex", "- NOT_MAPPED Sex"]),
        ("<Sex>F</Sex>", "<Sex>F</Sex><Pronoun>they</Pronoun>", &["- NOT_MAPPED Pronoun"]),
        ("<Sex>F</Sex>", "<Sex>&#70;</Sex>", &[]),
        ("<Sex>F</Sex>", "<Sex><![CDATA[F]]></Sex>", &[]),
    ];
    for (from, to, expected) in cases {
        assert_eq!(with(from, to), *expected, "{from} -> {to}");
    }
}

#[test]
fn closures() {
    let closed =
        |closure: &str, parts: &str| found(&child("A1", &referral("2024-06-03", &format!("{closure}{parts}"))));
    let date = |on: &str| format!("<CINclosureDate>{on}</CINclosureDate>");
    let reason = |code: &str| format!("<ReasonForClosure>{code}</ReasonForClosure>");
    let both = |on: &str, code: &str| date(on) + &reason(code);
    let open_enquiry = ENQUIRY.replace("<DateOfInitialCPC>2024-06-28</DateOfInitialCPC>", "");
    let unfinished = ASSESSED.replace("AssessmentAuthorisationDate", "AssessmentInternalReviewDate");
    for (closure, parts, expected) in [
        (date("2024-09-02"), ASSESSED, vec!["cin/8805 FIELD_MISSING ReasonForClosure"]),
        (reason("RC7"), ASSESSED, vec!["- NOT_MAPPED ReasonForClosure", "cin/8810 FIELD_MISSING CINclosureDate"]),
        (both("2024-09-02", "RC10"), ASSESSED, vec!["cin/8640 CODE_UNKNOWN ReasonForClosure"]),
        (both("2024-09-02", "RC2"), ASSESSED, vec!["cin/8585Q FIELD_MISSING PersonDeathDate"]),
        (both("2024-09-02", "RC8"), "", vec!["cin/8825Q FIELDS_CONTRADICT ReasonForClosure"]),
        (
            both("2024-09-02", "RC9"),
            &format!("{ASSESSED}{ENQUIRY}"),
            vec!["cin/2990 FIELDS_CONTRADICT ReasonForClosure"],
        ),
        (both("2024-06-01", "RC7"), "", vec!["cin/8630 DATES_OUT_OF_ORDER CINclosureDate"]),
        (both("2025-04-01", "RC7"), "", vec!["cin/8620 DATE_IMPLAUSIBLE CINclosureDate"]),
        (both("2024-07-01", "RC7"), ASSESSED, vec!["cin/8565 FIELDS_CONTRADICT CINclosureDate"]),
        (
            both("2024-09-02", "RC7"),
            &unfinished,
            vec![
                "cin/8614 FIELDS_CONTRADICT AssessmentFactors",
                "cin/8670Q FIELD_MISSING AssessmentAuthorisationDate",
                "cin/8867 FIELDS_CONTRADICT CINclosureDate",
            ],
        ),
        (
            both("2024-09-02", "RC7"),
            &format!("{ASSESSED}{open_enquiry}"),
            vec!["cin/8675Q FIELD_MISSING DateOfInitialCPC", "cin/8868 FIELDS_CONTRADICT CINclosureDate"],
        ),
        (
            both("2024-09-02", "RC7"),
            &ASSESSED.replace("3B", "21"),
            vec!["cin/8873Q FIELDS_CONTRADICT ReasonForClosure"],
        ),
    ] {
        assert_eq!(closed(&closure, parts), expected, "{closure} {parts}");
    }
}

#[test]
fn referrals_beside_one_another() {
    let closed = referral("2024-06-03", CLOSED);
    for (referrals, expected) in [
        (closed.clone() + &referral("2024-10-01", ""), vec![]),
        (closed.clone() + &referral("2024-08-01", ""), vec!["cin/8820 FIELDS_CONTRADICT CINreferralDate"]),
        (
            referral("2024-06-03", "") + &referral("2024-10-01", ""),
            vec![
                "cin/8815 FIELDS_CONTRADICT CINclosureDate",
                "cin/8815 FIELDS_CONTRADICT CINclosureDate",
                "cin/8816 FIELDS_CONTRADICT CINclosureDate",
            ],
        ),
        (closed.clone() + &closed, vec!["- RECORD_REPEATED CINdetails"]),
        (referral("2025-05-01", ""), vec!["cin/8600 DATE_IMPLAUSIBLE CINreferralDate"]),
        (String::new(), vec!["cin/8590 FIELD_MISSING CINdetails"]),
    ] {
        assert_eq!(found(&child("A1", &referrals)), expected, "{referrals}");
    }
}

#[test]
fn the_unborn() {
    let unborn = |expected: &str, sex: &str, on: &str| {
        let identifiers = identifiers("A1")
            .replace("PersonBirthDate>2012-06-14</PersonBirthDate", expected)
            .replace("<Sex>F", &format!("<Sex>{sex}"));
        found(&child_of(
            &identifiers,
            "<ChildCharacteristics><Ethnicity>NOBT</Ethnicity></ChildCharacteristics>",
            &referral(on, ""),
        ))
    };
    let due = |on: &str| format!("ExpectedPersonBirthDate>{on}</ExpectedPersonBirthDate");
    assert_eq!(unborn(&due("2025-05-20"), "U", "2025-01-13"), [""; 0]);
    assert_eq!(unborn(&due("2025-05-20"), "F", "2025-01-13"), ["cin/8750 FIELDS_CONTRADICT Sex"]);
    assert_eq!(
        unborn(&due("2026-01-20"), "U", "2025-03-28"),
        ["cin/8530Q DATE_IMPLAUSIBLE ExpectedPersonBirthDate", "cin/8606 DATE_IMPLAUSIBLE CINreferralDate"]
    );
}

#[test]
fn two_children_with_one_upn_both_stay_claims_and_the_second_says_so() {
    let of = |id: &str| {
        child_of(
            &identifiers(id).replace("<UPNunknown>UN4</UPNunknown>", "<UPN>B801200005001</UPN>"),
            CHARACTERISTICS,
            &referral("2024-06-03", ""),
        )
    };
    let collected = translate(census(&(of("A1") + &of("A2"))));
    assert_eq!(collected.findings(), ["cin/1520 IDENTIFIER_SHARED UPN"]);
    let usable = collected.drafts.iter().filter_map(|draft| match &draft.event.kind {
        Some(proto::events::event::Kind::PersonDescribed(person)) => Some(person.identifiers[0].usable),
        _ => None,
    });
    assert_eq!(usable.collect::<Vec<_>>(), [true, true]);
}

/// 31 March 2025 was a Monday: 45 working days before it was 27 January, 15 before it 10 March.
#[test]
fn what_should_have_been_done_by_the_end_of_the_year() {
    let of = |part: &str| found(&child("A1", &referral("2024-06-03", part)));
    let assessed = |on: &str| {
        of(&format!("<Assessments><AssessmentActualStartDate>{on}</AssessmentActualStartDate></Assessments>"))
    };
    assert_eq!(assessed("2025-01-24"), ["cin/8670Q FIELD_MISSING AssessmentAuthorisationDate"]);
    assert_eq!(assessed("2025-01-27"), [""; 0]);
    let enquired = |on: &str, more: &str| {
        of(&format!("{ASSESSED}<Section47><S47ActualStartDate>{on}</S47ActualStartDate>{more}</Section47>"))
    };
    assert_eq!(enquired("2025-03-07", ""), ["cin/8675Q FIELD_MISSING DateOfInitialCPC"]);
    assert_eq!(enquired("2025-03-10", ""), [""; 0]);
    assert_eq!(enquired("2025-03-07", "<ICPCnotRequired>1</ICPCnotRequired>"), [""; 0]);
}

/// 1 April 2024 was Easter Monday: the working day before it was Maundy Thursday.
#[test]
fn a_referral_without_further_action_belongs_to_its_year() {
    let of = |on: &str| found(&child("A1", &referral(on, "").replace(">false<", ">true<")));
    assert_eq!(of("2024-03-27"), ["cin/8569Q FIELDS_CONTRADICT ReferralNFA"]);
    assert_eq!(of("2024-03-28"), [""; 0]);
}

#[test]
fn what_is_odd_about_the_whole_return() {
    let of = |children: &str| -> Vec<String> {
        let found = translate(census(children)).found;
        assert!(found.iter().all(|(controller, _)| controller == "la-878-social-care"));
        found.into_iter().filter_map(|(_, finding)| finding.rule).collect()
    };
    let disabled = |id: &str, codes: &[&str]| {
        let list: String = codes.iter().map(|code| format!("<Disability>{code}</Disability>")).collect();
        let stated = CHARACTERISTICS.replace("<Disability>NONE</Disability>", &list);
        child_of(&identifiers(id), &stated, &referral("2024-06-03", ""))
    };
    let eight = disabled("A1", &["MOB", "HAND", "PC", "INC", "COMM", "LD", "HEAR", "VIS"]);
    assert_eq!(of(&eight), [""; 0]);
    assert_eq!(of(&disabled("A1", &["MOB", "HAND", "PC", "INC", "COMM", "LD", "HEAR", "NONE"])), ["cin/2887Q"]);
    let one_each: String =
        ["MOB", "HAND", "PC", "INC", "COMM", "LD", "HEAR", "VIS"].iter().map(|code| disabled(code, &[code])).collect();
    assert_eq!(of(&one_each), ["cin/2888Q"]);
    // One in fifty may be of no sex, and the unborn do not count.
    let many =
        |count: usize| (0..count).map(|at| child(&format!("B{at}"), &referral("2024-06-03", ""))).collect::<String>();
    let of_no_sex = child("C1", &referral("2024-06-03", "")).replace("<Sex>F", "<Sex>U");
    let unborn = child("D1", &referral("2025-01-13", ""))
        .replace("PersonBirthDate>", "ExpectedPersonBirthDate>")
        .replace("2012-06-14", "2025-05-20")
        .replace("<Sex>F", "<Sex>U");
    assert_eq!(of(&(eight.clone() + &many(48) + &of_no_sex + &unborn)), [""; 0]);
    assert_eq!(of(&(eight.clone() + &many(47) + &of_no_sex + &unborn)), ["cin/2886Q"]);
    // A plan that began, and no conference anywhere; one of the year before began at a conference of that year.
    let planned = child("E1", &referral("2024-06-03", PROTECTION));
    assert_eq!(of(&(eight.clone() + &planned)), ["cin/2883"]);
    assert_eq!(of(&(eight.clone() + &planned + &child("E2", &referral("2024-06-03", ENQUIRY)))), [""; 0]);
    let earlier = planned.replace("2024-06-28", "2024-03-28").replace("2024-06-03", "2024-03-03");
    assert_eq!(of(&(eight + &earlier)), [""; 0]);
}
