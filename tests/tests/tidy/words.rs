//! Words that have no place in the tree: paths of somebody's machine, hosts of package registries, and how a text came to be.

use std::fs;

use crate::{holds, root, sees, tree};

/// Back to front, so that this page does not hold them. Small letters.
const WORDS: [&str; 14] = [
    "tpgtahc",
    "edualc",
    "ciporhtna",
    "ianepo",
    "tolipoc",
    "mll",
    "ledom egaugnal",
    "detareneg-ia",
    "ia",
    "tnegabus",
    "tobtahc",
    "tnatsissa ia",
    "yb derohtua-oc",
    "tpmorp",
];
const PATHS: [&str; 8] =
    ["/krow/", "/emoh/", "/toor/", "_hsab/pmt/", "-tegrat/pmt/", "oi.setarc.", "gro.ipyp", "gro.sjmpn.yrtsiger"];

fn forwards(word: &str) -> String {
    word.chars().rev().collect()
}

fn problems(file: &str, text: &str) -> Vec<String> {
    let small = text.to_lowercase();
    let mut problems = Vec::new();
    for word in WORDS.map(forwards) {
        let is_whole = |at: usize| {
            let word_character = |c: char| c.is_alphanumeric() || c == '_';
            !small[..at].ends_with(word_character) && !small[at + word.len()..].starts_with(word_character)
        };
        if small.match_indices(&word).any(|(at, _)| is_whole(at)) {
            problems.push(format!("{file}: `{word}`"));
        }
    }
    let paths = PATHS.map(forwards).into_iter().filter(|path| small.contains(path));
    problems.extend(paths.map(|path| format!("{file}: `{path}`")));
    problems
}

#[test]
fn no_word_stands_where_it_has_no_place() {
    // The lock file names the registry of every package, as it must; deny.toml says which registries are allowed.
    let read = |file: &String| fs::read(root().join(file)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let ours = tree()
        .into_iter()
        .filter(|file| !["Cargo.lock", "deny.toml"].contains(&file.as_str()) && !file.ends_with(".lock"));
    let found: Vec<String> =
        ours.flat_map(|file| read(&file).map(|text| problems(&file, &text)).unwrap_or_default()).collect();
    holds(&found);
}

#[test]
fn a_word_out_of_place_is_seen() {
    for word in WORDS.map(forwards) {
        sees(&problems("a.md", &format!("Made with {}.", word.to_uppercase())), &word);
        holds(&problems("a.md", &format!("x{word}x")));
    }
    for path in PATHS.map(forwards) {
        sees(&problems("a.md", &format!("see {path}main")), &path);
    }
}
