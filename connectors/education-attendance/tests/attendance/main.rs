//! The daily attendance feed: every shape says the same, and marks sent again are no news.
#![cfg(test)]

mod documents;
mod names;
mod repeated;

use std::path::Path;

use connector_kit::conformance::{self, History, Sample};
use connector_kit::{Collected, Connector, Draft, Place};
use education_attendance::DailyAttendance;
use proptest::prelude::*;
use proto::events::event::Kind;
use proto::events::{AttendanceMarked, Cause};

const UPN: &str = "B801200005001";

/// Marks of one pupil: date, morning, afternoon.
type Days<'d> = [(&'d str, &'d str, &'d str)];

fn by_session(days: &Days<'_>) -> String {
    let rows = days.iter().flat_map(|(on, am, pm)| [(on, "AM", am), (on, "PM", pm)]);
    let rows: String = rows.map(|(on, session, code)| format!("8784001,{UPN},{on},{session},{code}\n")).collect();
    format!("LAEstab,UPN,Date,Session,Attendance Code\n{rows}")
}

fn by_day(days: &Days<'_>) -> String {
    let date = |on: &str| on.split('-').rev().collect::<Vec<_>>().join("/");
    let rows: String = days.iter().map(|(on, am, pm)| format!("{UPN},{},{am},{pm}\n", date(on))).collect();
    format!("upn,date,am,pm\n{rows}")
}

fn escaped(code: &str) -> String {
    code.replace('\\', "\\\\")
}

fn under_pupils(days: &Days<'_>) -> String {
    let marks: Vec<String> = days
        .iter()
        .map(|(on, am, pm)| format!(r#"{{"date":"{on}","am":"{}","pm":"{}"}}"#, escaped(am), escaped(pm)))
        .collect();
    format!(r#"{{"school":{{"laestab":"8784001"}},"pupils":[{{"upn":"{UPN}","marks":[{}]}}]}}"#, marks.join(","))
}

fn of_a_collector(days: &Days<'_>) -> String {
    let rows = days.iter().flat_map(|(on, am, pm)| [(on, "AM", am), (on, "PM", pm)]);
    let rows: Vec<String> = rows
        .map(|(on, session, code)| {
            format!(
                r#"{{"id":"A1","date":{{"date":"{on} 00:00:00.000000"}},"session":"{session}","minutes_late":null,
                "attendance_code":{{"data":{{"code":"{}","description":"x"}}}},"student":{{"data":{{"upn":"{UPN}"}}}}}}"#,
                escaped(code)
            )
        })
        .collect();
    format!(r#"{{"data":[{}],"meta":{{"pagination":"1"}}}}"#, rows.join(","))
}

fn a_line_each(days: &Days<'_>) -> String {
    let line = |(on, am, pm): &(&str, &str, &str)| {
        let (am, pm) = (escaped(am), escaped(pm));
        format!(r#"{{"la":"878","estab":"4001","upn":"{UPN}","date":"{on}","am":"{am}","pm":"{pm}"}}"#) + "\n"
    };
    days.iter().map(line).collect()
}

const WEEK: &Days<'static> = &[("2025-01-06", "/", "\\"), ("2025-01-07", "C1", "I"), ("2025-01-08", "L", "-")];

fn translate(name: &str, text: &str) -> Collected {
    Collected::of(&DailyAttendance, &[(name, text.as_bytes())])
}

/// Reasons and where they stand.
fn told(said: &Collected) -> Vec<(&str, &str)> {
    said.rejections.iter().map(|one| (one.reason.name(), one.place.field.as_str())).collect()
}

fn marks(said: &Collected) -> Vec<(String, AttendanceMarked)> {
    let mark = |draft: &Draft| match &draft.event.kind {
        Some(Kind::AttendanceMarked(marked)) => Some((draft.record_key.clone(), marked.clone())),
        _ => None,
    };
    said.drafts.iter().filter_map(mark).collect()
}

#[test]
fn every_shape_says_the_same() {
    let expected = marks(&translate("8784001_attendance_2025-01-09.csv", &by_session(WEEK)));
    assert_eq!(expected.len(), 5, "a session without a mark has none");
    assert_eq!(expected[0].0, "8784001/B801200005001/2025-01-06/am");
    let codes: Vec<&str> =
        expected.iter().flat_map(|(_, m)| [&m.morning, &m.afternoon]).flatten().map(|c| &*c.code).collect();
    assert_eq!(codes, ["/", "\\", "C1", "I", "L"]);
    for (name, text) in [
        ("8784001_attendance_2025-01-09.csv", by_day(WEEK)),
        ("attendance.json", under_pupils(WEEK)),
        ("8784001.json", of_a_collector(WEEK)),
        ("attendance.jsonl", a_line_each(WEEK)),
    ] {
        let said = translate(name, &text);
        assert_eq!(marks(&said), expected, "{name}");
        assert_eq!(said.rejections, [], "{name}");
        assert!(said.drafts.iter().all(|draft| draft.controller == "school-8784001"), "{name}");
    }
}

#[test]
fn it_holds_the_bargain() {
    let other = "8784001,,Inventedson,Amara,2014-05-09,2025-01-06,AM,/,0,seen off at the gate\n";
    let text = format!(
        "laestab,upn,surname,forename,dob,date,session,code,minutes late,comment\n\
         8784001,{UPN},Madeupsmith,Benvolio,2013-02-03,2025-01-06,AM,L,12,\n{other}8784001,{UPN},,,,2025-01-06,PM,/,,\n"
    );
    let canaries = [UPN, "Inventedson", "INVENTEDSON", "Amara", "Madeupsmith", "2014-05-09", "seen off"];
    let files = [("a.csv", text.as_bytes())];
    conformance::check(&DailyAttendance, &Sample::new(&files).canaries(&canaries).end_is_not_marked());
    let json = under_pupils(WEEK);
    let files = [("a.json", json.as_bytes())];
    conformance::check(&DailyAttendance, &Sample::new(&files).canaries(&[UPN]));
    let names = ["a.csv", "b.JSON", "c.xml", "d.ndjson"].map(str::to_owned);
    assert_eq!(DailyAttendance.submissions(&names), [vec!["a.csv"], vec!["b.JSON"], vec!["d.ndjson"]]);
}

fn submit(history: &mut History, made: &str, days: &Days<'_>) -> Vec<Cause> {
    let name = format!("8784001_attendance_{made}.csv");
    let added = history.submit(&DailyAttendance, &[(&name, by_session(days).as_bytes())]);
    let of_marks = added.iter().filter(|statement| !statement.body.record_key.ends_with("/pupil"));
    of_marks.map(|statement| Cause::try_from(statement.body.cause).unwrap()).collect()
}

#[test]
fn marks_sent_again_are_no_news_and_another_mark_takes_the_place_of_the_first() {
    let mut history = History::default();
    assert_eq!(submit(&mut history, "2025-01-08", &[("2025-01-06", "/", "\\"), ("2025-01-07", "N", "N")]).len(), 4);
    let again = [("2025-01-06", "/", "\\"), ("2025-01-07", "I", "N"), ("2025-01-08", "/", "\\")];
    assert_eq!(submit(&mut history, "2025-01-09", &again), [Cause::Changed, Cause::Started, Cause::Started]);
    assert_eq!(submit(&mut history, "2025-01-09", &again), []);
    assert_eq!(submit(&mut history, "2025-01-10", &[("2025-01-07", "I", "-")]), [Cause::Retracted], "taken back");
    assert_eq!(submit(&mut history, "2025-01-11", &[("2025-01-11", "-", "-")]), []);
    assert_eq!(history.stands().len(), 6, "five marks and the pupil: what is not repeated stands");
}

#[test]
fn the_last_change_of_a_session_counts_and_two_without_a_time_count_for_nothing() {
    let file = |times: [&str; 2]| {
        let [first, second] = times;
        format!(
            "laestab,upn,date,session,code,updated_at\n8784001,{UPN},2025-01-06,AM,N,{first}\n8784001,{UPN},2025-01-06,AM,L,{second}\n"
        )
    };
    let said = translate("a.csv", &file(["2025-01-06T09:00:00", "2025-01-06T09:40:00"]));
    assert_eq!(marks(&said)[0].1.morning.as_ref().unwrap().code, "L");
    let said = translate("a.csv", &file(["", ""]));
    assert!(marks(&said).is_empty());
    let raw: Vec<String> = said.rejections.iter().map(|one| String::from_utf8_lossy(&one.raw).into_owned()).collect();
    assert!(
        raw.len() == 2 && raw.iter().any(|raw| raw.contains(",N,")) && raw.iter().any(|raw| raw.contains(",L,")),
        "{raw:?}"
    );
    assert!(said.rejections.iter().all(|one| one.subject.is_some()));
}

#[test]
fn a_lessons_mark_is_no_sessions() {
    let file = |columns: &str, rows: &[&str]| {
        let rows: String = rows.iter().map(|row| format!("{UPN},2025-01-06,{row}\n")).collect();
        translate("8784001.csv", &format!("UPN,Date,{columns}\n{rows}"))
    };
    for (columns, rows) in [
        ("Period,Mark", &["1,/", "2,N", "3,/", "4,/", "5,/"][..]),
        // Also where the file has no third lesson, and where the half of the day is said beside it.
        ("Lesson,Mark", &["1,/", "2,N"]),
        ("Session,Period,Mark", &["AM,1,/", "AM,2,N", "PM,4,/"]),
        ("Period,Mark", &["Mon:1,/", "Maths,/"]),
        ("Period,Session,Mark", &["AM,PM,/"]),
    ] {
        let said = file(columns, rows);
        let expected = vec![("RECORD_MALFORMED", "session"); rows.len()];
        assert_eq!((marks(&said), told(&said)), (vec![], expected), "{columns}");
    }
    for columns in ["Period", "Session", "RegistrationPeriod"] {
        let said = file(&format!("{columns},Mark"), &["AM Reg,/", "pm,\\"]);
        assert_eq!((marks(&said).len(), told(&said)), (2, vec![]), "{columns}");
    }
    let said = file("Session,Mark", &["1,/", "2,\\"]);
    assert_eq!((marks(&said).len(), told(&said)), (2, vec![]));
}

#[test]
fn what_one_row_leaves_blank_of_a_pupil_another_says() {
    let file = |rows: &[&str]| {
        let marks = |(day, who): (usize, &&str)| format!("{UPN},2025-01-{:02},AM,/,{who}\n", day + 6);
        let rows: String = rows.iter().enumerate().map(marks).collect();
        let said = translate("8784001.csv", &format!("UPN,Date,Session,Mark,Surname,Forename,DOB,ULN\n{rows}"));
        let described = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
            Some(Kind::PersonDescribed(who)) => Some((who.clone(), draft.findings.clone())),
            _ => None,
        });
        let [one]: [_; 1] = described.collect::<Vec<_>>().try_into().unwrap();
        one
    };
    let whole = file(&["Inventedson,Amara,2014-05-09,9276308686"]);
    assert_eq!(whole.0.identifiers.len(), 2);
    assert_eq!(file(&["Inventedson,,,", ",,,", ",Amara,2014-05-09,", ",,,9276308686"]), whole);
    let (who, findings) = file(&["A,B,2014-05-09,", "A,B,2014-05-10,9276308686"]);
    assert_eq!((findings.len(), findings[0].field.as_str()), (1, "birth_on"));
    assert!(!who.identifiers[1].usable, "it may be another child's");
}

#[test]
fn of_whom_more_is_said_than_is_held_it_is_told() {
    let long = "x".repeat(100_000);
    let rows: String = (0..100).map(|row| format!("{UPN},{row}{long},2025-01-06,AM,/\n")).collect();
    let said = translate("8784001.csv", &format!("upn,surname,date,session,code\n{rows}"));
    let told: Vec<_> = said.rejections.iter().map(|one| (one.reason.name(), one.scope_key.as_deref())).collect();
    assert_eq!(told, [("RECORD_TOO_LARGE", Some("8784001/attendance/pupils"))]);
    assert_eq!(said.rejections[0].subject, Some(said.drafts[0].subject.clone()));
}

#[test]
fn minutes_late_are_of_the_session_that_is_late() {
    let file = |columns: &str, row: &str| {
        let said = translate("8784001.csv", &format!("UPN,Date,AM,PM,{columns}\n{UPN},2025-01-06,{row}\n"));
        let minutes: Vec<_> =
            marks(&said).iter().map(|(_, m)| m.morning_minutes_late.or(m.afternoon_minutes_late)).collect();
        let comments: Vec<_> = marks(&said).into_iter().map(|(_, m)| m.comment.unwrap_or_default()).collect();
        let kept: Vec<_> = said.drafts.iter().filter(|draft| draft.table == "kept").collect();
        let kept: Vec<_> = kept.iter().map(|draft| format!("{:?}", draft.event)).collect();
        (minutes, comments.concat(), kept)
    };
    assert_eq!(file("Minutes Late", "L,\\,12"), (vec![Some(12), None], String::new(), vec![]));
    assert_eq!(file("Minutes Late", "/,U,12"), (vec![None, Some(12)], String::new(), vec![]));
    assert_eq!(file("Minutes Late", "/,\\,0"), (vec![None, None], String::new(), vec![]));
    for row in ["L,L,12", "/,\\,12"] {
        let (minutes, _, kept) = file("Minutes Late", row);
        assert_eq!((minutes, kept.len()), (vec![None, None], 1), "{row}");
        assert!(kept[0].contains("minutes_late\\n12"), "{kept:?}");
    }
    let each = "AM Minutes Late,PM Minutes Late,AM Comment,PM Comment";
    assert_eq!(file(each, "L,L,7,9,bus,dog"), (vec![Some(7), Some(9)], "busdog".to_owned(), vec![]));
}

#[test]
fn what_else_a_register_says_of_a_pupil_is_told_or_kept() {
    let columns = "gender,class,form,house,tutorgroup,initials";
    let said = translate("8784001.csv", &format!("UPN,Date,AM,{columns}\n{UPN},2025-01-06,/,F,5A,5,Elm,T1,A I\n"));
    let mut told = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
        Some(Kind::SourceRecordKept(kept)) => kept.content.clone(),
        Some(Kind::PersonDescribed(who)) => who.sex.as_ref().map(|sex| format!("{} {}", sex.code_set, sex.code)),
        _ => None,
    });
    assert_eq!(told.next().as_deref(), Some("class,form,house,initials,tutorgroup\n5A,5,Elm,A I,T1\n"));
    assert_eq!(told.collect::<Vec<_>>(), ["attendance.sex F"]);
}

#[test]
fn what_no_mark_of_a_row_takes_is_kept() {
    let file = |columns: &str, row: &str| {
        let said = translate("8784001.csv", &format!("UPN,Date,{columns}\n{UPN},2025-01-06,{row}\n"));
        let comments: Vec<_> = marks(&said).into_iter().map(|(_, m)| m.comment.unwrap_or_default()).collect();
        let kept = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
            Some(Kind::SourceRecordKept(kept)) => {
                let session = draft.record_key.rsplit('/').nth(1).unwrap_or_default();
                Some(format!("{session}: {}", kept.content.as_deref().unwrap_or_default().trim_end()))
            }
            _ => None,
        });
        (comments.join("|"), kept.collect::<Vec<_>>())
    };
    let said =
        |comments: &str, kept: &[&str]| (comments.to_owned(), kept.iter().map(|one| (*one).to_owned()).collect());
    // A session without a mark.
    assert_eq!(file("AM,PM,PM Comment", "/,,dentist"), said("", &["pm: pm_comment\ndentist"]));
    assert_eq!(file("AM,PM,PM Comment", "/,-,dentist"), said("", &["pm: pm_comment\ndentist"]));
    assert_eq!(file("AM,PM,Minutes Late", "/,,12"), said("", &["am: minutes_late\n12"]));
    assert_eq!(file("Session,Code,Comment", "AM,,dentist"), said("", &["am: comment\ndentist"]));
    assert_eq!(file("AM,PM,PM Minutes Late", "/,,0"), said("", &[]));
    // Of a session that the row is not of.
    assert_eq!(file("Session,Code,PM Comment", "AM,/,dentist"), said("", &["am: pm_comment\ndentist"]));
    assert_eq!(file("AM,PM Comment,PM Minutes Late", "/,dentist,5").1, ["am: pm_minutes_late,pm_comment\n5,dentist"]);
    // Of both, where each has its own.
    let all = "AM,PM,AM Comment,PM Comment,Comment";
    assert_eq!(file(all, "/,\\,bus,dog,snow"), said("bus|dog", &["am: comment\nsnow"]));
    assert_eq!(file(all, "/,\\,bus,,snow"), said("bus|snow", &[]));
    assert_eq!(file(all, "/,,,,snow"), said("snow", &[]));
    // Names of a session beside the marks of both.
    assert_eq!(file("AM,PM,Lesson", "/,\\,Maths"), said("|", &["am: period\nMaths"]));
    assert_eq!(file("AM,PM,Session,Code", "/,\\,Day,X"), said("|", &["am: session,code\nDay,X"]));
}

#[test]
fn tables_as_systems_print_them() {
    let expected = marks(&translate("8784001.csv", &by_session(&WEEK[..1])));
    let title = "Attendance report\nRun 10/01/2025,,\n\nLAEstab,UPN,Date,AM,PM,Reg\n";
    for (name, text) in [
        ("report.csv", format!("{title}8784001,{UPN},Mon 06 Jan 2025,/,\\,5A\n")),
        (
            "8784001_marks.txt",
            format!(
                "UPN;CalendarDate;PeriodName;MarkCode;LateMinutes\n{UPN};2025-01-06T00:00:00;AM;/;0\n{UPN};2025-01-06T00:00:00;PM;\\;0\n"
            ),
        ),
        (
            "8784001.json",
            format!(
                r#"[{{"upn":"{UPN}","registrationDateTime":"2025-01-06T08:40:00","registrationPeriod":"AM","code":"/","gender":"F"}},
                {{"upn":"{UPN}","registrationDateTime":"2025-01-06T13:10:00","registrationPeriod":"PM","code":"\\"}}]"#
            ),
        ),
    ] {
        let said = translate(name, &text);
        assert_eq!((marks(&said), said.rejections.as_slice()), (expected.clone(), &[][..]), "{name}");
        assert!(said.drafts.iter().all(|draft| draft.table != "kept"), "{name}");
    }
    let grid = format!("Student,UPN,Mon 06/01/2025 AM,Mon 06/01/2025 PM\nInvented,{UPN},/,\\\n");
    let days = format!("Student,UPN,06/01/2025,07/01/2025,08/01/2025\nInvented,{UPN},/,\\,/\n");
    let title = "Attendance,06/01/2025,to,10/01/2025\nUPN,Name,Morning register\n";
    let urn = format!("URN,UPN,Date,AM\n900001,{UPN},2025-01-06,/\n");
    let short = format!("UPN,Date,AM,PM\n{UPN},2025-01-06,/\n");
    for (name, text, told) in [
        ("8784001.csv", grid.as_str(), "a row for each pupil and day"),
        ("8784001.csv", &days, "a row for each pupil and day"),
        ("8784001.csv", title, "no row of the first twenty"),
        ("8784001.csv", "UPN,Name\n", "no row of the first twenty"),
        ("register.csv", &urn, "a URN is another number"),
        ("8784001.csv", &short, "fewer cells"),
        ("8784001.xlsx", "PK", "save the sheet"),
    ] {
        let said = translate(name, text);
        assert_eq!((said.drafts.len(), said.rejections.len(), said.whole_of.len()), (0, 1, 0), "{told}");
        assert!(said.rejections[0].message.contains(told), "{:?}", said.rejections[0]);
        assert_eq!(said.rejections[0].place.file, name);
    }
}

/// Overlapping deliveries, in the order in which they were made.
#[test]
fn days_that_are_sent_again_hold_in_any_order() {
    let first = by_session(&[("2025-01-06", "/", "\\"), ("2025-01-07", "N", "N")]);
    let second = by_day(&[("2025-01-06", "/", "\\"), ("2025-01-07", "I", "-"), ("2025-01-08", "/", "\\")]);
    let third = under_pupils(&[("2025-01-07", "I", "I"), ("2025-01-08", "-", "\\")]);
    conformance::check_overlapping(
        &DailyAttendance,
        &[
            &[("8784001_attendance_2025-01-07.csv", first.as_bytes())],
            &[("8784001_attendance_2025-01-08.csv", second.as_bytes())],
            &[("8784001_attendance_2025-01-09.json", third.as_bytes())],
        ],
    );
}

#[test]
fn feeds_of_other_makers_say_the_same() {
    let expected = marks(&translate("8784001_attendance_2025-01-09.csv", &by_session(&WEEK[..1])));
    let semicolons = "School DfE Number;UPN;Legal Surname;Attendance Date;Session;Mark\r\n\
                      878/4001;\"=\"\"B801200005001\"\"\";Madeupsmith;06/01/2025;1;/\r\n\
                      878/4001;B801200005001;Madeupsmith;06-Jan-2025;2;\\\r\n";
    let nested = r#"[{"student":{"upn":"B801200005001"},"school":{"dfeNumber":"8784001"},"sessionDate":"2025-01-06","session":"AM",
        "attendanceMark":{"code":"/","type":"PRESENT"}},{"student":{"upn":"B801200005001"},"school":{"dfeNumber":"8784001"},
        "sessionDate":"2025-01-06T00:00:00Z","session":"PM","attendanceMark":{"code":"\\","type":"PRESENT"}}]"#;
    let serial = "upn,date,session,code\nB801200005001,45663,AM,/\nB801200005001,45663,PM,\\\n";
    let weekday = "upn,day,session,session date,code\nB801200005001,Monday,AM,06/01/2025,/\nB801200005001,Monday,PM,06/01/2025,\\\n";
    let weekday_last = r#"[{"upn":"B801200005001","date":"2025-01-06","day":"Monday","am":"/","pm":"\\"}]"#;
    let only_day = "upn,day,am,pm\nB801200005001,06/01/2025,/,\\\n";
    for (name, text) in [
        ("register.csv", semicolons),
        ("marks.json", nested),
        ("8784001.csv", serial),
        ("8784001_weekday.csv", weekday),
        ("8784001_weekday.json", weekday_last),
        ("8784001_day.csv", only_day),
    ] {
        let said = translate(name, text);
        assert_eq!(said.rejections, [], "{name}");
        assert_eq!(marks(&said), expected, "{name}");
    }
    // A mark under a name that is not known is told of: it is no session without a mark, which would take the mark back.
    let odd = translate(
        "8784001.jsonl",
        "{\"upn\":\"B801200005001\",\"date\":\"2025-01-06\",\"session\":\"AM\",\"colour\":\"/\"}\n{}\n",
    );
    let fields: Vec<_> = odd.rejections.iter().map(|rejection| rejection.place.field.as_str()).collect();
    assert_eq!((fields, odd.whole_of.len()), (vec!["code", "upn"], 0));
}

#[test]
fn what_cannot_be_placed_is_told_with_its_field() {
    for (row, field) in [
        (",B801200005001,2025-01-06,AM,/", "laestab"),
        ("8784001,,2025-01-06,AM,/", "upn"),
        ("8784001,B801200005001,soon,AM,/", "date"),
        ("8784001,B801200005001,2025-01-06,lunch,/", "session"),
    ] {
        let said = translate("a.csv", &format!("laestab,upn,date,session,code\n{row}\n"));
        let fields: Vec<_> = said.rejections.iter().map(|rejection| rejection.place.field.as_str()).collect();
        assert_eq!(fields, [field], "{row}");
    }
    // By a surname and a birth date alone, twins would be one child.
    for names in ["Inventedson,", ",Amara"] {
        let row = format!("8784001,,{names},2014-05-09,2025-01-06,AM,/");
        let said = translate("a.csv", &format!("laestab,upn,surname,forename,dob,date,session,code\n{row}\n"));
        assert_eq!((said.drafts.len(), said.rejections[0].place.field.as_str()), (0, "upn"), "{names}");
    }
    let said =
        translate("a.csv", "laestab,upn,date,session,code,colour of bag\n8784001,B801200005001,2024-07-01,AM,C1,red\n");
    let tables: Vec<_> = said.drafts.iter().map(|draft| draft.table).collect();
    assert_eq!(tables, ["mark", "kept", "pupil"]);
    assert_eq!(said.drafts[0].findings.len(), 1, "a code of another year");
}

#[test]
fn what_stands_around_records_and_has_no_place_is_kept_of_a_pupil_and_else_told_of() {
    let text = format!(
        r#"{{"laestab":"8784001","region":"north","pupils":[
            {{"upn":"{UPN}","locker":"red","weeks":[{{"tutor":"Ms Invented","marks":[
                {{"date":"2025-01-06","am":"/"}},{{"date":"2025-01-07","am":"L"}}]}}],"bus":7}}],
            "pages":{{"of":1}}}}"#
    );
    let said = translate("a.json", &text);
    let contents: Vec<_> = around(&said).into_iter().map(|(_, _, content)| content).collect();
    assert_eq!(contents, ["locker,bus\nred,7\n", "tutor\nMs Invented\n"]);
    assert_eq!((marks(&said).len(), told(&said)), (2, vec![("COLUMNS_NOT_MAPPED", "around")]));
    assert_eq!(said.rejections[0].raw, b"pages_of\nregion");
    // Another file of the same names is the same item, and each file tells once.
    let again = translate("b.json", &format!("{}{}", text.replace("north", "south"), text));
    let items: Vec<_> = again.rejections.iter().map(|one| (&one.place, &one.raw)).collect();
    assert_eq!(items, [(&said.rejections[0].place, &said.rejections[0].raw)]);
    let mut history = History::default();
    assert_eq!(history.submit(&DailyAttendance, &[("a.json", text.as_bytes())]).len(), 5);
    assert_eq!(history.submit(&DailyAttendance, &[("a.json", text.as_bytes())]), []);
}

/// Of what is kept of objects around records: its key, its day and what it says.
fn around(said: &Collected) -> Vec<(String, String, String)> {
    let of = |draft: &Draft| match &draft.event.kind {
        Some(Kind::SourceRecordKept(kept)) if draft.table == "around" => {
            Some((draft.record_key.clone(), format!("{:?}", draft.effective), kept.content.clone()?))
        }
        _ => None,
    };
    let mut kept: Vec<_> = said.drafts.iter().filter_map(of).collect();
    kept.sort_by(|a, b| a.2.cmp(&b.2));
    kept
}

#[test]
fn a_value_around_a_pupils_marks_that_changes_is_one_entry_corrected() {
    let file = |day: &str, percent: &str| {
        format!(
            r#"{{"laestab":"8784001","generatedAt":"{day}T16:00:00","date":"{day}","pupils":[
                {{"upn":"{UPN}","percent":"{percent}","marks":[{{"am":"/"}}]}}]}}"#
        )
    };
    let mut history = History::default();
    let mut causes = |day, percent| -> Vec<Cause> {
        let added = history.submit(&DailyAttendance, &[("a.json", file(day, percent).as_bytes())]);
        let of_around = added.iter().filter(|statement| statement.body.record_key.contains("/around/"));
        of_around.map(|statement| Cause::try_from(statement.body.cause).unwrap()).collect()
    };
    assert_eq!(causes("2025-01-06", "95"), [Cause::Started]);
    assert_eq!(causes("2025-01-07", "96"), [Cause::Changed]);
    assert_eq!(causes("2025-01-08", "96"), [], "the same on another day is no news");
}

#[test]
fn objects_around_a_pupils_marks_are_told_apart_in_any_order() {
    let long = "n".repeat(120);
    let mark = r#"{"date":"2025-01-07","am":"/"}"#;
    let objects = [
        format!(r#"{{"{long}1":"x","marks":[{mark}]}}"#),
        format!(r#"{{"{long}2":"x","marks":[{mark}]}}"#),
        r#"{"tutor":"Ms Invented","marks":[{"date":"2024-07-01","am":"/"}]}"#.to_owned(),
        r#"{"tutor":"Mr Invented","marks":[{"date":"2025-01-06","am":"/"}]}"#.to_owned(),
        // The same again is the same.
        r#"{"tutor":"Mr Invented","marks":[{"date":"2025-01-06","am":"/"}]}"#.to_owned(),
        // A day says of itself what it says.
        r#"{"tutor":"Mr Invented","date":"2025-01-08","marks":[{"am":"/"}]}"#.to_owned(),
    ];
    let said = |objects: &[String]| {
        let groups = objects.join(",");
        translate("a.json", &format!(r#"{{"laestab":"8784001","upn":"{UPN}","groups":[{groups}]}}"#))
    };
    let kept = around(&said(&objects));
    let keys: std::collections::BTreeSet<&String> = kept.iter().map(|(key, ..)| key).collect();
    assert_eq!((kept.len(), keys.len()), (5, 5), "{kept:?}");
    let turned: Vec<String> = objects.iter().rev().cloned().collect();
    let sorted = |mut kept: Vec<(String, String, String)>| {
        kept.sort();
        kept
    };
    assert_eq!(sorted(kept), sorted(around(&said(&turned))));
    let mut history = History::default();
    let text = format!(r#"{{"laestab":"8784001","upn":"{UPN}","groups":[{}]}}"#, objects.join(","));
    let first = history.submit(&DailyAttendance, &[("a.json", text.as_bytes())]).len();
    assert_eq!((first, said(&objects).rejections.len()), (10, 0), "a pupil, four marks, five objects");
    assert_eq!(history.submit(&DailyAttendance, &[("a.json", text.as_bytes())]), []);
}

/// Files of some days, each a day's marks of few kinds.
fn any_file() -> impl Strategy<Value = Vec<(&'static str, &'static str, &'static str)>> {
    let code = || prop::sample::select(vec!["/", "I", "-"]);
    let day = prop::sample::select(vec!["2025-01-06", "2025-01-07", "2025-01-08"]);
    prop::collection::btree_map(day, (code(), code()), 0..3)
        .prop_map(|days| days.into_iter().map(|(on, (am, pm))| (on, am, pm)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn files_in_any_order_leave_the_same(files in prop::collection::vec(any_file(), 3)) {
        let stands = |order: [usize; 3]| {
            let mut history = History::default();
            for at in order {
                let made = ["2025-01-09", "2025-01-10", "2025-01-11"][at];
                submit(&mut history, made, &files[at]);
                prop_assert_eq!(submit(&mut history, made, &files[at]), []);
            }
            Ok(history.stands())
        };
        let expected = stands([0, 1, 2])?;
        for order in [[1, 0, 2], [2, 1, 0], [1, 2, 0]] {
            prop_assert_eq!(&expected, &stands(order)?);
        }
    }

    #[test]
    fn the_order_of_a_file_changes_nothing(days in any_file()) {
        let turned: Vec<_> = days.iter().rev().copied().collect();
        let said = |days: &Days<'_>| {
            let mut drafts = translate("8784001.csv", &by_session(days)).drafts;
            drafts.iter_mut().for_each(|draft| draft.place = Place::default());
            drafts.retain(|draft| draft.table != "pupil");
            drafts
        };
        prop_assert_eq!(said(&days), said(&turned));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for name in ["a.csv", "a.json"] {
            prop_assert!(Collected::of(&DailyAttendance, &[(name, &bytes)]).whole.is_empty());
        }
    }

    #[test]
    fn arbitrary_json_never_panics(text in r#"[\[\]{}":,a-e0-9 ]{0,60}"#) {
        let _ = translate("8784001.json", &text);
    }
}

#[test]
fn every_seed_of_the_fuzz_targets_is_translated() {
    for (target, name) in [("table", "8784001.csv"), ("json", "8784001.json")] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        let seeds: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
        assert!(seeds.len() >= 2, "{target}");
        for seed in seeds {
            let bytes = std::fs::read(seed.unwrap().path()).unwrap();
            let said = Collected::of(&DailyAttendance, &[(name, &bytes)]);
            assert!(said.records > 0 || !said.rejections.is_empty());
        }
    }
}
