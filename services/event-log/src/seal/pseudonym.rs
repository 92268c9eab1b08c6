use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use proto::events::{Scheme, Subject, Version};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{SealError, random, wrapping};
use crate::position::{EntryId, EventId, Pseudonym};

/// The key that names subjects, events and entries. It never rotates: another key is another log.
#[derive(Clone)]
pub struct PseudonymKey {
    bytes: Zeroizing<[u8; 32]>,
    /// The hash with the key taken in: two blocks that no name need hash again.
    keyed: Hmac<Sha256>,
}

impl PseudonymKey {
    /// From its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self::new(Zeroizing::new(bytes))
    }

    fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        let padded = zero_padded(&bytes);
        let keyed = <Hmac<Sha256> as KeyInit>::new((&*padded).into());
        Self { bytes, keyed }
    }

    /// A new key from the operating system.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn generate() -> Result<Self, SealError> {
        random().map(Self::new)
    }

    /// From a file of 64 hexadecimal digits.
    ///
    /// # Errors
    /// When the file cannot be read, holds no key, or is open to every account of the machine.
    pub fn load(path: &Path) -> Result<Self, SealError> {
        wrapping::read_key_file(path).map(Self::new)
    }

    /// Writes the key to a new file, durable and readable to its owner only. Never replaces a file.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), SealError> {
        wrapping::create_key_file(path, &self.bytes)
    }

    /// The pseudonym of a subject. `value` as normalised by the source's connector.
    pub fn pseudonym(&self, scheme: Scheme, issuer: &str, value: &str) -> Pseudonym {
        let fields = Fields::new(self, "throughline.pseudonym.v1");
        Pseudonym(fields.number(scheme as u64).text(issuer).text(value).sixteen())
    }

    /// The pseudonym of a subject.
    pub fn of(&self, subject: &Subject) -> Pseudonym {
        let fields = Fields::new(self, "throughline.pseudonym.v1");
        Pseudonym(fields.number(subject.scheme as u64).text(&subject.issuer).text(&subject.value).sixteen())
    }

    /// The id of the event that this version of this record is: a UUIDv8. `controller` and `source` as in the body.
    pub fn event_id(
        &self,
        controller: &str,
        source: &str,
        record_key: &str,
        version: &Version,
        ordinal: u32,
    ) -> EventId {
        let mut id = Fields::new(self, "throughline.event-id.v1")
            .text(controller)
            .text(source)
            .text(record_key)
            .number(version.as_of_us as u64)
            .number(version.sequence)
            .number(u64::from(version.mapping_revision))
            .number(u64::from(ordinal))
            .sixteen();
        let [.., version_byte, _, variant_byte, _, _, _, _, _, _, _] = &mut id;
        *version_byte = 0x80 | (*version_byte & 0x0f);
        *variant_byte = 0x80 | (*variant_byte & 0x3f);
        EventId(id)
    }

    /// The id of the entry that every version of this record is a state of.
    pub fn entry_id(&self, controller: &str, source: &str, record_key: &str, ordinal: u32) -> EntryId {
        let fields = Fields::new(self, "throughline.entry-id.v1");
        EntryId(fields.text(controller).text(source).text(record_key).number(u64::from(ordinal)).sixteen())
    }

    /// A keyed digest, for baselines: what changed can be seen, and what it was cannot.
    pub fn digest(&self, label: &str, bytes: &[u8]) -> [u8; 16] {
        Fields::new(self, "throughline.digest.v1").text(label).bytes(bytes).sixteen()
    }

    /// Tells one key from another without giving it away: kept beside a log, it stops the log being opened under a key
    /// that is not its own.
    pub fn check_value(&self) -> [u8; 16] {
        Fields::new(self, "throughline.pseudonym-key-check.v1").sixteen()
    }
}

impl std::fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PseudonymKey")
    }
}

/// HMAC-SHA-256 over a label and fields, each preceded by its length so that no two lists of fields give the same bytes.
struct Fields<'k> {
    key: &'k PseudonymKey,
    /// Put together first: the hash takes them in one piece faster than one by one.
    bytes: Vec<u8>,
}

/// Room for what most ids are made of.
const FIELDS_BYTES: usize = 256;

impl<'k> Fields<'k> {
    fn new(key: &'k PseudonymKey, label: &str) -> Self {
        Self { key, bytes: Vec::with_capacity(FIELDS_BYTES) }.text(label)
    }

    fn bytes(mut self, field: &[u8]) -> Self {
        self.bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        self.bytes.extend_from_slice(field);
        self
    }

    fn text(self, field: &str) -> Self {
        self.bytes(field.as_bytes())
    }

    fn number(self, field: u64) -> Self {
        self.bytes(&field.to_be_bytes())
    }

    fn sixteen(self) -> [u8; 16] {
        let full = self.key.keyed.clone().chain_update(&self.bytes).finalize().into_bytes();
        let mut half = [0; 16];
        half.iter_mut().zip(full).for_each(|(to, from)| *to = from);
        half
    }
}

/// HMAC pads a short key with zeroes to the hash's block: done here, the key has the block's size and nothing can fail.
fn zero_padded(key: &[u8; 32]) -> Zeroizing<[u8; 64]> {
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    block
}
