//! What was erased since: whether the envelopes that are left on the log are those of the facts that a decision was made from.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use event_log::{EventLog, Partition, Pseudonym, StoredRecord, Topic};
use proto::sharing::Call;
use proto::timeline::Erased;

use super::again::BEFORE_FACTS;
use super::{Past, Recorded, ReplayError, Replayer, Rerun, Verdict, records};
use crate::child::{Children, events_digest};
use crate::disclose::erased_as_told;
use crate::project::Note;
use crate::registry::Registries;
use crate::store::keys::{self, Parsed};

const RECORDS_A_READ: usize = 8_192;

/// What of a child is gone.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Gone {
    /// Events of theirs on the log that nothing opens any more.
    pub events: usize,
    /// Of so many events that the decision was made from; 0 of a timeline.
    pub of: u32,
    /// Erasures of their records that have begun, oldest first.
    pub by: Vec<Erased>,
}

impl Replayer {
    /// As the decision came out; and where some of its facts were erased, that, by which erasures, and whether what is left of them on
    /// the log, their ids, is what it was made from.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub async fn settle(&self, recorded: &Recorded, rerun: Rerun, log: &dyn EventLog) -> Result<Rerun, ReplayError> {
        let of = recorded.whole();
        let subjects = records::subjects(of);
        let (by, _) = self.erasures_about(&subjects)?;
        let facts = of.basis.as_ref().map_or(0, |basis| basis.facts);
        let rerun = Rerun { gone: Gone { events: 0, of: facts, by }, ..rerun };
        let says_otherwise = match &rerun.verdict {
            Verdict::Same => true,
            Verdict::Differs(difference) => !BEFORE_FACTS.contains(&difference.what),
            Verdict::Erased { .. } | Verdict::CannotSay(_) => false,
        };
        let (Some(basis), Some(made_from), true) = (&of.basis, &rerun.made_from, says_otherwise) else {
            return Ok(rerun);
        };
        if (&basis.facts_digest, basis.facts) == (&made_from.facts_digest, made_from.facts) {
            return Ok(rerun);
        }
        let Some(known) = Past::of(basis) else { return Ok(rerun) };
        let shows = |record: &StoredRecord| {
            let at = record.position;
            known.shows(at.topic, at.partition, at.offset)
        };
        let ids = self.erased(&subjects, &shows, log).await?;
        if ids.is_empty() {
            return Ok(rerun);
        }
        let gone = Gone { events: ids.len(), ..rerun.gone };
        // Of one child alone the digest is over its events.
        let is_of_several = matches!(of.call(), Call::GetFamily | Call::ShowItem | Call::Decide);
        let several = is_of_several || basis.known_at_us != 0 || of.valid_day != basis.asked_day;
        let digest_matches =
            if several { None } else { Some(self.is_of(&subjects, known, ids, basis.facts_digest.as_slice())?) };
        Ok(Rerun { verdict: Verdict::Erased { digest_matches }, gone, ..rerun })
    }

    /// Erasures that concern one of these subjects, as the registry has them now; and every subject whose records went by them.
    pub(super) fn erasures_about(
        &self,
        subjects: &BTreeSet<[u8; 16]>,
    ) -> Result<(Vec<Erased>, BTreeSet<[u8; 16]>), ReplayError> {
        let registry = Registries::new(self.store.clone(), self.projector.clone()).known_at(i64::MAX)?;
        let about = registry.erasures().about(subjects);
        let gone = about.iter().flat_map(|of| crate::erasure::subjects(of)).collect();
        Ok((about.into_iter().filter_map(erased_as_told).collect(), gone))
    }

    /// Ids of events of these subjects that are on the log and that nothing opens any more, of those records that show.
    pub(super) async fn erased(
        &self,
        subjects: &BTreeSet<[u8; 16]>,
        shows: &(dyn Fn(&StoredRecord) -> bool + Send + Sync),
        log: &dyn EventLog,
    ) -> Result<BTreeSet<[u8; 16]>, ReplayError> {
        let mut ids = BTreeSet::new();
        let of = |id: &[u8; 16]| Topic::EVENTS.map(|topic| (topic, Pseudonym(*id).partition()));
        let places: BTreeSet<(Topic, Partition)> = subjects.iter().flat_map(of).collect();
        for (topic, partition) in places {
            let noted = self.noted_erased(topic, partition)?;
            let Some((mut from, end)) = noted.first().zip(noted.last()).map(|(first, last)| (*first, *last)) else {
                continue;
            };
            while from <= end {
                let records = log.read(topic, partition, from, RECORDS_A_READ).await?;
                let Some(last) = records.last() else { break };
                from = last.position.offset + 1;
                let theirs = records.into_iter().filter(|record| {
                    noted.contains(&record.position.offset) && subjects.contains(&record.key) && shows(record)
                });
                ids.extend(theirs.filter_map(|record| {
                    event_log::envelope::decode(record.value).ok().map(|sealed| sealed.header.event_id.0)
                }));
            }
        }
        Ok(ids)
    }

    /// Whether what stands of these subjects, and what was erased of them, is what this digest is over.
    fn is_of(
        &self,
        subjects: &BTreeSet<[u8; 16]>,
        known: Past,
        mut ids: BTreeSet<[u8; 16]>,
        digest: &[u8],
    ) -> Result<bool, ReplayError> {
        let children = Children::of_past(self.store.clone(), self.projector.clone(), known.into());
        for subject in subjects {
            let child = children.read(Pseudonym(*subject), None)?;
            ids.extend(child.said.iter().chain(&child.cautions).map(|(_, said)| said.event_id));
        }
        let (found, _) = events_digest(ids.into_iter());
        Ok(!digest.is_empty() && found.starts_with(digest))
    }

    /// Offsets of what gave no row because its key was destroyed.
    fn noted_erased(&self, topic: Topic, partition: Partition) -> Result<BTreeSet<u64>, ReplayError> {
        let mut noted = BTreeSet::new();
        self.store
            .read(partition.into(), |view| {
                noted.clear();
                view.scan_prefix(&keys::noted_all(partition), |key, value| {
                    if let Some(Parsed::Noted(at)) = keys::parse(key)
                        && at.topic == topic
                        && value == [Note::Erased as u8]
                    {
                        noted.insert(at.offset);
                    }
                    ControlFlow::Continue(())
                })
            })
            .map_err(crate::child::ChildError::from)?;
        Ok(noted)
    }
}
