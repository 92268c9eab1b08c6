//! The real program is killed (SIGKILL) in each step of an erasure that makes, rewrites or removes files; whoever comes next goes on, and
//! it comes to the same end.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use proto::sharing::Purpose;

use crate::harness::erasing::{holding, keys_below};
use crate::harness::program::Running;
use crate::harness::{Place, Vault, ask, line_with, said};

const CENSUS: &str = "social-care-cin-census";
const HUB: &str = "throughline-local-hub";
/// Longer than any step takes on a busy machine.
const LONG: Duration = Duration::from_secs(120);

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.path().is_dir() {
            true => found.extend(files_below(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}

/// When each baseline of the connector was last written.
fn baselines(place: &Place) -> Vec<(PathBuf, SystemTime)> {
    let files = files_below(&place.path("here/data/connectors").join(CENSUS));
    let of = |path: PathBuf| Some((path.clone(), fs::metadata(&path).ok()?.modified().ok()?));
    files.into_iter().filter(|path| path.parent().is_some_and(|dir| dir.ends_with(CENSUS))).filter_map(of).collect()
}

/// Asks for something of a running process, and kills that as soon as this holds, in the middle of whatever it does.
fn killed_when(place: &Place, running: Running<'_>, asked: &[&str], holds: impl Fn() -> bool) {
    let config = place.config();
    let asked = [asked, &["--config", config.to_str().unwrap()]].concat();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| place.run(&asked));
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < LONG, "it never came to that step");
            std::thread::yield_now();
        }
        running.kill();
        drop(asking.join().unwrap());
    });
}

#[test]
fn killed_in_any_step_that_touches_files_it_comes_to_the_same_end() {
    let place = Place::new(12, 3);
    place.configure("[serve]\n", "[serve]\nerasure_cooling_off_hours = 0\n");
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    let (child, council) = (place.demo_child("LA_CHILD_ID"), place.demo_organisation("socialCare"));
    assert!(!ask(&place, &council, &child, Purpose::ChildProtection).unwrap().entries.is_empty());
    let of = BTreeSet::from([Vault::of(&place).pseudonyms.of(&child).0]);
    let keys = place.path("here/data/keys/wrapping");
    let before = keys_below(&keys);
    let whole = [council.as_str(), HUB].map(|organisation| keys.join(organisation).join("1.key"));
    assert!(whole.iter().all(|key| key.exists()));
    let id = place.erasure_confirmed(&place.reference("LA_CHILD_ID"));
    let run = ["erasure", "run", id.as_str()];
    let begun = Instant::now();
    let told = |what: &str| println!("{:>6.1} s  killed {what}", begun.elapsed().as_secs_f64());

    let begun_epochs = || files_below(&keys).iter().filter(|path| path.ends_with("2.key")).count();
    killed_when(&place, running, &run, || begun_epochs() > 0);
    told(&format!("while new wrapping keys were made: {} of 512", begun_epochs()));
    let (running, stood) = (place.up(), baselines(&place));
    killed_when(&place, running, &run, || baselines(&place) != stood);
    told("while the baselines forgot them, and everybody else's keys were wrapped anew");
    let running = place.up();
    killed_when(&place, running, &run, || whole.iter().any(|key| !key.exists()));
    told(&format!("while wrapping keys were destroyed: {} of 2 left", whole.iter().filter(|key| key.exists()).count()));
    let running = place.up();
    let ran = place.ours(&run);
    assert!(ran.contains("wrapping destroyed"), "{ran}");
    running.kill();
    told("before the store was filled anew");
    let store = place.path("here/data/store");
    let is_set_aside = || files_below(&store).iter().any(|path| path.display().to_string().contains(".set-aside"));
    let (running, waits) = (place.begin(), Instant::now());
    while !is_set_aside() {
        assert!(waits.elapsed() < LONG, "the store is not set aside");
        std::thread::yield_now();
    }
    running.kill();
    told("while the store was filled anew");
    let running = place.up();
    place.settle();
    // Whatever a crash left of filling it anew is seen, and said.
    place.ours(&run);
    running.stop();
    let running = place.up();
    place.settle();
    place.ours(&["erasure", "files", "--remove", "--yes"]);
    let log =
        || files_below(&place.path("here/data/log")).iter().map(|path| fs::metadata(path).unwrap().len()).sum::<u64>();
    let log_then = log();
    let copies = ["erasure", "certify", id.as_str(), "--copies", "no backup was ever taken"];
    killed_when(&place, running, &copies, || log() != log_then);
    told("while it was certified");
    let running = place.up();
    place.settle();
    let note = place.ours(&copies);
    assert_eq!(place.ours(&["erasure", "certificate", &id]), note, "it is one");
    fs::write(place.path("erasure.note"), note).unwrap();
    let key = place.path("here/data/keys/ledger/1.vkey");
    let verified = place.must(&["erasure", "verify", "erasure.note", "--key", key.to_str().unwrap()]);
    line_with(&verified, "erasure verify: ok");
    assert!(ask(&place, &council, &child, Purpose::ChildProtection).unwrap().entries.is_empty());
    running.stop();

    // The same end: a key of its own for each vault, of the second epoch, and nothing else of either organisation; none of theirs opens.
    for organisation in [council.as_str(), HUB] {
        let left = files_below(&keys.join(organisation));
        let (keys, beside): (Vec<_>, Vec<_>) = left.iter().partition(|path| path.ends_with("2.key"));
        assert_eq!(keys.len(), 256, "{organisation}");
        // Whoever was killed while it made one leaves that one by another name as well: it goes with its epoch.
        let is_second = |path: &&PathBuf| path.file_stem().is_some_and(|stem| stem == "2");
        assert!(beside.len() <= 1 && beside.iter().all(is_second), "{beside:?}");
    }
    let (own, others): (Vec<_>, Vec<_>) =
        said(&place).into_iter().partition(|(_, said)| of.contains(&said.header.subject.0));
    assert!(own.is_empty() && !others.is_empty());
    let now = keys_below(&keys);
    let gone: Vec<Vec<u8>> = before.into_iter().filter(|key| !now.contains(key)).collect();
    let mut found = Vec::new();
    holding(&place.path("here"), &gone, &mut found);
    holding(&store, &of.iter().map(|id| id.to_vec()).collect::<Vec<_>>(), &mut found);
    holding(&place.path("here/drop").join(CENSUS), &[child.value.clone().into_bytes()], &mut found);
    assert!(found.is_empty(), "{found:?}");
    line_with(&place.ours(&["audit", "verify", "--key", key.to_str().unwrap()]), "audit verify: ok");
    line_with(&place.ours(&["verify"]), "verify: ok");
}
