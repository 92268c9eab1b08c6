//! Searching every byte, in every spelling that somebody might think clear enough.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use proto::events::{Scheme, Subject};
use sha2::{Digest, Sha256};

/// Files and outputs, by name.
pub(crate) type Bytes = Vec<(String, Vec<u8>)>;

/// How a value is spelt, and its bytes so.
type Spelling = (&'static str, Vec<u8>);

/// Which of the planted values stand in which of the files, and in which spelling.
pub(crate) fn found(told: &[(String, Vec<u8>)], planted: &[String]) -> Vec<String> {
    let spelt: Vec<(&str, Vec<Spelling>)> = planted.iter().map(|value| (value.as_str(), spellings(value))).collect();
    let mut found = Vec::new();
    let wanted: Vec<(&str, &str, &[u8])> = spelt
        .iter()
        .flat_map(|(value, spellings)| spellings.iter().map(|(how, bytes)| (*value, *how, bytes.as_slice())))
        .collect();
    let mut by_start: std::collections::HashMap<[u8; 4], Vec<usize>> = std::collections::HashMap::new();
    for (at, (_, _, bytes)) in wanted.iter().enumerate() {
        by_start.entry(bytes[..4].try_into().unwrap()).or_default().push(at);
    }
    let starts = Filter::new(by_start.keys().map(|start| [start[0], start[1], start[2]]));
    for (name, bytes) in told {
        for (at, window) in bytes.windows(4).enumerate() {
            if !starts.may_hold(window) {
                continue;
            }
            for candidate in by_start.get(window).into_iter().flatten() {
                let (value, how, spelt) = wanted[*candidate];
                if bytes[at..].starts_with(spelt) && !is_within_a_longer_number(bytes, at, spelt) {
                    found.push(format!("{value} as {how} in {name} at {at}"));
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Seven digits within a far longer number are anybody's: of a time in nanoseconds, of a sum of 0.006000000000000001. A number
/// as long as an NHS number is found wherever it stands.
fn is_within_a_longer_number(bytes: &[u8], at: usize, spelt: &[u8]) -> bool {
    const FAR_LONGER: usize = 12;
    let digits = |byte: &&u8| byte.is_ascii_digit();
    let before = bytes[..at].iter().rev().take_while(digits).count();
    let after = bytes[at + spelt.len()..].iter().take_while(digits).count();
    spelt.len() < 10 && spelt.iter().all(u8::is_ascii_digit) && before + spelt.len() + after >= FAR_LONGER
}

/// A value as text, in either case, as UTF-16, as hexadecimal digits, and as base64 from each of its three beginnings.
fn spellings(value: &str) -> Vec<Spelling> {
    let mut spellings = Vec::new();
    for text in [value.to_owned(), value.to_lowercase(), value.to_uppercase()] {
        let bytes = text.as_bytes();
        spellings.push(("text", bytes.to_vec()));
        spellings.push(("UTF-16LE", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        spellings.push(("UTF-16BE", text.encode_utf16().flat_map(u16::to_be_bytes).collect()));
        spellings.push(("hex", hex::encode(bytes).into_bytes()));
        spellings.push(("hex", hex::encode_upper(bytes).into_bytes()));
        for before in 0..3 {
            let shifted = [&vec![0; before][..], bytes].concat();
            let encoded = STANDARD_NO_PAD.encode(&shifted).into_bytes();
            // The characters at either end hold bits of neighbours.
            let from = (before * 8).div_ceil(6);
            let to = shifted.len() * 8 / 6;
            spellings.push(("base64", encoded[from..to].to_vec()));
        }
    }
    spellings.retain(|(_, bytes)| bytes.len() >= 6);
    spellings
}

/// How many of these ids stand somewhere.
pub(crate) fn ids(told: &[(String, Vec<u8>)], ids: &[[u8; 16]]) -> usize {
    let sought: std::collections::HashSet<[u8; 16]> = ids.iter().copied().collect();
    let starts = Filter::new(sought.iter().map(|id| [id[0], id[1], id[2]]));
    let mut found = std::collections::HashSet::new();
    for (_, bytes) in told {
        for window in bytes.windows(16) {
            if starts.may_hold(window) && sought.contains(window) {
                found.insert(window.to_vec());
            }
        }
    }
    found.len()
}

/// Three bytes with which nothing sought begins need no second look.
struct Filter(Vec<bool>);

impl Filter {
    fn new(starts: impl Iterator<Item = [u8; 3]>) -> Self {
        let mut filter = vec![false; 1 << 24];
        starts.for_each(|start| filter[Self::place(&start)] = true);
        Self(filter)
    }

    fn may_hold(&self, window: &[u8]) -> bool {
        self.0[Self::place(window)]
    }

    fn place(bytes: &[u8]) -> usize {
        usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2])
    }
}

/// The unkeyed hashes, sixteen bytes of each, by which somebody might name a subject.
pub(crate) fn dictionary(subject: &Subject) -> Vec<[u8; 16]> {
    let scheme = Scheme::try_from(subject.scheme).unwrap();
    let name = scheme.as_str_name().trim_start_matches("SCHEME_");
    let (issuer, value, number) = (&subject.issuer, &subject.value, subject.scheme);
    let mut spellings = vec![value.clone(), value.to_lowercase(), prost_text(subject)];
    for between in ["", "|", ":", "/", "\0", ","] {
        for scheme in [name.to_owned(), name.to_lowercase(), number.to_string(), format!("SCHEME_{name}")] {
            spellings.push([&scheme, issuer, value].map(String::as_str).join(between));
        }
        spellings.push([issuer, value].map(String::as_str).join(between));
    }
    spellings.iter().flat_map(|spelling| hashes(spelling.as_bytes())).collect()
}

/// The subject as the contract encodes it, whatever bytes that is.
fn prost_text(subject: &Subject) -> String {
    String::from_utf8_lossy(&prost::Message::encode_to_vec(subject)).into_owned()
}

fn hashes(bytes: &[u8]) -> Vec<[u8; 16]> {
    let sha: [u8; 32] = Sha256::digest(bytes).into();
    let fnv = bytes.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    let mut plain = [0; 16];
    plain.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    vec![sha[..16].try_into().unwrap(), sha[16..].try_into().unwrap(), fnv.to_be_bytes(), fnv.to_le_bytes(), plain]
}

#[test]
fn a_value_is_found_in_every_spelling_and_an_id_wherever_it_stands() {
    let value = "Qzcanary-7".to_owned();
    let padded = |bytes: &[u8]| [b"xx", bytes, b"yy"].concat();
    let utf16: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let samples = [
        value.clone().into_bytes(),
        value.to_uppercase().into_bytes(),
        padded(&utf16),
        padded(hex::encode(&value).as_bytes()),
        STANDARD_NO_PAD.encode(padded(value.as_bytes())).into_bytes(),
        STANDARD_NO_PAD.encode([b"x", value.as_bytes()].concat()).into_bytes(),
    ];
    for sample in samples {
        let told = [("sample".to_owned(), sample)];
        assert!(!found(&told, std::slice::from_ref(&value)).is_empty(), "{told:?}");
    }
    assert!(found(&[("sample".into(), b"nothing of it".to_vec())], &[value]).is_empty());
    let number = "6000000".to_owned();
    let is_found = |text: &str| !found(&[("sample".into(), text.into())], std::slice::from_ref(&number)).is_empty();
    assert!(is_found("id 6000000") && is_found("RH86000000") && is_found("6000000.5"));
    assert!(!is_found("sum 0.006000000000000001") && !is_found("1795354006000000123"));
    let nhs = "9990000018".to_owned();
    assert!(!found(&[("sample".into(), b"19990000018".to_vec())], &[nhs]).is_empty());
    let subject = Subject { scheme: Scheme::Upn.into(), issuer: "dfe".into(), value: "E878900021000".into() };
    let id: [u8; 16] = Sha256::digest(b"UPN|dfe|E878900021000")[..16].try_into().unwrap();
    assert!(dictionary(&subject).contains(&id));
    assert_eq!(ids(&[("sample".into(), padded(&id))], &[id]), 1);
    assert_eq!(ids(&[("sample".into(), padded(&id[1..]))], &[id]), 0);
}
