//! Streams over TLS: frames that always come, the end that always comes, and how many there may be.

use std::time::Duration;

use event_log::EventLog;
use projection::serve::stream::{Pace, Watches};
use projection::store::Engine;
use prost::Message;
use proto::events::{self as e, Subject};
use proto::sharing as s;
use proto::timeline::{WatchTimelineRequest, WatchTimelineResponse};
use tonic::{Code, Streaming};
use tonic_types::StatusExt as _;

use super::harness::faults::{FaultyLog, NO_END};
use super::harness::sayings::*;
use super::harness::service::{Papers, Serving, serve_with};
use super::harness::{HUB, House};
use super::{LONG, PASTORAL, catch_up, known_child, withdrawn};

fn pace(lasts: Duration) -> Pace {
    let between_frames = Duration::from_millis(20);
    Pace { between_frames, held: Duration::from_millis(1), lasts, slow_max: LONG }
}

fn request(child: &Subject) -> WatchTimelineRequest {
    WatchTimelineRequest { child: Some(child.clone()), purpose: s::Purpose::EarlyHelp.into(), ..Default::default() }
}

async fn started(lasts: Duration) -> (House, Serving, Watches, Subject, Subject) {
    started_on(House::new().await, lasts).await
}

async fn started_on(mut house: House, lasts: Duration) -> (House, Serving, Watches, Subject, Subject) {
    let papers = Papers::new();
    house.record(organisations().into_iter().map(|fact| papers.of(fact)).collect()).await;
    let (school, _, hospital) = known_child(&mut house).await;
    let given = consent(&hospital, "c1", s::consent_recorded::State::Given, day(2024, 1, 1));
    house.record(vec![given]).await;
    house.catch_up().await;
    let watches = Watches::at(pace(lasts));
    let serving = serve_with(&house, papers, LONG, watches.clone()).await;
    (house, serving, watches, school, hospital)
}

/// The next frame that says something. Empty ones come before it, and say nothing at all.
async fn telling(stream: &mut Streaming<WatchTimelineResponse>) -> WatchTimelineResponse {
    loop {
        let frame = stream.message().await.unwrap().expect("the stream goes on");
        if frame.decision_id.is_empty() {
            assert_eq!(frame.encoded_len(), 0, "a frame that tells nothing is empty");
        } else {
            return frame;
        }
    }
}

/// So many frames, all of them empty.
async fn nothing(stream: &mut Streaming<WatchTimelineResponse>, frames: usize) {
    for _ in 0..frames {
        assert_eq!(stream.message().await.unwrap(), Some(WatchTimelineResponse::default()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_come_whether_or_not_there_is_anything_to_tell() {
    let (mut house, serving, _, school, _) = started(LONG).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut stream = reader.watch(&request(&school)).await.unwrap();
    let first = telling(&mut stream).await;
    assert!(first.complete && !first.entries.is_empty());
    nothing(&mut stream, 3).await;
    house.say(CENSUS, [attended(&school, 2025)]).await;
    catch_up(&mut house, &serving).await;
    let new = telling(&mut stream).await;
    assert_eq!((new.entries.len(), new.complete), (1, false));
    // A restriction of another child, and what is hidden of this one.
    let kept = e::SourceRecordKept { content: Some("invented".into()), ..Default::default() };
    house.say(CIN, [saying(COUNCIL, &council_child("C1"), "kept", day(2024, 2, 1), kept)]).await;
    house.record(vec![restriction(&pupil("P2"), "r1", s::restriction::Kind::Court)]).await;
    catch_up(&mut house, &serving).await;
    let recorded = house.disclosures().await.len();
    nothing(&mut stream, 5).await;
    assert_eq!(house.disclosures().await.len(), recorded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_withdrawal_is_read_no_frame_tells_anything_and_the_end_is_that_of_every_stream() {
    let (mut house, serving, watches, school, hospital) = started(Duration::from_secs(3)).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut narrowed = reader.watch(&request(&school)).await.unwrap();
    let mut other = reader.watch(&request(&pupil("NOBODY"))).await.unwrap();
    assert!(telling(&mut narrowed).await.complete);
    assert_eq!(telling(&mut other).await.entries, [], "a child who is not known is followed like any other");
    house.record(vec![withdrawn(&hospital)]).await;
    catch_up(&mut house, &serving).await;
    // Whatever comes after it, the reader's own school's included.
    house.say(CENSUS, [attended(&school, 2025)]).await;
    catch_up(&mut house, &serving).await;
    let mut counts = [0, 0];
    for (stream, count) in [&mut narrowed, &mut other].into_iter().zip(&mut counts) {
        while let Some(frame) = stream.message().await.unwrap() {
            assert_eq!(frame, WatchTimelineResponse::default());
            *count += 1;
        }
    }
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    // Asked again, the reader gets what is left.
    let mut again = reader.watch(&request(&school)).await.unwrap();
    let view = telling(&mut again).await;
    let organisations: Vec<_> =
        view.entries.iter().map(|entry| entry.entry.as_ref().unwrap().organisation.as_str()).collect();
    assert!(organisations.contains(&SCHOOL) && !organisations.contains(&HOSPITAL));
    assert_eq!(watches.open_count(), 1, "what has ended takes no place");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_facts_are_stale_nothing_is_given_and_afterwards_it_goes_on() {
    let (mut house, serving, _, school, _) = started(LONG).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut stream = reader.watch(&request(&school)).await.unwrap();
    telling(&mut stream).await;
    house.say(CENSUS, [attended(&school, 2025)]).await;
    serving.progress.send_modify(|progress| progress.facts_read_at = None);
    house.catch_up().await;
    // One may be on its way.
    stream.message().await.unwrap().unwrap();
    nothing(&mut stream, 4).await;
    let refused = reader.watch(&request(&school)).await.unwrap_err();
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "FACTS_STALE");
    serving.progress.send_replace(*house.progress.borrow());
    assert_eq!(telling(&mut stream).await.entries.len(), 1);
}

/// Waits for an answer that takes what it did being read.
async fn answered<A>(house: &mut House, serving: &Serving, answer: impl Future<Output = A>) -> A {
    let mut answer = Box::pin(answer);
    loop {
        tokio::select! {
            biased;
            answer = &mut answer => break answer,
            () = house.settle(serving) => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_an_approval_of_the_rules_is_taken_back_no_frame_tells_anything() {
    let (mut house, serving, _, school, _) = started(LONG).await;
    house.record(vec![serving.papers.of(organisation(HUB, s::Sector::Oversight))]).await;
    catch_up(&mut house, &serving).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut stream = reader.watch(&request(&school)).await.unwrap();
    telling(&mut stream).await;
    let rules = house.discloser.engine.policy_hash().to_vec();
    let mut approver = serving.approver(HUB, "approver-1", &["information_governance"]).await;
    answered(&mut house, &serving, approver.withdraw(&rules)).await.unwrap();
    catch_up(&mut house, &serving).await;
    house.say(CENSUS, [attended(&school, 2025)]).await;
    catch_up(&mut house, &serving).await;
    nothing(&mut stream, 5).await;
    let refused = reader.watch(&request(&school)).await.unwrap_err();
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "POLICY_NOT_APPROVED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_given_that_is_not_on_record() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    let left = Arc::new(AtomicI64::new(NO_END));
    let tap = Arc::clone(&left);
    let wrap = |log| Arc::new(FaultyLog { disclosures_left: tap, ..FaultyLog::new(log) }) as Arc<dyn EventLog>;
    let house = House::on(Engine::Fjall, wrap).await;
    let (mut house, serving, _, school, _) = started_on(house, LONG).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut stream = reader.watch(&request(&school)).await.unwrap();
    telling(&mut stream).await;
    left.store(0, Ordering::SeqCst);
    house.say(CENSUS, [attended(&school, 2025)]).await;
    catch_up(&mut house, &serving).await;
    nothing(&mut stream, 4).await;
    left.store(NO_END, Ordering::SeqCst);
    assert_eq!(telling(&mut stream).await.entries.len(), 1, "and it comes once it can be recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_stops_says_to_ask_again_and_opens_no_more() {
    let (_house, serving, watches, school, _) = started(LONG).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut stream = reader.watch(&request(&school)).await.unwrap();
    telling(&mut stream).await;
    watches.end();
    let ended = loop {
        match stream.message().await {
            Ok(frame) => assert!(frame.is_some(), "an end without a word"),
            Err(status) => break status,
        }
    };
    for status in [ended, reader.watch(&request(&school)).await.unwrap_err()] {
        assert_eq!(status.code(), Code::Unavailable);
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "STREAM_ENDED");
        assert!(details.retry_info().is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_at_its_readers_deadline() {
    let (_house, serving, _, school, _) = started(LONG).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut stream = reader.watch_for(&request(&school), Duration::from_millis(500)).await.unwrap();
    telling(&mut stream).await;
    let status = loop {
        if let Err(status) = stream.message().await {
            break status;
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_may_have_so_many_streams_and_no_more() {
    let (_house, serving, watches, school, _) = started(LONG).await;
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut open = Vec::new();
    let refused = loop {
        match reader.watch(&request(&school)).await {
            Ok(stream) => open.push(stream),
            Err(status) => break status,
        }
    };
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "TOO_MANY_STREAMS");
    assert_eq!(watches.open_count(), open.len());
    let mut colleague = serving.reader(SCHOOL, "t.other", PASTORAL).await;
    assert!(colleague.watch(&request(&school)).await.is_ok());
}

/// A reader who takes nothing while there is more than their connection holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_takes_nothing_has_the_stream_ended_and_is_told_to_ask_again() {
    let slow_max = Duration::from_millis(50);
    let slow = Pace { slow_max, ..pace(LONG) };
    let (_house, serving, watches, school) = with_a_long_view(slow).await;
    let mut reader = serving.slow_reader(SCHOOL, "t.invented", PASTORAL).await;
    let mut stream = reader.watch(&request(&school)).await.unwrap();
    let opened_at = std::time::Instant::now();
    while opened_at.elapsed() < slow_max * 20 {
        tokio::task::yield_now().await;
    }
    let status = loop {
        match stream.message().await {
            Ok(frame) => assert!(frame.is_some_and(|frame| !frame.complete), "it was given more than was taken"),
            Err(status) => break status,
        }
    };
    assert_eq!(status.get_error_details().error_info().unwrap().reason, "STREAM_ENDED");
    assert_eq!(watches.open_count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_whose_end_nobody_takes_is_gone_from_memory() {
    let short = Duration::from_millis(100);
    let (_house, serving, watches, school) = with_a_long_view(Pace { slow_max: short, ..pace(short) }).await;
    let mut reader = serving.slow_reader(SCHOOL, "t.invented", PASTORAL).await;
    let _untaken = reader.watch(&request(&school)).await.unwrap();
    while watches.open_count() > 0 {
        tokio::task::yield_now().await;
    }
}

/// A view of which a connection holds a part only.
async fn with_a_long_view(pace: Pace) -> (House, Serving, Watches, Subject) {
    let mut house = House::new().await;
    let papers = Papers::new();
    house.record(organisations().into_iter().map(|fact| papers.of(fact)).collect()).await;
    let (school, ..) = known_child(&mut house).await;
    let event = |n: i32| e::AttendanceSummarised {
        term: coded(&"an invented term, at some length ".repeat(8)),
        school_year: Some(n as u32),
        ..Default::default()
    };
    let many =
        (0..1_000).map(|n| saying(SCHOOL, &school, &format!("long/{n}"), day(2024, 1, 1 + n as u32 % 28), event(n)));
    house.say(CENSUS, many.collect::<Vec<_>>()).await;
    house.catch_up().await;
    let watches = Watches::at(pace);
    let serving = serve_with(&house, papers, LONG, watches.clone()).await;
    (house, serving, watches, school)
}
