//! Those whom a child's records name: what they are to the child for whoever may know of the family, and the record itself
//! as far as the child's timeline would show it.

use std::collections::{BTreeMap, BTreeSet};

use proto::events::RelationshipRecorded;
use proto::events::event::Kind;
use proto::timeline::RelatedPerson;
use sharing::{Decision, FamilyDecision, RecordClass, Told};

use super::{Asking, both};
use crate::child::{Child, OnDay};
use crate::disclose::owed::{Owed, both_opened};
use crate::disclose::{Discloser, digest, view::OfClass};

/// People that an answer gives at most.
const PEOPLE_MAX: usize = 64;

/// The people of an answer, and what its record says of them.
pub(super) struct People {
    pub(super) shown: Vec<RelatedPerson>,
    pub(super) told: Told,
    pub(super) owed: Owed,
    records: Decision,
    family: FamilyDecision,
}

impl People {
    pub(super) fn decide(discloser: &Discloser, asking: &Asking<'_>, child: &Child, on_day: &OnDay) -> Self {
        let named = child.entries.iter().filter_map(|entry| match &entry.event.kind {
            Some(Kind::RelationshipRecorded(recorded)) => Some((entry, recorded)),
            _ => None,
        });
        let named: Vec<_> =
            named.map(|(entry, recorded)| (discloser.class_of(entry, &on_day.facts), entry, recorded)).collect();
        let (engine, cache, request) = (&discloser.engine, &discloser.cache, &asking.request);
        let classes = named.iter().map(|(class, ..)| class);
        let records = sharing::decide_cached(engine, cache, request, &on_day.facts, asking.registry, classes);
        let placeless: BTreeMap<&RecordClass, RecordClass> =
            named.iter().map(|(class, ..)| (class, class.clone().telling_no_place())).collect();
        let family = discloser.family(asking, &on_day.facts, placeless.values());
        let (mut shown, mut of_records, mut of_family) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for (class, entry, recorded) in &named {
            let known = placeless.get(class).filter(|class| family.permits(class));
            let of = OfClass::of(class, &records, asking.registry, &discloser.hub_contact, on_day.valid_on);
            let record = of.and_then(|of| of.show(entry));
            if (known.is_none() && record.is_none()) || shown.len() == PEOPLE_MAX {
                continue;
            }
            of_family.extend(known);
            let mut person = known.map(|_| known_of(recorded)).unwrap_or_default();
            if known.is_some() && records.may_name_source(class) {
                person.organisation = entry.controller.clone();
            }
            if let Some(record) = record {
                of_records.insert(class);
                person = with_record(person, record);
            }
            shown.push(person);
        }
        let told = both(records.told(of_records.iter().copied()), family.told(of_family.iter().copied()));
        let owed_for_records = records.obligations().filter(|_| !of_records.is_empty());
        let owed_for_family = family.obligations().filter(|_| !of_family.is_empty());
        let owed = Owed::of(
            owed_for_records.chain(owed_for_family),
            &records.rests_on(of_records.iter().copied()) | &family.rests_on(of_family.iter().copied()),
            both_opened(
                records.opened_by_glass(of_records.iter().copied()),
                family.opened_by_glass(of_family.iter().copied()),
            ),
        );
        Self { shown, told, owed, records, family }
    }

    pub(super) fn outcomes_digest(&self) -> [u8; 16] {
        digest::sixteen([self.records.outcomes_digest(), self.family.outcomes_digest()])
    }
}

/// What somebody is to the child, and nothing by which they could be found.
fn known_of(recorded: &RelationshipRecorded) -> RelatedPerson {
    RelatedPerson {
        kind: recorded.kind.unwrap_or_default(),
        parental_responsibility: recorded.parental_responsibility.clone(),
        lives_with_child: recorded.lives_with_child,
        since_on: recorded.since_on,
        until_on: recorded.until_on,
        ..RelatedPerson::default()
    }
}

/// With the record as the timeline shows it.
fn with_record(person: RelatedPerson, record: proto::timeline::Entry) -> RelatedPerson {
    let Some(Kind::RelationshipRecorded(recorded)) = record.event.and_then(|event| event.kind) else { return person };
    let known = if person == RelatedPerson::default() { known_of(&recorded) } else { person };
    RelatedPerson { recorded: Some(*recorded), organisation: record.organisation, withheld: record.withheld, ..known }
}
