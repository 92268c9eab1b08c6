//! What connectors/README.md shows is so.

use std::path::Path;

use mapped::Outcome;

use crate::worked::{checked, tried};

/// The blocks of the page in this language, in order.
fn blocks(language: &str) -> Vec<String> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let blocks = page.split("```").skip(1).step_by(2);
    blocks.filter_map(|block| block.strip_prefix(&format!("{language}\n"))).map(str::to_owned).collect()
}

#[test]
fn the_mapping_of_the_page_reads_the_table_of_the_page() {
    let mapping = checked(&blocks("toml")[0]).mapping;
    let table = &blocks("csv")[0];
    let shown = tried(&mapping, "visits.csv", table.as_bytes());
    let outcomes: Vec<Outcome> = shown.rows.iter().map(|row| row.outcome).collect();
    use Outcome::{Published, PublishedWithFindings, Quarantined};
    assert_eq!(outcomes, [Published, Published, PublishedWithFindings, Quarantined]);
    assert_eq!(shown.of_file, []);
}
