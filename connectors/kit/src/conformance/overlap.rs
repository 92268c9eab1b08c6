//! Submissions of one source that overlap: sent again, sent in another order, taken in by a process that dies.

use std::collections::BTreeMap;

use event_log::EntryId;
use proto::events::Body;

use super::History;
use crate::collected::Collected;
use crate::connector::{Connector, Descriptor};

/// Above so many submissions not every order is tried, but each turn of the list and of its reverse.
const ALL_ORDERS_MAX: usize = 4;

/// Files of one submission by name.
pub type Files<'a> = &'a [(&'a str, &'a [u8])];

/// Holds a connector to what must be true of submissions of one source that overlap: earlier and later ones, with records in
/// common, some changed, some gone. They are given as they were made, the earliest first: one whose files do not say when it
/// stood so takes its time from its place.
///
/// - A submission that comes again adds nothing: neither at once, nor after all the others.
/// - Whatever order they come in, the same statements stand.
/// - A process that dies before the log has anything of a submission, after half and after all of it, and begins again, leaves
///   what one leaves that did not die.
/// - No two statements share an id.
///
/// ```text
/// check_overlapping(&CinCensus, &[&[("CIN_2024.xml", LAST_YEAR)], &[("CIN_2025.xml", THIS_YEAR)]]);
/// ```
///
/// # Panics
/// When the connector does not hold it: this is for tests.
pub fn check_overlapping(connector: &dyn Connector, submissions: &[Files<'_>]) {
    let problems = problems_of_overlapping(connector, submissions);
    assert!(problems.is_empty(), "{}: {}", connector.descriptor().name, problems.join("\n"));
}

/// What a connector does not hold of submissions that overlap; nothing when all is well.
pub fn problems_of_overlapping(connector: &dyn Connector, submissions: &[Files<'_>]) -> Vec<String> {
    let said: Vec<Collected> = submissions.iter().map(|files| Collected::of(connector, files)).collect();
    let of = Overlapping { connector: connector.descriptor(), said: &said };
    let mut problems = Vec::new();
    of.overlap(&mut problems);
    let expected = of.stands(&(0..said.len()).collect::<Vec<_>>(), &mut problems);
    for order in orders(said.len()) {
        let stands = of.stands(&order, &mut problems);
        of.compare(&expected, &stands, &format!("in the order {}", told(&order)), &mut problems);
    }
    of.dies(&expected, &mut problems);
    problems
}

struct Overlapping<'a> {
    connector: Descriptor,
    said: &'a [Collected],
}

type Stands = BTreeMap<EntryId, Body>;

impl Overlapping<'_> {
    fn take_in(&self, history: &mut History, at: usize) -> usize {
        self.said.get(at).map_or(0, |said| history.take_in(self.connector, said, as_of_us(at)).len())
    }

    /// Each says something, and something of an entry of which another says something too: else no order is tried.
    fn overlap(&self, problems: &mut Vec<String>) {
        let mut alone: Vec<Stands> = Vec::new();
        for at in 0..self.said.len() {
            let mut history = History::default();
            self.take_in(&mut history, at);
            alone.push(history.stands());
        }
        for (at, stands) in alone.iter().enumerate() {
            let others = || alone.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, stands)| stands);
            if !stands.keys().any(|id| others().any(|other| other.contains_key(id))) {
                problems.push(format!("submission {} has no record in common with another", at + 1));
            }
            if others().any(|other| other == stands) {
                problems.push(format!("submission {} says what another says", at + 1));
            }
        }
    }

    /// What stands after they came in this order, each twice and all once more.
    fn stands(&self, order: &[usize], problems: &mut Vec<String>) -> Stands {
        let mut history = History::default();
        for at in order {
            self.take_in(&mut history, *at);
            let added = self.take_in(&mut history, *at);
            if added > 0 {
                let (submission, order) = (at + 1, told(order));
                problems.push(format!("submission {submission}, again in the order {order}, adds {added} statements"));
            }
        }
        for at in order {
            let added = self.take_in(&mut history, *at);
            if added > 0 {
                let (submission, order) = (at + 1, told(order));
                problems.push(format!("submission {submission}, again after {order}, adds {added} statements"));
            }
        }
        if history.contradicted() > 0 {
            let (order, times) = (told(order), history.contradicted());
            problems.push(format!("in the order {order}, {times} statements have the id of another"));
        }
        history.stands()
    }

    /// Dies in each submission in turn, with none, half and all of it published.
    fn dies(&self, expected: &Stands, problems: &mut Vec<String>) {
        for dying in 0..self.said.len() {
            for share in 0..=2 {
                let mut history = History::default();
                (0..dying).for_each(|at| {
                    self.take_in(&mut history, at);
                });
                if let Some(said) = self.said.get(dying) {
                    let all = history.clone().take_in_and_die(self.connector, said, as_of_us(dying), 0);
                    history.take_in_and_die(self.connector, said, as_of_us(dying), all * share / 2);
                }
                (dying..self.said.len()).for_each(|at| {
                    self.take_in(&mut history, at);
                });
                let killed = format!("killed in submission {} with {share} halves of it published", dying + 1);
                self.compare(expected, &history.stands(), &killed, problems);
                if history.contradicted() > 0 {
                    problems.push(format!("{killed}, it says other things under the same ids when it begins again"));
                }
            }
        }
    }

    /// Names kinds and keys of the first that differ: the records of a test are invented.
    fn compare(&self, expected: &Stands, stands: &Stands, how: &str, problems: &mut Vec<String>) {
        let ids = expected.keys().chain(stands.keys().filter(|id| !expected.contains_key(id)));
        let differ: Vec<_> = ids.filter(|id| expected.get(id) != stands.get(id)).collect();
        let Some(id) = differ.first() else { return };
        let what = match (expected.get(id), stands.get(id)) {
            (Some(body), None) => format!("{} is gone", body.record_key),
            (None, Some(body)) => format!("{} is there beside", body.record_key),
            (Some(body), _) => format!("{} says something else", body.record_key),
            (None, None) => String::new(),
        };
        problems.push(format!("{how}, {} entries stand otherwise: {what}", differ.len()));
    }
}

fn as_of_us(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

fn told(order: &[usize]) -> String {
    order.iter().map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(" ")
}

/// Every order of so many, or enough of them.
pub(super) fn orders(count: usize) -> Vec<Vec<usize>> {
    if count > ALL_ORDERS_MAX {
        let turns = (0..count).map(|by| (0..count).map(|at| (at + by) % count).collect::<Vec<_>>());
        return turns.flat_map(|turn| [turn.iter().rev().copied().collect(), turn]).collect();
    }
    let mut orders = vec![Vec::new()];
    for _ in 0..count {
        let longer = |order: Vec<usize>| {
            let others = (0..count).filter(|at| !order.contains(at)).collect::<Vec<_>>();
            others.into_iter().map(move |at| [order.as_slice(), &[at]].concat())
        };
        orders = orders.into_iter().flat_map(longer).collect();
    }
    orders
}
