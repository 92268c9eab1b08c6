//! What stands in the folder of each connector: its call of the suite that every connector is held to, with records of its own, and a
//! fuzz target with its corpus. So a new folder is held to it by being there.

use connector_kit::authority::sector_of;

use crate::{holds, sees, texts, tree};

/// `tests`: the connector's tests, by path, with their text. `files`: every file of its folder.
fn problems(name: &str, files: &[String], tests: &[(String, String)]) -> Vec<String> {
    let folder = format!("connectors/{name}/");
    let own = |within: &str| files.iter().filter(|file| file.starts_with(&format!("{folder}{within}"))).count();
    let calls = |what: &str| tests.iter().any(|(file, text)| file.starts_with(&folder) && text.contains(what));
    let mut problems = Vec::new();
    if !(calls("conformance::") && calls("check(")) {
        problems.push(format!("{folder}tests never call `conformance::check` with a sample of good records"));
    }
    if own("fuzz/fuzz_targets/") == 0 {
        problems.push(format!("{folder}fuzz/fuzz_targets/ holds no target for its parser"));
    }
    if own("fuzz/corpus/") == 0 {
        problems.push(format!("{folder}fuzz/corpus/ holds nothing to begin with"));
    }
    problems
}

#[test]
fn every_connector_is_held_to_the_suite() {
    let (files, tests) = (tree(), texts(&[".rs"]));
    let mut names: Vec<&str> =
        files.iter().filter_map(|file| file.strip_prefix("connectors/")?.split('/').next()).collect();
    names.retain(|name| sector_of(name).is_some());
    names.sort_unstable();
    names.dedup();
    assert!(names.len() >= 10, "{names:?}");
    holds(&names.iter().flat_map(|name| problems(name, &files, &tests)).collect::<Vec<_>>());
}

#[test]
fn a_folder_that_lacks_a_part_is_seen() {
    let files = ["src/lib.rs", "fuzz/fuzz_targets/file.rs", "fuzz/corpus/file/a.csv"];
    let files: Vec<String> = files.iter().map(|file| format!("connectors/health-x/{file}")).collect();
    let test = |text: &str| vec![("connectors/health-x/tests/x.rs".to_owned(), text.to_owned())];
    holds(&problems("health-x", &files, &test("conformance::check(&X, &sample);")));
    sees(&problems("health-x", &files, &test("// nothing")), "conformance::check");
    let elsewhere = vec![("connectors/health-y/tests/y.rs".to_owned(), "conformance::check(&Y, &y)".to_owned())];
    sees(&problems("health-x", &files, &elsewhere), "conformance::check");
    sees(&problems("health-x", &files[..2], &test("conformance::check(")), "fuzz/corpus/");
    sees(&problems("health-x", &files[..1], &test("conformance::check(")), "fuzz/fuzz_targets/");
}
