//! What was given to whom while two subjects were held to be one child.
//!
//! The record of a disclosure names three subjects and has a digest of all. Who was held to be one child is a function of what had
//! been published, so it is worked out again for each time at which it can have changed, and the digests tell which of these each
//! disclosure rested on. Only the books of the subjects concerned are read, from when the link came about.

use std::collections::{BTreeMap, BTreeSet};

use event_log::Pseudonym;
use identity::Id;
use proto::disclosure::Disclosure;
use proto::identity::Release;
use proto::sharing::Call;

use super::pairs::Matter;
use super::side_by_side::timestamp;
use crate::child::{ChildError, Children};
use crate::disclose::decision_id::BOOKS;
use crate::disclose::digest::sixteen;

/// Times at which it is worked out who was one child: a pair of whom more was published has been looked at since.
const TIMES_MAX: usize = 400;

/// The clocks of nodes may be this far apart, and a watched timeline's batch be this old when it is recorded.
pub(crate) const CLOCKS_APART_US: i64 = 120_000_000;

/// Two subjects, and when they were held to be one child.
pub(crate) struct Link {
    /// The digest of every set of subjects that was held to be one child, and whether it held both sides.
    by_digest: BTreeMap<[u8; 16], bool>,
    /// Everybody by whom the two can have been asked for as one child.
    asked_by: BTreeSet<Id>,
    sides: [BTreeSet<Id>; 2],
    /// When they first were, and last, microseconds since 1970; nothing where they never were.
    pub(crate) held: Option<(i64, Option<i64>)>,
}

/// When two subjects were held to be one child, and as which sets of subjects.
pub(crate) fn link(children: &Children, matter: &Matter) -> Result<Link, ChildError> {
    let sides = if matter.is_linked {
        // Undone, each keeps what is its own.
        [BTreeSet::from([matter.pair.0]), BTreeSet::from([matter.pair.1])]
    } else {
        matter.sides.each_ref().map(|side| side.names.keys().copied().collect())
    };
    let mut link = Link { by_digest: BTreeMap::new(), asked_by: BTreeSet::new(), sides, held: None };
    let mut times: BTreeSet<i64> = BTreeSet::new();
    for subject in [matter.pair.0, matter.pair.1] {
        times.extend(children.around(Pseudonym(subject), None)?.identity_changed_us());
    }
    for at_us in times.into_iter().rev().take(TIMES_MAX).collect::<BTreeSet<_>>() {
        let mut together = false;
        for subject in [matter.pair.0, matter.pair.1] {
            let around = children.around(Pseudonym(subject), Some(at_us))?;
            if !around.is_whole {
                continue;
            }
            let cluster = identity::resolve(subject, &around.evidence).subjects;
            let both = link.sides.iter().all(|side| side.iter().any(|id| cluster.contains(id)));
            link.by_digest.insert(sixteen(cluster.iter()), both);
            if both {
                link.asked_by.extend(cluster);
            }
            together |= both;
        }
        link.held = match (link.held, together) {
            (None, true) => Some((at_us, None)),
            (Some((from, _)), true) => Some((from, None)),
            (Some((from, None)), false) => Some((from, Some(at_us))),
            (held, false) => held,
        };
    }
    Ok(link)
}

impl Link {
    /// The books in which what was asked of them is.
    pub(crate) fn books(&self) -> BTreeSet<u8> {
        self.asked_by.iter().map(|[first, ..]| first % BOOKS).collect()
    }

    /// Clocks apart, the two were held to be one child at this time.
    fn was_held_around(&self, at_us: i64) -> bool {
        let Some((from, to)) = self.held else { return false };
        at_us >= from.saturating_sub(CLOCKS_APART_US) && to.is_none_or(|to| at_us <= to.saturating_add(CLOCKS_APART_US))
    }

    /// Whether a decision released something of both sides as one child: surely, perhaps, or (`None`) not.
    fn held_under(&self, at_us: i64, decision: &Disclosure) -> Option<bool> {
        let asked: Id = decision.subjects.first()?.as_slice().try_into().ok()?;
        let releases = matches!(
            decision.call(),
            Call::Unspecified
                | Call::GetTimeline
                | Call::WatchTimeline
                | Call::GetInvolvement
                | Call::GetFamily
                | Call::ListFacts
        );
        let gave = decision.entries_released > 0 || decision.lines_released > 0;
        if !releases || !gave || !decision.operator_command.is_empty() || !self.asked_by.contains(&asked) {
            return None;
        }
        let digest = <[u8; 16]>::try_from(decision.subjects_digest.as_slice()).ok();
        match digest.and_then(|digest| self.by_digest.get(&digest)) {
            Some(both) => both.then_some(true),
            None if !self.was_held_around(at_us) => None,
            None => {
                let named =
                    |side: &BTreeSet<Id>| decision.subjects.iter().any(|id| side.iter().any(|own| own[..] == id[..]));
                Some(self.sides.iter().all(named))
            }
        }
    }
}

/// Those of some decisions that released something of both sides as one child.
pub(crate) fn releases(link: &Link, decisions: Vec<(i64, Disclosure)>) -> Vec<Release> {
    let of = |(at_us, decision): (i64, Disclosure)| {
        let certain = link.held_under(at_us, &decision)?;
        Some(Release {
            at: Some(timestamp(at_us)),
            purpose: decision.purpose,
            // A record without one is from when there were timelines only.
            call: if decision.call == 0 { Call::GetTimeline.into() } else { decision.call },
            classes_full: decision.classes_full,
            classes_redacted: decision.classes_redacted,
            classes_existence: decision.classes_existence,
            entries: decision.entries_released,
            lines: decision.lines_released,
            decision_id: decision.decision_id,
            organisation: decision.organisation,
            person: decision.person,
            certain,
        })
    };
    decisions.into_iter().filter_map(of).collect()
}
