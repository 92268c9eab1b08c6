//! Entries put right, and records left alone while they are contested.

use prost::Message as _;
use proto::events::{self as e, EntryRectified, Event};
use proto::sharing::record_fact_response::Outcome;
use proto::sharing::restriction::{Ground, Kind};
use proto::sharing::{EndFactRequest, RecordFactRequest, RestrictionSet};

use super::*;
use crate::harness::service::{FactsWriter, reason};

fn attendance(possible: u32) -> Event {
    e::AttendanceSummarised { sessions_possible: Some(possible), ..Default::default() }.into()
}

fn rectified(entry: &Entry, stands: Event) -> EntryRectified {
    EntryRectified {
        id: Some("right".into()),
        entry_id: Some(entry.entry_id.clone()),
        stands: Some(stands.encode_to_vec()),
        reason: Some("a letter of the parent's".into()),
        ..Default::default()
    }
}

fn contested(entries: Vec<Vec<u8>>) -> RestrictionSet {
    RestrictionSet {
        id: Some("contested".into()),
        kind: Some(Kind::Processing.into()),
        entry_ids: entries,
        ground: Some(Ground::AccuracyContested.into()),
        ..Default::default()
    }
}

fn request(child: &Subject, event: impl Into<Event>) -> RecordFactRequest {
    RecordFactRequest {
        about: Some(child.clone()),
        purpose: Purpose::SubjectAccess.into(),
        fact: Some(event.into()),
        ..Default::default()
    }
}

fn possible(entry: &Entry) -> Option<u32> {
    match entry.event.as_ref()?.kind.as_ref()? {
        e::event::Kind::AttendanceSummarised(summary) => summary.sessions_possible,
        _ => None,
    }
}

impl There {
    async fn lead(&self, organisation: &str) -> FactsWriter {
        self.serving.writer(organisation, "i.lead", INFORMATION_GOVERNANCE).await
    }

    async fn attendance(&self) -> Option<Entry> {
        let mut teacher = self.serving.reader(SCHOOL, "t.invented", &["school_pastoral"]).await;
        let entries = self.entries(&mut teacher, Purpose::EducationProvision).await;
        entries.into_iter().find(|entry| possible(entry).is_some())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_is_put_right_by_whoever_answers_for_it_told_to_its_readers_and_taken_back() {
    let mut there = There::new().await;
    let (child, by_upn) = (there.child.clone(), upn(UPN));
    let before = there.attendance().await.unwrap();
    assert_eq!((possible(&before), before.rectified), (Some(120), None));
    let mut lead = there.lead(SCHOOL).await;
    // By another number of the child too: it stands beside the entry, whatever number was asked by.
    let recorded = lead.record(request(&by_upn, rectified(&before, attendance(118)))).await.unwrap();
    assert_eq!(recorded.outcome(), Outcome::Recorded);
    there.settle().await;
    let after = there.attendance().await.unwrap();
    assert_eq!((possible(&after), after.rectified.map(|mark| mark.superseded)), (Some(118), Some(false)));
    assert_eq!(after.effective, before.effective);
    // The source goes on saying what was wrong.
    let mut again = attended(&child, 2024);
    again.version = 2;
    there.house.say(CENSUS, [again]).await;
    there.settle().await;
    assert_eq!(possible(&there.attendance().await.unwrap()), Some(118));
    let end = EndFactRequest {
        about: Some(child.clone()),
        purpose: Purpose::SubjectAccess.into(),
        fact: recorded.fact,
        reason: "the register was right".into(),
        ..Default::default()
    };
    lead.end(end).await.unwrap();
    there.settle().await;
    let undone = there.attendance().await.unwrap();
    assert_eq!((possible(&undone), undone.rectified), (Some(120), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_should_not_be_there_is_gone() {
    let mut there = There::new().await;
    let entry = there.attendance().await.unwrap();
    let gone = EntryRectified { stands: None, removed: Some(true), ..rectified(&entry, attendance(0)) };
    there.lead(SCHOOL).await.record(request(&there.child, gone)).await.unwrap();
    there.settle().await;
    assert_eq!(there.attendance().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_puts_it_right_and_an_entry_of_anothers_is_as_one_that_there_is_not() {
    let there = There::new().await;
    let entry = there.attendance().await.unwrap();
    let right = || request(&there.child, rectified(&entry, attendance(118)));
    let refused = |status: tonic::Status| (reason(&status), status.message().to_owned());
    let of_another = refused(there.lead(COUNCIL).await.record(right()).await.unwrap_err());
    let none = Entry { entry_id: vec![9; 16], ..entry.clone() };
    let of_none = request(&there.child, rectified(&none, attendance(118)));
    let of_none = refused(there.lead(COUNCIL).await.record(of_none).await.unwrap_err());
    assert_eq!((of_another.0.as_str(), &of_another), ("NOT_YOURS_TO_RECORD", &of_none));
    let mut teacher = there.serving.writer(SCHOOL, "t.invented", &["school_pastoral"]).await;
    assert_eq!(reason(&teacher.record(right()).await.unwrap_err()), "NOT_YOURS_TO_RECORD");
    let other_kind = request(&there.child, rectified(&entry, e::EnrolmentStarted::default().into()));
    assert_eq!(reason(&there.lead(SCHOOL).await.record(other_kind).await.unwrap_err()), "REQUEST_MALFORMED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_contested_is_kept_and_not_used_and_the_family_sees_that_it_is() {
    let mut there = There::new().await;
    let entry = there.attendance().await.unwrap();
    let child = there.child.clone();
    let set = contested(vec![entry.entry_id.clone()]);
    let other = there.lead(COUNCIL).await.record(request(&child, set.clone())).await.unwrap_err();
    assert_eq!(reason(&other), "NOT_YOURS_TO_RECORD");
    let recorded = there.lead(SCHOOL).await.record(request(&child, set)).await.unwrap();
    there.settle().await;
    assert_eq!(there.attendance().await, None, "not used where it was written");
    let mut teacher = there.serving.reader(SCHOOL, "t.invented", &["school_pastoral"]).await;
    let asked = GetTimelineRequest {
        child: Some(child.clone()),
        purpose: Purpose::EducationProvision.into(),
        ..Default::default()
    };
    let answer = teacher.get(&asked).await.unwrap();
    assert!(answer.entries.iter().any(|entry| entry.category() == s::Category::Attendance), "the rest of it is");
    let line = answer.existence.iter().find(|line| line.organisation == SCHOOL).unwrap();
    assert!(line.reasons.iter().any(|reason| reason.contains("contested")), "{:?}", line.reasons);
    let seen = there.entries(&mut there.parent().await, Purpose::SubjectAccess).await;
    let marked: Vec<_> = seen.iter().filter(|entry| entry.processing_restricted).map(possible).collect();
    assert_eq!(marked, [Some(120)]);
    let end = EndFactRequest {
        about: Some(child),
        purpose: Purpose::SubjectAccess.into(),
        fact: recorded.fact,
        reason: "found accurate; the parent was told on 3 November".into(),
        ..Default::default()
    };
    there.lead(SCHOOL).await.end(end).await.unwrap();
    there.settle().await;
    assert!(there.attendance().await.is_some());
}
