//! Which files were taken: by digests, since a file may be named after a child, and only of what is still there.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::Options;
use crate::spool::write_whole;

pub(super) struct Ledger {
    file: PathBuf,
    written: Written,
}

#[derive(Serialize, Deserialize)]
struct Written {
    /// What the digests are made with, in hexadecimal; drawn once.
    key: String,
    taken: BTreeSet<String>,
}

impl Ledger {
    pub(super) fn read(file: &Path) -> io::Result<Self> {
        let written = match fs::read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Written { key: hex::encode(rand::random::<[u8; 32]>()), taken: BTreeSet::new() }
            }
            bytes => serde_json::from_slice(&bytes?)?,
        };
        Ok(Self { file: file.to_path_buf(), written })
    }

    /// What stands for a file of this length and time of change.
    pub(super) fn name(&self, of: &Options, name: &str, (size, changed_at): (u64, u32)) -> String {
        let mut made = Hmac::<Sha256>::new_from_slice(self.written.key.as_bytes())
            .unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
        for part in [of.server.host.as_bytes(), of.folder.as_bytes(), name.as_bytes()] {
            made.update(&(part.len() as u64).to_be_bytes());
            made.update(part);
        }
        made.update(&size.to_be_bytes());
        made.update(&changed_at.to_be_bytes());
        hex::encode(made.finalize().into_bytes().get(..16).unwrap_or_default())
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.written.taken.contains(name)
    }

    /// Notes that a file was taken, durably.
    pub(super) fn add(&mut self, name: String) -> io::Result<()> {
        self.written.taken.insert(name);
        self.write()
    }

    /// Forgets what is not there any more.
    pub(super) fn keep_only(&mut self, names: &[String]) -> io::Result<()> {
        let before = self.written.taken.len();
        self.written.taken.retain(|taken| names.contains(taken));
        if self.written.taken.len() == before { Ok(()) } else { self.write() }
    }

    fn write(&self) -> io::Result<()> {
        write_whole(&self.file, &serde_json::to_vec(&self.written)?)
    }
}
