#![cfg(test)]
//! Erasure's ground: live keys wrapped anew, old wrapping keys destroyed, and what is erased told from what is parked ever after.

use std::path::Path;
use std::sync::Arc;

use event_log::envelope::{self, Opened};
use event_log::seal::{self, DataKeys, KeyState, Keyring, SealError, WrappingKeys};
use event_log::{EventId, KeyId, Position, Pseudonym, StoredRecord};
use proto::events::Family;
use proto::keys::KeyRecord;

const CONTROLLER: &str = "la-878";
const SOURCE: &str = "social-care-cin-census";
const OTHER_SOURCE: &str = "social-care-ssda903";
const VAULT: u8 = 0x3f;

fn subject(last: u8) -> Pseudonym {
    let mut id = [7; 16];
    (id[0], id[15]) = (VAULT, last);
    Pseudonym(id)
}

fn key_record(record: event_log::Record) -> KeyRecord {
    let position = Position { topic: record.topic, partition: record.partition, offset: 0 };
    let stored = StoredRecord { position, published_at_us: 0, key: record.key, value: record.value };
    seal::decode_key_record(&stored).unwrap()
}

/// The keys topic of one place, in the order in which it was written.
struct Place {
    dir: tempfile::TempDir,
    wrapping: Arc<WrappingKeys>,
    topic: Vec<KeyRecord>,
    bodies: Vec<(Pseudonym, bytes::Bytes)>,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let wrapping = Arc::new(WrappingKeys::open(dir.path()).unwrap());
        Self { dir, wrapping, topic: Vec::new(), bodies: Vec::new() }
    }

    fn writer(&self, source: &str) -> DataKeys {
        let mut writer = DataKeys::new(source, Arc::new(WrappingKeys::open(self.dir.path()).unwrap()));
        self.topic.iter().for_each(|record| drop(writer.absorb(record)));
        writer
    }

    fn reader(&self) -> Keyring {
        let keyring = Keyring::new(Arc::new(WrappingKeys::open(self.dir.path()).unwrap()));
        self.topic.iter().for_each(|record| drop(keyring.absorb(record)));
        keyring
    }

    fn say(&mut self, source: &str, of: Pseudonym) -> Result<KeyId, SealError> {
        let mut writer = self.writer(source);
        let (key_id, made) = writer.for_subject(of, CONTROLLER)?;
        self.topic.extend(made.map(key_record));
        let id = EventId([u8::try_from(self.bodies.len()).unwrap(); 16]);
        self.bodies.push((of, writer.seal(key_id, id, of, Family::SocialCare, b"an invented body")?));
        Ok(key_id)
    }

    /// As an erasure does: the new epoch, the proof of destruction under it, every other key of the vault under it, and the old gone.
    fn erase(&mut self, key_id: KeyId, epoch: u32) {
        self.wrapping.begin_epoch(CONTROLLER, VAULT, epoch).unwrap();
        let (keyring, mut said) = (self.reader(), self.topic.clone());
        said.reverse();
        let mut seen = Vec::new();
        let mut again = Vec::new();
        for record in said {
            if seen.contains(&record.key_id) {
                continue;
            }
            seen.push(record.key_id.clone());
            if record.key_id == key_id.0 {
                let under = KeyRecord { wrapping_epoch: epoch, of_vault: true, ..record };
                again.push(key_record(seal::destruction(&self.wrapping, &under).unwrap()));
            } else {
                assert_ne!(keyring.state(KeyId::from_slice(&record.key_id).unwrap()), KeyState::Unknown);
                again.push(key_record(seal::rewrapped(&self.wrapping, &record, epoch).unwrap().unwrap()));
            }
        }
        self.topic.extend(again);
        self.wrapping.destroy_epochs(CONTROLLER, Some(VAULT), epoch - 1).unwrap();
        self.wrapping.destroy_epochs(CONTROLLER, None, u32::MAX).unwrap();
    }

    fn opened(&self) -> Vec<(u8, &'static str)> {
        let keyring = self.reader();
        let opened = |bytes: &bytes::Bytes| match envelope::decode(bytes.clone()).unwrap().open(&keyring).unwrap() {
            Opened::Plain(_) => "plain",
            Opened::Parked(_) => "parked",
            Opened::Erased(_) => "erased",
        };
        self.bodies.iter().map(|(of, bytes)| (of.0[15], opened(bytes))).collect()
    }
}

fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        match entry.path().is_dir() {
            true => found.extend(files(&entry.path()).into_iter().map(|within| format!("{name}/{within}"))),
            false => found.push(name),
        }
    }
    found.sort();
    found
}

#[test]
fn what_lives_is_opened_under_the_new_epoch_and_what_is_erased_never_again() {
    let mut place = Place::new();
    let (first, second, third) = (subject(1), subject(2), subject(3));
    let erased = place.say(SOURCE, first).unwrap();
    let also = place.say(SOURCE, second).unwrap();
    place.say(SOURCE, third).unwrap();
    assert_eq!(place.opened(), [(1, "plain"), (2, "plain"), (3, "plain")]);
    place.erase(erased, 2);
    assert_eq!(files(place.dir.path()), ["la-878/3f/2.key"]);
    assert_eq!(place.opened(), [(1, "erased"), (2, "plain"), (3, "plain")]);
    // Whoever comes later seals under the epoch of the vault, and with the same key as before.
    assert_eq!(place.say(SOURCE, second).unwrap(), also);
    place.say(SOURCE, subject(4)).unwrap();
    assert_eq!(place.topic.last().map(|record| (record.of_vault, record.wrapping_epoch)), Some((true, 2)));
    // Another erasure of the same vault says of the first again what it was.
    place.erase(also, 3);
    assert_eq!(files(place.dir.path()), ["la-878/3f/3.key"]);
    let expected = [(1, "erased"), (2, "erased"), (3, "plain"), (2, "erased"), (4, "plain")];
    assert_eq!(place.opened(), expected);
    // Compacted, as a cluster keeps the topic: the last record of each key alone.
    let mut last: Vec<KeyRecord> = Vec::new();
    for record in std::mem::take(&mut place.topic) {
        last.retain(|other| other.key_id != record.key_id);
        last.push(record);
    }
    place.topic = last;
    assert_eq!(place.opened(), expected);
    place.erase(erased, 4);
    assert_eq!(place.opened(), expected);
}

#[test]
fn an_erased_subject_is_refused_by_every_source_until_it_is_readmitted() {
    let mut place = Place::new();
    let first = subject(1);
    let erased = place.say(SOURCE, first).unwrap();
    place.erase(erased, 2);
    for source in [SOURCE, OTHER_SOURCE] {
        assert!(matches!(place.say(source, first), Err(SealError::Erased(_))), "{source}");
        assert!(place.writer(source).is_erased(first));
    }
    // A person may say something of it all the same.
    place.say("command", first).unwrap();
    let stands = place.topic.iter().rfind(|record| record.key_id == erased.0).unwrap().clone();
    place.topic.push(key_record(seal::readmission(&place.wrapping, &stands).unwrap()));
    let new = place.say(SOURCE, first).unwrap();
    assert_ne!(new, erased);
    assert_ne!(place.say(OTHER_SOURCE, first).unwrap(), new);
    assert_eq!(place.opened(), [(1, "erased"), (1, "plain"), (1, "plain"), (1, "plain")]);
    // It stays so when its vault is wrapped anew.
    place.erase(new, 3);
    assert!(matches!(place.say(SOURCE, first), Err(SealError::Erased(key)) if key == new));
}

#[test]
fn a_running_writer_and_reader_follow() {
    let mut place = Place::new();
    let (first, second) = (subject(1), subject(2));
    let erased = place.say(SOURCE, first).unwrap();
    place.say(SOURCE, second).unwrap();
    let (mut writer, reader) = (place.writer(SOURCE), place.reader());
    let before = place.topic.len();
    let (destructions, lives) = (reader.destructions(), envelope::decode(place.bodies[1].1.clone()).unwrap());
    assert!(matches!(lives.open(&reader), Ok(Opened::Plain(_))));
    place.erase(erased, 2);
    for record in &place.topic[before..] {
        writer.absorb(record).unwrap();
        reader.absorb(record).unwrap();
    }
    writer.wrapping().forget_gone();
    reader.wrapping().forget_gone();
    assert!(matches!(writer.for_subject(first, CONTROLLER), Err(SealError::Erased(_))));
    let (key_id, _) = writer.for_subject(second, CONTROLLER).unwrap();
    writer.seal(key_id, EventId([9; 16]), second, Family::SocialCare, b"more").unwrap();
    assert!(reader.destructions() > destructions);
    assert_eq!((reader.state(erased), reader.state(key_id)), (KeyState::Destroyed, KeyState::Live));
}

/// Where the new wrapping key has not been brought yet, the old one opens; and once the old one is gone, the new one does.
#[test]
fn a_host_that_waits_for_the_new_key_goes_on_with_the_old() {
    let mut place = Place::new();
    let (first, second) = (subject(1), subject(2));
    let erased = place.say(SOURCE, first).unwrap();
    let lives = place.say(SOURCE, second).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(elsewhere.path().join("la-878/3f")).unwrap();
    let old = elsewhere.path().join("la-878/1.key");
    std::fs::copy(place.dir.path().join("la-878/1.key"), &old).unwrap();
    place.erase(erased, 2);
    let reader = Keyring::new(Arc::new(WrappingKeys::open(elsewhere.path()).unwrap()));
    place.topic.iter().for_each(|record| drop(reader.absorb(record)));
    assert_eq!(reader.state(lives), KeyState::Live);
    // Nobody here can tell yet that it is destroyed, and what it sealed is still to be opened: which is why it is brought first.
    assert_ne!(reader.state(erased), KeyState::Destroyed);
    std::fs::remove_file(&old).unwrap();
    reader.wrapping().forget_gone();
    assert_eq!(reader.state(lives), KeyState::Unknown);
    std::fs::copy(place.dir.path().join("la-878/3f/2.key"), elsewhere.path().join("la-878/3f/2.key")).unwrap();
    assert_eq!((reader.state(lives), reader.state(erased)), (KeyState::Live, KeyState::Destroyed));
}

#[test]
fn an_invented_wrapping_hides_nothing_and_an_invented_key_takes_no_place() {
    let mut place = Place::new();
    let key_id = place.say(SOURCE, subject(1)).unwrap();
    let stands = place.topic[0].clone();
    // Under an epoch that nobody ever made: the key goes on opening as it did.
    let never = KeyRecord { wrapping_epoch: 900, of_vault: true, ..stands.clone() };
    let reader = place.reader();
    for _ in 0..20 {
        reader.absorb(&never).unwrap();
    }
    assert_eq!(reader.state(key_id), KeyState::Live);
    let (id, of) = (KeyId::from_slice(&stands.key_id).unwrap(), subject(1));
    // Under one that is here, another key of the same name: it contradicts.
    let another = seal::DataKey::generate().unwrap();
    let forged = place.wrapping.wrap(&another, id, of, SOURCE, CONTROLLER, 1).unwrap();
    assert!(matches!(reader.absorb(&forged), Err(SealError::KeyRecordConflicts(_))));
    place.wrapping.begin_epoch(CONTROLLER, VAULT, 2).unwrap();
    let moved = key_record(seal::rewrapped(&place.wrapping, &stands, 2).unwrap().unwrap());
    reader.absorb(&moved).unwrap();
    // The mark of the vault is bound like every other field.
    let unmarked = KeyRecord { of_vault: false, wrapping_epoch: 1, ..moved };
    assert!(reader.absorb(&unmarked).is_err());
    assert_eq!(place.opened(), [(1, "plain")]);
}

/// Whoever dies while it makes a key leaves it under a second name, and while it destroys one, under a third: neither outlives the epoch.
#[test]
fn what_a_death_leaves_of_a_key_goes_with_its_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let wrapping = WrappingKeys::open(dir.path()).unwrap();
    wrapping.ensure(CONTROLLER).unwrap();
    wrapping.begin_epoch(CONTROLLER, VAULT, 2).unwrap();
    let of = |name: &str| dir.path().join(CONTROLLER).join(name);
    std::fs::hard_link(of("1.key"), of("1.new-1234")).unwrap();
    std::fs::rename(of("1.key"), of("1.going")).unwrap();
    std::fs::hard_link(of("3f/2.key"), of("3f/2.new-77")).unwrap();
    let wrapping = WrappingKeys::open(dir.path()).unwrap();
    assert_eq!(wrapping.newest_in(CONTROLLER, None).unwrap(), None, "it is nobody's key any more");
    assert!(wrapping.epochs_up_to(CONTROLLER, None, 1).unwrap().is_empty());
    assert!(wrapping.anything_up_to(CONTROLLER, None, 1).unwrap());
    wrapping.destroy_epochs(CONTROLLER, None, 1).unwrap();
    assert!(!wrapping.anything_up_to(CONTROLLER, None, 1).unwrap());
    assert_eq!(files(dir.path()), ["la-878/3f/2.key", "la-878/3f/2.new-77"]);
    wrapping.destroy_epochs(CONTROLLER, Some(VAULT), 2).unwrap();
    assert_eq!(files(dir.path()), Vec::<String>::new());
}
