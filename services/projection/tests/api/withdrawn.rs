//! Once a withdrawal is acknowledged, no later answer carries what it withdrew: whatever was on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_log::authority::COMMAND;
use projection::command::Commands;
use projection::own_records::OwnRecords;
use proto::events::Subject;
use proto::sharing as s;
use proto::timeline::{GetTimelineRequest, WatchTimelineRequest};
use tokio_util::sync::CancellationToken;

use super::harness::sayings::*;
use super::harness::service::{Papers, serve};
use super::harness::{HUB, House, now_us};
use super::{LONG, PASTORAL, known_child};

/// Whether an answer tells anything of the hospital's.
fn of_hospital(entries: &[proto::timeline::Entry]) -> bool {
    entries.iter().any(|entry| entry.organisation == HOSPITAL)
}

fn asked(school: &Subject) -> GetTimelineRequest {
    GetTimelineRequest {
        child: Some(school.clone()),
        purpose: s::Purpose::EarlyHelp.into(),
        page_size: 500,
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_withdrawal_is_acknowledged_no_answer_carries_it() {
    let mut house = House::new().await;
    let papers = Papers::new();
    house.record(organisations().into_iter().map(|fact| papers.of(fact)).collect()).await;
    let (school, _, hospital) = known_child(&mut house).await;
    let (mut consumer, progress) = house.take_consumer();
    consumer.catch_up(&CancellationToken::new()).await.unwrap();
    let serving = serve(&house, papers, LONG).await;
    let commands = OwnRecords::open(
        Arc::clone(&house.log),
        Arc::clone(&house.pseudonyms),
        Arc::clone(&house.wrapping),
        HUB,
        COMMAND,
    );
    let commands = commands.await.unwrap().acknowledged_once_read(house.store.clone(), progress.clone());
    let commands = Commands::new(commands);
    // As a process does: the consumer runs, and the service is told.
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { consumer.run(stop).await }
    });
    let telling = tokio::spawn({
        let (mut progress, told) = (progress.clone(), serving.progress.clone());
        async move {
            while progress.changed().await.is_ok() {
                told.send_replace(*progress.borrow_and_update());
            }
        }
    });
    let today = day(2026, 1, 15);
    for round in 0..6 {
        let state = |state, id: &str| vec![consent(&hospital, id, state, day(2024, 1, 1))];
        let id = format!("c{round}");
        commands.record(state(s::consent_recorded::State::Given, &id), now_us(), today).await.unwrap();
        let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
        assert!(
            of_hospital(&reader.get(&asked(&school)).await.unwrap().entries),
            "the consent is in force once acknowledged"
        );
        // Readers who ask all the while.
        let withdrawn = Arc::new(AtomicBool::new(false));
        let mut readers = Vec::new();
        for n in 0..4 {
            let mut reader = serving.reader(SCHOOL, &format!("t.{n}"), PASTORAL).await;
            let (withdrawn, request) = (Arc::clone(&withdrawn), asked(&school));
            readers.push(tokio::spawn(async move {
                let mut after = 0;
                while after < 5 {
                    // Asked after it was acknowledged.
                    let was_withdrawn = withdrawn.load(Ordering::SeqCst);
                    let answer = reader.get(&request).await.unwrap();
                    assert!(!(was_withdrawn && of_hospital(&answer.entries)), "an answer carries what was withdrawn");
                    after += usize::from(was_withdrawn);
                }
            }));
        }
        commands.record(state(s::consent_recorded::State::Withdrawn, &id), now_us(), today).await.unwrap();
        withdrawn.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.await.unwrap();
        }
    }
    let mut reader = serving.reader(SCHOOL, "t.invented", PASTORAL).await;
    let request = WatchTimelineRequest {
        child: Some(school.clone()),
        purpose: s::Purpose::EarlyHelp.into(),
        ..Default::default()
    };
    let first = reader.watch(&request).await.unwrap().message().await.unwrap().unwrap();
    assert!(
        !first.entries.iter().any(|entry| entry.entry.as_ref().is_some_and(|entry| entry.organisation == HOSPITAL))
    );
    stop.cancel();
    running.await.unwrap().unwrap();
    telling.abort();
}
