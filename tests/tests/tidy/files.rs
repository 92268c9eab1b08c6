//! How files are named, how long they are, and what manifests and pages have in common.

use crate::{holds, metadata, sees, texts, tree};

const RUST_LINES_MAX: usize = 600;

/// Longer files, each with its reason. Empty, and better so.
const MAY_BE_LONGER: [(&str, &str); 0] = [];

/// Names that say nothing of what is inside.
fn names(file: &str) -> Vec<String> {
    const EMPTY: [&str; 9] = ["util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "shared"];
    let says_nothing = |part: &str| EMPTY.contains(&part.split('.').next().unwrap_or_default());
    let named = file.split('/').find(|part| says_nothing(part));
    named.map(|part| format!("{file}: `{part}` says nothing of what it holds")).into_iter().collect()
}

fn length(file: &str, source: &str) -> Vec<String> {
    let lines = source.lines().count();
    let excepted = file.contains("/generated/") || MAY_BE_LONGER.iter().any(|(longer, _)| *longer == file);
    if lines <= RUST_LINES_MAX || excepted {
        return Vec::new();
    }
    vec![format!("{file}: {lines} lines; {RUST_LINES_MAX} at most")]
}

/// A crate of the workspace takes its lints and its language version from the workspace.
fn manifest(file: &str, text: &str) -> Vec<String> {
    let manifest: toml::Table = text.parse().unwrap();
    let inherits = |section: &str, key: &str| {
        let value = if key.is_empty() { manifest.get(section) } else { manifest.get(section).and_then(|s| s.get(key)) };
        value.and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
    };
    [("lints", ""), ("package", "rust-version"), ("package", "edition"), ("package", "license")]
        .into_iter()
        .filter(|(section, key)| !inherits(section, key))
        .map(|(section, key)| {
            format!("{file}: `{section}{}{key}` is not the workspace's", if key.is_empty() { "" } else { "." })
        })
        .collect()
}

/// A page has one title.
fn titles(file: &str, text: &str) -> Vec<String> {
    let mut in_code = false;
    let titles = text.lines().filter(|line| {
        in_code ^= line.trim_start().starts_with("```");
        !in_code && line.starts_with("# ")
    });
    match titles.count() {
        1 => Vec::new(),
        count => vec![format!("{file}: {count} titles; a page has one")],
    }
}

#[test]
fn files_are_named_for_what_they_hold() {
    holds(&tree().iter().flat_map(|file| names(file)).collect::<Vec<_>>());
}

#[test]
fn files_are_short_enough_to_read() {
    holds(&texts(&[".rs"]).iter().flat_map(|(file, source)| length(file, source)).collect::<Vec<_>>());
    for (file, reason) in MAY_BE_LONGER {
        assert!(!reason.is_empty() && tree().iter().any(|other| other == file), "{file}");
    }
}

#[test]
fn crates_take_lints_and_language_from_the_workspace() {
    let packages = metadata().workspace_packages().len();
    let members: Vec<_> = texts(&["/Cargo.toml"]).into_iter().filter(|(file, _)| !file.contains("/fuzz/")).collect();
    assert_eq!(members.len(), packages);
    holds(&members.iter().flat_map(|(file, text)| manifest(file, text)).collect::<Vec<_>>());
}

#[test]
fn pages_have_one_title() {
    holds(&texts(&[".md"]).iter().flat_map(|(file, text)| titles(file, text)).collect::<Vec<_>>());
}

#[test]
fn bad_samples_are_seen() {
    sees(&names("services/x/src/utils.rs"), "`utils.rs`");
    sees(&names("services/x/src/common/date.rs"), "`common`");
    sees(&names("connectors/manager/Cargo.toml"), "`manager`");
    holds(&names("services/x/src/commons_gate.rs"));
    sees(&length("a.rs", &"x\n".repeat(RUST_LINES_MAX + 1)), "601 lines");
    holds(&length("a.rs", &"x\n".repeat(RUST_LINES_MAX)));
    holds(&length("proto/src/generated/a.rs", &"x\n".repeat(5_000)));
    let good = "[package]\nrust-version.workspace = true\nedition.workspace = true\nlicense.workspace = true\n[lints]\nworkspace = true\n";
    holds(&manifest("Cargo.toml", good));
    sees(
        &manifest("Cargo.toml", &good.replace("rust-version.workspace = true", "rust-version = \"1.80\"")),
        "package.rust-version",
    );
    sees(&manifest("Cargo.toml", good.split("[lints]").next().unwrap()), "`lints`");
    sees(&titles("a.md", "text"), "0 titles");
    sees(&titles("a.md", "# One\n# Two\n"), "2 titles");
    holds(&titles("a.md", "# One\n## Part\n```\n# a comment\n```\n"));
}
