//! Parameters from what the store holds.

use event_log::Partition;
use identity::linker::{EstimateError, Parameters, Record, children, estimate_from_sample};

use super::described;
use crate::child::ChildError;
use crate::project::Projector;
use crate::store::Store;

/// More records than this say hardly more: of more than these a part is taken, the same part by every node.
const RECORDS_MAX: usize = 200_000;
const READ_AT_ONCE: usize = 1_000;

/// Parameters, and what they were estimated from.
#[derive(Clone, Debug)]
pub struct Estimated {
    /// To be looked at, kept and adopted.
    pub parameters: Parameters,
    /// Subjects that are described.
    pub described: u64,
    /// Of whom this many were taken.
    pub taken: u64,
}

/// Why nothing was estimated.
#[derive(Debug, thiserror::Error)]
pub enum EstimateFailed {
    /// The records could not be read.
    #[error(transparent)]
    Read(#[from] ChildError),
    /// They are too few.
    #[error(transparent)]
    Estimate(#[from] EstimateError),
}

/// Estimates parameters from what stands said of everybody, without anything that links them.
///
/// # Errors
/// [`EstimateFailed`].
pub fn estimate(store: &Store, projector: &Projector) -> Result<Estimated, EstimateFailed> {
    let mut records: Vec<([u8; 16], Record)> = Vec::new();
    let mut described = 0;
    // Subjects are taken by their pseudonym, which says nothing of them: those below the bound.
    let mut bound = [0xff; 16];
    for shard in Partition::all() {
        let mut after = None;
        loop {
            let found = described::some_after(store, shard, after, READ_AT_ONCE).map_err(ChildError::from)?;
            for subject in &found {
                described += 1;
                let order = shuffled(subject.0);
                if order > bound {
                    continue;
                }
                let rows = described::Rows::read(store, *subject).map_err(ChildError::from)?;
                let states = described::states(projector, *subject, rows)?;
                records.extend(states.into_iter().filter(|s| s.stands()).map(|state| (order, state.record)));
            }
            if records.len() > 2 * RECORDS_MAX {
                records.sort_unstable();
                records.truncate(RECORDS_MAX);
                bound = records.last().map_or(bound, |(order, _)| *order);
            }
            after = found.last().copied();
            if found.len() < READ_AT_ONCE {
                break;
            }
        }
    }
    records.sort_unstable();
    records.truncate(RECORDS_MAX);
    let records: Vec<Record> = records.into_iter().map(|(_, record)| record).collect();
    let population = described.max(records.len() as u64);
    let parameters = estimate_from_sample(children::schema(), &records, population)?;
    Ok(Estimated { parameters, described, taken: records.len() as u64 })
}

/// The order in which subjects are taken: by their last byte first, since the first says in which shard they are.
fn shuffled(mut id: [u8; 16]) -> [u8; 16] {
    id.reverse();
    id
}
