//! Why an answer was as it was: to its reader, and to nobody else but an auditor of the same organisation.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use projection::store::Engine;
use prost::Message;
use proto::events::{self as e, Subject};
use proto::sharing as s;
use proto::timeline::{
    ExplainDecisionRequest, ExplainDecisionResponse, GetInvolvementRequest, GetTimelineRequest, GetTimelineResponse,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::harness::faults::FaultyLog;
use super::harness::sayings::*;
use super::harness::service::{Papers, Reader, Serving, serve};
use super::harness::{HUB, House};
use super::{LONG, PASTORAL, known_child};

async fn started() -> (House, Serving, Subject) {
    started_in(House::new().await).await
}

async fn started_in(mut house: House) -> (House, Serving, Subject) {
    let papers = Papers::new();
    let mut recorded = organisations();
    recorded.push(organisation(HUB, s::Sector::SocialCare));
    house.record(recorded.into_iter().map(|fact| papers.of(fact)).collect()).await;
    let (school, council, _) = known_child(&mut house).await;
    let mut s47 = s::StatutoryStatusChanged { open: Some(true), on: Some(day(2025, 12, 1)), ..Default::default() };
    s47.set_status(s::statutory_status_changed::Status::Section47);
    house.record(vec![fact(&council, s47)]).await;
    house.catch_up().await;
    let serving = serve(&house, papers, LONG).await;
    (house, serving, school)
}

async fn asked(reader: &mut Reader, child: &Subject, purpose: s::Purpose) -> GetTimelineResponse {
    let request = GetTimelineRequest { child: Some(child.clone()), purpose: purpose.into(), ..Default::default() };
    reader.get(&request).await.unwrap()
}

/// The consumer has read the keys by which the decision's record is opened.
async fn catch_up(house: &mut House, serving: &Serving) {
    super::catch_up(house, serving).await;
}

fn of(decision_id: &[u8]) -> ExplainDecisionRequest {
    ExplainDecisionRequest { decision_id: decision_id.to_vec(), purpose: 0 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_found_however_wrong_the_clock_was_that_published_it() {
    let mut late_us = Arc::default();
    let house = House::on(Engine::Fjall, |log| {
        let log = FaultyLog::new(log);
        late_us = Arc::clone(&log.disclosures_late_us);
        Arc::new(log)
    });
    let (mut house, serving, school) = started_in(house.await).await;
    let mut lead = serving.reader(SCHOOL, "lead.invented", &["safeguarding"]).await;
    let answer = asked(&mut lead, &school, s::Purpose::ChildProtection).await;
    catch_up(&mut house, &serving).await;
    for hours in [-2, 0, 2] {
        late_us.store(hours * 3_600_000_000, Ordering::SeqCst);
        let told = lead.explain(&of(&answer.decision_id)).await.unwrap();
        assert_eq!(told.decision_id, answer.decision_id, "{hours} hours");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_is_told_the_rules_of_their_own_answer_and_none_that_it_did_not_show() {
    let (mut house, serving, school) = started().await;
    let mut lead = serving.reader(SCHOOL, "lead.invented", &["safeguarding"]).await;
    let answer = asked(&mut lead, &school, s::Purpose::ChildProtection).await;
    catch_up(&mut house, &serving).await;
    let told = lead.explain(&of(&answer.decision_id)).await.unwrap();
    assert_eq!((told.decision_id.clone(), told.call()), (answer.decision_id.clone(), s::Call::GetTimeline));
    assert_eq!((told.entries as usize, told.lines as usize), (answer.entries.len(), answer.existence.len()));
    assert_eq!(told.purpose(), s::Purpose::ChildProtection);
    assert!(told.policy_in_force && told.policy_hash.len() == 32 && told.audited.is_none());
    let ids = |rules: &[proto::timeline::RuleTold]| rules.iter().map(|rule| rule.id.clone()).collect::<BTreeSet<_>>();
    assert!(ids(&told.permitted_by).contains("P01-own-record"), "{:?}", told.permitted_by);
    let shown = answer.entries.iter().filter_map(|entry| entry.withheld.as_ref());
    let shown: BTreeSet<String> = shown.flat_map(|withheld| withheld.rules.iter().cloned()).collect();
    let all = &ids(&told.permitted_by) | &ids(&told.withheld_by);
    assert!(shown.is_subset(&all) && ids(&told.withheld_by).is_subset(&shown), "{shown:?} {all:?}");
    let groups: BTreeSet<_> =
        answer.entries.iter().filter_map(|e| e.withheld.clone()).flat_map(|withheld| withheld.field_groups).collect();
    assert_eq!(groups, told.field_groups.iter().cloned().collect());
    assert!(told.summary.iter().any(|line| line.contains("own organisation's record")), "{:?}", told.summary);
    let records = house.disclosures().await;
    let recorded = records.iter().find(|record| record.decision_id == told.explanation_id).unwrap();
    assert_eq!((recorded.call(), &recorded.explained), (s::Call::ExplainDecision, &answer.decision_id));
}

fn bare(status: &Status) -> (Code, String, Vec<u8>) {
    (status.code(), status.message().to_owned(), status.details().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anothers_decision_and_one_that_there_is_not_are_refused_in_the_same_words() {
    let (mut house, serving, school) = started().await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let answer = asked(&mut reader, &school, s::Purpose::EducationProvision).await;
    catch_up(&mut house, &serving).await;
    let mut colleague = serving.reader(SCHOOL, "t.other", PASTORAL).await;
    let mut elsewhere = serving.reader(COUNCIL, "t.invented", &["auditor"]).await;
    let mut unknown = answer.decision_id.clone();
    unknown[15] ^= 0x10;
    let mut refusals = vec![
        colleague.explain(&of(&answer.decision_id)).await.unwrap_err(),
        elsewhere.explain(&of(&answer.decision_id)).await.unwrap_err(),
        reader.explain(&of(&unknown)).await.unwrap_err(),
        reader.explain(&of(&[0; 16])).await.unwrap_err(),
    ];
    refusals.push(elsewhere.explain(&audit(&answer.decision_id)).await.unwrap_err());
    // A purpose without the role is no auditor's.
    refusals.push(colleague.explain(&audit(&answer.decision_id)).await.unwrap_err());
    assert!(refusals.windows(2).all(|two| bare(&two[0]) == bare(&two[1])), "{refusals:?}");
    assert_eq!(refusals[0].code(), Code::NotFound);
    assert_eq!(refusals[0].get_error_details().error_info().unwrap().reason, "NO_SUCH_DECISION");
    assert!(reader.explain(&of(&answer.decision_id)).await.is_ok());
}

fn audit(decision_id: &[u8]) -> ExplainDecisionRequest {
    ExplainDecisionRequest { purpose: s::Purpose::Audit.into(), ..of(decision_id) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_reads_who_was_given_what_and_the_serving_organisations_own_how_it_was_decided() {
    let (mut house, serving, school) = started().await;
    assert_eq!(house.recorder.organisation(), HUB);
    for (organisation, role, purpose, serves) in [
        (SCHOOL, "school_pastoral", s::Purpose::EducationProvision, false),
        (HUB, "case_holding", s::Purpose::ChildInNeed, true),
    ] {
        let mut reader = serving.reader(organisation, "t.invented", &[role]).await;
        let answer = asked(&mut reader, &school, purpose).await;
        catch_up(&mut house, &serving).await;
        let mut auditor = serving.reader(organisation, "a.invented", &["auditor"]).await;
        let told = auditor.explain(&audit(&answer.decision_id)).await.unwrap();
        let audited = told.audited.clone().unwrap();
        assert_eq!((audited.person.as_str(), audited.organisation.as_str()), ("t.invented", organisation));
        assert!((serves || audited.classes_full > 0) && audited.answer_digest.len() == 16);
        assert_eq!((audited.positions.is_empty(), audited.outcomes_digest.is_empty()), (!serves, !serves));
        let bytes = told.encode_to_vec();
        let pseudonym = house.pseudonyms.of(&school).0;
        assert!(!bytes.windows(16).any(|window| window == pseudonym));
    }
}

/// Without what differs between any two explanations: ids, times, and the digest over what was asked.
fn without_names(explained: ExplainDecisionResponse) -> ExplainDecisionResponse {
    let nothing = Vec::new();
    let audited = explained.audited.clone();
    ExplainDecisionResponse {
        decision_id: nothing.clone(),
        explanation_id: nothing.clone(),
        decided_at: None,
        audited: audited.map(|audited| proto::timeline::Audited { request_digest: nothing, ..audited }),
        ..explained
    }
}

/// A child whom the council alone knows, and a school's child whose enrolment there is over.
async fn hidden_children(house: &mut House) -> [Subject; 2] {
    let (hidden, left) = (council_child("HIDDEN"), pupil("LEFT"));
    house.say(CIN, [described(COUNCIL, &hidden, &[]), referred(&hidden)]).await;
    let ended =
        e::EnrolmentEnded { school: Some(SCHOOL.into()), leaving_on: Some(day(2022, 1, 1)), ..Default::default() };
    house.say(CENSUS, [enrolled(SCHOOL, &left), saying(SCHOOL, &left, "left", day(2022, 1, 1), ended)]).await;
    [hidden, left]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_explanation_nor_audit_tells_a_hidden_child_from_an_unknown_one() {
    let (mut house, serving, _) = started().await;
    let [hidden, left] = hidden_children(&mut house).await;
    catch_up(&mut house, &serving).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", &["safeguarding"]).await;
    let mut auditor = serving.reader(SCHOOL, "a.invented", &["auditor"]).await;
    let purpose = s::Purpose::EarlyHelp;
    let mut told = Vec::new();
    for child in [&hidden, &left, &pupil("NOBODY")] {
        let timeline = asked(&mut reader, child, purpose).await;
        let who = GetInvolvementRequest { child: Some(child.clone()), purpose: purpose.into() };
        let involvement = reader.involvement(&who).await.unwrap();
        assert!(timeline.entries.is_empty() && involvement.involved.is_empty());
        catch_up(&mut house, &serving).await;
        for id in [timeline.decision_id, involvement.decision_id] {
            told.push((
                without_names(reader.explain(&of(&id)).await.unwrap()),
                without_names(auditor.explain(&audit(&id)).await.unwrap()),
            ));
        }
    }
    assert_eq!(told[..2], told[4..], "known to the council alone");
    assert_eq!(told[2..4], told[4..], "known to the school, and nobody works with the child");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_explanation_of_an_unknown_child_is_that_of_a_hidden_one() {
    let (mut house, serving, _) = started().await;
    let hidden = council_child("HIDDEN");
    house.say(CIN, [described(COUNCIL, &hidden, &[]), referred(&hidden)]).await;
    catch_up(&mut house, &serving).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut told = Vec::new();
    for child in [&hidden, &pupil("NOBODY")] {
        let answer = asked(&mut reader, child, s::Purpose::EducationProvision).await;
        catch_up(&mut house, &serving).await;
        let explained = reader.explain(&of(&answer.decision_id)).await.unwrap();
        let nothing = Vec::new();
        told.push(ExplainDecisionResponse {
            decision_id: nothing.clone(),
            explanation_id: nothing,
            decided_at: None,
            ..explained
        });
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0].permitted_by.is_empty() && told[0].withheld_by.is_empty());
}
