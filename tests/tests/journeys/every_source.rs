//! Every connector of the build runs from what `dev init` writes, with the `#` taken away; and what schools and the SEND team send
//! beside the census comes to the timelines the whole way.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::Place;

/// What the generated authority holds for them.
const EDUCATION: [&str; 3] = ["education-attendance", "education-ctf", "education-sen2"];

/// The commented sections of connectors, on: up to what is not a connector's own.
fn uncommented(config: &str) -> String {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in config.lines() {
        let bare = line.strip_prefix("# ").unwrap_or_default();
        let of_connector =
            bare.starts_with("[connectors.") && bare.matches('.').count() == 1 && bare != "[connectors.health-visits]";
        inside = of_connector || (inside && bare.contains(" = "));
        lines.push(if inside { bare } else { line });
    }
    lines.join("\n")
}

#[test]
fn every_connector_runs_and_what_education_sends_beside_the_census_arrives() {
    let place = Place::new(60, 5);
    let config = fs::read_to_string(place.config()).unwrap();
    fs::write(place.config(), uncommented(&config)).unwrap();
    let names: Vec<String> = connectors_of(&place);
    assert!(names.len() >= 10, "{names:?}");
    place.ours(&["config", "check"]);
    let more = place.path("more");
    place.must(&["generate", "--children", "60", "--seed", "5", "--all", "--out", more.to_str().unwrap()]);
    let running = place.up();
    for source in EDUCATION {
        place.drop_folder(source, &more.join(source));
    }
    let status = place.settle();
    let sources = status["sources"].as_array().unwrap();
    let events: BTreeMap<&str, u64> =
        sources.iter().map(|of| (of["source"].as_str().unwrap(), of["events"].as_u64().unwrap())).collect();
    for name in &names {
        assert!(events.contains_key(name.as_str()), "`{name}` does not run: {events:?}");
    }
    for source in EDUCATION {
        assert!(events[source] > 0, "{source}: {events:?}");
    }
    running.stop();
}

/// The connectors whose sections stand in the configuration.
fn connectors_of(place: &Place) -> Vec<String> {
    let config = fs::read_to_string(place.config()).unwrap();
    let named = config.lines().filter_map(|line| line.strip_prefix("[connectors.")?.strip_suffix(']'));
    named.map(str::to_owned).collect()
}
