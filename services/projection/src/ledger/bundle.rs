//! A bundle: everything that was signed, and what it was signed of, in files that existing tools read (C2SP tlog-tiles). It holds no
//! record and no pseudonym: times and hashes only.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use event_log::EventLog;
use ledger::checkpoint::Checkpoint;
use ledger::note::{Note, VerifierKey};
use ledger::proof::Hashes;
use ledger::rotation::keys_from;
use ledger::statement::Statement;
use ledger::tile::{self, Of, Tile, WIDTH};
use ledger::{Entry, Hash};

use super::folder::{notes_in, read_note};
use super::verify::{Leaves, Report, Said, verify};
use super::{Finding, Folder, LedgerError, What, entry_of, tree_of};

/// What a bundle says of itself.
const README: &str = include_str!("bundle/README.md");
const KEYS: &str = "keys";
const STATEMENTS: &str = "statements";
const LAST: &str = "statement";
const TREES: &str = "trees";
/// Tiles whose entries are read from the log at a time.
const TILES_A_READ: u64 = 16;

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Exported {
    /// Trees.
    pub trees: usize,
    /// Records.
    pub records: u64,
    /// Statements.
    pub statements: usize,
}

/// Writes the bundle of a log into a new folder: all that is signed of it, and the keys.
///
/// # Errors
/// When the log does not hold what was signed last, or the folder is there and not empty.
pub async fn export(log: &dyn EventLog, folder: &Folder, out: &Path) -> Result<Exported, LedgerError> {
    if fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(LedgerError::Bundle(format!("`{}` is there already, and is not empty", out.display())));
    }
    let last = folder.last()?.ok_or_else(|| LedgerError::Bundle("nothing is signed yet".to_owned()))?;
    let statements = folder.statements()?;
    // With what witnesses signed of it.
    let last = statements.iter().find(|kept| kept.text() == last.text()).cloned().unwrap_or(last);
    let statement = Statement::of(&last)?;
    write(&out.join("README.md"), README.as_bytes())?;
    write(&out.join(LAST), last.to_string().as_bytes())?;
    let mut exported = Exported { statements: 1, ..Exported::default() };
    for note in statements {
        if note.text() != last.text() {
            let name = format!("{:03}-{}.note", exported.statements, Statement::of(&note)?.signed_at);
            write(&out.join(STATEMENTS).join(name), note.to_string().as_bytes())?;
            exported.statements += 1;
        }
    }
    for (number, key) in (1..).zip(folder.public_keys()) {
        write(&out.join(KEYS).join(format!("{number}.vkey")), key.as_bytes())?;
    }
    // The second key came with the first note.
    for (number, note) in (2..).zip(folder.rotations()?) {
        write(&out.join(KEYS).join(format!("{number}.note")), note.to_string().as_bytes())?;
    }
    for head in statement.heads() {
        let dir = out.join(TREES).join(&head.tree);
        let checkpoint = statement.checkpoint(&head.tree).ok_or_else(|| LedgerError::Tree(head.tree.clone()))?;
        write(&dir.join("checkpoint"), checkpoint.to_string().as_bytes())?;
        let levels = folder.levels(&head.tree);
        for tile in Tile::all(head.size) {
            if let Of::Hashes(level) = tile.of {
                let hashes = levels.hashes(level, tile.from(), tile.width)?;
                write(&dir.join(tile.to_string()), hashes.as_flattened())?;
            }
        }
        export_entries(log, &head.tree, head.size, &dir).await?;
        exported.trees += 1;
        exported.records += head.size;
    }
    Ok(exported)
}

async fn export_entries(log: &dyn EventLog, name: &str, size: u64, dir: &Path) -> Result<(), LedgerError> {
    let (topic, partition) = tree_of(name).ok_or_else(|| LedgerError::Tree(name.to_owned()))?;
    let mut waiting: Vec<[u8; Entry::BYTES]> = Vec::new();
    let mut tiles = Tile::all(size).filter(|tile| tile.of == Of::Entries).peekable();
    let mut read = 0;
    while let Some(tile) = tiles.peek().copied() {
        let width = usize::try_from(tile.width).unwrap_or_default();
        if let Some(entries) = waiting.get(..width) {
            write(&dir.join(tile.to_string()), &tile::bundle(entries))?;
            waiting.drain(..width);
            tiles.next();
            continue;
        }
        let wanted = usize::try_from((size - read).min(TILES_A_READ * WIDTH)).unwrap_or_default();
        let records = log.read(topic, partition, read, wanted).await?;
        if records.is_empty() {
            return Err(LedgerError::Bundle(format!("{name} ends at {read}, and {size} records were signed")));
        }
        read += records.len() as u64;
        waiting.extend(records.iter().map(|record| entry_of(record).encode()));
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(LedgerError::io("made", dir))?;
    }
    fs::write(path, bytes).map_err(LedgerError::io("written", path))
}

/// A bundle's files.
#[derive(Clone, Debug)]
struct Files(PathBuf);

/// One tree of them.
struct Tiles {
    dir: PathBuf,
    name: String,
}

impl Tiles {
    /// The bytes of a tile that holds what is at this index: the full one, or the widest that is partial.
    fn tile(&self, of: Of, index: u64) -> Option<Vec<u8>> {
        let full = Tile { of, index, width: WIDTH };
        if let Ok(bytes) = fs::read(self.dir.join(full.to_string())) {
            return Some(bytes);
        }
        let partial = fs::read_dir(self.dir.join(format!("{full}.p"))).ok()?;
        let widths = partial.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u64>().ok());
        let width = widths.max()?;
        fs::read(self.dir.join(Tile { width, ..full }.to_string())).ok()
    }
}

impl Hashes for Tiles {
    type Error = LedgerError;

    fn hashes(&self, level: u32, from: u64, count: u64) -> Result<Vec<Hash>, LedgerError> {
        let mut found = Vec::new();
        while (found.len() as u64) < count {
            let at = from + found.len() as u64;
            let bytes = self.tile(Of::Hashes(level), at / WIDTH).unwrap_or_default();
            let hashes = bytes.as_chunks().0;
            let rest = hashes.get(usize::try_from(at % WIDTH).unwrap_or_default()..).unwrap_or_default();
            if rest.is_empty() {
                return Err(LedgerError::Tree(self.name.clone()));
            }
            found.extend_from_slice(rest);
        }
        found.truncate(usize::try_from(count).unwrap_or_default());
        Ok(found)
    }
}

impl Files {
    fn tiles(&self, tree: &str) -> Tiles {
        Tiles { dir: self.0.join(TREES).join(tree), name: tree.to_owned() }
    }
}

#[async_trait]
impl Leaves for Files {
    async fn entries(&self, tree: &str, from: u64) -> Result<Vec<Option<Entry>>, LedgerError> {
        let bytes = self.tiles(tree).tile(Of::Entries, from / WIDTH).unwrap_or_default();
        // A bundle that breaks off is read as far as it goes.
        let mut entries = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some((length, after)) = rest.split_first_chunk() {
            let Some((entry, after)) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))) else { break };
            entries.push(Entry::decode(entry));
            rest = after;
        }
        let skipped = usize::try_from(from % WIDTH).unwrap_or_default();
        Ok(entries.into_iter().take(WIDTH as usize).skip(skipped).collect())
    }

    fn recorded(&self, tree: &str) -> Box<dyn Hashes<Error = LedgerError> + Send + Sync> {
        Box::new(self.tiles(tree))
    }

    fn holds_tiles(&self) -> bool {
        true
    }
}

/// Every statement of a bundle, and every key that the trusted one leads to.
///
/// # Errors
/// When one of them cannot be read, or the rotations cannot be believed.
pub fn signed_in(dir: &Path, trusted: &VerifierKey) -> Result<(Vec<Note>, Vec<VerifierKey>), LedgerError> {
    let mut notes = notes_in(&dir.join(STATEMENTS))?;
    notes.push(read_note(&dir.join(LAST))?);
    Ok((notes, keys_from(trusted, &notes_in(&dir.join(KEYS))?)?))
}

/// Holds a bundle to what was said: its own statements, and any that the auditor has from elsewhere.
///
/// # Errors
/// When it cannot be read at all.
pub async fn verify_bundle(dir: &Path, said: &Said, keys: &[VerifierKey]) -> Result<Report, LedgerError> {
    let files = Files(dir.to_owned());
    let mut report = verify(Arc::new(files.clone()), said).await?;
    let Some(last) = said.last() else { return Ok(report) };
    for head in last.heads() {
        let stated = Checkpoint { origin: format!("{}/{}", last.origin, head.tree), size: head.size, root: head.root };
        let is_it = |note: Note| Checkpoint::of(&note).is_ok_and(|found| found == stated) && note.check(keys).is_ok();
        if !read_note(&files.tiles(&head.tree).dir.join("checkpoint")).is_ok_and(is_it) {
            let what = What::Missing("its checkpoint is not there, or is not what the statement says".to_owned());
            report.findings.push(Finding::of(&head.tree, what));
        }
    }
    Ok(report)
}
