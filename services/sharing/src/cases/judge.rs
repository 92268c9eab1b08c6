//! A case put to the rules, and what came of it beside what was expected.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::cases::Case;
use crate::cases::format::Line;
use crate::cases::people::{FAMILY_ISSUER, FAMILY_ORGANISATION};
use crate::cases::recorded::{ASKED_AT_US, READER};
use crate::classify::RecordClass;
use crate::decide::{
    Act, Decision, DecisionCache, Permit, Recording, decide, decide_family, decide_involvement, decide_review, may,
    may_of, may_read_decisions, may_read_releases, may_record,
};
use crate::engine::Engine;
use crate::facts::{AsOf, ChildFacts};
use crate::registry::Registry;
use crate::request::{FamilyOf, Principal, Request};
use crate::vocabulary::{Category, FactKind, Label, Outcome, Purpose, RoleGroup};

/// The other people of whom a record of a case can tell.
const OTHER_PEOPLE: [[u8; 16]; 3] = [[7; 16], [8; 16], [9; 16]];

/// What came of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Where it came out otherwise than it says; nothing where it passed.
    pub failures: Vec<Failure>,
    /// Ids of the rules that decided: those that stopped a view, and those that allowed the one that is given.
    pub rules: BTreeSet<String>,
}

/// One thing that came out otherwise than a case says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The key of `expect` that it is about.
    pub key: &'static str,
    /// What the case expects.
    pub expected: String,
    /// What came.
    pub came: String,
}

impl Verdict {
    /// Whether everything came out as the case says.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// What a case asks, and its answer.
pub(super) struct Decided {
    pub(super) request: Request,
    pub(super) facts: ChildFacts,
    pub(super) registry: Registry,
    pub(super) class: RecordClass,
    pub(super) decision: Decision,
}

impl Case {
    /// Puts the case to these rules.
    pub fn judge(&self, engine: &Engine) -> Verdict {
        let decided = self.line.decide(engine);
        let mut failures = self.line.shown(engine, &decided);
        let record = decided.decision.class_record(&decided.class);
        let rules: BTreeSet<String> = record
            .iter()
            .flat_map(|record| record.stopped_by.values().flatten().chain(&record.allowed_by).cloned())
            .collect();
        for rule in &self.line.expect.rules {
            if !rules.iter().any(|id| id == rule || id.starts_with(&format!("{rule}-"))) {
                let came = rules.iter().map(|id| id.split('-').next().unwrap_or(id)).collect::<Vec<_>>();
                failures.push(failure("rules", rule, &listed(came)));
            }
        }
        if record.is_none_or(|record| record.failed) {
            failures.push(failure("outcome", &self.line.expect.outcome, "the rules could not be evaluated"));
        }
        Verdict { failures, rules }
    }

    /// Whether these rules show this reader what the case says. Which of several rules decided may change without anybody
    /// seeing more or less.
    pub fn shown_as_expected(&self, engine: &Engine) -> bool {
        self.line.shown(engine, &self.line.decide(engine)).is_empty()
    }
}

impl Line {
    pub(super) fn decide(&self, engine: &Engine) -> Decided {
        let log = self.log();
        let facts = ChildFacts::fold(engine, log.events(), &self.as_of());
        let (request, registry, class) = (self.request(), self.registry(), self.class());
        let decision = decide(engine, &request, &facts, &registry, [&class]);
        Decided { request, facts, registry, class, decision }
    }

    /// Where what the reader gets is not what is expected.
    fn shown(&self, engine: &Engine, decided: &Decided) -> Vec<Failure> {
        let (expect, Decided { decision, class, registry, request, .. }) = (&self.expect, decided);
        let mut found = Vec::new();
        let mut compare = |key: &'static str, expected: &str, came: &str| {
            if expected != came {
                found.push(failure(key, expected, came));
            }
        };
        compare("outcome", &expect.outcome, outcome_word(decision.outcome(class)));
        let withheld: BTreeSet<&str> = decision
            .permit(class)
            .map(|permit| permit.withheld().iter().map(|group| group.name()).collect())
            .unwrap_or_default();
        let expected: BTreeSet<&str> = expect.redact.iter().map(String::as_str).collect();
        compare("redact", &listed(expected), &listed(withheld));
        compare("break_glass", flag(expect.break_glass), flag(decision.break_glass_would_help()));
        compare("audit_meta", flag(expect.audit_meta), flag(may_read_decisions(engine, request, registry)));
        if let Some(expected) = &expect.involvement {
            compare("involvement", expected, self.working(engine));
        }
        if let Some(expected) = expect.family {
            compare("family", flag(expected), flag(self.known_of_family(engine)));
        }
        if let Some(expected) = &expect.review {
            compare("review", expected, &self.reviewed(engine, decided));
        }
        let acts = [
            ("breaks_glass", expect.breaks_glass, Act::AssertBreakGlass),
            ("notices", expect.notices, Act::ReadNotices),
            ("reviews_glass", expect.reviews_glass, Act::ReviewBreakGlass),
            ("records_refusal", expect.records_refusal, Act::RecordRefusal),
            ("refusals", expect.refusals, Act::ReadRefusals),
            ("prepares_access", expect.prepares_access, Act::PrepareAccess),
            ("proposes_erasure", expect.proposes_erasure, Act::ProposeErasure),
            ("confirms_erasure", expect.confirms_erasure, Act::ConfirmErasure),
            ("erasures", expect.erasures, Act::ReadErasures),
        ];
        for (key, expected, act) in acts {
            if let Some(expected) = expected {
                compare(key, flag(expected), flag(may(engine, request, registry, act, &self.resource.source)));
            }
        }
        let of_class = [
            ("counted", expect.counted, Act::CountChildren),
            ("told_who_can_see", expect.told_who_can_see, Act::AskWhoCanSee),
            ("told_to_register", expect.told_to_register, Act::TellRegister),
        ];
        for (key, expected, act) in of_class {
            if let Some(expected) = expected {
                let may = may_of(engine, request, (&decided.facts, registry), act, [class]);
                compare(key, flag(expected), flag(may.contains(class)));
            }
        }
        if let Some(expected) = expect.records {
            let recording = self.recording();
            let may = may_record(engine, request, &decided.facts, registry, recording);
            compare("records", flag(expected), flag(may.may));
        }
        if let Some(expected) = expect.releases {
            compare("releases", flag(expected), flag(may_read_releases(engine, request, registry)));
        }
        found
    }

    /// How the source's work with the child looks to the reader, when an event of the case's class tells of it.
    fn working(&self, engine: &Engine) -> &'static str {
        let mut log = self.log();
        self.at_work(&mut log);
        let facts = ChildFacts::fold(engine, log.events(), &self.as_of());
        let request = Request { family_of: self.family_of(engine), ..self.request() };
        let decision = decide_involvement(engine, &DecisionCache::new(16), &request, &facts, &self.registry());
        match decision.working().iter().find(|working| working.organisation == self.resource.source) {
            Some(working) if working.capacity.is_some() => "capacity",
            Some(_) => "name",
            None if decision.brokered() => "brokered",
            None => "hide",
        }
    }

    /// What the reader would record.
    fn recording(&self) -> Recording {
        let fact = FactKind::named(&self.facts.fact).unwrap_or(FactKind::None);
        let (ends, contested) = (self.facts.ends_fact, self.facts.contested_fact);
        let own_record = matches!(fact, FactKind::Rectification | FactKind::Processing | FactKind::Retention);
        let of_another = own_record && self.resource.source != self.principal.org;
        Recording { fact, ends, contested, opens_for_self: self.facts.opens_for_self, of_another }
    }

    /// What of the case's class a reviewer of identity is shown beside another subject's.
    fn reviewed(&self, engine: &Engine, decided: &Decided) -> String {
        let Decided { request, facts, registry, class, .. } = decided;
        let decision = decide_review(engine, &DecisionCache::new(16), request, facts, registry, [class]);
        let groups =
            |permit: Permit<'_>| permit.withheld().iter().map(|group| group.name()).collect::<Vec<_>>().join(",");
        match decision.outcome(class) {
            Outcome::Full => "full".to_owned(),
            _ => decision.permit(class).map_or("hide".to_owned(), groups),
        }
    }

    /// Whether the reader may know what a record of the case's class tells of the child's family.
    fn known_of_family(&self, engine: &Engine) -> bool {
        let log = self.log();
        let facts = ChildFacts::fold(engine, log.events(), &self.as_of());
        let request = Request { family_of: self.family_of(engine), ..self.request() };
        let class = self.class();
        decide_family(engine, &DecisionCache::new(16), &request, &facts, &self.registry(), [&class]).permits(&class)
    }

    fn family_of(&self, engine: &Engine) -> FamilyOf {
        let Some(asked) = &self.asked else { return FamilyOf::default() };
        let log = self.log_of(asked);
        let facts = ChildFacts::fold(engine, log.events(), &self.as_of());
        FamilyOf::child(&facts, &self.registry(), &self.request().principal)
    }

    pub(super) fn as_of(&self) -> AsOf {
        AsOf { valid_on: self.valid_on(), known_at_us: self.fold.as_of_offset }
    }

    pub(super) fn valid_on(&self) -> Date {
        self.fold.as_of.map_or(Date::constant(2026, 11, 22), |day| day.0)
    }

    pub(super) fn registry(&self) -> Registry {
        Registry::fold(self.organisations().events(), None)
    }

    pub(super) fn is_staff(&self) -> bool {
        self.principal.kind == "staff"
    }

    pub(super) fn request(&self) -> Request {
        let purpose = word("PURPOSE", &self.facts.purpose, Purpose::from_str_name).unwrap_or(Purpose::Unspecified);
        let mut request = Request::new(self.reader(), purpose, self.valid_on());
        request.asked_at_us = Some(ASKED_AT_US);
        request.facts_stale = self.facts.stale;
        request.runs_service = self.facts.runs_service;
        request.part_of_pair = self.facts.part_of_pair;
        request.stepped_up = self.facts.stepped_up;
        request.own_act = self.facts.own_act;
        let known = usize::from(self.facts.third_party_involved).max(usize::from(self.facts.works_with_others));
        request.also_works_with.extend(OTHER_PEOPLE.iter().take(known).copied());
        request
    }

    fn reader(&self) -> Principal {
        let principal = &self.principal;
        let person = READER.to_owned();
        if self.is_staff() {
            let roles = principal.groups.iter().filter_map(|group| word("ROLE_GROUP", group, RoleGroup::from_str_name));
            return Principal::Staff {
                organisation: principal.org.clone(),
                person,
                roles: roles.collect(),
                active: principal.active,
                trained: principal.trained,
            };
        }
        Principal::Person { organisation: FAMILY_ORGANISATION.to_owned(), issuer: FAMILY_ISSUER.to_owned(), person }
    }

    pub(super) fn class(&self) -> RecordClass {
        let resource = &self.resource;
        let others = usize::from(resource.third_party).max(usize::from(resource.others));
        RecordClass {
            source_org: resource.source.clone(),
            category: word("CATEGORY", &resource.category, Category::from_str_name).unwrap_or(Category::Unspecified),
            labels: resource.labels.iter().filter_map(|label| word("LABEL", label, Label::from_str_name)).collect(),
            has_third_party: others > 0 || resource.unnamed_third_party,
            third_parties: OTHER_PEOPLE.iter().take(others).copied().collect(),
            unnamed_third_party: resource.unnamed_third_party,
            has_location: resource.location,
            retention_expired: resource.retention_expired,
        }
    }
}

/// An outcome as a case writes it.
pub(super) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Full => "full",
        Outcome::Redacted => "redacted",
        Outcome::Existence => "existence",
        Outcome::Hide | Outcome::Unspecified => "hide",
    }
}

fn word<T>(prefix: &str, word: &str, named: impl Fn(&str) -> Option<T>) -> Option<T> {
    named(&format!("{prefix}_{}", word.to_uppercase()))
}

fn failure(key: &'static str, expected: &str, came: &str) -> Failure {
    Failure { key, expected: expected.to_owned(), came: came.to_owned() }
}

fn flag(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

/// Words as a person reads them: "location, third_party", or "nothing".
fn listed<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}
