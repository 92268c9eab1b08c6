//! Who is who in a return.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use connector_kit::dates::rank;
use connector_kit::identifier;
use connector_kit::reading::{finding, finding_of_rule};
use proto::events::identifier::Standing;
use proto::events::person_name::Use;
use proto::events::{Address, Date, Finding, FindingCode, Identifier, PersonDescribed, PersonName, Scheme, Subject};

use crate::codes;
use crate::header::Return;
use crate::module::Node;
use crate::say::Reading;

/// A child or young person of the return.
pub(crate) struct Person {
    pub(crate) subject: Subject,
    pub(crate) birth_on: Option<Date>,
    pub(crate) findings: Vec<Finding>,
    /// Two persons of the return state this one's UPN: it links neither.
    number_shared: bool,
    /// Their records, in order of content; more than one where the return has them twice.
    pub(crate) nodes: Vec<Node>,
}

/// Who was said of a return that is too large to hold: not their names, but what two others do not share.
#[derive(Default)]
pub(crate) struct Said(HashSet<u128>);

impl Said {
    pub(crate) fn knows(&self, node: &Node) -> bool {
        !self.0.is_empty() && marks(node).any(|mark| self.0.contains(&mark))
    }

    pub(crate) fn add(&mut self, marks: Vec<u128>) {
        self.0.extend(marks);
    }
}

/// What marks a person: the UPN, and the name with the birth date.
pub(crate) fn marks(node: &Node) -> impl Iterator<Item = u128> {
    let mark = |known_by: String| {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, &known_by).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        half(0) << 64 | half(1)
    };
    [upn(node), name_and_birth(node)].into_iter().flatten().map(mark)
}

/// Tells the persons of a return apart; those of whom nothing says who they are come second.
pub(crate) fn told_apart(nodes: Vec<Node>, lea: &str) -> (Vec<Person>, Vec<Node>) {
    let (mut nameless, mut by_upn, mut by_name) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for node in nodes {
        if let Some(upn) = upn(&node) {
            by_upn.entry(upn).or_insert_with(Vec::new).push(node);
        } else if let Some(name) = name_and_birth(&node) {
            by_name.entry(name).or_insert_with(Vec::new).push(node);
        } else {
            nameless.push(node);
        }
    }
    let mut shared = Vec::new();
    let mut known: BTreeMap<String, (bool, Vec<Node>)> = BTreeMap::new();
    for (upn, nodes) in by_upn {
        match are_one_child(&nodes) {
            true => known.entry(upn).or_default().1.extend(nodes),
            false => shared.extend(nodes),
        }
    }
    for node in shared {
        match name_and_birth(&node) {
            Some(name) => {
                let (is_shared, nodes) = known.entry(name).or_default();
                *is_shared = true;
                nodes.push(node);
            }
            None => nameless.push(node),
        }
    }
    for (name, nodes) in by_name {
        known.entry(name).or_default().1.extend(nodes);
    }
    let persons = known.into_iter().map(|(known_by, (number_shared, mut nodes))| {
        if nodes.len() > 1 {
            nodes.sort_by_cached_key(|node| (node.content(), node.spot.record));
        }
        let mut findings = Vec::new();
        if nodes.len() > 1 {
            findings.push(finding(FindingCode::RecordRepeated, "Person"));
        }
        let birth_on = nodes.iter().find_map(|node| Reading::of(node, 0).date("personbirthdate"));
        let subject = identifier::subject(Scheme::AuthorityPupil, lea, &known_by);
        Person { subject, birth_on, findings, number_shared, nodes }
    });
    (persons.collect(), nameless)
}

/// The UPN as returned; `None` where it is missing or a stand-in.
fn upn(node: &Node) -> Option<String> {
    let checked = identifier::upn::check(node.get("upn"));
    let stands_in = checked.verdict == identifier::Verdict::Placeholder;
    Some(checked.normalised).filter(|upn| !stands_in && !upn.is_empty())
}

fn name_and_birth(node: &Node) -> Option<String> {
    let birth = Reading::of(node, 0).date("personbirthdate")?;
    let (surname, forename) = (node.get("surname").to_uppercase(), node.get("forename").to_uppercase());
    let named = !surname.is_empty() || !forename.is_empty();
    named.then(|| format!("{surname}/{forename}/{}", connector_kit::dates::key(&birth)))
}

/// Whether records of one UPN are of one child, who has one forename and one birth date: twins have one birth date and one surname.
fn are_one_child(nodes: &[Node]) -> bool {
    let all_same = |field| {
        let value = nodes.first().map_or("", |node| node.get(field));
        !value.is_empty() && nodes.iter().all(|node| node.get(field).eq_ignore_ascii_case(value))
    };
    let born: Vec<_> =
        nodes.iter().map(|node| Reading::of(node, 0).date("personbirthdate").map(|date| rank(&date))).collect();
    let known: BTreeSet<_> = born.iter().flatten().collect();
    // Where one does not say the birth date, the surname stands in for it.
    let none_differs = known.len() <= 1 && (!born.contains(&None) || all_same("surname"));
    nodes.len() == 1 || all_same("forename") && none_differs
}

/// The description that the return gives of a person.
pub(crate) fn described(person: &Person, of: &Return, mut findings: Vec<Finding>) -> (PersonDescribed, Vec<Finding>) {
    let Some(node) = person.nodes.first() else { return (PersonDescribed::default(), findings) };
    let mut reading = Reading::of(node, of.year);
    let text = |field: &str| Some(node.get(field).to_owned()).filter(|text| !text.is_empty());
    let (family, given) = (text("surname"), text("forename"));
    for (value, field) in [(&family, "surname"), (&given, "forename")] {
        if value.is_none() {
            reading.found(FindingCode::FieldMissing, field);
        }
    }
    let name = PersonName { family, given, r#use: Use::Usual.into(), ..PersonName::default() };
    let birth_on = reading.date("personbirthdate");
    if birth_on.is_none() && node.get("personbirthdate").is_empty() {
        reading.found(FindingCode::FieldMissing, "personbirthdate");
    }
    // Plans are for those under 25, and end with the school year in which they are 25.
    let age = birth_on.map(|birth| of.reference_on.year - birth.year);
    if age.is_some_and(|age| !(0..=26).contains(&age)) {
        reading.found(FindingCode::DateImplausible, "personbirthdate");
    }
    let (sex_field, _) = node.first(&["sex", "gendercurrent"]);
    let sex = reading.code(&codes::SEX, sex_field);
    let ethnicity = reading.code(&codes::ETHNICITY, "ethnicity");
    let upn_unknown = reading.code(&codes::UPN_UNKNOWN, "upnunknown");
    let identifiers = identifiers(person, node, upn_unknown.is_some(), &mut reading.findings);
    let addresses = text("postcode").map(|postcode| Address { postcode: Some(postcode), ..Address::default() });
    findings.append(&mut reading.findings);
    let described = PersonDescribed {
        names: Some(name).filter(|name| name.family.is_some() || name.given.is_some()).into_iter().collect(),
        birth_on,
        sex,
        ethnicity,
        addresses: addresses.into_iter().collect(),
        identifiers,
        upn_unknown,
        ..PersonDescribed::default()
    };
    (described, findings)
}

fn identifiers(person: &Person, node: &Node, unknown: bool, findings: &mut Vec<Finding>) -> Vec<Identifier> {
    let mut identifiers = Vec::new();
    for (scheme, field) in [(Scheme::Upn, "upn"), (Scheme::Uln, "uniquelearnernumber")] {
        let text = node.get(field);
        let (mut claim, found) =
            identifier::claim(scheme, text.strip_suffix(".0").unwrap_or(text), Standing::Current, field);
        findings.extend(found);
        if scheme == Scheme::Upn && claim.is_some() {
            if person.number_shared {
                findings.push(finding_of_rule(FindingCode::IdentifierShared, field, identifier::upn::SHARED_RULE));
                if let Some(claim) = &mut claim {
                    claim.usable = false;
                }
            }
            if unknown {
                findings.push(finding(FindingCode::FieldsContradict, "upnunknown"));
            }
        }
        identifiers.extend(claim);
    }
    identifiers
}
