//! Files that are broken, short, of another encoding or meant to do harm: what can be read is, and nothing is taken for
//! absent that may only be unread.
#![cfg(test)]

mod support;

use support::{Collected, Told as _, census, child, identifiers, referral, translate, translate_in_pieces};

fn two_children() -> String {
    census(&(child("A1", &referral("2024-06-03", "")) + &child("A2", &referral("2024-06-04", ""))))
}

fn subjects(collected: &Collected) -> Vec<&str> {
    let mut subjects: Vec<_> = collected.drafts.iter().map(|draft| draft.subject.value.as_str()).collect();
    subjects.dedup();
    subjects
}

#[test]
fn cut_anywhere_it_keeps_the_children_before_and_is_never_whole() {
    let file = two_children();
    let full = translate(&file);
    assert_eq!(
        (full.whole.iter().map(String::as_str).collect::<Vec<_>>(), full.rejections.len()),
        (vec!["878/cin/2025"], 0)
    );
    let first = file.find("</Child>").unwrap() + "</Child>".len();
    let second = file.rfind("</Child>").unwrap() + "</Child>".len();
    for end in 0..file.len() {
        let cut = translate(&file[..end]);
        assert!(cut.whole.is_empty(), "{end}");
        assert_eq!(cut.rejections.len(), 1, "{end}");
        assert_eq!(cut.rejections[0].subject, None, "{end}");
        assert!(cut.rejections[0].place.byte_offset <= end as u64);
        let expected: &[&str] = if end >= second {
            &["A1", "A2"]
        } else if end >= first {
            &["A1"]
        } else {
            &[]
        };
        assert_eq!(subjects(&cut), expected, "{end}");
        assert_eq!(cut.drafts[..], full.drafts[..cut.drafts.len()], "{end}");
    }
}

#[test]
fn a_cut_child_is_kept_with_its_place() {
    let file = two_children();
    let at = file.rfind("<Child>").unwrap();
    let cut = translate(&file[..at + 60]);
    assert_eq!(cut.reasons(), ["REASON_FILE_UNREADABLE"]);
    let rejection = &cut.rejections[0];
    assert_eq!(rejection.raw, &file.as_bytes()[at..at + 60]);
    assert_eq!((rejection.place.line, rejection.place.record), (1, 2));
    assert_eq!(rejection.scope_key.as_deref(), Some("878/cin/2025"));
}

#[test]
fn what_is_no_return_is_refused_whole() {
    let header = |from: &str, to: &str| two_children().replacen(from, to, 1);
    for (file, reason, field) in [
        (String::new(), "REASON_FILE_UNREADABLE", ""),
        ("PK\u{3}\u{4} not xml".to_owned(), "REASON_FILE_UNREADABLE", ""),
        ("<html></html>".to_owned(), "REASON_FILE_UNREADABLE", ""),
        ("<Message/>".to_owned(), "REASON_SUBJECT_MISSING", "LEA"),
        (header(">CIN<", ">SC1<"), "REASON_FILE_UNREADABLE", "Collection"),
        (header("<LEA>878</LEA>", ""), "REASON_SUBJECT_MISSING", "LEA"),
        (header("<LEA>878", "<LEA>87"), "REASON_SUBJECT_MISSING", "LEA"),
        (header("<LEA>878", "<LEA>877</LEA><LEA>878"), "REASON_SUBJECT_MISSING", "LEA"),
        (
            header("<Children>", "<Children/><Children>").replace("<Header>", "<X>").replace("</Header>", "</X>"),
            "REASON_SUBJECT_MISSING",
            "LEA",
        ),
        (header("</Header>", ""), "REASON_FILE_UNREADABLE", ""),
        (
            header("<Year>2025</Year>", "").replacen("<ReferenceDate>2025-03-31</ReferenceDate>", "", 1),
            "REASON_HEADER_MISSING",
            "Year",
        ),
        (format!("<?xml version='1.0' encoding='big5'?>{}", two_children()), "REASON_ENCODING_UNSUPPORTED", ""),
    ] {
        let collected = translate(&file);
        let last = collected.rejections.last().unwrap();
        assert_eq!((last.reason.as_str_name(), last.place.field.as_str()), (reason, field), "{file:.300}");
        assert!(collected.drafts.is_empty() && collected.whole.is_empty(), "{file:.300}");
    }
}

#[test]
fn a_broken_child_leaves_its_neighbours() {
    let good = child("A1", &referral("2024-06-03", ""));
    let last = child("A9", &referral("2024-06-03", ""));
    let of = |id: &str| identifiers(id);
    for (broken, reason, subject, whole) in [
        (format!("<Child>{}", of("A2")), "RECORD_MALFORMED", Some("A2"), false),
        (format!("<Child>{}</Child>", of("A2").replace("</Sex>", "")), "RECORD_MALFORMED", Some("A2"), false),
        (format!("<Child>{}</CINdetails></Child>", of("A2")), "RECORD_MALFORMED", Some("A2"), false),
        (format!("<Child>{}{}</Child>", of("A2"), of("A3")), "RECORD_MALFORMED", None, true),
        (format!("<Child>{}</Child>", of("A1")), "RECORD_MALFORMED", Some("A1"), true),
        (format!("<Child>{}</Child>", of("a-1")), "RECORD_MALFORMED", Some("A1"), true),
        (format!("<Child>{}</Child>", of("")), "SUBJECT_MISSING", None, true),
        (format!("<Child>{}</Child>", of(" - ")), "SUBJECT_MISSING", None, true),
        ("<Child/>".to_owned(), "SUBJECT_MISSING", None, true),
        ("<Adult><x/></Adult>".to_owned(), "RECORD_MALFORMED", None, true),
        ("adrift".to_owned(), "RECORD_MALFORMED", None, true),
        (format!("<Child>{}{}</Child>", of("A2"), "x".repeat(2 << 20)), "RECORD_TOO_LARGE", None, false),
        (format!("<Child>{}{}</Child>", of("A2"), "<x>y</x>".repeat(1 << 18)), "RECORD_TOO_LARGE", Some("A2"), true),
        (
            format!("<Child>{}{}{}</Child>", of("A2"), "<x>".repeat(99), "</x>".repeat(99)),
            "RECORD_TOO_LARGE",
            Some("A2"),
            true,
        ),
    ] {
        let collected = translate(census(&format!("{good}{broken}{last}")));
        let rejection = &collected.rejections[0];
        assert_eq!(collected.rejections.len(), 1, "{broken:.300}");
        assert_eq!(rejection.reason.as_str_name().strip_prefix("REASON_"), Some(reason), "{broken:.300}");
        assert_eq!(rejection.subject.as_ref().map(|s| s.value.as_str()), subject, "{broken:.300}");
        assert_eq!(!collected.whole.is_empty(), whole, "{broken:.300}");
        // A single text longer than any record ends the reading; everything else is stepped over.
        let stopped = broken.contains(&"x".repeat(100));
        assert_eq!(subjects(&collected), if stopped { vec!["A1"] } else { vec!["A1", "A9"] }, "{broken:.300}");
        if reason != "RECORD_TOO_LARGE" {
            assert_eq!(String::from_utf8_lossy(&rejection.raw), broken);
        }
    }
}

#[test]
fn a_part_without_its_date_is_refused_and_the_rest_taken() {
    let undated = "<CINdetails><ReferralSource>1A</ReferralSource></CINdetails>";
    let parts = "<Assessments><AssessmentActualStartDate>soon</AssessmentActualStartDate></Assessments>";
    let collected = translate(census(&child("A1", &(undated.to_owned() + &referral("2024-06-03", parts)))));
    assert_eq!(collected.reasons(), ["REASON_DATE_MISSING"; 2]);
    assert_eq!(collected.rejections[0].raw, undated.as_bytes());
    assert_eq!(collected.rejections[1].raw, parts.as_bytes());
    assert_eq!(collected.rejections[1].place.field, "AssessmentActualStartDate");
    assert_eq!(collected.kinds(), ["PersonDescribed", "DisabilityRecorded", "ReferralReceived"]);
    assert_eq!(collected.whole.len(), 1);
}

#[test]
fn the_encoding_changes_nothing_but_the_places() {
    let text = census(&child("Zoë1", &referral("2024-06-03", "")));
    let utf16 = |big: bool| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let latin = format!("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>{text}").chars().map(|c| c as u8).collect();
    let expected = translate(&text);
    assert_eq!(expected.drafts[0].subject.value, "ZOË1");
    for bytes in [[b"\xEF\xBB\xBF", text.as_bytes()].concat(), utf16(false), utf16(true), latin] {
        let collected = translate(&bytes);
        assert_eq!(collected.sorted_drafts(), expected.sorted_drafts());
        assert_eq!(collected.whole, expected.whole);
    }
}

#[test]
fn bytes_of_another_encoding_are_told_and_reject_nothing() {
    let mut bytes = census(&child("A1", &referral("2024-06-03", "<Note>Zo#</Note>"))).into_bytes();
    *bytes.iter_mut().find(|byte| **byte == b'#').unwrap() = 0xEB;
    let collected = translate(&bytes);
    assert_eq!(collected.findings(), ["- NOT_MAPPED Note", "- TEXT_ODD Child"]);
    assert!(collected.rejections.is_empty());
}

#[test]
fn entities_stand_for_nothing_and_fetch_nothing() {
    let bomb = "<!DOCTYPE Message [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c SYSTEM \"file:///etc/hostname\">]>";
    let note = "<Note>&b;&c;&amp;&#x41; & </Note>";
    let collected = translate(bomb.to_owned() + &census(&child("A1", &referral("2024-06-03", note))));
    assert_eq!(collected.findings(), ["- NOT_MAPPED Note"]);
    assert!(collected.drafts.iter().any(|draft| format!("{:?}", draft.event).contains("&b;&c;")));
    let sex = identifiers("A1").replace("<Sex>F", "<Sex>&f;");
    let collected = translate(bomb.to_owned() + &census(&format!("<Child>{sex}</Child>")));
    assert!(collected.findings().contains(&"- TEXT_ODD Sex".to_owned()));
}

#[test]
fn the_size_of_the_reads_changes_nothing() {
    let file = two_children();
    let expected = translate(&file);
    for piece in [1, 2, 3, 7, 64, 1000] {
        assert_eq!(translate_in_pieces(file.as_bytes(), piece), expected, "{piece}");
    }
}
