//! Tiles (C2SP tlog-tiles): where a tree's hashes and entries lie, in files of 256.

use std::fmt;

/// Hashes, or entries, of a full tile.
pub const WIDTH: u64 = 256;
/// Levels beyond which no tree has hashes: 256^8 is more than a number of 64 bits counts.
pub const LEVELS_MAX: u32 = 8;

/// What a tile holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Of {
    /// Hashes of this level.
    Hashes(u32),
    /// Log entries.
    Entries,
}

/// A tile of a tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tile {
    /// What it holds.
    pub of: Of,
    /// Which, along the level.
    pub index: u64,
    /// How many it holds: 256 unless it is at the tree's right edge.
    pub width: u64,
}

impl Tile {
    /// Every tile of a tree of this size: hashes of each level, and entries.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        let levels = (0..LEVELS_MAX).map(move |level| (Of::Hashes(level), size >> (8 * level)));
        let of = move |(of, count): (Of, u64)| {
            (0..count.div_ceil(WIDTH)).map(move |index| Self { of, index, width: WIDTH.min(count - index * WIDTH) })
        };
        levels.chain([(Of::Entries, size)]).flat_map(of)
    }

    /// The first hash or entry of it.
    pub fn from(&self) -> u64 {
        self.index * WIDTH
    }

    /// Whether a tree of this size has it, and as wide.
    pub fn is_of(&self, size: u64) -> bool {
        let level = match self.of {
            Of::Hashes(level) => level,
            Of::Entries => 0,
        };
        let count = size.checked_shr(8 * level).unwrap_or_default();
        let end = self.index.checked_mul(WIDTH).and_then(|from| from.checked_add(self.width));
        self.width > 0 && self.width <= WIDTH && end.is_some_and(|end| end <= count)
    }

    /// Reads `tile/...`.
    pub fn parse(path: &str) -> Option<Self> {
        let (of, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let of = match of {
            "entries" => Of::Entries,
            level => Of::Hashes(level.parse().ok().filter(|level| *level < LEVELS_MAX)?),
        };
        let (digits, width) = match rest.split_once(".p/") {
            Some((digits, width)) => (digits, width.parse().ok().filter(|width| *width < WIDTH)?),
            None => (rest, WIDTH),
        };
        let digits: String = digits.chars().filter(|c| c.is_ascii_digit()).collect();
        let tile = Self { of, index: digits.parse().ok()?, width };
        (tile.to_string() == path && width > 0).then_some(tile)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            Of::Hashes(level) => write!(f, "tile/{level}")?,
            Of::Entries => f.write_str("tile/entries")?,
        }
        let mut parts = Vec::new();
        let mut rest = self.index;
        loop {
            parts.push(rest % 1000);
            rest /= 1000;
            if rest == 0 {
                break;
            }
        }
        while let Some(part) = parts.pop() {
            let x = if parts.is_empty() { "" } else { "x" };
            write!(f, "/{x}{part:03}")?;
        }
        if self.width < WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// The bytes of an entry bundle: each entry after its length, two bytes big-endian. An entry that is longer than those can say is
/// none of ours, and left out.
pub fn bundle<E: AsRef<[u8]>>(entries: impl IntoIterator<Item = E>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        if let Ok(length) = u16::try_from(entry.as_ref().len()) {
            bytes.extend(length.to_be_bytes());
            bytes.extend(entry.as_ref());
        }
    }
    bytes
}

/// The entries of a bundle. `None` when it breaks off.
pub fn entries(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        found.push(entry);
        bytes = rest;
    }
    Some(found)
}

#[cfg(test)]
mod tests;
