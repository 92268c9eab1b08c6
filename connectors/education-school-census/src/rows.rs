//! Rows held until their whole submission is read. Those of the rolls are packed: a county's children fit in memory. What stands
//! under them, which is most of an export, is gathered by child on disk.

use std::io;

use connector_kit::Output;
use connector_kit::gather::{Gathered, Gathering, Owned, Owners};
use connector_kit::room::Room;

/// Stands between cells; taken out of the cells themselves.
const BETWEEN: char = '\u{1f}';

/// Most memory that the rolls may take, about: those of a county's pupils take some hundred megabytes.
pub(crate) const HELD_BYTES_MAX: usize = 1 << 30;

/// Rows of the rolls: all their text in one piece.
pub(crate) struct Rows {
    text: String,
    rows: Vec<Held>,
    room: Room,
}

impl Default for Rows {
    fn default() -> Self {
        Self::within(Room::of(HELD_BYTES_MAX))
    }
}

/// A row's place in the text.
struct Held {
    start: usize,
    length: u32,
    stood: Stood,
}

/// Whose a row is, and where it stood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stood {
    /// The child, or while reading pupils the school.
    pub(crate) owner: u32,
    /// Which file of the submission.
    pub(crate) file: u32,
    pub(crate) line: u32,
    pub(crate) record: u32,
}

impl Rows {
    /// No more rows than there is room for.
    pub(crate) fn within(room: Room) -> Self {
        Self { text: String::new(), rows: Vec::new(), room }
    }

    /// Holds a row of the given cells. False when there is no room for more.
    pub(crate) fn push<'c>(&mut self, stood: Stood, cells: impl IntoIterator<Item = &'c str>) -> bool {
        let start = self.text.len();
        pack(&mut self.text, cells);
        let length = u32::try_from(self.text.len() - start).unwrap_or(u32::MAX);
        self.rows.push(Held { start, length, stood });
        self.room.take(self.text.len() - start + size_of::<Held>())
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row, and its cells in one piece: equal rows have equal texts.
    pub(crate) fn get(&self, at: usize) -> Option<(&Stood, &str)> {
        self.rows.get(at).map(|row| (&row.stood, row.text(&self.text)))
    }

    /// Puts the rows in order of owner and then content, so that nothing depends on the order of the file.
    pub(crate) fn sort(&mut self) {
        let Self { text, rows, .. } = self;
        rows.sort_unstable_by(|a, b| {
            let by_content = || a.text(text).cmp(b.text(text));
            let by_place = || (a.stood.file, a.stood.line).cmp(&(b.stood.file, b.stood.line));
            a.stood.owner.cmp(&b.stood.owner).then_with(by_content).then_with(by_place)
        });
    }
}

impl Held {
    fn text<'t>(&self, all: &'t str) -> &'t str {
        all.get(self.start..self.start + self.length as usize).unwrap_or("")
    }
}

/// Rows of a group of tables, gathered by child.
pub(crate) struct Gathers(Gathering<Packed>);

/// A row outside memory.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Packed {
    #[prost(uint32, tag = "1")]
    file: u32,
    #[prost(uint32, tag = "2")]
    line: u32,
    #[prost(uint32, tag = "3")]
    record: u32,
    #[prost(string, tag = "4")]
    text: String,
}

impl Gathers {
    pub(crate) fn new(out: &dyn Output) -> Self {
        Self(Gathering::for_output(out))
    }

    /// Takes a row of the given cells.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn push<'c>(&mut self, stood: Stood, cells: impl IntoIterator<Item = &'c str>) -> io::Result<()> {
        let mut text = String::new();
        pack(&mut text, cells);
        let Stood { owner, file, line, record } = stood;
        // As wide as any number, so that they come in the order of numbers.
        self.0.push(0, &format!("{owner:010}"), &Packed { file, line, record, text })
    }

    /// Everything was read.
    ///
    /// # Errors
    /// When the disk does not give it back.
    pub(crate) fn gathered(self) -> io::Result<OfGroup> {
        Ok(OfGroup(self.0.gathered()?))
    }
}

/// The rows of a group of tables, by child.
pub(crate) struct OfGroup(Gathered<Packed>);

/// One child after another.
pub(crate) struct Children<'g>(Owners<'g, Packed>);

/// A child's rows, in order of content.
#[derive(Debug, Default)]
pub(crate) struct OfChild {
    pub(crate) owner: u32,
    pub(crate) rows: Vec<(Stood, String)>,
    /// How many rows there are beyond those that any child has.
    pub(crate) left_out: u64,
}

impl OfGroup {
    pub(crate) fn children(&self) -> Children<'_> {
        Children(self.0.owners(0))
    }
}

impl Children<'_> {
    /// The next child that has rows.
    ///
    /// # Errors
    /// When the disk does not give them back.
    pub(crate) fn next(&mut self) -> io::Result<Option<OfChild>> {
        let Some(Owned { owner, rows, left_out }) = self.0.next_owner()? else { return Ok(None) };
        let owner = owner.parse().unwrap_or(u32::MAX);
        let unpacked = |Packed { file, line, record, text }| (Stood { owner, file, line, record }, text);
        let mut rows: Vec<(Stood, String)> = rows.into_iter().map(unpacked).collect();
        rows.sort_unstable_by(|(a, text), (b, than)| {
            text.cmp(than).then_with(|| (a.file, a.line, a.record).cmp(&(b.file, b.line, b.record)))
        });
        Ok(Some(OfChild { owner, rows, left_out }))
    }
}

fn pack<'c>(text: &mut String, cells: impl IntoIterator<Item = &'c str>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            text.push(BETWEEN);
        }
        text.extend(cell.split(BETWEEN));
    }
}

impl Stood {
    /// Where a row of this owner stood, by the numbers of its file, line and record.
    pub(crate) fn new(owner: u32, file: u32, line: u64, record: u64) -> Self {
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Self { owner, file, line: small(line), record: small(record) }
    }
}

/// The first `N` cells of a packed row; blank where it has fewer.
pub(crate) fn cells<const N: usize>(text: &str) -> [&str; N] {
    let mut cells = text.split(BETWEEN);
    std::array::from_fn(|_| cells.next().unwrap_or(""))
}

/// The cells after the first `skip`.
pub(crate) fn cells_after(text: &str, skip: usize) -> impl Iterator<Item = &str> {
    text.split(BETWEEN).skip(skip)
}

/// The last cell.
pub(crate) fn last_cell(text: &str) -> &str {
    text.rsplit(BETWEEN).next().unwrap_or("")
}

/// The text without its last cell.
pub(crate) fn without_last_cell(text: &str) -> &str {
    text.rsplit_once(BETWEEN).map_or("", |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_by_owner_and_content() {
        let given = [(10, 1, ["b", "x"]), (9, 2, ["c", ""]), (10, 3, ["a", "y\u{1f}z"])];
        let (mut rows, mut gathers) = (Rows::default(), Gathers::new(&connector_kit::Collected::default()));
        for (owner, line, cells) in given {
            assert!(rows.push(Stood::new(owner, 0, line, line), cells));
            gathers.push(Stood::new(owner, 0, line, line), cells).unwrap();
        }
        rows.sort();
        let packed: Vec<(u32, u32, &str)> =
            (0..rows.len()).filter_map(|at| rows.get(at)).map(|(of, text)| (of.owner, of.line, text)).collect();
        let group = gathers.gathered().unwrap();
        let (mut children, mut gathered) = (group.children(), Vec::new());
        while let Some(OfChild { owner, rows, .. }) = children.next().unwrap() {
            gathered.extend(rows.into_iter().map(|(held, text)| (owner, held.line, text)));
        }
        let gathered: Vec<(u32, u32, &str)> =
            gathered.iter().map(|(of, line, text)| (*of, *line, text.as_str())).collect();
        assert_eq!(packed, [(9, 2, "c\u{1f}"), (10, 3, "a\u{1f}yz"), (10, 1, "b\u{1f}x")]);
        assert_eq!(gathered, packed);
        assert_eq!(cells::<3>("a\u{1f}yz"), ["a", "yz", ""]);
        assert_eq!((without_last_cell("a\u{1f}b\u{1f}c"), last_cell("a\u{1f}b\u{1f}c")), ("a\u{1f}b", "c"));
        assert_eq!((without_last_cell("a"), last_cell("a")), ("", "a"));
        assert_eq!(cells_after("a\u{1f}b\u{1f}c", 2).collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn no_more_rows_are_held_than_there_is_room_for() {
        let mut rows = Rows::within(Room::of(2 * (size_of::<Held>() + 3)));
        let took: Vec<bool> = (0..3).map(|line| rows.push(Stood::new(1, 0, line, line), ["a", "b"])).collect();
        assert_eq!(took, [true, true, false]);
    }
}
