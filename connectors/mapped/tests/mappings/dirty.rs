//! Every worked sample with each of its cells spoilt in turn: what is wrong with a row is that row's own affair.

use mapped::{Mapping, Tried};

use crate::worked::{WORKED, mapping, sample, tried};

/// A word that is nobody's, and that nothing may repeat.
const CANARY: &str = "Zebedee-Quill";

/// What may stand in a cell in place of what belongs there.
const DIRT: [&str; 4] = ["", "#N/A", CANARY, "31/31/2031"];

/// What stands between the cells of a sample.
fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap();
    *b"|;\t".iter().find(|delimiter| header.contains(delimiter)).unwrap_or(&b',')
}

fn records(bytes: &[u8]) -> Vec<csv::ByteRecord> {
    let delimiter = delimiter(bytes);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(bytes);
    reader.byte_records().map(Result::unwrap).collect()
}

fn with(records: &[csv::ByteRecord], delimiter: u8, (row, column): (usize, usize), cell: &[u8]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    for (at, record) in records.iter().enumerate() {
        let cells = record.iter().enumerate();
        let cells = cells.map(|(place, own)| if (at, place) == (row, column) { cell } else { own });
        writer.write_record(cells).unwrap();
    }
    writer.into_inner().unwrap()
}

/// What was said of rows: which record, and what of it. Descriptions are of a child and not of a row, and a row that is kept as it
/// came has its spaces.
fn said(tried: &Tried, of_row: impl Fn(u64) -> bool) -> Vec<(u64, String, String)> {
    let drafts = tried
        .said
        .drafts
        .iter()
        .filter(|draft| !["person", "row"].contains(&draft.table) && of_row(draft.place.record));
    let told = drafts.map(|draft| {
        let what = format!("{:?} {:?} {:?} {:?}", draft.effective, draft.event, draft.findings, draft.third_parties);
        (draft.place.record, draft.record_key.clone(), what)
    });
    told.collect()
}

fn texts(tried: &Tried) -> impl Iterator<Item = &str> {
    let findings = tried.said.drafts.iter().flat_map(|draft| &draft.findings).map(|finding| finding.field.as_str());
    let told = tried.said.rejections.iter().flat_map(|one| [one.message.as_str(), one.place.field.as_str()]);
    findings.chain(told)
}

fn spoil(name: &str, mapping: &Mapping, file: &str) {
    let bytes = sample(file);
    let (records, delimiter) = (records(&bytes), delimiter(&bytes));
    let good = tried(mapping, file, &with(&records, delimiter, (usize::MAX, 0), b""));
    // A title may stand above the header, whose rows begin a line below it.
    let header = good.rows[0].line as usize - 2;
    for row in header + 1..records.len() {
        let of_others = |record: u64| record != (row - header) as u64;
        for column in 0..records[row].len() {
            let at = format!("{name}, row {row}, column {column}");
            let own = records[row].get(column).unwrap();
            let spaced = tried(mapping, file, &with(&records, delimiter, (row, column), &[b"  ", own, b"  "].concat()));
            assert_eq!(said(&spaced, |_| true), said(&good, |_| true), "{at}: spaces say nothing");
            for dirt in DIRT {
                let dirty = tried(mapping, file, &with(&records, delimiter, (row, column), dirt.as_bytes()));
                assert_eq!(
                    said(&dirty, of_others),
                    said(&good, of_others),
                    "{at}, `{dirt}`: its neighbours are as they were"
                );
                assert_eq!(dirty.said.whole, good.said.whole, "{at}, `{dirt}`: the file is as whole as it was");
                assert!(texts(&dirty).all(|text| !text.contains(CANARY)), "{at}, `{dirt}`: a value is told");
                let has_outcome = dirty.rows.iter().any(|told| told.line == row as u64 + 1);
                assert!(has_outcome, "{at}, `{dirt}`: nothing is said of the row");
            }
        }
    }
}

#[test]
fn a_spoilt_cell_is_its_rows_own_affair() {
    let tables = WORKED.iter().filter(|(_, file)| file.ends_with(".csv"));
    assert!(tables.clone().count() >= 16);
    tables.for_each(|(name, file)| spoil(name, &mapping(name), file));
}
