//! The two parts of a backup, as they lie on a disk.
//!
//! ```text
//! 20261122T090000.000Z/backup.json   which backup, when; the records and the Merkle root of each partition
//! 20261122T090000.000Z/log/          the journal and its mark
//!
//! 20261122T090000.000Z/backup.json   which backup, when; each file with where it belongs, its mode and its SHA-256
//! 20261122T090000.000Z/keys/         as in the data folder
//! 20261122T090000.000Z/ledger/       what was signed last, before the log was copied
//! 20261122T090000.000Z/files/        the configuration and the files that it names, by their whole paths
//! ```
//!
//! A part is made beside its place, under a name that ends in `.part`; `backup.json` is written last, and then the folder is
//! renamed. So what has no `backup.json` is no backup.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::Write;
use std::ops::ControlFlow;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use event_log::embedded::EmbeddedLog;
use event_log::seal::is_key_in_passing;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const MANIFEST: &str = "backup.json";

/// The log's part.
#[derive(Serialize, Deserialize, Debug)]
pub(in crate::command) struct Log {
    /// The same in both parts.
    pub(in crate::command) backup: String,
    pub(in crate::command) taken_at: String,
    pub(in crate::command) roots: Vec<Root>,
}

impl Log {
    pub(in crate::command) fn records(&self) -> u64 {
        self.roots.iter().map(|root| root.records).sum()
    }
}

/// What a partition holds, proven by its Merkle root.
#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
pub(in crate::command) struct Root {
    pub(in crate::command) topic: String,
    pub(in crate::command) partition: u8,
    pub(in crate::command) records: u64,
    pub(in crate::command) root: String,
}

/// The keys' and the configuration's part.
#[derive(Serialize, Deserialize, Debug)]
pub(in crate::command) struct Keys {
    pub(in crate::command) backup: String,
    pub(in crate::command) taken_at: String,
    /// The data folder, whole path.
    pub(in crate::command) data: PathBuf,
    pub(in crate::command) files: Vec<Copied>,
}

impl Keys {
    /// The folder of keys in the part.
    pub(in crate::command) const KEYS: &str = "keys";
    const FILES: &str = "files";

    /// Of this backup, with no file yet.
    pub(super) fn new(backup: &str, taken_at: &str) -> Self {
        let (data, files) = Default::default();
        Self { backup: backup.to_owned(), taken_at: taken_at.to_owned(), data, files }
    }
}

/// A file of a part.
#[derive(Serialize, Deserialize, Debug)]
pub(in crate::command) struct Copied {
    /// In the part.
    pub(in crate::command) at: PathBuf,
    /// Where it was and belongs, whole path.
    pub(in crate::command) belongs: PathBuf,
    /// Its permission bits.
    pub(in crate::command) mode: u32,
    pub(in crate::command) sha256: String,
}

/// A part, being made or complete.
pub(in crate::command) struct Part<T> {
    place: PathBuf,
    dir: PathBuf,
    pub(in crate::command) manifest: T,
}

impl<T> Part<T> {
    pub(in crate::command) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl<T: Serialize + DeserializeOwned> Part<T> {
    pub(super) fn begin(place: &Path, manifest: T) -> anyhow::Result<Self> {
        let mut unfinished = place.as_os_str().to_owned();
        unfinished.push(".part");
        let dir = PathBuf::from(unfinished);
        DirBuilder::new().mode(0o700).create(&dir).with_context(|| format!("`{}` cannot be made", dir.display()))?;
        Ok(Self { place: place.to_owned(), dir, manifest })
    }

    /// Says that it is complete, and gives where it is.
    pub(super) fn finish(self) -> anyhow::Result<PathBuf> {
        write_new(&self.dir.join(MANIFEST), &serde_json::to_vec_pretty(&self.manifest)?, 0o600)?;
        sync_dirs(&self.dir)?;
        fs::rename(&self.dir, &self.place)?;
        self.place.parent().map_or(Ok(()), sync_dir)?;
        Ok(self.place)
    }

    /// One that is complete.
    pub(in crate::command) fn open(place: &Path) -> anyhow::Result<Self> {
        let text = fs::read(place.join(MANIFEST)).with_context(|| {
            format!("`{}` has no `{MANIFEST}`: making it was interrupted, or it is no backup", place.display())
        })?;
        let manifest = serde_json::from_slice(&text)
            .with_context(|| format!("`{MANIFEST}` in `{}` is not of this part of a backup", place.display()))?;
        Ok(Self { place: place.to_owned(), dir: place.to_owned(), manifest })
    }
}

impl Part<Keys> {
    /// Takes in a file that the configuration names, or the configuration itself.
    pub(super) fn take_file(&mut self, path: &Path) -> anyhow::Result<()> {
        // Not the file itself: a mounted secret is a link, and the place of the link is the one that is named.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let belongs = folder.canonicalize()?.join(path.file_name().context("a file without a name")?);
        if self.manifest.files.iter().any(|file| file.belongs == belongs) {
            return Ok(());
        }
        let at = Path::new(Keys::FILES).join(below_root(&belongs)?);
        self.take(path, at, belongs)
    }

    /// Takes in the folder of keys, while keys may be made in it.
    pub(super) fn take_keys(&mut self, from: &Path) -> anyhow::Result<()> {
        let belongs = from.canonicalize().context("the folder of keys is not there")?;
        make_dir(&self.dir.join(Keys::KEYS))?;
        // One in passing is renamed or removed at any moment; and of one that is destroyed no remains may be kept.
        for path in files_under(&belongs)?.iter().filter(|path| !is_key_in_passing(path)) {
            let at = Path::new(Keys::KEYS).join(path.strip_prefix(&belongs)?);
            self.take(path, at, path.clone())?;
        }
        Ok(())
    }

    /// Takes in what a file held a moment ago.
    pub(super) fn take_bytes(&mut self, bytes: &[u8], at: PathBuf, belongs: PathBuf) -> anyhow::Result<()> {
        let to = self.dir.join(&at);
        make_dir(to.parent().context("a file without a folder")?)?;
        write_new(&to, bytes, 0o600)?;
        self.manifest.files.push(Copied { at, belongs, mode: 0o600, sha256: sha256(bytes) });
        Ok(())
    }

    fn take(&mut self, from: &Path, at: PathBuf, belongs: PathBuf) -> anyhow::Result<()> {
        let copied = || -> anyhow::Result<_> {
            let mode = fs::metadata(from)?.permissions().mode() & 0o777;
            let to = self.dir.join(&at);
            make_dir(to.parent().context("a file without a folder")?)?;
            Ok((mode, copy_file(from, &to, 0o600)?))
        };
        let (mode, sha256) = copied().with_context(|| format!("`{}` could not be copied", from.display()))?;
        self.manifest.files.push(Copied { at, belongs, mode, sha256 });
        Ok(())
    }
}

/// A whole path without its root, so that it can be put below a folder. One that leads elsewhere is refused.
pub(in crate::command) fn below_root(path: &Path) -> anyhow::Result<&Path> {
    let below = path.strip_prefix("/").with_context(|| format!("`{}` is no whole path", path.display()))?;
    let is_plain = below.components().all(|component| matches!(component, Component::Normal(_)));
    anyhow::ensure!(is_plain, "`{}` is no plain path", path.display());
    Ok(below)
}

/// Every file that a configuration names, whatever the key: every text of it that is the path of a file.
pub(super) fn named_files(config: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fn texts<'a>(value: &'a toml::Value, found: &mut Vec<&'a str>) {
        match value {
            toml::Value::String(text) => found.push(text),
            toml::Value::Array(list) => list.iter().for_each(|value| texts(value, found)),
            toml::Value::Table(table) => table.iter().for_each(|(_, value)| texts(value, found)),
            _ => {}
        }
    }
    let table = toml::Value::Table(fs::read_to_string(config)?.parse()?);
    let mut found = Vec::new();
    texts(&table, &mut found);
    let folder = config.parent().unwrap_or(Path::new(""));
    Ok(found.into_iter().map(|text| folder.join(text)).filter(|path| path.is_file()).collect())
}

/// The Merkle root of each partition that holds anything.
pub(in crate::command) fn roots(log: &EmbeddedLog) -> anyhow::Result<Vec<Root>> {
    let mut trees: BTreeMap<_, ledger::Tree> = BTreeMap::new();
    log.scan(
        |_, _| 0,
        |record| {
            let leaf = ledger::Leaf {
                offset: record.position.offset,
                published_at_us: record.published_at_us,
                key: &record.key,
                value: &record.value,
            };
            trees.entry((record.position.topic, record.position.partition)).or_default().append(leaf.hash());
            ControlFlow::Continue(())
        },
    )?;
    let root = |((topic, partition), tree): ((event_log::Topic, event_log::Partition), ledger::Tree)| Root {
        topic: topic.to_string(),
        partition: partition.number(),
        records: tree.size(),
        root: hex::encode(tree.root()),
    };
    Ok(trees.into_iter().map(root).collect())
}

/// Copies a file to a new one and gives its SHA-256.
pub(in crate::command) fn copy_file(from: &Path, to: &Path, mode: u32) -> anyhow::Result<String> {
    let bytes = fs::read(from)?;
    write_new(to, &bytes, mode)?;
    Ok(sha256(&bytes))
}

pub(in crate::command) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Makes a folder, and those above it that are missing, for their owner only.
pub(in crate::command) fn make_dir(dir: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("`{}` cannot be made", dir.display()))
}

/// Nobody but the owner can read it at any moment before it has its mode.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("`{}` cannot be made", path.display()))?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    Ok(file.sync_all()?)
}

/// Every file in a folder and in those below it, in order.
fn files_under(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() { files.extend(files_under(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

fn sync_dirs(dir: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_dirs(&path)?;
        }
    }
    Ok(sync_dir(dir)?)
}

fn sync_dir(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}
