//! What is of a scope is taken in where everything of that scope is: by turns with the drop folder's own submissions.

use tokio::sync::{mpsc, oneshot};

use super::RedriveError;
use crate::connector::{Draft, Rejection, Scope};
use crate::drop_folder::{IntakeError, Options};

/// How many may wait at a time.
const PLACES: usize = 4;

/// A part of a submission, to be taken in again.
pub(crate) struct Asks {
    pub(crate) scope: Scope,
    pub(crate) drafts: Vec<Draft>,
    /// Its source names things that have parts.
    pub(crate) names_parts: bool,
    /// When the submission was picked up, microseconds since 1970.
    pub(crate) picked_up_us: i64,
}

/// One of these, and where its answer goes.
pub(crate) struct Asked {
    pub(crate) asks: Asks,
    pub(crate) answer: oneshot::Sender<Result<Vec<Rejection>, IntakeError>>,
}

/// Where a drop folder is asked, and how it is watched.
#[derive(Clone)]
pub struct Desk {
    asked: mpsc::Sender<Asked>,
    pub(super) options: Options,
}

impl Desk {
    pub(crate) fn open(options: Options) -> (Self, mpsc::Receiver<Asked>) {
        let (asked, receiver) = mpsc::channel(PLACES);
        (Self { asked, options }, receiver)
    }

    /// Has it taken in; gives what could not be.
    pub(super) async fn put(&self, asks: Asks) -> Result<Vec<Rejection>, RedriveError> {
        let (answer, answered) = oneshot::channel();
        self.asked.send(Asked { asks, answer }).await.map_err(|_| RedriveError::Stopping)?;
        Ok(answered.await.map_err(|_| RedriveError::Stopping)??)
    }
}
