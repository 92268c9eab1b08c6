#![cfg(test)]
//! Sealing: bytes pinned for ever, every bit bound, parked told from erased.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use event_log::envelope::{self, EnvelopeError, Opened};
use event_log::seal::{self, DataKey, DataKeys, Header, KeyState, Keyring, PseudonymKey, SealError, WrappingKeys};
use event_log::{EventId, KeyId, Position, Pseudonym, StoredRecord, Topic};
use proptest::prelude::*;
use prost::Message;
use proto::events::{Envelope, Family, Scheme, Subject, Version};
use proto::keys::KeyRecord;
use sha2::{Digest, Sha256};

const CONTROLLER: &str = "la-878-social-care";
const SOURCE: &str = "social-care-cin-census";

/// The field that is named, and how it is spoilt.
type Change = (&'static str, fn(&mut KeyRecord));

fn pseudonyms() -> PseudonymKey {
    PseudonymKey::from_bytes([7; 32])
}

fn version() -> Version {
    Version { as_of_us: 1_743_379_200_000_000, sequence: 3, mapping_revision: 1 }
}

/// A writer, a reader, and the record of one subject's key.
struct Bench {
    dir: tempfile::TempDir,
    wrapping: Arc<WrappingKeys>,
    writer: DataKeys,
    keyring: Keyring,
    subject: Pseudonym,
    key_id: KeyId,
    key_record: KeyRecord,
}

fn bench() -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let wrapping = Arc::new(WrappingKeys::open(dir.path()).unwrap());
    let mut writer = DataKeys::new(SOURCE, Arc::clone(&wrapping));
    let subject = pseudonyms().pseudonym(Scheme::LaChildId, "878", "12345");
    let (key_id, record) = writer.for_subject(subject, CONTROLLER).unwrap();
    let key_record = key_record(record.unwrap());
    let keyring = Keyring::new(Arc::clone(&wrapping));
    Bench { dir, wrapping, writer, keyring, subject, key_id, key_record }
}

fn key_record(record: event_log::Record) -> KeyRecord {
    let position = Position { topic: record.topic, partition: record.partition, offset: 0 };
    let stored = StoredRecord { position, published_at_us: 0, key: record.key, value: record.value };
    seal::decode_key_record(&stored).unwrap()
}

impl Bench {
    fn sealed(&mut self, plaintext: &[u8]) -> Bytes {
        let event_id = pseudonyms().event_id(CONTROLLER, SOURCE, "12345/2024-05-01", &version(), 0);
        self.writer.seal(self.key_id, event_id, self.subject, Family::SocialCare, plaintext).unwrap()
    }

    fn open(&self, bytes: Bytes) -> Result<Opened, EnvelopeError> {
        envelope::decode(bytes)?.open(&self.keyring)
    }
}

fn plain(opened: Opened) -> Vec<u8> {
    match opened {
        Opened::Plain(plain) => plain.bytes,
        other => panic!("not plain: {other:?}"),
    }
}

#[test]
fn ids_and_bytes_are_what_they_always_were() {
    let key = pseudonyms();
    let hex = |bytes: &[u8]| hex::encode(bytes);
    assert_eq!(hex(&key.pseudonym(Scheme::LaChildId, "878", "12345").0), "32a6992ab8a57f67f15f015e7569de98");
    assert_eq!(
        hex(&key.event_id(CONTROLLER, SOURCE, "12345/2024-05-01", &version(), 2).0),
        "c59a32a31f6a8dd1ac4fb5469b0161dd"
    );
    assert_eq!(hex(&key.entry_id(CONTROLLER, SOURCE, "12345/2024-05-01", 2).0), "c2027a22494fc829302128ff8fedff4e");
    assert_eq!(hex(&key.digest("baseline", b"row")), "8a70eb044a9851fabaa3226f703432d7");
}

#[test]
fn an_event_id_is_a_version_8_uuid() {
    for ordinal in 0..64 {
        let id = uuid::Uuid::from_bytes(pseudonyms().event_id("a", "b", "c", &version(), ordinal).0);
        assert_eq!((id.get_version_num(), id.get_variant()), (8, uuid::Variant::RFC4122));
    }
}

#[test]
fn a_dictionary_of_identifiers_finds_no_pseudonym() {
    let subjects: Vec<Subject> = (0..200)
        .map(|n| Subject { scheme: Scheme::LaChildId as i32, issuer: "878".into(), value: format!("{n:05}") })
        .collect();
    let ours: HashSet<Pseudonym> = subjects.iter().map(|s| pseudonyms().of(s)).collect();
    assert_eq!(ours.len(), subjects.len());
    for subject in &subjects {
        let scheme = subject.scheme.to_string();
        for guess in [
            subject.value.clone(),
            format!("{}{}", subject.issuer, subject.value),
            format!("{}|{}", subject.issuer, subject.value),
            format!("{scheme}{}{}", subject.issuer, subject.value),
        ] {
            let hashed: [u8; 32] = Sha256::digest(guess.as_bytes()).into();
            assert!(!ours.contains(&Pseudonym::from_slice(&hashed[..16]).unwrap()));
        }
        assert!(!ours.contains(&PseudonymKey::from_bytes([0; 32]).of(subject)));
        assert!(!ours.contains(&PseudonymKey::from_bytes([8; 32]).of(subject)));
    }
}

#[test]
fn fields_do_not_run_into_each_other() {
    let key = pseudonyms();
    assert_ne!(key.pseudonym(Scheme::LaChildId, "87", "81"), key.pseudonym(Scheme::LaChildId, "878", "1"));
    assert_ne!(key.pseudonym(Scheme::LaChildId, "878", "1"), key.pseudonym(Scheme::SchoolPupil, "878", "1"));
    assert_ne!(key.entry_id("a", "bc", "d", 0), key.entry_id("ab", "c", "d", 0));
    assert_ne!(key.digest("a", b"bc"), key.digest("ab", b"c"));
    let later = Version { sequence: 4, ..version() };
    let remapped = Version { mapping_revision: 2, ..version() };
    let ids = [version(), later, remapped].map(|v| key.event_id("a", "b", "c", &v, 0));
    assert_eq!(HashSet::from(ids).len(), 3);
}

#[test]
fn a_later_return_gives_the_same_bytes() {
    let mut bench = bench();
    let first = bench.sealed(b"one body");
    assert_eq!(first, bench.sealed(b"one body"));
    let mut restarted = DataKeys::new(SOURCE, Arc::clone(&bench.wrapping));
    restarted.absorb(&bench.key_record).unwrap();
    let (key_id, record) = restarted.for_subject(bench.subject, CONTROLLER).unwrap();
    assert!(record.is_none());
    bench.writer = restarted;
    bench.key_id = key_id;
    assert_eq!(first, bench.sealed(b"one body"));
}

#[test]
fn parked_until_the_key_arrives_and_erased_once_it_is_destroyed() {
    let mut bench = bench();
    let bytes = bench.sealed(b"body");
    assert_eq!(bench.keyring.state(bench.key_id), KeyState::Unknown);
    assert!(matches!(bench.open(bytes.clone()), Ok(Opened::Parked(id)) if id == bench.key_id));

    bench.keyring.absorb(&bench.key_record).unwrap();
    assert_eq!(bench.keyring.state(bench.key_id), KeyState::Live);
    let Opened::Plain(opened) = bench.open(bytes.clone()).unwrap() else { panic!("not open") };
    assert_eq!(opened.bytes, b"body");
    assert_eq!((opened.key_of.controller.as_str(), opened.key_of.source.as_str()), (CONTROLLER, SOURCE));

    let destroyed = key_record(seal::destruction(&bench.wrapping, &bench.key_record).unwrap());
    bench.keyring.absorb(&destroyed).unwrap();
    assert_eq!(bench.keyring.state(bench.key_id), KeyState::Destroyed);
    assert!(matches!(bench.open(bytes.clone()), Ok(Opened::Erased(id)) if id == bench.key_id));

    bench.keyring.absorb(&bench.key_record).unwrap();
    assert!(matches!(bench.open(bytes), Ok(Opened::Erased(_))), "a late live record must not bring it back");

    bench.writer.absorb(&destroyed).unwrap();
    bench.writer.absorb(&bench.key_record).unwrap();
    assert!(matches!(bench.writer.for_subject(bench.subject, CONTROLLER), Err(SealError::Erased(_))));
}

#[test]
fn destroyed_before_live_stays_destroyed() {
    let bench = bench();
    let destroyed = key_record(seal::destruction(&bench.wrapping, &bench.key_record).unwrap());
    bench.keyring.absorb(&destroyed).unwrap();
    bench.keyring.absorb(&bench.key_record).unwrap();
    assert_eq!(bench.keyring.state(bench.key_id), KeyState::Destroyed);
}

/// Every connector may write to the keys topic, and sees every key id on it.
#[test]
fn only_who_holds_the_wrapping_key_destroys() {
    let mut bench = bench();
    let bytes = bench.sealed(b"body");
    bench.keyring.absorb(&bench.key_record).unwrap();
    let another = tempfile::tempdir().unwrap();
    let another = WrappingKeys::open(another.path()).unwrap();
    another.ensure(CONTROLLER).unwrap();
    let proven = key_record(seal::destruction(&bench.wrapping, &bench.key_record).unwrap());
    let by_another = key_record(seal::destruction(&another, &bench.key_record).unwrap());
    let mut of_another_subject = proven.clone();
    of_another_subject.subject[0] ^= 1;
    for forged in [by_another, of_another_subject, KeyRecord { wrapped: vec![0; 16], ..proven.clone() }] {
        let fresh = Keyring::new(Arc::clone(&bench.wrapping));
        assert!(matches!(fresh.absorb(&forged), Err(SealError::DestructionUnproven(_))));
        assert!(bench.keyring.absorb(&forged).is_err());
        assert!(bench.writer.absorb(&forged).is_err());
    }
    assert!(matches!(bench.open(bytes), Ok(Opened::Plain(_))));
    assert!(bench.writer.for_subject(bench.subject, CONTROLLER).is_ok());
    let bare = KeyRecord { wrapped: Vec::new(), ..proven };
    assert!(matches!(seal::key_record_to_append(&bare), Err(SealError::KeyRecordMalformed { field: "wrapped" })));
}

/// Where the wrapping key is not here nobody can tell: parked, until it comes and tells.
#[test]
fn a_destruction_is_believed_once_its_wrapping_key_is_here() {
    let bench = bench();
    let proven = key_record(seal::destruction(&bench.wrapping, &bench.key_record).unwrap());
    let forged = KeyRecord { wrapped: vec![0; 16], ..proven.clone() };
    for (said, expected) in [(&proven, KeyState::Destroyed), (&forged, KeyState::Live)] {
        for live_first in [true, false] {
            let elsewhere = tempfile::tempdir().unwrap();
            let keyring = Keyring::new(Arc::new(WrappingKeys::open(elsewhere.path()).unwrap()));
            let (first, second) = if live_first { (&bench.key_record, said) } else { (said, &bench.key_record) };
            keyring.absorb(first).unwrap();
            keyring.absorb(second).unwrap();
            assert_eq!(keyring.state(bench.key_id), KeyState::Unknown);
            std::fs::create_dir(elsewhere.path().join(CONTROLLER)).unwrap();
            let file = format!("{CONTROLLER}/1.key");
            std::fs::copy(bench.dir.path().join(&file), elsewhere.path().join(&file)).unwrap();
            assert_eq!(keyring.state(bench.key_id), expected, "live first: {live_first}");
        }
    }
}

#[test]
fn a_missing_wrapping_key_is_unknown_and_not_erased() {
    let mut bench = bench();
    let bytes = bench.sealed(b"body");
    let elsewhere = tempfile::tempdir().unwrap();
    let none_held = Arc::new(WrappingKeys::open(elsewhere.path()).unwrap());
    let keyring = Keyring::new(Arc::clone(&none_held));
    keyring.absorb(&bench.key_record).unwrap();
    assert_eq!(keyring.state(bench.key_id), KeyState::Unknown);
    assert!(matches!(envelope::decode(bytes).unwrap().open(&keyring), Ok(Opened::Parked(_))));

    let mut writer = DataKeys::new(SOURCE, none_held);
    writer.absorb(&bench.key_record).unwrap();
    let other = Pseudonym([9; 16]);
    assert!(
        matches!(writer.for_subject(other, CONTROLLER), Err(SealError::WrappingKeyMissing { epoch: 1, .. })),
        "a lost folder of keys must not be begun again"
    );
}

#[test]
fn no_envelope_may_use_another_subjects_key() {
    let bench = bench();
    bench.keyring.absorb(&bench.key_record).unwrap();
    let other = Pseudonym([1; 16]);
    let refused = bench.writer.seal(bench.key_id, EventId([2; 16]), other, Family::SocialCare, b"body");
    assert!(matches!(refused, Err(SealError::KeyNotHeld(_))));
    let data_key = bench.wrapping.unwrap(&bench.key_record).unwrap().unwrap();
    let header =
        Header { event_id: EventId([2; 16]), subject: other, family: Family::SocialCare, key_id: bench.key_id };
    let bytes = seal::seal(&header, &data_key, b"body").unwrap();
    assert!(matches!(bench.open(bytes.clone()), Err(EnvelopeError::KeyOfAnother(_))));
    bench.keyring.absorb(&key_record(seal::destruction(&bench.wrapping, &bench.key_record).unwrap())).unwrap();
    assert!(matches!(bench.open(bytes), Err(EnvelopeError::KeyOfAnother(_))));
}

#[test]
fn no_field_of_a_key_record_can_be_changed() {
    let bench = bench();
    let changes: [Change; 5] = [
        ("subject", |r| r.subject[0] ^= 1),
        ("source", |r| r.source = "social-care-other".into()),
        ("key id", |r| r.key_id[15] ^= 1),
        ("wrapped", |r| r.wrapped[0] ^= 1),
        ("tag", |r| r.wrapped[47] ^= 1),
    ];
    for (what, change) in changes {
        let mut record = bench.key_record.clone();
        change(&mut record);
        assert!(matches!(bench.wrapping.unwrap(&record), Err(SealError::WrapBroken(_))), "{what}");
    }
    bench.wrapping.ensure("la-879-social-care").unwrap();
    let moved = KeyRecord { controller: "la-879-social-care".into(), ..bench.key_record.clone() };
    assert!(matches!(bench.wrapping.unwrap(&moved), Err(SealError::WrapBroken(_))));
    bench.keyring.absorb(&bench.key_record).unwrap();
    assert!(matches!(bench.keyring.absorb(&moved), Err(SealError::KeyRecordConflicts(_))));
}

#[test]
fn a_malformed_key_record_names_its_field() {
    let bench = bench();
    let changes: [Change; 9] = [
        ("key_id", |r| r.key_id.truncate(15)),
        ("subject", |r| r.subject.push(0)),
        ("wrapped", |r| r.wrapped.truncate(47)),
        ("wrapped", |r| r.state = 2),
        ("state", |r| r.state = 0),
        ("controller", |r| r.controller.clear()),
        ("controller", |r| r.controller = "../la-878".into()),
        ("source", |r| r.source = "s".repeat(65)),
        ("wrapping_epoch", |r| r.wrapping_epoch = 0),
    ];
    for (expected, change) in changes {
        let mut record = bench.key_record.clone();
        change(&mut record);
        match bench.keyring.absorb(&record) {
            Err(SealError::KeyRecordMalformed { field }) => assert_eq!(field, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
    let mut bytes = bench.key_record.encode_to_vec();
    bytes.extend_from_slice(&[0xf8, 0x07, 1]);
    let position = Position { topic: Topic::Keys, partition: bench.key_id.partition(), offset: 0 };
    let stored = StoredRecord { position, published_at_us: 0, key: bench.key_id.0, value: bytes.into() };
    assert!(matches!(seal::decode_key_record(&stored), Err(SealError::KeyRecordMalformed { field: "encoding" })));
}

/// In another partition it could be read before the honest record of its key id.
#[test]
fn a_key_record_stands_in_its_key_ids_partition() {
    let bench = bench();
    for partition in event_log::Partition::all() {
        let record = seal::key_record_to_append(&bench.key_record).unwrap();
        let position = Position { topic: Topic::Keys, partition, offset: 0 };
        let stored = StoredRecord { position, published_at_us: 0, key: record.key, value: record.value };
        assert_eq!(seal::decode_key_record(&stored).is_ok(), partition == bench.key_id.partition());
    }
}

/// Every connector may write to the keys topic, and can name any subject, controller and source.
#[test]
fn invented_key_records_keep_nothing_from_being_sealed() {
    let mut bench = bench();
    let victim = pseudonyms().pseudonym(Scheme::LaChildId, "878", "67890");
    let of_victim =
        KeyRecord { key_id: vec![9; 16], subject: victim.0.to_vec(), wrapped: vec![1; 48], ..bench.key_record.clone() };
    let destroyed = |of: &KeyRecord| KeyRecord { state: 2, wrapped: vec![1; 16], ..of.clone() };
    assert!(matches!(bench.writer.absorb(&of_victim), Err(SealError::WrapBroken(_))));
    assert!(matches!(bench.writer.absorb(&destroyed(&of_victim)), Err(SealError::DestructionUnproven(_))));
    let of_later = KeyRecord { wrapping_epoch: 99, ..of_victim.clone() };
    bench.writer.absorb(&of_later).unwrap();
    bench.writer.absorb(&destroyed(&of_later)).unwrap();
    let honest_id = KeyRecord { subject: victim.0.to_vec(), ..bench.key_record.clone() };
    assert!(bench.writer.absorb(&honest_id).is_err());
    assert!(bench.writer.absorb(&destroyed(&honest_id)).is_err());
    assert!(bench.writer.can_seal_for(CONTROLLER));
    let (key_id, made) = bench.writer.for_subject(victim, CONTROLLER).unwrap();
    assert!(made.is_some(), "the key that seals is not the invented one");
    bench.writer.seal(key_id, EventId([2; 16]), victim, Family::SocialCare, b"body").unwrap();
}

/// Believed while no wrapping key of the controller is here, and forgotten once one has come and tells.
#[test]
fn an_invented_key_record_is_forgotten_once_the_wrapping_key_is_here() {
    let bench = bench();
    let elsewhere = tempfile::tempdir().unwrap();
    let mut writer = DataKeys::new(SOURCE, Arc::new(WrappingKeys::open(elsewhere.path()).unwrap()));
    let invented = KeyRecord { key_id: vec![9; 16], wrapped: vec![1; 48], ..bench.key_record.clone() };
    let of_later = KeyRecord { key_id: vec![8; 16], subject: vec![8; 16], wrapping_epoch: 99, ..invented.clone() };
    for record in [&invented, &of_later, &bench.key_record] {
        writer.absorb(record).unwrap();
    }
    assert!(!writer.can_seal_for(CONTROLLER));
    std::fs::create_dir(elsewhere.path().join(CONTROLLER)).unwrap();
    let file = format!("{CONTROLLER}/1.key");
    std::fs::copy(bench.dir.path().join(&file), elsewhere.path().join(&file)).unwrap();
    assert!(writer.can_seal_for(CONTROLLER));
    let (key_id, made) = writer.for_subject(bench.subject, CONTROLLER).unwrap();
    assert!(key_id == bench.key_id && made.is_none());
    assert!(writer.for_subject(Pseudonym([9; 16]), CONTROLLER).unwrap().1.is_some());
}

/// An envelope tells in clear which event it is, and anybody can write one that tells so.
#[test]
fn a_source_knows_what_it_sealed() {
    let mut bench = bench();
    let honest = envelope::decode(bench.sealed(b"body")).unwrap();
    assert_eq!(bench.writer.sealed(&honest), Some(true));
    let mut again = DataKeys::new(SOURCE, Arc::clone(&bench.wrapping));
    assert_eq!(again.sealed(&honest), None);
    again.absorb(&bench.key_record).unwrap();
    assert_eq!(again.sealed(&honest), Some(true));
    let noise = envelope::Sealed { sealed: vec![7; honest.sealed.len()].into(), ..honest.clone() };
    assert_eq!(again.sealed(&noise), Some(false));
    let mut other_key = honest.clone();
    other_key.header.key_id.0[0] ^= 1;
    assert_eq!(again.sealed(&other_key), None);
    again.absorb(&key_record(seal::destruction(&bench.wrapping, &bench.key_record).unwrap())).unwrap();
    assert_eq!(again.sealed(&honest), Some(true), "what was erased was sealed here all the same");
}

/// What is held in memory does not grow with keys of one use each; what they sealed opens, and what is erased stays erased.
#[test]
fn a_key_that_was_let_go_is_another_the_next_time() {
    let mut bench = bench();
    let bytes = bench.sealed(b"body");
    bench.writer.let_go(bench.key_id);
    let (another, record) = bench.writer.for_subject(bench.subject, CONTROLLER).unwrap();
    assert_ne!(another, bench.key_id);
    for record in [bench.key_record.clone(), key_record(record.unwrap())] {
        bench.keyring.absorb(&record).unwrap();
    }
    assert!(matches!(bench.open(bytes), Ok(Opened::Plain(opened)) if opened.bytes == b"body"));

    bench.writer.let_go(bench.key_id);
    assert_eq!(bench.writer.for_subject(bench.subject, CONTROLLER).unwrap().0, another, "it is another's turn");
    bench.writer.let_go(another);
    bench.writer.absorb(&key_record(seal::destruction(&bench.wrapping, &bench.key_record).unwrap())).unwrap();
    assert!(matches!(bench.writer.for_subject(bench.subject, CONTROLLER), Err(SealError::Erased(_))));
}

#[test]
fn key_files_are_private_durable_and_never_replaced() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let wrapping = WrappingKeys::open(&dir.path().join("wrapping")).unwrap();
    assert_eq!(wrapping.newest(CONTROLLER).unwrap(), None);
    assert_eq!(wrapping.ensure(CONTROLLER).unwrap(), 1);
    let path = dir.path().join("wrapping").join(CONTROLLER).join("1.key");
    let before = std::fs::read(&path).unwrap();
    assert_eq!(wrapping.ensure(CONTROLLER).unwrap(), 1);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for escaping in ["", "..", "a/b", "Upper", "la 878", "a\0b"] {
        assert!(matches!(wrapping.ensure(escaping), Err(SealError::ControllerMalformed)), "{escaping:?}");
    }

    let path = dir.path().join("pseudonym.key");
    let key = PseudonymKey::generate().unwrap();
    key.save(&path).unwrap();
    assert_eq!(PseudonymKey::load(&path).unwrap().check_value(), key.check_value());
    assert!(PseudonymKey::generate().unwrap().save(&path).is_err());
    assert_eq!(PseudonymKey::load(&path).unwrap().check_value(), key.check_value());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(PseudonymKey::load(&path), Err(SealError::KeyFileOpenToAll(_))));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&path, "0123").unwrap();
    assert!(matches!(PseudonymKey::load(&path), Err(SealError::KeyFileMalformed(_))));
}

#[test]
fn a_body_too_large_for_an_envelope_is_refused() {
    let mut bench = bench();
    bench.keyring.absorb(&bench.key_record).unwrap();
    let largest = vec![1; seal::PLAINTEXT_BYTES_MAX];
    let bytes = bench.sealed(&largest);
    assert!(bytes.len() <= seal::ENVELOPE_BYTES_MAX);
    assert_eq!(plain(bench.open(bytes).unwrap()), largest);
    let data_key = DataKey::generate().unwrap();
    let header = envelope::decode(bench.sealed(b"")).unwrap().header;
    let refused = seal::seal(&header, &data_key, &vec![1; seal::PLAINTEXT_BYTES_MAX + 1]);
    assert!(matches!(refused, Err(SealError::TooLarge { .. })));
}

#[test]
fn a_key_is_never_printed() {
    let bench = bench();
    let data_key = bench.wrapping.unwrap(&bench.key_record).unwrap().unwrap();
    assert_eq!(format!("{data_key:?} {:?}", pseudonyms()), "DataKey PseudonymKey");
    let printed = format!("{:?} {:?} {:?}", bench.wrapping, bench.writer, bench.keyring);
    let file = bench.dir.path().join(CONTROLLER).join("1.key");
    let key = hex::decode(std::fs::read_to_string(file).unwrap().trim()).unwrap();
    let listed = format!("{:?}", &key[..4]);
    assert!(!printed.contains(listed.trim_matches(['[', ']'])), "a wrapping key was printed");
}

/// Every single-bit change of an envelope is refused or cannot be opened: none gives back a body.
#[test]
fn every_flipped_bit_is_noticed() {
    let mut bench = bench();
    bench.keyring.absorb(&bench.key_record).unwrap();
    let bytes = bench.sealed(b"a body of a few words");
    assert_eq!(plain(bench.open(bytes.clone()).unwrap()), b"a body of a few words");
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        match bench.open(changed.into()) {
            Err(_) | Ok(Opened::Parked(_)) => {}
            Ok(other) => panic!("bit {bit} gave {other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn what_is_sealed_opens(body in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut bench = bench();
        bench.keyring.absorb(&bench.key_record).unwrap();
        let bytes = bench.sealed(&body);
        let as_message = Envelope::decode(bytes.clone()).unwrap();
        prop_assert_eq!(as_message.encode_to_vec(), bytes.to_vec(), "not protobuf's canonical bytes");
        prop_assert_eq!(plain(bench.open(bytes).unwrap()), body);
    }

    #[test]
    fn another_header_does_not_open(field in 0_usize..3, byte in 0_usize..16, bit in 0_u8..8) {
        let mut bench = bench();
        bench.keyring.absorb(&bench.key_record).unwrap();
        let bytes = bench.sealed(b"body");
        let mut message = Envelope::decode(bytes).unwrap();
        match field {
            0 => message.event_id[byte] ^= 1 << bit,
            1 => message.subject[byte] ^= 1 << bit,
            _ => message.family = if bit < 4 { 1 } else { 3 },
        }
        let opened = bench.open(message.encode_to_vec().into());
        prop_assert!(matches!(opened, Err(EnvelopeError::SealBroken | EnvelopeError::KeyOfAnother(_))));
    }
}
