//! Parents, carers and young people as readers: by what was recorded of them, over the same door as everybody.

use projection::disclose::{Followed, Watching};
use projection::serve::caller::{Caller, Standing};
use prost::Message;
use proto::admin::Fact;
use proto::events::{self as e, Subject};
use proto::sharing::family_person_recognised::Relation;
use proto::sharing::{self as s, NamedPerson, Purpose};
use proto::timeline::{GetFamilyRequest, GetInvolvementRequest, GetTimelineRequest, WatchTimelineRequest};

use super::harness::House;
use super::harness::sayings::*;
use super::harness::service::{Papers, Reader, Serving, reason, serve};
use super::{LONG, PASTORAL, catch_up, known_child};

const PORTAL: &str = "la-878-families";
const OTHER_PORTAL: &str = "la-879-families";
const PARENT: &str = "family-0001";

struct There {
    house: House,
    serving: Serving,
    child: Subject,
}

/// A child whom three organisations know, and a portal whose issuer names people who are not staff; and another.
async fn there() -> There {
    let mut house = House::new().await;
    let papers = Papers::new();
    let portal = |id: &str| {
        let mut portal = organisation(id, s::Sector::SocialCare);
        if let Some(e::event::Kind::OrganisationRecorded(said)) = portal.event.as_mut().and_then(|e| e.kind.as_mut()) {
            (said.vouches_for_people, said.designated) = (Some(true), Some(false));
        }
        portal
    };
    let organisations = organisations().into_iter().chain([portal(PORTAL), portal(OTHER_PORTAL)]);
    house.record(organisations.map(|fact| papers.of(fact)).collect()).await;
    let (child, council, _) = known_child(&mut house).await;
    let support = e::SenProvisionChanged { provision: coded("K"), ..Default::default() };
    let carer = saying(SCHOOL, &child, "carer", day(2025, 9, 1), e::YoungCarerIdentified::default());
    house.say(CENSUS, [saying(SCHOOL, &child, "sen", day(2025, 9, 1), support), carer]).await;
    let mut works = e::InvolvementStarted {
        organisation: Some(COUNCIL.into()),
        start_on: Some(day(2025, 10, 1)),
        ..Default::default()
    };
    works.set_kind(e::involvement::Kind::Lead);
    house.record(vec![fact(&council, works)]).await;
    let serving = serve(&house, papers, LONG).await;
    let mut there = There { house, serving, child };
    there.catch_up().await;
    there
}

impl There {
    async fn catch_up(&mut self) {
        catch_up(&mut self.house, &self.serving).await;
    }

    async fn record(&mut self, facts: Vec<Fact>) {
        self.house.record(facts).await;
        self.catch_up().await;
    }
}

fn named(portal: &str) -> Option<NamedPerson> {
    Some(NamedPerson { issuer: Some(format!("https://id.{portal}.invalid")), person: Some(PARENT.into()) })
}

fn recognised(child: &Subject, relation: Relation) -> Fact {
    let mut recognised = s::FamilyPersonRecognised {
        id: Some(format!("{relation:?}")),
        person: named(PORTAL),
        evidence: Some("an invented passport".into()),
        recognised_by: Some("an invented clerk".into()),
        on: Some(day(2026, 1, 5)),
        ..Default::default()
    };
    recognised.set_relation(relation);
    fact(child, recognised)
}

fn verified(child: &Subject) -> Fact {
    let verified = s::ParentalResponsibilityVerified {
        person: named(PORTAL),
        evidence: Some("an invented birth certificate".into()),
        verified_by: Some("another invented clerk".into()),
        on: Some(day(2026, 1, 5)),
    };
    fact(child, verified)
}

fn asks(child: &Subject, purpose: Purpose) -> GetTimelineRequest {
    GetTimelineRequest { child: Some(child.clone()), purpose: purpose.into(), ..Default::default() }
}

/// All of an answer but what differs each time.
async fn bytes(reader: &mut Reader, child: &Subject, purpose: Purpose) -> Vec<u8> {
    let mut answer = reader.get(&asks(child, purpose)).await.unwrap();
    (answer.decision_id, answer.next_page_token) = Default::default();
    answer.encode_to_vec()
}

async fn categories(reader: &mut Reader, child: &Subject, purpose: Purpose) -> Vec<s::Category> {
    let answer = reader.get(&asks(child, purpose)).await.unwrap();
    let mut categories: Vec<_> = answer.entries.iter().map(|entry| entry.category()).collect();
    categories.sort();
    categories.dedup();
    categories
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_reads_from_when_their_responsibility_is_verified_until_it_ends() {
    let mut there = there().await;
    let (child, unknown) = (there.child.clone(), pupil("NOBODY"));
    let mut parent = there.serving.family(PORTAL, PARENT).await;
    for purpose in [Purpose::SubjectAccess, Purpose::FamilyParticipation] {
        let of_nobody = bytes(&mut parent, &unknown, purpose).await;
        assert_eq!(bytes(&mut parent, &child, purpose).await, of_nobody, "nothing is recorded of them");
    }
    there.record(vec![recognised(&child, Relation::Parent)]).await;
    for purpose in [Purpose::SubjectAccess, Purpose::FamilyParticipation] {
        let of_nobody = bytes(&mut parent, &unknown, purpose).await;
        assert_eq!(bytes(&mut parent, &child, purpose).await, of_nobody, "a parent, and no more is known");
    }
    there.record(vec![verified(&child)]).await;
    use s::Category as C;
    let seen = categories(&mut parent, &child, Purpose::SubjectAccess).await;
    for category in [C::Attendance, C::Send, C::SocialCareCase, C::Hospital] {
        assert!(seen.contains(&category), "{category:?} of {seen:?}");
    }
    let part = categories(&mut parent, &child, Purpose::FamilyParticipation).await;
    assert_eq!(part, [C::Send, C::EarlyHelp], "the plan and the help, and nothing else");
    let works = GetInvolvementRequest { child: Some(child.clone()), purpose: Purpose::FamilyParticipation.into() };
    let works = parent.involvement(&works).await.unwrap();
    let working: Vec<_> = works.involved.iter().map(|one| (one.organisation.as_str(), one.capacity())).collect();
    assert_eq!(working, [(COUNCIL, e::involvement::Kind::Lead)], "who their worker is");
    let other = pupil("P2");
    there.house.say(CENSUS, [described(SCHOOL, &other, &[]), enrolled(SCHOOL, &other)]).await;
    there.catch_up().await;
    let of_nobody = bytes(&mut parent, &unknown, Purpose::SubjectAccess).await;
    assert_eq!(bytes(&mut parent, &other, Purpose::SubjectAccess).await, of_nobody, "of their own child only");

    let ended = s::ParentalResponsibilityEnded {
        person: named(PORTAL),
        ended_by: Some("an invented clerk".into()),
        on: Some(day(2026, 2, 1)),
    };
    there.record(vec![fact(&child, ended)]).await;
    assert_eq!(bytes(&mut parent, &child, Purpose::SubjectAccess).await, of_nobody, "it ended");
}

/// What a parent follows stops with their responsibility, and is not begun again by the same token.
#[tokio::test]
async fn what_a_parent_follows_stops_when_their_responsibility_ends() {
    let mut there = there().await;
    let child = there.child.clone();
    there.record(vec![recognised(&child, Relation::Parent), verified(&child)]).await;
    let parent = Caller {
        organisation: PORTAL.into(),
        person: PARENT.into(),
        standing: Standing::Family { issuer: format!("https://id.{PORTAL}.invalid") },
        roles: [].into(),
        active: false,
        trained: false,
    };
    let mut watching = Watching::new();
    let ask = there.house.ask(&parent, &child, Purpose::FamilyParticipation);
    let Followed::Changed(first) = there.house.discloser.follow(&ask, &watching).unwrap() else { panic!("no view") };
    let first = first.record(&there.house.recorder).await.unwrap().release().into_frames(&mut watching);
    assert!(first.iter().any(|frame| !frame.entries.is_empty()));
    let ended = s::ParentalResponsibilityEnded {
        person: named(PORTAL),
        ended_by: Some("an invented clerk".into()),
        on: Some(day(2026, 1, 6)),
    };
    there.record(vec![fact(&child, ended)]).await;
    let ask = there.house.ask(&parent, &child, Purpose::FamilyParticipation);
    assert!(matches!(there.house.discloser.follow(&ask, &watching).unwrap(), Followed::Narrowed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_of_the_same_name_at_another_issuer_is_somebody_else() {
    let mut there = there().await;
    let child = there.child.clone();
    there.record(vec![recognised(&child, Relation::Parent), verified(&child)]).await;
    let mut stranger = there.serving.family(OTHER_PORTAL, PARENT).await;
    let of_nobody = bytes(&mut stranger, &pupil("NOBODY"), Purpose::SubjectAccess).await;
    assert_eq!(bytes(&mut stranger, &child, Purpose::SubjectAccess).await, of_nobody);
    // An organisation that vouches for nobody: its token is refused before any child is thought of.
    let mut of_the_school = there.serving.family(SCHOOL, PARENT).await;
    let refused = of_the_school.get(&asks(&child, Purpose::SubjectAccess)).await;
    assert_eq!(refused, Err("TOKEN_REFUSED".to_owned()));
    // As staff of the portal they are nobody's parent.
    let mut clerk = there.serving.reader(PORTAL, PARENT, &["case_holding"]).await;
    let mut parent = there.serving.family(PORTAL, PARENT).await;
    assert_ne!(bytes(&mut parent, &child, Purpose::SubjectAccess).await, of_nobody);
    assert_eq!(bytes(&mut clerk, &child, Purpose::SubjectAccess).await, of_nobody);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_young_person_reads_their_own_record_once_they_can_decide() {
    let mut there = there().await;
    let child = there.child.clone();
    let mut again = recognised(&child, Relation::Subject);
    if let Some(e::event::Kind::FamilyPersonRecognised(said)) =
        again.event.as_mut().and_then(|event| event.kind.as_mut())
    {
        said.recognised_by = Some("another invented clerk".into());
    }
    there.record(vec![recognised(&child, Relation::Subject), again]).await;
    let mut own = there.serving.family(PORTAL, PARENT).await;
    let of_nobody = bytes(&mut own, &pupil("NOBODY"), Purpose::SubjectAccess).await;
    assert_eq!(bytes(&mut own, &child, Purpose::SubjectAccess).await, of_nobody, "nobody assessed it");
    let mut assessed = s::CompetenceAssessed {
        competent: Some(true),
        assessed_by: Some("an invented nurse".into()),
        on: Some(day(2026, 1, 5)),
        ..Default::default()
    };
    assessed.set_decision(s::DecisionKind::Treatment);
    there.record(vec![fact(&child, assessed.clone())]).await;
    assert_eq!(bytes(&mut own, &child, Purpose::SubjectAccess).await, of_nobody, "for another decision");
    assessed.set_decision(s::DecisionKind::Information);
    there.record(vec![fact(&child, assessed)]).await;
    let seen = categories(&mut own, &child, Purpose::SubjectAccess).await;
    assert!(seen.contains(&s::Category::Hospital) && seen.contains(&s::Category::Attendance), "{seen:?}");
    let record = there.house.disclosures().await.pop().unwrap();
    assert_eq!((record.organisation.as_str(), record.person.as_str()), (PORTAL, PARENT), "read, and on record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn service_planning_is_refused_alike_for_every_child_and_every_call() {
    let there = there().await;
    let mut teacher = there.serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    for child in [there.child.clone(), pupil("NOBODY")] {
        let purpose = Purpose::ServicePlanning.into();
        let (timeline, child) = (asks(&child, Purpose::ServicePlanning), Some(child));
        assert_eq!(teacher.get(&timeline).await, Err("AGGREGATES_ONLY".to_owned()));
        let watch = WatchTimelineRequest { child: child.clone(), purpose, ..Default::default() };
        let refused = [
            teacher.involvement(&GetInvolvementRequest { child: child.clone(), purpose }).await.unwrap_err(),
            teacher.family(&GetFamilyRequest { child: child.clone(), purpose }).await.unwrap_err(),
            teacher.watch(&watch).await.unwrap_err(),
        ];
        for status in refused {
            assert_eq!((reason(&status).as_str(), status.code()), ("AGGREGATES_ONLY", tonic::Code::PermissionDenied));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_reads_the_packages_that_are_theirs_to_arrange() {
    let mut there = there().await;
    let child = there.child.clone();
    let mut broker = there.serving.reader(COUNCIL, "b.invented", &["brokerage"]).await;
    let of_nobody = bytes(&mut broker, &pupil("NOBODY"), Purpose::ChildInNeed).await;
    assert_eq!(bytes(&mut broker, &child, Purpose::ChildInNeed).await, of_nobody, "nobody's package is theirs yet");
    let mut granted = s::AccessGranted {
        id: Some("package".into()),
        person: Some("b.invented".into()),
        organisation: Some(COUNCIL.into()),
        to: Some(day(2099, 1, 1)),
        granted_by: Some("an invented manager".into()),
        purposes: vec![Purpose::ChildInNeed.into()],
        ..Default::default()
    };
    granted.set_scope(s::access_granted::Scope::Package);
    there.record(vec![fact(&child, granted)]).await;
    let seen = categories(&mut broker, &child, Purpose::ChildInNeed).await;
    assert_eq!(seen, [s::Category::Send, s::Category::EarlyHelp]);
    let mut another = there.serving.reader(COUNCIL, "c.invented", &["brokerage"]).await;
    assert_eq!(bytes(&mut another, &child, Purpose::ChildInNeed).await, of_nobody, "by name");
    assert_eq!(bytes(&mut broker, &child, Purpose::LookedAfter).await, of_nobody, "for its purpose");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_family_records_reviews_audits_and_approves_nothing() {
    let mut there = there().await;
    there.record(vec![recognised(&there.child, Relation::Parent), verified(&there.child)]).await;
    there.house.settle(&there.serving).await;
    let child = there.child.clone();
    let (mut writer, mut guard, mut auditor, mut approver, mut reviewer) =
        there.serving.family_elsewhere(PORTAL, PARENT).await;
    let before = there.house.records(&[event_log::Topic::Sharing, event_log::Topic::Identity]).await.len();
    let consent = s::ConsentRecorded {
        id: Some("own".into()),
        kind: Some(s::consent_recorded::Kind::Share.into()),
        state: Some(s::consent_recorded::State::Given.into()),
        categories: vec![s::Category::Attendance.into()],
        ..Default::default()
    };
    let lifted = s::RestrictionLifted { id: Some("r".into()), ..Default::default() };
    let mut refused = Vec::new();
    for event in [e::Event::from(consent), lifted.into()] {
        for purpose in [Purpose::FamilyParticipation, Purpose::SubjectAccess, Purpose::EarlyHelp] {
            let wanted = s::RecordFactRequest {
                about: Some(child.clone()),
                purpose: purpose.into(),
                fact: Some(event.clone()),
                evidence: "invented".into(),
                ..Default::default()
            };
            refused.push(("NOT_YOURS_TO_RECORD", writer.record(wanted).await.unwrap_err()));
        }
    }
    let asserted = s::AssertBreakGlassRequest {
        child: Some(child.clone()),
        purpose: Purpose::ChildProtection.into(),
        reason: "invented".into(),
        minutes: 30,
    };
    refused.push(("NOT_FOR_THIS_ROLE", guard.assert(asserted).await.unwrap_err()));
    refused.push(("NOT_FOR_THIS_ROLE", guard.list(Default::default()).await.unwrap_err()));
    refused.push(("NOT_FOR_THIS_ROLE", guard.notices().await.unwrap_err()));
    refused.push(("NOT_FOR_THIS_ROLE", guard.refusals().await.unwrap_err()));
    let seen = proto::audit::WhoSawRequest { child: Some(child), ..Default::default() };
    refused.push(("", auditor.who_saw(seen).await.unwrap_err()));
    let rules = there.house.discloser.engine.policy_hash().to_vec();
    refused.push(("NOT_YOURS_TO_APPROVE", approver.approve(&rules).await.unwrap_err()));
    assert_eq!(
        reviewer.list(Default::default()).await.unwrap().items,
        [],
        "of which records are of one child, nothing"
    );
    for (expected, status) in &refused {
        // Of decisions, that there is none before them: whether there is one is an auditor's to know.
        let refused = [tonic::Code::PermissionDenied, tonic::Code::NotFound].contains(&status.code());
        assert!(refused, "{status:?}");
        assert!(expected.is_empty() || reason(status) == *expected, "{expected}: {status:?}");
    }
    let after = there.house.records(&[event_log::Topic::Sharing, event_log::Topic::Identity]).await.len();
    assert_eq!(after, before, "nothing was recorded");
}
