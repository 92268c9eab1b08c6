//! A broker whose clock is set back and forth under load. Positions and order do not depend on it; times do, and are then no
//! more than what the broker believed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use broker::{Broker, Kind};
use event_log::Partition;

use crate::cluster::{connection, make_topic, open};
use crate::load::{Load, end, read_all};

const HOUR_MS: i64 = 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_steps_moves_no_record() {
    let mut broker = tokio::task::block_in_place(|| Broker::start(Kind::Plaintext).unwrap());
    if broker.passes_over("a broker whose clock steps") {
        return;
    }
    let connection = connection(&broker);
    make_topic(&connection, 1, 1).await;
    let log = open(&connection).await;
    let partition = Partition::new(7).unwrap();
    let load = Load::begin(&log, [partition]);
    let mut read = 0;
    for wrong_by in [0, -HOUR_MS, HOUR_MS, 0] {
        broker.set_clock_wrong_by(1, wrong_by).unwrap();
        load.wait_for(200);
        // Until the last of them was stamped so.
        loop {
            let records = read_all(&log, partition).await;
            read = read.max(records.len());
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let off_by = records.last().unwrap().published_at_us / 1_000 - i64::try_from(now.as_millis()).unwrap();
            if (off_by - wrong_by).abs() < HOUR_MS / 2 {
                break;
            }
            load.wait_for(50);
        }
    }
    let found = end(load, &connection, "a clock an hour back, an hour ahead, and right again").await;
    assert_eq!(found.unavailable, 0);

    let records = read_all(&open(&connection).await, partition).await;
    assert!(records.len() >= read);
    let backwards: Vec<Duration> = records
        .windows(2)
        .filter_map(|pair| u64::try_from(pair[0].published_at_us - pair[1].published_at_us).ok().filter(|us| *us > 0))
        .map(Duration::from_micros)
        .collect();
    println!("times went backwards {} times, by {backwards:?}", backwards.len());
    assert_eq!(backwards.len(), 2, "{backwards:?}");
}
