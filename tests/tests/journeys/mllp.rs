//! A live feed over a real socket: what is acknowledged is on the timeline, whatever happens next.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use proto::events::{Scheme, Subject, event::Kind};
use proto::sharing::Purpose;
use proto::timeline::Entry;

use crate::harness::{Place, ask, line_with};

/// An invented message: a child came to the emergency department, today.
fn attendance(key: &str, person: &str) -> String {
    let day = jiff::Timestamp::now().strftime("%Y%m%d");
    format!(
        "MSH|^~\\&|INVENTED-PAS|RH8|THROUGHLINE|878|{day}000200||ADT^A04|{key}|P|2.4\rEVN|A04|{day}000200\r\
         PID|1||{person}^^^RH8^MR||Invented^Bad^Day||20150304|F\rPV1|1|E|ED^^^RH8||||||||||||||||V{key}|||||||||||||||||||||||||{day}000100\r"
    )
}

fn framed(message: &str) -> Vec<u8> {
    [b"\x0b", message.as_bytes(), b"\x1c\r"].concat()
}

fn connect(place: &Place) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", place.port + 1)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Sends a message and gives the code and the text of the answer.
fn send(stream: &mut TcpStream, message: &str) -> (String, String) {
    stream.write_all(&framed(message)).unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\x1c\r") {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    let answer = String::from_utf8(answer).unwrap();
    let fields: Vec<&str> = answer.split('\r').find(|segment| segment.starts_with("MSA")).unwrap().split('|').collect();
    let text = answer.split_once("\rMSA|").unwrap().1;
    (fields[1].to_owned(), text.to_owned())
}

/// How many attendances the trust sees of a person.
fn seen(place: &Place, person: &str) -> usize {
    let child = Subject { scheme: Scheme::ProviderPerson.into(), issuer: "ods-rh8/RH8".into(), value: person.into() };
    let answer = ask(place, "ods-rh8", &child, Purpose::DirectCare).unwrap();
    let attendances = |entry: &&Entry| {
        matches!(entry.event.as_ref().and_then(|event| event.kind.as_ref()), Some(Kind::AttendedEmergency(_)))
    };
    answer.entries.iter().filter(attendances).count()
}

#[test]
fn what_is_acknowledged_is_durable_and_what_is_not_is_the_senders() {
    let place = Place::new(5, 3);
    place.configure("[\"ods-*\"]", "[\"ods-rh8\"]");
    let running = place.up();
    place.record_facts();
    let mut feed = connect(&place);

    assert_eq!(send(&mut feed, &attendance("M1", "7700001")).0, "AA");
    let of_nobody = attendance("M2", "7700002").replace("ADT^A04", "MFN^M02");
    assert_eq!(send(&mut feed, &of_nobody).0, "AR", "not for us");
    let (code, text) = send(&mut feed, &attendance("M3", "7700003").replace("PID|", "ZZZ|"));
    assert_eq!(code, "AE", "nobody is named, so it is in quarantine");
    assert!(!text.contains("7700003") && !text.contains("Invented"), "{text}");
    let elsewhere = attendance("M4", "7700004").replace("RH8", "XX9");
    assert_eq!(send(&mut feed, &elsewhere).0, "AR", "another trust's");

    // Half a frame, and then nothing.
    let mut broken = connect(&place);
    let whole = framed(&attendance("M5", "7700005"));
    broken.write_all(&whole[..whole.len() - 2]).unwrap();
    broken.shutdown(Shutdown::Write).unwrap();
    assert_eq!(broken.read_to_end(&mut Vec::new()).unwrap_or_default(), 0, "half a message was answered");
    let mut stray = connect(&place);
    stray.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(stray.read_to_end(&mut Vec::new()).unwrap_or_default(), 0, "something that is no feed was answered");

    assert_eq!(send(&mut feed, &attendance("M6", "7700006")).0, "AA");
    running.kill();

    let running = place.up();
    assert_eq!(seen(&place, "7700001"), 1);
    assert_eq!(seen(&place, "7700006"), 1, "the acknowledged message was lost with the process");
    for not_taken in ["7700002", "7700003", "7700004", "7700005"] {
        assert_eq!(seen(&place, not_taken), 0, "{not_taken}");
    }
    // A sender that did not hear the answer sends again: the same message, the same entry.
    assert_eq!(send(&mut connect(&place), &attendance("M6", "7700006")).0, "AA");
    place.settle();
    assert_eq!(seen(&place, "7700006"), 1);
    let held = place.listed(&["quarantine", "list"]);
    assert_eq!(held.iter().map(|item| item["reason"].as_str().unwrap()).collect::<Vec<_>>(), ["SUBJECT_MISSING"]);
    running.stop();
    line_with(&place.ours(&["verify"]), "verify: ok");
}
