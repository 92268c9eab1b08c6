//! Quarantine worked where every part is a process of its own and the log is Kafka: rows redriven by the connector's process over
//! kills, by two people at once, under a cap and a rate; each is on the timeline that another process serves, once.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::cluster::until;
use crate::harness::program::{Running, program};
use crate::harness::visits::{self, DOTTED, SLASHES, SLASHES_AND_DOTS, SOURCE, courses, mapping};
use crate::harness::{CONNECTORS, line_with, number_in};
use crate::processes::Region;

/// How often the connector's process is killed while it redrives.
const KILLS: usize = 2;
const CAP: usize = 3;

const REDRIVE: [&str; 8] =
    ["quarantine", "redrive", "--source", SOURCE, "--reason", "DATE_MISSING", "--by", "staff-17"];

/// A redrive that goes on by itself.
fn redriving(config: &Path, more: &[&str]) -> Child {
    let mut command = Command::new(program());
    command.args(REDRIVE).args(more).arg("--config").arg(config);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Items that wait, by the node that serves.
fn waiting(region: &Region, serve: &Path) -> usize {
    let all =
        ["quarantine", "list", "--items", "--source", SOURCE, "--reason", "DATE_MISSING", "--json", "--limit", "1000"];
    region.must(&all, serve).lines().count()
}

/// What is told of a redrive that came to its end, and whose proof holds.
fn proven(told: &str) -> &str {
    let proof = line_with(told, "proof:");
    assert!(proof.starts_with("proof: ok") && number_in(proof, "differing") == "0", "{told}");
    line_with(told, "redrive:")
}

#[test]
fn rows_are_redriven_on_kafka_each_once_over_kills_and_by_two_at_once() {
    let Some(region) = Region::new(20) else { return };
    let place = &region.place;
    let file = place.path("here").join(format!("{SOURCE}.toml"));
    fs::write(&file, mapping(1, SLASHES)).unwrap();
    let serve = region.serve("serve-1", place.port);
    let visits = region.configuration(
        "connect-visits",
        &format!(
            "[connectors.{SOURCE}]\nmapping = \"{SOURCE}.toml\"\ncontrollers = [\"ods-rh8\"]\n\
             organisation = \"throughline-local-hub\"\ndrop_folder = \"drop/{SOURCE}\"\npoll_ms = 20\n"
        ),
    );
    let serving = place.begin_with(&["serve"], &serve);
    region.settle(&serve);
    let configs = CONNECTORS.map(|connector| (connector, region.connect(connector, connector)));
    let others: Vec<Running<'_>> =
        configs.iter().map(|(connector, config)| place.begin_with(&["connect", connector], config)).collect();
    let connecting = place.begin_with(&["connect", SOURCE], &visits);
    region.must(&["facts", "record", place.path("here/facts.jsonl").to_str().unwrap()], &serve);
    place.approve_rules();
    place.drop_authority();
    let upn = place.demo_child("UPN").value;
    place.drop_bytes(SOURCE, "visits.csv", visits::file(&upn).as_bytes());
    configs.iter().for_each(|(_, config)| drop(region.settle(config)));
    region.settle(&visits);
    region.settle(&serve);
    assert_eq!(
        (courses(place).as_slice(), waiting(&region, &serve)),
        (&["G1".to_owned(), "G2".to_owned()][..], DOTTED + 1)
    );

    // Tried by the connector's own process, and not redriven by a mapping that is no more what its file says.
    let mended = place.path("mended.toml");
    fs::write(&mended, mapping(2, SLASHES_AND_DOTS)).unwrap();
    let tried = region.must(
        &["quarantine", "try", "--source", SOURCE, "--reason", "DATE_MISSING", "--mapping", mended.to_str().unwrap()],
        &visits,
    );
    let tried = line_with(&tried, "tried:");
    assert_eq!((number_in(tried, "would_redrive"), number_in(tried, "still_refused")), (&*DOTTED.to_string(), "1"));
    fs::copy(&mended, &file).unwrap();
    let refused = redriving(&visits, &[]).wait_with_output().unwrap();
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && why.contains("restart"), "{why}");
    connecting.stop();
    let mut connecting = place.begin_with(&["connect", SOURCE], &visits);
    region.settle(&visits);

    // A cap, and then a rate at which the process is killed, again and again.
    let capped = region.must(&[&REDRIVE[..], &["--cap", &CAP.to_string()]].concat(), &visits);
    let capped = proven(&capped);
    assert_eq!(
        (number_in(capped, "redriven"), number_in(capped, "beyond_cap")),
        (&*CAP.to_string(), &*(DOTTED + 1 - CAP).to_string())
    );
    for kill in 0..KILLS {
        let before = waiting(&region, &serve);
        let mut slowly = redriving(&visits, &["--rate", "2"]);
        until("a row is redriven", || {
            assert!(slowly.try_wait().unwrap().is_none(), "kill {kill}: it ended before it could be interrupted");
            waiting(&region, &serve) < before
        });
        connecting.kill();
        assert!(!slowly.wait().unwrap().success());
        connecting = place.begin_with(&["connect", SOURCE], &visits);
        region.settle(&visits);
    }
    let left = waiting(&region, &serve);
    assert!(left > 1 && left <= DOTTED + 1 - CAP - KILLS, "{left}");

    // Two people say the same at once; and it is said again when nothing is left to do.
    for one in [redriving(&visits, &[]), redriving(&visits, &[])] {
        let output = one.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        proven(std::str::from_utf8(&output.stdout).unwrap());
    }
    region.settle(&serve);
    assert_eq!(courses(place), visits::all_courses(), "each once, and nobody was retracted");
    let again = region.must(&REDRIVE, &visits);
    assert_eq!(number_in(proven(&again), "redriven"), "0");

    // What waits is what is counted, whatever else is on the topic.
    assert_eq!(waiting(&region, &serve), 1);
    let all = region.must(&["quarantine", "list"], &serve);
    let all = line_with(&all, "quarantine:").split(' ').nth(1).unwrap().to_owned();
    assert_eq!(region.status(&serve)["quarantined"].to_string(), all);
    connecting.stop();
    others.into_iter().for_each(Running::stop);
    serving.stop();
}
