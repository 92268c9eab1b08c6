//! What a refusal says to a program.

use proto::sharing as s;
use proto::timeline::{ExplainDecisionRequest, GetInvolvementRequest, GetTimelineRequest, WatchTimelineRequest};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::harness::House;
use super::harness::sayings::*;
use super::harness::service::{Papers, serve};
use super::{LONG, PASTORAL, known_child};

fn violation(status: &Status) -> (String, String) {
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().domain, "throughline");
    let violation = details.bad_request().unwrap().field_violations[0].clone();
    (violation.field, violation.description)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_names_the_field_that_is_wrong_and_never_its_value() {
    let mut house = House::new().await;
    let papers = Papers::new();
    house.record(organisations().into_iter().map(|fact| papers.of(fact)).collect()).await;
    let (school, ..) = known_child(&mut house).await;
    let serving = serve(&house, papers, LONG).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let child = Some(proto::events::Subject { value: "PLANTED".repeat(20), ..school.clone() });
    let purpose = s::Purpose::EarlyHelp.into();
    let refused = [
        reader.involvement(&GetInvolvementRequest { child: child.clone(), purpose }).await.unwrap_err(),
        reader.watch(&WatchTimelineRequest { child, purpose, ..Default::default() }).await.unwrap_err(),
    ];
    for status in &refused {
        assert_eq!((status.code(), violation(status).0.as_str()), (Code::InvalidArgument, "child"));
        assert!(!format!("{status:?}").contains("PLANTED"));
    }
    let no_purpose = GetInvolvementRequest { child: Some(school.clone()), purpose: 0 };
    let status = reader.involvement(&no_purpose).await.unwrap_err();
    assert_eq!(violation(&status).0, "purpose");
    assert_eq!(status.get_error_details().error_info().unwrap().reason, "PURPOSE_MISSING");
    let status = reader.explain(&ExplainDecisionRequest { decision_id: vec![1; 15], purpose: 0 }).await.unwrap_err();
    assert_eq!(violation(&status).0, "decision_id");
    let page = GetTimelineRequest { child: Some(school), purpose, page_size: 501, ..Default::default() };
    assert_eq!(reader.get(&page).await, Err("REQUEST_MALFORMED".to_owned()));
    let denials = house.disclosures().await;
    let calls: Vec<_> = denials.iter().map(|denial| (denial.call(), denial.denied())).collect();
    assert_eq!(calls.first(), Some(&(s::Call::GetInvolvement, s::DenialReason::RequestMalformed)), "on record");
}
