use std::path::PathBuf;

use crate::position::KeyId;

/// Why something could not be sealed, or a key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A body that no envelope can hold.
    #[error("a body of {bytes} bytes is larger than an envelope takes ({bytes_max})")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// A key file could not be read or written.
    #[error("could not {doing} the key file `{path}`")]
    KeyFile {
        /// What was being done.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A key file that holds no key.
    #[error("the key file `{0}` does not hold 64 hexadecimal digits")]
    KeyFileMalformed(PathBuf),
    /// A key file that any account of the machine can read or change.
    #[error("the key file `{0}` is open to every account of this machine: `chmod o= {0}`")]
    KeyFileOpenToAll(PathBuf),
    /// A controller that cannot name a folder: lower-case letters, digits and hyphens, at most 64.
    #[error("the controller is not an organisation id")]
    ControllerMalformed,
    /// The log holds keys of this controller and epoch, and their wrapping key is not here.
    #[error("the wrapping key {epoch} of `{controller}` is not in `{dir}`: restore it from its backup")]
    WrappingKeyMissing {
        /// An organisation id.
        controller: String,
        /// Which of its wrapping keys.
        epoch: u32,
        /// Where it should be.
        dir: PathBuf,
    },
    /// A key record that is not one.
    #[error("the key record's {field} is malformed")]
    KeyRecordMalformed {
        /// Its name in keys.proto.
        field: &'static str,
    },
    /// A second record of one key id says something else than the first.
    #[error("key {0} was recorded twice, differently")]
    KeyRecordConflicts(KeyId),
    /// A key record whose seal does not hold: it was changed, or wrapped under another key of the same name.
    #[error("the wrapped key {0} does not open under its wrapping key")]
    WrapBroken(KeyId),
    /// A record says that a key is destroyed, and is not by who holds its wrapping key.
    #[error("key {0} is said to be destroyed by somebody who does not hold its wrapping key")]
    DestructionUnproven(KeyId),
    /// The subject was erased: nothing more is sealed for it under this source and controller.
    #[error("key {0} was destroyed: its subject is erased")]
    Erased(KeyId),
    /// Nothing can be sealed with a key that was not made or absorbed here.
    #[error("key {0} is not held here")]
    KeyNotHeld(KeyId),
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    NoRandomness,
    /// There was no memory for the cipher.
    #[error("there was no memory for the cipher")]
    NoMemory,
}
