//! A broker that goes away.

use std::collections::BTreeSet;
use std::time::Instant;

use super::*;

const QUEUE_BYTES_MAX: usize = 1 << 20;
const RECORD_BYTES: usize = 10_000;

/// What this process holds in memory, bytes.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_goes_away_costs_waiting_and_nothing_else() {
    let mut broker = Broker::start(Kind::Plaintext).unwrap();
    if broker.passes_over("a broker that goes away") {
        return;
    }
    let topics = [Topic::Health, Topic::Sharing];
    let connection = connection_to(&broker);
    create(&connection, "", &topics, &[]).await;
    let brief = KafkaOptions {
        delivery_within: Duration::from_secs(3),
        answer_within: Duration::from_secs(3),
        queue_bytes_max: QUEUE_BYTES_MAX,
        ..options("", &topics)
    };
    let log = KafkaLog::open(connection, brief).await.unwrap();
    let value = |n: u64| format!("{n:0RECORD_BYTES$}");
    let mut acknowledged = BTreeSet::new();
    let append = |n: u64| log.append(vec![record(Topic::Health, partition(2), &value(n))]);
    for n in 0..20 {
        append(n).await.unwrap();
        acknowledged.insert(n);
    }
    // In the middle of what it is given.
    let writing = tokio::spawn({
        let log = log.clone();
        async move {
            let mut acknowledged = BTreeSet::new();
            for n in 20.. {
                let (topic, partition) = (Topic::Health, partition(2));
                match log.append(vec![record(topic, partition, &format!("{n:0RECORD_BYTES$}"))]).await {
                    Ok(_) => drop(acknowledged.insert(n)),
                    Err(LogError::Unavailable { .. }) => break,
                    Err(other) => panic!("{other}"),
                }
            }
            acknowledged
        }
    });
    broker.kill().unwrap();
    let begun = Instant::now();
    acknowledged.extend(writing.await.unwrap());

    // Away: everything says so in time, and what is handed over meanwhile takes no more memory than its bound.
    let before = resident();
    let many = (0..2_000_u64).map(|n| append(1_000_000 + n));
    let refused = futures_all(many).await;
    assert!(refused.iter().all(|result| matches!(result, Err(LogError::Unavailable { .. }))));
    let grown = resident().saturating_sub(before);
    // The records themselves are the caller's, 20 MB of them here.
    assert!(grown < 64 << 20, "{grown} bytes more");
    assert!(matches!(log.end(Topic::Health, partition(2)).await, Err(LogError::Unavailable { .. })));
    assert!(matches!(log.read(Topic::Health, partition(2), 0, 9).await, Err(LogError::Unavailable { .. })));
    let grown = log.grown(&topics, 0, Duration::from_millis(10)).await;
    assert!(matches!(grown, Err(LogError::Unavailable { .. })));
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());

    // Back: the same log goes on, with everything acknowledged on it, in order.
    broker.start_again().unwrap();
    let last = loop {
        match append(2_000_000).await {
            Ok(appended) => break appended.positions[0].offset,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
    };
    let read = loop {
        match log.read(Topic::Health, partition(2), 0, 100_000).await {
            Ok(read) => break read,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
    };
    let number = |stored: &StoredRecord| std::str::from_utf8(&stored.value).unwrap().parse::<u64>().unwrap();
    let held: BTreeSet<u64> = read.iter().map(number).collect();
    assert!(acknowledged.is_subset(&held), "an acknowledged record is gone");
    assert!(read.iter().zip(0..).all(|(stored, offset)| stored.position.offset == offset));
    assert_eq!(number(&read[usize::try_from(last).unwrap()]), 2_000_000);
}

async fn futures_all<T: Send + 'static>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    // One after the other would wait for each: polled together, on this task.
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut all = true;
        for (future, ended) in &mut waiting {
            if ended.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(result) => *ended = Some(result),
                    std::task::Poll::Pending => all = false,
                }
            }
        }
        if all { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, ended)| ended).collect()
}
