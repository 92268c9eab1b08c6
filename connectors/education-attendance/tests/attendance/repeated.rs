//! Two rows of one session: one counts, and nothing that the other says beside its mark is lost.

use proto::events::event::Kind;

use super::{UPN, marks, translate};

/// The code, minutes and comment of the one mark, and what is kept of the session.
fn said(rows: &[&str]) -> (String, String) {
    let rows: String = rows.iter().map(|row| format!("{UPN},2025-01-06,AM,{row}\n")).collect();
    let said = translate("8784001.csv", &format!("UPN,Date,Session,Code,Minutes Late,Comment,Updated At,Bag\n{rows}"));
    assert_eq!(said.rejections, []);
    let [(_, mark)] = marks(&said).try_into().unwrap();
    let minutes = mark.morning_minutes_late.map_or(String::new(), |minutes| minutes.to_string());
    let mark = [mark.morning.unwrap().code, minutes, mark.comment.unwrap_or_default()].join(" ");
    let kept = said.drafts.iter().filter_map(|draft| match &draft.event.kind {
        Some(Kind::SourceRecordKept(kept)) => kept.content.as_deref(),
        _ => None,
    });
    (mark, kept.collect())
}

#[test]
fn what_the_row_that_does_not_count_says_is_told_or_kept() {
    let (nine, ten) = ("2025-01-06T09:00:00", "2025-01-06T10:00:00");
    for (rows, mark, kept) in [
        // What one leaves blank the other says.
        (["L,,bus,,".to_owned(), "L,12,,,".to_owned()], "L 12 bus", ""),
        (["L,0,bus,,".to_owned(), "L,0,bus,,".to_owned()], "L  bus", ""),
        // What they say otherwise is kept.
        (
            ["L,12,bus,,red".to_owned(), "L,15,dog,,red".to_owned()],
            "L 12 bus",
            "Bag,comment,minutes_late\nred,dog,15\n",
        ),
        // An earlier mark is no more, and what was said with it is not of the later one.
        ([format!("N,,rang home,{nine},"), format!("L,12,,{ten},")], "L 12 ", "code,comment\nN,rang home\n"),
        ([format!("I,,asleep,{nine},blue"), format!("I,,,{ten},")], "I  ", "bag,comment\nblue,asleep\n"),
    ] {
        let expected = (mark.to_owned(), kept.to_lowercase());
        let lower = |(mark, kept): (String, String)| (mark, kept.to_lowercase());
        assert_eq!(lower(said(&[&rows[0], &rows[1]])), (expected.0.clone(), expected.1.clone()), "{rows:?}");
        assert_eq!(lower(said(&[&rows[1], &rows[0]])), expected, "{rows:?} turned");
    }
}

#[test]
fn where_the_last_marks_contradict_each_other_the_earlier_one_is_told_too() {
    let row = |code: &str, at: &str| format!("{UPN},2025-01-06,AM,{code},2025-01-06T{at}:00\n");
    let rows = [row("N", "09:00"), row("L", "10:00"), row("I", "10:00")].concat();
    let said = translate("8784001.csv", &format!("UPN,Date,Session,Code,Updated At\n{rows}"));
    assert_eq!((marks(&said).len(), said.rejections.len()), (0, 3));
}
