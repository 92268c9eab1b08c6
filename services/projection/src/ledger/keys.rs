//! The ledger's signing keys: a folder with each key, its public half, and the note by which it followed the one before.
//!
//! ```text
//! 1.key        PRIVATE+KEY+origin+id+base64: readable to its owner alone
//! 1.vkey       origin+id+base64: for everybody
//! 2.key 2.vkey
//! 2.note       that 2 follows 1, signed by both
//! ```

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use ledger::note::{KeyKind, Note, NoteError, SigningKey, VerifierKey};
use ledger::rotation::{Rotation, keys_from};
use zeroize::Zeroizing;

use super::LedgerError;
use super::folder::{notes_in, put};

/// Where the ledger's keys are.
#[derive(Clone, Debug)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// The folder at this place, which need not be there.
    pub fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    /// The number of the newest key; 0 where there is none.
    pub fn newest(&self) -> u32 {
        (1..).take_while(|number| self.path(*number, "key").exists()).last().unwrap_or_default()
    }

    /// The newest key: what signs.
    ///
    /// # Errors
    /// [`LedgerError::NoKey`].
    pub fn signing(&self) -> Result<SigningKey, LedgerError> {
        match self.newest() {
            0 => Err(LedgerError::NoKey(self.0.clone())),
            number => self.read(number),
        }
    }

    /// Every key that the newest public one leads to, by the rotations.
    ///
    /// # Errors
    /// [`LedgerError::NoKey`]; [`LedgerError::Keys`] when a rotation cannot be believed.
    pub fn public(&self) -> Result<Vec<VerifierKey>, LedgerError> {
        let newest = (1..).take_while(|number| self.path(*number, "vkey").exists()).last();
        let newest = newest.ok_or_else(|| LedgerError::NoKey(self.0.clone()))?;
        Ok(keys_from(&read_key(&self.path(newest, "vkey"))?, &self.rotations()?)?)
    }

    /// The notes by which one key followed another.
    ///
    /// # Errors
    /// [`LedgerError::Note`].
    pub fn rotations(&self) -> Result<Vec<Note>, LedgerError> {
        notes_in(&self.0)
    }

    /// Makes the first key, from 32 random bytes, for a ledger of this origin.
    ///
    /// # Errors
    /// [`LedgerError::Unbelieved`] when nothing can be called so; when there is one.
    pub fn make(&self, origin: &str, seed: [u8; 32]) -> Result<VerifierKey, LedgerError> {
        self.write(1, &SigningKey::new(origin, KeyKind::Note, seed)?)
    }

    /// Makes the next key, from 32 random bytes, and the note by which it follows. It signs from the next start of the process.
    ///
    /// # Errors
    /// [`LedgerError::NoKey`] where there is none to follow.
    pub fn rotate(&self, seed: [u8; 32], at: u64) -> Result<VerifierKey, LedgerError> {
        let (number, old) = (self.newest() + 1, self.signing()?);
        let new = SigningKey::new(old.public().name(), KeyKind::Note, seed)?;
        let note = Rotation::sign(&old, &new, at)?;
        // The note first: a key without one would sign what nobody can follow.
        put(&self.0, &format!("{number}.note"), &note.to_string())?;
        self.write(number, &new)
    }

    /// Where a key's public half is.
    pub fn public_path(&self, number: u32) -> PathBuf {
        self.path(number, "vkey")
    }

    fn read(&self, number: u32) -> Result<SigningKey, LedgerError> {
        let path = self.path(number, "key");
        let text = Zeroizing::new(fs::read_to_string(&path).map_err(LedgerError::io("read", &path))?);
        SigningKey::parse(text.trim_end()).map_err(|because| LedgerError::Note { path, because })
    }

    fn write(&self, number: u32, key: &SigningKey) -> Result<VerifierKey, LedgerError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(LedgerError::io("made", &self.0))?;
        let path = self.path(number, "key");
        let failed = || LedgerError::io("written", &path);
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut file = opened.map_err(failed())?;
        let text = Zeroizing::new(format!("{}\n", key.to_secret_text()));
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed())?;
        put(&self.0, &format!("{number}.vkey"), &format!("{}\n", key.public()))?;
        Ok(key.public().clone())
    }

    fn path(&self, number: u32, extension: &str) -> PathBuf {
        self.0.join(format!("{number}.{extension}"))
    }
}

/// Reads a public key from a file of one line.
///
/// # Errors
/// [`LedgerError::Note`] when it holds none.
pub fn read_key(path: &Path) -> Result<VerifierKey, LedgerError> {
    let text = fs::read_to_string(path).map_err(LedgerError::io("read", path))?;
    let parsed = text.trim_end().lines().next().map_or(Err(NoteError::Key), VerifierKey::parse);
    parsed.map_err(|because| LedgerError::Note { path: path.to_owned(), because })
}
