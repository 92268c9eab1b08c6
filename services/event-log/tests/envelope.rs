#![cfg(test)]
//! Decoding takes canonical bytes and nothing else. The corpus is the fuzz target's.

use std::path::Path;

use bytes::Bytes;
use event_log::envelope::{self, EnvelopeError, Sealed};
use proptest::prelude::*;
use prost::Message;
use proto::events::{Envelope, Family};

/// The field that is named, and how it is spoilt.
type Change = (&'static str, fn(&mut Envelope));

fn whole() -> Envelope {
    Envelope {
        format_version: 1,
        event_id: vec![0x81; 16],
        subject: vec![2; 16],
        family: Family::SocialCare as i32,
        key_id: vec![3; 16],
        sealed: Bytes::from_static(&[9; 300]),
    }
}

fn decode(bytes: &[u8]) -> Result<Sealed, EnvelopeError> {
    envelope::decode(Bytes::copy_from_slice(bytes))
}

/// What the fuzz target holds, of the same bytes.
fn taken_only_if_canonical(bytes: &[u8]) -> bool {
    let taken = decode(bytes).is_ok();
    if taken {
        assert_eq!(Envelope::decode(bytes).unwrap().encode_to_vec(), bytes);
    }
    taken
}

#[test]
fn the_corpus_decodes_as_its_names_say() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/envelope_decode");
    let mut files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let taken: Vec<_> = files
        .iter()
        .filter(|path| taken_only_if_canonical(&std::fs::read(path).unwrap()))
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(taken, ["smallest", "whole"]);
}

#[test]
fn a_flaw_names_its_field() {
    let cases: [Change; 8] = [
        ("format_version", |m| m.format_version = 0),
        ("event_id", |m| m.event_id.truncate(15)),
        ("subject", |m| m.subject.push(0)),
        ("subject", |m| m.subject.clear()),
        ("family", |m| m.family = 0),
        ("key_id", |m| m.key_id.clear()),
        ("sealed", |m| m.sealed = Bytes::new()),
        ("sealed", |m| m.sealed = Bytes::from_static(&[1; 15])),
    ];
    for (expected, change) in cases {
        let mut message = whole();
        change(&mut message);
        match decode(&message.encode_to_vec()) {
            Err(EnvelopeError::Malformed { field }) => assert_eq!(field, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }
    let other_version = Envelope { format_version: 3, ..whole() };
    assert!(matches!(decode(&other_version.encode_to_vec()), Err(EnvelopeError::FormatUnknown)));
    let other_family = Envelope { family: 99, ..whole() };
    assert!(matches!(decode(&other_family.encode_to_vec()), Err(EnvelopeError::FamilyUnknown)));
    let large = Envelope { sealed: vec![0; 1_000_000].into(), ..whole() };
    assert!(matches!(decode(&large.encode_to_vec()), Err(EnvelopeError::TooLarge { .. })));
}

#[test]
fn every_cut_and_every_extra_byte_is_refused() {
    let bytes = whole().encode_to_vec();
    decode(&bytes).unwrap();
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
    }
    for extra in 0..=255 {
        let mut longer = bytes.clone();
        longer.push(extra);
        assert!(decode(&longer).is_err(), "{extra} after the end");
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        taken_only_if_canonical(&bytes);
    }

    #[test]
    fn almost_an_envelope(at in 0_usize..362, byte: u8, sealed in 16_usize..300) {
        let mut bytes = Envelope { sealed: vec![7; sealed].into(), ..whole() }.encode_to_vec();
        let length = bytes.len();
        bytes[at % length] = byte;
        taken_only_if_canonical(&bytes);
    }
}
