//! Reviews: overdue ones surface, nobody reviews their own, and who breaks the glass often is pointed out.

use proto::sharing::break_glass_reviewed::Outcome;
use proto::sharing::{
    BreakGlassAsserted, ListBreakGlassRequest, ListBreakGlassResponse, ReviewBreakGlassRequest,
    ReviewBreakGlassResponse,
};

use super::*;
use crate::harness::now_us;
use crate::harness::service::reason;

const HOUR_US: i64 = 3_600_000_000;

impl Emergency {
    async fn review(&mut self, by: &Guard, id: &[u8]) -> Result<ReviewBreakGlassResponse, Status> {
        let request = ReviewBreakGlassRequest {
            break_glass: id.to_vec(),
            outcome: Outcome::Justified.into(),
            words: "an invented finding".into(),
        };
        let mut by = by.clone();
        let reviewed = self.meanwhile(async move { by.review(request).await }).await;
        self.settle().await;
        reviewed
    }

    /// One that was asserted so long ago.
    async fn broken_ago(&mut self, id: u8, ago_us: i64) -> Vec<u8> {
        let id = vec![id; 16];
        let at_us = now_us() - ago_us;
        let asserted = BreakGlassAsserted {
            person: Some(CLINICIAN.into()),
            organisation: Some(HOSPITAL.into()),
            reason: Some(REASON.into()),
            asserted_at: Some(prost_types::Timestamp { seconds: at_us / 1_000_000, nanos: 0 }),
            minutes: Some(30),
            purpose: Some(Purpose::ChildProtection.into()),
            id: Some(id.clone()),
        };
        self.house.record(vec![fact(&self.child.clone(), asserted)]).await;
        self.settle().await;
        id
    }
}

impl Emergency {
    /// What this lead is shown, while the consumer reads on.
    async fn list(&mut self, by: &Guard, request: ListBreakGlassRequest) -> Result<ListBreakGlassResponse, Status> {
        let mut by = by.clone();
        self.meanwhile(async move { by.list(request).await }).await
    }
}

fn overdue() -> ListBreakGlassRequest {
    ListBreakGlassRequest { overdue: true, ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_that_nobody_holds_surfaces_and_goes_once_somebody_else_has_held_it() {
    let mut emergency = Emergency::new().await;
    let late = emergency.broken_ago(1, 73 * HOUR_US).await;
    let recent = emergency.broken_ago(2, 71 * HOUR_US).await;
    let lead = emergency.serving.guard(HOSPITAL, "lead.invented", LEAD).await;
    let all = emergency.list(&lead, ListBreakGlassRequest::default()).await.unwrap();
    let ids: Vec<_> = all.break_glass.iter().map(|broken| (broken.id.clone(), broken.overdue)).collect();
    assert_eq!(ids, [(recent.clone(), false), (late.clone(), true)], "newest first");
    let only: Vec<_> =
        emergency.list(&lead, overdue()).await.unwrap().break_glass.into_iter().map(|broken| broken.id).collect();
    assert_eq!(only, std::slice::from_ref(&late));
    let own = emergency.serving.guard(HOSPITAL, CLINICIAN, LEAD).await;
    assert_eq!(reason(&emergency.review(&own, &late).await.unwrap_err()), "SECOND_PERSON_NEEDED");
    let elsewhere = emergency.serving.guard(SCHOOL, "lead.invented", LEAD).await;
    let theirs = emergency.review(&elsewhere, &late).await.unwrap_err();
    let nobodys = emergency.review(&elsewhere, &[9; 16]).await.unwrap_err();
    assert_eq!((reason(&theirs), theirs.message()), ("NO_SUCH_BREAK_GLASS".to_owned(), nobodys.message()));
    let by = lead.clone();
    emergency.review(&by, &late).await.unwrap();
    assert!(emergency.list(&lead, overdue()).await.unwrap().break_glass.is_empty());
    assert_eq!(reason(&emergency.review(&by, &late).await.unwrap_err()), "REVIEWED_ALREADY");
    let all = emergency.list(&lead, ListBreakGlassRequest::default()).await.unwrap();
    let review = all.break_glass[1].review.as_ref().unwrap();
    assert_eq!((review.outcome(), review.reviewed_by.as_str()), (Outcome::Justified, "lead.invented"));
    assert_eq!(all.break_glass[1].child.as_ref(), Some(&emergency.child));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_review_it_at_once_one_does() {
    let mut emergency = Emergency::new().await;
    let id = emergency.broken_ago(1, HOUR_US).await;
    let mut leads = Vec::new();
    for n in 0..6 {
        leads.push(emergency.serving.guard(HOSPITAL, &format!("lead.{n}"), LEAD).await);
    }
    let all = async move {
        let mut asked = tokio::task::JoinSet::new();
        for mut lead in leads {
            let (break_glass, outcome, words) = (id.clone(), Outcome::Justified.into(), "an invented finding".into());
            asked.spawn(async move { lead.review(ReviewBreakGlassRequest { break_glass, outcome, words }).await });
        }
        asked.join_all().await
    };
    let answers = emergency.meanwhile(all).await;
    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err().map(reason)).collect();
    assert_eq!(refused, ["REVIEWED_ALREADY"; 5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_runs_the_service_sees_that_and_not_why_and_a_clinician_sees_no_list() {
    let mut emergency = Emergency::new().await;
    let id = emergency.broken_ago(1, HOUR_US).await;
    let hub = emergency.serving.guard(HUB, "governance.invented", &["information_governance"]).await;
    let listed = emergency.list(&hub, ListBreakGlassRequest::default()).await.unwrap().break_glass;
    let [one] = listed.as_slice() else { panic!("{} listed", listed.len()) };
    assert_eq!((one.id.clone(), one.organisation.as_str()), (id.clone(), HOSPITAL));
    assert!(one.child.is_none() && one.reason.is_empty());
    let others = emergency.serving.guard(COUNCIL, "lead.invented", LEAD).await;
    assert!(emergency.list(&others, ListBreakGlassRequest::default()).await.unwrap().break_glass.is_empty());
    let clinician = emergency.serving.guard(HOSPITAL, CLINICIAN, &["clinical"]).await;
    let refused = emergency.list(&clinician, ListBreakGlassRequest::default()).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_FOR_THIS_ROLE");
    let by = hub.clone();
    assert!(emergency.review(&by, &id).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_breaks_it_often_is_pointed_out_and_stopped_by_nothing() {
    let mut emergency = Emergency::new().await;
    let lead = emergency.serving.guard(HOSPITAL, "lead.invented", LEAD).await;
    let clinician = emergency.serving.guard(HOSPITAL, CLINICIAN, CLINICAL).await;
    for n in 0..3 {
        assert!(emergency.list(&lead, ListBreakGlassRequest::default()).await.unwrap().alarms.is_empty());
        let child = council_child(&format!("N{n}"));
        emergency.assert(&clinician, for_child(&child)).await.unwrap();
    }
    let alarms = emergency.list(&lead, ListBreakGlassRequest::default()).await.unwrap().alarms;
    let [alarm] = alarms.as_slice() else { panic!("{alarms:?}") };
    assert_eq!((alarm.person.as_str(), alarm.in_a_day), (CLINICIAN, 3));
    assert!(emergency.assert(&clinician, for_child(&emergency.child.clone())).await.is_ok());
}

/// Who may review nothing is told so before anything is waited for, of any glass and of none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_review_is_refused_before_any_glass_is_looked_for() {
    let mut emergency = Emergency::new().await;
    let id = emergency.broken_ago(1, HOUR_US).await;
    let clinician = emergency.serving.guard(HOSPITAL, "other.invented", &["clinical"]).await;
    for id in [id.as_slice(), &[9; 16]] {
        assert_eq!(reason(&emergency.review(&clinician, id).await.unwrap_err()), "NOT_FOR_THIS_ROLE");
    }
}
