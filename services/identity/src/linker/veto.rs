//! What no weight overcomes.

use super::compare::{Agreement, compare};
use super::normalise::is_checked;
use super::parameters::Parameters;
use super::schema::{Check, Kind, Record};

/// Why two records are not linked, however alike they are, unless a person says so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Veto {
    /// Each has an identifier that checks and of which a child has only one, and the two differ.
    TwoIdentifiers,
    /// One birth date, one surname or one address, and two given names: twins, until somebody knows better.
    Twins,
}

/// Which guards stand. All, unless what is linked cannot need one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guards {
    /// [`Veto::TwoIdentifiers`].
    pub identifiers: bool,
    /// [`Veto::Twins`]. Of people who are no children of one household a name that differs is more often a mistake.
    pub twins: bool,
}

impl Default for Guards {
    fn default() -> Self {
        Self { identifiers: true, twins: true }
    }
}

/// Whether two records are kept apart.
///
/// Twins share everything but their names, so only an identifier of both tells that two such records are one child. A name
/// that is nearly the other is a slip of the key when nobody else has it, and a twin's when both are names that people have, or
/// when the sexes differ.
pub fn veto(parameters: &Parameters, guards: Guards, one: &Record, other: &Record) -> Option<Veto> {
    let schema = parameters.schema();
    let agreements = compare(schema, one, other);
    let fields = || schema.fields().iter().zip(&agreements).enumerate();
    let mut shared = false;
    for (at, (field, agreement)) in fields() {
        let Kind::Identifier(check) = field.kind else { continue };
        shared |= *agreement == Some(Agreement::Exact);
        let differ = agreement.is_some_and(|agreement| agreement != Agreement::Exact);
        if guards.identifiers && differ && both_check(check, one.values(at), other.values(at)) {
            return Some(Veto::TwoIdentifiers);
        }
    }
    let of = |kind: fn(Kind) -> bool| fields().filter(move |(_, (f, _))| kind(f.kind)).filter_map(|(_, (_, a))| *a);
    // A twin's date may have a slip of the key too, and one of the two may have moved first.
    let same_birth = of(|kind| kind == Kind::BirthDate).any(|agreement| agreement <= Agreement::Close);
    let same_surname = of(|kind| kind == Kind::Surname).any(|agreement| agreement <= Agreement::Close);
    let same_home =
        of(|kind| matches!(kind, Kind::Postcode | Kind::Address)).any(|agreement| agreement == Agreement::Exact);
    let other_sex = of(|kind| kind == Kind::Sex).any(|agreement| agreement == Agreement::Different);
    let two_names = fields().any(|(at, (field, agreement))| match (field.kind, agreement) {
        (Kind::GivenName, Some(Agreement::Different)) => true,
        (Kind::GivenName, Some(Agreement::Close | Agreement::Near)) => {
            let common = |record: &Record| record.values(at).iter().all(|name| parameters.is_common(at, name));
            other_sex || (common(one) && common(other))
        }
        _ => false,
    });
    let twins = two_names && same_birth && (same_surname || same_home);
    (guards.twins && twins && !shared).then_some(Veto::Twins)
}

fn both_check(check: Check, ours: &[String], theirs: &[String]) -> bool {
    let checks = |values: &[String]| !values.is_empty() && values.iter().all(|value| is_checked(check, value));
    checks(ours) && checks(theirs)
}
