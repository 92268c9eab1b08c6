//! Rows that have no place in the catalogue: kept whole, as a table of one row under its header.

use proto::events::SourceRecordKept;

/// Columns and their cells, blank ones left out; `None` when all are blank. `record_type` is the source's name of the table.
pub fn columns<'c>(
    record_type: &str,
    columns: impl IntoIterator<Item = (&'c str, &'c str)>,
) -> Option<SourceRecordKept> {
    let (names, cells): (Vec<_>, Vec<_>) = columns.into_iter().filter(|(_, cell)| !cell.is_empty()).unzip();
    (!names.is_empty()).then(|| SourceRecordKept {
        record_type: Some(record_type.to_owned()),
        media_type: Some("text/csv".to_owned()),
        content: Some(format!("{}\n{}\n", line(&names), line(&cells))),
    })
}

fn line(cells: &[&str]) -> String {
    let cell = |cell: &&str| match cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => (*cell).to_owned(),
    };
    cells.iter().map(cell).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_cells_are_left_out_and_others_quoted() {
        let kept = columns("episodes", [("A", "1"), ("B", ""), ("C", "x, \"y\"")]).unwrap();
        assert_eq!(kept.content.as_deref(), Some("A,C\n1,\"x, \"\"y\"\"\"\n"));
        assert_eq!(columns("episodes", [("A", "")]), None);
    }
}
