//! Where a record stands, and the sixteen-byte names that stand in clear.

use std::fmt;

/// Partitions of every topic, for ever, on both backends: renumbering would break every recorded position.
pub const PARTITIONS: u8 = 16;

/// A topic of the log. The discriminants are written to disk and never change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Topic {
    /// `throughline.education.v1`
    Education = 1,
    /// `throughline.social-care.v1`
    SocialCare = 2,
    /// `throughline.health.v1`
    Health = 3,
    /// `throughline.identity.v1`: commands only.
    Identity = 4,
    /// `throughline.sharing.v1`: commands only.
    Sharing = 5,
    /// `throughline.disclosure.v1`
    Disclosure = 6,
    /// `throughline.quarantine.v1`
    Quarantine = 7,
    /// `throughline.keys.v1`: the only compacted topic.
    Keys = 8,
    /// `throughline.reference.v1`: no personal data.
    Reference = 9,
}

impl Topic {
    /// Every topic, in order of number.
    pub const ALL: [Self; 9] = [
        Self::Education,
        Self::SocialCare,
        Self::Health,
        Self::Identity,
        Self::Sharing,
        Self::Disclosure,
        Self::Quarantine,
        Self::Keys,
        Self::Reference,
    ];

    /// The topics whose records are events about children, folded by the projection.
    pub const EVENTS: [Self; 5] = [Self::Education, Self::SocialCare, Self::Health, Self::Identity, Self::Sharing];

    /// The topic's name on Kafka.
    pub fn name(self) -> &'static str {
        match self {
            Self::Education => "throughline.education.v1",
            Self::SocialCare => "throughline.social-care.v1",
            Self::Health => "throughline.health.v1",
            Self::Identity => "throughline.identity.v1",
            Self::Sharing => "throughline.sharing.v1",
            Self::Disclosure => "throughline.disclosure.v1",
            Self::Quarantine => "throughline.quarantine.v1",
            Self::Keys => "throughline.keys.v1",
            Self::Reference => "throughline.reference.v1",
        }
    }

    /// The topic of this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|t| *t as u8 == number)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A partition, 0 to 15.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Partition(u8);

impl Partition {
    /// The partition of this number, if there is one.
    pub fn new(number: u8) -> Option<Self> {
        (number < PARTITIONS).then_some(Self(number))
    }

    /// Every partition, in order.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        (0..PARTITIONS).map(Self)
    }

    /// 0 to 15.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// A record's place in its partition, counted from 0 without gaps: also its leaf index in the ledger.
pub type Offset = u64;

/// Where a record stands in the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// Its topic.
    pub topic: Topic,
    /// Its partition.
    pub partition: Partition,
    /// Its place in the partition.
    pub offset: Offset,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.topic, self.partition.0, self.offset)
    }
}

macro_rules! sixteen_bytes {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// From exactly sixteen bytes.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }
    };
}

sixteen_bytes! {
    /// A subject, by a keyed hash of its scheme, issuer and value.
    Pseudonym
}
sixteen_bytes! {
    /// An event. The same record of the same source gives the same id.
    EventId
}
sixteen_bytes! {
    /// An entry of a timeline: what several versions of one event are states of.
    EntryId
}
sixteen_bytes! {
    /// A data key.
    KeyId
}

impl Pseudonym {
    /// Where everything about this subject goes, on every topic.
    pub fn partition(&self) -> Partition {
        Partition(self.0[0] % PARTITIONS)
    }
}

impl KeyId {
    /// Where this key's record goes on the keys topic.
    pub fn partition(&self) -> Partition {
        Partition(self.0[0] % PARTITIONS)
    }
}
