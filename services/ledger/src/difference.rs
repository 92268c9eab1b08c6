//! What was done to a partition whose records are not those that were recorded.
//!
//! Recorded are leaf hashes, which bind each record to its offset. A record that was moved still gives the recorded hash when it
//! is hashed for the place it had; one that was changed gives it nowhere.

use std::fmt;

use crate::tree::{Entry, Hash};

/// How far along a partition a record is sought that is not where it was.
pub const WINDOW: usize = 1_024;

/// What was done, at the first offset that is not as recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Difference {
    /// The record here is another: its key, value or time was changed.
    Changed,
    /// So many records that stood here are gone, and what followed them has moved up.
    Deleted(u64),
    /// So many records were put in here, and what followed has moved down.
    Inserted(u64),
    /// The record here and the one at this offset stand in each other's place.
    Swapped(u64),
    /// The partition ends here, before what was signed.
    Truncated(u64),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("changed: the record is not the one that was signed"),
            Self::Deleted(count) => write!(f, "deleted: {count} record(s) that were signed are gone from here"),
            Self::Inserted(count) => write!(f, "inserted: {count} record(s) that were not signed stand here"),
            Self::Swapped(with) => write!(f, "swapped: this record and the one at offset {with} have changed places"),
            Self::Truncated(signed) => {
                write!(f, "truncated: the partition ends here, and {signed} records were signed")
            }
        }
    }
}

/// What was done at `offset`: `found` are the records from there on, `recorded` the leaf hashes from there on, of which there are
/// `signed` in all. Both as far as they are at hand; [`WINDOW`] is enough.
pub fn difference(offset: u64, signed: u64, found: &[Entry], recorded: &[Hash]) -> Difference {
    let (Some(here), Some(was)) = (found.first(), recorded.first()) else {
        return Difference::Truncated(signed);
    };
    let at = |steps: usize| offset + steps as u64;
    // Where the record that stands here stood, and where the one that stood here stands.
    let stood = recorded.iter().enumerate().skip(1).find(|(n, hash)| here.hash_at(at(*n)) == **hash).map(|(n, _)| n);
    let stands = found.iter().enumerate().skip(1).find(|(_, entry)| entry.hash_at(offset) == *was).map(|(n, _)| n);
    match (stood, stands) {
        (Some(one), Some(other)) if one == other => Difference::Swapped(at(one)),
        (Some(gone), _) => Difference::Deleted(gone as u64),
        (None, Some(put_in)) => Difference::Inserted(put_in as u64),
        (None, None) => Difference::Changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries(count: u64) -> Vec<Entry> {
        let entry = |n: u64| Entry { offset: n, published_at_us: n as i64 / 3, key: [7; 32], value: [n as u8; 32] };
        (0..count).map(entry).collect()
    }

    /// As a partition is read: offsets without gaps, whatever stands there.
    fn numbered(mut found: Vec<Entry>) -> Vec<Entry> {
        (0u64..).zip(&mut found).for_each(|(n, entry)| entry.offset = n);
        found
    }

    fn first_difference(found: &[Entry], recorded: &[Entry]) -> Option<(u64, Difference)> {
        let hashes: Vec<Hash> = recorded.iter().map(Entry::hash).collect();
        let differs = |n: &usize| found.get(*n).map(Entry::hash) != hashes.get(*n).copied();
        let at = (0..hashes.len()).find(differs)?;
        Some((at as u64, difference(at as u64, hashes.len() as u64, &found[at..], &hashes[at..])))
    }

    proptest! {
        #[test]
        fn what_was_done_is_named_and_located(at in 0u64..40, with in 0u64..40, count in 1u64..4, kind in 0..5) {
            let recorded = entries(44);
            let mut found = recorded.clone();
            let n = at as usize;
            let expected = match kind {
                0 => { found[n].value[3] ^= 8; Difference::Changed }
                1 => { found.drain(n..n + count as usize); Difference::Deleted(count) }
                2 => {
                    let new = Entry { offset: 0, published_at_us: 9, key: [1; 32], value: [200; 32] };
                    (0..count).for_each(|_| found.insert(n, new));
                    Difference::Inserted(count)
                }
                3 => {
                    prop_assume!(with > at);
                    found.swap(n, with as usize);
                    Difference::Swapped(with)
                }
                _ => { found.truncate(n); Difference::Truncated(44) }
            };
            prop_assert_eq!(first_difference(&numbered(found), &recorded), Some((at, expected)));
        }
    }

    #[test]
    fn nothing_done_is_nothing_found() {
        assert_eq!(first_difference(&entries(9), &entries(9)), None);
        // More than was signed is no difference: the log went on.
        assert_eq!(first_difference(&entries(12), &entries(9)), None);
    }
}
