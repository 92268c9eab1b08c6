//! The queue in numbers: of what a reviewer may be shown, and of nothing else.

use std::collections::{BTreeMap, BTreeSet};

use proto::events::{Verdict, Why};
use proto::identity::{GetStatisticsResponse, SourceStatistics, Standing, Waiting};

use super::Kept;

const DAY_US: i64 = 86_400_000_000;

/// Counts over what may be shown, each with whose records may be told, at a moment.
pub(crate) fn statistics<'a>(
    shown: impl IntoIterator<Item = (&'a Kept, &'a BTreeSet<String>)>,
    now_us: i64,
) -> GetStatisticsResponse {
    let mut counted = GetStatisticsResponse::default();
    let mut waiting: BTreeMap<Why, Waiting> = BTreeMap::new();
    let mut sources: BTreeMap<&str, SourceStatistics> = BTreeMap::new();
    let mut took_us: Vec<i64> = Vec::new();
    for (kept, organisations) in shown {
        let standing = kept.standing(now_us);
        let waits = matches!(standing, Standing::Waiting | Standing::Proposed);
        counted.waiting_total += u32::from(waits);
        counted.proposed += u32::from(standing == Standing::Proposed);
        counted.left_open += u32::from(standing == Standing::LeftOpen);
        for why in kept.why.iter().filter(|_| waits) {
            let of = waiting.entry(*why).or_insert_with(|| Waiting { why: (*why).into(), ..Waiting::default() });
            let aged = match now_us.saturating_sub(kept.waiting_since_us) {
                ..DAY_US => &mut of.under_a_day,
                age if age < 7 * DAY_US => &mut of.under_a_week,
                age if age < 30 * DAY_US => &mut of.under_a_month,
                _ => &mut of.longer,
            };
            *aged += 1;
        }
        let count = |verdicts: &[Verdict]| {
            let of = kept.decided.iter().filter(|decided| verdicts.contains(&decided.verdict));
            u32::try_from(of.count()).unwrap_or(u32::MAX)
        };
        let (linked, unlinked) = (count(&[Verdict::Link, Verdict::Supersede]), count(&[Verdict::Unlink]));
        counted.linked += linked;
        counted.unlinked += unlinked;
        counted.overturned += kept.decided.iter().map(|decided| u32::from(decided.is_overturned)).sum::<u32>();
        took_us.extend(kept.decided.first().map(|decided| decided.at_us.saturating_sub(kept.waiting_since_us).max(0)));
        for controller in organisations {
            let of = sources.entry(controller).or_default();
            of.organisation.clone_from(controller);
            of.waiting += u32::from(waits);
            of.left_open += u32::from(standing == Standing::LeftOpen);
            of.linked += linked;
            of.unlinked += unlinked;
        }
    }
    took_us.sort_unstable();
    let median_us = took_us.get(took_us.len() / 2).copied();
    counted.decide_seconds_median = median_us.map(|us| u64::try_from(us / 1_000_000).unwrap_or_default());
    counted.waiting = waiting.into_values().collect();
    counted.sources = sources.into_values().collect();
    counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identities::queue::Decided;

    fn kept(why: &[Why], standing: Standing, waiting_since_us: i64, decided: &[(i64, Verdict, bool)]) -> Kept {
        let decided = decided.iter().map(|(at_us, verdict, is_overturned)| Decided {
            event: [0; 16],
            at_us: *at_us,
            verdict: *verdict,
            is_overturned: *is_overturned,
        });
        Kept {
            pair: ([1; 16], [2; 16]),
            item: [3; 16],
            why: why.iter().copied().collect(),
            waiting_since_us,
            standing,
            proposal_lapses_us: None,
            controllers: BTreeSet::new(),
            of_the_services: None,
            decided: decided.collect(),
        }
    }

    #[test]
    fn what_waits_is_counted_by_its_age_and_what_was_decided_by_how_soon() {
        const NOW_US: i64 = 100 * DAY_US;
        let waits = |days: i64, why: &[Why]| kept(why, Standing::Waiting, NOW_US - days * DAY_US, &[]);
        let second_us = 1_000_000;
        let all = [
            waits(0, &[Why::Twins]),
            waits(6, &[Why::Twins, Why::Possible]),
            waits(7, &[Why::Possible]),
            waits(30, &[Why::Possible]),
            kept(&[Why::Possible], Standing::LeftOpen, 0, &[]),
            kept(
                &[],
                Standing::Linked,
                0,
                &[(5 * second_us, Verdict::Unlink, true), (9 * second_us, Verdict::Link, false)],
            ),
            kept(&[], Standing::Unlinked, 0, &[(7 * second_us, Verdict::Unlink, false)]),
            kept(&[], Standing::Linked, 0, &[(90 * second_us, Verdict::Supersede, false)]),
        ];
        let organisations = BTreeSet::from(["council".to_owned()]);
        let counted = statistics(all.iter().map(|kept| (kept, &organisations)), NOW_US);
        let ages: Vec<_> = counted
            .waiting
            .iter()
            .map(|line| (line.why(), [line.under_a_day, line.under_a_week, line.under_a_month, line.longer]))
            .collect();
        assert_eq!(ages, [(Why::Twins, [1, 1, 0, 0]), (Why::Possible, [0, 1, 1, 1])]);
        assert_eq!((counted.waiting_total, counted.left_open, counted.linked, counted.unlinked), (4, 1, 2, 2));
        assert_eq!((counted.overturned, counted.decide_seconds_median), (1, Some(7)));
        let [council] = counted.sources.as_slice() else { panic!("{:?}", counted.sources) };
        assert_eq!((council.waiting, council.linked, council.unlinked, council.left_open), (4, 2, 2, 1));
        assert_eq!(statistics([], NOW_US), GetStatisticsResponse::default());
    }
}
