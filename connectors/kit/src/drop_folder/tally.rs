//! What one submission came to.

use std::collections::BTreeMap;

use proto::quarantine::Reason;
use runtime::metrics;

use crate::connector::Rejection;
use crate::publish::Published;
use crate::run::SourceCounts;

/// Added to what the source has counted once all of it is dealt with: what is tried again counts once.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) files: usize,
    pub(super) records: u64,
    pub(super) events: u64,
    pub(super) findings: u64,
    pub(super) rejected: u64,
    /// Events of erased subjects, which were not published.
    pub(super) erased: u64,
    /// States that later submissions have overtaken.
    pub(super) superseded: u64,
    pub(super) retractions_held: usize,
    /// Of what was rejected, by reason.
    pub(super) reasons: BTreeMap<Reason, u64>,
}

impl Tally {
    /// Counts what was published.
    pub(super) fn published(&mut self, published: Published) {
        self.events += published.events;
        self.erased += published.erased;
    }

    /// Counts what was rejected.
    pub(super) fn refused(&mut self, rejections: &[Rejection]) {
        self.rejected += rejections.len() as u64;
        for rejection in rejections {
            *self.reasons.entry(rejection.reason).or_default() += 1;
        }
    }

    /// Adds it to what the source has counted.
    pub(super) fn count(&self, counts: &SourceCounts) {
        for (counter, count) in [
            (&counts.records, self.records),
            (&counts.events, self.events),
            (&counts.findings, self.findings),
            (&counts.rejected, self.rejected),
            (&counts.erased, self.erased),
            (&counts.superseded, self.superseded),
        ] {
            SourceCounts::add(counter, count);
        }
    }

    /// Adds it to the metrics.
    pub(super) fn measure(&self, source: &str) {
        metrics::RECORDS.add(self.records, [source]);
        metrics::FINDINGS.add(self.findings, [source]);
        metrics::RETRACTIONS_HELD.add(self.retractions_held as u64, [source]);
        for (reason, count) in &self.reasons {
            metrics::REJECTED.add(*count, [source, reason.name()]);
        }
    }

    /// Tells the operator. Names of files may name children: the folder that they were picked up into stands for them.
    pub(super) fn tell(&self, source: &str, picked_up: &str) {
        let Self { files, records, events, findings, rejected, retractions_held, .. } = *self;
        tracing::info!(
            source,
            picked_up,
            files,
            records,
            events,
            findings,
            rejected,
            retractions_held,
            "dealt with a submission"
        );
    }
}
