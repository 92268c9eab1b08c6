//! Signed notes (C2SP signed-note) with Ed25519 keys, in the text forms that other tools read.
//!
//! ```text
//! text, of one or more lines
//!
//! — key-name base64(key id, 4 bytes || signature)
//! ```
//!
//! A public key is written `name+id+base64(type || key)`, a private one `PRIVATE+KEY+name+id+base64(type || seed)`; the id is eight
//! hexadecimal digits. Both keys and notes have one spelling only: what is read is written back byte for byte.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fmt;

/// A note that is longer is not read.
pub const BYTES_MAX: usize = 256 << 10;
/// Signatures beyond these are not read. C2SP asks for sixteen at least.
pub const SIGNATURES_MAX: usize = 64;
const SIGNATURE_BYTES: usize = 64;
const KEY_BYTES: usize = 32;
const BEFORE_NAME: &str = "— ";
const PRIVATE: &str = "PRIVATE+KEY+";

/// Why a note, or a key, cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a note.
    #[error("the text is no signed note: {0}")]
    Malformed(&'static str),
    /// Not a key.
    #[error("the key is not `name+id+base64` of an Ed25519 key, or its id is another key's")]
    Key,
    /// No signature of a key that is trusted.
    #[error("the note is not signed by a trusted key")]
    Unsigned,
    /// A trusted key is named, and the signature is not its.
    #[error("a signature of the note does not hold")]
    Forged,
}

/// What a key signs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyKind {
    /// Notes, as they are.
    Note,
    /// A witness: notes, with the time at which it saw them (C2SP tlog-cosignature v1).
    Witness,
}

impl KeyKind {
    fn byte(self) -> u8 {
        match self {
            Self::Note => 0x01,
            Self::Witness => 0x04,
        }
    }

    fn of_byte(byte: u8) -> Option<Self> {
        [Self::Note, Self::Witness].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// A public key, by which notes are believed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: [u8; KEY_BYTES],
}

impl VerifierKey {
    /// A key of this name.
    ///
    /// # Errors
    /// [`NoteError::Key`] when nothing can be called so.
    pub fn new(name: &str, kind: KeyKind, key: [u8; KEY_BYTES]) -> Result<Self, NoteError> {
        if is_name(name) { Ok(Self { name: name.to_owned(), kind, key }) } else { Err(NoteError::Key) }
    }

    /// Reads `name+id+base64`.
    ///
    /// # Errors
    /// [`NoteError::Key`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, kind, key) = read_key(text).ok_or(NoteError::Key)?;
        let key = Self::new(name, kind, key)?;
        if key.to_string() == text { Ok(key) } else { Err(NoteError::Key) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// What a signature says of the key that made it: together with the name, which key.
    pub fn id(&self) -> u32 {
        let hashed =
            Sha256::new().chain_update(&self.name).chain_update([b'\n', self.kind.byte()]).chain_update(self.key);
        let hash: [u8; 32] = hashed.finalize().into();
        hash.first_chunk().map(|first| u32::from_be_bytes(*first)).unwrap_or_default()
    }

    /// Whether a signature says that it is of this key.
    fn is_named_by(&self, signature: &Signature) -> bool {
        signature.name == self.name && signature.id == self.id()
    }

    fn holds(&self, text: &str, signature: &[u8]) -> bool {
        let holds = |message: &[u8], signature: &[u8]| {
            UnparsedPublicKey::new(&ED25519, self.key).verify(message, signature).is_ok()
        };
        match self.kind {
            KeyKind::Note => holds(text.as_bytes(), signature),
            KeyKind::Witness => {
                witnessed(signature).is_some_and(|(at, rest)| holds(cosigned(at, text).as_bytes(), rest))
            }
        }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_key(f, &self.name, self.id(), self.kind, &self.key)
    }
}

/// A private key.
pub struct SigningKey {
    public: VerifierKey,
    seed: [u8; KEY_BYTES],
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// The key of 32 random bytes.
    ///
    /// # Errors
    /// [`NoteError::Key`] when nothing can be called so.
    pub fn new(name: &str, kind: KeyKind, seed: [u8; KEY_BYTES]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| NoteError::Key)?;
        let key = pair.public_key().as_ref().try_into().map_err(|_| NoteError::Key)?;
        Ok(Self { public: VerifierKey::new(name, kind, key)?, seed, pair })
    }

    /// Reads `PRIVATE+KEY+name+id+base64`.
    ///
    /// # Errors
    /// [`NoteError::Key`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, kind, seed) = text.strip_prefix(PRIVATE).and_then(read_key).ok_or(NoteError::Key)?;
        let key = Self::new(name, kind, seed)?;
        if key.to_secret_text() == text { Ok(key) } else { Err(NoteError::Key) }
    }

    /// The key as it is kept: for a file that only its owner reads.
    pub fn to_secret_text(&self) -> String {
        struct Secret<'a>(&'a SigningKey);
        impl fmt::Display for Secret<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let VerifierKey { name, kind, .. } = &self.0.public;
                f.write_str(PRIVATE)?;
                write_key(f, name, self.0.public.id(), *kind, &self.0.seed)
            }
        }
        Secret(self).to_string()
    }

    /// Its public half.
    pub fn public(&self) -> &VerifierKey {
        &self.public
    }

    /// Signs the text of a note. A witness says at which second since 1970 it saw it; for another key `at` says nothing.
    pub fn sign(&self, text: &str, at: u64) -> Signature {
        let bytes = match self.public.kind {
            KeyKind::Note => self.pair.sign(text.as_bytes()).as_ref().to_vec(),
            KeyKind::Witness => {
                let signed = self.pair.sign(cosigned(at, text).as_bytes());
                [&at.to_be_bytes(), signed.as_ref()].concat()
            }
        };
        Signature { name: self.public.name.clone(), id: self.public.id(), bytes }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// What a witness signs: when it saw the note, and the note's text.
fn cosigned(at: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {at}\n{text}")
}

/// When a witness saw what it signed, and its signature.
fn witnessed(signature: &[u8]) -> Option<(u64, &[u8])> {
    let (at, rest) = signature.split_first_chunk()?;
    let at = u64::from_be_bytes(*at);
    (rest.len() == SIGNATURE_BYTES && at <= i64::MAX as u64).then_some((at, rest))
}

/// A line below a note.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Signature {
    /// Whose.
    pub name: String,
    /// Of which of their keys.
    pub id: u32,
    /// What the key made.
    pub bytes: Vec<u8>,
}

impl Signature {
    /// The key's id and the signature, as the line has them.
    pub fn to_base64(&self) -> String {
        STANDARD.encode([&self.id.to_be_bytes(), self.bytes.as_slice()].concat())
    }

    /// A signature of this name.
    pub fn from_base64(name: &str, text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        let (id, rest) = bytes.split_first_chunk()?;
        let found = Self { name: name.to_owned(), id: u32::from_be_bytes(*id), bytes: rest.to_vec() };
        (is_name(name) && !rest.is_empty()).then_some(found)
    }
}

/// A text, and who signed it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// A text of whole lines, with no signature yet.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn new(text: String) -> Result<Self, NoteError> {
        if !text.ends_with('\n') || text.len() > BYTES_MAX {
            return Err(NoteError::Malformed("its text does not end with a line, or is too long"));
        }
        if text.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Malformed("it holds control characters"));
        }
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Adds a signature, unless that key's is there.
    pub fn add(&mut self, signature: Signature) {
        if !self.signatures.iter().any(|there| (&there.name, there.id) == (&signature.name, signature.id)) {
            self.signatures.push(signature);
        }
    }

    /// Reads a note: any bytes, from anywhere. Nothing of it is believed before [`Self::check`].
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > BYTES_MAX {
            return Err(NoteError::Malformed("it is too long"));
        }
        let whole = str::from_utf8(bytes).map_err(|_| NoteError::Malformed("it is not UTF-8"))?;
        let no_line = NoteError::Malformed("no empty line parts the text from the signatures");
        let at = whole.rfind("\n\n").ok_or(no_line)?;
        let (text, below) = whole.split_at_checked(at + 1).ok_or(no_line)?;
        let mut note = Self::new(text.to_owned())?;
        let bad = NoteError::Malformed("a line below the text is no signature");
        let lines = below.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n')).ok_or(bad)?;
        for line in lines.split('\n') {
            let (name, signature) = line.strip_prefix(BEFORE_NAME).and_then(|rest| rest.split_once(' ')).ok_or(bad)?;
            note.signatures.push(Signature::from_base64(name, signature).ok_or(bad)?);
            if note.signatures.len() > SIGNATURES_MAX {
                return Err(NoteError::Malformed("it has too many signatures"));
            }
        }
        Ok(note)
    }

    /// The text, every line of it ended.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands below it.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Which of these keys signed it. Signatures of others are passed over; one that says it is of a key of these, and is not,
    /// spoils the whole note.
    ///
    /// # Errors
    /// [`NoteError::Forged`]; [`NoteError::Unsigned`] when none of them signed.
    pub fn check<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signed = Vec::new();
        for signature in &self.signatures {
            for key in keys.iter().filter(|key| key.is_named_by(signature)) {
                if !key.holds(&self.text, &signature.bytes) {
                    return Err(NoteError::Forged);
                }
                signed.push(key);
            }
        }
        if signed.is_empty() { Err(NoteError::Unsigned) } else { Ok(signed) }
    }

    /// The witnesses among these keys whose cosignatures hold, each with the second since 1970 at which it saw the note.
    pub fn witnesses<'k>(&self, keys: &'k [VerifierKey]) -> Vec<(&'k VerifierKey, u64)> {
        let of = |signature: &Signature| {
            let key = keys.iter().find(|key| key.kind == KeyKind::Witness && key.is_named_by(signature))?;
            let (at, _) = witnessed(&signature.bytes)?;
            key.holds(&self.text, &signature.bytes).then_some((key, at))
        };
        self.signatures.iter().filter_map(of).collect()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            writeln!(f, "{BEFORE_NAME}{} {}", signature.name, signature.to_base64())?;
        }
        Ok(())
    }
}

/// Whether something can be called so: of a key, and of a log.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace() || c < ' ')
}

fn write_key(f: &mut fmt::Formatter<'_>, name: &str, id: u32, kind: KeyKind, key: &[u8; KEY_BYTES]) -> fmt::Result {
    write!(f, "{name}+{id:08x}+{}", STANDARD.encode([&[kind.byte()], key.as_slice()].concat()))
}

/// The parts of a key's text, its id unread: whoever asks compares what is written back.
fn read_key(text: &str) -> Option<(&str, KeyKind, [u8; KEY_BYTES])> {
    // Base64 may hold a plus as well: only the first two part anything.
    let (name, rest) = text.split_once('+')?;
    let (_, key) = rest.split_once('+')?;
    let bytes = STANDARD.decode(key).ok()?;
    let (kind, key) = bytes.split_first()?;
    Some((name, KeyKind::of_byte(*kind)?, key.try_into().ok()?))
}

#[cfg(test)]
mod tests;
