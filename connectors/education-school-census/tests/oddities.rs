//! Bad input, case by case.
#![cfg(test)]

mod support;

use std::collections::BTreeSet;

use connector_kit::{Collected, Draft};
use proto::events::event::Kind;
use proto::quarantine::Reason;
use support::{Export, clean, findings, table, translate};

const PUPILS: &str = "pupilonrolltableid,NativeId,upn,formerupn,surname,forename,dob,entrydate,senprovision,termlysessionspossible,parttime";

fn roll(rows: &[&str]) -> Export {
    Export::from([table("pupilonroll", PUPILS, rows)])
}

fn subjects(said: &Collected) -> BTreeSet<&str> {
    said.drafts.iter().map(|draft| draft.subject.value.as_str()).collect()
}

fn of_table<'c>(said: &'c Collected, table: &'c str) -> impl Iterator<Item = &'c Draft> {
    said.drafts.iter().filter(move |draft| draft.table == table)
}

#[test]
fn two_pupils_with_one_upn_are_two_and_link_nobody() {
    let said = translate(&roll(&[
        "p1,N1,P878400120001,,Fictus,Cleo,2015-Mar-09,2023-Sep-04,,,",
        "p2,N1,P878400120001,,Fictus,Dora,2015-Mar-09,2023-Sep-04,,,",
        "p3,N2,P878400120001,,Fictus,Dora,2015-Mar-09,2023-Sep-04,,,",
    ]));
    assert_eq!(subjects(&said), BTreeSet::from(["FICTUS/CLEO/20150309", "FICTUS/DORA/20150309", "P878400120001"]));
    for draft in of_table(&said, "person") {
        let Some(Kind::PersonDescribed(person)) = &draft.event.kind else { panic!("no description") };
        let is_of_other_school = draft.subject.issuer == "N2";
        assert_eq!(person.identifiers[0].usable, is_of_other_school);
        assert_eq!(findings(draft).contains(&"IDENTIFIER_SHARED upn".to_owned()), !is_of_other_school);
    }
}

#[test]
fn a_former_upn_that_another_pupil_holds_links_neither() {
    let said = translate(&roll(&[
        "p1,N1,P878400120001,,Fictus,Cleo,2015-Mar-09,2023-Sep-04,,,",
        "p2,N1,D878400120002,P878400120001,Feigned,Hal,2012-Apr-02,2023-Sep-04,,,",
    ]));
    assert_eq!(subjects(&said), BTreeSet::from(["P878400120001", "D878400120002"]));
    let usable: Vec<bool> = of_table(&said, "person")
        .flat_map(|draft| match &draft.event.kind {
            Some(Kind::PersonDescribed(person)) => person.identifiers.iter().map(|i| i.usable).collect::<Vec<_>>(),
            _ => vec![],
        })
        .collect();
    assert_eq!(usable, [true, false, false]);
}

#[test]
fn a_temporary_number_gives_way_to_the_permanent_one_of_the_same_pupil() {
    let replaced = |rows: &[&str]| -> Vec<(String, String)> {
        let said = translate(&roll(rows));
        let gone = |draft: &Draft| match &draft.event.kind {
            Some(Kind::IdentifierSuperseded(replaced)) => replaced.superseded.clone(),
            _ => None,
        };
        let of = |draft: &Draft| Some((draft.subject.clone(), gone(draft)?));
        let pairs = said.drafts.iter().filter_map(of);
        pairs
            .map(|(stands, gone)| {
                (format!("{}/{}", gone.issuer, gone.value), format!("{}/{}", stands.issuer, stands.value))
            })
            .collect()
    };
    let temporary = "p1,N1,P878400120001,W80120000001A,Fictus,Cleo,2015-Mar-09,2023-Sep-04,,,";
    assert_eq!(replaced(&[temporary]), [("N1/W80120000001A".to_owned(), "N1/P878400120001".to_owned())]);
    // A permanent one may be anybody's; one that another pupil of the school stands under is.
    assert_eq!(replaced(&["p1,N1,D878400120002,P878400120001,Fictus,Cleo,2015-Mar-09,2023-Sep-04,,,"]), []);
    let held = "p2,N1,W80120000001A,,Feigned,Hal,2012-Apr-02,2023-Sep-04,,,";
    assert_eq!(replaced(&[temporary, held]), []);
    // Without another number the pupil is known by it.
    assert_eq!(replaced(&["p1,N1,,W80120000001A,Fictus,Cleo,2015-Mar-09,2023-Sep-04,,,"]), []);
}

#[test]
fn who_a_pupil_is_by() {
    for (upn, former, value, finding) in [
        ("p 878-400120001", "", "P878400120001", None),
        ("A878400120001", "", "A878400120001", Some("CHECK_CHARACTER_WRONG upn")),
        ("21db2df8-fa0", "", "21DB2DF8FA0", Some("IDENTIFIER_MALFORMED upn")),
        ("UN3", "", "FICTUS/CLEO/20150309", Some("IDENTIFIER_PLACEHOLDER upn")),
        ("UN3", "P878400120001", "P878400120001", Some("IDENTIFIER_PLACEHOLDER upn")),
        ("", "A878400120001", "FICTUS/CLEO/20150309", Some("FIELD_MISSING upn")),
        ("ROWP120150309", "", "FICTUS/CLEO/20150309", Some("IDENTIFIER_MALFORMED upn")),
    ] {
        let said = translate(&roll(&[&format!("p1,N1,{upn},{former},Fictus,Cleo,2015-Mar-09,2023-Sep-04,,,")]));
        assert_eq!(subjects(&said), BTreeSet::from([value]), "{upn}");
        let found: Vec<String> = of_table(&said, "person").flat_map(findings).collect();
        assert!(finding.is_none_or(|finding| found.iter().any(|f| f == finding)), "{upn}: {found:?}");
        assert!(finding.is_some() || found.is_empty(), "{upn}: {found:?}");
    }
}

#[test]
fn who_may_be_two_is_not_made_one_by_name() {
    let of = |rows: &[&str]| -> (Vec<String>, bool) {
        let header = "pupilonrolltableid,NativeId,upn,formerupn,surname,forename,dob,entrydate,sex,middlenames,uniquelearnernumber";
        let said = translate(&Export::from([table("pupilonroll", header, rows)]));
        let told = |draft: &Draft| findings(draft).contains(&"IDENTIFIER_SHARED surname".to_owned());
        (subjects(&said).into_iter().map(str::to_owned).collect(), of_table(&said, "person").all(told))
    };
    // Twins without a forename or a number.
    for (surname, forename) in [("Fictus", ""), ("", "Cleo")] {
        let row = |key: &str| format!("{key},N1,,,{surname},{forename},2015-Mar-09,2023-Sep-04,,,");
        let (one, other) = (row("p1"), row("p2"));
        assert_eq!(of(&[&one, &other]).0, ["ROWP120150309", "ROWP220150309"], "{surname}/{forename}");
    }
    let one = "p1,N1,,,Fictus,Cleo,2015-Mar-09,2023-Sep-04,F,Ann,1000000019";
    for other in [
        "p2,N1,,,Fictus,Cleo,2015-Mar-09,2023-Sep-04,M,Ann,1000000019",
        "p2,N1,,,Fictus,Cleo,2015-Mar-09,2023-Sep-04,F,Bea,1000000019",
        "p2,N1,,,Fictus,Cleo,2015-Mar-09,2023-Sep-04,F,Ann,1000000027",
    ] {
        let apart = vec!["ROWP120150309".to_owned(), "ROWP220150309".to_owned()];
        assert_eq!(of(&[one, other]), (apart, true), "{other}");
    }
    let formers = [
        "p1,N1,,A878400120001,Fictus,Cleo,2015-Mar-09,2023-Sep-04,,,",
        "p2,N1,,A878400120002,Fictus,Cleo,2015-Mar-09,2023-Sep-04,,,",
    ];
    assert!(of(&formers).1);
    // What is blank contradicts nothing.
    let blank = "p2,N1,,,Fictus,Cleo,2015-Mar-09,2024-Sep-04,f,,";
    assert_eq!(of(&[one, blank]), (vec!["FICTUS/CLEO/20150309".to_owned()], false));
    // One number for two whose names are alike but for a space: they were told apart, and stay so.
    let claimed = [
        "p1,N1,P878400120001,,Fictus,Cleo Ann,2015-Mar-09,2023-Sep-04,F,,",
        "p2,N1,P878400120001,,Fictus,CleoAnn,2015-Mar-09,2023-Sep-04,F,,",
    ];
    assert_eq!(of(&claimed), (vec!["ROWP120150309".to_owned(), "ROWP220150309".to_owned()], true));
}

#[test]
fn a_pupil_of_whom_nothing_is_known_is_of_this_export_only() {
    let said = translate(&roll(&["p1,N1,UN3,,,,,2023-Sep-04,,,"]));
    assert_eq!(subjects(&said), BTreeSet::from(["ROWP1"]));
    // On both rolls without a number: one child with two enrolments.
    let mut export = roll(&["p1,N1,,,Fictus,Cleo,2015-Mar-09,2024-Sep-04,,,"]);
    let header = "pupilnolongeronrolltableid,NativeId,upn,surname,forename,dob,entrydate,leavingdate";
    let row = "q1,N1,,Fictus,Cleo,2015-Mar-09,2022-Sep-04,2023-Jul-21";
    export.extend([table("pupilnolongeronroll", header, &[row])]);
    let said = translate(&export);
    assert_eq!(subjects(&said), BTreeSet::from(["FICTUS/CLEO/20150309"]));
    assert_eq!(of_table(&said, "enrolment").count(), 3);
}

#[test]
fn one_row_key_for_two_children_makes_them_two_and_joins_to_neither() {
    let mut export = roll(&[
        "p1,N1,UN3,,Fictus,Cleo,2015-Mar-09,2023-Sep-04,,,",
        "p1,N1,UN3,,Fictus,Dora,2015-Mar-09,2023-Sep-04,,,",
    ]);
    export.extend([table("senneeds", "pupilonrolltableid,NativeId,sentype,sentyperank", &["p1,N1,SEMH,1"])]);
    let said = translate(&export);
    assert_eq!(subjects(&said).len(), 2);
    assert_eq!(said.rejections[0].reason, Reason::ParentMissing);
}

#[test]
fn dates_and_what_is_odd_about_them() {
    for (birth, entry, expected) in [
        ("2015-Mar-09 00:00:00", "2023-Sep-04 00:00:00", Ok(vec![])),
        ("2015-03-09", "2023-09-04", Ok(vec![])),
        ("2015-Mar-09", "2014-Sep-04", Ok(vec!["DATE_IMPLAUSIBLE entrydate"])),
        ("", "2023-Sep-04", Ok(vec![])),
        ("2015-Mar-09", "", Err(Reason::DateMissing)),
        ("2015-Mar-09", "2023-Feb-30", Err(Reason::DateMissing)),
        ("2015-Mar-09", "soon", Err(Reason::DateMissing)),
    ] {
        let said = translate(&roll(&[&format!("p1,N1,P878400120001,,Fictus,Cleo,{birth},{entry},,,")]));
        let enrolment: Vec<Vec<String>> = of_table(&said, "enrolment").map(findings).collect();
        match expected {
            Ok(expected) => assert_eq!(enrolment, [expected], "{birth} {entry}"),
            Err(reason) => {
                assert!(enrolment.is_empty());
                assert_eq!(said.rejections[0].reason, reason, "{entry}");
                assert_eq!(said.rejections[0].subject.as_ref().unwrap().value, "P878400120001");
            }
        }
        assert_eq!(of_table(&said, "person").count(), 1, "the good half is kept");
    }
}

#[test]
fn codes_by_year() {
    for (year, code, expected) in [
        (2025, "K", None),
        (2025, "k", None),
        (2025, "S", Some("CODE_OF_OTHER_YEAR senprovision")),
        (2018, "S", None),
        (2025, "Q", Some("CODE_UNKNOWN senprovision")),
    ] {
        let (name, text) =
            table("pupilonroll", PUPILS, &[&format!("p1,N1,P878400120001,,F,C,2012-Mar-09,2016-Sep-04,{code},,")]);
        let said = translate(&Export::from([(name.replace("2025", &year.to_string()), text)]));
        let found: Vec<Vec<String>> = of_table(&said, "sen-provision").map(findings).collect();
        assert_eq!(found, [expected.map(str::to_owned).into_iter().collect::<Vec<_>>()], "{year} {code}");
    }
}

#[test]
fn a_need_by_its_name_before_2014() {
    for (year, expected) in [(2014, None), (2016, Some("CODE_OF_OTHER_YEAR sentype"))] {
        let needs = table("senneeds", "pupilonrolltableid,NativeId,sentype,sentyperank", &["p1,N1,BESD,1"]);
        let export = roll(&["p1,N1,P878400120001,,F,C,2002-Mar-09,2006-Sep-04,,,"]).into_iter().chain([needs]);
        let said = translate(&export.map(|(name, text)| (name.replace("2025", &year.to_string()), text)).collect());
        let found: Vec<String> = of_table(&said, "sen-need").flat_map(findings).collect();
        assert_eq!(found, expected.map(str::to_owned).into_iter().collect::<Vec<_>>(), "{year}");
    }
}

#[test]
fn a_child_that_the_school_knew_as_looked_after() {
    let header = "pupilonrolltableid,NativeId,upn,surname,forename,dob,entrydate,incare,careauthority";
    let rows = [
        "p1,N1,P878400120001,Fictus,Cleo,2015-Mar-09,2023-Sep-04,True,879.0",
        "p2,N1,D878400120002,Feigned,Hal,2012-Apr-02,2023-Sep-04,0,",
        "p3,N1,T878400120003,Feigned,Ida,2012-Apr-02,2023-Sep-04,,",
    ];
    let exclusions = "pupilonrolltableid,NativeId,startdate,category,incare";
    let said = translate(&Export::from([
        table("pupilonroll", header, &rows),
        table("termlyexclusionsonroll", exclusions, &["p3,N1,2024-Nov-04,SUSP,1", "p2,N1,2024-Nov-04,PERM,"]),
    ]));
    let told = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
        Some(Kind::InCareReported(said)) => {
            let authority = said.care_authority.as_ref().map_or("", |code| code.code.as_str());
            let on = connector_kit::dates::key(said.reported_on.as_ref().unwrap());
            Some((draft.subject.value.as_str(), draft.table, said.in_care, authority, on))
        }
        _ => None,
    });
    let expected = [
        ("D878400120002", "in-care", Some(false), "", "2025-01-16".to_owned()),
        ("P878400120001", "in-care", Some(true), "879", "2025-01-16".to_owned()),
        ("T878400120003", "exclusion", Some(true), "", "2024-11-04".to_owned()),
    ];
    assert_eq!(told.collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    assert_eq!(of_table(&said, "pupilonroll").count(), 0, "nothing is said twice");
}

#[test]
fn what_is_neither_yes_nor_no_of_being_looked_after_is_kept() {
    let header = "pupilonrolltableid,NativeId,upn,surname,forename,dob,entrydate,incare,careauthority";
    let rows = [
        "p1,N1,P878400120001,Fictus,Cleo,2015-Mar-09,2023-Sep-04,P,",
        "p2,N1,D878400120002,Feigned,Hal,2012-Apr-02,2023-Sep-04,P,879",
    ];
    let exclusions = "pupilonrolltableid,NativeId,startdate,category,incare,careauthority";
    let said = translate(&Export::from([
        table("pupilonroll", header, &rows),
        table("termlyexclusionsonroll", exclusions, &["p1,N1,2024-Nov-04,SUSP,P,", "p1,N1,2024-Nov-05,SUSP,1,"]),
    ]));
    let told = |of: fn(&Kind) -> Option<String>| -> Vec<(&str, String)> {
        let said = said.drafts.iter().filter_map(|draft| Some((draft.table, of(draft.event.kind.as_ref()?)?)));
        said.collect()
    };
    let reported = told(|kind| match kind {
        Kind::InCareReported(said) => Some(format!("{:?} {}", said.in_care, said.care_authority.is_some())),
        _ => None,
    });
    assert_eq!(reported, [("in-care", "None true".to_owned()), ("exclusion", "Some(true) false".to_owned())]);
    let kept = told(|kind| match kind {
        Kind::SourceRecordKept(kept) => kept.content.clone(),
        _ => None,
    });
    let incare = || "incare\nP\n".to_owned();
    assert_eq!(kept, [("pupilonroll", incare()), ("pupilonroll", incare()), ("exclusions", incare())]);
}

#[test]
fn booleans_in_many_spellings() {
    for (text, expected) in [("True", Some(true)), ("1.0", Some(true)), ("0", Some(false)), ("", None), ("some", None)]
    {
        let said = translate(&roll(&[&format!("p1,N1,P878400120001,,F,C,2012-Mar-09,2016-Sep-04,,,{text}")]));
        let draft = of_table(&said, "enrolment").next().unwrap();
        let Some(Kind::EnrolmentStarted(started)) = &draft.event.kind else { panic!("no enrolment") };
        assert_eq!(started.part_time, expected, "{text}");
        assert_eq!(findings(draft).is_empty(), text != "some");
    }
}

#[test]
fn a_table_without_its_columns_is_rejected_and_its_neighbours_are_read() {
    let mut export = clean();
    export.insert("2025_spring_senneeds.csv".to_owned(), "p1,N1,SEMH,1\np2,N1,MLD,1\n".to_owned());
    let said = translate(&export);
    assert_eq!(said.rejections.len(), 1);
    assert_eq!(said.rejections[0].reason, Reason::HeaderMissing);
    assert_eq!(said.rejections[0].place.file, "2025_spring_senneeds.csv");
    assert!(!said.whole.iter().any(|key| key.ends_with("sen-needs")));
    assert_eq!(of_table(&said, "enrolment").count(), 4);
}

#[test]
fn a_ragged_row_costs_itself_and_the_wholeness_of_its_table() {
    let mut export = clean();
    export.get_mut("2025_spring_fsmperiod.csv").unwrap().push_str("p2,N2,2021-Mar-08,,ENG,x\n");
    let said = translate(&export);
    assert_eq!((said.rejections[0].reason, said.rejections[0].place.line), (Reason::RecordMalformed, 4));
    assert_eq!(of_table(&said, "free-meals").count(), 3);
    assert!(!said.whole.iter().any(|key| key.ends_with("free-meals")));
}

#[test]
fn a_summary_that_may_lack_rows_is_not_given() {
    let mut export = clean();
    export.get_mut("2025_spring_termlysessiondetailsonroll.csv").unwrap().push_str("p1,N1,U\n");
    let said = translate(&export);
    let told: Vec<&str> = of_table(&said, "attendance").map(|draft| draft.subject.value.as_str()).collect();
    // The ragged row is the first child's; the second is the last that was read.
    assert_eq!(told, ["Z878400120007"]);
}

#[test]
fn returns_that_do_not_name_a_school_keep_its_pupils_back() {
    let mut export = clean();
    let returns = export.get_mut("2025_spring_schoolcensus.csv").unwrap();
    *returns = returns.replace(",4002,", ",,");
    let said = translate(&export);
    assert_eq!(subjects(&said), BTreeSet::from(["P878400120001"]));
    assert!(said.whole.is_empty());
    assert!(said.rejections.iter().any(|rejection| rejection.reason == Reason::ParentMissing));
}

#[test]
fn an_address_table_left_out_takes_no_address_away() {
    let mut export = clean();
    export.remove("2025_spring_addresses.csv");
    let said = translate(&export);
    let before = translate(&clean());
    let described = |said: &Collected| of_table(said, "person").map(support::saying).collect::<Vec<_>>();
    assert_eq!(described(&said), described(&before));
    assert!(!said.scopes.iter().any(|scope| scope.key.ends_with("addresses")));
}

#[test]
fn why_a_child_is_in_alternative_provision_and_what_an_early_years_place_is_funded_by() {
    use proto::events::event::Kind;
    let mut export = clean();
    let reasons = "approvisiondetailonrolltableid,NativeId,approvisiondetailonrollorderseqcolumn,sourceid,pupilonrolltableid,\
                   prevurn,apreason,senprovisionentry";
    export.extend([support::table("approvisiondetailonroll", reasons, &["r1,N1,1,s,p1,100009.0,PEX,K"])]);
    let roll = export.get_mut("2025_spring_pupilonroll.csv").unwrap();
    let mut lines: Vec<String> = roll.lines().map(str::to_owned).collect();
    for (line, cells) in
        lines.iter_mut().zip([",hoursatsetting,eyppr,eyppbf,eligibilitycode", ",15.5,Y,RE,50000000001", ",0,N,,"])
    {
        line.push_str(cells);
    }
    for line in lines.iter_mut().skip(3) {
        line.push_str(",,,,");
    }
    *roll = lines.join("\n") + "\n";
    let said = translate(&export);
    let kinds: Vec<&Kind> = said.drafts.iter().filter_map(|draft| draft.event.kind.as_ref()).collect();
    let reason = kinds.iter().find_map(|kind| match kind {
        Kind::AlternativeProvisionReasonRecorded(reason) => Some(reason),
        _ => None,
    });
    let reason = reason.unwrap();
    assert_eq!(
        (reason.previous_school.as_deref(), reason.reason.as_ref().unwrap().code.as_str()),
        (Some("100009"), "PEX")
    );
    let places: Vec<_> = kinds
        .iter()
        .filter_map(|kind| match kind {
            Kind::EarlyYearsPlaceRecorded(place) => Some(place),
            _ => None,
        })
        .collect();
    assert_eq!(places.len(), 1, "noughts are no place");
    assert_eq!((places[0].hours_at_setting, places[0].pupil_premium), (Some(15.5), Some(true)));
    let kept = |column: &str| {
        kinds.iter().any(|kind| matches!(kind, Kind::SourceRecordKept(kept) if kept.content().contains(column)))
    };
    assert!(!kept("eligibilitycode") && !kept("apreason"), "nothing is said twice");
}
