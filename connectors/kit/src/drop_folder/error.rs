//! Why a drop folder stops, or waits.

use std::io;
use std::path::PathBuf;

use crate::differ::{BaselineError, RebuildError};
use crate::publish::PublishError;

/// Why a drop folder stopped, or could not go on for now.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The folder could not be read or written.
    #[error("could not {doing} `{path}`")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The log did not take it.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A baseline could not be read or written.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// A baseline could not be rebuilt.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// The process ends in the middle of a translation: the next one takes it up again.
    #[error("the translation was stopped before its end")]
    Stopped,
    /// Its files are others than when they were first read, or its connector does not say the same of them.
    #[error("the submission did not read the same a second time")]
    ReadsDifferently,
}

impl IntakeError {
    /// The log takes nothing for now: try again later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Publish(error) => error.is_transient(),
            Self::Rebuild(RebuildError::Log(error)) => error.is_transient(),
            _ => false,
        }
    }

    /// Waiting may cure it: the log takes nothing for now, or a folder cannot be read or written just now.
    pub fn may_pass(&self) -> bool {
        self.is_transient() || self.io().is_some() || matches!(self, Self::ReadsDifferently)
    }

    /// What could not be done for now, and why. An error may name a file, and a file may be named after a child: neither is
    /// repeated here.
    pub(super) fn waits_for(&self) -> (&'static str, String) {
        match (self, self.io()) {
            (_, Some((doing, kind))) => (doing, kind.to_string()),
            (Self::Publish(PublishError::Log(error)) | Self::Rebuild(RebuildError::Log(error)), None) => {
                ("use the log", error.to_string())
            }
            (Self::ReadsDifferently, None) => ("read the same twice in a submission", String::new()),
            _ => ("use the log", String::new()),
        }
    }

    /// What could not be done, and what the system said.
    fn io(&self) -> Option<(&'static str, io::ErrorKind)> {
        match self {
            Self::Io { doing, source, .. } => Some((doing, source.kind())),
            Self::Baseline(BaselineError::Io { doing, source, .. }) => Some((doing, source.kind())),
            _ => None,
        }
    }
}
