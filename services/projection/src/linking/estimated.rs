//! Parameters from what the store holds.

use event_log::Partition;
use identity::linker::{self, EstimateError, Parameters, Record, children};

use super::described;
use crate::child::ChildError;
use crate::project::Projector;
use crate::store::Store;

/// Of more than these a part would have to be taken, and one taken at random holds so few pairs of one child that what is
/// estimated of it links brothers and sisters.
const RECORDS_MAX: u64 = 200_000;
const READ_AT_ONCE: usize = 1_000;

/// Parameters, and what they were estimated from.
#[derive(Clone, Debug)]
pub struct Estimated {
    /// To be looked at, kept and adopted.
    pub parameters: Parameters,
    /// Subjects that are described.
    pub described: u64,
    /// What stands said of them: so many records were taken.
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
    /// They are too many.
    #[error(
        "more than {RECORDS_MAX} records are described, and of a part of them nothing sound can be estimated: estimate where one \
         council's records are, and adopt those parameters here"
    )]
    TooMany,
}

/// Estimates parameters from what stands said of everybody, without anything that links them.
///
/// # Errors
/// [`EstimateFailed`].
pub fn estimate(store: &Store, projector: &Projector) -> Result<Estimated, EstimateFailed> {
    let mut records: Vec<([u8; 16], Record)> = Vec::new();
    let mut described = 0;
    for shard in Partition::all() {
        let mut after = None;
        loop {
            let found = described::some_after(store, shard, after, READ_AT_ONCE).map_err(ChildError::from)?;
            described += found.len() as u64;
            if described > RECORDS_MAX {
                return Err(EstimateFailed::TooMany);
            }
            for subject in &found {
                let rows = described::Rows::read(store, *subject).map_err(ChildError::from)?;
                let states = described::states(projector, *subject, rows)?;
                records.extend(states.into_iter().filter(|s| s.stands()).map(|state| (subject.0, state.record)));
            }
            after = found.last().copied();
            if found.len() < READ_AT_ONCE {
                break;
            }
        }
    }
    records.sort_unstable();
    let records: Vec<Record> = records.into_iter().map(|(_, record)| record).collect();
    let parameters = linker::estimate(children::schema(), &records)?;
    Ok(Estimated { parameters, described, taken: records.len() as u64 })
}
