//! What is past its schedule: proposed, never destroyed, and decided by a person.

use proto::audit::ListDueRequest;
use proto::events::Scheme;
use proto::sharing::retention_decided::Outcome;
use proto::sharing::{RecordFactRequest, RetentionDecided, RetentionScheduleRecorded};

use super::*;
use crate::harness::service::reason;

fn schedule() -> Fact {
    let schedule = RetentionScheduleRecorded {
        authority: Some("878".into()),
        categories: vec![s::Category::Attendance.into()],
        years_from_entry: Some(1),
        citation: Some("Invented schedule 2020, line 4".into()),
        approved_by: Some("an invented archivist".into()),
        ..Default::default()
    };
    fact(&subject(Scheme::Organisation, "throughline", HUB), schedule)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_past_its_schedule_is_proposed_with_the_schedule_and_what_is_kept_comes_again() {
    let mut there = There::new().await;
    let mut lead = there.serving.auditor(SCHOOL, "i.lead", INFORMATION_GOVERNANCE).await;
    assert!(lead.due(ListDueRequest::default()).await.unwrap().due.is_empty(), "without a schedule nothing is due");
    there.record(vec![schedule()]).await;
    let answer = lead.due(ListDueRequest::default()).await.unwrap();
    let [due] = answer.due.as_slice() else { panic!("{:?}", answer.due) };
    assert_eq!((due.child.as_ref(), due.category(), due.entries), (Some(&there.child), s::Category::Attendance, 2));
    assert_eq!(due.schedule.as_ref().unwrap().citation(), "Invented schedule 2020, line 4");
    let events = there.house.records(&event_log::Topic::ALL).await.len();
    // Kept until a day: not proposed before it, and again after it.
    let today = jiff::Zoned::now().date();
    let until = today.saturating_add(jiff::Span::new().days(30));
    let date = |at: jiff::civil::Date| day(at.year().into(), at.month() as u32, at.day() as u32);
    let kept = RetentionDecided {
        id: Some("one".into()),
        categories: vec![s::Category::Attendance.into()],
        outcome: Some(Outcome::Kept.into()),
        reason: Some("an invented inquiry".into()),
        until: Some(date(until)),
        ..Default::default()
    };
    let decide = |decided: RetentionDecided| RecordFactRequest {
        about: Some(there.child.clone()),
        purpose: Purpose::Audit.into(),
        fact: Some(decided.into()),
        ..Default::default()
    };
    let mut other = there.serving.writer(COUNCIL, "i.lead", INFORMATION_GOVERNANCE).await;
    assert_eq!(reason(&other.record(decide(kept.clone())).await.unwrap_err()), "NOT_YOURS_TO_RECORD");
    let mut writer = there.serving.writer(SCHOOL, "i.lead", INFORMATION_GOVERNANCE).await;
    let for_ever = RetentionDecided { until: None, ..kept.clone() };
    assert_eq!(reason(&writer.record(decide(for_ever)).await.unwrap_err()), "REQUEST_MALFORMED");
    let mut teacher = there.serving.reader(SCHOOL, "t.invented", &["school_pastoral"]).await;
    let is_shown = |entries: &[Entry]| entries.iter().any(|entry| entry.category() == s::Category::Attendance);
    assert!(!is_shown(&there.entries(&mut teacher, Purpose::EducationProvision).await), "past its schedule");
    writer.record(decide(kept)).await.unwrap();
    there.settle().await;
    assert!(is_shown(&there.entries(&mut teacher, Purpose::EducationProvision).await), "kept to be used");
    assert!(lead.due(ListDueRequest::default()).await.unwrap().due.is_empty());
    let after = date(until.saturating_add(jiff::Span::new().days(1)));
    let later = lead.due(ListDueRequest { on: Some(after) }).await.unwrap();
    assert_eq!(later.due[0].decided.as_ref().unwrap().reason(), "an invented inquiry");
    let rows = there.house.child(&there.child, None).entries.iter().filter(|entry| entry.source == CENSUS).count();
    assert!(rows >= 3 && there.house.records(&event_log::Topic::ALL).await.len() > events, "nothing was destroyed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_told_to_the_organisation_whose_records_they_are_and_to_nobody_else() {
    let mut there = There::new().await;
    there.record(vec![schedule()]).await;
    let mut council = there.serving.auditor(COUNCIL, "i.lead", INFORMATION_GOVERNANCE).await;
    assert!(council.due(ListDueRequest::default()).await.unwrap().due.is_empty(), "another organisation's");
    let mut teacher = there.serving.auditor(SCHOOL, "t.invented", &["school_pastoral"]).await;
    assert_eq!(reason(&teacher.due(ListDueRequest::default()).await.unwrap_err()), "NOT_FOR_THIS_ROLE");
}
