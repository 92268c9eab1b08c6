//! proto, timeline, sharing, identity and ledger do no I/O and read no clock: time comes in as an argument.

use cargo_metadata::DependencyKind;

use crate::{holds, metadata, sees, texts};

const PURE: [(&str, &str); 5] = [
    ("proto", "proto/"),
    ("timeline", "services/timeline/"),
    ("sharing", "services/sharing/"),
    ("identity", "services/identity/"),
    ("ledger", "services/ledger/"),
];

/// What a pure crate may stand on. tonic, for the generated clients and services of `proto` alone; aws-lc-rs, for signatures that
/// need no randomness, in `ledger` alone.
const MAY_STAND_ON: [&str; 20] = [
    "proto",
    "prost",
    "prost-types",
    "tonic",
    "tonic-prost",
    "jiff",
    "thiserror",
    "serde",
    "serde_json",
    "toml",
    "sha2",
    "hex",
    "strsim",
    "rphonetic",
    "hashbrown",
    "siphasher",
    "unicode-normalization",
    "cedar-policy",
    "base64",
    "aws-lc-rs",
];

/// What a pure crate may not name.
const MAY_NOT_NAME: [&str; 17] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "std::os",
    "SystemTime",
    "Instant",
    "Zoned::now",
    "Timestamp::now",
    "TimeZone::system",
    "tokio",
    "rand::",
    "getrandom",
    "Uuid::now",
    "Uuid::new_v4",
];

/// Dependencies of a pure crate that are not on the list.
fn dependencies(name: &str, on: &[String]) -> Vec<String> {
    on.iter()
        .filter(|on| {
            let of_another =
                (on.starts_with("tonic") && name != "proto") || (on.as_str() == "aws-lc-rs" && name != "ledger");
            of_another || !MAY_STAND_ON.contains(&on.as_str())
        })
        .map(|on| format!("`{name}` is pure and may not depend on `{on}`"))
        .collect()
}

/// Names of the outer world in a source file, its tests aside.
fn names(file: &str, source: &str) -> Vec<String> {
    let of_line = |(at, line): (usize, String)| {
        let code = line.split("//").next().unwrap_or_default().to_owned();
        let named = MAY_NOT_NAME.into_iter().find(|name| is_named(&code, name))?;
        Some(format!("{file}:{} is pure and may not name `{named}`", at + 1))
    };
    without_tests(source).into_iter().filter_map(of_line).collect()
}

/// A name stands in code as a whole word, and not as a part of a longer one.
fn is_named(code: &str, name: &str) -> bool {
    let whole = |at: usize| {
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !word(before) && (name.ends_with(':') || !word(after))
    };
    code.match_indices(name).any(|(at, _)| whole(at))
}

/// The lines of a file with their numbers, without what is compiled for tests only.
fn without_tests(source: &str) -> Vec<(usize, String)> {
    let mut kept = Vec::new();
    let mut lines = source.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push((at, line.to_owned()));
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let ends =
            |line: &str| line.len() - line.trim_start().len() == indent && (line.ends_with('}') || line.ends_with(';'));
        let _skipped = lines.by_ref().find(|(_, line)| ends(line));
    }
    kept
}

fn is_test(file: &str) -> bool {
    file.contains("/tests/") || file.ends_with("/tests.rs") || file.contains("/fuzz/") || file.contains("/examples/")
}

#[test]
fn pure_crates_stand_on_nothing_that_reaches_out() {
    let metadata = metadata();
    for (name, _) in PURE {
        let package = metadata.workspace_packages().into_iter().find(|package| package.name == name).unwrap();
        let normal = package.dependencies.iter().filter(|on| on.kind == DependencyKind::Normal);
        holds(&dependencies(name, &normal.map(|on| on.name.clone()).collect::<Vec<_>>()));
    }
}

#[test]
fn pure_crates_name_nothing_that_reaches_out() {
    let sources = texts(&[".rs"]);
    for (_, folder) in PURE {
        let own: Vec<_> = sources.iter().filter(|(file, _)| file.starts_with(folder) && !is_test(file)).collect();
        assert!(!own.is_empty(), "{folder}");
        holds(&own.iter().flat_map(|(file, source)| names(file, source)).collect::<Vec<_>>());
    }
}

#[test]
fn a_dependency_that_reaches_out_is_seen() {
    let on = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    holds(&dependencies("proto", &on(&["prost", "tonic"])));
    sees(&dependencies("timeline", &on(&["prost", "tokio"])), "`tokio`");
    sees(&dependencies("sharing", &on(&["rand"])), "`rand`");
    sees(&dependencies("ledger", &on(&["tonic"])), "`tonic`");
    sees(&dependencies("sharing", &on(&["aws-lc-rs"])), "`aws-lc-rs`");
}

#[test]
fn a_name_that_reaches_out_is_seen_unless_it_is_in_a_test() {
    sees(&names("a.rs", "fn a() {\n    let now = std::time::SystemTime::now();\n}"), "a.rs:2");
    sees(&names("a.rs", "use std::fs::File;"), "std::fs");
    sees(&names("a.rs", "use std::time::Instant;"), "Instant");
    sees(&names("a.rs", "let day = jiff::Zoned::now();"), "Zoned::now");
    sees(&names("a.rs", "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\nuse std::env;"), "a.rs:5");
    holds(&names("a.rs", "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\nfn a() {}"));
    holds(&names("a.rs", "#[cfg(test)]\nmod tests;\nfn a() {}"));
    holds(&names("a.rs", "/// Not std::fs.\nstruct InstantOfDay; // nor SystemTime\nlet operand::x = 1;"));
}
