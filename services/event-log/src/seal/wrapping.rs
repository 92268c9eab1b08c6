use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};

use proto::keys::{KeyRecord, key_record::State};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::key_record::{Checked, Said, live_record};
use super::{DataKey, SealError, TAG_BYTES, nonce, random};
use crate::position::{KeyId, Pseudonym};

const NONCE_LABEL: &[u8] = b"throughline.wrapped-key.nonce.v1\0";
const DESTROYED_LABEL: &[u8] = b"throughline.destroyed-key.nonce.v1\0";
const ASSOCIATED_LABEL: &[u8] = b"throughline.wrapped-key.v1\0";
const OF_VAULT_LABEL: &[u8] = b"throughline.wrapped-key.of-vault.v1\0";
const CONTROLLER_BYTES_MAX: usize = 64;
const FINGERPRINT_LABEL: &[u8] = b"throughline.wrapping-key.fingerprint.v1\0";
const FINGERPRINT_DIGITS: usize = 16;

/// The wrapping keys that this process holds: one file for each controller and epoch, `<controller>/<epoch>.key`, 64
/// hexadecimal digits, readable to its owner. Once something of a controller is erased, one for each vault and epoch,
/// `<controller>/<vault>/<epoch>.key`, so that to destroy one later concerns a two hundred and fifty-sixth part of its keys. A
/// connector's folder holds only its own controllers' keys.
#[derive(Debug)]
pub struct WrappingKeys {
    dir: PathBuf,
    makes: bool,
    /// By folder below `dir`.
    held: RwLock<BTreeMap<String, BTreeMap<u32, DataKey>>>,
}

/// The folder of the keys that wrap for a controller: all that it answers for, or one vault of it.
pub(super) fn folder_of(controller: &str, vault: Option<u8>) -> String {
    vault.map_or_else(|| controller.to_owned(), |vault| format!("{controller}/{vault:02x}"))
}

/// The vault whose key wraps this record, where it is one vault's.
pub(super) fn vault_of(record: &KeyRecord) -> Option<u8> {
    record.subject.first().copied().filter(|_| record.of_vault)
}

/// The folder of the wrapping key that a record names: its controller's, or the vault's of it after a `/`.
pub fn wrapping_folder(record: &KeyRecord) -> String {
    folder_of(&record.controller, vault_of(record))
}

impl WrappingKeys {
    /// Over this folder, which is made when absent. Keys are read when first needed.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(dir: &Path) -> Result<Self, SealError> {
        create_dir(dir)?;
        Ok(Self { dir: dir.to_path_buf(), makes: true, held: RwLock::default() })
    }

    /// Makes no key: one that is made on a host of its own opens nothing on another. A person makes it, and brings it to
    /// each.
    #[must_use]
    pub fn without_making(self) -> Self {
        Self { makes: false, ..self }
    }

    /// Whether a first key would be made for a controller that has none.
    pub fn makes(&self) -> bool {
        self.makes
    }

    /// The epoch of this controller's newest key; makes the first one, durably, when it has none.
    ///
    /// # Errors
    /// When the controller is no organisation id, or the files cannot be read or written;
    /// [`SealError::WrappingKeyMissing`] where none is made.
    pub fn ensure(&self, controller: &str) -> Result<u32, SealError> {
        if let Some(newest) = self.newest(controller)? {
            return Ok(newest);
        }
        if !self.makes {
            return Err(self.missing(controller, 1));
        }
        create_dir(&self.dir.join(controller))?;
        let path = self.path(controller, 1);
        match create_key_file(&path, &*random()?) {
            // Another process of this controller was first: its key is the key.
            Err(SealError::KeyFile { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => Ok(1),
            made => made.map(|()| 1),
        }
    }

    /// The epoch of this controller's newest key, if it has one here: of all that it answers for, or of a vault.
    ///
    /// # Errors
    /// When the controller is no organisation id, or its folder cannot be read.
    pub fn newest(&self, controller: &str) -> Result<Option<u32>, SealError> {
        check_controller(controller)?;
        let (mut newest, vaults) = self.listed(controller)?;
        for vault in vaults {
            newest = newest.max(self.newest_in(controller, Some(vault))?);
        }
        Ok(newest)
    }

    /// The key that wraps what is made now of subjects in this vault: the vault's own newest, or else the newest of all that the
    /// controller answers for. Gives whether it is the vault's, and its epoch.
    ///
    /// # Errors
    /// As [`Self::newest`].
    pub fn newest_for(&self, controller: &str, vault: u8) -> Result<Option<(bool, u32)>, SealError> {
        check_controller(controller)?;
        if let Some(epoch) = self.newest_in(controller, Some(vault))? {
            return Ok(Some((true, epoch)));
        }
        Ok(self.newest_in(controller, None)?.map(|epoch| (false, epoch)))
    }

    /// The newest epoch of a vault's own key, or of the key of all that the controller answers for.
    ///
    /// # Errors
    /// As [`Self::newest`].
    pub fn newest_in(&self, controller: &str, vault: Option<u8>) -> Result<Option<u32>, SealError> {
        check_controller(controller)?;
        Ok(self.listed(&folder_of(controller, vault))?.0)
    }

    /// The newest epoch in a folder, and the vaults below it.
    fn listed(&self, folder: &str) -> Result<(Option<u32>, Vec<u8>), SealError> {
        let dir = self.dir.join(folder);
        let names = match fs::read_dir(&dir) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok((None, Vec::new())),
            names => names.map_err(|source| failed("list", &dir, source))?,
        };
        let (mut newest, mut vaults) = (None, Vec::new());
        for name in names {
            let name = name.map_err(|source| failed("list", &dir, source))?.file_name();
            let Some(name) = name.to_str() else { continue };
            newest = newest.max(name.strip_suffix(".key").and_then(|epoch| epoch.parse::<u32>().ok()));
            vaults.extend((name.len() == 2).then(|| u8::from_str_radix(name, 16).ok()).flatten());
        }
        vaults.sort_unstable();
        Ok((newest, vaults))
    }

    /// Begins this epoch of a vault, durably: what is wrapped of it from now on is wrapped by its key. One that is there stays.
    ///
    /// # Errors
    /// When the controller is no organisation id, or the files cannot be written.
    pub fn begin_epoch(&self, controller: &str, vault: u8, epoch: u32) -> Result<(), SealError> {
        check_controller(controller)?;
        let dir = self.dir.join(folder_of(controller, Some(vault)));
        create_dir(&self.dir.join(controller))?;
        create_dir(&dir)?;
        match create_key_file(&dir.join(format!("{epoch}.key")), &*random()?) {
            Err(SealError::KeyFile { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    /// Destroys every key up to an epoch, of a vault or of all that the controller answers for: written over, removed, and out of
    /// this process's memory; and what a process that died while it made or destroyed one left of it. Gives how many files there were.
    ///
    /// # Errors
    /// When a file cannot be written over or removed: it is then still there.
    pub fn destroy_epochs(&self, controller: &str, vault: Option<u8>, up_to: u32) -> Result<usize, SealError> {
        check_controller(controller)?;
        let folder = folder_of(controller, vault);
        let gone = self.files_up_to(&folder, up_to)?;
        for (_, path) in &gone {
            destroy_key_file(path)?;
        }
        let mut held = self.held.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(epochs) = held.get_mut(&folder) {
            epochs.retain(|epoch, _| *epoch > up_to);
        }
        Ok(gone.len())
    }

    /// The epochs of a vault, or of all that the controller answers for, that are here and not newer than this one.
    ///
    /// # Errors
    /// As [`Self::newest`].
    pub fn epochs_up_to(&self, controller: &str, vault: Option<u8>, up_to: u32) -> Result<Vec<u32>, SealError> {
        check_controller(controller)?;
        let files = self.files_up_to(&folder_of(controller, vault), up_to)?;
        Ok(files.into_iter().filter(|(_, path)| is_key_file(path)).map(|(epoch, _)| epoch).collect())
    }

    /// Whether anything is here of a key up to this epoch: a key, or what a process left that died while it made or destroyed one.
    ///
    /// # Errors
    /// As [`Self::newest`].
    pub fn anything_up_to(&self, controller: &str, vault: Option<u8>, up_to: u32) -> Result<bool, SealError> {
        check_controller(controller)?;
        Ok(!self.files_up_to(&folder_of(controller, vault), up_to)?.is_empty())
    }

    /// Every file in a folder that holds, or held, a key of an epoch up to this one: `3.key`, `3.new-1234`, `3.going`; in order.
    fn files_up_to(&self, folder: &str, up_to: u32) -> Result<Vec<(u32, PathBuf)>, SealError> {
        let dir = self.dir.join(folder);
        let entries = match fs::read_dir(&dir) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|source| failed("list", &dir, source))?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(|source| failed("list", &dir, source))?.path();
            let epoch = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u32>().ok());
            files.extend(epoch.filter(|epoch| *epoch <= up_to && path.is_file()).map(|epoch| (epoch, path)));
        }
        files.sort_unstable();
        Ok(files)
    }

    /// Lets go of keys whose files are gone: another process, or a person, destroyed them.
    pub fn forget_gone(&self) {
        let mut held = self.held.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (folder, epochs) in held.iter_mut() {
            epochs.retain(|epoch, _| self.path(folder, *epoch).exists());
        }
    }

    /// Every key here: controller, or controller and vault with a `/` between, and epoch; in order.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn all(&self) -> Result<Vec<(String, u32)>, SealError> {
        let mut all = Vec::new();
        let listed = |dir: &Path| fs::read_dir(dir).map_err(|source| failed("list", dir, source));
        for controller in listed(&self.dir)? {
            let controller = controller.map_err(|source| failed("list", &self.dir, source))?;
            let (dir, Ok(name)) = (controller.path(), controller.file_name().into_string()) else { continue };
            if check_controller(&name).is_err() || !dir.is_dir() {
                continue;
            }
            let own = self.epochs_up_to(&name, None, u32::MAX)?;
            all.extend(own.into_iter().map(|epoch| (name.clone(), epoch)));
            for vault in self.listed(&name)?.1 {
                let of_vault = self.epochs_up_to(&name, Some(vault), u32::MAX)?;
                all.extend(of_vault.into_iter().map(|epoch| (folder_of(&name, Some(vault)), epoch)));
            }
        }
        all.sort();
        Ok(all)
    }

    /// Tells one key from another without giving it away: eight bytes of a hash over a label and the key, which is random, in
    /// hexadecimal. `None` when it is not here.
    ///
    /// # Errors
    /// When its file holds no key.
    pub fn fingerprint(&self, controller: &str, epoch: u32) -> Result<Option<String>, SealError> {
        let Some(key) = self.key(controller, epoch)? else { return Ok(None) };
        let digest = Sha256::new().chain_update(FINGERPRINT_LABEL).chain_update(key.as_bytes()).finalize();
        Ok(Some(hex::encode(digest).chars().take(FINGERPRINT_DIGITS).collect()))
    }

    /// Wraps a data key: the live record of the keys topic.
    ///
    /// # Errors
    /// When the wrapping key is not held.
    pub fn wrap(
        &self,
        data_key: &DataKey,
        key_id: KeyId,
        subject: Pseudonym,
        source: &str,
        controller: &str,
        epoch: u32,
    ) -> Result<KeyRecord, SealError> {
        self.wrap_as(live_record(key_id, subject, source, controller, epoch, &[]), data_key)
    }

    /// Wraps a data key under the wrapping key that this live record names, in the place of whatever it held.
    pub(super) fn wrap_as(&self, mut record: KeyRecord, data_key: &DataKey) -> Result<KeyRecord, SealError> {
        let key_id = KeyId::from_slice(&record.key_id).ok_or(SealError::KeyRecordMalformed { field: "key_id" })?;
        let wrapping_key = self.key_of(&record)?.ok_or_else(|| self.missing_of(&record))?;
        let mut wrapped = data_key.as_bytes().to_vec();
        let tag =
            wrapping_key.encrypt(nonce(NONCE_LABEL, key_id.as_bytes()), &associated_data(&record), &mut wrapped)?;
        wrapped.extend_from_slice(&tag);
        record.wrapped = wrapped;
        Ok(record)
    }

    /// Unwraps the data key of a live record. `Ok(None)` when its wrapping key is not held: unknown, which is not erased.
    ///
    /// # Errors
    /// [`SealError::WrapBroken`] when the record was changed; [`SealError::KeyRecordMalformed`] when it is no live record.
    pub fn unwrap(&self, record: &KeyRecord) -> Result<Option<DataKey>, SealError> {
        let checked = Checked::of(record)?;
        let Said::Live(wrapped) = checked.said else {
            return Err(SealError::KeyRecordMalformed { field: "state" });
        };
        let Some(wrapping_key) = self.key_of(record)? else { return Ok(None) };
        let broken = SealError::WrapBroken(checked.key_id);
        let Some((body, tag)) = wrapped.split_last_chunk::<TAG_BYTES>() else { return Err(broken) };
        let mut key = Zeroizing::new([0; 32]);
        key.iter_mut().zip(body).for_each(|(to, from)| *to = *from);
        let nonce = nonce(NONCE_LABEL, checked.key_id.as_bytes());
        let is_sound = wrapping_key.decrypt(nonce, &associated_data(record), tag, &mut *key)?;
        if is_sound { Ok(Some(DataKey::from_bytes(key))) } else { Err(broken) }
    }

    /// The record that destroys the key of this one, with the proof that only the holder of the wrapping key can make: the tag
    /// of nothing, over every field.
    ///
    /// # Errors
    /// When the wrapping key is not held.
    pub(super) fn destroy(&self, of: &KeyRecord, state: State) -> Result<KeyRecord, SealError> {
        let key_id = KeyId::from_slice(&of.key_id).ok_or(SealError::KeyRecordMalformed { field: "key_id" })?;
        let mut record = KeyRecord { state: state as i32, wrapped: Vec::new(), ..of.clone() };
        let wrapping_key = self.key_of(&record)?.ok_or_else(|| self.missing_of(&record))?;
        let tag =
            wrapping_key.encrypt(nonce(DESTROYED_LABEL, key_id.as_bytes()), &associated_data(&record), &mut [])?;
        record.wrapped = tag.to_vec();
        Ok(record)
    }

    /// Whether who made this record of a destroyed key holds its wrapping key. `Ok(None)` when it is not held here, and nobody
    /// can tell.
    pub(super) fn proves_destruction(&self, record: &KeyRecord) -> Result<Option<bool>, SealError> {
        let checked = Checked::of(record)?;
        let Said::Destroyed(proof) = checked.said else { return Ok(Some(false)) };
        let Some(wrapping_key) = self.key_of(record)? else { return Ok(None) };
        let nonce = nonce(DESTROYED_LABEL, checked.key_id.as_bytes());
        wrapping_key.decrypt(nonce, &associated_data(record), &proof, &mut []).map(Some)
    }

    /// Whether the key of this folder is in memory or on disk.
    pub(super) fn holds(&self, folder: &str, epoch: u32) -> bool {
        self.key(folder, epoch).is_ok_and(|key| key.is_some())
    }

    pub(super) fn missing(&self, folder: &str, epoch: u32) -> SealError {
        SealError::WrappingKeyMissing { controller: folder.to_owned(), epoch, dir: self.dir.clone() }
    }

    pub(super) fn missing_of(&self, record: &KeyRecord) -> SealError {
        self.missing(&folder_of(&record.controller, vault_of(record)), record.wrapping_epoch)
    }

    /// The wrapping key that a record names.
    fn key_of(&self, record: &KeyRecord) -> Result<Option<DataKey>, SealError> {
        match vault_of(record) {
            // The common case, and no name has to be made for it.
            None => self.key(&record.controller, record.wrapping_epoch),
            vault => self.key(&folder_of(&record.controller, vault), record.wrapping_epoch),
        }
    }

    fn key(&self, folder: &str, epoch: u32) -> Result<Option<DataKey>, SealError> {
        let held = self.held.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(key) = held.get(folder).and_then(|epochs| epochs.get(&epoch)) {
            return Ok(Some(key.clone()));
        }
        drop(held);
        // A name that cannot be a folder can have no key here.
        let (controller, vault) = folder.split_once('/').unwrap_or((folder, ""));
        if check_controller(controller).is_err() || vault.len() > 2 || vault.contains('.') {
            return Ok(None);
        }
        let key = match read_key_file(&self.path(folder, epoch)) {
            Err(SealError::KeyFile { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => DataKey::from_bytes(read?),
        };
        let mut held = self.held.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        held.entry(folder.to_owned()).or_default().insert(epoch, key.clone());
        Ok(Some(key))
    }

    fn path(&self, folder: &str, epoch: u32) -> PathBuf {
        self.dir.join(folder).join(format!("{epoch}.key"))
    }
}

/// Every field of the record but the wrapped key, each preceded by its length.
fn associated_data(record: &KeyRecord) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160);
    bytes.extend_from_slice(ASSOCIATED_LABEL);
    for field in [
        record.key_id.as_slice(),
        &record.state.to_be_bytes(),
        record.controller.as_bytes(),
        &record.wrapping_epoch.to_be_bytes(),
        &record.subject,
        record.source.as_bytes(),
    ] {
        bytes.extend_from_slice(&(field.len() as u32).to_be_bytes());
        bytes.extend_from_slice(field);
    }
    if record.of_vault {
        bytes.extend_from_slice(OF_VAULT_LABEL);
    }
    bytes
}

/// An organisation id: it names a folder, so it may hold nothing that a path gives a meaning to.
pub(super) fn check_controller(controller: &str) -> Result<(), SealError> {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let fits = !controller.is_empty() && controller.len() <= CONTROLLER_BYTES_MAX;
    if fits && controller.bytes().all(allowed) { Ok(()) } else { Err(SealError::ControllerMalformed) }
}

fn create_dir(dir: &Path) -> Result<(), SealError> {
    if dir.is_dir() {
        return Ok(());
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.and_then(|()| dir.parent().map_or(Ok(()), sync_dir))
        .map_err(|source| failed("make the folder of", dir, source))
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    File::open(dir)?.sync_all()
}

/// Sixty-four hexadecimal digits, with or without a line end.
pub(super) fn read_key_file(path: &Path) -> Result<Zeroizing<[u8; 32]>, SealError> {
    let open_to_all =
        fs::metadata(path).map_err(|source| failed("read", path, source))?.permissions().mode() & 0o007 != 0;
    if open_to_all {
        return Err(SealError::KeyFileOpenToAll(path.to_path_buf()));
    }
    let text = Zeroizing::new(fs::read(path).map_err(|source| failed("read", path, source))?);
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_ascii(), &mut *key).map_err(|_| SealError::KeyFileMalformed(path.to_path_buf()))?;
    Ok(key)
}

/// Writes beside, syncs, then links into place: the file appears whole or not at all, and never replaces another. Whoever dies before the
/// end leaves `N.new-PID-COUNT`, which may be the key by another name: it goes when the epoch is destroyed.
pub(super) fn create_key_file(path: &Path, key: &[u8; 32]) -> Result<(), SealError> {
    // Sources of one process may need the first key of one organisation at one moment: each writes beside by itself.
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let count = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_extension(format!("{NEW}{}-{count}", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        let mut text = hex::encode(key) + "\n";
        let wrote = file.write_all(text.as_bytes());
        text.zeroize();
        wrote?;
        file.sync_all()?;
        fs::hard_link(&beside, path)?;
        path.parent().map_or(Ok(()), sync_dir)
    })();
    let _best_effort = fs::remove_file(&beside);
    written.map_err(|source| failed("write", path, source))
}

/// Takes a key from its name, so that no reader ever finds half of one under it; writes over it, then removes it. What a disk keeps of
/// old blocks is not in our hands: see docs/OPERATING.md, Erasure.
fn destroy_key_file(path: &Path) -> Result<(), SealError> {
    let going = path.with_extension(GOING);
    let destroyed = (|| {
        if path != going {
            fs::rename(path, &going)?;
            path.parent().map_or(Ok(()), sync_dir)?;
        }
        let mut file = OpenOptions::new().write(true).open(&going)?;
        file.write_all(&[b'0'; 65])?;
        file.sync_all()?;
        drop(file);
        fs::remove_file(&going)?;
        path.parent().map_or(Ok(()), sync_dir)
    })();
    destroyed.map_err(|source| failed("destroy", path, source))
}

/// What a key that is being destroyed is called.
const GOING: &str = "going";

/// What a key is called while it is made and not yet in its place, begins so after its epoch.
const NEW: &str = "new-";

/// Whether a file of a folder of keys is one that is being made or destroyed, or was when its process died. What it holds is no
/// key that anything was sealed under, or is one by another name.
pub fn is_key_in_passing(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    extension == GOING || extension.starts_with(NEW)
}

fn is_key_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "key")
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> SealError {
    SealError::KeyFile { doing, path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_one_process_that_need_a_first_key_at_one_moment_get_one_key() {
        for _ in 0..50 {
            let dir = tempfile::tempdir().unwrap();
            let keys = WrappingKeys::open(dir.path()).unwrap();
            let together = std::sync::Barrier::new(4);
            std::thread::scope(|scope| {
                let ensures = |_| {
                    scope.spawn(|| {
                        together.wait();
                        assert_eq!(keys.ensure("la-878").unwrap(), 1);
                        assert!(dir.path().join("la-878/1.key").is_file());
                    })
                };
                (0..4).map(ensures).collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
            });
            assert_eq!(fs::read_dir(dir.path().join("la-878")).unwrap().count(), 1);
        }
    }

    /// What was wrapped once must unwrap for ever: these bytes were written when the format was fixed.
    #[test]
    fn wrapped_bytes_are_what_they_always_were() {
        let dir = tempfile::tempdir().unwrap();
        let keys = WrappingKeys::open(dir.path()).unwrap();
        create_dir(&dir.path().join("la-878")).unwrap();
        create_key_file(&dir.path().join("la-878/7.key"), &[5; 32]).unwrap();
        let data_key = DataKey::from_bytes(Zeroizing::new([4; 32]));
        let (key_id, subject) = (KeyId([3; 16]), Pseudonym([2; 16]));
        let record = keys.wrap(&data_key, key_id, subject, "health-hl7v2", "la-878", 7).unwrap();
        assert_eq!(
            hex::encode(&record.wrapped),
            "b75a951662923c06375b8fe408aa5595a55108b68dfc53b1ec9ee21802453b540da90db8250cf8b9697de0d05f4d5470"
        );
        assert_eq!(keys.unwrap(&record).unwrap().unwrap().as_bytes(), &[4; 32]);
    }
}
