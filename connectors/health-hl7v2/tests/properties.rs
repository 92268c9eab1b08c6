//! What must hold of any message, and of any bytes.

#![cfg(test)]

use health_hl7v2::er7::{Delimiters, Message, Value, escape};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

mod telling;

use telling::{kinds, told, translate};

const DAY: &[u8] = include_bytes!("messages/day.hl7");
const KEPT: &[u8] = include_bytes!("messages/kept.hl7");
const CHARSETS: &[u8] = include_bytes!("messages/charsets.hl7");
const FRAMES: &[u8] = include_bytes!("messages/frames.hl7");

/// A field: repetitions of components of subcomponents.
type Field = Vec<Vec<Vec<String>>>;

fn delimiters() -> impl Strategy<Value = Delimiters> {
    let usable: Vec<char> = "!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".chars().collect();
    (subsequence(usable, 6).prop_shuffle(), any::<bool>()).prop_map(|(chosen, truncates)| {
        let nth = |n: usize| u8::try_from(chosen[n]).unwrap();
        Delimiters {
            field: nth(0),
            component: nth(1),
            repetition: Some(nth(2)),
            escape: Some(nth(3)),
            subcomponent: Some(nth(4)),
            truncation: truncates.then(|| nth(5)),
        }
    })
}

/// Text that is not blank at its ends and is not `""`, which mean something else.
fn text() -> impl Strategy<Value = String> {
    "[A-Za-z0-9!-/:-@\\[-`{-~éß李][ -~éß李\r\n]{0,6}[A-Za-z0-9!-/:-@\\[-`{-~éß李]"
        .prop_filter("delete", |t| t != "\"\"")
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    vec(vec(vec(vec(text(), 1..3), 1..3), 1..3), 1..5)
}

fn joined<T>(parts: &[T], divider: u8, encode: impl Fn(&T) -> String) -> String {
    parts.iter().map(encode).collect::<Vec<_>>().join(&char::from(divider).to_string())
}

fn encoded(fields: &[Field], d: Delimiters) -> String {
    joined(fields, d.field, |field| {
        joined(field, d.repetition.unwrap(), |repetition| {
            joined(repetition, d.component, |component| {
                joined(component, d.subcomponent.unwrap(), |text| escape(text, d))
            })
        })
    })
}

fn parts(value: Value<'_>, shape: &Field) -> Field {
    let repetitions: Vec<Value<'_>> = value.repetitions().collect();
    assert_eq!(repetitions.len(), shape.len());
    let of_repetition = |(value, shape): (Value<'_>, &Vec<Vec<String>>)| {
        let of_component = |(n, shape): (usize, &Vec<String>)| {
            let component = value.component(n + 1);
            let subcomponents = (1..=shape.len()).map(|n| {
                let text = component.subcomponent(n).text();
                assert!(!text.odd);
                text.value.into_owned()
            });
            subcomponents.collect()
        };
        assert!(value.component(shape.len() + 1).is_empty());
        shape.iter().enumerate().map(of_component).collect()
    };
    repetitions.into_iter().zip(shape).map(of_repetition).collect()
}

proptest! {
    #[test]
    fn what_is_encoded_is_read_back(d in delimiters(), fields in fields(), end in select(vec!["\r", "\n", "\r\n"])) {
        let f = char::from(d.field);
        let message = format!("MSH{f}{}{f}A{end}ZZZ{f}{}{end}", d.encoding_characters(), encoded(&fields, d));
        let read = Message::parse(message.as_bytes()).unwrap();
        prop_assert_eq!(read.encoding().delimiters, d);
        let zzz = read.segments().nth(1).unwrap().fields();
        prop_assert_eq!(zzz.len(), fields.len());
        for (n, field) in fields.iter().enumerate() {
            let read = parts(zzz.field(n + 1), field);
            prop_assert_eq!(&read, field);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        translate("any", &bytes);
        health_hl7v2::acknowledge(&bytes, connector_kit::mllp::Answer::Error, "any");
    }

    #[test]
    fn arbitrary_fields_never_panic(
        kind in select(vec!["ADT^A01", "ADT^A08", "ADT^A40", "ADT^A60", "ADT^A17", "SIU^S12", "VXU^V04", "ORU^R01", "PPR^PC1", "MDM^T09"]),
        lines in vec(("(PID|PD1|PV1|PV2|NK1|AL1|IAM|MRG|SCH|AIS|ORC|RXA|ZZZ|EVN|OBR|OBX|NTE|SPM|DG1|PRB|TXA)", "[|^~&\\\\\"A-Z0-9./ éX\r\n]{0,120}"), 0..8),
    ) {
        let mut message = format!("MSH|^~\\&|A|B|||20260101||{kind}|1|P|2.4\rPID|1||1^^^A^MR\r");
        lines.iter().for_each(|(name, rest)| message.push_str(&format!("{name}|{rest}\r")));
        let said = translate("any", message.as_bytes());
        prop_assert!(!said.drafts.is_empty() || !said.rejections.is_empty());
        prop_assert_eq!(&said, &translate("any", message.as_bytes()));
    }

    #[test]
    fn spoilt_messages_never_panic(at in 0..DAY.len(), byte: u8, end in 0..DAY.len()) {
        let mut spoilt = DAY.to_vec();
        spoilt[at] = byte;
        spoilt.truncate(end.max(at));
        let said = translate("spoilt", &spoilt);
        prop_assert!(end.max(at) == 0 || said.records > 0 || !said.rejections.is_empty());
    }
}

#[test]
fn a_file_cut_anywhere_never_panics_and_loses_only_its_end() {
    for file in [DAY, KEPT, CHARSETS, FRAMES] {
        let whole = told(&translate("f", file));
        for cut in 0..file.len() {
            let said = translate("f", &file[..cut]);
            assert!(said.records > 0 || !said.rejections.is_empty(), "cut at {cut}");
            // Every message but the last one that was begun says what it said.
            let begun = said.drafts.last().map_or(0, |draft| draft.place.record);
            for draft in said.drafts.iter().filter(|draft| draft.place.record < begun) {
                let key = serde_json::to_string(&draft.record_key).unwrap();
                assert!(whole.iter().any(|line| line.contains(&key)), "cut at {cut}");
            }
        }
    }
}

#[test]
fn line_ends_do_not_change_what_is_said() {
    let events = |bytes: &[u8]| {
        let said = translate("f", bytes);
        assert!(!said.drafts.is_empty());
        // The segments kept are joined anew; positions differ as they should.
        said.drafts.into_iter().map(|d| (d.record_key, d.version, d.event, d.findings)).collect::<Vec<_>>()
    };
    let with_returns = events(DAY);
    for end in ["\n", "\r\n", "\n\n", "\r\r\n"] {
        let other = String::from_utf8(DAY.to_vec()).unwrap().replace('\r', end);
        assert_eq!(events(other.as_bytes()), with_returns, "{end:?}");
    }
}

#[test]
fn a_message_sent_again_is_the_same_events() {
    let said = translate("f", DAY);
    let again = translate("g", &[DAY, DAY].concat());
    let ids = |drafts: &[connector_kit::Draft]| -> Vec<_> {
        drafts.iter().map(|d| (d.record_key.clone(), d.version, d.event.clone(), d.effective)).collect()
    };
    let (first, second) = again.drafts.split_at(said.drafts.len());
    assert_eq!(ids(first), ids(&said.drafts));
    assert_eq!(ids(second), ids(&said.drafts));
}

#[test]
fn no_two_drafts_of_a_message_share_a_key() {
    let lines = ["NK1|1|A^B|MTH", "NK1|2|A^B|MTH||1", "NK1|3|A^B|MTH||2", "NK1|4|A^B|MTH||1"].join("\r");
    let said = translate("f", format!("MSH|^~\\&|A|B|||2026||ADT^A31|1\rPID|||1^^^A^MR\r{lines}").as_bytes());
    let mut keys = kinds(&said);
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!((keys.len(), all), (4, 4));
}

#[test]
fn the_fuzz_corpus_is_translated() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/messages");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let said = translate("corpus", &bytes);
        assert!(said.records > 0 || !said.rejections.is_empty());
        files += 1;
    }
    assert!(files >= 9);
}
