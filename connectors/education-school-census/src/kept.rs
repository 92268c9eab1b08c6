//! What has no place in the catalogue yet: kept whole, but for the columns that only hold the export together and are
//! given anew each time.

use connector_kit::reading::finding;
use proto::events::{Date, FindingCode, SourceRecordKept};

use crate::say::{Said, key_part};

/// Most records are this short, and the writer's own default is a page for each.
const BUFFER_BYTES: usize = 512;

/// A record of these columns, blank ones left out; `None` when all are blank.
pub(crate) fn said<'c>(
    table: &'static str,
    key: String,
    on: Date,
    columns: impl Iterator<Item = (&'c str, &'c str)>,
) -> Option<Said> {
    let (names, cells): (Vec<_>, Vec<_>) = columns.filter(|(_, cell)| !cell.is_empty()).unzip();
    if names.is_empty() {
        return None;
    }
    let mut table_text = csv::WriterBuilder::new().buffer_capacity(BUFFER_BYTES).from_writer(Vec::new());
    table_text.write_record(&names).ok()?;
    table_text.write_record(&cells).ok()?;
    let content = String::from_utf8(table_text.into_inner().ok()?).ok()?;
    let event = SourceRecordKept {
        record_type: Some(table.to_owned()),
        media_type: Some("text/csv".to_owned()),
        content: Some(content),
    };
    let findings = vec![finding(FindingCode::NotMapped, "")];
    Some(Said { table, key, events: vec![(on, event.into())], findings })
}

/// The natural key of a row of which nothing better is known: what it says.
pub(crate) fn content_key<'c>(cells: impl Iterator<Item = &'c str>) -> String {
    key_part(&cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(","))
}
