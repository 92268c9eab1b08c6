//! How much of a submission may be held in memory.
//!
//! Where a format does not put what is of one child together, rows are held until it is. Nothing bounds a file: so whoever holds
//! rows counts them, and tells when there is no more room, instead of taking all the memory of the machine.

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

/// Refusals that are held until it is known whose they are, and no more of them than there is room for: a file of which tens of
/// thousands of rows cannot be read is not what its header says.
#[derive(Debug)]
pub struct Refusals<T> {
    held: Vec<T>,
    room: Room,
}

/// Room for the refusals of one file.
const REFUSALS_BYTES: usize = 64 << 20;
/// What a refusal takes beside its raw record.
const REFUSAL_BYTES: usize = 512;

impl<T> Default for Refusals<T> {
    fn default() -> Self {
        Self { held: Vec::new(), room: Room::of(REFUSALS_BYTES) }
    }
}

impl<T> Refusals<T> {
    /// Holds one, whose raw record is so many bytes. False when there is no room for another: then the rest of the file is not
    /// read, and [`TOO_MANY_REFUSED`] says so.
    #[must_use = "what has no room is told"]
    pub fn push(&mut self, refusal: T, raw_bytes: usize) -> bool {
        self.held.push(refusal);
        self.room.take(raw_bytes + REFUSAL_BYTES)
    }

    /// Those that are held.
    pub fn held(&self) -> &[T] {
        &self.held
    }

    /// Those that are held, to be told.
    pub fn take(&mut self) -> Vec<T> {
        std::mem::take(&mut self.held)
    }
}

/// Why a file is read no further of which too much was refused.
pub const TOO_MANY_REFUSED: &str = "so much of the file cannot be read that it is not what its header says: nothing past this row was \
                                    read; export it again, or look at what it was made with";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_held_while_there_is_room() {
        let mut refusals = Refusals { held: Vec::new(), room: Room::of(2 * REFUSAL_BYTES + 10) };
        assert_eq!(["a", "b", "c"].map(|refusal| refusals.push(refusal, 5)), [true, true, false]);
        assert_eq!(refusals.held(), ["a", "b", "c"], "also the one at which there was no more room");
        assert_eq!(refusals.take().len(), 3);
        assert_eq!(refusals.held(), [""; 0]);
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
