//! What people did about a pair of subjects, in order, and which of it counts.

use std::collections::BTreeMap;

use event_log::Position;
use event_log::seal::PseudonymKey;
use identity::Id;
use proto::events::event::Kind;
use proto::events::{Review, Subject, Verdict};
use timeline::Said;

/// Two subjects, the smaller id first.
pub(crate) type Pair = (Id, Id);

/// The pair of these two.
pub(crate) fn pair(one: Id, other: Id) -> Pair {
    if one <= other { (one, other) } else { (other, one) }
}

/// Something that somebody did about a pair.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Step {
    pub(crate) pair: Pair,
    /// Whose event it is; of a number that was superseded the one that stands.
    pub(crate) subject: Id,
    pub(crate) published_at_us: i64,
    pub(crate) offset: u64,
    pub(crate) event: Id,
    pub(crate) verdict: Verdict,
    /// Proposed, and not decided.
    pub(crate) is_proposal: bool,
    pub(crate) expires_at_us: Option<i64>,
    pub(crate) person: String,
    pub(crate) reason: String,
    /// How it came about; nothing of what was recorded outside a review.
    pub(crate) review: Option<Review>,
    /// Another came between, so it says nothing.
    pub(crate) is_overtaken: bool,
}

impl Step {
    /// What an event says of a pair, if it is of one.
    pub(crate) fn of(position: &Position, said: &Said, pseudonyms: &PseudonymKey) -> Option<Self> {
        let kind = said.body.event.as_ref().and_then(|event| event.kind.as_ref())?;
        let (other, verdict, by, reason, review) = match kind {
            Kind::SubjectsLinked(it) => (&it.other, Verdict::Link, &it.decided_by, &it.reason, &it.review),
            Kind::SubjectsUnlinked(it) => (&it.other, Verdict::Unlink, &it.decided_by, &it.reason, &it.review),
            Kind::PairLeftOpen(it) => (&it.other, Verdict::Leave, &it.decided_by, &it.reason, &it.review),
            Kind::DecisionProposed(it) => (&it.other, it.verdict(), &it.proposed_by, &it.reason, &it.review),
            // The issuer's own replacement is no decision about a pair.
            Kind::IdentifierSuperseded(it) if it.decided_by.is_some() && is_of_one_issuer(said, &it.superseded) => {
                (&it.superseded, Verdict::Supersede, &it.decided_by, &it.reason, &it.review)
            }
            _ => return None,
        };
        let expires_at_us = match kind {
            Kind::DecisionProposed(it) => it.expires_at.as_ref().map(|at| at.seconds.saturating_mul(1_000_000)),
            _ => None,
        };
        let other: &Subject = other.as_ref()?;
        Some(Self {
            pair: pair(said.subject, pseudonyms.of(other).0),
            subject: said.subject,
            published_at_us: said.published_at_us,
            offset: position.offset,
            event: said.event_id,
            verdict,
            is_proposal: matches!(kind, Kind::DecisionProposed(_)),
            expires_at_us,
            person: by.clone().unwrap_or_default(),
            reason: reason.clone().unwrap_or_default(),
            review: review.clone(),
            is_overtaken: false,
        })
    }

    /// It decided something, and nothing came between.
    pub(crate) fn counts(&self) -> bool {
        !self.is_proposal && !self.is_overtaken
    }

    /// Where it was proposed or decided, as the certificate of who did it had it.
    pub(crate) fn organisation(&self) -> &str {
        self.review.as_ref().map_or("", Review::organisation)
    }

    /// Whoever proposed it can still be confirmed by another.
    pub(crate) fn is_open(&self, now_us: i64) -> bool {
        self.is_proposal && !self.is_overtaken && self.expires_at_us.is_none_or(|at| at > now_us)
    }
}

/// A number takes the place of another of its own issuer, and of nobody else's.
fn is_of_one_issuer(said: &Said, superseded: &Option<Subject>) -> bool {
    matches!((&said.body.subject, superseded), (Some(one), Some(other)) if one.scheme == other.scheme && one.issuer == other.issuer)
}

/// Puts steps in the order in which the log took them, and marks those that were overtaken: a step of a review says which
/// step of its pair was the last that its author had seen. So of two who decide at once, on whichever nodes, one counts.
pub(crate) fn in_order(mut steps: Vec<Step>) -> Vec<Step> {
    // A pair's steps of a review are all in one partition, so offsets tell which of two of one moment was first.
    steps.sort_by_key(|step| (step.published_at_us, step.offset, step.event));
    let mut last: BTreeMap<Pair, Id> = BTreeMap::new();
    for step in &mut steps {
        if let Some(review) = &step.review {
            let seen = last.get(&step.pair).map_or(&[][..], |id| id.as_slice());
            step.is_overtaken = review.follows() != seen;
        }
        if !step.is_overtaken {
            last.insert(step.pair, step.event);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn step(at: i64, event: u8, verdict: Verdict, follows: Option<&[u8]>) -> Step {
        Step {
            pair: ([1; 16], [2; 16]),
            subject: [1; 16],
            published_at_us: at,
            offset: u64::from(event),
            event: [event; 16],
            verdict,
            is_proposal: false,
            expires_at_us: None,
            person: String::new(),
            reason: String::new(),
            review: follows.map(|follows| Review { follows: Some(follows.to_vec()), ..Review::default() }),
            is_overtaken: false,
        }
    }

    #[test]
    fn of_two_who_decide_at_once_the_first_counts() {
        let first = step(5, 1, Verdict::Link, Some(&[]));
        let second = step(5, 2, Verdict::Unlink, Some(&[]));
        let third = step(6, 3, Verdict::Unlink, Some(&[1; 16]));
        let told = |steps: Vec<Step>| in_order(steps).iter().map(Step::counts).collect::<Vec<_>>();
        assert_eq!(told(vec![second.clone(), third.clone(), first.clone()]), [true, false, true]);
        // What an operator recorded asks nobody, and a reviewer who had not seen it is overtaken by it.
        assert_eq!(told(vec![step(1, 9, Verdict::Link, None), first]), [true, false]);
    }

    #[test]
    fn a_proposal_lapses_at_its_time_and_decides_nothing() {
        let proposed = Step { is_proposal: true, expires_at_us: Some(10), ..step(1, 1, Verdict::Link, Some(&[])) };
        assert!(proposed.is_open(9) && !proposed.is_open(10) && !proposed.counts());
        let overtaken = Step { is_overtaken: true, ..proposed };
        assert!(!overtaken.is_open(9));
        assert!(!step(1, 1, Verdict::Link, Some(&[])).is_open(0), "a decision is no proposal");
    }

    proptest! {
        #[test]
        fn what_counts_does_not_depend_on_the_order_of_reading(
            events in proptest::collection::vec((0..4_i64, 0..4_u8), 1..8), at in 0..7_usize,
        ) {
            let follows: Vec<Vec<u8>> = vec![vec![], vec![1; 16], vec![2; 16], vec![3; 16]];
            let steps: Vec<Step> = (1_u8..)
                .zip(&events)
                .map(|(event, (at, of))| step(*at, event, Verdict::Link, Some(&follows[usize::from(*of)])))
                .collect();
            let mut turned = steps.clone();
            turned.rotate_left(at % steps.len());
            prop_assert_eq!(in_order(steps), in_order(turned));
        }
    }
}
