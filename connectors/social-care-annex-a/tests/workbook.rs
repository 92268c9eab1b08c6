//! A workbook says what the same lists say as CSV, wherever in a sheet the header stands.
#![cfg(test)]

#[path = "../../social-care-ssda903/tests/support/mod.rs"]
mod support;

use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use social_care_annex_a::AnnexA;
use support::{Told as _, files_of, translate};

fn lists() -> Vec<(String, Vec<Vec<String>>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/2025");
    let table = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(cells).collect()
    };
    files_of(&folder).into_iter().map(|(name, bytes)| (name, table(bytes))).collect()
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cells.last_mut().unwrap().push(character),
        }
    }
    cells
}

/// The golden lists in one workbook, each under a title, its dates as a spreadsheet has them.
fn workbook() -> Vec<u8> {
    let mut workbook = Workbook::new();
    let day = Format::new().set_num_format("dd/mm/yyyy");
    for (number, (_, rows)) in lists().into_iter().enumerate() {
        let sheet = workbook.add_worksheet().set_name(format!("List {}", number + 1)).unwrap();
        sheet.write_string(0, 0, "Annex A (every record is invented)").unwrap();
        for (line, row) in rows.iter().enumerate() {
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let (line, column) = (u32::try_from(line).unwrap() + 3, u16::try_from(column).unwrap());
                let parts: Vec<&str> = cell.split('/').collect();
                let date = match parts.as_slice() {
                    [day, month, year] => day.parse().ok().zip(month.parse().ok()).zip(year.parse().ok()),
                    _ => None,
                };
                let date = date
                    .and_then(|((day, month), year): ((u8, u8), u16)| ExcelDateTime::from_ymd(year, month, day).ok());
                match (date, cell.parse::<f64>()) {
                    (Some(date), _) => sheet.write_datetime_with_format(line, column, &date, &day).unwrap(),
                    (None, Ok(number)) => sheet.write_number(line, column, number).unwrap(),
                    (None, Err(_)) => sheet.write_string(line, column, cell).unwrap(),
                };
            }
        }
    }
    workbook.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_says_what_the_lists_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/2025");
    let as_csv = translate(&AnnexA::ANY, &files_of(&folder));
    let as_workbook = translate(&AnnexA::ANY, &[("878_2025-03-04.xlsx", workbook())]);
    // The order of a heading's columns is the sheet's own; so is that of what is kept of them.
    let but_kept = |said: &connector_kit::Collected| -> Vec<String> {
        said.sayings().into_iter().filter(|saying| !saying.contains("SourceRecordKept")).collect()
    };
    assert_eq!(but_kept(&as_workbook), but_kept(&as_csv));
    assert_eq!(as_workbook.sayings().len(), as_csv.sayings().len());
    assert_eq!(as_workbook.records, as_csv.records);
    assert_eq!(as_workbook.whole, as_csv.whole);
    assert_eq!(as_workbook.rejections.len(), as_csv.rejections.len());
}

#[test]
fn a_damaged_workbook_is_refused_whole_or_in_part_and_never_whole() {
    let good = workbook();
    for cut in (0..good.len()).step_by(good.len() / 16) {
        let said = translate(&AnnexA::ANY, &[("878_2025-03-04.xlsx", &good[..cut])]);
        assert!(said.whole.is_empty() && !said.rejections.is_empty(), "{cut}");
    }
}

#[test]
fn a_sheet_with_a_cell_in_no_row_is_refused_and_its_neighbours_are_read() {
    let mut good = zip::ZipArchive::new(Cursor::new(workbook())).unwrap();
    let mut bad = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..good.len() {
        let (mut part, mut bytes) = (good.by_index(at).unwrap(), Vec::new());
        let name = part.name().unwrap().into_owned();
        part.read_to_end(&mut bytes).unwrap();
        if name == "xl/worksheets/sheet1.xml" {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains(r#"r="A5""#));
            // More rows than a number of thirty-two bits counts.
            bytes = text.replace(r#"r="A5""#, r#"r="A99999999999""#).into_bytes();
        }
        bad.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        bad.write_all(&bytes).unwrap();
    }
    let bad = bad.finish().unwrap().into_inner();
    let said = translate(&AnnexA::ANY, &[("878_2025-03-04.xlsx", &bad)]);
    let told: Vec<_> = said.rejections.iter().map(|one| one.reason.name()).collect();
    assert_eq!(told, ["FILE_UNREADABLE"]);
    assert!(said.records > 0, "the other sheets");
}

#[test]
fn a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_read() {
    let mut bomb = zip::ZipWriter::new_append(Cursor::new(workbook())).unwrap();
    bomb.start_file("xl/media/image1.bmp", zip::write::SimpleFileOptions::default()).unwrap();
    let much = vec![b' '; 1 << 20];
    (0..256).for_each(|_| bomb.write_all(&much).unwrap());
    let bomb = bomb.finish().unwrap().into_inner();
    assert!(bomb.len() < 2 << 20, "it is small while it is packed: {}", bomb.len());
    let said = translate(&AnnexA::ANY, &[("878_2025-03-04.xlsx", &bomb)]);
    let told: Vec<_> = said.rejections.iter().map(|one| one.reason.name()).collect();
    assert_eq!((told, said.records, said.whole.len()), (vec!["RECORD_TOO_LARGE"], 0, 0));
}

#[test]
fn a_row_whose_cells_share_a_text_of_no_end_is_refused_alone() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, heading) in (0u16..).zip(["Child Unique ID", "Date of Contact", "Contact Source"]) {
        sheet.write(0, column, heading).unwrap();
    }
    for (row, id) in [(1, "910001"), (2, "910002")] {
        sheet.write(row, 0, id).unwrap();
        sheet.write(row, 1, "03/02/2025").unwrap();
    }
    let text = "x".repeat(30_000);
    for column in 2..40 {
        sheet.write(1, column, &text).unwrap();
    }
    let said = translate(&AnnexA::ANY, &[("878_2025-03-04.xlsx", &workbook.save_to_buffer().unwrap())]);
    let told: Vec<_> = said.rejections.iter().map(|one| (one.reason.name(), one.place.line)).collect();
    assert_eq!((told, said.records), (vec![("RECORD_TOO_LARGE", 2)], 2));
    assert_eq!(said.of_kind("ContactReceived").len(), 1, "its neighbour is read");
    assert_eq!(said.whole.len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_workbook_with_bytes_put_wrong_never_panics(at in 0usize..40_000, byte in any::<u8>()) {
        static GOOD: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(workbook);
        let mut bytes = GOOD.clone();
        let at = at % bytes.len();
        bytes[at] = byte;
        let said = translate(&AnnexA::ANY, &[("878_2025-03-04.xlsx", &bytes)]);
        prop_assert!(said.rejections.iter().all(|rejection| !rejection.message.is_empty()));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = [b"Child Unique ID,Date of Contact,Contact Source\n".to_vec(), bytes].concat();
        translate(&AnnexA::ANY, &[("878_2025-03-04.csv", &bytes)]);
    }
}
