//! Who can see what of a child's records, as the rules are and as things stand: everybody whom anything on record of the child could let
//! in, asked one by one.
//!
//! Whoever works with the child, whoever was named for the child in something that opens a record, and the people of the family. Nobody
//! else sees anything: that is proved of the rules (I4).

use std::collections::{BTreeMap, BTreeSet};

use crate::classify::RecordClass;
use crate::decide::{DecisionCache, decide_cached};
use crate::engine::Engine;
use crate::facts::ChildFacts;
use crate::registry::Registry;
use crate::request::{Principal, Request};
use crate::vocabulary::{FieldGroup, Involvement, Outcome, PersonKind, Purpose, RoleGroup, Vocabulary};

/// What somebody gets of one class.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CanSee {
    /// The organisation; empty of the family.
    pub organisation: String,
    /// Of those whom something of their own name lets in, who; empty where it is anybody of the organisation.
    pub person: String,
    /// Whom of the family it is.
    pub family: Option<PersonKind>,
    /// How closely the organisation works with the child.
    pub involvement: Involvement,
    /// Any one of these roles.
    pub roles: BTreeSet<RoleGroup>,
    /// For any one of these purposes.
    pub purposes: BTreeSet<Purpose>,
    /// How much.
    pub outcome: Outcome,
    /// What is taken out.
    pub withheld: BTreeSet<FieldGroup>,
    /// The rules that give it, by id.
    pub rules: BTreeSet<String>,
}

/// Of one class: how much, by how much, for which purposes, and by which rules.
type Answers = BTreeMap<(Outcome, BTreeSet<FieldGroup>), (BTreeSet<Purpose>, BTreeSet<String>)>;

/// Everybody who sees something of these classes, by class: staff who hold one role, at the moment of asking (microseconds since 1970).
pub fn who_can_see<'c>(
    engine: &Engine,
    cache: &DecisionCache,
    (facts, registry): (&ChildFacts, &Registry),
    asked_at_us: i64,
    classes: &BTreeSet<&'c RecordClass>,
) -> BTreeMap<&'c RecordClass, Vec<CanSee>> {
    let asking = Asking { engine, cache, facts, registry, asked_at_us, classes };
    let mut found: BTreeMap<&RecordClass, Vec<CanSee>> = classes.iter().map(|class| (*class, Vec::new())).collect();
    let mut put = |class: &'c RecordClass, can_see: CanSee| found.entry(class).or_default().push(can_see);
    let named: BTreeSet<(&str, Option<&str>)> = facts.named().collect();
    for organisation in registry.organisations().map(|organisation| organisation.id()) {
        let involvement = facts.involvement(organisation, registry);
        let people: Vec<&str> =
            named.iter().filter(|(of, _)| *of == organisation).filter_map(|(_, who)| *who).collect();
        if involvement == Involvement::None && !named.iter().any(|(of, _)| *of == organisation) {
            continue;
        }
        let anybody = asking.staff(organisation, "");
        for (class, by_roles) in grouped(&anybody) {
            by_roles.into_iter().for_each(|can_see| put(class, CanSee { involvement, ..can_see.of(organisation, "") }));
        }
        for person in people {
            let mut theirs = asking.staff(organisation, person);
            // What they have as anybody of the organisation has it.
            theirs.retain(|of, answers| anybody.get(of) != Some(answers));
            for (class, by_roles) in grouped(&theirs) {
                let of_person = |can_see: CanSee| CanSee { involvement, ..can_see.of(organisation, person) };
                by_roles.into_iter().for_each(|can_see| put(class, of_person(can_see)));
            }
        }
    }
    let family: BTreeSet<(PersonKind, &str, &str)> =
        facts.people().named().map(|(issuer, person)| (facts.people().kind(issuer, person), issuer, person)).collect();
    for (kind, issuer, person) in family {
        for (class, answers) in asking.family(issuer, person) {
            let of_family = |can_see: CanSee| CanSee { family: Some(kind), ..can_see };
            answered(answers).for_each(|can_see| put(class, of_family(can_see)));
        }
    }
    for reaches in found.values_mut() {
        reaches.sort();
        reaches.dedup();
    }
    found
}

struct Asking<'a, 'c> {
    engine: &'a Engine,
    cache: &'a DecisionCache,
    facts: &'a ChildFacts,
    registry: &'a Registry,
    asked_at_us: i64,
    classes: &'a BTreeSet<&'c RecordClass>,
}

impl<'c> Asking<'_, 'c> {
    /// What staff get who hold one role, by class and role.
    fn staff(&self, organisation: &str, person: &str) -> BTreeMap<(&'c RecordClass, RoleGroup), Answers> {
        let mut found = BTreeMap::new();
        for role in RoleGroup::members() {
            let reader = Principal::Staff {
                organisation: organisation.to_owned(),
                person: person.to_owned(),
                roles: BTreeSet::from([role]),
                active: true,
                trained: true,
            };
            found.extend(self.answers(&reader).into_iter().map(|(class, answers)| ((class, role), answers)));
        }
        found
    }

    /// What somebody of the family gets, by class.
    fn family(&self, issuer: &str, person: &str) -> BTreeMap<&'c RecordClass, Answers> {
        let vouches = |id: &&str| self.registry.vouches_for_people(id, issuer, self.facts.valid_on());
        let organisation = self.registry.organisations().map(|organisation| organisation.id()).find(vouches);
        let reader = organisation.map(|organisation| Principal::Person {
            organisation: organisation.to_owned(),
            issuer: issuer.to_owned(),
            person: person.to_owned(),
        });
        reader.map(|reader| self.answers(&reader)).unwrap_or_default()
    }

    fn answers(&self, reader: &Principal) -> BTreeMap<&'c RecordClass, Answers> {
        let mut found: BTreeMap<&RecordClass, Answers> = BTreeMap::new();
        for purpose in Purpose::members() {
            let mut request = Request::new(reader.clone(), purpose, self.facts.valid_on());
            request.asked_at_us = Some(self.asked_at_us);
            let classes = || self.classes.iter().copied();
            let decision = decide_cached(self.engine, self.cache, &request, self.facts, self.registry, classes());
            for class in classes() {
                let Some(permit) = decision.permit(class) else { continue };
                let rules = decision.class_record(class).map(|record| record.allowed_by).unwrap_or_default();
                let answers = found.entry(class).or_default();
                let (purposes, by) = answers.entry((permit.outcome(), permit.withheld().clone())).or_default();
                purposes.insert(purpose);
                by.extend(rules);
            }
        }
        found
    }
}

/// By class, the roles that get the same together.
fn grouped<'c>(by_role: &BTreeMap<(&'c RecordClass, RoleGroup), Answers>) -> BTreeMap<&'c RecordClass, Vec<CanSee>> {
    let mut roles: BTreeMap<(&RecordClass, &Answers), BTreeSet<RoleGroup>> = BTreeMap::new();
    for ((class, role), answers) in by_role {
        roles.entry((class, answers)).or_default().insert(*role);
    }
    let mut found: BTreeMap<&RecordClass, Vec<CanSee>> = BTreeMap::new();
    for ((class, answers), roles) in roles {
        let with_roles = answered(answers.clone()).map(|can_see| CanSee { roles: roles.clone(), ..can_see });
        found.entry(class).or_default().extend(with_roles);
    }
    found
}

fn answered(answers: Answers) -> impl Iterator<Item = CanSee> {
    answers.into_iter().map(|((outcome, withheld), (purposes, rules))| CanSee {
        organisation: String::new(),
        person: String::new(),
        family: None,
        involvement: Involvement::None,
        roles: BTreeSet::new(),
        purposes,
        outcome,
        withheld,
        rules,
    })
}

impl CanSee {
    fn of(self, organisation: &str, person: &str) -> Self {
        Self { organisation: organisation.to_owned(), person: person.to_owned(), ..self }
    }
}
