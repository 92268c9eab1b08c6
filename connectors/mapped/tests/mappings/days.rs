//! Days and times: which day a time is of, what of it stands in an event, and what in a key.

use connector_kit::dates::{key, start_of_day_us};
use proto::events::event::Kind;
use proto::events::{When, when};

use crate::worked::{checked, tried};
use mapped::Outcome;

/// Visits, whose invented rows say no more than is asked of them.
fn visits(more: &str) -> String {
    format!(
        "name = \"education-visits\"\nabout = \"invented\"\nrevision = 1\ncontroller = \"la-878-visits\"\n\
         dates = [\"%d/%m/%Y\", \"%Y-%m-%d\", \"%d-%b-%y\"]\n{more}\n[subject]\nscheme = \"la_child_id\"\nissuer = \"878\"\n\
         column = \"Child\"\n[[event]]\nbecomes = \"ServiceAttended\"\neffective = \"attended_on\"\n[event.fields]\n\
         attended_on = \"On\"\n"
    )
}

const SNAPSHOT: &str = "[source]\nformat = \"csv\"\nignore = [\"Secret\"]\n[delivery]\nkind = \"snapshot\"";

#[test]
fn a_time_with_its_zone_is_of_a_day_in_england() {
    let mapping = checked(&visits(&format!("key = [\"Ref\"]\n{SNAPSHOT}"))).mapping;
    for (written, day) in [
        ("2025-06-08T23:00:00Z", "2025-06-09"),
        ("2025-06-08 23:00:00 UTC", "2025-06-09"),
        ("2025-06-08 23:00:00+00:00", "2025-06-09"),
        ("08/06/2025 23:00 UTC", "2025-06-09"),
        ("8-Jun-25 23:00 UTC", "2025-06-09"),
        ("2025-06-09T00:00:00Z", "2025-06-09"),
        ("2025-01-06T00:00:00Z", "2025-01-06"),
        ("2025-06-08T23:00:00", "2025-06-08"),
    ] {
        let tried = tried(&mapping, "v.csv", format!("Ref,Child,On\nV1,C1,{written}\n").as_bytes());
        let Some(Kind::ServiceAttended(said)) = &tried.said.drafts[0].event.kind else { panic!("a visit") };
        assert_eq!(said.attended_on.as_ref().map(key).as_deref(), Some(day), "{written}");
        let Some(when::When::On(on)) = &tried.said.drafts[0].effective.when else { panic!("a day") };
        assert_eq!(key(on), day, "{written}");
    }
}

#[test]
fn a_day_in_a_key_is_one_however_it_is_written() {
    let mapping = checked(&visits(&format!("key = [\"On\"]\n{SNAPSHOT}"))).mapping;
    let keys = |cells: &[&str]| -> Vec<String> {
        let rows: String = cells.iter().map(|cell| format!("C1,{cell}\n")).collect();
        let tried = tried(&mapping, "v.csv", format!("Child,On\n{rows}").as_bytes());
        tried.said.drafts.iter().map(|draft| draft.record_key.clone()).collect()
    };
    let same = keys(&["01/09/2025", "2025-09-01", "1-Sep-25", "01/09/2025 00:00:00", "2025-08-31T23:00:00Z"]);
    assert_eq!(same, ["C1/service-attended/2025-09-01"; 5]);
    // Two of one day are two.
    let apart = keys(&["01/09/2025 10:30", "01/09/2025 14:00", "2025-09-01T10:30:00+01:00"]);
    assert_eq!(apart[0], "C1/service-attended/2025-09-01T09:30:00Z");
    assert_eq!(apart[0], apart[2]);
    assert_ne!(apart[0], apart[1]);
}

#[test]
fn the_time_behind_a_day_tells_two_changes_of_one_day_apart() {
    let delivery = "[source]\nformat = \"csv\"\n[delivery]\nkind = \"changes\"\nas_of = { column = \"Changed\" }";
    let mapping = checked(&visits(&format!("key = [\"Ref\"]\n{delivery}"))).mapping;
    let versions: Vec<i64> = ["01/07/2025", "01/07/2025 10:30", "1-Jul-25 14:00:01", "01/07/2025 10:30 PM"]
        .iter()
        .map(|changed| {
            let bytes = format!("Ref,Child,On,Changed\nV1,C1,01/06/2025,{changed}\n");
            tried(&mapping, "v.csv", bytes.as_bytes()).said.drafts[0].version.unwrap().as_of_us
        })
        .collect();
    let midnight = start_of_day_us(&connector_kit::dates::date(2025, Some(7), Some(1)).unwrap()).unwrap();
    let behind =
        |hours: i64, minutes: i64, seconds: i64| midnight + ((hours * 60 + minutes) * 60 + seconds) * 1_000_000;
    assert_eq!(versions, [midnight, behind(10, 30, 0), behind(14, 0, 1), behind(22, 30, 0)]);
}

#[test]
fn a_row_that_is_kept_is_kept_under_its_names_and_without_what_is_left_out() {
    let when = "[[event.when]]\ncolumn = \"Kind\"\nis = [\"visit\"]\n";
    let mapping = checked(&format!("{}{when}", visits(&format!("key = [\"Ref\"]\n{SNAPSHOT}")))).mapping;
    let bytes = b"Ref,Child,On,Kind,Secret,Empty\nV1,C1,01/06/2025,\"note, long\",not to be kept,\n";
    let tried = tried(&mapping, "v.csv", bytes);
    let kept = tried.said.drafts.iter().find_map(|draft| match &draft.event.kind {
        Some(Kind::SourceRecordKept(kept)) => kept.content.clone(),
        _ => None,
    });
    assert_eq!(kept.as_deref(), Some("Ref,Child,On,Kind\nV1,C1,01/06/2025,\"note, long\"\n"));
}

#[test]
fn a_midnight_behind_a_day_is_no_time_of_it() {
    let on = |when: &When| matches!(when.when, Some(when::When::On(_)));
    let text = visits(&format!("key = [\"Ref\"]\n{SNAPSHOT}")).replace("\"attended_on\"", "{ column = \"On\" }");
    let mapping = checked(&text).mapping;
    let placed = |cell: &str| {
        let bytes = format!("Ref,Child,On\nV1,C1,{cell}\n");
        on(&tried(&mapping, "v.csv", bytes.as_bytes()).said.drafts[0].effective)
    };
    assert_eq!([placed("01/07/2025 00:00:00"), placed("01/07/2025"), placed("01/07/2025 10:30")], [true, true, false]);
    // What a database writes for no day at all is a time that the log does not take.
    let tried = tried(&mapping, "v.csv", b"Ref,Child,On\nV1,C1,1899-12-30T00:00:00\n");
    assert_eq!((tried.rows[0].outcome, tried.said.drafts.len()), (Outcome::Quarantined, 0));
}
