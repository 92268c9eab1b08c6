//! Recorded decisions, as the log has them: each with its basis, and with the records that it rests on.

use std::collections::{BTreeMap, BTreeSet};

use event_log::envelope::{self, Opened};
use event_log::seal::{Keyring, PseudonymKey};
use event_log::{EventLog, LogError, Partition, Pseudonym, Topic};
use prost::Message as _;
use proto::disclosure::{Basis, Disclosure};

use crate::disclose::decision_id::BOOKS;
use crate::disclose::recorder::{CLOCKS_APART_US, book, first_since};
use crate::disclose::{FindError, Recorder, basis};

const RECORDS_A_READ: usize = 4_096;

/// A recorded decision with all that it takes to make it again.
#[derive(Clone, PartialEq, Debug)]
pub struct Recorded {
    /// Its record.
    pub decision: Disclosure,
    /// Of a stream, the decision by which something of it was given before; of an explanation, the decision that was explained; of a
    /// part of an answer, the whole.
    pub rests_on: Option<Box<Recorded>>,
}

impl Recorded {
    /// The decision of this id, from the record of decisions; `None` where there is none.
    ///
    /// # Errors
    /// [`FindError`].
    pub async fn gather(recorder: &Recorder, keyring: &Keyring, id: [u8; 16]) -> Result<Option<Self>, FindError> {
        let Some(decision) = recorder.find(keyring, id).await? else { return Ok(None) };
        let mut rests_on = None;
        if let Some(other) = rests_on_id(&decision) {
            let other = recorder.find(keyring, other).await?;
            rests_on = other.map(|decision| Box::new(Self { decision, rests_on: None }));
        }
        Ok(Some(Self { decision, rests_on }))
    }

    /// The decision of the whole answer: of a part, the one that it is a part of.
    pub(super) fn whole(&self) -> &Disclosure {
        match &self.rests_on {
            Some(rests_on) if !self.decision.part_of.is_empty() => &rests_on.decision,
            _ => &self.decision,
        }
    }

    /// Each of some decisions, with those of them that it rests on.
    pub fn all(decisions: &[(i64, Disclosure)]) -> Vec<Self> {
        let by_id: BTreeMap<&[u8], &Disclosure> =
            decisions.iter().map(|(_, decision)| (decision.decision_id.as_slice(), decision)).collect();
        let of = |(_, decision): &(i64, Disclosure)| {
            let other = rests_on_id(decision).and_then(|id| by_id.get(id.as_slice()).copied().cloned());
            let rests_on = other.map(|decision| Box::new(Self { decision, rests_on: None }));
            Self { decision: decision.clone(), rests_on }
        };
        decisions.iter().map(of).collect()
    }
}

/// Which other decision one rests on.
pub(super) fn rests_on_id(decision: &Disclosure) -> Option<[u8; 16]> {
    let after = decision.basis.as_ref().map(|basis| &basis.after);
    let ids = [Some(&decision.explained), Some(&decision.part_of), after];
    ids.into_iter().flatten().find_map(|id| id.as_slice().try_into().ok())
}

/// Decisions of an organisation's books, with when each was recorded, microseconds since 1970, in that order; and how many records were
/// looked at. Of all books, or of those of these subjects only. `told` is called with how many records were looked at so far.
///
/// What stands in clear says of which book a record is, so nothing of any other is opened. A record whose key was destroyed is passed
/// over, as is one that is no decision.
///
/// # Errors
/// The log's.
pub async fn decisions(
    log: &dyn EventLog,
    keyring: &Keyring,
    pseudonyms: &PseudonymKey,
    organisation: &str,
    of: Option<&BTreeSet<[u8; 16]>>,
    told: impl FnMut(u64),
) -> Result<(Vec<(i64, Disclosure)>, u64), LogError> {
    let all = Sought { of, since_us: None, after: None, at_most: usize::MAX };
    let (found, looked_at, _) = sought(log, keyring, pseudonyms, organisation, all, |_, _| true, told).await?;
    Ok((found, looked_at))
}

/// Which decisions are sought.
pub(crate) struct Sought<'s> {
    /// Of these subjects' books; of all where there are none.
    pub(crate) of: Option<&'s BTreeSet<[u8; 16]>>,
    /// Recorded since, microseconds since 1970; what comes before is not read at all.
    pub(crate) since_us: Option<i64>,
    /// Only those that come after this one, in the order in which they are given.
    pub(crate) after: Option<Place>,
    /// So many at most are held: the first.
    pub(crate) at_most: usize,
}

/// Where a decision stands among others: when it was recorded, microseconds since 1970, and its id.
pub(crate) type Place = (i64, [u8; 16]);

/// As [`decisions`], only those that `keep` takes; and whether there are more than were to be held.
///
/// # Errors
/// The log's.
pub(crate) async fn sought(
    log: &dyn EventLog,
    keyring: &Keyring,
    pseudonyms: &PseudonymKey,
    organisation: &str,
    Sought { of, since_us, after, at_most }: Sought<'_>,
    keep: impl Fn(i64, &Disclosure) -> bool,
    mut told: impl FnMut(u64),
) -> Result<(Vec<(i64, Disclosure)>, u64, bool), LogError> {
    let numbers = |first: &[u8; 16]| first.first().copied().unwrap_or_default() % BOOKS;
    let books: BTreeSet<u8> =
        of.map_or_else(|| (0..BOOKS).collect(), |subjects| subjects.iter().map(numbers).collect());
    let books: BTreeSet<Pseudonym> = books.into_iter().map(|number| book(pseudonyms, organisation, number)).collect();
    let partitions: BTreeSet<Partition> = books.iter().map(|book| book.partition()).collect();
    let (mut found, mut looked_at, mut more) = (BTreeMap::<Place, Disclosure>::new(), 0, false);
    let since_us = since_us.max(after.map(|(at_us, _)| at_us));
    for partition in partitions {
        let mut apart = BTreeMap::<Vec<u8>, Basis>::new();
        let mut from = match since_us {
            None => 0,
            // A basis that is a record of its own stands before its decision, and clocks may differ.
            Some(since_us) => first_since(log, partition, since_us.saturating_sub(CLOCKS_APART_US)).await?,
        };
        loop {
            let records = log.read(Topic::Disclosure, partition, from, RECORDS_A_READ).await?;
            let Some(last) = records.last() else { break };
            from = last.position.offset + 1;
            for record in records {
                looked_at += 1;
                let Ok(sealed) = envelope::decode(record.value) else { continue };
                if !books.contains(&sealed.header.subject) {
                    continue;
                }
                let Ok(Opened::Plain(plain)) = sealed.open(keyring) else { continue };
                let Ok(mut decision) = Disclosure::decode(plain.bytes.as_slice()) else { continue };
                if !decision.basis_of.is_empty() {
                    apart.extend(decision.basis.map(|basis| (decision.basis_of, basis)));
                    continue;
                }
                if decision.basis.as_ref().is_some_and(basis::is_apart) {
                    decision.basis = apart.remove(&decision.decision_id);
                }
                let place = (record.published_at_us, decision.decision_id.as_slice().try_into().unwrap_or_default());
                if after.is_some_and(|after| place <= after) || !keep(record.published_at_us, &decision) {
                    continue;
                }
                found.insert(place, decision);
                if found.len() > at_most {
                    more = found.pop_last().is_some();
                }
            }
            told(looked_at);
        }
    }
    let found = found.into_iter().map(|((at_us, _), decision)| (at_us, decision)).collect();
    Ok((found, looked_at, more))
}

/// Every subject that a decision was about, so far as its record says.
pub(crate) fn subjects(decision: &Disclosure) -> BTreeSet<[u8; 16]> {
    let named = decision.subjects.iter().filter_map(|id| id.as_slice().try_into().ok());
    let resolved = decision.basis.iter().flat_map(|basis| basis.subjects.chunks_exact(16));
    named.chain(resolved.filter_map(|id| id.try_into().ok())).collect()
}
