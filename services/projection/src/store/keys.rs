//! The layout of the store: one ordered map, cut into tables by the first byte of the key and into shards by the second.
//!
//! | key | what it holds |
//! |---|---|
//! | `e` shard subject(16) occurred-at(8) event(16) | an event, sealed |
//! | `c` shard identifier(16) local(16) | a claim that an identifier and a source's own id are one child |
//! | `f` shard lead(16) child(16) | that a record of a child tells of a person, or of an address: see [`kin`] |
//! | `k` shard key-id(16) | a key that is destroyed, and what it sealed is gone |
//! | `g` 0 subject(16) occurred-at(8) event(16) | an event about an organisation or an agreement, wanted by every read |
//! | `o` partition topic(1) | how far a partition has been read, and a digest of the last record of it |
//! | `d` shard subject(16) occurred-at(8) event(16) | that this event bears on what is said of a person |
//! | `l` shard subject(16) adoption(16) other(16) | that two records may be of one child: see [`edge`] |
//! | `w` shard subject(16) event(16) | that a subject waits for the linker since this event |
//! | `v` shard subject(16) adoption(16) | that everything is linked by these parameters |
//! | `p` partition key-id(16) topic(1) offset(8) | a record that waits for its key |
//! | `q` shard subject(16) adoption(16) | that a subject was not looked for by all that is said of them: see [`passed_over`] |
//! | `n` partition topic(1) offset(8) | a record that gave no row, and why: nothing is skipped in silence |
//!
//! The shard of an id is the log's partition of that id, so everything about a child lies in one shard. Numbers are
//! big-endian, and an instant has its sign bit turned, so that the order of the bytes is the order of the values.

use event_log::{EventId, KeyId, Offset, Partition, Position, Pseudonym, Topic};

const EVENT: u8 = b'e';
const CLAIM: u8 = b'c';
const KIN: u8 = b'f';
const DESCRIBED: u8 = b'd';
const EDGE: u8 = b'l';
const WAITING: u8 = b'w';
const LINKED: u8 = b'v';
const KEY_RECORD: u8 = b'k';
const REGISTRY: u8 = b'g';
const OFFSET: u8 = b'o';
const PARKED: u8 = b'p';
const PASSED_OVER: u8 = b'q';
const NOTED: u8 = b'n';
/// The store's own, and the last of all keys.
const TALLY: u8 = b'z';

/// The tables, in the order of their tags.
pub(super) const TABLES: [u8; 13] =
    [CLAIM, DESCRIBED, EVENT, KIN, REGISTRY, KEY_RECORD, EDGE, NOTED, OFFSET, PARKED, PASSED_OVER, LINKED, WAITING];

/// A whole key. Made only by the functions of this module, so every key has a table and a shard.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key(Vec<u8>);

/// The beginning of keys: at least a table and a shard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prefix(Vec<u8>);

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Prefix {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Key {
    /// The key of these bytes, if they are one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        parse(bytes).map(|_| Self(bytes.to_vec()))
    }

    /// The shard that this key lies in.
    pub fn shard(&self) -> Partition {
        shard_of(&self.0).unwrap_or_else(registry_shard)
    }
}

/// Where the registry lies, shard 0: one place, since every read wants all of it.
pub fn registry_shard() -> Partition {
    Pseudonym([0; 16]).partition()
}

/// The shard that a key, or a prefix of keys, lies in.
pub(super) fn shard_of(key: &[u8]) -> Option<Partition> {
    key.get(1).copied().and_then(Partition::new)
}

/// An event of a subject. `occurred_at_us` is microseconds since 1970.
pub fn row(subject: Pseudonym, occurred_at_us: i64, event: EventId) -> Key {
    start(EVENT, subject.partition()).id(&subject.0).instant(occurred_at_us).id(&event.0).key()
}

/// Every event of a subject, by when it occurred.
pub fn row_prefix(subject: Pseudonym) -> Prefix {
    start(EVENT, subject.partition()).id(&subject.0).prefix()
}

/// The events of a subject from an instant on: the start of a range, or its end.
pub fn row_from(subject: Pseudonym, occurred_at_us: i64) -> Prefix {
    start(EVENT, subject.partition()).id(&subject.0).instant(occurred_at_us).prefix()
}

/// Every event of a shard, by subject.
pub fn rows(shard: Partition) -> Prefix {
    start(EVENT, shard).prefix()
}

/// A claim that `identifier` and `local`, a source's own id, are one child.
pub fn claim(identifier: Pseudonym, local: Pseudonym) -> Key {
    start(CLAIM, identifier.partition()).id(&identifier.0).id(&local.0).key()
}

/// Every claim on an identifier.
pub fn claim_prefix(identifier: Pseudonym) -> Prefix {
    start(CLAIM, identifier.partition()).id(&identifier.0).prefix()
}

/// After the last claim of a shard: the end of a range.
pub(crate) fn claims_end(shard: Partition) -> Prefix {
    start(CLAIM, shard).id(&[0xff; 16]).id(&[0xff; 16]).byte(0xff).prefix()
}

/// Every claim of a shard.
pub fn claims(shard: Partition) -> Prefix {
    start(CLAIM, shard).prefix()
}

/// That a record of this child, a source's own id, tells of a person around the child or of an address: by which the other
/// children of a family are found. Never a claim: nobody is linked by it, and no claim is found through it.
pub fn kin(lead: Pseudonym, child: Pseudonym) -> Key {
    start(KIN, lead.partition()).id(&lead.0).id(&child.0).key()
}

/// Every child of whose records one tells of this person or address.
pub fn kin_prefix(lead: Pseudonym) -> Prefix {
    start(KIN, lead.partition()).id(&lead.0).prefix()
}

/// Every such key of a shard.
pub fn kin_all(shard: Partition) -> Prefix {
    start(KIN, shard).prefix()
}

/// That the event of [`row`] with these bears on what is said of a person: it describes them, or takes back what did.
pub fn described(subject: Pseudonym, occurred_at_us: i64, event: EventId) -> Key {
    start(DESCRIBED, subject.partition()).id(&subject.0).instant(occurred_at_us).id(&event.0).key()
}

/// Every such event of a subject.
pub fn described_prefix(subject: Pseudonym) -> Prefix {
    start(DESCRIBED, subject.partition()).id(&subject.0).prefix()
}

/// Every such event of a shard, by subject.
pub fn described_all(shard: Partition) -> Prefix {
    start(DESCRIBED, shard).prefix()
}

/// After every such event of a subject: where those of the next begin, or the end of the shard's.
pub fn described_after(subject: Pseudonym) -> Prefix {
    start(DESCRIBED, subject.partition())
        .id(&subject.0)
        .number(u64::MAX)
        .number(u64::MAX)
        .number(u64::MAX)
        .byte(0)
        .prefix()
}

/// After every such event of a shard.
pub fn described_end(shard: Partition) -> Prefix {
    start(DESCRIBED, shard)
        .number(u64::MAX)
        .number(u64::MAX)
        .number(u64::MAX)
        .number(u64::MAX)
        .number(u64::MAX)
        .byte(0)
        .prefix()
}

/// That what is said of two subjects was, at some time, probable enough to be looked at by the parameters of an adoption. Stands
/// under both, and only leads: what it is worth is judged when the two are read.
pub fn edge(subject: Pseudonym, adoption: EventId, other: Pseudonym) -> Key {
    start(EDGE, subject.partition()).id(&subject.0).id(&adoption.0).id(&other.0).key()
}

/// Every such key of a subject and an adoption.
pub fn edges(subject: Pseudonym, adoption: EventId) -> Prefix {
    start(EDGE, subject.partition()).id(&subject.0).id(&adoption.0).prefix()
}

/// Every such key of a subject.
pub fn edges_of(subject: Pseudonym) -> Prefix {
    start(EDGE, subject.partition()).id(&subject.0).prefix()
}

/// Every such key of a shard.
pub fn edges_all(shard: Partition) -> Prefix {
    start(EDGE, shard).prefix()
}

/// After every such key of a shard.
pub fn edges_end(shard: Partition) -> Prefix {
    start(EDGE, shard).id(&[0xff; 16]).id(&[0xff; 16]).id(&[0xff; 16]).byte(0).prefix()
}

/// That a subject waits for the linker since this event, or since the key of this id was destroyed.
pub fn waiting(subject: Pseudonym, event: EventId) -> Key {
    start(WAITING, subject.partition()).id(&subject.0).id(&event.0).key()
}

/// Every mark that a subject waits.
pub fn waiting_of(subject: Pseudonym) -> Prefix {
    start(WAITING, subject.partition()).id(&subject.0).prefix()
}

/// Every subject of a shard that waits.
pub fn waiting_all(shard: Partition) -> Prefix {
    start(WAITING, shard).prefix()
}

/// That everything that stood when these parameters were adopted is linked by them. The subject is that of adoptions.
pub fn linked(subject: Pseudonym, adoption: EventId) -> Key {
    start(LINKED, subject.partition()).id(&subject.0).id(&adoption.0).key()
}

/// Every adoption by which everything is linked.
pub fn linked_prefix(subject: Pseudonym) -> Prefix {
    start(LINKED, subject.partition()).id(&subject.0).prefix()
}

/// That nobody was looked for by some of what is said of a subject, by the parameters of an adoption: more share it than are
/// looked through, or it is more than anybody is looked for by.
pub fn passed_over(subject: Pseudonym, adoption: EventId) -> Key {
    start(PASSED_OVER, subject.partition()).id(&subject.0).id(&adoption.0).key()
}

/// Every such key of a subject.
pub fn passed_over_of(subject: Pseudonym) -> Prefix {
    start(PASSED_OVER, subject.partition()).id(&subject.0).prefix()
}

/// Every such key of a shard.
pub fn passed_over_all(shard: Partition) -> Prefix {
    start(PASSED_OVER, shard).prefix()
}

/// Whether a key is of the linker's own tables, which are made from the rest and say nothing of their own.
pub(super) fn is_the_linkers(key: &[u8]) -> bool {
    matches!(key.first(), Some(&EDGE | &WAITING | &LINKED | &PASSED_OVER))
}

/// That a data key is destroyed.
pub fn key_record(key_id: KeyId) -> Key {
    start(KEY_RECORD, key_id.partition()).id(&key_id.0).key()
}

/// Every key record of a shard.
pub fn key_records(shard: Partition) -> Prefix {
    start(KEY_RECORD, shard).prefix()
}

/// An event about an organisation or an agreement.
pub fn registry(subject: Pseudonym, occurred_at_us: i64, event: EventId) -> Key {
    start(REGISTRY, registry_shard()).id(&subject.0).instant(occurred_at_us).id(&event.0).key()
}

/// The whole registry. It lies in [`registry_shard`].
pub fn registry_prefix() -> Prefix {
    start(REGISTRY, registry_shard()).prefix()
}

/// How far a partition of a topic has been read. The value is a [`super::ReadTo`]: the next offset, eight bytes big-endian, and sixteen
/// of the last record.
pub fn offset(topic: Topic, partition: Partition) -> Key {
    start(OFFSET, partition).byte(topic as u8).key()
}

/// The offsets of a partition, by topic.
pub fn offsets(partition: Partition) -> Prefix {
    start(OFFSET, partition).prefix()
}

/// A record that waits for its key. It lies in the shard of the record, not of the key: [`parked_prefix`] is asked of each.
pub fn parked(key_id: KeyId, at: Position) -> Key {
    start(PARKED, at.partition).id(&key_id.0).place(at).key()
}

/// The records of a partition that wait for this key.
pub fn parked_prefix(partition: Partition, key_id: KeyId) -> Prefix {
    start(PARKED, partition).id(&key_id.0).prefix()
}

/// Every record of a partition that waits for a key.
pub fn parked_all(partition: Partition) -> Prefix {
    start(PARKED, partition).prefix()
}

/// A record that gave no row: erased, quarantined or refused. The value says which.
pub fn noted(at: Position) -> Key {
    start(NOTED, at.partition).place(at).key()
}

/// Every record of a partition that gave no row, in the order of topic and offset.
pub fn noted_all(partition: Partition) -> Prefix {
    start(NOTED, partition).prefix()
}

/// Where the store keeps what a shard should hold.
pub(super) fn tally(shard: Partition) -> [u8; 2] {
    [TALLY, shard.number()]
}

/// Whether this is one of those keys.
pub(super) fn is_tally(key: &[u8]) -> bool {
    key.first() == Some(&TALLY)
}

/// A table's part in a shard.
pub(super) fn table(tag: u8, shard: Partition) -> Prefix {
    start(tag, shard).prefix()
}

/// What a key says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parsed {
    /// See [`row`].
    Row {
        /// Whose event.
        subject: Pseudonym,
        /// When it occurred, microseconds since 1970.
        occurred_at_us: i64,
        /// Which.
        event: EventId,
    },
    /// See [`claim`].
    Claim {
        /// The identifier claimed.
        identifier: Pseudonym,
        /// By which source's own id.
        local: Pseudonym,
    },
    /// See [`kin`].
    Kin {
        /// The person, or the address.
        lead: Pseudonym,
        /// The child.
        child: Pseudonym,
    },
    /// See [`described`].
    Described {
        /// Who is described.
        subject: Pseudonym,
        /// When it occurred, microseconds since 1970.
        occurred_at_us: i64,
        /// Which event.
        event: EventId,
    },
    /// See [`edge`].
    Edge {
        /// The one.
        subject: Pseudonym,
        /// By the parameters that this event adopted.
        adoption: EventId,
        /// The other.
        other: Pseudonym,
    },
    /// See [`waiting`].
    Waiting {
        /// Who waits.
        subject: Pseudonym,
        /// Since which event.
        event: EventId,
    },
    /// See [`linked`].
    Linked {
        /// That of adoptions.
        subject: Pseudonym,
        /// Which.
        adoption: EventId,
    },
    /// See [`passed_over`].
    PassedOver {
        /// Who.
        subject: Pseudonym,
        /// By the parameters that this event adopted.
        adoption: EventId,
    },
    /// See [`key_record`].
    KeyRecord(KeyId),
    /// See [`registry`].
    Registry {
        /// The organisation or agreement.
        subject: Pseudonym,
        /// When it occurred, microseconds since 1970.
        occurred_at_us: i64,
        /// Which event.
        event: EventId,
    },
    /// See [`offset()`].
    Offset(Topic, Partition),
    /// See [`parked`].
    Parked {
        /// The key that is missing.
        key_id: KeyId,
        /// The record that waits.
        at: Position,
    },
    /// See [`noted`].
    Noted(Position),
}

/// Reads a key back; nothing if it is not one of this layout, or lies in a shard that is not its own.
pub fn parse(key: &[u8]) -> Option<Parsed> {
    let mut rest = Reader(key);
    let table = rest.byte()?;
    let shard = Partition::new(rest.byte()?)?;
    let parsed = match table {
        EVENT => {
            Parsed::Row { subject: rest.pseudonym()?, occurred_at_us: rest.instant()?, event: EventId(rest.id()?) }
        }
        CLAIM => Parsed::Claim { identifier: rest.pseudonym()?, local: rest.pseudonym()? },
        KIN => Parsed::Kin { lead: rest.pseudonym()?, child: rest.pseudonym()? },
        DESCRIBED => Parsed::Described {
            subject: rest.pseudonym()?,
            occurred_at_us: rest.instant()?,
            event: EventId(rest.id()?),
        },
        EDGE => Parsed::Edge { subject: rest.pseudonym()?, adoption: EventId(rest.id()?), other: rest.pseudonym()? },
        WAITING => Parsed::Waiting { subject: rest.pseudonym()?, event: EventId(rest.id()?) },
        LINKED => Parsed::Linked { subject: rest.pseudonym()?, adoption: EventId(rest.id()?) },
        PASSED_OVER => Parsed::PassedOver { subject: rest.pseudonym()?, adoption: EventId(rest.id()?) },
        KEY_RECORD => Parsed::KeyRecord(KeyId(rest.id()?)),
        REGISTRY => {
            Parsed::Registry { subject: rest.pseudonym()?, occurred_at_us: rest.instant()?, event: EventId(rest.id()?) }
        }
        OFFSET => Parsed::Offset(rest.topic()?, shard),
        PARKED => Parsed::Parked { key_id: KeyId(rest.id()?), at: rest.place(shard)? },
        NOTED => Parsed::Noted(rest.place(shard)?),
        _ => return None,
    };
    let own = match parsed {
        Parsed::Row { subject, .. }
        | Parsed::Described { subject, .. }
        | Parsed::Edge { subject, .. }
        | Parsed::Waiting { subject, .. }
        | Parsed::PassedOver { subject, .. }
        | Parsed::Linked { subject, .. } => subject.partition(),
        Parsed::Claim { identifier, .. } => identifier.partition(),
        Parsed::Kin { lead, .. } => lead.partition(),
        Parsed::KeyRecord(key_id) => key_id.partition(),
        Parsed::Registry { .. } => registry_shard(),
        Parsed::Offset(..) | Parsed::Parked { .. } | Parsed::Noted(_) => shard,
    };
    (rest.0.is_empty() && own == shard).then_some(parsed)
}

const SIGN: u64 = 1 << 63;

struct Builder(Vec<u8>);

fn start(table: u8, shard: Partition) -> Builder {
    let mut bytes = Vec::with_capacity(50);
    bytes.extend([table, shard.number()]);
    Builder(bytes)
}

impl Builder {
    fn id(mut self, id: &[u8; 16]) -> Self {
        self.0.extend(id);
        self
    }

    fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn instant(self, us: i64) -> Self {
        self.number(us.cast_unsigned() ^ SIGN)
    }

    fn place(self, at: Position) -> Self {
        self.byte(at.topic as u8).number(at.offset)
    }

    fn key(self) -> Key {
        Key(self.0)
    }

    fn prefix(self) -> Prefix {
        Prefix(self.0)
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn id(&mut self) -> Option<[u8; 16]> {
        self.take()
    }

    fn pseudonym(&mut self) -> Option<Pseudonym> {
        self.id().map(Pseudonym)
    }

    fn number(&mut self) -> Option<Offset> {
        self.take().map(u64::from_be_bytes)
    }

    fn instant(&mut self) -> Option<i64> {
        self.number().map(|number| (number ^ SIGN).cast_signed())
    }

    fn topic(&mut self) -> Option<Topic> {
        self.byte().and_then(Topic::from_number)
    }

    fn place(&mut self, partition: Partition) -> Option<Position> {
        Some(Position { topic: self.topic()?, partition, offset: self.number()? })
    }
}
