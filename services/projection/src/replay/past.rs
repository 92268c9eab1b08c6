//! What was known at a point of the log: how far each partition had been read, by what records were linked, and how many organisations
//! and agreements there were.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use event_log::{EventId, Offset, Partition, Position, Pseudonym, Topic};
use proto::disclosure::Basis;
use proto::events::Body;

/// How far the log shows to a read.
#[derive(Clone, Default, Debug)]
pub(crate) struct Past {
    /// The next offset of each partition that shows; nothing of any other does. `None` where everything does.
    read_to: Option<BTreeMap<(Topic, Partition), Offset>>,
    /// The adoptions by which records were linked, that of now first; `None` where those are looked for as ever.
    linked_by: Option<Vec<EventId>>,
    /// Whom each may have been alike.
    probable: BTreeMap<Pseudonym, BTreeSet<Pseudonym>>,
    /// How many organisations and agreements, oldest first; `None` for all.
    registry: Option<u32>,
    /// As if recorded last.
    pub(crate) drafts: Vec<Body>,
}

impl Past {
    /// What a decision was made from; `None` where its record does not say it rightly.
    pub(crate) fn of(basis: &Basis) -> Option<Self> {
        let mut past = Self {
            read_to: Some(unpack(&basis.read_to)?),
            linked_by: Some(basis.linked_by.iter().filter_map(|id| EventId::from_slice(id)).collect()),
            registry: Some(basis.registry),
            ..Self::default()
        };
        for pair in &basis.probable {
            let (one, other) = pair.split_first_chunk::<16>()?;
            let (one, other) = (Pseudonym(*one), Pseudonym(other.try_into().ok()?));
            past.probable.entry(one).or_default().insert(other);
            past.probable.entry(other).or_default().insert(one);
        }
        Some(past)
    }

    /// Everything that is known now.
    pub(crate) fn now() -> Self {
        Self::default()
    }

    /// Nothing of these partitions from these offsets on.
    pub(crate) fn up_to(positions: &[Position], held: BTreeMap<(Topic, Partition), Offset>) -> Self {
        let mut read_to = held;
        for Position { topic, partition, offset } in positions {
            read_to.insert((*topic, *partition), *offset);
        }
        Self { read_to: Some(read_to), ..Self::default() }
    }

    /// Whether the record at this place shows.
    pub(crate) fn shows(&self, topic: Topic, partition: Partition, offset: Offset) -> bool {
        self.read_to.as_ref().is_none_or(|read_to| read_to.get(&(topic, partition)).is_some_and(|next| offset < *next))
    }

    /// How far a partition shows that is read so far.
    pub(crate) fn next(&self, topic: Topic, partition: Partition, read: Offset) -> Offset {
        match &self.read_to {
            Some(read_to) => read.min(read_to.get(&(topic, partition)).copied().unwrap_or_default()),
            None => read,
        }
    }

    /// How far each partition shows; nothing where everything does.
    pub(crate) fn read_to(&self) -> impl Iterator<Item = ((Topic, Partition), Offset)> {
        self.read_to.iter().flatten().map(|(at, next)| (*at, *next))
    }

    pub(crate) fn linked_by(&self) -> Option<&[EventId]> {
        self.linked_by.as_deref()
    }

    /// Whom this subject may have been alike; `None` where that is looked for as ever.
    pub(crate) fn alike(&self, subject: Pseudonym) -> Option<BTreeSet<Pseudonym>> {
        self.linked_by.as_ref()?;
        Some(self.probable.get(&subject).cloned().unwrap_or_default())
    }

    pub(crate) fn registry(&self) -> Option<usize> {
        self.registry.map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }
}

/// Of each partition its place as one byte and the next offset as a varint, in order of place.
pub(crate) fn pack(read_to: &BTreeMap<(Topic, Partition), Offset>) -> Vec<u8> {
    let mut packed = Vec::with_capacity(read_to.len() * 4);
    for ((topic, partition), next) in read_to {
        packed.push((*topic as u8) << 4 | partition.number() & 0x0f);
        prost::encoding::encode_varint(*next, &mut packed);
    }
    packed
}

/// Reads [`pack`] back; `None` where it is no such thing.
pub(crate) fn unpack(mut packed: &[u8]) -> Option<BTreeMap<(Topic, Partition), Offset>> {
    let mut read_to = BTreeMap::new();
    while let Some((place, rest)) = packed.split_first() {
        packed = rest;
        let topic = Topic::from_number(place >> 4)?;
        let partition = Partition::all().find(|partition| partition.number() == place & 0x0f)?;
        let next = prost::encoding::decode_varint(&mut packed).ok()?;
        if read_to.insert((topic, partition), next).is_some() {
            return None;
        }
    }
    Some(read_to)
}

/// As it stood when: what somebody types.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum At {
    /// When this was the time, microseconds since 1970: what was published by then.
    Time(i64),
    /// For this decision: what was read for it.
    Decision([u8; 16]),
    /// Before these were read.
    Positions(Vec<Position>),
}

/// What stands for no time and no place.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{0}` is no time (2026-01-31, 2026-01-31T09:00:00Z), no decision (32 hex digits) and no place (throughline.health.v1/3@120, with commas between)"
)]
pub struct AtUnread(String);

impl FromStr for At {
    type Err = AtUnread;

    fn from_str(text: &str) -> Result<Self, AtUnread> {
        let unread = || AtUnread(text.to_owned());
        if text.contains('@') {
            let position = |part: &str| {
                let (tree, offset) = part.trim().split_once('@')?;
                let (topic, partition) = tree.split_once('/')?;
                let topic = Topic::ALL.into_iter().find(|of| of.name() == topic)?;
                let partition = partition.parse::<u8>().ok()?;
                let partition = Partition::all().find(|of| of.number() == partition)?;
                Some(Position { topic, partition, offset: offset.parse().ok()? })
            };
            return text.split(',').map(position).collect::<Option<_>>().map(Self::Positions).ok_or_else(unread);
        }
        if text.len() == 32
            && let Some(id) = hex_sixteen(text)
        {
            return Ok(Self::Decision(id));
        }
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::Time(at.as_microsecond()));
        }
        // The whole of that day, as it is in England.
        let day = text.parse::<jiff::civil::Date>().map_err(|_| unread())?;
        let zone = jiff::tz::TimeZone::get("Europe/London").unwrap_or(jiff::tz::TimeZone::UTC);
        let next = day.tomorrow().and_then(|day| day.to_zoned(zone)).map_err(|_| unread())?;
        Ok(Self::Time(next.timestamp().as_microsecond() - 1))
    }
}

fn hex_sixteen(text: &str) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    for (to, pair) in id.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *to = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn how_far_was_read_comes_out_again(read in prop::collection::btree_map((0..5_usize, 0..16_u8), any::<u64>(), 0..80)) {
            let partition = |number| Partition::all().find(|of| of.number() == number).unwrap();
            let read: BTreeMap<_, _> =
                read.into_iter().map(|((topic, number), next)| ((Topic::EVENTS[topic], partition(number)), next)).collect();
            prop_assert_eq!(unpack(&pack(&read)), Some(read));
        }

        #[test]
        fn whatever_else_is_read_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _read_or_not = unpack(&bytes);
        }

        #[test]
        fn whatever_is_typed_is_no_panic(text in ".{0,60}") {
            let _read_or_not = text.parse::<At>();
        }
    }

    #[test]
    fn a_time_a_day_a_decision_and_places_are_read() {
        let at = |text: &str| text.parse::<At>().unwrap();
        assert_eq!(at("1970-01-01T00:00:01Z"), At::Time(1_000_000));
        assert_eq!(at("2026-01-31"), At::Time(1_769_903_999_999_999));
        assert_eq!(
            at("01a20203d56d71668923da1c7070ee29"),
            At::Decision(hex_sixteen("01a20203d56d71668923da1c7070ee29").unwrap())
        );
        let places = at("throughline.health.v1/3@120,throughline.sharing.v1/0@7");
        let At::Positions(places) = places else { panic!("{places:?}") };
        assert_eq!(
            places.iter().map(|at| (at.topic, at.partition.number(), at.offset)).collect::<Vec<_>>(),
            [(Topic::Health, 3, 120), (Topic::Sharing, 0, 7)]
        );
        for wrong in ["", "yesterday", "throughline.health.v1/16@1", "throughline.health.v1@1", "health/1@1", "01a2"] {
            assert!(wrong.parse::<At>().is_err(), "{wrong}");
        }
    }
}
