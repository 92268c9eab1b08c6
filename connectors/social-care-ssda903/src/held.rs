//! The rows of a submission, held until each child's are together.
//!
//! The files of a return are joined by child, and a file need not be in order of children: so the rows are held, each as one
//! text of its cells. Beside that text a row takes some [`ROW_BYTES`], whatever its columns: a return of 120,000 rows and 5 MB
//! takes 21 MB. [`HELD_BYTES_MAX`] bounds all of it. What a row says is taken apart when its child's turn comes.

use connector_kit::file_name::{Authority, hints};
use connector_kit::room::Room;

use crate::tables::{Table, canonical, is_of_the_return};

/// Most memory that the rows of one submission may take: those of a region; the return of a large council takes some tens of
/// megabytes.
pub(crate) const HELD_BYTES_MAX: usize = 512 << 20;
/// What a row takes beside its text: where it stood, its place among its child's, and what an allocation costs.
const ROW_BYTES: usize = 130;

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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct RowPlace {
    pub(crate) line: u64,
    pub(crate) record: u64,
    pub(crate) byte_offset: u64,
}

/// A row as it is held.
#[derive(Debug)]
pub(crate) struct Held {
    layout: u32,
    place: RowPlace,
    text: Box<str>,
}

/// All rows of a submission.
#[derive(Debug)]
pub(crate) struct Rows {
    layouts: Vec<Layout>,
    held: Vec<Held>,
    room: Room,
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

impl Default for Rows {
    fn default() -> Self {
        Self { layouts: Vec::new(), held: Vec::new(), room: Room::of(HELD_BYTES_MAX) }
    }
}

impl Rows {
    /// Adds a layout; rows are added by its number.
    pub(crate) fn layout(&mut self, layout: Layout) -> u32 {
        self.layouts.push(layout);
        u32::try_from(self.layouts.len() - 1).unwrap_or(u32::MAX)
    }

    /// Holds a row of these cells, in the order of its layout, and of columns that the layout does not name. False when there is
    /// no room for it.
    pub(crate) fn push<'c>(
        &mut self,
        layout: u32,
        place: RowPlace,
        cells: impl Iterator<Item = &'c str>,
        named: impl Iterator<Item = (&'c str, &'c str)>,
    ) -> bool {
        let mut text = String::new();
        let mut add = |cell: &str| {
            let plain = !cell.contains([NEXT, NAMED]);
            if plain {
                text.push_str(cell)
            } else {
                text.extend(cell.chars().filter(|c| !matches!(*c, NEXT | NAMED)))
            }
            text.push(NEXT);
        };
        cells.for_each(&mut add);
        let mut further = String::new();
        for (name, cell) in named {
            further.extend([name, "\u{1e}", cell, "\u{1f}"]);
        }
        text.push_str(&further);
        text.pop();
        let has_room = self.room.take(text.len() + ROW_BYTES);
        self.held.push(Held { layout, place, text: text.into_boxed_str() });
        has_room
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = Glance<'_>> {
        self.held.iter().filter_map(|held| Some(Glance { held, layout: self.layouts.get(held.layout as usize)? }))
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
        place.map_or("", |place| self.cell(place))
    }

    /// What the row itself says of whose it is.
    pub(crate) fn authority(self) -> Option<Authority> {
        self.layout.authority.and_then(|at| Authority::parse(self.cell(at)))
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
            cells: layout.places.iter().map(|place| place.map_or("", at)).collect(),
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
        let mut rows = Rows::default();
        let layout = rows.layout(Layout::of(Table::Episodes, 3, names));
        let cells = ["301", "A1", "a \"b\", c\u{1f}", "U1", "01/02/2024"];
        assert!(rows.push(layout, RowPlace::default(), cells.into_iter(), [("zeal", "z"), ("ant", "")].into_iter()));
        let glance = rows.all().next().unwrap();
        assert_eq!((glance.get("child"), glance.get("dec"), glance.file()), ("A1", "", 3));
        assert_eq!((glance.authority(), glance.year()), (Authority::parse("301"), None));
        let row = glance.row();
        assert_eq!((row.get("place"), row.get("decom"), row.get("rec")), ("U1", "01/02/2024", ""));
        assert_eq!(row.further, [("remark", "a \"b\", c"), ("zeal", "z")]);
        assert_eq!(String::from_utf8(row.line()).unwrap(), "301,A1,\"a \"\"b\"\", c\",U1,01/02/2024,zeal=z,ant=");
    }

    #[test]
    fn a_submission_holds_no_more_than_it_may() {
        let mut rows = Rows { room: Room::of(4 * (10 + ROW_BYTES)), ..Rows::default() };
        let layout = rows.layout(Layout::of(Table::Header, 0, vec!["child".to_owned()]));
        let mut hold = |cell: &str| rows.push(layout, RowPlace::default(), std::iter::once(cell), std::iter::empty());
        let took: Vec<bool> = (0..5).map(|_| hold("ten bytes.")).collect();
        assert_eq!(took, [true, true, true, true, false]);
    }
}
