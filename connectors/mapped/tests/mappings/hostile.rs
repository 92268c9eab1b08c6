//! Workbooks that mean harm: they are refused, and cost no more than is allowed.

use std::io::{Cursor, Write as _};

use mapped::UNPACKED_BYTES_MAX;
use proptest::prelude::*;
use proto::quarantine::Reason;
use zip::write::SimpleFileOptions;

use crate::worked::{mapping, sample, tried};

/// A workbook of one sheet with this content.
fn workbook(sheet: impl FnOnce(&mut dyn std::io::Write)) -> Vec<u8> {
    let (mut out, options) = (zip::ZipWriter::new(Cursor::new(Vec::new())), SimpleFileOptions::default());
    let types = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
    let book = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Register" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    let relations = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
    let root = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    for (name, text) in [
        ("[Content_Types].xml", types),
        ("_rels/.rels", root),
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", relations),
    ] {
        out.start_file(name, options).unwrap();
        out.write_all(text.as_bytes()).unwrap();
    }
    out.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    out.write_all(br#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#).unwrap();
    sheet(&mut out);
    out.write_all(b"</sheetData></worksheet>").unwrap();
    out.finish().unwrap().into_inner()
}

fn reasons(bytes: &[u8]) -> Vec<Reason> {
    let tried = tried(&mapping("social-care-portage"), "portage.xlsx", bytes);
    tried.said.rejections.iter().map(|rejection| rejection.reason).collect()
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_refused_before_it_is_read() {
    let spaces = vec![b' '; 1 << 20];
    let bomb = workbook(|sheet| {
        for _ in 0..=(UNPACKED_BYTES_MAX >> 20) {
            sheet.write_all(&spaces).unwrap();
        }
    });
    assert!(bomb.len() < 2 << 20, "it is small while it is packed: {}", bomb.len());
    assert_eq!(reasons(&bomb), [Reason::RecordTooLarge]);
}

#[test]
fn a_cell_at_the_end_of_the_world_costs_nothing() {
    let far = workbook(|sheet| {
        sheet.write_all(br#"<row r="1"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>"#).unwrap();
    });
    assert_eq!(reasons(&far), [Reason::RecordTooLarge]);
}

#[test]
fn a_cell_beyond_the_end_of_the_world_is_refused() {
    for at in ["A99999999999", "AAAAAAAAAAAA1", "A0", ""] {
        let cell = format!(r#"<row r="1"><c r="{at}" t="inlineStr"><is><t>x</t></is></c></row>"#);
        let nowhere = workbook(|sheet| sheet.write_all(cell.as_bytes()).unwrap());
        assert_eq!(reasons(&nowhere), [Reason::FileUnreadable], "{at}");
    }
}

#[test]
fn what_is_no_workbook_is_refused() {
    assert_eq!(reasons(b"no workbook\n"), [Reason::FileUnreadable]);
    assert_eq!(
        reasons(b"Child,Spell\n"),
        [Reason::HeaderMissing],
        "text is read as a table, and this is another one's"
    );
    assert_eq!(reasons(b""), [Reason::FileUnreadable]);
    let good = sample("portage.xlsx");
    assert_eq!(reasons(&good[..good.len() / 2]), [Reason::FileUnreadable]);
    let other = workbook(|_| ());
    assert_eq!(reasons(&other), [Reason::HeaderMissing], "a sheet of the name, with nothing in it");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_spoilt_workbook_is_read_or_refused(at in 0.0..1.0_f64, with in proptest::collection::vec(any::<u8>(), 1..8)) {
        let mut bytes = sample("portage.xlsx");
        let at = (bytes.len() as f64 * at) as usize;
        for (offset, byte) in with.into_iter().enumerate() {
            if let Some(there) = bytes.get_mut(at + offset) {
                *there = byte;
            }
        }
        let tried = tried(&mapping("social-care-portage"), "portage.xlsx", &bytes);
        prop_assert!(!tried.said.drafts.is_empty() || !tried.said.rejections.is_empty());
    }
}
