//! One decision case, as data.

mod recorded;

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;
use sharing::{
    AsOf, Category, ChildFacts, Decision, DecisionCache, Engine, FamilyOf, Label, Outcome, PersonKind, Principal,
    Purpose, RecordClass, Registry, Request, RoleGroup, decide, decide_family, decide_involvement, decide_review,
    may_read_decisions, may_read_releases,
};

const READER: &str = "reader";
const ASKED_AT_US: i64 = 1_800_000_000_000_000;
const OTHER_PERSON: [u8; 16] = [7; 16];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    id: String,
    title: String,
    principal: Reader,
    child: Child,
    resource: Resource,
    facts: Facts,
    /// The child asked about, where the case's child may be of that child's family.
    asked: Option<Asked>,
    #[serde(default)]
    fold: Fold,
    expect: Expect,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reader {
    kind: String,
    #[serde(default)]
    org: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default = "yes")]
    trained: bool,
    person: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Child {
    age: i64,
    competent: Option<bool>,
    ehcp: bool,
    s47: bool,
    cp_plan: bool,
    cin: bool,
    looked_after: bool,
    protected_address: bool,
}

impl Default for Child {
    fn default() -> Self {
        Self {
            age: 10,
            competent: None,
            ehcp: false,
            s47: false,
            cp_plan: false,
            cin: false,
            looked_after: false,
            protected_address: false,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    source: String,
    category: String,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    third_party: bool,
    /// Somebody whom no pseudonym names.
    #[serde(default)]
    unnamed_third_party: bool,
    #[serde(default)]
    location: bool,
    #[serde(default)]
    retention_expired: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Facts {
    purpose: String,
    involvement: String,
    consent: String,
    dsa: bool,
    process: String,
    grants: Vec<String>,
    address_cleared: bool,
    third_party_involved: bool,
    detriment: bool,
    pr_restricted: bool,
    break_glass: bool,
    stale: bool,
    /// In a review of identity: the reader's organisation runs the service; it has a record of one of the two.
    runs_service: bool,
    part_of_pair: bool,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            purpose: "education_provision".into(),
            involvement: "none".into(),
            consent: "none".into(),
            dsa: true,
            process: "none".into(),
            grants: Vec::new(),
            address_cleared: false,
            third_party_involved: false,
            detriment: false,
            pr_restricted: false,
            break_glass: false,
            stale: false,
            runs_service: false,
            part_of_pair: false,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Asked {
    involvement: String,
    s47: bool,
    cp_plan: bool,
    cin: bool,
}

/// Dated facts, in place of those above.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Fold {
    as_of: Option<String>,
    as_of_offset: Option<i64>,
    dob: Option<String>,
    /// Birth dates of further linked subjects.
    also_born: Vec<String>,
    no_birth_date: bool,
    consent_log: Vec<ConsentLine>,
    dsa: Option<Span>,
    merge: Vec<Merged>,
    merge_consent: Vec<String>,
    /// The subject on which every fact is recorded, of three that are linked; the others are silent.
    of_three_linked: Option<u8>,
    /// Since when the section 47 enquiry is open.
    s47_opened: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsentLine {
    t: String,
    offset: i64,
    state: String,
    by: String,
    expires: Option<String>,
    #[serde(default)]
    subject: u8,
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merged {
    protected_address: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    outcome: String,
    redact: Vec<String>,
    rules: Vec<String>,
    break_glass: bool,
    audit_meta: bool,
    /// How far the reader may know that the source works with the child, where the case is about that: capacity, name,
    /// brokered or hide.
    involvement: Option<String>,
    /// Whether the reader may know that a record of the source makes the child one of a family, where the case is about that.
    family: Option<bool>,
    /// What a reviewer of identity sees of a description of this class, where the case is about that: hide, full, or what is
    /// taken out ("location", "location,third_party").
    review: Option<String>,
    /// Whether they may read to whom what was given under a wrong link.
    releases: Option<bool>,
}

fn yes() -> bool {
    true
}

impl Case {
    pub(crate) fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        let files = [
            include_str!("../../cases/cases.jsonl"),
            include_str!("../../cases/added.jsonl"),
            include_str!("../../cases/review.jsonl"),
        ];
        for file in files {
            for line in file.lines().filter(|line| !line.is_empty()) {
                cases.push(serde_json::from_str::<Self>(line).unwrap_or_else(|error| panic!("{error}: {line}")));
            }
        }
        let ids: BTreeSet<_> = cases.iter().map(|case| &case.id).collect();
        assert_eq!(ids.len(), cases.len(), "each case has an id of its own");
        cases
    }

    /// Whether these rules show this reader what the case says. Which of several rules decided may change without anybody
    /// seeing more or less.
    pub(crate) fn shown_as_expected(&self, engine: &Engine) -> bool {
        let (decision, class) = self.decide(engine);
        self.shown(&decision, &class).is_empty() && self.around(engine, &decision).is_empty()
    }

    pub(crate) fn failures(&self, engine: &Engine) -> Vec<String> {
        let (decision, class) = self.decide(engine);
        let mut found = self.shown(&decision, &class);
        found.extend(self.around(engine, &decision));
        let record = decision.class_record(&class).unwrap();
        let deciding: Vec<&String> = record.stopped_by.values().flatten().chain(&record.allowed_by).collect();
        for rule in &self.expect.rules {
            if !deciding.iter().any(|id| id.starts_with(&format!("{rule}-"))) {
                found.push(format!("{rule} is not among the deciding rules {deciding:?}"));
            }
        }
        if record.failed {
            found.push("the rules did not evaluate".into());
        }
        found.iter().map(|failure| format!("{} ({}; {}): {failure}", self.id, self.title, self.why)).collect()
    }

    fn shown(&self, decision: &Decision, class: &RecordClass) -> Vec<String> {
        let mut found = Vec::new();
        let outcome = match decision.outcome(class) {
            Outcome::Full => "full",
            Outcome::Redacted => "redacted",
            Outcome::Existence => "existence",
            Outcome::Hide | Outcome::Unspecified => "hide",
        };
        if outcome != self.expect.outcome {
            found.push(format!("{outcome}, not {}: {:?}", self.expect.outcome, decision.class_record(class)));
        }
        let redacted: BTreeSet<&str> = decision
            .permit(class)
            .map(|permit| permit.withheld().iter().map(|group| group.name()).collect())
            .unwrap_or_default();
        if redacted != self.expect.redact.iter().map(String::as_str).collect() {
            found.push(format!("withholds {redacted:?}, not {:?}", self.expect.redact));
        }
        found
    }

    fn around(&self, engine: &Engine, decision: &Decision) -> Vec<String> {
        let mut found = Vec::new();
        if decision.break_glass_would_help() != self.expect.break_glass {
            found.push(format!("break-glass would help: {}", !self.expect.break_glass));
        }
        let involvement = self.working(engine);
        if self.expect.involvement.as_ref().is_some_and(|expected| *expected != involvement) {
            found.push(format!("is told of involvement: {involvement}, not {:?}", self.expect.involvement));
        }
        let family = self.known_of_family(engine);
        if self.expect.family.is_some_and(|expected| expected != family) {
            found.push(format!("is told of the family: {family}"));
        }
        let reviewed = self.reviewed(engine);
        if self.expect.review.as_ref().is_some_and(|expected| *expected != reviewed) {
            found.push(format!("in review: {reviewed}, not {:?}", self.expect.review));
        }
        let releases = may_read_releases(engine, &self.request(), &self.registry());
        if self.expect.releases.is_some_and(|expected| expected != releases) {
            found.push(format!("may read releases: {releases}"));
        }
        let audit = may_read_decisions(engine, &self.request(), &self.registry());
        if audit != self.expect.audit_meta {
            found.push(format!("may read decisions: {audit}"));
        }
        found
    }

    fn decide(&self, engine: &Engine) -> (Decision, RecordClass) {
        let as_of = AsOf { valid_on: self.valid_on(), known_at_us: self.fold.as_of_offset };
        let log = self.log();
        let facts = ChildFacts::fold(engine, log.events(), &as_of);
        let class = self.class();
        (decide(engine, &self.request(), &facts, &self.registry(), [&class]), class)
    }

    /// How the source's work with the child looks to the reader, when an event of the case's class tells of it.
    fn working(&self, engine: &Engine) -> &'static str {
        let as_of = AsOf { valid_on: self.valid_on(), known_at_us: self.fold.as_of_offset };
        let mut log = self.log();
        self.at_work(&mut log);
        let facts = ChildFacts::fold(engine, log.events(), &as_of);
        let cache = DecisionCache::new(16);
        let mut request = self.request();
        request.family_of = self.family_of(engine);
        let decision = decide_involvement(engine, &cache, &request, &facts, &self.registry());
        match decision.working().iter().find(|working| working.organisation == self.resource.source) {
            Some(working) if working.capacity.is_some() => "capacity",
            Some(_) => "name",
            None if decision.brokered() => "brokered",
            None => "hide",
        }
    }

    /// What of the case's class a reviewer of identity is shown beside another subject's.
    fn reviewed(&self, engine: &Engine) -> String {
        let as_of = AsOf { valid_on: self.valid_on(), known_at_us: self.fold.as_of_offset };
        let log = self.log();
        let facts = ChildFacts::fold(engine, log.events(), &as_of);
        let (class, cache) = (self.class(), DecisionCache::new(16));
        let decision = decide_review(engine, &cache, &self.request(), &facts, &self.registry(), [&class]);
        let groups = |permit: sharing::Permit<'_>| {
            permit.withheld().iter().map(|group| group.name()).collect::<Vec<_>>().join(",")
        };
        match decision.outcome(&class) {
            Outcome::Full => "full".to_owned(),
            _ => decision.permit(&class).map_or("hide".to_owned(), groups),
        }
    }

    /// Whether the reader may know what a record of the case's class tells of the child's family.
    fn known_of_family(&self, engine: &Engine) -> bool {
        let as_of = AsOf { valid_on: self.valid_on(), known_at_us: self.fold.as_of_offset };
        let log = self.log();
        let facts = ChildFacts::fold(engine, log.events(), &as_of);
        let (class, cache) = (self.class(), DecisionCache::new(16));
        let mut request = self.request();
        request.family_of = self.family_of(engine);
        decide_family(engine, &cache, &request, &facts, &self.registry(), [&class]).permits(&class)
    }

    fn family_of(&self, engine: &Engine) -> FamilyOf {
        let Some(asked) = &self.asked else { return FamilyOf::default() };
        let as_of = AsOf { valid_on: self.valid_on(), known_at_us: self.fold.as_of_offset };
        let log = self.log_of(asked);
        FamilyOf::child(&ChildFacts::fold(engine, log.events(), &as_of), &self.request().principal)
    }

    fn valid_on(&self) -> Date {
        self.fold.as_of.as_deref().unwrap_or("2026-11-22").parse().unwrap()
    }

    fn registry(&self) -> Registry {
        Registry::fold(self.organisations().events(), None)
    }

    fn request(&self) -> Request {
        let principal = match (self.principal.kind.as_str(), self.principal.person.as_deref()) {
            ("staff", None) => Principal::Staff {
                organisation: self.principal.org.clone(),
                person: READER.into(),
                roles: self
                    .principal
                    .groups
                    .iter()
                    .map(|group| word("ROLE_GROUP", group, RoleGroup::from_str_name))
                    .collect(),
                active: self.principal.active,
                trained: self.principal.trained,
            },
            ("person", Some(kind)) => Principal::Person {
                kind: match kind {
                    "subject" => PersonKind::Subject,
                    "parent_pr" => PersonKind::ParentPr,
                    "parent_no_pr" => PersonKind::ParentNoPr,
                    "carer" => PersonKind::Carer,
                    other => panic!("no kind of person {other}"),
                },
                person: READER.into(),
            },
            other => panic!("no reader {other:?}"),
        };
        let purpose = word("PURPOSE", &self.facts.purpose, Purpose::from_str_name);
        let mut request = Request::new(principal, purpose, self.valid_on());
        request.asked_at_us = Some(ASKED_AT_US);
        request.facts_stale = self.facts.stale;
        request.runs_service = self.facts.runs_service;
        request.part_of_pair = self.facts.part_of_pair;
        if self.facts.third_party_involved {
            request.also_works_with.insert(OTHER_PERSON);
        }
        request
    }

    fn class(&self) -> RecordClass {
        let resource = &self.resource;
        RecordClass {
            source_org: resource.source.clone(),
            category: word("CATEGORY", &resource.category, Category::from_str_name),
            labels: resource.labels.iter().map(|label| word("LABEL", label, Label::from_str_name)).collect(),
            third_parties: if resource.third_party { [OTHER_PERSON].into() } else { BTreeSet::new() },
            has_third_party: resource.third_party || resource.unnamed_third_party,
            unnamed_third_party: resource.unnamed_third_party,
            has_location: resource.location,
            retention_expired: resource.retention_expired,
        }
    }
}

fn word<T>(prefix: &str, word: &str, named: impl Fn(&str) -> Option<T>) -> T {
    named(&format!("{prefix}_{}", word.to_uppercase())).unwrap_or_else(|| panic!("{prefix} has no {word}"))
}
