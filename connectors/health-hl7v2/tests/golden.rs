//! Invented messages, and what each becomes: `tests/messages/NAME.hl7` and `NAME.jsonl` beside it, one line for each draft
//! and rejection. `UPDATE_GOLDEN=1 cargo test -p health-hl7v2 --test golden` writes them; read the difference.

#![cfg(test)]

use std::path::{Path, PathBuf};

mod telling;

fn messages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "hl7")).collect();
    files.sort();
    files
}

#[test]
fn each_message_becomes_what_stands_beside_it() {
    let files = messages();
    assert!(files.len() >= 12, "the golden messages are missing");
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let told = telling::told(&telling::translate(&name, &std::fs::read(&path).unwrap())).join("\n") + "\n";
        let expected = path.with_extension("jsonl");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&expected, &told).unwrap();
        } else if values(&std::fs::read_to_string(&expected).unwrap_or_default()) != values(&told) {
            wrong.push(format!("{name} became:\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Line by line, as values: the order of keys is whatever serde_json was built with.
fn values(lines: &str) -> Vec<serde_json::Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
