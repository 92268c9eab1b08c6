//! Who is who in a return.

use std::collections::BTreeSet;
use std::io;

use connector_kit::dates::rank;
use connector_kit::gather::{Gathering, Owned};
use connector_kit::reading::{finding, finding_of_rule};
use connector_kit::{Output, identifier};
use proto::events::identifier::Standing;
use proto::events::person_name::Use;
use proto::events::{Address, Date, Finding, FindingCode, Identifier, PersonDescribed, PersonName, Scheme, Subject};

use crate::codes;
use crate::header::Return;
use crate::module::{Node, Stored};
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

/// The persons of returns, told apart within each: held until all were read, because two of one UPN may stand anywhere.
pub(crate) struct Persons {
    by_upn: Gathering<Stored>,
    by_name: Gathering<Named>,
}

/// A record of a person who is known by name and birth date.
#[derive(Clone, PartialEq, prost::Message)]
struct Named {
    #[prost(message, required, tag = "1")]
    node: Stored,
    /// Another person has its UPN.
    #[prost(bool, tag = "2")]
    number_shared: bool,
}

impl Persons {
    /// None yet.
    pub(crate) fn new(out: &dyn Output) -> Self {
        Self { by_upn: Gathering::for_output(out), by_name: Gathering::for_output(out) }
    }

    /// Takes the record of a person of the return of this number. False when nothing says who that is.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn take(&mut self, of: u32, node: &Node) -> io::Result<bool> {
        if let Some(upn) = upn(node) {
            self.by_upn.push(of, &upn, &node.stored())?;
            return Ok(true);
        }
        let Some(name) = name_and_birth(node) else { return Ok(false) };
        self.by_name.push(of, &name, &Named { node: node.stored(), number_shared: false })?;
        Ok(true)
    }

    /// Tells `out` of each person of these returns.
    ///
    /// # Errors
    /// When the disk does not hold them.
    pub(crate) fn tell(self, returns: &[Return], out: &mut impl Hears) -> io::Result<()> {
        let Self { by_upn, mut by_name } = self;
        let of_upn = by_upn.gathered()?;
        for (number, of) in (0..).zip(returns) {
            let mut upns = of_upn.owners(number);
            while let Some(Owned { owner, rows, left_out }) = upns.next_owner()? {
                let nodes: Vec<Node> = rows.into_iter().map(Stored::node).collect();
                if left_out > 0 {
                    nodes.first().into_iter().for_each(|node| out.unknown(of, node, Unknown::TooMany));
                }
                if are_one_child(&nodes) {
                    out.person(of, &Person::of(&owner, false, nodes, &of.lea));
                    continue;
                }
                for node in nodes {
                    match name_and_birth(&node) {
                        Some(name) => {
                            by_name.push(number, &name, &Named { node: node.stored(), number_shared: true })?;
                        }
                        None => out.unknown(of, &node, Unknown::Nameless),
                    }
                }
            }
        }
        let of_name = by_name.gathered()?;
        for (number, of) in (0..).zip(returns) {
            let mut names = of_name.owners(number);
            while let Some(Owned { owner, rows, left_out }) = names.next_owner()? {
                let number_shared = rows.iter().any(|named| named.number_shared);
                let nodes: Vec<Node> = rows.into_iter().map(|named| named.node.node()).collect();
                if left_out > 0 {
                    nodes.first().into_iter().for_each(|node| out.unknown(of, node, Unknown::TooMany));
                }
                out.person(of, &Person::of(&owner, number_shared, nodes, &of.lea));
            }
        }
        Ok(())
    }
}

/// Who is told of the persons of a return.
pub(crate) trait Hears {
    /// A person, with all the records that are known to be of it.
    fn person(&mut self, of: &Return, person: &Person);

    /// A record of which nothing says whose it is but a UPN that another has; or the first of more than any person has.
    fn unknown(&mut self, of: &Return, node: &Node, why: Unknown);
}

/// Why a record is no person's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unknown {
    /// There is neither a UPN that is its own nor a name with a birth date.
    Nameless,
    /// More records than any person has are known by the same.
    TooMany,
}

impl Person {
    fn of(known_by: &str, number_shared: bool, mut nodes: Vec<Node>, lea: &str) -> Self {
        if nodes.len() > 1 {
            nodes.sort_by_cached_key(|node| (node.content(), node.spot.record));
        }
        let repeated = (nodes.len() > 1).then(|| finding(FindingCode::RecordRepeated, "Person"));
        let birth_on = nodes.iter().find_map(|node| Reading::of(node, 0).date("personbirthdate"));
        let subject = identifier::subject(Scheme::AuthorityPupil, lea, known_by);
        Self { subject, birth_on, findings: repeated.into_iter().collect(), number_shared, nodes }
    }
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
