//! The rows of a submission, gathered by child: its files are joined by child, and a file need not be in order of children. Each
//! is held as one text of its cells; what it says is taken apart when its child's turn comes.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use connector_kit::file_name::{Authority, hints};
use connector_kit::gather::{Gathered, Gathering};
use connector_kit::{Output, Place, Rejection, dates};
use jiff::civil;
use proto::quarantine::Reason;

use crate::reading::{self, File};
use crate::say::Year;
use crate::tables::{Table, canonical, is_of_the_return};

/// Between two cells, and between a further column's name and its cell: characters that no table holds.
const NEXT: char = '\u{1f}';
const NAMED: char = '\u{1e}';

/// The columns of a file, or of the parts of one kind in an XML file.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) table: Table,
    /// The file's number within the submission.
    pub(crate) file: usize,
    /// Its columns as it names them, in lower case.
    names: Vec<String>,
    /// By column of the table, where it stands.
    places: Vec<Option<usize>>,
    /// Where columns of no place stand.
    further: Vec<usize>,
    authority: Option<usize>,
    year: Option<usize>,
}

/// Where a row stood in its file.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct RowPlace {
    #[prost(uint64, tag = "1")]
    pub(crate) line: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) record: u64,
    #[prost(uint64, tag = "3")]
    pub(crate) byte_offset: u64,
}

/// A row as it is held.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Held {
    #[prost(uint32, tag = "1")]
    layout: u32,
    #[prost(message, required, tag = "2")]
    place: RowPlace,
    #[prost(string, tag = "3")]
    text: String,
}

/// Whose rows are gathered together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Section {
    /// Rows that name no child, by authority.
    Nobody,
    /// By authority and child.
    Child,
}

/// The rows of a submission while it is read.
pub(crate) struct Rows {
    layouts: Vec<Layout>,
    gathering: Gathering<Held>,
    /// Whose rows are that do not say so, and whose file does not.
    given: Option<Authority>,
    /// No file says on which day it stood so.
    undated: bool,
    told: Told,
}

/// What the rows say together.
#[derive(Default)]
pub(crate) struct Told {
    /// Authority, file, the year where the row itself says it, and table.
    pub(crate) there: BTreeSet<(Authority, usize, Option<u16>, Table)>,
    /// Files of which a row is nobody's.
    pub(crate) of_no_authority: BTreeSet<usize>,
    /// By [`DATED`]: how many dates lie in each year, in rows of which nothing else says the year.
    years: [BTreeMap<u16, usize>; DATED.len()],
    /// By year: the latest of its dates, where no file says on which day it stood so.
    latest: BTreeMap<u16, civil::Date>,
}

/// Columns whose dates lie in the year that a return is of, the surest first.
const DATED: [(Table, &[&str]); 8] = [
    (Table::Episodes, &["dec"]),
    (Table::Missing, &["mis_start", "mis_end"]),
    (Table::Reviews, &["review"]),
    (Table::Workers, &["sw_dec", "sw_decom"]),
    (Table::Episodes, &["decom"]),
    (Table::Placed, &["date_placed", "date_placed_ceased"]),
    (Table::Ad1, &["date_match", "date_int"]),
    (Table::Liberty, &["dolo_start"]),
];

/// All rows of a submission.
pub(crate) struct Read {
    layouts: Vec<Layout>,
    pub(crate) rows: Gathered<Held>,
    pub(crate) told: Told,
}

/// A column of no place, and its cell.
pub(crate) type Further<'h> = (&'h str, &'h str);

/// A row, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Row<'h> {
    pub(crate) table: Table,
    /// Its file's number within the submission.
    pub(crate) file: usize,
    pub(crate) place: RowPlace,
    /// By column of its table, "" where blank.
    cells: Vec<&'h str>,
    /// By column of the table, where it stands in the file.
    places: &'h [Option<usize>],
    /// Columns of no place, by name.
    pub(crate) further: Vec<Further<'h>>,
    text: &'h str,
}

impl Layout {
    pub(crate) fn of(table: Table, file: usize, names: Vec<String>) -> Self {
        let place_of = |column: &str| {
            // The return's own name before another.
            let exact = names.iter().position(|name| name == column);
            exact.or_else(|| names.iter().position(|name| canonical(name) == column))
        };
        let places: Vec<Option<usize>> = table.columns().iter().map(|column| place_of(column)).collect();
        let find = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&canonical(name)));
        let (authority, year) = (find(&["la", "lea"]), find(&["year", "collection_year"]));
        let of_no_place = |(at, name): (usize, &String)| {
            let known = name.is_empty() || is_of_the_return(canonical(name)) || places.contains(&Some(at));
            (!known).then_some(at)
        };
        let mut further: Vec<usize> = names.iter().enumerate().filter_map(of_no_place).collect();
        further.sort_by_key(|at| names.get(*at));
        Self { table, file, names, places, further, authority, year }
    }
}

impl Rows {
    /// None yet.
    pub(crate) fn new(given: Option<Authority>, undated: bool, out: &dyn Output) -> Self {
        let gathering = Gathering::for_output(out);
        Self { layouts: Vec::new(), gathering, given, undated, told: Told::default() }
    }

    /// Adds a layout; rows are added by its number.
    pub(crate) fn layout(&mut self, layout: Layout) -> u32 {
        self.layouts.push(layout);
        u32::try_from(self.layouts.len() - 1).unwrap_or(u32::MAX)
    }

    /// Takes a row of these cells, in the order of its layout, and of columns that the layout does not name. False when so much
    /// was refused that the rest of the file is not to be read.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn push<'c>(
        &mut self,
        file: &mut File,
        layout: u32,
        place: RowPlace,
        cells: impl Iterator<Item = &'c str>,
        named: impl Iterator<Item = (&'c str, &'c str)>,
    ) -> io::Result<bool> {
        let held = Held { layout, place, text: text_of(cells, named) };
        let Some(layout) = self.layouts.get(layout as usize) else { return Ok(true) };
        let row = Glance { held: &held, layout };
        let stated = row.authority();
        if !stated.is_empty() {
            let read = Authority::stated(stated);
            if read.is_none() || file.hints.authority.is_some_and(|named| Some(named) != read) {
                return Ok(file.rejected.row((), of_another(&row.row(), file)));
            }
        }
        self.told.take_dates(row, file, self.undated);
        let Some(authority) = Authority::stated(stated).or(file.hints.authority).or(self.given) else {
            self.told.of_no_authority.insert(layout.file);
            return Ok(true);
        };
        self.told.there.insert((authority, layout.file, row.year(), layout.table));
        let child = proto::subject::normalise_value(row.get("child"));
        let section = if child.is_empty() { Section::Nobody } else { Section::Child };
        self.gathering.push(section as u32, &format!("{}/{child}", authority.as_str()), &held)?;
        Ok(true)
    }

    /// Everything was read.
    ///
    /// # Errors
    /// When the disk does not take the rows, or does not give them back.
    pub(crate) fn gathered(self) -> io::Result<Read> {
        Ok(Read { layouts: self.layouts, rows: self.gathering.gathered()?, told: self.told })
    }
}

/// A row's cells as one text.
fn text_of<'c>(cells: impl Iterator<Item = &'c str>, named: impl Iterator<Item = (&'c str, &'c str)>) -> String {
    let mut text = String::new();
    for cell in cells {
        if cell.contains([NEXT, NAMED]) {
            text.extend(cell.chars().filter(|c| !matches!(*c, NEXT | NAMED)));
        } else {
            text.push_str(cell);
        }
        text.push(NEXT);
    }
    for (name, cell) in named {
        text.extend([name, "\u{1e}", cell, "\u{1f}"]);
    }
    text.pop();
    text
}

impl Told {
    fn take_dates(&mut self, row: Glance<'_>, file: &File, undated: bool) {
        let table = row.table();
        let of_no_year = row.year().is_none() && file.hints.year.is_none() && !file.hints.last_year;
        if !of_no_year && !undated {
            return;
        }
        for ((_, columns), years) in DATED.iter().zip(&mut self.years).filter(|((of, _), _)| *of == table) {
            let dates = columns.iter().filter_map(|column| reading::date(row.get(column), "").value);
            for on in dates.filter_map(|date| dates::day(&date)) {
                let year = Year::with(on);
                if of_no_year {
                    *years.entry(year).or_default() += 1;
                }
                self.latest.entry(year).and_modify(|latest| *latest = on.max(*latest)).or_insert(on);
            }
        }
    }

    /// The year in which most of the dates lie that a return's own year holds.
    pub(crate) fn year(&self) -> Option<u16> {
        let years = self.years.iter().find(|years| !years.is_empty())?;
        // Of two with as many the later.
        years.iter().max_by_key(|(year, count)| (**count, **year)).map(|(year, _)| *year)
    }

    /// How far into its year a return reaches: to its end when anything happened in its last month, which in the return of a
    /// whole year something always has.
    pub(crate) fn latest(&self, year: Year) -> Option<civil::Date> {
        let latest = *self.latest.get(&year.number)?;
        Some(if latest.month() == 3 { year.last } else { latest })
    }
}

impl Read {
    /// A row, to be asked of or taken apart.
    pub(crate) fn glance<'h>(&'h self, held: &'h Held) -> Option<Glance<'h>> {
        self.layouts.get(held.layout as usize).map(|layout| Glance { held, layout })
    }
}

/// A row of which only a cell or two are asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glance<'h> {
    held: &'h Held,
    layout: &'h Layout,
}

impl<'h> Glance<'h> {
    pub(crate) fn table(self) -> Table {
        self.layout.table
    }

    pub(crate) fn file(self) -> usize {
        self.layout.file
    }

    /// The cell of this column, "" where it is blank.
    pub(crate) fn get(self, column: &str) -> &'h str {
        let place = self.layout.table.place_of(column).and_then(|at| *self.layout.places.get(at)?);
        place.map_or("", |place| without_fraction(self.cell(place)))
    }

    /// What the row itself says of whose it is, "" where nothing.
    fn authority(self) -> &'h str {
        self.layout.authority.map_or("", |at| self.cell(at)).trim()
    }

    /// What the row itself says of its year.
    pub(crate) fn year(self) -> Option<u16> {
        self.layout.year.and_then(|at| year_of(self.cell(at)))
    }

    fn cell(self, place: usize) -> &'h str {
        self.held.text.split(NEXT).nth(place).unwrap_or_default()
    }

    /// The row, taken apart.
    pub(crate) fn row(self) -> Row<'h> {
        let Self { held, layout } = self;
        let all: Vec<&str> = held.text.split(NEXT).collect();
        let at = |place: usize| all.get(place).copied().unwrap_or_default();
        let named = all.get(layout.names.len()..).unwrap_or_default().iter().filter_map(|cell| cell.split_once(NAMED));
        let mut further: Vec<Further<'h>> = layout
            .further
            .iter()
            .filter_map(|place| Some((layout.names.get(*place)?.as_str(), at(*place))))
            .chain(named)
            .filter(|(_, cell)| !cell.is_empty())
            .collect();
        further.sort_unstable();
        Row {
            table: layout.table,
            file: layout.file,
            place: held.place,
            cells: layout.places.iter().map(|place| place.map_or("", |place| without_fraction(at(place)))).collect(),
            places: &layout.places,
            further,
            text: &held.text,
        }
    }
}

impl<'h> Row<'h> {
    /// The cell of this column, "" where it is blank.
    pub(crate) fn get(&self, column: &str) -> &'h str {
        self.table.place_of(column).and_then(|at| self.cells.get(at)).copied().unwrap_or_default()
    }

    /// Whether anything stands in it beside its child, and whose and of which year it is.
    pub(crate) fn says_something(&self) -> bool {
        self.columns().any(|(name, cell)| name != "child" && !cell.is_empty())
    }

    /// All of its columns, by name.
    pub(crate) fn columns(&self) -> impl Iterator<Item = Further<'h>> {
        let own = self.table.columns().iter().copied().zip(self.cells.iter().copied());
        own.chain(self.further.iter().copied())
    }

    /// Whether its file has this column at all.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.table.place_of(column).and_then(|at| self.places.get(at)).is_some_and(Option::is_some)
    }

    /// The order in which rows are read: by what they say, so that the order of a file means nothing.
    pub(crate) fn order(&self) -> (Table, &[&'h str], &[Further<'h>]) {
        (self.table, &self.cells, &self.further)
    }

    /// The row as a line of a table, for a person to look at.
    pub(crate) fn line(&self) -> Vec<u8> {
        let mut line = String::new();
        for (at, cell) in self.text.split(NEXT).enumerate() {
            if at > 0 {
                line.push(',');
            }
            let (name, cell) = cell.split_once(NAMED).unwrap_or(("", cell));
            if !name.is_empty() {
                line.extend([name, "="]);
            }
            if cell.contains(['"', ',', '\n', '\r']) {
                line.extend(["\"", &cell.replace('"', "\"\""), "\""]);
            } else {
                line.push_str(cell);
            }
        }
        line.into_bytes()
    }
}

/// A row whose own word on whose it is nobody can read, or is not that of its file: it is given to neither.
fn of_another(row: &Row<'_>, file: &File) -> Rejection {
    let message = "LA is no authority's three digits or name, or not the one in the file's name: the row was given to no authority; put the \
                   code into LA, or empty the column where the file's name says whose the return is, and send the return again";
    let place = Place {
        file: file.name.clone(),
        line: row.place.line,
        record: row.place.record,
        byte_offset: row.place.byte_offset,
        field: "LA".to_owned(),
    };
    Rejection::of(Reason::SubjectMissing, message, place, &row.line())
}

/// A number or a code as a data frame writes it that has a blank in its column: `123.0` is 123.
fn without_fraction(cell: &str) -> &str {
    let whole =
        cell.strip_suffix(".0").filter(|whole| !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()));
    whole.unwrap_or(cell)
}

/// The years that `YEAR` is written as: 2025, 2024/25, 2024-25.
fn year_of(text: &str) -> Option<u16> {
    let plain = text.strip_suffix(".0").unwrap_or(text);
    hints(&format!("{plain}.")).year
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_taken_apart_as_it_was_put_together() {
        let names = ["la", "child", "remark", "pl", "decom"].map(str::to_owned).to_vec();
        let layout = Layout::of(Table::Episodes, 3, names);
        let cells = ["301", "A1", "a \"b\", c\u{1f}", "U1", "01/02/2024"];
        let text = text_of(cells.into_iter(), [("zeal", "z"), ("ant", "")].into_iter());
        let held = Held { layout: 0, place: RowPlace::default(), text };
        let glance = Glance { held: &held, layout: &layout };
        assert_eq!((glance.get("child"), glance.get("dec"), glance.file()), ("A1", "", 3));
        assert_eq!((glance.authority(), glance.year()), ("301", None));
        let row = glance.row();
        assert_eq!((row.get("place"), row.get("decom"), row.get("rec")), ("U1", "01/02/2024", ""));
        assert_eq!(row.further, [("remark", "a \"b\", c"), ("zeal", "z")]);
        assert_eq!(String::from_utf8(row.line()).unwrap(), "301,A1,\"a \"\"b\"\", c\",U1,01/02/2024,zeal=z,ant=");
    }
}
