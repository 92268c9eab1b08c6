//! The service over TLS: pages, refusals, and what it does when it may not or cannot answer. Invariants 6 and 7.

use crate::harness;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use harness::House;
use harness::faults::{FaultyLog, NO_END};
use harness::sayings::*;
use harness::service::{Papers, Serving, serve};
use projection::store::Engine;
use proto::events::{self as e, Subject};
use proto::sharing as s;
use proto::sharing::consent_recorded::State;
use proto::timeline::{GetTimelineRequest, GetTimelineResponse};

const PASTORAL: &[&str] = &["school_pastoral"];
const LONG: Duration = Duration::from_secs(3_600);

fn request(child: &Subject, page_size: u32) -> GetTimelineRequest {
    GetTimelineRequest {
        child: Some(child.clone()),
        purpose: s::Purpose::EarlyHelp.into(),
        page_size,
        ..GetTimelineRequest::default()
    }
}

/// A school's child whom the hospital knows, with consent for everything.
async fn child_with_consent(house: &mut House, papers: &Papers) -> (Subject, Subject) {
    let (school, hospital) = (pupil("P1"), hospital_person("H1"));
    let mut facts: Vec<_> = organisations().into_iter().map(|fact| papers.of(fact)).collect();
    facts.extend([linked(&school, &hospital), consent(&hospital, "c1", State::Given, day(2024, 1, 1))]);
    house.record(facts).await;
    house.say(CENSUS, [described(SCHOOL, &school, &[]), enrolled(SCHOOL, &school)]).await;
    let visits = (1..9)
        .map(|n| saying(HOSPITAL, &hospital, &format!("visit/{n}"), day(2024, n, 2), e::AttendedEmergency::default()));
    house.say(HL7, visits.collect::<Vec<_>>()).await;
    house.catch_up().await;
    (school, hospital)
}

async fn started() -> (House, Serving, Subject, Subject) {
    let mut house = House::new().await;
    let papers = Papers::new();
    let (school, hospital) = child_with_consent(&mut house, &papers).await;
    let serving = serve(&house, papers, LONG).await;
    (house, serving, school, hospital)
}

/// The consumer caught up, and the service was told so.
async fn catch_up(house: &mut House, serving: &Serving) {
    house.catch_up().await;
    serving.progress.send_replace(*house.progress.borrow());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_put_together_are_the_whole_whatever_is_published_meanwhile() {
    let (mut house, serving, school, _) = started().await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let whole = reader.get(&request(&school, 500)).await.unwrap();
    assert!(whole.entries.len() >= 10 && !whole.more);
    let mut page = request(&school, 3);
    let mut pages: Vec<GetTimelineResponse> = Vec::new();
    loop {
        let answer = reader.get(&page).await.unwrap();
        page.page_token.clone_from(&answer.next_page_token);
        let n = pages.len() as i32;
        house.say(CENSUS, [attended(&school, 2020 + n)]).await;
        catch_up(&mut house, &serving).await;
        let more = answer.more;
        pages.push(answer);
        if !more {
            break;
        }
    }
    let entries: Vec<_> = pages.iter().flat_map(|page| page.entries.clone()).collect();
    assert_eq!(entries, whole.entries);
    assert!(pages.iter().all(|page| page.next_page_token.len() == whole.next_page_token.len()));
    assert_eq!(house.disclosures().await.len(), pages.len() + 1, "each page is on record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_node_that_is_behind_is_whole_or_is_not_given() {
    let mut house = House::new().await;
    let papers = Arc::new(Papers::new());
    let (school, _) = child_with_consent(&mut house, &papers).await;
    let mut behind = house.another_node().await;
    behind.catch_up().await;
    house.say(CENSUS, (2020..2025).map(|year| attended(&school, year)).collect::<Vec<_>>()).await;
    house.catch_up().await;
    let (ahead, late) = (serve(&house, Arc::clone(&papers), LONG).await, serve(&behind, papers, LONG).await);
    let mut first_asked = ahead.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut then_asked = late.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut next = request(&school, 6);
    next.page_token = first_asked.get(&next).await.unwrap().next_page_token;
    let second = first_asked.get(&next).await.unwrap();
    assert_eq!(then_asked.get(&next).await.map(|page| page.entries), Err("FACTS_STALE".to_owned()));
    // Asked again, and it reads on meanwhile.
    let (page, ()) = tokio::join!(then_asked.get(&next), catch_up(&mut behind, &late));
    assert_eq!(page.unwrap().entries, second.entries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_token_is_its_callers_and_its_requests_alone() {
    let (_house, serving, school, hospital) = started().await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut next = request(&school, 3);
    next.page_token = reader.get(&next).await.unwrap().next_page_token;
    assert!(reader.get(&next).await.is_ok());
    let refused = Err("PAGE_TOKEN_REFUSED".to_owned());
    let mut colleague = serving.reader(SCHOOL, "t.other", PASTORAL).await;
    assert_eq!(colleague.get(&next).await, refused);
    let mut elsewhere = serving.reader(COUNCIL, "t.invented", PASTORAL).await;
    assert_eq!(elsewhere.get(&next).await, refused);
    let other_child = GetTimelineRequest { child: Some(hospital), ..next.clone() };
    let other_purpose = GetTimelineRequest { purpose: s::Purpose::DirectCare.into(), ..next.clone() };
    for other in [other_child, other_purpose, GetTimelineRequest { page_size: 4, ..next }] {
        assert_eq!(reader.get(&other).await, refused);
    }
}

/// A page pins what was known, never what is permitted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_between_two_pages_binds_the_second() {
    let (mut house, serving, school, hospital) = started().await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut next = request(&school, 1);
    let first = reader.get(&next).await.unwrap();
    assert_eq!(first.entries[0].organisation, HOSPITAL);
    next.page_token = first.next_page_token;
    assert_eq!(reader.get(&next).await.unwrap().entries[0].organisation, HOSPITAL);
    let withdrawn = consent(&hospital, "w1", State::Withdrawn, day(2026, 1, 1));
    house.record(vec![withdrawn]).await;
    catch_up(&mut house, &serving).await;
    let after = reader.get(&next).await.unwrap();
    assert!(after.entries.iter().all(|entry| entry.organisation == SCHOOL), "a token is no way round a withdrawal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stale_facts_mean_no_answer() {
    let (mut house, serving, school, _) = started().await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let stale = Err("FACTS_STALE".to_owned());
    let before = house.disclosures().await.len();
    for facts_read_at in [None, Instant::now().checked_sub(LONG + LONG)] {
        serving.progress.send_modify(|progress| progress.facts_read_at = facts_read_at);
        assert_eq!(reader.get(&request(&school, 3)).await, stale);
    }
    let denials = house.disclosures().await;
    assert!(denials.len() > before && denials.iter().all(|denial| denial.denied() == s::DenialReason::FactsStale));
    catch_up(&mut house, &serving).await;
    assert!(reader.get(&request(&school, 3)).await.is_ok(), "and an answer again once they are read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_without_its_record() {
    let left = Arc::new(AtomicI64::new(NO_END));
    let tap = Arc::clone(&left);
    let wrap =
        |log| Arc::new(FaultyLog { disclosures_left: tap, ..FaultyLog::new(log) }) as Arc<dyn event_log::EventLog>;
    let mut house = House::on(Engine::Fjall, wrap).await;
    let papers = Papers::new();
    let (school, _) = child_with_consent(&mut house, &papers).await;
    let serving = serve(&house, papers, LONG).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    left.store(0, Ordering::SeqCst);
    assert_eq!(reader.get(&request(&school, 3)).await, Err("NOT_RECORDED".to_owned()));
    left.store(NO_END, Ordering::SeqCst);
    assert_eq!(reader.get(&request(&school, 3)).await.unwrap().entries.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_whom_nobody_recorded_is_told_nothing_and_not_recorded() {
    let (house, serving, school, _) = started().await;
    let mut stranger = serving.reader("school-1111111", "t.invented", PASTORAL).await;
    assert_eq!(stranger.get(&request(&school, 3)).await, Err("UNKNOWN_ORGANISATION".to_owned()));
    let mut reader = serving.reader(SCHOOL, "t.invented", &["superuser"]).await;
    assert_eq!(reader.get(&request(&school, 3)).await, Err("TOKEN_REFUSED".to_owned()));
    assert_eq!(house.disclosures().await, [], "before a caller is known there is nobody to record");
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let no_purpose = GetTimelineRequest { purpose: 0, ..request(&school, 3) };
    assert_eq!(reader.get(&no_purpose).await, Err("PURPOSE_MISSING".to_owned()));
    let denials = house.disclosures().await;
    assert_eq!(denials.iter().map(|d| d.denied()).collect::<Vec<_>>(), [s::DenialReason::PurposeMissing]);
}
