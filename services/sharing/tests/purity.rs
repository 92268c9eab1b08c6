//! No file, socket, clock or environment in this crate: a decision that read one could not be run again.

#![cfg(test)]

use std::path::{Path, PathBuf};

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { sources(&path, found) } else { found.push(path) }
    }
}

fn all() -> Vec<PathBuf> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 20);
    files
}

/// Entities that are made without the schema have no hierarchy of actions: then rules stop matching, restrictions among them, and
/// nothing says so. So one module makes what a question is put with, and always of the schema; and what is experimental in Cedar
/// stays out altogether.
#[test]
fn one_module_makes_entities_and_requests_and_nothing_evaluates_in_part() {
    let made = ["Entities::", "Entity::new", "from_pairs(", "RestrictedExpression"];
    for file in all() {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.display().to_string();
        // The proofs put every question there is, and none for anybody.
        let may_make = name.ends_with("src/engine/ask.rs") || name.ends_with("src/prove/concrete.rs");
        let makes = made.iter().any(|word| text.contains(word));
        assert_eq!(makes, may_make, "{name}");
        let schemaless = ["from_entities(entities, None)", "context, None)", "Entities::empty"];
        assert!(!schemaless.iter().any(|word| text.contains(word)), "{name} makes something without the schema");
        let in_part = ["tpe(", "is_authorized_partial", "PartialEntities", "PartialRequest"];
        assert!(!in_part.iter().any(|word| text.contains(word)), "{name} evaluates in part");
    }
}

#[test]
fn nothing_here_reads_the_world() {
    let files = all();
    let forbidden = [
        "std::fs",
        "std::net",
        "std::time",
        "std::env",
        "std::process",
        "std::thread",
        "env!(",
        "tokio",
        "::now()",
        "rand::",
        "SystemTime",
        "Instant",
    ];
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for word in forbidden {
            assert!(!text.contains(word), "{} has {word}", file.display());
        }
    }
}
