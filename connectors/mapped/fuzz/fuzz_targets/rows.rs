//! Any bytes at all, as the file of a mapping, CSV and workbook: every row has an outcome.
#![no_main]

use std::sync::LazyLock;

use connector_kit::SourceFile;
use libfuzzer_sys::fuzz_target;
use mapped::{Mapping, try_out};

static MAPPINGS: LazyLock<[Mapping; 2]> = LazyLock::new(|| {
    [include_str!("../../mappings/social-care-portage.toml"), include_str!("../../mappings/health-community-csds.toml")]
        .map(|text| Mapping::parse(text).map(|checked| checked.mapping).unwrap())
});

fuzz_target!(|bytes: &[u8]| {
    for mapping in MAPPINGS.iter() {
        let tried = try_out(mapping, SourceFile { name: "fuzz".to_owned(), bytes: Box::new(bytes) });
        assert!(tried.said.drafts.iter().all(|draft| !draft.subject.value.is_empty() && draft.effective.when.is_some()));
    }
});
