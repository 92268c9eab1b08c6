//! One node that goes, stands still, or is killed in the middle, and a reader that cannot keep up.

use std::time::{Duration, Instant};

use broker::{Broker, Kind, Plan};
use event_log::kafka::{Connection, KafkaLog};
use event_log::{EventLog, Partition};

use crate::alone::{is_alone, resident_bytes};
use crate::cluster::{TOPIC, connection, make_topic, open, options};
use crate::load::{Load, end};

async fn one(needs: &str) -> Option<(Broker, Connection, KafkaLog)> {
    let cluster = tokio::task::block_in_place(|| Plan::of(Kind::Plaintext).start().unwrap());
    if cluster.passes_over(needs) {
        return None;
    }
    let connection = connection(&cluster);
    make_topic(&connection, 1, 1).await;
    let log = open(&connection).await;
    Some((cluster.into(), connection, log))
}

/// How long, seconds: `deploy/bad-days` asks for minutes.
fn seconds(name: &str, otherwise: u64) -> Duration {
    let asked = std::env::var(name).ok();
    Duration::from_secs(asked.map_or(otherwise, |asked| asked.parse().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_gone_under_load_costs_time_and_neither_records_nor_memory() {
    const MEMORY_MAX: u64 = 48 << 20;
    if !is_alone("one_node::a_broker_that_is_gone_under_load_costs_time_and_neither_records_nor_memory", &[]) {
        return;
    }
    let Some((mut broker, connection, log)) = one("a broker that is gone under load").await else { return };
    let gone_for = seconds("BROKER_GONE_SECONDS", 5);
    let load = Load::begin(&log, Partition::all());
    load.wait_for(4_000);
    let before = resident_bytes();
    println!("{:>6}  {:>12}  {:>12}  {:>10}", "second", "acknowledged", "tried again", "memory");
    let row = |second: u64| {
        let (acknowledged, unavailable) = (load.acknowledged(), load.unavailable());
        println!("{second:>6}  {acknowledged:>12}  {unavailable:>12}  {:>7} MB", resident_bytes() >> 20);
    };
    row(0);
    broker.kill().unwrap();
    let (killed, mut most, mut last_row) = (Instant::now(), before, 0);
    while killed.elapsed() < gone_for {
        tokio::time::sleep(Duration::from_millis(200)).await;
        most = most.max(resident_bytes());
        let second = killed.elapsed().as_secs();
        if second >= last_row + (gone_for.as_secs() / 10).max(1) {
            last_row = second;
            row(second);
        }
    }
    load.wait_until_unavailable();
    let held = load.acknowledged();
    tokio::task::block_in_place(|| broker.start_again().unwrap());
    let resumed = load.wait_for(1);
    load.wait_for(4_000);
    println!("back: the first record was acknowledged {resumed:?} after the broker was ready");
    assert!(load.acknowledged() > held);
    assert!(most < before + MEMORY_MAX, "{} MB grew to {} MB", before >> 20, most >> 20);
    let found = end(load, &connection, &format!("the broker gone for {gone_for:?}")).await;
    assert!(found.unavailable > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_stands_still_is_waited_for() {
    let Some((mut broker, connection, log)) = one("a broker that stands still").await else { return };
    let load = Load::begin(&log, Partition::all());
    load.wait_for(1_000);
    broker.pause().unwrap();
    load.wait_until_unavailable();
    broker.resume().unwrap();
    load.wait_for(1_000);
    let found = end(load, &connection, "a broker that stood still").await;
    assert!(found.unavailable > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_in_the_middle_of_a_batch_keeps_what_it_acknowledged() {
    const TIMES: usize = 5;
    let Some((mut broker, connection, log)) = one("a broker that is killed in the middle").await else { return };
    let load = Load::begin(&log, Partition::all());
    for time in 0..TIMES {
        // All sixteen writers always have a batch on its way; each time at another moment.
        load.wait_for(500 + 37 * time as u64);
        broker.kill().unwrap();
        tokio::task::block_in_place(|| broker.start_again().unwrap());
    }
    load.wait_for(500);
    let found = end(load, &connection, &format!("killed {TIMES} times in the middle")).await;
    assert!(found.acknowledged >= 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_slow_reads_everything_in_order_and_is_not_handed_more_than_it_takes() {
    const UNREAD: u64 = 120_000;
    const MEMORY_MAX: u64 = 24 << 20;
    if !is_alone("one_node::a_reader_that_is_slow_reads_everything_in_order_and_is_not_handed_more_than_it_takes", &[])
    {
        return;
    }
    let Some((_broker, connection, log)) = one("a reader that is slow").await else { return };
    let slow = KafkaLog::open(connection.clone(), options()).await.unwrap();
    let load = Load::begin_fast(&log, Partition::all());
    load.wait_for(2_000);
    let mut next: Vec<(Partition, u64)> = Partition::all().map(|partition| (partition, 0)).collect();
    let mut read = 0;
    let mut memory = None;
    // One record of eight, while the others come.
    while load.acknowledged() < UNREAD {
        tokio::task::yield_now().await;
        for (partition, from) in &mut next {
            if read * 8 > load.acknowledged() {
                break;
            }
            let records = slow.read(TOPIC, *partition, *from, 3).await.unwrap();
            assert!(records.iter().enumerate().all(|(n, record)| record.position.offset == *from + n as u64));
            *from += records.len() as u64;
            read += records.len() as u64;
        }
        // What it needs to run at all it has by its first rounds.
        if memory.is_none() && read > 1_000 {
            memory = Some(resident_bytes());
        }
    }
    let (before, after) = (memory.unwrap(), resident_bytes());
    let behind = load.acknowledged() - read;
    println!("{behind} records behind: {} MB of memory, and {} MB when it began", after >> 20, before >> 20);
    assert!(behind > UNREAD / 2, "it kept up: {read} read");
    assert!(after < before + MEMORY_MAX, "{} MB grew to {} MB", before >> 20, after >> 20);
    end(load, &connection, "a slow reader").await;
    for (partition, from) in next {
        let end = slow.end(TOPIC, partition).await.unwrap();
        let mut at = from;
        while at < end {
            let records = slow.read(TOPIC, partition, at, 2_000).await.unwrap();
            assert_eq!(records.first().unwrap().position.offset, at);
            at += records.len() as u64;
        }
        assert_eq!(at, end);
    }
}
