//! Lists as councils and years write them: however a list is written, it says the same.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use connector_kit::Collected;
use connector_kit::conformance::History;
use proto::events::event::Kind;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use social_care_annex_a::AnnexA;
use support::{Told as _, translate};

const CONTACTS: &str = "Child Unique ID,Gender,Ethnicity,Date of Birth,Age of Child (Years),Date of Contact,Contact Source\n\
    910001,a) Male,a) White,01/02/2015,10,03/02/2025,g) Police\n910002,b) Female,b) Mixed,05/06/2018,6,04/02/2025,b) Schools\n";

fn of(text: &str) -> Collected {
    translate(&AnnexA::ANY, &[("878_2025-03-04.csv", text)])
}

#[test]
fn a_list_comes_under_titles_and_in_other_words() {
    let expected = of(CONTACTS);
    assert_eq!((expected.reasons().len(), expected.of_kind("ContactReceived").len()), (0, 2));
    for text in [
        format!("List 1: contacts in the last six months\n\nPrepared by, performance team\n{CONTACTS}"),
        CONTACTS.replace(',', "\t"),
        CONTACTS.replace(',', ";"),
        CONTACTS.replacen("Child Unique ID,Gender", "CHILD UNIQUE ID,Sex", 1).replacen("Date of Birth", "DoB", 1),
        CONTACTS.replacen("Child Unique ID", "ChildUniqueID", 1).replacen(
            "Date of Contact,Contact Source",
            "DateOfContact,Source of Contact",
            1,
        ),
        CONTACTS.replacen("Age of Child (Years)", "Age", 1).replacen("Date of Contact", "Contact Date", 1),
        CONTACTS.replace("03/02/2025", "2025-02-03").replace("01/02/2015", "2015-02-01 00:00:00"),
        CONTACTS.replace("03/02/2025", "03-Feb-2025").replace("01/02/2015", "1.2.2015"),
        CONTACTS.replace("03/02/2025", "45691").replace("01/02/2015", "42036.0").replace("04/02/2025", "45692.625"),
        CONTACTS.replace("a) Male", "Male").replace("b) Female", "F").replace("g) Police", "g)  Police"),
    ] {
        let said = of(&text);
        let days = |said: &Collected| {
            said.of_kind("ContactReceived")
                .into_iter()
                .map(|(key, event)| (key, event["receivedOn"].clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!((days(&said), said.reasons()), (days(&expected), vec![]), "{text}");
        assert_eq!(
            (said.findings(), said.whole, said.records),
            (expected.findings(), expected.whole.clone(), 2),
            "{text}"
        );
        let born = |said: &[(String, serde_json::Value)]| {
            said.iter().map(|(_, event)| event["birthOn"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(born(&of(&text).of_kind("PersonDescribed")), born(&expected.of_kind("PersonDescribed")), "{text}");
    }
}

#[test]
fn a_row_that_ends_early_has_nothing_more() {
    let adopted = "Child Unique ID,Date the Child Entered Care,Date of Decision that Child Should be Placed for Adoption,\
        Date of Placement Order,Date of Adoption Order,Date of Decision that Child Should No Longer be Placed for Adoption\n\
        910001,06/08/2024,11/08/2024\n910002,06/08/2024,12/08/2024,20/08/2024,,\n";
    let said = of(adopted);
    assert_eq!((said.reasons().len(), said.of_kind("AdoptionDecided").len(), said.whole.len()), (0, 2, 2));
}

#[test]
fn an_enquiry_may_have_a_day_of_its_own() {
    let text = "Child ID,Date of strategy discussion,Section 47 Enquiry Start Date,Date of Initial Child Protection Conference\n\
        910001,03/02/2025,05/02/2025,20/02/2025\n";
    let said = of(text);
    assert_eq!(said.of_kind("StrategyDiscussionHeld")[0].1["heldOn"]["day"], 3);
    assert_eq!(said.of_kind("Section47EnquiryStarted")[0].1["startOn"]["day"], 5);
    assert_eq!(said.of_kind("ConferenceHeld")[0].1["heldOn"]["day"], 20);
}

#[test]
fn a_sheet_of_children_that_is_no_list_is_told() {
    let mut workbook = Workbook::new();
    let write = |sheet: &mut rust_xlsxwriter::Worksheet, rows: &[&[&str]]| {
        for (line, row) in (0..).zip(rows) {
            for (column, cell) in (0..).zip(*row) {
                sheet.write_string(line, column, *cell).unwrap();
            }
        }
    };
    write(workbook.add_worksheet(), &[&["Team", "Children"], &["Duty", "3"]]);
    let contact = ["910001", "03/02/2025", "g) Police"];
    write(workbook.add_worksheet(), &[&["Child Unique ID", "Date of Contact", "Contact Source"], &contact]);
    let listed = |workbook: &mut Workbook| {
        translate(&AnnexA::ANY, &[("878_2025-03-04.xlsx", workbook.save_to_buffer().unwrap())])
    };
    let said = listed(&mut workbook);
    assert_eq!((said.reasons(), said.whole.len()), (vec![], 2));
    let plan = ["910001", "01/02/2015", "03/02/2025"];
    write(workbook.add_worksheet(), &[&["Child Unique ID", "Date of Birth", "CIN Plan Start Date"], &plan]);
    let said = listed(&mut workbook);
    let whole: Vec<&str> = said.whole.iter().map(String::as_str).collect();
    assert_eq!(said.reasons(), ["REASON_HEADER_MISSING"]);
    assert!(whole.len() == 1 && !whole[0].ends_with("person"), "the list that was read is whole: {whole:?}");
    assert_eq!(said.of_kind("ContactReceived").len(), 1);
}

/// A workbook as a person keeps one: a cover sheet, a heading over several columns, one child's cells merged over two rows.
#[test]
fn a_workbook_of_a_person() {
    let mut workbook = Workbook::new();
    let plain = Format::new();
    let day = Format::new().set_num_format("dd mmm yyyy");
    workbook.add_worksheet().set_name("READ ME").unwrap().write_string(0, 0, "Invented lists").unwrap();
    let sheet = workbook.add_worksheet().set_name("3. refs (6 mths)").unwrap();
    sheet.merge_range(0, 0, 0, 5, "Referrals in the last six months", &plain).unwrap();
    for (column, heading) in
        ["Child Unique ID", "Gender", "Date of referral", "Referral Source", "Referral NFA?"].iter().enumerate()
    {
        sheet.write_string(2, u16::try_from(column).unwrap(), *heading).unwrap();
    }
    sheet.merge_range(3, 0, 4, 0, "910001", &plain).unwrap();
    sheet.merge_range(3, 1, 4, 1, "a) Male", &plain).unwrap();
    for (line, (on, nfa)) in [(3, "No"), (10, "Yes")].into_iter().enumerate() {
        let line = u32::try_from(line).unwrap() + 3;
        sheet.write_datetime_with_format(line, 2, ExcelDateTime::from_ymd(2025, 2, on).unwrap(), &day).unwrap();
        sheet.write_string(line, 3, "g) Police").unwrap();
        sheet.write_string(line, 4, nfa).unwrap();
    }
    sheet.write_number(5, 0, 910_002).unwrap();
    // A day whose format was lost, with its time.
    sheet.write_number(5, 2, 45_700.5).unwrap();
    sheet.write_string(5, 3, "6").unwrap();
    let said = translate(&AnnexA::ANY, &[("878_2025-03-04.xlsx", workbook.save_to_buffer().unwrap())]);
    assert_eq!((said.reasons(), said.records), (vec![], 3));
    let referrals: Vec<String> = said
        .drafts
        .iter()
        .filter(|draft| draft.event.kind_number().unwrap().name() == "ReferralReceived")
        .map(|draft| draft.record_key.clone())
        .collect();
    assert_eq!(referrals, ["910001/referral/2025-02-03", "910001/referral/2025-02-10", "910002/referral/2025-02-12"]);
    let old = translate(&AnnexA::ANY, &[("878_2025-03-04.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice())]);
    assert_eq!(old.reasons(), ["REASON_FILE_UNREADABLE"]);
    assert!(old.rejections[0].message.contains("save it as .xlsx"));
}

#[test]
fn an_end_that_cannot_be_read_takes_no_end_back() {
    let list = |opened: &str, closed: &str| {
        of(&format!(
            "Child Unique ID,CIN Start Date,Primary Need Code,CIN Closure Date,Reason for Closure\n910001,{opened},N1,{closed},RC1\n"
        ))
    };
    let unread = "31/01/2025 or 28/02/2025";
    for (opened, closed, kinds) in [
        ("03/02/2024", "31/01/2025", vec!["CaseOpened", "CaseClosed"]),
        ("03/02/2024", "31/01/2025 (agreed)", vec!["CaseOpened", "CaseClosed"]),
        ("03/02/2024", unread, vec!["CaseOpened"]),
        (unread, "31/01/2025", vec![]),
    ] {
        let said = list(opened, closed);
        assert_eq!(said.kinds(), kinds, "{opened} {closed}");
        let is_read = opened != unread && closed != unread;
        assert_eq!(said.reasons(), if is_read { vec![] } else { vec!["REASON_DATE_MISSING"] }, "{opened} {closed}");
        // So that what stands of the child in that list stays.
        assert!(said.rejections.iter().all(|one| one.subject.is_some() && one.scope_key.is_some()));
    }
}

#[test]
fn plans_of_children_in_need_are_plans_where_the_list_has_their_dates() {
    for header in [
        "Child Unique ID,CIN Start Date,Primary Need Code,CIN Plan Start Date,CIN Plan End Date,CIN Closure Date",
        "Child ID,Child in Need Start Date,Primary Need,Child in Need Plan Commenced,Date CIN Plan Closed,Closure Date",
    ] {
        let said = of(&format!(
            "{header}\n910001,03/01/2025,N1,10/01/2025,20/02/2025,\n910002,04/01/2025,N1,,,05/02/2025\n910003,05/01/2025,N1,soon,20/02/2025,\n"
        ));
        let days = |kind: &str, field: &str| -> Vec<serde_json::Value> {
            said.of_kind(kind).into_iter().map(|(_, event)| event[field].clone()).collect()
        };
        let day = |month: u32, day: u32| serde_json::json!({ "year": 2025, "month": month, "day": day });
        assert_eq!(days("CaseOpened", "openedOn"), [day(1, 3), day(1, 4), day(1, 5)], "{header}");
        assert_eq!(days("CaseClosed", "closedOn"), [day(2, 5)], "{header}");
        assert_eq!(days("ChildInNeedPlanStarted", "startOn"), [day(1, 10)], "{header}");
        assert_eq!(days("ChildInNeedPlanEnded", "endOn"), [day(2, 20)], "{header}");
        assert_eq!(said.of_kind("SourceRecordKept"), [], "{header}");
        assert_eq!(said.reasons(), ["REASON_DATE_MISSING"], "what cannot be read takes nothing back: {header}");
    }
}

#[test]
fn a_list_of_which_next_to_nothing_can_be_read_is_read_no_further() {
    let said = of(&format!(
        "{CONTACTS}{}",
        "910003,a) Male,a) White,01/02/2015,10,03/02/2025,g) Police,too many,\n".repeat(150_000)
    ));
    let last = said.rejections.last().map(|rejection| (rejection.reason.as_str_name(), rejection.place.line));
    let refused = said.rejections.len();
    assert!((100_000..149_000).contains(&refused), "{refused}");
    assert_eq!(last, Some(("REASON_RECORD_TOO_LARGE", refused as u64 + 2)));
    assert_eq!((said.of_kind("ContactReceived").len(), said.whole.len()), (2, 0), "what could be read is said");
}

#[test]
fn a_list_below_another_in_one_sheet_is_read_by_its_own_header() {
    let referrals = "Child Unique ID,Gender,Ethnicity,Date of Birth,Age of Child (Years),Date of referral,Referral Source\n\
        910003,a) Male,a) White,01/02/2015,10,05/02/2025,g) Police\n";
    let apart = translate(&AnnexA::ANY, &[("878_2025-03-04_a.csv", CONTACTS), ("878_2025-03-04_b.csv", referrals)]);
    let below = of(&format!("{CONTACTS}{referrals}"));
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (line, row) in (0..).zip(format!("{CONTACTS}{referrals}").lines()) {
        for (column, cell) in (0..).zip(row.split(',')) {
            sheet.write_string(line, column, cell).unwrap();
        }
    }
    let sheet = translate(&AnnexA::ANY, &[("878_2025-03-04.xlsx", workbook.save_to_buffer().unwrap())]);
    for said in [below, sheet] {
        assert_eq!((said.sayings(), said.reasons()), (apart.sayings(), vec![]));
        assert_eq!((said.whole, said.records), (apart.whole.clone(), 3));
    }
}

#[test]
fn children_in_need_are_told_where_a_list_has_their_plans_alone() {
    let said = of(
        "Child Unique ID,Gender,Date of Birth,CIN Plan Start Date,Primary Need Code,CIN Plan End Date,Case Status\n\
        910001,a) Male,01/02/2015,10/01/2025,a) Abuse or neglect,20/02/2025,c) Child in need plan\n",
    );
    assert_eq!(said.reasons(), [""; 0]);
    let (started, ended) = (said.of_kind("ChildInNeedPlanStarted"), said.of_kind("ChildInNeedPlanEnded"));
    assert_eq!((started.len(), ended.len(), said.of_kind("CaseOpened").len()), (1, 1, 0));
    assert_eq!((&started[0].1["startOn"]["day"], &ended[0].1["endOn"]["day"]), (&10.into(), &20.into()));
    let kept = said.of_kind("SourceRecordKept");
    assert!(
        kept.iter().any(|(_, kept)| kept["content"].as_str().is_some_and(|kept| kept.contains("neglect"))),
        "{kept:?}"
    );
}

/// Nothing else in the list says when it stood so.
#[test]
fn a_list_of_plans_alone_is_of_the_day_of_its_plans() {
    let said = translate(
        &AnnexA::ANY,
        &[("878_list6.csv", "Child ID,CIN Plan Start Date,Primary Need Code\n910001,04/03/2025,N1\n")],
    );
    assert_eq!((said.reasons(), said.of_kind("ChildInNeedPlanStarted").len()), (vec![], 1));
}

#[test]
fn a_header_that_is_of_no_list_is_told_what_it_lacks() {
    let said = of(
        "Child Unique ID,Gender,Date of Birth,Start Date,Primary Need Code\n910001,a) Male,01/02/2015,10/01/2025,N1\n",
    );
    assert_eq!(said.reasons(), ["REASON_HEADER_MISSING"]);
    assert!(said.rejections[0].message.ends_with("it is nearest to list 6, and lacks `cin start`"));
}

/// How many entries the second of two submissions takes back.
fn retracted(first: &str, second: &str) -> usize {
    let mut history = History::default();
    let mut submit = |text: &str| history.submit(&AnnexA::ANY, &[("878_2025-03-04.csv", text.as_bytes())]);
    submit(first);
    let added = submit(second);
    let is_retracted = |kind: &Kind| matches!(kind, Kind::EntryRetracted(_));
    let kinds = added.iter().filter_map(|statement| statement.body.event.as_ref()?.kind.as_ref());
    kinds.filter(|kind| is_retracted(kind)).count()
}

const LOOKED_AFTER: &str = "Child Unique ID,Unaccompanied Asylum Seeking Child,Date Started to be Looked After,Start date of current legal \
    status,Child's Legal Status,Date of Latest Statutory Review,What is the permanence plan for this child?,Date of Last Dental Check,Date \
    Ceased to be Looked After,Reason Ceased to be Looked After,Placement Type\n\
    910004,Yes,06/08/2019,12/07/2020,E1: Placement order,12/01/2025,Adoption,17/01/2024,,,U6: Foster placement\n";
const ADOPTION: &str = "Child Unique ID,Date the Child Entered Care,Date of Decision that Child Should be Placed for Adoption,Date of \
    Placement Order,Date of Matching Child and Prospective Adopters,Date of Decision that Child Should No Longer be Placed for Adoption,\
    Reason Why Child No Longer Placed for Adoption\n910004,06/08/2019,11/08/2020,16/08/2020,21/08/2021,01/02/2025,c) Prospective adopters \
    cannot be found\n";

#[test]
fn a_date_that_cannot_be_read_takes_nothing_back() {
    for (list, dates) in [
        (LOOKED_AFTER, vec!["12/07/2020", "12/01/2025", "17/01/2024"]),
        (ADOPTION, vec!["11/08/2020", "16/08/2020", "21/08/2021", "01/02/2025"]),
    ] {
        assert_eq!(of(list).reasons(), [""; 0]);
        for date in dates {
            let mistyped = list.replacen(date, "32/01/2025", 1);
            assert_eq!(of(&mistyped).reasons(), ["REASON_DATE_MISSING"], "{date}");
            assert_eq!(retracted(list, &mistyped), 0, "{date}");
            // One that is not there any more is gone.
            assert!(retracted(list, &list.replacen(date, "", 1)) > 0 || date == "11/08/2020", "{date}");
        }
    }
}

#[test]
fn a_value_without_the_day_of_its_event_is_kept() {
    for (text, cell, found) in [
        (
            LOOKED_AFTER.replacen("17/01/2024,,,", "17/01/2024,,E47: Special guardianship,", 1),
            "E47: Special guardianship",
            1,
        ),
        (LOOKED_AFTER.replacen(",Yes,", ",Formerly,", 1), "Formerly", 1),
        (ADOPTION.replacen("01/02/2025", "", 1), "c) Prospective adopters cannot be found", 1),
        (
            "Child Unique ID,Assessment start date,Date of Authorisation,Support Required\n1,20/09/2024,,Yes\n"
                .to_owned(),
            "Yes",
            1,
        ),
    ] {
        let said = of(&text);
        let kept: String =
            said.of_kind("SourceRecordKept").iter().map(|(_, kept)| kept["content"].to_string()).collect();
        assert!(kept.contains(cell), "{cell} of {kept} {text}");
        let odd = said.findings().into_iter().filter(|found| !found.contains("NOT_MAPPED")).count();
        assert_eq!(odd, found, "{:?} {text}", said.findings());
    }
    // A plan that nobody knows is told, with a finding.
    let said = of(&LOOKED_AFTER.replacen(",Adoption,", ",Zigzag,", 1));
    assert_eq!(said.of_kind("PermanencePlanRecorded").len(), 1);
    assert!(said.findings().contains(&"- CODE_UNKNOWN permanence".to_owned()), "{:?}", said.findings());
}

/// The regions put a column `LA` beside every list: two councils number their children alike.
#[test]
fn a_row_is_of_the_authority_that_it_says_and_never_against_the_files_name() {
    let with = |name: &str, first: &str, second: &str| {
        let text = CONTACTS.replacen("Contact Source\n", "Contact Source,LA\n", 1);
        let text = text.replacen("g) Police\n", &format!("g) Police,{first}\n"), 1).replacen("910002,", "910001,", 1);
        let text = text.replacen("b) Schools\n", &format!("b) Schools,{second}\n"), 1);
        translate(&AnnexA::ANY, &[(name, text)])
    };
    let whose = |said: &Collected| {
        let received = said.drafts.iter().filter(|draft| draft.table == "list-1");
        let mut whose: Vec<_> =
            received.map(|draft| format!("{} {}", draft.subject.issuer, draft.scope_key.clone().unwrap())).collect();
        whose.sort();
        whose
    };
    let both = with("2025-03-04.csv", "301", "302.0");
    assert_eq!(both.reasons(), [""; 0]);
    assert_eq!(whose(&both), ["301 301/annex-a/2025-03/list-1", "302 302/annex-a/2025-03/list-1"]);
    assert_eq!(both.whole.len(), 4, "{:?}", both.whole);
    assert!(both.of_kind("SourceRecordKept").is_empty());
    assert_eq!(with("878_2025-03-04.csv", "878", "").reasons(), [""; 0]);
    for (name, first, second, said) in [
        ("878_2025-03-04.csv", "878", "302", 1),
        ("878_2025-03-04.csv", "", "nowhere", 1),
        ("2025-03-04.csv", "301", "", 1),
    ] {
        let read = with(name, first, second);
        assert_eq!(
            (read.reasons(), whose(&read).len()),
            (vec!["REASON_SUBJECT_MISSING"], said),
            "{name} {first} {second}"
        );
        assert!(read.whole.is_empty(), "{name} {first} {second}: {:?}", read.whole);
    }
}

/// A line end in a cell parts a row: the other half is not another child; and a total is none.
#[test]
fn pieces_of_a_row_and_totals_are_no_children() {
    let parted = CONTACTS.replacen("Contact Source\n", "Contact Source,Team,Worker\n", 1).replacen(
        "g) Police\n",
        "g) Police,North\nEast,Invented Worker\n",
        1,
    );
    let said = of(&parted);
    assert_eq!(said.reasons(), ["REASON_RECORD_MALFORMED"; 2], "{:?}", said.rejections);
    assert!(said.drafts.iter().all(|draft| draft.subject.value == "910002"), "{:?}", said.sayings());
    assert!(said.whole.is_empty());
    // The row that only ends early is read: it has its days.
    assert_eq!(said.of_kind("ContactReceived").len(), 1);
    let expected = of(CONTACTS);
    for note in ["Total: 2\n", "Total: 2,,,,,,\n"] {
        let said = of(&format!("{CONTACTS}{note}"));
        assert_eq!((said.sayings(), said.whole.len()), (expected.sayings(), expected.whole.len()), "{note}");
        assert_eq!(said.reasons(), ["REASON_RECORD_MALFORMED"], "{note}");
        assert!(said.rejections[0].message.contains("a total or a note"), "{note}");
    }
}

/// A child who is not born yet has no birth date: the lists have the day that is expected in its place.
#[test]
fn a_birth_that_is_to_come_is_expected() {
    for (cell, field) in [
        ("01/06/2025", "expectedBirthOn"),
        ("EDD 01/06/2025", "expectedBirthOn"),
        ("Unborn (01/06/2025)", "expectedBirthOn"),
        ("01/06/2024", "birthOn"),
        ("01/06/2027", "birthOn"),
    ] {
        let said = of(&CONTACTS.replacen("01/02/2015", cell, 1));
        let described = said.of_kind("PersonDescribed");
        assert_eq!(described[0].1[field]["month"], 6, "{cell} {described:?}");
        let found = usize::from(cell == "01/06/2027");
        assert_eq!((said.findings().len(), said.reasons().len()), (found, 0), "{cell} {:?}", said.findings());
    }
}
