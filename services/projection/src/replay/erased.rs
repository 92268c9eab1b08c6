//! What was erased since: whether the envelopes that are left on the log are those of the facts that a decision was made from.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use event_log::{EventLog, Pseudonym, Topic};
use proto::sharing::Call;

use super::again::FACTS;
use super::{Past, Recorded, ReplayError, Replayer, Rerun, Verdict, records};
use crate::child::{Children, events_digest};
use crate::project::Note;
use crate::store::keys::{self, Parsed};

const RECORDS_A_READ: usize = 8_192;

impl Replayer {
    /// As the decision came out; and where its facts differ because some were erased, that, and whether what is left of them on the log,
    /// their ids, is what it was made from.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub async fn settle(&self, recorded: &Recorded, rerun: Rerun, log: &dyn EventLog) -> Result<Rerun, ReplayError> {
        let facts_differ = matches!(&rerun.verdict, Verdict::Differs(difference) if difference.what == FACTS);
        let of = &recorded.decision;
        let (Some(basis), true) = (&of.basis, facts_differ) else { return Ok(rerun) };
        let Some(known) = Past::of(basis) else { return Ok(rerun) };
        let subjects = records::subjects(of);
        let mut ids = BTreeSet::new();
        for ((topic, partition), next) in known.read_to() {
            let of_partition: BTreeSet<_> =
                subjects.iter().filter(|id| Pseudonym(**id).partition() == partition).copied().collect();
            if of_partition.is_empty() {
                continue;
            }
            let noted = self.noted_erased(topic, partition)?;
            let mut from = 0;
            while from < next {
                let records = log.read(topic, partition, from, RECORDS_A_READ).await?;
                let Some(last) = records.last() else { break };
                from = last.position.offset + 1;
                let erased = records.into_iter().filter(|record| {
                    let offset = record.position.offset;
                    offset < next && noted.contains(&offset) && of_partition.contains(&record.key)
                });
                ids.extend(erased.filter_map(|record| {
                    event_log::envelope::decode(record.value).ok().map(|sealed| sealed.header.event_id.0)
                }));
            }
        }
        if ids.is_empty() {
            return Ok(rerun);
        }
        // Of one child alone the digest is over its events.
        let several = of.call() == Call::GetFamily || basis.known_at_us != 0 || of.valid_day != basis.asked_day;
        let digest_matches =
            if several { None } else { Some(self.is_of(&subjects, known, ids, basis.facts_digest.as_slice())?) };
        Ok(Rerun { verdict: Verdict::Erased { digest_matches }, ..rerun })
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
    fn noted_erased(&self, topic: Topic, partition: event_log::Partition) -> Result<BTreeSet<u64>, ReplayError> {
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
