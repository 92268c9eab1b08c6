//! Parameters from what the store holds.

use event_log::Partition;
use identity::linker::{EstimateError, Parameters, Sample, children};

use super::described;
use crate::child::ChildError;
use crate::project::Projector;
use crate::store::Store;

const READ_AT_ONCE: usize = 1_000;

/// Parameters, and what they were estimated from.
#[derive(Clone, Debug)]
pub struct Estimated {
    /// To be looked at, kept and adopted.
    pub parameters: Parameters,
    /// Subjects that are described.
    pub described: u64,
    /// What stands said of them: so many records were estimated from, and no more than an estimate needs.
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
    let mut sample = Sample::new(children::schema());
    let mut described = 0;
    for shard in Partition::all() {
        let mut after = None;
        loop {
            let found = described::some_after(store, shard, after, READ_AT_ONCE).map_err(ChildError::from)?;
            described += found.len() as u64;
            for subject in &found {
                let rows = described::Rows::read(store, *subject).map_err(ChildError::from)?;
                let states = described::states(projector, *subject, rows)?;
                for (at, state) in (0_u64..).zip(states.into_iter().filter(|state| state.stands())) {
                    sample.put(&[subject.0.as_slice(), &at.to_be_bytes()].concat(), state.record);
                }
            }
            after = found.last().copied();
            if found.len() < READ_AT_ONCE {
                break;
            }
        }
    }
    let taken = sample.held() as u64;
    Ok(Estimated { parameters: sample.estimate()?, described, taken })
}
