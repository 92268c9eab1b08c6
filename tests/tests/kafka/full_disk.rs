//! Disks that fill up. A broker's: it ends, what it acknowledged is there when it is started again with room, and nothing was
//! acknowledged in between. A node's and a connector's: they wait, say so, and go on by themselves.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use broker::{Broker, Kind, Plan};
use event_log::Partition;
use proto::sharing::Purpose;

use crate::alone::is_alone;
use crate::cluster::{connection, make_topic, open, until};
use crate::harness::request;
use crate::load::{Load, end};
use crate::processes::{CENSUS, Region, block_on};

/// A broker's: room for an empty broker, the ballast, and a few seconds of load.
const BROKER_MB: u64 = 96;
const BALLAST_MB: u64 = 24;
/// What a broker writes at once is less.
const FULL_BYTES: u64 = 1 << 20;

/// Begins a test anew where it may have filesystems of its own, which only it and its children see.
const OWN_MOUNTS: [&str; 4] = ["unshare", "--user", "--map-root-user", "--mount"];

/// Whether this is a process that may mount. Where it is not, the test is run in one.
fn may_mount(test: &str) -> bool {
    let [program, options @ ..] = OWN_MOUNTS;
    let tried = Command::new(program).args(options).args(["mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !tried.is_ok_and(|ended| ended.status.success()) {
        eprintln!("PASSED OVER: a disk that fills up: this system lets a test have no filesystem of its own (unshare)");
        return false;
    }
    is_alone(test, &OWN_MOUNTS)
}

/// A filesystem of a certain size.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(folder: &Path, mb: u64) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let size = format!("size={mb}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "small-disk"]).arg(folder).status();
        assert!(mounted.unwrap().success());
        Self(folder.to_owned())
    }

    fn free_bytes(&self) -> u64 {
        let disk = rustix::fs::statvfs(&self.0).unwrap();
        disk.f_bavail * disk.f_frsize
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Fills it until no more than this is left.
    fn fill(&self, left_bytes: u64) {
        let mut ballast = File::create(self.ballast()).unwrap();
        while self.free_bytes() > left_bytes && ballast.write_all(&[1; 64 << 10]).is_ok() {}
        assert!(self.free_bytes() <= left_bytes);
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A test that fails leaves it to the end of its process.
        let _unmounted = Command::new("umount").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_the_broker_and_loses_nothing() {
    if !may_mount("full_disk::a_full_disk_stops_the_broker_and_loses_nothing") {
        return;
    }
    let folder = std::env::temp_dir().join(format!("small-disk-{}", std::process::id()));
    let disk = SmallDisk::at(&folder, BROKER_MB);
    let plan = Plan::of(Kind::Plaintext).data_in(&folder).setting("log.segment.bytes", "4194304");
    let cluster = tokio::task::block_in_place(|| plan.start().unwrap());
    if cluster.passes_over("a broker whose disk fills up") {
        return;
    }
    let mut broker = Broker::from(cluster);
    disk.fill((BROKER_MB - BALLAST_MB) << 20);
    let connection = connection(&broker);
    make_topic(&connection, 1, 1).await;
    let log = open(&connection).await;
    let load = Load::begin_fast(&log, Partition::all());
    let began = Instant::now();
    until("the broker has ended", || !broker.is_running(1).unwrap());
    println!("the disk is full after {:?}, and the broker has ended", began.elapsed());
    // What it says of that depends on which of its files it was writing to; that the disk is full does not.
    assert!(disk.free_bytes() < FULL_BYTES, "{} bytes free: {}", disk.free_bytes(), broker.said(1).unwrap());
    // Each writer has heard of everything that was acknowledged.
    load.wait_until_all_are_unavailable();
    let held = load.acknowledged();
    assert!(held > 0);
    load.wait_until_all_are_unavailable();
    assert_eq!(load.acknowledged(), held);

    disk.make_room();
    tokio::task::block_in_place(|| broker.start_again().unwrap());
    load.wait_for(100);
    let found = end(load, &connection, "a full disk, and room again").await;
    assert!(found.unavailable > 0 && found.acknowledged > held);
    drop(broker);
    drop(disk);
    std::fs::remove_dir(&folder).unwrap();
}

#[test]
fn a_full_disk_of_a_node_and_of_a_connector_is_waited_for() {
    if !may_mount("full_disk::a_full_disk_of_a_node_and_of_a_connector_is_waited_for") {
        return;
    }
    let Some(region) = Region::new(30) else { return };
    let place = &region.place;
    let (serve, connect) = (region.serve("serve-1", place.port), region.connect(CENSUS, CENSUS));
    // The node's store wants 128 MB of room; a connector's baselines are small.
    let of_store = SmallDisk::at(&place.path("here/data-serve-1"), 256);
    let of_baselines = SmallDisk::at(&place.path("here").join(format!("data-{CENSUS}")), 4);
    let serving = place.begin_with(&["serve"], &serve);
    region.settle(&serve);
    region.must(&["facts", "record", place.path("here/facts.jsonl").to_str().unwrap()], &serve);
    place.approve_rules();
    let connecting = place.begin_with(&["connect", CENSUS], &connect);
    region.settle(&connect);
    let before = region.settle(&serve)["events"].as_u64().unwrap();

    of_baselines.fill(0);
    place.drop_folder(CENSUS, &place.path("authority").join(CENSUS));
    until("the connector says what it waits for", || place.told().contains("waiting until it can be done"));
    assert!(region.status(&connect)["sources"][0]["pending"].as_u64().unwrap() > 0);
    println!("a connector whose disk is full: it waits, says so, and has said nothing that it could not keep");
    of_store.fill(64 << 20);
    of_baselines.make_room();
    region.settle(&connect);
    until("the node says that it takes nothing", || {
        let status = region.status(&serve);
        status["not_accepting_because"].as_str().is_some_and(|why| why.starts_with("the store's disk is nearly full"))
            && status["ready"] == false
    });
    let ask = || {
        block_on(async {
            let child = request(&place.demo_child("LA_CHILD_ID"), Purpose::ChildProtection);
            region.client(place.port, "socialCare").await.unwrap().asks.get_timeline(child).await
        })
    };
    until("readers are refused", || ask().is_err_and(|status| status.code() == tonic::Code::Unavailable));
    println!("room again: the connector went on by itself; a node whose disk is full: it waits, and says so");

    of_store.make_room();
    let status = region.settle(&serve);
    until("the node is ready", || region.status(&serve)["ready"] == true);
    let events = status["events"].as_u64().unwrap();
    println!("room again: the node goes on by itself, {} events more", events - before);
    assert!(events > before && !ask().unwrap().into_inner().entries.is_empty());
    connecting.stop();
    serving.stop();
    // It is what the log gives, and nothing of it twice.
    let verified = region.must(&["verify"], &serve);
    assert!(verified.contains("verify: ok") && verified.contains("behind=0"), "{verified}");
    drop((of_store, of_baselines));
}
