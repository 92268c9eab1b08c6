//! How much of a submission may be held in memory.
//!
//! Where a format does not put what is of one child together, rows are held until it is. Nothing bounds a file: so whoever holds
//! rows counts them, and tells when there is no more room, instead of taking all the memory of the machine.

use proto::quarantine::Reason;

use crate::connector::Rejection;

/// Room for what is held.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    most: usize,
    left: usize,
}

impl Room {
    /// Room for so many bytes.
    pub fn of(most: usize) -> Self {
        Self { most, left: most }
    }

    /// Takes room for so many bytes. False when there was less, and from then on.
    #[must_use = "what has no room is told"]
    pub fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    /// How many MB there were, for the message that says so.
    pub fn megabytes(&self) -> usize {
        self.most >> 20
    }
}

/// Refusals that are held until it is known whose they are, each with what it is `of`; and no more of them than there is room for: a
/// file of which tens of thousands of rows cannot be read is not what its header says.
#[derive(Debug)]
pub struct Refusals<T = ()> {
    held: Vec<(T, Rejection)>,
    room: Room,
}

/// Room for the refusals of one file.
const REFUSALS_BYTES: usize = 64 << 20;
/// What a refusal takes beside its raw record.
const REFUSAL_BYTES: usize = 512;

const TOO_MANY_REFUSED: &str = "so much of the file cannot be read that it is not what its header says: nothing past this row was read; \
                                export it again, or look at what it was made with";

impl<T> Default for Refusals<T> {
    fn default() -> Self {
        Self { held: Vec::new(), room: Room::of(REFUSALS_BYTES) }
    }
}

impl<T: Clone> Refusals<T> {
    /// Refuses what is the file's, and no row of it.
    pub fn file(&mut self, of: T, rejection: Rejection) {
        self.held.push((of, rejection));
    }

    /// Refuses a row. False when there is no room for another: that is told, and the rest of the file is not to be read.
    #[must_use = "past the last that there is room for nothing is read"]
    pub fn row(&mut self, of: T, rejection: Rejection) -> bool {
        let has_room = self.room.take(rejection.raw.len() + REFUSAL_BYTES);
        let too_many =
            (!has_room).then(|| Rejection::of(Reason::RecordTooLarge, TOO_MANY_REFUSED, rejection.place.clone(), &[]));
        self.held.push((of.clone(), rejection));
        self.held.extend(too_many.map(|too_many| (of, too_many)));
        has_room
    }

    /// Whether nothing was refused.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Those that are held, to be told.
    pub fn take(&mut self) -> Vec<(T, Rejection)> {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Place;

    #[test]
    fn rows_are_refused_while_there_is_room_and_that_there_is_no_more_is_told() {
        let of = |line| Rejection::of(Reason::RecordMalformed, "", Place { line, ..Place::default() }, b"five.");
        let mut refusals = Refusals { held: Vec::new(), room: Room::of(2 * REFUSAL_BYTES + 10) };
        assert!(refusals.is_empty());
        refusals.file((), of(0));
        assert_eq!([1, 2, 3].map(|line| refusals.row((), of(line))), [true, true, false]);
        let told: Vec<_> = refusals.take().into_iter().map(|((), of)| (of.reason, of.place.line)).collect();
        let malformed = [0, 1, 2, 3].map(|line| (Reason::RecordMalformed, line));
        assert_eq!(told, [&malformed[..], &[(Reason::RecordTooLarge, 3)]].concat());
        assert!(refusals.is_empty());
    }

    #[test]
    fn there_is_so_much_and_no_more() {
        let mut room = Room::of(3 << 20);
        assert_eq!([1 << 20, 2 << 20, 1, 1].map(|bytes| room.take(bytes)), [true, true, false, false]);
        let mut room = Room::of(10);
        assert_eq!(
            [4, 7, 1].map(|bytes| room.take(bytes)),
            [true, false, false],
            "a later one that is smaller has none"
        );
        assert_eq!(Room::of(3 << 20).megabytes(), 3);
    }
}
