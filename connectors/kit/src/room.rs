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

#[cfg(test)]
mod tests {
    use super::*;

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
