//! Documents of any length: what is read of them, and what is told, where they stop or say something late.

use super::*;

#[test]
fn a_document_that_repeats_what_stands_around_its_records_past_all_bounds_is_told() {
    let of = |comment: &str, marks: usize| {
        let mark = format!(r#"{{"upn":"{UPN}","date":"2025-01-06","am":"/"}}"#);
        let marks = vec![mark; marks].join(",");
        format!(r#"{{"laestab":"8784001","comment":"{comment}","marks":[{marks}]}}"#)
    };
    let said = translate("a.json", &of(&"x".repeat(1_000), 1_000));
    assert_eq!((said.records, said.rejections.len()), (1_000, 0));
    for name in ["a.json", "a.jsonl"] {
        let said = translate(name, &of(&"x".repeat(400_000), 2_000));
        let carried: usize = said.drafts.iter().map(|draft| format!("{:?}", draft.event).len()).sum();
        assert!(said.records < 1_000 && carried < 100 << 20, "{name}: {} {carried}", said.records);
        let reasons: Vec<_> = said.rejections.iter().map(|r| r.reason.name()).collect();
        assert_eq!(reasons, ["RECORD_TOO_LARGE"], "{name}");
    }
    // What is no record, or stands deeper than any, is told too.
    let deep = format!("{}{}{}", "[".repeat(20), r#"{"upn":"x"}"#, "]".repeat(20));
    for (odd, reason) in [("5", "RECORD_MALFORMED"), (deep.as_str(), "RECORD_TOO_LARGE")] {
        let mark = format!(r#"{{"laestab":"8784001","upn":"{UPN}","date":"2025-01-06","am":"/"}}"#);
        let said = translate("a.json", &format!("[{mark},{odd},null]"));
        let reasons: Vec<_> = said.rejections.iter().map(|r| r.reason.name()).collect();
        assert_eq!((reasons, marks(&said).len()), (vec![reason], 1), "{odd}");
    }
}

#[test]
fn what_an_object_says_counts_for_its_records_wherever_in_it_it_stands() {
    let expected = marks(&translate("attendance.json", &under_pupils(WEEK)));
    let days: Vec<String> = WEEK
        .iter()
        .map(|(on, am, pm)| {
            format!(r#"{{"marks":[{{"am":"{}"}},{{"pm":"{}"}}],"date":"{on}"}}"#, escaped(am), escaped(pm))
        })
        .collect();
    let days = days.join(",\n");
    let made = r#""generatedAt":"2025-01-09T16:00:00""#;
    for text in [
        format!(r#"{{"laestab":"8784001",{made},"upn":"{UPN}","days":[{days}]}}"#),
        format!(r#"{{"days":[{days}],"laestab":"8784001",{made},"upn":"{UPN}"}}"#),
        format!(r#"{{"pupils":[{{"days":[{days}],"upn":"{UPN}"}}],"school":{{"laestab":"8784001"}},{made}}}"#),
        // What stands further in says more.
        format!(r#"{{"upn":"{UPN}","date":"2024-07-01",{made},"days":[{days}],"laestab":"8784001"}}"#),
    ] {
        let said = translate("attendance.json", &text);
        assert_eq!((marks(&said), told(&said)), (expected.clone(), vec![]), "{text}");
        let as_of: Vec<_> = said.scopes.iter().map(|scope| scope.as_of_us).collect();
        assert!(as_of.iter().all(|as_of| *as_of == Some(1_736_438_400_000_000)), "{text}: {as_of:?}");
    }
}

#[test]
fn records_in_lists_of_a_list_are_records() {
    let expected = marks(&translate("attendance.json", &under_pupils(WEEK)));
    let [first, second, third] = [0, 1, 2].map(|at| {
        let (on, am, pm) = WEEK[at];
        format!(r#"{{"date":"{on}","am":"{}","pm":"{}"}}"#, escaped(am), escaped(pm))
    });
    for list in [
        format!("[[{first}],{second},{third}]"),
        format!("[[[{first}]],[{second},{third}]]"),
        format!("[{first},[{second}],[],{third}]"),
    ] {
        let said = translate("a.json", &format!(r#"{{"laestab":"8784001","upn":"{UPN}","marks":{list}}}"#));
        assert_eq!((marks(&said), told(&said)), (expected.clone(), vec![]), "{list}");
    }
}

/// More records than are held stand before a value that counts for each of them.
#[test]
fn what_stands_too_far_behind_its_records_is_told() {
    let mark = format!(r#"{{"upn":"{UPN}","date":"2025-01-06","am":"/"}}"#);
    let many = vec![mark.as_str(); 50_001].join(",");
    let said = translate("a.json", &format!(r#"{{"marks":[{many}],"laestab":"8784001"}}"#));
    assert_eq!(marks(&said).len(), 1, "the last stands no further than is held");
    let late: Vec<_> = said.rejections.iter().filter(|one| one.place.field.is_empty()).collect();
    assert_eq!((late.len(), refused(&said).len()), (1, 50_000), "each that has no school, and what came too late");
    assert!(said.rejections.iter().all(|one| one.reason.name() == "RECORD_TOO_LARGE"));
    assert_eq!(late[0].raw, br#","laestab":"8784001"}"#);
    // What is said before them, or behind them and again the same, or is read nowhere, does not come too late.
    for behind in ["", r#","laestab":"8784001""#, r#","meta":{"pages":7}"#] {
        let said = translate("a.json", &format!(r#"{{"laestab":"8784001","marks":[{many}]{behind}}}"#));
        assert!(!told(&said).iter().any(|(reason, _)| *reason == "RECORD_TOO_LARGE"), "{behind}");
        assert_eq!(said.records, 50_001);
    }
    // Between two lists: too late for the first of them.
    let none = vec!["{}"; 50_000].join(",");
    let said = translate("a.json", &format!(r#"{{"am":[{none}],"laestab":"8784001","pm":[{none}]}}"#));
    let late = said.rejections.iter().filter(|one| one.place.field.is_empty()).count();
    assert_eq!((late, said.rejections.len()), (1, 100_001));
}

/// Only an object that holds too many records by itself is said before its end.
#[test]
fn a_pupil_is_said_at_the_pupils_end_wherever_in_a_long_document_it_stands() {
    let marks_of_days: Vec<String> =
        (6..13).map(|day| format!(r#"{{"date":"2025-01-{day:02}","am":"/","weeks":[{{"am":"/"}}]}}"#)).collect();
    let marks_of_days = marks_of_days.join(",");
    let pupil = |number: u32| format!(r#"{{"marks":[{marks_of_days}],"locker":"red","upn":"B8012{number:08}"}}"#);
    let pupils: Vec<String> = (0..7_200).map(pupil).collect();
    let text = format!(r#"{{"laestab":"8784001","data":[{}],"meta":{{"pages":1}}}}"#, pupils.join(","));
    let said = translate("a.json", &text);
    assert_eq!((said.records, told(&said)), (50_400, vec![("COLUMNS_NOT_MAPPED", "around")]));
    let tables = |table| said.drafts.iter().filter(|draft| draft.table == table).count();
    assert_eq!(["pupil", "mark", "around"].map(tables), [7_200, 50_400, 7_200]);
}

/// Which records were refused, and why.
fn refused(said: &Collected) -> Vec<(&str, &str, u64)> {
    let each = said.rejections.iter().filter(|one| !one.place.field.is_empty() && one.place.field != "around");
    each.map(|one| (one.reason.name(), one.place.field.as_str(), one.place.record)).collect()
}

/// What an object has not said when it breaks off it might have said behind: nothing further out says it instead.
#[test]
fn a_record_of_an_object_that_breaks_off_is_not_placed_by_what_stands_further_out() {
    let whole = format!(
        r#"{{"date":"2025-01-10","laestab":"8784001","days":[
            {{"laestab":"8784001","marks":[{{"upn":"{UPN}","am":"/"}}],"date":"2025-01-06"}},
            {{"laestab":"8784001","marks":[{{"upn":"{UPN}","am":"N"}},{{"upn":"{UPN}","pm":"N"}}],"date":"2025-01-07"}}]}}"#
    );
    let days = |said: &Collected| -> Vec<String> { marks(said).into_iter().map(|(key, _)| key).collect() };
    let expected = ["8784001/B801200005001/2025-01-06/am"].map(str::to_owned);
    // Before the second record is whole, before the day that counts, and within it.
    for (end, refused_records) in [(r#"","pm""#, 1), (r#"],"date":"2025-01-07""#, 2), (r#"-07"}]"#, 2)] {
        let said = translate("a.json", &whole[..whole.find(end).unwrap()]);
        let told: Vec<_> = (2..2 + refused_records).map(|record| ("RECORD_MALFORMED", "date", record)).collect();
        assert_eq!((days(&said), refused(&said)), (expected.to_vec(), told), "{end}");
        assert_eq!(said.rejections.len(), 1 + refused_records as usize, "where it breaks off is told too");
    }
    // A number of which the end is missing is none.
    let serial = whole.replace("\"2025-01-07\"", "45664").replace("\"2025-01-10\"", "45667");
    let said = translate("a.json", &serial[..serial.rfind("4}]}").unwrap()]);
    assert_eq!((days(&said), refused(&said).len()), (expected.to_vec(), 2));
    // What the object had said itself counts.
    let said = translate("a.json", &whole[..whole.rfind("}]}").unwrap()]);
    assert_eq!((days(&said).len(), refused(&said)), (3, vec![]));
    // Nor is a pupil told by a name where the number may stand behind, unless all of the pupil was read.
    let pupil = r#"{"laestab":"8784001","surname":"Madeupsmith","forename":"Ada","dob":"2013-02-03","marks":[{"date":"2025-01-06","am":"/"}]"#;
    let said = translate("a.json", &format!(r#"{{"pupils":[{pupil}}},{pupil},"#));
    assert_eq!((marks(&said).len(), refused(&said)), (1, vec![("RECORD_MALFORMED", "upn", 2)]));
}

/// A file's name says whose marks they are only where nothing around them can say otherwise any more.
#[test]
fn a_files_name_does_not_place_what_an_unfinished_object_may_still_place() {
    let name = "8784000_attendance_2025-01-12.json";
    let mark = format!(r#"{{"upn":"{UPN}","date":"2025-01-06","am":"/"}}"#);
    let schools = |said: &Collected| -> Vec<String> {
        let mut schools: Vec<String> = said.drafts.iter().map(|draft| draft.controller.clone()).collect();
        schools.dedup();
        schools
    };
    let short = translate(name, &format!(r#"{{"marks":[{mark},{mark}],"laest"#));
    assert_eq!((schools(&short), refused(&short).len()), (vec![], 2));
    assert_eq!(refused(&short)[0], ("RECORD_MALFORMED", "laestab", 1));
    let many = vec![mark.as_str(); 50_001].join(",");
    let long = translate(name, &format!(r#"{{"marks":[{many}],"laestab":"8784001"}}"#));
    assert_eq!((schools(&long), refused(&long).len()), (vec!["school-8784001".to_owned()], 50_000));
    assert!(refused(&long).iter().all(|(reason, field, _)| (*reason, *field) == ("RECORD_TOO_LARGE", "laestab")));
    // Nothing can stand behind records that stand in nothing.
    let one_a_line = vec![mark.as_str(); 50_001].join("\n");
    for text in [format!("[{many}]"), many.replace("},{", "} {"), one_a_line, format!("[{many}, {{\"upn")] {
        let said = translate(name, &text);
        assert_eq!((schools(&said), refused(&said)), (vec!["school-8784000".to_owned()], vec![]));
    }
}

/// Whose marks they are stands before the list, and when the file was made behind it.
#[test]
fn when_a_file_was_made_counts_for_all_of_it_wherever_that_stands() {
    let mark = format!(r#"{{"upn":"{UPN}","am":"/"}}"#);
    let many = vec![mark.as_str(); 50_001].join(",");
    let day = |date: &str| format!(r#"{{"laestab":"8784001","date":"{date}","marks":[{many}]}}"#);
    let made = r#""generatedAt":"2025-01-09T16:00:00""#;
    let (before, behind) = (
        format!(r#"{{"laestab":"8784001",{made},"date":"2025-01-06","marks":[{many}]}}"#),
        format!(r#"{{"laestab":"8784001","date":"2025-01-06","marks":[{many}],{made}}}"#),
    );
    let none = day("2025-01-06");
    for (text, as_of) in
        [(before, 1_736_438_400_000_000), (behind, 1_736_438_400_000_000), (none, 1_736_640_000_000_000)]
    {
        let said = translate("8784000_attendance_2025-01-12.json", &text);
        assert_eq!((marks(&said).len(), refused(&said)), (2, vec![]));
        assert!(said.scopes.iter().all(|scope| scope.as_of_us == Some(as_of)), "{:?}", said.scopes);
        assert!(said.drafts.iter().all(|draft| draft.controller == "school-8784001"));
        assert!(!told(&said).iter().any(|(reason, _)| *reason == "RECORD_TOO_LARGE"));
    }
}

#[test]
fn a_document_that_breaks_off_is_read_up_to_there() {
    let mark = |day: u32| format!(r#"{{"upn":"{UPN}","date":"2025-01-{day:02}","am":"/","pm":"\\"}}"#);
    let whole = format!("{{\"laestab\":\"8784001\",\"marks\":[\n{},\n{},\n{}\n]}}", mark(6), mark(7), mark(8));
    let third = whole.find("2025-01-08").unwrap();
    let long = mark(9).replace("2025-01-09", &"9".repeat(2 << 20));
    let deep = format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200));
    for (text, reason, of_raw) in [
        (whole[..third].to_owned(), "RECORD_MALFORMED", "\"date\":\""),
        (whole.replace("2025-01-08\"", "2025-01-08"), "RECORD_MALFORMED", "2025-01-08,"),
        (whole.replace(&mark(8), &long), "RECORD_TOO_LARGE", "99999"),
        (whole.replace(&mark(8), &deep), "RECORD_TOO_LARGE", "{\"a\":{\"a\":"),
    ] {
        let said = translate("a.json", &text);
        let told: Vec<_> = said.rejections.iter().map(|one| (one.reason.name(), one.place.line)).collect();
        assert_eq!((marks(&said).len(), told), (4, vec![(reason, 4)]), "{of_raw}");
        let raw = String::from_utf8_lossy(&said.rejections[0].raw).into_owned();
        assert!(raw.contains(of_raw) && raw.len() <= 64 << 10, "{of_raw}");
    }
    // Something stands behind the document.
    let said = translate("a.json", &format!("{whole}\n]"));
    assert_eq!((marks(&said).len(), told(&said)), (6, vec![("RECORD_MALFORMED", "")]));
}

#[test]
fn documents_may_stand_one_after_another_and_be_of_any_encoding() {
    let expected = marks(&translate("attendance.json", &under_pupils(WEEK)));
    let each: Vec<String> = WEEK.iter().map(|day| under_pupils(&[*day])).collect();
    let named = under_pupils(WEEK).replace("\"marks\"", "\"surname\":\"Zoë\",\"marks\"");
    let latin: Vec<u8> = named.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for text in [
        each.join("\n").into_bytes(),
        each.concat().into_bytes(),
        format!("\n\n {}\r\n", under_pupils(WEEK)).into_bytes(),
        [b"\xef\xbb\xbf", named.as_bytes()].concat(),
        [0xfeff].into_iter().chain(named.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
        latin,
    ] {
        let said = Collected::of(&DailyAttendance, &[("attendance.json", &text)]);
        assert_eq!((marks(&said), told(&said)), (expected.clone(), vec![]), "{}", String::from_utf8_lossy(&text));
        let last = said.drafts.last().unwrap();
        let Some(Kind::PersonDescribed(who)) = &last.event.kind else { panic!("nobody is described") };
        assert!(who.names.is_empty() || who.names[0].family.as_deref() == Some("Zoë"));
    }
}
