//! Quarantine as an engineer works it: what waits and why, a mapping put right and tried, rows redriven over a process that is
//! killed meanwhile, each once on the timeline; and what nothing is to come of.

use std::fs;
use std::process::{Command, Stdio};

use crate::harness::program::program;
use crate::harness::visits::{self, DOTTED, SLASHES, SLASHES_AND_DOTS, SOURCE, courses, mapping};
use crate::harness::{Place, line_with, number_in};

fn waiting(place: &Place) -> Vec<serde_json::Value> {
    place.listed(&["quarantine", "list", "--source", SOURCE, "--reason", "DATE_MISSING", "--limit", "1000"])
}

#[test]
fn rows_that_were_refused_are_put_right_tried_and_redriven_each_once() {
    let place = Place::new(60, 1);
    let file = place.path("here").join(format!("{SOURCE}.toml"));
    fs::write(&file, mapping(1, SLASHES)).unwrap();
    let section = format!(
        "\n[connectors.{SOURCE}]\nmapping = \"{SOURCE}.toml\"\ncontrollers = [\"ods-rh8\"]\ndrop_folder = \"drop/{SOURCE}\"\npoll_ms = 20\n"
    );
    let config = fs::read_to_string(place.config()).unwrap();
    fs::write(place.config(), config + &section).unwrap();
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    let upn = place.demo_child("UPN").value;
    let file_of_visits = visits::file(&upn);
    place.drop_bytes(SOURCE, "visits.csv", file_of_visits.as_bytes());
    place.settle();
    assert_eq!(courses(&place), ["G1", "G2"]);

    // What waits, and why.
    let listed = place.ours(&["quarantine", "list", "--source", SOURCE]);
    let group = line_with(&listed, " DATE_MISSING");
    assert!(group.contains("from") && group.contains(&(DOTTED + 1).to_string()), "{listed}");
    assert!(place.ours(&["quarantine", "explain", "date_missing"]).contains("*What to do:*"));
    let item = waiting(&place)[0]["id"].as_str().unwrap().to_owned();
    let shown = place.ours(&["quarantine", "show", &item]);
    assert!(shown.contains("P1,") && shown.contains("now      still refused"), "{shown}");
    // Cell by cell under the names of its columns.
    assert!(line_with(&shown, "  From").ends_with("<-- here"), "{shown}");

    // The mapping put right, and tried on them before it runs: nothing is sent.
    let mended = place.path("mended.toml");
    fs::write(&mended, mapping(2, SLASHES_AND_DOTS)).unwrap();
    let mended = mended.to_str().unwrap();
    let dotted =
        waiting(&place).iter().find(|item| item["where"].as_str().unwrap().contains("record 2,")).unwrap()["id"]
            .clone();
    let shown = place.ours(&["quarantine", "show", dotted.as_str().unwrap(), "--mapping", mended]);
    assert!(shown.contains("now      would be redriven") && shown.contains("course: D000"), "{shown}");
    let tried = place.ours(&["quarantine", "try", "--source", SOURCE, "--reason", "DATE_MISSING", "--mapping", mended]);
    assert!(tried.lines().count() < DOTTED, "told by kind, and not row by row: {tried}");
    let tried = line_with(&tried, "tried:");
    assert_eq!((number_in(tried, "would_redrive"), number_in(tried, "still_refused")), (&*DOTTED.to_string(), "1"));
    assert_eq!(courses(&place), ["G1", "G2"]);
    running.stop();
    fs::copy(mended, &file).unwrap();

    // The plug is pulled while it redrives; the same again goes on.
    let running = place.begin();
    place.settle();
    let redrive = ["quarantine", "redrive", "--source", SOURCE, "--reason", "DATE_MISSING", "--by", "staff-17"];
    let mut slowly = Command::new(program());
    slowly.args(redrive).args(["--rate", "4", "--config"]).arg(place.config());
    let mut slowly = slowly.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while waiting(&place).len() > DOTTED - 4 {
        assert!(slowly.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
    }
    running.kill();
    assert!(!slowly.wait().unwrap().success());
    let running = place.up();
    let left = waiting(&place).len();
    assert!(left > 1, "some are still to come");
    let told = place.ours(&redrive);
    let (end, proof) = (line_with(&told, "redrive:"), line_with(&told, "proof:"));
    assert_eq!(number_in(end, "chosen"), left.to_string());
    assert_eq!(number_in(end, "still_refused"), "1");
    assert!(proof.starts_with("proof: ok") && number_in(proof, "differing") == "0", "{proof}");
    place.settle();
    assert_eq!(courses(&place), visits::all_courses(), "each once, and nobody was retracted");

    // The last is for a person, who says that nothing is to come of it.
    let last = waiting(&place);
    assert_eq!(last.len(), 1);
    place.ours(&[
        "quarantine",
        "leave",
        last[0]["id"].as_str().unwrap(),
        "--by",
        "staff-17",
        "--because",
        "no day was agreed",
    ]);
    assert!(waiting(&place).is_empty());
    let all = place.listed(&[
        "quarantine",
        "list",
        "--all",
        "--source",
        SOURCE,
        "--reason",
        "DATE_MISSING",
        "--limit",
        "1000",
    ]);
    let stands = |stood: &str| all.iter().filter(|item| item["stands"].as_str().unwrap().starts_with(stood)).count();
    assert_eq!((all.len(), stands("redriven"), stands("set aside")), (DOTTED + 1, DOTTED, 1));

    // The same file again, read whole by the mended mapping, has nothing to add.
    let before = place.settle()["events"].clone();
    place.drop_bytes(SOURCE, "visits.csv", file_of_visits.as_bytes());
    assert_eq!(place.settle()["events"], before);
    running.stop();
}
