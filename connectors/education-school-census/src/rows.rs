//! Rows held until their whole submission is read, packed: a county's children fit in memory.

use connector_kit::room::Room;

/// Stands between cells; taken out of the cells themselves.
const BETWEEN: char = '\u{1f}';

/// Most memory that the rows of one kind may take, about: those of a county's pupils take some hundred megabytes.
pub(crate) const HELD_BYTES_MAX: usize = 1 << 30;

/// Rows of one kind: all their text in one piece.
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

/// A row's place in the text, whose it is, and where it stood.
#[derive(Clone, Copy)]
pub(crate) struct Held {
    start: usize,
    length: u32,
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
    pub(crate) fn push<'c>(&mut self, held: Held, cells: impl IntoIterator<Item = &'c str>) -> bool {
        let start = self.text.len();
        for (at, cell) in cells.into_iter().enumerate() {
            if at > 0 {
                self.text.push(BETWEEN);
            }
            self.text.extend(cell.split(BETWEEN));
        }
        let length = u32::try_from(self.text.len() - start).unwrap_or(u32::MAX);
        self.rows.push(Held { start, length, ..held });
        self.room.take(self.text.len() - start + size_of::<Held>())
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Held> {
        self.rows.get(at)
    }

    /// The row's cells in one piece: equal rows have equal texts.
    pub(crate) fn text(&self, row: &Held) -> &str {
        self.text.get(row.start..row.start + row.length as usize).unwrap_or("")
    }

    /// Puts the rows in order of owner and then content, so that nothing depends on the order of the file.
    pub(crate) fn sort(&mut self) {
        let Self { text, rows, .. } = self;
        let of = |row: &Held| text.get(row.start..row.start + row.length as usize).unwrap_or("");
        rows.sort_unstable_by(|a, b| {
            a.owner.cmp(&b.owner).then_with(|| of(a).cmp(of(b))).then_with(|| (a.file, a.line).cmp(&(b.file, b.line)))
        });
    }

    /// The rows of each owner, after [`Self::sort`].
    pub(crate) fn by_owner(&self) -> impl Iterator<Item = (u32, &[Held])> {
        self.rows.chunk_by(|a, b| a.owner == b.owner).filter_map(|rows| Some((rows.first()?.owner, rows)))
    }
}

impl Held {
    /// A row not yet held.
    pub(crate) fn new(owner: u32, file: u32, line: u64, record: u64) -> Self {
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Self { start: 0, length: 0, owner, file, line: small(line), record: small(record) }
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
        let mut rows = Rows::default();
        for (owner, line, cells) in [(2, 1, ["b", "x"]), (1, 2, ["c", ""]), (2, 3, ["a", "y\u{1f}z"])] {
            assert!(rows.push(Held::new(owner, 0, line, line), cells));
        }
        rows.sort();
        let read: Vec<(u32, Vec<[&str; 3]>)> = rows
            .by_owner()
            .map(|(owner, held)| (owner, held.iter().map(|row| cells(rows.text(row))).collect()))
            .collect();
        assert_eq!(read, [(1, vec![["c", "", ""]]), (2, vec![["a", "yz", ""], ["b", "x", ""]])]);
        assert_eq!((without_last_cell("a\u{1f}b\u{1f}c"), last_cell("a\u{1f}b\u{1f}c")), ("a\u{1f}b", "c"));
        assert_eq!((without_last_cell("a"), last_cell("a")), ("", "a"));
        assert_eq!(cells_after("a\u{1f}b\u{1f}c", 2).collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn no_more_rows_are_held_than_there_is_room_for() {
        let mut rows = Rows::within(Room::of(2 * (size_of::<Held>() + 3)));
        let took: Vec<bool> = (0..3).map(|line| rows.push(Held::new(1, 0, line, line), ["a", "b"])).collect();
        assert_eq!(took, [true, true, false]);
    }
}
