use proptest::prelude::*;

use super::*;

/// The example of C2SP tlog-cosignature, without its last line: the key is its own, so only the format can be held to it.
const CHECKPOINT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

/// The example of the Go package `golang.org/x/mod/sumdb/note`.
const SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNED: &str =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn keys_and_notes_are_those_of_other_implementations() {
    let key = SigningKey::parse(SKEY).unwrap();
    assert_eq!(key.public().to_string(), VKEY);
    assert_eq!(key.public(), &VerifierKey::parse(VKEY).unwrap());
    assert_eq!(key.to_secret_text(), SKEY);
    let mut note = Note::new(TEXT.to_owned()).unwrap();
    note.add(key.sign(TEXT, 0));
    assert_eq!(note.to_string(), format!("{TEXT}\n{SIGNED}"));
    let read = Note::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(read.check(&[VerifierKey::parse(VKEY).unwrap()]).unwrap().len(), 1);
    assert_eq!(Note::parse(CHECKPOINT.as_bytes()).unwrap().signatures()[0].id, 0x033d_e0ae);
}

fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
    SigningKey::new(name, kind, [seed; 32]).unwrap()
}

#[test]
fn a_note_is_believed_for_a_trusted_signature_and_no_forged_one() {
    let [one, two] = [1, 2].map(|seed| key("example.org/ledger", KeyKind::Note, seed));
    let mut note = Note::new(TEXT.to_owned()).unwrap();
    note.add(one.sign(TEXT, 0));
    note.add(one.sign(TEXT, 0));
    assert_eq!(note.signatures().len(), 1);
    assert_eq!(note.check(&[two.public().clone()]), Err(NoteError::Unsigned));
    note.add(two.sign(TEXT, 0));
    let trusted = [two.public().clone(), one.public().clone()];
    assert_eq!(note.check(&trusted).unwrap().len(), 2);
    // The right key's name and id under another's signature.
    let mut forged = Note::new(TEXT.to_owned()).unwrap();
    forged.add(Signature { id: one.public().id(), ..two.sign(TEXT, 0) });
    forged.add(two.sign(TEXT, 0));
    assert_eq!(forged.check(&trusted), Err(NoteError::Forged));
}

#[test]
fn a_witness_says_when_it_saw_the_note() {
    let witness = key("witness.example.org", KeyKind::Witness, 7);
    let ledger = key("example.org/ledger", KeyKind::Note, 1);
    let mut note = Note::new(TEXT.to_owned()).unwrap();
    note.add(ledger.sign(TEXT, 0));
    note.add(witness.sign(TEXT, 1_679_315_147));
    let keys = [ledger.public().clone(), witness.public().clone()];
    let read = Note::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(read.check(&keys).unwrap().len(), 2);
    assert_eq!(read.witnesses(&keys), [(witness.public(), 1_679_315_147)]);
    // Another time is not what was signed.
    let mut later = Note::new(TEXT.to_owned()).unwrap();
    let mut signature = witness.sign(TEXT, 1_679_315_147);
    signature.bytes[7] ^= 1;
    later.add(signature);
    assert_eq!(later.check(&keys), Err(NoteError::Forged));
    assert!(later.witnesses(&keys).is_empty());
    // A witness's key is not the ledger's, whatever their bytes.
    let as_note = VerifierKey { kind: KeyKind::Note, ..witness.public().clone() };
    assert_ne!(as_note.id(), witness.public().id());
}

#[test]
fn what_is_no_note_is_refused() {
    let good = format!("{TEXT}\n{SIGNED}");
    for bad in [
        String::new(),
        "\n".to_owned(),
        TEXT.to_owned(),
        format!("{TEXT}\n"),
        good.trim_end().to_owned(),
        good.replace("— ", "- "),
        good.replace("PeterNeumann", "Peter Neumann"),
        good.replace("PeterNeumann", "Peter+Neumann"),
        good.replace("JnAM=", "JnAN="),
        good.replace("JnAM=\n", "JnAM=\r\n"),
        good.replace("JnAM=\n", "JnAM=\n\n"),
        good.replace("x08go/", "x08go "),
        good.replace("think", "th\u{7}nk"),
    ] {
        assert!(Note::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(Note::parse(b"\xff\n\n\xe2\x80\x94 a AAAAAAAA\n").is_err());
    for bad in
        [VKEY.replace("c74f20a3", "c74f20a4"), VKEY.replace('+', "-"), VKEY.replace("+ARpc", "+AhpC"), SKEY.to_owned()]
    {
        assert_eq!(VerifierKey::parse(&bad), Err(NoteError::Key), "{bad}");
    }
}

proptest! {
    /// The seeds of the fuzz target, and anything else: no panic, and what is taken is written back as it was.
    #[test]
    fn any_bytes_are_a_note_of_one_spelling_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..300), near in any::<bool>(), at in any::<usize>()) {
        let mut given = bytes;
        if near {
            let good = format!("{TEXT}\n{SIGNED}").into_bytes();
            let cut = at % good.len();
            given = [&good[..cut], &given[..given.len().min(3)], &good[cut..]].concat();
        }
        if let Ok(note) = Note::parse(&given) {
            prop_assert_eq!(note.to_string().into_bytes(), given);
        }
    }

    #[test]
    fn any_flipped_bit_of_a_signed_note_is_seen(at in any::<usize>(), bit in 0u8..8) {
        let key = key("example.org/ledger", KeyKind::Note, 1);
        let mut note = Note::new(TEXT.to_owned()).unwrap();
        note.add(key.sign(TEXT, 0));
        let mut bytes = note.to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let believed = Note::parse(&bytes).and_then(|note| note.check(&[key.public().clone()]).map(|keys| keys.len()));
        prop_assert!(believed.is_err());
    }
}
