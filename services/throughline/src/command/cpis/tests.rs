//! The file, its rules, and what changes from one to the next. Everybody is invented, and no number is ever issued.

use jiff::civil::date;
use proto::admin::ProtectionRow;
use proto::admin::protection_row::Plan;

use super::file::{Changes, Contact, Upload};

fn contact() -> Contact {
    Contact { authority: "878".into(), office_hours: "01632 960001".into(), emergency: "01632 960002".into() }
}

fn said(date: jiff::civil::Date) -> proto::events::Date {
    let part = |part: i8| u32::try_from(part).ok();
    proto::events::Date { year: date.year().into(), month: part(date.month()), day: part(date.day()), estimated: false }
}

fn row(number: &str, plan: Plan, start: jiff::civil::Date, end: Option<jiff::civil::Date>) -> ProtectionRow {
    let birth_on = (plan != Plan::UnbornChildProtection).then(|| said(date(2015, 2, 3)));
    let (start_on, end_on) = (Some(said(start)), end.map(said));
    ProtectionRow { nhs_number: number.into(), birth_on, plan: plan.into(), start_on, end_on }
}

const TODAY: jiff::civil::Date = date(2026, 11, 22);

fn first() -> Upload {
    let rows = [
        row("9991110003", Plan::ChildProtection, date(2026, 5, 1), None),
        row("9991110011", Plan::LookedAfter, date(2026, 6, 1), None),
        row("9991110038", Plan::UnbornChildProtection, date(2026, 7, 1), None),
        row("9991110046", Plan::ChildProtection, date(2025, 1, 1), Some(date(2025, 11, 25))),
        row("9991110054", Plan::ChildProtection, date(2026, 1, 1), None),
    ];
    Upload::of(&rows, &contact()).unwrap()
}

#[test]
fn the_upload_is_the_golden_file() {
    let mut upload = first();
    assert_eq!(upload.changed_since(None, TODAY), Changes { started: 5, ..Changes::default() });
    assert_eq!(upload.problems(), Vec::<String>::new());
    let golden = include_str!("golden.csv");
    assert_eq!(upload.written().unwrap(), golden);
    assert_eq!(Upload::read(golden).unwrap(), upload);
}

#[test]
fn what_changed_is_counted_and_what_is_gone_is_deleted_once() {
    let mut last = first();
    last.changed_since(None, TODAY);
    let later = date(2026, 12, 1);
    let rows = [
        // As it was, ended, and begun: one row of the last is a year old, and of one nothing is said any more.
        row("9991110003", Plan::ChildProtection, date(2026, 5, 1), None),
        row("9991110011", Plan::LookedAfter, date(2026, 6, 1), Some(date(2026, 11, 30))),
        row("9991110038", Plan::UnbornChildProtection, date(2026, 7, 1), None),
        row("9991110062", Plan::LookedAfter, date(2026, 11, 25), None),
    ];
    let mut next = Upload::of(&rows, &contact()).unwrap();
    let changes = next.changed_since(Some(&last), later);
    assert_eq!(changes, Changes { started: 1, changed: 1, unchanged: 2, deleted: 1, aged: 1 });
    let deleted: Vec<_> = next.rows.iter().filter(|row| row.deleted.is_some()).collect();
    assert_eq!(deleted.len(), 1);
    assert_eq!((deleted[0].nhs_number.as_str(), deleted[0].deleted), ("9991110054", Some(later)));
    // What was deleted once is not deleted again.
    let mut third = Upload::of(&rows, &contact()).unwrap();
    let changes = third.changed_since(Some(&next), later);
    assert_eq!(changes, Changes { unchanged: 4, ..Changes::default() });
}

#[test]
fn every_rule_of_the_format_is_held_to() {
    let spoil = |spoilt: &dyn Fn(&mut super::file::Row)| {
        let mut upload = first();
        spoilt(&mut upload.rows[0]);
        upload.problems()
    };
    type Spoils<'a> = &'a dyn Fn(&mut super::file::Row);
    let rules: [(&str, Spoils<'_>); 9] = [
        ("nhs_number", &|row| row.nhs_number = "9991110004".into()),
        ("plan_type", &|row| row.plan = "CPP".into()),
        ("birth_date", &|row| row.birth = None),
        ("start_date", &|row| row.birth = Some(date(2026, 5, 2))),
        ("end_date", &|row| row.end = Some(date(2026, 4, 30))),
        ("delete_date", &|row| row.deleted = Some(date(2026, 4, 30))),
        ("local_authority", &|row| row.contact.authority = "8784".into()),
        ("office_hours_telephone", &|row| row.contact.office_hours = "ask".into()),
        ("emergency_duty_telephone", &|row| row.contact.emergency.clear()),
    ];
    for (rule, spoilt) in rules {
        let problems = spoil(spoilt);
        assert!(problems.len() == 1 && problems[0].starts_with(&format!("line 2: {rule}")), "{rule}: {problems:?}");
        assert!(!problems[0].contains("999"), "it tells no value");
    }
    let mut twice = first();
    twice.rows.push(twice.rows[0].clone());
    assert_eq!(twice.problems(), ["line 7: one row for each number, plan and start"]);
}

#[test]
fn a_file_of_another_kind_is_told_apart() {
    for text in [
        "",
        "a,b\n1,2\n",
        &first().written().unwrap().replace("20260501", "1 May"),
        &first().written().unwrap().replace("20260501", ""),
    ] {
        assert!(Upload::read(text).is_err(), "{text}");
    }
}
