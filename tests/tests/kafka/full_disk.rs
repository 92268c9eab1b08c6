//! A broker whose disk fills up: it ends, what it acknowledged is there when it is started again with room, and nothing was
//! acknowledged in between.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use broker::{Broker, Kind, Plan};
use event_log::Partition;

use crate::alone::is_alone;
use crate::cluster::{connection, make_topic, open, until};
use crate::load::{Load, end};

/// The disk: room for an empty broker, the ballast, and a few seconds of load.
const DISK: &str = "size=96m";
const BALLAST_BYTES: usize = 24 << 20;

/// A filesystem of a certain size, which only this process and its children see, and which goes with them.
fn small_disk() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("small-disk-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", DISK, "small-disk"]).arg(&folder).status().unwrap();
    assert!(mounted.success());
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_the_broker_and_loses_nothing() {
    // The broker was once seen to end on so small a disk before anything was written to it: a person runs this, and looks.
    if std::env::var_os("BAD_DAY_LIVE").is_none() {
        eprintln!("PASSED OVER: a disk that fills up: `deploy/bad-days/run full_disk::` runs it");
        return;
    }
    let own_mounts = ["unshare", "--user", "--map-root-user", "--mount"];
    let can =
        Command::new(own_mounts[0]).args(&own_mounts[1..]).args(["mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !can.is_ok_and(|ended| ended.status.success()) {
        eprintln!("PASSED OVER: a disk that fills up: this system lets a test have no filesystem of its own (unshare)");
        return;
    }
    if !is_alone("full_disk::a_full_disk_stops_the_broker_and_loses_nothing", &own_mounts) {
        return;
    }
    let disk = small_disk();
    let plan = Plan::of(Kind::Plaintext).data_in(&disk).setting("log.segment.bytes", "4194304");
    let cluster = tokio::task::block_in_place(|| plan.start().unwrap());
    if cluster.passes_over("a broker whose disk fills up") {
        return;
    }
    let mut broker = Broker::from(cluster);
    let ballast = disk.join("ballast");
    std::fs::write(&ballast, vec![1; BALLAST_BYTES]).unwrap();
    let connection = connection(&broker);
    make_topic(&connection, 1, 1).await;
    let log = open(&connection).await;
    let load = Load::begin_fast(&log, Partition::all());
    let began = Instant::now();
    load.wait_until_unavailable();
    until("the broker has ended", || !broker.is_running(1).unwrap());
    let held = load.acknowledged();
    println!("the disk is full after {:?}: {held} records acknowledged, and the broker has ended", began.elapsed());
    load.wait_until_unavailable();
    assert_eq!(load.acknowledged(), held);
    assert!(broker.said(1).unwrap().contains("No space left on device"));

    std::fs::remove_file(ballast).unwrap();
    tokio::task::block_in_place(|| broker.start_again().unwrap());
    load.wait_for(100);
    let found = end(load, &connection, "a full disk, and room again").await;
    assert!(found.unavailable > 0 && found.acknowledged > held);
    drop(broker);
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
    std::fs::remove_dir(&disk).unwrap();
}
