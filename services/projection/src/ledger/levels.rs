//! A tree's hashes on disk, a file a level: what its tiles, its proofs and its next root are made of.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use ledger::proof::{self, Hashes, LEVEL_HEIGHT};
use ledger::tile::LEVELS_MAX;
use ledger::{Hash, Tree};

use super::LedgerError;

const HASH_BYTES: u64 = 32;
/// Tiles that are looked at at a time: half a megabyte.
const TILES_A_READ: usize = 64;

/// The files, for reading.
#[derive(Clone, Debug)]
pub struct Levels {
    dir: PathBuf,
    name: String,
}

impl Levels {
    pub(super) fn new(dir: PathBuf, name: &str) -> Self {
        Self { dir, name: name.to_owned() }
    }

    /// Whether every hash above is the root of the 256 below it: the root alone is made of few of them.
    fn hold_together(&self, size: u64) -> Result<bool, LedgerError> {
        for level in 1..LEVELS_MAX {
            let (count, width) = (size >> (LEVEL_HEIGHT * level), 1 << LEVEL_HEIGHT);
            for from in (0..count).step_by(TILES_A_READ) {
                let tiles = (count - from).min(TILES_A_READ as u64);
                let above = self.hashes(level, from, tiles)?;
                let below = self.hashes(level - 1, from * width, tiles * width)?;
                let folded = below.chunks(1 << LEVEL_HEIGHT).map(|tile| {
                    let mut tree = Tree::new();
                    tile.iter().for_each(|hash| tree.append(*hash));
                    tree.root()
                });
                if !folded.eq(above) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// How many leaf hashes there are, right or wrong.
    pub fn size(&self) -> u64 {
        fs::metadata(self.dir.join("0")).map_or(0, |file| file.len() / HASH_BYTES)
    }
}

impl Hashes for Levels {
    type Error = LedgerError;

    fn hashes(&self, level: u32, from: u64, count: u64) -> Result<Vec<Hash>, LedgerError> {
        let not_whole = || LedgerError::Tree(self.name.clone());
        let bytes =
            count.checked_mul(HASH_BYTES).and_then(|bytes| usize::try_from(bytes).ok()).ok_or_else(not_whole)?;
        let at = from.checked_mul(HASH_BYTES).ok_or_else(not_whole)?;
        let file = File::open(self.dir.join(level.to_string())).map_err(|_| not_whole())?;
        if file.metadata().map_or(0, |file| file.len()) < at.saturating_add(bytes as u64) {
            return Err(not_whole());
        }
        let mut read = vec![0; bytes];
        file.read_exact_at(&mut read, at).map_err(|_| not_whole())?;
        Ok(read.as_chunks().0.to_vec())
    }
}

/// The files, and the tree that grows into them.
pub(super) struct Growing {
    levels: Levels,
    tree: Tree,
    /// Hashes that are not yet in the files, by level.
    waiting: Vec<Vec<u8>>,
}

impl Growing {
    /// The tree of this size, if the files hold it with this root. What they hold beyond it is cut off: it is read again.
    pub(super) fn open(levels: Levels, size: u64, root: &Hash) -> Result<Option<Self>, LedgerError> {
        let whole = |level: u32| {
            let needed = (size >> (LEVEL_HEIGHT * level)) * HASH_BYTES;
            needed == 0 || fs::metadata(levels.dir.join(level.to_string())).is_ok_and(|file| file.len() >= needed)
        };
        if !(0..LEVELS_MAX).all(whole) {
            return Ok(None);
        }
        let tree = proof::tree(&levels, size)?;
        if tree.root() != *root || !levels.hold_together(size)? {
            return Ok(None);
        }
        let growing = Self { levels, tree, waiting: Vec::new() };
        for level in 0..LEVELS_MAX {
            let path = growing.levels.dir.join(level.to_string());
            match OpenOptions::new().write(true).open(&path) {
                Ok(file) => file
                    .set_len((size >> (LEVEL_HEIGHT * level)) * HASH_BYTES)
                    .map_err(LedgerError::io("cut", &path))?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                Err(error) => return Err(LedgerError::io("opened", &path)(error)),
            }
        }
        Ok(Some(growing))
    }

    /// A tree that begins.
    pub(super) fn begin(levels: Levels) -> Result<Self, LedgerError> {
        match fs::remove_dir_all(&levels.dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(LedgerError::io("removed", &levels.dir)(error));
            }
            _ => {}
        }
        Ok(Self { levels, tree: Tree::new(), waiting: Vec::new() })
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(super) fn levels(&self) -> &Levels {
        &self.levels
    }

    /// Adds a leaf; it is in the files after [`Self::write`].
    pub(super) fn append(&mut self, leaf: Hash) {
        let waiting = &mut self.waiting;
        self.tree.append_noting(leaf, |height, root| {
            if height.is_multiple_of(LEVEL_HEIGHT) {
                let level = (height / LEVEL_HEIGHT) as usize;
                waiting.resize_with(waiting.len().max(level + 1), Vec::new);
                if let Some(hashes) = waiting.get_mut(level) {
                    hashes.extend_from_slice(root);
                }
            }
        });
    }

    /// Writes what waits. Not synced: what a crash of the machine takes is read from the log again.
    pub(super) fn write(&mut self) -> Result<(), LedgerError> {
        let size = self.tree.size();
        for (level, hashes) in (0..).zip(&mut self.waiting) {
            if hashes.is_empty() {
                continue;
            }
            let file = open(&self.levels.dir, level)?;
            let end = (size >> (LEVEL_HEIGHT * level)) * HASH_BYTES;
            let path = self.levels.dir.join(level.to_string());
            file.write_all_at(hashes, end - hashes.len() as u64).map_err(LedgerError::io("written", &path))?;
            hashes.clear();
        }
        Ok(())
    }
}

fn open(dir: &Path, level: u32) -> Result<File, LedgerError> {
    let path = dir.join(level.to_string());
    let opening = || OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let opened = match opening() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::create_dir_all(dir).map_err(LedgerError::io("made", dir))?;
            opening()
        }
        opened => opened,
    };
    opened.map_err(LedgerError::io("opened", &path))
}
