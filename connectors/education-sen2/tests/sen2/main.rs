//! The SEN2 return: what it becomes, and what holds of every one.
#![cfg(test)]

mod sheets;
mod support;

use std::path::Path;

use connector_kit::conformance::{self, History, Sample};
use connector_kit::{Collected, Connector};
use education_sen2::Sen2;
use proptest::prelude::*;
use proto::events::event::Kind;
use proto::events::{Cause, Coded};
use serde_json::Value;
use support::{MADE, Made, Rec, clean, export, findings, json, kinds, message, rec, sayings, translate, xml};

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_golden_return_becomes_what_it_became() {
    let input = std::fs::read(folder("tests/golden/2025.xml")).unwrap();
    let fresh = json(&Collected::of(&Sen2, &[("2025.xml", &input)]));
    let expected = folder("tests/golden/2025.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let lists = ["drafts", "rejections"].map(|list| {
            let lines: Vec<String> = fresh[list].as_array().unwrap().iter().map(Value::to_string).collect();
            format!("\"{list}\": [\n{}\n]", lines.join(",\n"))
        });
        let rest = ["scopes", "records", "whole"].map(|key| format!("\"{key}\": {}", fresh[key]));
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

/// The golden return, sent again with things put right and gone, and the year's before it.
#[test]
fn returns_that_overlap_hold_in_any_order() {
    let this = std::fs::read_to_string(folder("tests/golden/2025.xml")).unwrap();
    let last = this.replace(">2025<", ">2024<").replace("2025-01-16", "2024-01-18").replace("2025-02-20", "2024-02-20");
    let again = this
        .replace("<SerialNo>2<", "<SerialNo>3<")
        .replace("2025-02-20T09:30:00", "2025-02-27T10:00:00")
        .replace("<StartDate>2024-04-02<", "<StartDate>2024-04-03<")
        .replace("<SENtype>SLCN<", "<SENtype>MLD<")
        .replace("<AttendancePattern>F<", "<AttendancePattern>P<");
    assert!(again != this && last != this);
    conformance::check_overlapping(
        &Sen2,
        &[&[("2024.xml", last.as_bytes())], &[("2025.xml", this.as_bytes())], &[("2025_2.xml", again.as_bytes())]],
    );
}

#[test]
fn returns_of_other_makers_and_years_say_the_same() {
    let plain = std::fs::read_to_string(folder("tests/golden/2025.xml")).unwrap();
    let expected = sayings(&Collected::of(&Sen2, &[("2025.xml", plain.as_bytes())]));
    let wide: Vec<u8> = plain.replace("utf-8", "utf-16").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = [b"\xff\xfe".as_slice(), &wide].concat();
    let wrapped = plain
        .replace("<Surname>", "<PersonDetails><Surname>")
        .replace("<Requests>", "</PersonDetails><RequestList><Request>")
        .replace("</Requests>", "</Request></RequestList><PersonDetails>")
        .replace("</Person>", "</PersonDetails></Person>")
        .replace("<Person><Sex>", "<Person><PersonDetails><Sex>");
    for (how, bytes) in [
        ("a mark and carriage returns", format!("\u{feff}{}", plain.replace('\n', "\r\n")).into_bytes()),
        ("utf-16", wide),
        ("a namespace", plain.replace("<Message>", "<Message xmlns=\"urn:example\">").into_bytes()),
        ("empty elements", plain.replace("<Surname>", "<Title/><Surname>").into_bytes()),
        ("wrapped once more", wrapped.into_bytes()),
        (
            "days in another order",
            plain.replace("2014-05-09", "09/05/2014").replace("2023-11-06", "6-Nov-2023").into_bytes(),
        ),
    ] {
        let said = Collected::of(&Sen2, &[("a.xml", &bytes)]);
        assert_eq!(sayings(&said), expected, "{how}");
    }
}

const CANARIES: &[&str] = &["Inventedson", "Amara", "Madeupsmith", "Benvolio", "B801200005001", "900001"];

#[test]
fn the_message_holds_the_bargain() {
    let text = xml(MADE, &clean());
    conformance::check(&Sen2, &Sample::new(&[("sen2.xml", text.as_bytes())]).canaries(CANARIES));
}

#[test]
fn the_export_holds_the_bargain() {
    let files = export(MADE, &clean(), 100);
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    conformance::check(&Sen2, &Sample::new(&files).canaries(CANARIES).end_is_not_marked());
}

#[test]
fn both_forms_of_a_return_say_the_same() {
    let (message, tables) = (message(MADE, &clean()), translate(&export(MADE, &clean(), 100)));
    assert_eq!(message.rejections, []);
    assert_eq!(tables.rejections, []);
    assert_eq!(sayings(&message), sayings(&tables));
    assert_eq!((&message.scopes, &message.whole), (&tables.scopes, &tables.whole));
    assert_eq!(message.whole.len(), 1);
    for kind in [
        "PersonDescribed",
        "EhcAssessmentRequested",
        "EhcAssessmentDecided",
        "EhcPlanIssued",
        "EhcSettingNamed",
        "EhcPlanMaintained",
        "EhcPlanReviewed",
        "EhcPlacementStarted",
        "SenNeedRecorded",
    ] {
        assert!(kinds(&message).contains(&kind), "{kind}");
    }
}

#[test]
fn an_export_without_one_of_its_tables_says_what_it_can_and_is_not_whole() {
    let all = export(MADE, &clean(), 100);
    for (left_out, (name, _)) in all.iter().enumerate() {
        let mut files = all.clone();
        files.remove(left_out);
        let said = translate(&files);
        assert!(said.whole.is_empty(), "{name}");
        let empty = all[left_out].1.lines().count() == 1;
        let last = matches!(left_out, 5 | 7 | 8);
        assert!(!said.rejections.is_empty() || empty || last, "{name}: what stood under it is told of");
    }
    let names: Vec<String> = all.iter().map(|(name, _)| name.clone()).chain(["sen2-878.xml".to_owned()]).collect();
    assert_eq!(Sen2.submissions(&names).iter().map(Vec::len).collect::<Vec<_>>(), [1, 9]);
}

#[test]
fn tables_under_which_nothing_stands_need_no_numbers_of_their_own() {
    let all = export(MADE, &clean(), 100);
    let mut files = all.clone();
    for leaf in ["plandetail", "placementdetail", "senneed"] {
        let (_, text) = files.iter_mut().find(|(name, _)| name.ends_with(&format!("_{leaf}.csv"))).unwrap();
        *text = text.replace(&format!("{leaf}tableid"), "sourceid");
    }
    assert_ne!(files, all);
    let said = translate(&files);
    assert_eq!((&said.rejections, said.whole.len()), (&vec![], 1));
    assert_eq!(sayings(&said), sayings(&translate(&all)));
}

#[test]
fn tables_from_before_the_return_is_sent_are_joined_by_the_request() {
    let tables = |assessments: &str| {
        let files = [
            ("sen2", "sen2tableid,collection,year,referencedate,lea\n1,SEN2,2025,2025-01-16,878\n"),
            (
                "person",
                "persontableid,sen2tableid,surname,forename,personbirthdate,upn\n10,1,Invented,Ada,2014-05-09,B801200005001\n",
            ),
            (
                "requests",
                "requeststableid,persontableid,receiveddate,requestoutcome,requestoutcomedate\n100,10,2024-05-01,Y,2024-06-01\n",
            ),
            ("assessment", assessments),
            ("namedplan", "persontableid,requeststableid,startdate,planres\n10,100,2024-09-02,B\n"),
            ("plandetail", "persontableid,requeststableid,urn,placementrank\n10,100,900001,1\n"),
        ];
        translate(&files.map(|(name, text)| (format!("{name}.csv"), text.to_owned())))
    };
    let header = "persontableid,requeststableid,assessmentoutcome,assessmentoutcomedate\n";
    let said = tables(&format!("{header}10,100,Y,2024-08-01\n"));
    assert_eq!(said.rejections, []);
    for kind in ["EhcAssessmentRequested", "EhcAssessmentDecided", "EhcPlanIssued", "EhcSettingNamed"] {
        assert!(kinds(&said).contains(&kind), "{kind}");
    }
    assert!(said.whole.is_empty(), "three tables are not there");
    // Of two assessments of one request, or of none, it is not known whose plan it is.
    for assessments in ["10,100,Y,2024-08-01\n10,100,N,2024-07-01\n", "10,,Y,2024-08-01\n"] {
        let said = tables(&format!("{header}{assessments}"));
        assert!(!kinds(&said).contains(&"EhcPlanIssued"));
        assert!(reasons(&said).contains(&"REASON_PARENT_MISSING"));
    }
}

#[test]
fn numbers_of_rows_are_in_no_key() {
    assert_eq!(sayings(&translate(&export(MADE, &clean(), 100))), sayings(&translate(&export(MADE, &clean(), 7))));
}

/// What a return says with one field of its first person's request, assessment, plan or placement changed.
fn with(module: &str, field: &'static str, value: &str) -> Collected {
    fn change(rec: &mut Rec, module: &str, field: &'static str, value: &str) {
        if rec.module == module {
            rec.fields.retain(|(name, _)| *name != field);
            if !value.is_empty() {
                rec.fields.push((field, value.to_owned()));
            }
        }
        for under in &mut rec.under {
            change(under, module, field, value);
        }
    }
    let mut persons = clean();
    change(&mut persons[0], module, field, value);
    message(MADE, &persons)
}

#[test]
fn what_cannot_be_right_is_found_and_kept() {
    assert_eq!(findings(&message(MADE, &clean())), Vec::<String>::new());
    assert_eq!(findings(&with("Person", "Ethnicity", "WENG")), Vec::<String>::new(), "an extended code");
    for (module, field, value, told) in [
        ("Requests", "RequestOutcomeDate", "2023-11-05", "DATES_OUT_OF_ORDER requestoutcomedate"),
        ("Requests", "RequestOutcomeDate", "", "FIELD_MISSING requestoutcomedate"),
        ("Requests", "RequestOutcome", "Z", "CODE_UNKNOWN requestoutcome"),
        ("Requests", "ReceivedDate", "2013-01-01", "DATE_IMPLAUSIBLE receiveddate"),
        ("Assessment", "AssessmentOutcomeDate", "2023-12-01", "DATES_OUT_OF_ORDER assessmentoutcomedate"),
        ("Assessment", "Week20", "maybe", "VALUE_MALFORMED week20"),
        ("NamedPlan", "CeaseDate", "2024-04-01", "DATES_OUT_OF_ORDER ceasedate"),
        ("NamedPlan", "CeaseReason", "4", "FIELD_MISSING ceasedate"),
        ("NamedPlan", "StartDate", "2030-04-01", "DATE_IMPLAUSIBLE startdate"),
        ("PlanDetail", "SENsetting", "EHE", "FIELDS_CONTRADICT urn"),
        ("PlanDetail", "URN", "", "FIELD_MISSING urn"),
        ("ActivePlans", "ReviewOutcome", "Q", "CODE_UNKNOWN reviewoutcome"),
        ("PlacementDetail", "LeavingDate", "2024-04-14", "DATES_OUT_OF_ORDER leavingdate"),
        ("PlacementDetail", "EntryDate", "", "FIELD_MISSING entrydate"),
        ("SENNeed", "SENtypeRank", "2", "FIELDS_CONTRADICT sentyperank"),
        ("SENNeed", "SENtypeRank", "3", "VALUE_MALFORMED sentyperank"),
        ("Person", "UPN", "A801200005001", "CHECK_CHARACTER_WRONG upn"),
        ("Person", "PersonBirthDate", "1990-05-09", "DATE_IMPLAUSIBLE personbirthdate"),
        ("Person", "GenderCurrent", "2", "NOT_MAPPED"),
    ] {
        let said = with(module, field, value);
        let found = findings(&said);
        let told_it = found.iter().any(|finding| finding == told);
        assert!(told_it || told == "NOT_MAPPED", "{module} {field} {value}: {found:?}");
        assert_eq!(said.rejections, [], "{module} {field}");
        assert_eq!(said.whole.len(), 1, "{module} {field}");
    }
    let dateless = with("NamedPlan", "StartDate", "soon");
    assert_eq!(
        reasons(&dateless),
        ["REASON_DATE_MISSING", "REASON_PARENT_MISSING"],
        "the plan, and the setting it names"
    );
    assert!(dateless.rejections.iter().all(|r| r.subject.is_some()), "only this child's absences say nothing");
}

#[test]
fn a_letter_says_how_a_placement_is_residential_and_a_flag_that_it_is() {
    let plan = |said: &Collected| {
        let issued = said.drafts.iter().find_map(|draft| match &draft.event.kind {
            Some(Kind::EhcPlanIssued(issued)) => Some(issued.clone()),
            _ => None,
        });
        issued.unwrap()
    };
    let placement = |said: &Collected| {
        let started = said.drafts.iter().find_map(|draft| match &draft.event.kind {
            Some(Kind::EhcPlacementStarted(started)) => Some(started.clone()),
            _ => None,
        });
        started.unwrap()
    };
    let code = |coded: &Option<Coded>| coded.as_ref().map(|coded| format!("{}:{}", coded.code_set, coded.code));
    for (value, residential, kind, found) in [
        ("A", Some(true), Some("A"), None),
        ("b", Some(true), Some("B"), None),
        ("1", Some(true), None, None),
        ("True", Some(true), None, None),
        ("N", Some(false), None, None),
        ("", None, None, None),
        ("Q", None, Some("Q"), Some("CODE_UNKNOWN")),
        ("T", None, Some("T"), Some("CODE_UNKNOWN")),
    ] {
        let kind = kind.map(|kind| format!("sen2.residential/2025:{kind}"));
        let found = |field: &str| found.map(|code| format!("{code} {field}")).into_iter().collect::<Vec<_>>();
        let said = with("NamedPlan", "PlanRes", value);
        let issued = plan(&said);
        assert_eq!((issued.residential, code(&issued.residential_kind)), (residential, kind.clone()), "{value}");
        assert_eq!(findings(&said), found("planres"), "{value}");
        let said = with("PlacementDetail", "Res", value);
        let started = placement(&said);
        assert_eq!((started.residential, code(&started.residential_kind)), (residential, kind), "{value}");
        assert_eq!(findings(&said), found("res"), "{value}");
    }
    let said = with("NamedPlan", "DP", "D");
    assert_eq!(code(&plan(&said).direct_payments_kind).as_deref(), Some("sen2.directpayments/2025:D"));
    let said = with("NamedPlan", "PlanWBP", "T");
    assert_eq!(code(&plan(&said).work_based_kind).as_deref(), Some("sen2.workbased/2025:T"));
    let said = with("PlacementDetail", "WBP", "S");
    assert_eq!(code(&placement(&said).work_based_kind).as_deref(), Some("sen2.workbased/2025:S"));
    assert_eq!(findings(&said), ["CODE_UNKNOWN wbp"]);
}

fn reasons(said: &Collected) -> Vec<&'static str> {
    said.rejections.iter().map(|rejection| rejection.reason.as_str_name()).collect()
}

fn raw(said: &Collected) -> String {
    said.rejections.iter().map(|rejection| String::from_utf8_lossy(&rejection.raw)).collect()
}

#[test]
fn all_that_stands_under_a_refused_row_is_refused_with_it() {
    let all = export(MADE, &clean(), 100);
    let rows = |(_, text): &(String, String)| text.lines().count() - 1;
    // What stands under each table: the tables behind it, but for those of the other branch.
    let under: [&[usize]; 9] =
        [&[1, 2, 3, 4, 5, 6, 7, 8], &[2, 3, 4, 5, 6, 7, 8], &[3, 4, 5, 6, 7, 8], &[4, 5], &[5], &[], &[7, 8], &[], &[]];
    for (left_out, under) in under.into_iter().enumerate() {
        let mut files = all.clone();
        let (name, _) = files.remove(left_out);
        let refused: Vec<_> = translate(&files).rejections.into_iter().filter(|r| !r.raw.is_empty()).collect();
        assert_eq!(refused.len(), under.iter().map(|at| rows(&all[*at])).sum::<usize>(), "{name}");
        assert!(refused.iter().all(|r| r.reason.name() == "PARENT_MISSING"), "{name}");
    }
    let mut unnamed = all.clone();
    unnamed[0].1 = unnamed[0].1.replace("878", "");
    assert_eq!(translate(&unnamed).rejections.len(), all.iter().map(rows).sum::<usize>());
    // A person of whom nothing says who they are, in either form.
    let mut persons = clean();
    persons[0].fields.retain(|(name, _)| !matches!(*name, "UPN" | "PersonBirthDate"));
    for said in [message(MADE, &persons), translate(&export(MADE, &persons, 100))] {
        let mut expected = vec!["REASON_SUBJECT_MISSING"];
        expected.extend(["REASON_PARENT_MISSING"; 8]);
        assert_eq!(reasons(&said), expected);
        for told in ["Inventedson", "2023-", "2024-", "900001", "SLCN"] {
            assert!(raw(&said).contains(told), "{told}");
        }
    }
}

#[test]
fn a_module_where_none_of_its_kind_stands_is_refused() {
    let mut persons = clean();
    let need = rec("SENNeed", &[("SENtype", "MLD"), ("SENtypeRank", "1")], vec![]);
    let detail = rec("PlanDetail", &[("URN", "900009")], vec![]);
    persons[1].under.push(need);
    persons[0].under[0].under.push(rec("NamedPlan", &[("StartDate", "2024-09-09")], vec![detail]));
    let said = message(MADE, &persons);
    assert_eq!(sayings(&said), sayings(&message(MADE, &clean())));
    assert_eq!(reasons(&said), ["REASON_PARENT_MISSING"; 3]);
    assert!(["MLD", "2024-09-09", "900009"].iter().all(|told| raw(&said).contains(told)), "{}", raw(&said));
    assert!(said.whole.is_empty());
}

#[test]
fn a_field_that_stands_again_and_again_is_kept_in_bounds() {
    let text = xml(MADE, &clean());
    let said = |count: usize| {
        let again: String = (0..count).map(|number| format!("<X>{number}</X>")).collect();
        translate(&[("sen2.xml".to_owned(), text.replacen("<Surname>", &format!("{again}<Surname>"), 1))])
    };
    let kept = format!("{:?}", said(300).drafts);
    assert!((0..300).all(|number| kept.contains(&format!("{number},")) || kept.contains(&format!("{number}\\n"))));
    let said = said(60_000);
    assert_eq!(reasons(&said), ["REASON_RECORD_TOO_LARGE"]);
    assert!(raw(&said).contains("<X>59999</X>"));
}

#[test]
fn a_message_whose_persons_come_before_its_header_is_refused() {
    let text = xml(MADE, &clean());
    let (header, persons) = (text.find("<Header>").unwrap(), text.find("<Persons>").unwrap());
    let end = text.find("</Message>").unwrap();
    let turned = format!("<Message>{}{}</Message>", &text[persons..end], &text[header..persons]);
    for text in [turned, text.replace(&text[header..persons], "")] {
        let said = translate(&[("sen2.xml".to_owned(), text)]);
        assert_eq!((reasons(&said), said.drafts.len()), (vec!["REASON_HEADER_MISSING"], 0));
        assert!(said.rejections[0].message.contains("before"), "{}", said.rejections[0].message);
        assert!(said.whole.is_empty());
    }
}

#[test]
fn two_children_of_one_upn_are_two_and_link_nobody() {
    let mut persons = clean();
    persons[1].fields.push(("UPN", "B801200005001".to_owned()));
    let said = message(MADE, &persons);
    assert!(findings(&said).contains(&"IDENTIFIER_SHARED upn".to_owned()));
    let subjects: std::collections::BTreeSet<_> = said.drafts.iter().map(|draft| &draft.subject.value).collect();
    assert_eq!(subjects.len(), 2);
    let claims = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
        Some(proto::events::event::Kind::PersonDescribed(person)) => Some(&person.identifiers),
        _ => None,
    });
    assert!(claims.flatten().all(|claim| !claim.usable));
    // Twins, whose school has given both one number.
    let mut twin = clean()[0].clone();
    twin.fields[1].1 = "Benvolio".to_owned();
    let twins = message(MADE, &[clean()[0].clone(), twin]);
    let subjects: std::collections::BTreeSet<_> = twins.drafts.iter().map(|draft| &draft.subject.value).collect();
    assert_eq!(subjects.len(), 2);
    assert!(findings(&twins).contains(&"IDENTIFIER_SHARED upn".to_owned()));
    // The same child twice is one child.
    let twice = [clean()[0].clone(), clean()[0].clone()];
    let subjects: std::collections::BTreeSet<_> =
        message(MADE, &twice).drafts.iter().map(|draft| draft.subject.value.clone()).collect();
    assert_eq!(subjects.len(), 1);
}

fn submit(history: &mut History, made: Made, persons: &[Rec]) -> Vec<Cause> {
    let text = xml(made, persons);
    let added = history.submit(&Sen2, &[("sen2.xml", text.as_bytes())]);
    added.iter().map(|statement| Cause::try_from(statement.body.cause).unwrap()).collect()
}

#[test]
fn the_same_return_in_its_other_form_adds_nothing() {
    let mut history = History::default();
    assert!(!submit(&mut history, MADE, &clean()).is_empty());
    assert_eq!(submit(&mut history, MADE, &clean()), []);
    let later = Made { serial: 2, at: "2025-03-01T10:00:00", ..MADE };
    let tables = export(later, &clean(), 500);
    let tables: Vec<(&str, &[u8])> = tables.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    assert_eq!(history.submit(&Sen2, &tables), []);
}

#[test]
fn a_date_that_is_put_right_is_a_correction() {
    let mut history = History::default();
    submit(&mut history, MADE, &clean());
    let mut persons = clean();
    persons[0].under[0].under[1].under[0].fields[2].1 = "2024-04-16".to_owned();
    let causes = submit(&mut history, Made { serial: 2, ..MADE }, &persons);
    assert_eq!(causes, [Cause::Corrected, Cause::Corrected], "the placement's old entry, and its new one");
    assert!(history.stands().values().all(|body| !body.record_key.contains("2024-04-15")));
}

/// Persons of few dates and settings, so that many records are equal.
fn any_persons() -> impl Strategy<Value = Vec<Rec>> {
    let date = || prop::sample::select(vec!["2024-03-01", "2024-03-01", "2024-06-03", ""]);
    let setting = || prop::sample::select(vec!["900001", "900001", "900002"]);
    let placement = (date(), setting()).prop_map(|(on, urn)| {
        rec("PlacementDetail", &[("URN", urn), ("EntryDate", on), ("PlacementRank", "1")], vec![])
    });
    let plan = date().prop_map(|on| rec("NamedPlan", &[("StartDate", on)], vec![]));
    let assessment = prop::collection::vec(plan, 0..2).prop_map(|plans| {
        rec("Assessment", &[("AssessmentOutcome", "Y"), ("AssessmentOutcomeDate", "2024-07-01")], plans)
    });
    let active = prop::collection::vec(placement, 0..3).prop_map(|placements| rec("ActivePlans", &[], placements));
    let request = (date(), prop::collection::vec(prop_oneof![assessment, active], 0..3)).prop_map(|(on, under)| {
        rec("Requests", &[("ReceivedDate", on), ("RequestOutcome", "Y"), ("RequestOutcomeDate", "2024-08-01")], under)
    });
    prop::collection::vec(prop::collection::vec(request, 0..3), 0..4).prop_map(|persons| {
        let of = |(number, requests): (usize, Vec<Rec>)| {
            let born = format!("201{number}-05-09");
            rec("Person", &[("Surname", "Invented"), ("Forename", "A"), ("PersonBirthDate", &born)], requests)
        };
        persons.into_iter().enumerate().map(of).collect()
    })
}

/// The same persons and records in another order.
#[test]
fn what_stands_twice_on_a_day_has_one_order_however_days_are_written() {
    // March comes before June, and `Jun` before `Mar`.
    let request = |entry: &str, under: Vec<Rec>| {
        let placement =
            rec("PlacementDetail", &[("URN", "900001"), ("EntryDate", entry), ("PlacementRank", "1")], vec![]);
        let plan = rec("ActivePlans", &[], vec![placement]);
        let fields = [("ReceivedDate", "2024-03-01"), ("RequestOutcome", "Y"), ("RequestOutcomeDate", "2024-08-01")];
        rec("Requests", &fields, under.into_iter().chain([plan]).collect())
    };
    let assessed = rec("Assessment", &[("AssessmentOutcome", "Y"), ("AssessmentOutcomeDate", "2024-07-01")], vec![]);
    let requests = vec![request("2024-03-01", vec![]), request("2024-06-03", vec![assessed])];
    let named = [("Surname", "Invented"), ("Forename", "A"), ("PersonBirthDate", "2010-05-09")];
    let persons = [rec("Person", &named, requests)];
    assert_eq!(sayings(&message(MADE, &persons)), sayings(&translate(&export(MADE, &persons, 100))));
}

fn turned(persons: &[Rec]) -> Vec<Rec> {
    let of = |rec: &Rec| Rec { under: turned(&rec.under), ..rec.clone() };
    persons.iter().rev().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_order_of_the_file_changes_nothing(persons in any_persons()) {
        let (straight, turned) = (message(MADE, &persons), message(MADE, &turned(&persons)));
        prop_assert_eq!(sayings(&straight), sayings(&turned));
        prop_assert_eq!(straight.rejections.len(), turned.rejections.len());
        let mut keys: Vec<_> = straight.drafts.iter().map(|d| (&d.record_key, d.ordinal)).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), count);
        prop_assert_eq!(sayings(&straight), sayings(&translate(&export(MADE, &persons, 100))));
    }

    #[test]
    fn overlapping_returns_leave_the_same_whatever_came_first(earlier in any_persons(), later in any_persons(), next in any_persons()) {
        let files = [
            (Made { serial: 1, ..MADE }, earlier),
            (Made { serial: 2, at: "2025-03-01T10:00:00", ..MADE }, later),
            (Made { year: 2026, serial: 1, at: "2026-02-20T09:30:00" }, next),
        ];
        let stands = |order: [usize; 3]| {
            let mut history = History::default();
            for at in order {
                submit(&mut history, files[at].0, &files[at].1);
                prop_assert_eq!(submit(&mut history, files[at].0, &files[at].1), []);
            }
            Ok(history.stands())
        };
        let expected = stands([0, 1, 2])?;
        for order in [[1, 0, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            prop_assert_eq!(&expected, &stands(order)?);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for name in ["sen2.xml", "Blade-Export_01-03-2025_person.csv", "Blade-Export_01-03-2025_sen2.csv"] {
            prop_assert!(Collected::of(&Sen2, &[(name, &bytes)]).whole.is_empty());
        }
    }
}

#[test]
fn every_seed_of_the_fuzz_targets_is_translated() {
    for (target, name) in [("message", "sen2.xml"), ("export", "Blade-Export_01-03-2025_requests.csv")] {
        let seeds: Vec<_> = std::fs::read_dir(folder("fuzz/corpus").join(target)).unwrap().collect();
        assert!(seeds.len() >= 2, "{target}");
        for seed in seeds {
            let bytes = std::fs::read(seed.unwrap().path()).unwrap();
            let said = Collected::of(&Sen2, &[(name, &bytes)]);
            assert!(said.records > 0 || !said.rejections.is_empty());
        }
    }
}

#[test]
fn a_table_of_which_next_to_nothing_can_be_read_is_read_no_further() {
    let returns = "sen2tableid,collection,year,lea\n1,SEN2,2025,878\n".to_owned();
    let person = "persontableid,sen2tableid,surname,forename,personbirthdate\n1,1,Invented,A,2010-05-09\n".to_owned();
    let persons = person + &"2,1,Invented,B,2010-05-09,too many,\n".repeat(150_000);
    let said = Collected::of(&Sen2, &[("sen2.csv", returns.as_bytes()), ("person.csv", persons.as_bytes())]);
    let last = said.rejections.last().map(|rejection| (rejection.reason.as_str_name(), rejection.place.line));
    let refused = said.rejections.len();
    assert!((100_000..149_000).contains(&refused), "{refused}");
    assert_eq!(last, Some(("REASON_RECORD_TOO_LARGE", refused as u64 + 1)));
    assert_eq!((kinds(&said), said.whole.len()), (vec!["PersonDescribed"], 0), "what could be read is said");
}
