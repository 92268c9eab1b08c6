//! Dependencies only point down.

use cargo_metadata::{DependencyKind, Package};

use crate::{holds, metadata, sees};

/// A crate with the crates of this workspace on which it stands, development aside.
struct Stands {
    name: String,
    folder: String,
    on: Vec<String>,
}

/// The level of a crate, 0 the lowest.
fn level(name: &str, folder: &str) -> Option<u8> {
    Some(match name {
        // `broker` is for tests alone: it starts an Apache Kafka, and knows nothing of ours.
        "proto" | "broker" => 0,
        "timeline" | "sharing" | "identity" | "ledger" | "event-log" | "runtime" => 1,
        "projection" | "connector-kit" => 2,
        "connector-registry" => 4,
        "throughline" => 5,
        "tests" => 6,
        _ if folder.starts_with("connectors/") => 3,
        _ => return None,
    })
}

fn problems(crates: &[Stands]) -> Vec<String> {
    let of = |name: &str| crates.iter().find(|one| one.name == name).and_then(|one| level(&one.name, &one.folder));
    let mut problems = Vec::new();
    for one in crates {
        let Some(own) = of(&one.name) else {
            problems.push(format!("`{}` has no level: give it one in this test and in docs/ARCHITECTURE.md", one.name));
            continue;
        };
        for on in &one.on {
            if of(on).is_none_or(|level| level >= own) {
                problems.push(format!("`{}` may not depend on `{on}`, which is not below it", one.name));
            }
            // A connector says what a record holds: keys, ids and the log are the kit's. The invented authority writes the
            // sources' formats from their definitions, apart from the code that reads them.
            let connector_may =
                if one.name == "synthetic-authority" { &[][..] } else { &["connector-kit", "proto"][..] };
            if own == 3 && !connector_may.contains(&on.as_str()) {
                problems.push(format!("connector `{}` may not depend on `{on}`", one.name));
            }
        }
    }
    problems
}

fn crates() -> Vec<Stands> {
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let ours = |name: &str| packages.iter().any(|package| package.name == name);
    let stands = |package: &&Package| Stands {
        name: package.name.to_string(),
        folder: package.manifest_path.strip_prefix(&metadata.workspace_root).unwrap().parent().unwrap().to_string(),
        on: package
            .dependencies
            .iter()
            .filter(|on| on.kind == DependencyKind::Normal && ours(&on.name))
            .map(|on| on.name.clone())
            .collect(),
    };
    packages.iter().map(stands).collect()
}

#[test]
fn dependencies_only_point_down() {
    let crates = crates();
    assert!(crates.len() >= 15);
    holds(&problems(&crates));
}

#[test]
fn a_dependency_that_points_up_or_sideways_is_seen() {
    let stands = |name: &str, on: &[&str]| Stands {
        name: name.into(),
        folder: format!("connectors/{name}"),
        on: on.iter().map(|on| (*on).to_owned()).collect(),
    };
    let with = |name, on: &[&str]| {
        let standing =
            ["proto", "sharing", "timeline", "event-log", "connector-kit", "projection", "throughline", "health-x"];
        let mut all: Vec<Stands> =
            standing.iter().filter(|other| **other != name).map(|name| stands(name, &[])).collect();
        all.push(stands(name, on));
        problems(&all)
    };
    holds(&with("projection", &["proto", "sharing", "event-log"]));
    sees(&with("proto", &["sharing"]), "`proto` may not depend on `sharing`");
    sees(&with("sharing", &["timeline"]), "`sharing` may not depend on `timeline`");
    sees(&with("timeline", &["throughline"]), "`timeline` may not depend on `throughline`");
    sees(&with("projection", &["connector-kit"]), "`projection` may not depend on `connector-kit`");
    sees(&with("education-y", &["health-x"]), "`education-y` may not depend on `health-x`");
    sees(&with("education-y", &["event-log"]), "connector `education-y` may not depend on `event-log`");
    sees(&with("synthetic-authority", &["connector-kit"]), "connector `synthetic-authority` may not depend");
    let homeless = Stands { name: "stray".into(), folder: "services/stray".into(), on: Vec::new() };
    sees(&problems(&[homeless]), "`stray` has no level");
}
