//! The rules of the house that a compiler does not hold. Each rule is a function from what it looks at to the problems that
//! it finds, and each has a test that shows it a bad sample.
#![cfg(test)]

mod audited;
mod connectors;
mod files;
mod levels;
mod purity;
mod reasons;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand};

/// The root of the project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap()
}

/// Every file that is the project's own, by its path from the root: what is committed, or would be.
fn tree() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "the files of the project are not to be listed");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let mut files: Vec<String> = listed.split_terminator('\0').map(str::to_owned).collect();
    files.retain(|file| root().join(file).is_file());
    files.sort();
    files.dedup();
    assert!(files.len() > 100);
    files
}

/// The files with these endings, with their text.
fn texts(endings: &[&str]) -> Vec<(String, String)> {
    let wanted = |file: &String| endings.iter().any(|ending| file.ends_with(ending));
    let read = |file: String| Some((file.clone(), fs::read_to_string(root().join(file)).ok()?));
    tree().into_iter().filter(wanted).filter_map(read).collect()
}

/// A rule that holds found nothing.
fn holds(problems: &[String]) {
    assert!(problems.is_empty(), "{} problem(s):\n{}", problems.len(), problems.join("\n"));
}

/// A bad sample was seen for what it is.
fn sees(problems: &[String], what: &str) {
    assert!(problems.iter().any(|problem| problem.contains(what)), "nothing says `{what}` in {problems:?}");
}
