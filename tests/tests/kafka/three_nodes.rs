//! Three nodes, each partition on all of them, and one or another of them in trouble while records are on their way.

use std::time::Instant;

use broker::Cluster;
use event_log::Partition;
use event_log::kafka::{Connection, KafkaLog};

use crate::cluster::{connection, kept, make_topic, move_to, open, until};
use crate::load::{Load, end};

/// Four partitions under load, wherever they are led.
fn loaded() -> impl Iterator<Item = Partition> {
    [0, 5, 10, 15].into_iter().filter_map(Partition::new)
}

async fn three(replicas: i16, in_sync_min: u8) -> Option<(Cluster, Connection, KafkaLog)> {
    let cluster = tokio::task::block_in_place(|| Cluster::start(3).unwrap());
    if cluster.passes_over("three nodes, one of them in trouble") {
        return None;
    }
    let connection = connection(&cluster);
    make_topic(&connection, replicas, in_sync_min).await;
    let log = open(&connection).await;
    Some((cluster, connection, log))
}

fn leader_of(connection: &Connection, partition: Partition) -> usize {
    kept(connection)[&partition].leader
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_killed_takes_nothing_with_it() {
    let Some((mut cluster, connection, log)) = three(3, 2).await else { return };
    let load = Load::begin(&log, loaded());
    load.wait_for(400);
    for partition in [0, 5] {
        let partition = Partition::new(partition).unwrap();
        let leader = leader_of(&connection, partition);
        cluster.kill(leader).unwrap();
        let killed = Instant::now();
        until("another leads", || ![0, leader].contains(&leader_of(&connection, partition)));
        load.wait_for(400);
        println!(
            "the leader of partition {} killed: others lead and take after {:?}",
            partition.number(),
            killed.elapsed()
        );
        tokio::task::block_in_place(|| cluster.start_again(leader).unwrap());
        until("it has caught up", || kept(&connection).values().all(|kept| kept.in_sync == [1, 2, 3]));
    }
    let found = end(load, &connection, "two leaders killed").await;
    assert!(found.acknowledged >= 1_200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_is_lost_is_not_missed_and_comes_back_whole() {
    let Some((mut cluster, connection, log)) = three(3, 2).await else { return };
    let partition = Partition::new(0).unwrap();
    let load = Load::begin(&log, [partition]);
    load.wait_for(100);
    let leader = leader_of(&connection, partition);
    let mut others = [1, 2, 3].into_iter().filter(|node| *node != leader);
    let (follower, third) = (others.next().unwrap(), others.next().unwrap());
    cluster.kill(follower).unwrap();
    load.wait_for(400);
    until("it is no longer counted", || !kept(&connection)[&partition].in_sync.contains(&follower));
    load.wait_for(400);
    tokio::task::block_in_place(|| cluster.start_again(follower).unwrap());
    until("it has caught up", || kept(&connection).values().all(|kept| kept.in_sync == [1, 2, 3]));
    // What it caught up with is now all that there is beside one other.
    cluster.kill(leader).unwrap();
    load.wait_for(100);
    tokio::task::block_in_place(|| cluster.start_again(leader).unwrap());
    until("all have caught up", || kept(&connection).values().all(|kept| kept.in_sync == [1, 2, 3]));
    cluster.kill(third).unwrap();
    load.wait_for(100);
    let found = end(load, &connection, "a follower lost, and the rest after it came back").await;
    assert!(found.acknowledged >= 1_100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_is_moved_under_load_keeps_its_records_and_their_order() {
    let Some((_cluster, connection, log)) = three(2, 2).await else { return };
    let load = Load::begin(&log, loaded());
    load.wait_for(400);
    for partition in loaded() {
        let before = kept(&connection)[&partition].clone();
        let stays = before.by.iter().copied().find(|node| *node != before.leader).unwrap();
        let comes = [1, 2, 3].into_iter().find(|node| !before.by.contains(node)).unwrap();
        move_to(&connection, partition, &[comes, stays]);
        until("it has moved", || {
            let now = &kept(&connection)[&partition];
            now.in_sync == now.by && now.by.contains(&comes) && now.by.len() == 2 && now.leader != before.leader
        });
        load.wait_for(200);
    }
    let found = end(load, &connection, "four partitions moved to other nodes").await;
    assert!(found.acknowledged >= 1_200);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_too_few_replicas_nothing_is_acknowledged_until_there_are_enough() {
    let Some((mut cluster, connection, log)) = three(3, 3).await else { return };
    let partition = Partition::new(0).unwrap();
    let load = Load::begin(&log, [partition]);
    load.wait_for(100);
    let lost = [1, 2, 3].into_iter().find(|node| *node != leader_of(&connection, partition)).unwrap();
    cluster.kill(lost).unwrap();
    until("it is no longer counted", || !kept(&connection)[&partition].in_sync.contains(&lost));
    load.wait_until_unavailable();
    let held = load.acknowledged();
    load.wait_until_unavailable();
    assert_eq!(load.acknowledged(), held, "acknowledged with too few replicas");
    tokio::task::block_in_place(|| cluster.start_again(lost).unwrap());
    load.wait_for(100);
    let found = end(load, &connection, "too few replicas for a while").await;
    assert!(found.unavailable >= 2);
}
