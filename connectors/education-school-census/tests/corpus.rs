//! The fuzz corpus, in every test run.
#![cfg(test)]

use connector_kit::Collected;
use education_school_census::SchoolCensus;

#[test]
fn the_corpus_is_translated() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/export");
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let files: Vec<(&str, &[u8])> = text
            .split("== ")
            .filter_map(|file| file.split_once('\n'))
            .map(|(name, text)| (name, text.as_bytes()))
            .collect();
        let said = Collected::of(&SchoolCensus, &files);
        assert!(!said.drafts.is_empty() || !said.rejections.is_empty());
    }
}
