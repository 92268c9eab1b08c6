//! What the page says: made of what its reader was given, and of the rules, and of nothing else.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use proto::events::involvement::Kind;
use proto::sharing::{Category, Sector};
use proto::timeline::{Entry, ExistenceLine, Involved};
use sharing::Engine;
use sharing::cases::{Case, Reach, Scope};

use super::text::standing;
use super::{Whom, words};

/// What a reader was given.
#[derive(Clone, Default, Debug)]
pub(super) struct Given {
    pub(super) entries: Vec<Entry>,
    pub(super) services: Vec<ExistenceLine>,
    pub(super) working: Vec<Involved>,
    pub(super) decisions: Vec<Vec<u8>>,
}

/// A page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Page {
    pub(super) whom: Whom,
    pub(super) made_on: Date,
    /// Who works with the child.
    pub(super) working: Vec<Worker>,
    /// What there is, by kind of record, and who may see it.
    pub(super) records: Vec<Records>,
    /// Services of which the reader may know no more: whom to ask.
    pub(super) services: Vec<String>,
    /// For a lead: the decisions that the page rests on, and the rules.
    pub(super) decisions: Vec<String>,
    pub(super) policy: String,
}

/// An organisation that works with the child.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Worker {
    pub(super) name: String,
    pub(super) capacity: &'static str,
    pub(super) since: Option<String>,
    pub(super) ask: String,
}

/// The records of one kind that one organisation holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Records {
    pub(super) kind: &'static str,
    pub(super) held_by: String,
    pub(super) count: usize,
    /// What is taken out for this reader, why, and whom to ask.
    pub(super) left_out: Option<LeftOut>,
    /// Who may see such records, one organisation that works with the child at a time.
    pub(super) seen_by: Vec<SeenBy>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct LeftOut {
    pub(super) what: String,
    pub(super) reasons: Vec<String>,
    pub(super) ask: String,
}

/// What the people of one organisation may see of a kind of record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SeenBy {
    pub(super) name: String,
    /// One sentence each: who of them may see how much, and for what.
    pub(super) may: Vec<String>,
    /// Why, in plain English.
    pub(super) because: Vec<String>,
    /// For a lead: the rules and what they rest on.
    pub(super) rules: Vec<String>,
}

impl Page {
    /// The page of what was given, on this day.
    pub(super) fn of(engine: &Engine, given: &Given, whom: Whom, made_on: Date) -> Self {
        let names: BTreeMap<&str, &Involved> =
            given.working.iter().map(|involved| (involved.organisation.as_str(), involved)).collect();
        let mut groups: BTreeMap<(i32, &str), Vec<&Entry>> = BTreeMap::new();
        for entry in &given.entries {
            groups.entry((entry.category, entry.organisation.as_str())).or_default().push(entry);
        }
        let mut asked = Asked { engine, whom, kept: BTreeMap::new() };
        let records = groups
            .into_iter()
            .map(|((category, organisation), entries)| {
                let category = Category::try_from(category).unwrap_or(Category::Unspecified);
                let holder = names.get(organisation).copied();
                let sector = holder.map(Involved::sector).or_else(|| words::sector_of(category));
                let held_by = holder.map_or_else(|| unnamed(organisation), name);
                let working = || given.working.iter().filter(|involved| !involved.organisation.is_empty());
                let of = |sector| {
                    let own = |involved: &Involved| involved.organisation == organisation;
                    working().map(|involved| asked.seen_by(category, sector, involved, own(involved))).collect()
                };
                // Of a service of which it is not known what it is, nothing is said that may be untrue.
                let seen_by = sector.map(of).unwrap_or_default();
                Records {
                    kind: words::category(category),
                    held_by,
                    count: entries.len(),
                    left_out: left_out(&entries),
                    seen_by,
                }
            })
            .collect();
        let services: BTreeSet<String> = given.services.iter().map(service).collect();
        Self {
            whom,
            made_on,
            working: given.working.iter().map(worker).collect(),
            records,
            services: services.into_iter().collect(),
            decisions: given.decisions.iter().map(hex::encode).collect(),
            policy: hex::encode(engine.policy_hash()),
        }
    }
}

fn name(involved: &Involved) -> String {
    match (involved.name.as_str(), involved.organisation.as_str()) {
        ("", "") => "a service".to_owned(),
        ("", id) => id.to_owned(),
        (name, _) => name.to_owned(),
    }
}

/// An organisation that no longer works with the child, or whose name would tell where somebody can be found.
fn unnamed(organisation: &str) -> String {
    if organisation.is_empty() { "a service whose name is not given".to_owned() } else { organisation.to_owned() }
}

fn worker(involved: &Involved) -> Worker {
    let since = involved.since.and_then(|day| {
        let day = Date::new(day.year.try_into().ok()?, day.month?.try_into().ok()?, day.day?.try_into().ok()?).ok()?;
        Some(day.strftime("%-d %B %Y").to_string())
    });
    let capacity = if involved.organisation.is_empty() { Kind::Unspecified } else { involved.capacity() };
    Worker { name: name(involved), capacity: words::capacity(capacity), since, ask: involved.contact.clone() }
}

fn service(line: &ExistenceLine) -> String {
    let who = if line.organisation.is_empty() { "a service" } else { &line.organisation };
    if line.ask.is_empty() { who.to_owned() } else { format!("{who}: ask {}", line.ask) }
}

fn left_out(entries: &[&Entry]) -> Option<LeftOut> {
    let withheld: Vec<_> = entries.iter().filter_map(|entry| entry.withheld.as_ref()).collect();
    let first = withheld.first()?;
    let groups: BTreeSet<&str> =
        withheld.iter().flat_map(|withheld| &withheld.field_groups).map(|group| words::group(group)).collect();
    let reasons: BTreeSet<String> = withheld.iter().flat_map(|withheld| withheld.reasons.iter().cloned()).collect();
    let groups: Vec<String> = groups.into_iter().map(str::to_owned).collect();
    let what = words::listed(&groups);
    let reasons = reasons.into_iter().map(|reason| reason.trim_end_matches('.').to_owned()).collect();
    Some(LeftOut { what, reasons, ask: first.ask.clone() })
}

/// The rules, asked what an organisation of a sector may see of a kind of record: by nothing that is recorded of this child.
struct Asked<'e> {
    engine: &'e Engine,
    whom: Whom,
    kept: BTreeMap<(i32, i32, i32, &'static str, bool), Vec<Reach>>,
}

impl Asked<'_> {
    fn seen_by(&mut self, category: Category, source: Sector, involved: &Involved, own: bool) -> SeenBy {
        let closeness = words::closeness(involved.capacity());
        let key = (category.into(), source.into(), involved.sector, closeness, own);
        if !self.kept.contains_key(&key) {
            let reaches = reaches(self.engine, category, source, involved.sector(), closeness, own);
            self.kept.insert(key, reaches);
        }
        let reaches = self.kept.get(&key).map(Vec::as_slice).unwrap_or_default();
        let rules: BTreeSet<&String> = reaches.iter().flat_map(|reach| &reach.rules).collect();
        let rules: Vec<_> = rules.into_iter().filter_map(|id| self.engine.rule(id)).collect();
        let lead = self.whom == Whom::Lead;
        SeenBy {
            name: name(involved),
            may: sentences(reaches, words::purposes_of(involved.sector()).len(), standing(self.whom).any_work),
            because: rules.iter().map(|rule| rule.plain.clone()).filter(|plain| !plain.is_empty()).collect(),
            rules: rules.iter().filter(|_| lead).map(|rule| format!("{} ({})", rule.id, rule.law)).collect(),
        }
    }
}

fn reaches(
    engine: &Engine,
    category: Category,
    source: Sector,
    sector: Sector,
    closeness: &str,
    own: bool,
) -> Vec<Reach> {
    let Some(source) = words::example(source, true) else { return Vec::new() };
    let Some(reader) = (if own { Some(source) } else { words::example(sector, false) }) else { return Vec::new() };
    let category = category.as_str_name().trim_start_matches("CATEGORY_").to_lowercase();
    let asked = Case::blank().with_typed([
        ("principal.org", reader),
        ("resource.source", source),
        ("resource.category", category.as_str()),
    ]);
    let scope = Scope {
        organisations: vec![reader.to_owned()],
        roles: words::roles_of(sector).iter().map(|role| (*role).to_owned()).collect(),
        purposes: words::purposes_of(sector).iter().map(|purpose| (*purpose).to_owned()).collect(),
        involvement: vec![closeness.to_owned()],
        staff_only: true,
        ..Scope::default()
    };
    asked.map(|case| case.who_can_see(engine, &scope)).unwrap_or_default()
}

/// One sentence for each amount that somebody there may see; of so many purposes all are together "their work".
fn sentences(reaches: &[Reach], purposes_max: usize, any_work: &str) -> Vec<String> {
    // By amount and purposes, so that nobody is said to see more than they may.
    let mut by_amount: BTreeMap<(usize, String, BTreeSet<String>), BTreeSet<String>> = BTreeMap::new();
    for reach in reaches {
        let Some((order, amount)) = amount(reach) else { continue };
        let purposes = reach.purposes.iter().map(|purpose| words::purpose(purpose).to_owned()).collect();
        let roles = by_amount.entry((order, amount, purposes)).or_default();
        roles.extend(reach.roles.iter().map(|role| words::role(role).to_owned()));
    }
    if by_amount.is_empty() {
        return vec!["Nobody there may see it.".to_owned()];
    }
    by_amount
        .into_iter()
        .map(|((_, amount, purposes), roles)| {
            let (roles, purposes): (Vec<_>, Vec<_>) = (roles.into_iter().collect(), purposes.into_iter().collect());
            let purposes = if purposes.len() == purposes_max { any_work.to_owned() } else { either(&purposes) };
            sentence(&format!("{} may {amount}, {purposes}", words::listed(&roles)))
        })
        .collect()
}

fn amount(reach: &Reach) -> Option<(usize, String)> {
    let withheld: Vec<String> = reach.withheld.iter().map(|group| words::group(group).to_owned()).collect();
    Some(match reach.outcome {
        "full" => (0, "read it".to_owned()),
        "redacted" => (1, format!("read it, but not {}", either(&withheld))),
        "existence" => (2, "know that there is such a record, and whom to ask, but not read it".to_owned()),
        _ => return None,
    })
}

/// "to teach the child or to give early help".
fn either(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str() + ".").unwrap_or_default()
}

/// Whether anything was given at all.
pub(super) fn is_empty(page: &Page) -> bool {
    page.records.is_empty() && page.working.is_empty() && page.services.is_empty()
}
