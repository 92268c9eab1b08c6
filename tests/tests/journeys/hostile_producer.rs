//! A producer that says what is not its own to say. It holds every key of the machine, which is more than any real one does,
//! and writes straight to the log; what it says ends in quarantine, and changes nobody's timeline or access.

use std::collections::BTreeMap;
use std::sync::Arc;

use event_log::embedded::{EmbeddedLog, Options};
use event_log::envelope::CheckedBody;
use event_log::seal::{self, DataKeys, Header, decode_key_record};
use event_log::{EventId, EventLog, KeyId, Position, Pseudonym, Record, Topic};
use prost::Message;
use proto::events::{
    Body, Cause, Date, EntryRetracted, Event, Family, Subject, SubjectsLinked, Version, When, event::Kind, when,
};
use proto::sharing::{AccessGranted, Purpose, RestrictionLifted};

use crate::harness::{Place, Vault, ask, canonical, line_with, records, said};

const SCHOOL: &str = "education-school-census";

/// Who writes, and into what.
struct Producer {
    vault: Vault,
    keys: DataKeys,
    controller: String,
    said: Vec<Record>,
}

impl Producer {
    fn of(place: &Place) -> Self {
        let vault = Vault::of(place);
        let mut keys = DataKeys::new(SCHOOL, Arc::clone(&vault.wrapping));
        for record in records(place, &[Topic::Keys]) {
            keys.absorb(&decode_key_record(&record).unwrap()).unwrap();
        }
        Self { vault, keys, controller: place.demo_organisation("school"), said: Vec::new() }
    }

    /// A body of this producer that is good in every respect.
    fn body(&self, subject: &Subject, event: Event) -> Body {
        let record_key = format!("INVENTED/{}", self.said.len());
        let today = Date { year: 2026, month: Some(1), day: Some(1), estimated: false };
        Body {
            subject: Some(subject.clone()),
            controller: self.controller.clone(),
            source: SCHOOL.into(),
            entry_id: self.vault.pseudonyms.entry_id(&self.controller, SCHOOL, &record_key, 0).0.to_vec(),
            record_key,
            version: Some(Version { as_of_us: 4_000_000_000_000_000, sequence: 9, mapping_revision: 9 }),
            effective: Some(When { when: Some(when::When::On(today)) }),
            cause: Cause::Started.into(),
            event: Some(event),
            ..Body::default()
        }
    }

    /// The id that the body's record gives its event.
    fn id(&self, body: &Body) -> EventId {
        let version = body.version.as_ref().unwrap();
        self.vault.pseudonyms.event_id(&body.controller, &body.source, &body.record_key, version, body.ordinal)
    }

    fn append(&mut self, topic: Topic, subject: Pseudonym, value: impl Into<bytes::Bytes>) {
        self.said.push(Record { topic, partition: subject.partition(), key: subject.0, value: value.into() });
    }

    /// Seals a body under the producer's own key for the subject, and says it.
    fn say(&mut self, topic: Topic, family: Family, body: &Body) {
        let id = self.id(body);
        self.say_as(topic, family, id, body);
    }

    fn say_as(&mut self, topic: Topic, family: Family, id: EventId, body: &Body) {
        let subject = self.vault.pseudonyms.of(body.subject.as_ref().unwrap());
        let (key, made) = self.keys.for_subject(subject, &self.controller).unwrap();
        self.said.extend(made);
        let sealed = self.keys.seal(key, id, subject, family, &body.encode_to_vec()).unwrap();
        self.append(topic, subject, sealed);
    }
}

/// An entry of another organisation, on the demo child's timeline.
fn of_the_trust(said: &[(Position, CheckedBody)], subject: Pseudonym) -> &CheckedBody {
    let attended = |body: &&CheckedBody| {
        body.header.subject == subject && matches!(body.event(), Some(Kind::AttendedEmergency(_)))
    };
    said.iter().map(|(_, body)| body).find(attended).expect("the demo child came to the emergency department")
}

#[test]
fn what_is_not_its_producers_to_say_is_in_quarantine_and_changes_nothing() {
    let place = Place::new(30, 5);
    let running = place.up();
    place.record_facts();
    place.drop_authority();
    place.settle();
    let seen = || {
        let readers = [
            ("school", Purpose::EducationProvision),
            ("hospital", Purpose::DirectCare),
            ("unrelated", Purpose::EarlyHelp),
        ];
        let child = place.demo_child("UPN");
        readers.map(|(role, purpose)| canonical(&ask(&place, &place.demo_organisation(role), &child, purpose).unwrap()))
    };
    let before = seen();
    let held_before = place.listed(&["quarantine", "list", "--limit", "1000"]).len();
    running.stop();

    let expected = hostile(&place);
    // What the sources last said has to be read back from the log, past all of it.
    std::fs::remove_dir_all(place.path("here/data/connectors")).unwrap();
    let running = place.up();
    assert!(seen() == before, "a timeline changed");
    let held = place.listed(&["quarantine", "list", "--limit", "1000"]);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let of_the_log = || held.iter().filter(|item| item["source"] == "projection");
    for item in of_the_log() {
        *reasons.entry(item["reason"].as_str().unwrap()).or_default() += 1;
        assert!(item["where"].as_str().unwrap().starts_with("throughline."), "{item}");
    }
    assert_eq!(reasons, expected);
    assert_eq!(held.len(), held_before + of_the_log().count());
    running.stop();

    // The same again after a restart: one position is one item, and the store is still what the log gives.
    let running = place.up();
    assert_eq!(place.listed(&["quarantine", "list", "--limit", "1000"]).len(), held.len());
    assert!(seen() == before, "a timeline changed");
    running.stop();
    line_with(&place.ours(&["verify"]), "verify: ok");
}

/// Writes to the log of a stopped process; gives how many items each reason is to have.
fn hostile(place: &Place) -> BTreeMap<&'static str, usize> {
    let log = said(place);
    let mut producer = Producer::of(place);
    let pupil = place.demo_child("SCHOOL_PUPIL");
    let (patient, unrelated) = (place.demo_child("PROVIDER_PERSON"), place.demo_organisation("unrelated"));
    let own = producer.vault.pseudonyms.of(&pupil);

    // Facts that would open doors: a grant to somebody with nothing to do with the child, and a restriction lifted.
    let forever = Date { year: 2199, month: Some(1), day: Some(1), estimated: false };
    let grant = AccessGranted {
        id: Some("invented-grant".into()),
        organisation: Some(unrelated.clone()),
        person: Some("invented.reader".into()),
        to: Some(forever),
        ..AccessGranted::default()
    };
    let grant = producer.body(&pupil, grant.into());
    producer.say(Topic::Education, Family::Sharing, &grant);
    producer.say(Topic::Sharing, Family::Sharing, &grant);
    let lifted = producer.body(&pupil, RestrictionLifted::default().into());
    producer.say(Topic::Sharing, Family::Sharing, &lifted);
    // A link to another child, who would then be read through this one.
    let link = SubjectsLinked { other: Some(another_child(place)), ..SubjectsLinked::default() };
    let link = producer.body(&pupil, link.into());
    producer.say(Topic::Identity, Family::Identity, &link);
    producer.say(Topic::Education, Family::Identity, &link);
    // Another sector's entry, on its topic and on the producer's own; and its own, under another family.
    let trusts = of_the_trust(&log, producer.vault.pseudonyms.of(&patient));
    let attendance = producer.body(&pupil, trusts.body.event.clone().unwrap());
    producer.say(Topic::Health, Family::Health, &attendance);
    producer.say(Topic::Education, Family::Health, &attendance);
    let enrolment = producer.body(&pupil, proto::events::EnrolmentStarted::default().into());
    producer.say(Topic::Education, Family::SocialCare, &enrolment);
    let not_yours = producer.said.iter().filter(|record| record.topic != Topic::Keys).count();

    // Another controller's fact under the producer's own key, and under another source's name.
    let as_another = Body { controller: "la-878-social-care".into(), ..enrolment.clone() };
    producer.say(Topic::Education, Family::Education, &as_another);
    let command = Body { source: "command".into(), ..enrolment.clone() };
    producer.say(Topic::Education, Family::Education, &command);
    // Another event's id, and another record's entry.
    producer.say_as(Topic::Education, Family::Education, trusts.header.event_id, &enrolment);
    let taken_over = Body { entry_id: trusts.body.entry_id.clone(), ..enrolment.clone() };
    producer.say(Topic::Education, Family::Education, &taken_over);
    // A body about one child in an envelope of another, under that other's key.
    let other = another_child(place);
    let (key, made) = producer.keys.for_subject(producer.vault.pseudonyms.of(&other), &producer.controller).unwrap();
    let record = made.expect("the producer has no key yet for a child of another source");
    let stored = event_log::StoredRecord {
        position: Position { topic: Topic::Keys, partition: record.partition, offset: 0 },
        published_at_us: 0,
        key: record.key,
        value: record.value.clone(),
    };
    let data_key = producer.vault.wrapping.unwrap(&decode_key_record(&stored).unwrap()).unwrap().unwrap();
    producer.said.push(record);
    for subject in [own, producer.vault.pseudonyms.of(&other)] {
        let header = Header { event_id: producer.id(&enrolment), subject, family: Family::Education, key_id: key };
        let sealed = seal::seal(&header, &data_key, &enrolment.encode_to_vec()).unwrap();
        producer.append(Topic::Education, subject, sealed);
    }
    // A good envelope in another child's place, one whose seal is broken, and bytes that are none.
    producer.say(Topic::Education, Family::Education, &enrolment);
    let good = producer.said.pop().unwrap();
    producer.said.push(Record { key: [own.0[0]; 16], ..good.clone() });
    let mut broken = good.value.to_vec();
    *broken.last_mut().unwrap() ^= 1;
    producer.append(Topic::Education, own, broken);
    for garbage in [&b""[..], b"garbage", &[0xff; 300]] {
        producer.append(Topic::Education, own, garbage.to_vec());
    }
    // Keys: garbage, and another's key said to be destroyed or somebody else's.
    let key = KeyId([own.0[0]; 16]);
    producer.said.push(Record {
        topic: Topic::Keys,
        partition: key.partition(),
        key: key.0,
        value: b"garbage".to_vec().into(),
    });
    let malformed = producer.said.iter().filter(|record| record.topic != Topic::Keys).count() - not_yours + 1;

    // The id of one of its own events, with other content.
    let own_event = |(_, body): &&(Position, CheckedBody)| {
        body.header.subject == own
            && body.body.controller == producer.controller
            && matches!(body.event(), Some(Kind::EnrolmentStarted(_)))
    };
    let (_, standing) = log.iter().find(own_event).expect("the demo child is on roll");
    let reused = Body { event: enrolment.event.clone(), ..standing.body.clone() };
    producer.say(Topic::Education, Family::Education, &reused);
    // And one thing that is well formed and its own to say, but takes back an entry that is not: it finds nothing.
    let retraction = Event::from(EntryRetracted::default());
    let nameless = Body {
        entry_id: trusts.body.entry_id.clone(),
        record_key: String::new(),
        ..producer.body(&patient, retraction)
    };
    producer.say(Topic::Education, Family::Education, &nameless);

    write(place, producer.said);
    BTreeMap::from([("NOT_YOURS_TO_SAY", not_yours), ("ENVELOPE_MALFORMED", malformed), ("EVENT_ID_REUSED", 1)])
}

/// A child other than the demo child, by a reference of the council.
fn another_child(place: &Place) -> Subject {
    let demo = place.demo_child("LA_CHILD_ID");
    let lines = place.json_lines("truth.jsonl");
    let subjects = lines.iter().flat_map(|line| line["subjects"].as_array().unwrap());
    let mut others = subjects.filter(|one| one["scheme"] == "LA_CHILD_ID").map(crate::harness::child);
    others.find(|other| *other != demo).unwrap()
}

fn write(place: &Place, records: Vec<Record>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let log = EmbeddedLog::open(&place.path("here/data/log"), Options::default()).unwrap();
        let (keys, rest): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| record.topic == Topic::Keys);
        log.append(keys).await.unwrap();
        log.append(rest).await.unwrap();
        log.close().await;
    });
}
