//! Who can see a kind of record: every organisation, role, purpose and closeness of work, asked one by one.

use std::collections::{BTreeMap, BTreeSet};

use proto::sharing::OrganisationRecorded;

use crate::cases::Case;
use crate::cases::format::{Line, Reader};
use crate::cases::judge::outcome_word;
use crate::decide::{DecisionCache, decide_cached};
use crate::engine::Engine;
use crate::facts::ChildFacts;
use crate::registry::Registry;
use crate::vocabulary::{FieldGroup, Involvement, PersonKind, Purpose, RoleGroup, Sector, Vocabulary};

/// Answers are few: a question holds no id.
const ANSWERS_MAX: usize = 1 << 16;

/// Who gets how much of a kind of record, and under which conditions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Reach {
    /// The organisations of which this holds alike; empty for somebody of the family.
    pub organisations: Vec<String>,
    /// What they are: the sector, or whom of the family it is.
    pub who: String,
    /// The role groups of which it holds alike, each held alone.
    pub roles: Vec<String>,
    /// How much they get: full, redacted, existence or hide.
    pub outcome: &'static str,
    /// What is taken out.
    pub withheld: Vec<&'static str>,
    /// For which purposes.
    pub purposes: Vec<String>,
    /// How closely their organisation works with the child.
    pub involvement: Vec<String>,
}

/// What of an organisation the answer depends on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Kind {
    sector: i32,
    designated: bool,
    is_source: bool,
    /// By purpose, whether an agreement covers sharing with it.
    agreements: Vec<bool>,
}

/// An answer: outcome, then what is taken out.
type Shown = (&'static str, Vec<&'static str>);

impl Case {
    /// Of the record and the child of this case, who can see how much of it: each role of each organisation for each purpose,
    /// at each closeness of work, and each kind of person of the family. The organisations and agreements are those of this
    /// registry; of none, those of the cases. What is said to sharing, legal process, grants and break-glass are the case's.
    pub fn who_can_see(&self, engine: &Engine, registry: Option<&Registry>) -> Vec<Reach> {
        let own = self.line.registry();
        let registry = registry.unwrap_or(&own);
        let cache = DecisionCache::new(ANSWERS_MAX);
        let mut found = Vec::new();
        for (kind, organisations) in self.kinds(registry) {
            let Some(first) = organisations.first() else { continue };
            let mut by_answers: BTreeMap<BTreeMap<(Shown, String), BTreeSet<Involvement>>, Vec<String>> = BTreeMap::new();
            for role in RoleGroup::members() {
                let answers = self.answers(engine, &cache, registry, &Reader {
                    org: first.clone(),
                    groups: vec![role.word()],
                    ..Reader::default()
                });
                by_answers.entry(answers).or_default().push(role.word());
            }
            let who = Sector::try_from(kind.sector).map(Vocabulary::word).unwrap_or_default();
            for (answers, roles) in by_answers {
                found.extend(reaches(&organisations, &who, &roles, answers));
            }
        }
        for kind in PersonKind::members() {
            let reader = Reader { kind: "person".to_owned(), person: Some(kind.word()), ..Reader::default() };
            found.extend(reaches(&[], &kind.word(), &[], self.answers(engine, &cache, registry, &reader)));
        }
        found
    }

    /// The organisations by what the answer depends on.
    fn kinds(&self, registry: &Registry) -> BTreeMap<Kind, Vec<String>> {
        let day = self.line.valid_on();
        let (source, category) = (&self.line.resource.source, self.line.class().category);
        let mut kinds: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
        for organisation in registry.organisations() {
            let id = OrganisationRecorded::id(organisation);
            if registry.organisation_on(id, day).is_none() {
                continue;
            }
            let covers = |purpose| registry.agreement_covers(source, id, category, purpose, day);
            let kind = Kind {
                sector: organisation.sector().into(),
                designated: organisation.designated(),
                is_source: id == source,
                agreements: Purpose::members().into_iter().map(covers).collect(),
            };
            kinds.entry(kind).or_default().push(id.to_owned());
        }
        kinds
    }

    /// Each answer that is not nothing, by purpose, with the closenesses of work at which it is given.
    fn answers(
        &self,
        engine: &Engine,
        cache: &DecisionCache,
        registry: &Registry,
        reader: &Reader,
    ) -> BTreeMap<(Shown, String), BTreeSet<Involvement>> {
        let mut answers: BTreeMap<(Shown, String), BTreeSet<Involvement>> = BTreeMap::new();
        let of_staff = reader.kind == "staff";
        let involvements = if of_staff { Involvement::members() } else { vec![Involvement::None] };
        for involvement in involvements {
            let mut line = Line { principal: reader.clone(), ..self.line.clone() };
            line.facts.involvement = involvement.word();
            for purpose in Purpose::members().into_iter().filter(|purpose| *purpose != Purpose::Unspecified) {
                line.facts.purpose = purpose.word();
                // What is recorded of a reader, a grant for one, can be for their purpose.
                let (log, class) = (line.log(), line.class());
                let facts = ChildFacts::fold(engine, log.events(), &line.as_of());
                let decision = decide_cached(engine, cache, &line.request(), &facts, registry, [&class]);
                let outcome = outcome_word(decision.outcome(&class));
                if outcome == "hide" {
                    continue;
                }
                let withheld: Vec<&str> = decision
                    .permit(&class)
                    .map(|permit| permit.withheld().iter().map(|group| FieldGroup::name(*group)).collect())
                    .unwrap_or_default();
                answers.entry(((outcome, withheld), purpose.word())).or_default().insert(involvement);
            }
        }
        answers
    }
}

/// One reach for each answer and closeness, purposes together, the fullest first; or that there is nothing.
fn reaches(
    organisations: &[String],
    who: &str,
    roles: &[String],
    answers: BTreeMap<(Shown, String), BTreeSet<Involvement>>,
) -> Vec<Reach> {
    let of = |outcome: &'static str, withheld, purposes, involvement: &BTreeSet<Involvement>| Reach {
        organisations: organisations.to_vec(),
        who: who.to_owned(),
        roles: roles.to_vec(),
        outcome,
        withheld,
        purposes,
        involvement: involvement.iter().map(|closeness| closeness.word()).collect(),
    };
    let mut grouped: BTreeMap<(Shown, BTreeSet<Involvement>), Vec<String>> = BTreeMap::new();
    for ((shown, purpose), involvement) in answers {
        grouped.entry((shown, involvement)).or_default().push(purpose);
    }
    if grouped.is_empty() {
        return vec![of("hide", Vec::new(), Vec::new(), &BTreeSet::new())];
    }
    let mut found: Vec<Reach> = grouped
        .into_iter()
        .map(|(((outcome, withheld), involvement), purposes)| of(outcome, withheld, purposes, &involvement))
        .collect();
    let rung = |reach: &Reach| ["full", "redacted", "existence"].iter().position(|word| *word == reach.outcome);
    found.sort_by_key(|reach| (rung(reach), reach.withheld.len()));
    found
}
