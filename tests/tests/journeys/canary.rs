//! No personal data in logs, errors, keys, headers or ids, and no id that a dictionary turns back: unusual values are sent
//! the whole way and every way that fails, and then every byte that the process left is searched for them.

mod search;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use projection::serve::page::TOKEN_BYTES;
use proto::events::{Scheme, Subject};
use proto::sharing::Purpose;

use crate::harness::{CONNECTORS, Place, Vault, ask, asks, child, client, line_with, request, said};
use search::{Bytes, dictionary, found};

/// Values that stand nowhere unless they were carried there.
const SURNAME: &str = "Zzyxcanary-Quorn";
const GIVEN: &str = "Vrixcanary";
const STREET: &str = "Wyvern Canary Passage";
const REFERENCE: &str = "QCANARY77";
const DATE: &str = "31/CANARY/2015";
const CODE: &str = "XCANARYX";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn nothing_that_a_record_holds_stands_in_clear_anywhere() {
    let place = Place::new(40, 6);
    let demo = place.json("demo.json")["child"].clone();
    let watched = place.watch(1.0);
    let running = place.up();
    place.record_facts();
    for connector in CONNECTORS {
        let folder = place.path("authority").join(connector);
        for entry in fs::read_dir(&folder).unwrap() {
            let file = entry.unwrap().path();
            let text = fs::read_to_string(&file).unwrap();
            let text = text
                .replace(demo["surname"].as_str().unwrap(), SURNAME)
                .replace(demo["given"].as_str().unwrap(), GIVEN);
            place.drop_bytes(connector, file.file_name().unwrap().to_str().unwrap(), text.as_bytes());
        }
    }
    bad_records(&place);
    place.settle();
    let mut told = failing_questions(&place);
    let school = place.demo_organisation("school");
    let answer = ask(&place, &school, &place.demo_child("UPN"), Purpose::EducationProvision).unwrap();
    assert!(format!("{answer:?}").contains(SURNAME), "the record did arrive");
    let held = place.ours(&["quarantine", "list", "--json", "--limit", "1000"]);
    assert!(held.lines().count() >= 3, "{held}");
    // Which of them comes first is the connectors' race, and not every item's record holds a planted value.
    let planted_values = planted(&place);
    let is_kept = |line: &str| {
        let item: serde_json::Value = serde_json::from_str(line).unwrap();
        let shown = place.ours(&["quarantine", "show", item["id"].as_str().unwrap(), "--json"]);
        !found(&[("shown".into(), shown.into_bytes())], &planted_values).is_empty()
    };
    assert!(held.lines().any(is_kept), "the records were kept");
    told.push(("quarantine list".into(), held.into_bytes()));
    told.push(("disclosures".into(), place.ours(&["disclosures", "--json", "--limit", "1000"]).into_bytes()));
    told.push(("status".into(), place.ours(&["status", "--json"]).into_bytes()));
    let pages = ["/metrics", "/livez", "/readyz", "/workz", "/livez?json", "/readyz?json", "/nothing"];
    let mut measured: Bytes =
        pages.iter().map(|page| ((*page).to_owned(), watched.page(page).1.into_bytes())).collect();
    running.stop();
    measured.push(("traces and metrics as pushed".into(), watched.collector.bytes()));
    nobody_is_in_what_is_measured(&place, &measured);
    told.extend(measured);
    told.push(("verify".into(), place.ours(&["verify", "--roots"]).into_bytes()));
    told.push(("what the process said".into(), place.told().into_bytes()));
    assert!(place.told().contains("throughline is up"));
    told.extend(left(&place.path("here/data")));
    told.push(("names of files".into(), names(&place.path("here/data")).into_bytes()));

    let found = found(&told, &planted(&place));
    assert!(found.is_empty(), "in clear: {found:?}");
    no_id_is_in_a_dictionary(&place, &told);
}

/// Not even by a pseudonym or an event id: those stand on the log, and there is no need of them here.
fn nobody_is_in_what_is_measured(place: &Place, measured: &Bytes) {
    let all: usize = measured.iter().map(|(_, bytes)| bytes.len()).sum();
    let spans = String::from_utf8_lossy(&measured.last().unwrap().1).matches("source to log").count();
    assert!(all > 100_000 && spans > 100, "{all} bytes and {spans} spans are nothing to search");
    let said = said(place);
    let mut ids: Vec<[u8; 16]> = said.iter().map(|(_, said)| said.header.event_id.0).collect();
    ids.extend(said.iter().map(|(_, said)| said.header.subject.0));
    assert!(ids.len() > 500);
    let in_digits: HashSet<Vec<u8>> = ids.iter().map(|id| hex::encode(id).into_bytes()).collect();
    for (name, bytes) in measured {
        assert!(!bytes.windows(32).any(|window| in_digits.contains(window)), "an id in {name}");
    }
    assert_eq!(search::ids(measured, &ids), 0, "an id is in what is measured");
}

/// Everything that must not be found.
fn planted(place: &Place) -> Vec<String> {
    let mut planted: Vec<String> = [SURNAME, GIVEN, STREET, REFERENCE, DATE, CODE].map(str::to_owned).into();
    for line in place.json_lines("truth.jsonl") {
        let values = line["subjects"].as_array().unwrap().iter().map(|subject| subject["value"].as_str().unwrap());
        planted.extend(values.filter(|value| value.len() >= 7 && !is_a_placeholder(value)).map(str::to_owned));
        planted.push(line["postcode"].as_str().unwrap().to_owned());
    }
    planted
}

/// 9999999999 is typed where no number is known: it is nobody's, and 0.09999999999999999 holds it.
fn is_a_placeholder(value: &str) -> bool {
    let mut characters = value.chars();
    let first = characters.next();
    characters.all(|character| Some(character) == first)
}

/// Records that are wrong in many ways, each holding what must not leak.
fn bad_records(place: &Place) {
    let hl7 = |key: &str, rest: &str| {
        format!("MSH|^~\\&|INVENTED-PAS|RH8|X|878|20250901093000||ADT^A28|{key}|P|2.4\r{rest}\r")
    };
    let person = format!("PID|1||{REFERENCE}^^^RH8^MR||{SURNAME}^{GIVEN}||{DATE}|{CODE}|||1 {STREET}^^Town^^ZQ1 1ZQ");
    let feed = [
        hl7("C1", &person),
        hl7("C2", &format!("NK1|1|{SURNAME}^{GIVEN}|MTH|1 {STREET}")),
        hl7("C3", &person).replace("ADT^A28", &format!("{CODE}^{REFERENCE}")),
        hl7("C4", &person.replace(&format!("{REFERENCE}^^^RH8^MR"), "")),
        format!("XXX|{SURNAME}|{REFERENCE}\r"),
    ];
    place.drop_bytes("health-hl7v2", "canary.hl7", feed.concat().as_bytes());
    let header = "<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2025</Year><ReferenceDate>2025-03-31</ReferenceDate>\
        </CollectionDetails><Source><SourceLevel>L</SourceLevel><LEA>878</LEA><SerialNo>001</SerialNo><DateTime>2025-06-01T10:00:00</DateTime>\
        </Source></Header><Children>";
    let child = |id: &str| {
        format!(
            "<Child><ChildIdentifiers>{id}<UPN>{CODE}</UPN><PersonBirthDate>{DATE}</PersonBirthDate><Sex>{CODE}</Sex></ChildIdentifiers>\
             <ChildCharacteristics><Ethnicity>{CODE}</Ethnicity></ChildCharacteristics><CINdetails><CINreferralDate>{DATE}</CINreferralDate>\
             <ReferralSource>{CODE}</ReferralSource><ReferralNFA>{CODE}</ReferralNFA></CINdetails></Child>"
        )
    };
    let whole =
        format!("{header}{}{}</Children></Message>", child(&format!("<LAchildID>{REFERENCE}</LAchildID>")), child(""));
    place.drop_bytes("social-care-cin-census", "canary.xml", whole.as_bytes());
    place.drop_bytes("social-care-cin-census", "canary-cut.xml", &whole.as_bytes()[..whole.len() - 60]);
    let columns = "pupilonrolltableid,NativeId,pupilonrollorderseqcolumn,sourceid,schoolcensustableid,upn,surname,forename,dob,entrydate,sex\n";
    let row = format!("{REFERENCE},SCH1,1,S1,C1,{CODE},{SURNAME},{GIVEN},{DATE},{DATE},{CODE}\n");
    place.drop_bytes(
        "education-school-census",
        "2024_spring_pupilonroll.csv",
        format!("{columns}{row}{SURNAME},{GIVEN}\n").as_bytes(),
    );
    place.drop_bytes("education-school-census", "2023_spring_pupilonroll.csv", row.as_bytes());
}

/// Questions and commands that are refused, with what was said of them.
fn failing_questions(place: &Place) -> Bytes {
    let school = place.demo_organisation("school");
    let unknown = Subject { scheme: Scheme::Upn.into(), issuer: "dfe".into(), value: REFERENCE.into() };
    let mut told: Vec<(String, Vec<u8>)> = Vec::new();
    let answer = ask(place, &school, &unknown, Purpose::EarlyHelp).unwrap();
    told.push(("an answer of nobody".into(), format!("{answer:?}").into_bytes()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for (token, page) in [
            (SURNAME.to_owned(), vec![]),
            (place.token(&school), SURNAME.into()),
            (place.token(&school), vec![9; TOKEN_BYTES]),
        ] {
            let mut client = client(place, &school, Some(&token)).await;
            let mut asked = tonic::Request::new(proto::timeline::GetTimelineRequest {
                page_token: page,
                ..request(&unknown, Purpose::EarlyHelp)
            });
            // What a reader's own system says of its traces is not to be trusted with.
            asked.metadata_mut().insert("traceparent", TRACEPARENT.parse().unwrap());
            for header in ["tracestate", "baggage"] {
                asked.metadata_mut().insert(header, format!("reader={REFERENCE}").parse().unwrap());
            }
            let refused = client.get_timeline(asked);
            told.push(("a refusal".into(), format!("{:?}", refused.await.unwrap_err()).into_bytes()));
        }
    });
    let facts = place.path("bad-facts.jsonl");
    let subject = format!("\"subject\":{{\"scheme\":\"UPN\",\"issuer\":\"dfe\",\"value\":\"{REFERENCE}\"}}");
    let lines = [
        format!("{{{subject},\"kind\":\"ConsentRecorded\",\"fields\":{{\"state\":\"{CODE}\"}}}}"),
        format!("{{{subject},\"kind\":\"ConsentRecorded\",\"fields\":{{\"from\":\"{DATE}\"}}}}"),
        format!("{{{subject},\"kind\":\"EnrolmentStarted\",\"fields\":{{\"school\":\"{SURNAME}\"}}}}"),
        format!("{{{subject},\"kind\":\"RestrictionSet\",\"fields\":{{}},\"effective_on\":\"{DATE}\"}}"),
        format!("{{\"subject\":\"{REFERENCE}\""),
    ];
    let config = place.config();
    for line in lines {
        fs::write(&facts, &line).unwrap();
        let refused = place.run(&["facts", "record", facts.to_str().unwrap(), "--config", config.to_str().unwrap()]);
        assert!(!refused.status.success(), "{line}");
        told.push(("a refused fact".into(), [refused.stdout, refused.stderr].concat()));
    }
    let readers = place.path("here/readers");
    let asked = |child: &str, purpose: &str| {
        let output = place.run(&[
            "timeline",
            child,
            "--as",
            &school,
            "--readers",
            readers.to_str().unwrap(),
            "--purpose",
            purpose,
        ]);
        ("a question on the command line".to_owned(), [output.stdout, output.stderr].concat())
    };
    told.push(asked(&format!("UPN:dfe:{REFERENCE}"), "early_help"));
    told.push(asked(&format!("{SURNAME}:dfe:{REFERENCE}"), "early_help"));
    told.push(asked(SURNAME, "early_help"));
    told
}

/// Every file under a folder, with its bytes.
fn left(folder: &Path) -> Bytes {
    let mut left = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            left.extend(self::left(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            left.push((path.display().to_string(), bytes));
        }
    }
    left
}

fn names(folder: &Path) -> String {
    left(folder).into_iter().map(|(name, _)| name + "\n").collect()
}

/// Whoever holds a list of numbers, as every council does, cannot tell from the log or the store who is in it.
fn no_id_is_in_a_dictionary(place: &Place, told: &Bytes) {
    let lines = place.json_lines("truth.jsonl");
    let subjects: Vec<Subject> =
        lines.iter().flat_map(|line| line["subjects"].as_array().unwrap()).map(child).collect();
    assert!(subjects.len() > 100);
    let hashes: Vec<[u8; 16]> = subjects.iter().flat_map(dictionary).collect();
    assert_eq!(search::ids(told, &hashes), 0, "an id is an unkeyed hash of an identifier");
    // The search finds what is there: the keyed pseudonym of each child of whom there is an event.
    let vault = Vault::of(place);
    let keyed: Vec<[u8; 16]> = subjects.iter().map(|subject| vault.pseudonyms.of(subject).0).collect();
    assert!(search::ids(told, &keyed) > 100);
    let another = event_log::seal::PseudonymKey::from_bytes([7; 32]);
    let guessed: Vec<[u8; 16]> = subjects.iter().map(|subject| another.of(subject).0).collect();
    assert_eq!(search::ids(told, &guessed), 0, "a pseudonym does not depend on its key");
}

#[test]
fn every_refusal_is_on_the_standard_error_as_json_without_who_was_asked_for() {
    let place = Place::new(5, 7);
    let running = place.up();
    place.record_facts();
    place.settle();
    let school = place.demo_organisation("school");
    asks(&place, &school, &[place.demo_child("UPN")], Purpose::EducationProvision);
    failing_questions(&place);
    running.stop();
    let told = place.told();
    line_with(&told, "{");
    for line in told.lines() {
        let parsed: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        assert!(parsed["level"].is_string() && parsed["message"].is_string(), "{line}");
    }
    assert!(told.contains("request refused"), "{told}");
}
