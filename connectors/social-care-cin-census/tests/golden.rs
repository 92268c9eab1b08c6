//! What invented returns become, to the letter. `UPDATE_GOLDEN=1 cargo test -p social-care-cin-census --test golden`
//! writes the expected files anew.
#![cfg(test)]

mod support;

use std::path::Path;

use support::Told as _;

#[test]
fn every_golden_file_becomes_what_it_became() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut inputs: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.retain(|path| path.extension().is_some_and(|extension| extension == "xml"));
    inputs.sort();
    assert!(!inputs.is_empty());
    for input in inputs {
        let collected = support::translate(std::fs::read(&input).unwrap());
        let fresh = format!("{:#}\n", collected.json());
        let expected = input.with_extension("json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&expected, &fresh).unwrap();
        }
        // As values: the order of keys is whatever serde_json was built with.
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        let committed = std::fs::read_to_string(&expected).unwrap_or_default();
        assert!(value(&committed) == value(&fresh), "{} has changed:\n{fresh}", expected.display());
    }
}
