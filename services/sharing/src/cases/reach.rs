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
    /// The rules that give it, by id.
    pub rules: Vec<String>,
}

/// Of whom it is asked: everybody, unless something here says less.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The organisations and agreements on record, with the id of the one whose record it is; without these, those of the
    /// cases.
    pub registry: Option<(Registry, String)>,
    /// Only these organisations, by id.
    pub organisations: Vec<String>,
    /// Only these role groups.
    pub roles: Vec<String>,
    /// Only these purposes.
    pub purposes: Vec<String>,
    /// Only these closenesses of work.
    pub involvement: Vec<String>,
    /// Only staff.
    pub staff_only: bool,
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
    /// at each closeness of work, and each kind of person of the family. What is said to sharing, legal process, grants and
    /// break-glass are the case's, and so is all that is recorded of the child.
    pub fn who_can_see(&self, engine: &Engine, scope: &Scope) -> Vec<Reach> {
        let mut line = self.line.clone();
        let of_the_case = line.registry();
        let registry = match &scope.registry {
            Some((registry, source)) => {
                line.resource.source.clone_from(source);
                registry
            }
            None => &of_the_case,
        };
        let asking = Asking { engine, cache: DecisionCache::new(ANSWERS_MAX), registry, scope };
        let mut found = Vec::new();
        for (kind, organisations) in line.kinds(registry, scope) {
            let Some(first) = organisations.first() else { continue };
            let mut by_answers: BTreeMap<Answers, Vec<String>> = BTreeMap::new();
            for role in words_within::<RoleGroup>(&scope.roles) {
                let reader = Reader { org: first.clone(), groups: vec![role.clone()], ..Reader::default() };
                by_answers.entry(asking.answers(&line, &reader)).or_default().push(role);
            }
            let who = Sector::try_from(kind.sector).map(Vocabulary::word).unwrap_or_default();
            for (answers, roles) in by_answers {
                found.extend(reaches(&organisations, &who, &roles, answers));
            }
        }
        for kind in PersonKind::members().into_iter().filter(|_| !scope.staff_only) {
            let reader = Reader { kind: "person".to_owned(), person: Some(kind.word()), ..Reader::default() };
            found.extend(reaches(&[], &kind.word(), &[], asking.answers(&line, &reader)));
        }
        found
    }
}

impl Line {
    /// The organisations by what the answer depends on.
    fn kinds(&self, registry: &Registry, scope: &Scope) -> BTreeMap<Kind, Vec<String>> {
        let day = self.valid_on();
        let (source, category) = (&self.resource.source, self.class().category);
        let mut kinds: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
        for organisation in registry.organisations() {
            let id = OrganisationRecorded::id(organisation);
            let wanted = scope.organisations.is_empty() || scope.organisations.iter().any(|only| only == id);
            if !wanted || registry.organisation_on(id, day).is_none() {
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
}

/// Each answer that is not nothing, by purpose, with the closenesses of work at which it is given, and by which rules.
type Answers = BTreeMap<(Shown, String), (BTreeSet<Involvement>, BTreeSet<String>)>;

/// Of whom, by which rules.
struct Asking<'a> {
    engine: &'a Engine,
    cache: DecisionCache,
    registry: &'a Registry,
    scope: &'a Scope,
}

impl Asking<'_> {
    fn answers(&self, of: &Line, reader: &Reader) -> Answers {
        let mut answers = Answers::new();
        let mut line = Line { principal: reader.clone(), ..of.clone() };
        let involvements = if reader.kind == "staff" { Involvement::members() } else { vec![Involvement::None] };
        for involvement in involvements {
            let word = involvement.word();
            if reader.kind == "staff" && !within(&self.scope.involvement, &word) {
                continue;
            }
            line.facts.involvement = word;
            for purpose in words_within::<Purpose>(&self.scope.purposes) {
                line.facts.purpose.clone_from(&purpose);
                if let Some((shown, rules)) = self.shown(&line) {
                    let (at, by) = answers.entry((shown, purpose)).or_default();
                    at.insert(involvement);
                    by.extend(rules);
                }
            }
        }
        answers
    }

    fn shown(&self, line: &Line) -> Option<(Shown, Vec<String>)> {
        let (log, class) = (line.log(), line.class());
        let facts = ChildFacts::fold(self.engine, log.events(), &line.as_of());
        let decision = decide_cached(self.engine, &self.cache, &line.request(), &facts, self.registry, [&class]);
        let permit = decision.permit(&class)?;
        let withheld = permit.withheld().iter().map(|group| FieldGroup::name(*group)).collect();
        let rules = decision.class_record(&class).map(|record| record.allowed_by).unwrap_or_default();
        Some(((outcome_word(permit.outcome()), withheld), rules))
    }
}

fn within(only: &[String], word: &str) -> bool {
    only.is_empty() || only.iter().any(|wanted| wanted == word)
}

fn words_within<V: Vocabulary>(only: &[String]) -> Vec<String> {
    V::members().into_iter().map(V::word).filter(|word| within(only, word)).collect()
}

/// One reach for each answer and closeness, purposes together, the fullest first; or that there is nothing.
fn reaches(organisations: &[String], who: &str, roles: &[String], answers: Answers) -> Vec<Reach> {
    let nothing = Reach {
        organisations: organisations.to_vec(),
        who: who.to_owned(),
        roles: roles.to_vec(),
        outcome: "hide",
        withheld: Vec::new(),
        purposes: Vec::new(),
        involvement: Vec::new(),
        rules: Vec::new(),
    };
    type Purposes = Vec<String>;
    type Rules = BTreeSet<String>;
    let mut grouped: BTreeMap<(Shown, BTreeSet<Involvement>), (Purposes, Rules)> = BTreeMap::new();
    for ((shown, purpose), (involvement, rules)) in answers {
        let (purposes, by) = grouped.entry((shown, involvement)).or_default();
        purposes.push(purpose);
        by.extend(rules);
    }
    if grouped.is_empty() {
        return vec![nothing];
    }
    let mut found = Vec::new();
    for (((outcome, withheld), involvement), (purposes, rules)) in grouped {
        let involvement = involvement.into_iter().map(Vocabulary::word).collect();
        let rules = rules.into_iter().collect();
        found.push(Reach { outcome, withheld, purposes, involvement, rules, ..nothing.clone() });
    }
    let rung = |reach: &Reach| ["full", "redacted", "existence"].iter().position(|word| *word == reach.outcome);
    found.sort_by_key(|reach| (rung(reach), reach.withheld.len()));
    found
}
