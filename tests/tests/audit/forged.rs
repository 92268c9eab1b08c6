//! A journal as somebody writes it who knows its format and means to deceive: every checksum holds, every offset follows.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const HEADER_BYTES: usize = 48;
const BEFORE_VALUE: usize = 44;

/// A record's time, key and sealed value.
#[derive(Clone)]
pub(crate) struct Forged {
    pub(crate) published_at_us: i64,
    pub(crate) key: [u8; 16],
    pub(crate) value: Vec<u8>,
}

/// By topic and partition, as the journal numbers them.
pub(crate) struct Journal {
    header: Vec<u8>,
    pub(crate) records: BTreeMap<(u8, u8), Vec<Forged>>,
}

impl Journal {
    /// Reads the log of a stopped process: one segment.
    pub(crate) fn read(dir: &Path) -> Self {
        let bytes = fs::read(dir.join("journal-000001.log")).unwrap();
        assert!(!dir.join("journal-000002.log").exists());
        let mut records = BTreeMap::<_, Vec<_>>::new();
        let mut rest = &bytes[HEADER_BYTES..];
        while !rest.is_empty() {
            let (record, value_bytes) = rest.split_at(BEFORE_VALUE);
            let length = u32::from_le_bytes(record[4..8].try_into().unwrap()) as usize;
            let (value, after) = value_bytes.split_at(length);
            records.entry((record[8], record[9])).or_default().push(Forged {
                published_at_us: i64::from_le_bytes(record[20..28].try_into().unwrap()),
                key: record[28..44].try_into().unwrap(),
                value: value.to_vec(),
            });
            rest = after;
        }
        Self { header: bytes[..HEADER_BYTES].to_vec(), records }
    }

    /// The same log with other records.
    pub(crate) fn with(&self, records: BTreeMap<(u8, u8), Vec<Forged>>) -> Self {
        Self { header: self.header.clone(), records }
    }

    /// Writes it into a new folder, with a mark that says that all of it was acknowledged.
    pub(crate) fn write(&self, dir: &Path) {
        fs::create_dir_all(dir).unwrap();
        let mut bytes = self.header.clone();
        let mut count = 0u64;
        for ((topic, partition), records) in &self.records {
            for (offset, record) in (0u64..).zip(records) {
                let length = u32::try_from(record.value.len()).unwrap();
                let mut rest = length.to_le_bytes().to_vec();
                rest.extend([*topic, *partition, 0, 0]);
                rest.extend(offset.to_le_bytes());
                rest.extend(record.published_at_us.to_le_bytes());
                rest.extend(record.key);
                rest.extend(&record.value);
                bytes.extend(crc32c(&rest).to_le_bytes());
                bytes.extend(rest);
                count += 1;
            }
        }
        fs::write(dir.join("journal-000001.log"), &bytes).unwrap();
        let mut mark = vec![0; 2 * 4096];
        for generation in [2u64, 3] {
            let mut slot = b"TLMARK01".to_vec();
            slot.extend(&self.header[8..24]);
            slot.extend(generation.to_le_bytes());
            slot.extend(1u32.to_le_bytes());
            slot.extend((bytes.len() as u64).to_le_bytes());
            slot.extend(count.to_le_bytes());
            slot.extend(crc32c(&slot).to_le_bytes());
            let at = (generation % 2 * 4096) as usize;
            mark[at..at + slot.len()].copy_from_slice(&slot);
        }
        fs::write(dir.join("mark"), mark).unwrap();
    }
}

/// A byte within what a record seals, of one that stands about the middle of a journal's file. One of the bytes before it, which say
/// where the record belongs, leaves nothing to name it by.
pub(crate) fn within_a_value(bytes: &[u8]) -> usize {
    let mut at = HEADER_BYTES;
    loop {
        let length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        let next = at + BEFORE_VALUE + length;
        if length > 0 && next > bytes.len() / 2 {
            return next - length.div_ceil(2);
        }
        at = next;
    }
}

/// Castagnoli's, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}

/// What is done to a partition of at least twelve records: its name, what it does, and where and how it must be called.
pub(crate) type Doing = (&'static str, fn(&mut Vec<Forged>), &'static str);

pub(crate) const DOINGS: [Doing; 6] = [
    ("a flipped byte", |records| records[5].value[9] ^= 1, "@5: changed"),
    ("another key", |records| records[2].key[3] ^= 1, "@2: changed"),
    ("a deleted record", |records| drop(records.remove(4)), "@4: deleted: 1 record(s)"),
    (
        "an inserted record",
        |records| {
            let mut put_in = records[7].clone();
            put_in.value[0] ^= 1;
            records.insert(7, put_in);
        },
        "@7: inserted: 1 record(s)",
    ),
    (
        "two records in each other's place",
        |records| {
            // The log's times never go back, so whoever swaps leaves them, or finds two of one time.
            let of_one_time = |n: &usize| records[*n].published_at_us == records[*n + 1].published_at_us;
            let at = (0..records.len() - 1).find(of_one_time).expect("two records of one time");
            records.swap(at, at + 1);
        },
        ": swapped",
    ),
    ("a truncated partition", |records| records.truncate(9), "@9: truncated: the partition ends here"),
];

/// Whether a line says that of this tree; a place that is left open may be any.
pub(crate) fn is_said(line: &str, tree: &str, expected: &str) -> bool {
    match (line.split_once(tree), expected.strip_prefix(':')) {
        (Some((_, rest)), None) => rest.starts_with(expected),
        (Some((_, rest)), Some(what)) => {
            rest.starts_with('@') && rest.split_once(':').is_some_and(|(_, said)| said.starts_with(what))
        }
        (None, _) => false,
    }
}
