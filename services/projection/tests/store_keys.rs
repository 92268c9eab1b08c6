//! The layout of keys: golden bytes, since a store lives longer than a release, and the order that reads rely on.

use event_log::{EventId, KeyId, Partition, Position, Pseudonym, Topic};
use projection::store::{Key, keys, keys::Parsed};
use proptest::prelude::*;

#[test]
fn the_layout_is_these_bytes() {
    let subject = Pseudonym([0x1a; 16]);
    let partition = Partition::new(5).unwrap();
    let at = Position { topic: Topic::Health, partition, offset: 258 };
    let (ones, id) = ("1a".repeat(16), "2b".repeat(16));
    let cases = [
        (keys::row(subject, -1, EventId([0x2b; 16])), format!("650a{ones}7fffffffffffffff{id}")),
        (keys::claim(subject, Pseudonym([0x2b; 16])), format!("630a{ones}{id}")),
        (keys::kin(subject, Pseudonym([0x2b; 16])), format!("660a{ones}{id}")),
        (keys::described(subject, -1, EventId([0x2b; 16])), format!("640a{ones}7fffffffffffffff{id}")),
        (keys::edge(subject, EventId([0x2b; 16]), Pseudonym([0x3c; 16])), format!("6c0a{ones}{id}{}", "3c".repeat(16))),
        (keys::waiting(subject, EventId([0x2b; 16])), format!("770a{ones}{id}")),
        (keys::linked(subject, EventId([0x2b; 16])), format!("760a{ones}{id}")),
        (keys::key_record(KeyId([0x2b; 16])), format!("6b0b{id}")),
        (keys::registry(subject, 1, EventId([0x2b; 16])), format!("6700{ones}8000000000000001{id}")),
        (keys::offset(Topic::Health, partition), "6f0503".to_owned()),
        (keys::parked(KeyId([0x2b; 16]), at), format!("7005{id}030000000000000102")),
        (keys::noted(at), "6e05030000000000000102".to_owned()),
    ];
    for (key, hex) in cases {
        assert_eq!(hex::encode(&key), hex);
    }
}

fn position() -> impl Strategy<Value = Position> {
    (0..9usize, 0..16u8, any::<u64>()).prop_map(|(topic, partition, offset)| Position {
        topic: Topic::ALL[topic],
        partition: Partition::new(partition).unwrap(),
        offset,
    })
}

proptest! {
    #[test]
    fn a_key_says_what_it_was_made_of(a: [u8; 16], b: [u8; 16], us: i64, at in position()) {
        let (subject, event, key_id) = (Pseudonym(a), EventId(b), KeyId(a));
        let cases = [
            (keys::row(subject, us, event), Parsed::Row { subject, occurred_at_us: us, event }, subject.partition()),
            (keys::claim(subject, Pseudonym(b)), Parsed::Claim { identifier: subject, local: Pseudonym(b) }, subject.partition()),
            (keys::kin(subject, Pseudonym(b)), Parsed::Kin { lead: subject, child: Pseudonym(b) }, subject.partition()),
            (keys::described(subject, us, event), Parsed::Described { subject, occurred_at_us: us, event }, subject.partition()),
            (keys::edge(subject, event, Pseudonym(b)), Parsed::Edge { subject, adoption: event, other: Pseudonym(b) }, subject.partition()),
            (keys::waiting(subject, event), Parsed::Waiting { subject, event }, subject.partition()),
            (keys::linked(subject, event), Parsed::Linked { subject, adoption: event }, subject.partition()),
            (keys::key_record(key_id), Parsed::KeyRecord(key_id), key_id.partition()),
            (keys::registry(subject, us, event), Parsed::Registry { subject, occurred_at_us: us, event }, keys::registry_shard()),
            (keys::offset(at.topic, at.partition), Parsed::Offset(at.topic, at.partition), at.partition),
            (keys::parked(key_id, at), Parsed::Parked { key_id, at }, at.partition),
            (keys::noted(at), Parsed::Noted(at), at.partition),
        ];
        for (key, parsed, shard) in cases {
            prop_assert_eq!(keys::parse(key.as_ref()), Some(parsed));
            prop_assert_eq!(key.shard(), shard);
            prop_assert_eq!(Key::from_bytes(key.as_ref()), Some(key));
        }
    }

    #[test]
    fn rows_lie_in_the_order_of_time(subject: [u8; 16], a: (i64, [u8; 16]), b: (i64, [u8; 16])) {
        let key = |(us, event)| keys::row(Pseudonym(subject), us, EventId(event));
        prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
        let from = keys::row_from(Pseudonym(subject), a.0);
        prop_assert_eq!(key(b).as_ref() >= from.as_ref(), b.0 >= a.0);
    }

    #[test]
    fn a_prefix_covers_its_own_and_nothing_else(a: [u8; 16], b: [u8; 16], us: i64, at in position()) {
        let row = keys::row(Pseudonym(a), us, EventId(b));
        prop_assert!(row.as_ref().starts_with(keys::row_prefix(Pseudonym(a)).as_ref()));
        prop_assert!(row.as_ref().starts_with(keys::rows(Pseudonym(a).partition()).as_ref()));
        prop_assert_eq!(row.as_ref().starts_with(keys::row_prefix(Pseudonym(b)).as_ref()), a == b);
        let parked = keys::parked(KeyId(a), at);
        prop_assert!(parked.as_ref().starts_with(keys::parked_prefix(at.partition, KeyId(a)).as_ref()));
        prop_assert_eq!(parked.as_ref().starts_with(keys::parked_prefix(at.partition, KeyId(b)).as_ref()), a == b);
    }

    /// What is asked for page by page, and where a page begins and ends.
    #[test]
    fn a_page_ends_after_its_own_and_before_the_next(a: [u8; 16], b: [u8; 16], us: i64, event: [u8; 16]) {
        let (one, other) = (Pseudonym(a), Pseudonym(b));
        let key = keys::described(one, us, EventId(event));
        prop_assert!(key.as_ref() < keys::described_after(one).as_ref());
        prop_assert!(key.as_ref() < keys::described_end(one.partition()).as_ref());
        let next = keys::described(other, us, EventId(event));
        prop_assert_eq!(next.as_ref() >= keys::described_after(one).as_ref(), (other.partition(), b) > (one.partition(), a));
        prop_assert!(keys::edge(one, EventId(event), other).as_ref() < keys::edges_end(one.partition()).as_ref());
    }

    #[test]
    fn bytes_that_are_no_key_are_refused(bytes: Vec<u8>) {
        if let Some(key) = Key::from_bytes(&bytes) {
            prop_assert_eq!(key.as_ref(), bytes.as_slice());
        }
    }

    #[test]
    fn a_key_in_another_shard_is_refused(subject: [u8; 16], event: [u8; 16], shard: u8) {
        let mut bytes = keys::row(Pseudonym(subject), 0, EventId(event)).as_ref().to_vec();
        bytes[1] = shard;
        prop_assert_eq!(keys::parse(&bytes).is_some(), shard == subject[0] % 16);
    }
}
