use proptest::prelude::*;

use super::*;
use crate::linker::{children, compare::LEVELS};

/// Invented parameters of the children's schema.
fn parameters() -> Parameters {
    let field = |(at, field): (usize, &Field)| FieldParameters {
        of_one: [0.8, 0.1, 0.05, 0.03, 0.02],
        of_two: [0.01, 0.01, 0.01, 0.07, 0.9],
        said: 1_000 + at as u64,
        counts: match field.kind {
            Kind::GivenName => [("olivia", 30), ("sian", 3)].map(|(name, count)| (name.to_owned(), count)).into(),
            _ => BTreeMap::new(),
        },
        share_of_others: 0.001,
    };
    let schema = children::schema().clone();
    let fields = schema.fields().iter().enumerate().map(field).collect();
    let rules: [&[(usize, Part)]; 2] = [&[(7, Part::Whole)], &[(2, Part::Sound), (3, Part::YearAndMonth)]];
    let rules = rules.map(|parts| Rule::of(&schema, parts).unwrap()).into();
    Parameters { schema, fields, prior: 0.000_01, rules, records: 1_000, block_records_max: 500 }
}

/// Bytes that were kept once are read for ever, and their version is theirs.
#[test]
fn bytes_and_version_are_what_they_were() {
    let parameters = parameters();
    assert_eq!(parameters.to_bytes().len(), 1_263);
    let version: String = parameters.version().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(version, "8736f613fe32d0b71f9c20888c078c13");
    assert_eq!(Parameters::from_bytes(&parameters.to_bytes()), Ok(parameters));
}

#[test]
fn every_change_is_another_version() {
    let once = parameters();
    let changes: [fn(&mut Parameters); 7] = [
        |p| p.prior *= 1.000_000_1,
        |p| p.records += 1,
        |p| p.rules.truncate(1),
        |p| p.fields[0].said += 1,
        |p| p.fields[3].of_one[LEVELS - 1] += 1e-9,
        |p| p.fields[9].share_of_others *= 2.0,
        |p| p.fields[0].counts.extend([("zoe".to_owned(), 4)]),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut changed = once.clone();
        change(&mut changed);
        assert_ne!(changed.version(), once.version(), "change {at}");
        assert_eq!(Parameters::from_bytes(&changed.to_bytes()), Ok(changed));
    }
}

#[test]
fn what_is_not_sound_is_refused() {
    use ParametersError::{Format, Malformed, NotCanonical, Schema, Unsound};
    let good = linking::Parameters::decode(parameters().to_bytes().as_slice()).unwrap();
    let changed = |change: fn(&mut linking::Parameters)| {
        let mut bad = good.clone();
        change(&mut bad);
        Parameters::from_bytes(&bad.encode_to_vec()).unwrap_err()
    };
    assert_eq!(changed(|p| p.format = 2), Format(2));
    assert_eq!(changed(|p| p.prior = 0.0), Unsound("prior"));
    assert_eq!(changed(|p| p.prior = f64::NAN), Unsound("prior"));
    assert_eq!(changed(|p| p.fields[0].of_one.truncate(4)), Unsound("of_one"));
    assert_eq!(changed(|p| p.fields[0].of_two[2] = 0.0), Unsound("of_two"));
    assert_eq!(changed(|p| p.fields[0].of_two[2] = -1.0), Unsound("of_two"));
    assert_eq!(changed(|p| p.fields[0].share_of_others = f64::INFINITY), Unsound("share_of_others"));
    assert_eq!(changed(|p| p.fields[0].shares[0].records = 0), Unsound("shares"));
    assert_eq!(changed(|p| p.fields[0].shares[0].records = 5_000), Unsound("shares"));
    assert_eq!(changed(|p| p.fields[0].kind = 99), Unsound("kind"));
    assert_eq!(changed(|p| p.rules[0].keys[0].field = 11), Unsound("rules"));
    assert_eq!(changed(|p| p.rules[0].keys[0].part = linking::Part::Sound.into()), Unsound("rules"));
    assert_eq!(changed(|p| p.rules[0].keys.clear()), Unsound("rules"));
    assert_eq!(changed(|p| p.block_records_max = 1), Unsound("block_records_max"));
    assert_eq!(changed(|p| p.block_records_max = 1_000_000), Unsound("block_records_max"));
    assert_eq!(changed(|p| p.fields.truncate(1)), Schema(SchemaError::TooFew));
    // Said twice, and in another order.
    assert_eq!(changed(|p| p.fields[0].shares.extend_from_within(..)), NotCanonical);
    assert_eq!(changed(|p| p.fields[0].shares.reverse()), NotCanonical);
    assert_eq!(Parameters::from_bytes(b"\xff"), Err(Malformed));
    let mut more = parameters().to_bytes();
    more.extend([0x78, 1]);
    assert_eq!(Parameters::from_bytes(&more), Err(NotCanonical));
    assert_eq!(Parameters::from_bytes(&vec![0; BYTES_MAX + 1]), Err(Unsound("size")));
}

proptest! {
    /// No bytes make it panic, and what it takes it writes again to the byte.
    #[test]
    fn what_is_read_is_written_again(at in any::<prop::sample::Index>(), to in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = parameters().to_bytes();
        let end = bytes.len() - cut.index(3);
        bytes.truncate(end);
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(read) = Parameters::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }
}
