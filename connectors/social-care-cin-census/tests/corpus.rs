//! The seeds of the fuzz target, in every run of the tests.
#![cfg(test)]

mod support;

use std::path::Path;

#[test]
fn every_seed_of_the_fuzz_target_is_translated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/translate");
    let seeds: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    assert!(seeds.len() >= 3);
    for seed in seeds {
        let collected = support::translate(&seed);
        assert_eq!(collected, support::translate_in_pieces(&seed, 1));
        assert!(collected.records > 0 || !collected.rejections.is_empty());
    }
}
