//! The ledger's folder: what was signed, and the trees' files.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ledger::note::{Note, VerifierKey};
use ledger::statement::Statement;

use super::{KeyFolder, LedgerError, Levels};

const STATEMENT: &str = "statement";
const KEPT: &str = "statements";
const KEYS: &str = "keys";

/// The folder of a ledger.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at this place, which need not be there.
    pub fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// A tree's hashes.
    pub fn levels(&self, tree: &str) -> Levels {
        Levels::new(self.0.join("trees").join(tree), tree)
    }

    /// The last statement, as it was signed.
    ///
    /// # Errors
    /// [`LedgerError::Note`] when it is none.
    pub fn last(&self) -> Result<Option<Note>, LedgerError> {
        let path = self.0.join(STATEMENT);
        if path.exists() { read_note(&path).map(Some) } else { Ok(None) }
    }

    /// Every statement that is kept, in the order of their names, and the last one; each once, with all its signatures.
    ///
    /// # Errors
    /// [`LedgerError::Note`] when one is none.
    pub fn statements(&self) -> Result<Vec<Note>, LedgerError> {
        let mut notes = notes_in(&self.0.join(KEPT))?;
        if let Some(last) = self.last()?
            && notes.iter().all(|kept| kept.text() != last.text())
        {
            notes.push(last);
        }
        Ok(notes)
    }

    /// The public keys, by number, and the notes by which one followed another: copies, so that the folder alone can be verified.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn rotations(&self) -> Result<Vec<Note>, LedgerError> {
        notes_in(&self.0.join(KEYS))
    }

    /// The texts of the public keys, in order of number.
    pub(super) fn public_keys(&self) -> Vec<String> {
        let path = |number: u32| self.0.join(KEYS).join(format!("{number}.vkey"));
        (1..).map_while(|number| fs::read_to_string(path(number)).ok()).collect()
    }

    /// Copies what is public of the keys.
    pub(super) fn put_keys(&self, keys: &KeyFolder) -> Result<(), LedgerError> {
        let dir = self.0.join(KEYS);
        for number in 1..=keys.newest() {
            for path in [keys.public_path(number), keys.public_path(number).with_extension("note")] {
                let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
                match fs::read_to_string(&path) {
                    Ok(text) if fs::read_to_string(dir.join(name)).is_ok_and(|there| there == text) => {}
                    Ok(text) => put(&dir, name, &text)?,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => return Err(LedgerError::io("read", &path)(error)),
                }
            }
        }
        Ok(())
    }

    /// Has it on stable storage, in place of the one before.
    pub(super) fn put_last(&self, note: &Note) -> Result<(), LedgerError> {
        put(&self.0, STATEMENT, &note.to_string())
    }

    /// Keeps one, by the time at which it was signed; with the signatures that it has there already.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn keep(&self, note: &Note, signed_at: u64) -> Result<(), LedgerError> {
        let dir = self.0.join(KEPT);
        let name = format!("{signed_at}.note");
        let mut kept = note.clone();
        let path = dir.join(&name);
        if path.exists() {
            let there = read_note(&path)?;
            if there.text() != note.text() {
                // Another of the same second: both are kept.
                return put(&dir, &format!("{signed_at}-{}.note", hex::encode(digest(note))), &note.to_string());
            }
            kept = there;
            note.signatures().iter().for_each(|signature| kept.add(signature.clone()));
        }
        put(&dir, &name, &kept.to_string())
    }

    /// Takes in what a witness signed: a statement of this ledger with the cosignature of a witness that is known. Gives who.
    ///
    /// # Errors
    /// [`LedgerError::Unbelieved`] unless the ledger and a witness signed it.
    pub fn accept(
        &self,
        note: &Note,
        keys: &[VerifierKey],
        witnesses: &[VerifierKey],
    ) -> Result<Vec<String>, LedgerError> {
        let statement = Statement::believed(note, keys)?;
        note.check(witnesses)?;
        let known: Vec<VerifierKey> = keys.iter().chain(witnesses).cloned().collect();
        let mut believed = Note::new(note.text().to_owned())?;
        for signature in note.signatures() {
            if known.iter().any(|key| key.name() == signature.name && key.id() == signature.id) {
                believed.add(signature.clone());
            }
        }
        self.keep(&believed, statement.signed_at)?;
        Ok(note.witnesses(witnesses).into_iter().map(|(key, _)| key.name().to_owned()).collect())
    }
}

fn digest(note: &Note) -> [u8; 4] {
    use sha2::Digest as _;
    let hash: [u8; 32] = sha2::Sha256::digest(note.text()).into();
    *hash.first_chunk().unwrap_or(&[0; 4])
}

/// Reads a note from a file.
///
/// # Errors
/// [`LedgerError::Note`].
pub fn read_note(path: &Path) -> Result<Note, LedgerError> {
    let bytes = fs::read(path).map_err(LedgerError::io("read", path))?;
    Note::parse(&bytes).map_err(|because| LedgerError::Note { path: path.to_owned(), because })
}

/// Every note of a folder, in the order of their names; none where there is no folder.
pub(super) fn notes_in(dir: &Path) -> Result<Vec<Note>, LedgerError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(LedgerError::io("read", dir))?,
    };
    let paths: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(LedgerError::io("read", dir))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "note"));
    paths.sort();
    paths.iter().map(|path| read_note(path)).collect()
}

/// Writes a file whole or not at all, and has it on stable storage.
pub(super) fn put(dir: &Path, name: &str, content: &str) -> Result<(), LedgerError> {
    let failed = |path: &Path| LedgerError::io("written", path);
    if !dir.is_dir() {
        fs::create_dir_all(dir).map_err(failed(dir))?;
        if let Some(above) = dir.parent() {
            File::open(above).and_then(|above| above.sync_all()).map_err(failed(above))?;
        }
    }
    let (beside, path) = (dir.join(format!("{name}.new")), dir.join(name));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&beside).map_err(failed(&beside))?;
    file.write_all(content.as_bytes()).and_then(|()| file.sync_all()).map_err(failed(&beside))?;
    fs::rename(&beside, &path).map_err(failed(&path))?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed(dir))
}
