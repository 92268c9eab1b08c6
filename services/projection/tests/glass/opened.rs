//! What a break-glass opens: to whom, for what, until when; and what it never does.

use std::sync::atomic::Ordering;

use event_log::Topic;
use projection::serve::timelines::now;
use proto::events as e;
use proto::events::event::Kind;
use tonic_types::StatusExt as _;

use super::*;
use crate::harness::service::reason;

/// Without what differs each time: ids and moments.
fn bare(answer: AssertBreakGlassResponse) -> (Vec<i32>, usize, usize, i64) {
    let until = us(answer.review_due_at.as_ref()) - us(answer.ends_at.as_ref());
    (answer.owed, answer.break_glass.len(), answer.decision_id.len(), until)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_opens_to_one_person_for_one_purpose_until_a_moment_and_not_before_it_is_on_the_log() {
    let mut emergency = Emergency::new().await;
    let purpose = Purpose::ChildProtection;
    assert!(emergency.shown(&clinician(), purpose).await.entries.is_empty());
    let asserted = emergency.broken().await;
    assert_eq!(asserted.owed().count(), 3);
    let ends_us = us(asserted.ends_at.as_ref());
    let opened = emergency.shown_at(&clinician(), purpose, ends_us - 1).await;
    assert!(opened.entries.iter().any(|entry| entry.organisation == COUNCIL), "the last microsecond is within it");
    assert!(emergency.shown_at(&clinician(), purpose, ends_us).await.entries.is_empty(), "and the next is not");
    let began_us = ends_us - 30 * 60_000_000;
    assert!(!emergency.shown_at(&clinician(), purpose, began_us).await.entries.is_empty());
    assert!(emergency.shown_at(&clinician(), purpose, began_us - 1).await.entries.is_empty(), "nor before it began");
    let nobody = staff(HOSPITAL, &[RoleGroup::Clinical, RoleGroup::Safeguarding]);
    let namesake = Caller { organisation: SCHOOL.into(), ..clinician() };
    for (who, purpose, why) in [
        (&nobody, purpose, "a colleague"),
        (&namesake, purpose, "the same name at another organisation"),
        (&clinician(), Purpose::DirectCare, "another purpose"),
    ] {
        let shown = emergency.shown(who, purpose).await;
        assert!(shown.entries.is_empty() && shown.existence.is_empty() && shown.owed.is_empty(), "{why}");
    }
    let asserted = emergency.house.records(&[Topic::Sharing]).await;
    let words = asserted.iter().any(|record| crate::harness::holds(&record.value, REASON));
    assert!(!words, "what somebody wrote is sealed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_over_tls_gets_the_record_what_they_owe_and_one_record_for_each_organisation_opened() {
    let mut emergency = Emergency::new().await;
    let asserted = emergency.broken().await;
    let mut reader = emergency.serving.reader(HOSPITAL, CLINICIAN, CLINICAL).await;
    let request = proto::timeline::GetTimelineRequest {
        child: Some(emergency.child.clone()),
        purpose: Purpose::ChildProtection.into(),
        ..Default::default()
    };
    let answer = reader.get(&request).await.unwrap();
    assert!(!answer.entries.is_empty());
    assert_eq!(answer.owed, asserted.owed);
    assert_eq!(answer.obligations, ["justify", "notify-caldicott-guardian", "review-72h"]);
    let who = proto::timeline::GetInvolvementRequest { child: request.child.clone(), purpose: request.purpose };
    let involvement = reader.involvement(&who).await.unwrap();
    assert_eq!(involvement.owed, asserted.owed);
    let family = proto::timeline::GetFamilyRequest { child: request.child.clone(), purpose: request.purpose };
    assert!(reader.family(&family).await.unwrap().owed.is_empty(), "nothing told, nothing owed");
    emergency.settle().await;
    let explained = proto::timeline::ExplainDecisionRequest { decision_id: answer.decision_id.clone(), purpose: 0 };
    assert_eq!(reader.explain(&explained).await.unwrap().owed, asserted.owed);
    let records = emergency.house.disclosures().await;
    let main = records.iter().find(|record| record.decision_id == answer.decision_id).unwrap();
    assert_eq!(main.obligations, 0b1110);
    let parts: Vec<_> = records.iter().filter(|record| record.part_of == answer.decision_id).collect();
    let [part] = parts.as_slice() else { panic!("{} parts", parts.len()) };
    assert_eq!((part.call(), part.opened_of.as_str()), (s::Call::OpenedByBreakGlass, COUNCIL));
    assert_eq!(part.break_glass, asserted.break_glass);
    assert_eq!(part.subjects, [emergency.house.pseudonyms.of(&emergency.child).0.to_vec()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_who_is_hidden_and_one_who_is_not_known_are_answered_alike() {
    let mut emergency = Emergency::new().await;
    let clinician = emergency.serving.guard(HOSPITAL, CLINICIAN, CLINICAL).await;
    let mut answers = Vec::new();
    for child in [emergency.child.clone(), council_child("NOBODY"), nhs(NHS_NUMBER)] {
        answers.push(bare(emergency.assert(&clinician, for_child(&child)).await.unwrap()));
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
    let again = emergency.assert(&clinician, for_child(&emergency.child.clone())).await.unwrap();
    let broken = emergency.house.records(&[Topic::Sharing]).await.len();
    let once_more = emergency.assert(&clinician, for_child(&emergency.child.clone())).await.unwrap();
    assert_eq!(again.break_glass, once_more.break_glass, "asked again because no answer came: it is done once");
    assert_eq!(emergency.house.records(&[Topic::Sharing]).await.len(), broken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_gate_closes_stays_closed() {
    use proto::sharing::restriction::Kind as Restricted;
    let mut emergency = Emergency::new().await;
    emergency.broken().await;
    assert!(!emergency.shown(&clinician(), Purpose::ChildProtection).await.entries.is_empty());
    let child = emergency.child.clone();
    emergency.house.record(vec![restriction(&child, "court", Restricted::Court)]).await;
    emergency.settle().await;
    assert!(emergency.shown(&clinician(), Purpose::ChildProtection).await.entries.is_empty(), "a court's restriction");
    let lifted = s::RestrictionLifted {
        id: Some("court".into()),
        lifted_by: Some("invented".into()),
        on: Some(day(TODAY.year().into(), 1, 15)),
    };
    emergency.house.record(vec![fact(&child, lifted)]).await;
    emergency.settle().await;
    assert!(!emergency.shown(&clinician(), Purpose::ChildProtection).await.entries.is_empty());
    let sealed = Fact { sealed: vec![child.clone()], ..fact(&child, e::IdentitySealed::default()) };
    emergency.house.record(vec![sealed]).await;
    emergency.settle().await;
    let shown = emergency.shown(&clinician(), Purpose::ChildProtection).await;
    assert!(shown.entries.is_empty() && shown.existence.is_empty(), "sealed before an adoption");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_log_refuses_and_nothing_opens() {
    let mut emergency = Emergency::new().await;
    let before = emergency.house.records(&[Topic::Sharing]).await.len();
    emergency.decisions_left.store(0, Ordering::SeqCst);
    let clinician_calls = emergency.serving.guard(HOSPITAL, CLINICIAN, CLINICAL).await;
    let refused = emergency.assert(&clinician_calls, for_child(&emergency.child.clone())).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_RECORDED");
    assert_eq!(emergency.house.records(&[Topic::Sharing]).await.len(), before, "nothing was asserted");
    emergency.decisions_left.store(NO_END, Ordering::SeqCst);
    assert!(emergency.shown(&clinician(), Purpose::ChildProtection).await.entries.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_the_assertion_and_its_use_it_stands_and_ends_when_it_said() {
    let mut emergency = Emergency::new().await;
    let asserted = emergency.broken().await;
    emergency.house.restart();
    emergency.house.catch_up().await;
    let ends_us = us(asserted.ends_at.as_ref());
    let purpose = Purpose::ChildProtection;
    assert!(!emergency.shown_at(&clinician(), purpose, ends_us - 1).await.entries.is_empty());
    assert!(emergency.shown_at(&clinician(), purpose, ends_us).await.entries.is_empty());
    let another = emergency.house.another_node().await;
    let mut another = another;
    another.catch_up().await;
    let ask = harness_ask(&another, &clinician(), &emergency.child, purpose, ends_us - 1);
    assert!(!another.answer(&ask).await.entries.is_empty(), "and at another node, from the log alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_sign_in_is_asked_where_the_organisation_asks_it_and_a_role_always() {
    let step_up = s::StepUp { seconds_max: Some(300), acr: vec!["mfa".into()] };
    let mut emergency = Emergency::with(|mut fact| {
        if let Some(Kind::OrganisationRecorded(recorded)) = fact.event.as_mut().and_then(|event| event.kind.as_mut())
            && recorded.id() == HOSPITAL
        {
            recorded.step_up = Some(step_up.clone());
        }
        fact
    })
    .await;
    let now_s = now().0 / 1_000_000;
    let request = for_child(&emergency.child.clone());
    for (auth_time, acr, told) in [
        (None, None, Some("STEP_UP_NEEDED")),
        (Some(now_s - 900), Some("mfa"), Some("STEP_UP_NEEDED")),
        (Some(now_s - 10), Some("password"), Some("STEP_UP_NEEDED")),
        (Some(now_s - 10), Some("mfa"), None),
    ] {
        let by = emergency.serving.guard_signed_in(HOSPITAL, CLINICIAN, CLINICAL, auth_time, acr).await;
        let answer = emergency.assert(&by, request.clone()).await;
        assert_eq!(answer.err().map(|status| reason(&status)).as_deref(), told, "{auth_time:?} {acr:?}");
    }
    let council = emergency.serving.guard(COUNCIL, "s.invented", LEAD).await;
    assert!(emergency.assert(&council, request.clone()).await.is_ok(), "the council asks nothing more");
    let pastoral = emergency.serving.guard(SCHOOL, "t.invented", &["school_pastoral"]).await;
    let refused = emergency.assert(&pastoral, request.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "MAY_NOT_BREAK_GLASS");
    for (change, field) in [
        (AssertBreakGlassRequest { minutes: 61, ..request.clone() }, "minutes"),
        (AssertBreakGlassRequest { reason: " short ".into(), ..request.clone() }, "reason"),
        (AssertBreakGlassRequest { child: None, ..request.clone() }, "child"),
    ] {
        let refused = emergency.assert(&council, change).await.unwrap_err();
        let details = refused.get_error_details();
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, field);
    }
}
