//! The operator's service: what it does not record, whoever may reach its socket.

use std::time::Duration;

use proto::admin::admin_server::Admin as _;
use proto::admin::{Fact, RecordFactsRequest};
use proto::events::event::Kind;
use proto::sharing as s;
use tonic::{Code, Request};

use crate::harness;
use harness::House;
use harness::sayings::*;
use harness::service::{Papers, Serving, serve};

const LONG: Duration = Duration::from_secs(3_600);

/// The organisation as it would be recorded, changed.
fn changed(recorded: Fact, change: impl FnOnce(&mut s::OrganisationRecorded)) -> Fact {
    let mut recorded = recorded;
    let Some(Kind::OrganisationRecorded(said)) = recorded.event.as_mut().and_then(|event| event.kind.as_mut()) else {
        panic!("no organisation")
    };
    change(said);
    recorded
}

/// What the operator is told, and how many facts were recorded.
async fn recorded(serving: &Serving, facts: Vec<Fact>) -> Result<u64, tonic::Status> {
    Ok(serving.operator.record_facts(Request::new(RecordFactsRequest { facts })).await?.into_inner().recorded)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_organisation_takes_a_name_by_which_another_is_known() {
    let mut house = House::new().await;
    let papers = Papers::new();
    let schools = papers.of(organisation(SCHOOL, s::Sector::Education));
    house.record(vec![schools.clone()]).await;
    house.catch_up().await;
    let serving = serve(&house, papers, LONG).await;
    let other = serving.papers.of(organisation("other", s::Sector::Education));
    let school_issuer = format!("https://id.{SCHOOL}.invalid");
    let impostors = [
        ("certificateName", changed(other.clone(), |said| said.certificate_name = Some(format!("{SCHOOL}.invalid")))),
        ("certificateName", changed(other.clone(), |said| said.certificate_name = Some(format!("{SCHOOL}.INVALID")))),
        ("tokenIssuer", changed(other.clone(), |said| said.token_issuer = Some(school_issuer.clone()))),
    ];
    let before = house.records(&[event_log::Topic::Sharing]).await.len();
    for (field, impostor) in impostors.clone() {
        let refused = recorded(&serving, vec![other.clone(), impostor]).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains(&format!("fact 2: `{field}`")), "{refused:?}");
        assert!(!refused.message().contains(SCHOOL), "it names no value: {refused:?}");
    }
    // Two of one file, neither of them on record yet.
    let third = changed(serving.papers.of(organisation("third", s::Sector::Health)), |said| {
        said.certificate_name = Some("other.invalid".into());
    });
    assert_eq!(recorded(&serving, vec![other.clone(), third]).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(house.records(&[event_log::Topic::Sharing]).await.len(), before, "nothing was recorded");

    // Its own again; another's that ended before; and what the other gives up in the same file.
    assert_eq!(recorded(&serving, vec![schools.clone()]).await.unwrap(), 1);
    let ended = changed(schools.clone(), |said| said.to = Some(day(2025, 8, 31)));
    let academy = |from| {
        changed(impostors[0].1.clone(), |said| {
            said.token_issuer = Some(school_issuer.clone());
            said.from = Some(from);
        })
    };
    let overlapping = recorded(&serving, vec![ended.clone(), academy(day(2025, 8, 31))]).await.unwrap_err();
    assert!(overlapping.message().contains("some of the same days"), "{overlapping:?}");
    assert_eq!(recorded(&serving, vec![ended, academy(day(2025, 9, 1))]).await.unwrap(), 2);
    let renamed = changed(schools, |said| {
        said.certificate_name = Some("renamed.invalid".into());
        said.token_issuer = Some("https://renamed.invalid".into());
    });
    assert_eq!(recorded(&serving, vec![impostors[0].1.clone(), renamed]).await.unwrap(), 2);
}

/// What takes two reviewers is not one operator's to record from a file; what takes one is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_links_and_seals_nobody_of_whom_two_people_must_decide() {
    use proto::events as e;
    let mut house = House::new().await;
    house.record(organisations()).await;
    let serving = serve(&house, Papers::new(), LONG).await;
    let (one, twin, other) = (hospital_person("H1"), hospital_person("H2"), pupil("P1"));
    // Before anything is known of them nothing speaks against it.
    assert_eq!(recorded(&serving, vec![linked(&pupil("P7"), &hospital_person("H7"))]).await.unwrap(), 1);
    house
        .say(HL7, [described(HOSPITAL, &one, &[nhs("9434765919")]), described(HOSPITAL, &twin, &[nhs("9434765870")])])
        .await;
    house.say(CENSUS, [described(SCHOOL, &other, &[])]).await;
    house.catch_up().await;
    let before = house.records(&[event_log::Topic::Identity]).await.len();
    let superseded = fact(&one, e::IdentifierSuperseded { superseded: Some(twin.clone()), ..Default::default() });
    let seal = e::IdentitySealed { sealed_on: Some(day(2025, 5, 1)), ..Default::default() };
    let sealed = Fact { sealed: vec![one.clone(), nhs("9434765919")], ..fact(&one, seal) };
    for (why, refused) in
        [("two numbers", linked(&one, &twin)), ("two people replace", superseded), ("a seal", sealed.clone())]
    {
        let told = recorded(&serving, vec![linked(&one, &other), refused]).await.unwrap_err();
        assert_eq!(told.code(), Code::InvalidArgument, "{why}");
        assert!(told.message().starts_with("fact 2: ") && told.message().contains("nothing was recorded"), "{told:?}");
    }
    assert_eq!(house.records(&[event_log::Topic::Identity]).await.len(), before, "nothing was recorded");
    assert_eq!(recorded(&serving, vec![linked(&one, &other)]).await.unwrap(), 1, "nothing speaks against these two");
    // What stands may be said again, as a file is that is recorded twice.
    house.record(vec![linked(&one, &twin), sealed.clone()]).await;
    house.catch_up().await;
    assert!(recorded(&serving, vec![linked(&one, &twin), sealed]).await.is_ok());
}
