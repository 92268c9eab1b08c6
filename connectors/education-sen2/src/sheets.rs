//! A return as a workbook: a sheet for each module, or one sheet with the modules below each other, each under its title, as in the
//! department's template (`Person Record`).

use std::io::Cursor;

use connector_kit::workbook::{self, WorkbookUnusable};
use connector_kit::{Place, Rejection, SourceFile};
use proto::quarantine::Reason;

use crate::columns::Columns;
use crate::module::Module;

/// A table of a workbook: its module, and what stands in it, as it would be saved.
pub(crate) type Sheet = (Module, Vec<u8>);

const NO_SHEET: &str = "no sheet of the workbook is called after one of the nine tables (Person, Requests, Named Plan), or has them under \
                        their titles (Person Record): name the sheets so, and send it again";

/// The tables of a workbook.
pub(crate) fn read(file: SourceFile<'_>) -> Result<Vec<Sheet>, Box<Rejection>> {
    let SourceFile { name, bytes } = file;
    let refused = |reason, message: &str| {
        Box::new(Rejection::of(reason, message, Place { file: name.clone(), ..Place::default() }, &[]))
    };
    let unusable = |error: WorkbookUnusable| refused(error.reason(), &error.to_string());
    let bytes = workbook::bytes(bytes).map_err(unusable)?;
    let sheets = workbook::sheets(&bytes, workbook::is_shown).map_err(unusable)?;
    let tables: Vec<Sheet> = sheets.into_iter().flat_map(|(name, text)| tables(&name, text)).collect();
    if tables.is_empty() { Err(refused(Reason::HeaderMissing, NO_SHEET)) } else { Ok(tables) }
}

/// The tables of a sheet. Lines that are of another table are blank, so that a row's line is its row of the sheet.
fn tables(sheet: &str, text: Vec<u8>) -> Vec<Sheet> {
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let titles = lines.iter().zip(0..).filter_map(|(line, at)| Some((at, titled(line)?)));
    let titles: Vec<(usize, Module)> = titles.collect();
    if titles.is_empty() {
        let (_, module) = Module::of_file(sheet);
        return module.map(|module| (module, text)).into_iter().collect();
    }
    let ends = titles.iter().skip(1).map(|(at, _)| *at).chain([lines.len()]);
    let table = |((at, module), end): (&(usize, Module), usize)| {
        let rows = lines.get(at + 1..end).unwrap_or_default();
        (*module, [vec![b'\n'; at + 1], rows.concat()].concat())
    };
    titles.iter().zip(ends).map(table).collect()
}

/// The module of which a line is the title: its one cell says so.
fn titled(line: &[u8]) -> Option<Module> {
    let cell = std::str::from_utf8(line).ok()?.trim().trim_start_matches(',').strip_prefix('"')?.strip_suffix('"')?;
    let words: String = cell.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let name = words.strip_suffix("records").or_else(|| words.strip_suffix("record"))?;
    if name == "header" { Some(Module::Sen2) } else { Module::named(name) }
}

/// A table's text as a file of this name.
pub(crate) fn file(name: &str, text: Vec<u8>) -> SourceFile<'static> {
    SourceFile { name: name.to_owned(), bytes: Box::new(Cursor::new(text)) }
}

/// Whether a row of a sheet is the header of this module's table.
pub(crate) fn is_header(module: Module, cells: &[String]) -> bool {
    Columns::known(module, cells) > 1
}
