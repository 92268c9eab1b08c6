//! Who of a child's people a reader is, who is not staff: by what was recorded of them, and never by what their token says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use proto::events::event::Kind;
use proto::sharing::NamedPerson;
use proto::sharing::family_person_recognised::Relation;

use crate::days::{first_day, last_day};
use crate::facts::versions::Stated;
use crate::vocabulary::PersonKind;

/// The token's issuer, and the person as it names them.
type Name<'s> = (&'s str, &'s str);

/// The people of a child on one day.
#[derive(Clone, Debug, Default)]
pub(crate) struct People(BTreeMap<(String, String), PersonKind>);

impl People {
    /// What opens takes effect on the last day that its date can mean, what ends on the first; of both on one day, the end. A
    /// recognition, and a verification of parental responsibility, without evidence or without the name of who saw it is none.
    /// Nobody lets a reader in alone: the young person themself is recognised by two, and whoever verifies responsibility is
    /// another than whoever recognised the parent.
    pub(crate) fn fold(stated: &[Stated], valid_on: Date) -> Self {
        let mut recognised: Vec<(Name<'_>, &str, Relation, &str, Date)> = Vec::new();
        let mut verified: BTreeMap<(Name<'_>, &str), Date> = BTreeMap::new();
        let mut ended: BTreeMap<&str, Date> = BTreeMap::new();
        let mut lost: BTreeMap<Name<'_>, Date> = BTreeMap::new();
        for event in stated {
            let opens = |on: &Option<_>| on.as_ref().map_or(event.published_on, last_day).filter(|on| *on <= valid_on);
            // An end whose day cannot be read is one today.
            let ends = |on: &Option<_>| {
                let on = on.as_ref().map_or(event.published_on, first_day).unwrap_or(valid_on);
                Some(on).filter(|on| *on <= valid_on)
            };
            match &event.event.kind {
                Some(Kind::FamilyPersonRecognised(said)) => {
                    let vouched = is_said(said.evidence()) && is_said(said.recognised_by()) && is_said(said.id());
                    if let (Some(name), Some(on), true) = (name(&said.person), opens(&said.on), vouched) {
                        recognised.push((name, said.id(), said.relation(), said.recognised_by().trim(), on));
                    }
                }
                Some(Kind::FamilyPersonEnded(said)) => latest(&mut ended, Some(said.id()), ends(&said.on)),
                Some(Kind::ParentalResponsibilityVerified(said)) => {
                    let vouched = is_said(said.evidence()) && is_said(said.verified_by());
                    let named = name(&said.person).filter(|_| vouched);
                    latest(&mut verified, named.map(|name| (name, said.verified_by().trim())), opens(&said.on));
                }
                Some(Kind::ParentalResponsibilityEnded(said)) => latest(&mut lost, name(&said.person), ends(&said.on)),
                _ => {}
            }
        }
        let mut relations: BTreeMap<Name<'_>, BTreeSet<Relation>> = BTreeMap::new();
        let mut hands: BTreeMap<Name<'_>, BTreeSet<&str>> = BTreeMap::new();
        for (name, id, relation, by, on) in recognised {
            if ended.get(id).is_none_or(|ended| *ended < on) {
                relations.entry(name).or_default().insert(relation);
                hands.entry(name).or_default().insert(by);
            }
        }
        let by_another =
            |name: Name<'_>, by: &str| hands.get(&name).is_some_and(|hands| hands.iter().any(|one| *one != by));
        let holds = |name: Name<'_>| {
            let stands = |since: &Date| lost.get(&name).is_none_or(|lost| lost < since);
            verified.iter().any(|((of, by), since)| *of == name && stands(since) && by_another(name, by))
        };
        let by_two = |name: Name<'_>| hands.get(&name).is_some_and(|hands| hands.len() > 1);
        let kind = |name: Name<'_>, relations: &BTreeSet<Relation>| match relations.first() {
            // Recorded as two different things: nobody, until somebody puts it right.
            _ if relations.len() > 1 => PersonKind::Unknown,
            Some(Relation::Subject) if by_two(name) => PersonKind::Subject,
            Some(Relation::Parent | Relation::Carer) if holds(name) => PersonKind::ParentPr,
            Some(Relation::Parent) => PersonKind::ParentNoPr,
            Some(Relation::Carer) => PersonKind::Carer,
            Some(Relation::Subject | Relation::Unspecified) | None => PersonKind::Unknown,
        };
        let people = relations.iter().map(|(name, of)| ((name.0.to_owned(), name.1.to_owned()), kind(*name, of)));
        Self(people.collect())
    }

    /// Everybody of whom it is recorded whom they are: by issuer and name.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.keys().map(|(issuer, person)| (issuer.as_str(), person.as_str()))
    }

    /// Whom this person is to the child.
    pub(crate) fn kind(&self, issuer: &str, person: &str) -> PersonKind {
        let named = (issuer.to_owned(), person.to_owned());
        self.0.get(&named).copied().unwrap_or(PersonKind::Unknown)
    }
}

fn is_said(text: &str) -> bool {
    !text.trim().is_empty()
}

/// Somebody who is named in full.
fn name(person: &Option<NamedPerson>) -> Option<Name<'_>> {
    let person = person.as_ref()?;
    (is_said(person.issuer()) && is_said(person.person())).then(|| (person.issuer(), person.person()))
}

fn latest<K: Ord>(days: &mut BTreeMap<K, Date>, of: Option<K>, on: Option<Date>) {
    if let (Some(of), Some(on)) = (of, on) {
        let known = days.entry(of).or_insert(on);
        *known = (*known).max(on);
    }
}
