//! FHIR Consent in and out: golden resources with what each says or why it is refused, the way there and back, and hostile bytes.
//! Every resource here is invented.

#![cfg(test)]

use std::path::Path;

use proptest::prelude::*;
use proto::events::{Date, Event, Scheme, Subject};
use proto::sharing::consent_recorded::{CapacityBasis, GivenBy, Kind, State};
use proto::sharing::{ConsentRecorded, NamedPerson, RestrictionLifted, RestrictionSet, restriction};
use sharing::fhir::{ConsentFact, read, write};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fhir");

/// Every resource of the folder, with the facts that it gives or the reasons why it gives none, as the file beside it says.
#[test]
fn every_resource_reads_as_the_file_beside_it_says() {
    let mut files: Vec<_> = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(files.len() >= 12, "{} resources", files.len());
    for file in files {
        let came = told(&std::fs::read_to_string(&file).unwrap());
        let beside = file.with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&beside, &came).unwrap();
        }
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        assert_eq!(came, expected, "{}: `UPDATE_GOLDEN=1` writes what came", file.display());
    }
}

fn told(text: &str) -> String {
    match read(text) {
        Ok(read) => {
            let facts = read.facts.iter().map(|fact| format!("{fact:#?}\n"));
            let notes = read.notes.iter().map(|note| format!("note: {note}\n"));
            facts.chain(notes).collect()
        }
        Err(refused) => refused.0.iter().map(|problem| format!("refused: {problem}\n")).collect(),
    }
}

#[test]
fn a_refusal_quotes_nothing_of_the_resource() {
    for planted in [
        r#"{"resourceType":"Consent","status":"PLANTED"}"#,
        r#"{"resourceType":"Consent","PLANTED value":1}"#,
        r#"{"resourceType":"Consent","patient":{"identifier":{"system":"PLANTED","value":"PLANTED"}}}"#,
        r#"{"resourceType":"PLANTED"}"#,
        r#"{"resourceType":"Consent" PLANTED"#,
    ] {
        let told = told(planted);
        assert!(told.starts_with("refused: ") && !told.contains("PLANTED"), "{planted}: {told}");
    }
}

#[test]
fn an_element_that_stands_twice_is_refused() {
    let sample = std::fs::read_to_string(Path::new(FOLDER).join("given_by_parent.json")).unwrap();
    let twice = sample.replacen("\"status\": \"active\",", "\"status\": \"active\", \"status\": \"active\",", 1);
    assert_ne!(twice, sample);
    assert!(told(&twice).contains("says one element twice"));
}

/// Whatever is added to a resource that is read, at any depth, is noted or refused: nothing is passed over.
#[test]
fn an_element_that_is_not_read_is_never_passed_over() {
    let sample = std::fs::read_to_string(Path::new(FOLDER).join("given_by_parent.json")).unwrap();
    let whole: serde_json::Value = serde_json::from_str(&sample).unwrap();
    let mut places = Vec::new();
    objects(&whole, String::new(), &mut places);
    assert!(places.len() > 10);
    for place in places.iter().filter(|place| !place.starts_with("/contained")) {
        let mut changed = whole.clone();
        let object = changed.pointer_mut(place).unwrap().as_object_mut().unwrap();
        object.insert(
            "modifierExtension".to_owned(),
            serde_json::json!([{ "url": "urn:invented", "valueBoolean": true }]),
        );
        let told = told(&changed.to_string());
        assert!(told.starts_with("refused: "), "{place}: {told}");
    }
}

fn objects(value: &serde_json::Value, at: String, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(object) => {
            found.push(at.clone());
            object.iter().for_each(|(name, value)| objects(value, format!("{at}/{name}"), found));
        }
        serde_json::Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| objects(value, format!("{at}/{n}"), found));
        }
        _ => {}
    }
}

#[test]
fn the_corpus_of_the_fuzz_target_is_read_or_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/fhir_consent");
    let mut seeds = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        reads_back(&String::from_utf8_lossy(&bytes));
        seeds += 1;
    }
    assert!(seeds >= 4);
}

/// What is read can be written, and what is written reads as the same.
fn reads_back(text: &str) {
    let Ok(first) = read(text) else { return };
    for fact in &first.facts {
        if let Ok(written) = write(fact) {
            let again = read(&written.to_string()).unwrap();
            assert_eq!(again.facts, std::slice::from_ref(fact));
        }
    }
}

fn day() -> impl Strategy<Value = Date> {
    (1990..2060_i32, prop::option::of((1..=12_u32, prop::option::of(1..=28_u32)))).prop_map(|(year, rest)| Date {
        year,
        month: rest.map(|(month, _)| month),
        day: rest.and_then(|(_, day)| day),
        estimated: false,
    })
}

fn child() -> impl Strategy<Value = Subject> {
    prop_oneof![
        Just((Scheme::NhsNumber, "nhs", "9990000018")),
        Just((Scheme::LaChildId, "878", "12345")),
        Just((Scheme::Upn, "dfe", "X878299925001")),
        Just((Scheme::SchoolPupil, "8784001", "P1")),
    ]
    .prop_map(|(scheme, issuer, value)| Subject {
        scheme: scheme.into(),
        issuer: issuer.to_owned(),
        value: value.to_owned(),
    })
}

fn numbers(most: i32) -> impl Strategy<Value = Vec<i32>> {
    prop::collection::btree_set(1..=most, 0..4).prop_map(|set| set.into_iter().collect())
}

fn consent() -> impl Strategy<Value = ConsentRecorded> {
    let who = (
        prop::sample::select(vec![GivenBy::Subject, GivenBy::Parent]),
        prop::option::of("[A-Z][a-z]{1,8}"),
        prop::option::of(prop::sample::select(vec![CapacityBasis::CompetentChild, CapacityBasis::Appointed])),
        prop::collection::vec("[a-z]{1,6}-[0-9]{1,4}", 0..3),
        prop::collection::vec(("https://[a-z]{1,5}\\.invalid", "[a-z.]{1,9}"), 0..2),
    );
    let what = (
        prop::sample::select(vec![
            Some(Kind::Share),
            Some(Kind::Treatment),
            Some(Kind::ServiceAgreement),
            Some(Kind::Assessment),
            None,
        ]),
        prop::sample::select(vec![State::Given, State::Refused, State::Withdrawn]),
        numbers(22),
        numbers(18),
        prop::option::of(day()),
        prop::option::of(day()),
        prop::option::of("[ -~]{1,40}"),
    );
    ("[A-Za-z0-9/|-]{1,20}", who, what, prop::option::of("[a-z-]{1,12}"), prop::option::of("[0-9.]{1,6}")).prop_map(
        |(
            id,
            (by, holder, basis, recipients, people),
            (kind, state, categories, purposes, from, to, evidence),
            form,
            version,
        )| {
            ConsentRecorded {
                id: Some(id),
                kind: kind.map(Into::into),
                state: Some(state.into()),
                by: Some(by.into()),
                recipients,
                categories,
                purposes,
                from,
                to,
                evidence,
                people: people
                    .into_iter()
                    .map(|(issuer, person)| NamedPerson { issuer: Some(issuer), person: Some(person) })
                    .collect(),
                capacity_basis: basis.map(Into::into),
                holder: holder.filter(|_| by == GivenBy::Parent),
                form: form.or_else(|| kind.is_none().then(|| "shared-form".to_owned())),
                form_version: version,
            }
        },
    )
}

fn restriction() -> impl Strategy<Value = Event> {
    let set = ("[a-z0-9-]{1,12}", 1..=6_i32, prop::option::of("[a-z.]{1,9}"), numbers(22), prop::option::of(day()));
    let adult = prop::option::of(("https://[a-z]{1,9}.invalid", "[a-z.]{1,9}"));
    let set = (set, adult).prop_map(|((id, kind, person, categories, from), adult)| {
        let of_adult = kind == i32::from(restriction::Kind::ParentalResponsibility);
        let (person, adult) = match adult.filter(|_| of_adult) {
            Some((issuer, person)) => (None, Some(NamedPerson { issuer: Some(issuer), person: Some(person) })),
            None => (person.filter(|_| of_adult), None),
        };
        let (id, kind) = (Some(id), Some(kind));
        Event::from(RestrictionSet { id, kind, person, adult, categories, from, ..Default::default() })
    });
    let lifted = ("[a-z0-9-]{1,12}", day()).prop_map(|(id, on)| (id, on));
    prop_oneof![
        set,
        lifted.prop_map(|(id, on)| RestrictionLifted { id: Some(id), lifted_by: None, on: Some(on) }.into()),
    ]
}

proptest! {
    #[test]
    fn what_is_written_reads_back_to_the_same_fact(
        child in child(),
        event in prop_oneof![consent().prop_map(Event::from), restriction()],
        said_on in day(),
    ) {
        // A lifting is dated by when it was said.
        let said_on = match &event.kind {
            Some(proto::events::event::Kind::RestrictionLifted(lifted)) => lifted.on,
            _ => Some(said_on),
        };
        let fact = ConsentFact { child, event, effective_on: said_on };
        let written = write(&fact).unwrap();
        let read = read(&written.to_string()).unwrap();
        prop_assert_eq!(read.facts, vec![fact]);
    }

    #[test]
    fn no_text_brings_the_reader_down(text in "\\PC{0,200}") {
        reads_back(&text);
        reads_back(&format!(r#"{{"resourceType":"Consent","provision":{text}}}"#));
    }

    #[test]
    fn no_bytes_bring_the_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        reads_back(&String::from_utf8_lossy(&bytes));
    }
}
