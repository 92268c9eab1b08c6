use std::io::{self, BufReader, Read as IoRead};

use super::*;
use crate::reading::{boolean, integer};

fn table<'a>(bytes: impl IoRead + Send + 'a, required: &[&str]) -> Result<Table<'a>, Box<Rejection>> {
    let bytes: Box<dyn BufRead + Send + 'a> = Box::new(BufReader::with_capacity(7, bytes));
    Table::open(SourceFile { name: "pupils.csv".to_owned(), bytes }, required)
}

/// Every row as `line: id|name`, or as `line! reason`, and whether the table is whole.
fn read(bytes: &[u8]) -> (Vec<String>, bool) {
    let mut table = table(bytes, &["id"]).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = table.next_row() {
        rows.push(match row {
            Ok(row) => format!("{}: {}|{}", row.line(), row.get("id").unwrap_or("-"), row.get("name").unwrap_or("-")),
            Err(rejection) => format!("{}! {:?}", rejection.place.line, rejection.reason),
        });
    }
    (rows, table.whole())
}

#[test]
fn columns_are_found_by_name() {
    for text in [
        "id,name\n1,Ada\n",
        "\u{feff}Name , ID,extra\r\nAda,1,x\r\n",
        "\n\nid,name\r1,Ada\r",
        "\"ID\",\"Name\"\n\"1\",\" Ada \"\n",
        "id,name,,\n1,Ada,,\n",
        "id;name\n1;Ada\n",
        "id\tname\textra|more\r\n1\t\"Ada\"\t\r\n",
        "\"id\"|\"name, in full\"|name\n1||Ada\n",
    ] {
        let (rows, whole) = read(text.as_bytes());
        assert_eq!(rows.iter().map(|row| row.split_once(' ').unwrap().1).collect::<Vec<_>>(), ["1|Ada"], "{text:?}");
        assert!(whole);
    }
}

#[test]
fn utf16_is_read_too() {
    let bytes: Vec<u8> = "\u{feff}id,name\r\n1,Zoë\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&bytes), (vec!["2: 1|Zoë".to_owned()], true));
}

#[test]
fn a_broken_row_costs_only_itself() {
    for (text, expected) in [
        ("id,name\n1,Ada\n2\n3,Cy\n", vec!["2: 1|Ada", "3! RecordMalformed", "4: 3|Cy"]),
        ("id,name\n1,Ada\n2,B,ob\n3,Cy,,\n", vec!["2: 1|Ada", "3! RecordMalformed", "4: 3|Cy"]),
        ("id,name\n1,\"Ada\n2,Bob\n3,Cy\n", vec!["2! RecordMalformed", "3: 2|Bob", "4: 3|Cy"]),
        ("id,name\n1,\"Ada\n2,\"Bob\"\n3,Cy\n", vec!["2! RecordMalformed", "3: 2|Bob", "4: 3|Cy"]),
    ] {
        let (rows, whole) = read(text.as_bytes());
        assert_eq!(rows, expected, "{text:?}");
        assert!(!whole, "{text:?}");
    }
}

#[test]
fn quoted_cells_hold_line_ends_commas_and_quotes() {
    let (rows, whole) = read(b"id,name\n1,\"A\r\n\"\"da\"\", B\"\n\n,,\n2,Bob\n");
    assert_eq!(rows, ["2: 1|A\r\n\"da\", B", "6: 2|Bob"]);
    assert!(whole);
}

#[test]
fn a_quote_that_never_closes_is_not_read_for_ever() {
    let mut text = String::from("id,name\n0,\"x\n");
    for id in 1..=1000 {
        text += &format!("{id},n\n");
    }
    let (rows, _) = read(text.as_bytes());
    assert_eq!(rows.len(), 1001);
    assert_eq!((rows[0].as_str(), rows[1].as_str()), ("2! RecordMalformed", "3: 1|n"));
}

#[test]
fn a_row_beyond_the_bound_is_rejected_and_the_next_is_read() {
    let text = format!("id,name\n1,{}\n2,Bob\n", "x".repeat(RECORD_BYTES_MAX + 10));
    assert_eq!(read(text.as_bytes()).0, ["2! RecordTooLarge", "3: 2|Bob"]);
}

#[test]
fn a_last_line_without_its_end_may_have_been_cut() {
    assert_eq!(read(b"id,name\n1,Ada\n2,Bo"), (vec!["2: 1|Ada".to_owned(), "3: 2|Bo".to_owned()], false));
    assert_eq!(read(b"id,name"), (vec![], false));
    assert_eq!(read(b"id,name\n"), (vec![], true));
}

#[test]
fn a_file_without_its_header_is_rejected_whole() {
    for (text, reason) in [
        (&b"1,Ada\n2,Bob\n"[..], Reason::HeaderMissing),
        (b"", Reason::HeaderMissing),
        (b"PK\x03\x04", Reason::EncodingUnsupported),
    ] {
        let rejection = table(text, &["id", "name"]).err().unwrap();
        assert_eq!(rejection.reason, reason);
        assert_eq!(rejection.place.file, "pupils.csv");
    }
    let rejection = table(&b"id\n1\n"[..], &["id", "name"]).err().unwrap();
    assert_eq!(rejection.message, "the header does not name name: export the table with its column names");
}

#[test]
fn places_and_values() {
    let mut table = table(&b"id,sessions,flag\n1,139.0,True\n2,,x\n"[..], &["id"]).unwrap();
    let row = table.next_row().unwrap().unwrap();
    assert_eq!(
        row.place("id"),
        Place { file: "pupils.csv".to_owned(), line: 2, record: 1, byte_offset: 17, field: "id".to_owned() }
    );
    assert_eq!(row.read("sessions", integer), Read::of(139));
    assert_eq!(row.read("flag", boolean), Read::of(true));
    let row = table.next_row().unwrap().unwrap();
    assert_eq!(row.raw(), b"2,,x\n");
    assert_eq!(row.read("sessions", integer), Read::blank());
    assert_eq!(row.required("sessions", integer).finding.unwrap().code(), FindingCode::FieldMissing);
    assert_eq!(row.read("flag", boolean).finding.unwrap().code(), FindingCode::ValueMalformed);
    assert_eq!(row.reject(Reason::SubjectMissing, "id", "no id").place.byte_offset, 30);
}

/// Gives its bytes, then an error.
struct BreaksOff<'a>(&'a [u8]);

impl IoRead for BreaksOff<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() { Err(io::Error::other("gone")) } else { self.0.read(out) }
    }
}

#[test]
fn a_source_that_breaks_off_gives_what_it_gave() {
    let long = format!("id,name\n1,Ada\n2,\"{}", "x".repeat(20_000));
    for text in ["id,name\n1,Ada\n2,B", &long] {
        let mut rows = Vec::new();
        match table(BreaksOff(text.as_bytes()), &["id"]) {
            Err(rejection) => rows.push(rejection.reason),
            Ok(mut table) => {
                while let Some(row) = table.next_row() {
                    rows.extend(row.err().map(|rejection| rejection.reason));
                }
                assert!(!table.whole());
            }
        }
        assert_eq!(rows.last(), Some(&Reason::FileUnreadable));
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let bytes = [b"id,name\n", bytes.as_slice()].concat();
        if let Ok(mut table) = table(bytes.as_slice(), &["id"]) {
            while let Some(row) = table.next_row() {
                drop(row.map(|row| row.get("name").map(str::len)));
            }
        }
    }

    #[test]
    fn what_was_written_reads_back(cells in proptest::collection::vec(("[a-z]{1,3}", "[ -~\n\r]{0,12}"), 0..8)) {
        let mut text = String::from("id,name\n");
        for (id, name) in &cells {
            text += &format!("{id},\"{}\"\n", name.replace('"', "\"\""));
        }
        let mut table = table(text.as_bytes(), &["id"]).unwrap();
        let mut read = Vec::new();
        while let Some(row) = table.next_row() {
            let row = row.unwrap();
            read.push((row.get("id").unwrap_or("").to_owned(), row.get("name").unwrap_or("").to_owned()));
        }
        let trimmed: Vec<_> = cells.into_iter().map(|(id, name)| (id, name.trim().to_owned())).collect();
        proptest::prop_assert_eq!(read, trimmed);
        proptest::prop_assert!(table.whole());
    }
}
