//! How many records of each source are linked with records of other sectors: in counts of which none tells of a child.

use std::collections::{BTreeMap, BTreeSet};

use event_log::Pseudonym;
use event_log::authority::sector_of;
use identity::Id;
use proto::admin::{GetMatchRatesResponse, SectorsMatched, SourceMatches};
use proto::events::event::Kind;
use proto::events::{Family, Scheme};

use crate::child::{Child, ChildError, Children};
use crate::linking;

/// A count from 1 to this is left out, and the rest are rounded: the rule of NHS England for hospital statistics.
const LEFT_OUT_MAX: u64 = 7;
const ROUNDED_TO: u64 = 5;

/// Counts over everybody who is described, as they stand now. Takes a while: every child is read once.
///
/// # Errors
/// [`ChildError`].
pub fn match_rates(children: &Children) -> Result<GetMatchRatesResponse, ChildError> {
    let mut counted = Counted::default();
    children.each_described(|_, child| {
        counted.count(child);
        counted.passed_over(children, child)
    })?;
    Ok(counted.told())
}

#[derive(Default)]
struct Counted {
    sources: BTreeMap<String, OfSource>,
    /// Children by the sectors that know them.
    sectors: BTreeMap<BTreeSet<&'static str>, u64>,
    protected: u64,
    protected_with_nhs_number: u64,
}

#[derive(Default)]
struct OfSource {
    records: u64,
    nhs_number_stated: u64,
    nhs_number_known: u64,
    linked: u64,
    for_review: u64,
    passed_over: u64,
}

/// One record: what a source says of one number of its own.
#[derive(Default)]
struct OneRecord {
    states_nhs_number: bool,
}

impl Counted {
    fn count(&mut self, child: &Child) {
        let mut records: BTreeMap<(&str, Id), OneRecord> = BTreeMap::new();
        let mut plans = 0_i64;
        for entry in &child.entries {
            match &entry.event.kind {
                Some(Kind::PersonDescribed(person)) => {
                    let states = person.identifiers.iter().any(|identifier| {
                        let stated = identifier.subject.as_ref().map(|subject| subject.scheme());
                        identifier.usable && stated == Some(Scheme::NhsNumber)
                    });
                    records.entry((&entry.source, entry.subject)).or_default().states_nhs_number |= states;
                }
                Some(Kind::ProtectionPlanStarted(_)) => plans += 1,
                Some(Kind::ProtectionPlanEnded(_)) => plans -= 1,
                _ => {}
            }
        }
        let sectors: BTreeSet<&'static str> = records.keys().filter_map(|(source, _)| sector(source)).collect();
        let nhs_number = records.values().any(|record| record.states_nhs_number);
        for ((source, subject), record) in &records {
            let of = self.sources.entry((*source).to_owned()).or_default();
            let linked = sector(source).is_some_and(|own| sectors.iter().any(|sector| *sector != own));
            let waits = child.resolution.withheld.iter().any(|(one, other, _)| one == subject || other == subject);
            of.records += 1;
            of.nhs_number_stated += u64::from(record.states_nhs_number);
            of.nhs_number_known += u64::from(nhs_number);
            of.linked += u64::from(linked);
            of.for_review += u64::from(!linked && waits);
        }
        if plans > 0 {
            self.protected += 1;
            self.protected_with_nhs_number += u64::from(nhs_number);
        }
        *self.sectors.entry(sectors).or_default() += 1;
    }

    /// Counts the records of a child for whom the linker has not looked by all that they say.
    fn passed_over(&mut self, children: &Children, child: &Child) -> Result<(), ChildError> {
        let Some(by) = children.adoptions.in_force(None)? else { return Ok(()) };
        let mut sources: BTreeMap<Id, BTreeSet<&String>> = BTreeMap::new();
        for entry in &child.entries {
            if matches!(entry.event.kind, Some(Kind::PersonDescribed(_))) {
                sources.entry(entry.subject).or_default().insert(&entry.source);
            }
        }
        for (subject, sources) in sources {
            if linking::described::passed_over(&children.store, Pseudonym(subject))?.contains(&by.event) {
                sources.into_iter().for_each(|of| self.sources.entry(of.clone()).or_default().passed_over += 1);
            }
        }
        Ok(())
    }

    fn told(self) -> GetMatchRatesResponse {
        let sources = self.sources.into_iter().map(|(source, of)| SourceMatches {
            source,
            records: rounded(of.records),
            nhs_number_stated: rounded(of.nhs_number_stated),
            nhs_number_known: rounded(of.nhs_number_known),
            linked: rounded(of.linked),
            for_review: rounded(of.for_review),
            alone: rounded(of.records.saturating_sub(of.linked + of.for_review)),
            passed_over: rounded(of.passed_over),
        });
        let all: BTreeSet<&str> = self.sectors.keys().flatten().copied().collect();
        let mut pairs = Vec::new();
        for one in &all {
            for other in all.iter().filter(|other| *other > one) {
                let of = |wanted: &[&str]| -> u64 {
                    let with =
                        self.sectors.iter().filter(|(sectors, _)| wanted.iter().all(|one| sectors.contains(one)));
                    with.map(|(_, children)| children).sum()
                };
                pairs.push(SectorsMatched {
                    one: (*one).to_owned(),
                    other: (*other).to_owned(),
                    in_one: rounded(of(&[one])),
                    in_other: rounded(of(&[other])),
                    in_both: rounded(of(&[one, other])),
                });
            }
        }
        GetMatchRatesResponse {
            sources: sources.collect(),
            sectors: pairs,
            protected: rounded(self.protected),
            protected_with_nhs_number: rounded(self.protected_with_nhs_number),
        }
    }
}

fn sector(source: &str) -> Option<&'static str> {
    match sector_of(source)? {
        Family::Education => Some("education"),
        Family::Health => Some("health"),
        Family::SocialCare => Some("social-care"),
        _ => None,
    }
}

/// A count that tells of no child: `None` where it is small. Each is rounded by itself, so that no difference between two
/// gives a small one away.
fn rounded(count: u64) -> Option<u64> {
    match count {
        0 => Some(0),
        1..=LEFT_OUT_MAX => None,
        more => Some((more + ROUNDED_TO / 2) / ROUNDED_TO * ROUNDED_TO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_count_and_no_difference_of_counts_tells_of_a_few() {
        assert_eq!(rounded(0), Some(0));
        assert!((1..=7).all(|count| rounded(count).is_none()));
        assert_eq!([8, 12, 13, 17, 18, 1_002].map(rounded), [10, 10, 15, 15, 20, 1_000].map(Some));
    }
}
