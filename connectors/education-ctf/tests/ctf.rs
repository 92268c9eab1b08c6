//! Common transfer files: what they become, and what holds of every one.
#![cfg(test)]

mod support;

use std::path::Path;

use connector_kit::conformance::{self, History, Sample};
use connector_kit::{Collected, Draft};
use education_ctf::CommonTransfer;
use proptest::prelude::*;
use proto::events::Cause;
use proto::events::event::Kind;
use proto::quarantine::Reason;
use serde_json::Value;
use support::{TO_SCHOOL, file, findings, json, pupil, sayings, translate};

const GOLDEN: &str = "8784001_CTF_8784002_003.xml";

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The golden file, the transfer before it and the one after, which takes back what it no longer says.
#[test]
fn transfers_that_overlap_hold_in_any_order() {
    let second = std::fs::read_to_string(folder("tests/golden").join(GOLDEN)).unwrap();
    let first =
        second.replace("2025-09-10T14:05:00", "2025-07-18T09:00:00").replace("<SENprovision>K<", "<SENprovision>N<");
    let third = second
        .replace("2025-09-10T14:05:00", "2025-10-01T09:00:00")
        .replace("<InCare>true<", "<InCare>false<")
        .replace("<FSMinstance><FSMstartDate>some time</FSMstartDate></FSMinstance>", "")
        .replace("<Contact><Order>3</Order></Contact>", "");
    assert!(first != second && third != second);
    conformance::check_overlapping(
        &CommonTransfer,
        &[
            &[("8784001_CTF_8784002_001.xml", first.as_bytes())],
            &[(GOLDEN, second.as_bytes())],
            &[("8784001_CTF_8784002_004.xml", third.as_bytes())],
        ],
    );
}

#[test]
fn files_of_other_makers_and_years_say_the_same() {
    let plain = std::fs::read_to_string(folder("tests/golden").join(GOLDEN)).unwrap().replace("Amara", "Zoë");
    let of = |bytes: &[u8]| sayings(&Collected::of(&CommonTransfer, &[(GOLDEN, bytes)]));
    let expected = of(plain.as_bytes());
    let one_byte = |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
    let wide = |text: &str| [b"\xff\xfe".to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat();
    for (how, bytes) in [
        ("a mark and carriage returns", format!("\u{feff}{}", plain.replace('\n', "\r\n")).into_bytes()),
        ("Latin-1, as declared", one_byte(&plain.replace("utf-8", "ISO-8859-1"))),
        ("utf-16", wide(&plain.replace("utf-8", "utf-16"))),
        ("a namespace", plain.replace("<CTfile>", "<CTfile xmlns=\"urn:example\">").into_bytes()),
        (
            "days in another order",
            plain.replace("2014-05-09", "09/05/2014").replace("2021-09-02", "2-Sep-2021").into_bytes(),
        ),
        ("older names", plain.replace("CTFversion", "CTFVersion").replace("SupplierID", "SuppID").into_bytes()),
    ] {
        assert_eq!(of(&bytes), expected, "{how}");
    }
    // Not declared: read all the same, and told of as odd on the child of whom it stood.
    let odd = of(&one_byte(&plain));
    assert_eq!(odd.len(), expected.len());
    assert!(format!("{odd:?}").contains("Zoë"), "{odd:?}");
}

#[test]
fn a_second_address_is_kept_and_not_lost() {
    let address = |line: &str| format!("<Address><AddressLine1>{line}</AddressLine1></Address>");
    let pupil = format!(
        "<Pupil><UPN>B801200005001</UPN><Surname>I</Surname>{}{}</Pupil>",
        address("1 No Such Street"),
        address("2 Nor This One")
    );
    let said = format!("{:?}", translate(&file("full", "2025-09-10T10:00:00", TO_SCHOOL, &pupil)).drafts);
    assert!(said.contains("1 No Such Street") && said.contains("2 Nor This One"), "{said}");
}

#[test]
fn the_golden_file_becomes_what_it_became() {
    let input = std::fs::read(folder("tests/golden").join(GOLDEN)).unwrap();
    let fresh = json(&Collected::of(&CommonTransfer, &[(GOLDEN, &input)]));
    let expected = folder("tests/golden/transfer.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let lists = ["drafts", "rejections"].map(|list| {
            let lines: Vec<String> = fresh[list].as_array().unwrap().iter().map(Value::to_string).collect();
            format!("\"{list}\": [\n{}\n]", lines.join(",\n"))
        });
        let rest = ["scopes", "records", "whole_of"].map(|key| format!("\"{key}\": {}", fresh[key]));
        std::fs::write(&expected, format!("{{{},\n{}}}\n", rest.join(",\n"), lists.join(",\n"))).unwrap();
    }
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(&expected).unwrap()).unwrap();
    for list in ["drafts", "rejections"] {
        for (now, then) in fresh[list].as_array().unwrap().iter().zip(committed[list].as_array().unwrap()) {
            assert_eq!(now, then, "{list}");
        }
    }
    assert_eq!(fresh, committed);
}

const HOME: &str = "<Address><AddressLine1>No Such Street</AddressLine1><PostCode>ZQ1 2AB</PostCode></Address>";
const MEALS: &str = "<FSMhistory><FSMinstance><FSMstartDate>2024-01-08</FSMstartDate></FSMinstance></FSMhistory>";
const SEN: &str = "<SENhistory><SEN><StartDate>2022-09-01</StartDate><SENprovision>K</SENprovision></SEN></SENhistory>";
const MARKS: &str = "<Attendance><YearData><Year>2024</Year><AttendSessions><AttendanceStartDate>2024-09-05</AttendanceStartDate>\
    <AttendanceMarks>/\\C1Y7</AttendanceMarks></AttendSessions></YearData></Attendance>";
const MOTHER: &str =
    "<Contacts><Contact><Surname>Madeupsmith</Surname><Relationship>MOT</Relationship></Contact></Contacts>";

#[test]
fn it_holds_the_bargain() {
    let pupils = pupil(3, &[HOME, MEALS, SEN, MARKS, MOTHER].concat()) + &pupil(4, MEALS);
    let text = file("full", "2025-09-10T14:05:00", TO_SCHOOL, &pupils);
    let canaries = ["Inventedson", "Amara", "INVENTEDSON", "Madeupsmith", "2013-05-09", "No Such Street", "ZQ1 2AB"];
    let sample = [("8784001_CTF_8784002_001.xml", text.as_bytes())];
    conformance::check(&CommonTransfer, &Sample::new(&sample).canaries(&canaries));
}

#[test]
fn every_version_and_shape_is_read_alike() {
    let plain = file("full", "2025-09-10T14:05:00", TO_SCHOOL, &pupil(3, MEALS));
    let renamed = [("CTfile", "ATfile"), ("CTFpupilData", "ATFpupilData"), ("CTFversion", "ATFversion")];
    let sibling = renamed.iter().fold(plain.clone(), |text, (from, to)| text.replace(from, to));
    let spaced = plain.replace("<CTfile>", "<x:CTfile xmlns:x=\"urn:invented\">").replace("</CTfile>", "</x:CTfile>");
    let utf16: Vec<u8> = std::iter::once(0xFEFF).chain(plain.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let expected = sayings(&translate(&plain));
    assert!(!expected.is_empty());
    for text in [sibling, spaced, plain.replace("CTFversion", "CTFVersion").replace("25.0", "14.0")] {
        assert_eq!(sayings(&translate(&text)), expected, "{text}");
    }
    assert_eq!(sayings(&Collected::of(&CommonTransfer, &[("8784001_CTF_8784002_001.xml", &utf16)])), expected);
}

#[test]
fn where_a_file_went_is_said_of_a_schools_full_file_only() {
    let sent = |qualifier, destination| {
        let said = translate(&file(qualifier, "2025-09-10T14:05:00", destination, &pupil(3, "")));
        let kinds = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
            Some(Kind::TransferFileSent(sent)) => Some(format!("to {}", sent.to_school.as_deref().unwrap_or("-"))),
            Some(Kind::MissingFromEducationReported(_)) => Some("not known".to_owned()),
            _ => None,
        });
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(sent("full", TO_SCHOOL), ["to school-8784002"]);
    assert_eq!(sent("full", "<LEA>XXX</LEA><Estab>XXXX</Estab>"), ["not known"]);
    assert_eq!(sent("full", "<LEA>820</LEA><Estab>LLLL</Estab>"), Vec::<String>::new());
    assert_eq!(sent("partial", TO_SCHOOL), Vec::<String>::new());
}

#[test]
fn what_cannot_be_used_is_told() {
    for (header, field) in [
        ("<LEA>878</LEA><Estab>4001</Estab>", ""),
        ("<LEA>878</LEA><Estab>LLLL</Estab>", ""),
        ("<LEA>XYZ</LEA><Estab>4001</Estab>", "SourceSchool"),
        ("<LEA>878</LEA>", "SourceSchool"),
    ] {
        let text = file("full", "2025-09-10", TO_SCHOOL, &pupil(3, ""));
        let said = translate(&text.replacen("<LEA>878</LEA><Estab>4001</Estab>", header, 1));
        let fields: Vec<_> = said.rejections.iter().map(|rejection| rejection.place.field.as_str()).collect();
        assert_eq!(fields, if field.is_empty() { vec![] } else { vec![field] }, "{header}");
    }
    // By a surname and a birth date alone, twins would be one child.
    for part in ["<Surname>Inventedson</Surname>", "<Forename>Amara</Forename>"] {
        let said = translate(&file("full", "2025-09-10", TO_SCHOOL, &pupil(3, "").replace(part, "")));
        assert_eq!(said.rejections[0].reason, Reason::SubjectMissing, "{part}");
    }
    let undated = translate(&file("full", "soon", TO_SCHOOL, &pupil(3, "")));
    assert_eq!(undated.rejections[0].place.field, "DateTime");
    let marks = MARKS.replace("2024-09-05", "2024-09-07");
    let said = translate(&file("full", "2025-09-10", TO_SCHOOL, &pupil(3, &marks)));
    assert_eq!(findings(&said.drafts), ["NOT_MAPPED AttendSessions", "VALUE_MALFORMED AttendanceStartDate"]);
}

/// What was kept as it came: under which key, and what it says.
fn kept(said: &Collected) -> Vec<(String, String)> {
    let of = |draft: &Draft| match &draft.event.kind {
        Some(Kind::SourceRecordKept(kept)) => Some((draft.record_key.clone(), kept.content.clone()?)),
        _ => None,
    };
    said.drafts.iter().filter_map(of).collect()
}

#[test]
fn marks_of_which_the_day_is_not_known_are_kept() {
    for marks in [
        MARKS.replace("2024-09-05", "2024-09-01"),
        MARKS.replace("<AttendanceStartDate>2024-09-05</AttendanceStartDate>", ""),
        MARKS.replace("<AttendSessions>", "").replace("</AttendSessions>", "").replace("2024-09-05", "2024-09-01"),
    ] {
        let said = translate(&file("full", "2025-09-10", TO_SCHOOL, &pupil(3, &marks)));
        let kept = kept(&said);
        assert!(
            kept.iter().any(|(key, content)| key.contains("/attendance/2024/") && content.contains("/\\C1Y7")),
            "{marks}"
        );
        assert!(!said.drafts.iter().any(|draft| draft.table == "marks"));
    }
}

#[test]
fn the_name_of_a_school_without_numbers_is_kept_with_the_school() {
    let history = |lea, estab| {
        let school = format!("<LEA>{lea}</LEA><Estab>{estab}</Estab><SchoolName>No Such School</SchoolName>");
        format!("<SchoolHistory><School>{school}<EntryDate>2017-09-04</EntryDate></School></SchoolHistory>")
    };
    let of = |lea, estab| {
        let said = translate(&file("full", "2025-09-10", TO_SCHOOL, &pupil(3, &history(lea, estab))));
        kept(&said).into_iter().map(|(_, content)| content).collect::<Vec<_>>()
    };
    assert_eq!(of("878", "4003"), Vec::<String>::new());
    assert_eq!(of("XXX", "XXXX"), ["<SchoolName>No Such School</SchoolName>"]);
    assert_eq!(of("MMM", "MMMM").len(), 3);
}

#[test]
fn attendance_is_of_the_sender_only_where_no_school_is_named() {
    let of = |named: &str| {
        let year = format!("{named}<Year>2023</Year><SessionsPossible>300</SessionsPossible>");
        let pupil = pupil(3, &format!("<Attendance><YearData>{year}</YearData></Attendance>"));
        let said = translate(&file("full", "2025-09-10", TO_SCHOOL, &pupil));
        let mut schools = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
            Some(Kind::AttendanceSummarised(year)) => Some(year.school.clone()),
            _ => None,
        });
        let school = schools.next().expect("an attendance").unwrap_or_default();
        (school, kept(&said).into_iter().map(|(_, content)| content).collect::<String>())
    };
    let said = |school: &str, kept: &str| (school.to_owned(), kept.to_owned());
    let name = "<SchoolName>No Such School</SchoolName>";
    assert_eq!(of(""), said("school-8784001", ""));
    assert_eq!(of("<LEA>878</LEA><Estab>4003</Estab>"), said("school-8784003", ""));
    assert_eq!(of(&format!("<LEA>XXX</LEA><Estab>XXXX</Estab>{name}")), said("", name));
    assert_eq!(of(name), said("", name));
    assert_eq!(of("<LEA>878</LEA>"), said("", "<LEA>878</LEA>"));
}

#[test]
fn the_first_language_is_the_first_wherever_it_stands() {
    let of = |languages: &[(&str, &str)]| {
        let of_one = |(kind, code): &(&str, &str)| {
            format!("<Type><LanguageType>{kind}</LanguageType><Language>{code}</Language></Type>")
        };
        let all: String = languages.iter().map(of_one).collect();
        let parts = format!("<BasicDetails><Languages>{all}</Languages></BasicDetails>");
        let said = translate(&file("full", "2025-09-10", TO_SCHOOL, &pupil(3, &parts)));
        let first = said.drafts.iter().find_map(|draft| match &draft.event.kind {
            Some(Kind::PersonDescribed(person)) => person.first_language.clone(),
            _ => None,
        });
        (first.map(|first| first.code).unwrap_or_default(), kept(&said).len())
    };
    assert_eq!(of(&[("H", "URD"), ("F", "ENG")]), ("ENG".to_owned(), 1));
    assert_eq!(of(&[("H", "URD"), ("M", "PAN"), ("", "ENG")]), ("ENG".to_owned(), 2));
    assert_eq!(of(&[("H", "URD"), ("M", "PAN")]), ("PAN".to_owned(), 1));
    assert_eq!(of(&[("C", "URD")]), (String::new(), 1));
}

/// The department's own service is no school: the pupils are the school's that asked.
#[test]
fn a_file_of_no_school_is_of_the_pupils_of_the_school_that_it_was_made_for() {
    let from = "<SourceSchool><LEA>878</LEA><Estab>4001</Estab></SourceSchool>";
    let nobody = "<SourceSchool><LEA>XXX</LEA><Estab>XXXX</Estab><SchoolName>No School</SchoolName></SourceSchool>";
    let text = file("partial", "2025-10-02T09:15:00", TO_SCHOOL, &pupil(3, SEN));
    let said = translate(&text.replace(from, nobody));
    assert_eq!(said.rejections, []);
    assert!(said.drafts.iter().all(|draft| {
        (draft.controller.as_str(), draft.subject.issuer.as_str()) == ("school-8784002", "8784002")
            && draft.scope_key.as_deref() == Some("8784002/ctf-received")
            && draft.record_key.contains("/received/")
    }));
    // Where it was made for no school either, nobody knows them.
    let to_nobody = text.replace(from, nobody).replace(TO_SCHOOL, "<LEA>XXX</LEA><Estab>XXXX</Estab>");
    let said = translate(&to_nobody);
    assert_eq!((said.drafts.len(), said.rejections[0].place.field.as_str()), (0, "SourceSchool"));
    assert!(said.rejections[0].message.contains("put in the numbers"));
}

#[test]
fn contacts_are_read_in_either_spelling_and_what_is_left_of_one_says_of_whom() {
    let contact = |name: &str, rest: &str| {
        format!("<Contact><Surname>{name}</Surname><Relationship>FAT</Relationship>{rest}</Contact>")
    };
    let first = contact(
        "Madeupsmith",
        "<Responsibility>true</Responsibility><Address><AddressAsPupil>true</AddressAsPupil></Address>",
    );
    let lines = "<AddressLines><AddressLine1>2 No Such Road</AddressLine1></AddressLines><PostCode>ZQ1 3CD</PostCode><Country>GBR</Country>";
    let second = contact(
        "Feigned",
        &format!("<Responsible>false</Responsible><AddressAsPupil>false</AddressAsPupil><Address>{lines}</Address>"),
    );
    let said =
        translate(&file("full", "2025-09-10", TO_SCHOOL, &pupil(3, &format!("<Contacts>{first}{second}</Contacts>"))));
    let mut read: Vec<_> = said
        .drafts
        .iter()
        .filter_map(|draft| match &draft.event.kind {
            Some(Kind::RelationshipRecorded(who)) => {
                let held = who.parental_responsibility.as_ref().map(|held| held.held());
                let lines = who.address.as_ref().map(|address| address.lines.concat());
                Some((held, who.lives_with_child, lines))
            }
            _ => None,
        })
        .collect();
    read.sort_by_key(|(.., lines)| lines.clone());
    use proto::events::parental_responsibility::Held;
    assert_eq!(read, [(Some(Held::Yes), Some(true), None), (Some(Held::No), None, Some("2 No Such Road".to_owned()))]);
    let left = kept(&said);
    assert_eq!((left.len(), left[0].1.as_str()), (1, "<Country>GBR</Country>"));
    assert!(left[0].0.contains("/contact/FAT/FEIGNED/kept/"), "{left:?}");
    assert!(said.drafts.iter().filter(|draft| draft.table == "kept").all(|draft| draft.third_parties.len() == 1));
}

#[test]
fn a_need_says_since_when() {
    let need = "<SENhistory><SENneeds><SENneed><NeedStartDate>2022-09-01</NeedStartDate><NeedEndDate>2023-09-01</NeedEndDate>\
                <SENtypeRank>1</SENtypeRank><SENtype>SLCN</SENtype></SENneed></SENneeds></SENhistory>";
    let said = translate(&file("full", "2025-09-10", TO_SCHOOL, &pupil(3, need)));
    let draft = said.drafts.iter().find(|draft| draft.table == "sen-need").unwrap();
    let Some(Kind::SenNeedRecorded(need)) = &draft.event.kind else { panic!("no need") };
    assert_eq!((need.since_on.unwrap().year, need.until_on.unwrap().year), (2022, 2023));
    assert_eq!((draft.effective, kept(&said).len()), (connector_kit::dates::on(need.since_on.unwrap()), 0));
}

#[test]
fn needs_are_of_the_list_of_their_time_and_may_stand_beside_a_history() {
    let sen = "<SEN><StartDate>2013-09-01</StartDate><EndDate>2014-08-31</EndDate><SENprovision>A</SENprovision></SEN>\
               <SENneeds><SENneed><NeedStartDate>2012-01-01</NeedStartDate><SENtype>BESD</SENtype></SENneed>\
               <SENneed><SENtype>DS</SENtype></SENneed></SENneeds>";
    for parts in [sen.to_owned(), format!("<SENhistory>{sen}</SENhistory>")] {
        let said = translate(&file("full", "2025-03-10", TO_SCHOOL, &pupil(3, &parts)));
        assert_eq!(findings(&said.drafts), ["NOT_MAPPED EndDate"], "{parts}");
        let of = |table: &str| said.drafts.iter().filter(|draft| draft.table == table).count();
        assert_eq!((of("sen"), of("sen-need")), (1, 2), "{parts}");
        // The end of a status changes with the status, and not with each file that says it again.
        let kept = said.drafts.iter().find(|draft| draft.table == "kept").unwrap();
        let status = said.drafts.iter().find(|draft| draft.table == "sen").unwrap();
        assert_eq!(kept.effective, status.effective);
    }
    let unread = translate(&file("full", "2025-03-10", TO_SCHOOL, &pupil(3, "<SEN>K</SEN>")));
    assert_eq!(kept(&unread)[0].1, "<SEN>K</SEN>");
}

#[test]
fn who_a_child_is_may_stand_in_the_basic_details() {
    let plain = "<Surname>Inventedson</Surname><Forename>Amara</Forename><DOB>2013-05-09</DOB><Sex>F</Sex>\
                 <BasicDetails><FormerUPN>B801200005001</FormerUPN><MiddleNames>Bea</MiddleNames></BasicDetails>";
    let inside = "<BasicDetails><LegalSurname>Inventedson</LegalSurname><LegalForename>Amara</LegalForename><DOB>2013-05-09</DOB>\
                  <Gender>F</Gender><MiddleNames>Bea</MiddleNames></BasicDetails><FormerUPN>B801200005001</FormerUPN>";
    let of = |parts: &str| translate(&file("full", "2025-09-10", TO_SCHOOL, &format!("<Pupil>{parts}</Pupil>")));
    assert_eq!(sayings(&of(inside)), sayings(&of(plain)));
    assert_eq!(of(inside).rejections.len(), 0);
    // The child's own counts, and another in the details is kept.
    let both = plain.replace("<MiddleNames>", "<LegalSurname>Otherwise</LegalSurname><MiddleNames>");
    let said = of(&both);
    assert_eq!(said.drafts[0].subject, of(plain).drafts[0].subject);
    assert!(kept(&said).iter().any(|(_, content)| content.contains("Otherwise")));
}

/// A maker calls the list of pupils so.
#[test]
fn pupils_in_a_list_of_another_name_are_read() {
    let plain = file("full", "2025-09-10", TO_SCHOOL, &pupil(3, SEN));
    assert_eq!(sayings(&translate(&plain.replace("CTFpupilData", "Pupils"))), sayings(&translate(&plain)));
}

fn submit(history: &mut History, qualifier: &str, at: &str, pupils: &str) -> Vec<Cause> {
    let text = file(qualifier, at, TO_SCHOOL, pupils);
    let added = history.submit(&CommonTransfer, &[("8784001_CTF_8784002_001.xml", text.as_bytes())]);
    added.iter().map(|statement| Cause::try_from(statement.body.cause).unwrap()).collect()
}

#[test]
fn a_full_file_takes_back_what_it_no_longer_says_of_its_own_children_only() {
    let mut history = History::default();
    let both = pupil(3, &[MEALS, SEN].concat()) + &pupil(4, MEALS);
    submit(&mut history, "full", "2025-09-10T10:00:00", &both);
    assert_eq!(submit(&mut history, "full", "2025-09-10T10:00:00", &both), []);
    let before = history.stands().len();
    submit(&mut history, "partial", "2025-09-11T10:00:00", &pupil(3, ""));
    assert_eq!(history.stands().len(), before, "a partial file takes nothing back");
    // A corrected start date is a correction; that each of the two files was sent stands.
    let corrected = MEALS.replace("2024-01-08", "2024-01-09");
    let causes = submit(&mut history, "full", "2025-09-12T10:00:00", &pupil(3, &[&corrected, SEN].concat()));
    assert_eq!(causes, [Cause::Corrected, Cause::Corrected, Cause::Started]);
    let causes = submit(&mut history, "full", "2025-09-13T10:00:00", &pupil(3, &corrected));
    assert_eq!(causes, [Cause::Retracted, Cause::Started]);
    assert!(history.stands().values().any(|body| body.record_key.contains("20140509")), "the other child stands");
}

#[test]
fn a_file_that_does_not_say_how_much_it_holds_takes_nothing_back() {
    for (qualifier, told) in [("", "FIELD_MISSING"), ("Part", "CODE_UNKNOWN")] {
        let mut history = History::default();
        submit(&mut history, "full", "2025-09-10T10:00:00", &pupil(3, &[MEALS, SEN].concat()));
        let causes = submit(&mut history, qualifier, "2025-09-11T10:00:00", &pupil(3, MEALS));
        assert!(!causes.contains(&Cause::Retracted), "{qualifier}: {causes:?}");
        let said = translate(&file(qualifier, "2025-09-11", TO_SCHOOL, &pupil(3, MEALS)));
        assert_eq!(findings(&said.drafts), [format!("{told} DocumentQualifier")]);
        assert_eq!(said.whole_of, []);
    }
    assert_eq!(translate(&file("FULL", "2025-09-11", TO_SCHOOL, &pupil(3, MEALS))).whole_of.len(), 1);
}

/// Some parts of a pupil.
fn any_pupils() -> impl Strategy<Value = Vec<String>> {
    let part = prop::sample::select(vec![HOME, MEALS, SEN, MARKS, MOTHER, "<New>x</New>", "<New>y</New>"]);
    let pupil_of = prop::collection::btree_set(part, 0..4);
    prop::collection::vec(pupil_of, 0..3).prop_map(|pupils| {
        let of = |(number, parts): (usize, std::collections::BTreeSet<&str>)| {
            pupil(number, &parts.into_iter().collect::<String>())
        };
        pupils.into_iter().enumerate().map(of).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn overlapping_files_leave_the_same_whatever_came_first(
        files in prop::collection::vec((any_pupils(), prop::sample::select(vec!["full", "partial"])), 3),
    ) {
        let days = ["2025-09-10T10:00:00", "2025-09-11T10:00:00", "2025-09-12T10:00:00"];
        let stands = |order: [usize; 3]| {
            let mut history = History::default();
            for at in order {
                let (pupils, qualifier) = &files[at];
                submit(&mut history, qualifier, days[at], &pupils.concat());
                prop_assert_eq!(submit(&mut history, qualifier, days[at], &pupils.concat()), []);
            }
            Ok(history.stands())
        };
        let expected = stands([0, 1, 2])?;
        for order in [[1, 0, 2], [2, 1, 0], [1, 2, 0]] {
            prop_assert_eq!(&expected, &stands(order)?);
        }
    }

    #[test]
    fn the_order_of_a_file_changes_nothing(pupils in any_pupils()) {
        let turned: Vec<String> = pupils.iter().rev().cloned().collect();
        let read = |pupils: &[String]| translate(&file("full", "2025-09-10T10:00:00", TO_SCHOOL, &pupils.concat()));
        prop_assert_eq!(sayings(&read(&pupils)), sayings(&read(&turned)));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Collected::of(&CommonTransfer, &[("ctf.xml", &bytes)]).whole_of.is_empty());
    }

    #[test]
    fn marks_put_wrong_never_panic(marks in "[ -~]{0,40}", from in "[0-9]{4}-[0-9]{2}-[0-9]{2}") {
        let marks = marks.replace(['<', '&'], "/");
        let parts = MARKS.replace("/\\C1Y7", &marks).replace("2024-09-05", &from);
        let said = translate(&file("full", "2025-09-10T10:00:00", TO_SCHOOL, &pupil(3, &parts)));
        prop_assert_eq!(said.rejections, []);
    }
}

#[test]
fn every_seed_of_the_fuzz_target_is_translated() {
    let seeds: Vec<_> = std::fs::read_dir(folder("fuzz/corpus/transfer")).unwrap().collect();
    assert!(seeds.len() >= 3);
    for seed in seeds {
        let bytes = std::fs::read(seed.unwrap().path()).unwrap();
        let said = Collected::of(&CommonTransfer, &[("ctf.xml", &bytes)]);
        assert!(said.records > 0 || !said.rejections.is_empty());
    }
}

#[test]
fn marks_with_spaces_are_of_their_own_days_and_each_run_of_a_year_is_read() {
    let days = |runs: &[(&str, &str)]| {
        let runs: String = runs
            .iter()
            .map(|(from, marks)| {
                format!(
                    "<AttendSessions><AttendanceStartDate>{from}</AttendanceStartDate><AttendanceMarks>{marks}\
                     </AttendanceMarks></AttendSessions>"
                )
            })
            .collect();
        let year = format!("<Attendance><YearData><Year>2024</Year>{runs}</YearData></Attendance>");
        let said = translate(&file("full", "2025-09-10T14:05:00", TO_SCHOOL, &pupil(3, &year)));
        assert_eq!(said.rejections, []);
        let kept = said.drafts.iter().filter(|draft| draft.table == "kept").count();
        let of = |table| said.drafts.iter().filter(move |draft| draft.table == table);
        let days: Vec<String> =
            of("marks").map(|draft| draft.record_key.rsplit('/').next().unwrap().to_owned()).collect();
        (days, of("attendance").map(|draft| draft.findings.len()).sum::<usize>(), kept)
    };
    let told = |days: &[&str]| days.iter().map(|day| format!("2024-{day}")).collect::<Vec<_>>();
    assert_eq!(days(&[("2024-09-02", "  /\\/\\")]), (told(&["09-03", "09-04"]), 0, 0));
    assert_eq!(days(&[("2024-09-02", "/\\ /\\")]), (told(&["09-02", "09-03"]), 0, 0));
    assert_eq!(days(&[("2024-09-02", "II II")]), (vec![], 1, 1));
    let terms = [("2024-11-04", "/\\"), ("2024-09-02", "/\\")];
    assert_eq!(days(&terms), (told(&["11-04", "09-02"]), 0, 0));
}
