//! The seeds of the fuzz targets, in every run of the tests.

use std::path::Path;

use mapped::Mapping;

use crate::worked::{mapping, tried};

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn every_seed_has_an_outcome() {
    let read = seeds("mapping").iter().filter(|text| Mapping::parse(&String::from_utf8_lossy(text)).is_ok()).count();
    assert_eq!(read, 2, "two are mappings, and one is cut");
    for bytes in seeds("rows") {
        for name in ["social-care-portage", "health-community-csds"] {
            let tried = tried(&mapping(name), "seed", &bytes);
            assert!(!tried.said.drafts.is_empty() || !tried.said.rejections.is_empty());
        }
    }
}
